"""Thresholds of schools, limits of coefficients, and which units count."""

from decimal import Decimal
from typing import Any

from bilingual import Words, plain

from catalogue.conditions import where
from catalogue.markdown import Notes, after, badge, source_of, table
from junheng._data import STAGES
from junheng.indicators import catalogue
from junheng.schools import columns
from junheng.standards.model import Inclusion, Limit, Printing, SchoolRule, Standard, Threshold
from junheng.words import SIGNS

#: Thresholds of one stage for the same sizes, with the same rule between them.
Sized = tuple[str, tuple[int, ...], str]
#: More indicators than these do not fit into a heading.
_NAMED = 3


def threshold_lines(w: Words, s: Standard, notes: Notes) -> list[str]:
    """Return what every school must have."""
    lines = [f"## {w('thresholds.title')}", ""]
    if not s.thresholds:
        return [*lines, w("thresholds.none"), ""]
    if s.school_rule is not None:
        lines += [school_rule(w, s.school_rule, notes), ""]
    flat: dict[str, dict[str, Threshold]] = {}
    sized: dict[Sized, list[Threshold]] = {}
    for entry in s.thresholds:
        t = s.threshold(entry.indicator, stage=entry.stage)  # with its floor
        if t.classes:
            sized.setdefault((t.stage, t.classes, t.between), []).append(t)
        else:
            flat.setdefault(t.indicator, {})[t.stage] = t
    lines += [flat_table(w, flat, notes)] if flat else []
    # where a stage has several tables, a heading names what they are about, if that is not much
    order = sorted(sized.items(), key=lambda pair: STAGES.index(pair[0][0]))
    for key, thresholds in order:
        alone = sum(stage == key[0] for stage, *_ in sized) == 1
        lines += sized_table(w, key, thresholds, notes, named=not alone and len(thresholds) <= _NAMED)
    return lines


def school_rule(w: Words, rule: SchoolRule, notes: Notes) -> str:
    """Say when a school complies."""
    said = w("thresholds.all")
    if rule.kind == "at_least":
        floor = rule.floor_ratio
        key = "at_least" if floor is None else "at_least_floor"
        said = w(f"thresholds.{key}", k=rule.k, floor="" if floor is None else w.percent(floor))
    return after(w, said, known(w, rule, notes))


def known(w: Words, rule: SchoolRule | Printing, notes: Notes) -> str:
    """Return where a rule was read, how well it is known, and the mark of its note."""
    return after(w, f"{source_of(w, rule)} {badge(w, rule.standing)}", notes.number(rule.note))


def flat_table(w: Words, flat: dict[str, dict[str, Threshold]], notes: Notes) -> str:
    """Return the thresholds that are one number."""
    rows = []
    for id_, by_stage in flat.items():
        indicator = catalogue()[id_]
        cells = [value(w, by_stage.get(stage)) for stage in STAGES]
        cited = common([notes.cited(t) for t in by_stage.values()])
        rows.append([w.named(indicator, id_), *cells, w.unit(indicator.unit), *cited])
    head = [*w.head("indicator"), *map(w.stage, STAGES), *w.head("unit", "where_from", "standing")]
    return table(head, rows)


def value(w: Words, t: Threshold | None) -> str:
    """Return a threshold, its numbers for some schools, and its floor."""
    if t is None:
        return "—"
    lines = [f"{SIGNS[t.op]} {t.value}"]
    lines += [w("thresholds.instead", required=f"{SIGNS[t.op]} {o.value}", where=where(w, o.where)) for o in t.instead]
    return "<br>".join(lines + ([w("thresholds.floor", n=plain(t.floor))] if t.floor is not None else []))


def common(cells: list[list[str]]) -> list[str]:
    """Return what the stages have in common once, and what differs one below the other."""
    return ["<br>".join(dict.fromkeys(column)) for column in zip(*cells, strict=True)]


def sized_table(w: Words, key: Sized, thresholds: list[Threshold], notes: Notes, *, named: bool) -> list[str]:
    """Return the thresholds by number of classes."""
    stage, sizes, between = key
    rows = []
    # there are many sizes: what else is said takes no more room than it must
    others = [outside(w, t) for t in thresholds]
    other = any(text != "—" for text in others)
    for t, beyond in zip(thresholds, others, strict=True):
        i = catalogue()[t.indicator]
        name = w.named(Labels(w("form.unit", label=w.of(i), unit=w.unit(i.unit)), i.zh), t.indicator)
        rows.append([name, *numbers(t), *([beyond] if other else []), "<br>".join(notes.cited(t))])
    head = [*w.head("indicator"), *map(str, sizes), *w.head(*(["other_sizes"] if other else []), "cited")]
    title = w("thresholds.by_size", stage=w.stage(stage))
    if named:
        about = w.listed(w.within(catalogue()[t.indicator]) for t in thresholds)
        title = w("thresholds.by_size_of", stage=w.stage(stage), indicators=about)
    return [
        f"### {title}",
        "",
        after(w, w("thresholds.by_size_about"), w(f"between.{between}")),
        "",
        table(head, rows, kind="sized"),
    ]


