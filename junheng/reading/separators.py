"""Find what separates the cells of a text: known headers decide, then even lines (private)."""

from __future__ import annotations

import csv
import re
from collections import Counter

from junheng.schools import recognise

#: In order of preference where nothing else decides.
SEPARATORS = (",", "\t", ";", "|", "，", "；", "｜", "、")
#: Excel writes this line to say which separator follows.
SAID = re.compile(f'"?sep=([{"".join(SEPARATORS)}])"?[ \t]*(?:\r\n|\r|\n|$)', re.IGNORECASE)
#: How much of a text is looked at.
_HEAD = 20_000
_LINES = 40
_LONGEST_HEADER = 60


def find_separator(text: str, *, tabs: bool = False) -> str:
    """Return the separator of a text; ``tabs`` if a tab is expected and nothing speaks against it."""
    said = SAID.match(text.removeprefix("\ufeff")[:20])
    if said is not None:
        return said.group(1)
    lines = _first_lines(text)
    order = ("\t", *(s for s in SEPARATORS if s != "\t")) if tabs else SEPARATORS
    best = max(order, key=lambda s: _fit(lines, s))
    return best if any(best in line for line in lines) else order[0]


def _first_lines(text: str) -> list[str]:
    head = text[:_HEAD].removeprefix("\ufeff")
    ends = "\r\n" if "\n" in head or "\r" in head else "\x0b\x0c\x1e\x85\u2028\u2029"
    lines = [line for line in re.split(f"[{ends}]+", head) if line.strip()]
    # the last line may be cut off
    return lines[:_LINES] if len(text) <= _HEAD or len(lines) == 1 else lines[: min(_LINES, len(lines) - 1)]


def _fit(lines: list[str], separator: str) -> tuple[int, float, int]:
    """Return how well a separator suits the lines: known headers in one line, even lines, ASCII before full width."""
    there = [separator in line for line in lines]
    if not any(there):
        return (0, 0.0, 0)
    rows = [_cells(line, separator) if has else [] for line, has in zip(lines, there, strict=True)]
    # most lines below a header are cut as it is; a label such as "体育、艺术专任教师数" cuts one line alone
    last = len(lines) - 1
    headers = [rows[i] for i in {0, *range(last)} if 2 * sum(there[i:]) > len(there[i:])]
    known = max((len({c for c in row if _is_known(c)}) for row in headers), default=0)
    width, often = Counter(len(row) for row in rows if row).most_common(1)[0]
    return (known if known > 1 else 0, often / len(lines) if width > 1 else 0.0, separator.isascii())


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:
        return line.split(separator)


def _is_known(cell: str) -> bool:
    bare = " ".join(cell.split())
    return 0 < len(bare) <= _LONGEST_HEADER and recognise(bare) is not None
