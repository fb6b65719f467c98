# ruff: noqa: E501 - tables of odd things
"""Odd tables, facts and arguments, drawn from a seed; and the doors that must refuse them in an error of ours.

``python tests/odd_tables.py 20000`` hunts in a long run and prints what ended otherwise, by place.
"""

import datetime as dt
import random
import sys
import traceback
import uuid
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from small_tables import BASIC, QUALITY, SHANDONG, school

import junheng as jh

# ------------------------------------------------------------------------------------------- odd things

HUGE = ("1e999999999", "-1e999999999", "1e-999999999", "9" * 400, "9" * 5000, "1e400", "0." + "1" * 5000, "1e308")
TEXTS = (
    "\ud800", "一\udfff小", "\x00", "a\x00b", "\x1b[31m", "\ufffe", "\uffff", "=1+1", "-", "", " ", "\u200b", "\t", "\r\n",
    "{", "{0}", "%s", "%", "一" * 5000, "合计", "nan", "NaN", "inf", "-inf", "Infinity", "sNaN", "None", "１２", "Ⅳ", "²",
    "①", "½", "٣", "1_000", "0x10", "1,206", "1:2", "é", "e\u0301", "\U0001f3eb", "$.a", "a" * 300, "'", '"', "\\",
)  # fmt: skip
NUMBERS = (
    10**400, 10**5000, -(10**400), 2**63, 2**64, -(2**63), 1e308, 1e-308, 5e-324, -0.0, float("nan"), float("inf"),
    float("-inf"), Decimal("sNaN"), Decimal("NaN"), Decimal("Infinity"), Decimal("1e999999"), Decimal("-1e-999999"),
    Decimal("1e400"), Fraction(1, 3), Fraction(10**400), Fraction(1, 10**5000), 1 + 2j, complex("nan"), np.float16(1),
    np.float32("nan"), np.float64("inf"), np.int8(-1), np.uint64(2**64 - 1), np.longdouble("1e4000"), np.complex64(1j),
    np.bool_(True), True,
)  # fmt: skip
OBJECTS = (
    None, pd.NA, pd.NaT, b"\xff", bytearray(b"a"), [], [1, None], (1, 2), {}, {"a": 1}, {1}, frozenset(), object(), int,
    dt.date(2025, 1, 1), dt.datetime(2025, 1, 1), dt.datetime(1, 1, 1, tzinfo=dt.UTC), dt.time(1), dt.timedelta(1),
    np.datetime64("2025-01-01"), np.datetime64("NaT", "D"), np.timedelta64(1, "D"), pd.Timestamp("2025-01-01", tz="UTC"),
    pd.Timedelta(1, "D"), pd.Period("2025-01"), pd.Interval(0, 1), np.array(1), np.array([1, 2]), np.array([]),
    np.array("a"), np.array(None), np.ma.masked, np.str_("a"), np.bytes_(b"a"), uuid.UUID(int=1), range(3), ...,
    pd.Series([1]), pd.DataFrame({"a": [1]}), slice(1), memoryview(b"a"), jh.ProblemCode.NEAR_TWIN, Exception("a"),
)  # fmt: skip


class Hostile:
    """A cell whose every question raises."""

    def __repr__(self) -> str:
        return "\ud800"


