"""Pages that no one writes: columns, indicators and standards, from the data files of the package.

Written into ``docs/catalogue/`` before the pages are read. What is on them changes by changing the data.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import junheng as jh
from junheng._data import STAGES, read_toml
from junheng._labels import word
from junheng.indicators import catalogue
from junheng.schools import Column, columns
from junheng.standards.model import Limit, Standard, Threshold

FOLDER = Path(__file__).resolve().parents[1] / "catalogue"
OPS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "==": "="}
STAGE = {s: f"{word('stage', s, 'zh')} {s}" for s in STAGES}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    body = [head, ["---"] * len(head), *rows]
    lines = ["| " + " | ".join(cell.replace("|", r"\|").replace("\n", " ") for cell in row) + " |" for row in body]
    wide = " wide" if len(head) > 3 else ""
    return f":::{{container}} catalogue{wide}\n" + "\n".join(lines) + "\n:::\n"


def named(zh: str, en: str, id_: str = "") -> str:
    """Return both labels and the id, a line each."""
    return f"**{zh}**<br>{en}" + (f"<br>`{id_}`" if id_ else "")


def standing(name: Any) -> str:
    """Return how well a number is known, as a badge."""
    return f"[{word('standing', str(name), 'zh')} {name}]{{.standing .{name}}}"


def standards() -> list[Standard]:
    """Return the shipped standards."""
    return [jh.load_standard(i) for i in jh.list_standards()["id"]]


# ------------------------------------------------------------------------------------------ columns


def column_pages() -> dict[str, str]:
    """Return the tables of columns, words and units."""
    known = list(columns().values())
    keys = [c for c in known if c.type != "number"]
    people = [c for c in known if c.type == "number" and not c.shared]
    shared = [c for c in known if c.shared]
    aliases = [[f"`{c.id}`", c.zh, "、".join(c.aliases) or "—"] for c in known]
    words = []
    toml = read_toml("columns.toml")
    for column, entries in toml["categories"].items():
        words += [[f"`{column}`", f"`{w}`", "、".join(others)] for w, others in entries.items()]
    words += [["yes / no", f"`{k}`", "、".join(v)] for k, v in toml["flags"].items()]
    units = [
        [f"`{unit}`", "、".join(f"1 {name} = {_factor(f)} {unit}" for name, f in names.items() if f != 1) or "—"]
        for unit, names in toml["units"].items()
    ]
    return {
        "_keys.md": table(["Column", "Type", "Meaning"], [[f"`{c.id}`", c.type, f"{c.zh}<br>{c.en}"] for c in keys]),
        "_people.md": _numbers(people),
        "_shared.md": _numbers(shared),
        "_aliases.md": table(["Column", "中文 label", "Other headers that are understood"], aliases),
        "_words.md": table(["Column", "Canonical word", "Words that are understood"], words),
        "_units.md": table(["Canonical unit", "Converted where a header names it"], units),
    }


def _numbers(listed: Iterable[Column]) -> str:
    rows = []
    for c in listed:
        note = [*(["whole number"] if c.whole else []), *([f"part of `{c.part_of}`"] if c.part_of else [])]
        rows.append([f"`{c.id}`", f"{c.zh}<br>{c.en}", str(c.unit), ", ".join(note) or "—"])
    return table(["Column", "Meaning", "Unit", "Checked"], rows)


def _factor(factor: Any) -> str:
    return f"{factor[0]}/{factor[1]}" if isinstance(factor, list) else f"{factor:,}".replace(",", " ")


# --------------------------------------------------------------------------------------- indicators


def indicator_page() -> str:
    """Return the page of all indicators."""
    used: dict[str, list[str]] = {}
    for s in standards():
        for i in s.indicators:
            used.setdefault(i, []).append(s.id)
    groups: dict[str, list[Any]] = {
        "Per student 生均、每百名学生": [],
        "Students to one … 生师比等": [],
        "Of the school 每校": [],
    }
    for i in catalogue().values():
        groups[list(groups)[0 if i.denominator == "students" else 1 if i.numerator == "students" else 2]].append(i)
    lines = [
        "# Indicators 指标目录",
        "",
        f"{len(catalogue())} indicators, made from `indicators/catalog.toml` when these pages are built. "
        "A formula is written in [canonical columns](../data-dictionary.md); those are the columns it needs. "
        "`jh.list_indicators()` gives the same as a table.",
        "",
    ]
    for title, members in groups.items():
        rows = []
        for i in members:
            by = "<br>".join(f"[{s}]({s}.md)" for s in used.get(i.id, ())) or "—"
            rows.append([named(i.zh, i.en, i.id), f"`{i.formula}`", i.unit, by])
        lines += [f"## {title}", "", table(["Indicator", "Formula", "Unit", "Used by"], rows)]
    return "\n".join(lines)


# ---------------------------------------------------------------------------------------- standards


class Notes:
    """Notes of a page, each once, with a number."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def number(self, note: str | None) -> str:
        """Return the mark of a note, nothing for none."""
        if not note:
            return ""
        if note not in self.texts:
            self.texts.append(note)
        return f"({self.texts.index(note) + 1})"

    def lines(self) -> list[str]:
        """Return the notes as a list."""
        return ["## Notes 附注", "", *(f"{i}. {t}" for i, t in enumerate(self.texts, 1)), ""] if self.texts else []


