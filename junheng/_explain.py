"""Old place of :mod:`junheng.results.explain` (to go)."""

from junheng.results.explain import (
    _OPS,
    _failing,
    _figure,
    _nothing_known,
    _overall_reason,
    find_county,
    finding,
    number,
    part_reasons,
)

__all__ = [
    "_OPS",
    "_failing",
    "_figure",
    "_nothing_known",
    "_overall_reason",
    "find_county",
    "finding",
    "number",
    "part_reasons",
]
