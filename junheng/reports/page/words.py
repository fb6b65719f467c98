"""Words of the page in one language, and texts that several sections use (private)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import ceil
from typing import Any

from junheng._data import STAGES
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.judging.findings import Codes
from junheng.reports.plots._canvas import short
from junheng.results import Judgement
from junheng.results.reasons import number
from junheng.standards.model import Threshold
from junheng.words import SIGNS as OPS
from junheng.words import Language, sentences, word

#: What is listed before the rest is only counted.
LISTED = 50


class ReportWords:
    """Words of the report in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, **values: Any) -> str:
        """Return a sentence of the report."""
        return sentences("reports.report", self.language)[key].format(**values)

    def label(self, group: str, key: Any) -> str:
        """Return a label that all results share."""
        return str(word(group, key, self.language))

    def own(self, group: str, key: str) -> str:
        """Return a label that only reports have; the key if there is none."""
        return sentences(f"reports.{group}", self.language).get(key, key)

    def amount(self, value: float | Decimal, unit: str, *, whole: bool) -> str:
        """Write an amount with its unit, rounded up: less would not be enough."""
        exact = Decimal(str(value))
        if whole or exact >= 100:
            up = ceil(exact)
            return self("amount", n=f"{up:,}", unit=self.unit(unit, up))
        return self("amount", n=short(ceil(100 * exact) / 100), unit=self.own("unit", unit))

    def unit(self, unit: str, n: float) -> str:
        """Return a unit as it stands beside a number."""
        one = sentences("reports.unit", self.language).get(f"{unit}.one") if n == 1 else None
        return one or self.own("unit", unit)

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


def asked(t: Threshold) -> str:
    """Write the number of a threshold, and those that hold for some schools instead."""
    return OPS[t.op] + "/".join(number(float(v)) for v in (t.value, *(o.value for o in t.instead)) if v is not None)