ODD = (*HUGE, *TEXTS, *NUMBERS, *OBJECTS, Hostile())
HEADERS: tuple[Any, ...] = (
    *TEXTS, *HUGE[:5], 0, 1, -1, 2025, 1.5, float("nan"), None, True, ("a", "b"), ("students", ""), (), b"students",
    dt.date(2025, 1, 1), pd.Timestamp("2025-01-01"), pd.NA, pd.NaT, 10**400, 10**5000, Decimal("sNaN"), Fraction(1, 3), 1j,
    frozenset(), object(), np.int64(3), np.str_("students"), pd.Period("2025-01"), pd.Interval(0, 1),
    "students", "school", "学校名称", "学生人数（人）", "学生人数(", "教学及辅助用房面积（亩）", "面积（" + "（" * 50, "图书（万册）",
    "books_primary", "students_senior", "year", "county", "included", "in_coefficient", "kind", "ownership", "owner_type",
)  # fmt: skip
MORE_COLUMNS = (
    "year", "kind", "ownership", "included", "in_coefficient", "in_basic_standard", "school_code", "county_code",
    "students_primary", "students_junior", "students_senior", "classes", "largest_class_size", "resources_cover",
    "area_type", "indoor_sports_m2", "parent_school_code", "founded", "staff", "owner_type", "boarders", "备注",
)  # fmt: skip


def _as_object(values: list[Any]) -> Any:
    out = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        out[i] = value
    return out


#: Columns of odd types, by library: a function of the rows and a random source.
PANDAS: dict[str, Callable[[int, random.Random], Any]] = {
    "nullable whole": lambda n, r: pd.array([None, *range(1, n)], dtype="Int64"),
    "nullable real": lambda n, r: pd.array([None, *range(1, n)], dtype="Float64"),
    "nullable truth": lambda n, r: pd.array([None, *[True] * (n - 1)], dtype="boolean"),
    "sparse": lambda n, r: pd.arrays.SparseArray([0.0, *[500.0] * (n - 1)]),
    "sparse text": lambda n, r: pd.Series(["a"] * n, dtype=pd.SparseDtype(object, "a")),
    "period": lambda n, r: pd.period_range("2025-01", periods=n),
    "interval": lambda n, r: pd.interval_range(0, n),
    "dates": lambda n, r: pd.date_range("2025-01-01", periods=n, tz=r.choice([None, "Asia/Shanghai"])),
    "spans": lambda n, r: pd.timedelta_range("1D", periods=n),
    "complex": lambda n, r: np.full(n, 1 + 1j),
    "long double": lambda n, r: np.full(n, np.longdouble("1e4000")),
    "half": lambda n, r: np.full(n, 500, dtype=np.float16),
    "bytes": lambda n, r: pd.Series([b"\xff"] * n, dtype=object),
    "categories": lambda n, r: pd.Categorical([r.choice(["a", None, "小学"]) for _ in range(n)]),
    "number categories": lambda n, r: pd.Categorical([500, *[None] * (n - 1)], ordered=True),
    "odd categories": lambda n, r: pd.Categorical([(1, 2), *[("a", "b")] * (n - 1)]),
    "interval categories": lambda n, r: pd.cut(np.arange(n), 2),
    "no categories": lambda n, r: pd.Categorical([None] * n),
    "python text": lambda n, r: pd.array([r.choice(TEXTS) for _ in range(n)], dtype=pd.StringDtype("python")),
    "arrow text": lambda n, r: pd.array(["\x00"] * n, dtype=pd.StringDtype("pyarrow")),
    "arrow": lambda n, r: pd.Series(pd.array(_arrow_column(n, r), dtype=None)),
    "arrow type": lambda n, r: pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([_arrow_column(n, r)]))),
    "objects": lambda n, r: pd.Series(_as_object([r.choice(ODD) for _ in range(n)]), dtype=object),
    "numbers": lambda n, r: pd.Series(_as_object([r.choice(NUMBERS) for _ in range(n)]), dtype=object),
    "texts": lambda n, r: pd.Series(_as_object([r.choice((*TEXTS, *HUGE)) for _ in range(n)]), dtype=object),
    "nothing": lambda n, r: pd.Series(_as_object([None] * n), dtype=object),
    "large whole": lambda n, r: np.full(n, 2**64 - 1, dtype=np.uint64),
    "extremes": lambda n, r: np.array([r.choice([1e308, 5e-324, -1e308, np.inf, 0.0, np.nan]) for _ in range(n)]),
    "truth": lambda n, r: np.array([True] * n),
}


