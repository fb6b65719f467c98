"""What the summary of an evaluation says (private)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from junheng._arrays import Ints
from junheng._data import STAGES
from junheng.facts import fact_columns
from junheng.indicators.compliance import UNDETERMINED, UNMET, VERDICTS
from junheng.judging.conditions import UnitResult
from junheng.judging.findings import REASONS
from junheng.judging.items import ItemResult
from junheng.judging.subjects import Subjects
from junheng.reports.page.clauses import provenance_of
from junheng.reports.page.words import ReportWords, count_verdicts, sentence
from junheng.reports.plots._subject import coefficient_name, coefficient_of
from junheng.reports.workbooks.blocks import Block, Head
from junheng.reports.workbooks.file_rows import origin_of
from junheng.results import Evaluation, Judgement
from junheng.results.missing import figures_lacking, figures_of, of_county
from junheng.results.reasons import figure_label, finding, part_reasons
from junheng.schools import columns
from junheng.standards.model import Comparison
from junheng.words import Language, label_of_column, sentences, word

#: Most counties that the summary lists; the sheets have them all.
LISTED = 200
#: Most columns and figures that are named in one cell.
_NAMED = 8


class Words:
    """Words of the summaries in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.report = ReportWords(language)

    def __call__(self, key: str, **values: Any) -> str:
        """Return a sentence of the workbooks."""
        return sentences("reports.workbook", self.language)[key].format(**values)

    def label(self, group: str, key: Any) -> str:
        """Return a label that all results share."""
        return str(word(group, key, self.language))

    def join(self, names: Sequence[str]) -> str:
        """Write a list; what is too much is counted."""
        more = [self("more", n=len(names) - _NAMED)] if len(names) > _NAMED else []
        return self.report.join([*names[:_NAMED], *more])


def place_of(d: Judgement, language: Language) -> str:
    """Return the county, or how many there are."""
    if d.n_counties == 1:
        return d.county_name(0)
    return sentences("reports.report", language)["several"].format(n=d.n_counties)


def evaluation_blocks(ev: Evaluation, language: Language) -> Callable[[Mapping[str, int]], list[Block]]:
    """Return a function from the number of rows of each sheet to the blocks of the summary."""
    text, d = Words(language), ev.data

    def blocks(rows: Mapping[str, int]) -> list[Block]:
        return [
            basis_block(ev, text),
            *verdict_blocks(d, text),
            _schools(d, text),
            _indicators(d, text),
            *_items(d, text),
            problems_block(d, text),
            contents_block(rows, notes_by_sheet(("sheets",), "sheet_notes", text), d, text),
            provenance_block(ev, text),
        ]

    return blocks


# ------------------------------------------------------------------------------------- the rule, the verdicts


def basis_block(ev: Evaluation, text: Words) -> Block:
    """Say by which document is judged, and how well its rules are known."""
    std = ev.standard
    rules = Counter(str(e.standing) for e in (*std.thresholds, *std.limits, *std.items))
    known = [text("counted", what=text.label("standing", s), n=n) for s, n in rules.most_common()]
    rows = [
        (text("standard"), getattr(std.label, text.language)),
        (text("document"), std.document),
        (text("number"), std.number),
        *([(text("issued"), std.issued)] if std.issued else []),
        (text("standing"), text("rules", n=rules.total(), counts=text.report.join(known))),
    ]
    return Block(text("basis"), (), (Head("", kind="name"), Head("", 7)), rows)


def verdict_blocks(d: Judgement, text: Words) -> list[Block]:
    """Return the verdicts of one county with their reasons, or how many counties have which, and a list of them."""
    if d.n_counties == 1:
        return [_verdicts_of_one(d, text)]
    parts = ["overall", *(p for p in d.part_verdicts if p != "overall")]
    counts = [(text.label("part", p), *count_verdicts(d.part_verdicts[p])) for p in parts]
    heads = [Head(text("part"), kind="name"), *(Head(text.label("verdict", v), kind="count") for v in _ORDER)]
    met, unmet, open_ = count_verdicts(d.part_verdicts["overall"])
    said = text.report("province_sentence", n=d.n_counties, met=met, unmet=unmet, open=open_)
    return [Block(text("verdicts"), [said], heads, counts), _counties(d, parts, text)]


