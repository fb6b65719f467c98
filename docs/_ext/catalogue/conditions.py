"""What a standard requires, in words: conditions, the figures they compare, and the schools they are about."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from bilingual import Words, plain

from catalogue.markdown import badge
from junheng.facts import Fact, fact_columns
from junheng.schools import Column, category_words, columns, is_grade
from junheng.standards.rules import Comparison, Condition
from junheng.standards.sizes import SizeTable
from junheng.standards.terms import Filter
from junheng.words import SIGNS, word


def condition_lines(w: Words, c: Condition, *, scored: bool = False) -> list[str]:
    """Return a condition as a list."""
    lines = [w("conditions.scoped", scope=w(f"scope.{c.scope}"), test=reads(w, c, scored=scored))]
    more = [another_reading(w, r) for r in c.readings]
    more += [w("conditions.readings")] if c.readings else []
    for y in c.yardsticks:
        tests = f"{w('form.semicolon').rstrip()}<br>".join(reads(w, t) for t in y.tests)
        why = w("conditions.yardstick_why", clause=w.note(y.clause), standing=badge(w, y.standing))
        why += w("form.semicolon") + w.note(y.note) if y.note else ""
        if y.where is None:
            more.append(w("conditions.yardstick", tests=tests, why=why))
        else:
            more.append(w("conditions.yardstick_where", where=where(w, y.where), tests=tests, why=why))
    more += [w("conditions.yardsticks")] if c.yardsticks else []
    more += [w("conditions.same_as", test=reads(w, t)) for t in c.same_as]
    more += [w("conditions.breach")] if c.breach else []
    more += [w("conditions.unless_no", facts=w.listed(f"`{f}`" for f in c.unless_no))] if c.unless_no else []
    return [f"- {line}" for line in lines] + [f"  - {line}" for line in more]


def another_reading(w: Words, t: Comparison) -> str:
    """Return what a condition requires by another reading of the sources, which may be nothing."""
    if t.op == ">=" and t.value == 0:
        figures = quotient(t, lambda f: w.of(figure(t, f)), w)
        return w("conditions.reading_nothing", figures=f"{figures}<br>`{in_ids(t)}`")
    return w("conditions.reading", test=reads(w, t))


def reads(w: Words, t: Comparison, *, scored: bool = False) -> str:
    """Return a test in words: the figures, the comparison and the number; below it the same in ids."""
    said = quotient(t, lambda f: w.of(figure(t, f)), w)
    lines = [said if scored else f"{said} {required(w, t)}", f"`{in_ids(t)}`"]
    lines += [w("conditions.where", where=where(w, t.where))] if t.where is not None else []
    lines += [w("conditions.qualifier", text=w.note(t.qualifier))] if t.qualifier else []
    return "<br>".join(lines)


def figure(t: Comparison, name: str) -> Fact | Column:
    """Return the fact or the column that a comparison names."""
    return fact_columns()[name] if t.scope == "county" else columns()[name]


def quotient(t: Comparison, say: Callable[[str], str], w: Words) -> str:
    """Return the figures that are compared, in words."""
    return spelled(t, say, (w("form.plus"), w("form.minus"), " ÷ "), lambda text: w("form.group", text=text))


def in_ids(t: Comparison) -> str:
    """Return the figures that are compared as the file has them."""
    than = f" {t.op} {' + '.join(t.than)}" if t.than else ""
    if t.norm is not None:
        than = f" {t.op} {t.norm.times} * ({t.norm.primary}, {t.norm.junior})"
    return spelled(t, str, (" + ", " - ", " / "), lambda text: f"({text})") + than


def spelled(t: Comparison, say: Callable[[str], str], signs: tuple[str, str, str], group: Callable[[str], str]) -> str:
    """Return the figures that are compared with given signs; sums in a quotient are grouped."""
    plus, minus, over = signs

    def side(names: Sequence[str], less: Sequence[str], *, alone: bool) -> str:
        text = plus.join(map(say, names)) + "".join(f"{minus}{say(f)}" for f in less)
        return text if alone or len(names) + len(less) < 2 else group(text)

    top = side(t.top, t.top_minus, alone=not t.bottom)
    return f"{top}{over}{side(t.bottom, t.bottom_minus, alone=False)}" if t.bottom else top


def required(w: Words, t: Comparison) -> str:
    """Return the sign and the number, or where the number comes from."""
    if is_answer(t):
        return w("form.yes") if t.value == 1 else w("form.no")
    if t.value is not None and is_grade(t.top[0]):
        return f"= {w('conditions.or').join(grades(w, t))}"
    return f"{SIGNS[t.op]} {requirement(w, t)}"


def is_answer(t: Comparison) -> bool:
    """Tell whether a comparison asks the county or a school for a yes or a no; a sum or a share counts them."""
    one = t.scope in ("county", "school", "section") and len(t.top) == 1 and not t.bottom
    return one and t.value is not None and figure(t, t.top[0]).type == "flag"


def grades(w: Words, t: Comparison) -> list[str]:
    """Return the grades that satisfy a comparison, from the best; the worst one counts 0, the next 1 and so on."""
    assert t.op == ">=" and t.value is not None
    best_first = category_words(t.top[0])
    wanted = best_first[: len(best_first) - int(t.value)]
    return [w.with_chinese(w.label("grade", grade), str(word("grade", grade, "zh"))) for grade in wanted]


def requirement(w: Words, t: Comparison) -> str:
    """Return the number, or where the number comes from; what comes first in the file's grammar is taken first."""
    plus = w("form.plus")
    if isinstance(t, Condition) and t.one_of:
        numbers = w("conditions.or").join(w.percent(v) for v in t.one_of)
        return w("conditions.one_of", numbers=numbers, fact=t.chosen_by)
    if t.than:
        return plus.join(w.of(figure(t, f)) for f in t.than)
    if t.per_classes is not None:
        return w("conditions.per_classes" if t.begun else "conditions.per_full_classes", n=t.per_classes)
    if t.by_size:
        unit = w.unit(figure(t, t.top[0]).unit)
        return plus.join(size_table(w, table, unit) for table in t.by_size)
    if t.norm is not None:
        norms = (w.within(fact_columns()[f]) for f in (t.norm.primary, t.norm.junior))
        return w("conditions.norm", times=t.norm.times, norms=w.listed(norms))
    if t.dated:
        steps = ((amount(w, t, d.value), d.effective_from, badge(w, d.standing)) for d in t.dated)
        return w.listed(w("conditions.dated", value=v, start=start, standing=b) for v, start, b in steps)
    if t.value is None:
        each = (("primary", t.primary), ("junior", t.junior))
        return by_stage(w, ((s, amount(w, t, v)) for s, v in each if v is not None))
    return amount(w, t, t.value)


