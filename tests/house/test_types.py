"""The types that a user's checker sees: a small program must pass ``mypy --strict``."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent


@pytest.mark.slow
@pytest.mark.parametrize("program", sorted((TESTS / "typing").glob("*.py")), ids=lambda p: p.name)
def test_a_program_of_a_user_is_fully_typed(program: Path) -> None:
    if find_spec("mypy") is None or find_spec("pandas-stubs") is None:
        pytest.skip("mypy or pandas-stubs is not installed: the extra 'lint'")
    # as a user's own checker would see it: no configuration of ours, and only the program is judged
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--follow-imports=silent", str(program)]
    path = {"MYPYPATH": str(TESTS.parent)}
    done = subprocess.run(command, cwd=TESTS.parent, env=os.environ | path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