def _verdicts_of_one(d: Judgement, text: Words) -> Block:
    rows = [
        (text.label("part", p), VERDICTS[int(d.part_verdicts[p][0])], reason)
        for p, reason in reasons_by_part(d, text.language)
    ]
    heads = [Head(text("part"), kind="name"), Head(text.label("column", "verdict"), kind="verdict")]
    return Block(text("verdicts"), (), [*heads, Head(text("why"), 6)], rows)


_ORDER = ("met", "unmet", "undetermined")


def reasons_by_part(d: Judgement, language: Language) -> list[tuple[str, str]]:
    """Return the parts of the first county with the reasons of their verdicts, the overall verdict first."""
    reasons = [(p, sentence(r)) for p, r in zip(d.part_verdicts, part_reasons(d, language, [0]), strict=True)]
    return sorted(reasons, key=lambda found: found[0] != "overall")


def _counties(d: Judgement, parts: Sequence[str], text: Words) -> Block:
    """List the counties with their verdicts: unmet ones first, as in the table else."""
    order = np.argsort(d.part_verdicts["overall"], kind="stable")[:LISTED].tolist()
    rows = [(d.county_name(c), *(VERDICTS[int(d.part_verdicts[p][c])] for p in parts)) for c in order]
    heads = (
        Head(text.report("column_county"), kind="name"),
        *(Head(text.label("part", p), kind="verdict") for p in parts),
    )
    left = d.n_counties - len(order)
    return Block(text.report("counties"), [text("more_counties", n=left)] if left else [], heads, rows)


# -------------------------------------------------------------------------------------- schools, indicators


def _schools(d: Judgement, text: Words) -> Block:
    """Say how many schools there are, which count, and how many have which verdict."""
    counted = d.sections.counted
    said = text("schools_counted", rows=d.sections.schools.frame.rows, sections=counted.size, counted=counted.sum())
    judged = bool(d.standard.thresholds)  # else the standard has no rule for single schools
    rows: list[tuple[Any, ...]] = []
    for s, stage in enumerate(STAGES):
        here = d.sections.stage == s
        if here.any():
            unmet, open_, met = (int(n) for n in d.schools_by_verdict[:, s].sum(axis=0))
            out, counts = int((here & ~counted).sum()), (met, unmet, open_) if judged else ()
            rows.append((text.label("stage", stage), met + unmet + open_, *counts, out))
    heads = [Head(text.label("column", "stage"), kind="name"), Head(text("counted_schools"), kind="count")]
    heads += [Head(text.label("verdict", v), kind="count") for v in _ORDER if judged]
    return Block(text("schools"), [said], [*heads, Head(text("not_counted"), kind="count")], rows)


def _indicators(d: Judgement, text: Words) -> Block:
    """List the indicators that some school or coefficient fails, or for which a figure is missing."""
    each = range(-1, len(d.indicators)) if d.indicators else ()  # a standard of items alone has none
    rows = [row for s in range(len(STAGES)) for j in each if (row := _indicator(d, j, s, text))]
    heads = [Head(text.label("column", "indicator"), kind="name"), Head(text.label("column", "stage"), kind="middle")]
    if d.standard.thresholds:
        heads += [Head(text(key), kind="count") for key in ("judged", "schools_unmet", "schools_open")]
    if d.standard.limits and d.n_counties == 1:
        heads += [Head(text(key), kind="coefficient") for key in ("coefficient", "limit")]
        heads.append(Head(text("coefficient_verdict"), kind="verdict"))
    elif d.standard.limits:
        heads += [Head(text(key), kind="count") for key in ("over", "coefficients_open")]
    return Block(text("indicators"), [text("indicators_note" if rows else "indicators_none")], heads, rows)


def _indicator(d: Judgement, j: int, s: int, text: Words) -> tuple[Any, ...] | None:
    """Return the row of an indicator, -1 for the composite; None if nothing is unmet or undetermined."""
    at = d.judged[d.sections.stage[d.judged] == s]
    at = at[d.applies[j, at]] if j >= 0 else at[:0]
    _, unmet, open_ = count_verdicts(d.verdicts[j, at])
    groups = np.flatnonzero(d.group_stage == s).tolist()
    found = [f for f in (coefficient_of(d, j, g) for g in groups) if np.isfinite(f[1])]
    failing = [sum(verdict == v for _, _, verdict in found) for v in (UNMET, UNDETERMINED)]
    if not (unmet or open_ or any(failing)):
        return None
    row: list[Any] = [coefficient_name(d, j, text.language), text.label("stage", STAGES[s])]
    if d.standard.thresholds:
        row += [int(at.size), unmet, open_] if at.size else [None] * 3
    if d.standard.limits and d.n_counties == 1:
        row += [*found[0][:2], VERDICTS[found[0][2]]] if found else [None] * 3
    elif d.standard.limits:
        row += failing
    return tuple(row)


