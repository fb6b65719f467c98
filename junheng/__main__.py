"""The command line: ``python -m junheng COMMAND``, or ``junheng COMMAND`` once installed.

Exit codes: 0 done; 2 the input or the request cannot be used (``check``: the table has errors); 130 stopped.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import attrs
import numpy as np

import junheng as jh
from junheng._card import plan_sentences, plan_things
from junheng._data import read_toml
from junheng._explain import find_county
from junheng._files import check_output, write_bytes
from junheng._frames import Table, build_frame, write_tables
from junheng._labels import LANGUAGES, word
from junheng._progress import reporting
from junheng.errors import InputDataError, InputError, JunhengError, OutputFileError, Problem, Severity, did_you_mean
from junheng.indicators.exact import typed
from junheng.reading import notice
from junheng.reading.files import open_source
from junheng.reading.forms import facts_of
from junheng.schools import (
    base_column,
    category_word,
    category_words,
    columns,
    fold,
    parse_numbers,
    recognise,
    unit_factor,
)

#: Up to so many counties are explained one by one; more are counted.
_EXPLAINED = 3
#: What a spreadsheet may take for a formula when it opens a CSV file.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: Characters that some system does not allow in the name of a file.
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "description": "Are the schools of a county fairly resourced, by the letter of the rules?",
        "epilog": "Exit codes: 0 done; 2 the input or the request cannot be used (check: the table has errors).",
        "usage": "usage: ",
        "commands": "commands",
        "arguments": "arguments",
        "options": "options",
        "help": "show this help and stop",
        "error": "error",
        "demo": "the whole job on shipped data",
        "evaluate": "judge a table of schools by a standard",
        "check": "tell how a file was understood, and list every problem",
        "declare": "write the declaration form (申报表) as a workbook",
        "report": "write a report as an HTML file",
        "standards": "list the shipped standards",
        "template": "write an empty workbook to fill in",
        "plan": "plan the cheapest additions that make every school and coefficient pass",
        "file": "CSV or Excel, headers in Chinese or canonical",
        "standard": "see 'junheng standards', or a .toml file of your own",
        "also_standard": "also check what this standard needs",
        "facts": "facts about the counties: CSV or Excel, one row a county",
        "relax": "relaxations of the standard to apply; none are unless named",
        "by": "columns that make a county (default: county)",
        "county": "only this county; with several years 'NAME / YEAR'",
        "missing": "what a missing figure does to a coefficient (default: propagate)",
        "sheet": "sheet of a workbook: name, or number from 0",
        "language": "language of what is printed (default: en)",
        "product_language": "language of what is written (default: zh)",
        "out_evaluate": "write the results: .xlsx, .csv or .json",
        "out_declare": "the workbook (.xlsx); a folder for several counties, a workbook each",
        "out_report": "the report (.html)",
        "out_template": "the workbook (.xlsx)",
        "costs": "costs of one unit: a CSV or workbook with the columns column and cost (and kind), or NAME=NUMBER",
        "moves": "people who may be moved between schools, and what one move costs: likewise",
        "budget": "what may be spent on all counties together",
        "nodes": "work of the exact solver in each county: more may come nearer to the cheapest (default: 200)",
        "costs_template": "write an empty table of costs for this standard (.csv or .xlsx), and stop",
        "out_plan": "write the plan: .xlsx, .csv, .json, or .html for a report",
        "planning": "planning",
        "plan_not": "--costs is needed; --costs-template FILE writes an empty table of costs to fill in",
        "plan_file": "the file with the schools is needed",
        "no_cost": "no cost is given for {names}",
        "total": "    {name}: {added} {unit} added, {moved} moved, at {schools} schools, cost {cost} CNY",
        "written": "written: {path}",
        "beside": "written: {path}, and beside it a file for each other table",
        "marks": "    not given: {not_given}, undecided: {open}, rounding would turn a verdict: {rounding}",
        "note": "note: {text}",
        "warned": "{count} × {code}; 'junheng check {file}' lists them",
        "hint": "--county NAME explains one, --out FILE writes all",
        "counted": "{name}: {errors} errors, {warnings} warnings",
        "stopped": "stopped",
        "reading": "reading",
        "judging": "judging",
        "explaining": "explaining",
        "writing": "writing",
    },
    "zh": {
        "description": "按标准逐条判定：一个县的义务教育学校资源配置是否均衡。",
        "epilog": "退出码：0 完成；2 输入或要求无法使用（check：表中有错误）。",
        "usage": "用法：",
        "commands": "命令",
        "arguments": "参数",
        "options": "选项",
        "help": "显示本说明并退出",
        "error": "错误",
        "demo": "用自带的数据演示全过程",
        "evaluate": "按标准判定一张学校表",
        "check": "说明文件如何识别，列出全部问题",
        "declare": "生成申报表工作簿",
        "report": "生成 HTML 报告",
        "standards": "列出自带的标准",
        "template": "生成待填写的空白工作簿",
        "plan": "求费用最低的补齐方案，使各校和各项差异系数全部达标",
        "file": "CSV 或 Excel 文件，中文表头或规范列名",
        "standard": "标准编号（见 junheng standards），或自己的 .toml 文件",
        "also_standard": "同时检查该标准需要的列",
        "facts": "县情数据：CSV 或 Excel，一县一行",
        "relax": "采用的放宽规定；不写则一概不用",
        "by": "划分县的列（默认：county）",
        "county": "只取该县；有多个年度时写“县名 / 年度”",
        "missing": "缺数据时差异系数如何处理（默认：propagate，不予计算）",
        "sheet": "工作表：名称，或从0数起的序号",
        "language": "输出文字的语言（默认：en）",
        "product_language": "所生成文件的语言（默认：zh）",
        "out_evaluate": "写出结果：.xlsx、.csv 或 .json",
        "out_declare": "工作簿（.xlsx）；多个县时为文件夹，一县一个工作簿",
        "out_report": "报告（.html）",
        "out_template": "工作簿（.xlsx）",
        "costs": "单价：CSV 或工作簿，列为“项目（列）”和“单价（元）”（可加“学校类型”），或写 名称=数值",
        "moves": "可以在校际调剂的人员，以及调一人的费用：写法相同",
        "budget": "全部县合计的预算",
        "nodes": "每县精确求解的工作量：越大越接近最低费用（默认：200）",
        "costs_template": "写出该标准的空白单价表（.csv 或 .xlsx），然后停止",
        "out_plan": "写出方案：.xlsx、.csv、.json，或 .html 报告",
        "planning": "安排",
        "plan_not": "缺少 --costs；用 --costs-template 文件 写出空白单价表供填写",
        "plan_file": "缺少学校表文件",
        "no_cost": "没有填写单价：{names}",
        "total": "    {name}：新增 {added} {unit}，调剂 {moved}，涉及 {schools} 所学校，费用 {cost} 元",
        "written": "已写入：{path}",
        "beside": "已写入：{path}，其余各表在同一文件夹中各为一个文件",
        "marks": "    未提供：{not_given}，无法判定：{open}，取整影响结论：{rounding}",
        "note": "提示：{text}",
        "warned": "{code} {count} 处，用 junheng check {file} 逐一列出",
        "hint": "--county 县名 查看一县，--out 文件 输出全部",
        "counted": "{name}：{errors} 个错误，{warnings} 个警告",
        "stopped": "已停止",
        "reading": "读取",
        "judging": "判定",
        "explaining": "说明",
        "writing": "写出",
    },
}


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
    """Run the command line and return the exit code: 0 done, 2 the input cannot be used, 130 stopped."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # a Windows console that cannot show a character prints a stand-in rather than stopping
            stream.reconfigure(errors="replace")
    given = list(sys.argv[1:] if argv is None else argv)
    args = _parser(_asked_language(given)).parse_args(given)
    args.text = _WORDS[args.language or "en"]
    try:
        return int(args.run(args))
    except BrokenPipeError:
        # whoever read has seen enough, as "| head" has; nothing is left to say, not even at exit
        sys.stdout = None
        return 0
    except OutputFileError as exc:
        print(f"junheng: {_output_problem(exc, args.language or 'en')}", file=sys.stderr)
    except OSError as exc:
        place = f"{exc.filename}: " if exc.filename else ""
        print(f"junheng: {place}{exc.strerror or exc}", file=sys.stderr)
    except InputDataError as exc:
        _print_problems(exc.problems, args)
    except JunhengError as exc:
        print(f"junheng: {exc}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"junheng: {args.text['stopped']}", file=sys.stderr)
        return 130
    return 2


def _note(said: str, args: argparse.Namespace) -> None:
    """Print what a reader should know, where there is anything, on a line of the error stream."""
    if said:
        print(args.text["note"].format(text=said), file=sys.stderr)


# --------------------------------------------------------------------------------------------- arguments


def _asked_language(argv: Sequence[str]) -> str:
    """Return the language of the help: it has to be known before the arguments are parsed."""
    joined = " ".join(argv).replace("=", " ")
    return "zh" if re.search(r"--language zh(\s|$)", joined) else "en"


class _Parser(argparse.ArgumentParser):
    """A parser whose headings are in the language of the help."""

    def __init__(self, text: dict[str, str], **given: Any) -> None:
        super().__init__(**given, add_help=False)
        self.text = text
        self._positionals.title = self.text["arguments"]
        self._optionals.title = self.text["options"]
        self.add_argument("-h", "--help", action="help", help=self.text["help"])

    def format_usage(self) -> str:
        return super().format_usage().replace("usage: ", self.text["usage"], 1)

    def format_help(self) -> str:
        out = super().format_help().replace("usage: ", self.text["usage"], 1)
        for heading in ("commands", "arguments", "options"):
            title = self.text[heading]
            out = out if title.isascii() else out.replace(f"\n{title}:\n", f"\n{title}：\n")
        return out

    def error(self, message: str) -> Any:
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: {self.text['error']}: {message}\n")


def _parser(language: str) -> argparse.ArgumentParser:
    text = _WORDS[language]
    parser = _Parser(text, prog="junheng", description=text["description"], epilog=text["epilog"])
    parser.add_argument("--language", choices=LANGUAGES, default=None, help=text["language"])
    commands = parser.add_subparsers(  # type: ignore[call-overload]
        required=True, metavar="COMMAND", title=text["commands"], parser_class=partial(_Parser, text)
    )

    def command(name: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = commands.add_parser(name, help=text[name], description=text[name])
        sub.set_defaults(run=run)
        # said before the command or after it
        written = text["product_language" if name in ("report", "template") else "language"]
        sub.add_argument("--language", choices=LANGUAGES, default=argparse.SUPPRESS, help=written)
        return sub

    def file(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("file", metavar="FILE", help=text["file"])
        sub.add_argument("--sheet", metavar="SHEET", help=text["sheet"])

    def judging(sub: argparse.ArgumentParser, *, optional: bool = False) -> None:
        sub.add_argument("file", metavar="FILE", nargs="?" if optional else None, help=text["file"])
        sub.add_argument("--sheet", metavar="SHEET", help=text["sheet"])
        sub.add_argument("--standard", required=True, metavar="ID", help=text["standard"])
        sub.add_argument("--facts", metavar="FILE", help=text["facts"])
        sub.add_argument("--relax", nargs="+", metavar="ID", help=text["relax"])
        sub.add_argument("--by", nargs="+", metavar="COLUMN", help=text["by"])
        sub.add_argument("--county", metavar="NAME", help=text["county"])
        sub.add_argument("--missing", choices=("propagate", "omit", "raise"), default="propagate", help=text["missing"])

    command("demo", _demo)
    check = command("check", _check)
    file(check)
    check.add_argument("--standard", metavar="ID", help=text["also_standard"])
    evaluate = command("evaluate", _evaluate)
    judging(evaluate)
    evaluate.add_argument("--out", metavar="FILE", help=text["out_evaluate"])
    declare = command("declare", _declare)
    judging(declare)
    declare.add_argument("--out", required=True, metavar="PATH", help=text["out_declare"])
    report = command("report", _report)
    judging(report)
    report.add_argument("--out", required=True, metavar="FILE", help=text["out_report"])
    plan = command("plan", _plan)
    judging(plan, optional=True)
    plan.add_argument("--costs", nargs="+", metavar="COSTS", help=text["costs"])
    plan.add_argument("--moves", nargs="+", metavar="COSTS", help=text["moves"])
    plan.add_argument("--budget", metavar="N", help=text["budget"])
    plan.add_argument("--nodes", type=int, default=200, metavar="N", help=text["nodes"])
    plan.add_argument("--costs-template", metavar="FILE", help=text["costs_template"])
    plan.add_argument("--out", metavar="FILE", help=text["out_plan"])
    command("standards", _standards)
    template = command("template", _template)
    template.add_argument("--standard", required=True, metavar="ID", help=text["standard"])
    template.add_argument("--out", required=True, metavar="FILE", help=text["out_template"])
    return parser


# ---------------------------------------------------------------------------------------------- commands


def _sheet(args: argparse.Namespace) -> dict[str, Any]:
    """Return the sheet as a keyword where one is asked for."""
    if args.sheet is None:
        return {}
    return {"sheet": int(args.sheet) if args.sheet.isdigit() else args.sheet}


def _read(args: argparse.Namespace) -> Any:
    """Read the table; where its rows stand in the file is kept for what is said of them."""
    args.read = jh.describe_file(args.file, **_sheet(args))
    _note(notice(args.read), args)
    return args.read.schools


def _judge(args: argparse.Namespace, steps: Steps) -> jh.Evaluation:
    """Read the table and judge it."""
    standard = jh.load_standard(args.standard)
    if args.relax:
        standard = standard.with_options(relaxations=args.relax)
    schools = steps.run(args.text["reading"], lambda: _read(args))
    args.facts_read, said = facts_of(Path(args.facts), None, None) if args.facts else (None, "")
    _note(said, args)
    ev: jh.Evaluation = steps.run(
        args.text["judging"],
        lambda: jh.evaluate(schools, standard, by=args.by, county_facts=args.facts_read, missing=args.missing),
    )
    return ev


def _need_ending(path: str, *endings: str, option: str = "--out") -> None:
    if Path(path).suffix.lower() not in endings:
        *most, last = endings
        raise InputError(f"{option} must end in {', '.join(most)}{' or ' if most else ''}{last}, not {path!r}")


def _inputs(args: argparse.Namespace) -> list[str]:
    """Return what a command may read; a pair NAME=NUMBER or the id of a standard names no file."""
    one = [getattr(args, name, None) for name in ("file", "facts", "standard")]
    return [path for path in one if path] + [
        *(getattr(args, "costs", None) or []),
        *(getattr(args, "moves", None) or []),
    ]


def _check_out(args: argparse.Namespace, *endings: str, option: str = "--out") -> None:
    """Refuse an output that would be refused once the work is done."""
    path = getattr(args, option.removeprefix("--").replace("-", "_"))
    _need_ending(path, *endings, option=option)
    check_output(path, _inputs(args))


def _tell_warnings(ev: jh.Evaluation, args: argparse.Namespace) -> None:
    for code, count in ev.provenance["warnings"].items():
        shown = word("problem", code, "zh") if args.language == "zh" else code
        _note(args.text["warned"].format(count=count, code=shown, file=args.file), args)


def _evaluate(args: argparse.Namespace) -> int:
    language, text = args.language or "en", args.text
    if args.out:
        _check_out(args, ".xlsx", ".csv", ".json")
    steps = Steps(4 if args.out else 3)
    try:
        ev = _judge(args, steps)
        found = steps.run(text["explaining"], lambda: _findings(ev, args.county, language))
        if args.out:
            steps.run(text["writing"], lambda: _write(ev, args, language))
    finally:
        steps.close()
    print(found)
    _tell_warnings(ev, args)
    if args.out:
        print("\n" + text["beside" if args.out.lower().endswith(".csv") else "written"].format(path=args.out))
    return 0


def _declare(args: argparse.Namespace) -> int:
    declaration, write_declaration = _from_reports("declaration", "write_declaration")
    from junheng.reports.declarations.fill import county_key

    out = Path(args.out)
    one_file = out.suffix.lower() == ".xlsx" and not out.is_dir()
    if one_file or out.is_file():
        _check_out(args, ".xlsx")
    steps = Steps(2)
    try:
        ev = _judge(args, steps)
    finally:
        steps.close()
    d = ev.data
    chosen = find_county(d, args.county)
    if one_file and len(chosen) > 1:
        raise InputError(
            f"there are {len(chosen)} counties (and years); name one with --county, or give a folder as --out"
        )
    if not one_file:
        # a standard without a form is said before a folder is made
        declaration(ev, county=county_key(d, chosen[0]))
        out.mkdir(exist_ok=True)
    taken: set[str] = set()
    keys = [county_key(d, c) for c in chosen]
    paths = [out if one_file else out / _file_name(key, taken) for key in keys]
    # all are looked at before the first is written
    for path in paths:
        check_output(path, _inputs(args))
    with reporting(len(chosen), args.text["writing"]) as progress:
        for done, (path, key) in enumerate(zip(paths, keys, strict=True), start=1):
            write_declaration(ev, path, county=key)
            progress(done)
    for path in paths:
        print(args.text["written"].format(path=path))
    if len(keys) == 1:
        print(args.text["marks"].format(**declaration(ev, county=keys[0]).marks))
    _tell_warnings(ev, args)
    return 0


def _file_name(key: Sequence[Any], taken: set[str]) -> str:
    """Return a name that every system allows, one for each county."""
    bare = "-".join(_NOT_IN_NAMES.sub("_", str(k)).strip(" .") for k in key)[:80] or "_"
    name, n = f"{bare}-申报表.xlsx", 1
    while name.lower() in taken:
        n += 1
        name = f"{bare}-{n}-申报表.xlsx"
    taken.add(name.lower())
    return name


def _from_reports(*names: str) -> list[Any]:
    """Return functions of the reports, or say that this installation has none."""
    try:
        return [getattr(jh.reports, name) for name in names]
    except AttributeError:
        raise InputError(f"this installation of junheng has no {' or '.join(names)}") from None


def _report(args: argparse.Namespace) -> int:
    (write_report,) = _from_reports("write_report")
    _check_out(args, ".html", ".htm")
    steps = Steps(3)
    try:
        ev = _judge(args, steps)
        path = steps.run(
            args.text["writing"],
            lambda: write_report(ev, Path(args.out), county=args.county, language=args.language or "zh"),
        )
    finally:
        steps.close()
    print(args.text["written"].format(path=path))
    _tell_warnings(ev, args)
    return 0


# -------------------------------------------------------------------------------------------------- plan

#: A number with commas between its thousands.
_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
#: Headers of a table of costs.
_COST_HEADERS = {
    "column": ("column", "indicator", "项目（列）", "项目", "列", "指标"),
    "cost": ("cost", "unit_cost", "cost of one", "单价（元）", "单价", "费用（元）", "费用"),
    "kind": ("kind", "学校类型", "办学类型", "学校类别"),
    "unit": ("unit", "单位"),
}


@contextmanager
def _solver_silenced() -> Iterator[None]:
    """Throw away what the solver prints although it is told not to.

    HiGHS 1.12, as in SciPy 1.17, has a bare ``printf`` where it repairs a solution (ERGO-Code/HiGHS, issue 2783), which
    neither ``disp=False`` nor ``presolve=False`` silences.
    """
    try:
        target = sys.stdout.fileno()
    except (AttributeError, OSError):  # no file behind it: nothing of C can reach it
        yield
        return
    sys.stdout.flush()
    kept, nowhere = os.dup(target), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, target)
        yield
    finally:
        # what C has printed may still wait in its own buffer
        with suppress(OSError, TypeError, AttributeError):  # a platform without this way to the C library
            ctypes.CDLL(None).fflush(None)
        os.dup2(kept, target)
        os.close(kept)
        os.close(nowhere)


def _plan(args: argparse.Namespace) -> int:
    language, text = args.language or "en", args.text
    if args.costs_template:
        _check_out(args, ".xlsx", ".csv", option="--costs-template")
        _write_costs_template(Path(args.costs_template), jh.load_standard(args.standard), language)
        print(text["written"].format(path=args.costs_template))
        return 0
    if not args.file or not args.costs:
        raise InputError(text["plan_not" if args.file else "plan_file"])
    if args.out:
        _check_out(args, ".xlsx", ".csv", ".json", ".html", ".htm")
    costs, blank = _costs(args.costs, "--costs")
    moves, _ = _costs(args.moves or [], "--moves")
    budget = None if args.budget is None else _cost(args.budget)
    if args.budget is not None and budget is None:
        raise InputError(f"--budget must be a number, 0 or more, not {args.budget!r}")
    steps = Steps(4 if args.out else 3)
    try:
        ev = _judge(args, steps)
        if args.county is not None:
            ev = _only_county(ev, args)
        with _solver_silenced():
            made: jh.Plan = steps.run(
                text["planning"],
                lambda: jh.plan(
                    ev, unit_costs=costs, budget=budget, move_costs=moves, nodes=args.nodes, progress=False
                ),
            )
        if args.out:
            steps.run(text["writing"], lambda: _write_plan(made, args, language))
    finally:
        steps.close()
    d = ev.data
    place = d.county_name(0) if d.n_counties == 1 else str(d.n_counties)
    print(f"{place} · {getattr(ev.standard.label, language)}")
    print("\n".join(plan_sentences(made, language)))
    for thing in plan_things(made, range(d.n_counties), language):
        print(text["total"].format(**{k: "0" if x == "–" else x for k, x in thing.items()}))
    if blank:
        _note(text["no_cost"].format(names=("、" if language == "zh" else ", ").join(blank)), args)
    _tell_warnings(ev, args)
    if args.out:
        print("\n" + text["beside" if args.out.lower().endswith(".csv") else "written"].format(path=args.out))
    return 0


def _only_county(ev: jh.Evaluation, args: argparse.Namespace) -> jh.Evaluation:
    """Judge the rows of one county (in all its years) by themselves."""
    d = ev.data
    codes = find_county(d, args.county)
    rows = np.unique(d.sections.rows[np.isin(d.county, codes)])
    table = d.sections.reading.table.take(rows).to_native()
    facts = args.facts_read
    if facts is not None:
        # facts of counties that are not judged would be a mistake
        given = Table(facts)
        named = [(n, {str(w[c]) for c in codes}) for n, w in d.county_words if n in given.columns]
        keep = [all(str(given.objects(n)[i]) in own for n, own in named) for i in range(given.rows)]
        facts = given.take(np.flatnonzero(keep)).to_native()
    return jh.evaluate(table, ev.standard, by=args.by, county_facts=facts, missing=args.missing)


def _cost(value: Any) -> float | None:
    """Return a number that was typed, None where it is none; 90,000 and full-width digits are numbers."""
    if isinstance(value, str):
        value = fold(value)
        value = value.replace(",", "") if _THOUSANDS.fullmatch(value) else value
    numbers, wrong = parse_numbers(np.array([value, None], dtype=object)[:1])
    return None if wrong or not numbers[0] >= 0 or not np.isfinite(numbers[0]) else float(numbers[0])


def _costs(given: Sequence[str], option: str) -> tuple[dict[str, Any], list[str]]:
    """Read costs from files and from pairs NAME=NUMBER; return them, and the names that have none yet."""
    problems: list[str] = []
    rows: list[tuple[Any, ...]] = []
    for item in given:
        if not Path(item).exists() and "=" in item:
            name, _, number = item.rpartition("=")
            rows.append((f"{option} {item}", name, number, None, None))
            continue
        rows += _cost_rows(item, option, problems)
    out: dict[str, Any] = {}
    blank: list[str] = []
    for place, name, cost, kind, unit in rows:
        found_column = _cost_column(name)
        if found_column is None:
            hint = did_you_mean(name, [*columns(), *jh.indicators.catalogue()], most=2)
            problems.append(f"{place}: {name!r} is neither a column nor an indicator{hint}")
            continue
        column, factor = found_column
        kinds = None if kind is None else category_word("kind", kind)
        if kind is not None and kinds is None:
            problems.append(f"{place}: {kind!r} is no kind of school: {', '.join(category_words('kind'))}")
        if unit is not None:
            its = _cost_unit(column, str(unit))
            if its is None or (factor != (1, 1) and its != factor):
                problems.append(
                    f"{place}: {unit!r} is no unit of {column}, which is counted in {columns()[column].unit}"
                )
                continue
            factor = its
        if cost is None:
            blank.append(name)
            continue
        price = _cost(cost)
        if price is None:
            problems.append(f"{place}: the cost of {name!r} must be a number, 0 or more, not {cost!r}")
            continue
        # the price of ten thousand yuan of equipment is that of 10000 units
        each = float(typed(price) * factor[1] / factor[0])
        before = out.get(column)
        if kinds is None and before is None:
            out[column] = each
        elif kinds is not None and (before is None or (isinstance(before, dict) and kinds not in before)):
            out.setdefault(column, {})[kinds] = each
        else:
            problems.append(f"{place}: the cost of {name!r} is given twice, or both for all kinds and for one")
    if problems:
        raise InputError("these costs cannot be used:\n" + "\n".join(f"  {p}" for p in problems))
    return out, [b for b in dict.fromkeys(blank) if (c := _cost_column(b)) is not None and c[0] not in out]


def _cost_rows(item: str, option: str, problems: list[str]) -> list[tuple[Any, ...]]:
    """Return the rows of a file of costs: place, name, cost, kind, unit."""
    source = open_source(Path(item), lambda done: None, lambda name, i, hidden: not hidden)
    for grid in source.grids:
        cells = [[None if x is None or not str(x).strip() else x for x in row] for row in grid.cells.tolist()]
        for head, row in enumerate(cells[:20]):
            words = [fold(str(x)) for x in row]
            at = {
                key: next((words.index(h) for h in map(fold, headers) if h in words), None)
                for key, headers in _COST_HEADERS.items()
            }
            if at["column"] is None or at["cost"] is None:
                continue
            for line, column, what in grid.lost:
                if line > head and column == at["cost"]:
                    problems.append(f"{item}, line {line + 1}: {what}")
            out = []
            for line, own in enumerate(cells[head + 1 :], start=head + 2):
                name, cost, kind, unit = (None if c is None else own[c] for c in at.values())
                if name is not None or cost is not None:
                    out.append((f"{item}, line {line}", str(name or ""), cost, kind, unit))
            return out
    raise InputError(
        f"{item}: a table of costs has the columns column (项目) and cost (单价), and may have kind (学校类型); "
        f"no row of this file has both. Or give pairs: {option} books=25"
    )


def _cost_column(name: str) -> tuple[str, tuple[int, int]] | None:
    """Return the canonical column of a name, a label or an indicator, and the factor of the unit it names."""
    for indicator in jh.indicators.catalogue().values():
        if fold(name) in (fold(indicator.id), fold(indicator.zh), fold(indicator.en)):
            return indicator.numerator, (1, 1)
    found = recognise(name)
    base = None if found is None else base_column(found.column)
    if found is None or base is None or base[1] is not None or base[0].type != "number":
        return None
    if found.unit is None:
        return base[0].id, (1, 1)
    factor = _cost_unit(base[0].id, found.unit)
    return None if factor is None else (base[0].id, factor)


def _cost_unit(column: str, unit: str) -> tuple[int, int] | None:
    """Return the factor from a unit to that of a column, None where it is none of its units."""
    own = columns()[column].unit
    if own is None:
        return None
    if fold(unit) in {fold(own), *(fold(str(word("unit", own, x))) for x in LANGUAGES)}:
        return (1, 1)
    return unit_factor(own, fold(unit))


def _write_costs_template(path: Path, standard: jh.Standard, language: str) -> None:
    """Write the columns that a plan under a standard may need, with their units and no costs."""
    catalogue = jh.indicators.catalogue()
    named = [catalogue[i] for i in standard.indicators]
    found = []
    for indicator in named:
        # where a rule is "at most", more of what divides is what helps
        most = any(t.indicator == indicator.id and t.op in ("<=", "<") for t in standard.thresholds)
        column = indicator.denominator if most and indicator.denominator else indicator.numerator
        if column not in found and column != "students":
            found.append(column)
    zh = language == "zh"
    heads = ("项目（列）", "说明", "单位", "单价（元）") if zh else ("column", "label", "unit", "cost")
    rows = [
        (
            columns()[c].zh if zh else c,
            c if zh else columns()[c].en,
            str(word("unit", columns()[c].unit, language)) if columns()[c].unit else "",
            None,
        )
        for c in found
    ]
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(heads)
    frame = build_frame({h: list(x) for h, x in zip(heads, cells, strict=True)}, "pandas")
    write_tables(path, {"单价" if zh else "costs": frame})


def _write_plan(made: jh.Plan, args: argparse.Namespace, language: str) -> None:
    path = Path(args.out)
    if path.suffix.lower() == ".json":
        _write_json(path, made.to_dict())
        return
    if path.suffix.lower() in (".html", ".htm"):
        (write_report,) = _from_reports("write_report")
        write_report(made.evaluation, path, plan=made, language=language, progress=False)
        return
    shown = attrs.evolve(made, evaluation=made.evaluation.relabel(language))
    after = shown.after
    names = {
        "changes": {"en": "changes", "zh": "增补"},
        "counties": {"en": "counties", "zh": "各县费用"},
        "steps": {"en": "steps", "zh": "预算步骤"},
        "unplanned": {"en": "not planned", "zh": "未能安排"},
    }
    tables = {label[language]: getattr(shown, name) for name, label in names.items()}
    zh = language == "zh"
    if zh:
        changes, head = Table(shown.changes), shown.evaluation.header("column")
        labels = [_column_zh(c) for c in changes.objects(head).tolist()]
        tables["增补"] = changes.with_columns({head: labels}).to_native()
    tables["之后结论" if zh else "verdicts after"] = after.verdicts
    tables["之后各校结论" if zh else "schools after"] = after.school_verdicts
    tables["之后差异系数" if zh else "indicators after"] = after.indicators
    _write_frames(path, tables, args)


def _template(args: argparse.Namespace) -> int:
    (write_template,) = _from_reports("write_template")
    _check_out(args, ".xlsx")
    write_template(Path(args.out), jh.load_standard(args.standard), language=args.language or "zh")
    print(args.text["written"].format(path=args.out))
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
    return "\n".join([*lines, f"({_WORDS[language]['hint']})"])


def _write_json(path: Path, content: dict[str, Any]) -> None:
    write_bytes(path, json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1).encode("utf-8"))


def _write_frames(path: Path, tables: dict[str, Any], args: argparse.Namespace) -> None:
    if path.suffix.lower() == ".csv":
        tables = {name: _without_formulas(frame) for name, frame in tables.items()}
    write_tables(path, tables, _inputs(args))


def _write(ev: jh.Evaluation, args: argparse.Namespace, language: str) -> None:
    path = Path(args.out)
    if path.suffix.lower() == ".json":
        _write_json(path, ev.to_dict())
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
    tables = {label[language]: getattr(shown, name) for name, label in names.items()}
    _write_frames(path, tables, args)


def _without_formulas(frame: Any) -> Any:
    """Put an apostrophe before texts that a spreadsheet would run when it opens a CSV file; it shows them as text."""
    table = Table(frame)
    guarded = {}
    for name in table.columns:
        if table.is_number(name):
            continue
        cells = table.objects(name)
        # "==" stands for a comparison in the columns of requirements, and is no formula
        hit = [isinstance(c, str) and c.startswith(_FORMULA) and c != "==" for c in cells]
        if any(hit):
            guarded[name] = [f"'{c}" if h else c for c, h in zip(cells, hit, strict=True)]
    return table.with_columns(guarded).to_native()


def _check(args: argparse.Namespace) -> int:
    language = args.language or "en"
    args.read = jh.describe_file(args.file, **_sheet(args))
    listed = _as_problems(jh.check_schools(args.read.schools, args.standard))
    # what stands below with its line need not stand in the description as well
    below = {(str(p.code), p.column) for p in listed}
    noticed = args.read.problems
    keep = [pair not in below for pair in zip(noticed["code"], noticed["column"], strict=True)]
    print(attrs.evolve(args.read, problems=noticed[keep]).to_text(language))
    print()
    _print_problems(listed, args, sys.stdout)
    if "error" in set(noticed["severity"]):
        return 2
    return 2 if any(p.severity is Severity.ERROR for p in listed) else 0


def _as_problems(frame: Any) -> list[Problem]:
    return [Problem(**_fields(r)) for r in jh.results.records(frame)]


def _fields(record: dict[str, Any]) -> dict[str, Any]:
    return record | {"code": jh.ProblemCode(record["code"]), "severity": Severity(record["severity"])}


def _standards(args: argparse.Namespace) -> int:
    table = jh.list_standards()
    for row in jh.results.records(table):
        label = row[f"label_{args.language or 'en'}"]
        document, number = row["document"], row["number"]
        said = f"{label}（{document}，{number}）" if args.language == "zh" else f"{label} — {document} ({number})"
        print(f"{row['id']}\n    {said}")
    return 0


def _print_problems(problems: Sequence[Problem], args: argparse.Namespace, stream: TextIO | None = None) -> None:
    language, name = args.language or "en", getattr(args, "file", "table")
    read = getattr(args, "read", None)
    lines = [] if read is None else read.places["row"].tolist()

    def line(row: int) -> int:
        return int(lines[row]) if row < len(lines) else row + 2

    out = stream or sys.stderr
    errors = sum(p.severity is Severity.ERROR for p in problems)
    said = _WORDS[language]["counted"].format(name=name, errors=errors, warnings=len(problems) - errors)
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
        place.append(f"列“{_column_zh(p.column)}”")
    if p.value is not None:
        place.append(f"值“{p.value}”")
    where = f"：{'，'.join(place)}" if place else ""
    told = f"{word('problem', p.code, 'zh')}{where}。{word('advice', p.code, 'zh')}。"
    return f"{word('severity', p.severity, 'zh')} {told}{p.code}: {message}"


def _output_problem(exc: OutputFileError, language: str) -> str:
    """Say why a file cannot be written; in Chinese as every other problem is said."""
    if language == "en":
        return str(exc)
    told = f"{exc.path}：{word('problem', exc.code, 'zh')}。{word('advice', exc.code, 'zh')}。"
    return f"{told}{exc.code}: {exc.reason}"


def _column_zh(name: str) -> str:
    """Return the label of a column or a fact, the name itself where it has none."""
    found = base_column(name)
    if found is not None:
        column, stage = found
        return f"{word('stage', stage, 'zh') if stage else ''}{column.zh}"
    fact = read_toml("facts.toml")["facts"].get(name)
    return name if fact is None else str(fact["label"]["zh"])


def _demo(args: argparse.Namespace) -> int:
    language = args.language or "en"
    zh = language == "zh"
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
        text = ev.explain(language=language).splitlines()
        # the first in full; the others by their verdicts
        print("\n".join(text if i == 0 else [line for line in text if not line.startswith(" ")][:6]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
