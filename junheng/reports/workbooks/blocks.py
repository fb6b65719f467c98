"""The summary of a workbook: blocks of sentences and small tables, one below the other (private)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

from attrs import field, frozen

from junheng.reports._workbooks import HEAD, SANS, Formats, cell_text, lines_of, row_height, set_up_page
from junheng.reports.workbooks.sheets import THREE, TWO, VERDICT_STYLES, WHOLE
from junheng.words import Language, sentences, word

#: Widths of the columns of the summary; it fits A4 upright.
_WIDTHS = (36, 12, 12, 12, 12, 12, 12, 14)
_BORDER = {"border": 1, "border_color": "#BFBFBF"}
#: Formats of the kinds of columns; a word or name may need several lines.
_KINDS: dict[str, dict[str, Any]] = {
    "text": {"text_wrap": True, "indent": 1},
    "name": {"text_wrap": True, "indent": 1, "bold": True, "bg_color": "#F2F2F2"},
    "middle": {"align": "center", "text_wrap": True},
    "verdict": {"align": "center"},
    "count": {"num_format": WHOLE},
    "coefficient": {"num_format": THREE},
    "money": {"num_format": TWO},
    "amount": {},
    "link": {"indent": 1, "font_color": "#0563C1", "underline": 1},
}


@frozen
class Head:
    """A column of a block: its header, how many columns of the sheet it takes, what stands in it."""

    text: str
    span: int = 1
    kind: str = "text"


@frozen
class Block:
    """A heading, a sentence or two, and a table; without a header if no column has one."""

    heading: str
    lines: Sequence[str] = ()
    heads: Sequence[Head] = ()
    rows: Sequence[Sequence[Any]] = field(factory=tuple)


def write_blocks(book: Any, formats: Formats, title: str, blocks: Sequence[Block], language: Language) -> None:
    """Write the summary as the first sheet."""
    text = sentences("reports.workbook", language)
    sheet = book.add_worksheet(text["summary"])
    set_up_page(sheet, language, portrait=True)
    for c, width in enumerate(_WIDTHS):
        sheet.set_column(c, c, width)
    writer = _Writer(sheet, formats, language)
    writer.line(title, 1.6, **SANS, bold=True, font_size=16, align="center")
    writer.line(sentences("reports.report", language)["not_official"], font_color="#595959", align="center")
    for block in blocks:
        writer.block(block)


class _Writer:
    """Writes row by row, from top to bottom: a long workbook keeps no rows in memory."""

    def __init__(self, sheet: Any, formats: Formats, language: Language) -> None:
        self._sheet = sheet
        self._formats = formats
        self._language = language
        self._row = 0

    def line(self, text: str, size: float = 1.0, **given: Any) -> None:
        """Write a sentence across the sheet."""
        text = cell_text(text, self._language)
        self._sheet.set_row(self._row, row_height(lines_of(text, sum(_WIDTHS) / size)) * size)
        style = self._formats(text_wrap=True, **given)
        self._sheet.merge_range(self._row, 0, self._row, len(_WIDTHS) - 1, "", style)
        self._sheet.write_string(self._row, 0, text, style)
        self._row += 1

    def block(self, block: Block) -> None:
        """Write a block, with an empty row above it."""
        self._row += 1
        self.line(block.heading, 1.2, **SANS, bold=True, font_size=12, font_color="#1F4E79")
        for text in block.lines:
            self.line(text)
        if block.rows and any(h.text for h in block.heads):
            self._cells(block.heads, [h.text for h in block.heads], head=True)
        for row in block.rows:
            self._cells(block.heads, row)

    def _cells(self, heads: Sequence[Head], values: Sequence[Any], *, head: bool = False) -> None:
        starts = list(accumulate((h.span for h in heads), initial=0))
        shown = [self._shown(h, v, head) for h, v in zip(heads, values, strict=True)]
        widths = [sum(_WIDTHS[a:b]) for a, b in pairwise(starts)]
        lines = [lines_of(s, w - 2) for s, w in zip(shown, widths, strict=True) if isinstance(s, str)]
        self._sheet.set_row(self._row, row_height(max(lines, default=1)))
        for start, h, value, cell in zip(starts, heads, values, shown, strict=False):
            style = self._style(h, value, head)
            if h.span > 1:
                self._sheet.merge_range(self._row, start, self._row, start + h.span - 1, "", style)
            if cell is None or cell == "":
                self._sheet.write_blank(self._row, start, None, style)
            elif h.kind == "link" and not head:
                self._sheet.write_url(self._row, start, f"internal:'{cell}'!A1", style, cell)
            elif isinstance(cell, str):
                self._sheet.write_string(self._row, start, cell, style)
            else:
                self._sheet.write_number(self._row, start, cell, style)
        self._row += 1

    def _shown(self, head: Head, value: Any, is_head: bool) -> Any:
        """Return what stands in a cell; a figure that is not known stands as a dash."""
        if head.kind == "verdict" and not is_head:
            value = word("verdict", value, self._language)
        elif (is_head or head.kind == "name") and isinstance(value, str):
            value = value[:1].upper() + value[1:]
        if isinstance(value, float) and value != value:
            return "—"
        return cell_text(value, self._language) if isinstance(value, str) else value

    def _style(self, head: Head, value: Any, is_head: bool) -> Any:
        if is_head:
            return self._formats(**HEAD, text_wrap=True)
        more: dict[str, Any] = {}
        if head.kind == "verdict":
            more |= VERDICT_STYLES.get(str(value), {})
        elif isinstance(value, float) and value != value:
            more = {"align": "right"}
        elif head.kind == "amount":
            more = {"num_format": WHOLE if float(value or 0).is_integer() else TWO}
        return self._formats(**_BORDER, **_KINDS[head.kind], **more)