def _arrow_column(n: int, r: random.Random) -> Any:
    return ARROW[r.choice(list(ARROW))](n, r)


ARROW: dict[str, Callable[[int, random.Random], Any]] = {
    "text view": lambda n, r: pa.array(["小学", *["a"] * (n - 1)], pa.string_view()),
    "large text": lambda n, r: pa.array(["小学", *[None] * (n - 1)], pa.large_string()),
    "bytes": lambda n, r: pa.array([b"\xff"] * n, r.choice([pa.binary(), pa.large_binary(), pa.binary(1)])),
    "bytes view": lambda n, r: pa.array([b"\xff"] * n, pa.binary_view()),
    "dictionary": lambda n, r: pa.array(["a", *["小学"] * (n - 1)]).dictionary_encode(),
    "number dictionary": lambda n, r: pa.array([500] * n).dictionary_encode(),
    "view dictionary": lambda n, r: pa.DictionaryArray.from_arrays(
        pa.array([0] * n), pa.array(["a"], pa.string_view())
    ),
    "list": lambda n, r: pa.array([[1, None]] * n),
    "large list": lambda n, r: pa.array([[1]] * n, pa.large_list(pa.int8())),
    "fixed list": lambda n, r: pa.array([[1, 2]] * n, pa.list_(pa.int8(), 2)),
    "struct": lambda n, r: pa.array([{"a": 1}] * n),
    "map": lambda n, r: pa.array([[("a", 1)]] * n, pa.map_(pa.string(), pa.int8())),
    "null": lambda n, r: pa.nulls(n),
    "decimal": lambda n, r: pa.array([Decimal("1.50")] * n, r.choice([pa.decimal128(38, 2), pa.decimal256(76, 2)])),
    "long decimal": lambda n, r: pa.array([Decimal("9" * 70)] * n, pa.decimal256(76, 0)),
    "day": lambda n, r: pa.array([dt.date(2025, 1, 1)] * n, r.choice([pa.date32(), pa.date64()])),
    "time": lambda n, r: pa.array([1] * n, r.choice([pa.time32("s"), pa.time64("ns")])),
    "stamp": lambda n, r: pa.array([2**62] * n, pa.timestamp(r.choice(["s", "us"]), r.choice([None, "UTC"]))),
    "span": lambda n, r: pa.array([2**62] * n, pa.duration("s")),
    "calendar span": lambda n, r: pa.array([(1, 2, 3)] * n, pa.month_day_nano_interval()),
    "half": lambda n, r: pa.array(np.full(n, 500, np.float16)),
    "truth": lambda n, r: pa.array([True, *[None] * (n - 1)]),
    "whole": lambda n, r: pa.array([2**64 - 1] * n, pa.uint64()),
    "runs": lambda n, r: pa.RunEndEncodedArray.from_arrays([n], pa.array(["a"])),
    "union": lambda n, r: pa.UnionArray.from_sparse(pa.array([0] * n, pa.int8()), [pa.array([1] * n)]),
    "uuid": lambda n, r: pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"a" * 16] * n, pa.binary(16))),
    "broken text": lambda n, r: pa.Array.from_buffers(
        pa.string(), n, [None, pa.array(list(range(n + 1)), pa.int32()).buffers()[1], pa.py_buffer(b"\xff" * n)]
    ),
}
POLARS: dict[str, Callable[[int, random.Random], Any]] = {
    "object": lambda n, r: pl.Series([r.choice(ODD[-40:]) for _ in range(n)], dtype=pl.Object),
    "list": lambda n, r: pl.Series([[1, 2]] * n),
    "array": lambda n, r: pl.Series([[1, 2]] * n, dtype=pl.Array(pl.Int8, 2)),
    "struct": lambda n, r: pl.Series([{"a": 1}] * n),
    "span": lambda n, r: pl.Series([dt.timedelta(1)] * n),
    "bytes": lambda n, r: pl.Series([b"\xff"] * n),
    "null": lambda n, r: pl.Series([None] * n, dtype=pl.Null),
    "decimal": lambda n, r: pl.Series([Decimal("1.5")] * n),
    "long decimal": lambda n, r: pl.Series(["9" * 35] * n).cast(pl.Decimal(38, 0)),
    "day": lambda n, r: pl.Series([dt.date(2025, 1, 1)] * n),
    "stamp": lambda n, r: pl.Series([2**62] * n).cast(pl.Datetime("us", r.choice([None, "UTC"]))),
    "long span": lambda n, r: pl.Series([2**62] * n).cast(pl.Duration("ms")),
    "time": lambda n, r: pl.Series([dt.time(1)] * n),
    "categories": lambda n, r: pl.Series(["小学", *[None] * (n - 1)], dtype=pl.Categorical),
    "enum": lambda n, r: pl.Series(["小学"] * n, dtype=pl.Enum(["小学", "a"])),
    "whole": lambda n, r: pl.Series([2**64 - 1] * n, dtype=pl.UInt64),
    "very whole": lambda n, r: pl.Series([2**100] * n, dtype=pl.Int128),
    "truth": lambda n, r: pl.Series([True] * n),
    "texts": lambda n, r: pl.Series([r.choice([*HUGE, "\x00", "\uffff", "", "合计", "a" * 300]) for _ in range(n)]),
    "extremes": lambda n, r: pl.Series([r.choice([1e308, 5e-324, float("inf"), float("nan")]) for _ in range(n)]),
}


