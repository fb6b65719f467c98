"""What ``import junheng`` costs: fresh processes, against pandas, which it needs, and Python alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from measuring import Contest

STATEMENTS = {
    "python": ("Python alone", "pass"),
    "numpy": ("import numpy", "import numpy"),
    "pandas": ("import pandas", "import pandas"),
    "junheng": ("import junheng", "import junheng"),
    "first": (
        "import junheng and judge one county",
        "import junheng as jh; jh.evaluate(jh.synthetic.county(), 'cn-quality-balance-2017').verdicts",
    ),
}


def contests(size: str, folder: Path, *, smoke: bool) -> Iterator[Contest]:
    """Yield the one contest there is, which has no size."""
    if size != "province":
        return

    def run(statement: str) -> None:
        subprocess.run([sys.executable, "-c", statement], check=True)

    for _, statement in STATEMENTS.values():
        run(statement)  # byte code is written once
    yield Contest(
        part="imports",
        size=size,
        title="import, in processes of their own",
        base="pandas",
        floor="python",
        runs={name: lambda s=statement: run(s) for name, (_, statement) in STATEMENTS.items()},
        labels={name: label for name, (label, _) in STATEMENTS.items()},
        rows=0,
        repeat=2 if smoke else 7,
    )
