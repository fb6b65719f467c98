"""Figures worth a look as a worklist for inspectors: a workbook to fill in, which is read back."""

from __future__ import annotations

from junheng.reports.worklists.workbook import write_worklist

__all__ = ["write_worklist"]
