"""Judge how a messy return was read: equal to the clean one, or the cell named. Run as a script for long rows of seeds.

nice python tests/messy_judge.py 0 2000          # seeds from 0 to 1 999; findings by kind, each reduced
"""

from __future__ import annotations

import json
import random
import re
import signal
import sys
import tempfile
import unicodedata
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import attrs
from messy_files import FORMATS, TEXTS, Written, traditional
from messy_returns import Bad, Return, drawn_messes, messed

import junheng as jh
from junheng.reading.grid import column_letter
from junheng.schools import columns


@attrs.frozen
class Finding:
    """What is wrong with a reading: its kind, the place and the values, and the messes that are needed for it."""

    kind: str
    detail: str
    seed: int
    format: str
    messes: tuple[str, ...]


def missing(value: Any) -> bool:
    return value is None or value != value or type(value).__name__ == "NAType"


def plain(value: Any) -> str:
    """A key without what nobody sees."""
    # a stray quotation mark is kept as it stands in the file
    text = unicodedata.normalize("NFC", traditional(str(value))).replace('"', "")
    return "".join(
        c for c in text if unicodedata.category(c) not in ("Cf", "Cc", "Zs", "Zl", "Zp", "Mn") and c != "\u115f"
    )


def same(read: Any, wanted: Any) -> bool:
    if missing(read) or missing(wanted):
        return missing(read) and missing(wanted)
    if isinstance(wanted, (int, float)) and not isinstance(read, str):
        return abs(float(read) - wanted) <= 1e-6 * max(1.0, abs(wanted))
    # a stray quotation mark in a code that was a number, 37010"0.0, leaves it as it stands in the file
    text = plain(read).removesuffix(".0") if '"' in str(read) else plain(read)
    return text == plain(wanted)


class _Judgement:
    def __init__(self, book: Return, written: Written, report: jh.FileReport) -> None:
        self.book, self.report, self.found = book, report, list[tuple[str, str]]()
        self.read = jh.results.records(report.schools)
        self.named: dict[tuple[str, int], set[str]] = {}
        self.headers: set[tuple[str, str]] = set()
        self.columns_named: set[str] = set()
        for p in jh.results.records(report.problems):
            if p["code"] in ("indoor_sports_unclear", "from_title"):
                continue
            place = re.fullmatch(r"([A-Z]+)(\d+)", p["cell"] or "")
            if place:
                self.named.setdefault((p["sheet"], int(place[2])), set()).add(place[1])
            else:
                self.columns_named |= {x for x in (p["column"], p["value"]) if x}
        self.places = {(p["sheet"], p["row"]): i for i, p in enumerate(jh.results.records(report.places))}
        self.unknown = {(c["sheet"], c["letter"]) for c in jh.results.records(report.columns) if c["column"] is None}
        self.written = written
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            checked = jh.results.records(jh.check_schools(report.schools))
        # by the rows of the file
        self.checked = {(p["sheet"], p["row"], p["column"]) for p in checked}

    def run(self) -> list[tuple[str, str]]:
        left_out = {(r["sheet"], r["row"]): r["reason"] for r in jh.results.records(self.report.left_out)}
        seen = set()
        for sheet, name in zip(self.book.sheets, self.written.sheets, strict=True):
            for r, row in enumerate(sheet.rows, start=1):
                record = getattr(row, "record", None)
                if sheet.data < 0 or record is None:
                    continue
                seen.add((name, r))
                at = self.places.get((name, r))
                if at is not None:
                    self._compare(sheet, name, r, record, at)
                elif not self.named.get((name, r)):
                    self._add("school dropped", f"{name} row {r} ({left_out.get((name, r))}): {list(row)[:6]}")
            self._tops = range(sheet.top + 1, sheet.data + 1)
        for place, at in self.places.items():
            if place not in seen and not self.named.get(place) and "school" in self.report.schools.columns:
                shown = {k: v for k, v in self.read[at].items() if not missing(v)}
                self._add("row read as a school", f"{place}: {str(shown)[:200]}")
        if not any(c["column"] for c in jh.results.records(self.report.columns)):
            return [("read without a known header", str(list(self.report.schools.columns))[:200])]
        rows = sum(kind in ("school dropped", "row read as a school") for kind, _ in self.found)
        if rows == len(self.found) > 3 and self._by_names():
            self.found = [("place wrong", f"{len(self.found)} places; the table itself is right")]
        return self.found

    def _add(self, kind: str, detail: str) -> None:
        self.found.append((kind, detail))

    def _compare(self, sheet: Any, name: str, r: int, record: int, at: int) -> None:
        wanted, read = self.book.expected[record], self.read[at]
        for column, value in wanted.items():
            got, allowed = read.get(column), value.allowed if isinstance(value, Bad) else (value,)
            if any(same(got, v) for v in allowed) or (name, r, column) in self.checked:
                continue
            if column in sheet.columns:
                letter = column_letter(c := sheet.columns.index(column))
                rows = {r, *(a + 1 for a, b, x, d in sheet.merges if a < r <= x + 1 and b <= c <= d)}
                if any(letter in self.named.get((name, k), ()) for k in {*rows, *range(sheet.top + 1, sheet.data + 1)}):
                    continue
                if missing(got) and (name, letter) in self.unknown:
                    continue  # the header is listed as unknown
                head = str(sheet.rows[sheet.data - 1][c] or sheet.rows[sheet.top][c])
                if head in self.columns_named or head.strip() in self.columns_named:
                    continue
                cell = f"{name}!{letter}{r} {str(sheet.rows[r - 1][c])!r} under {head!r}"
            else:
                cell = f"{name} row {r}"
            if column == "year" and self.report.kind == "html" and column not in sheet.columns:
                continue  # a web page has no names of sheets
            if column in self.columns_named or (column == "stage" and column not in self.report.schools.columns):
                continue  # an evaluation asks for a stage
            what = "missing" if missing(got) else "wrong"
            self._add(f"{what} {'figure' if column in columns() and columns()[column].type == 'number' else column}",
                      f"{cell}: {column} is {got!r}, not {allowed}")  # fmt: skip
        for column, got in read.items():
            known = column in columns()
            if known and column not in wanted and not missing(got) and column not in self.columns_named:
                self._add("column out of nothing", f"{name} row {r}: {column} = {got!r}")

    def _by_names(self) -> bool:
        def key(v: dict[str, Any]) -> str:
            return json.dumps([str(v.get(k)) for k in ("school_code", "stage", "students")], ensure_ascii=False)

        wanted = [v for v in self.book.expected.values() if not any(isinstance(x, Bad) for x in v.values())]
        mine = {key({k: (float(x) if k == "students" and x is not None else x) for k, x in v.items()}) for v in wanted}
        return mine <= {key(v) for v in self.read}


