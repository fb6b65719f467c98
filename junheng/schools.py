"""What comes in: canonical columns and units, Chinese headers, and every problem of a table at once."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import cache, partial
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints, over_columns
from junheng._data import STAGES, read_toml
from junheng._frames import Table, all_distinct, build_frame, combine_codes
from junheng.errors import InputDataError, Problem, ProblemCode, Severity, did_you_mean

__all__ = ["Column", "Reading", "columns", "describe_columns", "standardize_columns"]

#: Stages a school can have; the senior stage only matters for splitting.
ALL_STAGES = (*STAGES, "senior")


@frozen(kw_only=True)
class Column:
    """One canonical column; see ``columns.toml`` for what the fields mean."""

    id: str
    type: str
    zh: str
    en: str
    unit: str | None = None
    whole: bool = False
    shared: bool = False
    part_of: str | None = None
    aliases: tuple[str, ...] = ()


@cache
def columns() -> dict[str, Column]:
    """Return every canonical column by id."""
    out = {}
    for id_, entry in read_toml("columns.toml")["columns"].items():
        label = entry["label"]
        out[id_] = Column(
            id=id_,
            zh=label["zh"],
            en=label["en"],
            aliases=tuple(entry.get("aliases", ())),
            **{k: v for k, v in entry.items() if k not in {"label", "aliases"}},
        )
    return out


def base_column(name: str) -> tuple[Column, str | None] | None:
    """Return the canonical column of a name and the stage in it (``students_junior``), None if unknown."""
    known = columns()
    if name in known:
        return known[name], None
    for stage in ALL_STAGES:
        base = known.get(name.removesuffix(f"_{stage}")) if name.endswith(f"_{stage}") else None
        if base is not None and base.type == "number" and not base.shared:
            return base, stage
    return None


# ------------------------------------------------------------------------------------- reading headers


def fold(text: str) -> str:
    """Bring a header to one form: half-width, no blanks, ASCII brackets, lower case."""
    folded = unicodedata.normalize("NFKC", str(text)).replace("【", "(").replace("】", ")")
    return re.sub(r"\s+", "", folded).replace("[", "(").replace("]", ")").lower()


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
    bare, brackets = fold(header), list[str]()
    while True:
        # a bracket may be part of the name ("不含室内体育用房"), or hold the unit, the stage or a remark
        name = _named(bare)
        if name is not None:
            return _with_brackets(name, brackets)
        before, inside = _bracket(bare)
        if inside is None:
            break
        brackets.append(inside)
        bare = _NUMBERING.sub("", _MARKS.sub("", before))
    before, slash, unit = bare.rpartition("/")
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
    for inside in brackets:
        base = base_column(name)
        stage = next((s for w, s in _STAGE_WORDS if inside in (w, f"{w}部", f"{w}段")), None)
        if stage is not None and base is not None:
            if base_column(f"{name}_{stage}") is None or base[1] is not None:
                return None
            name = f"{name}_{stage}"
        elif base is not None and _unit_factor(base[0], inside) is not None and unit is None:
            unit = inside
        elif _REMARK.match(inside):
            remarks.append(inside)
        else:
            unit = inside if unit is None else unit
    return Found(column=name, unit=unit, remarks=tuple(remarks))


#: What begins like this in brackets says something about the figure, and is no unit.
_REMARK = re.compile(
    r"不?含|不?包括|其中|见|注|截至|截止|按|指|必填|选填|可选|保留|精确|填|以|如|账面|原值|\d{4}年|.{7,}"
)


def _recognise(header: str) -> tuple[str, str | None] | None:
    """Return the canonical name and the unit a header carries, None if it is unknown."""
    found = recognise(header)
    return None if found is None else (found.column, found.unit)


def _unit_factor(column: Column, unit: str) -> tuple[int, int] | None:
    """Return the factor from a unit to that of the column as a fraction, None if it is unknown."""
    return None if column.unit is None else unit_factor(column.unit, unit)


def unit_factor(to: str, unit: str) -> tuple[int, int] | None:
    """Return the factor from a unit, folded, to a canonical one as a fraction, None if it is unknown."""
    for name, factor in read_toml("columns.toml")["units"].get(to, {}).items():
        if fold(name) == unit:
            return (factor[0], factor[1]) if isinstance(factor, list) else (factor, 1)
    return None


@frozen(kw_only=True)
class Understood:
    header: str
    column: str | None
    unit: str | None
    factor: tuple[int, int]


def understand(
    names: Sequence[str], mapping: Mapping[str, str] | None, known: Sequence[Found | None] | None = None
) -> tuple[list[Understood], list[Problem]]:
    """Say what each header means; ``known`` where more is known of it than its words."""
    problems: list[Problem] = []
    out: list[Understood] = []
    chosen = dict(mapping or {})
    taken = set(chosen.values())
    for header in sorted(set(chosen) - set(names)):
        problems.append(missing_in_mapping(header, names))
    for i, header in enumerate(names):
        if header in chosen:
            base = base_column(chosen[header])
            unit = _bracket(fold(header))[1]
            scale = _unit_factor(base[0], unit) if base is not None and unit is not None else None
            if base is None:
                message = f"{chosen[header]!r} is no canonical column{_nearest(chosen[header], columns())}"
                problems.append(
                    Problem(code=ProblemCode.UNKNOWN_COLUMN, severity=Severity.ERROR, column=header, message=message)
                )
            out.append(
                Understood(header=header, column=chosen[header], unit=unit if scale else None, factor=scale or (1, 1))
            )
            continue
        found = recognise(header) if known is None else known[i]
        if found is None or found.column in taken:
            # what the mapping gives to another header is left as it is
            out.append(Understood(header=header, column=None, unit=None, factor=(1, 1)))
            continue
        name, unit = found.column, found.unit
        factor: tuple[int, int] | None = (1, 1)
        base = base_column(name)
        if found.remarks:
            problems.append(
                Problem(
                    code=ProblemCode.UNCLEAR_HEADER,
                    severity=Severity.WARNING,
                    column=header,
                    message=f"read as {name}; what it says besides ({'; '.join(found.remarks)}) was not weighed: "
                    "if it is another figure, say so with mapping=",
                )
            )
        if unit is not None:
            factor = _unit_factor(base[0], unit) if base else None
            if factor is None:
                expected = base[0].unit if base else None
                problems.append(
                    Problem(
                        code=ProblemCode.UNKNOWN_UNIT,
                        column=header,
                        value=unit,
                        message=f"the unit {unit!r} is not known for {name}; "
                        + (
                            f"it is counted in {expected}: convert it and name the column {name}"
                            if expected
                            else f"name the column {name}"
                        ),
                    )
                )
        out.append(Understood(header=header, column=name, unit=unit, factor=factor or (1, 1)))
    first: dict[str, str] = {}
    for u in out:
        if u.column is None:
            continue
        if u.column in first:
            problems.append(
                Problem(
                    code=ProblemCode.DUPLICATE_COLUMN,
                    column=u.header,
                    message=f"{u.header!r} and {first[u.column]!r} both mean {u.column}; keep one of them, "
                    "rename the other, or say which it is with mapping=",
                )
            )
        first.setdefault(u.column, u.header)
    return out, problems


def missing_in_mapping(header: str, names: Sequence[str]) -> Problem:
    """Say that a mapping names a header that is not there."""
    return Problem(
        code=ProblemCode.MISSING_COLUMN,
        column=header,
        message=f"the mapping names {header!r}, which the table does not have{_nearest(header, names)}",
    )


def _nearest(name: str, known: Iterable[str]) -> str:
    return did_you_mean(name, known, show=repr) or "; nothing like it is known;"


def describe_columns(raw: Any, mapping: Mapping[str, str] | None = None) -> Any:
    """Tell what :func:`standardize_columns` makes of each header.

    Parameters
    ----------
    raw : pandas, polars or pyarrow frame
        A table as it came.
    mapping : dict of str to str, optional
        Headers only you know: header to canonical column.

    Returns
    -------
    frame of the same library
        One row a header: ``header``, ``column`` (null: left as it is), ``unit`` found in the header, ``factor`` the
        figures are multiplied by.

    Raises
    ------
    InputError
        When ``raw`` is no frame.

    Examples
    --------
    >>> import pandas as pd, junheng as jh
    >>> raw = pd.DataFrame({"学校名称": ["一小"], "教学仪器设备值(万元)": [12.5], "备注": [""]})
    >>> jh.describe_columns(raw)[["column", "factor"]].fillna("-").values.tolist()
    [['school', 1.0], ['equipment_value_cny', 10000.0], ['-', 1.0]]
    """
    table = Table(raw)
    understood, _ = understand(table.columns, mapping)
    return build_frame(
        {
            "header": [u.header for u in understood],
            "column": [u.column for u in understood],
            "unit": [u.unit for u in understood],
            "factor": np.array([u.factor[0] / u.factor[1] for u in understood]),
        },
        table.backend,
    )


def standardize_columns(raw: Any, mapping: Mapping[str, str] | None = None) -> Any:
    """Turn Chinese or otherwise named headers into canonical columns, in canonical units.

    Parameters
    ----------
    raw : pandas, polars or pyarrow frame
        A table as it came: one row a school, or a school and stage.
    mapping : dict of str to str, optional
        Headers only you know: header to canonical column.

    Returns
    -------
    frame of the same library
        Renamed; units named in headers converted (万元, 亩, 千册); words for kinds, stages and ownership in one
        spelling; columns of text that hold nothing but plain numbers turned into numbers. Sums the return gives in
        parts are added up where they are missing: teaching area without indoor sports, sports area, teachers above
        the required degree (小学: 专科 and above, 初中: 本科 and above), PE and arts teachers. Headers that are not
        known stay as they are and are listed by :func:`junheng.check_schools`. Nothing is dropped.

    Raises
    ------
    InputDataError
        When two headers mean the same column, a unit is unknown, or the mapping names what is not there.

    References
    ----------
    Data dictionary of the national return (教基 series); 教督〔2017〕6号 for what the sums hold.

    Examples
    --------
    >>> import pandas as pd, junheng as jh
    >>> raw = pd.DataFrame({"区县名称": ["A"], "学校名称": ["一小"], "学段": ["小学"], "在校生数": [500],
    ...                     "教学仪器设备值(万元)": [100.25]})
    >>> list(jh.standardize_columns(raw))
    ['county', 'school', 'stage', 'students', 'equipment_value_cny']
    >>> float(jh.standardize_columns(raw)["equipment_value_cny"].iloc[0])
    1002500.0
    """
    table = Table(raw)
    understood, problems = understand(table.columns, mapping)
    if any(p.severity is Severity.ERROR for p in problems):
        raise InputDataError(problems)
    renames = {u.header: u.column for u in understood if u.column is not None and u.column != u.header}
    table = table.renamed(renames)
    return _standardized(table, {u.column: u.factor for u in understood if u.column is not None})


def finish_columns(frame: Any, names: Sequence[str]) -> Any:
    """Bring columns that already have canonical names and units to one form: words, codes, sums of parts."""
    return _standardized(Table(frame), dict.fromkeys(names, (1, 1)))


def _standardized(table: Table, factors: Mapping[str, tuple[int, int]]) -> Any:
    changed: dict[str, Any] = {}
    for name, factor in factors.items():
        found = base_column(name)
        assert found is not None
        new = _standard_values(table, name, found[0], factor)
        if new is not None:
            changed[name] = new
    table = table.with_columns(changed)
    return table.with_columns(_sums_of_parts(table)).to_native()


def _standard_values(table: Table, name: str, column: Column, factor: tuple[int, int]) -> Any:
    """Return the column in canonical form, None where it already is."""
    if column.type == "category":
        # a nation has many rows and few words: each is folded once
        known = _category_words(column.id)
        codes, words = table.codes(name)
        new = [known.get(fold_word(w), w) for w in words]
        if all(a is b for a, b in zip(new, words, strict=True)):
            return None
        return np.array([*new, None], dtype=object)[codes]
    if column.type == "key" and name.endswith("code"):
        values = table.objects(name)
        return (
            [_code_text(v) for v in values] if any(v is not None and not isinstance(v, str) for v in values) else None
        )
    if column.type != "number":
        return None
    if not table.is_number(name):
        values = table.objects(name)
        parsed, bad = parse_numbers(values, factor)
        if not bad:
            return parsed
        if factor == (1, 1):
            return None
        # a cell that is not a number stays as it is, for check_schools to point at; the others are converted
        return [bad.get(i, None if math.isnan(x) else repr(x)) for i, x in enumerate(parsed.tolist())]
    return None if factor == (1, 1) else _scaled(table.floats(name), factor)


def _scaled(values: Floats, factor: tuple[int, int]) -> Floats:
    """Convert units as on paper: 12.3456 万元 is 123456 元, not the nearest binary product."""
    out = np.empty(values.size)
    for i, v in enumerate(values.tolist()):
        out[i] = v if not math.isfinite(v) else float(Decimal(repr(v)) * factor[0] / factor[1])
    return out


def _code_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


_DEGREES = {
    "primary": ("associate", "bachelor", "master", "doctor"),
    "junior": ("bachelor", "master", "doctor"),
}
_PE_ART = ("pe_teachers", "music_teachers", "fine_art_teachers", "art_teachers")


def _added(table: Table, plus: Sequence[str], minus: Sequence[str] = ()) -> Floats:
    """Add and subtract as on paper: 2105.1 - 57.7 is 2047.4, not the nearest binary difference."""
    signed = [(table.floats(n), 1) for n in plus] + [(table.floats(n), -1) for n in minus]
    out = np.full(table.rows, np.nan)
    known = np.isfinite([values for values, _ in signed]).all(axis=0)
    for i in np.flatnonzero(known).tolist():
        out[i] = float(sum((sign * Decimal(repr(float(values[i]))) for values, sign in signed), Decimal(0)))
    return out


def _sums_of_parts(table: Table) -> dict[str, Floats]:
    """Add up what a return gives in parts, where the sum itself has no column."""
    have = set(table.columns)
    out: dict[str, Floats] = {}

    def numeric(*names: str) -> bool:
        return all(n in have and table.is_number(n) for n in names)

    if "teaching_area_m2" not in have and numeric("teaching_area_total_m2", "indoor_sports_area_m2"):
        out["teaching_area_m2"] = _added(table, ("teaching_area_total_m2",), ("indoor_sports_area_m2",))
    if "sports_area_m2" not in have and numeric("outdoor_sports_area_m2", "indoor_sports_area_m2"):
        out["sports_area_m2"] = _added(table, ("outdoor_sports_area_m2", "indoor_sports_area_m2"))
    for suffix in ("", "_primary", "_junior"):
        parts = [f"{p}{suffix}" for p in _PE_ART if numeric(f"{p}{suffix}")]
        if f"pe_art_teachers{suffix}" not in have and f"pe_teachers{suffix}" in parts and len(parts) > 1:
            out[f"pe_art_teachers{suffix}"] = np.sum([table.floats(p) for p in parts], axis=0)
    target = "teachers_above_required_degree"
    degrees = [f"teachers_{d}_degree" for d in _DEGREES["primary"]]
    if target not in have and "stage" in have and numeric(*degrees):
        sums = {s: np.sum([table.floats(f"teachers_{d}_degree") for d in ds], axis=0) for s, ds in _DEGREES.items()}
        stages = table.objects("stage")
        out[target] = np.where(
            stages == "primary", sums["primary"], np.where(stages == "junior", sums["junior"], np.nan)
        )
    for stage, names in _DEGREES.items():
        parts = [f"teachers_{d}_degree_{stage}" for d in names]
        if f"{target}_{stage}" not in have and numeric(*parts):
            out[f"{target}_{stage}"] = np.sum([table.floats(p) for p in parts], axis=0)
    return out


# --------------------------------------------------------------------------------------- reading cells


def fold_word(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return fold(str(value)).replace("-", "_")


@cache
def _category_words(column: str) -> dict[str, str]:
    out: dict[str, str] = {}
    for word, aliases in read_toml("columns.toml")["categories"][column].items():
        for alias in (word, *aliases):
            out.setdefault(fold_word(alias), word)
    return out


@cache
def category_words(column: str) -> tuple[str, ...]:
    """Return the canonical words of a category column."""
    return tuple(dict.fromkeys(_category_words(column).values()))


def category_word(column: str, value: Any) -> str | None:
    """Return the canonical word of a category that a cell means, None if it is unknown."""
    return _category_words(column).get(fold_word(value))


@cache
def _chinese_words(column: str) -> tuple[str, ...]:
    """Return the first Chinese name of each word of a category column."""
    words = read_toml("columns.toml")["categories"][column].items()
    return tuple(next((a for a in aliases if not a.isascii()), word) for word, aliases in words)


@cache
def flag_words() -> dict[str, bool]:
    flags = read_toml("columns.toml")["flags"]
    return {fold_word(w): v for key, v in (("yes", True), ("no", False)) for w in flags[key]}


_PLAIN_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def parse_numbers(values: NDArray[np.object_], factor: tuple[int, int] = (1, 1)) -> tuple[Floats, dict[int, str]]:
    """Read cells as numbers; return them and the text of those that are none, by row. Blank is missing."""
    bad: dict[int, str] = {}
    quick = _quick_numbers(values) if factor == (1, 1) else None
    if quick is not None:
        return quick, bad
    cells = values.tolist()
    # what is a number already is taken as it is, the rest is looked at one by one
    out = np.array([v if type(v) is float or type(v) is int else np.nan for v in cells], dtype=np.float64)
    if factor != (1, 1):
        out = _scaled(out, factor)
    for i, value in enumerate(cells):
        if type(value) is float or type(value) is int:
            continue
        if value is None:
            continue
        if isinstance(value, str):
            text = value.strip()
            if not text:
                continue
            if not _PLAIN_NUMBER.fullmatch(text):
                bad[i] = value
                continue
            number: Any = Decimal(text)
        elif isinstance(value, (bool, np.bool_)):
            bad[i] = str(value)
            continue
        else:
            try:
                number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
            except (InvalidOperation, TypeError, ValueError):
                bad[i] = str(value)
                continue
        out[i] = float(number * factor[0] / factor[1] if factor != (1, 1) else number)
    return out, bad


# ------------------------------------------------------------------------------------------- the scale


#: So many schools with a figure make a median worth looking at.
_ENOUGH = 3


def scale_problems(frame: Any, only: set[str] | None = None) -> list[Problem]:
    """Point at columns whose median for each student looks like another unit; see ``scale.toml``."""
    table = Table(frame)
    have = {n for n in table.columns if base_column(n) is not None and table.is_number(n)}
    return scale_of(lambda name: table.floats(name) if name in have else None, only)


def scale_of(number: Callable[[str], Floats | None], only: set[str] | None = None) -> list[Problem]:
    """Point at columns whose median looks like another unit; ``number`` gives a column, or None."""
    rules = {n: r for n, r in read_toml("scale.toml")["columns"].items() if only is None or n in only}
    columns_ = {n: v for n in rules if (v := number(n)) is not None}
    by_stage = [v for s in ALL_STAGES if (v := number(f"students_{s}")) is not None]
    students = number("students")
    if not columns_ or (students is None and not by_stage):
        return []
    enrolled = np.zeros(0) if students is None else students
    if by_stage and (students is None or np.isnan(students).any()):
        total = np.sum([np.nan_to_num(v) for v in by_stage], axis=0)
        enrolled = total if students is None else np.where(np.isfinite(students), students, total)

    def look(name: str) -> Problem | None:
        if _median_lies_within(columns_[name], enrolled, rules[name]):
            return None
        values = columns_[name]
        with np.errstate(divide="ignore", invalid="ignore"):
            each = values / enrolled
        each = each[np.isfinite(each) & (values > 0)]
        if each.size < _ENOUGH:
            return None
        found = _other_unit(float(np.median(each)), rules[name])
        return None if found is None else _odd_scale(name, float(np.median(each)), each.size, *found)

    return [p for p in over_columns(look, columns_, enrolled.size) if p is not None]


def _median_lies_within(values: Floats, enrolled: Floats, rule: Mapping[str, Any]) -> bool:
    """Tell by counting, without sorting, that a median is plausible; False where it may not be.

    Less than half of the figures lie below the range and less than half above: then both that stand in the middle
    are in it, and so is the median.
    """
    low, high = float(rule["low"]), float(rule["high"])
    many = below = above = 0
    for i in range(0, values.size, _PIECE):
        own = values[i : i + _PIECE]
        students = enrolled[i : i + _PIECE]
        some = (own > 0) & (students > 0)
        many += int(np.count_nonzero(some))
        below += int(np.count_nonzero((own < low * students) & some))
        above += int(np.count_nonzero((own > high * students) & some))
    return 2 * below < many and 2 * above < many


def _other_unit(median: float, rule: Mapping[str, Any]) -> tuple[str, bool] | None:
    """Return the unit that would make a median plausible, and whether the figures were typed in it."""
    low, high = float(rule["low"]), float(rule["high"])
    if low <= median <= high:
        return None
    for unit, factor in rule["units"].items():
        times = factor[0] / factor[1] if isinstance(factor, list) else float(factor)
        if median < low and low <= median * times <= high:
            return unit, True
        if median > high and low <= median / times <= high:
            return unit, False
    return None


def _odd_scale(name: str, median: float, n: int, unit: str, typed: bool) -> Problem:
    column = columns()[name]
    other = f"as if typed in {unit}" if typed else f"as if multiplied by the {unit} of the header once too often"
    advice = f"put the unit in the header, {column.zh}({unit})" if typed else "take the unit out of the header"
    return Problem(
        code=ProblemCode.SUSPICIOUS_SCALE,
        severity=Severity.WARNING,
        column=name,
        value=f"{median:.6g}",
        message=f"half of the {n} schools have less than {median:.4g} {column.unit} a student, {other}; "
        f"if so, {advice}; nothing was changed",
    )


_PLAIN = frozenset("0123456789.+-eE ")


def _quick_numbers(values: NDArray[np.object_]) -> Floats | None:
    """Read a column where every cell is empty or text of a plain number, None where any is not."""
    cells = values.tolist()
    if not all(v is None or type(v) is str for v in cells) or not _PLAIN.issuperset("".join(v for v in cells if v)):
        return None
    try:
        return np.array([float(v) if v is not None and v.strip() else np.nan for v in cells])
    except ValueError:
        return None


def text_advice(text: str) -> str:
    half = unicodedata.normalize("NFKC", text).strip()
    if "%" in half:
        return "a percentage: give the count itself, such as 95 teachers, and let the library divide"
    if re.fullmatch(r"[0-9.]+\s*[::]\s*[0-9.]+", half):
        return "a ratio: give the two counts in columns of their own"
    if half != text.strip() and _PLAIN_NUMBER.fullmatch(half):
        return f"full-width digits: retype it as {half}"
    bare = re.sub(r"[,\s]", "", half)
    if _PLAIN_NUMBER.fullmatch(bare):
        return f"blanks or commas inside a number: retype it as {bare}"
    if half in {"无", "—", "——", "-", "--", "/", "暂无", "缺", "N/A", "NA", "null", "None", "nan"}:
        return "leave the cell empty where the figure is not known, write 0 where there is none"
    return "give a plain number, or leave the cell empty where it is not known"


_TOTAL = re.compile(r"(合计|总计|小计|共计|全县合计|全区合计|全市合计|全县|总数|total|subtotal|sum|grandtotal)[::]?")
#: What text of nothing but blanks can start with.
_BLANKS = frozenset(c for c in map(chr, range(0x3001)) if c.isspace())
_TOTAL_FIRST = frozenset("合总小共全tsgTSGｔｓｇＴＳＧ \t\n\u3000\xa0")


# ---------------------------------------------------------------------------------- reading the table


class Reading:
    """A table of schools as it was understood: keys, categories and numbers, and every problem met on the way."""

    def __init__(self, frame: Any, *, by: Sequence[str] | None = None, soon: Sequence[str] = ()) -> None:
        self.table = Table(frame)
        self.rows = self.table.rows
        self.problems: list[Problem] = []
        self._numbers: dict[str, Floats] = {}
        self._asked: set[str] = set()
        self._codes: dict[str, tuple[NDArray[Any], Sequence[Any]]] = {}
        have = set(self.table.columns)
        self.has = have
        self.school_column = next((c for c in ("school_code", "school") if c in have), "school")
        default = ["county" if "county" in have or "county_code" not in have else "county_code"]
        self.by = list(by) if by is not None else default
        # a year is a unit of its own: without it two years of a county would be one county with double schools
        if "year" in have and "year" not in self.by:
            self.by.append("year")
        self._check_columns()
        self._words: dict[str, NDArray[np.object_]] = {}
        self._small: dict[str, NDArray[np.int8]] = {}
        self._hints: dict[str, Ints | None] = {}
        self._looks: dict[str, tuple[Floats, float, float, bool]] = {}
        self._steps: dict[tuple[str, bool], NDArray[np.bool_] | None] = {}
        #: Whether the rows of a county stand apart, so that a look at the row before tells nothing.
        self._mixed = any(self.table.is_mixed(n) for n in self.by if n in self.has)
        self._fetch_together(soon)
        self.is_total = self._find_totals()
        for name in ("kind", "stage", "ownership"):
            self.category_codes(name)
        self.flag_codes("included")
        self._check_keys()

    # -- access

    def number(self, name: str) -> Floats | None:
        """Return a number column, None where the table has none; cells that cannot be used are NaN."""
        if name not in self.has:
            return None
        if name not in self._numbers:
            self._numbers[name] = self._read_number(name)
        return self._numbers[name]

    def neighbours(self, outer: Sequence[str], inner: str | None) -> Ints | None:
        """Return a number a row by some columns, where a look at the row before is enough to tell.

        That is where equal rows stand together: every combination of ``outer`` in one run, and in it ``inner``
        rising. None where the table is not so, or a cell is empty.
        """
        if self._mixed:
            return None
        codes = [self.codes(name) for name in outer]
        if self.rows < 2 or not codes or any((c < 0).any() for c, _ in codes):
            return None
        new = np.ones(self.rows, dtype=bool)
        new[1:] = False
        for c, _ in codes:
            new[1:] |= c[1:] != c[:-1]
        first = np.flatnonzero(new)
        if not all_distinct(combine_codes([(c[first], len(w)) for c, w in codes])):
            return None
        if inner is not None:
            if self._gaps(inner).size:
                return None
            changes, rises = self._step(inner), self._step(inner, rising=True)
            # where another begins, it is greater than the one before, or belongs to something else
            if changes is None or rises is None or not (rises | new[1:] | ~changes).all():
                return None
            new[1:] |= changes
        out = np.cumsum(new)
        out -= 1
        return out

    def _step(self, name: str, *, rising: bool = False) -> NDArray[np.bool_] | None:
        """Tell of each row but the first whether a cell differs from the one before, or is greater than it."""
        key = name, rising
        if key not in self._steps:
            self._steps[key] = self.table.rises(name) if rising else self.table.changes(name)
        return self._steps[key]

    def _fetch_together(self, soon: Sequence[str]) -> None:
        """Look at the columns that will be asked for, two at a time where that pays; nothing is recorded yet."""
        of_rows = (*self.by, "county", "county_code", "kind", "stage", "ownership", "included", "resources_cover")
        found = {n: f[0] for n in self.table.columns if (f := base_column(n)) is not None}
        asked = {f[0].id for n in soon if (f := base_column(n)) is not None}
        asked |= {part for c in found.values() if c.id in asked and (part := c.part_of) is not None}
        words = [n for n in found if found[n].id in asked and found[n].type in ("category", "flag")]
        numbers = [n for n in found if found[n].id in asked and self.table.is_number(n) and n not in words]
        wanted = [n for n in dict.fromkeys((*of_rows, *words)) if n in self.has]
        names = [n for n in dict.fromkeys(("school", self.school_column)) if n in self.has and n not in wanted]
        tasks: list[Callable[[], Any]] = [partial(self.codes, n) for n in wanted]
        if self.school_column in names and self._mixed:
            names.remove(self.school_column)
            tasks.insert(0, self._number_schools)  # the longest first
        tasks += [partial(self._hint, n) for n in names if not self.table.is_number(n)]
        tasks += [partial(self._step, n, rising=r) for n in names if n == self.school_column for r in (False, True)]
        tasks += [partial(self._look, n) for n in numbers]
        over_columns(lambda task: task(), tasks, self.rows)

    def _number_schools(self) -> None:
        # the rows of a nation are numbered school by school only where a look at the row before tells nothing
        self._hint(self.school_column)
        self.codes(self.school_column)

    def _look(self, name: str) -> tuple[Floats, float, float, bool]:
        """Return a column of numbers as it is, the least of it and 0, the most, and whether all are whole."""
        if name not in self._looks:
            values = self.table.floats(name)
            least, most = np.fmin.reduce(values, initial=0.0), np.fmax.reduce(values, initial=0.0)
            whole = self.table.is_whole(name) or all_whole(values)
            self._looks[name] = (values, float(least), float(most), whole)
        return self._looks[name]

    def codes(self, name: str) -> tuple[NDArray[Any], Sequence[Any]]:
        """Return a code a row (-1: empty) and the words of a column, worked out once."""
        if name not in self._codes:
            codes, words = self.table.codes(name)
            if self._hints.get(name) is not None:  # a nation has as many names as schools
                blank = np.unique(codes[self._gaps(name)]).tolist()
            else:
                blank = [i for i, w in enumerate(words) if is_blank(w)]
            self._codes[name] = (np.where(np.isin(codes, blank), -1, codes) if blank else codes, words)
        return self._codes[name]

    def key(self, row: int) -> str:
        """Name a row in words."""
        parts = []
        for name in dict.fromkeys([*self.by, "school", self.school_column, "stage"]):
            if name in self.has:
                value = self._cell(name, row)
                if value is not None:
                    parts.append(str(value))
        return " / ".join(parts)

    def add(self, code: ProblemCode, message: str, *, row: int | None = None, **fields: Any) -> None:
        """Record a problem."""
        key = self.key(row) if row is not None else None
        self.problems.append(Problem(code=code, message=message, row=row, key=key, **fields))

    @property
    def errors(self) -> list[Problem]:
        """The problems that stop an evaluation."""
        return [p for p in self.problems if p.severity is Severity.ERROR]

    def _cell(self, name: str, row: int) -> Any:
        if name not in self._codes and self.table.is_text(name):
            value = self.table.cell(name, row)
            return None if is_blank(value) else value
        codes, words = self.codes(name)
        return words[codes[row]] if codes[row] >= 0 else None

    # -- checks

    def _check_columns(self) -> None:
        if self.rows == 0:
            self.add(ProblemCode.EMPTY_TABLE, "the table has no rows; give at least one school")
        needed: list[tuple[str, tuple[str, ...]]] = [(c, (c,)) for c in self.by]
        needed.append(("school", ("school", "school_code")))
        needed.append(("students", ("students", *(f"students_{s}" for s in STAGES))))
        needed.append(("stage", ("stage", "kind")))
        for name, alternatives in needed:
            if not self.has & set(alternatives):
                self.require(name)
        for name in self.table.columns:
            if base_column(name) is None and name not in self.by:
                found = _recognise(name)
                if found is not None:
                    advice = f"; standardize_columns would read it as {found[0]}"
                else:
                    known = [*columns(), *(c.zh for c in columns().values())]
                    advice = f"{_nearest(name, known)} it is kept, and not used"
                self.add(
                    ProblemCode.UNKNOWN_COLUMN,
                    f"{name!r} is no canonical column{advice}",
                    severity=Severity.WARNING,
                    column=name,
                )

    def require(self, name: str) -> bool:
        """Record a missing column unless the table has it, for all stages or by stage."""
        if name in self._asked or self.has & {name, *(f"{name}_{s}" for s in STAGES)}:
            return name not in self._asked
        self._asked.add(name)
        label = columns()[name].zh if name in columns() else name
        sources = [
            h
            for h in self.table.columns
            if (f := _recognise(h)) is not None and (b := base_column(f[0])) is not None and b[0].id == name
        ]
        if sources:
            advice = f"; standardize_columns would make it from {', '.join(map(repr, sources))}"
        elif name in columns() and columns()[name].type == "number":
            advice = f"add it ({label}); cells may stay empty where the figure is not known"
        elif name == "stage":
            advice = f"add it ({label}: 小学 or 初中), or the kind of school"
        elif name in ("school", "school_code"):
            advice = f"add it ({label})"
        else:
            advice = f"add it ({label}), or name the columns that group schools with by="
        self.add(ProblemCode.MISSING_COLUMN, f"there is no column {name!r}; {advice}", column=name)
        return False

    def _find_totals(self) -> NDArray[np.bool_]:
        """Find rows that are no schools: totals, which are an error, and empty ones, which are only told of."""
        out = np.ones(self.rows, dtype=bool)
        for name in self.table.columns:
            out &= self.codes(name)[0] < 0
            if not out.any():  # as soon as every row has something
                break
        for row in np.flatnonzero(out).tolist():
            self.add(ProblemCode.EMPTY_ROW, "this row is empty; it is passed over", row=row, severity=Severity.WARNING)
        for name in dict.fromkeys([*self.by, "school", self.school_column]):
            if name not in self.has or self.table.is_number(name):
                continue
            for row in self._totals(name):
                if not out[row]:
                    out[row] = True
                    self.add(
                        ProblemCode.TOTAL_ROW,
                        "this row is a total, not a school; take it out of the table",
                        row=row,
                        column=name,
                        value=str(self._cell(name, row)),
                    )
        return out

    def _hint(self, name: str) -> Ints | None:
        """Return the rows of a column of names that may be totals or blank; None where all have to be looked at.

        A nation has as many names as schools: numbering them all is the dearest part of reading it.
        """
        if name not in self._hints:
            known = name in self._codes
            self._hints[name] = None if known else self.table.starting(name, _TOTAL_FIRST | _BLANKS)
        return self._hints[name]

    def _totals(self, name: str) -> list[int]:
        """Return the rows that call themselves a total."""
        rows = self._hint(name)
        if rows is not None:
            cells = self.table.cells(name, rows)
            return [r for r, w in zip(rows.tolist(), cells, strict=True) if w and _TOTAL.fullmatch(fold(w))]
        codes, words = self.codes(name)
        # a cheap look first
        hit = [i for i, w in enumerate(words) if isinstance(w, str) and w[:1] in _TOTAL_FIRST]
        hit = [i for i in hit if _TOTAL.fullmatch(fold(words[i]))]
        return np.flatnonzero(np.isin(codes, hit)).tolist() if hit else []

    def _gaps(self, name: str) -> Ints:
        """Return the rows in which a column is empty."""
        rows = self._hint(name)
        if rows is None:
            return np.flatnonzero(self.codes(name)[0] < 0)
        blank: Ints = rows[np.array([is_blank(w) for w in self.table.cells(name, rows)], dtype=bool)]
        return blank

    @property
    def kind(self) -> NDArray[np.object_]:
        """Kind of school of each row, None where it is not given."""
        return self.category("kind")

    @property
    def stage(self) -> NDArray[np.object_]:
        """Stage of each row, None where it is not given."""
        return self.category("stage")

    @property
    def ownership(self) -> NDArray[np.object_]:
        """Ownership of each row, None where it is not given."""
        return self.category("ownership")

    @property
    def included(self) -> NDArray[np.object_]:
        """What each row says about taking part: True, False or None."""
        return self.flag("included")

    def category(self, name: str) -> NDArray[np.object_]:
        """Return a category column in canonical words, None where it is not given."""
        if name not in self._words:
            self._words[name] = np.array([*category_words(name), None], dtype=object)[self.category_codes(name)]
        return self._words[name]

    def flag(self, name: str) -> NDArray[np.object_]:
        """Return a yes or no column as True, False or None."""
        if name not in self._words:
            self._words[name] = np.array([False, True, None], dtype=object)[self.flag_codes(name)]
        return self._words[name]

    def category_codes(self, name: str) -> NDArray[np.int8]:
        """Return a category column as positions in :func:`category_words`, -1 where it is not given."""
        if name not in self._small:
            words = _category_words(name)
            place = {word: i for i, word in enumerate(category_words(name))}
            choices = ", ".join(place)
            in_chinese = "、".join(w for w in _chinese_words(name) if not w.isascii())
            choices += f", or {in_chinese}" if in_chinese else ""

            def advice(value: Any) -> str:
                return f"{value!r} is no known {name}; use one of {choices}"

            def code(value: Any) -> int:
                return -1 if is_blank(value) else place.get(words.get(fold_word(value), ""), -1)

            self._small[name] = self._understand(name, code, advice)
        return self._small[name]

    def flag_codes(self, name: str) -> NDArray[np.int8]:
        """Return a yes or no column as 1, 0 or, where it is not given, -1."""
        if name not in self._small:
            words = flag_words()

            def code(value: Any) -> int:
                found = bool(value) if isinstance(value, (bool, np.bool_)) else words.get(fold_word(value))
                return -1 if found is None else int(found)

            self._small[name] = self._understand(
                name, code, lambda value: f"{value!r} is neither yes nor no; write 是 or 否"
            )
        return self._small[name]

    def _understand(self, name: str, code: Callable[[Any], int], advice: Callable[[Any], str]) -> NDArray[np.int8]:
        """Give every row the code of its word; record the words that have none."""
        if name not in self.has:
            return np.full(self.rows, -1, dtype=np.int8)
        codes, values = self.codes(name)
        understood = np.array([*(code(v) for v in values), -1], dtype=np.int8)
        for i, value in enumerate(values):
            if understood[i] < 0 and not is_blank(value):
                for row in np.flatnonzero((codes == i) & ~self.is_total).tolist():
                    self.add(ProblemCode.UNKNOWN_CATEGORY, advice(value), row=row, column=name, value=str(value))
        if codes.dtype != np.int8:
            out: NDArray[np.int8] = understood[codes]
            return out
        out = np.full(self.rows, -1, dtype=np.int8)
        for i, code_of_word in enumerate(understood[:-1].tolist()):  # bytes are compared faster than looked up
            out += (codes == i) * np.int8(code_of_word + 1)
        return out

    def _check_keys(self) -> None:
        for name in dict.fromkeys([*self.by, self.school_column]):
            if name not in self.has:
                continue
            gaps = self._gaps(name)
            for row in gaps[~self.is_total[gaps]].tolist():
                self.add(
                    ProblemCode.MISSING_KEY,
                    f"{name} is empty; say which {columns()[name].en.lower() if name in columns() else name} it is",
                    row=row,
                    column=name,
                )

    def _read_number(self, name: str) -> Floats:
        found = base_column(name)
        column = found[0] if found else None
        unit = f" {column.unit}" if column and column.unit else ""
        whole: bool | None = None
        if self.table.is_number(name):
            values, least, most, whole = self._look(name)
        else:
            values, bad = parse_numbers(self.table.objects(name))
            for row, text in bad.items():
                if not self.is_total[row]:
                    self.add(
                        ProblemCode.TEXT_IN_NUMBER,
                        f"{text!r} is not a plain number: {text_advice(text)}",
                        row=row,
                        column=name,
                        value=text,
                    )
            least, most = np.fmin.reduce(values, initial=0.0), np.fmax.reduce(values, initial=0.0)
        if least < 0 or np.isinf(most):
            values, whole = self._without_odd(name, values, unit), None
        if column is not None and column.whole and not (all_whole(values) if whole is None else whole):
            with np.errstate(invalid="ignore"):
                broken = np.isfinite(values) & (values != np.floor(values))
            for row in np.flatnonzero(broken & ~self.is_total).tolist():
                self.add(
                    ProblemCode.NOT_WHOLE,
                    f"{values[row]:g} {column.unit} is not a whole number; is it a share, or in another unit?",
                    row=row,
                    column=name,
                    value=repr(float(values[row])),
                    severity=Severity.WARNING,
                )
        return values

    def _without_odd(self, name: str, values: Floats, unit: str) -> Floats:
        """Record figures that are infinite or negative, and put NaN in their place."""
        infinite = np.isinf(values)
        negative = (values < 0) & ~infinite
        for mask, code, message in (
            (infinite, ProblemCode.INFINITE_VALUE, "is infinite; a figure divided by 0 before it came here? Give"),
            (negative, ProblemCode.NEGATIVE_VALUE, "is negative; give"),
        ):
            for row in np.flatnonzero(mask & ~self.is_total).tolist():
                self.add(
                    code,
                    f"{values[row]:g}{unit} {message} the figure of the return, or leave the cell empty",
                    row=row,
                    column=name,
                    value=repr(float(values[row])),
                )
        return np.where(infinite | negative, np.nan, values)

    def check_parts(self, only: set[str] | None = None) -> None:
        """Record counts over the count they are part of, and degrees that add up to more than the teachers."""
        for name in self.table.columns:
            found = base_column(name)
            if found is None or found[0].part_of is None or (only is not None and found[0].id not in only):
                continue
            whole_name = found[0].part_of + (f"_{found[1]}" if found[1] else "")
            part, whole = self.number(name), self.number(whole_name)
            if part is None or whole is None:
                continue
            with np.errstate(invalid="ignore"):
                over = np.flatnonzero(part > whole)
            for row in over[~self.is_total[over]].tolist():
                self.add(
                    ProblemCode.PART_EXCEEDS_WHOLE,
                    f"{part[row]:g} in {name} is more than the {whole[row]:g} in {whole_name} they belong to; "
                    "correct whichever is wrong",
                    row=row,
                    column=name,
                    value=repr(float(part[row])),
                )
        if only is not None:
            return
        for suffix in ("", *(f"_{s}" for s in ALL_STAGES)):
            names = [f"teachers_{d}_degree{suffix}" for d in _DEGREES["primary"]]
            teachers = self.number(f"teachers{suffix}")
            parts = [p for n in names if (p := self.number(n)) is not None]
            if teachers is None or len(parts) < 2:
                continue
            total = np.sum([np.nan_to_num(p) for p in parts], axis=0)
            with np.errstate(invalid="ignore"):
                over = (total > teachers) & ~self.is_total
            for row in np.flatnonzero(over).tolist():
                self.add(
                    ProblemCode.PART_EXCEEDS_WHOLE,
                    f"the degrees add up to {total[row]:g} teachers, but there are {teachers[row]:g}; count each once, "
                    "by the highest degree",
                    row=row,
                    column=f"teachers{suffix}",
                    value=repr(float(total[row])),
                )


def all_whole(values: Floats) -> bool:
    """Tell whether every number there is is whole, a piece that stays in the cache at a time."""
    with np.errstate(invalid="ignore"):
        pieces = (values[i : i + _PIECE] for i in range(0, values.size, _PIECE))
        return not any(bool((p > np.floor(p)).any()) for p in pieces)


_PIECE = 32_768


def is_blank(value: Any) -> bool:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return isinstance(value, str) and not value.strip()
