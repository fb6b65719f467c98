"""Several years, or several standards, over one table: what got better, what slipped."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from junheng._data import STAGES
from junheng._frames import Labels, build_frame
from junheng._labels import word
from junheng.errors import InputError
from junheng.evaluation import Missing, evaluate
from junheng.indicators.catalog import catalogue
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.results import Evaluation
from junheng.standards import Standard

__all__ = ["evaluate_all", "monitor"]


def evaluate_all(
    schools: Any,
    standards: Sequence[Standard | str | os.PathLike[str]],
    by: Sequence[str] | str | None = None,
    county_facts: Any = None,
    missing: Missing = "propagate",
) -> dict[str, Evaluation]:
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
        raise InputError("standards must be a sequence; for one standard call evaluate")
    out: dict[str, Evaluation] = {}
    for standard in standards:
        ev = evaluate(schools, standard, by=by, county_facts=county_facts, missing=missing)
        if ev.standard.id in out:
            raise InputError(f"two standards are called {ev.standard.id!r}; give one of them another id")
        out[ev.standard.id] = ev
    return out


def monitor(ev: Evaluation) -> Any:
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
    d = ev.data
    names = [name for name, _ in d.county_words]
    if "year" not in names:
        raise InputError("the table has no column 'year'; a run over years needs one")
    years = d.years
    if np.isnan(years).any():
        raise InputError("a year is no plain number, such as 2025")
    if np.unique(years).size < 2:
        raise InputError(f"the table has one year only, {years[0]:g}; a run over years needs two")
    places = [tuple(str(words[i]) for name, words in d.county_words if name != "year") for i in range(d.n_counties)]
    place_codes = {p: i for i, p in enumerate(dict.fromkeys(places))}
    place = np.array([place_codes[p] for p in places], dtype=np.int64)
    order = np.lexsort((years, place))
    subjects: list[tuple[str, str, int, Any, Any]] = []
    nothing = np.full(d.n_counties, np.nan)
    for part, verdict in d.part_verdicts.items():
        subjects.append(("part", part, -1, verdict, nothing))
    for result in d.items:
        if result.item.rule != "scored":
            subjects.append(("item", result.item.id, result.stage, result.verdict, result.value))
    for j, indicator in enumerate(d.indicators):
        for s in range(len(STAGES)):
            at = d.group_at[:, s]
            if not np.isfinite(d.limits[at[at >= 0], j]).any():
                continue
            there = at >= 0
            verdict = np.where(there, d.coefficient_verdicts[np.maximum(at, 0), j], UNDETERMINED)
            value = np.where(there, d.coefficient[np.maximum(at, 0), j], np.nan)
            subjects.append(("coefficient", indicator.id, s, verdict, value))
    n, m = d.n_counties, len(subjects)
    verdicts = np.stack([s[3] for s in subjects]).astype(np.int8)[:, order]
    values = np.stack([s[4] for s in subjects])[:, order]
    first = np.ones(n, dtype=bool)
    first[1:] = place[order][1:] != place[order][:-1]
    previous = np.full((m, n), -1, dtype=np.int8)
    previous[:, 1:] = np.where(first[1:], -1, verdicts[:, :-1])
    change = _changes(previous, verdicts)
    first_changed = np.full((m, n), np.nan)
    differs = (previous >= 0) & (previous != verdicts)
    for p in range(len(place_codes)):
        mine = np.flatnonzero(place[order] == p)
        at_once = differs[:, mine]
        when = np.where(at_once.any(axis=1), years[order][mine][at_once.argmax(axis=1)], np.nan)
        first_changed[:, mine] = when[:, None]
    # county by county, subject by subject, year by year
    by_place = np.repeat(place[order][None, :], m, axis=0)
    rows = np.lexsort((np.tile(np.arange(n), (m, 1)).ravel(), np.repeat(np.arange(m), n), by_place.ravel()))
    subject, at = np.divmod(rows, n)
    lang = ev.language
    out: dict[str, Any] = {}
    county = order[at]
    for name, words in d.county_words:
        if name != "year":
            unique = list(dict.fromkeys(words))
            where = {w: i for i, w in enumerate(unique)}
            out[name] = Labels(np.array([where[w] for w in words], dtype=np.int64)[county], unique)
    out["subject"] = [word("subject", subjects[i][0], lang) for i in subject]
    titles = [_title(kind, name, ev, lang) for kind, name, *_ in subjects]
    out["name"] = [titles[i] for i in subject]
    out["stage"] = [None if subjects[i][2] < 0 else word("stage", STAGES[subjects[i][2]], lang) for i in subject]
    out["year"] = years[county].astype(np.int64)
    out["value"] = values[subject, at]
    shown = [word("verdict", v, lang) for v in VERDICTS]
    out["verdict"] = Labels(verdicts[subject, at], shown)
    out["previous"] = Labels(previous[subject, at], shown)
    out["change"] = Labels(change[subject, at], [word("change", c, lang) for c in _CHANGES])
    out["first_changed"] = first_changed[subject, at]
    if lang is not None:
        out = {ev.header(name): column for name, column in out.items()}
    return build_frame(out, d.backend)


def _title(kind: str, name: str, ev: Evaluation, language: str | None) -> str:
    if language is None:
        return name
    if kind == "part":
        return str(word("part", name, language))
    if kind == "coefficient":
        return str(getattr(catalogue()[name], language))
    return str(getattr(next(i for i in ev.standard.items if i.id == name).label, language))


_CHANGES = ("same", "better", "slipped", "worse", "less")


def _changes(before: Any, now: Any) -> Any:
    out = np.zeros(now.shape, dtype=np.int8)
    out[(now == MET) & (before != MET)] = 1
    out[(now != MET) & (before == MET)] = 2
    out[(now == UNMET) & (before == UNDETERMINED)] = 3
    out[(now == UNDETERMINED) & (before == UNMET)] = 4
    out[before < 0] = -1
    return out