def judged(book: Return, written: Written, report: jh.FileReport) -> list[tuple[str, str]]:
    """Return the kind and the detail of everything that is wrong with a reading and that nothing names."""
    return _Judgement(book, written, report).run()


def _timeout(*_: Any) -> None:
    raise TimeoutError("more than 20 s")


def _alarm(seconds: int) -> None:
    if sys.platform != "win32":
        signal.signal(signal.SIGALRM, _timeout)
        signal.alarm(seconds)


def judge(seed: int, kind: str, names: list[str], folder: Path) -> tuple[str, list[tuple[str, str]], list[str]]:
    """Return the outcome ("read", "refused", "crash"), what is wrong, and the messes that were made."""
    book, done = messed(seed, names)
    if kind in TEXTS and (len(book.sheets) > 1 or any(m[0] != m[2] for m in book.main[0].merges)):
        kind = _instead(seed)
    written = FORMATS[kind](book, folder, random.Random(f"{seed}/{kind}"))
    _alarm(20)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", jh.ReadingWarning)
            report = jh.describe_file(written.path)
    except jh.JunhengError as error:
        text = str(error)
        names_it = any(w and w in text for w in (*book.refusable, *written.refusable))
        return "refused", [] if names_it else [("refused without need", text[:400])], done
    except Exception as error:  # every other error is what is looked for
        return "crash", [("undocumented error", f"{type(error).__name__}: {str(error)[:200]}")], done
    finally:
        _alarm(0)
        written.path.unlink(missing_ok=True)
    try:
        found = judged(book, written, report)
    except Exception as error:
        found = [("undocumented error", f"check_schools: {type(error).__name__}: {str(error)[:200]}")]
    return "read", found, done


def _instead(seed: int) -> str:
    """The kind of workbook for what no text file holds."""
    return "xlsx" if seed % 2 else "ods"


def _real_kind(seed: int, kind: str, names: list[str]) -> str:
    book, _ = messed(seed, names)
    plain_enough = len(book.sheets) == 1 and all(m[0] == m[2] for m in book.main[0].merges)
    return kind if kind not in TEXTS or plain_enough else _instead(seed)


def drawn(seed: int) -> tuple[str, list[str]]:
    rng = random.Random(f"draw {seed}")
    kinds = ["xlsx", "xlsx", "ods", "page", "csv", "text", "text", "broken text", "lie"]
    return rng.choice(kinds), drawn_messes(rng)


def _reduced(seed: int, kind: str, names: list[str], what: str, folder: Path) -> tuple[str, list[str], str]:
    """The fewest messes, and the plainest file, with a finding of the same kind."""

    def still(k: str, left: list[str]) -> str | None:
        _, found, _ = judge(seed, k, left, folder)
        return next((d for w, d in found if w == what), None)

    detail = still(kind, names) or ""
    for name in list(names):
        left = [n for n in names if n != name]
        if (d := still(kind, left)) is not None:
            names, detail = left, d
    for other in ("csv", "xlsx"):
        if other != kind and (d := still(other, names)) is not None:
            return _real_kind(seed, other, names), names, d
    return _real_kind(seed, kind, names), names, detail


def run(first: int, last: int, *, reduce: bool = True) -> tuple[Counter[str], list[Finding]]:
    outcomes: Counter[str] = Counter()
    findings: list[Finding] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for seed in range(first, last):
            kind, names = drawn(seed)
            outcome, found, done = judge(seed, kind, names, folder)
            outcomes[f"{outcome}{', wrong' if found else ''}"] += 1
            for what in sorted({w for w, _ in found}):
                detail = next(d for w, d in found if w == what)
                if reduce:
                    k, few, detail = _reduced(seed, kind, done, what, folder)
                    findings.append(Finding(what, detail, seed, k, tuple(few)))
                else:
                    findings.append(Finding(what, detail, seed, kind, tuple(done)))
    return outcomes, findings


def main() -> None:
    first, last = int(sys.argv[1]), int(sys.argv[2])
    outcomes, findings = run(first, last)
    print(dict(outcomes))
    groups: dict[tuple[str, tuple[str, ...], str], list[Finding]] = {}
    for f in findings:
        groups.setdefault((f.kind, f.messes, f.format), []).append(f)
    for (kind, messes, form), members in sorted(groups.items(), key=lambda g: (g[0][0], -len(g[1]))):
        print(f"\n{kind} ← {' + '.join(messes) or 'no mess'} [{form}] × {len(members)}")
        for f in members[:4]:
            print(f"   seed {f.seed}: {f.detail}")


if __name__ == "__main__":
    main()
