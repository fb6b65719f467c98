"""Pages that no one writes: columns, county facts, indicators and standards, from the data files of the package.

Written into ``docs/catalogue/`` before the pages are read. What is on them changes by changing the data.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import junheng as jh
from junheng._data import STAGES, read_toml
from junheng.facts import Fact, fact_columns
from junheng.indicators import catalogue, county_catalogue
from junheng.schools import Column, columns
from junheng.standards.model import Inclusion, Limit, Standard, Threshold, entry_key
from junheng.standards.rules import Comparison, Condition, Item, Relaxation
from junheng.standards.sizes import SizeTable
from junheng.standards.terms import Filter
from junheng.words import sentences, word

FOLDER = Path(__file__).resolve().parents[1] / "catalogue"
OPS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "==": "="}
STAGE = {s: f"{word('stage', s, 'zh')} {s}" for s in STAGES}
#: Whose figures a condition looks at.
SCOPE = {
    "county": "全县 county",
    "sum": "各校合计 all schools together",
    "school": "逐校 each school",
    "section": "逐校分学段 each school and stage",
    "share": "share of the schools",
}


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
    rows = [[named(i.zh, i.en, i.id), f"`{i.formula}`", i.unit] for i in county_catalogue().values()]
    lines += [
        "## Of the county 每县",
        "",
        "Made from [facts about the county](facts.md); `ev.county_indicators` has their values.",
        "",
        table(["Indicator", "Formula", "Unit"], rows),
    ]
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
        for entry in [*s.thresholds, *s.limits, *s.items]:
            count[str(entry.standing)] = count.get(str(entry.standing), 0) + 1
        known = "<br>".join(f"{n} {standing(k)}" for k, n in count.items())
        what = [f"[{s.id}]({s.id}.md)", f"**{s.label.zh}**", s.label.en, s.number, _force(s)]
        if s.extends:
            what.append(f"extends [{s.extends}]({s.extends}.md)")
        rows.append(["<br>".join(what), f"{s.last_checked_on}<br>{known}"])
    meaning = sentences("reports.standing", "en")
    return "\n".join(
        [
            "# Standards 标准目录",
            "",
            f"{len(rows)} standards, one TOML file for each edition of a document. These pages are made from the files "
            "when they are built. A standard of your own is one more file: see [](../howto-standard.md).",
            "",
            table(["Standard", "Last checked; thresholds, limits and items"], rows),
            "*Last checked* is the day on which somebody last went through the sources of a file. Its age is the time "
            "since then. No page and no result holds a clock, so only the day is printed.",
            "",
            "## How well a number is known",
            "",
            "Every threshold, limit, item and rule says where it was read, and how well it is known.",
            "",
            table(["Standing", "Meaning"], [[standing(k), v] for k, v in meaning.items()]),
            "```{toctree}\n:hidden:\n",
            *(s.id for s in standards()),
            "```",
            "",
        ]
    )


def _force(s: Standard) -> str:
    """Say from when to when a standard holds, as far as that is known."""
    if s.effective_from is None and s.effective_to is None:
        return f"{f'issued {s.issued}' if s.issued else 'date not read'}; from when it holds is not said"
    until = f" to {s.effective_to}" if s.effective_to else "; no end was found"
    return f"in force from {s.effective_from}{until}"


def standard_page(s: Standard) -> str:
    """Return the page of one standard."""
    notes = Notes()
    facts = [
        ["Document", f"{s.document}"],
        ["Number", s.number],
        ["Issued", s.issued or "not read"],
        ["In force", _force(s)],
        ["Jurisdiction", s.jurisdiction],
        ["Extends", f"[{s.extends}]({s.extends}.md)" if s.extends else "—"],
        ["Last checked", f"{s.last_checked_on} (its age is the time since that day)"],
        ["Digest", f"`{s.digest[:23]}…`"],
    ]
    lines = [f"# {s.label.zh}", "", f"{s.label.en} · `{s.id}`", "", table(["", ""], facts)]
    if s.note:
        lines += [s.note, ""]
    lines += _own(s)
    lines += _parts(s)
    lines += _thresholds(s, notes)
    lines += _limits(s, notes)
    lines += _items(s)
    lines += _relaxations(s)
    lines += _doubts(s)
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


def _own(s: Standard) -> list[str]:
    """Say what a standard that extends another changes."""
    if not s.extends:
        return []
    parent = jh.load_standard(s.extends)
    lines = [
        "## What it says itself 自身规定",
        "",
        f"It extends [{s.extends}]({s.extends}.md): what is not named here is that standard's.",
        "",
    ]
    for name, title in _LISTS.items():
        before = {entry_key(e) for e in getattr(parent, name)}
        now = {entry_key(e) for e in getattr(s, name)}
        for entry in getattr(s, name):
            if entry.origin == s.id:
                verb = "replaces" if entry_key(entry) in before else "adds"
                lines.append(f"- {verb} {title}: {_entry_name(entry)}")
        for entry in getattr(parent, name):
            if entry_key(entry) not in now:
                lines.append(f"- takes away {title}: {_entry_name(entry)}")
    for name in ("school_rule", "split", "printing"):
        if (entry := getattr(s, name)) is not None and entry.origin == s.id:
            lines.append(f"- sets `{name}`")
    return [*lines, ""]


_LISTS = {
    "thresholds": "threshold",
    "limits": "limit",
    "items": "item",
    "relaxations": "relaxation",
    "inclusion": "unit",
}


def _entry_name(entry: Any) -> str:
    if isinstance(entry, (Item, Relaxation)):
        return f"{entry.label.zh} (`{entry.id}`)"
    parts = [k if isinstance(k, tuple) else (k,) for k in entry_key(entry)]
    return " ".join(f"`{k}`" for part in parts for k in part if k is not None)


def _parts(s: Standard) -> list[str]:
    rows = []
    for part in (*s.parts, "overall"):
        items = [i for i in s.items if i.part == part]
        judged = [i for i in items if i.rule != "scored"]
        label = named(word("part", part, "zh"), word("part", part, "en"))
        if part == "overall":
            label = named("申报条件与一票否决", "prerequisites and vetoes")
            if not items:
                continue
        scored = f", {len(items) - len(judged)} scored only" if len(items) > len(judged) else ""
        said = f"{len(judged)} judged{scored}" if items else "*no rule encoded: always undetermined*"
        rows.append([label, said])
    more = " Prerequisites and vetoes belong to no part: they count towards the overall verdict alone."
    return [
        "## What the verdict rests on 结论的组成",
        "",
        "The overall verdict is met only if every part is."
        + (more if any(i.part == "overall" for i in s.items) else ""),
        "",
        table(["Part", "Items"], rows),
    ]


# --------------------------------------------------------------------------------------------- items


def _items(s: Standard) -> list[str]:
    lines = ["## Items 项目", ""]
    for part in (*s.parts, "overall"):
        items = [i for i in s.items if i.part == part]
        if not items:
            continue
        zh, en = ("申报条件与一票否决", "prerequisites and vetoes") if part == "overall" else _part_words(part)
        lines += [f"### {zh} {en}", ""]
        for item in items:
            lines += _card(_item_lines(s, item))
    return lines


def _part_words(part: str) -> tuple[str, str]:
    return str(word("part", part, "zh")), str(word("part", part, "en"))


def _card(lines: Sequence[str]) -> list[str]:
    return [":::{container} entry", *lines, ":::", ""]


_RULES = {
    "every_school_complies": "Every school complies with its thresholds. 各校均达到上列标准。",
    "each_coefficient": "Each difference coefficient is within its limit. 各项差异系数均不超过限值。",
    "composite_coefficient": "The composite coefficient is within its limit. 综合差异系数不超过限值。",
}


def _item_lines(s: Standard, item: Item) -> list[str]:
    number = f"{item.number}. " if item.number is not None else ""
    # the dot is escaped: it is no list
    lines = [f"**{number}{item.label.zh}**<br>{item.label.en} · `{item.id}`", ""]
    if item.rule in _RULES:
        lines += [f"- {_RULES[item.rule]}"]
    for c in item.conditions:
        lines += _condition_lines(c, scored=item.rule == "scored")
    for h in item.hints:
        lines.append(f"- A hint, no verdict rests on it: {_reads(h.test)} ({h.clause}, {standing(h.standing)})")
    if item.rule == "scored":
        lines += ["- Shown with its points, and judged only in the total. 只计入总分。"]
    return [*lines, "", *_foot(s, item)]


def _foot(s: Standard, entry: Any) -> list[str]:
    """Return where an entry was read, how well it is known, and in which file it was written."""
    whose = ""
    if s.extends:
        whose = " · this file's own" if entry.origin == s.id else f" · from [{entry.origin}]({entry.origin}.md)"
    foot = [f"{entry.clause}, [{entry.source}](#sources) {standing(entry.standing)}{whose}"]
    if entry.note:
        foot += ["", f"*{_sentence(entry.note)}*"]
    return foot


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "。")) else ".")


def _condition_lines(c: Condition, *, scored: bool = False) -> list[str]:
    lines = [f"- {SCOPE[c.scope]}: {_reads(c, scored=scored)}"]
    lines += [f"  - or, by another reading: {_reads(r)}" for r in c.readings]
    if c.readings:
        lines.append("  - The sources disagree: decided only where every reading gives the same verdict.")
    for y in c.yardsticks:
        whom = f"where {_where(y.where)}: " if y.where is not None else ""
        lines.append(
            f"  - A school counts, {whom}{'; '.join(_reads(t) for t in y.tests)} "
            f"({y.clause}, {standing(y.standing)}{'; ' + y.note if y.note else ''})"
        )
    if c.yardsticks:
        lines.append(
            "  - The first of these that is about a school holds; where none is, its column. What is not known may be "
            "either: decided where the least and the largest share agree."
        )
    lines += [f"  - the same said by another figure: {_reads(t)}" for t in c.same_as]
    if c.breach:
        lines.append(
            "  - Proves the item unmet where it fails; else it says nothing. 不满足即不达标；其他情形不作判断。"
        )
    if c.unless_no:
        lines.append("  - Falls away where the county says no to: " + ", ".join(f"`{f}`" for f in c.unless_no))
    return lines


def _reads(t: Comparison, *, scored: bool = False) -> str:
    """Return a test in words: the figures, the comparison and the number; below it the same in ids."""
    zh = _quotient(t, lambda f: _figure(t, f).zh)
    said = f"{zh} {_required(t)}" if not scored else zh
    ids = _quotient(t, str, plain=True) + (f" {t.op} {' + '.join(t.than)}" if t.than else "")
    lines = [said, f"`{ids}`"]
    if t.where is not None:
        lines.append("where " + _where(t.where))
    if t.qualifier:
        lines.append(f"as counted: {t.qualifier}")
    return "<br>".join(lines)


def _figure(t: Comparison, name: str) -> Fact | Column:
    return fact_columns()[name] if t.scope == "county" else columns()[name]


def _quotient(t: Comparison, say: Any, *, plain: bool = False) -> str:
    plus, minus, over = ("+", "-", "/") if plain else ("＋", "－", "÷")

    def side(names: Sequence[str], less: Sequence[str], *, alone: bool) -> str:
        text = f" {plus} ".join(map(say, names)) + "".join(f" {minus} {say(f)}" for f in less)
        several = len(names) + len(less) > 1
        return (f"({text})" if plain else f"（{text}）") if several and not alone else text

    top = side(t.top, t.top_minus, alone=not t.bottom)
    return f"{top} {over} {side(t.bottom, t.bottom_minus, alone=False)}" if t.bottom else top


def _required(t: Comparison) -> str:
    op = OPS[t.op]
    if isinstance(t, Condition) and t.one_of:
        numbers = " or ".join(f"{_plain_number(v * 100)} %" for v in t.one_of)
        return f"{op} {numbers}, as the county says in `{t.chosen_by}`"
    if t.than:
        return f"{op} " + " ＋ ".join(_figure(t, f).zh for f in t.than)
    if t.per_classes is not None and not t.begun:
        return f"{op} 1 for every {t.per_classes} full classes 每满{t.per_classes}个班1个"
    if t.per_classes is not None:
        return (
            f"{op} 1 for every {t.per_classes} classes begun 每{t.per_classes}个班（不足的按{t.per_classes}个班计）1间"
        )
    if t.by_size:
        return f"{op} " + " ＋ ".join(map(_size_table, t.by_size))
    if t.norm is not None:
        names = "; ".join(
            f"{fact_columns()[f].zh} `{f}` ({STAGE[s]})"
            for s, f in (("primary", t.norm.primary), ("junior", t.norm.junior))
        )
        return f"{op} {t.norm.times} × {names}"
    if t.dated:
        steps = [f"{_plain_number(d.value)} from {d.effective_from} {standing(d.standing)}" for d in t.dated]
        return f"{op} " + ", ".join(steps)
    if t.value is None:
        each = [(s, v) for s, v in (("primary", t.primary), ("junior", t.junior)) if v is not None]
        return f"{op} " + ", ".join(f"{_plain_number(v)} ({STAGE[s]})" for s, v in each)
    first = _figure(t, t.top[0])
    if first.type == "flag" and not t.bottom and t.scope == "county":
        return "= 是 yes" if t.value == 1 else "= 否 no"
    number = _plain_number(t.value)
    unit = first.unit
    if t.bottom:
        same = unit == _figure(t, t.bottom[0]).unit or t.bottom == ("schools",)
        return f"{op} {number} ({_plain_number(t.value * 100)} %)" if same else f"{op} {number} {unit}"
    return f"{op} {number}" + (f" {unit}" if unit not in (None, "1") else "")


#: What holds between and outside the sizes of a table, in words.
_RULES = {"bracket": "both neighbours", "linear": "linear", "smaller": "next smaller", "larger": "next larger"}


def _size_table(t: SizeTable) -> str:
    stage = "" if t.stage is None else f" of the {STAGE[t.stage]} stage"
    pairs = "; ".join(f"{n}: {_plain_number(v)}" for n, v in zip(t.classes, t.values, strict=True))
    each = " per student" if t.per_student else ""
    sides = (("below", t.below), ("above", t.above))
    ends = [f"{side}: {'the end value' if rule == 'end' else 'open'}" for side, rule in sides]
    return f"by classes{stage}{each} ({pairs}; between: {_RULES[t.between]}; {', '.join(ends)})"


def _plain_number(value: Any) -> str:
    return format(value.normalize(), "f")


#: Conditions on the size and the age of a school, in words.
_SIZES = {
    "students_below": "fewer than {} students",
    "classes_below": "fewer than {} classes",
    "largest_class_below": "the largest class is below {}",
    "built_by": "built in or before {}",
}


def _where(w: Filter) -> str:
    """Return which schools a test is about."""
    said = []

    def words(group: str, ids: Sequence[str]) -> str:
        known = read_toml("columns.toml")["categories"][group]
        return ", ".join(f"{known[i][0]} {i}" if known.get(i) else i for i in ids)

    if w.kinds:
        said.append(f"kind is {words('kind', w.kinds)}")
    if w.not_kinds:
        said.append(f"kind is not {words('kind', w.not_kinds)}")
    if w.stages:
        said.append("stage is " + ", ".join(STAGE[s] for s in w.stages))
    if w.ownership:
        said.append(f"ownership is {words('ownership', (w.ownership,))}")
    if w.area_types:
        said.append(f"area is {words('area_type', w.area_types)}")
    if w.students_from is not None:
        said.append(f"at least {w.students_from} {'student' if w.students_from == 1 else 'students'}")
    said += [text.format(number) for name, text in _SIZES.items() if (number := getattr(w, name)) is not None]
    if w.migrant_share_over is not None:
        said.append(f"migrant children are over {_plain_number(w.migrant_share_over * 100)} % of the students")
    said += [f"{columns()[f].zh} `{f}`" for f in w.flags]
    said += [f"not {columns()[f].zh} `{f}`" for f in w.not_flags]
    return "; ".join(said)


def _relaxations(s: Standard) -> list[str]:
    if not s.relaxations:
        return []
    lines = [
        "## Relaxations 过渡性放宽",
        "",
        "**Off unless asked for.** None of them is applied by itself, whatever the year: "
        f'`jh.load_standard("{s.id}").with_options(relaxations=["{s.relaxations[0].id}"])`. '
        "Asked for, one holds only in the years of its dates; "
        "a table without a column `year` is taken to be within them.",
        "",
    ]
    for r in s.relaxations:
        own = [f"**{r.label.zh}**<br>{r.label.en} · `{r.id}`", ""]
        own.append(f"- Dates: {r.effective_from or 'start not said'} to {r.effective_to or 'end not said'}")
        own.append(f"- For schools where {_where(r.where)}")
        if r.indicator:
            added = ", ".join(f"{columns()[c].zh} `{c}`" for c in r.add)
            own.append(f"- Counted with the numerator of {catalogue()[r.indicator].zh} `{r.indicator}`: {added}")
        if r.item:
            own.append(f"- Instead of the conditions of item `{r.item}`:")
            for c in r.conditions:
                own += ["  " + line for line in _condition_lines(c)]
        lines += _card([*own, "", *_foot(s, r)])
    return lines


def _doubts(s: Standard) -> list[str]:
    if not s.doubts:
        return []
    lines = ["## Doubts 适用范围存疑", ""]
    for d in s.doubts:
        own = [f"**{d.label.zh}**<br>{d.label.en} · `{d.id}`: `{d.decision}`", ""]
        own.append(f"- Schools where {_where(d.where)}")
        own.append("- Items: " + ", ".join(f"`{i}`" for i in d.items))
        own.append("- `open`: decided only where it makes no difference; `counted`; `left_out`")
        lines += _card([*own, "", *_foot(s, d)])
    return lines


# --------------------------------------------------------------------------------------------- facts


def facts_page() -> str:
    """Return the page of all facts about a county, by what asks for them."""
    order = ["cn-quality-balance-2017", "cn-basic-balance-2012"]
    listed = sorted(standards(), key=lambda s: (s.id not in order, order.index(s.id) if s.id in order else 0, s.id))
    asked: dict[str, dict[str, None]] = {}
    groups: dict[str, dict[str, None]] = {}
    for s in listed:
        for item in s.items:
            if item.origin != s.id:
                continue
            for name in _facts_of(item):
                if name not in asked:
                    groups.setdefault(_group(s, item), {})[name] = None
                # the group names the first standard that asks
                whose = "" if _group(s, item) in groups and name in groups[_group(s, item)] else f"{s.id}: "
                asked.setdefault(name, {})[f"[{whose}{item.id}]({s.id}.md)"] = None
    keys = [f for f in fact_columns().values() if f.type == "key"]
    rest = {f: None for f, known in fact_columns().items() if f not in asked and known.type != "key"}
    if rest:
        groups["Asked for by no shipped standard"] = rest
    lines = [
        "# County facts 县情数据目录",
        "",
        f"{len(fact_columns()) - len(keys)} facts about a county that no table of schools holds, made from "
        "`facts.toml` when these pages are built. How to give them: [](../county-facts.md).",
        "",
        "A fact stands under the first standard that asks for it. A *yes/no* fact may have a document beside it, "
        "in a column with `_reference` at the end of its name.",
        "",
        "Keys: " + ", ".join(f"`{f.id}` ({f.zh})" for f in keys) + ".",
        "",
    ]
    for title, names in groups.items():
        rows = []
        for name in names:
            f = fact_columns()[name]
            unit = "yes/no 是/否" if f.type == "flag" else (f.unit if f.unit != "1" else "share, 0 to 1") or ""
            most = f", at most {f.most:g}" if f.most is not None and f.most != 1 else ""
            what = named(f.zh, f.en, f.id)
            if f.part_of:
                what += f"<br>part of `{f.part_of}`"
            if name in asked:
                what += "<br>asked for by " + ", ".join(asked[name])
            rows.append([what, unit + most])
        lines += [f"## {title}", "", table(["Fact", "Unit"], rows)]
    return "\n".join(lines)


def _group(s: Standard, item: Item) -> str:
    if item.part == "overall":
        return f"{s.label.zh}: 申报条件与一票否决 prerequisites and vetoes"
    zh, en = _part_words(item.part)
    return f"{s.label.zh}: {zh} {en}"


def _facts_of(item: Item) -> list[str]:
    found: dict[str, None] = {}
    for c in item.conditions:
        for t in c.tests:
            if t.norm is not None:
                found |= dict.fromkeys((t.norm.primary, t.norm.junior))
            if t.scope == "county":
                for names in (t.top, t.top_minus, t.bottom, t.bottom_minus, t.than):
                    found |= dict.fromkeys(names)
        found |= dict.fromkeys([c.chosen_by] if c.chosen_by is not None else [])
    return list(found)


# ------------------------------------------------------------------------------ thresholds and limits


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
    sized: dict[tuple[str, tuple[int, ...], str], list[Threshold]] = {}
    for entry in s.thresholds:
        t = s.threshold(entry.indicator, stage=entry.stage)  # with its floor
        if t.classes:
            sized.setdefault((t.stage, t.classes, t.between if t.between in _BETWEEN else ""), []).append(t)
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
    for (stage, sizes, between), ts in sized.items():
        rows = []
        for t in ts:
            i = catalogue()[t.indicator]
            ends = [
                f"fewer: as {sizes[0]}" if t.below == "end" else "",
                f"more: as {sizes[-1]}" if t.above == "end" else "",
                "some is required, the number was not found" if "some" in (t.between, t.below, t.above) else "",
            ]
            outside = "<br>".join(filter(None, ends)) or "—"
            both = [" / ".join(dict.fromkeys(map(str, vs))) for vs in zip(t.values, *t.readings, strict=True)]
            values = [v if t.op == ">=" else f"{OPS[t.op]} {v}" for v in both]
            rows.append([named(i.zh, f"{i.en}, {i.unit}", t.indicator), *values, outside, *cited(t, notes)])
        lines += [
            f"### {STAGE[stage]}, by number of classes 按班级数",
            "",
            f"The least a school of so many classes must have. {_BETWEEN.get(between, _BRACKET)}",
            "",
            table(["Indicator", *map(str, sizes), "Other sizes", "Clause and source", "Standing"], rows),
        ]
    return lines


#: What holds between two sizes of a table of thresholds.
_BETWEEN = {
    "smaller": "Between two sizes the next smaller one holds.",
    "larger": "Between two sizes the next larger one holds.",
    "linear": "Between two sizes the number is interpolated.",
}
_BRACKET = (
    "Between two sizes no rule was found: a school is judged only where both neighbours agree "
    "([the bracket rule](../concepts.md#norms-by-size-of-school-the-bracket-rule))."
)


def _value(t: Threshold | None) -> str:
    if t is None:
        return "—"
    special = "".join(f"<br>{OPS[t.op]} {o.value} where {_where(o.where)}" for o in t.instead)
    return f"{OPS[t.op]} {t.value}{special}" + (f"<br>floor {t.floor.normalize():f}" if t.floor is not None else "")


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
            limit = f", fewer than {rule.students_below} students" if rule.students_below else ""
            rows.append([_units_of(rule) + limit, _decision(rule), *cited(rule, notes)])
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


def _units_of(rule: Inclusion) -> str:
    """Name the units a rule is about."""
    given = [("kind", rule.kind), ("ownership", rule.ownership), *(("owner_type", o) for o in rule.owner_types)]
    words = read_toml("columns.toml")["categories"]
    return "、".join(f"{_first_chinese(words[group].get(name, [name]))} `{name}`" for group, name in given if name)


def _first_chinese(words: list[str]) -> str:
    return next((w for w in words if not w.isascii()), words[0])


def _decision(rule: Inclusion) -> str:
    of = {None: "", "in_basic_standard": " in the basic standard of schools", "in_coefficient": " in the coefficient"}
    if rule.decision == "out":
        return f"does not count{of[rule.answer]}"
    return f"no rule found: the column `{rule.answer or 'included'}` must say 是 or 否"


# ------------------------------------------------------------------------------------------ writing


def write(app: Any) -> None:
    """Write every page that changed."""
    pages = column_pages() | {"indicators.md": indicator_page(), "standards.md": standards_page()}
    pages["facts.md"] = facts_page()
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
