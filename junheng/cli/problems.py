"""Prints problems and errors, in the language of the user (private)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TextIO

import junheng as jh
from junheng._grouping import ProblemGroup, grouped
from junheng.errors import Problem, Severity
from junheng.words import Language, Message, Name, listed, message

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
    """Print the numbers of errors and warnings, and the problems: those alike on one line, with ``--all`` each."""
    out, language = stream or sys.stderr, args.language
    errors = sum(p.severity is Severity.ERROR for p in problems)
    counted = message("cli.errors", n=errors), message("cli.warnings", n=len(problems) - errors)
    name = getattr(args, "file", "table")
    name = name if isinstance(name, str) else listed(name)
    print(message("cli.counted", name=name, counted=listed(counted)).text(language), file=out)
    groups = grouped(problems)
    if getattr(args, "all", False):
        groups = [ProblemGroup((p,)) for p in sorted(problems, key=lambda p: -1 if p.position is None else p.position)]
    for group in groups:
        print(f"  {_in_words(group, language)}", file=out)
    if len(groups) < len(problems):
        print(f"  {message('cli.alike').text(language)}", file=out)


def _in_words(group: ProblemGroup, language: Language) -> str:
    names = {"severity": Name("severity", group.first.severity), "code": Name("problem", group.first.code)}
    place, text = group.place(language), group.sentence(language)
    if place:
        return message("cli.problem_at", **names, place=place, message=text).text(language)
    return message("cli.problem", **names, message=text).text(language)
