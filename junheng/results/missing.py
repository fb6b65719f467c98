"""The figures that a verdict lacks, by name (private)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from junheng._arrays import Floats
from junheng.facts import fact_columns
from junheng.judging.conditions import UnitResult
from junheng.judging.findings import REASONS
from junheng.judging.judgement import Judgement
from junheng.judging.values import relaxations_of
from junheng.schools import columns
from junheng.standards.model import Comparison
from junheng.words import message, sentences, word

#: Names in a sentence before the rest is only counted.
NAMED = 3


def some_names(names: Sequence[str], language: str) -> str:
    """Write a list of names, the first ones only if it is long."""
    text = sentences("results", language)
    shown = text["list"].join(names[:NAMED])
    return shown if len(names) <= NAMED else text["and_more"].format(names=shown, n=len(names))


def figures_lacking(names: Iterable[str], language: str) -> str:
    """Say that figures are missing; empty if there are none."""
    text = sentences("results", language)
    labels = [_label(n, language) for n in dict.fromkeys(names)]
    return text["lacks"].format(names=text["list"].join(labels)) if labels else ""


def in_brackets(reason: str, language: str) -> str:
    """Return a reason in brackets; empty if there is none."""
    return sentences("results", language)["why"].format(reason=reason) if reason else ""


def why_open(d: Judgement, j: int, i: int, language: str) -> str:
    """Return why a section is undetermined on an indicator: the figures that it lacks by name, or the reason."""
    code = REASONS[int(d.reasons[j, i])] or "missing_value"
    named = figures_lacking(of_section(d, j, i), language) if code == "missing_value" else ""
    return named or str(word("reason", code, language))


def of_section(d: Judgement, j: int, i: int) -> tuple[str, ...]:
    """Return the columns of an indicator that a section does not have, with those of a relaxation that may apply."""
    more = relaxations_of(d.standard, d.indicators[j]) if i in d.unsettled.get(j, ()) else ()
    return tuple(c for c in (*d.indicators[j].columns, *(n for r in more for n in r.add)) if np.isnan(_number(d, c)[i]))


def of_group(d: Judgement, g: int, j: int, language: str) -> str:
    """Say which schools of a county and stage lack which figures of an indicator; empty if none does."""
    sections = d.usable[d.group_codes == g]
    gaps = sections[np.isnan(d.in_coefficient(j)[sections])].tolist()
    names = dict.fromkeys(c for i in gaps for c in of_section(d, j, i))
    schools = list(dict.fromkeys(str(d.school_names[d.sections.rows[i]]) for i in gaps))
    if not names:
        return ""
    named = {"what": figures_lacking(names, language), "schools": some_names(schools, language)}
    return message("results.schools_lack", n=len(schools), **named).text(language)


def of_county(d: Judgement, condition: Comparison, county: int) -> tuple[str, ...]:
    """Return the facts that a comparison of a county lacks."""
    return tuple(f for f in (*figures_of(condition), *condition.than) if np.isnan(d.facts.number(f)[county]))


def of_unit(d: Judgement, condition: Comparison, found: UnitResult, i: int) -> tuple[str, ...]:
    """Return the figures that a comparison of a school lacks; a figure that is compared by itself is named anyway."""
    names = figures_of(condition) if np.isnan(found.value[i]) and len(figures_of(condition)) > 1 else ()
    needs_classes = (condition.per_classes is not None or condition.by_size) and np.isnan(found.required[i])
    lacking = [n for n in (*names, *(["classes"] if needs_classes else [])) if np.isnan(found.units.number(n)[i])]
    if condition.norm is not None and np.isnan(found.required[i]):
        county = int(found.units.county[i])
        norms = (condition.norm.primary, condition.norm.junior)
        lacking += [f for f in norms if np.isnan(d.facts.number(f)[county])]
    return tuple(lacking)


def why_unit_open(d: Judgement, condition: Comparison, found: UnitResult, i: int, language: str) -> str:
    """Return in brackets what a school lacks, or that its size has no single number; empty if neither is so."""
    lacking = figures_lacking(of_unit(d, condition, found, i), language)
    of_size = bool(condition.by_size) and np.isnan(found.required[i])
    return in_brackets(lacking or (sentences("results", language)["no_number_of_size"] if of_size else ""), language)


def figures_of(condition: Comparison) -> tuple[str, ...]:
    """Return the figures that a comparison adds up and divides."""
    return (*condition.top, *condition.top_minus, *condition.bottom, *condition.bottom_minus)


def _number(d: Judgement, name: str) -> Floats:
    return d.sections.students if name == "students" else d.sections.number(name)


def _label(name: str, language: str) -> str:
    known = columns().get(name) or fact_columns()[name]
    return str(getattr(known, language))
