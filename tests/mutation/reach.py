"""Which tests reach which line: recorded once, with coverage contexts, and kept as JSON."""

import bisect
import functools
import gc
import importlib
import json
import pkgutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import forked
import pytest
from mutants import Mutant, functions

#: Not run: tests that read sources, or start servers and notebooks.
FOLDERS = ("judging", "indicators", "standards", "schools", "planning", "golden", "results", "contract", "properties",
           "certificate", "corpus", "words", "synthetic", "plausibility", "reading", "cli", "reports",
           "long_run")  # fmt: skip
#: Tests that need more seconds of the processor judge no mutant; so many tests of a room judge all its mutants.
SLOWEST, MORE = 3.0, 40


class Recorder(forked.Chosen):
    """A pytest plugin: switch the context of coverage to the test, its fixture or its module."""

    def __init__(self, cover: Any, say: Callable[[Any], None]) -> None:
        super().__init__(None, say)
        self.cover, self.context = cover, ""
        self.took: dict[str, float] = {}
        self.shared: dict[str, list[str]] = {}
        self.failed: set[str] = set()
        self.skipped: set[str] = set()
        self.modules: set[str] = set()
        self.caches = [o for o in gc.get_objects() if isinstance(o, functools._lru_cache_wrapper)]
        self.caches = [o for o in self.caches if str(o.__module__).startswith("junheng")]

    def within(self, context: str) -> Iterator[None]:
        """Record into a context, then into the one before."""
        before, self.context = self.context, context
        if context != before:
            self.cover.switch_context(context)
        yield
        if context != before:
            self.context = before
            self.cover.switch_context(before)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Iterator[None]:
        """Lines reached while a module of tests is imported belong to all its tests."""
        yield from self.within(f"in {collector.nodeid}" if isinstance(collector, pytest.Module) else self.context)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """Lines reached by a fixture that several tests share belong to all of them."""
        own = fixturedef.scope == "function"
        yield from self.within(self.context if own else f"in {fixturedef.baseid}::{fixturedef.argname}")

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Lines reached by a test."""
        info = getattr(item, "_fixtureinfo", None)
        definitions = [d for ds in info.name2fixturedefs.values() for d in ds] if info else []
        shared = [f"in {d.baseid}::{d.argname}" for d in definitions if d.scope != "function"]
        self.shared[item.nodeid] = [f"in {item.nodeid.split('::')[0]}", *shared]
        if (module := item.nodeid.split("::")[0]) not in self.modules:
            # what the package remembers is worked out anew in each module; more often would take hours
            self.modules.add(module)
            for cache in self.caches:
                cache.cache_clear()
        began = time.process_time()
        yield from self.within(item.nodeid)
        self.took[item.nodeid] = round(time.process_time() - began, 4)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note which tests fail, or are skipped, as the code stands: they judge nothing."""
        if not report.passed:
            (self.failed if report.failed else self.skipped).add(report.nodeid)


def _import_all() -> None:
    import junheng

    for module in pkgutil.walk_packages(junheng.__path__, "junheng."):
        if not module.name.endswith(("__main__", ".spark", ".dask")):
            importlib.import_module(module.name)


