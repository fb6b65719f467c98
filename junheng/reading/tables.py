"""From sheets to one table of schools, with everything that was done on the way written down (private)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from junheng._arrays import Floats
from junheng._data import read_toml
from junheng._frames import Table, Wholes, build_frame
from junheng._text import characters, clean, may_have_twins, odd_signs, unmarked
from junheng.errors import InputDataError, InputError, Problem, ProblemCode, Severity
from junheng.reading.cells import Cells, floats_of, read_code, read_figures, read_words, read_year
from junheng.reading.files import Grid, Source, cell_name, column_letter, open_source
from junheng.reading.layout import Header, LeftOut, Rows, find_header, left_out_rows, named_by, shown, units
from junheng.reading.report import FileReport
from junheng.schools import (
    UNIT_IN_SIGHT,
    Column,
    base_column,
    columns,
    finish_columns,
    flag_advice,
    flag_words,
    fold,
    fold_word,
    is_blank,
    missing_in_mapping,
    near_twins,
    scale_problems,
    text_advice,
    twin_message,
    understand,
)

Sheets = str | int | Sequence[str | int] | None


@define
class _Sheet:
    """A sheet that is read: what was found in it."""

    grid: Grid
    header: Header
    filled: NDArray[np.bool_]
    rows: Rows | None = None
    columns: dict[str, Any] = field(factory=dict)
    told: list[dict[str, Any]] = field(factory=list)
    left_out: list[LeftOut] = field(factory=list)
    problems: list[tuple[str | None, Problem]] = field(factory=list)

    @property
    def n(self) -> int:
        return 0 if self.rows is None else self.rows.schools.size

    def add(self, code: ProblemCode, message: str, *, cell: str | None = None, **fields: Any) -> None:
        """Record something to look at."""
        fields.setdefault("severity", Severity.WARNING)
        self.problems.append((cell, Problem(code=code, message=message, **fields)))


def read_file(
    path: Path,
    sheet: Sheets,
    mapping: Mapping[str, str] | None,
    header: int | Sequence[int] | None,
    said: Callable[[int], None],
) -> FileReport:
    """Read a return and say what was made of it."""
    source = open_source(path, said, _wanted(sheet))
    given = _given_rows(header)
    sheets = _choose(source, sheet, given, mapping or {})
    _understand_sheets(source, sheets, mapping)
    total = sum(len(s.header.names) for s in sheets)
    done = 0
    for s in sheets:
        _read_rows(source, s)
        for c in range(len(s.header.names)):
            _read_column(s, c)
            done += 1
            said(70 + 28 * done // max(total, 1))
        _check_totals(s)
        _check_lost(s)
    _from_titles(source, sheets)
    report = _assemble(source, sheets)
    said(100)
    return report


# -------------------------------------------------------------------------------------- which sheets


def _wanted(sheet: Sheets) -> Callable[[str, int, bool], bool]:
    if sheet is None:
        return lambda name, i, hidden: True
    chosen = [sheet] if isinstance(sheet, (str, int)) else list(sheet)
    return lambda name, i, hidden: name in chosen or i in chosen


def _given_rows(header: int | Sequence[int] | None) -> tuple[int, ...] | None:
    if header is None:
        return None
    rows: list[Any] = list(header) if isinstance(header, (list, tuple, range)) else [header]
    if not rows or any(isinstance(r, bool) or not isinstance(r, int) or r < 1 for r in rows):
        raise InputError(f"header is a row, or rows, as a spreadsheet shows them, counted from 1; not {header!r}")
    return tuple(r - 1 for r in sorted(rows))


def _list_of(grids: Sequence[Grid]) -> str:
    return ", ".join(repr(g.name) + (" (hidden)" if g.hidden else "") for g in grids)


def chosen_grids(source: Source, sheet: Sheets) -> list[Grid]:
    """Return the sheets somebody named."""
    out = []
    for one in [sheet] if isinstance(sheet, (str, int)) else list(sheet or ()):
        if isinstance(one, int) and not isinstance(one, bool) and 0 <= one < len(source.grids):
            out.append(source.grids[one])
            continue
        found = [g for g in source.grids if g.name == one]
        if not found:
            raise InputError(f"{source.name} has no sheet {one!r}; it has {_list_of(source.grids)}")
        out += found[:1]
    return out


def _choose(source: Source, sheet: Sheets, given: tuple[int, ...] | None, mapping: Mapping[str, str]) -> list[_Sheet]:
    grids = chosen_grids(source, sheet) if sheet is not None else [g for g in source.grids if not g.hidden]
    if sheet is not None:
        out = [s for g in grids if (s := _look(source, g, given, mapping)) is not None]
        if len(out) < len(grids):
            empty = [g for g in grids if all(s.grid is not g for s in out)]
            raise InputError(
                f"{source.name}: nothing stands on {_list_of(empty)}; the sheets are {_list_of(source.grids)}"
            )
        return out
    looked: list[_Sheet] = []
    failed: list[InputError] = []
    for grid in grids:
        try:
            found = _look(source, grid, given, mapping)
        except InputDataError:
            raise
        except InputError as exc:
            failed.append(exc)
            continue
        if found is not None:
            looked.append(found)
    returns = [s for s in looked if _is_return(s, mapping)]
    if not returns:
        if len(looked) == 1 and (not failed or looked[0].header.known):
            return looked
        if len(failed) == 1 and not looked:
            raise failed[0]
        if not looked and not failed:
            raise InputError(f"{source.name} is empty; the headers and the schools are missing")
        best = [s for s in looked if s.header.known]
        if len(best) == 1:
            return best
        raise InputError(
            f"{source.name}: no sheet has headers of a return, such as 学校名称 and 学生人数; say which it is "
            f"with sheet=, and what its headers mean with mapping=; the sheets are {_list_of(source.grids)}"
        )
    kinds = {frozenset(f.column for f in s.header.found if f is not None) for s in returns}
    if len(kinds) > 1:
        raise InputDataError([_two_returns(source, returns)])
    return returns


def _two_returns(source: Source, returns: Sequence[_Sheet]) -> Problem:
    sets = [{f.column for f in s.header.found if f is not None} for s in returns]
    common = set.intersection(*sets)
    said = []
    for s, have in zip(returns, sets, strict=True):
        own = sorted(have - common)
        said.append(f"{s.grid.name!r} ({len(have)} columns" + (f", it alone {', '.join(own[:3])}" if own else "") + ")")
    names = [s.grid.name for s in returns]
    return Problem(
        code=ProblemCode.UNCLEAR_HEADER,
        message=f"{source.name}: several sheets could be the return, with different headers: {'; '.join(said)}; "
        f"say which with sheet={names[0]!r}, or put them one below the other with sheet={names!r}",
    )


def _look(source: Source, grid: Grid, given: tuple[int, ...] | None, mapping: Mapping[str, str]) -> _Sheet | None:
    filled = np.asarray(grid.cells != None, dtype=bool)  # noqa: E711 - cell by cell
    if not filled.any():
        return None
    if given is not None and max(given) >= len(grid.cells):
        raise InputError(
            f"{source.name}, sheet {grid.name!r} has {len(grid.cells)} rows; header={max(given) + 1} is none"
        )
    header = find_header(grid, given=given, mapping=mapping)
    return None if header is None else _Sheet(grid=grid, header=header, filled=filled)


def _is_return(sheet: _Sheet, mapping: Mapping[str, str]) -> bool:
    chosen = named_by(mapping, sheet.header)
    columns = {f.column for f in sheet.header.found if f is not None}
    columns |= {chosen[n] for n in sheet.header.names if n in chosen}
    return bool(columns & {"school", "school_code"}) and len(columns) >= 2


def _understand_sheets(source: Source, sheets: Sequence[_Sheet], mapping: Mapping[str, str] | None) -> None:
    """Give each column its meaning, and raise everything that cannot be decided at once."""
    errors: list[Problem] = []
    everywhere = [n for s in sheets for n in s.header.names if n]
    chosen = [named_by(mapping, s.header) for s in sheets]
    used = {c for s, m in zip(sheets, chosen, strict=True) for c in m if c in s.header.names}
    lost = {c for m in chosen for c in m if c not in everywhere}
    for name in sorted(lost - used):
        errors.append(missing_in_mapping(name, everywhere))
    for s, m in zip(sheets, chosen, strict=True):
        at = [c for c, n in enumerate(s.header.names) if n]
        names = [s.header.names[c] for c in at]
        understood, problems = understand(
            names, {k: v for k, v in m.items() if k in names}, [s.header.found[c] for c in at]
        )
        s.columns = {"understood": dict(zip(at, understood, strict=True))}
        letters = {n: column_letter(c) for c, n in zip(at, names, strict=True)}
        for p in problems:
            if p.severity is Severity.ERROR:
                errors.append(p)
            else:
                cell = letters.get(p.column or "")
                s.problems.append((f"{cell}{s.header.rows[-1] + 1}" if cell else None, p))
    if errors:
        raise InputDataError(errors)


# ---------------------------------------------------------------------------------------------- rows


def _read_rows(source: Source, s: _Sheet) -> None:
    s.rows = left_out_rows(s.grid, s.header, s.filled)
    last = int(np.flatnonzero(s.filled.any(axis=1)).max(initial=-1))
    s.left_out = [o for o in s.rows.left_out if o.reason != "blank" or o.row <= last]
    _refuse_long_rows(source, s)
    _spread_merged(s)


def _refuse_long_rows(source: Source, s: _Sheet) -> None:
    """In text a row longer than the headers has a separator too many, and its figures stand under wrong headers."""
    assert s.rows is not None
    if source.kind not in ("csv", "tsv", "text"):
        return
    width = max((c + 1 for c, n in enumerate(s.header.names) if n), default=0)
    if width == s.filled.shape[1] or not s.rows.schools.size:
        return
    long = s.rows.schools[s.filled[s.rows.schools, width:].any(axis=1)]
    if long.size:
        raise InputError(
            f"{source.name} is not a regular table: line {int(long[0]) + 1} has more cells than the {width} headers; "
            "is there a comma inside a number or a name? Put such cells in quotation marks"
        )


def _spread_merged(s: _Sheet) -> None:
    """Give every row what is merged over several; of people merged over several rows nothing can be said."""
    assert s.rows is not None
    school_rows = set(s.rows.schools.tolist()) if s.grid.merges else set()
    start = s.header.rows[-1] + 1
    understood = s.columns["understood"]
    ranges = [m for m in s.grid.merges or () if m[2] > m[0] and m[0] >= start and m[1] == m[3]]
    kinds = {c: base_column(u.column) if u.column else None for c, u in understood.items()}
    # words first: whether two rows are one school is asked for figures
    ranges.sort(key=lambda m: _is_number(kinds.get(m[1])))
    # a column of codes in which nothing stands names no school
    codes = [c for c in s.header.at("school_code") if s.filled[s.rows.schools, c].any()]
    names = codes or s.header.at("school")
    for r0, c, r1, _ in ranges:
        value = s.grid.cells[r0, c]
        rows = [r for r in range(r0, min(r1 + 1, len(s.grid.cells))) if r in school_rows]
        if value is None or len(rows) < 2:
            continue
        base = kinds.get(c)
        named = {s.grid.cells[r, names[0]] for r in rows} if names else {None}
        same = len(named) == 1 and None not in named
        if not _is_number(base) or (same and base is not None and base[0].shared):
            s.grid.cells[rows, c] = value
            s.filled[rows, c] = True
            continue
        s.grid.cells[rows, c] = None
        s.add(
            ProblemCode.MERGED_CELL,
            f"{value!r} is merged over rows {rows[0] + 1} to {rows[-1] + 1}; whose figure it is cannot be told, "
            "so it is missing: give each row its own",
            cell=cell_name(r0, c),
            column=understood[c].column,
            value=str(value),
        )


def _is_number(base: tuple[Column, str | None] | None) -> bool:
    return base is not None and base[0].type == "number"


# ------------------------------------------------------------------------------------------- columns


def _read_column(s: _Sheet, c: int) -> None:
    assert s.rows is not None
    values = s.grid.cells[s.rows.schools, c]
    u = s.columns["understood"].get(c)
    name = s.header.names[c]
    letter = column_letter(c)
    filled = int(np.count_nonzero(s.filled[s.rows.schools, c]))
    if not name:
        if filled == 0:
            return
        name = f"column {letter}"
    cells = Cells(values=values)
    column = None if u is None else u.column
    base = base_column(column) if column is not None else None
    factor = (1, 1) if u is None else u.factor
    unit = None if u is None else u.unit
    if base is not None and column is not None:
        kind = base[0].type
        if kind == "number":
            title = _title_unit(s, base[0]) if unit is None else None
            if title is not None:
                unit, factor = title
                s.add(
                    ProblemCode.FROM_TITLE,
                    f"the title says {unit}, the header no unit: {column} was read in {unit}",
                    cell=f"{letter}{s.header.rows[-1] + 1}",
                    column=column,
                    value=unit,
                )
            cells = read_figures(values, base[0], factor)
        elif column.endswith("code"):
            cells = read_code(values)
        elif column == "year":
            cells = read_year(values)
        else:
            cells = read_words(values, flag=kind == "flag")
        _name_bad(s, c, column, kind, cells)
        _name_cleaned(s, c, column, cells)
        _name_unanswered(s, c, column, kind, cells)
        s.columns[column] = cells.values
    else:
        s.columns[_free(name, s)] = _as_typed(_as_it_stood(s, c, values))
    s.told.append(
        {
            "sheet": s.grid.name,
            "letter": letter,
            "header": s.header.names[c] or None,
            "column": column,
            "unit": unit,
            "factor": factor[0] / factor[1],
            "cells": filled,
            "converted": len(cells.converted),
            "missing": len(cells.missing),
            "unread": len(cells.bad),
            "columns": column or name,
        }
    )


def _free(name: str, s: _Sheet) -> str:
    """Return a name for a column that is not known, which no canonical column has."""
    taken = {u.column for u in s.columns["understood"].values()}
    return f"{name} (as given)" if name in taken or name == "understood" else name


def _as_typed(values: NDArray[np.object_]) -> list[Any]:
    out: list[Any] = []
    for value in values.tolist():
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            out.append(int(value))
        else:
            out.append(value.isoformat() if hasattr(value, "isoformat") else value)
    return out


def _name_bad(s: _Sheet, c: int, column: str, kind: str, cells: Cells) -> None:
    assert s.rows is not None
    for row, text in cells.bad.items():
        cell = cell_name(int(s.rows.schools[row]), c)
        if kind == "number":
            message = f"{text!r} is not a plain number: {text_advice(text)}"
            s.add(ProblemCode.TEXT_IN_NUMBER, message, cell=cell, column=column, value=text, severity=Severity.ERROR)
        elif column == "year":
            s.add(
                ProblemCode.UNCLEAR_YEAR,
                f"{text!r} is not one year, and no document says which of the two is meant: write 2025",
                cell=cell,
                column=column,
                value=text,
            )
        else:
            s.add(
                ProblemCode.DIGITS_LOST,
                f"{text!r} has been rounded by a spreadsheet, its last digits are lost: format the column as text and "
                "type the code again",
                cell=cell,
                column=column,
                value=text,
            )


def _name_cleaned(s: _Sheet, c: int, column: str, cells: Cells) -> None:
    """Report each cell that was read without something that stood in it."""
    assert s.rows is not None
    before = dict(cells.cleaned)
    if s.grid.cleaned:
        at = [(i, s.grid.cleaned.get((int(r), c))) for i, r in enumerate(s.rows.schools)]
        before |= {i: text for i, text in at if text is not None}
    for i, text in sorted(before.items()):
        s.add(
            ProblemCode.INVISIBLE_CHARACTERS,
            f"{clean(text)!r} holds characters that do not show ({odd_signs(text)}); it was read without them",
            cell=cell_name(int(s.rows.schools[i]), c),
            column=column,
            value=text,
        )
    for i, text in cells.marked.items():
        s.add(
            ProblemCode.FOOTNOTE_MARK,
            f"{text!r} carries the mark of a footnote; it was read as {unmarked(text)}",
            cell=cell_name(int(s.rows.schools[i]), c),
            column=column,
            value=text,
        )


def _name_unanswered(s: _Sheet, c: int, column: str, kind: str, cells: Cells) -> None:
    """Report what is neither yes nor no, and the rows without a name or code where others have one."""
    assert s.rows is not None
    key = column in ("county", "county_code", "school_code") or (column == "school" and not s.header.at("school_code"))
    if kind != "flag" and not key:
        return
    values = list(cells.values)
    blank = {v for v in set(values) if is_blank(v)}
    if kind == "flag":
        odd = {v for v in set(values) - blank if not isinstance(v, bool) and fold_word(v) not in flag_words()}
    else:
        odd = blank if len(blank) < len(set(values)) else set()
    for i in [i for i, v in enumerate(values) if v in odd] if odd else ():
        cell = cell_name(int(s.rows.schools[i]), c)
        if kind == "flag":
            message, code = flag_advice(values[i]), ProblemCode.UNKNOWN_CATEGORY
        else:
            message, code = f"{column} is empty here, and given in other rows; fill it in", ProblemCode.MISSING_KEY
        s.add(code, message, cell=cell, column=column, severity=Severity.ERROR)


def _as_it_stood(s: _Sheet, c: int, values: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return a column that is not known with the characters that were taken out of its cells."""
    assert s.rows is not None
    before = {r: text for (r, at), text in s.grid.cleaned.items() if at == c}
    if not before:
        return values
    out = values.copy()
    out[:] = [before.get(r, v) for r, v in zip(s.rows.schools.tolist(), values.tolist(), strict=True)]
    return out


