"""Reading a header: the canonical column, the unit, and remarks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

from attrs import evolve, frozen

from junheng.errors import InputError, Problem, ProblemCode, Severity, did_you_mean
from junheng.schools.areas import is_unclear, meant_by
from junheng.schools.header_names import named
from junheng.schools.remarks import BLANK, UNIT_IN_SIGHT, flat, is_plain_remark, said_beside, unit_in
from junheng.schools.vocabulary import Column, Factor, base_column, columns, fold, unit_factor, units_of
from junheng.words import Message, Name, Quoted, message

__all__ = [
    "UNIT_IN_SIGHT",
    "Found",
    "Understood",
    "meaning",
    "missing_in_mapping",
    "nearest",
    "nearest_columns",
    "recognise",
    "resolve_mapping",
    "understand",
    "unit_above",
]

#: Marks of footnotes; removed before ① is folded to 1.
_MARKS = re.compile(r"[*＊※★▲△#†‡①-⑳⑴-⒇⒈-⒛❶-❿]+|[:：]\s*$")
_NUMBERING = re.compile(
    r"^(其\s*中\s*[:：、]?|[(（【〔［\[][0-9０-９一二三四五六七八九十]{1,2}[)）】〕］\]]|[①-⑳⑴-⒇㈠-㈩]|[0-9０-９]{1,2}[.、．](?![0-9０-９])|"
    r"[一二三四五六七八九十]{1,2}[、.．])\s*"
)


@frozen(kw_only=True)
class Found:
    """The canonical column of a header, the unit it names, and remarks that were ignored."""

    column: str
    unit: str | None = None
    remarks: tuple[str, ...] = ()


#: A longer header is a sentence, not a header.
_LONGEST = 400


@lru_cache(8192)  # bounded: headers come from files of any kind
def recognise(header: str) -> Found | None:
    """Return the meaning of a header, None if it is unknown."""
    if base_column(header) is not None:
        return Found(column=header)
    bare = str(header)
    if len(bare) > _LONGEST:
        return None
    for _ in range(4):
        found = _recognise_bare(bare)
        if found is not None:
            return found
        peeled = _MARKS.sub("", _NUMBERING.sub("", bare))
        if peeled == bare:
            return None
        bare = peeled
    return None


def _folded(header: str) -> str:
    """Return a header half-width, blanks between words as bars, each bracket with its other half.

    A blank separates a unit from a remark, or a name from a unit.
    """
    bare = fold(BLANK.sub("|", header.strip()))
    opened = bare.count("(") - bare.count(")")
    return bare + ")" * opened if opened > 0 else bare[:opened] if opened < 0 and bare.endswith(")" * -opened) else bare


def _recognise_bare(header: str) -> Found | None:
    bare, brackets = _folded(header), list[str]()
    while True:
        # brackets may be part of the name ("不含室内体育用房"), or contain the unit, the stage or a remark
        name = named(bare.replace("|", ""))
        if name is not None:
            return _with_brackets(name, bare, brackets)
        before, inside = _split_bracket(bare)
        if inside is None:
            break
        brackets.append(inside.strip("|"))
        bare = _MARKS.sub("", before).rstrip("|")
    return _said_behind(bare, brackets) or _bracket_before(bare, brackets)


def _split_bracket(folded: str) -> tuple[str, str | None]:
    """Split a header into what stands before the last pair of brackets and their content; None if it ends otherwise."""
    if not folded.endswith(")"):
        return folded, None
    depth = 0
    for at in range(len(folded) - 1, 0, -1):
        depth += (folded[at] == ")") - (folded[at] == "(")
        if depth == 0:
            return folded[:at], folded[at + 1 : -1]
    return folded, None


def _said_behind(bare: str, brackets: Sequence[str]) -> Found | None:
    """Read a header with its unit or a plain remark behind it: 教学仪器设备值/万元, 学校名称 全称."""
    for at in range(len(bare) - 1, 0, -1):
        name = None if bare[at - 1] == "|" else named(bare[:at].replace("|", ""))
        base = None if name is None else base_column(name)
        if name is None or base is None:
            continue
        rest = _JOIN.sub("|", flat(bare[at:]))
        number, separated = base[0].type == "number", _BEHIND_A_NAME.match(rest) is not None
        # without a separator one character may be the rest of a word: 图书册
        joined = number and len(rest) > 1 and rest in units_of(base[0].unit)
        if not (joined or separated):
            return None
        said = said_beside(name, bare[:at], rest)
        plain = said.unit is not None if number else is_plain_remark(base[0], rest)
        if said.other or said.odd or said.stage or not plain:
            return None
        return _with_brackets(name, bare[:at], [*brackets, rest])
    return None


_JOIN = re.compile(r"^[_=~—-]+")
_BEHIND_A_NAME = re.compile(r"[|/:,、;\\]|(?:计量|金额)?单位")


def _bracket_before(bare: str, brackets: Sequence[str]) -> Found | None:
    """Read a header with its unit or a remark in front of it: 【必填】学校名称."""
    inside, closed, rest = bare.removeprefix("(").partition(")")
    name = named(rest.replace("|", "")) if bare.startswith("(") and closed else None
    base = None if name is None else base_column(name)
    if name is None or base is None or _ORDINAL.fullmatch(inside):
        return None
    found = _with_brackets(name, rest, [*brackets, inside])
    return found if found is None or found.unit is None or found.unit in units_of(base[0].unit) else None


_ORDINAL = re.compile(r"[0-9一二三四五六七八九十]{1,3}")


def _with_brackets(name: str, bare: str, brackets: Sequence[str]) -> Found | None:
    """Return what a name means with the brackets behind it; None if they make it another figure."""
    unit: str | None = None
    odd: str | None = None
    remarks: list[str] = []
    for bracket in brackets:
        base, said = base_column(name), said_beside(name, bare, bracket)
        if said.other or base is None:
            return None
        if said.stage is not None:
            if base_column(f"{name}_{said.stage}") is None or base[1] is not None:
                return None
            name = f"{name}_{said.stage}"
        if said.unit is not None and unit is not None and not _agree(base[0], said.unit, unit):
            odd = f"{said.unit}/{unit}"
        odd, unit = odd or said.odd, unit or said.unit
        remarks += said.remarks
    return Found(column=name, unit=odd or unit, remarks=tuple(remarks))


def _agree(column: Column, unit: str, other: str) -> bool:
    """Return whether two units of a column are the same."""
    known = units_of(column.unit)
    return known.get(unit) == known.get(other)


def unit_above(found: Found, headings: Iterable[str]) -> Found:
    """Return the meaning of a header with the unit that headings above it give: 占地面积(亩) over 运动场地面积.

    A unit of its own goes before. Headings that disagree, or that cannot be read, make an unknown unit.
    """
    base = base_column(found.column)
    if base is None or base[0].type != "number" or found.unit is not None:
        return found
    said = [s for heading in headings if (s := unit_in(base[0], heading)).unit or s.odd]
    odd = [s.odd for s in said if s.odd]
    units = {units_of(base[0].unit)[s.unit]: s.unit for s in said if s.unit}
    if not said:
        return found
    return evolve(found, unit=odd[0] if odd else "/".join(units.values()))


def meaning(header: str) -> tuple[str, str | None] | None:
    """Return the canonical name and the unit a header carries, None if it is unknown."""
    found = recognise(header)
    return None if found is None else (found.column, found.unit)


def _unit_factor(column: Column, unit: str) -> Factor | None:
    """Return the factor from a unit to that of the column as a fraction, None if it is unknown."""
    return None if column.unit is None else unit_factor(column.unit, unit)


@frozen(kw_only=True)
class Understood:
    """How a header is used: its column, None if it is unknown, and the factor for its figures."""

    header: str
    column: str | None = None
    unit: str | None = None
    factor: Factor = (1, 1)


def understand(
    names: Sequence[str], mapping: Mapping[str, str] | None, known: Sequence[Found | None] | None = None
) -> tuple[list[Understood], list[Problem]]:
    """Return how each header is used, and problems; ``known`` replaces what the words of a header say."""
    chosen = resolve_mapping(mapping)
    problems = [missing_in_mapping(header, names) for header in sorted(set(chosen) - set(names))]
    founds = [recognise(h) for h in names] if known is None else list(known)
    taken = {f.column for f in chosen.values()}
    means = taken | {f.column for h, f in zip(names, founds, strict=True) if f is not None and h not in chosen}
    out: list[Understood] = []
    for header, found in zip(names, founds, strict=True):
        more: list[Problem] = []
        if header in chosen:
            understood, more = _as_mapped(header, chosen[header])
        elif found is None or found.column in taken:
            # the mapping gives its column to another header
            understood = Understood(header=header)
        else:
            understood, more = _as_found(header, found, means)
        out.append(understood)
        problems += more
    return out, problems + _same_column_twice(out)


def resolve_mapping(mapping: Mapping[str, str] | None) -> dict[str, Found]:
    """Return what a mapping gives each header: a canonical column, or a known header of one, such as 小学在校生数.

    A name that is not known is returned as it is.
    """
    if mapping is None:
        return {}
    if not isinstance(mapping, Mapping) or not all(isinstance(text, str) for pair in mapping.items() for text in pair):
        raise InputError(message("schools.mapping_of_texts", mapping=Quoted(mapping)))
    return {header: recognise(column) or Found(column=column) for header, column in mapping.items()}


def _as_mapped(header: str, given: Found) -> tuple[Understood, list[Problem]]:
    """Use a header as the mapping says; a unit in it, or in what the mapping says, still applies."""
    base = base_column(given.column)
    if base is None:
        unknown = message("schools.mapped_to_unknown", column=Quoted(given.column), hint=nearest_columns(given.column))
        problem = Problem(code=ProblemCode.UNKNOWN_COLUMN, severity=Severity.ERROR, column=header, message=unknown)
        return Understood(header=header, column=given.column), [problem]
    said = unit_in(base[0], header)
    odd, unit = said.odd, said.unit or given.unit
    if said.unit is not None and given.unit is not None and not _agree(base[0], said.unit, given.unit):
        odd = f"{said.unit}/{given.unit}"
    factor = None if odd or unit is None else _unit_factor(base[0], unit)
    if odd or (unit is not None and factor is None):
        return Understood(header=header, column=given.column), [_unknown_unit(header, given.column, odd or str(unit))]
    return Understood(header=header, column=given.column, unit=unit, factor=factor or (1, 1)), []


def _as_found(header: str, found: Found, means: Collection[str]) -> tuple[Understood, list[Problem]]:
    """Use a header as its words say; ``means`` are the columns of all headers."""
    name, problems = meant_by(header, found.column, means), list[Problem]()
    if is_unclear(header, name):
        unclear = message("schools.net_area_unclear", column=Name("column", name))
        code = ProblemCode.INDOOR_SPORTS_UNCLEAR
        problems.append(Problem(code=code, severity=Severity.WARNING, column=header, message=unclear))
    if found.remarks:
        unclear = message("schools.header_remarks", column=Name("column", name), remarks="; ".join(found.remarks))
        code = ProblemCode.UNCLEAR_HEADER
        problems.append(Problem(code=code, severity=Severity.WARNING, column=header, message=unclear))
    factor: Factor | None = (1, 1)
    if found.unit is not None:
        base = base_column(name)
        factor = _unit_factor(base[0], found.unit) if base else None
        if factor is None:
            problems.append(_unknown_unit(header, name, found.unit))
    return Understood(header=header, column=name, unit=found.unit, factor=factor or (1, 1)), problems


def _unknown_unit(header: str, column: str, unit: str) -> Problem:
    """Return the problem of a header with a unit that cannot be applied."""
    base = base_column(column)
    expected = base[0].unit if base else None
    what = {"unit": Quoted(unit), "column": Name("column", column)}
    if expected:
        advice = message("schools.unknown_unit", expected=Name("unit", expected), **what)
    else:
        advice = message("schools.no_unit", **what)
    return Problem(code=ProblemCode.UNKNOWN_UNIT, column=header, value=unit, message=advice)


def _same_column_twice(understood: Iterable[Understood]) -> list[Problem]:
    first: dict[str, str] = {}
    out = []
    for u in understood:
        if u.column is not None and u.column in first:
            headers = {"header": Quoted(u.header), "first": Quoted(first[u.column])}
            twice = message("schools.same_column_twice", column=Name("column", u.column), **headers)
            out.append(Problem(code=ProblemCode.DUPLICATE_COLUMN, column=u.header, message=twice))
        elif u.column is not None:
            first[u.column] = u.header
    return out


def missing_in_mapping(header: str, names: Sequence[str]) -> Problem:
    """Return the problem of a mapping that names a missing header."""
    return Problem(
        code=ProblemCode.MISSING_COLUMN,
        column=header,
        message=message("schools.mapping_without_header", header=Quoted(header), hint=nearest(header, names)),
    )


def nearest(name: str, known: Iterable[str]) -> Message | str:
    """Return the end of a sentence on an unknown name: the known names that come near, empty if none does."""
    return did_you_mean(name, known, show=Quoted)


def nearest_columns(name: str) -> Message | str:
    """Return the end of a sentence on an unknown header: the columns whose names or usual headers come near."""
    official: dict[str, str] = {}
    for column in columns().values():
        for header in (column.zh, *column.aliases):
            official.setdefault(header, column.zh)
    ids = {id_: id_ for id_ in columns()}
    return did_you_mean(str(name), official if not str(name).isascii() else ids, most=3, show=Quoted, called=official)
