"""Tables in, results out: properties 10, 17 and 18 of the list, 3, 5, 8 and 9 again for whole tables, and JSON."""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import oracle
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from counties import FRAMES, STANDARDS, differences, few, figures, keyed, one_row_a_school, synthetic, with_gaps
from hypothesis import given
from hypothesis import strategies as st

import junheng as jh
from junheng.indicators import catalogue
from junheng.schools.needs import needed_columns

MAKE = {"pandas": lambda x: x, "polars": pl.from_pandas, "pyarrow": lambda x: pa.Table.from_pandas(x)}
KIND = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.Table}
FRAMES_OUT = (*FRAMES, "problems")
every_standard = pytest.mark.parametrize("standard", STANDARDS)
every_measure = pytest.mark.parametrize(
    "measure", [jh.weighted_mean, jh.weighted_std, jh.difference_coefficient], ids=lambda f: f.__name__
)
VALUES = st.floats(0.01, 1e5, allow_subnormal=False)
libraries = pytest.mark.parametrize("library", ["polars", "pyarrow"])


def as_json(result):
    """Write a result down, byte by byte; NaN is refused."""
    return json.dumps(result.to_dict(), allow_nan=False, ensure_ascii=False)


def in_pandas(got, given_):
    """Return a measure of groups as a Series, and see that it came in the library that went in."""
    library = type(given_).__module__.partition(".")[0]
    if library not in ("polars", "pyarrow"):
        assert isinstance(got, pd.Series)
        return got
    assert isinstance(got, KIND[library])
    groups = [row["group"] for row in as_rows(got)]
    return pd.Series([np.nan if row["value"] is None else row["value"] for row in as_rows(got)], index=groups)


def as_rows(frame):
    """Return the rows of a frame of any library, missing as None."""
    if isinstance(frame, pd.DataFrame):
        return frame.astype(object).where(frame.notna(), None).to_dict("records")
    return frame.to_dicts() if isinstance(frame, pl.DataFrame) else frame.to_pylist()


# ------------------------------------------------------------------------------------------ libraries


@every_measure
@few
@given(
    rows=st.lists(st.tuples(st.integers(0, 10**5) | st.none(), VALUES | st.none(), st.integers(0, 20_000)), min_size=1),
    by=st.data(),
)
def test_arrays_of_every_library_give_the_same_numbers(measure, rows, by):
    """10: whole numbers and floats, with gaps, one column and several, with groups and without."""
    labels = by.draw(st.lists(st.sampled_from("甲乙丙"), min_size=len(rows), max_size=len(rows)))
    counts, areas, weights = zip(*rows, strict=True)
    array = np.array([counts, areas], dtype=float).T
    for i, column in enumerate((counts, areas)):
        kind, missing = (pa.int64(), pd.Int64Dtype()) if column is counts else (pa.float64(), pd.Float64Dtype())
        same = [
            column,
            pd.Series(column, dtype=float),
            pd.Series(column, dtype=missing),
            pd.Series(column, dtype=pd.ArrowDtype(kind)),
            pd.Series(column, dtype=object),
            pl.Series(column, dtype=pl.Int64 if column is counts else pl.Float64),
            pa.array(column, type=kind),
            pa.chunked_array([column[:1], column[1:]], type=kind),
            np.ma.masked_invalid(array[:, i]),
        ]
        alone, grouped = measure(array[:, i], weights=weights), measure(array[:, i], weights=weights, by=labels)
        for x in same:
            np.testing.assert_array_equal(measure(x, weights=weights), alone)
            got = in_pandas(measure(x, weights=weights, by=labels), x)
            pd.testing.assert_series_equal(got, grouped, check_exact=True)
        for w in (pd.Series(weights), pl.Series(weights), pa.array(weights), np.array(weights)):
            np.testing.assert_array_equal(measure(column, weights=w), alone)
        for b in (pd.Series(labels), pd.Series(labels, dtype="category"), pl.Series(labels), pa.array(labels)):
            got = in_pandas(measure(column, weights=weights, by=b), b)
            pd.testing.assert_series_equal(got, grouped, check_exact=True, check_names=False)


