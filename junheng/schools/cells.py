"""Reading a cell: a number, a word, yes or no, blank; and advice on cells that cannot be read."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from types import NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from junheng._arrays import Floats
from junheng._text import as_text, clean, has_mark, near, odd_signs, unmarked
from junheng.indicators.exact import typed_decimal
from junheng.schools.vocabulary import flag_words, fold_word
from junheng.words import Message, Quoted, key_text, message, quoted

#: Digits before the point that no figure of a school or county has; a spreadsheet keeps no more of them either.
DIGITS = 15
TOO_LARGE = 10.0**DIGITS


def flag_of(value: Any) -> bool | None:
    """Read a cell as yes or no, None if it is neither."""
    return bool(value) if isinstance(value, (bool, np.bool_)) else flag_words().get(fold_word(value))


def flag_advice(value: Any) -> Message:
    """Return the advice on a cell that is neither yes nor no."""
    return message("schools.not_yes_no", value=Quoted(value))


_PLAIN_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def parse_numbers(values: NDArray[np.object_], factor: tuple[int, int] = (1, 1)) -> tuple[Floats, dict[int, str]]:
    """Read cells as numbers; return them and, by row, the text of cells that are not. Blank is missing."""
    bad: dict[int, str] = {}
    quick = _quick_numbers(values) if factor == (1, 1) else None
    if quick is not None:
        return quick, bad
    cells = values.tolist()
    out = np.array([v if type(v) is float or type(v) is int else np.nan for v in cells], dtype=np.float64)
    if factor != (1, 1):
        out = scaled(out, factor)
    for i, value in enumerate(cells):
        if type(value) is float or type(value) is int:
            continue
        if value is None:
            continue
        if isinstance(value, str):
            text = value.strip()
            if not text:
                continue
            if not _PLAIN_NUMBER.fullmatch(text):
                bad[i] = value
                continue
            number: Any = Decimal(text)
        elif isinstance(value, (bool, np.bool_)):
            bad[i] = str(value)
            continue
        else:
            try:
                number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
            except (InvalidOperation, TypeError, ValueError):
                bad[i] = as_text(value)
                continue
        out[i] = _as_float(number, factor)
    return out, bad


def _as_float(number: Decimal, factor: tuple[int, int]) -> float:
    """Return a figure in the unit of its column; one beyond all floats is infinite, for the caller to report."""
    if number.is_nan():
        return math.nan
    if number.is_finite() and number and not -400 < number.adjusted() < 400:
        # no digit of it fits a float; arithmetic with such an exponent overflows
        return math.copysign(math.inf if number.adjusted() > 0 else 0.0, number)
    return float(number * factor[0] / factor[1] if factor != (1, 1) else number)


def scaled(values: Floats, factor: tuple[int, int]) -> Floats:
    """Convert units in decimals: 12.3456 万元 is 123456 元, not the nearest binary product."""
    out = np.empty(values.size)
    for i, v in enumerate(values.tolist()):
        out[i] = v if not math.isfinite(v) else float(typed_decimal(v) * factor[0] / factor[1])
    return out


_PLAIN = frozenset("0123456789.+-eE ")


def _quick_numbers(values: NDArray[np.object_]) -> Floats | None:
    """Read a column of blank cells and plain numbers in text; None if it has any other cell."""
    cells = values.tolist()
    if not {type(v) for v in cells} <= {str, NoneType}:
        return None
    if not of_digits(cells) and not _PLAIN.issuperset("".join(v for v in cells if v)):
        return None
    try:
        return np.array([float(v) if v is not None and v.strip() else np.nan for v in cells])
    except ValueError:
        return None


def of_digits(cells: Sequence[Any]) -> bool:
    """Return whether the texts of a column have digits and points only, as most figures do; quick."""
    text = "".join(v for v in cells if type(v) is str).replace(".", "")
    return not text or (text.isascii() and text.isdigit())


#: A multiple of ten without the unit that it is a multiple of.
_TIMES = {"百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_MULTIPLE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)([百千万亿])")


def text_advice(text: str) -> Message:
    """Return the advice on a cell that is not a plain number."""
    bare = unmarked(text)
    if bare != text.strip() and _PLAIN_NUMBER.fullmatch(bare):
        return message("schools.footnote_mark", figure=bare)
    if has_mark(text):
        return message("schools.odd_sign")
    half = unicodedata.normalize("NFKC", text).strip()
    if "%" in half:
        return message("schools.percentage")
    if re.fullmatch(r"[0-9.]+\s*[::]\s*[0-9.]+", half):
        return message("schools.ratio")
    if half != text.strip() and _PLAIN_NUMBER.fullmatch(half):
        return message("schools.full_width", figure=half)
    bare = re.sub(r"[,\s]", "", half)
    multiple = _MULTIPLE.fullmatch(bare)
    if multiple is not None:
        figure = (Decimal(multiple[1]) * _TIMES[multiple[2]]).normalize()
        return message("schools.multiple_without_unit", figure=f"{figure:f}", text=bare)
    if _PLAIN_NUMBER.fullmatch(bare):
        return message("schools.separators", figure=bare)
    if half in {"无", "—", "——", "-", "--", "/", "暂无", "缺", "N/A", "NA", "null", "None", "nan"}:
        return message("schools.word_for_nothing")
    return message("schools.give_a_number")


TOTAL = re.compile(r"(合计|总计|小计|共计|全县合计|全区合计|全市合计|全县|总数|total|subtotal|sum|grandtotal)[::]?")
_BLANKS = "".join(c for c in map(chr, range(0x3001)) if c.isspace())
#: Matches names that may be totals, and blank text; for Arrow and for Python.
MAYBE_TOTAL = f"^(?:$|[合总小共全tsgTSGｔｓｇＴＳＧ{_BLANKS}])"


def is_nothing(value: Any) -> bool:
    """Whether a cell looks blank."""
    return is_blank(value) or (isinstance(value, str) and not clean(value))


def hidden_message(before: str, after: str) -> Message:
    """Return the message on a cell with hidden characters."""
    return message("schools.hidden_characters", after=Quoted(after), signs=odd_signs(before))


def near_twins(words: Sequence[Any], codes: NDArray[Any]) -> list[tuple[int, list[int]]]:
    """Return the words that nearly equal others, each with its group, without the most frequent of each group."""
    alike: dict[str, list[int]] = {}
    for i, word in enumerate(words):
        if not is_nothing(word):
            alike.setdefault(near(key_text(word)), []).append(i)
    groups = [g for g in alike.values() if len(g) > 1]
    counts = np.bincount(codes[codes >= 0], minlength=len(words)) if groups else np.zeros(0)
    out = []
    for group in groups:
        most = max(counts[i] for i in group)
        usual = [i for i in group if counts[i] == most]
        out += [(i, group) for i in group if len(usual) > 1 or i != usual[0]]
    return out


def twin_message(word: Any, others: Sequence[Any]) -> Message:
    """Return the message on names that may be one."""
    return message("schools.near_twin", name=Quoted(word), others=quoted(others, "and"))


#: A text of so many digits is a name, not a year or a code that is a number elsewhere.
_LONG = 19


def of_one_type(words: Sequence[Any]) -> Sequence[Any]:
    """Return words, digits in text as whole numbers if other words are numbers: 2025 is one year."""
    if all(isinstance(w, str) or w is None for w in words):
        return words
    return [int(w) if isinstance(w, str) and w.isascii() and w.isdigit() and len(w) < _LONG else w for w in words]


def all_whole(values: Floats) -> bool:
    """Return whether all numbers are whole; worked on in pieces that fit the cache."""
    with np.errstate(invalid="ignore"):
        pieces = (values[i : i + PIECE] for i in range(0, values.size, PIECE))
        return not any(bool((p > np.floor(p)).any()) for p in pieces)


PIECE = 32_768


def is_blank(value: Any) -> bool:
    """Return whether a cell is blank."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return isinstance(value, str) and not value.strip()