# ------------------------------------------------------------------------------------- items, missing figures


def _items(d: Judgement, text: Words) -> list[Block]:
    """Return the items that fail, and those that are undetermined with the figures that are missing."""
    blocks = []
    if d.items:
        failing = [(r, int((r.verdict == UNMET).sum())) for r in d.items if (r.verdict == UNMET).any()]
        what = [finding(d, r, 0, text.language) if d.n_counties == 1 else None for r, _ in failing]
        rows = [(_name(r, text), n, w) for (r, n), w in zip(failing, what, strict=True)]
        note = [] if rows else [text.report("fails_none")]
        blocks.append(_item_block("items_unmet", "finding", note, rows, d, text))
    opened = [(_name(r, text), n, why) for r, n, why in _undetermined(d, text)]
    opened += _missing_of_schools(d, text)
    if opened:
        blocks.append(_item_block("items_open", "missing", [text("items_open_note")], opened, d, text))
    return blocks


def _item_block(
    heading: str, last: str, lines: Sequence[str], rows: Sequence[tuple[str, Any, Any]], d: Judgement, text: Words
) -> Block:
    name = Head(text.label("column", "item"), kind="name")
    if d.n_counties == 1:
        return Block(text(heading), lines, (name, Head(text(last), 7)), [(a, c) for a, _, c in rows])
    counted = Head(text("n_counties"), kind="count")
    if last == "finding":  # each county has its own
        return Block(text(heading), lines, (name, counted), [(a, n) for a, n, _ in rows])
    return Block(text(heading), lines, (name, counted, Head(text(last), 6)), rows)


def _name(r: ItemResult, text: Words) -> str:
    label = str(getattr(r.item.label, text.language))
    if r.stage < 0:
        return label
    return text.report("fail_head", stage=text.label("stage", STAGES[r.stage]), indicator=label)


def _undetermined(d: Judgement, text: Words) -> list[tuple[ItemResult, int, str]]:
    """Return the undetermined items, in how many counties, and why: the figures that are missing, else the reason."""
    out = []
    schools = Subjects.make(d.sections, d.county, whole=True)
    for r in d.items:
        open_ = np.flatnonzero(r.verdict == UNDETERMINED)
        if not open_.size or r.item.rule == "scored":
            continue
        missing = _missing_figures(d, schools, r, open_.tolist(), text)
        # how many counties lack a figure, unless all do
        names = [x if n == open_.size else text("in_counties", what=x, n=n) for x, n in missing.items()]
        reasons = dict.fromkeys(text.label("reason", r.reason[c]) for c in open_.tolist())
        out.append((r, int(open_.size), text.join(names or list(reasons))))
    return out


def _missing_figures(
    d: Judgement, schools: Subjects, r: ItemResult, counties: Sequence[int], text: Words
) -> dict[str, int]:
    """Return the figures of an item that some counties have not given, with the number of counties."""
    counts: Counter[str] = Counter()
    for c in counties:
        names: dict[str, None] = {}
        for condition, found in zip(r.item.conditions, r.each, strict=True):
            if found.skipped[c] or found.verdict[c] != UNDETERMINED:
                continue
            if found.units is None:
                lacking = of_county(d, condition, c) if condition.scope == "county" else _of_sum(schools, condition, c)
            else:
                lacking = _of_schools(condition, found.units, c)
            names |= dict.fromkeys(_figure(f, condition.scope, text) for f in lacking)
        counts.update(list(names))
    return dict(counts)


def _figure(name: str, scope: str, text: Words) -> str:
    """Name a figure, and say of an answer that it is yes or no."""
    if scope != "county" and name in columns():
        return figure_label(name, scope, text.language)
    label = figure_label(name, "county", text.language)
    return text("yes_or_no", what=label) if fact_columns()[name].type == "flag" else label


