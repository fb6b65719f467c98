"""Words of the page in one language, and the pieces of text that all its parts use (private)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import ceil
from typing import Any

from junheng._data import STAGES, read_toml
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.judging.findings import Codes
from junheng.reports.plots._canvas import short
from junheng.results import Judgement
from junheng.results.explain import number
from junheng.standards.model import Threshold
from junheng.words import SIGNS as OPS
from junheng.words import Language, word

#: What is listed before the rest is only counted.
LISTED = 50


class ReportWords:
    """Words of the report in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.words = read_toml("words/reports.toml")

    def __call__(self, key: str, **values: Any) -> str:
        """Return a sentence of the report."""
        return str(self.words["report"][key][self.language]).format(**values)

    def label(self, group: str, key: Any) -> str:
        """Return a label that all results share."""
        return str(word(group, key, self.language))

    def own(self, group: str, key: str) -> str:
        """Return a label of the report's own; the key where there is none."""
        found = self.words[group].get(key)
        return key if found is None else str(found[self.language])

    def amount(self, value: float | Decimal, unit: str, *, whole: bool) -> str:
        """Write an amount with its unit, rounded up: less would not do."""
        exact = Decimal(str(value))
        if whole or exact >= 100:
            up = ceil(exact)
            return self("amount", n=f"{up:,}", unit=self.unit(unit, up))
        return self("amount", n=short(ceil(100 * exact) / 100), unit=self.own("unit", unit))

    def unit(self, unit: str, n: float) -> str:
        """Return a unit as it stands beside a number."""
        one = self.words["unit"].get(unit, {}).get("one")
        return one if one and n == 1 and self.language == "en" else self.own("unit", unit)

    def join(self, names: Sequence[str]) -> str:
        """Write a list."""
        return self("list").join(names)


def verdict_of(code: int, text: ReportWords) -> dict[str, str]:
    """Return a verdict as the templates take it."""
    return {"code": VERDICTS[code], "word": text.label("verdict", VERDICTS[code])}


def count_verdicts(codes: Codes) -> list[int]:
    """Count what is met, unmet and undetermined."""
    return [int((codes == v).sum()) for v in (MET, UNMET, UNDETERMINED)]


def sentence(reason: str) -> str:
    """Begin with a capital."""
    return reason[:1].upper() + reason[1:]


def caption(d: Judgement, j: int, s: int, text: ReportWords) -> str:
    """Head a picture of an indicator."""
    ind = d.indicators[j]
    unit = text.label("unit", ind.unit)
    return text("caption", stage=text.label("stage", STAGES[s]), indicator=getattr(ind, text.language), unit=unit)


def clause_of(d: Judgement, entry: Any, text: ReportWords) -> str:
    """Return clause, source and standing of an item, a threshold or a limit."""
    source = d.standard.sources[entry.source].title
    return text("clause", clause=entry.clause, source=source, standing=text.label("standing", str(entry.standing)))


def asked(t: Threshold) -> str:
    """Write the number of a threshold, and those that hold for some schools instead."""
    return OPS[t.op] + "/".join(number(float(v)) for v in (t.value, *(o.value for o in t.instead)) if v is not None)
