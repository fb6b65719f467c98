"""The columns and county facts that a standard and its declaration form ask for, and what each is for (private)."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field

from junheng.facts import fact_columns
from junheng.indicators import catalogue
from junheng.reports.declarations.fill import form_asks
from junheng.schools import columns
from junheng.schools.areas import AREAS
from junheng.schools.needs import comparison_columns, filter_columns, needed_columns
from junheng.standards import Standard
from junheng.standards.model import ANSWERS, Comparison, Condition, Inclusion, Item
from junheng.words import Language, Message, message

#: Columns that identify a row; every standard requires them.
KEYS = ("county", "school", "kind", "stage")
#: Columns that every standard may use: a second key, and what a county may want to say of a school.
_EXTRA = ("county_code", "school_code", "year", "ownership", "area_type", "included", "resources_cover")


@define(eq=False)
class Asked:
    """The columns or facts asked for, in the order of the template; with each, what it is for."""

    language: Language
    needed: dict[str, list[str]] = field(factory=dict)
    optional: dict[str, list[str]] = field(factory=dict)

    def add(self, names: Iterable[str], purpose: Message | str | None = None, *, needed: bool = True) -> None:
        """Ask for columns or facts; one that is required for one purpose is required."""
        text = purpose.text(self.language) if isinstance(purpose, Message) else purpose
        for name in names:
            purposes = self.needed.get(name) or self.optional.pop(name, [])
            if needed or name in self.needed:
                self.needed[name] = purposes
            else:
                self.optional[name] = purposes
            if text is not None and text not in purposes:
                purposes.append(text)

    @property
    def purposes(self) -> dict[str, list[str]]:
        """What each column or fact is for, the required ones first."""
        return self.needed | self.optional


# ------------------------------------------------------------------------------------------- county facts


def asked_facts(std: Standard, language: Language) -> Asked:
    """Return the county facts that items and the declaration form ask for."""
    asked = Asked(language)
    for item in std.items:
        label = getattr(item.label, language)
        for condition in item.conditions:
            asked.add(_facts_of(condition), label)
    for item in std.items:
        for hint in item.hints:
            asked.add(_figures(hint.test), message("forms.template.plausibility", item=getattr(item.label, language)))
    asked.add(form_asks(std)[1], message("forms.template.for_form"))
    return asked


def items_of_schools(std: Standard) -> list[Item]:
    """Return the items of the declaration form that only figures of schools decide; documents prove them too."""
    rules = ("conditions", "scored")
    printed = [item for item in std.items if item.rule in rules] if form_asks(std)[1] else []
    return [item for item in printed if not any(f for c in item.conditions for f in _facts_of(c))]


def _facts_of(condition: Condition) -> Iterable[str]:
    known = fact_columns()
    for test in condition.tests:
        if test.norm is not None:
            yield from (test.norm.primary, test.norm.junior)
        if test.scope == "county":
            yield from (f for f in _figures(test) if f in known)
    yield from condition.unless_no
    if condition.chosen_by is not None:
        yield condition.chosen_by


def _figures(test: Comparison) -> tuple[str, ...]:
    return (*test.top, *test.top_minus, *test.bottom, *test.bottom_minus, *test.than)


def choices_of_facts(std: Standard) -> dict[str, list[str]]:
    """Return the numbers among which a fact must be, by fact."""
    conditions = (c for item in std.items for c in item.conditions)
    return {c.chosen_by: [f"{v.normalize():f}" for v in c.one_of] for c in conditions if c.chosen_by is not None}


def facts_asked(std: Standard) -> list[str]:
    """Return the county facts that a standard and its declaration form ask for."""
    return list(asked_facts(std, "en").purposes)


# ------------------------------------------------------------------------------------------- columns of schools


def asked_columns(std: Standard, language: Language) -> Asked:
    """Return the columns of schools that the rules of a standard and its declaration form read."""
    asked = Asked(language)
    asked.add(KEYS)
    for item in std.items:
        if any(test.dated for condition in item.conditions for test in condition.tests):
            asked.add(["year"], getattr(item.label, language))
    asked.add(needed_columns(std))
    for id_ in std.indicators:
        asked.add(catalogue()[id_].columns, getattr(catalogue()[id_], language))
    _add_thresholds(asked, std)
    asked.add((c for rule in std.inclusion for c in _columns_of_inclusion(rule, std)), message("forms.template.counts"))
    _add_items(asked, std)
    asked.add(form_asks(std)[0], message("forms.template.for_form"))
    _add_relaxations(asked, std)
    _add_extras(asked, std)
    # the number of schools is counted, not asked for
    for counted in (column.id for column in columns().values() if column.type == "count"):
        asked.needed.pop(counted, None)
        asked.optional.pop(counted, None)
    return asked


def _add_thresholds(asked: Asked, std: Standard) -> None:
    """Ask for the columns that decide which threshold a school has."""
    for threshold in std.thresholds:
        label = getattr(catalogue()[threshold.indicator], asked.language)
        asked.add(["classes"] if threshold.classes else [], label)
        for other in threshold.instead:
            asked.add(filter_columns(other.where), label)


def _add_relaxations(asked: Asked, std: Standard) -> None:
    """Ask for the columns of relaxations, which nobody has to use."""
    for relaxation in std.relaxations:
        label = message("forms.template.relaxation", label=getattr(relaxation.label, asked.language))
        tests = [t for condition in relaxation.conditions for t in condition.tests]
        columns_of_tests = [c for t in tests for c in comparison_columns(t)]
        asked.add((*relaxation.add, *columns_of_tests, *filter_columns(relaxation.where)), label, needed=False)


def _add_items(asked: Asked, std: Standard) -> None:
    """Ask for the columns that items read; those of an equivalent figure are optional."""
    for item in std.items:
        label = getattr(item.label, asked.language)
        for condition in item.conditions:
            for test in condition.tests:
                asked.add(comparison_columns(test), label, needed=test not in condition.same_as)
        for doubt in std.doubts:
            asked.add(filter_columns(doubt.where) if item.id in doubt.items else (), label)


def _columns_of_inclusion(rule: Inclusion, std: Standard) -> Iterable[str]:
    """Return the columns that decide whether a unit counts, and those of the answer if the standard asks."""
    if rule.ownership is not None:
        yield "ownership"
    if rule.owner_types:
        yield "owner_type"
    if rule.decision == "ask":
        yield from ([rule.answer] if rule.answer is not None else ANSWERS if std.two_answers else ["included"])


def _add_extras(asked: Asked, std: Standard) -> None:
    known = columns()
    # what stages share is divided by all their students
    shares = any(known[name].shared for name in asked.purposes if name in known)
    seniors = ["students_senior"] if shares else []
    asked.add([*_EXTRA, *(ANSWERS if std.two_answers else ()), *seniors], needed=False)
    for area, plus, minus in AREAS:
        if area in asked.needed:
            asked.add((*plus, *minus), message("forms.template.works_out", area=_label(area, asked)), needed=False)


def _label(column: str, asked: Asked) -> str:
    return str(getattr(columns()[column], asked.language))


def columns_asked(std: Standard) -> tuple[list[str], list[str]]:
    """Return the columns that a standard and its declaration form require, and the optional ones."""
    asked = asked_columns(std, "en")
    return list(asked.needed), list(asked.optional)
