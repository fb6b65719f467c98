"""Certificates: the rules, the figures as typed and everything that was concluded from them, as strict JSON.

``docs/certificates.md`` defines the format; ``junheng/verify.py`` checks it without this library.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng import verify
from junheng._arrays import Floats, Ints
from junheng._data import STAGES, CountyKey
from junheng._frames import Table
from junheng.errors import InputError
from junheng.facts import fact_columns
from junheng.indicators.catalog import Indicator, catalogue
from junheng.indicators.compliance import VERDICTS
from junheng.judging.judgement import Judgement
from junheng.judging.subjects import Subjects
from junheng.results.explain import find_county
from junheng.schools import ALL_STAGES, base_column, category_words, is_grade
from junheng.schools.inclusion import LEFT_OUT, answers, owners_of
from junheng.schools.sections import Sections, as_standard
from junheng.schools.vocabulary import INTEGRATED, KINDS
from junheng.standards.content import number_text
from junheng.standards.model import Standard
from junheng.words import key_text, message

__all__ = ["certificate", "rules_of", "verify_certificate"]

#: What a certificate says of a standard: the entries that decide.
_RULES = (
    "parts", "thresholds", "limits", "school_rule", "split", "inclusion", "items", "relaxations", "applied", "doubts",
)  # fmt: skip
#: Where rules name columns of schools, or facts of the county, by key and by filter.
_NAMES = {"top", "top_minus", "bottom", "bottom_minus", "than", "add", "flags", "not_flags"}
_FACTS = {"unless_no", "chosen_by"}
_COLUMNS = {
    "classes": "classes",
    "per_classes": "classes",
    "classes_below": "classes",
    "largest_class_below": "largest_class",
    "built_by": "built_year",
    "migrant_share_over": "migrant_students",
}
_FLAG = {1: True, 0: False, -1: None}
#: Digits of a figure that an earlier division rounded.
_DIGITS = 14


def certificate(d: Judgement, provenance: Any, county: CountyKey | None = None) -> dict[str, Any]:
    """Return the certificate of one county, or of all."""
    std, figures = d.standard, _Figures(d)
    counties = [_county(d, figures, c) for c in find_county(d, county)]
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
            "rules": rules_of(std),
        },
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
        If it is not a dict, is not a certificate, or has rules that are not known.
    UnknownStandardError, StandardDataError
        If the standard cannot be loaded.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=5), "cn-quality-balance-2017")
    >>> certificate = ev.certificate()
    >>> jh.verify_certificate(certificate, "cn-quality-balance-2017")
    []
    >>> certificate["counties"][0]["claims"][-1][2] = "met"
    >>> len(jh.verify_certificate(certificate))
    1
    """
    if not isinstance(certificate, dict):
        raise InputError(message("results.certificate_kind", kind=type(certificate).__name__))
    rules = None if standard is None else rules_of(as_standard(standard))
    try:
        return verify.check(certificate, rules)
    except verify.CannotCheck as exc:
        raise InputError(message("results.not_checkable", reason=str(exc))) from None


# ----------------------------------------------------------------------------------------------- the rules


def rules_of(std: Standard) -> dict[str, Any]:
    """Return the entries of a standard that decide, in normal form, and the formulas of its indicators."""
    content = _plain(std.to_dict())
    for limit in content.get("limits", ()):
        if limit["op"] == "<=":
            del limit["op"]
    rules: dict[str, Any] = verify.normal({name: content[name] for name in _RULES if name in content})
    ids = dict.fromkeys([*std.indicators, *(t.indicator for t in std.thresholds)])
    return {**rules, "measures": [_measure(catalogue()[i]) for i in ids]}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return number_text(value) if isinstance(value, Decimal) else value


def _measure(indicator: Indicator) -> dict[str, Any]:
    """Return an indicator as a quotient of columns."""
    below = {} if indicator.denominator is None else {"bottom": [indicator.denominator]}
    return {"indicator": indicator.id, "top": [indicator.numerator], **below, "scale": str(indicator.scale)}


def _names_in(value: Any, columns: dict[str, None], facts: dict[str, None], scope: str = "") -> None:
    """Collect the columns of schools and the facts of the county that rules read."""
    if isinstance(value, list):
        for inner in value:
            _names_in(inner, columns, facts, scope)
    if not isinstance(value, dict):
        return
    scope = value.get("scope", scope)
    for key, inner in value.items():
        if key == "norm":
            facts |= {inner["primary"]: None, inner["junior"]: None}
        elif key in _NAMES:
            (facts if scope == "county" else columns).update(dict.fromkeys(inner))
        elif key in _FACTS:
            facts |= dict.fromkeys(inner if isinstance(inner, list) else [inner])
        elif key in _COLUMNS:
            columns[_COLUMNS[key]] = None
        else:
            _names_in(inner, columns, facts, scope)


# --------------------------------------------------------------------------------------------- the figures


def _number(x: float) -> str | None:
    """Return a figure as it was typed."""
    return None if x != x else repr(x).removesuffix(".0")


