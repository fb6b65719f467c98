"""The page of all facts about a county, by what asks for them."""

from itertools import chain

from bilingual import Words

from catalogue.markdown import part_name, shipped, table
from catalogue.standards import items_by_part
from junheng.facts import Fact, fact_columns
from junheng.standards.rules import Comparison, Item

#: The national evaluations come first, the newer one before the older.
FIRST = ("cn-quality-balance-2017", "cn-basic-balance-2012")


def facts_page(w: Words) -> str:
    """Return the page."""
    groups, asked = groups_of_facts(w)
    keys = [f for f in fact_columns().values() if f.type == "key"]
    rest = [f for f, known in fact_columns().items() if f not in asked and known.type != "key"]
    if rest:
        groups[w("facts.rest")] = rest
    lines = [
        f"# {w('facts.title')}",
        "",
        w("facts.about", n=len(fact_columns()) - len(keys)),
        "",
        w("facts.order"),
        "",
        w("facts.keys", keys=w.listed(w("form.id", label=w.of(f), id=f.id) for f in keys)),
        "",
    ]
    for title, names in groups.items():
        rows = [fact_row(w, fact_columns()[name], asked.get(name, [])) for name in names]
        lines += [f"## {title}", "", table(w.head("fact", "unit"), rows)]
    return "\n".join(lines)


def groups_of_facts(w: Words) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the facts under each heading, and the items that ask for each fact as links."""
    order = {id_: i for i, id_ in enumerate(FIRST)}
    groups: dict[str, list[str]] = {}
    asked: dict[str, list[str]] = {}
    for s in sorted(shipped(), key=lambda s: (order.get(s.id, len(order)), s.id)):
        for item in chain.from_iterable(items_by_part(s).values()):
            if item.origin != s.id:
                continue
            group = w("facts.group", standard=w.of(s.label), part=part_name(w, item.part))
            for name in facts_of(item):
                if name not in asked:
                    groups.setdefault(group, []).append(name)
                # the heading names the first standard that asks
                here = name in groups.get(group, ())
                label = w.of(item.label)
                whose = label if here else w("facts.item_of", standard=s.id, item=label)
                link = f"[{whose}]({s.id}.md)"
                asked.setdefault(name, []).extend([] if link in asked.get(name, ()) else [link])
    return groups, asked


def fact_row(w: Words, fact: Fact, asked: list[str]) -> list[str]:
    """Return what a fact is and who asks for it, and its unit."""
    unit = w("facts.flag") if fact.type == "flag" else w("facts.share") if fact.unit == "1" else w.unit(fact.unit)
    if fact.most is not None and fact.most != 1:
        unit = w("facts.most", unit=unit, most=f"{fact.most:g}")
    what = [w.named(fact, fact.id)]
    what += [w("facts.part_of", whole=fact.part_of)] if fact.part_of else []
    what += [w("facts.asked_by", whom=w("form.semicolon").join(asked))] if asked else []
    return ["<br>".join(what), unit]


def facts_of(item: Item) -> list[str]:
    """Return the facts that the conditions and the hints of an item name."""
    found: list[str] = []
    for c in item.conditions:
        found += [f for t in c.tests for f in compared(t)]
        found += [c.chosen_by] if c.chosen_by is not None else []
        found += c.unless_no
    found += [f for h in item.hints for f in compared(h.test)]
    return list(dict.fromkeys(found))


def compared(t: Comparison) -> list[str]:
    """Return the facts that a comparison names."""
    found = [] if t.norm is None else [t.norm.primary, t.norm.junior]
    if t.scope == "county":
        found += [*t.top, *t.top_minus, *t.bottom, *t.bottom_minus, *t.than]
    return found