def by_stage(w: Words, values: Iterable[tuple[str, str]]) -> str:
    """Return a value for each stage."""
    return w.listed(w("form.stage", label=value, stage=w.label("stage", stage)) for stage, value in values)


def amount(w: Words, t: Comparison, required: Decimal) -> str:
    """Return a number that a comparison requires with its unit; shares also in per cent."""
    number, unit = plain(required), figure(t, t.top[0]).unit
    if t.bottom and (unit == figure(t, t.bottom[0]).unit or t.bottom == ("schools",)):
        return w("conditions.share", value=number, percent=w.percent(required))
    # a level is a level by its label
    return number if unit in (None, "1", "level") else f"{number} {w.unit(unit)}"


def size_table(w: Words, t: SizeTable, unit: str) -> str:
    """Return a requirement by number of classes, in a unit."""
    pairs = w("form.semicolon").join(
        w("by_size.pair", classes=n, value=plain(v)) for n, v in zip(t.classes, t.values, strict=True)
    )
    said = [(side, getattr(t, side)) for side in ("between", "below", "above")]
    rules = w("form.semicolon").join(w(f"by_size.{side}", rule=w(f"by_size.{rule}")) for side, rule in said)
    stage = "" if t.stage is None else w.label("stage", t.stage)
    key = ("stage" if stage else "all") + ("_per_student" if t.per_student else "")
    return w(f"by_size.{key}", stage=stage, unit=unit, pairs=pairs, rules=rules)


#: Conditions on the size and the age of a school, by their fields.
SIZES = ("students_from", "students_below", "classes_below", "largest_class_below", "built_by")
#: Conditions that name words of a column: field, column.
CATEGORIES = (("kinds", "kind"), ("not_kinds", "kind"), ("stages", "stage"), ("area_types", "area_type"))


def where(w: Words, f: Filter) -> str:
    """Return which schools a test is about."""
    said = [
        w(f"filter.{field}", words=w.either(w.category(column, i) for i in ids))
        for field, column in CATEGORIES
        if (ids := getattr(f, field))
    ]
    if f.ownership:
        said.append(w("filter.ownership", words=w.category("ownership", f.ownership)))
    said += [w(f"filter.{field}", n=n) for field in SIZES if (n := getattr(f, field)) is not None]
    if f.migrant_share_over is not None:
        said.append(w("filter.migrant_share_over", share=w.percent(f.migrant_share_over)))
    said += [w("filter.flag", label=w.within(columns()[c]), id=c) for c in f.flags]
    said += [w("filter.not_flag", label=w.within(columns()[c]), id=c) for c in f.not_flags]
    return w("form.semicolon").join(said)
