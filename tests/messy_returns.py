"""Returns drawn at random, and more ways of making a mess of them; each knows what must be read afterwards."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import attrs
from messy_books import IDS, MESSES, WORDS, Book, Row, Sheet, column, insert
from messy_files import Special
from messy_words import (
    BAD,
    EXTRA,
    HEADER_UNITS,
    INVISIBLE,
    MANNERS,
    MISSING,
    NAMED_EXTRA,
    NOTES,
    OWN_WORDS,
    REMARKS,
    TITLES,
    TOTAL_WORDS,
    UNIT_CELLS,
)

import junheng as jh
from junheng.schools import columns


@attrs.frozen
class Bad:
    """A cell that cannot be read with certainty: to be named, or read as one of these."""

    allowed: tuple[Any, ...] = ()


@attrs.define
class Return(Book):
    """A book and what must be read from it: for each school (a record) its figures."""

    expected: dict[int, dict[str, Any]] = attrs.field(factory=dict)
    #: Words of which an error must say one, if a mess may be refused.
    refusable: list[str] = attrs.field(factory=list)


Mess = Callable[[Return, random.Random], None]
ALWAYS = (*IDS.values(), "backbone_teachers", "pe_art_teachers", "multimedia_classrooms", "classes")
SOMETIMES = ("teachers_mid_or_senior_title", "ownership", "area_type", "included")
UNITS = {"persons": "人", "m2": "㎡", "CNY": "元", "rooms": "间", "machines": "台", "volumes": "册", "classes": "个"}


def drawn_return(rng: random.Random) -> Return:
    """A clean return of a make-believe county, its headers as in the template."""
    table = jh.synthetic.county(seed=rng.randrange(10**6), n_schools=rng.randint(6, 14), missing=0.04)
    order = [c for c in table.columns if c in ALWAYS or (c in SOMETIMES and rng.random() < 0.5)]
    with_units = rng.random() < 0.7
    heads = []
    for c in order:
        about = columns()[c]
        unit = UNITS.get(about.unit or "")
        heads.append(f"{about.zh}({unit})" if unit and with_units else about.zh)
    book = Return([Sheet("学校表", [Row(heads)], columns=list(order))])
    for i, record in enumerate(jh.results.records(table)):
        values = {c: _whole(record[c]) for c in order}
        book.expected[i] = values
        book.sheets[0].rows.append(Row([WORDS.get(c, {}).get(values[c], values[c]) for c in order], i))
    return book


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def schools(sheet: Sheet) -> list[Row]:
    return [r for r in sheet.rows if isinstance(r, Row) and r.record is not None]


def figures(sheet: Sheet) -> list[str]:
    return [c for c in sheet.columns if c and columns()[c].type == "number"]


def _some_cell(book: Return, rng: random.Random) -> tuple[Sheet, Row, str]:
    sheet = rng.choice(book.main)
    rows = schools(sheet)
    cells = [(r, c) for r in rows for c in figures(sheet) if isinstance(r[column(sheet, c)], (int, float))]
    row, name = rng.choice(cells)
    return sheet, row, name


def truth(book: Return, row: Row, name: str) -> Any:
    """What a cell means, in the unit of its column; the cell itself may be in another by now."""
    assert row.record is not None
    value = book.expected[row.record][name]
    return value.allowed[0] if isinstance(value, Bad) and value.allowed else value


def put(sheet: Sheet, row: Row, name: str, value: Any) -> None:
    row[column(sheet, name)] = value


def _expect(book: Return, row: Row, name: str, value: Any) -> None:
    assert row.record is not None
    book.expected[row.record][name] = value


# ----------------------------------------------------------------------------------------------- the cells


def _numeric_readings(text: str, value: Any) -> tuple[Any, ...]:
    """What such a text may be read as without a word: only what it plainly says."""
    plain = {"-0": 0, f"+{value}": value, f"{value}.": value, f"{value}e2": value * 100, f"{value}E+02": value * 100}
    money = {f"￥{value}": value}
    # a comma that can only separate thousands, or decimals
    thousands = {f"1,{value}": 1000 + value} if isinstance(value, (int, float)) and 100 <= value < 1000 else {}
    decimals = {f"{value},5": value + 0.5} if isinstance(value, int) else {}
    return tuple(v for k, v in {**plain, **money, **thousands, **decimals}.items() if k == text and v is not None)


def bad_cells(book: Return, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 3)):
        sheet, row, name = _some_cell(book, rng)
        value = row[column(sheet, name)]
        w = rng.randint(2, 99)
        text = rng.choice([b for b in BAD if b]).format(v=value, w=w)
        put(sheet, row, name, text)
        allowed = list(_numeric_readings(text, value))
        if text in ("nan", "待补", "未报", "缺考", "不适用"):
            allowed.append(None)
        unit = text.removeprefix(str(value))
        if unit in ("万", "千", "亿", "百"):
            allowed.append(value * {"万": 10**4, "千": 10**3, "亿": 10**8, "百": 100}[unit])
        meant = truth(book, row, name)
        times = meant / value if isinstance(meant, (int, float)) and value else 1
        _expect(book, row, name, Bad(tuple(v if v is None else v * times for v in allowed)))
        book.refusable.append(text[:6])


def errors_and_formulas(book: Return, rng: random.Random) -> None:
    for kind, text in rng.sample([("error", "#N/A"), ("error", "#DIV/0!"), ("formula", ""), ("date", "2025-03-04")], 2):
        sheet, row, name = _some_cell(book, rng)
        put(sheet, row, name, Special(kind, text))
        # of a formula without a value a text file keeps nothing
        _expect(book, row, name, Bad((None,) if text in ("", "#N/A") else ()))
        book.refusable.append(text or "formula")


def missing_words(book: Return, rng: random.Random) -> None:
    for _ in range(rng.randint(2, 8)):
        sheet, row, name = _some_cell(book, rng)
        put(sheet, row, name, rng.choice(MISSING))
        _expect(book, row, name, None)


def marked_figures(book: Return, rng: random.Random) -> None:
    """800① and the like."""
    for _ in range(rng.randint(1, 4)):
        sheet, row, name = _some_cell(book, rng)
        mark = rng.choice([*"①②③⑩*＊※★△†¹²³₁ⓐ❶㈠⑴⒈", "[1]", "（1）", "(注)", "（注1）", "**", "﹡", "´", "ª"])
        value = row[column(sheet, name)]
        put(sheet, row, name, f"{mark}{value}" if mark in "*※★△" and rng.random() < 0.3 else f"{value}{mark}")
        _expect(book, row, name, Bad((truth(book, row, name),)))
        book.refusable.append(str(value))


def separators(book: Return, rng: random.Random) -> None:
    for _ in range(rng.randint(2, 10)):
        sheet, row, name = _some_cell(book, rng)
        value = row[column(sheet, name)]
        sign = rng.choice([",", "，", " ", "\u00a0", "\u202f", "\u2009", "'", "’", "٬", "、", "\u3000"])
        put(sheet, row, name, f"{value:,}".replace(",", sign))
        _expect(book, row, name, Bad((truth(book, row, name),)))


def other_digits(book: Return, rng: random.Random) -> None:
    for _ in range(rng.randint(2, 10)):
        sheet, row, name = _some_cell(book, rng)
        value = row[column(sheet, name)]
        first = rng.choice(["０", "٠", "𝟎", "०", "⁰"])
        if first == "⁰":
            text = str(value).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
        else:
            text = "".join(
                chr(ord(first) + int(d)) if d.isdigit() else rng.choice("．.·。" if first == "０" else ".")
                for d in str(value)
            )
        put(sheet, row, name, text)
        _expect(book, row, name, Bad((truth(book, row, name),)))


def cells_with_units(book: Return, rng: random.Random) -> None:
    """Figures in the unit their cell says, of some cells or of a whole column."""
    for _ in range(rng.randint(1, 5)):
        sheet, row, name = _some_cell(book, rng)
        units = UNIT_CELLS.get(columns()[name].unit or "")
        if units is None:
            continue
        unit, factor = rng.choice(units)
        value = row[column(sheet, name)]
        figure = _whole(round(value / factor, 6))
        put(sheet, row, name, f"{figure}{rng.choice(['', ' '])}{unit}")
        _expect(book, row, name, Bad((figure * factor,)))
        book.refusable.append(str(figure))


def invisible(book: Return, rng: random.Random) -> None:
    """Signs that nobody sees in keys, words and figures; inside a name only those without width."""
    for _ in range(rng.randint(2, 8)):
        sheet = rng.choice(book.main)
        row = rng.choice(schools(sheet))
        c = rng.choice([i for i, v in enumerate(row) if v is not None and sheet.columns[i]])
        text, sign = str(row[c]), rng.choice(INVISIBLE)
        narrow = sign not in "\u00a0\t\n \u3000\u2028\u0085"
        at = rng.choice([0, len(text), *([rng.randint(0, len(text))] if narrow else [])])
        row[c] = text[:at] + sign + text[at:]


def invisible_in_headers(book: Return, rng: random.Random) -> None:
    for sheet in book.main:
        for c in rng.sample(range(len(sheet.columns)), 4):
            for r in range(sheet.top, sheet.data):
                text = sheet.rows[r][c]
                if isinstance(text, str) and len(text) > 2:
                    at = rng.randint(0, 2)
                    sheet.rows[r][c] = text[:at] + rng.choice(INVISIBLE) + text[at:]


def texts(book: Return, rng: random.Random) -> None:
    """All figures stored as text."""
    for sheet in book.main:
        for row in schools(sheet):
            for i, v in enumerate(row):
                if isinstance(v, (int, float)):
                    row[i] = str(v)


# --------------------------------------------------------------------------------------------- the headers


def remarks(book: Return, rng: random.Random) -> None:
    for sheet in book.main:
        for name in rng.sample(sorted(REMARKS), 3):
            if name in sheet.columns:
                c = sheet.columns.index(name)
                head = sheet.rows[sheet.top]
                if isinstance(head[c], str) and "(" not in head[c]:
                    head[c] += rng.choice(REMARKS[name])
                    book.refusable.append(head[c][:4])


def units_in_headers(book: Return, rng: random.Random) -> None:
    """Figures of a column in another unit, said beside or within a remark."""
    for sheet in book.main:
        name = rng.choice([n for n in HEADER_UNITS if n in sheet.columns])
        c, (unit, factor) = sheet.columns.index(name), rng.choice(HEADER_UNITS[name])
        manner = rng.choice(MANNERS)
        sheet.rows[sheet.top][c] = manner.format(h=columns()[name].zh, u=unit)
        book.refusable += [columns()[name].zh[:5], name]
        for row in schools(sheet):
            if isinstance(row[c], (int, float)):
                row[c] = round(row[c] / factor, 8)


def unit_in_title(book: Return, rng: random.Random) -> None:
    """万元 said over the table, the header alone."""
    for sheet in book.main:
        c = column(sheet, "equipment_value_cny")
        sheet.rows[sheet.top][c] = "教学仪器设备资产值"
        insert(
            sheet,
            0,
            [
                [
                    "学校情况表",
                    None,
                    rng.choice(
                        ["单位：万元", "金额单位：万元", "单位：人、平方米、万元", "（单位：万元）", "金额：万元"]
                    ),
                ]
            ],
        )
        for row in schools(sheet):
            if isinstance(row[c], (int, float)):
                row[c] = round(row[c] / 10**4, 6)
        book.refusable.append("教学仪器")


def unit_row_labelled(book: Return, rng: random.Random) -> None:
    """A row of units, with or without a label; 万元 and 亩 among them."""
    for sheet in book.main:
        head, units = sheet.rows[sheet.top], Row([None] * len(sheet.columns))
        for c, name in enumerate(sheet.columns):
            about = columns()[name] if name else None
            if about is not None and about.unit in UNITS and isinstance(head[c], str):
                head[c] = about.zh
                units[c], factor = rng.choice([(UNITS[about.unit], 1), *HEADER_UNITS.get(name or "", ())[:2]])
                for row in schools(sheet):
                    if factor != 1 and isinstance(row[c], (int, float)):
                        row[c] = round(row[c] / factor, 8)
        units[0] = rng.choice([None, "计量单位", "单位", "单位：", "（单位）"])
        insert(sheet, sheet.data, [units])
        sheet.data += 1
    book.refusable += ["单位", "row", "unknown unit"]


def own_words(book: Return, rng: random.Random) -> None:
    """Counties' own names for columns: known, or named as unknown."""
    names = rng.sample(sorted(OWN_WORDS), 4)
    words = {n: rng.choice(OWN_WORDS[n]) for n in names}
    for sheet in book.main:
        for name, word in words.items():
            if name in sheet.columns:
                sheet.rows[sheet.top][sheet.columns.index(name)] = word
                book.refusable.append(word[:3])


