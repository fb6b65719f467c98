"""The list of standards, and the page of each."""

from typing import Any

from attrs import evolve
from bilingual import Words

import junheng as jh
from catalogue.conditions import condition_lines, reads, where
from catalogue.markdown import Notes, also, badge, card, entry_title, foot, page_of, part_name, shipped, table
from catalogue.numbers import limit_lines, threshold_lines, unit_lines
from junheng.indicators import catalogue
from junheng.schools import columns
from junheng.standards.model import Standard, entry_key
from junheng.standards.rules import Item, Relaxation
from junheng.words import sentences


def standards_page(w: Words) -> str:
    """Return the page that lists the standards."""
    meaning = sentences("reports.standing", w.language)
    return "\n".join(
        [
            f"# {w('standards.title')}",
            "",
            w("standards.about", n=len(shipped())),
            "",
            table(w.head("standard", "checked_on"), [listed(w, s) for s in shipped()]),
            w("standards.last_checked"),
            "",
            f"## {w('standards.standing')}",
            "",
            w("standards.standing_about"),
            "",
            table(w.head("standing", "meaning"), [[badge(w, k), v] for k, v in meaning.items()]),
            "```{toctree}\n:hidden:\n",
            *(s.id for s in shipped()),
            "```",
            "",
        ]
    )


def listed(w: Words, s: Standard) -> list[str]:
    """Return a standard as a row of the list."""
    count: dict[str, int] = {}
    for entry in [*s.thresholds, *s.limits, *s.items]:
        count[str(entry.standing)] = count.get(str(entry.standing), 0) + 1
    what = [page_of(s.id), w.named(s.label), number(w, s), force(w, s)]
    what += [w("standards.extends", parent=page_of(s.extends))] if s.extends else []
    return ["<br>".join(what), "<br>".join([s.last_checked_on, *(f"{n} {badge(w, k)}" for k, n in count.items())])]


def force(w: Words, s: Standard) -> str:
    """Say from when to when a standard holds, as far as that is known."""
    if s.effective_from is None and s.effective_to is None:
        return w("standards.issued_only", issued=s.issued) if s.issued else w("standards.date_not_read")
    if not s.effective_to:
        return w("standards.in_force_open", start=s.effective_from)
    return w("standards.in_force", start=s.effective_from, end=s.effective_to)


def standard_page(w: Words, s: Standard) -> str:
    """Return the page of one standard."""
    notes = Notes(w)
    lines = [f"# {w.of(s.label)}", "", also(w, s), "", table(["", ""], identity(w, s))]
    lines += [w.note(s.note), ""] if s.note else []
    lines += own_lines(w, s)
    lines += part_lines(w, s)
    lines += threshold_lines(w, s, notes)
    lines += limit_lines(w, s, notes)
    lines += item_lines(w, s)
    lines += relaxation_lines(w, s)
    lines += doubt_lines(w, s)
    lines += unit_lines(w, s, notes)
    lines += notes.lines()
    lines += [f"## {w('standard.sources')}", "", source_table(w, s)]
    return "\n".join(lines)


def identity(w: Words, s: Standard) -> list[list[str]]:
    """Return what the document is."""
    return [
        [w("standard.document"), s.document],
        [w("standard.number"), number(w, s)],
        [w("standard.issued"), s.issued or w("standard.not_read")],
        [w("standard.in_force"), force(w, s)],
        [w("standard.jurisdiction"), f"{w.label('jurisdiction', s.jurisdiction)} `{s.jurisdiction}`"],
        [w("standard.extends"), page_of(s.extends) if s.extends else "—"],
        [w("standard.last_checked"), s.last_checked_on],
        [w("standard.digest"), f"`{s.digest[:23]}…`"],
    ]


def number(w: Words, s: Standard) -> str:
    """Return the number of the document, or that there is none, in the language."""
    return w.label("number", s.number)


def source_table(w: Words, s: Standard) -> str:
    """Return each source with its address and what is to be said of it; no remarks, no column."""
    rows = []
    for key, source in s.sources.items():
        title = source.name(w.language)
        remarks = [w.note(source.note)] if source.note else []
        remarks += [] if source.url else [w("standard.no_address")]
        linked = f"[{title}]({source.url})" if source.url else title
        rows.append([f"**{key}**", linked, w("form.semicolon").join(remarks)])
    if any(remark for *_, remark in rows):
        return table(w.head("", "source", "remark"), rows)
    return table(w.head("", "source"), [row[:2] for row in rows])


#: The lists of a standard that another may change, and the single rules.
LISTS = ("thresholds", "limits", "items", "relaxations", "inclusion")
SINGLE = ("school_rule", "split", "printing")


def own_lines(w: Words, s: Standard) -> list[str]:
    """Say what a standard that extends another changes."""
    if not s.extends:
        return []
    parent = jh.load_standard(s.extends)
    lines = [f"## {w('standard.own')}", "", w("standard.own_about", parent=page_of(s.extends)), ""]
    for name in LISTS:
        before, now = getattr(parent, name), getattr(s, name)
        old, new = {entry_key(e) for e in before}, {entry_key(e) for e in now}
        changes = [("replaces" if entry_key(e) in old else "adds", e) for e in now if e.origin == s.id]
        changes += [("removes", e) for e in before if entry_key(e) not in new]
        what = w(f"entry.{name}")
        lines += [f"- {w(f'standard.{verb}', what=what, entry=entry_name(w, e))}" for verb, e in changes]
    own = [n for n in SINGLE if (rule := getattr(s, n)) is not None and rule.origin == s.id]
    return [*lines, *(f"- {w('standard.sets', what=w(f'entry.{name}'))}" for name in own), ""]


