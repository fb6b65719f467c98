"""Prints problems and errors with lines of the file, in the language of the user (private)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TextIO

import junheng as jh
from junheng.errors import Problem, Severity
from junheng.words import Lines, Message, Name, listed, message

__all__ = ["fail", "note", "note_system_error", "note_warnings", "print_problems"]


def fail(text: Message | str, language: str) -> None:
    """Print the error that ends a command."""
    print(message("cli.failed", text=text).text(language), file=sys.stderr)


def note_system_error(exc: OSError, language: str) -> None:
    """Print an error of the operating system and its file."""
    if isinstance(exc, FileNotFoundError):
        text = message("cli.no_file")
    elif isinstance(exc, PermissionError):
        text = message("cli.may_not")
    elif isinstance(exc, IsADirectoryError):
        text = message("cli.is_folder")
    else:
        text = message("cli.system", reason=exc.strerror or str(exc))
    fail(message("cli.at", place=exc.filename, text=text) if exc.filename else text, language)


def note(text: Message | str | None, args: argparse.Namespace) -> None:
    """Print a note on the error stream; empty text prints nothing."""
    if text:
        print(message("cli.note", text=text).text(args.language), file=sys.stderr)


def note_warnings(ev: jh.Evaluation, args: argparse.Namespace) -> None:
    """Print the number of warnings of each kind."""
    for code, count in ev.provenance["warnings"].items():
        note(message("cli.warned", count=count, code=Name("problem", code), file=args.file), args)


def print_problems(problems: Sequence[Problem], args: argparse.Namespace, stream: TextIO | None = None) -> None:
    """Print problems in the order of the lines of the file, after the numbers of errors and warnings."""
    read = getattr(args, "read", None)
    known = [] if read is None else read.places["row"].tolist()

    def line(row: int) -> int:
        return int(known[row]) if row < len(known) else row + 2

    out, language = stream or sys.stderr, args.language
    errors = sum(p.severity is Severity.ERROR for p in problems)
    counted = message("cli.errors", n=errors), message("cli.warnings", n=len(problems) - errors)
    print(message("cli.counted", name=getattr(args, "file", "table"), counted=listed(counted)).text(language), file=out)
    for p in sorted(problems, key=lambda p: -1 if p.row is None else p.row):
        print(f"  {_in_words(p, language, line)}", file=out)


def _in_words(p: Problem, language: str, lines: Lines) -> str:
    names = {"severity": Name("severity", p.severity), "code": Name("problem", p.code)}
    place, text = p.place(language, lines), p.sentence(language, lines)
    if place:
        return message("cli.problem_at", **names, place=place, message=text).text(language)
    return message("cli.problem", **names, message=text).text(language)