def _cell(own: float, mark: str, given: float) -> str | None:
    """Return the figure of a stage, and after a mark that of its whole school."""
    return f"{_number(own) or ''}{mark}{_number(given)}" if mark and given == given else _number(own)


@frozen(eq=False, slots=False)
class _Figures:
    """The figures that rules read, as typed, for all sections of a table."""

    d: Judgement

    @property
    def s(self) -> Sections:
        """The sections."""
        return self.d.sections

    @cached_property
    def read(self) -> tuple[dict[str, None], dict[str, None]]:
        """The columns of schools and the facts of the county that rules read."""
        rules = rules_of(self.d.standard)
        rules["relaxations"] = [r for r in rules.get("relaxations", ()) if r["id"] in rules.get("applied", ())]
        rules["items"] = [item for item in rules.get("items", ()) if item["rule"] != "scored"]
        columns: dict[str, None] = {}
        facts: dict[str, None] = {}
        _names_in(rules, columns, facts)
        has = self.s.schools.has
        there = [n for n in columns if n in has or any(f"{n}_{stage}" in has for stage in ALL_STAGES)]
        return {n: None for n in there if n not in ("students", "schools")}, facts

    @cached_property
    def cells(self) -> dict[str, list[Any]]:
        """The columns by section."""
        return {name: self._column(name) for name in self.read[0]}

    def _column(self, name: str) -> list[Any]:
        column = base_column(name)
        assert column is not None
        table, rows = self.s.schools, self.s.rows
        if is_grade(name):  # from best to worst; the worst is 0
            codes = table.category_codes(name)[rows].tolist()
            return [None if x < 0 else len(category_words(name)) - 1 - x for x in codes]
        if column[0].type == "flag":
            return [_FLAG[x] for x in table.flag_codes(name)[rows].tolist()]
        base = table.number(name)
        given = np.full(rows.size, np.nan) if base is None else base[rows]
        marks = np.full(rows.size, "", dtype=object)
        own = given
        if name == "largest_class":
            own, marks[self.s.wide] = self.s.number(name), "<"
        elif column[0].shared and name != "built_year":
            whole = self._is_whole(name, given, budget=column[0].budget)
            own, marks[whole] = np.where(whole, np.nan, given), "/"
            rounded = self.s.was_divided(name)
            own = np.where(rounded, [float(f"{x:.{_DIGITS}g}") for x in own.tolist()], own) if rounded.any() else own
        elif not column[0].shared:
            own = self.s.number(name)
            marks[self.s.wide & ~self._any_known(own)] = "="
        return list(map(_cell, own.tolist(), marks.tolist(), given.tolist()))

    def _is_whole(self, name: str, given: Floats, *, budget: bool) -> NDArray[np.bool_]:
        """Return where a shared figure is that of the whole school, to be divided or to count once."""
        divided = self.s.is_divided(name)
        if not budget:
            return divided
        several = np.bincount(self.s.school)[self.s.school] > 1
        return divided | (self._same(given) & several)

    @cached_property
    def _subjects(self) -> Ints:
        return Subjects.make(self.s, self.d.county, whole=False).section

    def _same(self, given: Floats) -> NDArray[np.bool_]:
        """Return whether the counted rows of a school have the same figure."""
        low, high = (np.full(int(self.s.school.max(initial=-1)) + 1, x) for x in (np.inf, -np.inf))
        np.fmin.at(low, self.s.school[self._subjects], given[self._subjects])
        np.fmax.at(high, self.s.school[self._subjects], given[self._subjects])
        return np.asarray((low == high)[self.s.school])

    def _any_known(self, own: Floats) -> NDArray[np.bool_]:
        """Return whether a figure is known for a stage of the school."""
        known = np.zeros(int(self.s.school.max(initial=-1)) + 1, dtype=bool)
        known[self.s.school[self._subjects[np.isfinite(own[self._subjects])]]] = True
        return known[self.s.school]


def _frame(columns: dict[str, list[Any]], keep: int) -> dict[str, Any]:
    """Return columns as rows under a header, without those after the first ``keep`` that have nothing."""
    names = [n for i, (n, cells) in enumerate(columns.items()) if i < keep or any(x is not None for x in cells)]
    return {"columns": names, "rows": [list(row) for row in zip(*(columns[n] for n in names), strict=True)]}