@pytest.mark.parametrize("library", MAKE)
@every_measure
@few
@given(
    rows=st.lists(st.tuples(VALUES | st.none(), VALUES, st.integers(0, 20_000), st.sampled_from("甲乙")), min_size=1)
)
def test_frames_of_every_library_give_the_same_numbers(library, measure, rows):
    """10: a column a result, and its name with it."""
    *columns, weights, by = zip(*rows, strict=True)
    frame = pd.DataFrame(dict(zip(("人", "间"), columns, strict=True)), dtype=float)
    given_ = MAKE[library](frame)
    np.testing.assert_array_equal(measure(given_, weights=weights), measure(frame.to_numpy(), weights=weights))
    got = measure(given_, weights=weights, by=by)
    assert isinstance(got, KIND[library])
    columns = ["人", "间"] if library == "pandas" else ["group", "人", "间"]
    assert list(getattr(got, "column_names", None) or got.columns) == columns
    rows = [[None if v is None or np.isnan(v) else v for v in (row["人"], row["间"])] for row in as_rows(got)]
    wanted = measure(frame.to_numpy(), weights=weights, by=by).to_numpy().tolist()
    assert rows == [[None if np.isnan(v) else v for v in row] for row in wanted]


@pytest.mark.parametrize(
    "text",
    [
        ["1", "2"],
        np.array(["1", "2"]),
        pd.Series(["1", "2"]),
        pd.Series(["1", "2"], dtype=object),
        pd.Series(["1", "2"], dtype="category"),
        pd.Series(["1", "2"], dtype=pd.ArrowDtype(pa.string())),
        pl.Series(["1", "2"]),
        pa.array(["1", "2"]),
    ],
    ids=["list", "numpy", "pandas", "pandas object", "pandas category", "pandas arrow", "polars", "pyarrow"],
)
def test_text_is_refused_by_every_library(text):
    """10: also where it looks like numbers."""
    for call in (lambda: jh.weighted_mean(text, weights=None), lambda: jh.weighted_mean([1, 2], weights=text)):
        with pytest.raises(jh.InputError):
            call()


@pytest.mark.slow
@libraries
@every_standard
@few
@given(county=with_gaps())
def test_tables_of_every_library_give_the_same_result(library, standard, county):
    """10: the same numbers and words, in frames of the library that came in."""
    given_, wanted = MAKE[library](county), jh.evaluate(county, standard)
    got = jh.evaluate(given_, standard)
    assert as_json(got) == as_json(wanted)
    for name in FRAMES_OUT:
        assert isinstance(getattr(got, name), KIND[library])
        assert as_rows(getattr(got, name)) == as_rows(getattr(wanted, name))
    assert got.explain(language="zh") == wanted.explain(language="zh")


@pytest.mark.slow
@libraries
@pytest.mark.parametrize(
    "function",
    [
        lambda x: jh.split_stages(x, STANDARDS[0]),
        lambda x: jh.check_schools(x, STANDARDS[2]),
        jh.check_schools,
        jh.standardize_columns,
        jh.describe_columns,
    ],
    ids=["split_stages", "check_schools for a standard", "check_schools", "standardize_columns", "describe_columns"],
)
@pytest.mark.parametrize("form", [lambda x: x, one_row_a_school], ids=["a row a stage", "a row a school"])
@few
@given(county=with_gaps())
def test_functions_on_tables_give_the_same_in_every_library(library, function, form, county):
    """10."""
    county = form(county)
    got = function(MAKE[library](county))
    assert isinstance(got, KIND[library])
    assert as_rows(got) == as_rows(function(county))


@few
@given(
    county=synthetic(), index=st.sampled_from([lambda n: range(n)[::-1], lambda n: [7] * n, lambda n: list("校" * n)])
)
def test_the_labels_of_rows_do_not_matter(county, index):
    labelled = county.set_axis(index(len(county)), axis=0)
    assert as_json(jh.evaluate(labelled, STANDARDS[1])) == as_json(jh.evaluate(county, STANDARDS[1]))
    pd.testing.assert_frame_equal(jh.split_stages(labelled, STANDARDS[1]), jh.split_stages(county, STANDARDS[1]))


