"""An empty workbook to fill in: what a standard asks for (asked), the fields, the workbook."""

from junheng.reports.template.asked import columns_asked, facts_asked
from junheng.reports.template.workbook import write_template

__all__ = ["columns_asked", "facts_asked", "write_template"]