_UNIT_LINE = re.compile(r"(?:计量|金额)?单位[:：]\s*([^()（）:：]{1,40})")


def _title_unit(s: _Sheet, column: Column) -> tuple[str, tuple[int, int]] | None:
    """Return the unit a line above the headers gives for all columns of a kind, None if there is none or are two."""
    known = {fold(u): f for u, f in read_toml("columns.toml")["units"].get(column.unit, {}).items()}
    said: dict[str, tuple[int, int]] = {}
    for line in [*_lines_above(s), *_lines_below(s)]:
        for match in _UNIT_LINE.finditer(line):
            for token in re.split(r"[、,，;；/\s]+", match.group(1)):
                if fold(token) in known and fold(token) in units():
                    factor = known[fold(token)]
                    said[token] = (factor[0], factor[1]) if isinstance(factor, list) else (factor, 1)
    if len(said) != 1 or next(iter(said.values())) == (1, 1):
        return None
    return next(iter(said.items()))


def _lines_below(s: _Sheet) -> list[str]:
    """Return what stands between the headers and the first school."""
    assert s.rows is not None
    first = int(s.rows.schools.min(initial=s.header.rows[-1] + 1))
    return [o.text for o in s.left_out if s.header.rows[-1] < o.row < first]


def _refuse_other_units(sheets: Sequence[_Sheet], problems: Sequence[Problem]) -> None:
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


