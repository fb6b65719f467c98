"""Worked cases at the law's edges: tables, facts and what must come out, as data in ``golden/edges``.

A case may change some cells (``set``) of its file's table or facts: a county that fails one thing alone, one that
lacks it, one that is exactly on it.
"""

import io
import tomllib
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from small_tables import QUALITY, SHANDONG, conditions, frame, only, school

import junheng as jh
from junheng.errors import InputDataError

FOLDER = Path(__file__).resolve().parents[1] / "golden" / "edges"


def _cases():
    for path in sorted(FOLDER.glob("*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        for case in [content, *content.get("cases", [])]:
            if "expect" in case or "error" in case:
                yield pytest.param(content, case, id=f"{path.stem}:{case.get('name', 'whole')}")


def _read(text):
    return pd.read_csv(io.StringIO(text.strip()), dtype=object, keep_default_na=False, skipinitialspace=True)


def _changed(frame, changes, key):
    """Return the frame with some cells changed; ``key`` names the column that tells the row."""
    frame = frame.copy()
    for change in changes:
        column = change.get("column", change.get("fact"))
        names = [c for c in frame.columns if c == column or _canonical(c) == column]
        assert len(names) <= 1, f"{column} is ambiguous"
        name = names[0] if names else column
        if not names:
            frame[name] = ""
        assert key in change, f"{change} names no {key}: {{ {key} = …, column = …, value = … }}"
        chosen = frame[_named(frame, key)] == change[key]
        if "stage" in change:
            chosen &= frame[_named(frame, "stage")] == change["stage"]
        assert chosen.any(), f"no row of {change}"
        frame.loc[chosen, name] = change["value"]
    return frame


def _named(frame, column):
    return next(c for c in frame.columns if _canonical(c) == column)


@cache
def _canonical(header):
    known = jh.standardize_columns(pd.DataFrame({header: []}))
    return next(iter(known.columns))


def _inputs(content, case):
    changes = case.get("set", [])
    table = _changed(_read(content["table"]), [c for c in changes if "fact" not in c], "school")
    facts = None
    if "facts" in content:
        facts = _read(content["facts"])
        facts = facts.rename(columns={facts.columns[0]: "county"})
        facts = _changed(facts, [c for c in changes if "fact" in c], "county")
    return jh.standardize_columns(table), facts


def _standard(content, case):
    std = jh.load_standard(content["standard"])
    options = {**content.get("options", {}), **case.get("options", {})}
    relaxations = case.get("relaxations", content.get("relaxations"))
    return std.with_options(relaxations=relaxations, **options) if options or relaxations else std


def _rows(frame, where):
    chosen = pd.Series(True, index=frame.index)
    for name, value in where.items():
        chosen &= frame[name].astype(object).eq(value)
    return frame[chosen]


@pytest.mark.parametrize(("content", "case"), list(_cases()))
def test_worked_case(content, case):
    schools, facts = _inputs(content, case)
    std = _standard(content, case)
    if "error" in case:
        with pytest.raises(InputDataError) as caught:
            jh.evaluate(schools, std, county_facts=facts)
        assert case["error"] in {str(p.code) for p in caught.value.problems}
        return
    ev = jh.evaluate(schools, std, county_facts=facts)
    for expected in case["expect"]:
        if expected["frame"] == "problems":
            frame = jh.check_schools(schools, std)
        else:
            # what only an evaluation reports, such as of the facts, is in its own problems
            frame = ev.problems if expected["frame"] == "reported" else getattr(ev, expected["frame"])
        rows = _rows(frame, expected["where"])
        if expected.get("absent"):
            assert rows.empty, rows.to_string()
            continue
        assert not rows.empty, f"no row where {expected['where']}:\n{frame.to_string()}"
        for name, value in expected.get("equals", {}).items():
            for found in rows[name]:
                if isinstance(value, (int, float)) and not isinstance(value, bool):
                    assert found == pytest.approx(value, rel=1e-12, abs=0), f"{name} in\n{rows.to_string()}"
                else:
                    assert found == value, f"{name} is {found!r}, not {value!r}, in\n{rows.to_string()}"


def test_every_file_says_where_its_rule_was_read():
    for path in FOLDER.glob("*.toml"):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        assert content["title"], path.name
        assert content["source"], path.name


@pytest.mark.parametrize(
    ("dense", "more", "result"),
    [
        ("是", None, (None, "undetermined", "missing_value", 2)),
        (None, None, (None, "undetermined", "missing_value", 2)),
        (None, 100.0, (None, "undetermined", "missing_value", 2)),
        (None, 0.0, (0.5, "met", None, 0)),  # nothing is added whether it applies or not
        ("是", 0.0, (0.5, "met", None, 0)),
        ("否", None, (0.5, "met", None, 0)),
    ],
)
def test_a_coefficient_does_not_rest_on_an_unknown_amount_of_a_relaxation(
    dense: str | None, more: float | None, result: tuple[object, ...]
) -> None:
    std = jh.load_standard(QUALITY).with_options(relaxations=["dense-city-centre-sports"])
    odd = {"dense_city_centre": dense} | ({} if more is None else {"converted_sports_area_m2": more})
    areas = {"甲小": 3000.0, "乙小": 9000.0}
    table = frame(*(school(name, sports_area_m2=area, **odd) for name, area in areas.items()))
    ev = jh.evaluate(table, std)
    found = only(ev.indicators, indicator="sports_area_per_student")
    shown = (found["coefficient"], found["verdict"], found["reason"] or None, found["n_missing"])
    assert tuple(None if pd.isna(x) else x for x in shown) == result
    shares = jh.contributions(ev)
    shares = shares.loc[shares["indicator"] == "sports_area_per_student", ["share", "influence"]]
    assert shares.isna().all(axis=None) == (result[1] == "undetermined")
    unplanned = jh.plan(ev, unit_costs=dict.fromkeys(jh.shortfalls(ev)["column"], 1)).unplanned
    assert ("sports_area_per_student" in set(unplanned["indicator"])) == (result[1] == "undetermined")
    if dense == "是" and more is None:
        assert "甲小" in ev.explain() and "converted" in ev.explain().casefold()


def test_omitting_drops_a_school_whose_relaxed_amount_is_unknown_and_judges_nothing() -> None:
    std = jh.load_standard(QUALITY).with_options(relaxations=["dense-city-centre-sports"])
    rows = [school(n, sports_area_m2=a, dense_city_centre="否") for n, a in (("甲小", 3000.0), ("乙小", 9000.0))]
    table = frame(*rows, school("丙小", sports_area_m2=90000.0, dense_city_centre="是"))
    found = only(jh.evaluate(table, std, missing="omit").indicators, indicator="sports_area_per_student")
    assert (found["coefficient"], found["verdict"], found["reason"]) == (0.5, "undetermined", "missing_omitted")


@pytest.mark.parametrize(
    ("area", "more", "verdict", "floor"),
    [
        (3700.0, 49.0, "unmet", "met"),  # 7.498 at best: unmet whether it applies or not
        (3700.0, 50.0, "undetermined", "met"),  # 7.5 if it applies
        (3000.0, 187.0, "unmet", "unmet"),
        (3000.0, 187.5, "unmet", "undetermined"),  # 6.375 if it applies
        (3000.0, None, "undetermined", "undetermined"),
    ],
)
def test_a_relaxation_that_may_apply_leaves_open_only_what_it_could_change(
    area: float, more: float | None, verdict: str, floor: str
) -> None:
    std = jh.load_standard(QUALITY).with_options(relaxations=["dense-city-centre-sports"])
    table = frame(school(sports_area_m2=area, converted_sports_area_m2=more), school("b", dense_city_centre="否"))
    found = only(jh.evaluate(table, std).schools, indicator="sports_area_per_student", school="一小")
    assert (found["verdict"], found["floor_verdict"]) == (verdict, floor)
    assert (found["reason"] == "missing_value") == (verdict == "undetermined")


def test_classes_that_are_missing_need_no_rule_of_division() -> None:
    rows = [conditions(s, school="联校", kind="nine_year", resources_cover="school") for s in ("primary", "junior")]
    found = jh.evaluate(frame(rows[0] | {"classes": None}, rows[1]), SHANDONG).schools
    reasons = {
        i: only(found, indicator=i, stage="primary")["reason"] for i in ("students_per_class", "books_per_student")
    }
    assert reasons == {"students_per_class": "missing_value", "books_per_student": "no_split_rule"}


@pytest.mark.parametrize(("missing", "mean"), [("propagate", None), ("omit", 50.0)])
def test_a_school_without_classes_does_not_vanish_from_the_mean(missing: str, mean: float | None) -> None:
    table = frame(conditions(students=500, classes=10), conditions(school="b", students=300, classes=0))
    row = only(jh.evaluate(table, SHANDONG, missing=missing).indicators, indicator="students_per_class")
    assert row["n_missing"] == 1
    assert pd.isna(row["mean"]) if mean is None else row["mean"] == mean


@pytest.mark.parametrize(("dense", "short"), [("是", 250.0), (None, 750.0), ("否", 750.0)])
def test_what_is_lacking_counts_on_no_relaxation_that_only_may_apply(dense: str | None, short: float) -> None:
    std = jh.load_standard(QUALITY).with_options(relaxations=["dense-city-centre-sports"])
    odd = school(sports_area_m2=3000.0, dense_city_centre=dense, converted_sports_area_m2=500.0)
    lacking = jh.shortfalls(jh.evaluate(frame(odd, school("乙小", dense_city_centre="否")), std))
    assert lacking.loc[lacking["column"] == "sports_area_m2", "short"].tolist() == [short]
