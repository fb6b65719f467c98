"""The same input gives the same bytes: in other processes, in threads, from a table of another library."""

import json
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import outputs
import pytest

SCRIPT = Path(outputs.__file__)
pytestmark = pytest.mark.slow
LIBRARIES = ("pandas", "polars", "pyarrow")


@pytest.fixture(scope="module")
def wanted() -> dict[str, str]:
    return outputs.digests("pandas")


@pytest.fixture(scope="module")
def processes() -> dict[str, tuple[int, dict[str, str]]]:
    """Digests from a process for each library, each with its own order of sets."""
    run, seeds = {}, {name: random.SystemRandom().randrange(2**32) for name in LIBRARIES}
    paths = [str(SCRIPT.parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    for name, seed in seeds.items():
        own = os.environ | {"PYTHONHASHSEED": str(seed), "PYTHONPATH": os.pathsep.join(paths)}
        command = [sys.executable, "-W", "error", str(SCRIPT), name]
        run[name] = subprocess.Popen(command, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    found = {}
    for name, process in run.items():
        out, error = process.communicate()
        assert process.returncode == 0, error
        found[name] = (seeds[name], json.loads(out))
    return found


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_process_of_its_own_gives_the_same_bytes(
    library: str, processes: dict[str, tuple[int, dict[str, str]]], wanted: dict[str, str]
) -> None:
    seed, found = processes[library]
    assert found == wanted, f"with PYTHONHASHSEED={seed}"


def test_threads_at_once_give_the_same_bytes(wanted: dict[str, str]) -> None:
    with ThreadPoolExecutor(len(LIBRARIES)) as pool:
        assert list(pool.map(outputs.digests, LIBRARIES)) == [wanted] * len(LIBRARIES)


def test_nothing_is_empty(wanted: dict[str, str]) -> None:
    assert len(wanted) > 10 and len(set(wanted.values())) == len(wanted)