def _unit_in_sight(s: _Sheet, told: Mapping[str, Any], names: Sequence[str]) -> tuple[str, str] | None:
    """Return a unit that a title, a header or a row left out speaks of, and where; None where it was applied."""
    lines = [*_lines_above(s), *next(p for c, p in enumerate(s.header.paths) if column_letter(c) == told["letter"])]
    lines += [o.text for o in s.left_out if o.reason not in ("total", "average", "blank")]
    for unit in names:
        pattern = re.compile(UNIT_IN_SIGHT.format(re.escape(unit)))
        for line in lines:
            if told["unit"] != unit and told["factor"] == 1 and pattern.search("".join(line.split())):
                return unit, line
    return None


def _lines_above(s: _Sheet) -> list[str]:
    return [str(v) for r in range(s.header.rows[0]) for v in s.grid.cells[r].tolist() if v is not None]


# ---------------------------------------------------------------------- totals, formulas, words of titles


def _check_totals(s: _Sheet) -> None:
    """Compare rows of totals with the rows they stand for; the totals are not used."""
    assert s.rows is not None
    sums = [t for t in s.rows.totals if t[1] != "average"]
    if not sums or not s.n:
        return
    codes = s.columns.get("school_code")
    school = s.columns.get("school") if codes is None or all(v is None for v in codes) else codes
    first = np.ones(s.n, dtype=bool)
    if school is not None:
        first[:] = False
        first[list({v: i for i, v in reversed(list(enumerate(school)))}.values())] = True
    at = np.searchsorted(s.rows.schools, [t[0] for t in s.rows.totals])
    before = {t[0]: int(at[i - 1]) if i else 0 for i, t in enumerate(s.rows.totals)}
    for c, u in s.columns["understood"].items():
        base = base_column(u.column) if u.column else None
        if base is None or base[0].type != "number" or base[0].unit == "year":
            continue
        told = next(t for t in s.told if t["letter"] == column_letter(c))
        values = floats_of(s.columns[u.column])
        gaps = np.concatenate([[0], np.cumsum(np.isnan(values))])
        runs = [np.concatenate([[0.0], np.nancumsum(values)])]
        if base[0].shared:
            # a school of two stages gives its rooms twice, and a total counts them once
            runs.append(np.concatenate([[0.0], np.nancumsum(np.where(first, values, 0.0))]))
        factor = u.factor if told["unit"] == u.unit else _title_unit(s, base[0])[1]  # type: ignore[index]
        for row, kind, label in sums:
            cell = s.grid.cells[row, c]
            if cell is None:
                continue
            one = np.empty(1, dtype=object)
            one[0] = cell
            read = floats_of(read_figures(one, base[0], factor).values)[0]
            if np.isnan(read):
                continue
            here = int(np.searchsorted(s.rows.schools, row))
            spans = [(before[row], here), (0, here), (0, s.n)]
            spans = spans if kind == "part" else spans[::-1]
            if kind == "part" and here == before[row]:
                spans = spans[1:]
            close = max(1e-9 * abs(read), _half_digit(cell) * factor[0] / factor[1])
            if any(abs(run[b] - run[a] - read) <= close for run in runs for a, b in spans):
                continue
            if any(abs(x - read) <= close for x in _by_stage(s, values, label)):
                continue
            a, b = spans[0]
            total, lacking = runs[0][b] - runs[0][a], int(gaps[b] - gaps[a])
            s.add(
                ProblemCode.TOTAL_MISMATCH,
                f"the row {label!r} says {read:.12g}, its {'1 row adds' if b - a == 1 else f'{b - a} rows add'} up to "
                f"{total:.12g}"
                + (f" ({lacking} of them without a figure)" if lacking else "")
                + "; correct whichever is wrong",
                cell=cell_name(row, c),
                column=u.column,
                value=shown(cell),
            )


