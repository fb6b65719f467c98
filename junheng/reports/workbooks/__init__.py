"""Evaluations and plans as workbooks: a summary, then every frame as a sheet."""

from __future__ import annotations

from junheng.reports.workbooks.results import write_plan_workbook, write_results

__all__ = ["write_plan_workbook", "write_results"]