@pytest.mark.parametrize("library", MAKE)
@every_standard
def test_types_of_results_do_not_depend_on_the_data(library, standard):
    """One school or thirty, with gaps and without, all left out or none: columns and their types are the same."""
    county = jh.synthetic.county(seed=5, n_schools=30)
    tables = {
        "one": county[:1],
        "gaps": county.assign(**{c: np.nan for c in figures(county) if c not in ("students", "students_senior")}),
        "nobody": county.assign(students=0, students_senior=0),
        "rich": jh.synthetic.county(seed=1, n_schools=3, resourcing=5.0, inequality=0.0),
        "left out": county.assign(included="否", in_coefficient="否"),
    }

    def schema(table):
        ev = jh.evaluate(MAKE[library](table.reset_index(drop=True)), standard)
        out = {}
        for name in FRAMES_OUT:
            frame = getattr(ev, name)
            if isinstance(frame, pa.Table):
                out |= {(name, f.name): str(f.type) for f in frame.schema}
            else:
                out |= {(name, c): getattr(t, "name", str(t)) for c, t in zip(frame.columns, frame.dtypes, strict=True)}
        return out

    wanted = schema(county)
    assert {
        n: {k: (t, wanted.get(k)) for k, t in schema(x).items() if t != wanted.get(k)} for n, x in tables.items()
    } == {n: {} for n in tables}


# ------------------------------------------------------------------------------------ rows and schools


@every_standard
@few
@given(county=synthetic(), data=st.data())
def test_the_order_of_rows_does_not_matter(standard, county, data):
    """3, for whole tables: verdicts are the same, numbers to 1e-12."""
    order = data.draw(st.permutations(range(len(county))))
    before, after = jh.evaluate(county, standard), jh.evaluate(county.iloc[order].reset_index(drop=True), standard)
    numbers = ("mean", "std", "coefficient", "value", "share_of_students_missing")
    assert not differences(before, after, but=numbers)
    for number in numbers[:3]:
        old, new = (keyed(ev.indicators)[number].astype(float) for ev in (before, after))
        np.testing.assert_allclose(new, old, rtol=1e-12, atol=1e-12)


@every_standard
@few
@given(county=synthetic(), stage=st.sampled_from(["primary", "junior"]))
def test_a_closed_school_does_not_matter(standard, county, stage):
    """5, for whole tables: a school without students is shown, and counts for nothing."""
    closed = (
        county[county["kind"] == stage]
        .iloc[:1]
        .assign(students=0, school_code="370100999", school="已撤并学校", teachers=0, staff=0, classes=0)
    )
    closed = closed.assign(
        **{c: 0 for c in closed if c.endswith(("_title", "_degree", "backbone_teachers", "pe_art_teachers"))}
    )
    before, after = jh.evaluate(county, standard), jh.evaluate(pd.concat([county, closed], ignore_index=True), standard)
    for name in ("indicators", "items", "verdicts"):
        old, new = (
            getattr(ev, name).drop(columns=["n_empty", "n_left_out"], errors="ignore") for ev in (before, after)
        )
        pd.testing.assert_frame_equal(new, old, rtol=1e-12, atol=1e-12)
    assert after.left_out["school"].tolist().count("已撤并学校") == len(closed)


@every_standard
@few
@given(county=synthetic(), data=st.data())
def test_a_unit_that_does_not_count_does_not_matter(standard, county, data):
    """What the user leaves out is judged as if it were not in the table, and shown."""
    code = data.draw(st.sampled_from(sorted(set(county["school_code"]))))
    out = county["school_code"] == code
    without = jh.evaluate(county[~out], standard)
    answers = ("included", "in_coefficient")
    marked = jh.evaluate(county.assign(**{a: county[a].mask(out, "否") for a in answers}), standard)
    for name in ("indicators", "items", "verdicts"):
        old, new = (
            getattr(ev, name).drop(columns=["n_empty", "n_left_out"], errors="ignore") for ev in (without, marked)
        )
        pd.testing.assert_frame_equal(new, old, check_exact=True)
    assert set(county.index[out]) <= set(marked.left_out["row"])


