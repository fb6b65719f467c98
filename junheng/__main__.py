"""The command line: ``python -m junheng demo``, ``python -m junheng evaluate FILE --standard ID``."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

import junheng as jh
from junheng._frames import write_tables
from junheng._labels import LANGUAGES, word
from junheng.errors import InputDataError, JunhengError, Problem, Severity
from junheng.reading import read_table

#: Up to so many counties are explained one by one; more are counted.
_EXPLAINED = 3


class Steps:
    """Progress on the error stream: a bar with tqdm, a line a step without it, nothing where nobody looks."""

    def __init__(self, total: int, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._show = self._stream.isatty()
        self._bar: Any = None
        if self._show:
            try:
                from tqdm import tqdm

                self._bar = tqdm(
                    total=total, file=self._stream, leave=False, bar_format="{desc} {bar} {n_fmt}/{total_fmt}"
                )
            except ImportError:
                pass

    def run(self, what: str, work: Callable[[], Any]) -> Any:
        """Do one step and return what it gives."""
        if self._bar is not None:
            self._bar.set_description(what)
        elif self._show:
            print(f"{what} …", file=self._stream)
        result = work()
        if self._bar is not None:
            self._bar.update()
        return result

    def close(self) -> None:
        """Clear the bar."""
        if self._bar is not None:
            self._bar.close()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 done, 2 the input cannot be used."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # a Windows console that cannot show a character prints a stand-in rather than stopping
            stream.reconfigure(errors="replace")
    parser = _parser()
    args = parser.parse_args(argv)
    try:
        return int(args.run(args))
    except OSError as exc:
        print(f"junheng: {exc}", file=sys.stderr)
        return 2
    except InputDataError as exc:
        _print_problems(exc.problems, getattr(args, "file", "table"), lines=_lines(args))
        return 2
    except JunhengError as exc:
        print(f"junheng: {exc}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="junheng", description="Are the schools of a county fairly resourced, by the letter of the rules?"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="the whole job on shipped data")
    demo.set_defaults(run=_demo)
    evaluate = commands.add_parser("evaluate", help="judge a table of schools by a standard")
    evaluate.add_argument("file", metavar="FILE", help="CSV or Excel, headers in 中文 or canonical")
    evaluate.add_argument("--standard", required=True, metavar="ID", help="see 'junheng standards', or a .toml file")
    evaluate.add_argument("--facts", metavar="FILE", help="facts about the counties: CSV or Excel, one row a county")
    evaluate.add_argument(
        "--relax", nargs="+", metavar="ID", help="relaxations of the standard to apply; none are unless named"
    )
    evaluate.add_argument("--by", nargs="+", metavar="COLUMN", help="columns that make a county (default: county)")
    evaluate.add_argument("--county", metavar="NAME", help="explain this county")
    evaluate.add_argument("--missing", choices=("propagate", "omit", "raise"), default="propagate")
    evaluate.add_argument("--sheet", help="sheet of a workbook: name or number from 0")
    evaluate.add_argument("--out", metavar="FILE", help="write the results: .xlsx, .csv or .json")
    evaluate.set_defaults(run=_evaluate)
    check = commands.add_parser("check", help="list every problem of a table")
    check.add_argument("file", metavar="FILE")
    check.add_argument("--standard", metavar="ID", help="also what this standard needs")
    check.add_argument("--sheet", help="sheet of a workbook: name or number from 0")
    check.set_defaults(run=_check)
    standards = commands.add_parser("standards", help="list the shipped standards")
    standards.set_defaults(run=_standards)
    for sub in (demo, evaluate, standards):
        sub.add_argument("--language", choices=LANGUAGES, default="en", help="language of the findings")
    return parser


def _read(args: argparse.Namespace) -> Any:
    sheet = args.sheet if args.sheet is None else int(args.sheet) if args.sheet.isdigit() else args.sheet
    args.read = jh.describe_file(args.file, sheet=sheet)
    return args.read.schools


def _evaluate(args: argparse.Namespace) -> int:
    steps = Steps(4 if args.out else 3)
    try:
        standard = jh.load_standard(args.standard)
        if args.relax:
            standard = standard.with_options(relaxations=args.relax)
        if args.out and Path(args.out).suffix.lower() not in (".xlsx", ".csv", ".json"):
            raise jh.InputError(f"--out must end in .xlsx, .csv or .json, not {args.out!r}")
        schools = steps.run("reading", lambda: _read(args))
        facts = read_table(args.facts) if args.facts else None
        ev = steps.run(
            "judging",
            lambda: jh.evaluate(schools, standard, by=args.by, county_facts=facts, missing=args.missing),
        )
        text = steps.run("explaining", lambda: _findings(ev, args.county, args.language))
        if args.out:
            steps.run("writing", lambda: _write(ev, Path(args.out), args.language))
    finally:
        steps.close()
    print(text)
    for code, count in ev.provenance["warnings"].items():
        print(f"note: {count} × {code}; 'junheng check {args.file}' lists them", file=sys.stderr)
    if args.out:
        beside = ", and beside it a file for each other table" if args.out.lower().endswith(".csv") else ""
        print(f"\nwritten: {args.out}{beside}")
    return 0


def _findings(ev: jh.Evaluation, county: str | None, language: str) -> str:
    n = ev.data.n_counties
    if county is not None or n <= _EXPLAINED:
        return ev.explain(county, language=language)
    counts: dict[tuple[str, str], int] = {}
    for part, verdict in zip(ev.verdicts["part"].tolist(), ev.verdicts["verdict"].tolist(), strict=True):
        counts[part, verdict] = counts.get((part, verdict), 0) + 1
    label = getattr(ev.standard.label, language)
    lines = [f"{label} ({ev.standard.number}): {n}"]
    for part in (*ev.standard.parts, "overall"):
        said = [f"{word('verdict', v, language)} {counts.get((part, v), 0)}" for v in ("met", "unmet", "undetermined")]
        lines.append(f"  {word('part', part, language)}: {', '.join(said)}")
    hint = {
        "en": "--county NAME explains one, --out FILE writes all",
        "zh": "--county 县名 查看一县,--out 文件 输出全部",
    }
    return "\n".join([*lines, f"({hint[language]})"])


def _write(ev: jh.Evaluation, path: Path, language: str) -> None:
    if path.suffix.lower() == ".json":
        path.write_text(json.dumps(ev.to_dict(), ensure_ascii=False, allow_nan=False, indent=1), encoding="utf-8")
        return
    shown = ev.relabel(language)
    names = {
        "verdicts": {"en": "verdicts", "zh": "结论"},
        "items": {"en": "items", "zh": "项目"},
        "indicators": {"en": "indicators", "zh": "差异系数"},
        "item_schools": {"en": "item schools", "zh": "各项涉及学校"},
        "school_verdicts": {"en": "schools", "zh": "各校结论"},
        "schools": {"en": "school indicators", "zh": "各校指标"},
        "left_out": {"en": "left out", "zh": "不计入单位"},
    }
    write_tables(path, {label[language]: getattr(shown, name) for name, label in names.items()})


def _check(args: argparse.Namespace) -> int:
    schools = _read(args)
    problems = jh.check_schools(schools, args.standard)
    listed = [Problem(**_fields(r)) for r in jh.results.records(problems)]
    _print_problems(listed, args.file, sys.stdout, _lines(args))
    return 2 if any(p.severity is Severity.ERROR for p in listed) else 0


def _fields(record: dict[str, Any]) -> dict[str, Any]:
    return record | {"code": jh.ProblemCode(record["code"]), "severity": Severity(record["severity"])}


def _standards(args: argparse.Namespace) -> int:
    table = jh.list_standards()
    for row in jh.results.records(table):
        print(f"{row['id']}\n    {row[f'label_{args.language}']} — {row['document']} ({row['number']})")
    return 0


def _lines(args: argparse.Namespace) -> list[int]:
    """Return the line of the file that each row of the table comes from."""
    read = getattr(args, "read", None)
    return [] if read is None else read.places["row"].tolist()


def _print_problems(
    problems: Sequence[Problem], name: str, stream: TextIO | None = None, lines: Sequence[int] = ()
) -> None:
    def line(row: int) -> int:
        return lines[row] if row < len(lines) else row + 2

    out = stream or sys.stderr
    errors = sum(p.severity is Severity.ERROR for p in problems)
    print(f"{name}: {errors} errors, {len(problems) - errors} warnings", file=out)
    for p in sorted(problems, key=lambda p: -1 if p.row is None else p.row):
        place = "" if p.row is None else f"line {line(p.row)} ({p.key}), " if p.key else f"line {line(p.row)}, "
        column = f"column {p.column!r}: " if p.column else ""
        message = re.sub(r"\brow (\d+)\b", lambda m: f"line {line(int(m[1]))}", p.message)
        print(f"  {p.severity} {p.code}: {place}{column}{message}", file=out)


def _demo(args: argparse.Namespace) -> int:
    zh = args.language == "zh"
    students, books = [45, 37, 89, 76, 55], [279, 137, 935, 160, 402]
    per_student = jh.per_student(books, students)
    cv = jh.difference_coefficient(per_student, weights=students)
    print("1. 公布的五校算例:生均图书册数" if zh else "1. The published example: books of five primary schools")
    for i, (p, b, x) in enumerate(zip(students, books, per_student.tolist(), strict=True), 1):
        print(
            f"   小学{i}: {p:3d} 人, {b:4d} 册, 生均 {x:.2f}"
            if zh
            else f"   school {i}: {p:3d} students, {b:4d} books, {x:.2f} each"
        )
    print(
        f"   差异系数 {cv:.6f}(文件印 0.52;不加权则为 {jh.difference_coefficient(per_student, weights=None):.6f})\n"
        if zh
        else f"   difference coefficient {cv:.6f} (printed 0.52; unweighted it would be "
        f"{jh.difference_coefficient(per_student, weights=None):.6f})\n"
    )
    schools = jh.synthetic.county(seed=0, n_schools=12, resourcing=1.25)
    print("2. 虚拟县,三个标准" if zh else "2. A make-believe county under three standards")
    for i, standard in enumerate(("cn-quality-balance-2017", "cn-basic-balance-2012", "cn-sd-school-conditions-2008")):
        ev = jh.evaluate(schools, standard)
        print()
        text = ev.explain(language=args.language).splitlines()
        # the first in full; the others by their verdicts
        print("\n".join(text if i == 0 else [line for line in text if not line.startswith(" ")][:6]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
