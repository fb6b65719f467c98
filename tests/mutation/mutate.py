"""Plant small faults in the code, one at a time, and see whether a test notices: ``mutate.py judging``."""

import argparse
import hashlib
import json
import signal
import sys
import tempfile
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import forked
import mutants as faults
from mutants import Mutant
from reach import FOLDERS, Reach, record

ROOMS = ("judging", "indicators", "standards", "schools", "planning")
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
WATCHED = Path(__file__).with_name("watched.toml")
#: Mutants of the samples that a test noticed: room, hash of the id, digest of the function.
NOTICED = Path(__file__).with_name("noticed.tsv")
BATCHES = (10, 60, 10_000)
SILENCE = 300.0


def equivalent() -> dict[str, str]:
    """Return the mutants that were read and found to change nothing a caller can see, with the reason."""
    return {entry["id"]: entry["reason"] for entry in tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["mutant"]}


def watched(tree: Path, least: float) -> int:
    """Try the mutants of the watch list by the tests that noticed them; fail if fewer than a share are noticed."""
    entries = tomllib.loads(WATCHED.read_text(encoding="utf-8"))["mutant"]
    known: dict[str, dict[str, float]] = defaultdict(dict)
    for entry in entries:
        known[entry["id"].split("::")[0]][entry["by"]] = 1.0
    there = {m.id: m for file in known if (tree / file).exists() for m in faults.make((tree / file).read_bytes(), file)}
    noticed, gone = 0, 0
    for entry in entries:
        mutant, first = there.get(entry["id"]), {entry["by"]: 1.0}
        found = judge(tree, mutant, first | known[mutant.file], 30.0)["status"] if mutant else "gone"
        noticed, gone = noticed + (found in {"killed", "timeout"}), gone + (found == "gone")
        if found not in {"killed", "timeout"}:
            print(f"{found}: {entry['id']}, noticed before by {entry['by']}", flush=True)
    killers = {test: 1.0 for tests in known.values() for test in tests}
    wrong = judge(tree, None, killers, 1e9)["failed"]
    print(f"{noticed} of {len(entries) - gone} noticed; {gone} are no longer there; failing without a fault: {wrong}")
    return int(noticed < least * (len(entries) - gone) or gone > len(entries) / 3 or bool(wrong))


def watch(runs: list["Run"], size: int = 10) -> None:
    """Write the watch list anew: some mutants a room that a quick test notices, drawn by the seed."""
    lines = ["# Mutants that a test noticed, and the test. Written by mutate.py --watch when the samples were judged."]
    for run in runs:
        there = {m.id for m in faults.all_of(run.tree, [run.room])}
        killed = [entry for entry in run.found.values() if entry["status"] == "killed" and entry["id"] in there]
        quick = [entry for entry in killed if run.reach.seconds.get(entry["by"], 9.0) < 0.5]
        for entry in quick[:size]:
            id_, by = (json.dumps(entry[key], ensure_ascii=False) for key in ("id", "by"))
            lines += ["", "[[mutant]]", f"id = {id_}", f"by = {by}"]
    WATCHED.write_text("\n".join([*lines, ""]), encoding="utf-8")


def judge(tree: Path, mutant: Mutant | None, tests: dict[str, float], cap: float) -> dict[str, Any]:
    """Run the tests, in order, in a fork that sees the mutant, up to the first failure and for ``cap`` seconds."""
    names = list(tests)

    def work(say: Callable[[Any], None]) -> None:
        forked.limit_processor(60)
        begun = 0
        for upto in BATCHES if mutant else (len(names),):
            batch = {name: tests[name] for name in names[begun:upto]}
            begun = upto
            options = [*(["-x"] if mutant else []), "-m", "", *dict.fromkeys(name.split("::")[0] for name in batch)]
            code = forked.run_pytest(options, forked.Chosen(batch, say, cap)) if batch else 0
            say({"code": code})
            if code not in (0, forked.NONE):
                break

    path = tree / mutant.file if mutant else None
    source = path.read_bytes() if path else b""
    tried, failed, code, why, last, silent = 0, [], 0, "", "", False
    try:
        if path and mutant:
            forked.forget_compiled(path)
            path.write_bytes(mutant.applied(source))
        pid, pipe = forked.child(tree, work)
        for told in forked.listen(pipe, SILENCE):
            silent = told is None
            told = told or {}
            tried += "test" in told
            last = told.get("test", last)
            if "error" in told:
                raise RuntimeError(told["error"])
            code, why = told.get("code", code), told.get("why", why)
            failed += [told["failed"]] if "failed" in told else []
        ended, seconds = forked.end(pid, pipe)
    finally:
        if path:
            path.write_bytes(source)
            forked.forget_compiled(path)
    noticed = bool(failed) or code not in (0, forked.NONE, forked.OVER, forked.GONE) or ended
    status = "timeout" if silent or ended == signal.SIGXCPU else "killed" if noticed else "survived"
    found = {"status": status, "by": (failed or [last])[0] if noticed or silent else "", "why": why, "tried": tried}
    left = len(names) - tried if status == "survived" else 0
    return {**found, "left": left, "seconds": round(seconds, 1), "failed": failed}