def numbers(t: Threshold) -> list[str]:
    """Return the number for each size; where several rows are printed, all of them."""
    rows: list[tuple[Decimal, ...]] = [t.values, *t.readings]
    both = [" / ".join(dict.fromkeys(map(str, column))) for column in zip(*rows, strict=True)]
    return [v if t.op == ">=" else f"{SIGNS[t.op]} {v}" for v in both]


def outside(w: Words, t: Threshold) -> str:
    """Say what holds for sizes that the table does not have."""
    said = []
    for rule, side, n in ((t.below, "fewer", t.classes[0]), (t.above, "more", t.classes[-1])):
        said += [w(f"thresholds.{side}", n=n)] if rule == "end" else []
        said += [w(f"thresholds.lost_{side}")] if rule == "some" else []
    return "<br>".join(said) or "—"


class Labels:
    """Labels of a thing that has none of its own."""

    def __init__(self, own: str, zh: str) -> None:
        self.en, self.zh = own, zh


def limit_lines(w: Words, s: Standard, notes: Notes) -> list[str]:
    """Return the largest difference coefficients allowed."""
    lines = [f"## {w('limits.title')}", ""]
    if not s.limits:
        return [*lines, w("limits.none"), ""]
    found: dict[str, dict[str, Limit]] = {}
    for x in s.limits:
        found.setdefault(x.kind, {})[x.stage] = x
    rows = []
    for kind, by_stage in found.items():
        cells = [f"{SIGNS[x.op]} {x.value}" if (x := by_stage.get(stage)) else "—" for stage in STAGES]
        rows.append([f"**{w(f'limits.{kind}')}**", *cells, *common([notes.cited(x) for x in by_stage.values()])])
    lines.append(table([*w.head("limit"), *map(w.stage, STAGES), *w.head("where_from", "standing")], rows))
    if "composite" in found:
        members = [f"- {w('form.id', label=w.of(catalogue()[i]), id=i)}" for i in s.indicators]
        lines += [w("limits.mean_over"), "", *members, ""]
    return lines


def unit_lines(w: Words, s: Standard, notes: Notes) -> list[str]:
    """Return what schools with several stages divide, which units do not count, and the decimals of the forms."""
    lines = split_lines(w, s, notes) if s.split is not None else []
    if s.inclusion:
        rows = [[unit(w, rule), treated(w, s, rule), *notes.cited(rule)] for rule in s.inclusion]
        head = w.head("counted_unit", "treated", "where_from", "standing")
        lines += [f"## {w('units.title')}", "", table(head, rows, kind="wide units")]
    if (p := s.printing) is not None:
        decimals = {"school_value": p.school_value, "county_mean": p.county_mean, "coefficient": p.coefficient}
        said = after(w, w("units.decimals", **decimals), known(w, p, notes))
        lines += [f"## {w('units.printing')}", "", said, ""]
    return lines


def split_lines(w: Words, s: Standard, notes: Notes) -> list[str]:
    """Return what is divided between the stages of a school, and how."""
    assert s.split is not None
    stages = (*STAGES, "senior")
    rows = [
        [w.category("kind", weights.kind), *(str(weights.weight(stage) or "—") for stage in stages)]
        for weights in s.split.weights
    ]
    divided = w.listed(w("form.id", label=w.of(columns()[r]), id=r) for r in s.split.resources)
    return [
        f"## {w('units.split')}",
        "",
        w("units.split_about", columns=divided),
        "",
        table([*w.head("kind"), *map(w.stage, stages)], rows),
        " ".join(notes.cited(s.split)),
        "",
    ]


def unit(w: Words, rule: Inclusion) -> str:
    """Name the units a rule is about."""
    given: list[tuple[str, Any]] = [("kind", rule.kind), ("ownership", rule.ownership)]
    given += [("owner_type", owner) for owner in rule.owner_types]
    named = w.listed(w.category(column, name) for column, name in given if name)
    return w("units.below", unit=named, n=rule.students_below) if rule.students_below else named


def treated(w: Words, s: Standard, rule: Inclusion) -> str:
    """Say whether units count, or who must say so; what items ask of them alone they are judged by."""
    own = [i.id for i in s.items for c in i.conditions if c.where is not None and rule.kind in c.where.kinds]
    if rule.decision == "out" and rule.answer is None and own:
        return w("units.out_but_items", items=w.listed(f"`{i}`" for i in dict.fromkeys(own)))
    if rule.decision == "out":
        return w("units.out" if rule.answer is None else f"units.out_{rule.answer}")
    return w("units.ask", column=rule.answer or "included")