# ---------------------------------------------------------------------------------------------- drawing


def base_columns(r: random.Random) -> dict[str, list[Any]]:
    """Return the columns of a small valid table."""
    n = r.randint(1, 5)
    rows = [school(f"第{i}小学", r.choice(["primary", "junior"])) for i in range(n)]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    for name in r.sample(MORE_COLUMNS, r.randint(0, 3)):
        columns[name] = [None] * n
    return columns


def odd_cells(columns: dict[str, list[Any]], r: random.Random) -> None:
    """Plant odd cells."""
    for _ in range(r.randint(1, 3)):
        name = r.choice(list(columns))
        for row in range(len(columns[name])) if r.random() < 0.3 else [r.randrange(len(columns[name]))]:
            columns[name][row] = r.choice(ODD)


def pandas_table(r: random.Random) -> Any:
    columns = base_columns(r)
    n = len(columns["school"])
    if r.random() < 0.6:
        odd_cells(columns, r)
    frame = pd.DataFrame({k: pd.Series(_as_object(v), dtype=object) for k, v in columns.items()})
    if r.random() < 0.5:
        frame = frame.infer_objects()
    for _ in range(r.choice([0, 1, 1, 2])):
        name = r.choice(list(frame.columns))
        values = PANDAS[r.choice(list(PANDAS))](n, r)
        frame[name] = values if not isinstance(values, pd.Series) else values.set_axis(frame.index)
    return odd_pandas_headers(frame, r)


def odd_pandas_headers(frame: pd.DataFrame, r: random.Random) -> pd.DataFrame:
    kind = r.choice(
        ["", "", "", "some", "some", "levels", "whole", "ordered", "index", "no rows", "no columns", "named"]
    )
    if kind == "some":
        headers = list(frame.columns)
        for _ in range(r.randint(1, 2)):
            headers[r.randrange(len(headers))] = r.choice(HEADERS)
        frame.columns = pd.Index(headers, dtype=object, tupleize_cols=r.random() < 0.3)
    elif kind == "levels":
        frame.columns = pd.MultiIndex.from_tuples([(str(c), r.choice(["", "人", c, 1])) for c in frame.columns])
    elif kind == "whole":
        frame.columns = range(frame.shape[1])
    elif kind == "ordered":
        frame.columns = pd.CategoricalIndex(frame.columns)
    elif kind == "index":
        odd = [
            pd.MultiIndex.from_tuples([(0, i) for i in range(len(frame))]),
            [0] * len(frame),
            ["school"] * len(frame),
        ]
        frame.index = r.choice(odd)
        frame.index.name = "school" if frame.index.nlevels == 1 else None
    elif kind == "no rows":
        frame = frame.iloc[:0]
    elif kind == "no columns":
        frame = frame.iloc[:, :0]
    elif kind == "named":
        frame.columns.name = "school"
    return frame


