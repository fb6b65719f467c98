"""``plausibility``: figures worth a look, in the terminal and as a worklist; their summary in ``check`` (private)."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from junheng._files import check_output
from junheng.cli.costs import amount
from junheng.cli.files import described
from junheng.cli.output import Steps, check_out, form_name, named_files
from junheng.cli.problems import note
from junheng.errors import InputDataError
from junheng.reading import notice
from junheng.reading.several_files import put_below
from junheng.reports._findings import kinds_text
from junheng.reports._workbooks import width_of
from junheng.reports.worklists.model import Entry, Worklist, by_school, make_worklist
from junheng.reports.worklists.summary import remarks, schools_of
from junheng.reports.worklists.workbook import write_workbook
from junheng.words import sentences

__all__ = ["find_figures", "print_figures"]

#: What is printed before the rest is only counted: counties, and schools of each.
_COUNTIES, _SCHOOLS = 10, 20
#: Widest names of schools that others are lined up with.
_WIDEST = 40


def find_figures(args: argparse.Namespace) -> int:
    """Print the figures worth a look, or write them as a worklist."""
    text = args.text
    if args.out is not None:
        args.out = args.out or sentences("worklist", args.product_language)["file"]
        if not _is_folder(args):
            check_out(args, ".xlsx")
    with Steps(3 if args.out else 2) as steps:
        schools = steps.run(text["reading"], lambda: _read(args))
        worklist = steps.run(text["looking"], lambda: _make(schools, args))
        written = steps.run(text["writing"], lambda: _write(worklist, args)) if args.out else []
    for noticed in worklist.notices:
        note(noticed, args)
    print("\n".join(_lines(worklist, args)))
    if written:
        print("\n" + "\n".join(text["written"].format(path=path) for path in written))
    return 0


def _is_folder(args: argparse.Namespace) -> bool:
    out = Path(args.out)
    return not out.is_file() and (out.is_dir() or not out.suffix)


def _write(worklist: Worklist, args: argparse.Namespace) -> list[Path]:
    """Write one workbook, or one for each county into a folder."""
    out, language = Path(args.out), args.product_language
    if not _is_folder(args):
        write_workbook(worklist, out, language)
        return [out]
    out.mkdir(exist_ok=True)
    own, taken = worklist.by_county(), set[str]()
    what = Path(sentences("worklist", language)["file"]).stem
    paths = [out / form_name([w.places[0].name], taken, what) for w in own]
    # check all before the first is written
    for path in paths:
        check_output(path, named_files(args))
    for path, of_county in zip(paths, own, strict=True):
        write_workbook(of_county, path, language)
    return paths


def print_figures(args: argparse.Namespace) -> None:
    """Print how many figures of the file that was checked are worth a look, and the command that lists them."""
    text = args.text
    try:
        worklist = make_worklist(args.read.schools, standard=args.standard)
    except InputDataError:
        # a column is missing: the problems say so
        print(text["figures_not_looked_at"])
        return
    if not worklist.entries:
        print(text["figures_none"])
        return
    kinds = kinds_text((e.finding for e in worklist.entries), args.language)
    # without its standard the other command would list fewer
    given = args.file if args.standard is None else f"{args.file} --standard {args.standard}"
    told = {"n": len(worklist.entries), "schools": schools_of(worklist.entries), "file": given}
    print(text["figures"].format(kinds=kinds, **told))


def _read(args: argparse.Namespace) -> Any:
    reports = [described(args, file) for file in args.file]
    for report in reports:
        note(notice(report), args)
    schools, taken = put_below(reports, args.file)
    for noticed in taken:
        note(noticed, args)
    return schools


def _make(schools: Any, args: argparse.Namespace) -> Worklist:
    alpha = amount(args.alpha)
    return make_worklist(
        schools,
        by=args.by,
        standard=args.standard,
        alpha=args.alpha if alpha is None else alpha,
        explained=args.explained or (),
    )


# ------------------------------------------------------------------------------------------- what is printed


def _lines(worklist: Worklist, args: argparse.Namespace) -> Iterator[str]:
    """Yield the findings by county and school, and what they mean."""
    words, text = sentences("worklist.summary", args.language), args.text
    total = sum(p.schools for p in worklist.places)
    if not worklist.entries:
        yield words["none"].format(schools=total)
    of_county = _by_county(worklist)
    shown = list(of_county)[: None if args.all else _COUNTIES]
    for place in shown:
        yield from _county(place, of_county[place], args)
    if len(of_county) > len(shown):
        yield text["figures_more_counties"].format(n=len(of_county) - len(shown))
    if worklist.entries and len(worklist.places) > len(of_county):
        yield text["figures_no_counties"].format(n=len(worklist.places) - len(of_county))
    yield from remarks(worklist, args.language)
    if worklist.entries:
        yield words["no_accusation"]
        yield words["chance"].format(alpha=f"{worklist.alpha:g}")
        if not args.out:
            yield text["figures_hint_all" if args.all else "figures_hint"]


def _by_county(worklist: Worklist) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in worklist.entries:
        found.setdefault(entry.place, []).append(entry)
    return found


def _county(place: str, entries: Sequence[Entry], args: argparse.Namespace) -> Iterator[str]:
    """Yield a line for the county and one for each school, with ``--all`` one for each finding.

    Those explained before are only counted.
    """
    text, whole = args.text, sentences("worklist.sheet_text", args.language)["whole_county"]
    open_ = [e for e in entries if e.status != "explained"]
    counts = {"n": len(open_), "schools": schools_of(open_), "explained": len(entries) - len(open_)}
    key = "figures_county_explained" if counts["explained"] else "figures_county"
    yield text[key].format(place=place or sentences("worklist.sheet_text", args.language)["no_county"], **counts)
    groups = {school or whole: group for (_, school), group in by_school(open_).items()}
    names = list(groups)[: None if args.all else _SCHOOLS]
    wide = min(_WIDEST, max(map(width_of, names), default=0))
    for name in names:
        blank = " " * max(0, wide - width_of(name))
        yield f"  {name}{blank}  {len(groups[name]):>3}  {kinds_text((e.finding for e in groups[name]), args.language)}"
        for e in groups[name] if args.all else ():
            yield text["figures_finding"].format(
                cells=e.cells.text(args.language), evidence=e.finding.evidence.text(args.language)
            )
    if len(groups) > len(names):
        yield text["figures_more_schools"].format(n=len(groups) - len(names))
