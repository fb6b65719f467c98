"""Hypothesis profiles and the folder of shared data."""

import gc
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# its children are forked
collect_ignore = ["mutation"] if sys.platform == "win32" else []

settings.register_profile("ci", deadline=None, derandomize=True, max_examples=40)
settings.register_profile("default", deadline=None, max_examples=8)
settings.register_profile("fuzz", deadline=None, max_examples=2000)
# whatever the language of the machine, the command line prints English
os.environ["JUNHENG_LANGUAGE"] = "en"
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default"))


#: What ``-m quick`` runs, all together in under a minute: of each room or file the first test and then every n-th.
EVERY = {
    1: "corpus house words reading/test_small_messes.py reading/test_several_files.py reports/test_parade.py "
    "results/test_one_school.py",
    2: "planning/test_planning.py properties/test_properties_dispersion.py reading/test_endings.py",
    4: "golden plausibility properties/test_properties_kernel_paths.py reports/test_worklists.py synthetic",
    8: "contract indicators judging results/test_evaluation.py schools standards",
    12: "certificate cli docs engines",
}
QUICK = {place: nth for nth, places in EVERY.items() for place in places.split()}


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
    seen: Counter[str] = Counter()
    for item in items:
        name = item.path.relative_to(here) if here in item.path.parents else Path("-")
        chosen = next((x for x in (name.parts[0], name.as_posix()) if x in QUICK), None)
        if chosen is None or any(map(item.get_closest_marker, ("slow", "long"))):
            continue
        if seen[chosen] % QUICK[chosen] == 0:
            item.add_marker(pytest.mark.quick)
        seen[chosen] += 1


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data and worked examples, which is no part of the repository."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the shared data are not here: {folder} does not exist")
    return folder
