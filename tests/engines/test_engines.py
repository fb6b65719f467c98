"""The engines give what one evaluation of the whole table gives, bit for bit, wherever the rows lie."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import junheng as jh
from junheng.engines import OUTPUTS, evaluate_dask, evaluate_parquet, evaluate_spark
from tests.small_tables import BASIC, QUALITY, SHANDONG, frame, junior, one_row, school

pa = pytest.importorskip("pyarrow", reason="the engines hand tables over as Arrow: pyarrow is not installed")
import pyarrow.parquet as pq  # noqa: E402


def of_spark(test: Any) -> Any:
    """Pass over warnings of Spark's own: sockets left to the garbage collector, and its doubts about pandas 3.

    Nothing of pandas is used of it: tables are handed over as Arrow.
    """
    test = pytest.mark.filterwarnings("ignore:.*unclosed.*:ResourceWarning")(test)
    return pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")(test)


FRAMES = tuple(o for o in OUTPUTS if o != "problems")


# ---------------------------------------------------------------------------------------- the tables


def province(seed: int = 1, **more: Any) -> pd.DataFrame:
    """Two years of nine counties, gaps included, in the order of a return: county by county."""
    made = jh.synthetic.nation(seed=seed, years=2, n_counties=9, missing=0.02, **more)
    return made.sort_values(["year", "county"], kind="stable", ignore_index=True)


def messy(seed: int = 2) -> pd.DataFrame:
    """The same, out of order, with schools nobody counts, an odd header and a county of one school."""
    table = province(seed)
    rng = np.random.default_rng(seed)
    table["included"] = np.where(rng.random(len(table)) < 0.05, "否", None)
    table["n.b."] = "x"
    alone = table.iloc[[0]].assign(county="独县", school="独校", school_code="9", kind="primary", stage="primary")
    table = pd.concat([table, alone], ignore_index=True)
    return table.iloc[rng.permutation(len(table))].reset_index(drop=True)


def county_facts(table: pd.DataFrame) -> pd.DataFrame:
    """Facts about all counties but the last."""
    return jh.synthetic.county_facts(table).iloc[:-1]


def plain(table: Any) -> pd.DataFrame:
    """A result as pandas, with text for categories and the rows of a county together."""
    out = table.to_pandas() if isinstance(table, pa.Table) else table.copy()
    for name in out.columns:
        if isinstance(out[name].dtype, pd.CategoricalDtype):
            out[name] = out[name].astype(out[name].cat.categories.dtype)
        if out[name].dtype.kind != "f":
            out[name] = out[name].astype(object).where(out[name].notna(), None)
    keys = [c for c in ("county", "county_code", "year", "row") if c in out]
    return out.sort_values(keys, kind="stable", ignore_index=True)


def same(got: Any, wanted: Any, name: str) -> None:
    """Compare two outputs, every bit."""
    got, wanted = plain(got), plain(wanted)
    assert list(got.columns) == list(wanted.columns), name
    assert len(got) == len(wanted), name
    for column in wanted.columns:
        a, b = got[column], wanted[column]
        if b.dtype.kind == "f":
            assert np.array_equal(a.to_numpy(np.float64), b.to_numpy(np.float64), equal_nan=True), f"{name}.{column}"
        else:
            assert gaps(a) == gaps(b), f"{name}.{column}"


def gaps(column: Any) -> list[Any]:
    return [None if v is None or v is pd.NA or v != v else v for v in column.tolist()]


def same_problems(got: Any, wanted: Any, row: str = "row") -> None:
    a, b = (jh.results.records(t) for t in (got, wanted))
    fields = ("code", "severity", "column", row, "value", "message", "key")

    def sort(rows: list[dict[str, Any]]) -> list[str]:
        # whether figures look like another unit is asked of each batch by itself: its middle is not that of the whole
        rows = [r for r in rows if r["code"] != "suspicious_scale"]
        return sorted(repr([int(v) if isinstance(v, float) else v for v in (r.get(f) for f in fields)]) for r in rows)

    assert sort(a) == sort(b)


def read(folder: Path, name: str) -> pd.DataFrame:
    return pq.read_table(folder / name).to_pandas()


def write(table: pd.DataFrame, path: Path, **more: Any) -> Path:
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), path, **more)
    return path


# ----------------------------------------------------------------------------------- without an engine


@pytest.mark.slow
def test_the_module_is_there_and_brings_nothing_heavy() -> None:
    code = (
        "import junheng as jh, sys; jh.engines.evaluate_dask;"
        "print([m for m in ('dask', 'distributed', 'pyspark', 'pyarrow.dataset', 'pyarrow.parquet', 'tqdm')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, check=True, timeout=60)
    assert done.stdout.decode().strip() == "[]"


@pytest.mark.parametrize(
    ("hidden", "extra", "call"),
    [
        ("dask", "dask", lambda: evaluate_dask(None, QUALITY)),
        ("pyspark", "spark", lambda: evaluate_spark(None, QUALITY)),
        ("pyarrow.dataset", "parquet", lambda: evaluate_parquet("x", QUALITY, "y")),
    ],
)
def test_an_engine_that_is_not_installed_is_named_with_its_extra(
    hidden: str, extra: str, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, hidden, None)
    with pytest.raises(jh.InputError, match=rf"junheng\[{extra}\]"):
        call()


def test_errors_and_standards_travel_whole() -> None:
    with pytest.raises(jh.InputDataError) as caught:
        jh.evaluate(frame(school(), school(stage="kindergarten")), QUALITY)
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.problems == caught.value.problems and str(again) == str(caught.value)
    error = jh.StandardDataError("x.toml", ["$.id: missing"])
    again = pickle.loads(pickle.dumps(error))
    assert (again.path, again.problems, str(again)) == (error.path, error.problems, str(error))
    for name in jh.list_standards()["id"]:
        std = jh.load_standard(name)
        assert pickle.loads(pickle.dumps(std)) == std


# -------------------------------------------------------------------------------------------- Parquet


@pytest.mark.slow
@pytest.mark.parametrize("make", [province, messy])
@pytest.mark.parametrize("batch_rows", [1, 60, 10_000])
def test_parquet_gives_what_one_evaluation_gives(tmp_path: Path, make: Any, batch_rows: int) -> None:
    table = make()
    source = write(table, tmp_path / "schools.parquet", row_group_size=50)
    facts = county_facts(table)
    ev = jh.evaluate(table, QUALITY, county_facts=facts)
    seen: list[tuple[int, int]] = []
    done = evaluate_parquet(
        source,
        QUALITY,
        tmp_path / "out",
        county_facts=facts,
        outputs=FRAMES,
        batch_rows=batch_rows,
        progress=lambda a, b: seen.append((a, b)),
    )
    for name in FRAMES:
        same(read(tmp_path / "out", name), getattr(ev, name), name)
    same_problems(read(tmp_path / "out", "problems"), ev.problems)
    p = ev.provenance
    assert (done.counties, done.rows, done.sections) == (ev.data.n_counties, p["rows"], p["sections"])
    assert (done.sections_counted, done.left_out) == (p["sections_counted"], p["sections_left_out"])
    assert done.problems == p["warnings"]
    assert done.passes == (2 if make is messy and batch_rows < len(table) / 4 else 1)
    assert done.batches == (1 if batch_rows == 10_000 else done.batches) and seen[-1] == (len(table), len(table))
    assert batch_rows > 1 or done.batches >= 18
    assert json.loads((tmp_path / "out" / "_summary.json").read_text("utf-8")) == done.to_dict()
    assert not [p for p in tmp_path.rglob("*") if ".sorted" in str(p) or p.name.startswith(".")]


def test_rows_are_counted_through_all_files_and_order_is_kept(tmp_path: Path) -> None:
    table = province()
    (tmp_path / "in").mkdir()
    for i, at in enumerate(np.array_split(np.arange(len(table)), 4)):
        part = table.iloc[at]
        # another order of columns in every file, and one that not all have
        part = part[np.random.default_rng(i).permutation(part.columns)].assign(**({"extra": "x"} if i == 2 else {}))
        write(part, tmp_path / "in" / f"part-{i}.parquet")
    ev = jh.evaluate(table, BASIC)
    evaluate_parquet(tmp_path / "in", BASIC, tmp_path / "out", batch_rows=100)
    for name in ("schools", "indicators", "verdicts"):
        got = read(tmp_path / "out", name)
        same(got, getattr(ev, name), name)
        # the counties of these files lie together: the order of the table is that of the results
        wanted = getattr(ev, name)
        assert got["county"].tolist() == wanted["county"].tolist()
    problems = read(tmp_path / "out", "problems")
    assert problems.loc[problems["column"] == "extra", "code"].tolist() == ["unknown_column"]
    listed = evaluate_parquet(
        [tmp_path / "in" / f"part-{i}.parquet" for i in (3, 1)], BASIC, tmp_path / "some", outputs=["left_out"]
    )
    at = np.array_split(np.arange(len(table)), 4)
    assert listed.rows == at[3].size + at[1].size


def test_hive_folders_give_their_columns_and_codes_keep_their_zeros(tmp_path: Path) -> None:
    table = province().drop(columns="county")
    table["county_code"] = "0" + table["county_code"].astype(str)
    for (year, code), part in table.groupby(["year", "county_code"]):
        folder = tmp_path / "in" / f"year={year}" / f"county_code={code}"
        folder.mkdir(parents=True)
        write(part.drop(columns=["year", "county_code"]), folder / "a.parquet")
    ev = jh.evaluate(table, QUALITY)
    evaluate_parquet(tmp_path / "in", QUALITY, tmp_path / "out", outputs=["indicators", "verdicts"], batch_rows=150)
    for name in ("indicators", "verdicts"):
        same(read(tmp_path / "out", name), getattr(ev, name), name)
    assert set(read(tmp_path / "out", "verdicts")["county_code"].str[0]) == {"0"}


@pytest.mark.parametrize("partitioned", [False, True])
def test_text_is_plain_text_and_types_do_not_depend_on_data(tmp_path: Path, partitioned: bool) -> None:
    table = province() if partitioned else frame(school(), junior(), school("二小", included="否"))
    write(table, tmp_path / "a.parquet")
    evaluate_parquet(tmp_path / "a.parquet", QUALITY, tmp_path / "out", outputs=FRAMES)
    for name in FRAMES:
        for field in pq.read_schema(tmp_path / "out" / name / "part-0.parquet"):
            assert field.type in (pa.string(), pa.int64(), pa.float64(), pa.bool_()), (name, field)
            if field.name in ("stage", "verdict", "reason", "item", "op", "clause", "reference"):
                assert field.type == pa.string(), (name, field)


def test_columns_of_other_types_are_read_as_what_they_mean(tmp_path: Path) -> None:
    table = province()
    wanted = jh.evaluate(table, QUALITY)
    arrow = pa.Table.from_pandas(table, preserve_index=False)

    def put(name: str, column: Any) -> None:
        nonlocal arrow
        arrow = arrow.set_column(arrow.column_names.index(name), name, column)

    put("county", arrow["county"].dictionary_encode())
    put("stage", arrow["stage"].cast(pa.large_string()).dictionary_encode())
    put("year", arrow["year"].cast(pa.int16()))
    put("students", arrow["students"].cast(pa.int32()))
    area = [None if np.isnan(x) else Decimal(repr(float(x))) for x in table["teaching_area_m2"]]
    put("teaching_area_m2", pa.array(area, pa.decimal128(30, 12)))
    put("backbone_teachers", arrow["backbone_teachers"].cast(pa.decimal128(9, 0)))
    pq.write_table(arrow, tmp_path / "a.parquet")
    evaluate_parquet(tmp_path / "a.parquet", QUALITY, tmp_path / "out", outputs=["schools", "indicators"])
    same(read(tmp_path / "out", "indicators"), wanted.indicators, "indicators")
    same(read(tmp_path / "out", "schools"), wanted.schools, "schools")


def test_files_that_do_not_agree_are_named(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write(frame(school(), junior()), tmp_path / "in" / "a.parquet")
    write(frame(school(county=3)), tmp_path / "in" / "b.parquet")
    with pytest.raises(jh.InputError, match=r"b\.parquet has column types that differ.*text for codes"):
        evaluate_parquet(tmp_path / "in", QUALITY, tmp_path / "out")
    (tmp_path / "in" / "b.parquet").write_text("no parquet")
    with pytest.raises(jh.InputError, match=r"b\.parquet cannot be read as Parquet"):
        evaluate_parquet(tmp_path / "in", QUALITY, tmp_path / "out")


def test_all_errors_of_all_batches_come_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    table = messy()
    table = table.astype({"students": object})
    at = table.groupby(["county", "year"]).head(1).index[[0, 3, 7]]
    table.loc[at[0], "students"] = "５００"
    table.loc[at[1], "school"] = "合计"
    twin = table.loc[[at[2]]]
    table = pd.concat([table, twin], ignore_index=True)
    table["students"] = table["students"].astype(str)
    with pytest.raises(jh.InputDataError) as local:
        jh.evaluate(table, QUALITY)
    write(table, tmp_path / "a.parquet")
    with pytest.raises(jh.InputDataError) as caught:
        evaluate_parquet(tmp_path / "a.parquet", QUALITY, tmp_path / "out", batch_rows=40)
    errors = [{p for p in e.value.problems if p.severity == "error"} for e in (local, caught)]
    assert errors[0] == errors[1] and len(errors[0]) == 3
    assert str(caught.value) == str(local.value)
    assert [p.name for p in tmp_path.iterdir()] == ["a.parquet"]


def test_a_run_that_breaks_off_leaves_no_target(tmp_path: Path) -> None:
    source = write(province(), tmp_path / "a.parquet")

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate_parquet(source, QUALITY, tmp_path / "out", batch_rows=50, progress=stop)
    assert [p.name for p in tmp_path.iterdir()] == ["a.parquet"]


def test_a_target_that_exists_is_never_written_to(tmp_path: Path) -> None:
    source = write(frame(school(), junior()), tmp_path / "a.parquet")
    (tmp_path / "out").mkdir()
    with pytest.raises(jh.InputError, match="exists"):
        evaluate_parquet(source, QUALITY, tmp_path / "out")


def test_a_target_in_the_source_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write(frame(school(), junior()), tmp_path / "in" / "a.parquet")
    with pytest.raises(jh.InputError, match="is inside the source"):
        evaluate_parquet(tmp_path / "in", QUALITY, tmp_path / "in" / "out")


@pytest.mark.parametrize("batch_rows", [1, 1000])
def test_rows_without_a_county_are_not_lost(tmp_path: Path, batch_rows: int) -> None:
    table = frame(school(), junior(), school("二小", county="乙县"), dict.fromkeys(school()))
    source = write(table, tmp_path / "a.parquet")
    done = evaluate_parquet(source, QUALITY, tmp_path / "out", batch_rows=batch_rows)
    ev = jh.evaluate(table, QUALITY)
    same_problems(read(tmp_path / "out", "problems"), ev.problems)
    same(read(tmp_path / "out", "verdicts"), ev.verdicts, "verdicts")
    assert done.rows == 4 and done.problems == {"empty_row": 1}
    table.loc[3] = school("三小", county=None)
    source = write(table, tmp_path / "b.parquet")
    with pytest.raises(jh.InputDataError, match=r"row 3 .*county is empty"):
        evaluate_parquet(source, QUALITY, tmp_path / "out2", batch_rows=batch_rows)


@pytest.mark.slow
def test_what_holds_for_the_whole_table_is_said_once(tmp_path: Path) -> None:
    table = province().assign(**{"n.b.": "x"})
    table["year"] -= 2000
    source = write(table, tmp_path / "a.parquet")
    done = evaluate_parquet(source, QUALITY, tmp_path / "out", outputs=["verdicts"], batch_rows=1)
    assert done.problems == jh.evaluate(table, QUALITY).provenance["warnings"]
    assert done.problems["not_in_force"] == 2 and done.problems["unknown_column"] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outputs": ["verdict"]}, "unknown output: 'verdict'; choose from schools"),
        ({"outputs": "verdicts"}, "a list"),
        ({"batch_rows": 0}, "batch_rows"),
        ({"missing": "skip"}, "propagate"),
        ({"schools": "nowhere.parquet"}, "does not exist"),
        ({"by": ["province"]}, "province"),
    ],
)
def test_arguments_that_cannot_be_used(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    source = write(frame(school(), junior()), tmp_path / "a.parquet")
    call = {"schools": source, "standard": QUALITY, "target": tmp_path / "out"} | change
    with pytest.raises(jh.InputError, match=message):
        evaluate_parquet(**call)
    assert not (tmp_path / "out").exists()


def test_missing_columns_are_all_named_before_a_row_is_read(tmp_path: Path) -> None:
    table = frame(school(), junior()).drop(columns=["stage", "backbone_teachers"])
    source = write(table, tmp_path / "a.parquet")
    with pytest.raises(jh.InputDataError) as caught:
        evaluate_parquet(source, QUALITY, tmp_path / "out")
    assert {p.column for p in caught.value.problems} == {"stage", "backbone_teachers"}
    empty = write(frame(school(), junior()).iloc[:0], tmp_path / "b.parquet")
    with pytest.raises(jh.InputDataError, match="no rows"):
        evaluate_parquet(empty, QUALITY, tmp_path / "out")


def test_facts_of_unknown_counties_are_refused_although_no_batch_has_all(tmp_path: Path) -> None:
    table = province()
    source = write(table, tmp_path / "a.parquet")
    facts = county_facts(table)
    facts.loc[3, "county"] = "无此县"
    with pytest.raises(jh.InputDataError) as local:
        jh.evaluate(table, QUALITY, county_facts=facts)
    with pytest.raises(jh.InputDataError) as caught:
        evaluate_parquet(source, QUALITY, tmp_path / "out", county_facts=facts, batch_rows=60)
    wanted = [p for p in local.value.problems if p.message.startswith("county_facts")]
    assert list(caught.value.problems) == wanted and "无此县" in str(caught.value)


def test_facts_by_county_as_a_mapping_and_a_standard_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        f'id = "own"\nextends = "{QUALITY}"\njurisdiction = "county"\nlabel = {{ zh = "本县", en = "own" }}\n',
        encoding="utf-8",
    )
    try:
        std = jh.load_standard(own)
    except jh.StandardDataError:  # the least a file must say is tested elsewhere
        std = jh.load_standard(QUALITY)
    table = pd.concat(
        [frame(school(county=c), junior(county=c), one_row("nine_year", county=c, students_primary=300,
         students_junior=200, **{f"{k}_{s}": 9 for k in ("teachers_above_required_degree", "backbone_teachers",
         "pe_art_teachers") for s in ("primary", "junior")})) for c in ("甲县", "乙县", "丙县")]
    )  # fmt: skip
    facts = {"乙县": {"符合交流条件的教师数": 1000, "交流轮岗教师数": 120}, "丙县": {"交流轮岗教师数": 7}}
    source = write(table, tmp_path / "a.parquet")
    evaluate_parquet(source, std, tmp_path / "out", county_facts=facts, batch_rows=1, outputs=FRAMES)
    ev = jh.evaluate(table, std, county_facts=facts)
    for name in FRAMES:
        same(read(tmp_path / "out", name), getattr(ev, name), name)


@pytest.mark.slow
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_any_batch_any_row_groups(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Rows of small counties in any order, cut into any files: always the local answer."""
    n = data.draw(st.integers(1, 25), label="rows")
    county = data.draw(st.lists(st.sampled_from("甲乙丙丁"), min_size=n, max_size=n))
    amount = st.one_of(st.none(), st.floats(0, 1e5, allow_nan=False))
    table = frame(
        *(
            school(f"{i}校", data.draw(st.sampled_from(["primary", "junior"])), county=c, year=data.draw(
                st.sampled_from([2024, 2025])), students=data.draw(st.integers(0, 900)),
                teaching_area_m2=data.draw(amount))
            for i, c in enumerate(county)
        )
    )  # fmt: skip
    table["teaching_area_m2"] = table["teaching_area_m2"].astype(float)
    folder = tmp_path_factory.mktemp("any")
    cuts = sorted(data.draw(st.sets(st.integers(1, n), max_size=3)) | {0, n})
    (folder / "in").mkdir()
    for i, (a, b) in enumerate(pairwise(cuts)):
        write(table.iloc[a:b], folder / "in" / f"{i}.parquet", row_group_size=data.draw(st.integers(1, 9)))
    evaluate_parquet(
        folder / "in", QUALITY, folder / "out", batch_rows=data.draw(st.integers(1, 30)), outputs=FRAMES, progress=False
    )
    ev = jh.evaluate(table, QUALITY)
    for name in ("schools", "school_verdicts", "indicators", "items", "verdicts", "left_out"):
        same(read(folder / "out", name), getattr(ev, name), name)
    same_problems(read(folder / "out", "problems"), ev.problems)
    shutil.rmtree(folder)


