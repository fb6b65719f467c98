"""The declaration form of a county: its parts (model), filling it (fill), and the workbook."""

from junheng.reports.declarations.fill import declaration
from junheng.reports.declarations.model import Declaration
from junheng.reports.declarations.workbook import write_declaration

__all__ = ["Declaration", "declaration", "write_declaration"]
