"""The names of columns as headers give them (private)."""

from __future__ import annotations

import re
from functools import cache

from junheng.schools.vocabulary import base_column, columns, fold

__all__ = ["STAGE_WORDS", "headers", "named", "stage_word"]

#: Words at the start of a header that say which stage its figures are of.
STAGE_WORDS = (("小学", "primary"), ("初中", "junior"), ("高中", "senior"))


@cache
def headers() -> dict[str, str]:
    """Return the canonical column of every known header, folded."""
    out: dict[str, str] = {}
    for column in columns().values():
        for name in (column.id, column.zh, *column.aliases):
            out.setdefault(fold(name), column.id)
    for column in columns().values():
        out.setdefault(fold(column.en), column.id)
    return out


def named(folded: str) -> str | None:
    """Return the canonical name of a header without brackets, with its stage if it has one."""
    known = headers()
    if folded in known:
        return known[folded]
    for word, stage in STAGE_WORDS:
        if folded.startswith(word):
            rest = re.sub(r"^(部|段|阶段)", "", folded.removeprefix(word))
            name = f"{known.get(rest)}_{stage}"
            if base_column(name) is not None:
                return name
    return None


def stage_word(folded: str) -> str | None:
    """Return the stage if a text is nothing but a stage: 小学, 初中部."""
    return next((stage for word, stage in STAGE_WORDS if folded in (word, f"{word}部", f"{word}段")), None)