def entry_name(w: Words, entry: Any) -> str:
    """Return the label of an entry, or the ids that tell it apart."""
    if isinstance(entry, (Item, Relaxation)):
        return w("form.id", label=w.of(entry.label), id=entry.id)
    parts = [k if isinstance(k, tuple) else (k,) for k in entry_key(entry)]
    return " ".join(f"`{k}`" for part in parts for k in part if k is not None)


def items_by_part(s: Standard) -> dict[str, list[Item]]:
    """Return the items of each part, and last those of none if there are any."""
    found: dict[str, list[Item]] = {part: [i for i in s.items if i.part == part] for part in s.parts}
    overall = [i for i in s.items if i.part == "overall"]
    return found | ({"overall": overall} if overall else {})


def part_lines(w: Words, s: Standard) -> list[str]:
    """Return the parts of the verdict and how many items each has."""
    parts = items_by_part(s)
    about = "parts_overall" if "overall" in parts else "parts_about"
    rows = [[f"**{part_name(w, part)}**", counted(w, items)] for part, items in parts.items()]
    return [f"## {w('standard.parts')}", "", w(f"standard.{about}"), "", table(w.head("part", "items"), rows)]


def counted(w: Words, items: list[Item]) -> str:
    """Say how many items are judged, and how many only give points."""
    scored = sum(i.rule == "scored" for i in items)
    if not items:
        return w("standard.no_rule")
    n = len(items) - scored
    return w("standard.judged_and_scored", n=n, scored=scored) if scored else w("standard.judged", n=n)


def item_lines(w: Words, s: Standard) -> list[str]:
    """Return every item as a card, under its part."""
    lines = [f"## {w('items.title')}", ""]
    for part, items in items_by_part(s).items():
        if items:
            lines += [f"### {part_name(w, part)}", ""]
        for item in items:
            lines += card([entry_title(w, item, item.number), "", *tests(w, item), "", *foot(w, s, item)])
    return lines


def tests(w: Words, item: Item) -> list[str]:
    """Return what an item requires."""
    scored = item.rule == "scored"
    lines = [] if scored or item.rule == "conditions" else [f"- {w(f'items.{item.rule}')}"]
    for c in item.conditions:
        lines += condition_lines(w, c, scored=scored)
    for h in item.hints:
        said = {"test": reads(w, h.test), "clause": w.note(h.clause), "standing": badge(w, h.standing)}
        lines.append(f"- {w('items.hint', **said)}")
    return lines + ([f"- {w('items.scored')}"] if scored else [])


def relaxation_lines(w: Words, s: Standard) -> list[str]:
    """Return the relaxations, and how one is asked for."""
    if not s.relaxations:
        return []
    call = f'jh.load_standard("{s.id}").with_options(relaxations=["{s.relaxations[0].id}"])'
    lines = [f"## {w('relaxations.title')}", "", w("relaxations.about", call=call), ""]
    for r in s.relaxations:
        said = [f"- {x}" for x in relaxed(w, r)] + instead(w, s, r)
        lines += card([entry_title(w, r), "", *said, "", *foot(w, s, r)])
    return lines


def relaxed(w: Words, r: Relaxation) -> list[str]:
    """Return when a relaxation holds, for which schools, and what it adds."""
    start, end = r.effective_from or w("relaxations.no_start"), r.effective_to or w("relaxations.no_end")
    lines = [w("relaxations.dates", start=start, end=end), w("relaxations.schools", where=where(w, r.where))]
    if r.indicator:
        added = w.listed(w.figure(columns()[c]) for c in r.add)
        lines.append(w("relaxations.adds", indicator=w.figure(catalogue()[r.indicator]), columns=added))
    return lines


def instead(w: Words, s: Standard, r: Relaxation) -> list[str]:
    """Return the conditions that replace those of an item one by one, each for the units of the one it replaces."""
    strict = [c for item in s.items if item.id == r.item for c in item.conditions]
    easier = [evolve(c, where=c.where or old.where) for c, old in zip(r.conditions, strict, strict=False)]
    lines = [f"- {w('relaxations.instead', item=r.item)}"] if r.item else []
    return lines + ["  " + line for c in easier for line in condition_lines(w, c)]


def doubt_lines(w: Words, s: Standard) -> list[str]:
    """Return the units of which no source says whether some items are about them."""
    lines = [f"## {w('doubts.title')}", ""] if s.doubts else []
    for d in s.doubts:
        title = f"**{w.of(d.label)}**<br>{w('doubts.decision', also=also(w, d), decision=d.decision)}"
        said = [
            w("doubts.schools", where=where(w, d.where)),
            w("doubts.items", items=w.listed(f"`{i}`" for i in d.items)),
            w("doubts.choices"),
        ]
        lines += card([title, "", *(f"- {x}" for x in said), "", *foot(w, s, d)])
    return lines