def record(tree: Path, paths: list[str], files: list[str], keep: Path, mark: str = "not slow") -> None:
    """Run the tests of ``paths`` under coverage, and write which of them reach the lines of ``files``."""

    def work(say: Callable[[Any], None]) -> None:
        import coverage

        cover = coverage.Coverage(
            data_file=None, config_file=False, include=[str(tree / f) for f in files], messages=False
        )
        cover.start()
        _import_all()
        recorder = Recorder(cover, say)
        code = forked.run_pytest([*paths, "-m", f"not long and ({mark})"], recorder)
        cover.stop()
        data, names = cover.get_data(), sorted(recorder.took.keys() - recorder.failed - recorder.skipped)
        number = {name: n for n, name in enumerate(names)}
        reached: dict[str, dict[int, list[int]]] = {}
        members: dict[str, list[int]] = {}
        for name in names:
            for context in recorder.shared[name]:
                members.setdefault(context, []).append(number[name])
        for file in files:
            lines = data.contexts_by_lineno(str(tree / file))
            found = {
                line: sorted({n for c in contexts for n in ([number[c]] if c in number else members.get(c, []))})
                for line, contexts in lines.items()
            }
            # -1: reached when the package is imported, by no test in particular
            for line, contexts in lines.items():
                found[line] = found[line] or ([-1] if "" in contexts else [])
            reached[file] = {line: tests for line, tests in found.items() if tests}
        sources = {file: (tree / file).read_text(encoding="utf-8") for file in files}
        told = {"tests": {n: recorder.took[n] for n in names}, "lines": reached, "sources": sources}
        keep.write_text(json.dumps(told), encoding="utf-8")
        say({"code": code, "failed": sorted(recorder.failed), "of": len(names)})

    pid, pipe = forked.child(tree, work, keep_compiled=True)
    last = None
    for told in forked.listen(pipe, 900.0):
        last = told or last
        if told and ("error" in told or "code" in told):
            print(paths, told, flush=True)
    forked.end(pid, pipe)
    if not keep.exists():
        raise SystemExit(f"nothing was recorded; last: {last}")


class Reach:
    """What was recorded, of one or several folders of tests."""

    def __init__(self, kept: Iterable[Path]) -> None:
        self.kept = [json.loads(path.read_text(encoding="utf-8")) for path in kept]
        self.seconds = {name: s for told in self.kept for name, s in told["tests"].items() if s < SLOWEST}

    def tests(self, mutant: Mutant, source: str) -> list[str]:
        """Return the tests that reach a mutant: quick ones first, of them the room's, each function once first."""
        found = {name for told in self.kept for name in _reaching(told, mutant, source)}
        room = f"tests/{mutant.file.split('/')[1]}/"
        mine = self._sorted(found & self.seconds.keys(), room)
        # a test that found the work done (lru_cache) reaches no line of it
        return mine + [
            t for t in self._sorted((t for t in self.seconds if t.startswith(room)), room)[:MORE] if t not in found
        ]

    def _sorted(self, tests: Iterable[str], room: str) -> list[str]:
        nth: Counter[str] = Counter()
        keys = {}
        for test in sorted(tests, key=lambda t: (self.seconds[t], t)):
            function = test.split("[")[0]
            slow = bisect.bisect((0.05, 0.2, 0.8), self.seconds[test])
            keys[test] = slow, not test.startswith((room, "junheng/")), nth[function], self.seconds[test]
            nth[function] += 1
        return sorted(keys, key=lambda t: (keys[t], t))


def _reaching(told: dict[str, Any], mutant: Mutant, source: str) -> set[str]:
    lines, old = told["lines"].get(mutant.file, {}), told["sources"].get(mutant.file, "")
    names = list(told["tests"])
    wanted = set(range(mutant.lines[0], mutant.lines[1] + 1))
    if old != source:
        was, now = ({n: (a, b) for n, a, b in functions(text)}.get(mutant.function) for text in (old, source))
        same = was and now and old.splitlines()[was[0] - 1 : was[1]] == source.splitlines()[now[0] - 1 : now[1]]
        moved = {line - now[0] + was[0] for line in wanted} if was and now else set()
        wanted = moved if same else set(range(was[0], was[1] + 1)) if was else set()
    found = {n for line, tests in lines.items() if int(line) in wanted for n in tests}
    if found == {-1} or not wanted or (not found and _at_import(mutant, source)):
        found = {n for tests in lines.values() for n in tests}
    return {names[n] for n in found - {-1}}


def _at_import(mutant: Mutant, source: str) -> bool:
    """Whether the mutant is in the body of a class or of the module."""
    return not any(n == mutant.function and "def " in source.splitlines()[a - 1] for n, a, _ in functions(source))