def _half_digit(cell: Any) -> float:
    """Return half a unit of the last digit a figure was given with."""
    text = repr(cell) if isinstance(cell, float) else str(cell)
    digits = re.search(r"\.([0-9]*[1-9])0*(?![0-9])", text)
    return 0.5000001 * 10.0 ** -(len(digits.group(1)) if digits else 0)


def _by_stage(s: _Sheet, values: Floats, label: str) -> list[float]:
    stages = s.columns.get("stage")
    if stages is None:
        return []
    named = [w for w in ("小学", "初中", "高中") if w in label]
    return [float(np.nansum(values[[isinstance(v, str) and w in v for v in stages]])) for w in named]


def _check_lost(s: _Sheet) -> None:
    for row, c, what in s.grid.lost:
        u = s.columns["understood"].get(c)
        column = None if u is None else u.column or u.header
        if what:
            s.add(
                ProblemCode.ERROR_CELL,
                f"the cell shows the error {what}; it is missing: give the figure",
                cell=cell_name(row, c), column=column, value=what,
            )  # fmt: skip
        else:
            s.add(
                ProblemCode.FORMULA_WITHOUT_VALUE,
                "the cell holds a formula whose value was never computed; it is missing: open the file, save it and "
                "read it again",
                cell=cell_name(row, c), column=column,
            )  # fmt: skip


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


