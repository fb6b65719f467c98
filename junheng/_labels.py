"""Words of results by language (private)."""

from __future__ import annotations

from typing import Any

import numpy as np

from junheng._data import read_toml
from junheng.errors import InputError

LANGUAGES = ("en", "zh")
#: How a comparison is printed.
SIGNS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "==": "="}


def check_language(language: str) -> str:
    """Return the language, or refuse it."""
    if language not in LANGUAGES:
        raise InputError(f"language must be one of {', '.join(LANGUAGES)}, not {language!r}")
    return language


def word(group: str, key: Any, language: str | None) -> Any:
    """Return the label of an id, the id itself without a language or a label."""
    if language is None or key is None or key == "":
        return key
    entry = read_toml("labels.toml").get(group, {}).get(str(key))
    return key if entry is None else entry[language]


def key_text(value: Any) -> str:
    """Return a name, a code or a year as text: 2025.0 is 2025."""
    return str(int(value)) if isinstance(value, (float, np.floating)) and float(value).is_integer() else str(value)
