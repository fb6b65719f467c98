"""What a contest is, the clock, the memory gauge, and what is told about the machine."""

from __future__ import annotations

import gc
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

LIBRARIES = (
    *("junheng", "numpy", "pandas", "narwhals", "scipy", "pyarrow", "polars", "duckdb", "inequality", "dask"),
    *("distributed", "pyspark", "numba", "openpyxl", "python-calamine", "fastexcel", "clarabel"),
)


@dataclass(kw_only=True)
class Contest:
    """Several ways to the same answer, timed against each other.

    ``runs`` are timed; who has a label and no run has a note instead. ``part_of`` tells of which share of the whole a
    run was timed, where the whole would take too long; its times are multiplied up. Above 1 it tells how often a run
    does the work. ``gauge`` names those whose memory is gauged, with the file their data is in. ``wrong`` lists what
    did not agree before anything was timed.
    """

    part: str
    size: str
    title: str
    base: str
    runs: Mapping[str, Callable[[], Any]]
    labels: Mapping[str, str]
    rows: int
    variant: str = ""
    floor: str | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    part_of: Mapping[str, float] = field(default_factory=dict)
    gauge: Mapping[str, Path | None] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    wrong: Sequence[str] = ()
    more: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    repeat: int | None = None
    most: int = 15
    seconds: float = 6.0


class Timed(float):
    """Seconds that a run took by a clock of its own, in another process."""


def interleaved(runs: Mapping[str, Callable[[], Any]], repeat: int, seconds: float) -> dict[str, list[float]]:
    """Time everyone once a round, in an order that moves on every round; seconds by name.

    What disturbs the machine for a while then disturbs all alike, and ratios taken within a round survive it. After
    ``seconds``, the third round is the last; after five times as many, the round that is on.
    """
    names = list(runs)
    times: dict[str, list[float]] = {name: [] for name in names}
    begun = perf_counter()
    for i in range(repeat):
        spent = perf_counter() - begun
        if spent > 5 * seconds or (i >= 3 and spent > seconds):
            break
        for name in names[i % len(names) :] + names[: i % len(names)]:
            run = runs[name]
            gc.collect()
            start = perf_counter()
            result = run()
            took = perf_counter() - start
            times[name].append(float(result) if isinstance(result, Timed) else took)
            del result
    return times


class Worker:
    """A process that is told what to run, and answers with its own time: for what only a process of its own can have.

    ``cores=1`` pins it to one core (on Linux) and sets the threads of all libraries to one.
    """

    def __init__(self, command: Sequence[str], cores: int | None = None) -> None:
        one = {f"{name}_NUM_THREADS": "1" for name in ("NUMBA", "OMP", "OPENBLAS", "MKL")} | {"POLARS_MAX_THREADS": "1"}
        pins = cores is not None and hasattr(os, "sched_setaffinity")
        here = os.sched_getaffinity(0) if pins else set()
        if pins:
            os.sched_setaffinity(0, {max(here)})
        try:
            self._process = subprocess.Popen(
                [sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                env=os.environ | ({} if cores is None else one),
            )  # fmt: skip
        finally:
            if pins:
                os.sched_setaffinity(0, here)

    def ask(self, **what: Any) -> Any:
        """Run; return the seconds it took, or what else was asked for."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"a process ended: {self._process.wait()}")
        got = json.loads(answer)
        return Timed(got) if isinstance(got, float) else got

    def array(self, **what: Any) -> Any:
        """Run; return the figures."""
        import numpy as np

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "figures.npy"
            self.ask(**what, save=str(path))
            return np.load(path)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait()


def serve(run_of: Callable[..., Callable[[], Any]], as_array: Callable[[Any], Any]) -> None:
    """Answer what a :class:`Worker` asks on standard input, until it ends."""
    import numpy as np

    for line in sys.stdin:
        what = json.loads(line)
        save = what.pop("save", None)
        run = run_of(**what)
        gc.collect()
        start = perf_counter()
        result = run()
        took = perf_counter() - start
        if save is not None:
            np.save(save, as_array(result))
        print(json.dumps(took), flush=True)


def ratio(times: Mapping[str, list[float]], name: str, base: str) -> float:
    """Return the median over rounds of a time over that of the base in the same round."""
    return median(a / b for a, b in zip(times[name], times[base], strict=True))


def peak_memory(part: str, size: str, contestant: str, data: Path | None = None, variant: str = "") -> dict[str, Any]:
    """Run one contestant once in a process of its own; return the megabytes it added to what its data took."""
    command = [sys.executable, str(Path(__file__).with_name("memory_child.py")), part, size, contestant]
    done = subprocess.run([*command, str(data or ""), variant], capture_output=True, text=True, check=False)
    if done.returncode:
        return {"added_mb": None, "error": done.stderr.strip().splitlines()[-1:]}
    return json.loads(done.stdout)  # type: ignore[no-any-return]


class Gauge:
    """Peak resident memory from here on, over what is resident now.

    On Linux the kernel's own high-water mark is set back first (``/proc/self/clear_refs``), so that making the data
    does not count; it is read from ``VmHWM``, since ``ru_maxrss`` of a child starts at what its parent had. Elsewhere
    ``resource.getrusage`` is read before and after: a lower bound, nil where making the data took more.
    """

    def __init__(self) -> None:
        gc.collect()
        _release()
        try:
            Path("/proc/self/clear_refs").write_text("5")
            self.how = "VmHWM"
            self.before = _status("VmRSS")
        except OSError:
            self.how = "ru_maxrss"
            self.before = _rusage()

    def added_mb(self) -> float:
        """Megabytes at the peak above the start."""
        after = _status("VmHWM") if self.how == "VmHWM" else _rusage()
        return (after - self.before) / 1e6


def _status(name: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return float(line.split()[1]) * 1024
    raise OSError(name)


def _rusage() -> float:
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def _release() -> None:
    """Hand freed memory back, or a contestant would be given it for nothing."""
    try:
        import pyarrow as pa

        pa.default_memory_pool().release_unused()
    except ImportError:
        pass
    if sys.platform == "linux":
        import ctypes

        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def environment() -> dict[str, Any]:
    """Return cores, Python, versions: what a number is worth nothing without."""
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:
        cores = os.cpu_count() or 0
    return {
        "cores": cores,
        "machine": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": [round(x, 2) for x in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "versions": versions,
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