def extra_columns(book: Return, rng: random.Random) -> None:
    for sheet in book.main:
        for head in rng.sample(EXTRA, rng.randint(1, 4)):
            at = rng.randint(0, len(sheet.columns))
            if any(b < at <= d for _, b, _, d in sheet.merges):
                continue
            sheet.arrange([*range(at), None, *range(at, len(sheet.columns))])
            sheet.rows[sheet.top][at] = head or None
            sheet.columns[at] = name = NAMED_EXTRA.get(head)
            if not head and at == len(sheet.columns) - 1:  # in a text file, rows longer than the headers
                book.refusable.append("more cells than the")
            if name and len(book.main) > 1:  # a column of the return that the other sheets do not have
                book.refusable.append(name)
            for row in schools(sheet):
                row[at] = rng.choice([None, rng.randint(1, 900), rng.randint(1, 900)]) if head != "校长姓名" else "张某"
                if name is not None:
                    _expect(book, row, name, row[at])


def same_header_twice(book: Return, rng: random.Random) -> None:
    for sheet in book.main:
        name = rng.choice(figures(sheet))
        c = sheet.columns.index(name)
        sheet.arrange([*range(len(sheet.columns)), None])
        sheet.rows[sheet.top][-1] = sheet.rows[sheet.top][c]
        for row in schools(sheet):
            row[-1] = rng.choice([row[c], 7])
        book.refusable += [str(sheet.rows[sheet.top][c])[:4], name]


