"""The declaration form of a county: what it is (model), how it is filled (fill), the workbook that prints it."""

from junheng.reports.declarations.fill import Declaration, declaration, write_declaration

__all__ = ["Declaration", "declaration", "write_declaration"]