def polars_table(r: random.Random) -> Any:
    columns = base_columns(r)
    n = len(columns["school"])
    frame = pl.DataFrame({k: pl.Series(v, strict=False) for k, v in columns.items()})
    for _ in range(r.randint(1, 3)):
        frame = frame.with_columns(POLARS[r.choice(list(POLARS))](n, r).alias(r.choice(frame.columns)))
    if r.random() < 0.3:
        header = str(r.choice([h for h in HEADERS if not isinstance(h, (int, float, Decimal, Fraction)) or h == 1]))
        name = r.choice(frame.columns)
        if header not in frame.columns and header.isprintable():
            frame = frame.rename({name: header})
    return frame.lazy() if r.random() < 0.03 else frame


def arrow_table(r: random.Random) -> Any:
    columns = base_columns(r)
    n = len(columns["school"])
    names, arrays = list(columns), [pa.array(v) for v in columns.values()]
    for _ in range(r.randint(1, 3)):
        arrays[r.randrange(len(arrays))] = _arrow_column(n, r)
    if r.random() < 0.3:
        names[r.randrange(len(names))] = r.choice(
            ["", "students", "\x00", "²", "a" * 300, "学校名称", "图书（万册）", "{"]
        )
    made = pa.table(arrays, names=names)
    return r.choice([made, made, made, pa.concat_tables([made, made]), made.slice(0, 0)])


def draw_table(r: random.Random) -> Any:
    """Return an odd table; the libraries themselves refuse to build some."""
    while True:
        try:
            return r.choice([pandas_table, pandas_table, polars_table, arrow_table])(r)
        except Exception:  # the library of the table refuses it: not ours
            continue


# ------------------------------------------------------------------------------------------------ doors


def _clean(n: int = 4) -> pd.DataFrame:
    return pd.DataFrame([school(f"第{i}小学", s) for i in range(n) for s in ("primary", "junior")])


#: What takes a table.
TABLE_DOORS: dict[str, Callable[[Any, random.Random], Any]] = {
    "describe_columns": lambda t, r: jh.describe_columns(t),
    "standardize_columns": lambda t, r: jh.standardize_columns(t),
    "check_schools": lambda t, r: [jh.check_schools(t, language=lang) for lang in ("en", "zh")],
    "check_schools by a standard": lambda t, r: jh.check_schools(t, r.choice([BASIC, QUALITY, SHANDONG])),
    "split_stages": lambda t, r: jh.split_stages(t, jh.load_standard(QUALITY)),
    "plausibility": lambda t, r: jh.plausibility(t, standard=r.choice([None, BASIC, QUALITY, SHANDONG]), alpha=0.5),
    "evaluate": lambda t, r: use(jh.evaluate(t, r.choice([BASIC, QUALITY]), missing=r.choice(["propagate", "omit"]))),
    "roll_forward": lambda t, r: jh.roll_forward(
        jh.evaluate(t, QUALITY), unit_costs={"books": 1}, yearly_budget=1, until=2027, start=2025
    ),
    "facts": lambda t, r: jh.evaluate(_clean(2), QUALITY, county_facts=t),
    "by": lambda t, r: jh.gini(np.arange(rows_of(t)), weights=None, by=t),
    "values": lambda t, r: jh.difference_coefficient(t, weights=None),
    "standardize and evaluate": lambda t, r: use(jh.evaluate(jh.standardize_columns(t), QUALITY)),
}


