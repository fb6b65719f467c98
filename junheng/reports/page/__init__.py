"""The report of an evaluation as one HTML page."""

from junheng.reports.page.report import html_report, write_report

__all__ = ["html_report", "write_report"]
