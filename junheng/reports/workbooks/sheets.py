"""A frame as a sheet: styled headers, widths, formats by column, pages to print (private)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from attrs import frozen

from junheng._frames import Table
from junheng._text import as_text
from junheng.indicators.compliance import VERDICTS
from junheng.reports._workbooks import HEAD, Formats, cell_text, lines_of, row_height, set_up_page, width_of
from junheng.words import SIGNS, sentences, word

#: Most rows of a sheet under its header.
MOST_ROWS = 1_048_575
#: Fill and colour of a cell with a verdict; the word stands in it, so that no reader depends on colour.
VERDICT_STYLES: dict[str, dict[str, Any]] = {
    "met": {"bg_color": "#E2F0D9", "font_color": "#1E5B2E"},
    "unmet": {"bg_color": "#FBE0DD", "font_color": "#9C1C13", "bold": True},
    "undetermined": {"bg_color": "#FFF3CD", "font_color": "#6B4E00"},
}
_GRID = {"border": 1, "border_color": "#BFBFBF"}
#: Columns that name what a row is about; those at the beginning stay in view.
_KEYS = ("county", "county_code", "year", "school_code", "school")
#: Widest columns of text, in half-width characters; longer texts are wrapped.
_WIDEST = {"reason": 54, "finding": 54, "message": 60, "where": 40, "indicator": 38, "item": 38, "fact": 38}
_WIDE = 30
#: Columns of figures that are names rather than amounts.
_NAMES = ("year", "row", "number")
#: Columns of verdicts.
_VERDICTS = ("verdict", "floor_verdict", "promise")


@frozen
class Sheet:
    """A frame to be written: its name, and the formats of figures whose format depends on the row."""

    name: str
    frame: Any
    ids: Mapping[str, str]
    """The id of each header."""
    number_formats: Mapping[str, Sequence[str]]
    """By id of a column: the format of each row."""


@frozen(eq=False)
class _Column:
    """A column ready to be written."""

    header: str
    cells: list[Any]
    styles: Sequence[Any]
    width: float
    wrapped: bool
    is_key: bool


def write_frame(book: Any, formats: Formats, sheet: Sheet, language: str, header: str) -> list[str]:
    """Write a frame to a sheet, or to several if it has more rows than one holds; return their names."""
    columns = _Columns(Table(sheet.frame), sheet, formats, language).read()
    rows = len(columns[0].cells) if columns else 0
    names = []
    for start in range(0, max(rows, 1), MOST_ROWS):
        name = sheet.name if start == 0 else f"{sheet.name}{start // MOST_ROWS + 1}"
        page = book.add_worksheet(name)
        set_up_page(page, language, portrait=False, header=f"{header} · {name}")
        _write_page(page, columns, formats, range(start, min(rows, start + MOST_ROWS)))
        names.append(name)
    return names


def _write_page(page: Any, columns: Sequence[_Column], formats: Formats, rows: range) -> None:
    head = formats(**HEAD, text_wrap=True)
    for c, column in enumerate(columns):
        page.set_column(c, c, column.width)
    # a button of the filter stands in each header
    page.set_row(0, row_height(max(lines_of(c.header, 0.9 * c.width - 3) for c in columns)))
    for c, column in enumerate(columns):
        page.write_string(0, c, column.header, head)
    page.freeze_panes(1, _frozen(columns))
    page.repeat_rows(0)
    page.autofilter(0, 0, len(rows), len(columns) - 1)
    if rows:
        # codes are text on purpose
        page.ignore_errors({"number_stored_as_text": page_range(len(rows), len(columns))})
    _write_rows(page, columns, rows)


def page_range(rows: int, columns: int) -> str:
    """Return the range of the cells under the header."""
    from xlsxwriter.utility import xl_range

    return str(xl_range(1, 0, rows, columns - 1))


def _write_rows(page: Any, columns: Sequence[_Column], rows: range) -> None:
    heights = _heights(columns)
    write = [(c, column.cells, column.styles) for c, column in enumerate(columns)]
    for r, at in enumerate(rows, start=1):
        height = heights(at)
        if height:
            page.set_row(r, height)
        for c, cells, styles in write:
            cell = cells[at]
            if cell is None:
                page.write_blank(r, c, None, styles[at])
            elif type(cell) is str:
                page.write_string(r, c, cell, styles[at])
            else:
                page.write_number(r, c, cell, styles[at])


def _heights(columns: Sequence[_Column]) -> Callable[[int], float]:
    """Return a function that gives the height of a row, 0 for a row of one line."""
    wrapped = []
    for column in columns:
        if column.wrapped:
            needed = {text: lines_of(text, column.width - 2) for text in set(column.cells) if isinstance(text, str)}
            wrapped.append((column.cells, needed))

    def height(at: int) -> float:
        lines = max((needed.get(cells[at], 1) for cells, needed in wrapped), default=1)
        return row_height(lines) if lines > 1 else 0

    return height


def _frozen(columns: Sequence[_Column]) -> int:
    """Return how many columns at the beginning stay in view: half a screen at most."""
    n, wide = 0, 0.0
    for column in columns:
        wide += column.width
        if not column.is_key or wide > 70:
            break
        n += 1
    return n


class _Always(Sequence[Any]):
    """One format for every row."""

    def __init__(self, style: Any) -> None:
        self._style = style

    def __getitem__(self, at: Any) -> Any:
        return self._style

    def __len__(self) -> int:
        return 0


@frozen(eq=False)
class _Columns:
    """Reads the columns of a frame and chooses their formats."""

    table: Table
    sheet: Sheet
    formats: Formats
    language: str

    def read(self) -> list[_Column]:
        """Return the columns in order."""
        return [self._number(n) if self.table.is_number(n) else self._text(n) for n in self.table.columns]

    def _number(self, name: str) -> _Column:
        id_ = self.sheet.ids.get(name, name)
        values = self.table.floats(name)
        cells = [_figure(v) for v in values.tolist()]
        by_row = self.sheet.number_formats.get(id_)
        style = partial(self.formats, **_GRID, **({"align": "center"} if id_ in _NAMES else {}))
        if by_row is None:
            shown = number_format(id_, values)
            styles: Sequence[Any] = _Always(style(num_format=shown))
            used = {shown}
        else:
            used = set(by_row)
            made = {shown: style(num_format=shown) for shown in sorted(used)}
            styles = [made[shown] for shown in by_row]
        known = np.abs(values[np.isfinite(values)])
        wide = max((_figure_width(float(known.max(initial=0.0)), shown) for shown in used), default=0)
        return self._column(name, cells, styles, wide)

    def _text(self, name: str) -> _Column:
        id_, words = self.sheet.ids.get(name, name), sentences("results", self.language)
        cells = self.table.objects(name).tolist()
        known = {cell: self._shown(cell, id_, words) for cell in set(cells)}
        wide = max((width_of(s) for s in known.values() if isinstance(s, str)), default=0)
        most = _WIDEST.get(id_, _WIDE)
        # short words are easier to scan in the middle
        more: dict[str, Any] = {"align": "center"} if wide <= 8 else {"indent": 1, "text_wrap": wide > most}
        style = partial(self.formats, **_GRID, **more)
        styles: Sequence[Any] = _Always(style())
        if id_ in _VERDICTS:
            fills = {word("verdict", v, self.language): style(**VERDICT_STYLES[v]) for v in VERDICTS}
            styles = [fills.get(cell, styles[0]) for cell in cells]
        shown = [known[cell] for cell in cells]
        return self._column(name, shown, styles, min(wide, most), wrapped=wide > most)

    def _shown(self, cell: Any, id_: str, words: Mapping[str, str]) -> Any:
        """Return what stands in a cell of text."""
        if isinstance(cell, bool):
            return words["yes" if cell else "no"]
        if isinstance(cell, (int, float)):
            return _figure(float(cell)) if abs(cell) < 2**53 else as_text(cell)
        if cell is None or cell == "":
            return None
        text = cell_text(as_text(cell), self.language)
        return SIGNS.get(text, text) if id_ == "op" else text

    def _column(
        self, name: str, cells: list[Any], styles: Sequence[Any], wide: float, *, wrapped: bool = False
    ) -> _Column:
        header = cell_text(name, self.language)
        # headers in one line if short, in two if long; a button of the filter needs the width of 3 characters
        needed = width_of(header) + 3 if width_of(header) <= 8 else width_of(header) / 2 + 4
        is_key = self.sheet.ids.get(name, name) in _KEYS
        return _Column(header, cells, styles, max(wide + 3, needed, 7), wrapped, is_key)


def _figure(value: float) -> float | str | None:
    """Return a figure as it stands in a cell; a cell holds no infinity."""
    if value != value:
        return None
    return value if abs(value) != float("inf") else "∞" if value > 0 else "-∞"


def _figure_width(most: float, shown: str) -> int:
    """Return the width of the largest figure of a column."""
    if shown == "General":
        return 10
    decimals = len(shown.partition(".")[2].rstrip("%"))
    whole = len(f"{most * (100 if shown.endswith('%') else 1):,.0f}" if "," in shown else f"{most:.0f}")
    return 1 + min(20, whole) + (decimals + 1 if decimals else 0) + shown.endswith("%")


# ----------------------------------------------------------------------------------------------- formats

WHOLE, TWO, THREE, FOUR, PERCENT, GENERAL = "#,##0", "#,##0.00", "0.000", "0.0000", "0.00%", "General"
#: Columns with a format of their own.
_BY_COLUMN = {"year": "0", "row": "0", "number": "0", "coefficient": THREE, "limit": THREE}
_BY_COLUMN |= dict.fromkeys(("share", "share_of_students_missing"), PERCENT)
_BY_COLUMN |= dict.fromkeys(("cost", "unit_cost", "bound", "cumulated_cost"), TWO)


def number_format(id_: str, values: Any) -> str:
    """Return the format of a column whose figures are all of one kind."""
    if id_ in _BY_COLUMN:
        return _BY_COLUMN[id_]
    known = values[np.isfinite(values)]
    return WHOLE if bool((known == np.floor(known)).all()) else GENERAL


def unit_format(unit: str | None) -> str:
    """Return the format of a figure with a unit, as returns print it."""
    if unit == "persons/person":  # of two counts of people one is a share
        return PERCENT
    if unit == "persons/student":
        return FOUR
    if unit is None or unit.endswith("/school"):
        return GENERAL
    return TWO if "/" in unit or unit in ("m2", "m", "CNY") else WHOLE


def telling(values: Any, limits: Any, formats: Sequence[str]) -> list[str]:
    """Return formats with all digits where a figure would be printed like its limit but differs from it."""
    out = list(formats)
    for at in _hidden(values, limits, formats):
        out[at] = GENERAL
    return out


def _hidden(values: Any, limits: Any, formats: Sequence[str]) -> Iterator[int]:
    with np.errstate(invalid="ignore"):
        close = np.flatnonzero((values != limits) & (np.abs(values - limits) <= 0.5))
    for at in close.tolist():
        shown = formats[at]
        if shown == GENERAL:
            continue
        digits = len(shown.partition(".")[2].rstrip("%")) + 2 * shown.endswith("%")
        if f"{values[at]:.{digits}f}" == f"{limits[at]:.{digits}f}":
            yield at
