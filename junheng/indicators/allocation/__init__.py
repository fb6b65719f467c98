"""The exact arithmetic of plans: least additions and transfers that bring a coefficient within its limit."""

from junheng.indicators.allocation.least import additions_where_possible, least_additions, least_transfers

__all__ = ["additions_where_possible", "least_additions", "least_transfers"]