def _from_titles(source: Source, sheets: Sequence[_Sheet]) -> None:
    """Take stage and county from the sheet's name or the title where no column says them."""
    for s in sheets:
        if not s.n:
            continue
        names = set(s.columns) - {"understood"}
        lines = _lines_above(s)
        workbook = source.kind in ("xlsx", "xls", "ods")
        if not names & {"stage", "kind"} and not any(n.endswith(("_primary", "_junior")) for n in names):
            _stages_from_headings(s)
            if "stage" not in s.columns:
                _take(s, "stage", [s.grid.name] if workbook else [], lines, stage_in)
        if not names & {"county", "county_code"}:
            whole = [s.grid.name] if workbook and county_in(s.grid.name) == s.grid.name else []
            _take(s, "county", whole, lines, county_in)


def _take(s: _Sheet, column: str, name: Sequence[str], lines: Sequence[str], read: Callable[[str], str | None]) -> None:
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


def _stages_from_headings(s: _Sheet) -> None:
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


# ----------------------------------------------------------------------------------------- the whole


def _assemble(source: Source, sheets: Sequence[_Sheet]) -> FileReport:
    names = list(dict.fromkeys(n for s in sheets for n in s.columns if n != "understood"))
    canonical = [n for n in names if base_column(n) is not None and any(n in _known(s) for s in sheets)]
    columns = {n: _stacked([s.columns.get(n) for s in sheets], [s.n for s in sheets], n in canonical) for n in names}
    schools = finish_columns(build_frame(columns, "pandas"), canonical)
    problems: list[tuple[str | None, str | None, Problem]] = [
        (s.grid.name, cell, p) for s in sheets for cell, p in s.problems
    ]
    problems = [*((None, None, p) for p in source.problems), *problems]
    problems += [(None, None, p) for p in _hidden_returns(source, sheets)]
    problems += _near_twins(schools, sheets)
    odd = scale_problems(schools)
    _refuse_other_units(sheets, odd)
    problems += [(None, None, p) for p in odd]
    used = {s.grid.name: s for s in sheets}
    told = [t for s in sheets for t in s.told]
    return FileReport(
        name=source.name,
        kind=source.kind,
        encoding=source.encoding,
        schools=schools,
        places=_frame(
            {
                "sheet": np.repeat(np.array([s.grid.name for s in sheets], dtype=object), [s.n for s in sheets]),
                "row": np.concatenate([s.rows.schools + 1 for s in sheets if s.rows is not None]),
            }
        ),
        sheets=_frame(
            {
                "sheet": [g.name for g in source.grids],
                "hidden": np.array([g.hidden for g in source.grids], dtype=bool),
                "used": np.array([g.name in used for g in source.grids], dtype=bool),
                "headers": [
                    "-".join(
                        dict.fromkeys(str(r + 1) for r in (used[g.name].header.rows[0], used[g.name].header.rows[-1]))
                    )
                    if g.name in used
                    else None
                    for g in source.grids
                ],
                "schools": _ints(used[g.name].n if g.name in used else 0 for g in source.grids),
                "left_out": _ints(
                    sum(o.reason != "blank" for o in used[g.name].left_out) if g.name in used else 0
                    for g in source.grids
                ),
            }
        ),
        columns=_frame(
            {
                **{k: [t[k] for t in told] for k in ("sheet", "letter", "header", "column", "unit")},
                "factor": np.array([t["factor"] for t in told], dtype=np.float64),
                **{k: _ints(t[k] for t in told) for k in ("cells", "converted", "missing", "unread")},
            }
        ),
        left_out=_frame(
            {
                "sheet": [s.grid.name for s in sheets for _ in s.left_out],
                "row": _ints(o.row + 1 for s in sheets for o in s.left_out),
                "reason": [o.reason for s in sheets for o in s.left_out],
                "text": [o.text for s in sheets for o in s.left_out],
            }
        ),
        problems=_frame(
            {
                "code": [str(p.code) for _, _, p in problems],
                "severity": [str(p.severity) for _, _, p in problems],
                "sheet": [sheet for sheet, _, _ in problems],
                "cell": [cell for _, cell, _ in problems],
                "column": [p.column for _, _, p in problems],
                "value": [p.value for _, _, p in problems],
                "message": [p.message for _, _, p in problems],
            }
        ),
    )


