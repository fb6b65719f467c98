"""Standards: one data file per edition of a document, and its reader. No arithmetic."""

from junheng.standards.loader import list_standards, load_standard
from junheng.standards.model import Standard

__all__ = ["Standard", "list_standards", "load_standard"]


def __dir__() -> list[str]:
    return __all__
