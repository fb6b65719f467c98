"""One table under several standards, or over several years."""

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
from junheng.errors import InputError, Severity
from junheng.evaluation import Missing, judge_table
from junheng.indicators.catalog import catalogue
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.results import Evaluation, Judgement, check_evaluation
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
    """Evaluate a table by several standards.

    What a standard asks of a column that the table does not have is undetermined, and ``problems`` of its evaluation
    names the column. (:func:`junheng.evaluate` raises an error.)

    Parameters
    ----------
    schools : pandas, polars or pyarrow frame
        As in :func:`junheng.evaluate`.
    standards : sequence of Standard, str or path
        The standards, without duplicates.
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
        If ``standards`` is a single standard, or two standards have the same id; otherwise as in
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
    evaluations: dict[str, Evaluation[FrameT]] = {}
    for standard in standards:
        ev = judge_table(schools, standard, by, county_facts, missing, lacking=Severity.WARNING)
        if ev.standard.id in evaluations:
            raise InputError(message("facts.same_standard", id=Quoted(ev.standard.id)))
        evaluations[ev.standard.id] = ev
    return evaluations


def monitor(ev: Evaluation[FrameT]) -> FrameT:
    """Compare the verdicts of each county over the years of a table.

    Parameters
    ----------
    ev : Evaluation
        Evaluation of a table with a column ``year`` of at least two years.

    Returns
    -------
    frame of the library of the input
        One row per county, subject and year: the columns of ``by`` (without the year), ``subject`` (``part``, ``item``
        or ``coefficient``), ``name``, ``stage`` (missing if not judged by stage), ``year``, ``value``, ``verdict``,
        ``previous`` (verdict of the previous year in the table), ``change``: ``better`` (now met), ``slipped`` (no
        longer met), ``worse`` (from undetermined to unmet), ``less`` (from unmet to undetermined), ``same``, missing in
        the first year; ``first_changed``: first year in which the verdict changed, missing if it never did.

    Raises
    ------
    InputError
        If the table has no column ``year``, only one year, or a year that is not a number.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.nation(seed=1, years=3, n_counties=3), "cn-quality-balance-2017")
    >>> changes = jh.monitor(ev)
    >>> int((changes["change"] == "slipped").sum()), sorted(set(changes["year"]))
    (4, [2023, 2024, 2025])
    """
    check_evaluation(ev)
    found, language = ev.data, ev.language
    years, place = _years(found), _places(found)
    subjects = _subjects(found)
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
    columns: dict[str, Any] = {}
    for name, words in found.county_words:
        if name != "year":
            unique = list(dict.fromkeys(words))
            where = {w: i for i, w in enumerate(unique)}
            columns[name] = Labels(np.array([where[w] for w in words], dtype=np.int64)[county], unique)
    kinds = [word("subject", s.kind, language) for s in subjects]
    titles = [s.title(ev) for s in subjects]
    stages = [None if s.stage < 0 else word("stage", STAGES[s.stage], language) for s in subjects]
    labels = [word("verdict", v, language) for v in VERDICTS]
    columns["subject"] = [kinds[i] for i in subject]
    columns["name"] = [titles[i] for i in subject]
    columns["stage"] = [stages[i] for i in subject]
    columns["year"] = years[at].astype(np.int64)
    columns["value"] = values[subject, at]
    columns["verdict"] = Labels(verdicts[subject, at], labels)
    columns["previous"] = Labels(previous[subject, at], labels)
    columns["change"] = Labels(
        _changes(previous, verdicts)[subject, at], [word("change", c, language) for c in _CHANGES]
    )
    columns["first_changed"] = first_changed[subject, at]
    if language is not None:
        columns = {ev.header(name): column for name, column in columns.items()}
    frame: FrameT = build_frame(columns, found.backend)
    return frame


def _years(found: Judgement) -> Floats:
    """Return the year of each county; there must be at least two."""
    if "year" not in [name for name, _ in found.county_words]:
        raise InputError(message("facts.no_year_column", column=Quoted(Name("column", "year"))))
    if np.isnan(found.years).any():
        raise InputError(message("facts.not_a_year"))
    if np.unique(found.years).size < 2:
        raise InputError(message("facts.one_year", year=float(found.years[0])))
    return found.years


def _places(found: Judgement) -> Ints:
    """Return a code of the county for each county and year."""
    columns = [words for name, words in found.county_words if name != "year"]
    places = [tuple(str(words[i]) for words in columns) for i in range(found.n_counties)]
    codes = {place: code for code, place in enumerate(dict.fromkeys(places))}
    return np.array([codes[place] for place in places], dtype=np.int64)


@frozen(eq=False)
class _Subject:
    """A subject with its verdict and value for each county and year."""

    kind: str
    name: str
    stage: int
    verdict: NDArray[np.int8]
    value: Floats

    def title(self, ev: Evaluation[Any]) -> str:
        """Return its id, or its label in the language of the evaluation."""
        language = ev.language
        if language is None:
            return self.name
        if self.kind == "part":
            return str(word("part", self.name, language))
        if self.kind == "coefficient":
            return str(getattr(catalogue()[self.name], language))
        return str(getattr(next(i for i in ev.standard.items if i.id == self.name).label, language))


def _subjects(found: Judgement) -> list[_Subject]:
    """Return the parts, items, and coefficients with a limit."""
    nothing = np.full(found.n_counties, np.nan)
    subjects = [_Subject("part", part, -1, verdict, nothing) for part, verdict in found.part_verdicts.items()]
    subjects += [
        _Subject("item", r.item.id, r.stage, r.verdict, r.value) for r in found.items if r.item.rule != "scored"
    ]
    for j, indicator in enumerate(found.indicators):
        for s in range(len(STAGES)):
            there = found.group_at[:, s] >= 0
            group = np.maximum(found.group_at[:, s], 0)
            if np.isfinite(found.limits[group[there], j]).any():
                verdict = np.where(there, found.coefficient_verdicts[group, j], UNDETERMINED)
                value = np.where(there, found.coefficient[group, j], np.nan)
                subjects.append(_Subject("coefficient", indicator.id, s, verdict, value))
    return subjects


def _first_changed(differs: NDArray[np.bool_], place: Ints, years: Floats) -> Floats:
    """Return the first year in which each verdict (rows) of a county changed, NaN for never."""
    first = np.full(differs.shape, np.nan)
    for p in np.unique(place):
        mine = np.flatnonzero(place == p)
        changed = differs[:, mine]
        when = np.where(changed.any(axis=1), years[mine][changed.argmax(axis=1)], np.nan)
        first[:, mine] = when[:, None]
    return first


_CHANGES = ("same", "better", "slipped", "worse", "less")


def _changes(before: NDArray[np.int8], now: NDArray[np.int8]) -> NDArray[np.int8]:
    change = np.zeros(now.shape, dtype=np.int8)
    change[(now == MET) & (before != MET)] = 1
    change[(now != MET) & (before == MET)] = 2
    change[(now == UNMET) & (before == UNDETERMINED)] = 3
    change[(now == UNDETERMINED) & (before == UNMET)] = 4
    change[before < 0] = -1
    return change