def digest(mutant: Mutant, source: str) -> str:
    """Say whether a function is still what it was."""
    spans = {n: source.splitlines()[a - 1 : b] for n, a, b in faults.functions(source)}
    return hashlib.sha256("\n".join(spans.get(mutant.function, [source])).encode()).hexdigest()[:12]


def key(mutant_id: str) -> str:
    """Return a short name of a mutant."""
    return hashlib.sha256(mutant_id.encode()).hexdigest()[:12]


def noticed_before() -> set[tuple[str, str, str]]:
    """Return the mutants that were noticed when a sample was judged, on any machine."""
    lines = NOTICED.read_text(encoding="utf-8").splitlines() if NOTICED.exists() else []
    return {(room, name, function) for room, name, function in (line.split("\t") for line in lines)}


def keep_noticed(runs: list["Run"]) -> None:
    """Add what was noticed to what the repository keeps, without what has changed since."""
    known = {line for line in noticed_before() if line[0] not in {run.room for run in runs}}
    for run in runs:
        there = {m.id: digest(m, run.source(m.file)) for m in faults.all_of(run.tree, [run.room])}
        mine = {(run.room, key(id_), function) for id_, function in there.items()}
        found = {
            (run.room, key(e["id"]), e["digest"]) for e in run.found.values() if e["status"] in ("killed", "timeout")
        }
        known |= (found | run.before) & mine
    NOTICED.write_text("".join("\t".join(line) + "\n" for line in sorted(known)), encoding="utf-8")


class Run:
    """The mutants of a room, what was found of them, and where it is kept."""

    def __init__(self, state: Path, tree: Path, room: str, cap: float) -> None:
        self.tree, self.cap, self.room = tree, cap, room
        self.kept = state / f"{room}.jsonl"
        self.reach = Reach(sorted((state / "reach").glob("*.json")))
        if not self.reach.seconds:
            raise SystemExit("nothing is known about which tests reach which lines; run with '--record all' once")
        told = self.kept.read_text(encoding="utf-8").splitlines() if self.kept.exists() else []
        self.found: dict[str, dict[str, Any]] = {entry["id"]: entry for entry in map(json.loads, told)}
        self.before = {line for line in noticed_before() if line[0] == room}
        self.killers: dict[str, Counter[str]] = defaultdict(Counter)
        for entry in self.found.values():
            self.killers[entry["file"]][entry["by"]] += entry["status"] == "killed"

    def source(self, file: str) -> str:
        """Return the text of a file."""
        return (self.tree / file).read_text(encoding="utf-8")

    def is_known(self, mutant: Mutant) -> bool:
        """Whether the mutant was judged, in the same function."""
        function = digest(mutant, self.source(mutant.file))
        return self.found.get(mutant.id, {}).get("digest") == function or self.was_noticed(mutant)

    def was_noticed(self, mutant: Mutant) -> bool:
        """Whether the repository says that a test noticed the mutant, in the same function."""
        return (self.room, key(mutant.id), digest(mutant, self.source(mutant.file))) in self.before

    def try_one(self, mutant: Mutant, by: tuple[str, ...] = ()) -> dict[str, Any]:
        """Judge a mutant, by some files of tests or by all, and keep what was found."""
        source = self.source(mutant.file)
        tests = [t for t in self.reach.tests(mutant, source) if t.startswith(by or "")]
        often = [t for t, n in self.killers[mutant.file].most_common(6) if n and t in set(tests)]
        ordered = dict.fromkeys([*often, *tests])
        found = judge(self.tree, mutant, {t: self.reach.seconds[t] for t in ordered}, self.cap)
        entry = {"id": mutant.id, "file": mutant.file, "line": mutant.line, "operator": mutant.operator,
                 "diff": mutant.diff(source.encode()), **found, "digest": digest(mutant, source)}  # fmt: skip
        entry.pop("failed")
        self.killers[mutant.file][entry["by"]] += entry["status"] == "killed"
        if not by or entry["status"] != "survived":
            self.keep(entry)
        return entry

    def keep(self, entry: dict[str, Any]) -> None:
        """Write down what was found; the last word on a mutant counts, and several shards may write."""
        self.found[entry["id"]] = entry
        with self.kept.open("a", encoding="utf-8") as kept:
            kept.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def control(self, sample: Iterable[Mutant]) -> list[str]:
        """Run every test that killed on the code as it is; those that fail there prove nothing, nor do their kills."""
        killers = {self.found[m.id]["by"] for m in sample if m.id in self.found} & self.reach.seconds.keys()
        wrong = judge(self.tree, None, {t: self.reach.seconds[t] for t in sorted(killers)}, 1e9)["failed"]
        for entry in [entry for entry in self.found.values() if entry["by"] in wrong]:
            self.keep({**entry, "status": "unsure", "digest": ""})
        return wrong


