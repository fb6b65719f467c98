"""``evaluate(schools, standard)`` applies a standard to a table: :class:`~junheng.results.Evaluation`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np

from junheng._data import STAGES
from junheng._extras import release
from junheng._frames import FrameT
from junheng._text import as_text
from junheng.errors import InputDataError, InputError, Problem, ProblemCode, Severity
from junheng.facts import Facts
from junheng.indicators.catalog import Indicator, catalogue
from junheng.judging.county_coefficients import judge_counties
from junheng.judging.findings import Findings
from junheng.judging.items import give_hints
from junheng.judging.judgement import judge
from junheng.judging.school_verdicts import judge_schools
from junheng.judging.values import IndicatorValues
from junheng.results import Evaluation
from junheng.schools.checks import check_all, check_for_standard
from junheng.schools.inclusion import LEFT_OUT
from junheng.schools.needs import needed_columns
from junheng.schools.opening import open_table
from junheng.schools.problems import ProblemList
from junheng.schools.sections import Sections
from junheng.standards import Standard, load_standard
from junheng.words import Name, Quoted, message

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoDataFrame

__all__ = ["evaluate"]

Missing = Literal["propagate", "omit", "raise"]


def evaluate(
    schools: FrameT,
    standard: Standard | str | os.PathLike[str],
    by: Sequence[str] | str | None = None,
    county_facts: IntoDataFrame | Mapping[Any, Any] | None = None,
    missing: Missing = "propagate",
) -> Evaluation[FrameT]:
    r"""Judge the schools and counties of a table by a standard.

    For each school and stage, each indicator is compared, unrounded, with its threshold and floor; then the rule on
    the number of indicators that must be met is applied. For each county and stage, the enrolment-weighted difference
    coefficient of each indicator about the mean :math:`\bar X = \sum x / \sum P`, and the mean of the coefficients, are
    compared with their limits. Integrated schools are first divided as the standard requires. Verdicts are met, unmet
    or undetermined, combined by Kleene's logic; a missing figure never counts as met.

    Parameters
    ----------
    schools : pandas, polars or pyarrow frame
        Canonical columns and units, one row per school, or per school and stage; see
        :func:`junheng.standardize_columns` and :func:`junheng.split_stages`.
    standard : Standard, str or path
        An id of :func:`junheng.list_standards`, the path of a file, or the result of :func:`junheng.load_standard`.
    by : str or sequence of str, optional
        Columns that identify a county. Default: ``county``, or ``county_code`` if there is no ``county``. A column
        ``year`` is always added.
    county_facts : frame or mapping, optional
        Facts about counties, one row per county (and year), or a mapping of county to facts: funds, exchange, surveys,
        attested documents (yes or no, with a reference in ``<fact>_reference``). Items with missing facts are
        undetermined. Facts without a county are those of the only county of the table. If the facts have a year and
        the table has none, they are used, with a warning (``unclear_year``).
    missing : {"propagate", "omit", "raise"}
        Effect of a missing figure on a coefficient. ``propagate``: the coefficient is undefined, its verdict
        undetermined. ``omit``: it is computed over the schools with data, but not judged. ``raise``: an error lists
        every gap.

    Returns
    -------
    Evaluation
        Frames ``schools``, ``school_verdicts``, ``indicators``, ``items``, ``verdicts``, ``left_out`` in the library
        of the input; ``explain``, ``relabel``, ``to_dict``, ``provenance``.

    Raises
    ------
    InputDataError
        If the table or the facts have errors; all problems are listed.
    UnknownStandardError, StandardDataError
        If the standard cannot be loaded.
    InputError
        If an argument is invalid.

    References
    ----------
    教督〔2012〕3号; 教督〔2017〕6号; 鲁教基字〔2008〕15号; for the coefficient
    义务教育均衡发展差异系数计算方法及数据来源.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> ev.verdicts[["part", "verdict"]].values.tolist()[0]
    ['resources', 'unmet']
    """
    return judge_table(schools, standard, by, county_facts, missing)


def judge_table(
    schools: FrameT,
    standard: Standard | str | os.PathLike[str],
    by: Sequence[str] | str | None = None,
    county_facts: IntoDataFrame | Mapping[Any, Any] | None = None,
    missing: Missing = "propagate",
    *,
    lacking: Severity = Severity.ERROR,
) -> Evaluation[FrameT]:
    """Judge a table; ``lacking`` says whether a missing column is an error, or leaves verdicts undetermined."""
    std = standard if isinstance(standard, Standard) else load_standard(standard)
    if not isinstance(missing, str) or missing not in ("propagate", "omit", "raise"):
        raise InputError(message("facts.missing", given=Quoted(as_text(missing))))
    indicators = _indicators(std)
    needed = needed_columns(std)
    found = ProblemList(open_table(schools, by=[by] if isinstance(by, str) else by))
    for name in needed:
        found.require(name, Severity.ERROR if missing == "raise" else lacking)
    sections = check_all(found, std, needed)
    if missing == "raise":
        _require_complete(found, sections, needed)
    if any(p.code == ProblemCode.MISSING_COLUMN for p in found.errors):
        raise InputDataError(found.listed)
    facts = Facts(county_facts, sections.counties.words, std.items)
    facts.check_choices(std.items)
    check_for_standard(found, std)
    give_hints(std, facts)
    problems = (*found.listed, *facts.problems)
    if any(p.severity is Severity.ERROR for p in problems):
        raise InputDataError(problems)
    ev: Evaluation[FrameT] = _evaluate(std, indicators, sections, missing, facts, problems)
    again: Callable[[Any], Evaluation[FrameT]] = partial(
        judge_table, standard=std, by=by, county_facts=county_facts, missing=missing, lacking=lacking
    )
    return attrs.evolve(ev, again=again)


def _indicators(std: Standard) -> tuple[Indicator, ...]:
    return tuple(catalogue()[i] for i in std.indicators)


def _require_complete(found: ProblemList, sections: Sections, needed: Sequence[str]) -> None:
    for name in needed:
        gaps = np.isnan(sections.number(name) if name != "students" else sections.students) & sections.counted_at_all
        for i in np.flatnonzero(gaps).tolist():
            found.add(
                ProblemCode.MISSING_VALUE,
                message("facts.gap", column=Name("column", name), stage=Name("stage", STAGES[int(sections.stage[i])])),
                row=int(sections.rows[i]),
                column=name,
            )


# --------------------------------------------------------------------------------------- the whole


def _evaluate(
    std: Standard,
    indicators: tuple[Indicator, ...],
    sections: Sections,
    missing: Missing,
    facts: Facts,
    problems: tuple[Problem, ...],
) -> Evaluation[Any]:
    table = sections.schools
    values = np.empty((len(indicators), sections.rows.size))
    each = [IndicatorValues.compute(i, sections, std, own) for i, own in zip(indicators, values, strict=True)]
    findings = Findings(
        standard=std,
        indicators=indicators,
        backend=table.frame.backend,
        by=tuple(table.by),
        problems=problems,
        sections=sections,
        county=sections.counties.codes,
        county_words=sections.counties.words,
        facts=facts,
        values=values,
        **attrs.asdict(judge_schools(std, sections, each), recurse=False),
        **attrs.asdict(judge_counties(std, sections, each, omit=missing == "omit"), recurse=False),
    )
    return Evaluation(data=judge(findings), provenance=_provenance(findings, missing))


def _provenance(findings: Findings, missing: Missing) -> dict[str, Any]:
    std, sections = findings.standard, findings.sections
    left_out = {c: n for i, c in enumerate(LEFT_OUT) if i and (n := int(np.count_nonzero(sections.out == i)))}
    codes = [str(p.code) for p in findings.problems]
    return {
        "junheng": release(),
        "standard": std.id,
        "standard_digest": std.digest,
        "extends": std.extends,
        "by": list(findings.by),
        "relaxations": list(std.applied),
        "readings_chosen": std.chosen,
        "missing": missing,
        "rows": sections.schools.rows,
        "sections": int(sections.rows.size),
        "sections_counted": int(sections.counted.sum()),
        "sections_in_coefficient": int(sections.in_coefficient.sum()),
        "sections_left_out": {c: left_out[c] for c in sorted(left_out)},
        "sections_divided": int((sections.divides_any & sections.counted_at_all).sum()),
        "warnings": {c: codes.count(c) for c in sorted(set(codes))},
    }