def cited(entry: Any, notes: Notes) -> list[str]:
    """Return clause, source and standing of an entry as cells."""
    mark = notes.number(entry.note)
    return [f"{entry.clause}, [{entry.source}](#sources) {mark}".strip(), standing(entry.standing)]


def standards_page() -> str:
    """Return the page that lists the standards."""
    rows = []
    for s in standards():
        count: dict[str, int] = {}
        for entry in [*s.thresholds, *s.limits]:
            count[str(entry.standing)] = count.get(str(entry.standing), 0) + 1
        known = "<br>".join(f"{n} {standing(k)}" for k, n in count.items())
        rows.append(
            [f"[{s.id}]({s.id}.md)<br>**{s.label.zh}**<br>{s.label.en}", s.number, s.issued, known, s.last_checked_on]
        )
    meaning = {
        "confirmed": "read in a source",
        "secondary": "read only in a local document, a local form or a program",
        "derived": "computed or concluded from confirmed numbers",
        "recalled": "from memory; looked for, not found",
        "conflicting": "sources disagree; both readings are in the note",
    }
    return "\n".join(
        [
            "# Standards 标准目录",
            "",
            "One TOML file for each edition of a document. These pages are made from the files when they are built. "
            "A standard of your own is one more file: see [](../howto-standard.md).",
            "",
            table(["Standard", "Number", "Issued", "Thresholds and limits", "Last checked"], rows),
            "## How well a number is known",
            "",
            "Every threshold, limit and rule says where it was read, and how well it is known.",
            "",
            table(["Standing", "Meaning"], [[standing(k), v] for k, v in meaning.items()]),
            "```{toctree}\n:hidden:\n",
            *(s.id for s in standards()),
            "```",
            "",
        ]
    )


def standard_page(s: Standard) -> str:
    """Return the page of one standard."""
    notes = Notes()
    facts = [
        ["Document", f"{s.document}"],
        ["Number", s.number],
        ["Issued", s.issued],
        ["Jurisdiction", s.jurisdiction],
        ["Extends", f"[{s.extends}]({s.extends}.md)" if s.extends else "—"],
        ["Last checked", s.last_checked_on],
        ["Digest", f"`{s.digest[:23]}…`"],
    ]
    lines = [f"# {s.label.zh}", "", f"{s.label.en} · `{s.id}`", "", table(["", ""], facts)]
    if s.note:
        lines += [s.note, ""]
    lines += _parts(s, notes)
    lines += _thresholds(s, notes)
    lines += _limits(s, notes)
    lines += _units(s, notes)
    lines += notes.lines()
    lines += [
        "## Sources",
        "",
        table(
            ["", "Source", "Remark"],
            [[f"**{k}**", f"[{v.title}]({v.url})" if v.url else v.title, v.note or ""] for k, v in s.sources.items()],
        ),
    ]
    return "\n".join(lines)


