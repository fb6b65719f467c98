"""How a file was read, row by row and column by column: for people and for programs."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from junheng.errors import Problem, check_language
from junheng.reading.sheets import joined
from junheng.words import Language, Message, Name, Quoted, label_of_column, listed, message

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FileReport"]

#: At most this many lines of each kind are printed; the frames have all.
_SHOWN = 20


@frozen(eq=False)
class FileReport:
    """What :func:`junheng.describe_file` found in a file.

    Attributes
    ----------
    name : str
        Name of the file, without its folder.
    kind : str
        Kind of the file: ``xlsx``, ``xls``, ``ods``, ``csv``, ``tsv``, ``html`` or ``text``.
    encoding : str or None
        Encoding of a text file.
    schools : pandas.DataFrame
        The result of :func:`junheng.read_schools`.
    facts : pandas.DataFrame or None
        County facts in other sheets of the workbook, as :func:`junheng.read_facts` returns them; None if there are
        none. A fact that two sheets give differently is missing here and listed in ``problems``.
    places : pandas.DataFrame
        For each row of ``schools``: ``sheet`` and spreadsheet ``row``.
    sheets : pandas.DataFrame
        For each sheet: ``sheet``, ``hidden``, ``used``, ``headers`` (rows of the headers), ``schools`` (rows read),
        ``left_out`` (other rows that are not blank), ``facts`` (county facts read; missing for a
        sheet that has no place for them).
    columns : pandas.DataFrame
        For each column of each sheet that was read: ``sheet``, ``letter``, ``header``, ``column`` (canonical; missing
        if the header is unknown), ``unit`` found, ``factor`` by which figures were multiplied, ``cells`` filled,
        ``converted`` (cells not typed as plain figures or codes), ``missing`` (cells with a word for a missing
        figure), ``unread`` (cells that could not be read as a figure, year or code).
    left_out : pandas.DataFrame
        Rows that are not schools: ``sheet``, ``row``, ``reason``, ``text``.
    changes : pandas.DataFrame
        What was changed in cells: ``sheet``, ``cell``, ``column``, the text ``before`` and ``after``, and ``why``:
        ``unit`` (figures multiplied as the header says; one line per column, with the range of its cells), ``word``
        (a stage, kind or other category brought to its id; one line per word), ``unit_in_cell``, ``thousands``,
        ``full_width``, ``footnote_mark``, ``invisible_characters``, ``line_break``, ``word_for_missing``, ``year``,
        ``code``, ``notation`` (any other way to write a figure), ``merged_filled`` and ``merged_emptied`` (one line
        per merged cell), ``from_title`` (the whole column, without a cell), ``error_cell`` and
        ``formula_without_value``. A cell changed for two reasons has two lines. Not listed: blanks around a cell, a
        number typed as text, and columns added up from their parts.
    problems : pandas.DataFrame
        ``code``, ``severity``, ``sheet``, ``cell``, ``column``, ``value``, ``message``.
    """

    name: str
    kind: str
    encoding: str | None
    schools: pd.DataFrame
    facts: pd.DataFrame | None
    places: pd.DataFrame
    sheets: pd.DataFrame
    columns: pd.DataFrame
    left_out: pd.DataFrame
    changes: pd.DataFrame
    problems: pd.DataFrame
    #: The problems in the order of their frame, for any language.
    _found: tuple[Problem, ...] = ()
    #: What was left out or converted among the facts, and what is wrong with them.
    _facts_notices: tuple[Message, ...] = ()
    _facts_problems: tuple[Problem, ...] = ()

    def to_dict(self, language: Language = "en", *, schools: bool = False) -> dict[str, Any]:
        """Return the report as plain values for strict JSON (``json.dumps(..., allow_nan=False)``).

        Parameters
        ----------
        language : {"en", "zh"}
            Language of the messages of problems; codes do not depend on it.
        schools : bool
            Whether to return the rows of the table instead of their number.

        Returns
        -------
        dict
            ``name``, ``kind``, ``encoding``; ``schools``: how many rows there are, or the rows; the records of
            ``places`` (only with the rows), ``facts``, ``sheets``, ``columns``, ``left_out``, ``changes`` and
            ``problems``. A
            problem has also the ``parameters`` of its message. Missing is None; a figure that is infinite is text.
        """
        check_language(language)
        rows: dict[str, Any] = {"schools": len(self.schools)}
        if schools:
            rows = {"schools": records(self.schools), "places": records(self.places)}
        return {
            "name": self.name,
            "kind": self.kind,
            "encoding": self.encoding,
            **rows,
            "facts": [] if self.facts is None else records(self.facts),
            "sheets": records(self.sheets),
            "columns": records(self.columns),
            "left_out": records(self.left_out),
            "changes": records(self.changes),
            "problems": self._problem_records(language),
        }

    def _problem_records(self, language: str) -> list[dict[str, Any]]:
        """Return the problems with their messages in a language; a filtered frame keeps its index."""
        out = []
        for i, record in zip(self.problems.index, records(self.problems), strict=True):
            found = self._found[i]
            parameters = {k: _for_json(v, language) for k, v in found.parameters.items()}
            out.append({**record, "message": found.sentence(language), "parameters": parameters})
        return out

    def to_text(self, language: Language = "en") -> str:
        """Return a summary as text.

        Parameters
        ----------
        language : {"en", "zh"}
            Language of the summary.

        Returns
        -------
        str
            Lines of text; long lists are shortened.
        """
        check_language(language)
        page: list[Message | str] = [_line("title", path=self.name, kind=self._kind(), n=len(self.schools))]
        page += [_sheet_line(s) for s in records(self.sheets)]
        page += ["", _line("columns"), *(_column_line(c, language) for c in records(self.columns))]
        rows = [r for r in records(self.left_out) if r["reason"] != "blank"]
        page += ["", _line("left_out", rows=len(rows), blank=len(self.left_out) - len(rows))]
        page += _beginning([_left_out_line(r) for r in rows])
        # columns and problems say these; a word and its id need no line
        changes = [c for c in records(self.changes) if c["why"] not in ("unit", "word", "from_title")]
        page += ["", _line("changes", n=len(changes)), *_beginning([_change_line(c, language) for c in changes])]
        page += ["", _line("problems", total=len(self.problems)), *_beginning(self._problem_lines(language))]
        return "\n".join(line if isinstance(line, str) else line.text(language) for line in page)

    def _kind(self) -> str:
        return f"{self.kind}, {self.encoding}" if self.encoding else self.kind

    def _problem_lines(self, language: str) -> list[Message]:
        # a filtered frame keeps its index
        at = zip(self.problems.index, records(self.problems), strict=True)
        return [_problem_line(p, self._found[i].sentence(language), language) for i, p in at]

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return f"FileReport({self.name!r}: {len(self.schools)} rows, {len(self.problems)} problems)"

    def _repr_html_(self) -> str:
        parts = [f"<p><b>{html.escape(self.to_text().splitlines()[0])}</b></p>"]
        for title, frame in (
            ("sheets", self.sheets),
            ("columns", self.columns),
            ("left out", self.left_out),
            ("changes", self.changes),
            ("problems", self.problems),
        ):
            shown = records(frame)[: 3 * _SHOWN]
            head = "".join(f"<th>{html.escape(str(c))}</th>" for c in frame.columns)
            body = "".join(
                "<tr>" + "".join(f"<td>{html.escape('' if v is None else str(v))}</td>" for v in row.values()) + "</tr>"
                for row in shown
            )
            parts.append(
                f"<details><summary>{title} ({len(frame)})</summary>"
                f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></details>"
            )
        return "".join(parts)


def about_facts(report: FileReport) -> tuple[tuple[Message, ...], tuple[Problem, ...]]:
    """Return what was left out or converted among the facts of a workbook, and what is wrong with them."""
    return report._facts_notices, report._facts_problems


def records(frame: Any) -> list[dict[str, Any]]:
    """Return rows as dicts of plain values; missing is None."""
    columns = {str(name): [_plain(v) for v in frame[name].tolist()] for name in frame.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain(value: Any) -> Any:
    if value is None or type(value).__name__ in ("NAType", "NaTType") or value != value:
        return None
    value = value.item() if hasattr(value, "item") else value
    return str(value) if isinstance(value, float) and math.isinf(value) else value


def _for_json(value: Any, language: str) -> Any:
    """Return a parameter of a message as a plain value."""
    if isinstance(value, (list, tuple)):
        return [_for_json(v, language) for v in value]
    if isinstance(value, Quoted):
        return _for_json(value.what, language)
    if hasattr(value, "text"):
        return value.text(language)
    plain = _plain(value)
    return plain if plain is None or isinstance(plain, (bool, int, float, str)) else str(plain)


def notice_of(rows: Sequence[Message], missing: int, converted: int) -> list[Message]:
    """Return sentences on the rows left out and the cells converted."""
    parts = [message("reading.left_out", rows=listed(rows))] if rows else []
    parts += [message("reading.cells_missing", n=missing)] if missing else []
    return parts + ([message("reading.cells_converted", n=converted)] if converted else [])


# ------------------------------------------------------------------------------------- the lines of a page


def _line(key: str, **parameters: Any) -> Message:
    return message(f"reading.page.{key}", **parameters)


def _sheet_line(s: Mapping[str, Any]) -> Message:
    sheet = Quoted(s["sheet"])
    if s["facts"] is not None:
        return _line("facts", sheet=sheet, n=s["facts"])
    if not s["used"]:
        return _line("hidden" if s["hidden"] else "unused", sheet=sheet)
    return _line("used", sheet=sheet, headers=s["headers"] or "-", n=s["schools"], left_out=s["left_out"])


def _column_line(c: Mapping[str, Any], language: str) -> Message:
    done = [_line("times", factor=c["factor"], unit=c["unit"])] if c["factor"] != 1 else []
    done += [_line(key, n=c[key]) for key in ("converted", "missing", "unread") if c[key]]
    header = c["header"] or _line("no_header")
    meaning = _line("known", column=_named(c["column"], language)) if c["column"] else _line("unknown")
    return _line(
        "column",
        place=f"{c['sheet']}!{c['letter']}",
        header=header,
        meaning=joined([meaning, *done], "reading.page.and_then"),
    )


def _left_out_line(r: Mapping[str, Any]) -> Message:
    reason = Name("left_out_row", r["reason"])
    return _line("row", place=f"{r['sheet']} {r['row']}", reason=reason, text=_short(r["text"]))


def _change_line(c: Mapping[str, Any], language: str) -> Message:
    cell = "!".join(str(c[k]) for k in ("sheet", "cell") if c[k])
    column = _line("in_column", column=_named(c["column"], language)) if c["column"] else ""
    texts = {k: _line("nothing") if c[k] is None else _short(c[k]) for k in ("before", "after")}
    return _line("change", place=cell, column=column, why=Name("cell_change", c["why"]), **texts)


def _problem_line(p: Mapping[str, Any], sentence: str, language: str) -> Message:
    cell = "!".join(str(p[k]) for k in ("sheet", "cell") if p[k])
    column = _line("in_column", column=_named(p["column"], language)) if p["column"] else ""
    place = _line("place", cell=cell, column=column) if cell or column else ""
    return _line("problem", severity=Name("severity", p["severity"]), code=p["code"], place=place, message=sentence)


def _named(column: str, language: str) -> str:
    """Return the id of a column, in Chinese with its label in front."""
    label = label_of_column(column) if language == "zh" else column
    return column if label == column else f"{label} {column}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "…"


def _beginning(lines: Sequence[Message | str]) -> list[Message | str]:
    more = len(lines) - _SHOWN
    return [*lines[:_SHOWN], _line("more", more=more)] if more > 0 else list(lines)
