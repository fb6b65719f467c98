"""Drawn command lines: every command, odd options, odd files. Each ends in 0, 1 or 2, and says why in a sentence."""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
import warnings
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

import mutated_books
import odd_laws

import junheng as jh

HERE = Path(__file__).resolve()
IDS = ("cn-quality-balance-2017", "cn-basic-balance-2012", "cn-sd-school-conditions-2008", "cn-he-baoding-2012",
       "cn-gz-majiang-2023", "优质均衡", "教督〔2017〕6号")  # fmt: skip
ODD = ("", " ", "-", "--", "x", "0", "-1", "1e400", "nan", "9" * 400, "\x1b[31m", "\u200b", "\udc80", "=1+1", "*", "%s",
       "{0}", "/", ".", "..", "no/such", "a\nb", "一" * 300, "~", "NUL", "con.csv", "$HOME", "2025-13-45", "books=",
       "=3", "books=x", "books=1", "教职工=5")  # fmt: skip
COSTS = ("books=30", "computers=4000", "teachers=90000", "teaching_area_m2=3000", "multimedia_classrooms=20000",
         "backbone_teachers=1", "pe_art_teachers=80000", "equipment_value_cny=1", "sports_area_m2=200")  # fmt: skip
OUTS = ("o.csv", "o.xlsx", "o.html", "o.json", "o", "o.parquet", "no/such/o.csv", "", "o.CSV", ".", "o.txt",
        "一.xlsx", "a" * 300 + ".csv")  # fmt: skip


@cache
def files(folder: Path) -> dict[str, list[Path]]:
    """Write files that commands can read, and some that they cannot."""
    found: dict[str, list[Path]] = {"table": [], "facts": [], "certificate": [], "law": [], "odd": []}
    small = jh.synthetic.county(seed=1, n_schools=6, items=True)
    years = jh.synthetic.nation(seed=3, years=2, n_counties=2, items=True)
    facts = jh.synthetic.county_facts(small)
    for name, frame in (("small", small), ("years", years)):
        found["table"] += [folder / f"{name}.csv", folder / f"{name}.xlsx", folder / f"{name}-zh.csv"]
        frame.to_csv(folder / f"{name}.csv", index=False)
        frame.to_excel(folder / f"{name}.xlsx", index=False)
        zh = {c: jh.schools.columns()[c].zh for c in frame if c in jh.schools.columns()}
        frame.rename(columns=zh).to_csv(folder / f"{name}-zh.csv", index=False, encoding="gb18030")
    found["facts"] = [folder / "facts.csv", folder / "facts.xlsx"]
    facts.to_csv(folder / "facts.csv", index=False)
    facts.to_excel(folder / "facts.xlsx", index=False)
    content = jh.evaluate(small, IDS[0], county_facts=facts).certificate()
    for name, text in (
        ("good", json.dumps(content)),
        ("cut", json.dumps(content)[:5000]),
        ("other", "{}"),
        ("nan", "NaN"),
    ):
        found["certificate"].append(folder / f"{name}.json")
        found["certificate"][-1].write_text(text, encoding="utf-8")
    for i in range(4):
        found["law"].append(folder / f"law{i}.toml")
        found["law"][-1].write_bytes(odd_laws.mutated(random.Random(i)))
    for name, data in (("empty.csv", b""), ("zeros.xlsx", b"\0" * 500), ("half.csv", b"\xff\xfe,\xd8"),
                       ("a.bin", b"PK\3\4"), ("lines.csv", b"\n" * 50), ("one.csv", "学校\n".encode())):  # fmt: skip
        found["odd"].append(folder / name)
        found["odd"][-1].write_bytes(data)
    found["odd"] += [folder, folder / "no such file.xlsx"]
    return found


def draw(seed: int, folder: Path) -> list[str]:
    """Return the arguments of a command line."""
    r = random.Random(f"command {seed}")
    share = r.choice((0.05, 0.05, 0.2, 1))  # how odd it is
    own = files(folder)
    mutated = mutated_books.mutated(seed, folder)
    if mutated is not None:
        (folder / f"m{mutated[0]}").write_bytes(mutated[1])

    def file(kind: str) -> str:
        odd = r.random() / share
        if odd < 0.12 and mutated is not None:
            return str(folder / f"m{mutated[0]}")
        if odd < 0.25:
            return r.choice([*map(str, own["odd"]), *ODD])
        return str(r.choice(own[kind if odd > 0.35 else r.choice(list(own))]))

    commands = ("demo", "check", "evaluate", "evaluate", "declare", "report", "verify", "plan", "plan", "plausibility",
                "standards", "template")  # fmt: skip
    command = r.choice(commands) if r.random() > 0.1 * share else r.choice(("", "x", "chek"))
    given = [command] if command else []
    for option, values in _options(r, command, file, folder, share):
        if r.random() < 0.1 * share:
            values = [r.choice(ODD)]
        given += [option, *values] if option else values
    if r.random() < 0.4:
        where = 0 if r.random() < 0.5 else len(given)
        given[where:where] = ["--language", r.choice(("zh", "en") if r.random() > share else ("fr", "", "ZH"))]
    if r.random() < 0.1 * share:
        given.insert(r.randrange(len(given) + 1), r.choice((*ODD, "--help", "--all", "--sheet", "--x", "-h")))
    if r.random() < 0.1 * share and given:
        del given[r.randrange(len(given))]
    return [g.replace("\x00", "") for g in given]