def use(ev: Any) -> Any:
    """Ask an evaluation for all it has."""
    for name in ("schools", "school_verdicts", "indicators", "items", "verdicts", "left_out"):
        getattr(ev, name)
    ev.to_dict(), ev.explain(), ev.explain(language="zh"), ev._repr_html_(), ev.summary()
    jh.shortfalls(ev), jh.margins(ev), jh.contributions(ev)
    return ev.relabel("zh").schools


VECTOR_DOORS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "difference_coefficient": lambda v, w, b: jh.difference_coefficient(v, weights=w, by=b),
    "weighted_mean": lambda v, w, b: jh.weighted_mean(v, weights=w, by=b),
    "gini": lambda v, w, b: jh.gini(v, weights=w, by=b),
    "theil_t": lambda v, w, b: jh.theil_t(v, weights=w, by=b),
    "theil_l": lambda v, w, b: jh.theil_l(v, weights=w, by=b),
    "atkinson": lambda v, w, b: jh.atkinson(v, weights=w, by=b, epsilon=0.5),
    "hoover": lambda v, w, b: jh.hoover(v, weights=w, by=b),
    "log_variance": lambda v, w, b: jh.log_variance(v, weights=w, by=b),
    "quantile_ratio": lambda v, w, b: jh.quantile_ratio(v, weights=w, by=b, upper=0.8, lower=0.2),
    "range_ratio": lambda v, w, b: jh.range_ratio(v, weights=w, by=b),
    "mcloone_index": lambda v, w, b: jh.mcloone_index(v, weights=w, by=b),
    "adequacy_index": lambda v, w, b: jh.adequacy_index(v, weights=w, by=b, threshold=3),
    "slope_index": lambda v, w, b: jh.slope_index(v, weights=w, by=b, order=w),
    "neutrality": lambda v, w, b: jh.neutrality(v, weights=w, by=b, wealth=w),
    "population_attributable_risk": lambda v, w, b: jh.population_attributable_risk(v, weights=w, by=b, order=v),
    "lorenz_curve": lambda v, w, b: jh.lorenz_curve(v, weights=w),
    "decompose": lambda v, w, b: jh.decompose(v, weights=w, by=b),
    "influence": lambda v, w, b: jh.influence(v, weights=w, by=b),
    "percentile_rank": lambda v, w, b: jh.percentile_rank(v, weights=w, by=b),
    "per_student": lambda v, w, b: jh.per_student(v, w),
    "composite": lambda v, w, b: jh.composite_difference_coefficient(v),
    "compliance": lambda v, w, b: jh.compliance(v, v),
    "least_additions": lambda v, w, b: jh.least_additions(v, students=w, limit=0.1),
    "least_transfers": lambda v, w, b: jh.least_transfers(v, students=w, limit=0.1, whole=True),
    "bootstrap_interval": lambda v, w, b: jh.bootstrap_interval(v, weights=w, by=b, seed=0),
}


def draw_vector(r: random.Random) -> Any:
    """Return an odd argument where one number or label per school is expected."""
    n = r.choice([3, 3, 3, 3, 0, 1])
    while True:
        try:
            kind = r.randrange(9)
            if kind == 0:
                return r.choice(ODD)
            if kind == 1:
                return [r.choice(ODD) for _ in range(n)]
            if kind == 2:
                return _as_object([r.choice(ODD) for _ in range(n)])
            if kind == 3:
                values = PANDAS[r.choice(list(PANDAS))](max(n, 1), r)
                return values if r.random() < 0.5 else pd.Series(values)
            if kind == 4:
                return POLARS[r.choice(list(POLARS))](n, r)
            if kind == 5:
                return _arrow_column(max(n, 1), r)
            if kind == 6:
                return {r.choice(HEADERS[:8]): [r.choice(ODD) for _ in range(n)]}
            return [r.choice([1.0, 2, 500, 3.5]) for _ in range(n)]
        except Exception:  # the library refuses to build it
            continue


