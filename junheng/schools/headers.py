"""A header of a table, as a reader takes it: the canonical column, the unit it names, remarks in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache

from attrs import frozen

from junheng._data import read_toml
from junheng.errors import Problem, ProblemCode, Severity, did_you_mean
from junheng.schools.areas import is_unclear, meant_by
from junheng.schools.vocabulary import Column, Factor, base_column, columns, fold, unit_factor
from junheng.words import Message, Name, Quoted, message


@cache
def _headers() -> dict[str, str]:
    out: dict[str, str] = {}
    for column in columns().values():
        for name in (column.id, column.zh, *column.aliases):
            out.setdefault(fold(name), column.id)
    for column in columns().values():
        out.setdefault(fold(column.en), column.id)
    return out


def _bracket(folded: str) -> tuple[str, str | None]:
    """Part a header from what stands in brackets at its end."""
    match = re.fullmatch(r"(.+?)\(([^()]+)\)", folded)
    return (folded, None) if match is None else (match.group(1), match.group(2).removeprefix("单位:"))


_STAGE_WORDS = (("小学", "primary"), ("初中", "junior"), ("高中", "senior"))
#: Marks of footnotes; taken off before ① would be folded to 1.
_MARKS = re.compile(r"[*＊※★▲△#†‡①-⑳⑴-⒇⒈-⒛❶-❿]+|[:：]\s*$")
_NUMBERING = re.compile(
    r"^(其中[:：、]?|[(（][0-9一二三四五六七八九十]{1,2}[)）]|[①-⑳⑴-⒇]|[0-9]{1,2}[.、．](?![0-9])|[一二三四五六七八九十]{1,2}[、.．])\s*"
)


@frozen(kw_only=True)
class Found:
    """What a header was taken for: the canonical column, the unit it names, remarks in it that were not weighed."""

    column: str
    unit: str | None = None
    remarks: tuple[str, ...] = ()


@cache
def recognise(header: str) -> Found | None:
    """Tell what a header means, None if it is unknown."""
    if base_column(header) is not None:
        return Found(column=header)
    bare = str(header)
    for _ in range(3):
        found = _recognise_bare(bare)
        if found is not None:
            return found
        peeled = _MARKS.sub("", _NUMBERING.sub("", bare))
        if peeled == bare:
            return None
        bare = peeled
    return None


def _recognise_bare(header: str) -> Found | None:
    # a blank within brackets parts a unit from a remark: it stays, as a bar
    bare, brackets = fold(re.sub(r"(?<=\S)[^\S\r\n]+(?=\S)", "|", header)), list[str]()
    while True:
        # a bracket may be part of the name ("不含室内体育用房"), or hold the unit, the stage or a remark
        name = _named(bare.replace("|", ""))
        if name is not None:
            return _with_brackets(name, brackets)
        before, inside = _bracket(bare)
        if inside is None:
            break
        brackets.append(inside.strip("|"))
        bare = _NUMBERING.sub("", _MARKS.sub("", before))
    before, slash, unit = bare.replace("|", "").rpartition("/")
    name = _named(before) if slash else None
    base = base_column(name) if name is not None else None
    if name is not None and base is not None and _unit_factor(base[0], unit) is not None:
        return _with_brackets(name, [*brackets, unit])
    return None


def _named(folded: str) -> str | None:
    """Return the canonical name of a header without brackets, with its stage if it has one."""
    known = _headers()
    if folded in known:
        return known[folded]
    for word, stage in _STAGE_WORDS:
        if folded.startswith(word):
            rest = re.sub(r"^(部|段|阶段)", "", folded.removeprefix(word))
            name = f"{known.get(rest)}_{stage}"
            if base_column(name) is not None:
                return name
    return None


def _with_brackets(name: str, brackets: Sequence[str]) -> Found | None:
    unit: str | None = None
    remarks: list[str] = []
    for bracket in brackets:
        inside = bracket.replace("|", "")
        base = base_column(name)
        stage = next((s for w, s in _STAGE_WORDS if inside in (w, f"{w}部", f"{w}段")), None)
        if stage is not None and base is not None:
            if base_column(f"{name}_{stage}") is None or base[1] is not None:
                return None
            name = f"{name}_{stage}"
            continue
        own, besides = (None, (inside,)) if base is None else _unit_beside(base[0], bracket)
        if own is None and all(_REMARK.match(r) for r in besides):
            remarks += besides
        elif unit is None:
            unit = own or inside
            remarks += besides if own else ()
        elif base is None or own is None or _unit_factor(base[0], own) != _unit_factor(base[0], unit):
            # two units, or something that is none: refused as a unit that is not known
            unit = f"{inside}/{unit}"
    return Found(column=name, unit=unit, remarks=tuple(remarks))


_UNIT_SAID = re.compile(r"(?:(?:计量|金额|数量)?单位[:为是]?|以|按|用)?(.+?)(?:为单位|计量|计算|计|填写|填报|填|统计)?")
#: 单价1万元以上 speaks of an amount, and 万元以上 of what is counted: neither names the unit of the column.
UNIT_IN_SIGHT = r"(?<![0-9.一二两三四五六七八九十百千万亿])(?:{})(?!(?:及|及其)?以[上下])"


def _unit_beside(column: Column, inside: str) -> tuple[str | None, tuple[str, ...]]:
    """Part a bracket into the one unit it names and the remarks beside it: 万元,保留两位小数.

    Without a unit the whole bracket is the remark. A remark in which another unit of the column is in sight, and one
    that is not known for a remark, are no remark: the bracket is returned as a unit, for nobody to know it.
    """
    tokens, inside = [t for t in re.split(r"[,、;。|]", inside) if t], inside.replace("|", "")
    if _unit_factor(column, inside) is not None:
        return inside, ()
    known = {fold(u): _unit_factor(column, fold(u)) for u in read_toml("columns.toml")["units"].get(column.unit, {})}
    parted = [_part_token(token, known) for token in tokens]
    units = [unit for unit, _ in parted if unit is not None]
    remarks = tuple(remark for _, remark in parted if remark is not None)
    if _unit_in_sight(remarks, known) or len({known[u] for u in units}) > 1:
        return inside, ()
    if not units:
        return None, (inside,)
    return (units[0], remarks) if all(_REMARK.match(r) for r in remarks) else (inside, ())


def _part_token(token: str, known: Collection[str]) -> tuple[str | None, str | None]:
    """Part a word in brackets into a unit and what is said of it: 万元保留两位小数."""
    if token in known:
        return token, None
    said = _UNIT_SAID.fullmatch(token)
    if said is not None and said.group(1) in known:
        return said.group(1), None
    first = max((u for u in known if token.startswith(u) and _REMARK.match(token[len(u) :])), key=len, default="")
    return (first, token[len(first) :]) if first else (None, token)


def _unit_in_sight(remarks: Iterable[str], known: Mapping[str, Factor | None]) -> bool:
    """Tell whether a remark speaks of another unit of the column."""
    other = "|".join(re.escape(u) for u, factor in known.items() if factor != (1, 1))
    return bool(other) and any(re.search(UNIT_IN_SIGHT.format(other), r) for r in remarks)


#: What begins like this in brackets says something about the figure, and is no unit.
_REMARK = re.compile(
    r"不?含|不?包含|不?包括|其中|见|注|截至|截止|按|指|必填|选填|可选|保留|精确|填|以|如|账面|原值|四舍五入|取整|"
    r"整数|小数|[一二两三四0-9]位小数|年末|年底|期末|\d{4}年|.{7,}"
)


def meaning(header: str) -> tuple[str, str | None] | None:
    """Return the canonical name and the unit a header carries, None if it is unknown."""
    found = recognise(header)
    return None if found is None else (found.column, found.unit)


def _unit_factor(column: Column, unit: str) -> Factor | None:
    """Return the factor from a unit to that of the column as a fraction, None if it is unknown."""
    return None if column.unit is None else unit_factor(column.unit, unit)


@frozen(kw_only=True)
class Understood:
    """What is made of a header: its column, None where it is left as it is, and what figures are multiplied by."""

    header: str
    column: str | None = None
    unit: str | None = None
    factor: Factor = (1, 1)


def understand(
    names: Sequence[str], mapping: Mapping[str, str] | None, known: Sequence[Found | None] | None = None
) -> tuple[list[Understood], list[Problem]]:
    """Say what each header means; ``known`` where more is known of it than its words."""
    chosen = dict(mapping or {})
    problems = [missing_in_mapping(header, names) for header in sorted(set(chosen) - set(names))]
    founds = [recognise(h) for h in names] if known is None else list(known)
    taken = set(chosen.values())
    means = taken | {f.column for h, f in zip(names, founds, strict=True) if f is not None and h not in chosen}
    out: list[Understood] = []
    for header, found in zip(names, founds, strict=True):
        more: list[Problem] = []
        if header in chosen:
            understood, more = _as_mapped(header, chosen[header])
        elif found is None or found.column in taken:
            # what the mapping gives to another header is left as it is
            understood = Understood(header=header)
        else:
            understood, more = _as_found(header, found, means)
        out.append(understood)
        problems += more
    return out, problems + _same_column_twice(out)


def _as_mapped(header: str, column: str) -> tuple[Understood, list[Problem]]:
    """Take a header for what the caller says it is; a unit in brackets holds all the same."""
    base = base_column(column)
    if base is None:
        unknown = message("schools.mapped_to_unknown", column=Quoted(column), hint=nearest(column, columns()))
        problem = Problem(code=ProblemCode.UNKNOWN_COLUMN, severity=Severity.ERROR, column=header, message=unknown)
        return Understood(header=header, column=column), [problem]
    inside = _bracket(fold(header))[1]
    unit = None if inside is None else _unit_beside(base[0], inside)[0]
    factor = None if unit is None else _unit_factor(base[0], unit)
    if factor is None:
        return Understood(header=header, column=column), []
    return Understood(header=header, column=column, unit=unit, factor=factor), []


def _as_found(header: str, found: Found, means: Collection[str]) -> tuple[Understood, list[Problem]]:
    """Take a header for what its words say, beside other headers that mean ``means``."""
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
            what = {"unit": Quoted(found.unit), "column": Name("column", name)}
            expected = base[0].unit if base else None
            if expected:
                advice = message("schools.unknown_unit", expected=Name("unit", expected), **what)
            else:
                advice = message("schools.no_unit", **what)
            code = ProblemCode.UNKNOWN_UNIT
            problems.append(Problem(code=code, column=header, value=found.unit, message=advice))
    return Understood(header=header, column=name, unit=found.unit, factor=factor or (1, 1)), problems


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
    """Say that a mapping names a header that is not there."""
    return Problem(
        code=ProblemCode.MISSING_COLUMN,
        column=header,
        message=message("schools.mapping_without_header", header=Quoted(header), hint=nearest(header, names)),
    )


def nearest(name: str, known: Iterable[str]) -> Message | str:
    """Return the end of a sentence on an unknown name: the known names that come near, empty if none does."""
    return did_you_mean(name, known, show=Quoted)
