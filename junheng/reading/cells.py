"""Parse cells as people type them: figures with separators and units, words for "unknown", codes, years (private)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from junheng._arrays import Floats
from junheng._text import LONGEST, clean, has_mark, is_odd, unmarked
from junheng.reading.meaning import words
from junheng.schools import Column, every_unit, fold, parse_numbers, units_of

_PLAIN = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
#: Thousands separated by commas or blanks, in groups of three.
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}([, \u00a0][0-9]{3})+(\.[0-9]+)?")
_WITH_UNIT = re.compile(r"([+-]?[0-9][0-9,. \u00a0]*)\s*([^0-9.,\s+-].{0,5})")
#: No figure with its unit is longer.
_LONGEST_FIGURE = 60
#: A decimal comma: the whole part may have groups of three, separated by points or blanks.
_COMMA = re.compile(r"([+-]?(?:[0-9]+|[0-9]{1,3}(?:[. \u00a0][0-9]{3})+)),([0-9]+)")
#: Thousands of which a comma was lost or is in the wrong place, or many decimals: 1,649000 and 1,27584.
_COMMA_LOST = re.compile(r"[+-]?0*[1-9][0-9]*,[0-9]{4,}")
#: One group of three: 1,500 and 1.500 are 1500 or 1.5, as the mark of decimals is a point or a comma.
_ONE_GROUP = re.compile(r"[+-]?[1-9][0-9]{0,2}[,.][0-9]{3}")
#: Thousands separated by points or blanks.
_POINTS = re.compile(r"[+-]?[0-9]{1,3}([. \u00a0][0-9]{3})+")


@define
class Cells:
    """A parsed column: its values, and which rows were changed and how."""

    values: Any
    missing: list[int] = field(factory=list)
    converted: list[int] = field(factory=list)
    bad: dict[int, str] = field(factory=dict)
    #: Original text of cells from which footnote marks were removed.
    marked: dict[int, str] = field(factory=dict)
    #: Original text of cells that contained invisible characters or unusual blanks.
    cleaned: dict[int, str] = field(factory=dict)
    #: Cells among ``bad`` that are one figure with a decimal point and another with a decimal comma.
    unclear: set[int] = field(factory=set)


@cache
def _missing_first() -> frozenset[str]:
    """First characters of words for a missing figure, full-width or half-width."""
    first = {w[0] for w in words("cells", "missing")}
    return frozenset(
        first | {c.upper() for c in first} | {chr(ord(c) + 0xFEE0) for c in first if "!" <= c <= "~"} | {"…"}
    )


def is_missing(value: Any) -> bool:
    """Tell whether a cell is a word for a missing figure."""
    # a cheap test first: a nation has many cells
    short = isinstance(value, str) and 0 < len(value) <= 8 and value[0] in _missing_first()
    return short and fold(value) in words("cells", "missing")


def _half(text: str) -> str | None:
    """Return a text half-width; None if a sign in it would become a digit (8①00 is not 8100), or it is no figure."""
    if len(text) > LONGEST:
        return None
    squares = text.replace("m²", "m2").replace("M²", "M2")
    return None if has_mark(squares) else unicodedata.normalize("NFKC", squares).strip()


def _plain(text: str, decimal: str | None = None) -> str | None:
    """Return a number in plain notation, None if the text is not a number.

    Without ``decimal`` a comma is that of decimals only if it cannot be that of thousands: 12,50 but not 1,500.
    """
    if decimal != "," and _PLAIN.fullmatch(text):
        return text
    half = _half(text)
    if half is None:
        return None
    if decimal == ",":
        return _with_comma(half)
    if _PLAIN.fullmatch(half):
        return half
    if _GROUPED.fullmatch(half) and not (decimal is None and half.lstrip("+-").startswith("0,")):
        return re.sub(r"[, \u00a0]", "", half)
    return None if decimal == "." else _with_sure_comma(half)


def _with_comma(half: str) -> str | None:
    """Return a number whose decimals follow a comma, 1.500,25 as 1500.25."""
    match = _COMMA.fullmatch(half)
    if match is not None:
        return re.sub(r"[. \u00a0]", "", match.group(1)) + "." + match.group(2)
    if _POINTS.fullmatch(half):
        return re.sub(r"[. \u00a0]", "", half)
    return half if "." not in half and _PLAIN.fullmatch(half) else None


def _with_sure_comma(half: str) -> str | None:
    """Return a number with a comma that cannot separate thousands."""
    if not _COMMA.fullmatch(half) or _GROUPED.fullmatch(half.lstrip("+-0")) or _COMMA_LOST.fullmatch(half):
        return None
    return _with_comma(half)


def _with_unit(half: str) -> re.Match[str] | None:
    """Return the figure and the unit of a cell, None if it is anything else."""
    # a long run of blanks could be divided in many ways
    return _WITH_UNIT.fullmatch(half) if len(half) <= _LONGEST_FIGURE else None


def is_figure(value: Any) -> bool:
    """Tell whether a cell holds a figure in any notation."""
    if not isinstance(value, str):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if _plain(value) is not None or value.endswith(("%", "％")):
        return True
    bare = unmarked(value)
    half = _half(bare) or ""
    match = _with_unit(half)
    if match is None:
        return _with_comma(half) is not None or (bare != value and _plain(bare) is not None)
    figure = match.group(1).strip()
    return (_plain(figure) or _with_comma(figure)) is not None and fold(match.group(2)) in every_unit()


def read_figures(
    values: NDArray[np.object_], column: Column, factor: tuple[int, int], decimal: str | None = None
) -> Cells:
    """Read a column of figures in the unit of the column; other cells are kept for the check to report.

    A unit in a cell overrides that of the header. ``decimal`` is the mark of decimals, detected if None.
    """
    quick, bad = parse_numbers(values, factor)
    if decimal == ",":
        bad |= {i: v for i, v in enumerate(values.tolist()) if isinstance(v, str) and "." in v}
    parsed = Cells(values=quick)
    if not bad:
        return parsed
    known = units_of(column.unit)
    parsed.unclear = _unclear(values, bad) if decimal is None and column.unit != "year" else set()
    if parsed.unclear:
        bad = dict(sorted((bad | {i: str(values[i]) for i in parsed.unclear}).items()))
    for row, text in bad.items():
        value = values[row]
        if is_missing(value):
            parsed.missing.append(row)
            continue
        bare = unmarked(value) if isinstance(value, str) else value
        read = None if row in parsed.unclear else _figure(bare, column, factor, known, decimal)
        if read is None:
            parsed.bad[row] = text
            continue
        quick[row] = read
        parsed.converted.append(row)
        if isinstance(value, str) and bare != value.strip():
            parsed.marked[row] = text
    if parsed.bad:
        parsed.values = quick.astype(object)
        parsed.values[np.isnan(quick)] = None
        parsed.values[list(parsed.bad)] = list(parsed.bad.values())
    return parsed


_YEAR_OF = re.compile(
    r"((?:19|20)[0-9]{2})(?:年|[-./](?:0?[1-9]|1[0-2])(?:[-./][0-9]{1,2})?|年[0-9]{1,2}月(?:[0-9]{1,2}日)?)"
)


def _number_in(text: str) -> str:
    """Return the figure in a cell without its unit and footnote marks, half-width."""
    half = _half(unmarked(text)) or ""
    match = _with_unit(half)
    return half if match is None else match.group(1).strip()


def _has_decimals(figure: str) -> bool:
    """Tell whether the comma of a figure can only be that of decimals: 12,50 and 0,500, but not 1,500."""
    zero = figure.lstrip("+-").startswith("0,")
    return zero or (not _GROUPED.fullmatch(figure) and _plain(figure) is not None)


def _unclear(values: NDArray[np.object_], bad: dict[int, str]) -> set[int]:
    """Return the cells that are unclear because another one in the column has a decimal comma.

    Beside 12,50 the cell 1,500 is 1500 or 1.5; beside 1,500,000 it is the cell 12,50 that is unclear.
    """
    with_comma = {i: _number_in(text) for i, text in bad.items() if "," in text or "，" in text}
    sure = {i for i, figure in with_comma.items() if _has_decimals(figure)}
    if not sure:
        return set()
    grouped = {i for i, figure in with_comma.items() if i not in sure and _GROUPED.fullmatch(figure)}
    if any(not _ONE_GROUP.fullmatch(with_comma[i]) for i in grouped):
        return sure
    points = {i for i, v in enumerate(values.tolist()) if isinstance(v, str) and "." in v and "," not in v}
    return grouped | {i for i in points if _ONE_GROUP.fullmatch(_number_in(values[i]))}


def _figure(
    value: Any,
    column: Column,
    factor: tuple[int, int],
    known: Mapping[str, tuple[int, int]],
    decimal: str | None,
) -> float | None:
    if column.unit == "year" and hasattr(value, "year"):
        return float(value.year)
    if not isinstance(value, str):
        return None
    half = _half(value)
    if half is None:
        return None
    if column.unit == "year":
        match = _YEAR_OF.fullmatch(half)
        return float(match.group(1)) if match else None
    plain = _plain(value, decimal)
    if plain is None:
        match = _with_unit(half)
        if match is None or fold(match.group(2)) not in known:
            return None
        plain, factor = _plain(match.group(1).strip(), decimal), known[fold(match.group(2))]
    return None if plain is None else float(Decimal(plain) * factor[0] / factor[1])


def read_words(values: NDArray[np.object_], *, flag: bool = False) -> Cells:
    """Read a column of words: a dash is missing, line breaks are removed.

    In a yes/no column (``flag``) × is an answer and a dash may be one, so both are kept for the check to report.
    """
    parsed = Cells(values=values)
    cells = values.tolist()
    # 1.0 and True are the same key: with flags in the column, numbers keep their type
    whole = bool not in set(map(type, cells))
    changed = {v: word for v in set(cells) if (word := _word(v, flag=flag, whole=whole)) is not v}
    if changed:
        parsed.values = np.empty(values.size, dtype=object)
        parsed.values[:] = [changed.get(v, v) for v in cells]
        parsed.missing = [i for i, v in enumerate(cells) if v is not None and v in changed and changed[v] is None]
        parsed.cleaned = {i: v for i, v in enumerate(cells) if isinstance(v, str) and v in changed and is_odd(v)}
    return parsed


def read_answers(values: NDArray[np.object_]) -> Cells:
    """Read the answers to a question of yes or no that offers 不详 as a third: that is missing."""
    unknown = [i for i, v in enumerate(values.tolist()) if isinstance(v, str) and fold(v) in words("cells", "unknown")]
    known = values.copy()
    known[unknown] = None
    parsed = read_words(known, flag=True)
    parsed.missing = sorted([*parsed.missing, *unknown])
    return parsed


def _word(value: Any, *, flag: bool, whole: bool) -> Any:
    """Return a cell as a word; the cell itself if nothing changes."""
    if isinstance(value, str):
        if not flag and is_missing(value):
            return None
        return (clean(value) or None) if is_odd(value) or "\n" in value or "\r" in value else value
    if isinstance(value, float):
        return int(value) if whole and type(value) is float and value.is_integer() else value
    return value.isoformat() if hasattr(value, "isoformat") else value


#: Above this a double cannot represent every whole number.
_EXACT = 2.0**53
_DIGITS = re.compile(r"[0-9]+\.0+")
_POWER = re.compile(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]{1,2}")


def read_code(values: NDArray[np.object_]) -> Cells:
    """Read a column of codes as text; ``bad`` are those that a spreadsheet has rounded."""
    parsed = Cells(values=values)
    cells = values.tolist()
    joined = "".join(v for v in cells if type(v) is str)
    if joined.isascii() and joined.isdigit() and all(v is None or type(v) is str for v in cells):
        return parsed
    parsed.values = values.copy()
    for row, value in enumerate(cells):
        if isinstance(value, str):
            _read_typed_code(parsed, row, value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            if value >= _EXACT:
                parsed.bad[row] = repr(value)
            parsed.values[row] = str(int(value)) if float(value).is_integer() else str(value)
        elif value is not None:
            parsed.values[row] = str(value)
    return parsed


def _read_typed_code(parsed: Cells, row: int, value: str) -> None:
    """Read a code typed as text, without footnote marks and the .0 of a spreadsheet."""
    if is_missing(value):
        parsed.values[row] = None
        parsed.missing.append(row)
        return
    if is_odd(value):
        parsed.cleaned[row] = value
    seen = clean(value)
    bare = unmarked(seen)
    half = _half(bare)
    if not half:
        return
    if bare != seen:
        parsed.marked[row] = value
    text = half.lstrip("'`")
    if _DIGITS.fullmatch(text):
        text = text.split(".")[0]
    elif _POWER.fullmatch(text):
        parsed.bad[row] = value
    if text != value:
        parsed.values[row] = text
        parsed.converted.append(row)


_YEAR = re.compile(r"((?:19|20)[0-9]{2})(?:年|年度)?")
_PLAIN_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


def read_year(values: NDArray[np.object_]) -> Cells:
    """Read a column of years: 2025 or 2025年. No document defines which year 2024-2025学年 means, so it is kept."""
    parsed = Cells(values=values.copy())
    plain = {v: int(v) for v in set(values.tolist()) if isinstance(v, str) and _PLAIN_YEAR.fullmatch(v)}
    for row, value in enumerate(values.tolist()):
        if isinstance(value, float) and value.is_integer():
            parsed.values[row] = int(value)
        elif isinstance(value, str):
            if value in plain:
                parsed.values[row] = plain[value]
                continue
            bare = unmarked(value)
            half = _half(bare) or value
            match = _YEAR.fullmatch(half)
            if match is not None:
                parsed.values[row] = int(match.group(1))
                if half != match.group(1) or half != value:
                    parsed.converted.append(row)
                if bare != value.strip():
                    parsed.marked[row] = value
            elif is_missing(value):
                parsed.values[row] = None
                parsed.missing.append(row)
            elif not half.isdigit():
                parsed.bad[row] = value
        elif hasattr(value, "isoformat"):
            parsed.values[row] = value.isoformat()
            parsed.bad[row] = parsed.values[row]
    return parsed


def floats_of(values: Any) -> Floats:
    """Return the figures of a column that may also contain words, NaN for words."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        return values
    return np.array([v if isinstance(v, float) else np.nan for v in values], dtype=np.float64)
