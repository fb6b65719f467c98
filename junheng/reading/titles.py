"""County, stage, year and unit from titles, headings and sheet names (private)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from junheng._data import read_toml
from junheng.errors import InputDataError, Problem, ProblemCode
from junheng.reading.grid import Source
from junheng.reading.sheet_reading import Change, SheetReading
from junheng.schools import UNIT_IN_SIGHT, Column, columns, fold, units_of
from junheng.words import Name, Quoted, message

# ---------------------------------------------------------------------------------------- units in titles

_UNIT_LINE = re.compile(r"(?:(?:计量|金额)?单位|金额)[:：]\s*([^()（）:：]{1,40})")


def title_units(s: SheetReading, column: Column) -> dict[str, tuple[int, int]]:
    """Return the units that titles give for a column."""
    known = units_of(column.unit)
    named = _units_named([*s.lines_above(), *s.lines_below()])
    return {token: known[fold(token)] for token in named if fold(token) in known}


def _units_named(lines: Sequence[str]) -> list[str]:
    """Return the units named in lines such as 单位：人、平方米."""
    return [
        token
        for line in lines
        for match in _UNIT_LINE.finditer(line)
        for token in re.split(r"[、,，;；/\s]+", match.group(1))
    ]


def refuse_other_units(sheets: Sequence[SheetReading], problems: Sequence[Problem]) -> None:
    """Refuse a column that looks as if typed in a unit that the file mentions but was not applied."""
    errors = []
    for p in problems:
        rule = read_toml("scale.toml")["columns"].get(p.column)
        if rule is not None and p.value is not None and float(p.value) < rule["low"]:
            errors += [e for s in sheets if (e := _other_unit(s, p, list(rule["units"]))) is not None]
    if errors:
        raise InputDataError(errors)


def _other_unit(s: SheetReading, problem: Problem, names: Sequence[str]) -> Problem | None:
    c = next((c for c, read in s.read.items() if read.column == problem.column), None)
    in_sight = None if c is None else _unit_in_sight(s, c, names)
    if c is None or in_sight is None:
        return None
    (unit, text), read = in_sight, s.read[c]
    canonical = columns()[str(problem.column)].unit
    sentence = message(
        "reading.other_unit",
        cell=f"{s.grid.name}!{read.letter}",
        median=float(problem.value or "nan"),
        unit=Name("unit", str(canonical)),
        other=unit,
        text=Quoted(text[:60]),
        header=read.header,
        canonical=_chinese_unit(canonical),
    )
    return Problem(code=ProblemCode.SUSPICIOUS_SCALE, column=problem.column, value=problem.value, message=sentence)


def _chinese_unit(unit: str | None) -> str:
    known = read_toml("columns.toml")["units"][unit]
    return next((u for u, factor in known.items() if factor == 1 and not u.isascii()), "")


def _unit_in_sight(s: SheetReading, c: int, names: Sequence[str]) -> tuple[str, str] | None:
    """Return a unit mentioned in a title, header or row left out, and its text; None if it was applied."""
    read = s.read[c]
    if read.factor[0] != read.factor[1]:
        return None
    lines = [*s.lines_above(), *s.header.paths[c]]
    lines += [o.text for o in s.left_out if o.reason not in ("total", "average", "blank")]
    for unit in names:
        pattern = re.compile(UNIT_IN_SIGHT.format(re.escape(unit)))
        for line in lines:
            if read.unit != unit and pattern.search("".join(line.split())):
                return unit, line
    return None


# -------------------------------------------------------------------------------------- county and stage

_NOT_A_COUNTY = re.compile(
    r"(城|镇|地|校|学|社|园|景|老|新|开发|各|全|本|我|该|县|分|片|辖|市|牧)区$|(各|全|本|我|该|区)县$|(各|全|本|我|该|城|超)市$"
)
_COUNTY = re.compile(
    r"(?:(?:19|20)\d{2}(?:[-—～~](?:19|20)?\d{2,4})?(?:年度|学年度|学年|年)?)?(?:关于)?"
    r"(?:[\u4e00-\u9fff]{2,5}?(?:省|自治区))?(?:[\u4e00-\u9fff]{2,8}?(?:市|州|盟|地区))?"
    r"([\u4e00-\u9fff]{1,10}?(?:自治县|自治旗|县|区|旗|市))"
)
_FILLED_IN_BY = re.compile(r"(填报|填表|报送|制表|统计)?(单位|部门)(名称)?[(（]?(盖章|公章)?[)）]?[:：]")
#: The signs of these patterns that are written otherwise in traditional characters.
_SIMPLIFIED = str.maketrans("縣區務關於單統計報製稱蓋團", "县区务关于单统计报制称盖团")


def county_in(text: str) -> str | None:
    """Return the county that a title starts with, None if uncertain."""
    line = "".join(text.split())
    simplified = line.translate(_SIMPLIFIED)
    filled_in_by = _FILLED_IN_BY.match(simplified)
    match = _COUNTY.match(simplified, filled_in_by.end() if filled_in_by else 0)
    if match is None or len(match.group(1)) < 2 or _NOT_A_COUNTY.search(match.group(1)):
        return None
    return line[match.start(1) : match.end(1)]


_ONE_STAGE = {
    "primary": re.compile(r"(?<!中)小学|(?<![a-z])primary"),
    "junior": re.compile(r"初中|初级中学|junior"),
    "senior": re.compile(r"高中|高级中学|senior"),
}
_SEVERAL_STAGES = re.compile(r"中小学|一贯制|完全中学|义务教育")


def stage_in(text: str) -> str | None:
    """Return the only stage that a name or title mentions, None if there are none or several."""
    line = "".join(text.split()).lower()
    found = [stage for stage, pattern in _ONE_STAGE.items() if pattern.search(line)]
    return found[0] if len(found) == 1 and not _SEVERAL_STAGES.search(line) else None


def take_from_titles(source: Source, s: SheetReading) -> None:
    """Take stage and county from the sheet name or the title if no column gives them."""
    if not s.n:
        return
    names = set(s.columns)
    lines = s.lines_above()
    sheet = [s.grid.name] if source.kind in ("xlsx", "xls", "ods") else []
    if not names & {"stage", "kind"} and not any(n.endswith(("_primary", "_junior")) for n in names):
        _stages_from_headings(s)
        if "stage" not in s.columns:
            _take(s, "stage", sheet, lines, stage_in)
    if not names & {"county", "county_code"}:
        _take(s, "county", [name for name in sheet if county_in(name) == name], lines, county_in)


_YEAR_IN_NAME = re.compile(r"(?<![0-9A-Za-z])((?:19|20)[0-9]{2})(?:年度|年)?(?![0-9A-Za-z学级届./年度~～至—–-])")
_ANY_YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")
_SCHOOL_YEAR = re.compile(r"(?<![0-9A-Za-z])(?:19|20)[0-9]{2}(?:[-—–~～至/](?:19|20)?[0-9]{2})?学年度?")


#: A year digit by digit: 二〇二四, with each of the signs that are typed for its zero.
_ZERO, _DIGIT = "〇○◯零", "一二三四五六七八九"
_CHINESE_YEAR = re.compile(f"(?<![{_ZERO}{_DIGIT}十])(?:一九|二[{_ZERO}])[{_ZERO}{_DIGIT}]{{2}}(?![{_ZERO}{_DIGIT}十])")
_CHINESE_DIGITS = str.maketrans(_ZERO + _DIGIT, "0000123456789")


def year_in(name: str) -> int | str | None:
    """Return the year in a sheet name: a number, a school year as it stands, None if there are none or several."""
    line = unicodedata.normalize("NFKC", "".join(name.split()))
    line = _CHINESE_YEAR.sub(lambda m: m.group().translate(_CHINESE_DIGITS), line)
    found: list[int | str] = [m.group(0) for m in _SCHOOL_YEAR.finditer(line)]
    rest = _SCHOOL_YEAR.sub("", line)
    found += [int(y) for y in dict.fromkeys(_YEAR_IN_NAME.findall(rest))]
    # 2024年2025年: a number beside the year that may be a year too
    several = len({*_ANY_YEAR.findall(rest), *_YEAR_IN_NAME.findall(rest)}) > 1
    return found[0] if len(found) == 1 and not several else None


def take_years(source: Source, sheets: Sequence[SheetReading]) -> None:
    """Take the year from the sheet names if no sheet has a column for it and each name gives one."""
    read = [s for s in sheets if s.n]
    if source.kind not in ("xlsx", "xls", "ods") or any("year" in s.columns for s in read):
        return
    years = [year_in(s.grid.name) for s in read]
    if None in years:
        return
    for s, year in zip(read, years, strict=True):
        s.columns = {"year": np.full(s.n, year, dtype=object), **s.columns}
        if isinstance(year, int):
            sentence = message("reading.sheet_says", column=Name("column", "year"), value=str(year))
            s.add(ProblemCode.FROM_TITLE, sentence, column="year", value=str(year))
        else:
            sentence = message("reading.year_of_school_year", value=year)
            s.add(ProblemCode.UNCLEAR_YEAR, sentence, column="year", value=year)
        s.changes.append(Change(None, "year", None, str(year), "from_title"))


def report_same_schools(sheets: Sequence[SheetReading]) -> None:
    """Report sheets that contain the same schools if nothing tells their years apart."""
    keys = ("county", "county_code", "school", "school_code", "stage", "year")
    seen: dict[tuple[Any, ...], SheetReading] = {}
    told: set[tuple[str, str]] = set()
    for s in sheets if len(sheets) > 1 else ():
        columns = [list(s.columns.get(k, ())) or [None] * s.n for k in keys]
        for key in dict.fromkeys(zip(*columns, strict=True)):
            other = seen.setdefault(key, s)
            name = key[2] or key[3]
            pair = (other.grid.name, s.grid.name)
            if other is not s and name is not None and pair not in told:
                told.add(pair)
                names = {"sheet": Quoted(pair[0]), "other": Quoted(pair[1]), "name": Quoted(str(name))}
                s.add(ProblemCode.DUPLICATE_ROW, message("reading.same_schools", **names))


def _take(
    s: SheetReading, column: str, sheet: Sequence[str], lines: Sequence[str], read: Callable[[str], str | None]
) -> None:
    """Take a value from the sheet name, else from the title, if it is unique there."""
    for key, texts in (("reading.sheet_says", sheet), ("reading.title_says", lines)):
        found = list(dict.fromkeys(v for t in texts if (v := read(t)) is not None))
        if len(found) == 1:
            s.columns = {column: np.full(s.n, found[0], dtype=object), **s.columns}
            value = Name("stage", found[0]) if column == "stage" else found[0]
            sentence = message(key, column=Name("column", column), value=value)
            s.add(ProblemCode.FROM_TITLE, sentence, column=column, value=found[0])
            s.changes.append(Change(None, column, None, found[0], "from_title"))
            return


def _stages_from_headings(s: SheetReading) -> None:
    """Take the stage of each row from the heading above it, if every row has one."""
    found = [(r, stage) for r, text in s.rows.headings if (stage := stage_in(text)) is not None]
    if not found or found[0][0] > s.rows.schools[0]:
        return
    at = np.searchsorted([r for r, _ in found], s.rows.schools) - 1
    s.columns = {"stage": np.array([found[i][1] for i in at.tolist()], dtype=object), **s.columns}
    s.add(ProblemCode.FROM_TITLE, message("reading.headings_say"), column="stage")
    taken = dict.fromkeys(stage for _, stage in found)
    s.changes += [Change(None, "stage", None, stage, "from_title") for stage in taken]