@every_standard
@few
@given(counties=st.lists(synthetic((3, 6)), min_size=2, max_size=4))
def test_a_province_is_its_counties(standard, counties):
    """9, for whole tables: counties judged together are judged as alone, in whatever order their rows stand."""
    named = [x.assign(county=f"第{i}县", county_code=f"37010{i}") for i, x in enumerate(counties)]
    rows = pd.concat(named, ignore_index=True).sort_values(["school_code", "county", "stage"], kind="stable")
    together = jh.evaluate(rows.reset_index(drop=True), standard)
    for x in named:
        alone = jh.evaluate(x.sort_values(["school_code", "county", "stage"], kind="stable"), standard)
        for name in FRAMES:
            frame = getattr(together, name)
            pd.testing.assert_frame_equal(
                keyed(frame[frame["county"] == x["county"].iloc[0]]),
                keyed(getattr(alone, name)),
                rtol=1e-12,
                atol=1e-12,
            )


@pytest.mark.parametrize("standard", STANDARDS[:2])
@few
@given(county=synthetic())
def test_coefficients_of_a_county_agree_with_exact_fractions(standard, county):
    """8, for whole tables: from the figures of the return to the coefficient of the county, 1e-12."""
    county = county[county["kind"].isin(["primary", "junior"]) & (county["students"] > 0)]
    results = keyed(jh.evaluate(county, standard).indicators).droplevel(["county", "year"])
    for stage, schools in county.groupby("stage"):
        students = schools["students"].tolist()
        exact = []
        for ind in map(catalogue().get, jh.load_standard(standard).indicators):
            values = [oracle.Fraction(x) * ind.scale / p for x, p in zip(schools[ind.numerator], students, strict=True)]
            got = results.loc[(stage, ind.id)]
            exact.append(oracle.difference_coefficient(values, students))
            assert oracle.error(got["mean"], oracle.weighted_mean(values, students)) <= 1
            assert oracle.error(got["std"], oracle.weighted_std(values, students)) <= 1
            assert oracle.error(got["coefficient"], exact[-1]) <= 1
        if (stage, "composite") in results.index:
            assert oracle.error(results.loc[(stage, "composite"), "coefficient"], oracle.composite(exact)) <= 1


# ---------------------------------------------------------------------------------- nothing is changed


@pytest.mark.parametrize("form", [lambda x: x, one_row_a_school], ids=["a row a stage", "a row a school"])
@few
@given(standard=st.sampled_from(STANDARDS), county=with_gaps())
def test_tables_are_only_read(standard, form, county):
    """17: whatever is asked of it, a table of read-only arrays stays what it was."""
    table = form(county)
    for column in table.select_dtypes("number"):
        values = table[column].to_numpy(copy=True)
        values.setflags(write=False)
        table[column] = pd.Series(values, copy=False)
    before = table.copy(deep=True)
    ev = jh.evaluate(table, standard)
    jh.split_stages(table, standard), jh.check_schools(table, standard), jh.standardize_columns(table)
    ev.to_dict(), ev.relabel("zh").to_dict(), ev.explain()
    pd.testing.assert_frame_equal(table, before, check_exact=True)


@few
@given(standard=st.sampled_from(STANDARDS), county=with_gaps())
def test_the_same_table_gives_the_same_bytes(standard, county):
    """18: twice, and from a copy."""
    one, two = jh.evaluate(county, standard), jh.evaluate(county.copy(), standard)
    assert as_json(one) == as_json(two) == as_json(one)
    for name in FRAMES_OUT:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name), check_exact=True)