def with_codes(*counties: str) -> pd.DataFrame:
    """Counties of three schools, each with a name and a code."""
    rows = [(school, "a"), (school, "b"), (junior, "c")]
    return frame(*(make(f"{c}{i}", county=c, school_code=f"{c}-{i}") for c in counties for make, i in rows))


@pytest.mark.parametrize("batch_rows", [1, 1000])
def test_codes_that_whole_counties_leave_empty_are_missing_wherever_they_lie(tmp_path: Path, batch_rows: int) -> None:
    """Each batch by itself would take the column for absent."""
    table = with_codes("甲县", "乙县", "丙县")
    table.loc[table["county"] == "乙县", "school_code"] = [None, "", "\u200b"]
    source = write(table, tmp_path / "a.parquet")
    with pytest.raises(jh.InputDataError) as local:
        jh.evaluate(table, QUALITY)
    with pytest.raises(jh.InputDataError, match="school_code is empty") as caught:
        evaluate_parquet(source, QUALITY, tmp_path / "out", batch_rows=batch_rows)
    errors = [{p for p in e.value.problems if p.severity == "error"} for e in (local, caught)]
    assert errors[0] == errors[1] and {p.row for p in errors[0]} == {3, 4, 5}


@pytest.mark.parametrize("column", ["school_code", "school", "county_code", "county"])
@pytest.mark.parametrize("batch_rows", [1, 1000])
def test_a_column_in_which_nothing_stands_is_absent(tmp_path: Path, column: str, batch_rows: int) -> None:
    table = with_codes("甲县", "乙县")
    if column == "county":
        table = table.rename(columns={"county": "county_code"})
    table = table.assign(**{column: None})
    source = write(table, tmp_path / "a.parquet")
    evaluate_parquet(source, QUALITY, tmp_path / "out", batch_rows=batch_rows, outputs=FRAMES)
    ev = jh.evaluate(table, QUALITY)
    for name in FRAMES:
        same(read(tmp_path / "out", name), getattr(ev, name), name)
    same_problems(read(tmp_path / "out", "problems"), ev.problems)