def _schools(figures: _Figures, at: Ints, firsts: Ints, place: list[int]) -> dict[str, Any]:
    """Return the names of schools, and the enrolment by stage of those that have several."""
    s = figures.s
    out: dict[str, list[Any]] = {"name": _texts(figures, ("school", "school_code"), firsts)}
    out["code"] = _texts(figures, ("school_code",), firsts)
    several = np.isin(s.kinds[at], [KINDS.index(k) for k in INTEGRATED])
    for code, stage in enumerate(ALL_STAGES):
        by_row = s.schools.number(f"students_{stage}")
        given = np.where(s.stage == code, s.students, np.nan)
        given = given if by_row is None else np.where(np.isnan(given), by_row[s.rows], given)
        enrolled: list[str | None] = [None] * firsts.size
        for i in np.flatnonzero(several & np.isfinite(given[at])).tolist():
            enrolled[place[i]] = enrolled[place[i]] or _number(float(given[at[i]]))
        out[f"students_{stage}"] = enrolled
    return _frame(out, len(out))


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
    rows = s.rows[at]
    kinds, own_kinds = s.kinds[at], table.category_codes("kind")[rows]
    out: dict[str, list[Any]] = {
        "school": list(place),
        "row": rows.tolist(),
        "stage": [ALL_STAGES[x] for x in s.stage[at].tolist()],
        "kind": [kind or "ordinary" for kind in _in_words("kind", kinds)],
        "kind_of_row": _in_words("kind", np.where(kinds == own_kinds, -1, own_kinds)),
        "ownership": _in_words("ownership", owners_of(table)[rows]),
        **{n: _in_words(n, table.category_codes(n)[rows]) for n in ("owner_type", "area_type")},
        **{n: [_FLAG[x] for x in codes[rows].tolist()] for n, codes in answers(table, figures.d.standard).items()},
        "students": [_number(x) for x in s.students[at].tolist()],
    }
    keep = len(out)
    for name, cells in figures.cells.items():
        out.setdefault(name, [cells[i] for i in at.tolist()])
    return _frame(out, keep)


def _in_words(name: str, codes: NDArray[Any]) -> list[str | None]:
    words = KINDS if name == "kind" else category_words(name)
    return [None if x < 0 else words[x] for x in codes.tolist()]


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
        "facts": _facts(d, figures, c),
        "schools": _schools(figures, at, at[np.sort(first)], place),
        "sections": _sections(figures, at, place),
        "claims": [
            *_of_sections(d, at),
            *_of_coefficients(d, c),
            *(
                ["item", r.item.id, None if r.stage < 0 else STAGES[r.stage], VERDICTS[int(r.verdict[c])]]
                for r in d.items
                if r.item.rule != "scored"
            ),
            *(["part", part, VERDICTS[verdicts[c]]] for part, verdicts in d.part_verdicts.items()),
        ],
    }


def _facts(d: Judgement, figures: _Figures, c: int) -> dict[str, Any]:
    """Return the facts of a county that rules read and that are known."""
    known = {n: float(d.facts.number(n)[c]) for n in figures.read[1]}
    flags = {n for n in known if fact_columns()[n].type == "flag"}
    return {n: bool(x) if n in flags else _number(x) for n, x in known.items() if x == x}


def _float(x: float) -> float | None:
    return x if np.isfinite(x) else None


def _of_sections(d: Judgement, at: Ints) -> Iterator[list[Any]]:
    """Yield why each section is left out, its verdict, and value, requirement and verdict of its indicators."""
    s, thresholds = d.sections, d.standard.thresholds
    places = {indicator.id: j for j, indicator in enumerate(d.indicators)}
    indicators = [
        [places[t.indicator] for t in thresholds if t.stage == stage] if thresholds else list(places.values())
        for stage in STAGES
    ]
    for n, i in enumerate(at.tolist()):
        of_stage = indicators[s.stage[i]] if s.stage[i] < len(STAGES) else []
        rows = [
            [_float(float(d.values[j][i])), _float(float(d.required[j, i])), VERDICTS[d.verdicts[j, i]]]
            for j in of_stage
        ]
        out = [LEFT_OUT[codes[i]] or None for codes in (s.out, s.out_of_coefficient)]
        yield ["section", n, *out, VERDICTS[d.school[i]], rows]


def _of_coefficients(d: Judgement, c: int) -> Iterator[list[Any]]:
    """Yield the coefficients that a standard limits, and their means."""
    places = {indicator.id: j for j, indicator in enumerate(d.indicators)}
    for limit in d.standard.limits:
        g = int(d.group_at[c, STAGES.index(limit.stage)])
        if g < 0:
            continue
        at = [places[i] for i in limit.indicators]
        for name, j in zip(limit.indicators, at, strict=True):
            shown = _float(float(d.coefficient[g, j])) if not d.n_missing[g, j] else None
            verdict = VERDICTS[d.coefficient_verdicts[g, j]] if limit.kind == "each" else None
            yield ["coefficient", limit.stage, [name], shown, verdict]
        if limit.kind == "composite":
            shown = _float(float(d.composite[g])) if not d.n_missing[g, at].any() else None
            yield ["coefficient", limit.stage, list(limit.indicators), shown, VERDICTS[d.composite_verdicts[g]]]


# ---------------------------------------------------------------------------------------------- the digest


def _digest(table: Table) -> str:
    """Return the SHA-256 of the cells of a table, equal for every library of frames."""
    found = hashlib.sha256()
    for name in table.columns:
        cells = table.floats(name).tolist() if table.is_number(name) else [_text(x) for x in table.objects(name)]
        shown = [_number(x) if isinstance(x, float) else x for x in cells]
        found.update(json.dumps([name, shown], ensure_ascii=False).encode("utf-8", "surrogatepass"))
    return "sha256:" + found.hexdigest()


def _text(x: Any) -> float | str | None:
    if x is None or x != x:
        return None
    return float(x) if isinstance(x, (int, float)) and not isinstance(x, bool) else str(x)
