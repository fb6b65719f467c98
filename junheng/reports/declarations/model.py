"""The parts of a filled declaration form (private)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal, get_args

import attrs
import numpy as np
from attrs import field, frozen

from junheng._frames import Backend, build_frame
from junheng._public import public_names
from junheng.errors import InputError
from junheng.words import Quoted, listed, message

Mark = Literal["rounding", "open", "not_given"]
#: What the names of figures that a cell lacks begin with: facts of the county, columns of the table of schools.
FACTS, SCHOOLS = "county_facts.", "schools."


@frozen(kw_only=True)
class Cell:
    """One cell of a table.

    Attributes
    ----------
    value : float, int, str or None
        The unrounded value; a share is a fraction. None if the cell is empty or its value unknown.
    text : str
        The printed text, rounded half up to ``decimals``.
    decimals : int or None
        Printed decimals, of the percentage if ``percent``; None prints all.
    percent : bool
        Whether the value is printed as a percentage.
    note : str or None
        Explanation: why the cell is open, or the unrounded figure.
    mark : {"rounding", "open", "not_given"} or None
        ``rounding``: the printed figure alone would reverse the verdict. ``open``: cannot be decided or computed.
        ``not_given``: not provided.
    lacks : tuple of str
        The figures that are missing: ``county_facts.population``, ``schools.classes``.
    """

    value: float | int | str | None = None
    text: str = ""
    decimals: int | None = None
    percent: bool = False
    note: str | None = None
    mark: Mark | None = None
    lacks: tuple[str, ...] = ()


@frozen(kw_only=True)
class Column:
    """One column of a table: id, header, and its code on the form (``L1``), empty if it has none."""

    id: str
    label: str
    code: str = ""


@frozen(kw_only=True)
class FormTable:
    """One table of the form.

    Attributes
    ----------
    id : str
        ``I``, ``II-1`` …, or a word if the number on the form is unknown.
    title : str
        Printed title.
    columns : tuple of Column
        Columns in order.
    rows : tuple of tuple of Cell
        Rows, with one cell per column.
    notes : tuple of str
        Printed below the table: footers, counts behind the figures, what is unknown about the form.
    merged : tuple of str
        Columns whose equal cells in consecutive rows are merged.
    """

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the table as dicts and lists valid in strict JSON."""
        return {
            "id": self.id,
            "title": self.title,
            "columns": [attrs.asdict(c) for c in self.columns],
            "rows": [[attrs.asdict(c) | {"lacks": list(c.lacks)} for c in row] for row in self.rows],
            "notes": list(self.notes),
        }


@frozen(kw_only=True, repr=False, slots=False)
class Declaration:
    """The filled declaration form of one county, returned by :func:`declaration`.

    Attributes
    ----------
    county : str
        The county, and the year if the table has one.
    title : str
        Title of the form.
    standard : str
        Id of the standard.
    label, document : str
        Its name; its title and number.
    tables : tuple of FormTable
        A summary, the tables of the form, other items (prerequisites, vetoes), and the units that do not count.
    notes : tuple of str
        Notes on the form as a whole.
    provenance : mapping
        As :attr:`junheng.Evaluation.provenance`.
    """

    county: str
    title: str
    standard: str
    label: str
    document: str
    tables: tuple[FormTable, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(hash=False)
    backend: Backend = "pandas"

    def __dir__(self) -> list[str]:
        return public_names(self, "backend")

    def __repr__(self) -> str:
        return f"<Declaration of {self.county} under {self.standard}: {', '.join(t.id for t in self.tables)}>"

    def table(self, id: str) -> FormTable:
        """Return a table by its id; an unknown id raises InputError."""
        for table in self.tables:
            if table.id == id:
                return table
        raise InputError(message("forms.no_table", table=Quoted(id), tables=listed(t.id for t in self.tables)))

    def frame(self, id: str) -> Any:
        """Return a table as a frame in the library of the input: figures unrounded, texts as printed."""
        table = self.table(id)
        frame: dict[str, Any] = {}
        for j, column in enumerate(table.columns):
            cells = [row[j] for row in table.rows]
            if any(isinstance(c.value, str) for c in cells) or all(c.value is None for c in cells):
                frame[column.id] = [c.text or None for c in cells]
            else:
                frame[column.id] = np.array([np.nan if c.value is None else c.value for c in cells], dtype=np.float64)
        return build_frame(frame, self.backend)

    @cached_property
    def marks(self) -> dict[str, int]:
        """Number of cells with each mark in the tables of the form."""
        cells = [c for t in self.tables if t.id not in ("summary", "left_out") for row in t.rows for c in row]
        return {m: sum(c.mark == m for c in cells) for m in get_args(Mark)}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as dicts and lists valid in strict JSON.

        Returns
        -------
        dict
            ``county``, ``title``, ``standard``, ``notes``, ``provenance`` and ``tables``: each with ``columns``,
            ``rows`` of cells and ``notes``.

        Examples
        --------
        >>> import json, junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> out = jh.reports.declaration(ev).to_dict()
        >>> [t["id"] for t in json.loads(json.dumps(out, allow_nan=False))["tables"]][1:4]
        ['I', 'II-1', 'II-2']
        """
        return {
            "county": self.county,
            "title": self.title,
            "standard": self.standard,
            "label": self.label,
            "document": self.document,
            "notes": list(self.notes),
            "tables": [t.to_dict() for t in self.tables],
            "provenance": dict(self.provenance),
        }
