"""One contestant, once, in a process of its own; prints what it added to memory. Called by run.py."""

from __future__ import annotations

import json
import pickle
import sys
from importlib import import_module
from pathlib import Path

import bench_evaluate
import bench_kernel
from measuring import Gauge


def main(part: str, size: str, name: str, data: str = "", variant: str = "") -> None:
    if part == "kernel":
        contestant = bench_kernel.CONTESTANTS[name]
        # a small run first: what is imported or started once is not the question
        small = bench_kernel.Data("province", rows_sorted=True)
        contestant.prepare(small)
        contestant.run(small)
        made = bench_kernel.Data(size, rows_sorted=variant != "rows shuffled")
        contestant.prepare(made)
        gauge = Gauge()
        result = contestant.run(made)
    elif part != "evaluate":
        # a part in a file of its own says itself what to get ready
        run = import_module(f"bench_{part}").prepared(name, size, Path(data) if data else None)
        gauge = Gauge()
        result = run()
    else:
        entrant = bench_evaluate.CONTESTANTS[name]
        entrant.run(bench_evaluate.form(name, bench_evaluate.jh.synthetic.nation(seed=1, n_counties=5)))
        with Path(data).open("rb") as file:
            schools = pickle.load(file)
        given = bench_evaluate.form(name, schools)
        del schools
        gauge = Gauge()
        result = entrant.run(given)
    added = gauge.added_mb()
    del result
    json.dump({"added_mb": added, "how": gauge.how}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
