"""Output of commands: progress on the error stream, findings, result files (private)."""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

import attrs

import junheng as jh
from junheng._extras import usable
from junheng._files import check_output, write_bytes
from junheng._frames import Table, write_csv
from junheng.errors import InputError
from junheng.reports.workbooks.results import plan_tables, result_tables
from junheng.words import Language, Name, Quoted, listed, message, word

__all__ = [
    "Steps",
    "check_out",
    "findings",
    "form_name",
    "named_files",
    "solver_silenced",
    "write_certificate",
    "write_evaluation",
    "write_plan",
]

#: Largest number of counties explained one by one; more are only counted.
_EXPLAINED = 3
#: First characters of a CSV cell that spreadsheets treat as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: Characters that some systems do not allow in file names.
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')


class Steps:
    """Progress on the error stream if it is a terminal: a bar with tqdm, a line per step without it."""

    def __init__(self, total: int, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._show = self._stream.isatty()
        self._bar: Any = None
        if self._show and usable("tqdm"):
            from tqdm import tqdm

            self._bar = tqdm(total=total, file=self._stream, leave=False, bar_format="{desc} {bar} {n_fmt}/{total_fmt}")

    def run(self, what: str, work: Callable[[], Any]) -> Any:
        """Run one step and return its result."""
        if self._bar is not None:
            self._bar.set_description(what)
        elif self._show:
            print(f"{what} …", file=self._stream)
        result = work()
        if self._bar is not None:
            self._bar.update()
        return result

    def __enter__(self) -> Steps:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()


def _need_ending(path: str, *endings: str, option: str = "--out") -> None:
    if Path(path).suffix.lower() not in endings:
        raise InputError(message("cli.ending", option=option, endings=listed(endings, "or"), path=Quoted(path)))


def named_files(args: argparse.Namespace) -> list[str]:
    """Return the possible input files of a command; pairs NAME=NUMBER and ids of standards match no file."""
    given = [getattr(args, name, None) or [] for name in ("file", "facts", "standard", "costs", "moves", "explained")]
    return [path for one in given for path in ([one] if isinstance(one, str) else one)]


def check_out(args: argparse.Namespace, *endings: str, option: str = "--out") -> None:
    """Raise an error now for an output that cannot be written later."""
    path = getattr(args, option.removeprefix("--").replace("-", "_"))
    _need_ending(path, *endings, option=option)
    check_output(path, named_files(args))


def form_name(key: Sequence[Any], taken: set[str], what: str = "申报表") -> str:
    """Return a unique file name for a county that every system allows."""
    bare = "-".join(_NOT_IN_NAMES.sub("_", str(k)).strip(" .") for k in key)[:80] or "_"
    name, n = f"{bare}-{what}.xlsx", 1
    while name.lower() in taken:
        n += 1
        name = f"{bare}-{n}-{what}.xlsx"
    taken.add(name.lower())
    return name


@contextmanager
def solver_silenced() -> Iterator[None]:
    """Discard what the solver prints.

    HiGHS 1.12, as in SciPy 1.17, calls ``printf`` when it repairs a solution (ERGO-Code/HiGHS, issue 2783); neither
    ``disp=False`` nor ``presolve=False`` prevents this.
    """
    try:
        target = sys.stdout.fileno()
    except (AttributeError, OSError):  # not a file: output of C cannot reach it
        yield
        return
    sys.stdout.flush()
    kept, nowhere = os.dup(target), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, target)
        yield
    finally:
        # output of C may still be in its buffer
        with suppress(OSError, TypeError, AttributeError):  # the C library is not accessible this way
            ctypes.CDLL(None).fflush(None)
        os.dup2(kept, target)
        os.close(kept)
        os.close(nowhere)


def findings(ev: jh.Evaluation, county: str | None, language: Language) -> str:
    """Return the findings: county by county if there are few, otherwise the number of counties per verdict."""
    n = ev.data.n_counties
    if county is not None or n <= _EXPLAINED:
        return ev.explain(county, language=language)
    counts: dict[tuple[str, str], int] = {}
    for part, verdict in zip(ev.verdicts["part"].tolist(), ev.verdicts["verdict"].tolist(), strict=True):
        counts[part, verdict] = counts.get((part, verdict), 0) + 1
    label = getattr(ev.standard.label, language)
    lines = [message("cli.counties", label=label, number=word("number", ev.standard.number, language), n=n)]
    for part in (*ev.standard.parts, "overall"):
        each = [
            message("cli.count", verdict=Name("verdict", v), n=counts.get((part, v), 0))
            for v in ("met", "unmet", "undetermined")
        ]
        lines.append(message("cli.part", part=word("part", part, language), counts=listed(each)))
    return "\n".join(line.text(language) for line in [*lines, message("cli.hint")])


def _write_json(path: Path, content: dict[str, Any]) -> None:
    write_bytes(path, json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1).encode("utf-8"))


def write_evaluation(ev: jh.Evaluation, args: argparse.Namespace, language: Language) -> None:
    """Write an evaluation as a workbook, as CSV files or as JSON."""
    path = Path(args.out)
    if path.suffix.lower() == ".json":
        _write_json(path, ev.to_dict())
    elif path.suffix.lower() == ".csv":
        _write_csv(path, result_tables(ev.relabel(language)), args)
    else:
        jh.reports.write_results(ev, path, language=language)


def write_certificate(ev: jh.Evaluation, args: argparse.Namespace) -> jh.Evaluation:
    """Write the certificate of an evaluation; return the evaluation, with the file in its provenance."""
    path = Path(args.certificate)
    content = json.dumps(ev.certificate(args.county), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    written = content.encode("utf-8")
    write_bytes(path, written)
    digest = "sha256:" + hashlib.sha256(written).hexdigest()
    return attrs.evolve(ev, provenance={**ev.provenance, "certificate": f"{path.name} ({digest})"})


def write_plan(made: jh.Plan, args: argparse.Namespace, language: Language) -> None:
    """Write a plan and the verdicts after it as a workbook, as CSV files, as JSON or as an HTML report."""
    path = Path(args.out)
    if path.suffix.lower() == ".json":
        _write_json(path, made.to_dict())
    elif path.suffix.lower() in (".html", ".htm"):
        jh.reports.write_report(made.evaluation, path, plan=made, language=language, progress=False)
    elif path.suffix.lower() == ".csv":
        _write_csv(path, plan_tables(made.relabel(language)), args)
    else:
        jh.reports.write_plan_workbook(made, path, language=language)


def _write_csv(path: Path, tables: dict[str, Any], args: argparse.Namespace) -> None:
    write_csv(path, {name: _without_formulas(frame) for name, frame in tables.items()}, named_files(args))


def _without_formulas(frame: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would run as a formula when it opens a CSV file."""
    table = Table(frame)
    guarded = {}
    for name in table.columns:
        if table.is_number(name):
            continue
        cells = table.objects(name)
        guards = [_guarded(c) for c in cells]
        if any(a is not b for a, b in zip(cells, guards, strict=True)):
            guarded[name] = guards
    headers = {name: new for name in table.columns if (new := _guarded(name)) is not name}
    return table.with_columns(guarded).renamed(headers).to_native()


def _guarded(cell: Any) -> Any:
    # "==" is a comparison in columns of requirements, not a formula
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) and cell != "==" else cell
