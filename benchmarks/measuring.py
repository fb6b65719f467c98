"""What a contest is, the clock, the memory gauge, and what is told about the machine."""

from __future__ import annotations

import gc
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

LIBRARIES = (
    *("junheng", "numpy", "pandas", "narwhals", "scipy", "pyarrow", "polars", "duckdb", "inequality", "dask"),
    *("distributed", "pyspark", "numba", "openpyxl", "python-calamine", "fastexcel"),
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
    repeat: int | None = None
    most: int = 15


def interleaved(runs: Mapping[str, Callable[[], Any]], repeat: int) -> dict[str, list[float]]:
    """Time everyone once a round, in an order that moves on every round; seconds by name.

    What disturbs the machine for a while then disturbs all alike, and ratios taken within a round survive it.
    """
    names = list(runs)
    times: dict[str, list[float]] = {name: [] for name in names}
    for i in range(repeat):
        for name in names[i % len(names) :] + names[: i % len(names)]:
            run = runs[name]
            gc.collect()
            start = perf_counter()
            result = run()
            times[name].append(perf_counter() - start)
            del result
    return times


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
