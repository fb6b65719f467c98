"""The content of a standard as plain values, to be written and compared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any

import attrs

#: Entries by table and name.
Entries = dict[tuple[str, str], dict[str, Any]]


def number_text(value: Any) -> str:
    """Return a number as text; 0.50 and 0.5 give the same text."""
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


_NOT_COMPARED = {"clause", "source", "also", "standing", "note", "origin", "label"}


def differences(left: Entries, right: Entries) -> list[tuple[str, str, str, str | None, str | None]]:
    """Return table, entry, field and both values of each difference."""
    rows = []
    for key in [*left, *(k for k in right if k not in left)]:
        a, b = left.get(key), right.get(key)
        if a is None or b is None:
            rows.append((*key, "value", _summary(a), _summary(b)))
            continue
        for name in [*a, *(n for n in b if n not in a)]:
            if name not in _NOT_COMPARED and a.get(name) != b.get(name):
                rows.append((*key, name, _text(a.get(name)), _text(b.get(name))))
    return rows


def _summary(entry: dict[str, Any] | None) -> str | None:
    if entry is None:
        return None
    if "value" in entry:
        return _text(entry["value"])
    return _text({k: v for k, v in entry.items() if k not in _NOT_COMPARED})


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def plain(value: Any) -> Any:
    """Convert attrs objects to dicts, without values that are None, empty or derived."""
    if attrs.has(type(value)):
        out = {}
        for a in attrs.fields(type(value)):
            item = getattr(value, a.name)
            if item is None or item == () or item == {} or a.metadata.get("derived"):
                continue
            out[a.name] = plain(item)
        return out
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(v) for v in value]
    return value