def _near_twins(schools: Any, sheets: Sequence[_Sheet]) -> list[tuple[str | None, str | None, Problem]]:
    """Report names that nearly are others; of schools those of one county."""
    table = Table(schools)
    places = [(s, int(r)) for s in sheets if s.rows is not None for r in s.rows.schools]
    county = table.codes("county")[0] if "county" in table.columns else np.zeros(table.rows)
    out: list[tuple[str | None, str | None, Problem]] = []
    for name in ("county", "county_code", "school", "school_code"):
        if name not in table.columns or table.is_number(name):
            continue
        codes, words = table.codes(name)
        if not may_have_twins(characters(words)):
            continue
        for i, group in near_twins(words, codes):
            others = np.isin(codes, [j for j in group if j != i])
            for row in np.flatnonzero(codes == i).tolist():
                beside = others & (county == county[row]) if name.startswith("school") else others
                near = [words[j] for j in dict.fromkeys(codes[beside].tolist())]
                if near:
                    s, r = places[row]
                    at = next((t["letter"] for t in s.told if t["column"] == name), None)
                    problem = Problem(
                        code=ProblemCode.NEAR_TWIN,
                        severity=Severity.WARNING,
                        column=name,
                        value=str(words[i]),
                        message=twin_message(words[i], near),
                    )
                    out.append((s.grid.name, f"{at}{r + 1}" if at else None, problem))
    return out