SCRIPT = """
import hashlib, json, sys, junheng as jh
county = jh.synthetic.county(seed=4, n_schools=25)
for column in ("books", "computers", "multimedia_classrooms", "teachers", "students_senior", "staff"):
    county[column] = county[column] + 0.5 * (county["kind"] != "primary")
broken = county.assign(books=-county["books"], computers=-county["computers"], teaching_area_m2=float("inf"))
for standard in sys.argv[1:]:
    ev = jh.evaluate(county, standard)
    tables = [ev.problems, jh.check_schools(broken, standard), jh.split_stages(county, standard)]
    try:
        jh.evaluate(broken, standard)
    except jh.InputDataError as e:
        refused = str(e)
    said = [json.dumps(ev.to_dict(), allow_nan=False), ev.explain(), refused, *(t.to_csv() for t in tables)]
    print(*(hashlib.sha256(s.encode()).hexdigest() for s in said))
"""


@pytest.mark.slow
def test_the_same_table_gives_the_same_bytes_in_another_process():
    """18: no order of a set, no address and no clock in anything: result, problems, sections or message."""
    printed = set()
    for seed in "12":
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, *STANDARDS],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        )
        printed.add(done.stdout)
    assert len(next(iter(printed)).split()) == 6 * len(STANDARDS)
    assert len(printed) == 1


# ------------------------------------------------------------------------------------------------ JSON


#: Columns of sentences; all others hold ids, names and figures.
SENTENCES = {("verdicts", "reason"), ("items", "finding"), ("school_verdicts", "reason"), ("problems", "message")}


@every_standard
@few
@given(county=with_gaps(), language=st.sampled_from(["zh", "en"]), missing=st.sampled_from(["propagate", "omit"]))
def test_results_are_strict_json_in_every_language(standard, county, language, missing):
    """No NaN, no type of a library, nothing lost: ids are for programs, only sentences follow the language."""
    ev = jh.evaluate(county, standard, missing=missing)
    plain, labelled = (json.loads(as_json(x)) for x in (ev, ev.relabel(language)))
    assert plain == ev.to_dict()
    assert json.loads(json.dumps(ev.to_dict(schools=False), allow_nan=False)).keys() == plain.keys() - {
        "schools",
        "school_verdicts",
        "item_schools",
    }
    for name in FRAMES:
        assert len(plain[name]) == len(getattr(ev, name)) == len(labelled[name])
        for one, other in zip(plain[name], labelled[name], strict=True):
            assert list(one) == list(other) == list(getattr(ev, name).columns)
            for key, value in one.items():
                assert value == other[key] if (name, key) not in SENTENCES else isinstance(other[key], str)
        if plain[name]:
            labels = getattr(ev.relabel(language), name).columns
            assert len(set(labels)) == len(plain[name][0]), "two columns have one label"
            assert language != "zh" or not [c for c in labels if c.isascii()]
    if language == "zh":
        assert all(not row["reason"].isascii() for row in labelled["verdicts"])
    assert labelled["provenance"] == plain["provenance"]


TEXT = ["", " ", "约5", "１２", "12.5", "1,200", "95%", "17:1", "合计"]
JUNK = st.sampled_from([None, *TEXT]) | st.sampled_from([-1, -0.0, 0, 0.5, np.inf, -np.inf, np.nan, True, 10**19])


@every_standard
@few
@given(county=synthetic((3, 8)), data=st.data())
def test_a_broken_table_is_refused_with_a_list_or_judged(standard, county, data):
    """Whatever stands in its cells: what check_schools lists is refused, and what is judged is sound."""
    cells = st.tuples(st.integers(0, len(county) - 1), st.sampled_from(list(county.columns)), JUNK)
    for row, column, junk in data.draw(st.lists(cells, min_size=1, max_size=8)):
        county[column] = county[column].astype(object)
        county.loc[row, column] = junk
    found = jh.check_schools(county, standard)
    errors = found[found["severity"] == "error"]
    try:
        ev = jh.evaluate(county, standard)
    except jh.InputDataError as refused:
        json.dumps(refused.to_dicts(), allow_nan=False)
        listed = {(p.code, p.column, p.row) for p in refused.problems if p.severity == "error"}
        known = {
            (c, None if pd.isna(n) else n, None if pd.isna(r) else r)
            for c, n, r in errors[["code", "column", "row"]].values
        }
        assert listed and listed <= known
    else:
        assert hashlib.sha256(as_json(ev).encode())
        assert not set(errors["column"]) & {*needed_columns(ev.standard), None}
