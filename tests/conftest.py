"""Hypothesis profiles and the folder of shared data."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("ci", deadline=None, derandomize=True, max_examples=40)
settings.register_profile("default", deadline=None, max_examples=40)
settings.register_profile("fuzz", deadline=None, max_examples=2000)
# whatever the language of the machine, the command line prints English
os.environ["JUNHENG_LANGUAGE"] = "en"
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data and worked examples, which is no part of the repository."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the shared data are not here: {folder} does not exist")
    return folder