def drawn(tree: Path, room: str, size: int, seed: int) -> list[Mutant]:
    """Return the sample of a room, without what does not compile or compiles to the same."""
    found = sorted(faults.sample(faults.all_of(tree, [room]), size, seed), key=lambda m: m.file)
    good = {m.id for m in found if faults.parses(m, (tree / m.file).read_bytes())}
    return [m for m in faults.sample(found, size, seed) if m.id in good]


def share(run: Run, sample: list[Mutant], same: dict[str, str]) -> None:
    """Print what was found of a sample."""
    found = [run.found[m.id] for m in sample if m.id not in same and m.id in run.found]
    kept = [m for m in sample if m.id not in same and m.id not in run.found and run.was_noticed(m)]
    counts = Counter(entry["status"] for entry in found) + Counter(killed=len(kept))
    noticed, seconds = counts["killed"] + counts["timeout"], sum(entry["seconds"] for entry in found)
    each = seconds / max(1, len(found))
    to_come = sum(not run.is_known(m) and m.id not in same for m in sample)
    print(
        f"{run.room}: {len(found) + len(kept)} judged, {counts['killed']} killed, {counts['timeout']} hang, "
        f"{counts['survived']} survived; {100 * noticed / max(1, len(found) + len(kept)):.1f} % noticed; "
        f"{sum(m.id in same for m in sample)} equivalent, {to_come} to come; {each:.1f} seconds of the processor each"
    )


def main(arguments: list[str] | None = None) -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rooms", nargs="*", help=f"of {', '.join(ROOMS)}; default: all")
    parser.add_argument("--size", type=int, default=300, help="mutants a room")
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--shard", default="1/1", help="as 2/6: every sixth mutant, from the second")
    parser.add_argument("--cap", type=float, default=45.0, help="seconds of the processor a mutant may take")
    state = Path(tempfile.gettempdir()) / "junheng-mutation"
    parser.add_argument("--state", type=Path, default=state, help="folder of what was recorded and found")
    parser.add_argument("--record", nargs="+", metavar="TESTS", help="record what tests reach, or 'all'")
    parser.add_argument("--survivors", action="store_true", help="judge again what survived")
    parser.add_argument("--by", nargs="+", default=[], metavar="TESTS", help="judge survivors again by these alone")
    parser.add_argument("--show", action="store_true", help="print survivors; judge nothing")
    parser.add_argument("--ci", action="store_true", help="the watch list alone, by the tests that noticed it")
    parser.add_argument("--least", type=float, default=0.95, help="with --ci: the share that must be noticed")
    parser.add_argument("--watch", action="store_true", help="write the watch list anew from what was found")
    parser.add_argument("--keep", action="store_true", help="add what was noticed to noticed.tsv; judge nothing")
    options = parser.parse_args(arguments)
    if options.ci:
        with tempfile.TemporaryDirectory() as state:
            tree = forked.copy_tree(Path(state) / "tree")
            forked.warm_up()
            return watched(tree, options.least)
    (options.state / "reach").mkdir(parents=True, exist_ok=True)
    reads = options.show or options.watch or options.keep
    tree = forked.ROOT if reads and not options.record else forked.own_tree(options.state)
    forked.warm_up()
    if options.record:
        remember(options, tree)
        if not options.rooms:
            return 0
    runs = [Run(options.state, tree, room, options.cap) for room in options.rooms or ROOMS]
    if options.watch or options.keep:
        (watch if options.watch else keep_noticed)(runs)
        return 0
    same, (nth, of) = equivalent(), map(int, options.shard.split("/"))
    for run in runs:
        sample = drawn(tree, run.room, options.size, options.seed)[nth - 1 :: of]
        work_off(run, [m for m in sample if m.id not in same], options)
        share(run, sample, same)
    return 0


def work_off(run: Run, sample: list[Mutant], options: argparse.Namespace) -> None:
    """Judge what is not yet known of a sample, or show what survived."""
    survived = [m for m in sample if run.found.get(m.id, {}).get("status") == "survived"]
    if options.show:
        for entry in (run.found[m.id] for m in survived):
            print(f"\n{entry['id']}\n{entry['diff']}\n  {entry['tried']} tests tried, {entry['left']} not")
        return
    by = tuple(options.by)
    for m in survived if by or options.survivors else [m for m in sample if not run.is_known(m)]:
        entry = run.try_one(m, by)
        print(f"{entry['status']:9}{entry['seconds']:6.1f} s {entry['tried']:4} {m.id}  {entry['by']}", flush=True)
    if wrong := run.control(sample):
        print(f"these fail without any mutant, and their kills do not count: {wrong}")


def remember(options: argparse.Namespace, tree: Path) -> None:
    """Record which tests reach what."""
    files = sorted(str(p.relative_to(tree)) for room in ROOMS for p in (tree / "junheng" / room).rglob("*.py"))
    asked = [f"tests/{folder}" for folder in FOLDERS] + ["junheng"] if options.record == ["all"] else options.record
    for path in asked:
        record(tree, [path], files, options.state / "reach" / f"{path.strip('/').replace('/', '-')}.json")


if __name__ == "__main__":
    sys.exit(main())
