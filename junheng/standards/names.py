"""The names of a standard besides its id: titles and document numbers, as people type them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from junheng._text import near
from junheng.errors import UnknownStandardError, did_you_mean
from junheng.standards.model import Standard
from junheng.words import LANGUAGES, Bilingual, Message, Quoted, listed, message

__all__ = ["Names", "folded"]

#: Marks around a title, and what is written around the figure of a document number: 第6号文件 is 6号.
_MARKS = re.compile("[《》〈〉“”‘’\"']")
_NUMBER = re.compile(r"第?(\d+)号(?:文件|文)?")


def folded(name: str) -> str:
    """Return a name without blanks, marks of titles, and kinds of brackets: 教督[2017] 6号 is 教督〔2017〕6号."""
    return _NUMBER.sub(r"\1号", near(_MARKS.sub("", name)))


@frozen
class Names:
    """All names by which the shipped standards may be asked for."""

    ids: Mapping[str, list[str]]
    """The standards of each name, folded; a name of more than one is ambiguous."""
    written: Mapping[str, str]
    """The standard of each name as it is written."""
    shown: Mapping[str, Message]
    """How messages name each standard."""

    @classmethod
    def of(cls, standards: Iterable[Standard]) -> Names:
        """Collect the names of some standards."""
        ids: dict[str, list[str]] = {}
        written, shown = {}, {}
        for standard in standards:
            label = Bilingual(standard.label.zh, standard.label.en)
            shown[standard.id] = message("standards.named", id=standard.id, label=label)
            for name in _names_of(standard):
                written[name] = standard.id
                meant = ids.setdefault(folded(name), [])
                meant += [standard.id] if standard.id not in meant else []
        return cls(ids, written, shown)

    def find(self, name: str) -> str:
        """Return the id of the one standard of a name; raise an error that suggests others."""
        text = folded(name)
        meant = self.ids.get(text, [])
        if len(meant) == 1:
            return meant[0]
        parts = meant or self._with_part(text)
        if len(parts) > 1:
            candidates = listed((self.shown[id_] for id_ in parts), "or")
            raise UnknownStandardError(
                message("standards.ambiguous_standard", name=Quoted(name), candidates=candidates)
            )
        hint = self._hint(name, parts)
        if hint:
            raise UnknownStandardError(message("standards.near_standard", id=Quoted(name), hint=hint))
        known = listed(self.shown.values())
        raise UnknownStandardError(message("standards.unknown_standard", id=Quoted(name), known=known))

    def _with_part(self, text: str) -> list[str]:
        """Return the standards that have a name with this text in it."""
        names = self.ids.items() if len(text) > 1 else ()
        return sorted({id_ for name, ids in names for id_ in ids if text in name})

    def _hint(self, name: str, parts: Sequence[str]) -> Message | str:
        """Return a hint at the standard that has the name as a part of its own, or at those with similar names."""
        if parts:
            return message("errors.did_you_mean", names=self.shown[parts[0]])
        called = {known: self.shown[id_] for known, id_ in self.written.items()}
        return did_you_mean(name, self.written, cutoff=0.4, show=lambda told: told, called=called)


def _names_of(standard: Standard) -> list[str]:
    """Return the names of a standard: id, labels, aliases, and names with the number behind, as they are cited."""
    labels = [getattr(standard.label, language) for language in LANGUAGES]
    cited = [f"{name}（{standard.number}）" for name in (standard.label.zh, *standard.aliases)]
    return [standard.id, *labels, *standard.aliases, *cited]
