"""What titles, headings and names of sheets say for all rows: county, stage, unit (private)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from junheng._data import read_toml
from junheng.errors import InputDataError, Problem, ProblemCode
from junheng.reading.grid import Source, column_letter
from junheng.reading.meaning import units
from junheng.reading.sheets import SheetReading
from junheng.schools import UNIT_IN_SIGHT, Column, columns, fold

_UNIT_LINE = re.compile(r"(?:计量|金额)?单位[:：]\s*([^()（）:：]{1,40})")


def title_unit(s: SheetReading, column: Column) -> tuple[str, tuple[int, int]] | None:
    """Return the unit a line above the headers gives for all columns of a kind, None if there is none or are two."""
    known = {fold(u): f for u, f in read_toml("columns.toml")["units"].get(column.unit, {}).items()}
    said: dict[str, tuple[int, int]] = {}
    for line in [*lines_above(s), *lines_below(s)]:
        for match in _UNIT_LINE.finditer(line):
            for token in re.split(r"[、,，;；/\s]+", match.group(1)):
                if fold(token) in known and fold(token) in units():
                    factor = known[fold(token)]
                    said[token] = (factor[0], factor[1]) if isinstance(factor, list) else (factor, 1)
    if len(said) != 1 or next(iter(said.values())) == (1, 1):
        return None
    return next(iter(said.items()))


def lines_below(s: SheetReading) -> list[str]:
    """Return what stands between the headers and the first school."""
    assert s.rows is not None
    first = int(s.rows.schools.min(initial=s.header.rows[-1] + 1))
    return [o.text for o in s.left_out if s.header.rows[-1] < o.row < first]


def refuse_other_units(sheets: Sequence[SheetReading], problems: Sequence[Problem]) -> None:
    """Refuse a column that looks as if typed in a unit that stands in the file and was not applied."""
    errors = []
    for p in problems:
        rule = read_toml("scale.toml")["columns"].get(p.column)
        if rule is None or p.value is None or float(p.value) >= rule["low"]:
            continue
        for s in sheets:
            told = next((t for t in s.told if t["column"] == p.column), None)
            seen_in = None if told is None else _unit_in_sight(s, told, list(rule["units"]))
            if told is not None and seen_in is not None:
                unit, text = seen_in
                errors.append(
                    Problem(
                        code=ProblemCode.SUSPICIOUS_SCALE,
                        column=p.column,
                        value=p.value,
                        message=f"{s.grid.name}!{told['letter']}: {p.message.split(';')[0]}, and the file speaks of "
                        f"{unit} ({text[:60]!r}), which was not applied: put the unit of the figures in the header, "
                        f"{told['header']}({unit}) or {told['header']}({_canonical_unit(str(p.column))}), and take "
                        "the other away",
                    )
                )
    if errors:
        raise InputDataError(errors)


def _canonical_unit(column: str) -> str:
    known = read_toml("columns.toml")["units"][columns()[column].unit]
    return next((u for u, factor in known.items() if factor == 1 and not u.isascii()), "")


def _unit_in_sight(s: SheetReading, told: Mapping[str, Any], names: Sequence[str]) -> tuple[str, str] | None:
    """Return a unit that a title, a header or a row left out speaks of, and where; None where it was applied."""
    lines = [*lines_above(s), *next(p for c, p in enumerate(s.header.paths) if column_letter(c) == told["letter"])]
    lines += [o.text for o in s.left_out if o.reason not in ("total", "average", "blank")]
    for unit in names:
        pattern = re.compile(UNIT_IN_SIGHT.format(re.escape(unit)))
        for line in lines:
            if told["unit"] != unit and told["factor"] == 1 and pattern.search("".join(line.split())):
                return unit, line
    return None


def lines_above(s: SheetReading) -> list[str]:
    return [str(v) for r in range(s.header.rows[0]) for v in s.grid.cells[r].tolist() if v is not None]


_NOT_A_COUNTY = re.compile(
    r"(城|镇|地|校|学|社|园|景|老|新|开发|各|全|本|我|该|县|分|片|辖|市|牧)区$|(各|全|本|我|该|区)县$|(各|全|本|我|该|城|超)市$"
)
_COUNTY = re.compile(
    r"(?:(?:19|20)\d{2}(?:[-—～~](?:19|20)?\d{2,4})?(?:年度|学年度|学年|年)?)?(?:关于)?"
    r"(?:[\u4e00-\u9fff]{2,5}?(?:省|自治区))?(?:[\u4e00-\u9fff]{2,8}?(?:市|州|盟|地区))?"
    r"([\u4e00-\u9fff]{1,10}?(?:自治县|自治旗|县|区|旗|市))"
)


def county_in(text: str) -> str | None:
    """Return the county a title begins with, None if it names none for sure."""
    line = "".join(text.split())
    line = re.sub(r"^(填报|填表|报送|制表|统计)?(单位|部门)(名称)?[(（]?(盖章|公章)?[)）]?[:：]", "", line)
    match = _COUNTY.match(line)
    if match is None or len(match.group(1)) < 2 or _NOT_A_COUNTY.search(match.group(1)):
        return None
    return match.group(1)


def stage_in(text: str) -> str | None:
    """Return the one stage a name or title speaks of, None if it is none or several."""
    line = "".join(text.split())
    found = set()
    if re.search(r"(?<!中)小学", line) or re.search(r"(?<![a-z])primary", line.lower()):
        found.add("primary")
    if re.search(r"初中|初级中学", line) or "junior" in line.lower():
        found.add("junior")
    if re.search(r"高中|高级中学", line) or "senior" in line.lower():
        found.add("senior")
    if re.search(r"中小学|一贯制|完全中学|义务教育", line):
        return None
    return found.pop() if len(found) == 1 else None


def take_from_titles(source: Source, sheets: Sequence[SheetReading]) -> None:
    """Take stage and county from the sheet's name or the title where no column says them."""
    for s in sheets:
        if not s.n:
            continue
        names = set(s.columns) - {"understood"}
        lines = lines_above(s)
        workbook = source.kind in ("xlsx", "xls", "ods")
        if not names & {"stage", "kind"} and not any(n.endswith(("_primary", "_junior")) for n in names):
            _stages_from_headings(s)
            if "stage" not in s.columns:
                _take(s, "stage", [s.grid.name] if workbook else [], lines, stage_in)
        if not names & {"county", "county_code"}:
            whole = [s.grid.name] if workbook and county_in(s.grid.name) == s.grid.name else []
            _take(s, "county", whole, lines, county_in)


