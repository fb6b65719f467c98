"""Certificates: the rules, the figures as typed and everything that was concluded from them, as strict JSON.

``docs/certificates.md`` defines the format; ``junheng/verify.py`` checks it without this library.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng import verify
from junheng._arrays import Floats, Ints
from junheng._data import STAGES, CountyKey, read_toml
from junheng._frames import Table
from junheng.errors import InputError
from junheng.facts import fact_columns
from junheng.indicators.catalog import catalogue
from junheng.indicators.compliance import UNDETERMINED, VERDICTS
from junheng.judging.findings import REASONS
from junheng.judging.items import ItemResult
from junheng.judging.judgement import Judgement
from junheng.judging.subjects import Subjects
from junheng.results.explain import find_county
from junheng.schools import ALL_STAGES, base_column, category_words, is_grade
from junheng.schools.inclusion import LEFT_OUT
from junheng.schools.sections import Sections, as_standard
from junheng.schools.vocabulary import INTEGRATED, KINDS
from junheng.standards.content import number_text
from junheng.standards.model import ANSWERS, Comparison, Filter, Standard
from junheng.words import key_text, message

__all__ = ["certificate", "rules_of", "verify_certificate"]

#: What a certificate says of a standard: the entries that decide.
_RULES = (
    "parts", "indicators", "thresholds", "limits", "school_rule", "split", "inclusion", "items", "relaxations",
    "applied", "doubts",
)  # fmt: skip
#: What does not decide in them.
_WORDS = {"label", "note", "also", "origin", "hints"}
#: Figures of the whole school that do not add up over stages.
_OF_SCHOOL = ("built_year", "largest_class")
_WORD_COLUMNS = ("ownership", "owner_type", "area_type")
_FLAG = {1: True, 0: False, -1: None}


def certificate(d: Judgement, provenance: Any, county: CountyKey | None = None) -> dict[str, Any]:
    """Return the certificate of one county, or of all."""
    std, figures = d.standard, _Figures(d)
    counties = [_county(d, figures, c) for c in find_county(d, county)]
    shared = sorted(n for n in figures.used if _is_shared(n))
    return {
        "certificate": "junheng",
        "version": 1,
        "made_by": {"provenance": dict(provenance)},
        "standard": {
            "id": std.id,
            "number": std.number,
            "document": std.document,
            "label": {"zh": std.label.zh, "en": std.label.en},
            "digest": std.digest,
            "rules": {**rules_of(std), "shared": shared},
        },
        "options": {"missing": "omit" if d.omitted else "propagate"},
        "table": {"digest": _digest(d.sections.schools.frame), "rows": d.sections.schools.rows},
        "counties": counties,
    }


def verify_certificate(certificate: Any, standard: Standard | str | os.PathLike[str] | None = None) -> list[str]:
    """List what does not follow in a certificate, by :mod:`junheng.verify`, which shares no code with the evaluation.

    Parameters
    ----------
    certificate : dict
        As :meth:`junheng.Evaluation.certificate` returns it, or ``json.load`` reads it from a file.
    standard : Standard, str or path, optional
        The standard that the certificate should apply: its rules are compared too. Default: the rules are taken as
        the certificate states them.

    Returns
    -------
    list of str
        One line for each claim that does not follow, or rule that differs; empty if there is none. Not checked: that
        the table is complete and equals its source, that attested documents exist, and without a standard that the
        rules are those of the law.

    Raises
    ------
    InputError
        If it is not a certificate, or has rules that are not known.
    UnknownStandardError, StandardDataError
        If the standard cannot be loaded.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=5), "cn-quality-balance-2017")
    >>> certificate = ev.certificate()
    >>> jh.verify_certificate(certificate, "cn-quality-balance-2017")
    []
    >>> certificate["counties"][0]["claims"]["parts"][-1][1] = "met"
    >>> len(jh.verify_certificate(certificate))
    1
    """
    rules = None if standard is None else rules_of(as_standard(standard))
    try:
        return verify.check(certificate, rules)
    except verify.CannotCheck as exc:
        raise InputError(message("results.not_checkable", reason=str(exc))) from None


# ----------------------------------------------------------------------------------------------- the rules


def rules_of(std: Standard) -> dict[str, Any]:
    """Return the entries of a standard that decide, with clause, source and standing, and the formulas it uses."""
    content = std.to_dict()
    return {**{name: _deciding(content[name]) for name in _RULES if name in content}, "measures": _measures(std)}


def _deciding(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _deciding(v) for k, v in value.items() if k not in _WORDS}
    if isinstance(value, list):
        return [_deciding(v) for v in value]
    return number_text(value) if isinstance(value, Decimal) else value


def _measures(std: Standard) -> dict[str, Any]:
    """Return the formula of every indicator of a standard."""
    entries = read_toml("indicators/catalog.toml")["indicators"]
    names = ("formula", "numerator", "denominator")
    ids = dict.fromkeys([*std.indicators, *(t.indicator for t in std.thresholds)])
    return {i: {n: entries[i][n] for n in names if n in entries[i]} for i in ids}


def _tests(std: Standard) -> Iterator[Comparison]:
    """Yield the comparisons of the items, and of the relaxations that are applied."""
    for item in std.items:
        for condition in item.conditions:
            yield from condition.tests
    for relaxation in std.relaxations:
        if relaxation.id in std.applied:
            for condition in relaxation.conditions:
                yield from condition.tests


def _names_in(test: Comparison) -> tuple[str, ...]:
    return (*test.top, *test.top_minus, *test.bottom, *test.bottom_minus, *test.than)


def _columns_read(std: Standard) -> list[str]:
    """Return the columns that rules of a standard read, but for those that every certificate has."""
    names: dict[str, None] = {}
    for i in std.indicators:
        names.update(dict.fromkeys(catalogue()[i].columns))
    filters = [t.where for t in _tests(std)] + [d.where for d in std.doubts]
    for t in std.thresholds:
        names.update({"classes": None} if t.classes else {})
        filters += [other.where for other in t.instead]
    for test in _tests(std):
        if test.scope != "county":
            sized = test.per_classes is not None or test.by_size
            names.update(dict.fromkeys(_names_in(test)) | ({"classes": None} if sized else {}))
    for relaxation in std.relaxations:
        if relaxation.id in std.applied:
            names.update(dict.fromkeys(relaxation.add))
            filters.append(relaxation.where)
    for where in filters:
        names.update(dict.fromkeys(_columns_of(where)))
    return [n for n in names if n not in ("students", "schools")]


def _columns_of(where: Filter | None) -> Iterable[str]:
    """Return the columns that a filter reads, but for those that every certificate has."""
    if where is None:
        return ()
    asked = {
        "classes": where.classes_below,
        "largest_class": where.largest_class_below,
        "built_year": where.built_by,
        "migrant_students": where.migrant_share_over,
    }
    return (*(n for n, limit in asked.items() if limit is not None), *where.flags, *where.not_flags)


def _facts_read(std: Standard) -> list[str]:
    """Return the facts about the county that rules of a standard read."""
    names: dict[str, None] = {}
    for test in _tests(std):
        if test.scope == "county":
            names.update(dict.fromkeys(_names_in(test)))
        if test.norm is not None:
            names.update({test.norm.primary: None, test.norm.junior: None})
    for condition in (c for item in std.items for c in item.conditions):
        names.update(dict.fromkeys(condition.unless_no))
        names.update({} if condition.chosen_by is None else {condition.chosen_by: None})
    return list(names)


# --------------------------------------------------------------------------------------------- the figures


def _number(x: float) -> str | None:
    """Return a figure as it was typed."""
    return None if x != x else repr(x).removesuffix(".0")


def _is_shared(name: str) -> bool:
    found = base_column(name)
    return found is not None and found[0].shared and name not in _OF_SCHOOL


@frozen(eq=False)
class _Column:
    """A column by section: ``own``, and by section whether ``given`` holds it for the whole school instead."""

    own: Floats
    whole: NDArray[np.bool_]
    given: Floats


@frozen(eq=False, slots=False)
class _Figures:
    """The figures that rules read, as typed, for all sections of a table."""

    d: Judgement

    @property
    def s(self) -> Sections:
        """The sections."""
        return self.d.sections

    @cached_property
    def used(self) -> list[str]:
        """The columns that rules read and the table has."""
        return [n for n in _columns_read(self.d.standard) if self._is_there(n)]

    def _is_there(self, name: str) -> bool:
        has = self.s.schools.has
        return name in has or any(f"{name}_{stage}" in has for stage in ALL_STAGES)

    @cached_property
    def _memory(self) -> dict[str, _Column]:
        return {}

    def column(self, name: str) -> _Column:
        """Return a number column."""
        if name not in self._memory:
            self._memory[name] = self._shared(name) if _is_shared(name) else self._of_stage(name)
        return self._memory[name]

    def _base(self, name: str) -> Floats:
        base = self.s.schools.number(name)
        return np.full(self.s.rows.size, np.nan) if base is None else base[self.s.rows]

    def _of_stage(self, name: str) -> _Column:
        """Return people, classes or a year: of the stage, or of the school if its row has several stages."""
        given = self._base(name)
        own = np.where(self.s.wide, np.nan, given) if name == "built_year" else self.s.number(name)
        whole = self.s.wide if name in _OF_SCHOOL else self.s.wide & ~self._any_known(own)
        return _Column(own, whole & np.isfinite(given), given)

    def _shared(self, name: str) -> _Column:
        """Return rooms, grounds, equipment or money: of the whole school where they must be divided or count once."""
        given, divided, s = self._base(name), self.s.is_divided(name), self.s
        whole = divided if name in s.resources else self._same(given) & (divided | self._is_money(name))
        return _Column(np.where(whole, np.nan, given), whole, given)

    def _is_money(self, name: str) -> NDArray[np.bool_]:
        found = base_column(name)
        money = found is not None and found[0].unit == "CNY"
        return np.full(self.s.rows.size, money) & (np.bincount(self.s.school)[self.s.school] > 1)

    def _same(self, given: Floats) -> NDArray[np.bool_]:
        """Return whether the counted rows of a school have the same figure."""
        low, high = (np.full(int(self.s.school.max(initial=-1)) + 1, x) for x in (np.inf, -np.inf))
        counted = Subjects.make(self.s, self.d.county, whole=False).section
        np.fmin.at(low, self.s.school[counted], given[counted])
        np.fmax.at(high, self.s.school[counted], given[counted])
        return np.asarray((low == high)[self.s.school])

    def _any_known(self, own: Floats) -> NDArray[np.bool_]:
        """Return whether a figure is known for a stage of the school."""
        counted = Subjects.make(self.s, self.d.county, whole=False).section
        known = np.bincount(self.s.school[counted], np.isfinite(own[counted]), int(self.s.school.max(initial=-1)) + 1)
        return np.asarray(known[self.s.school] > 0)

    def words(self, name: str, at: Ints) -> list[Any]:
        """Return a column of words, or of yes and no, of some sections."""
        table, rows = self.s.schools, self.s.rows[at]
        found = base_column(name)
        if found is not None and found[0].type == "flag":
            return [_FLAG[x] for x in table.flag_codes(name)[rows].tolist()]
        codes = table.category_codes(name)[rows].tolist()
        if is_grade(name):  # from best to worst; the worst is 0
            return [None if x < 0 else str(len(category_words(name)) - 1 - x) for x in codes]
        return [None if x < 0 else category_words(name)[x] for x in codes]

    def is_number(self, name: str) -> bool:
        """Return whether a column has figures."""
        found = base_column(name)
        return found is not None and found[0].type == "number"

    def enrolment(self, at: Ints, schools: Ints) -> list[list[str | None]]:
        """Return the students of each stage of some schools, given their sections and the first of each."""
        s = self.s
        place = {int(x): i for i, x in enumerate(s.school[schools].tolist())}
        out: list[list[float]] = [[float("nan")] * len(ALL_STAGES) for _ in place]

        def give(i: int, stage: int, x: float) -> None:
            known = out[place[int(s.school[i])]]
            if known[stage] != known[stage]:
                known[stage] = x

        for i in at.tolist():
            give(i, int(s.stage[i]), float(s.students[i]))
        integrated = at[np.isin(s.kinds[at], [KINDS.index(k) for k in INTEGRATED])]
        for code, stage in enumerate(ALL_STAGES):
            values = s.schools.number(f"students_{stage}")
            if values is not None:
                for i in integrated.tolist():
                    give(i, code, float(values[s.rows[i]]))
        return [[_number(x) for x in row] for row in out]


def _rows(columns: dict[str, list[Any]], keep: int) -> dict[str, Any]:
    """Return columns as rows under a header, without those after the first ``keep`` that have nothing."""
    names = [n for i, (n, cells) in enumerate(columns.items()) if i < keep or any(x is not None for x in cells)]
    return {"columns": names, "rows": [list(row) for row in zip(*(columns[n] for n in names), strict=True)]}


def _schools(figures: _Figures, at: Ints, firsts: Ints, place: list[int]) -> dict[str, Any]:
    """Return what belongs to whole schools: names, enrolment by stage, and figures given for the school."""
    s = figures.s
    out: dict[str, list[Any]] = {"name": _texts(figures, ("school", "school_code"), firsts)}
    out["code"] = _texts(figures, ("school_code",), firsts)
    out["kind"] = [None if k < 0 else KINDS[k] for k in s.kinds[firsts].tolist()]
    enrolled = figures.enrolment(at, firsts)
    for code, stage in enumerate(ALL_STAGES):
        out[f"students_{stage}"] = [row[code] for row in enrolled]
    keep = len(out)
    for name in filter(figures.is_number, figures.used):
        column = figures.column(name)
        given: list[Any] = [None] * firsts.size
        for i in np.flatnonzero(column.whole[at] & np.isfinite(column.given[at])).tolist():
            if given[place[i]] is None:
                given[place[i]] = _number(float(column.given[at[i]]))
        out[name] = given
    return _rows(out, keep)


def _texts(figures: _Figures, names: Sequence[str], at: Ints) -> list[str | None]:
    """Return the first of some columns that the table has as text."""
    table = figures.s.schools
    for name in names:
        if name in table.has:
            codes, words = table.codes(name)
            return [None if c < 0 else key_text(words[c]) for c in codes[figures.s.rows[at]].tolist()]
    return [None] * at.size


def _sections(figures: _Figures, at: Ints, place: list[int]) -> dict[str, Any]:
    """Return what belongs to the stages of schools."""
    s, table = figures.s, figures.s.schools
    kinds = table.category_codes("kind")[s.rows[at]].tolist()
    out: dict[str, list[Any]] = {
        "school": list(place),
        "row": s.rows[at].tolist(),
        "stage": [ALL_STAGES[x] for x in s.stage[at].tolist()],
        "kind": [None if k < 0 else KINDS[k] for k in kinds],
        **{name: figures.words(name, at) for name in _WORD_COLUMNS},
        **{name: [_FLAG[x] for x in table.flag_codes(name)[s.rows[at]].tolist()] for name in ("included", *ANSWERS)},
    }
    numbers = {n: figures.column(n) for n in figures.used if figures.is_number(n)}
    shared = {n: c for n, c in numbers.items() if _is_shared(n)}
    out["rounded"] = _lists({n: s.was_divided(n)[at] for n in shared}, at.size)
    out["lacking"] = _lists({n: (c.whole & np.isnan(c.given))[at] for n, c in shared.items()}, at.size)
    out["students"] = [_number(x) for x in s.students[at].tolist()]
    keep = len(out)
    for name in figures.used:
        own = [_number(x) for x in numbers[name].own[at].tolist()] if name in numbers else figures.words(name, at)
        out.setdefault(name, own)
    return _rows(out, keep)


def _lists(marks: dict[str, NDArray[np.bool_]], n: int) -> list[list[str] | None]:
    """Return for each row the names whose mark is set, None for none."""
    names: list[list[str]] = [[] for _ in range(n)]
    for name, mark in marks.items():
        for i in np.flatnonzero(mark).tolist():
            names[i].append(name)
    return [x or None for x in names]


# ---------------------------------------------------------------------------------------------- the claims


def _county(d: Judgement, figures: _Figures, c: int) -> dict[str, Any]:
    """Return the figures and the claims of one county."""
    s = d.sections
    at = np.flatnonzero(d.county == c)
    _, first, which = np.unique(s.school[at], return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))  # schools in order of first appearance
    place = order[which.reshape(-1)].tolist()
    year = float(d.years[c]) if d.years.size else float("nan")
    numbered = year.is_integer()  # a school year such as 2024-2025 is a name
    return {
        "county": [key_text(words[c]) for name, words in d.county_words if name != "year" or not numbered],
        "year": int(year) if numbered else None,
        "facts": _facts(d, c),
        "schools": _schools(figures, at, at[np.sort(first)], place),
        "sections": _sections(figures, at, place),
        "claims": {
            "sections": [
                [LEFT_OUT[one] or None, LEFT_OUT[other] or None, VERDICTS[verdict]]
                for one, other, verdict in zip(
                    s.out[at].tolist(), s.out_of_coefficient[at].tolist(), d.school[at].tolist(), strict=True
                )
            ],
            "values": _values(d, at),
            "coefficients": _coefficients(d, c),
            "items": [_item(r, c) for r in d.items],
            "parts": [[part, VERDICTS[verdicts[c]]] for part, verdicts in d.part_verdicts.items()],
        },
    }


def _facts(d: Judgement, c: int) -> dict[str, Any]:
    """Return the facts of a county that rules read and that are known."""
    known = {n: float(d.facts.number(n)[c]) for n in _facts_read(d.standard)}
    flags = {n for n in known if fact_columns()[n].type == "flag"}
    return {n: bool(x) if n in flags else _number(x) for n, x in known.items() if x == x}


def _float(x: float) -> float | None:
    return x if np.isfinite(x) else None


def _values(d: Judgement, at: Ints) -> list[dict[str, Any]]:
    """Return the values and verdicts of the sections by indicator, as in ``Evaluation.schools``."""
    out: list[dict[str, Any]] = []
    any_threshold = bool(d.standard.thresholds)
    for stage, name in enumerate(STAGES):
        own = at[d.sections.stage[at] == stage]
        for j, indicator in enumerate(d.indicators):
            threshold = d.threshold(j, stage)
            if not own.size or (threshold is None and any_threshold):
                continue
            floor = None if threshold is None or threshold.floor is None else float(threshold.floor)
            reasons = [REASONS[r] or (None if any_threshold else "no_requirement") for r in d.reasons[j, own].tolist()]
            rows = [
                [_float(v), _float(r), floor, VERDICTS[verdict], None if floor is None else VERDICTS[below], reason]
                for v, r, verdict, below, reason in zip(
                    d.values[j, own].tolist(), d.required[j, own].tolist(), d.verdicts[j, own].tolist(),
                    d.floors[j, own].tolist(), reasons, strict=True,
                )
            ]  # fmt: skip
            out.append({"stage": name, "indicator": indicator.id, "rows": rows})
    return out


def _coefficients(d: Judgement, c: int) -> list[list[Any]]:
    """Return the coefficients of a county, as in ``Evaluation.indicators``."""
    named = {(t.indicator, t.stage) for t in d.standard.thresholds}
    composite = any(x.kind == "composite" for x in d.standard.limits)
    out = []
    for stage, name in enumerate(STAGES):
        g = int(d.group_at[c, stage])
        if g < 0:
            continue
        n = int(d.group_schools[g])
        for j, indicator in enumerate(d.indicators):
            limited = bool(np.isfinite(d.limits[g, j]))
            if limited or not named or (indicator.id, name) in named:
                figures = [float(x[g, j]) for x in (d.mean, d.std, d.coefficient)]
                verdict, missing = int(d.coefficient_verdicts[g, j]), int(d.n_missing[g, j])
                out.append([name, indicator.id, *_judged(d, figures, verdict, missing, limited), n, missing])
        if composite:
            limited = bool(np.isfinite(d.composite_limits[g]))
            missing, verdict = int(d.n_missing[g].max(initial=0)), int(d.composite_verdicts[g])
            figures = [float("nan"), float("nan"), float(d.composite[g])]
            out.append([name, "composite", *_judged(d, figures, verdict, missing, limited), n, missing])
    return out


def _judged(d: Judgement, figures: Sequence[float], verdict: int, missing: int, limited: bool) -> list[Any]:
    """Return mean, deviation and coefficient, and the verdict and reason of one with a limit."""
    shown = [_float(x) for x in figures]
    if not limited:
        return [*shown, None, None]
    why = "zero_mean" if not missing else "missing_omitted" if d.omitted else "missing_value"
    return [*shown, VERDICTS[verdict], why if verdict == UNDETERMINED else None]


def _item(r: ItemResult, c: int) -> list[Any]:
    """Return the result of an item, as in ``Evaluation.items``."""
    return [
        r.item.id,
        None if r.stage < 0 else STAGES[r.stage],
        _float(float(r.value[c])),
        _float(float(r.required[c])),
        VERDICTS[int(r.verdict[c])],
        r.reason[c] or None,
        *(int(n) for n in r.counts[c]),
    ]


# ---------------------------------------------------------------------------------------------- the digest


def _digest(table: Table) -> str:
    """Return the SHA-256 of the cells of a table, equal for every library of frames."""
    found = hashlib.sha256()
    for name in table.columns:
        cells = table.floats(name).tolist() if table.is_number(name) else [_cell(x) for x in table.objects(name)]
        shown = [_number(x) if isinstance(x, float) else x for x in cells]
        found.update(json.dumps([name, shown], ensure_ascii=False).encode("utf-8", "surrogatepass"))
    return "sha256:" + found.hexdigest()


def _cell(x: Any) -> float | str | None:
    if x is None or x != x:
        return None
    return float(x) if isinstance(x, (int, float)) and not isinstance(x, bool) else str(x)
