"""Hypothesis profiles and the folder of shared data."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("ci", deadline=None, derandomize=True, max_examples=40)
settings.register_profile("default", deadline=None, max_examples=16)
settings.register_profile("fuzz", deadline=None, max_examples=2000)
# whatever the language of the machine, the command line prints English
os.environ["JUNHENG_LANGUAGE"] = "en"
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default"))


#: What ``-m quick`` runs, all together in under a minute: whole rooms, and of each other room a few files.
QUICK = {
    *("corpus", "golden", "house", "indicators", "judging", "schools", "standards", "words"),
    *("certificate/test_verify.py", "cli/test_mapping.py", "cli/test_plausibility.py"),
    *("contract/test_measures_by_group.py", "contract/test_promises.py", "planning/test_planning.py"),
    *("plausibility/test_jumps.py", "plausibility/test_parts.py", "plausibility/test_ranges.py"),
    *("properties/test_properties_change.py", "properties/test_properties_dispersion.py"),
    *("reading/test_endings.py", "reading/test_several_files.py", "reading/test_small_messes.py"),
    *("reports/test_parade.py", "reports/test_worklists.py", "synthetic/test_tables.py"),
    *("results/test_adequacy.py", "results/test_one_school.py", "results/test_summary.py"),
}
#: Files of those rooms that take long.
BUT = {"test_changes.py", "test_items.py", "test_local_schemes.py", "test_speed_paths.py"}


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
        name = item.path.relative_to(here) if here in item.path.parents else Path("-")
        chosen = name.parts[0] in QUICK or name.as_posix() in QUICK
        if chosen and name.name not in BUT and not item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.quick)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data and worked examples, which is no part of the repository."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the shared data are not here: {folder} does not exist")
    return folder
