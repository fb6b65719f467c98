"""The one reader of a stage as a caller names it: by its id, or by a word that a return may hold (private)."""

from __future__ import annotations

from functools import cache
from typing import Any

from junheng._data import STAGES, StageId, read_toml
from junheng._text import as_text, near
from junheng.errors import InputError
from junheng.words import Name, Quoted, listed, message

__all__ = ["find_stage", "stage_of"]


@cache
def _words() -> dict[str, str]:
    known = read_toml("columns.toml")["categories"]["stage"]
    return {near(word): stage for stage, words in known.items() for word in (stage, *words)}


def stage_of(given: Any) -> str | None:
    """Return the id of the stage that a word means, the senior stage included; None if it means none."""
    return _words().get(near(given)) if isinstance(given, str) else None


def find_stage(given: Any) -> StageId:
    """Return the id of a stage that is judged; refuse everything else."""
    stage = stage_of(given)
    for known in STAGES:
        if known == stage:
            return known
    stages = listed((Name("stage", s) for s in STAGES), "or")
    raise InputError(message("errors.stage", stages=stages, stage=Quoted(as_text(given))))
