"""The long run: drawn counties, tables, files, laws and command lines, in forked workers with limits.

nice python tests/long_run/run.py --out FOLDER                      # the whole; again in the same folder: what is left
python tests/long_run/run.py --counties 200 --tables 500 --books 50 --laws 50 --commands 20       # a short one
python tests/long_run/run.py --only counties 17                     # one seed again

A finding is a difference, an error that is not documented, a death, or a hang (more processor time than the room
allows). Findings are lines of ``findings.jsonl`` in the folder, pieces that are done those of ``done.jsonl``.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import select
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rooms import ROOMS, checked, place

#: Memory of a worker, and how many times its processor time it may wait.
BYTES, WALL = 6 << 30, 20
DEFAULTS = {"counties": 20_000, "tables": 100_000, "books": 5_000, "laws": 5_000, "commands": 500}


class Worker:
    """A forked process that checks a piece of a room, a seed after the other, and tells of each."""

    def __init__(self, room: str, first: int, last: int) -> None:
        self.room, self.first, self.last = room, first, last
        self.at = self.begun = first
        self.checks = self.cases = 0
        self.seconds = 0.0
        self.findings: list[dict[str, Any]] = []
        self.text = b""
        self.done = False
        self.start()

    def start(self) -> None:
        """Fork, from the seed that is next."""
        self.pipe, write = os.pipe()
        self.pid = os.fork()
        self.since = time.monotonic()
        if self.pid:
            os.close(write)
            return
        os.close(self.pipe)
        try:
            _child(self.room, self.at, self.last, write)
        finally:
            os._exit(1)

    def read(self) -> None:
        """Take what the process says; if it has ended, find out why and go on with the next seed."""
        piece = os.read(self.pipe, 1 << 16)
        *lines, self.text = (self.text + piece).split(b"\n")
        for line in lines:
            told = json.loads(line)
            self.since = time.monotonic()
            self.at = told["seed"] + 1
            self.checks += told["checks"]
            self.cases += ROOMS[self.room].cases
            for what in told["found"]:
                self.finding(told["seed"], "difference" if self.room == "counties" else "wrong", what)
        if not piece:
            self.ended()

    def ended(self) -> None:
        _, status, used = os.wait4(self.pid, 0)
        self.seconds += used.ru_utime + used.ru_stime
        os.close(self.pipe)
        self.text = b""
        if os.waitstatus_to_exitcode(status) != 0:
            stopped = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGUSR1)
            self.finding(self.at, "hang" if stopped else "death", f"ended by {os.waitstatus_to_exitcode(status)}")
            self.at += 1
        self.done = self.at >= self.last
        if not self.done:
            self.start()

    def finding(self, seed: int, kind: str, what: str) -> None:
        again = f"python tests/long_run/run.py --only {self.room} {seed}"
        self.findings.append({"room": self.room, "seed": seed, "kind": kind, "what": what, "again": again})

    def late(self) -> None:
        """End a process that waits for ever."""
        if time.monotonic() - self.since > WALL * ROOMS[self.room].seconds:
            os.kill(self.pid, signal.SIGUSR1)


def _child(room: str, first: int, last: int, write: int) -> None:
    os.environ["JUNHENG_LANGUAGE"] = "en"
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    for seed in range(first, last):
        signal.setitimer(signal.ITIMER_PROF, ROOMS[room].seconds)
        checks, found = checked(room, seed)
        told = {"seed": seed, "checks": checks, "found": found[:10]}
        os.write(write, json.dumps(told, ensure_ascii=True).encode() + b"\n")
    _leave()
    os._exit(0)


def _leave() -> None:
    """Remove the files of this process, which ends without saying so."""
    for path in sorted(place().rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
    place().rmdir()


def pieces(wanted: dict[str, int], seed: int) -> Iterator[tuple[str, int, int]]:
    """Cut the seeds of the rooms into pieces, the rooms in turn."""
    left = {}
    for room, n in wanted.items():
        seeds, size = -(-n // ROOMS[room].cases), ROOMS[room].seeds
        left[room] = [(room, seed + a, seed + min(a + size, seeds)) for a in range(0, seeds, size)]
    longest = max((len(p) for p in left.values()), default=0)
    for i in range(longest):
        for own in left.values():
            share = len(own) * (i + 1) // longest - len(own) * i // longest
            start = len(own) * i // longest
            yield from own[start : start + share]


def run(
    wanted: dict[str, int], seed: int, workers: int, out: Path | None, minutes: float | None = None
) -> dict[str, Any]:
    """Check all that is wanted and not done; return the figures."""
    _import_all()
    done = _done(out)
    todo = [p for p in pieces(wanted, seed) if p not in done]
    figures: Counter[str] = Counter()
    found: list[dict[str, Any]] = []
    running: list[Worker] = []
    start = time.monotonic()
    while todo or running:
        late = minutes is not None and time.monotonic() - start > 60 * minutes
        while todo and len(running) < workers and not late:
            running.append(Worker(*todo.pop(0)))
        if late and not running:
            break
        ready, _, _ = select.select([w.pipe for w in running], [], [], 5)
        for w in running:
            w.read() if w.pipe in ready else w.late()
        for w in [w for w in running if w.done]:
            running.remove(w)
            found += w.findings
            figures.update({w.room: w.cases, f"{w.room} checks": w.checks, "findings": len(w.findings)})
            _write(out, w)
    return {"figures": dict(figures), "findings": found, "left": len(todo), "seconds": round(time.monotonic() - start)}


def _import_all() -> None:
    """Import before forking what the rooms need."""
    import differences
    import messy_judge
    import mutated_books
    import odd_commands
    import odd_laws
    import odd_tables

    assert differences and messy_judge and mutated_books and odd_commands and odd_laws and odd_tables


def _done(out: Path | None) -> set[tuple[str, int, int]]:
    if out is None or not (out / "done.jsonl").is_file():
        return set()
    lines = (out / "done.jsonl").read_text(encoding="utf-8").splitlines()
    return {(d["room"], d["first"], d["last"]) for d in map(json.loads, lines)}


def _write(out: Path | None, w: Worker) -> None:
    if out is None:
        return
    out.mkdir(parents=True, exist_ok=True)
    with (out / "findings.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(f, ensure_ascii=True) + "\n" for f in w.findings)
    piece = {"room": w.room, "first": w.first, "last": w.last, "cases": w.cases, "checks": w.checks}
    piece["seconds"] = round(w.seconds, 1)  # of the processor
    with (out / "done.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(piece | {"findings": len(w.findings)}) + "\n")


def summary(out: Path) -> dict[str, float]:
    """Add up what is done in a folder."""
    figures: Counter[str] = Counter()
    for line in (out / "done.jsonl").read_text(encoding="utf-8").splitlines():
        d = json.loads(line)
        own = {d["room"]: d["cases"], f"{d['room']} checks": d["checks"], f"{d['room']} s": d["seconds"]}
        figures.update(own | {"findings": d["findings"]})
    return {k: round(v) for k, v in sorted(figures.items())}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for room, n in DEFAULTS.items():
        parser.add_argument(f"--{room}", type=int, default=n)
    parser.add_argument("--seed", type=int, default=0, help="first seed of every room")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=float, help="begin nothing new after so many minutes")
    parser.add_argument("--out", type=Path, help="folder for findings and for what is done")
    parser.add_argument("--only", nargs=2, metavar=("ROOM", "SEED"), help="check one seed in this process")
    args = parser.parse_args()
    if args.only:
        checks, found = checked(args.only[0], int(args.only[1]))
        print(checks, "checks", *found, sep="\n")
        return bool(found)
    if find_spec("duckdb") is None:
        print("DuckDB is not installed: values and coefficients are not computed in SQL")
    wanted = {room: getattr(args, room) for room in DEFAULTS}
    ended = run(wanted, args.seed, args.workers, args.out, args.minutes)
    for f in ended["findings"]:
        print(json.dumps(f, ensure_ascii=False))
    print(ended["figures"], f"{ended['seconds']} s; {ended['left']} pieces left")
    if args.out is not None:
        print("in all:", summary(args.out))
    return bool(ended["findings"])


if __name__ == "__main__":
    sys.exit(main())
