"""What all written workbooks share: formats, widths of Chinese text, pages to print (private)."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from junheng._extras import load
from junheng._text import printable
from junheng.words import message, sentences

#: Fonts of Chinese office documents; programs without them substitute one of the same family.
SERIF = {"font_name": "宋体", "font_family": 1, "font_charset": 134}
SANS = {"font_name": "等线", "font_family": 2, "font_charset": 134}
#: A header of a table, as in every workbook.
HEAD = {**SANS, "bold": True, "border": 1, "align": "center", "bg_color": "#1F4E79", "font_color": "#FFFFFF"}
#: A cell of Excel holds 32 767 characters.
_LONGEST = 32_000
#: Height of a line of 10 points.
_LINE = 15


def workbook_bytes(
    path: Path, title: str, subject: str, fill: Callable[[Any], None], *, row_by_row: bool = False
) -> bytes:
    """Return a workbook written by ``fill``; the same content gives the same bytes. ``path`` is for errors only.

    With ``row_by_row`` rows go to a temporary file as they are written, in order: a large table needs little memory.
    """
    xlsxwriter = load("xlsxwriter", message("forms.excel_missing", file=path.name))
    # text such as "=1+1" stays text
    options = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    options |= {"in_memory": not row_by_row, "constant_memory": row_by_row}
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, options) as book:
        # a fixed date: the date of writing would change the bytes
        created = np.datetime64("2000-01-01T00:00:00", "s").item()
        book.set_properties({"title": cell_text(title), "subject": cell_text(subject), "created": created})
        fill(book)
    return buffer.getvalue()


def cell_text(text: str, language: str = "zh") -> str:
    """Return a text that fits in a cell: characters invalid in XML replaced, truncated to the length of a cell."""
    kept = printable(text)
    return kept if len(kept) <= _LONGEST else kept[:_LONGEST] + sentences("forms.workbook", language)["truncated"]


@lru_cache(maxsize=4096)
def width_of(text: str) -> int:
    """Return the printed width of a text in half-width characters: a Chinese character is two wide."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def lines_of(text: str, width: float) -> int:
    """Return how many lines a text takes in a column."""
    return sum(max(1, -(-width_of(line) // max(1, int(width)))) for line in text.split("\n"))


def row_height(lines: int) -> float:
    """Return the height of a row of so many lines of 10 points; Excel allows 409."""
    return float(min(405, lines * _LINE + 4))


class Formats:
    """The formats of a workbook; each is created once."""

    def __init__(self, book: Any, **base: Any) -> None:
        self._book = book
        self._base = SERIF | {"font_size": 10, "valign": "vcenter"} | base
        self._made: dict[str, Any] = {}

    def __call__(self, **given: Any) -> Any:
        """Return a format; what is not given is that of the body text."""
        key = json.dumps(given, sort_keys=True, ensure_ascii=False)
        if key not in self._made:
            self._made[key] = self._book.add_format(self._base | given)
        return self._made[key]


def set_up_page(sheet: Any, language: str, *, portrait: bool, header: str = "") -> None:
    """Set a sheet up for A4: as many pages down as needed, one across, pages numbered."""
    sheet.set_paper(9)
    sheet.set_portrait() if portrait else sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.8 if header else 0.6, bottom=0.7)
    sheet.center_horizontally()
    if header:
        # in a page header & starts a code; Excel allows 255 characters
        sheet.set_header(f"&C{cell_text(header)[:120].replace('&', '&&')}")
    sheet.set_footer("&C" + sentences("forms.workbook", language)["page"].format(page="&P", pages="&N"))
    sheet.hide_gridlines(2)