def shuffle_columns(book: Return, rng: random.Random) -> None:
    for sheet in book.main:
        if not sheet.merges:
            order = list(range(len(sheet.columns)))
            rng.shuffle(order)
            sheet.arrange(order)


# ------------------------------------------------------------------------------------------------ the rows


def _sums(sheet: Sheet, rows: list[Row]) -> Row:
    out = Row([None] * len(sheet.columns))
    for c in figures(sheet):
        i = column(sheet, c)
        cells = [r[i] for r in rows if isinstance(r[i], (int, float))]
        out[i] = _whole(round(sum(cells), 6)) if cells else None
    return out


def total_row(book: Return, rng: random.Random) -> None:
    """A total with or without a label, above or below; or several of parts."""
    for sheet in book.main:
        rows = schools(sheet)
        row = _sums(sheet, rows)
        manner = rng.choice(["label", "label", "none", "county", "stage", "name only"])
        if manner == "label":
            row[rng.choice([0, column(sheet, "school")])] = rng.choice(TOTAL_WORDS)
        if manner in ("county", "stage") and manner in sheet.columns:
            row[sheet.columns.index(manner)] = rows[0][sheet.columns.index(manner)]
        at = rng.choice([sheet.data, len(sheet.rows), len(sheet.rows)])
        sheet.rows.insert(at, row)
        if at < len(sheet.rows) - 1:
            sheet.merges = [(a + (a >= at), b, c + (c >= at), d) for a, b, c, d in sheet.merges]