def draw_facts(r: random.Random) -> Any:
    """Return odd facts about a county."""
    ids = [*list(jh.schools.columns())[:3], "government_points", "funds_for_training", "county", "year", "占比", "²"]
    facts: Any = {r.choice(ids): r.choice(ODD) for _ in range(r.randint(1, 3))}
    kind = r.randrange(6)
    if kind == 0:
        return {r.choice(["甲县", *ODD[:60], 1, None]): facts}
    if kind == 1:
        return {k: [v] for k, v in facts.items()} | {"county": ["甲县"]}
    if kind == 2:
        return {k: r.choice([np.array(v, dtype=object), np.array([v], dtype=object)]) for k, v in facts.items()}
    if kind == 3:
        return {("甲县", r.choice(ODD[:40])): facts}
    return facts if kind == 4 else r.choice(ODD)


def odd_changes(value: Any) -> list[Any]:
    c = jh.changes
    return [
        c.Add("books", value, school="第1小学"), c.Add("books", 1, school=value), c.Add(value, 1, school="第1小学"),
        c.Close(school="第1小学", students_to=value), c.Close(school=value), c.Enrolment(factor=value), c.Enrolment(factor=0.9, school=value),
        c.Merge(schools=["第1小学", value], into="第0小学"),
        c.Merge(schools=value, into=value), c.Cohorts(entering=value, leaving=1), 
        c.Open(row={"school": "新校", "students": value}), c.Open(row=value), value, [value],
    ]  # fmt: skip


ARGUMENT_DOORS: dict[str, Callable[[Any, random.Random], Any]] = {
    "evaluate by": lambda v, r: jh.evaluate(_clean(2), QUALITY, by=r.choice([v, [v]])),
    "evaluate standard": lambda v, r: jh.evaluate(_clean(2), v),
    "evaluate missing": lambda v, r: jh.evaluate(_clean(2), QUALITY, missing=v),
    "evaluate schools": lambda v, r: jh.evaluate(v, QUALITY),
    "check language": lambda v, r: jh.check_schools(_clean(2), language=v),
    "check standard": lambda v, r: jh.check_schools(_clean(2), v),
    "plausibility": lambda v, r: jh.plausibility(_clean(2), **{r.choice(["by", "standard", "alpha", "language"]): v}),
    "mapping": lambda v, r: jh.standardize_columns(_clean(2), mapping=r.choice([v, {_key(v): "books"}, {"books": v}])),
    "load_standard": lambda v, r: jh.load_standard(v),
    "threshold": lambda v, r: jh.load_standard(QUALITY).threshold(v, stage="primary"),
    "threshold stage": lambda v, r: jh.load_standard(QUALITY).threshold("books_per_student", stage=v),
    "options": lambda v, r: jh.load_standard(SHANDONG).with_options(**{r.choice(["between_sizes", "below_smallest", "relaxations", "small_teaching_points"]): v}),
    "explain": lambda v, r: jh.evaluate(_clean(2), QUALITY).explain(**{r.choice(["county", "school", "stage", "language"]): v}),
    "relabel": lambda v, r: jh.evaluate(_clean(2), QUALITY).relabel(v),
    "apply": lambda v, r: jh.evaluate(_clean(2), QUALITY).apply(r.choice(odd_changes(v))),
    "facts": lambda v, r: jh.evaluate(_clean(2), QUALITY, county_facts=draw_facts(r)),
    "facts by fact": lambda v, r: use(jh.evaluate(_clean(2), QUALITY, county_facts={r.choice(list(fact_ids())): v})),
    "plan": lambda v, r: jh.plan(jh.evaluate(_clean(2), QUALITY), unit_costs=r.choice([v, {"books": v}, {_key(v): 1}])),
    "plan budget": lambda v, r: jh.plan(jh.evaluate(_clean(2), QUALITY), unit_costs={"books": 1}, budget=v),
    "epsilon": lambda v, r: jh.atkinson([1, 2], weights=None, epsilon=v),
    "limit": lambda v, r: jh.least_additions([1, 2], students=[1, 1], limit=v),
    "read_schools": lambda v, r: jh.read_schools(v),
    "describe_file": lambda v, r: jh.describe_file(v),
    "read_facts": lambda v, r: jh.read_facts(v),
    "write_declaration": lambda v, r: jh.reports.write_declaration(jh.evaluate(_clean(2), QUALITY), v),
    "write_results": lambda v, r: jh.reports.write_results(jh.evaluate(_clean(2), QUALITY), v),
    "write_report": lambda v, r: jh.reports.write_report(jh.evaluate(_clean(2), QUALITY), v),
}  # fmt: skip


