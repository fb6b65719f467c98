"""How a form is filled from an evaluation, table by table (private)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from junheng.errors import InputError
from junheng.indicators.compliance import UNDETERMINED, VERDICTS
from junheng.reports.declarations.balance_table import balance_table
from junheng.reports.declarations.cells import NONE, figure_cell, form_columns, form_data, open_cell, text_cell
from junheng.reports.declarations.county import FormCounty
from junheng.reports.declarations.county_table import county_table
from junheng.reports.declarations.item_tables import item_table, items_beside
from junheng.reports.declarations.model import Cell, Declaration, FormTable
from junheng.reports.declarations.school_tables import school_table, share_table
from junheng.reports.declarations.survey_table import survey_table
from junheng.results import LEFT_OUT_OF, Evaluation, Judgement
from junheng.results.explain import find_county
from junheng.results.reasons import part_reasons
from junheng.schools import ALL_STAGES
from junheng.schools.inclusion import LEFT_OUT
from junheng.standards import Standard, load_standard
from junheng.words import word

#: What fills each kind of table.
_TABLES: dict[str, Callable[[FormCounty, Mapping[str, Any]], FormTable]] = {
    "county": county_table,
    "shares": share_table,
    "schools": school_table,
    "balance": balance_table,
    "items": item_table,
    "survey": survey_table,
}
#: Items that no table of the form has.
_BESIDE: Mapping[str, Any] = {
    "id": "beside",
    "title": {"zh": "前提条件、一票否决等其他项目"},
    "ratio_decimals": 1,
    "decimals": 0,
    "notes": ["申报表表号之外的判定内容，一并列出。"],
}


def declaration(ev: Evaluation, *, county: Any = None) -> Declaration:
    """Fill the national declaration form (申报表) of a county from its evaluation.

    Verdicts are those of the evaluation, taken unrounded. Figures are printed as the form prints them, half up; where
    the printed figure taken by itself would turn a verdict, the cell is marked. What is not known stays blank or says
    无法判定, with the reason; nothing is made up.

    Parameters
    ----------
    ev : Evaluation
        Of one county, or of several.
    county : object, optional
        County name as spelled in the table; with several years ``(county, year)``. Required if there are several.

    Returns
    -------
    Declaration
        Tables I, II-1, II-2, III, IV, V and VI for the scheme of 2017 and those that extend it; what is known of
        tables I to VII for the scheme of 2012. Texts are Chinese, as the form is.

    Raises
    ------
    InputError
        When the standard has no such form, when there are several counties and none is named, or no such county.

    References
    ----------
    义务教育优质均衡发展县申报表 (a city's copy); 全国义务教育发展基本均衡县(市、区)申报表 填报说明.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> form = jh.reports.declaration(ev)
    >>> [c.text for c in form.table("III").rows[1]][:4]
    ['小学', '差异系数', '0.184', '0.293']
    >>> bool(form.table("III").rows[1][2].value == ev.indicators["coefficient"].iloc[0])
    True
    """
    form = _find_form(ev.standard)
    whose = FormCounty.read(ev, _choose(ev.data, county))
    d, std = ev.data, ev.standard
    tables = [_summary(whose), *(_TABLES[spec["kind"]](whose, spec) for spec in form["tables"])]
    shown = {spec["part"] for spec in form["tables"] if "part" in spec}
    beside = [r for r in d.items if r.item.part not in shown and r.item.rule in ("conditions", "scored")]
    if beside:
        tables.append(items_beside(whose, _BESIDE, beside))
    tables.append(_left_out(whose))
    return Declaration(
        county=d.county_name(whose.index),
        title=form["title"]["zh"],
        standard=std.id,
        label=std.label.zh,
        document=f"{std.document}（{std.number}）",
        tables=tuple(tables),
        notes=tuple(form.get("notes", ())),
        provenance=ev.provenance,
        backend=d.backend,
    )


def _find_form(standard: Standard) -> Mapping[str, Any]:
    """Return the form of a standard, or of the one it builds on."""
    forms = {str(f["standard"]): f for f in form_data()["forms"]}
    std: Standard | None = standard
    while std is not None:
        if std.id in forms:
            found: Mapping[str, Any] = forms[std.id]
            return found
        std = None if std.extends is None else load_standard(std.extends)
    raise InputError(
        f"{standard.id} has no declaration form; there is one for {' and '.join(forms)}, and for standards that "
        "extend them"
    )


def _choose(d: Judgement, county: Any) -> int:
    """Return the one county meant."""
    found = find_county(d, county)
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError("the evaluation has no county")
    names = [d.county_name(c) for c in found]
    shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    what = "several counties" if county is None else f"{county!r} in several years"
    raise InputError(f"the evaluation has {what}: {shown}; a form is of one, so name it with county=")


def county_key(d: Judgement, county: int) -> tuple[Any, ...]:
    """Return what names a county (and year) in ``county=``."""
    return tuple(words[county] for _, words in d.county_words)


def _summary(county: FormCounty) -> FormTable:
    """Return the conclusions: overall, then part by part."""
    parts = list(county.d.part_verdicts)
    reasons = dict(zip(parts, part_reasons(county.d, "zh", [county.index]), strict=True))
    rows = []
    for part in ["overall", *(p for p in parts if p != "overall")]:
        verdict = int(county.d.part_verdicts[part][county.index])
        rows.append(
            (
                text_cell(word("part", part, "zh")),
                text_cell(word("verdict", VERDICTS[verdict], "zh"), mark="open" if verdict == UNDETERMINED else None),
                text_cell(reasons[part]),
            )
        )
    return FormTable(id="summary", title="结论", columns=form_columns("part", "verdict", "reason"), rows=tuple(rows))


def _left_out(county: FormCounty) -> FormTable:
    """Return the units that do not count, and why."""
    d, sub = county.d, county.sub
    rows: list[tuple[Cell, ...]] = []
    place = {full: i for i, full in enumerate(county.at.tolist())}
    for at, full in enumerate(d.leaving[0].tolist()):
        if full not in place:
            continue
        i = place[full]
        students = float(sub.students[i])
        stage = str(word("stage", ALL_STAGES[int(sub.stage[i])], "zh"))
        rows.append(
            (
                figure_cell(len(rows) + 1, 0),
                text_cell(county.names[i]),
                # a special or vocational school is of no stage that is judged
                Cell(text=NONE) if county.not_ordinary[i] else text_cell(stage),
                open_cell("缺学生数") if np.isnan(students) else figure_cell(students, 0),
                text_cell(d.left_out_reason(at, "zh") + _sort(county, i, at)),
            )
        )
    return FormTable(
        id="left_out",
        title="不计入单位",
        columns=form_columns("number", "school", "stage", "students", "reason"),
        rows=tuple(rows),
        notes=() if rows else ("没有不计入的单位。",),
    )


def _sort(county: FormCounty, i: int, at: int) -> str:
    """Say in brackets what sort of unit the standard leaves out of the basic standard of schools."""
    by_standard = LEFT_OUT[int(county.d.leaving[1][at])] == "left_out_by_standard"
    if not by_standard or LEFT_OUT_OF[int(county.d.leaving[2][at])] == "all":
        return ""
    if county.sub.kind[i] == "teaching_point":
        return "（教学点）"
    return "（民办学校）" if county.owners[i] == form_data()["owner_codes"]["private"] else "（非本县举办的学校）"
