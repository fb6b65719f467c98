"""Hypothesis profiles and the folder of shared data."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("ci", deadline=None, derandomize=True, max_examples=40)
settings.register_profile("default", deadline=None, max_examples=24)
settings.register_profile("fuzz", deadline=None, max_examples=2000)
# whatever the language of the machine, the command line prints English
os.environ["JUNHENG_LANGUAGE"] = "en"
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default"))


#: Rooms whose tests, all together, take about a minute, but for a few files; ``-m quick`` runs them alone.
QUICK = {"contract", "corpus", "golden", "house", "indicators", "judging", "schools", "standards", "words"}
BUT = {"test_changes.py", "test_local_schemes.py", "test_speed_paths.py"}


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect without looking for garbage: there is next to none, and looking for it takes a quarter of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()  # what was collected stays to the end, and is not looked at again
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is quick."""
    here = Path(__file__).parent
    for item in items:
        room = item.path.relative_to(here).parts[0] if here in item.path.parents else ""
        if room in QUICK and item.path.name not in BUT and not item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.quick)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data and worked examples, which is no part of the repository."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the shared data are not here: {folder} does not exist")
    return folder
