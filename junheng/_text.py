"""Cells and names of any kind as plain text; invisible characters, unusual blanks, footnote marks (private)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import numpy as np

from junheng.words import Message, message

__all__ = [
    "INVISIBLE",
    "LONGEST",
    "LOST",
    "as_text",
    "characters",
    "clean",
    "drop_invisible",
    "has_mark",
    "is_odd",
    "may_be_odd",
    "may_have_twins",
    "near",
    "odd_signs",
    "one_line",
    "plain_cell",
    "printable",
    "unmarked",
    "well_formed",
]

#: Zero-width characters, direction marks, soft hyphens, variation selectors, fillers, tags and control characters.
_UNSEEN = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
#: Blanks other than the ordinary space: no-break, thin, ideographic, line separators.
_BLANK = r"\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
#: Blanks beside these are removed: Chinese is written without.
_WIDE = r"\u2e80-\u2fff\u3001-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"

INVISIBLE = re.compile(f"[{_UNSEEN}]")
_ODD = re.compile(f"[{_UNSEEN}{_BLANK}]")
_UNCLEAN = re.compile(f"[{_UNSEEN}{_BLANK}\\s]")
# each pattern starts only where a run of blanks starts: tried at every blank, a long run would take its square
_RUN = re.compile(f"(?<![ \t{_BLANK}]) *[{_BLANK}\t][ \t{_BLANK}]*")
_BESIDE_WIDE = re.compile(f"(?<=[{_WIDE}])(?:{_RUN.pattern})|(?:{_RUN.pattern})(?=[{_WIDE}])")
_LINE = re.compile(r"(?<!\s)\s*[\r\n]+\s*")


def drop_invisible(text: str) -> str:
    """Remove invisible characters."""
    return INVISIBLE.sub("", text)


def is_odd(text: str) -> bool:
    """Tell whether a text contains an invisible character or an unusual blank."""
    return _ODD.search(text) is not None


def clean(text: str) -> str:
    """Return a name or code as a reader sees it.

    Invisible characters, outer blanks and line breaks are removed. An unusual blank is removed beside a Chinese
    character and becomes an ordinary space elsewhere.
    """
    if not _UNCLEAN.search(text):
        return text
    if len(text) > LONGEST:  # no name
        return INVISIBLE.sub("", text).strip()
    text = _LINE.sub("", INVISIBLE.sub("", text))
    return _RUN.sub(" ", _BESIDE_WIDE.sub("", text)).strip()


def odd_signs(text: str) -> Message | str:
    """Return the code points of the odd characters of a text: ``U+200B``."""
    odd = dict.fromkeys(f"U+{ord(c):04X}" for c in _UNCLEAN.findall(text) if c != " ")
    return ", ".join(odd) or message("reading.blank_at_an_end")


_BRACKETS = str.maketrans(dict.fromkeys("[{<【〔「『《〈〖｟", "(") | dict.fromkeys("]}>】〕」』》〉〗｠", ")"))


def near(text: str) -> str:
    """Return a name without width, case, kind of brackets and blanks."""
    folded = unicodedata.normalize("NFKC", drop_invisible(text)).translate(_BRACKETS).casefold()
    return "".join(folded.split())


# ------------------------------------------------------------------------------------- things of any kind

#: Whole numbers of more bits are written with an exponent: Python refuses to print more than 4 300 digits.
_MOST_BITS = 8_000
#: Decimal exponents beyond these are those of no figure; arithmetic with them may take all memory.
_MOST_EXPONENT = 400
#: Dates and spans stay as they are. (By way of numpy: nothing here may ask for the time.)
_PLAIN = (type(np.datetime64("2000-01-01").item()), type(np.timedelta64(1, "s").item()))


#: No header, word or figure is as long; a cell may hold 32 767 characters, and is asked many times what it means.
LONGEST = 1000


def one_line(text: str) -> str:
    """Return a label without line breaks and runs of blanks; a text longer than any label is left as it is."""
    return text if len(text) > LONGEST else " ".join(text.split())


#: What stands for a character that could not be read.
LOST = "\ufffd"


def well_formed(text: str) -> str:
    """Return a text that can be written to a file: half characters (lone surrogates) become U+FFFD, a lost one."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


_NOT_IN_FILES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def printable(text: str) -> str:
    """Return a text for a page or a workbook: characters that neither may hold become U+FFFD."""
    return _NOT_IN_FILES.sub(LOST, text)


def as_text(value: Any) -> str:
    """Return anything as text, also what refuses to be printed."""
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return f"{Decimal(value):.16e}"
    try:
        return well_formed(str(value))
    except Exception:  # the __str__ of a stranger's class may raise anything
        return f"<{type(value).__name__}>"