def _of_schools(condition: Comparison, found: UnitResult, county: int) -> list[str]:
    """Return the figures that the undetermined schools of a county have not given."""
    open_ = found.failing.at(county)
    open_ = open_[found.verdict[open_] == UNDETERMINED]
    by_classes = condition.per_classes is not None or condition.by_size
    names = (*figures_of(condition), *condition.than, *(["classes"] if by_classes else []))
    return [n for n in names if n in columns() and np.isnan(found.units.number(n)[open_]).any()]


def _of_sum(schools: Subjects, condition: Comparison, county: int) -> list[str]:
    """Return the columns that are empty for a whole county; which single schools lack them, the problems say."""
    here = schools.county == county
    return [n for n in figures_of(condition) if n in columns() and np.isnan(schools.number(n)[here]).all()]


def _missing_of_schools(d: Judgement, text: Words) -> list[tuple[str, int, str]]:
    """Return why indicators of schools are undetermined: the figures that are missing, or the reason."""
    rows = []
    for s, stage in enumerate(STAGES):
        at = d.judged[d.sections.stage[d.judged] == s]
        for j, indicator in enumerate(d.indicators):
            open_ = at[d.applies[j, at] & (d.verdicts[j, at] == UNDETERMINED)]
            if open_.size:
                name = getattr(indicator, text.language)
                head = text.report("fail_head", stage=text.label("stage", stage), indicator=name)
                why = [text("schools_lack", reason=reason, n=n) for reason, n in _reasons_open(d, j, open_, text)]
                rows.append((head, int(np.unique(d.county[open_]).size), text.join(why)))
    return rows


def _reasons_open(d: Judgement, j: int, open_: Ints, text: Words) -> Iterator[tuple[str, int]]:
    """Yield why schools are undetermined on an indicator, and how many are."""
    names = d.indicators[j].columns
    figures = [d.sections.students if n == "students" else d.sections.number(n) for n in names]
    gaps = [np.isnan(f[open_]).tolist() for f in figures]
    for (code, *lacks), n in Counter(zip(d.reasons[j, open_].tolist(), *gaps, strict=True)).items():
        reason = REASONS[code] or "missing_value"
        lacking = [name for name, lack in zip(names, lacks, strict=True) if lack and reason == "missing_value"]
        yield figures_lacking(lacking, text.language) or text.label("reason", reason), n


# --------------------------------------------------------------------------------- problems, contents, sources


def problems_block(d: Judgement, text: Words) -> Block:
    """Count the problems of the data by kind."""
    counts: dict[tuple[str, str], int] = Counter((str(p.severity), str(p.code)) for p in d.problems)
    columns: dict[str, dict[str, None]] = {}
    for p in d.problems:
        if p.column:
            name = label_of_column(p.column) if text.language == "zh" else p.column
            columns.setdefault(str(p.code), {})[name] = None
    rows = [
        (text.label("problem", code), text.label("severity", severity), n, text.join(list(columns.get(code, ()))))
        for (severity, code), n in sorted(counts.items(), key=lambda found: (found[0][0], -found[1]))
    ]
    heads = [Head(text.label("column", "code"), kind="name"), Head(text.label("column", "severity"), kind="middle")]
    heads += [Head(text("times"), kind="count"), Head(text("columns"), 5)]
    note = text("problems_note", n=len(d.problems)) if rows else text.report("problems_none")
    return Block(text.report("problems"), [note], heads, rows)


def notes_by_sheet(groups: Sequence[str], notes: str, text: Words) -> dict[str, str]:
    """Return what each sheet holds, by its name."""
    names = {id_: name for group in groups for id_, name in sentences(f"reports.{group}", text.language).items()}
    return {names[id_]: note for id_, note in sentences(f"reports.{notes}", text.language).items()}


def contents_block(rows: Mapping[str, int], notes: Mapping[str, str], d: Judgement, text: Words) -> Block:
    """List the sheets with a link, their rows, and what is in them."""
    heads = (Head(text("sheet"), kind="link"), Head(text("rows"), kind="count"), Head(text("holds"), 6))
    said = [(name, n, notes[name]) for name, n in rows.items()]
    places = text("rows_of_table" if origin_of(d) is None else "rows_of_file")
    return Block(text("contents"), [text("exact"), places], heads, said)


def provenance_block(ev: Evaluation, text: Words) -> Block:
    """Say what is needed to make the same figures again."""
    heads = (Head("", kind="name"), Head("", 7))
    return Block(text.report("provenance"), (), heads, provenance_of(ev, text.report))