def partial_totals(book: Return, rng: random.Random) -> None:
    for sheet in book.main:
        if len(rows := schools(sheet)) < 5 or any(m[2] >= sheet.data for m in sheet.merges):
            continue
        cut = rng.randint(2, len(rows) - 2)
        labelled = rng.random() < 0.5
        for part, name in ((rows[cut:], "河东镇小计"), (rows[:cut], "河西镇小计")):
            row = _sums(sheet, part)
            if labelled:
                row[column(sheet, "school")] = name
            at = 1 + max(i for i, r in enumerate(sheet.rows) if r is part[-1])
            sheet.rows.insert(at, row)


def average_row(book: Return, rng: random.Random) -> None:
    for sheet in book.main:
        rows = schools(sheet)
        row = _sums(sheet, rows)
        sheet.rows.append(Row([round(v / len(rows), 2) if isinstance(v, (int, float)) else v for v in row]))
        sheet.rows[-1][0] = rng.choice(
            ["平均", "校均", "平均值", "县均", "生均", "平均数", "全县校均", "标准", "达标要求"]
        )


def place_headings(book: Return, rng: random.Random) -> None:
    """Names of townships alone above their schools."""
    for sheet in book.main:
        rows = schools(sheet)
        c = rng.choice([0, column(sheet, "school")])
        names = [
            "城关镇",
            "河东乡",
            "西街街道",
            "一、城区学校",
            "（一）乡镇学校",
            "南片区",
            "东山学区（5所）",
            "城关中心校",
        ]
        for at in sorted(rng.sample(range(len(rows)), min(2, len(rows))), reverse=True):
            i = next(k for k, r in enumerate(sheet.rows) if r is rows[at])
            if any(a < i <= x for a, _, x, _ in sheet.merges):
                continue
            row = Row([None] * len(sheet.columns))
            row[c] = rng.choice(names)
            insert(sheet, i, [row])
            if rng.random() < 0.4:
                sheet.merges.append((i, 0, i, len(sheet.columns) - 1))
                row[0], row[c] = row[c], row[0] if c else row[c]