def plain_cell(value: Any) -> Any:
    """Return a cell as a text, a truth value, a number, a date, or None if it is missing.

    A number that no figure has (10**400, 1e999999) becomes its text, and so does any other object: text is what all
    that reads cells can refuse with its place.
    """
    kind = type(value)
    if kind is str:
        return well_formed(value)
    if value is None or kind is float or kind is bool:
        return None if value != value else value
    if kind is int:
        return value if value.bit_length() <= 1_024 else as_text(value)
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain_of_numpy(value)
    if kind.__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, Decimal):
        return _plain_decimal(value)
    return value if isinstance(value, _PLAIN) else as_text(value)


def _plain_of_numpy(value: Any) -> Any:
    if value is np.ma.masked:
        return None
    if value.ndim:
        return as_text(value)
    if value.dtype.kind == "f":
        with np.errstate(over="ignore"):
            number = float(value)
        return None if number != number else number
    inner = value.item()
    # a date far away, or one of nanoseconds, is a number to Python
    plain = isinstance(inner, (np.generic, np.ndarray)) or (value.dtype.kind in "mM" and isinstance(inner, int))
    return as_text(value) if plain else plain_cell(inner)


def _plain_decimal(value: Decimal) -> Any:
    if value.is_nan():
        return None
    if value.is_infinite():
        return float(value)
    return value if not value or abs(value.adjusted()) <= _MOST_EXPONENT else str(value)


# --------------------------------------------------------------------- all characters of a column at once


def characters(words: Iterable[object]) -> frozenset[str]:
    """Return the characters used in words."""
    text = "".join(w for w in words if isinstance(w, str))
    if len(text) < 5000:
        return frozenset(text)
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    there = np.zeros(0x110000, dtype=bool)
    there[points] = True
    return frozenset(map(chr, np.flatnonzero(there).tolist()))


def may_be_odd(used: frozenset[str]) -> bool:
    """Tell whether words of these characters may need cleaning."""
    return _UNCLEAN.search("".join(used)) is not None


def may_have_twins(used: frozenset[str]) -> bool:
    """Tell whether two different words of these characters may be equal under :func:`near`."""
    folded = {near(c) for c in used}
    return len(folded) < len(used) or any(len(f) != 1 or unicodedata.combining(f) for f in folded)


# ------------------------------------------------------------------------------------------- footnotes

#: Footnote marks. NFKC turns some into digits: 800① is not 8001. (△ and ▲ are minus signs in accounting.)
_SIGNS = (
    r"*＊﹡⁎∗※†‡§¶#＃★☆◆◇●◎■□♦ªº¹²³\u02b0-\u02b8\u1d2c-\u1d6a\u2070-\u209c"
    r"\u2460-\u24ff\u2776-\u2793\u3200-\u32ff\U0001f100-\U0001f1ff"
)
_SIGN = re.compile(f"[{_SIGNS}]")
_NUMBER = "[0-9a-z①-⑳一二三四五六七八九十]{0,2}"
_IN_BRACKETS = (
    rf"[(（\[［〔【]\s*(?:[{_SIGNS}]+|(?:备?注|见注|脚注)\s*[:：]?\s*{_NUMBER})\s*[)）\]］〕】]"
    r"|[\[［〔【]\s*[0-9a-z]{1,2}\s*[\]］〕】]"
)
#: m² is a unit, not a footnote.
_BEHIND = re.compile(
    rf"(?<!\s)\s*(?:{_IN_BRACKETS}|备?注\s*{_NUMBER}|[※†‡][0-9]{{1,2}}|(?<![mM])(?:[{_SIGNS}])|(?<=[mM])[¹⁰⁴-⁹\u2460-\u24ff])$"
)
#: In front, a number must be separated: 注1800 may be 1800 or 800.
_BEFORE = re.compile(rf"(?:{_IN_BRACKETS}|备?注\s*{_NUMBER}(?:[:：]\s*|\s+)|[{_SIGNS}])\s*")


def has_mark(text: str) -> bool:
    """Tell whether a text contains a footnote mark."""
    return _SIGN.search(text) is not None


def unmarked(text: str) -> str:
    """Return a figure without footnote marks before and after it."""
    if len(text) > LONGEST:
        return text
    text = text.strip()
    while (match := _BEHIND.search(text)) is not None and match.start():
        text = text[: match.start()]
    while (match := _BEFORE.match(text)) is not None:
        text = text[match.end() :]
    return text
