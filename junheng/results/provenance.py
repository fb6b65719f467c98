"""The provenance of an evaluation with labels instead of ids (private)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from junheng.standards.model import Standard
from junheng.words import Language, Name, message, sentences, word

#: Counts, with the group of labels of what they count.
_COUNTED = {"sections_left_out": "reason", "warnings": "problem"}


def labelled(provenance: Mapping[str, Any], standard: Standard, language: Language) -> dict[str, Any]:
    """Return a provenance with keys and words in a language; versions, digests and ids of standards stay."""
    keys = sentences("reports.provenance", language)
    named = {r.id: str(getattr(r.label, language)) for r in standard.relaxations}
    words: dict[str, Callable[[Any], Any]] = {
        "by": lambda names: [_column(n, language) for n in names],
        "relaxations": lambda ids: [named.get(i, i) for i in ids],
        "missing": lambda choice: keys.get(choice, choice),
        "changes": lambda made: [_change(x, language) for x in made],
    }
    for key, group in _COUNTED.items():
        words[key] = partial(_counts, group=group, language=language)
    return {keys.get(key, key): words[key](x) if key in words else x for key, x in provenance.items()}


def _counts(counts: Mapping[str, int], group: str, language: Language) -> dict[str, int]:
    return {str(word(group, k, language)): n for k, n in counts.items()}


def _column(name: str, language: Language) -> str:
    return Name("column", name).text("zh") if language == "zh" else str(word("column", name, language))


def _change(made: Mapping[str, Any], language: Language) -> str:
    return message("forms.changed_cells", n=made["cells"], digest=made["digest"]).text(language)