def school_without_figures(book: Return, rng: random.Random) -> None:
    """A school that handed in nothing is still a school."""
    sheet = rng.choice(book.main)
    row = rng.choice(schools(sheet))
    for name in figures(sheet):
        put(sheet, row, name, None)
        _expect(book, row, name, None)


def school_without_name(book: Return, rng: random.Random) -> None:
    sheet = rng.choice(book.main)
    row = rng.choice(schools(sheet))
    put(sheet, row, "school", None)
    _expect(book, row, "school", Bad((None,)))


def notes(book: Return, rng: random.Random) -> None:
    for sheet in book.main:
        for text in rng.sample(NOTES, rng.randint(1, 4)):
            row = Row([None] * len(sheet.columns))
            row[rng.choice([0, 0, column(sheet, "school")])] = text
            sheet.rows.append(row)


def titles(book: Return, rng: random.Random) -> None:
    for sheet in book.main:
        insert(sheet, 0, [[t] for t in rng.sample(TITLES, rng.randint(1, 4))])


def repeated_pages(book: Return, rng: random.Random) -> None:
    MESSES[rng.choice(["printed pages", "printed pages with the first row"])](book)


def blanks(book: Return, rng: random.Random) -> None:
    MESSES["blank rows and columns"](book)


# -------------------------------------------------------------------------------------------- merged cells


def _runs(sheet: Sheet, name: str) -> list[tuple[int, int]]:
    """Neighbouring rows of the same value in a column of keys."""
    c, out = column(sheet, name), list[tuple[int, int]]()
    for i, row in enumerate(sheet.rows):
        if isinstance(row, Row) and row.record is not None and row[c] is not None:
            if out and out[-1][1] == i - 1 and sheet.rows[i - 1][c] == row[c]:
                out[-1] = (out[-1][0], i)
            else:
                out.append((i, i))
    return [r for r in out if r[1] > r[0]]


