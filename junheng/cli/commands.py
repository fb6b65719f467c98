"""The commands (private).

Exit codes: 0 success; 1 a claim does not follow (``verify``); 2 invalid input or request (``check``: the table has
errors); 130 stopped by the user.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np

import junheng as jh
from junheng import verify
from junheng._files import check_output
from junheng._frames import Table
from junheng._progress import reporting
from junheng._text import clean
from junheng.certificate import rules_of
from junheng.cli.costs import amount, read_costs, write_costs_template
from junheng.cli.files import described
from junheng.cli.output import (
    Steps,
    check_out,
    findings,
    form_name,
    named_files,
    solver_silenced,
    write_certificate,
    write_evaluation,
    write_plan,
)
from junheng.cli.parser import asked_language, build_parser
from junheng.cli.problems import fail, note, note_system_error, note_warnings, print_problems
from junheng.cli.worklists import find_figures, print_figures
from junheng.errors import InputDataError, InputError, JunhengError, OutputFileError, Problem, ProblemCode, Severity
from junheng.facts import Facts
from junheng.judging.items import give_hints
from junheng.planning._card import plan_sentences, plan_things
from junheng.reading import notice
from junheng.reading.fact_forms import facts_of
from junheng.reading.facts_together import Part, facts_of_workbook, put_together
from junheng.reading.input_file import open_input
from junheng.reading.report import about_facts
from junheng.results.explain import find_county
from junheng.schools.checks import find_problems
from junheng.schools.opening import open_table
from junheng.schools.sections import make_sections
from junheng.words import Quoted, key_text, listed, message, sentences, word

__all__ = ["main"]


#: Claims that do not follow, listed one by one.
_CLAIMS_LISTED = 100


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # a Windows console replaces characters it cannot show instead of failing
            stream.reconfigure(errors="replace")
    given = list(sys.argv[1:] if argv is None else argv)
    language = asked_language(given)
    args = build_parser(language).parse_args(given)
    # reports and templates are in Chinese unless --language is given
    args.product_language, args.language = args.language or "zh", args.language or language
    args.text = sentences("cli", args.language)
    try:
        return int(_COMMANDS[args.command](args))
    except BrokenPipeError:
        # the reader has closed the pipe, as in "| head"; print nothing more, not even at exit
        sys.stdout = None
        return 0
    except InputDataError as exc:
        print_problems(exc.problems, args)
    except JunhengError as exc:
        fail(exc.text(args.language), args.language)
    except OSError as exc:
        note_system_error(exc, args.language)
    except KeyboardInterrupt:
        fail(args.text["stopped"], args.language)
        return 130
    return 2


def _read(args: argparse.Namespace) -> Any:
    """Read the table and the county facts; keep the description of the file for the lines of problems."""
    args.read = described(args, args.file)
    note(notice(args.read), args)
    args.facts_read, wrong = _facts(args)
    if wrong:
        raise InputDataError(wrong)
    return args.read.schools


def _facts(args: argparse.Namespace) -> tuple[Any, list[Problem]]:
    """Return the county facts of the workbook and of ``--facts``, and what is wrong with them."""
    report = args.read
    facts, (notices, wrong) = report.facts, about_facts(report)
    if args.sheet is not None:
        used = [row["sheet"] for row in jh.results.records(report.sheets) if row["used"]]
        beside = facts_of_workbook(open_input(args.file), used)
        facts, notices, wrong = beside.table, beside.notices, beside.problems
    parts: list[Part] = [] if facts is None else [(Quoted(report.name), facts)]
    if args.facts:
        added, noticed = facts_of(open_input(args.facts), None, None)
        notices += () if noticed is None else (noticed,)
        parts.append((Quoted(Path(args.facts).name), added))
    for noticed in notices:
        note(noticed, args)
    facts, conflicts = put_together(parts)
    return facts, [*wrong, *conflicts]


def _fact_problems(args: argparse.Namespace, facts: Any) -> list[Problem]:
    """Return what is wrong with the county facts of a table of schools."""
    std = None if args.standard is None else jh.load_standard(args.standard)
    counties = make_sections(open_table(args.read.schools), std).counties.words
    if facts is None or not counties:
        return []
    found = Facts(facts, counties, () if std is None else std.items)
    if std is not None:
        found.check_choices(std.items)
        give_hints(std, found)
    return found.problems


def _judge(args: argparse.Namespace, steps: Steps) -> jh.Evaluation:
    """Read and evaluate the table."""
    standard = jh.load_standard(args.standard)
    if args.relax:
        standard = standard.with_options(relaxations=args.relax)
    schools = steps.run(args.text["reading"], lambda: _read(args))
    ev: jh.Evaluation = steps.run(
        args.text["judging"],
        lambda: jh.evaluate(schools, standard, by=args.by, county_facts=args.facts_read, missing=args.missing),
    )
    return ev


def _evaluate(args: argparse.Namespace) -> int:
    language, text = args.language, args.text
    if args.out:
        check_out(args, ".xlsx", ".csv", ".json")
    _check_certificate(args)
    with Steps(3 + bool(args.out) + bool(args.certificate)) as steps:
        ev = _judge(args, steps)
        _certified(ev, args, steps)
        found = steps.run(text["explaining"], lambda: findings(ev, args.county, language))
        if args.out:
            steps.run(text["writing"], lambda: write_evaluation(ev, args, language))
    print(found)
    note_warnings(ev, args)
    _print_written(args)
    _print_certificate(args)
    return 0


def _check_certificate(args: argparse.Namespace) -> None:
    """Raise an error now for a certificate that cannot be written later."""
    if args.certificate:
        check_out(args, ".json", option="--certificate")


def _certified(ev: jh.Evaluation, args: argparse.Namespace, steps: Steps) -> jh.Evaluation:
    """Write the certificate if it is asked for; results then say that it exists."""
    if not args.certificate:
        return ev
    certified: jh.Evaluation = steps.run(args.text["certifying"], lambda: write_certificate(ev, args))
    return certified


def _print_certificate(args: argparse.Namespace) -> None:
    if args.certificate:
        print(args.text["certified"].format(path=args.certificate))


def _verify(args: argparse.Namespace) -> int:
    """Check a certificate."""
    rules = rules_of(jh.load_standard(args.standard)) if args.standard else None
    try:
        wrong = verify.check(verify.read(Path(args.file)), rules)
    except verify.CannotCheck as exc:
        raise InputError(message("cli.cannot_check", file=Quoted(args.file), reason=str(exc))) from None
    print(args.text["claims_wrong" if wrong else "claims_follow"])
    for line in wrong[:_CLAIMS_LISTED]:
        print(f"  {_claim(line, args)}")
    if len(wrong) > _CLAIMS_LISTED:
        print(args.text["claims_more"].format(n=len(wrong) - _CLAIMS_LISTED))
    print(args.text["on_trust" if rules is None else "on_trust_but_rules"])
    return 1 if wrong else 0


def _claim(line: str, args: argparse.Namespace) -> str:
    """Return a line of the checker in the language of the user."""
    for key in ("claim_differs", "rule_differs"):
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(sentences("cli", "en")[key]))
        found = re.fullmatch(pattern, line, re.DOTALL)
        if found is not None:
            return str(args.text[key].format(**found.groupdict()))
    return line


def _print_written(args: argparse.Namespace) -> None:
    """Print the path of the results, if any were written."""
    if args.out:
        print("\n" + args.text["beside" if args.out.lower().endswith(".csv") else "written"].format(path=args.out))


def _declare(args: argparse.Namespace) -> int:
    from junheng.reports.declarations.fill import county_key
    from junheng.reports.declarations.next_steps import next_steps

    out = Path(args.out)
    one_file = out.suffix.lower() == ".xlsx" and not out.is_dir()
    if one_file or out.is_file():
        check_out(args, ".xlsx")
    with Steps(2) as steps:
        ev = _judge(args, steps)
    d = ev.data
    chosen = find_county(d, args.county)
    if one_file and len(chosen) > 1:
        raise InputError(message("cli.one_county", n=len(chosen)))
    if not one_file:
        # raises an error for a standard without a form before a folder is made
        jh.reports.declaration(ev, county=county_key(d, chosen[0]))
        out.mkdir(exist_ok=True)
    taken: set[str] = set()
    keys = [county_key(d, c) for c in chosen]
    paths = [out if one_file else out / form_name(key, taken) for key in keys]
    # check all before the first is written
    for path in paths:
        check_output(path, named_files(args))
    with reporting(len(chosen), args.text["writing"]) as progress:
        for done, (path, key) in enumerate(zip(paths, keys, strict=True), start=1):
            jh.reports.write_declaration(ev, path, county=key)
            progress(done)
    for path in paths:
        print(args.text["written"].format(path=path))
    if len(keys) == 1:
        form = jh.reports.declaration(ev, county=keys[0])
        print(args.text["marks"].format(**form.marks))
        print("\n".join(next_steps(form, args.language)))
    note_warnings(ev, args)
    return 0


def _report(args: argparse.Namespace) -> int:
    check_out(args, ".html", ".htm")
    _check_certificate(args)
    with Steps(3 + bool(args.certificate)) as steps:
        ev = _certified(_judge(args, steps), args, steps)
        path = steps.run(
            args.text["writing"],
            lambda: jh.reports.write_report(
                ev,
                Path(args.out),
                county=args.county,
                language=args.product_language,
                plausibility=not args.no_plausibility,
            ),
        )
    print(args.text["written"].format(path=path))
    _print_certificate(args)
    note_warnings(ev, args)
    return 0


def _plan(args: argparse.Namespace) -> int:
    if args.costs_template:
        return _costs_template(args)
    language, text = args.language, args.text
    if not args.file or not args.costs:
        raise InputError(message("cli.plan_not") if args.file else message("cli.plan_file"))
    if args.out:
        check_out(args, ".xlsx", ".csv", ".json", ".html", ".htm")
    costs, blank = read_costs(args.costs, "--costs")
    moves, _ = read_costs(args.moves or [], "--moves")
    budget = _budget(args)
    with Steps(4 if args.out else 3) as steps:
        ev = _judge(args, steps)
        if args.county is not None:
            ev = _only_county(ev, args)
        more = {"unit_costs": costs, "move_costs": moves, "budget": budget, "nodes": args.nodes}
        more |= {"time_limit": args.time_limit}
        with solver_silenced():
            made: jh.Plan = steps.run(text["planning"], lambda: jh.plan(ev, **more, progress=False))
        if args.out:
            steps.run(text["writing"], lambda: write_plan(made, args, language))
    _print_plan(made, args)
    if blank:
        note(message("cli.no_cost", names=listed(blank)), args)
    note_warnings(ev, args)
    _print_written(args)
    return 0


def _keep_what_is_filled_in(path: str) -> None:
    """Refuse to write an empty form over a file: somebody may have filled it in."""
    if Path(path).exists():
        raise OutputFileError(ProblemCode.OUTPUT_FAILED, path, message("cli.form_exists"))


def _costs_template(args: argparse.Namespace) -> int:
    check_out(args, ".xlsx", ".csv", option="--costs-template")
    _keep_what_is_filled_in(args.costs_template)
    write_costs_template(Path(args.costs_template), jh.load_standard(args.standard), args.language)
    print(args.text["written"].format(path=args.costs_template))
    return 0


def _budget(args: argparse.Namespace) -> float | None:
    """Return the budget, None if not given."""
    if args.budget is None:
        return None
    budget = amount(args.budget)
    if budget is None:
        raise InputError(message("cli.wrong_budget", value=Quoted(args.budget)))
    return budget


def _print_plan(made: jh.Plan, args: argparse.Namespace) -> None:
    """Print the summary of a plan, and what is added or moved by column."""
    language, d = args.language, made.evaluation.data
    place = d.county_name(0) if d.n_counties == 1 else str(d.n_counties)
    print(f"{place} · {getattr(made.evaluation.standard.label, language)}")
    print("\n".join(plan_sentences(made, language)))
    for thing in plan_things(made, range(d.n_counties), language):
        print(args.text["total"].format(**{k: "0" if x == "–" else x for k, x in thing.items()}))


def _only_county(ev: jh.Evaluation, args: argparse.Namespace) -> jh.Evaluation:
    """Evaluate the rows of one county (in all its years) separately."""
    d = ev.data
    codes = find_county(d, args.county)
    rows = np.unique(d.sections.rows[np.isin(d.county, codes)])
    table = d.sections.schools.frame.take(rows).to_native()
    facts = args.facts_read
    if facts is not None:
        # facts of other counties would be an error
        given = Table(facts)
        named = [(given.objects(n), {key_text(w[c]) for c in codes}) for n, w in d.county_words if n in given.columns]
        keep = [all(clean(key_text(cells[i])) in own for cells, own in named) for i in range(given.rows)]
        facts = given.take(np.flatnonzero(keep)).to_native()
    return jh.evaluate(table, ev.standard, by=args.by, county_facts=facts, missing=args.missing)


def _template(args: argparse.Namespace) -> int:
    check_out(args, ".xlsx")
    _keep_what_is_filled_in(args.out)
    jh.reports.write_template(Path(args.out), jh.load_standard(args.standard), language=args.product_language)
    print(args.text["written"].format(path=args.out))
    return 0


def _check(args: argparse.Namespace) -> int:
    args.read = described(args, args.file)
    found = find_problems(args.read.schools, args.standard)
    facts, wrong = _facts(args)
    found += [*wrong, *_fact_problems(args, facts)]
    # problems listed below with their line are not repeated in the description
    below = {(str(p.code), p.column) for p in found}
    noticed = args.read.problems
    keep = [pair not in below for pair in zip(noticed["code"], noticed["column"], strict=True)]
    print(attrs.evolve(args.read, problems=noticed[keep]).to_text(args.language, whole=args.all))
    print()
    print_problems(found, args, sys.stdout)
    print_figures(args)
    if "error" in set(noticed["severity"]):
        return 2
    return 2 if any(p.severity is Severity.ERROR for p in found) else 0


def _standards(args: argparse.Namespace) -> int:
    table = jh.list_standards(args.place, args.on)
    if table.empty:
        print(args.text["no_standard"])
    for row in jh.results.records(table):
        print(row["id"])
        row["number"] = word("number", row["number"], args.language)
        print(args.text["standard_line"].format(label=row[f"label_{args.language}"], **row))
    return 0


def _demo(args: argparse.Namespace) -> int:
    text = sentences("cli.demonstration", args.language)
    students, books = [45, 37, 89, 76, 55], [279, 137, 935, 160, 402]
    per_student = jh.per_student(books, students)
    print(text["published"])
    for n, (p, b, each) in enumerate(zip(students, books, per_student.tolist(), strict=True), 1):
        print(text["school"].format(n=n, students=p, books=b, each=each))
    cv, unweighted = (jh.difference_coefficient(per_student, weights=w) for w in (students, None))
    print(text["coefficient"].format(cv=float(cv), unweighted=float(unweighted)))
    schools = jh.synthetic.county(seed=0, n_schools=12, resourcing=1.25)
    print(text["made_up"])
    for i, standard in enumerate(("cn-quality-balance-2017", "cn-basic-balance-2012", "cn-sd-school-conditions-2008")):
        found = jh.evaluate(schools, standard).explain(language=args.language).splitlines()
        print()
        # the first in full, the others by their verdicts
        print("\n".join(found if i == 0 else [line for line in found if not line.startswith(" ")][:6]))
    return 0


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "demo": _demo,
    "check": _check,
    "evaluate": _evaluate,
    "declare": _declare,
    "report": _report,
    "plan": _plan,
    "plausibility": find_figures,
    "standards": _standards,
    "template": _template,
    "verify": _verify,
}
