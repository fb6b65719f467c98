"""How the form prints what it knows and what it does not know: cells, columns, figures (private)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from junheng._data import read_toml
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.judging.items import ItemResult
from junheng.reports.declarations.model import Cell, Column, FormTable, Mark
from junheng.results import Judgement
from junheng.results.frames import round_half_up, turns
from junheng.results.reasons import finding, number
from junheng.words import SIGNS as OPS
from junheng.words import word

OPEN = "无法判定"
NOT_GIVEN = "未提供"
NONE = "——"
YES_NO = {MET: "是", UNMET: "否", UNDETERMINED: OPEN}


def form_data() -> dict[str, Any]:
    """Return the forms as data."""
    return read_toml("reports/declarations/forms.toml")


def text_cell(value: Any, **more: Any) -> Cell:
    """Return a cell of words."""
    shown = "" if value is None else str(value)
    return Cell(value=shown or None, text=shown, **more)


def open_cell(note: str, mark: Mark = "open") -> Cell:
    """Return a cell of what is not known; the note says why."""
    return Cell(text=OPEN if mark == "open" else "", note=note, mark=mark)


def figure_cell(
    value: float, decimals: int | None, *, percent: bool = False, note: str | None = None, mark: Mark | None = None
) -> Cell:
    """Return a cell of a figure, printed with so many decimals."""
    return Cell(
        value=int(value) if decimals == 0 and float(value).is_integer() else float(value),
        text=printed(float(value), decimals, percent=percent),
        decimals=decimals,
        percent=percent,
        note=note,
        mark=mark,
    )


def printed(value: float, decimals: int | None, *, percent: bool = False) -> str:
    """Write a figure as the form prints it: half up."""
    if decimals is None:
        return f"{number(100 * value)}%" if percent else number(value)
    if percent:
        return f"{100 * float(round_half_up(np.array([value]), decimals + 2)[0]):.{decimals}f}%"
    return f"{float(round_half_up(np.array([value]), decimals)[0]):.{decimals}f}"


def judged_cell(
    value: float,
    required: float,
    op: str,
    verdict: int,
    decimals: int | None,
    *,
    percent: bool = False,
    floor: tuple[float, int] | None = None,
    note: str | None = None,
) -> Cell:
    """Return a figure that is compared with a requirement, marked where printing it would turn the verdict."""

    def turned(limit: float, code: int) -> bool:
        if decimals is None or np.isnan(limit):
            return False
        digits = decimals + 2 if percent else decimals
        return bool(turns(np.array([value]), np.array([limit]), op, np.array([code], dtype=np.int8), digits)[0])

    limits = [("标准", required, verdict)]
    if floor is not None and verdict == UNMET:
        limits.append(("下限", *floor))
    wrong = [(name, limit, code) for name, limit, code in limits if turned(limit, code)]
    scale, sign = (100, "%") if percent else (1, "")
    notes = [note] if note else []
    for name, limit, code in wrong:
        exact, bound = number(scale * value, scale * limit), f"{name}{OPS[op]}{number(scale * limit)}"
        conclusion = word("verdict", VERDICTS[code], "zh")
        notes.append(f"未取整为{exact}{sign}，{bound}{sign}，结论为{conclusion}；取整后看似相反，以未取整的数值为准")
    mark: Mark | None = "rounding" if wrong else None
    return figure_cell(value, decimals, percent=percent, note="；".join(notes) or None, mark=mark)


def yes_no(verdict: int, note: str | None) -> Cell:
    """Return a cell that says whether something is met."""
    said = YES_NO[verdict]
    return Cell(value=said, text=said, note=note, mark="open" if verdict == UNDETERMINED else None)


def form_table(
    spec: Mapping[str, Any],
    columns: Iterable[Column],
    rows: Iterable[tuple[Cell, ...]],
    notes: Iterable[str],
    merged: tuple[str, ...] = (),
) -> FormTable:
    """Return a table of the form with the notes that the form itself has."""
    return FormTable(
        id=spec["id"],
        title=spec["title"]["zh"],
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(*notes, *spec.get("notes", ())),
        merged=merged,
    )


def form_column(id: str, code: str = "") -> Column:
    """Return a column with its header."""
    return Column(id=id, label=form_data()["columns"][id]["zh"], code=code)


def form_columns(*ids: str) -> tuple[Column, ...]:
    """Return columns that have no codes."""
    return tuple(form_column(i) for i in ids)


def given(value: float, percent: bool) -> str:
    """Write a requirement with as many decimals as it has."""
    return f"{number(100 * value)}%" if percent else number(value)


def item_said(d: Judgement, r: ItemResult, county: int) -> str:
    """Say what was found of an item, and its verdict."""
    return f"{finding(d, r, county, 'zh')}，{word('verdict', VERDICTS[int(r.verdict[county])], 'zh')}"


def standing_of(r: ItemResult) -> str:
    """Say so where a rule is not known first hand."""
    standing = str(r.item.standing)
    return "" if standing in ("confirmed", "secondary") else f"依据：{word('standing', standing, 'zh')}"
