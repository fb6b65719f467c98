"""Old place of the reasons of a plan, for the card and the page until they import the new one."""

from junheng.planning._result import WHY

__all__ = ["WHY"]
