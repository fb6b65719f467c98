"""Tables of schools for the tests: made up by the library, or written figure by figure."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from hypothesis import Phase, settings
from hypothesis import strategies as st

import junheng as jh
from junheng.indicators import catalogue
from junheng.schools import columns

STANDARDS = ("cn-basic-balance-2012", "cn-quality-balance-2017", "cn-sd-school-conditions-2008")
#: What a result consists of; the rest is provenance.
FRAMES = ("schools", "school_verdicts", "indicators", "items", "verdicts", "left_out")
KEYS = ("county", "year", "school_code", "school", "stage", "indicator", "item", "part")

#: An evaluation takes as long as a hundred coefficients: fewer examples. What a table is made from is small already.
few = settings(
    max_examples=max(5, settings.default.max_examples // 8),
    phases=[phase for phase in Phase if phase not in (Phase.shrink, Phase.explain)],
)

load = cache(jh.load_standard)


def synthetic(n_schools: tuple[int, int] = (3, 12)) -> st.SearchStrategy[pd.DataFrame]:
    """Return counties of the library's own making, from poor and unequal to rich and alike."""
    return st.builds(
        jh.synthetic.county,
        seed=st.integers(0, 10**6),
        n_schools=st.integers(*n_schools),
        resourcing=st.sampled_from([0.8, 1.2, 2.0]),
        inequality=st.sampled_from([0.2, 1.0]),
    )


def figures(table: pd.DataFrame) -> list[str]:
    """Return the columns of a table that hold figures of schools."""
    known = columns()
    return [c for c in table.columns if c in known and known[c].type == "number"]


@st.composite
def with_gaps(draw, share: float = 0.1) -> pd.DataFrame:
    """Draw a county in which some of the figures are unknown, though never how many students there are."""
    county = draw(synthetic())
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    for column in figures(county):
        if not column.startswith("students"):
            county[column] = np.where(rng.random(len(county)) < share, np.nan, county[column])
    return county


def table(stage: str, **amounts: list[float]) -> pd.DataFrame:
    """Return a county of schools of one stage, given its figures column by column."""
    out = pd.DataFrame(amounts)
    return out.assign(county="甲县", stage=stage, school=[f"第{i + 1}校" for i in range(len(out))])


def numerators(standard: jh.Standard) -> dict[str, str]:
    """Return what each indicator of a standard counts."""
    return {i: catalogue()[i].numerator for i in standard.indicators}


def one_row_a_school(long: pd.DataFrame) -> pd.DataFrame:
    """Write the integrated schools of a county in one row, people by stage beside the whole school's rooms."""
    people = [c for c in figures(long) if not columns()[c].shared and c != "students_senior"]
    several = long["kind"].isin(["nine_year", "twelve_year", "complete_secondary"])
    rows = {}
    for i, row in long.iterrows():
        key = row["school_code"] if several[i] else i
        blank = dict.fromkeys(["stage", "resources_cover"]) | dict.fromkeys(people, np.nan) if several[i] else {}
        by_stage = {f"{c}_{row['stage']}": row[c] for c in people} if several[i] else {}
        rows[key] = rows.get(key, row.to_dict() | blank) | by_stage
    return pd.DataFrame(list(rows.values()))


def keyed(frame) -> pd.DataFrame:
    """Return a frame of a result by its keys, the position of rows left out."""
    keys = [k for k in KEYS if k in frame.columns]
    return frame.drop(columns="row", errors="ignore").astype(object).set_index(keys).sort_index()


def differences(one: jh.Evaluation, other: jh.Evaluation, but: tuple[str, ...] = ()) -> list[tuple]:
    """Return what differs between two results in any frame, the position of rows apart."""
    found = []
    for name in FRAMES:
        left, right = keyed(getattr(one, name)), keyed(getattr(other, name))
        if not left.index.equals(right.index) or list(left) != list(right):
            found.append((name, "rows or columns", list(left.index.symmetric_difference(right.index))[:3]))
            continue
        for column in [c for c in left if c not in but]:
            a, b = left[column], right[column]
            unlike = ~((a == b) | (a.isna() & b.isna()))
            found += [(name, column, k, a[k], b[k]) for k in left.index[unlike]]
    return found[:5]
