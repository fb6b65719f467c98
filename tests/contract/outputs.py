"""Every file and text that leaves the library, as bytes; as a program it prints their digests.

``python tests/contract/outputs.py pandas|polars|pyarrow``
"""

import hashlib
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

import junheng as jh

QUALITY = "cn-quality-balance-2017"
COSTS = {
    "computers": 5000, "multimedia_classrooms": 30_000, "books": 10, "teaching_area_m2": 2500, "sports_area_m2": 800,
    "equipment_value_cny": 1, "teachers_above_required_degree": 90_000, "backbone_teachers": 90_000,
    "pe_art_teachers": 90_000,
}  # fmt: skip


def table(library: str) -> Any:
    """A county with gaps, items and two odd figures, as a frame of a library."""
    frame = jh.synthetic.county(seed=3, n_schools=10, missing=0.02, items=True)
    frame.loc[2, "books"] *= 100
    frame.loc[4, ["students", "in_district_students"]] = 0
    if library == "polars":
        import polars as pl

        return pl.from_pandas(frame)
    if library == "pyarrow":
        import pyarrow as pa

        return pa.Table.from_pandas(frame, preserve_index=False)
    return frame


def as_json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, allow_nan=False).encode()


def records(**frames: Any) -> bytes:
    return as_json({name: jh.results.records(frame) for name, frame in frames.items()})


def outputs(library: str) -> dict[str, bytes]:
    """What leaves the library, by name."""
    schools = table(library)
    plain = schools if isinstance(schools, pd.DataFrame) else schools.to_pandas()
    facts = jh.synthetic.county_facts(plain, seed=1)
    ev = jh.evaluate(schools, QUALITY, county_facts=facts).relabel("zh")
    plan = jh.plan(ev, unit_costs=COSTS, nodes=0)
    out = {
        "results.json": as_json(ev.to_dict()),
        "certificate.json": as_json(ev.certificate()),
        "explanation.txt": ev.explain().encode(),
        "notebook.html": ev._repr_html_().encode(),
        "plan.json": records(changes=plan.changes, counties=plan.counties, steps=plan.steps, left=plan.unplanned),
        "shortfalls.json": records(list=jh.shortfalls(ev, unit_costs=COSTS)),
        "plausibility.json": records(found=jh.plausibility(schools, standard=QUALITY)),
        "problems.json": records(found=jh.check_schools(schools, QUALITY)),
    }
    write: dict[str, Callable[[Path], object]] = {
        "results.xlsx": lambda path: jh.reports.write_results(ev, path),
        "plan.xlsx": lambda path: jh.reports.write_plan_workbook(plan, path),
        "declaration.xlsx": lambda path: jh.reports.write_declaration(ev, path),
        "worklist.xlsx": lambda path: jh.reports.write_worklist(schools, path),
        "template.xlsx": lambda path: jh.reports.write_template(path, standard=QUALITY),
        "report.html": lambda path: jh.reports.write_report(ev, path, plan=plan),
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, writer in write.items():
            writer(Path(folder) / name)
            out[name] = (Path(folder) / name).read_bytes()
    return out


def digests(library: str) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in outputs(library).items()}


if __name__ == "__main__":
    print(json.dumps(digests(sys.argv[1])))
