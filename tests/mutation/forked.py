"""A warm process and its children: pytest in a copied tree, in a fork that has not imported the package yet."""

import contextlib
import fcntl
import importlib
import itertools
import json
import os
import resource
import select
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

#: How pytest ends when the time is over, when it found no test, and when a file of tests is not there.
OVER, NONE, GONE = 70, 5, 4
#: Seconds of the processor that any test may take, before five times what it took without a fault. Whichever test of a
#: module is the first to run makes what they share: the tables of the corpus take 12.
PATIENCE = 40.0
ROOT = Path(__file__).resolve().parents[2]
#: What the tests import, or what the package does; whatever is not installed is left out.
HEAVY = (
    "numpy pandas scipy.stats scipy.optimize scipy.sparse pyarrow polars narwhals attrs cattrs hypothesis.strategies "
    "openpyxl"
)
COPIED = ("junheng", "tests", "pyproject.toml", "README.md", "README.zh-CN.md", "CONTRIBUTING.md", "docs/examples")


def warm_up() -> None:
    """Import what is heavy, once."""
    sys.dont_write_bytecode = True
    for name in HEAVY.split():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    if any(name.split(".")[0] == "junheng" for name in sys.modules):
        raise RuntimeError("the package was imported before the fork; its mutants would not be seen")


def own_tree(state: Path) -> Path:
    """Return a copy of the repository that no other process of ours works in, however many shards run."""
    for n in itertools.count(1):
        lock = os.open(state / f"tree-{n}.lock", os.O_CREAT | os.O_RDWR)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held until this process ends
            return copy_tree(state / f"tree-{n}")
        os.close(lock)
    raise AssertionError


def copy_tree(to: Path) -> Path:
    """Bring a copy of the repository up to date; unchanged files keep their compiled code."""
    wanted = set()
    for name in COPIED:
        source = ROOT / name
        for path in [source] if source.is_file() else sorted(source.rglob("*")):
            if path.is_dir() or "__pycache__" in path.parts or path.suffix == ".pyc":
                continue
            target = to / path.relative_to(ROOT)
            wanted.add(target)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists() or target.read_bytes() != path.read_bytes():
                forget_compiled(target)
                shutil.copy2(path, target)
    for path in [p for p in to.rglob("*") if p.is_file() and "__pycache__" not in p.parts and p not in wanted]:
        path.unlink()
    return to


def forget_compiled(path: Path) -> None:
    """Delete the compiled code of a source file, which could have the same size and time as a changed one."""
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


def child(tree: Path, work: Callable[[Callable[[Any], None]], None], *, keep_compiled: bool = False) -> tuple[int, int]:
    """Start ``work`` in a fork, in the tree; return its id and a pipe of JSON lines that it says."""
    ours, its = os.pipe()
    pid = os.fork()
    if pid:
        os.close(its)
        return pid, ours
    code = 1
    try:
        os.setsid()
        os.close(ours)
        os.chdir(tree)
        log = os.open(tree.with_suffix(".log"), os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        for stream in (0, 1, 2):
            os.dup2(log, stream)
        here = str(Path(__file__).parent)
        sys.path[:] = [str(tree), *(p for p in sys.path if p not in ("", here, str(ROOT)))]
        os.environ.update(PYTHONPATH=str(tree), CI="1", OMP_NUM_THREADS="1")
        sys.dont_write_bytecode = not keep_compiled
        if not keep_compiled:
            os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))  # a mutant may ask for everything
        work(lambda what: void(os.write(its, json.dumps(what).encode() + b"\n")))
        code = 0
    except BaseException:
        os.write(its, json.dumps({"error": traceback.format_exc()[-1500:]}).encode() + b"\n")
    finally:
        os._exit(code)


def void(_: Any) -> None:
    """Return nothing."""


def listen(pipe: int, silence: float) -> Iterator[dict[str, Any] | None]:
    """Yield what a child says; None, and nothing more, if it says nothing for so many seconds."""
    buffer = b""
    while True:
        while b"\n" in buffer:
            line, buffer = buffer.split(b"\n", 1)
            yield json.loads(line)
        if not select.select([pipe], [], [], silence)[0]:
            yield None
            return
        read = os.read(pipe, 1 << 16)
        if not read:
            return
        buffer += read


def end(pid: int, pipe: int, *, patience: float = 2.0) -> tuple[int, float]:
    """End a child with all it started; return the signal that ended it, or 0, and the seconds of the processor."""
    os.close(pipe)
    until = time.monotonic() + patience
    done, status, used = os.wait4(pid, os.WNOHANG)
    while not done and time.monotonic() < until:
        time.sleep(0.02)
        done, status, used = os.wait4(pid, os.WNOHANG)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    if not done:
        status, used = os.wait4(pid, 0)[1:]
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, used.ru_utime + used.ru_stime


class Chosen:
    """A pytest plugin: run the chosen tests in the order given, the same examples every time, and say what happens."""

    def __init__(self, seconds: dict[str, float] | None, say: Callable[[Any], None], cap: float = 1e9) -> None:
        """Take the tests in order, with the seconds each needs; None is all tests, as they come."""
        self.seconds, self.say, self.cap = seconds, say, cap
        self.order = {test: n for n, test in enumerate(seconds or ())}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectstart(self, collector: pytest.Collector) -> None:
        """Set Hypothesis before the first test is decorated, after conftest.py."""
        if isinstance(collector, pytest.Module):
            from hypothesis import Phase, settings

            phases = (Phase.explicit, Phase.generate)
            settings.register_profile("mutation", settings.get_profile("ci"), phases=phases, report_multiple_bugs=False)
            settings.load_profile("mutation")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the others."""
        if self.seconds is not None:
            items[:] = sorted((i for i in items if i.nodeid in self.order), key=lambda i: self.order[i.nodeid])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Say which test begins; stop when the time is over. Seconds are of the processor: the machine may be busy."""
        if time.process_time() > self.cap:
            pytest.exit("the time is over", returncode=OVER)
        if self.seconds is not None:
            limit_processor(PATIENCE + 5 * self.seconds[nodeid])
        self.say({"test": nodeid})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Say which test failed."""
        if report.failed:
            self.say({"failed": report.nodeid, "why": str(report.longrepr)[-300:]})


def limit_processor(seconds: float) -> None:
    """End this process when it has used so many more seconds of the processor."""
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + seconds + 1), hard))


def run_pytest(options: list[str], plugin: object) -> int:
    """Run pytest with the project's own options and these."""
    quiet = ["-q", "--tb=line", "--no-header", "-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "no:xdist"]
    return int(pytest.main([*quiet, *options], plugins=[plugin]))