def _options(r: random.Random, command: str, file: Any, folder: Path, share: float) -> list[tuple[str, list[str]]]:
    """The options that a command has, each with a likely value, or an odd one."""
    found: list[tuple[str, list[str]]] = []

    def may(option: str, *values: str, chance: float = 0.2) -> None:
        if r.random() < chance:
            found.append((option, list(values)))

    def out(chance: float, *names: str) -> None:
        name = r.choice(names if r.random() > share / 2 else OUTS)
        may("--out", str(folder / "out" / name) if name else "", chance=chance)

    def standard(chance: float) -> None:
        may("--standard", r.choice(IDS) if r.random() > share / 5 else file("law"), chance=chance)

    def value(good: Sequence[str], odd: Sequence[str] = ODD) -> str:
        return r.choice(good if r.random() > share / 2 else odd)

    if command in ("check", "evaluate", "declare", "report", "plan", "plausibility"):
        found.append(("", [file("table") for _ in range(r.choice((1, 1, 1, 2)) if command == "plausibility" else 1)]))
        may("--sheet", value(("Sheet1", "1")), chance=0.1)
        may("--mapping", value(("图书=books", "在校生=students")), chance=0.1)
        may("--decimal", r.choice((".", ",")), chance=0.1)
        may("--all", chance=0.1)
        may("--on-error", value(("raise", "missing")), chance=0.15)
    if command in ("evaluate", "declare", "report", "plan"):
        standard(1 - 0.1 * share)
        may("--relax", value(("older-school-size", "shared-pe-and-art-teachers")), chance=0.15)
        may("--by", value(("county", "county_code"), ("school", "books", *ODD)), chance=0.15)
        may("--county", value(("示例县", "第1县")), chance=0.15)
        may("--missing", value(("propagate", "omit", "raise")), chance=0.3)
        may("--facts", file("facts"), chance=0.4)
    if command == "evaluate":
        out(0.6, "o.csv", "o.xlsx")
        may("--certificate", str(folder / "out/c.json"))
    elif command == "declare":
        out(1 - 0.1 * share, "o", "form")
    elif command == "report":
        out(1 - 0.1 * share, "o.html")
        may("--certificate", str(folder / "out/c.json"))
        may("--no-plausibility")
    elif command == "verify":
        found.append(("", [file("certificate")]))
        standard(0.3)
    elif command == "plan":
        may("--costs", *r.sample(COSTS, r.choice((1, 4, 9, 9, 9))), chance=1 - 0.3 * share)
        may("--moves", *r.sample(COSTS, 2), chance=0.2)
        may("--budget", value(("100000", "1e7")))
        may("--nodes", value(("0", "5")), chance=0.9)
        may("--time-limit", value(("1", "0")), chance=0.1)
        may("--costs-template", str(folder / "out/costs.csv"), chance=0.1)
        out(0.6, "o.xlsx", "o.csv")
    elif command == "plausibility":
        standard(0.3)
        may("--by", "county", chance=0.1)
        may("--alpha", value(("0.05", "0.5", "1")))
        may("--explained", file("table"), chance=0.1)
        out(0.5, "o.csv", "o.xlsx")
    elif command == "standards":
        may("--place", value(("CN", "山东省", "CN-SD")), chance=0.5)
        may("--on", value(("2020", "2020-01-01")), chance=0.5)
    elif command == "template":
        standard(0.95)
        out(1 - 0.1 * share, "o.xlsx")
    elif command == "check":
        standard(0.5)
        may("--facts", file("facts"), chance=0.3)
    r.shuffle(found)
    return found


def ended(given: list[str], folder: Path, *, outside: bool = False) -> tuple[Any, str | None]:
    """Run a command line, in this process or outside of it; return its exit code and what is wrong with its end."""
    (folder / "out").mkdir(exist_ok=True)
    if outside:
        code, out, err = _outside(given, folder)
    else:
        code, out, err = _inside(given, folder)
    allowed = (0, 1, 2) if "verify" in given else (0, 2)
    if code not in allowed:
        return code, f"exit code {code}: {err[-300:]}"
    if "Traceback" in err or "Warning:" in err:
        return code, f"not a sentence: {err[-500:]}"
    if code == 2 and not err.strip() and not out.strip():
        return code, "exit code 2, and nothing is said"
    return code, None


def _inside(given: list[str], folder: Path) -> tuple[Any, str, str]:
    from junheng.cli.commands import main

    out, err, before = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8"), Path.cwd()
    os.chdir(folder / "out")
    try:
        with redirect_stdout(out), redirect_stderr(err), warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", jh.ReadingWarning)
            try:
                code: Any = main(given)
            except SystemExit as end:
                code = end.code if end.code is not None else 0
    finally:
        os.chdir(before)
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode("utf-8", "replace"))  # type: ignore[attr-defined]
    return code, texts[0], texts[1]


def _outside(given: list[str], folder: Path) -> tuple[int, str, str]:
    command = [os.fsencode(x) for x in [sys.executable, "-m", "junheng", *given]]
    paths = os.pathsep.join([str(HERE.parents[2]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(command, capture_output=True, cwd=folder / "out", env={**os.environ, "PYTHONPATH": paths})
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
