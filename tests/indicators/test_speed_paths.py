"""What is done to be fast changes nothing: short cuts against the long way round, one thread against many."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import junheng as jh
from junheng import _frames
from junheng._codes import all_distinct, dense_codes, first_codes, row_codes
from junheng._frames import Table, factorize_labels
from junheng.results import records
from junheng.schools import cells, scale
from junheng.schools.cells import MAYBE_TOTAL
from junheng.schools.checks import check_all
from junheng.schools.opening import open_table
from junheng.schools.problems import ProblemList

STANDARD = "cn-quality-balance-2017"


def text(values):
    """A column of text as Arrow keeps it, and the same as Python objects."""
    pytest.importorskip("pyarrow")
    pytest.importorskip("pandas", "2.3", reason="pandas before 2.3 does not keep text in Arrow as pandas 3 does")
    own = pd.Series(values, dtype=pd.StringDtype("pyarrow", na_value=np.nan))
    return Table(pd.DataFrame({"x": own})), Table(pd.DataFrame({"x": pd.Series(values, dtype=object)}))


def columns_of_text():
    rng = np.random.default_rng(0)
    few = rng.choice(["小学", "初中", "primary", "a word of more than sixteen bytes"], 20_000).tolist()
    late = ["a"] * 19_000 + ["b", None, "c"] + ["a"] * 997
    runs = np.repeat([f"第{i}县" for i in range(300)], 70).tolist()
    many = [f"{i % 15_000:08d}" for i in range(20_000)]
    gaps = [None if i % 7 == 0 else w for i, w in enumerate(few)]
    broken_runs = [*runs[:10_000], *runs[:9_000], ""]
    return {
        "few": few,
        "late": late,
        "runs": runs,
        "many": many,
        "gaps": gaps,
        "broken_runs": broken_runs,
        "short": ["a", None, "b", "a", ""],
        "none": [None, None],
        "empty": ["", ""],
        "nothing": [],
        "slice": few[3:9],
    }


@pytest.mark.parametrize("name", list(columns_of_text()))
def test_text_in_arrow_is_coded_as_text_in_python(name):
    values = columns_of_text()[name]
    fast, slow = text(values)
    (codes, words), (wanted, wanted_words) = fast.codes("x"), slow.codes("x")
    assert list(words) == list(wanted_words)
    assert (codes == wanted).all()


def test_a_chunked_or_cut_column_is_coded_like_a_whole_one():
    pa, pl = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
    values = ["乙", "甲", None, "乙", "", "丙"]
    chunks = pa.table({"x": pa.chunked_array([values[:2], values[2:3], values[3:]])})
    cut = pa.table({"x": pa.array(["丁", *values])}).slice(1)
    frames = [chunks, cut, pl.DataFrame({"x": values}), pl.DataFrame({"x": ["丁", *values]})[1:]]
    frames += [pd.DataFrame({"x": pd.Series(["丁", *values], dtype="str")}).iloc[1:]]
    for frame in frames:
        codes, words = Table(frame).codes("x")
        assert codes.tolist() == [0, 1, -1, 0, 2, 3]
        assert list(words) == ["乙", "甲", "", "丙"]


def test_a_categorical_is_coded_in_order_of_appearance():
    column = pd.Categorical(["b", None, "a", "b"], categories=["a", "b", "unused"])
    codes, words = Table(pd.DataFrame({"x": column})).codes("x")
    assert codes.tolist() == [0, -1, 1, 0]
    assert list(words) == ["b", "a"]


def kinds_of_labels(words):
    """The same labels in all the forms whose distinct words are looked at once."""
    pl, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    known = ["unused", *dict.fromkeys(w for w in words if w is not None)]
    yield pd.Categorical(words, categories=known)
    yield pd.Series(words, dtype="category")
    yield pd.Index(pd.Categorical(words, categories=known[::-1]))
    yield pl.Series(words)
    yield pl.Series(words, dtype=pl.Categorical)
    yield pl.Series(words, dtype=pl.Enum(known))
    yield pa.chunked_array([words[:2], words[2:]], type=pa.string())
    yield pa.array(words).dictionary_encode()


def test_labels_of_text_are_those_of_python_objects():
    for words in (["b", "a", "b", "县", "a\x00", "a"], ["a"] * 3):
        codes, labels = factorize_labels(words)
        for given_labels in kinds_of_labels(words):
            got, found = factorize_labels(given_labels)
            assert got.tolist() == codes.tolist(), type(given_labels)
            assert found.tolist() == labels.tolist()
            assert found.dtype == labels.dtype
    for given_labels in kinds_of_labels(["b", "a", None, "b"]):
        with pytest.raises(jh.InputError, match="position 2"):
            factorize_labels(given_labels)


def test_categories_that_are_one_label_are_one_group():
    odd = pd.Index(["\ud800", "x", "\ufffd"], dtype=object)
    codes, labels = factorize_labels(pd.Categorical.from_codes([0, 1, 2], odd))
    assert codes.tolist() == [1, 0, 1]
    assert labels.tolist() == ["x", "\ufffd"]
    with pytest.raises(jh.InputError, match="tuple"):
        factorize_labels(pd.Categorical.from_codes([0, 1], pd.Index([("a", 1), "b"], tupleize_cols=False)))


def test_rows_that_may_be_totals_are_found_without_numbering_the_words():
    values = ["合计", "第一小学", "", None, "小 计", "\u3000", "tOTAL", " x", "各", "合", "县"]
    fast, slow = text(values)
    assert slow.matching("x", MAYBE_TOTAL) is None
    assert fast.matching("x", MAYBE_TOTAL).tolist() == [0, 2, 3, 4, 5, 6, 7, 9]
    assert fast.cells("x", np.array([0, 3])) == ["合计", None] == slow.cells("x", np.array([0, 3]))
    assert text([None, None])[0].matching("x", MAYBE_TOTAL).tolist() == [0, 1]


def test_codes_in_runs_are_renumbered_as_any_codes_are():
    rng = np.random.default_rng(1)
    for codes in (
        np.repeat([5, 2, 9], [10, 10, 10]),
        np.repeat([5, 2, 5, 9], [10, 9, 8, 7]),
        np.array([1, 1, 3, 7]),
        rng.integers(0, 5, 50),
        np.array([3]),
        np.empty(0, dtype=np.int64),
    ):
        wanted = {c: i for i, c in enumerate(dict.fromkeys(codes.tolist()))}
        assert dense_codes(codes).tolist() == [wanted[c] for c in codes.tolist()]
        got, first = first_codes([(codes, 10)])
        assert got.tolist() == dense_codes(codes).tolist()
        assert first.tolist() == [codes.tolist().index(c) for c in wanted]
        assert all_distinct(codes) == (len(wanted) == codes.size)


@given(
    st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 9), st.integers(-1, 30)), max_size=60),
    st.booleans(),
    st.sampled_from([1, 40, 2_000, 1 << 25]),
)
def test_combinations_are_numbered_in_order_of_appearance_whatever_tells_what(rows, told, spread):
    columns = np.array(rows, dtype=np.int32).reshape(-1, 3)
    if told:
        columns[:, 1] = columns[:, 2] % 10
    columns[columns > 0] *= spread
    wanted = list(dict.fromkeys(map(tuple, columns.tolist())))
    got = row_codes([(columns[:, i], n * spread) for i, n in enumerate((4, 10, 31))])
    assert [wanted[c] for c in got.tolist()] == list(map(tuple, columns.tolist()))


@given(
    rows=st.lists(st.tuples(st.sampled_from("bca县"), st.integers(-3, 3), st.sampled_from("yx")), max_size=60),
    in_order=st.booleans(),
    in_runs=st.integers(1, 6),
)
def test_groups_of_several_keys_come_in_the_order_of_their_labels(rows, in_order, in_runs):
    rows = [row for row in (sorted(rows) if in_order else rows) for _ in range(in_runs)]
    wanted = sorted(set(rows))
    names = ["county", "year", "stage"]
    by = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    for given_as in (by, pd.DataFrame(by, columns=names)):
        codes, labels = factorize_labels(given_as)
        assert labels.names == names
        assert labels.tolist() == wanted
        assert [wanted[c] for c in codes] == rows
        assert codes.dtype == np.int64


def test_keys_of_so_many_labels_that_their_product_has_no_room_are_told_apart():
    rng = np.random.default_rng(1)
    rows = 70_000
    by = {f"k{i}": rng.integers(0, rows, rows) for i in range(5)}
    codes, labels = factorize_labels(by)
    assert labels.is_monotonic_increasing and len(labels) == rows
    assert all((labels.get_level_values(k).to_numpy()[codes] == v).all() for k, v in by.items())


# ------------------------------------------------------------------------------------ the whole thing


def nation(**options):
    return jh.synthetic.nation(seed=5, years=2, n_counties=5, **options)


def everything(frame, **options):
    """An evaluation as bytes, or the problems that stop it."""
    try:
        ev = jh.evaluate(frame, STANDARD, **options)
    except jh.InputDataError as exc:
        return str(exc)
    return json.dumps(ev.to_dict(), ensure_ascii=False, allow_nan=False) + ev.explain() + ev.explain(language="zh")


def as_objects(d):
    return d.astype({c: object for c in d.columns if d[c].dtype == "str"})


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("spoil", [None, "name", "code", "duplicate", "number_codes", "no_county", "moved"])
def test_short_cuts_of_reading_change_nothing(shuffle, spoil):
    d = nation()
    if spoil == "name":
        d.loc[[3, 40], "school"] = ["小 计", None]
    elif spoil == "code":
        d.loc[[3, 40], "school_code"] = ["\u3000", "合计"]
    elif spoil == "duplicate":
        d = pd.concat([d, d.iloc[[7, 90]]], ignore_index=True)
    elif spoil == "number_codes":
        d["school_code"] = d["school_code"].astype("int64")
    elif spoil == "no_county":
        d.loc[12, "county"] = None
    elif spoil == "moved":  # a code that two counties use, and a school that is another county's in one year
        d.loc[[0, 1], "school_code"] = d["school_code"].iloc[-1]
        d.loc[30, "county"] = d["county"].iloc[-1]
    if shuffle:
        d = d.sample(frac=1, random_state=1).reset_index(drop=True)
    assert everything(d) == everything(as_objects(d))
    fast, slow = jh.check_schools(d, STANDARD), jh.check_schools(as_objects(d), STANDARD)
    assert (fast["code"] == "duplicate_row").sum() == (2 if spoil == "duplicate" else 0)
    assert records(fast) == records(slow)


def test_whole_numbers_are_told_from_others_wherever_the_broken_one_stands(monkeypatch):
    monkeypatch.setattr(cells, "PIECE", 4)
    values = np.array([1.0, np.nan, 3.0, 0.0, 5.0, 6.0, 7.0])
    assert cells.all_whole(values)
    for i in range(values.size):
        assert not cells.all_whole(np.where(np.arange(values.size) == i, 0.5, values))


@given(st.integers(0, 2**32 - 1), st.integers(0, 9), st.sampled_from([0.3, 1.0, 3.0]))
def test_a_median_counted_to_be_plausible_is_plausible(seed, n, level):
    rng = np.random.default_rng(seed)
    values = rng.choice([0.0, 1.0, 2.0, 4.0, 8.0, np.nan], n) * level
    enrolled = rng.choice([0.0, 1.0, 2.0, np.nan], n)
    rule = {"low": 1.0, "high": 4.0}
    with pytest.MonkeyPatch.context() as patch, np.errstate(divide="ignore", invalid="ignore"):
        patch.setattr(scale, "PIECE", 4)
        told = scale._median_lies_within(values, enrolled, rule)
        each = values / enrolled
    each = each[np.isfinite(each) & (values > 0)]
    if told:
        assert 1.0 <= np.median(each) <= 4.0
    elif each.size % 2:
        assert not 1.0 <= np.median(each) <= 4.0


def test_what_is_asked_of_a_section_is_derived_as_it_was_judged():
    """Requirements are not kept but for those that depend on the size of a school: both sorts in one standard."""
    d = jh.synthetic.province(seed=3, n_counties=3, missing=0.02)
    for id_ in jh.list_standards()["id"]:
        ev = jh.evaluate(d, id_)
        data, frame = ev.data, ev.schools
        for j, _indicator in enumerate(data.indicators):
            for s, _stage in enumerate(("primary", "junior")):
                t = data.threshold(j, s)
                mine = data.sections.stage == s
                assert (data.applies[j, mine] == (t is not None)).all()
                own = data.required[j, mine]
                if t is None:
                    assert np.isnan(own).all()
                elif t.fixed:
                    assert (own == float(t.value)).all()
                else:
                    known = np.isfinite(own)
                    numbers = [float(v) for row in (t.values, *t.readings) for v in row]
                    numbers += [float(v) for v in (t.value, *(i.value for i in t.instead)) if v is not None]
                    low, high = min(numbers), max(numbers)
                    assert known.any() and ((own[known] >= low) & (own[known] <= high)).all()
        assert len(frame) == int(data.applies.sum()) or not data.standard.thresholds


def messy_schools():
    """Schools with something wrong in nearly every way: in one row, in several, contradicting, unreadable."""
    d = nation(missing=0.05).astype({"students": float, "multimedia_classrooms": object})
    whole = np.flatnonzero((d["kind"] == "nine_year").to_numpy())
    d["stage"] = d["stage"].astype(object)
    d["students_primary"], d["students_junior"] = np.nan, np.nan
    d.loc[whole[:4], "stage"] = None
    d.loc[whole[:2], ["students_primary", "students_junior"]] = [[120.0, 80.0], [10.0, -3.0]]
    d.loc[whole[4:8], "students_primary"] = [5.0, 6.0, 7.0, 8.0]
    d.loc[whole[8:12], "resources_cover"] = None
    d.loc[[0, 9], "students"] = [np.nan, 0]
    d.loc[[3, 4], "multimedia_classrooms"] = ["3间", -2]
    d.loc[5, "kind"], d.loc[6, "included"], d.loc[7, "county"] = "天", "也许", None
    return pd.concat([d, d.iloc[[20]]], ignore_index=True)


@pytest.mark.parametrize("standard", [STANDARD, "cn-basic-balance-2012", "cn-js-pukou-2010"])
def test_what_is_listed_does_not_depend_on_who_asked_before(standard):
    d = messy_schools()
    fresh, used = open_table(d), open_table(d)
    for name in reversed(used.frame.columns):
        used.problems_of(name)
    lists = []
    for table in (fresh, used, used):
        found = ProblemList(table)
        check_all(found, jh.load_standard(standard))
        lists.append([p.to_dict() for p in found.listed])
    assert len({p["code"] for p in lists[0]}) > 8
    assert lists[0] == lists[1] == lists[2]


@pytest.mark.parametrize("covered", [True, False])
def test_a_bad_cell_is_told_of_whatever_other_rows_hold(covered):
    d = nation().astype({"multimedia_classrooms": float})
    d.loc[0, "multimedia_classrooms"] = -3.0
    if not covered:
        d.loc[d["kind"] == "nine_year", "resources_cover"] = None
    with pytest.raises(jh.InputDataError, match="-3 rooms is negative"):
        jh.evaluate(d, "cn-js-pukou-2010")
    with pytest.raises(jh.InputDataError, match="-3 rooms is negative"):
        jh.evaluate(d[d["kind"] == "primary"], "cn-js-pukou-2010")


def test_coefficients_rest_on_the_rows_that_count_wherever_they_stand():
    d = nation().sample(frac=1, random_state=2).reset_index(drop=True)
    d.loc[::9, "included"] = "否"
    data = jh.evaluate(d, STANDARD).data
    assert 0 < data.usable.size < len(d)
    wanted = jh.difference_coefficient(
        data.values[:, data.usable].T, weights=data.sections.students[data.usable], by=data.group_codes
    )
    assert np.array_equal(data.coefficient, wanted.to_numpy(), equal_nan=True)


@pytest.mark.parametrize("missing", ["propagate", "omit"])
def test_eight_threads_at_once_give_the_same_bytes(missing):
    d = jh.synthetic.nation(seed=5, n_counties=3, missing=0.02)
    frozen = d.copy(deep=True)

    def run(_):
        ev = jh.evaluate(d, STANDARD, missing=missing)
        return json.dumps(ev.to_dict(), ensure_ascii=False, allow_nan=False).encode() + ev.explain().encode()

    wanted = run(0)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(run, range(8))) == {wanted}
    pd.testing.assert_frame_equal(d, frozen)


def test_eight_threads_may_ask_one_evaluation_for_its_frames():
    d = jh.synthetic.nation(seed=5, n_counties=2)
    ev = jh.evaluate(d, STANDARD)
    wanted = json.dumps(jh.evaluate(d, STANDARD).to_dict(), ensure_ascii=False)
    with ThreadPoolExecutor(8) as pool:
        got = set(pool.map(lambda _: json.dumps(ev.to_dict(), ensure_ascii=False), range(8)))
    assert got == {wanted}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_said_of_many_counties_is_what_is_said_of_each(language):
    d = jh.synthetic.province(seed=3, n_counties=12, items=True, missing=0.02)
    ev = jh.evaluate(d, STANDARD)
    each = [ev.explain(tuple(w[i] for _, w in ev.data.county_words), language=language) for i in range(12)]
    assert ev.explain(language=language) == "\n\n".join(each)


def test_an_evaluation_does_not_number_the_names_of_schools():
    """A nation has as many names as rows: they are only numbered where a frame or a message asks for them."""
    pytest.importorskip("pyarrow")
    pytest.importorskip("pandas", "2.3", reason="pandas before 2.3 does not keep text in Arrow as pandas 3 does")
    ev = jh.evaluate(nation(), STANDARD)
    known = ev.data.sections.schools.coded._codes
    assert "school" not in known
    assert ev.schools["school"].tolist()[0] == "第1县第1小学"


def test_the_input_is_never_written_to():
    d = nation(missing=0.05)
    before = d.copy(deep=True)
    for name in d.columns:
        values = d[name].to_numpy()
        if values.dtype.kind in "if":
            values.flags.writeable = False
    everything(d)
    everything(d, missing="omit")
    pd.testing.assert_frame_equal(d, before)


def test_text_that_polars_holds_is_read_without_python_objects(monkeypatch):
    pl = pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    d = nation()
    frame = pl.DataFrame({c: d[c].to_numpy() if d[c].dtype.kind in "if" else d[c].to_list() for c in d.columns})
    wanted = everything(d)
    monkeypatch.setattr(_frames.Table, "objects", lambda *_: pytest.fail("a column went through Python objects"))
    ev = jh.evaluate(frame, STANDARD)
    monkeypatch.undo()
    assert json.dumps(ev.to_dict(), ensure_ascii=False, allow_nan=False) in wanted