def _parts(s: Standard, notes: Notes) -> list[str]:
    rows = []
    for part in s.parts:
        items = [i for i in s.items if i.part == part]
        label = named(word("part", part, "zh"), word("part", part, "en"))
        if not items:
            rows.append([label, "*no rule encoded yet: always undetermined*", "", ""])
        for i, item in enumerate(items):
            rows.append([label if i == 0 else "", named(item.label.zh, item.label.en, item.rule), *cited(item, notes)])
    return [
        "## What the verdict rests on 结论的组成",
        "",
        "The overall verdict is met only if every part is.",
        "",
        table(["Part", "Item and rule", "Clause and source", "Standing"], rows),
    ]


def _thresholds(s: Standard, notes: Notes) -> list[str]:
    if not s.thresholds:
        return ["## Thresholds 各校标准", "", "This standard sets no threshold for single schools.", ""]
    lines = ["## Thresholds 各校标准", ""]
    rule = s.school_rule
    if rule is not None:
        said = "every indicator is met"
        if rule.kind == "at_least":
            said = f"at least {rule.k} indicators are met"
            if rule.floor_ratio is not None:
                said += f", and the others reach {rule.floor_ratio * 100:.0f} % of the threshold (the floor)"
        lines += [
            f"A school complies when {said}. {rule.clause}, [{rule.source}](#sources), {standing(rule.standing)} "
            + notes.number(rule.note),
            "",
        ]
    flat: dict[str, dict[str, Threshold]] = {}
    sized: dict[tuple[str, tuple[int, ...]], list[Threshold]] = {}
    for entry in s.thresholds:
        t = s.threshold(entry.indicator, stage=entry.stage)  # with its floor
        if t.classes:
            sized.setdefault((t.stage, t.classes), []).append(t)
        else:
            flat.setdefault(t.indicator, {})[t.stage] = t
    if flat:
        rows = []
        for id_, by_stage in flat.items():
            i = catalogue()[id_]
            cells = [_value(by_stage.get(stage)) for stage in STAGES]
            where = _same([cited(t, notes) for t in by_stage.values()])
            rows.append([named(i.zh, i.en, id_), *cells, i.unit, *where])
        lines += [table(["Indicator", *STAGE.values(), "Unit", "Clause and source", "Standing"], rows)]
    for (stage, sizes), ts in sized.items():
        rows = []
        for t in ts:
            i = catalogue()[t.indicator]
            ends = [
                f"fewer: as {sizes[0]}" if t.below == "end" else "",
                f"more: as {sizes[-1]}" if t.above == "end" else "",
            ]
            outside = "<br>".join(filter(None, ends)) or "—"
            values = [str(v) if t.op == ">=" else f"{OPS[t.op]} {v}" for v in t.values]
            rows.append([named(i.zh, f"{i.en}, {i.unit}", t.indicator), *values, outside, *cited(t, notes)])
        lines += [
            f"### {STAGE[stage]}, by number of classes 按班级数",
            "",
            "The least a school of so many classes must have. Between two sizes no rule was found: "
            "a school is judged only where both neighbours agree "
            "([the bracket rule](../concepts.md#norms-by-size-of-school-the-bracket-rule)).",
            "",
            table(["Indicator", *map(str, sizes), "Other sizes", "Clause and source", "Standing"], rows),
        ]
    return lines