def _known(s: _Sheet) -> set[str]:
    return {u.column for u in s.columns["understood"].values() if u.column} | {"stage", "county"}


def _ints(values: Any) -> NDArray[np.int64]:
    return np.array(list(values), dtype=np.int64)


def _frame(columns: Mapping[str, Any]) -> Any:
    return build_frame(columns, "pandas")


def _stacked(parts: Sequence[Any], lengths: Sequence[int], canonical: bool) -> Any:
    """Put the columns of several sheets one below the other; a sheet that lacks one has nothing there."""
    if all(isinstance(p, np.ndarray) and p.dtype.kind == "f" for p in parts if p is not None):
        return np.concatenate([np.full(n, np.nan) if p is None else p for p, n in zip(parts, lengths, strict=True)])
    out: list[Any] = []
    for p, n in zip(parts, lengths, strict=True):
        cells = [None] * n if p is None else p.tolist() if isinstance(p, np.ndarray) else list(p)
        out += [None if isinstance(v, float) and v != v else v for v in cells]
    if out and canonical and all(type(v) is int or v is None for v in out):
        return Wholes(out) if None in out else np.array(out, dtype=np.int64)
    return out


def _hidden_returns(source: Source, sheets: Sequence[_Sheet]) -> list[Problem]:
    out = []
    for grid in source.grids:
        if grid.hidden and all(s.grid is not grid for s in sheets) and grid.cells.size:
            try:
                found = _look(source, grid, None, {})
            except InputError:
                continue
            if found is not None and _is_return(found, {}):
                out.append(
                    Problem(
                        code=ProblemCode.SHEET_NOT_READ,
                        severity=Severity.WARNING,
                        value=grid.name,
                        message=f"the hidden sheet {grid.name!r} has headers of a return too, and was not read; "
                        f"if it counts, name it with sheet=",
                    )
                )
    return out
