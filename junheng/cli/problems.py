"""How problems are printed: by the lines of the file, in the language asked for (private)."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from typing import Any, TextIO

import junheng as jh
from junheng._data import read_toml
from junheng.cli.words import WORDS
from junheng.errors import OutputFileError, Problem, Severity
from junheng.schools import base_column
from junheng.words import Message, word

__all__ = ["as_problems", "column_zh", "note", "note_warnings", "output_problem", "print_problems"]


def note(said: Message | str | None, args: argparse.Namespace) -> None:
    """Print what a reader should know, where there is anything, on a line of the error stream."""
    if said:
        text = said.text(args.language or "en") if isinstance(said, Message) else said
        print(args.text["note"].format(text=text), file=sys.stderr)


def note_warnings(ev: jh.Evaluation, args: argparse.Namespace) -> None:
    """Note how often each warning was met."""
    for code, count in ev.provenance["warnings"].items():
        shown = word("problem", code, "zh") if args.language == "zh" else code
        note(args.text["warned"].format(count=count, code=shown, file=args.file), args)


def as_problems(frame: Any) -> list[Problem]:
    """Return a frame of problems as problems."""
    return [Problem(**_fields(r)) for r in jh.results.records(frame)]


def _fields(record: dict[str, Any]) -> dict[str, Any]:
    return record | {"code": jh.ProblemCode(record["code"]), "severity": Severity(record["severity"])}


def print_problems(problems: Sequence[Problem], args: argparse.Namespace, stream: TextIO | None = None) -> None:
    """Print problems in the order of the lines of the file, errors and warnings counted."""
    language, name = args.language or "en", getattr(args, "file", "table")
    read = getattr(args, "read", None)
    lines = [] if read is None else read.places["row"].tolist()

    def line(row: int) -> int:
        return int(lines[row]) if row < len(lines) else row + 2

    out = stream or sys.stderr
    errors = sum(p.severity is Severity.ERROR for p in problems)
    said = WORDS[language]["counted"].format(name=name, errors=errors, warnings=len(problems) - errors)
    print(said, file=out)
    for p in sorted(problems, key=lambda p: -1 if p.row is None else p.row):
        # people count the lines of the file, not the rows of the table
        message = re.sub(r"\brow (\d+)\b", lambda m: f"line {line(int(m[1]))}", p.message)
        at = None if p.row is None else line(p.row)
        print(f"  {_problem_zh(p, at, message) if language == 'zh' else _problem_en(p, at, message)}", file=out)


def _problem_en(p: Problem, line: int | None, message: str) -> str:
    place = "" if line is None else f"line {line} ({p.key}), " if p.key else f"line {line}, "
    column = f"column {p.column!r}: " if p.column else ""
    return f"{p.severity} {p.code}: {place}{column}{message}"


def _problem_zh(p: Problem, line: int | None, message: str) -> str:
    """Say what is wrong, where, with which value, and what to do; the English sentence says it with the figures."""
    place = []
    if line is not None:
        key = " / ".join(str(word("stage", k, "zh")) for k in (p.key or "").split(" / "))
        place.append(f"第{line}行" + (f"（{key}）" if key else ""))
    if p.column:
        place.append(f"列“{column_zh(p.column)}”")
    if p.value is not None:
        place.append(f"值“{p.value}”")
    where = f"：{'，'.join(place)}" if place else ""
    told = f"{word('problem', p.code, 'zh')}{where}。{word('advice', p.code, 'zh')}。"
    return f"{word('severity', p.severity, 'zh')} {told}{p.code}: {message}"


def output_problem(exc: OutputFileError, language: str) -> str:
    """Say why a file cannot be written; in Chinese as every other problem is said."""
    if language == "en":
        return str(exc)
    told = f"{exc.path}：{word('problem', exc.code, 'zh')}。{word('advice', exc.code, 'zh')}。"
    return f"{told}{exc.code}: {exc.reason}"


def column_zh(name: str) -> str:
    """Return the label of a column or a fact, the name itself where it has none."""
    found = base_column(name)
    if found is not None:
        column, stage = found
        return f"{word('stage', stage, 'zh') if stage else ''}{column.zh}"
    fact = read_toml("facts.toml")["facts"].get(name)
    return name if fact is None else str(fact["label"]["zh"])
