"""Cells, columns and figures as the form prints them (private)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from junheng._data import read_toml
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.judging.items import ItemResult
from junheng.reports.declarations.model import FACTS, SCHOOLS, Cell, Column, FormTable, Mark
from junheng.results import Judgement
from junheng.results.frames import round_half_up, turns
from junheng.results.reasons import finding, number
from junheng.words import SIGNS as OPS
from junheng.words import Message, Name, Quoted, listed, message

#: Text of a cell or note: a sentence of ``words/forms.toml``, or text that is already Chinese.
Text = Message | str

OPEN, YES, NO = message("forms.open"), message("forms.yes"), message("forms.no")
NONE = "——"
DASH = Cell(text=NONE)
YES_NO = {MET: YES, UNMET: NO, UNDETERMINED: OPEN}


def chinese(text: Text) -> str:
    """Return a text in Chinese, the language of the form."""
    return text.text("zh") if isinstance(text, Message) else text


def clauses(texts: Iterable[Text | None], mark: str = "；") -> str:
    """Join texts, skipping empty ones."""
    return mark.join(chinese(t) for t in texts if t)


def form_data() -> dict[str, Any]:
    """Return the data of the forms."""
    return read_toml("reports/declarations/forms.toml")


def text_cell(value: Text | None, note: Text | None = None, mark: Mark | None = None) -> Cell:
    """Return a cell of text."""
    shown = chinese(value or "")
    return Cell(value=shown or None, text=shown, note=chinese(note) if note else None, mark=mark)


def open_cell(note: Text, mark: Mark = "open", lacks: Iterable[str] = ()) -> Cell:
    """Return a cell without a value; the note says why, ``lacks`` which figures are missing."""
    return Cell(text=chinese(OPEN) if mark == "open" else "", note=chinese(note), mark=mark, lacks=tuple(lacks))


def fact_cell(*facts: str) -> Cell:
    """Return the blank cell of facts that were not given."""
    return open_cell(facts_missing(facts), "not_given", of_facts(facts))


def facts_missing(facts: Iterable[str]) -> Message:
    """Say which facts were not given."""
    return message("forms.fact_missing", fact=listed(Quoted(Name("column", f)) for f in facts))


def of_facts(facts: Iterable[str]) -> tuple[str, ...]:
    """Return facts as a cell names what it lacks."""
    return tuple(FACTS + f for f in facts)


def of_schools(*columns: str) -> tuple[str, ...]:
    """Return columns of the table of schools as a cell names what it lacks."""
    return tuple(SCHOOLS + c for c in columns)


def figure_cell(
    value: float, decimals: int | None, *, percent: bool = False, note: Text | None = None, mark: Mark | None = None
) -> Cell:
    """Return a cell with a figure, printed with ``decimals`` decimals."""
    return Cell(
        value=int(value) if decimals == 0 and float(value).is_integer() else float(value),
        text=printed(float(value), decimals, percent=percent),
        decimals=decimals,
        percent=percent,
        note=chinese(note) if note else None,
        mark=mark,
    )


def count_cell(value: float | None, why: Text, mark: Mark = "open", lacks: Iterable[str] = ()) -> Cell:
    """Return a whole number, or a cell without a value that says why."""
    return open_cell(why, mark, lacks) if value is None or np.isnan(value) else figure_cell(value, 0)


def printed(value: float, decimals: int | None, *, percent: bool = False) -> str:
    """Return a figure as the form prints it, rounded half up."""
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
    note: Text | None = None,
) -> Cell:
    """Return a figure judged by a requirement, marked if the printed figure would reverse the verdict."""

    def reversed_by_rounding(limit: float, code: int) -> bool:
        if decimals is None or np.isnan(limit):
            return False
        digits = decimals + 2 if percent else decimals
        return bool(turns(np.array([value]), np.array([limit]), op, np.array([code], dtype=np.int8), digits)[0])

    limits = [("forms.required", required, verdict)]
    if floor is not None and verdict == UNMET:
        limits.append(("forms.floor", *floor))
    wrong = [(key, limit, code) for key, limit, code in limits if reversed_by_rounding(limit, code)]
    scale, sign = (100, "%") if percent else (1, "")
    notes = [note]
    for key, limit, code in wrong:
        exact = number(scale * value, scale * limit) + sign
        bound = message(key, op=OPS[op], value=number(scale * limit) + sign)
        notes.append(message("forms.rounded", exact=exact, bound=bound, verdict=Name("verdict", VERDICTS[code])))
    mark: Mark | None = "rounding" if wrong else None
    return figure_cell(value, decimals, percent=percent, note=clauses(notes), mark=mark)


def yes_no(verdict: int, note: Text | None) -> Cell:
    """Return a cell that prints a verdict as yes, no or undecided."""
    return text_cell(YES_NO[verdict], note, "open" if verdict == UNDETERMINED else None)


def form_table(
    spec: Mapping[str, Any],
    columns: Iterable[Column],
    rows: Iterable[tuple[Cell, ...]],
    notes: Iterable[Text] = (),
    merged: tuple[str, ...] = (),
) -> FormTable:
    """Return a table of the form; the notes of the form itself come last."""
    return FormTable(
        id=spec["id"],
        title=spec["title"]["zh"],
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(*map(chinese, notes), *spec.get("notes", ())),
        merged=merged,
    )


def form_column(id: str, code: str = "") -> Column:
    """Return a column of the form."""
    return Column(id=id, label=form_data()["columns"][id]["zh"], code=code)


def form_columns(*ids: str) -> tuple[Column, ...]:
    """Return columns without codes."""
    return tuple(form_column(i) for i in ids)


def requirement_text(value: float, percent: bool) -> str:
    """Return a requirement with all its decimals."""
    return f"{number(100 * value)}%" if percent else number(value)


def item_note(d: Judgement, r: ItemResult, county: int, why: str = "") -> Message:
    """Return the finding of an item, its verdict, and the reason in brackets."""
    verdict = Name("verdict", VERDICTS[int(r.verdict[county])])
    text = message("forms.item", finding=finding(d, r, county, "zh"), verdict=verdict)
    return message("forms.sentence", text=message("forms.with_more", text=text, more=why) if why else text)


def standing_of(r: ItemResult) -> Message | None:
    """Return the standing of a rule that is not known from a source."""
    standing = str(r.item.standing)
    if standing in ("confirmed", "secondary"):
        return None
    return message("forms.standing", standing=Name("standing", standing))
