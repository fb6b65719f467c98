"""The tests of one county are one family, whoever else is in the table."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control

import junheng as jh
from junheng.plausibility import findings
from junheng.plausibility.findings import Finding
from junheng.plausibility.search import discoveries, find
from junheng.words import message

QUALITY = "cn-quality-balance-2017"
STATISTICAL = ("frozen_over_years", "copied_figures", "bunched_at_threshold")


def found(group: int, p: float) -> Finding:
    evidence = message("plausibility.alpha", given="")
    return Finding("copied_figures", (group,), None, None, None, (0,), (), 0.0, 0.0, p, evidence)


def test_discoveries_are_those_of_benjamini_and_hochberg_in_each_county() -> None:
    rng = np.random.default_rng(0)
    kinds = []
    for n in (40, 25):
        group, p = rng.integers(0, 6, n), rng.random(n) ** 3
        kinds.append(findings.Tests(group, p, lambda i, g=group, p=p: [found(int(g[i]), float(p[i]))]))
    group, p = (np.concatenate([getattr(t, name) for t in kinds]) for name in ("group", "p"))
    wanted = {
        (int(g), float(x))
        for g in np.unique(group)
        for x, adjusted in zip(p[group == g], false_discovery_control(p[group == g]), strict=True)
        if adjusted <= 0.05
    }
    assert {(f.place[0], f.p_value) for f in discoveries(kinds, 0.05)} == wanted != set()


def test_only_discoveries_are_described() -> None:
    def refuse(_: int) -> list[Finding]:
        raise AssertionError

    assert discoveries([findings.Tests(np.zeros(3, int), np.array([0.02, 0.9, 0.8]), refuse)], 0.05) == []
    assert discoveries([], 0.05) == []


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Four counties with everything planted in two years."""
    honest = jh.synthetic.nation(seed=4, years=2, n_counties=4)
    return jh.synthetic.tampered(honest, {"lifted": {}, "copied": {"schools": 2}, "frozen": {"schools": 2}}, seed=1)[0]


def statistical(table: Any, **options: Any) -> pd.DataFrame:
    frame = jh.plausibility(table, standard=QUALITY, **options)
    frame = frame[frame["kind"].isin(STATISTICAL)].reset_index(drop=True)
    return frame.astype({"county": str})


def test_the_planted_kinds_are_there(table: pd.DataFrame) -> None:
    assert set(statistical(table)["kind"]) >= {"copied_figures", "bunched_at_threshold"}


def test_a_county_is_told_the_same_whoever_else_is_in_the_table(table: pd.DataFrame) -> None:
    together = statistical(table)
    for name in table["county"].unique():
        alone = statistical(table[table["county"] == name].reset_index(drop=True))
        pd.testing.assert_frame_equal(alone, together[together["county"] == name].reset_index(drop=True))


def sorted_rows(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values([*frame.columns]).reset_index(drop=True)


def test_the_order_of_rows_and_columns_does_not_matter(table: pd.DataFrame) -> None:
    wanted = sorted_rows(statistical(table))
    shuffled = table.sample(frac=1, random_state=0).reset_index(drop=True)
    pd.testing.assert_frame_equal(sorted_rows(statistical(shuffled)), wanted)
    pd.testing.assert_frame_equal(statistical(table[table.columns[::-1]]), statistical(table))


def test_columns_that_are_no_evidence_do_not_matter(table: pd.DataFrame) -> None:
    more = table.assign(built_year=1987, grades=6, notes=12345)
    pd.testing.assert_frame_equal(statistical(more), statistical(table))


def test_findings_come_by_county_the_whole_county_first(table: pd.DataFrame) -> None:
    _, everything = find(table, standard=QUALITY)
    order = {name: i for i, name in enumerate(table["county"].unique())}
    keys = [(order[f.place[0]], f.school is not None) for f in everything]
    assert keys == sorted(keys)
    schools = [f.rows[0] for f in everything if f.place == ("第1县",) and f.school is not None]
    names = table["school"].iloc[schools]
    assert names.tolist() == sorted(names, key=table["school"].tolist().index)


def test_a_stricter_alpha_finds_less(table: pd.DataFrame) -> None:
    strict, usual = statistical(table, alpha=1e-3), statistical(table)
    assert 0 < len(strict) < len(usual)
    assert set(strict["evidence"]) <= set(usual["evidence"])


@pytest.mark.parametrize("heaping", [False, True])
def test_honest_counties_are_left_alone(heaping: bool) -> None:
    honest = jh.synthetic.nation(seed=11, years=2, n_counties=60, heaping=heaping)
    accused = statistical(honest)["county"].nunique()
    assert accused <= 60 * 0.05 + 3 * np.sqrt(60 * 0.05 * 0.95)
