"""The declaration form of a county: what it is (model), how it is filled (fill), the workbook that prints it."""

from junheng.reports.declarations.fill import declaration
from junheng.reports.declarations.model import Declaration
from junheng.reports.declarations.workbook import write_declaration

__all__ = ["Declaration", "declaration", "write_declaration"]
