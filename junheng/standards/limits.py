"""How large a standard file may be, checked before and after it is parsed: a file may be hostile.

The parser keeps every prefix of a dotted key (20 000 parts take 1.6 GB) and calls itself for every bracket, so what it
is given is bounded first. No standard comes near these limits.
"""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal, InvalidOperation
from typing import Any

from junheng.standards.mistakes import located
from junheng.words import Message, message

__all__ = ["MOST_BYTES", "MOST_EXTENDED", "MOST_MISTAKES", "before_parsing", "is_extreme", "parse", "too_large"]

#: Largest file, and the longest chain of files that extend each other.
MOST_BYTES, MOST_EXTENDED = 2_000_000, 20
#: Mistakes listed; after these, the rest of a file is not read.
MOST_MISTAKES = 200
#: Nested brackets, parts of a dotted key, characters of a number or a key without quotation marks.
_DEPTH, _PARTS, _WORD = 24, 16, 100
#: Entries of one list or table.
_ENTRIES = 1_000
#: Digits before or after the decimal point of a number.
_DIGITS = 30

# an open text runs to the end of the file, so that no character is looked at twice
_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?(?:"""|\Z)|\'\'\'.*?(?:\'\'\'|\Z)'
    r'|"(?:[^"\\\n]|\\.)*"?|\'[^\'\n]*\'?'
    r"|#[^\n]*|[\[\]{}.]|\n|[ \t\r]+|[^\s\"'#\[\]{}.,=]+|.",
    re.DOTALL,
)


def parse(text: str) -> dict[str, Any]:
    """Return the content of a TOML file, decimals as written; one beyond all numbers is infinite."""
    return tomllib.loads(text, parse_float=_decimal)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent of 20 digits
        return Decimal("Infinity")


def is_extreme(number: Decimal | int) -> bool:
    """Tell whether a number is larger or has more decimals than any figure of a law."""
    digits = Decimal(number).as_tuple()
    exponent = digits.exponent
    return not isinstance(exponent, int) or abs(exponent) > _DIGITS or len(digits.digits) + exponent > _DIGITS


def before_parsing(text: str) -> Message | None:
    """Return why a text must not be given to the parser, None if it may."""
    depth = parts = 0
    line = 1
    for token in _TOKEN.findall(text):
        head = token[0]
        if head in "[{":
            depth += 1
        elif head in "]}":
            depth = max(depth - 1, 0)
        elif head == ".":
            parts += 1
        if head in "\n,=":
            parts = 0
        if depth > _DEPTH:
            return message("standards.too_deep", line=line, most=_DEPTH)
        if parts >= _PARTS:
            return message("standards.too_many_parts", line=line, most=_PARTS)
        if len(token) > _WORD and head not in "\"'# \t\r":
            return message("standards.too_long", line=line, most=_WORD)
        line += token.count("\n")
    return None


def too_large(raw: dict[str, Any]) -> list[Message]:
    """Return the lists and tables with too many entries."""
    out: list[Message] = []
    left: list[tuple[str, Any]] = [("$", raw)]
    while left:
        place, value = left.pop()
        if len(value) > _ENTRIES:
            out.append(located(message("standards.too_many_entries", n=len(value), most=_ENTRIES), place))
            continue
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        left += [(_inside(place, key), inner) for key, inner in pairs if isinstance(inner, (dict, list))]
    return out


def _inside(place: str, key: str | int) -> str:
    return f"{place}[{key}]" if isinstance(key, int) else f"{place}.{key}"
