"""What was made of a file, row by row and column by column: for people and for programs."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from junheng._data import read_toml
from junheng.errors import check_language
from junheng.schools import base_column
from junheng.words import word

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FileReport"]

#: So many lines of each kind are printed; the frames have them all.
_SHOWN = 20


@frozen(eq=False)
class FileReport:
    """What :func:`junheng.describe_file` found in a file.

    Attributes
    ----------
    name : str
        Name of the file, without its folder.
    kind : str
        What the file is: ``xlsx``, ``xls``, ``ods``, ``csv``, ``tsv``, ``html`` or ``text``.
    encoding : str or None
        Encoding of a text file.
    schools : pandas.DataFrame
        What :func:`junheng.read_schools` returns.
    places : pandas.DataFrame
        For each row of ``schools``: ``sheet`` and ``row``, as a spreadsheet shows it.
    sheets : pandas.DataFrame
        For each sheet: ``sheet``, ``hidden``, ``used``, ``headers`` (rows of the headers), ``schools`` (rows read),
        ``left_out`` (rows with something in them that were not).
    columns : pandas.DataFrame
        For each column of each sheet that was read: ``sheet``, ``letter``, ``header``, ``column`` (canonical; missing
        if the header is not known), ``unit`` found, ``factor`` the figures were multiplied by, ``cells`` filled,
        ``converted`` (cells not typed as plain figures or codes), ``missing`` (cells that say in words that nothing
        is known), ``unread`` (cells that stay as text in a column of figures).
    left_out : pandas.DataFrame
        Rows that are no schools: ``sheet``, ``row``, ``reason``, ``text``.
    problems : pandas.DataFrame
        ``code``, ``severity``, ``sheet``, ``cell``, ``column``, ``value``, ``message``.
    """

    name: str
    kind: str
    encoding: str | None
    schools: pd.DataFrame
    places: pd.DataFrame
    sheets: pd.DataFrame
    columns: pd.DataFrame
    left_out: pd.DataFrame
    problems: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the schools as plain values that are safe for JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "encoding": self.encoding,
            "schools": len(self.schools),
            "sheets": records(self.sheets),
            "columns": records(self.columns),
            "left_out": records(self.left_out),
            "problems": records(self.problems),
        }

    def to_text(self, language: str = "en") -> str:
        """Return a page to read.

        Parameters
        ----------
        language : {"en", "zh"}
            Language of the page.

        Returns
        -------
        str
            Lines of text; of long lists the beginning, and how many there are.
        """
        check_language(language)
        say = _Say(language)
        kind = f"{self.kind}, {self.encoding}" if self.encoding else self.kind
        lines = [say("title", a=self.name, k=kind, n=len(self.schools))]
        for s in records(self.sheets):
            key = "used" if s["used"] else "hidden" if s["hidden"] else "unused"
            lines.append("  " + say(key, s=s["sheet"], h=s["headers"] or "-", n=s["schools"], o=s["left_out"]))
        lines += ["", say("columns")]
        for c in records(self.columns):
            done = [f"× {_number(c['factor'])} ({c['unit']})"] if c["factor"] != 1 else []
            done += [say(k, n=c[k]) for k in ("converted", "missing", "unread") if c[k]]
            head = f"{c['sheet']}!{c['letter']} {c['header'] or say('no_header')}"
            to = say.column(c["column"]) if c["column"] else say("unknown")
            lines.append(f"  {head} → {to}" + (f"{say.comma}{say.comma.join(done)}" if done else ""))
        told = [r for r in records(self.left_out) if r["reason"] != "blank"]
        blank = len(self.left_out) - len(told)
        lines += ["", say("left_out", n=len(told), b=blank)]
        lines += _cut([f"  {r['sheet']} {r['row']} [{say.reason(r['reason'])}] {_short(r['text'])}" for r in told], say)
        lines += ["", say("problems", n=len(self.problems))]
        lines += _cut([f"  {_said(p, say)}" for p in records(self.problems)], say)
        return "\n".join(lines)

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


def records(frame: Any) -> list[dict[str, Any]]:
    """Return rows as dicts of plain values, missing as None."""
    columns = {str(name): [_plain(v) for v in frame[name].tolist()] for name in frame.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain(value: Any) -> Any:
    if value is None or value != value or type(value).__name__ in ("NAType", "NaTType"):
        return None
    return value.item() if hasattr(value, "item") else value


def many(n: int, thing: str) -> str:
    """Count things in English."""
    return f"{n} {thing}{'' if n == 1 else 's'}"


def was(n: int) -> str:
    """Return the verb that goes with so many things."""
    return "was" if n == 1 else "were"


class _Say:
    """Sentences of the page in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.comma = "，" if language == "zh" else ", "

    def __call__(self, key: str, **values: Any) -> str:
        text = read_toml("words/labels.toml")["reading"][key][self.language]
        return str(text).format(many="" if values.get("n") == 1 else "s", **values)

    def column(self, name: str) -> str:
        """Name a column: in Chinese its label goes before its id."""
        found = base_column(name) if self.language == "zh" else None
        if found is None:
            return name
        return f"{word('stage', found[1], 'zh') if found[1] else ''}{found[0].zh} {name}"

    def reason(self, key: str) -> str:
        return self("row_" + key.replace(" ", "_"))


def _said(problem: dict[str, Any], say: _Say) -> str:
    """Say what is wrong and what to do; in Chinese the sentence of the message comes last, for its figures."""
    severity, code, message = say(str(problem["severity"])), problem["code"], problem["message"]
    if say.language != "zh":
        return f"{severity} [{code}] {_where(problem)}{message}"
    where = ["!".join(str(problem[k]) for k in ("sheet", "cell") if problem[k])]
    where += [f"列“{say.column(problem['column'])}”"] if problem["column"] else []
    where += [f"值“{problem['value']}”"] if problem["value"] is not None else []
    place = "，".join(w for w in where if w)
    told = f"{word('problem', code, 'zh')}{'：' if place else ''}{place}。{word('advice', code, 'zh')}。"
    return f"{severity} {told}[{code}] {message}"


def _where(problem: dict[str, Any]) -> str:
    place = "!".join(str(problem[k]) for k in ("sheet", "cell") if problem[k])
    column = f" ({problem['column']})" if problem["column"] else ""
    return f"{place}{column}: " if place or column else ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "…"


def _cut(lines: Sequence[str], say: _Say) -> list[str]:
    if len(lines) <= _SHOWN:
        return list(lines)
    return [*lines[:_SHOWN], "  " + say("more", n=len(lines) - _SHOWN)]


def _number(value: float) -> str:
    return f"{value:g}"
