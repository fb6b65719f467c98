"""Several years, or several standards, over one table: what got better, what slipped."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng._frames import FrameT, Labels, build_frame
from junheng.errors import InputError
from junheng.evaluation import Missing, evaluate
from junheng.indicators.catalog import catalogue
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.results import Evaluation, Judgement
from junheng.standards import Standard
from junheng.words import Name, Quoted, message, word

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoDataFrame

__all__ = ["evaluate_all", "monitor"]


def evaluate_all(
    schools: FrameT,
    standards: Sequence[Standard | str | os.PathLike[str]],
    by: Sequence[str] | str | None = None,
    county_facts: IntoDataFrame | Mapping[Any, Any] | None = None,
    missing: Missing = "propagate",
) -> dict[str, Evaluation[FrameT]]:
    """Judge one table by several standards.

    Parameters
    ----------
    schools : pandas, polars or pyarrow frame
        As in :func:`junheng.evaluate`.
    standards : sequence of Standard, str or path
        The standards, each once.
    by : str or sequence of str, optional
        As in :func:`junheng.evaluate`.
    county_facts : frame or mapping, optional
        As in :func:`junheng.evaluate`.
    missing : {"propagate", "omit", "raise"}
        As in :func:`junheng.evaluate`.

    Returns
    -------
    dict of str to Evaluation
        By id of the standard, in the order given.

    Raises
    ------
    InputError
        When one string is given instead of a sequence, or two standards have the same id; else as
        :func:`junheng.evaluate`.

    Examples
    --------
    >>> import junheng as jh
    >>> schools = jh.synthetic.county(seed=0)
    >>> both = jh.evaluate_all(schools, ["cn-basic-balance-2012", "cn-quality-balance-2017"])
    >>> [ev.verdicts["verdict"].iloc[-1] for ev in both.values()]
    ['undetermined', 'unmet']
    """
    if isinstance(standards, (str, os.PathLike, Standard)):
        raise InputError(message("facts.one_standard"))
    out: dict[str, Evaluation[FrameT]] = {}
    for standard in standards:
        ev = evaluate(schools, standard, by=by, county_facts=county_facts, missing=missing)
        if ev.standard.id in out:
            raise InputError(message("facts.same_standard", id=Quoted(ev.standard.id)))
        out[ev.standard.id] = ev
    return out


def monitor(ev: Evaluation[FrameT]) -> FrameT:
    """Follow every verdict of a county through the years of a table.

    Parameters
    ----------
    ev : Evaluation
        Of a table with a column ``year`` that holds at least two years.

    Returns
    -------
    frame of the library of the input
        One row per county, subject and year: the columns of ``by`` (without the year), ``subject`` (``part``, ``item``
        or ``coefficient``), ``name``, ``stage`` (empty where it is not judged by stage), ``year``, ``value``,
        ``verdict``, ``previous`` (that of the year before in the table), ``change``: ``better`` (now met), ``slipped``
        (no longer met), ``worse`` (undetermined before, unmet now), ``less`` (unmet before, undetermined now),
        ``same``, or empty for the first year; ``first_changed`` is the first year in which this verdict differed from
        the year before, empty where it never did.

    Raises
    ------
    InputError
        When the evaluation has no column ``year`` or only one year.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.nation(seed=1, years=3, n_counties=3), "cn-quality-balance-2017")
    >>> changes = jh.monitor(ev)
    >>> int((changes["change"] == "slipped").sum()), sorted(set(changes["year"]))
    (4, [2023, 2024, 2025])
    """
    d, lang = ev.data, ev.language
    years, place = _years(d), _places(d)
    subjects = _subjects(d)
    # counties by place and year; everything below is in this order
    order = np.lexsort((years, place))
    years, place = years[order], place[order]
    n, m = order.size, len(subjects)
    verdicts = np.stack([s.verdict for s in subjects]).astype(np.int8)[:, order]
    values = np.stack([s.value for s in subjects])[:, order]
    previous = np.full((m, n), -1, dtype=np.int8)
    previous[:, 1:] = np.where(place[1:] != place[:-1], -1, verdicts[:, :-1])
    first_changed = _first_changed((previous >= 0) & (previous != verdicts), place, years)
    # county by county, subject by subject, year by year
    rows = np.lexsort((np.tile(np.arange(n), m), np.repeat(np.arange(m), n), np.tile(place, m)))
    subject, at = np.divmod(rows, n)
    county = order[at]
    out: dict[str, Any] = {}
    for name, words in d.county_words:
        if name != "year":
            unique = list(dict.fromkeys(words))
            where = {w: i for i, w in enumerate(unique)}
            out[name] = Labels(np.array([where[w] for w in words], dtype=np.int64)[county], unique)
    kinds = [word("subject", s.kind, lang) for s in subjects]
    titles = [s.title(ev) for s in subjects]
    stages = [None if s.stage < 0 else word("stage", STAGES[s.stage], lang) for s in subjects]
    shown = [word("verdict", v, lang) for v in VERDICTS]
    out["subject"] = [kinds[i] for i in subject]
    out["name"] = [titles[i] for i in subject]
    out["stage"] = [stages[i] for i in subject]
    out["year"] = years[at].astype(np.int64)
    out["value"] = values[subject, at]
    out["verdict"] = Labels(verdicts[subject, at], shown)
    out["previous"] = Labels(previous[subject, at], shown)
    out["change"] = Labels(_changes(previous, verdicts)[subject, at], [word("change", c, lang) for c in _CHANGES])
    out["first_changed"] = first_changed[subject, at]
    if lang is not None:
        out = {ev.header(name): column for name, column in out.items()}
    frame: FrameT = build_frame(out, d.backend)
    return frame


def _years(d: Judgement) -> Floats:
    """Return the year of every county; two of them at least."""
    if "year" not in [name for name, _ in d.county_words]:
        raise InputError(message("facts.no_year_column", column=Quoted(Name("column", "year"))))
    if np.isnan(d.years).any():
        raise InputError(message("facts.not_a_year"))
    if np.unique(d.years).size < 2:
        raise InputError(message("facts.one_year", year=float(d.years[0])))
    return d.years


def _places(d: Judgement) -> Ints:
    """Return of every county and year which county it is."""
    columns = [words for name, words in d.county_words if name != "year"]
    places = [tuple(str(words[i]) for words in columns) for i in range(d.n_counties)]
    codes = {place: code for code, place in enumerate(dict.fromkeys(places))}
    return np.array([codes[place] for place in places], dtype=np.int64)


@frozen(eq=False)
class _Subject:
    """What is followed through the years: a verdict and a value of every county and year."""

    kind: str
    name: str
    stage: int
    verdict: NDArray[np.int8]
    value: Floats

    def title(self, ev: Evaluation[Any]) -> str:
        """Name it: its id, or its label in the language of the evaluation."""
        language = ev.language
        if language is None:
            return self.name
        if self.kind == "part":
            return str(word("part", self.name, language))
        if self.kind == "coefficient":
            return str(getattr(catalogue()[self.name], language))
        return str(getattr(next(i for i in ev.standard.items if i.id == self.name).label, language))


def _subjects(d: Judgement) -> list[_Subject]:
    """Return the parts, the items, and the coefficients that have a limit."""
    nothing = np.full(d.n_counties, np.nan)
    out = [_Subject("part", part, -1, verdict, nothing) for part, verdict in d.part_verdicts.items()]
    out += [_Subject("item", r.item.id, r.stage, r.verdict, r.value) for r in d.items if r.item.rule != "scored"]
    for j, indicator in enumerate(d.indicators):
        for s in range(len(STAGES)):
            there = d.group_at[:, s] >= 0
            group = np.maximum(d.group_at[:, s], 0)
            if np.isfinite(d.limits[group[there], j]).any():
                verdict = np.where(there, d.coefficient_verdicts[group, j], UNDETERMINED)
                value = np.where(there, d.coefficient[group, j], np.nan)
                out.append(_Subject("coefficient", indicator.id, s, verdict, value))
    return out


def _first_changed(differs: NDArray[np.bool_], place: Ints, years: Floats) -> Floats:
    """Return the first year in which a verdict (rows) of a place differed from the year before, NaN for never."""
    out = np.full(differs.shape, np.nan)
    for p in np.unique(place):
        mine = np.flatnonzero(place == p)
        changed = differs[:, mine]
        when = np.where(changed.any(axis=1), years[mine][changed.argmax(axis=1)], np.nan)
        out[:, mine] = when[:, None]
    return out


_CHANGES = ("same", "better", "slipped", "worse", "less")


def _changes(before: NDArray[np.int8], now: NDArray[np.int8]) -> NDArray[np.int8]:
    out = np.zeros(now.shape, dtype=np.int8)
    out[(now == MET) & (before != MET)] = 1
    out[(now != MET) & (before == MET)] = 2
    out[(now == UNMET) & (before == UNDETERMINED)] = 3
    out[(now == UNDETERMINED) & (before == UNMET)] = 4
    out[before < 0] = -1
    return out
