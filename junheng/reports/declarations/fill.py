"""Fills a form from an evaluation, table by table (private)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from junheng._data import CountyKey
from junheng.errors import InputError
from junheng.indicators.compliance import UNDETERMINED, VERDICTS
from junheng.reports.declarations.balance_table import balance_table
from junheng.reports.declarations.cells import (
    DASH,
    count_cell,
    figure_cell,
    form_columns,
    form_data,
    form_table,
    text_cell,
)
from junheng.reports.declarations.county import FormCounty
from junheng.reports.declarations.county_table import county_table
from junheng.reports.declarations.item_tables import item_table, items_beside
from junheng.reports.declarations.model import Cell, Declaration, FormTable
from junheng.reports.declarations.school_tables import SCHOOL_COLUMNS, school_table, share_table
from junheng.reports.declarations.survey_table import survey_table
from junheng.results import LEFT_OUT_OF, Evaluation, Judgement, check_evaluation
from junheng.results.explain import find_county
from junheng.results.reasons import part_reasons
from junheng.schools import ALL_STAGES
from junheng.schools.inclusion import LEFT_OUT
from junheng.standards import Standard, load_standard
from junheng.words import Message, Quoted, listed, message, word

#: The function that fills each kind of table.
_TABLES: dict[str, Callable[[FormCounty, Mapping[str, Any]], FormTable]] = {
    "county": county_table,
    "shares": share_table,
    "schools": school_table,
    "balance": balance_table,
    "items": item_table,
    "survey": survey_table,
}


def declaration(ev: Evaluation, *, county: CountyKey | None = None) -> Declaration:
    """Fill the national declaration form (申报表) of a county from its evaluation.

    Verdicts are those of the evaluation, based on unrounded figures. Figures are printed with the decimals of the
    form, rounded half up; a cell is marked if the printed figure alone would reverse its verdict. Unknown figures are
    left blank or print 待定, with the reason.

    Parameters
    ----------
    ev : Evaluation
        Of one county, or of several.
    county : str, int or tuple, optional
        County name as spelled in the table; with several years ``(county, year)``. Required if there are several.

    Returns
    -------
    Declaration
        Tables I, II-1, II-2, III, IV, V and VI for the scheme of 2017 and those that extend it; the known parts of
        tables I to VII for the scheme of 2012. Texts are in Chinese, like the form.

    Raises
    ------
    InputError
        If the standard has no form, the county is unknown, or ``county`` does not single out one county and year.

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
    check_evaluation(ev)
    form = _find_form(ev.standard)
    chosen = FormCounty.read(ev, _choose(ev.data, county))
    d, std = ev.data, ev.standard
    tables = [_summary(chosen), *(_TABLES[spec["kind"]](chosen, spec) for spec in form["tables"])]
    parts = {spec["part"] for spec in form["tables"] if "part" in spec}
    beside = [r for r in d.items if r.item.part not in parts and r.item.rule in ("conditions", "scored")]
    if beside:
        tables.append(items_beside(chosen, form_data()["beside"], beside))
    tables.append(_left_out(chosen))
    return Declaration(
        county=d.county_name(chosen.index),
        title=form["title"]["zh"],
        standard=std.id,
        label=std.label.zh,
        document=f"{std.document}（{std.number}）",
        tables=tuple(tables),
        notes=tuple(form.get("notes", ())),
        provenance=ev.relabel(None).provenance,
        backend=d.backend,
    )


def form_asks(standard: Standard) -> tuple[list[str], list[str]]:
    """Return the columns of schools and the county facts that the form of a standard prints; empty without a form."""
    form = _form_of(standard)
    columns: dict[str, None] = {}
    facts: dict[str, None] = {}
    for spec in form["tables"] if form is not None else ():
        if spec["kind"] == "county":
            rows = form_data()[spec["rows"]]
            facts.update((entry["fact"], None) for entry in rows if "fact" in entry)
            columns.update((entry["sum"], None) for entry in rows if "sum" in entry)
        elif spec["kind"] == "schools":
            columns.update(dict.fromkeys(SCHOOL_COLUMNS))
        elif spec["kind"] == "survey":
            facts.update((e[who], None) for who in ("all", "parents") for e in form_data()["survey"] if who in e)
    return list(columns), list(facts)