def merged_keys(book: Return, rng: random.Random) -> None:
    for sheet in book.main:
        for name in rng.sample(["county", "school", "stage", "year", "kind", "school_code"], 3):
            if name not in sheet.columns:
                continue
            c = column(sheet, name)
            for a, b in _runs(sheet, name):
                sheet.merges.append((a, c, b, c))
                for r in range(a + 1, b + 1):
                    sheet.rows[r][c] = None


def merged_figure(book: Return, rng: random.Random) -> None:
    """A figure over two rows of different schools belongs to nobody."""
    sheet = rng.choice(book.main)
    name = rng.choice(figures(sheet))
    c, school = column(sheet, name), column(sheet, "school")
    pairs = [
        (i, a, b)
        for i, (a, b) in enumerate(zip(sheet.rows, sheet.rows[1:], strict=False))
        if isinstance(a, Row)
        and isinstance(b, Row)
        and a.record is not None
        and b.record is not None
        and a[c] is not None
        and a[school]
        and b[school]
        and truth(book, a, "school") != truth(book, b, "school")
    ]
    if pairs:
        i, a, b = rng.choice(pairs)
        b[c] = None
        sheet.merges.append((i, c, i + 1, c))
        for row in (a, b):
            _expect(book, row, name, Bad())
        book.refusable.append(str(a[c]))


# -------------------------------------------------------------------------------------------------- sheets


def sheets_by_year(book: Return, rng: random.Random) -> None:
    """Two years, the same schools, the year only in the name of the sheet."""
    (sheet,) = book.main
    names = rng.choice(
        [("2024年", "2025年"), ("2024", "2025"), ("2024年统计表", "2025年统计表"), ("二〇二四年", "二〇二五年")]
    )
    sheet.arrange([i for i, c in enumerate(sheet.columns) if c != "year"])
    first = sheet.part(names[0], [])
    later = sheet.part(names[1], sheet.rows[sheet.data :])
    for row in sheet.rows[sheet.data :]:
        copy = Row(row, None if not isinstance(row, Row) or row.record is None else row.record + 1000)
        first.rows.append(copy)
    for record, values in list(book.expected.items()):
        book.expected[record + 1000] = {**values, "year": Bad((2024,))}
        book.expected[record]["year"] = Bad((2025,))
    later.merges = first.merges = list(sheet.merges)
    book.sheets = [first, later, *(s for s in book.sheets if s.data < 0)]
    book.refusable += list(names)


def sheets_with_other_orders(book: Return, rng: random.Random) -> None:
    MESSES["a sheet for each township"](book)
    if len(book.main) > 1 and not book.main[1].merges:
        book.main[1].arrange(list(range(len(book.main[1].columns)))[::-1])


def hidden_return(book: Return, rng: random.Random) -> None:
    """Last year's return on a hidden sheet: not read."""
    sheet = book.main[0]
    old = Sheet("旧表", [list(r) for r in sheet.rows], hidden=True, data=-1)
    book.sheets.append(old)
    book.refusable.append("旧表")


def far_cell(book: Return, rng: random.Random) -> None:
    sheet = rng.choice(book.main)
    width = len(sheet.columns)
    sheet.rows += [[None] * width for _ in range(rng.randint(20, 300))]
    sheet.rows.append(Row([None] * (width - 1) + [rng.choice([" ", "x", "。", 0])]))


def key_columns(book: Return, rng: random.Random) -> None:
    """The county in the title, stages as headings or sheets."""
    MESSES[rng.choice(["county in the title", "headings for stages", "a sheet for each stage"])](book)


def _old(name: str) -> Mess:
    return lambda book, rng: MESSES[name](book)


def groups_of_headers(book: Return, rng: random.Random) -> None:
    for sheet in book.main:
        c = column(sheet, "teachers")
        order = ["teachers", "teachers_above_required_degree", "teachers_mid_or_senior_title"]
        if sheet.columns[c : c + 3] != order:
            raise KeyError(order)
    MESSES["groups of headers"](book)