def _key(value: Any) -> Any:
    try:
        hash(value)
    except (TypeError, ValueError):
        return "²"
    return value


def rows_of(table: Any) -> int:
    return 3 if isinstance(table, pl.LazyFrame) else len(table)


def fact_ids() -> frozenset[str]:
    from junheng._data import fact_ids as known

    return known()


# ----------------------------------------------------------------------------------------------- hunting


def outcome(work: Callable[[], Any]) -> str | None:
    """Run; return where it ended in an error or a warning that is not ours, None if all is well."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", jh.ReadingWarning)
        try:
            work()
        except jh.JunhengError as exc:
            return _sayable(exc)
        except Exception as exc:
            return _place(exc)
    return None


def _sayable(exc: jh.JunhengError) -> str | None:
    """An error can be said in both languages, and printed by anybody."""
    try:
        for text in (str(exc), exc.text("en"), exc.text("zh")):
            text.encode()
    except Exception as wrong:
        return "SAYING " + _place(wrong) + " < " + _place(exc)
    return None


def _place(exc: BaseException) -> str:
    frames = [f for f in traceback.extract_tb(exc.__traceback__) if "/junheng/" in f.filename]
    at = f"{frames[-1].filename.rpartition('/junheng/')[2]}:{frames[-1].lineno}" if frames else "outside"
    try:
        text = str(exc).encode("ascii", "replace").decode()
    except Exception:
        text = "(not to be said)"
    return f"{at} {type(exc).__name__}: {text[:90]}"


def hunt(seed: int) -> Iterator[tuple[str, str | None]]:
    """Draw one oddity and pass it through some doors; yield door and outcome."""
    r = random.Random(seed)
    if seed % 3:
        table = draw_table(r)
        for door in r.sample(list(TABLE_DOORS), 3):
            yield door, outcome(lambda door=door: TABLE_DOORS[door](table, r))  # type: ignore[misc]
    elif seed % 2:
        v, w, b = draw_vector(r), draw_vector(r), draw_vector(r)
        w = w if r.random() < 0.5 else None
        b = b if r.random() < 0.5 else None
        for door in r.sample(list(VECTOR_DOORS), 4):
            yield door, outcome(lambda door=door: VECTOR_DOORS[door](v, w, b))  # type: ignore[misc]
    else:
        value, door = r.choice(ODD), r.choice(list(ARGUMENT_DOORS))
        yield door, outcome(lambda: ARGUMENT_DOORS[door](value, r))


def main(first: int, last: int) -> None:
    found: Counter[str] = Counter()
    where: dict[str, tuple[int, str]] = {}
    tables = 0
    for seed in range(first, last):
        tables += 1
        for door, wrong in hunt(seed):
            if wrong is not None:
                found[wrong] += 1
                where.setdefault(wrong, (seed, door))
    print(tables, "drawn,", sum(found.values()), "undocumented")
    for wrong, n in found.most_common():
        print(f"{n:5d} seed {where[wrong][0]} {where[wrong][1]}: {wrong}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 2 else 0, int(sys.argv[-1]))
