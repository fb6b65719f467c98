"""Reads the files of a command (private)."""

from __future__ import annotations

import argparse
from typing import Any

import junheng as jh
from junheng._progress import reporting
from junheng.errors import InputError
from junheng.reading import FileReport
from junheng.schools import resolve_mapping
from junheng.words import Quoted, message

__all__ = ["described"]


def _sheet(args: argparse.Namespace) -> dict[str, Any]:
    """Return the sheet as a keyword argument if one is given."""
    if args.sheet is None:
        return {}
    # ² is a digit to isdigit, and a longer number is a name
    is_position = args.sheet.isascii() and args.sheet.isdigit() and len(args.sheet) < 10
    return {"sheet": int(args.sheet) if is_position else args.sheet}


def _mapping(args: argparse.Namespace) -> dict[str, str] | None:
    """Return the columns that the user gives to headers."""
    mapping: dict[str, str] = {}
    for pair in args.mapping or ():
        header, _, column = (part.strip() for part in pair.rpartition("="))
        if not header or not column:
            raise InputError(message("cli.wrong_mapping", value=Quoted(pair)))
        if mapping.setdefault(header, column) != column:
            raise InputError(message("cli.mapping_twice", header=Quoted(header)))
    # a table is told from other sheets by canonical names; a name with a unit keeps it
    found = resolve_mapping(mapping)
    return {h: column if found[h].unit else found[h].column for h, column in mapping.items()} or None


def described(args: argparse.Namespace, file: str) -> FileReport:
    """Read and describe a file, with a bar in the language of the user."""
    with reporting(100, args.text["reading"]) as progress:
        given = {**_sheet(args), "mapping": _mapping(args), "decimal": args.decimal, "on_error": args.on_error}
        return jh.describe_file(file, **given, progress=lambda done, _: progress(done))
