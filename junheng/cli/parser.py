"""The arguments of every command, and their help in two languages (private)."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

from junheng.cli.words import WORDS
from junheng.words import LANGUAGES

__all__ = ["asked_language", "build_parser"]


def asked_language(argv: Sequence[str]) -> str:
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


def build_parser(language: str) -> argparse.ArgumentParser:
    """Return the parser of all commands, its help in a language."""
    text = WORDS[language]
    parser = _Parser(text, prog="junheng", description=text["description"], epilog=text["epilog"])
    parser.add_argument("--language", choices=LANGUAGES, default=None, help=text["language"])
    commands = parser.add_subparsers(  # type: ignore[call-overload]
        required=True, metavar="COMMAND", title=text["commands"], parser_class=partial(_Parser, text)
    )

    def command(name: str) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = commands.add_parser(name, help=text[name], description=text[name])
        sub.set_defaults(command=name)
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

    command("demo")
    check = command("check")
    file(check)
    check.add_argument("--standard", metavar="ID", help=text["also_standard"])
    evaluate = command("evaluate")
    judging(evaluate)
    evaluate.add_argument("--out", metavar="FILE", help=text["out_evaluate"])
    declare = command("declare")
    judging(declare)
    declare.add_argument("--out", required=True, metavar="PATH", help=text["out_declare"])
    report = command("report")
    judging(report)
    report.add_argument("--out", required=True, metavar="FILE", help=text["out_report"])
    plan = command("plan")
    judging(plan, optional=True)
    plan.add_argument("--costs", nargs="+", metavar="COSTS", help=text["costs"])
    plan.add_argument("--moves", nargs="+", metavar="COSTS", help=text["moves"])
    plan.add_argument("--budget", metavar="N", help=text["budget"])
    plan.add_argument("--nodes", type=int, default=200, metavar="N", help=text["nodes"])
    plan.add_argument("--costs-template", metavar="FILE", help=text["costs_template"])
    plan.add_argument("--out", metavar="FILE", help=text["out_plan"])
    command("standards")
    template = command("template")
    template.add_argument("--standard", required=True, metavar="ID", help=text["standard"])
    template.add_argument("--out", required=True, metavar="FILE", help=text["out_template"])
    return parser