def test_counties_without_names_of_schools_lie_beside_others(tmp_path: Path) -> None:
    table = with_codes("甲县", "乙县", "丙县")
    table.loc[table["county"] == "乙县", "school"] = None
    evaluate_parquet(write(table, tmp_path / "a.parquet"), QUALITY, tmp_path / "out", batch_rows=1, outputs=FRAMES)
    ev = jh.evaluate(table, QUALITY)
    for name in FRAMES:
        same(read(tmp_path / "out", name), getattr(ev, name), name)


# ----------------------------------------------------------------------------------------------- Dask


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A local cluster of two processes of one thread."""
    pytest.importorskip("dask.dataframe", reason="Dask is not installed: the extra 'dask'")
    distributed = pytest.importorskip("distributed", reason="distributed is not installed: the extra 'dask'")
    with warnings.catch_warnings():
        # closing workers may leave a socket to the garbage collector: distributed's, not ours
        warnings.simplefilter("ignore", ResourceWarning)
        with (
            distributed.LocalCluster(
                n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
            ) as made,
            distributed.Client(made) as client,
        ):
            yield client


def dask_frame(table: pd.DataFrame, n: int) -> tuple[Any, np.ndarray]:
    """A Dask frame of n partitions and the position at which each begins."""
    import dask.dataframe as dd

    made = dd.from_pandas(table, npartitions=n, sort=False)
    sizes = [len(p) for p in made.partitions]
    return made, np.concatenate([[0], np.cumsum(sizes)])


def positioned(result: pd.DataFrame, starts: Any, column: str = "row") -> pd.DataFrame:
    """A result with rows counted in the whole table, as they are locally."""
    if column not in result:
        return result
    known = result[column].notna()
    at = result.loc[known, "partition"].astype(int).to_numpy()
    out = result.copy()
    out.loc[known, column] = starts[at] + out.loc[known, column].astype(int).to_numpy()
    return out.drop(columns="partition")


@pytest.mark.filterwarnings("ignore:.*unclosed.*:ResourceWarning")
@pytest.mark.parametrize("make", [province, messy])
def test_dask_gives_what_one_evaluation_gives(cluster: Any, make: Any) -> None:
    import dask

    table = make()
    frame_, starts = dask_frame(table, 5)
    facts = county_facts(table)
    lazy = evaluate_dask(frame_, QUALITY, county_facts=facts, outputs=OUTPUTS)
    assert list(lazy) == list(OUTPUTS)
    done = dict(zip(lazy, dask.compute(*lazy.values()), strict=True))
    ev = jh.evaluate(table, QUALITY, county_facts=facts)
    for name in FRAMES:
        same(positioned(done[name], starts), getattr(ev, name), name)
    same_problems(positioned(done["problems"], starts), ev.problems)
    for name in OUTPUTS:
        assert not any(isinstance(t, pd.CategoricalDtype) for t in done[name].dtypes), name
        assert list(lazy[name].columns) == list(done[name].columns)
        assert lazy[name].dtypes.to_dict() == done[name].dtypes.to_dict(), name


def test_dask_without_a_cluster_and_without_a_shuffle() -> None:
    pytest.importorskip("dask.dataframe", reason="Dask is not installed: the extra 'dask'")
    import dask

    table = province()
    ev = jh.evaluate(table, QUALITY)
    with dask.config.set({"scheduler": "sync", "dataframe.shuffle.method": "tasks"}):
        one, starts = dask_frame(table, 1)
        got = evaluate_dask(one, QUALITY, outputs="schools").compute()
        same(positioned(got, starts), ev.schools, "schools")
        import dask.dataframe as dd

        whole = dd.from_delayed([dask.delayed(part) for _, part in table.groupby("county")])
        got = evaluate_dask(whole, QUALITY, outputs="indicators", partitioned=True).compute()
        same(got, ev.indicators, "indicators")
        split, _ = dask_frame(table, 7)
        with pytest.raises(
            jh.InputDataError, match=r"is spread over partitions \d+, \d+; remove partitioned=True"
        ) as caught:
            evaluate_dask(split, QUALITY, partitioned=True)
        named = {p.key for p in caught.value.problems}
        cut = {f"{c} / {y}" for c, y in table[["county", "year"]].drop_duplicates().itertuples(index=False)}
        assert named and named <= cut


def test_dask_takes_missing_cells_in_whole_and_repeated_columns() -> None:
    pytest.importorskip("dask.dataframe", reason="Dask is not installed: the extra 'dask'")
    import dask
    import dask.dataframe as dd

    table = province()
    typed = table.astype({"county": "category", "students": "Int64", "year": "Int64", "stage": "category"})
    typed["teaching_area_m2"] = typed["teaching_area_m2"].astype(pd.ArrowDtype(pa.float64()))
    ev = jh.evaluate(table, QUALITY)
    with dask.config.set({"scheduler": "sync", "dataframe.shuffle.method": "tasks"}):
        got = evaluate_dask(dd.from_pandas(typed, npartitions=4), QUALITY, outputs="indicators").compute()
    same(got, ev.indicators, "indicators")
    # a year that is whole numbers in one partition and, for a gap elsewhere in it, floats in the next
    loose = dd.from_delayed(
        [dask.delayed(table.iloc[:200]), dask.delayed(table.iloc[200:].astype({"year": float}))],
        meta=table.iloc[:0],
        verify_meta=False,
    )
    with dask.config.set({"scheduler": "sync", "dataframe.shuffle.method": "tasks"}):
        got = evaluate_dask(loose, QUALITY, outputs="indicators").compute()
    same(got, ev.indicators, "indicators")


def test_errors_of_dask_workers_reach_the_caller_whole(cluster: Any) -> None:
    table = province()
    table["students"] = table["students"].astype(str)
    table.loc[[3, 200], "students"] = ["５００", "-4"]
    frame_, starts = dask_frame(table, 3)
    lazy = evaluate_dask(frame_, QUALITY, outputs="indicators")
    with pytest.raises(jh.InputDataError, match=r"of partition \d+ \(第\d+县 / .*(full-width|negative)"):
        lazy.compute()
    listed = evaluate_dask(frame_, QUALITY, outputs="problems").compute()
    with pytest.raises(jh.InputDataError) as local:
        jh.evaluate(table, QUALITY)
    wanted = [[str(p.code), p.row, p.key, p.message] for p in local.value.problems]
    got = positioned(listed, starts)[["code", "row", "key", "message"]]
    assert sorted(map(repr, got.values.tolist())) == sorted(map(repr, wanted))
    assert any(p.severity == "error" for p in local.value.problems)


def test_codes_that_a_dask_partition_leaves_empty_are_missing() -> None:
    pytest.importorskip("dask.dataframe", reason="Dask is not installed: the extra 'dask'")
    import dask
    import dask.dataframe as dd

    table = with_codes("甲县", "乙县", "丙县")
    table.loc[table["county"] == "乙县", "school_code"] = None
    parts = [dask.delayed(part) for _, part in table.groupby("county", sort=False)]
    lazy = evaluate_dask(dd.from_delayed(parts, meta=table.iloc[:0]), QUALITY, partitioned=True)
    with dask.config.set(scheduler="sync"), pytest.raises(jh.InputDataError) as caught:
        lazy.compute()
    assert [(p.column, p.row) for p in caught.value.problems] == [("school_code", i) for i in range(3)]
    assert all("if the whole column is empty, remove it" in p.message for p in caught.value.problems)


def test_what_dask_is_not_given() -> None:
    dd = pytest.importorskip("dask.dataframe", reason="Dask is not installed: the extra 'dask'")
    with pytest.raises(jh.InputError, match=r"requires a dask\.dataframe, not DataFrame"):
        evaluate_dask(province(), QUALITY)
    frame_ = dd.from_pandas(province(), npartitions=2)
    with pytest.raises(jh.InputError, match="unknown output"):
        evaluate_dask(frame_, QUALITY, outputs=["schools", "nothing"])
    with pytest.raises(jh.InputDataError, match="books"):
        evaluate_dask(frame_.drop(columns="books"), BASIC)


# ---------------------------------------------------------------------------------------------- Spark


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """Spark with two threads on this machine."""
    sql = pytest.importorskip("pyspark.sql", reason="Spark is not installed: the extra 'spark'")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, and there is no 'java' here")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with warnings.catch_warnings():
        # py4j leaves its sockets to the garbage collector
        warnings.simplefilter("ignore", ResourceWarning)
        session = (
            sql.SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.shuffle.partitions", "3")
            .config("spark.sql.session.timeZone", "UTC")
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()


def spark_frame(session: Any, table: pd.DataFrame, folder: Path, n: int) -> tuple[Any, np.ndarray]:
    """A Spark frame read from n files, each a partition, and the position at which each begins."""
    folder.mkdir()
    cut = np.array_split(np.arange(len(table)), n)
    for i, at in enumerate(cut):
        write(table.iloc[at], folder / f"{i}.parquet")
    frames = [session.read.parquet(str(folder / f"{i}.parquet")).coalesce(1) for i in range(n)]
    made = frames[0]
    for more in frames[1:]:
        made = made.unionByName(more)
    return made, np.concatenate([[0], np.cumsum([a.size for a in cut])])


@pytest.mark.slow
@of_spark
def test_spark_gives_what_one_evaluation_gives(spark: Any, tmp_path: Path) -> None:
    table = messy()
    frame_, starts = spark_frame(spark, table, tmp_path / "in", 3)
    facts = county_facts(table)
    ev = jh.evaluate(table, QUALITY, county_facts=facts)
    lazy = evaluate_spark(frame_, QUALITY, county_facts=facts, outputs=OUTPUTS)
    for name in FRAMES:
        same(positioned(lazy[name].toArrow().to_pandas(), starts), getattr(ev, name), name)
    same_problems(positioned(lazy["problems"].toArrow().to_pandas(), starts), ev.problems)
    spark.catalog.clearCache()
    with pytest.warns(DeprecationWarning, match=r"(frame|output) of evaluate_spark is now"):
        alone: Any = evaluate_spark(frame=frame_, standard=QUALITY, county_facts=facts, output="school_verdicts")  # type: ignore[call-overload]
    same(positioned(alone.toArrow().to_pandas(), starts), ev.school_verdicts, "school_verdicts")


@pytest.mark.slow
@of_spark
def test_spark_takes_decimals_and_whole_numbers_with_gaps(spark: Any, tmp_path: Path) -> None:
    table = province()
    frame_, _ = spark_frame(spark, table, tmp_path / "in", 2)
    for name, to in (("teaching_area_m2", "decimal(20,6)"), ("backbone_teachers", "int"), ("year", "decimal(4,0)")):
        frame_ = frame_.withColumn(name, frame_[name].cast(to))
    got = evaluate_spark(frame_, QUALITY, outputs="indicators").toArrow().to_pandas()
    rounded = table.assign(teaching_area_m2=[float(f"{x:.6f}") for x in table["teaching_area_m2"]])
    same(got, jh.evaluate(rounded, QUALITY).indicators, "indicators")


@pytest.mark.slow
@of_spark
def test_errors_of_spark_workers_keep_their_words(spark: Any, tmp_path: Path) -> None:
    table = province()
    table["students"] = table["students"].astype(str)
    table.loc[[3, 200], "students"] = ["５００", "-4"]
    frame_, starts = spark_frame(spark, table, tmp_path / "in", 2)
    from pyspark.errors import PythonException

    with pytest.raises(
        PythonException, match=r"InputDataError: the input has \d problems?:[^$]*of partition \d \(第\d+县"
    ):
        evaluate_spark(frame_, QUALITY).toArrow()
    listed = positioned(evaluate_spark(frame_, QUALITY, outputs="problems").toArrow().to_pandas(), starts)
    assert {3, 200} <= set(listed.loc[listed["severity"] == "error", "row"])
    with pytest.raises(jh.InputDataError, match="无此县"):
        evaluate_spark(frame_, QUALITY, county_facts={("无此县", 2025): {"government_points": 90}})


@pytest.mark.slow
@of_spark
def test_spark_brings_a_county_together_however_its_name_is_typed(spark: Any, tmp_path: Path) -> None:
    """Half of the rows of every county hold a character that does not show."""
    table = province()
    odd = np.arange(len(table)) % 2 == 1
    table.loc[odd, "county"] = [f"{c[:1]}\u200b{c[1:]}\u3000" for c in table.loc[odd, "county"]]
    frame_, starts = spark_frame(spark, table, tmp_path / "in", 2)
    ev = jh.evaluate(table, QUALITY)
    # else Spark puts what is as little as this into one partition
    spark.conf.set("spark.sql.adaptive.enabled", "false")
    try:
        for name in ("indicators", "verdicts", "school_verdicts"):
            got = evaluate_spark(frame_, QUALITY, outputs=name).toArrow().to_pandas()
            same(positioned(got, starts), getattr(ev, name), name)
    finally:
        spark.conf.unset("spark.sql.adaptive.enabled")


def test_what_spark_is_not_given() -> None:
    pytest.importorskip("pyspark.sql", reason="Spark is not installed: the extra 'spark'")
    with pytest.raises(jh.InputError, match="requires a pyspark DataFrame, not DataFrame"):
        evaluate_spark(province(), QUALITY)


@pytest.mark.parametrize("standard", [BASIC, SHANDONG])
def test_other_standards_pass_the_engines_too(standard: str, tmp_path: Path) -> None:
    made = jh.synthetic.province(seed=4, n_counties=5, conditions=True)
    ev = jh.evaluate(made, standard, missing="omit")
    evaluate_parquet(
        write(made, tmp_path / "a.parquet"), standard, tmp_path / "out", outputs=FRAMES, missing="omit", batch_rows=90
    )
    for name in FRAMES:
        same(read(tmp_path / "out", name), getattr(ev, name), name)