def _find_form(standard: Standard) -> Mapping[str, Any]:
    """Return the form of a standard, or of the standard it extends; an error if there is none."""
    found = _form_of(standard)
    if found is None:
        forms = [str(f["standard"]) for f in form_data()["forms"]]
        raise InputError(message("forms.no_form", standard=standard.id, forms=listed(forms, "and")))
    return found


def _form_of(standard: Standard) -> Mapping[str, Any] | None:
    forms: dict[str, Mapping[str, Any]] = {str(f["standard"]): f for f in form_data()["forms"]}
    std: Standard | None = standard
    while std is not None and std.id not in forms:
        std = None if std.extends is None else load_standard(std.extends)
    return None if std is None else forms[std.id]


def _choose(d: Judgement, county: CountyKey | None) -> int:
    """Return the position of the county, which must be a single one."""
    found = find_county(d, county)
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError(message("forms.no_county"))
    names = [d.county_name(c) for c in found]
    more = message("forms.more_counties", n=len(names) - 10) if len(names) > 10 else ""
    shown = listed(names[:10])
    if county is None:
        raise InputError(message("forms.several_counties", counties=shown, more=more))
    raise InputError(message("forms.several_years", county=Quoted(county), counties=shown, more=more))


def county_key(d: Judgement, county: int) -> tuple[str | int, ...]:
    """Return the value of ``county=`` that names a county (and year)."""
    return tuple(words[county] for _, words in d.county_words)


def _summary(county: FormCounty) -> FormTable:
    """Return the verdicts: overall, then by part."""
    parts = list(county.judgement.part_verdicts)
    reasons = dict(zip(parts, part_reasons(county.judgement, "zh", [county.index]), strict=True))
    rows = []
    for part in ["overall", *(p for p in parts if p != "overall")]:
        verdict = int(county.judgement.part_verdicts[part][county.index])
        rows.append(
            (
                text_cell(word("part", part, "zh")),
                text_cell(word("verdict", VERDICTS[verdict], "zh"), mark="open" if verdict == UNDETERMINED else None),
                text_cell(reasons[part]),
            )
        )
    return form_table(form_data()["summary"], form_columns("part", "verdict", "reason"), rows)


def _left_out(county: FormCounty) -> FormTable:
    """Return the units that do not count, with reasons."""
    d, sub = county.judgement, county.sections
    rows: list[tuple[Cell, ...]] = []
    place = {full: i for i, full in enumerate(county.at.tolist())}
    for at, full in enumerate(d.leaving[0].tolist()):
        if full not in place:
            continue
        i = place[full]
        students = float(sub.students[i])
        reason, kind = d.left_out_reason(at, "zh"), _kind_left_out(county, i, at)
        stage = str(word("stage", ALL_STAGES[int(sub.stage[i])], "zh"))
        rows.append(
            (
                figure_cell(len(rows) + 1, 0),
                text_cell(county.names[i]),
                # special and vocational schools have no stage that is judged
                DASH if county.not_ordinary[i] else text_cell(stage),
                count_cell(students, message("forms.students_missing")),
                text_cell(message("forms.with_more", text=reason, more=kind) if kind else reason),
            )
        )
    heads = form_columns("number", "school", "stage", "students", "reason")
    return form_table(form_data()["left_out"], heads, rows, () if rows else [message("forms.none_left_out")])


def _kind_left_out(county: FormCounty, i: int, at: int) -> Message | None:
    """Return the kind of a unit that the standard leaves out of the basic standard of schools."""
    by_standard = LEFT_OUT[int(county.judgement.leaving[1][at])] == "left_out_by_standard"
    if not by_standard or LEFT_OUT_OF[int(county.judgement.leaving[2][at])] == "all":
        return None
    if county.sections.kind[i] == "teaching_point":
        return message("forms.teaching_point")
    is_private = county.owners[i] == form_data()["owner_codes"]["private"]
    return message("forms.private_school") if is_private else message("forms.school_of_others")
