"""Arguments of the commands, with help and errors in two languages (private)."""

from __future__ import annotations

import argparse
import locale
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import Any

from junheng._extras import release
from junheng.schools.unreadable import ON_ERROR
from junheng.words import LANGUAGES, sentences

__all__ = ["asked_language", "build_parser"]

#: Keys of the messages of argparse; the enclosing message comes first.
_ARGPARSE_KEYS = (
    "argument",
    "required",
    "unrecognized",
    "invalid_choice",
    "invalid_int",
    "expects_one",
    "expects_some",
    "ambiguous",
    "ignored",
)


def asked_language(argv: Sequence[str]) -> str:
    """Return the language of messages, which is needed before the arguments are parsed.

    The option ``--language`` comes first, then the environment variable ``JUNHENG_LANGUAGE``, then the locale.
    """
    words = [word for given in argv for word in given.split("=", 1)]
    named = [value for option, value in pairwise(words) if option == "--language" and value in LANGUAGES]
    return named[-1] if named else _usual_language()


def _usual_language() -> str:
    asked = os.environ.get("JUNHENG_LANGUAGE", "").lower()
    if asked in LANGUAGES:
        return asked
    name = next((value for key in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(key))), "")
    if not name:
        with suppress(ValueError):  # a locale unknown to Python
            name = locale.getlocale()[0] or ""
    # on Windows: Chinese (Simplified)_China
    return "zh" if name.lower().startswith(("zh", "chinese")) else "en"


class _Parser(argparse.ArgumentParser):
    """A parser with headings and errors in a given language."""

    def __init__(self, language: str, **given: Any) -> None:
        super().__init__(**given, add_help=False)
        self.language, self.text = language, sentences("cli", language)
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
        text = message if self.language == "en" else _translated(message, sentences("cli.argparse", self.language))
        error, colon = sentences("cli.argparse", self.language)["error"], ": " if self.language == "en" else "："
        self.exit(2, f"{self.prog}{colon}{error}{colon}{text}\n")


def _translated(english: str, words: Mapping[str, str]) -> str:
    """Translate an error of argparse; an unknown one is replaced by a general message."""
    patterns = sentences("cli.argparse", "en")
    for key in _ARGPARSE_KEYS:
        # {name} becomes a group of the pattern
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(patterns[key]))
        found = re.fullmatch(pattern, english, re.DOTALL)
        if found is not None:
            values = {
                name: _translated(value, words) if name == "what" else re.sub(r"'([^']*)'", r"“\1”", value)
                for name, value in found.groupdict().items()
            }
            return words[key].format(**{name: value.replace(", ", "、") for name, value in values.items()})
    return words["other"]


def build_parser(language: str) -> argparse.ArgumentParser:
    """Return the parser of all commands in a language."""
    text, stands_for = sentences("cli", language), sentences("cli.metavar", language)
    parser = _Parser(language, prog="junheng", description=text["description"], epilog=text["epilog"])
    parser.add_argument("--language", choices=LANGUAGES, default=None, help=text["language"])
    parser.add_argument("--version", action="version", version=f"junheng {release()}", help=text["version"])
    commands = parser.add_subparsers(  # type: ignore[call-overload]
        required=True,
        metavar=stands_for["command"],
        title=text["commands"],
        parser_class=partial(_Parser, language),
    )

    def command(name: str) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = commands.add_parser(name, help=text[name], description=text[name])
        sub.set_defaults(command=name)
        # accepted before and after the command
        written = text["product_language" if name in ("report", "template") else "language"]
        sub.add_argument("--language", choices=LANGUAGES, default=argparse.SUPPRESS, help=written)
        return sub

    def add(sub: argparse.ArgumentParser, name: str, metavar: str, *, words: str | None = None, **more: Any) -> None:
        sub.add_argument(name, metavar=stands_for[metavar], help=text[words or name.lstrip("-")], **more)

    def file(sub: argparse.ArgumentParser, **more: Any) -> None:
        add(sub, "file", "file", **more)
        add(sub, "--sheet", "sheet")
        add(sub, "--mapping", "mapping", action="append")
        sub.add_argument("--decimal", choices=(".", ","), default=None, help=text["decimal"])
        sub.add_argument("--all", action="store_true", help=text["all"])
        sub.add_argument("--on-error", choices=ON_ERROR, default="raise", help=text["on_error"])

    def judging(sub: argparse.ArgumentParser, **more: Any) -> None:
        file(sub, **more)
        add(sub, "--standard", "id", required=True)
        add(sub, "--facts", "file")
        add(sub, "--relax", "id", nargs="+")
        add(sub, "--by", "column", nargs="+")
        add(sub, "--county", "name")
        sub.add_argument("--missing", choices=("propagate", "omit", "raise"), default="propagate", help=text["missing"])

    command("demo")
    check = command("check")
    file(check)
    add(check, "--standard", "id", words="also_standard")
    add(check, "--facts", "file")
    evaluate = command("evaluate")
    judging(evaluate)
    add(evaluate, "--out", "file", words="out_evaluate")
    add(evaluate, "--certificate", "file")
    declare = command("declare")
    judging(declare)
    add(declare, "--out", "path", words="out_declare", required=True)
    report = command("report")
    judging(report)
    add(report, "--out", "file", words="out_report", required=True)
    add(report, "--certificate", "file")
    report.add_argument("--no-plausibility", action="store_true", help=text["no_plausibility"])
    verify = command("verify")
    add(verify, "file", "file", words="certificate_file")
    add(verify, "--standard", "id", words="verify_standard")
    plan = command("plan")
    judging(plan, nargs="?")
    add(plan, "--costs", "costs", nargs="+")
    add(plan, "--moves", "costs", nargs="+")
    add(plan, "--budget", "number")
    add(plan, "--nodes", "number", type=int, default=200)
    add(plan, "--time-limit", "number", type=float, words="time_limit")
    add(plan, "--costs-template", "file", words="costs_template")
    add(plan, "--out", "file", words="out_plan")
    figures = command("plausibility")
    file(figures, nargs="+")
    add(figures, "--standard", "id", words="figures_standard")
    add(figures, "--by", "column", nargs="+")
    add(figures, "--alpha", "number", default="0.05")
    add(figures, "--explained", "file", nargs="+")
    add(figures, "--out", "path", words="out_figures", nargs="?", const="")
    standards = command("standards")
    add(standards, "--place", "name")
    add(standards, "--on", "date")
    template = command("template")
    add(template, "--standard", "id", required=True)
    add(template, "--out", "file", words="out_template", required=True)
    return parser
