"""What all written workbooks share (private)."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from junheng.errors import InputError
from junheng.words import message

#: Fonts of Chinese office documents; programs without them substitute one of the same family.
SERIF = {"font_name": "宋体", "font_family": 1, "font_charset": 134}
SANS = {"font_name": "等线", "font_family": 2, "font_charset": 134}


def workbook_bytes(path: Path, title: str, subject: str, fill: Callable[[Any], None]) -> bytes:
    """Return a workbook written by ``fill``; the same content gives the same bytes. ``path`` is for errors only."""
    try:
        import xlsxwriter
    except ImportError:
        raise InputError(message("forms.excel_missing", file=path.name)) from None
    # text such as "=1+1" stays text
    options = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {**options, "in_memory": True}) as book:
        # a fixed date: the date of writing would change the bytes
        created = np.datetime64("2000-01-01T00:00:00", "s").item()
        book.set_properties({"title": title, "subject": subject, "created": created})
        fill(book)
    return buffer.getvalue()
