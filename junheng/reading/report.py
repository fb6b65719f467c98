"""How a file was read, row by row and column by column: for people and for programs."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from junheng._grouping import ProblemGroup, grouped
from junheng._public import public_names
from junheng.errors import Problem, check_language
from junheng.reading.sheets import joined
from junheng.words import Language, Message, Name, Quoted, label_of_column, listed, message, sentences, word

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
        What was changed in cells of schools and of county facts: ``sheet``, ``cell``, ``column`` (or fact), the text
        ``before`` and ``after``, and ``why``: ``unit`` (figures multiplied as the header, or the column of units of a
        form, says; one line per column or fact, with the range of its cells), ``word``
        (a stage, kind or other category brought to its id; one line per word), ``unit_in_cell``, ``thousands``,
        ``full_width``, ``footnote_mark``, ``invisible_characters``, ``line_break``, ``word_for_missing``, ``year``,
        ``code``, ``notation`` (any other way to write a figure), ``merged_filled`` and ``merged_emptied`` (one line
        per merged cell), ``from_title`` (the whole column, without a cell), ``error_cell`` and
        ``formula_without_value``. A cell changed for two reasons has two lines. Not listed: blanks around a cell, a
        number typed as text, and columns added up from their parts.
    problems : pandas.DataFrame
        ``code``, ``severity``, ``sheet``, ``cell``, ``column``, ``value``, ``message``.
    language : {"en", "zh"}
        Language of texts; see :meth:`relabel`.
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
    language: Language = "en"

    def __dir__(self) -> list[str]:
        return public_names(self)

    @property
    def facts_notices(self) -> tuple[str, ...]:
        """What was left out or converted among the county facts, a sentence a sheet, in the language of the report."""
        return tuple(notice.text(self.language) for notice in self._facts_notices)

    @property
    def facts_problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong with the county facts: do not judge with them while there is anything."""
        return self._facts_problems

    def relabel(self, language: Language) -> FileReport:
        r"""Return the same report, printed and shown in notebooks in another language; its frames keep their ids.

        Parameters
        ----------
        language : {"en", "zh"}
            Language of texts.

        Returns
        -------
        FileReport
            The same figures with other words.

        Raises
        ------
        InputError
            If there are no words in that language.

        Examples
        --------
        >>> import junheng as jh
        >>> report = jh.describe_file("学校,学段,学生\n一小,小学,500\n".encode()).relabel("zh")
        >>> str(report).splitlines()[0].endswith("：读入1行")
        True
        """
        return evolve(self, language=check_language(language))

    def to_dict(self, language: Language | None = None, *, schools: bool = False) -> dict[str, Any]:
        """Return the report as plain values for strict JSON (``json.dumps(..., allow_nan=False)``).

        Parameters
        ----------
        language : {"en", "zh"}, optional
            Language of the messages of problems; codes do not depend on it. Default: that of :meth:`relabel`, or
            English.
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
        language = check_language(self.language if language is None else language)
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

    def _problem_records(self, language: Language) -> list[dict[str, Any]]:
        """Return the problems with their messages in a language; a filtered frame keeps its index."""
        out = []
        for found in (self._found[i] for i in self.problems.index):
            parameters = {k: _for_json(v, language) for k, v in found.parameters.items()}
            out.append({**found.to_dict(), "message": found.sentence(language), "parameters": parameters})
        return out

    def to_text(self, language: Language | None = None, *, whole: bool = False) -> str:
        """Return a summary as text; problems alike share a line.

        Parameters
        ----------
        language : {"en", "zh"}, optional
            Language of the summary. Default: that of :meth:`relabel`, or English.
        whole : bool
            Whether to list everything, each problem on a line of its own.

        Returns
        -------
        str
            Lines of text; without ``whole`` long lists are shortened.
        """
        language = check_language(self.language if language is None else language)
        begin = list if whole else _beginning
        page: list[Message | str] = [_line("title", path=self.name, kind=self._kind(), n=len(self.schools))]
        page += [_sheet_line(s) for s in records(self.sheets)]
        page += ["", _line("columns"), *(_column_line(c, language) for c in records(self.columns))]
        rows = [r for r in records(self.left_out) if r["reason"] != "blank"]
        page += ["", _line("left_out", rows=len(rows), blank=len(self.left_out) - len(rows))]
        page += begin([_left_out_line(r) for r in rows])
        # columns and problems say these of schools; a word and its id need no line
        facts = {s["sheet"] for s in records(self.sheets) if s["facts"] is not None}
        said = {"unit", "word", "from_title"}
        changes = [c for c in records(self.changes) if c["why"] not in said or c["sheet"] in facts]
        page += ["", _line("changes", n=len(changes)), *begin([_change_line(c, language) for c in changes])]
        page += ["", _line("problems", total=len(self.problems)), *begin(self._problem_lines(language, whole))]
        return "\n".join(line if isinstance(line, str) else line.text(language) for line in page)

    def _kind(self) -> str:
        return f"{self.kind}, {self.encoding}" if self.encoding else self.kind

    def _problem_lines(self, language: Language, whole: bool) -> list[Message | str]:
        # a filtered frame keeps its index
        problems = [self._found[i] for i in self.problems.index]
        groups = [ProblemGroup((p,)) for p in problems] if whole else grouped(problems)
        return [_problem_line(group, language) for group in groups]

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return f"FileReport({self.name!r}: {len(self.schools)} rows, {len(self.problems)} problems)"

    def _repr_html_(self) -> str:
        parts = [f"<p><b>{html.escape(self.to_text().splitlines()[0])}</b></p>"]
        for name, title in sentences("reading.frames", self.language).items():
            frame = getattr(self, name)
            rows = self._problem_records(self.language) if name == "problems" else records(frame)
            heads = [str(word("file_column", c, self.language)) for c in frame.columns]
            head = "".join(f"<th>{html.escape(h)}</th>" for h in heads)
            body = "".join(
                "<tr>"
                + "".join(f"<td>{html.escape(_shown(c, row[c], self.language))}</td>" for c in frame.columns)
                + "</tr>"
                for row in rows[: 3 * _SHOWN]
            )
            parts.append(
                f"<details><summary>{title} ({len(frame)})</summary>"
                f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></details>"
            )
        return "".join(parts)


def about_facts(report: FileReport) -> tuple[tuple[Message, ...], tuple[Problem, ...]]:
    """Return what was left out or converted among the facts of a workbook, and what is wrong with them."""
    return report._facts_notices, report._facts_problems


#: Columns that hold ids, with the group of their labels.
_WORDS = {"reason": "left_out_row", "why": "cell_change", "severity": "severity", "code": "problem", "column": "column"}


def _shown(column: str, value: Any, language: str) -> str:
    """Return a cell of a frame as a reader of a language sees it; ids stay in English."""
    if value is None:
        return ""
    if language == "en":
        return str(value)
    if isinstance(value, bool):
        return str(word("answer", "yes" if value else "no", language))
    return Name(_WORDS[column], value).text(language) if column in _WORDS else str(value)


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


def _problem_line(group: ProblemGroup, language: Language) -> Message:
    p = group.first
    cell = "!".join(str(x) for x in (p.sheet, p.cell) if x)
    column = _line("in_column", column=_named(p.column, language)).text(language) if p.column else ""
    place = group.place(language, cell + column)
    told = {"severity": Name("severity", p.severity), "code": p.code, "message": p.sentence(language)}
    return _line("problem", place=_line("place", cell=place, column="") if place else "", **told)


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