def _drop_expected(book: Return) -> None:
    """What no sheet has a column for is no longer expected, unless a sheet, a title or a heading says it."""
    have = {c for s in book.main for c in s.columns if c}
    for values in book.expected.values():
        for name in list(values):
            if name not in have and name not in ("county", "stage", "year"):
                del values[name]


#: In the order in which they are applied: cells, rows, headers, sheets.
ALL: dict[str, Mess] = {
    "a total": total_row,
    "totals of parts": partial_totals,
    "an average": average_row,
    "keys said elsewhere": key_columns,
    "a school without figures": school_without_figures,
    "a school without a name": school_without_name,
    "units in headers": units_in_headers,
    "a unit in the title": unit_in_title,
    "a row of units": unit_row_labelled,
    "missing words": missing_words,
    "marked figures": marked_figures,
    "thousands": separators,
    "other digits": other_digits,
    "cells with units": cells_with_units,
    "bad cells": bad_cells,
    "errors and formulas": errors_and_formulas,
    "codes as numbers": _old("codes as numbers"),
    "years as words": _old("years as words"),
    "texts": texts,
    "remarks on headers": remarks,
    "footnotes on headers": _old("footnote marks"),
    "own words": own_words,
    "groups of headers": groups_of_headers,
    "an explanation row": _old("an explanation row"),
    "a row that numbers the columns": _old("a row that numbers the columns"),
    "invisible signs": invisible,
    "invisible signs in headers": invisible_in_headers,
    "names of places alone": place_headings,
    "repeated pages": repeated_pages,
    "notes": notes,
    "serial numbers": _old("a column of serial numbers"),
    "blank rows and columns": blanks,
    "titles": titles,
    "extra columns": extra_columns,
    "the same header twice": same_header_twice,
    "merged keys": merged_keys,
    "a merged figure": merged_figure,
    "columns in any order": shuffle_columns,
    "sheets by year": sheets_by_year,
    "sheets with other orders": sheets_with_other_orders,
    "other sheets": _old("other sheets"),
    "a hidden return": hidden_return,
    "a far cell": far_cell,
}
#: These change headers or cells in ways that do not stand together.
CLASHES = (
    {"units in headers", "a row of units", "a unit in the title", "own words", "footnotes on headers"},
    {
        "groups of headers",
        "own words",
        "units in headers",
        "a row of units",
        "footnotes on headers",
        "remarks on headers",
    },
    {"sheets by year", "sheets with other orders", "keys said elsewhere"},
    {"cells with units", "units in headers", "a row of units", "a unit in the title"},
    {"a total", "totals of parts", "an average", "keys said elsewhere", "names of places alone", "sheets by year"},
    {"an explanation row", "a row that numbers the columns", "a row of units"},
    {"a row that numbers the columns", "columns in any order", "sheets with other orders"},
    {"merged keys", "keys said elsewhere", "sheets with other orders", "repeated pages"},
    {"a merged figure", "sheets with other orders"},
    {"a school without figures", "a school without a name", "merged keys", "sheets by year"},
    {
        "sheets by year",
        "bad cells",
        "marked figures",
        "thousands",
        "other digits",
        "cells with units",
        "errors and formulas",
        "missing words",
        "a merged figure",
    },
)


def drawn_messes(rng: random.Random) -> list[str]:
    chosen: list[str] = []
    for name in rng.sample(sorted(ALL), rng.randint(1, 6)):
        if not any(name in clash and clash & set(chosen) for clash in CLASHES):
            chosen.append(name)
    return sorted(chosen, key=list(ALL).index)


def messed(seed: int, names: list[str]) -> tuple[Return, list[str]]:
    """The return of a seed after some messes, and those that found what they change; the rest of a seed is the same."""
    book, done = drawn_return(random.Random(f"{seed}")), []
    for name in names:
        before = copy.deepcopy(book)
        try:
            ALL[name](book, random.Random(f"{seed}/{name}"))
        except (KeyError, IndexError, ValueError, AssertionError):
            book = before
            continue
        done.append(name)
    _drop_expected(book)
    return book, done