def _value(t: Threshold | None) -> str:
    if t is None:
        return "—"
    return f"{OPS[t.op]} {t.value}" + (f"<br>floor {t.floor.normalize():f}" if t.floor is not None else "")


def _same(cells: list[list[str]]) -> list[str]:
    """Return what the stages have in common once, and what differs one below the other."""
    return ["<br>".join(dict.fromkeys(column)) for column in zip(*cells, strict=True)]


def _limits(s: Standard, notes: Notes) -> list[str]:
    if not s.limits:
        return [
            "## Limits of difference coefficients 差异系数限值",
            "",
            "This standard limits no difference coefficient.",
            "",
        ]
    kinds = {
        "each": named("各项差异系数", "each coefficient"),
        "composite": named("综合差异系数", "the mean of the coefficients"),
    }
    found: dict[str, dict[str, Limit]] = {}
    for x in s.limits:
        found.setdefault(x.kind, {})[x.stage] = x
    rows = []
    for kind, by_stage in found.items():
        cells = [f"{OPS[x.op]} {x.value}" if (x := by_stage.get(stage)) else "—" for stage in STAGES]
        rows.append([kinds[kind], *cells, *_same([cited(x, notes) for x in by_stage.values()])])
    lines = ["## Limits of difference coefficients 差异系数限值", ""]
    lines.append(table(["Limit", *STAGE.values(), "Clause and source", "Standing"], rows))
    if "composite" in found:
        lines += ["The composite is the mean over:", ""]
        lines += [f"- {catalogue()[i].zh} (`{i}`)" for i in s.indicators]
        lines.append("")
    return lines


def _units(s: Standard, notes: Notes) -> list[str]:
    lines: list[str] = []
    if s.split is not None:
        kinds = read_toml("columns.toml")["categories"]["kind"]
        rows = [
            [
                f"{kinds[w.kind][0]} `{w.kind}`",
                *(str(x) if (x := w.weight(stage)) else "—" for stage in (*STAGES, "senior")),
            ]
            for w in s.split.weights
        ]
        clause, known = cited(s.split, notes)
        lines += [
            "## Schools with several stages 一贯制学校、完全中学的拆分",
            "",
            "Divided: "
            + "、".join(f"{columns()[r].zh} (`{r}`)" for r in s.split.resources)
            + ". Weights of one student:",
            "",
            table(["Kind of school", *STAGE.values(), "高中 senior"], rows),
            f"{clause}, {known}",
            "",
        ]
    if s.inclusion:
        rows = []
        for rule in s.inclusion:
            zh = read_toml("columns.toml")["categories"]
            name = rule.kind or rule.ownership or ""
            group = "kind" if rule.kind else "ownership"
            first = zh[group].get(name, [name])[0]
            limit = f", fewer than {rule.students_below} students" if rule.students_below else ""
            what = {"out": "does not count", "ask": "no rule found: the column `included` must say 是 or 否"}[
                rule.decision
            ]
            rows.append([f"{first} `{name}`{limit}", what, *cited(rule, notes)])
        lines += [
            "## Units that do not count 不计入的单位",
            "",
            table(["Unit", "", "Clause and source", "Standing"], rows),
        ]
    if s.printing is not None:
        p = s.printing
        lines += [
            "## Decimals of the forms 报表位数",
            "",
            f"School values {p.school_value}, county means {p.county_mean}, coefficients {p.coefficient}. "
            f"Verdicts are taken before rounding. {p.clause}, [{p.source}](#sources), {standing(p.standing)} "
            + notes.number(p.note),
            "",
        ]
    return lines


# ------------------------------------------------------------------------------------------ writing


def write(app: Any) -> None:
    """Write every page that changed."""
    pages = column_pages() | {"indicators.md": indicator_page(), "standards.md": standards_page()}
    pages |= {f"{s.id}.md": standard_page(s) for s in standards()}
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, content in pages.items():
        path = FOLDER / name
        if not path.is_file() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx when to write."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
