"""How well the rules behind a verdict are known: clause, source and standing of each, in words (private)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from attrs import frozen

from junheng._data import STAGES
from junheng.reports.page.words import ReportWords
from junheng.results import Judgement
from junheng.standards.model import Limit
from junheng.standards.sources import Cited, Standing
from junheng.words import sentences


@frozen
class Known:
    """The standing of a rule, as the templates take it."""

    code: str
    word: str
    meaning: str


def standing_of(entry: Cited | None, text: ReportWords) -> Known | None:
    """Return the standing of a rule, None without a rule."""
    return None if entry is None else _known(str(entry.standing), text)


def _known(code: str, text: ReportWords) -> Known:
    return Known(code, text.label("standing", code), text.own("standing", code))


def explained(entries: Iterable[Cited | None], text: ReportWords) -> list[Known]:
    """Return each standing that some rules have, the surest first."""
    there = {str(x.standing) for x in entries if x is not None}
    return [_known(str(code), text) for code in Standing if str(code) in there]


def counted(entries: Iterable[Cited], text: ReportWords) -> str:
    """Count rules by standing, the surest first; empty without rules."""
    count = Counter(str(x.standing) for x in entries)
    codes = [str(code) for code in Standing if str(code) in count]
    return text("join").join(text("standing_count", standing=text.label("standing", x), n=count[x]) for x in codes)


def deciding(d: Judgement, c: int, part: str) -> list[Cited]:
    """Return the rules that a verdict rests on: those with the same verdict, so all of them where it is met."""
    verdict = int(d.part_verdicts[part][c])
    return [
        r.item
        for r in d.items
        if part in ("overall", r.item.part)
        and r.item.rule != "scored"
        and int(r.verdict[c]) == verdict
        and r.is_about(c)
    ]


def limit_of(d: Judgement, j: int, s: int) -> Limit | None:
    """Return the limit of a coefficient in a stage, of the composite for -1."""
    limit = d.standard.limit("composite" if j < 0 else "each", stage=STAGES[s])
    if limit is None or (j >= 0 and limit.indicators and d.indicators[j].id not in limit.indicators):
        return None
    return limit


def clause_of(d: Judgement, entry: Cited, text: ReportWords) -> Any:
    """Return clause, source and standing of an item, a threshold or a limit; the standing is explained."""
    from markupsafe import Markup

    known = _known(str(entry.standing), text)
    return Markup(sentences("reports.report", text.language)["clause"]).format(
        clause=_in_its_language(entry.clause, text),
        source=_in_its_language(d.standard.sources[entry.source].name(text.language), text),
        standing=known.word,
        meaning=known.meaning,
    )


def _in_its_language(quoted: str, text: ReportWords) -> Any:
    """Mark a quotation in another language than the page, so that it is read aloud as such."""
    from markupsafe import Markup

    own = "zh" if any("\u4e00" <= x <= "\u9fff" for x in quoted) else "en"
    return quoted if own == text.language else Markup('<span lang="{}">{}</span>').format(own, quoted)