def _take(
    s: SheetReading, column: str, name: Sequence[str], lines: Sequence[str], read: Callable[[str], str | None]
) -> None:
    for where, texts in (("the sheet's name", name), ("the title", lines)):
        found = list(dict.fromkeys(v for t in texts if (v := read(t)) is not None))
        if len(found) == 1:
            values = np.full(s.n, found[0], dtype=object)
            s.columns = {column: values, **s.columns}
            s.add(
                ProblemCode.FROM_TITLE,
                f"no column gives the {column}; {where} says {found[0]}, which was taken for every row",
                column=column,
                value=found[0],
            )
            return


def _stages_from_headings(s: SheetReading) -> None:
    assert s.rows is not None
    headings = [(r, stage_in(t)) for r, t in s.rows.headings]
    told = [(r, stage) for r, stage in headings if stage is not None]
    if not told or not s.n or told[0][0] > s.rows.schools[0]:
        return
    at = np.searchsorted([r for r, _ in told], s.rows.schools) - 1
    values = np.array([told[i][1] for i in at.tolist()], dtype=object)
    s.columns = {"stage": values, **s.columns}
    s.add(
        ProblemCode.FROM_TITLE,
        "no column gives the stage; headings between the rows say it, and were taken for the rows below them",
        column="stage",
    )
