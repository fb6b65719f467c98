"""The kernel in plain numpy and compiled: each as the exact formulas say, and both alike."""

import math
import sys
from fractions import Fraction

import numpy as np
import oracle
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from junheng import _arrays
from junheng._arrays import Groups, coefficient, grouped_moments

HAS_NUMBA = True
try:
    import numba  # noqa: F401
except ImportError:
    HAS_NUMBA = False

PATHS = [False, pytest.param(True, marks=pytest.mark.skipif(not HAS_NUMBA, reason="numba is not installed"))]
every_path = pytest.mark.parametrize("compiled", PATHS)
needs_numba = pytest.mark.skipif(not HAS_NUMBA, reason="numba is not installed")


@st.composite
def tables(draw, hard=False):
    """Columns, weights and codes of a table: groups of 1 to 300 rows, in any order, with gaps and absent rows."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = draw(st.lists(st.sampled_from([1, 2, 3, 7, 8, 9, 16, 17, 40, 129, 130, 137, 300]), min_size=1, max_size=6))
    codes = np.repeat(np.arange(len(sizes)), sizes)
    if draw(st.booleans()):
        codes = rng.permutation(codes)
    n = codes.size
    columns = [1e9 + rng.standard_normal(n) if hard else rng.lognormal(0, 2, n) for _ in range(draw(st.integers(1, 4)))]
    weights = rng.integers(1, 3000, n).astype(float)
    if draw(st.booleans()):
        weights[rng.random(n) < 0.2] = 0.0
    if draw(st.booleans()):
        for x in columns:
            x[rng.random(n) < draw(st.sampled_from([0.01, 0.2, 1.0]))] = np.nan
    return columns, (None if draw(st.booleans()) else weights), codes, len(sizes)


def same_bits(a, b):
    return all(getattr(a, name).tobytes() == getattr(b, name).tobytes() for name in ("weight", "mean", "std"))


def alike(a, b):
    """Hold two results against each other: 1e-13 of the mean, or of the deviation where that is larger."""
    np.testing.assert_array_equal(np.isnan(a.mean), np.isnan(b.mean))
    np.testing.assert_allclose(a.weight, b.weight, rtol=1e-13)
    unit = np.fmax(np.abs(a.mean), a.std)
    for name in ("mean", "std"):
        x, y = getattr(a, name), getattr(b, name)
        assert (np.isnan(x) | (np.abs(x - y) <= 1e-13 * unit)).all()


@needs_numba
@given(tables() | tables(hard=True), st.booleans())
@example(([np.array([np.inf, 1.0]), np.array([0.0, 0.0])], np.array([0.0, 0.0]), np.array([0, 0]), 1), False)
@example(([np.array([np.inf, 1.0, 2.0])], np.array([1.0, 2.0, np.nan]), np.array([0, 0, 1]), 2), True)
def test_both_paths_are_alike(table, omit):
    columns, weights, codes, n = table
    groups = Groups.from_codes(codes, n)
    alike(*(grouped_moments(columns, weights, groups, omit_missing=omit, compiled=c) for c in (False, True)))


@every_path
@given(tables() | tables(hard=True), st.booleans())
def test_each_path_agrees_with_exact_fractions(compiled, table, omit):
    columns, weights, codes, n = table
    got = grouped_moments(columns, weights, Groups.from_codes(codes, n), omit_missing=omit, compiled=compiled)
    as_fractions_say(got, table, omit)


@every_path
@pytest.mark.parametrize("rows", [1_024, 1_025, 4_096, 1_500_000])
def test_large_groups_keep_their_digits(compiled, rows):
    """Adding the same number again and again drifts: a group of millions must not be a plain running sum."""
    rng = np.random.default_rng(5)
    codes = rng.permutation(np.repeat([0, 1], [rows, 50]))
    weights, values = np.where(codes == 0, 0.1, 3.0), np.where(rng.random(codes.size) < 0.3, 0.1, 0.7)
    got = grouped_moments([values], weights, Groups.from_codes(codes, 2), compiled=compiled)
    for g, w in ((0, 0.1), (1, 3.0)):
        own = values[codes == g]
        n, low = own.size, int((own == 0.1).sum())
        a, b, share = Fraction(0.1), Fraction(0.7), Fraction(low, n)
        mean, variance = share * a + (1 - share) * b, share * (1 - share) * (b - a) ** 2
        assert abs(got.mean[g, 0] / float(mean) - 1) < 1e-13
        assert abs(got.std[g, 0] / math.sqrt(variance) - 1) < 1e-13
        assert abs(got.weight[g, 0] / float(Fraction(w) * n) - 1) < 1e-13


@every_path
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.1, 1 / 3, 7.77, 1e9 + 0.1, 1e-300]),
    st.sampled_from([2, 37, 1_000, 4_000, 5_000]),
    st.booleans(),
)
@example(20986, 0.1, 4_000, False)  # lost by a running sum over thousands of rows
@settings(max_examples=40)
def test_equal_values_deviate_by_nothing_and_one_apart_by_something(compiled, seed, value, size, in_order):
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(3), size)
    codes = codes if in_order else rng.permutation(codes)
    weights = rng.choice([0.1, 1.0, 3.7, rng.random()], codes.size)
    equal, apart = np.full(codes.size, value), np.full(codes.size, value)
    apart[np.argmax(codes == 1)] = np.nextafter(value, 2 * value) if value > 1e-200 else 2 * value
    equal[rng.random(codes.size) < 0.1] = value
    gone = rng.random(codes.size) < 0.1
    gone[np.argmax(codes == 1)] = False
    equal[gone], weights[gone] = np.nan, 0.0
    got = grouped_moments([equal, apart], weights, Groups.from_codes(codes, 3), compiled=compiled)
    present = np.bincount(codes[~gone], minlength=3) > 0
    np.testing.assert_array_equal(got.std[present, 0], 0.0)
    np.testing.assert_array_equal(got.std[present & (np.arange(3) != 1), 1], 0.0)
    if value > 1e-200 and np.bincount(codes[~gone], minlength=3)[1] > 1:
        assert got.std[1, 1] > 0


@every_path
@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=40), st.floats(1e-9, 1e9))
def test_a_variance_is_never_negative(compiled, values, weight):
    x = np.array(values)
    got = grouped_moments([x], np.full(x.size, weight), Groups.single(x.size), compiled=compiled)
    assert got.std[0, 0] >= 0


def as_fractions_say(got, table, omit):
    """Hold moments against the exact formulas."""
    columns, weights, codes, n = table
    cv = coefficient(got.mean, got.std)
    for j, x in enumerate(columns):
        for g in range(n):
            at = np.flatnonzero(codes == g)
            if omit:
                at = at[~np.isnan(x[at])]
            values, w = x[at].tolist(), None if weights is None else weights[at].tolist()
            total = sum(map(Fraction, w)) if w is not None else Fraction(len(values))
            wanted = (
                (None, None, None)
                if total == 0
                else tuple(
                    f(values, w) for f in (oracle.weighted_mean, oracle.weighted_std, oracle.difference_coefficient)
                )
            )
            # a deviation of nearly equal values is made from the bits of their mean
            size = max([1.0, *(abs(v) for v in values if not math.isnan(v))])
            for found, exact, unit in zip((got.mean, got.std, cv), wanted, (1, size, 1), strict=True):
                assert oracle.error(float(found[g, j]), exact, unit) <= 1
            assert (not values and np.isnan(got.weight[g, j])) or got.weight[g, j] == float(total)


@given(tables())
def test_in_numpy_the_order_of_rows_changes_no_bit_as_long_as_each_group_keeps_its_own(table):
    columns, weights, codes, n = table
    order = np.argsort(codes, kind="stable")
    a = grouped_moments(columns, weights, Groups.from_codes(codes, n), compiled=False)
    b = grouped_moments(
        [x[order] for x in columns],
        None if weights is None else weights[order],
        Groups.from_codes(codes[order], n),
        compiled=False,
    )
    assert same_bits(a, b)


@given(tables(), st.sampled_from([1, 2, 7, 64]))
def test_the_size_of_a_chunk_changes_no_bit(table, rows):
    columns, weights, codes, n = table
    groups = Groups.from_codes(codes, n)
    wanted = grouped_moments(columns, weights, groups, compiled=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_arrays, "KERNEL_ROWS", rows)
        assert same_bits(grouped_moments(columns, weights, groups, compiled=False), wanted)


@needs_numba
@given(tables(), st.booleans())
def test_two_threads_change_no_bit(table, omit):
    from junheng import _compiled

    columns, weights, codes, n = table
    groups = Groups.from_codes(codes, n)
    found = []
    for cells in (0, 1_000_000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_compiled, "_THREAD_CELLS", cells)
            found.append(grouped_moments(columns, weights, groups, omit_missing=omit, compiled=True))
    assert same_bits(*found)


@every_path
@pytest.mark.parametrize("dtype", ["int64", "int8", "uint16", "float32", "bool"])
@pytest.mark.parametrize("shuffled", [False, True])
def test_columns_of_other_types_and_strides_give_what_floats_give(compiled, dtype, shuffled):
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(5), [1, 8, 30, 150, 2])
    codes = rng.permutation(codes) if shuffled else codes
    groups = Groups.from_codes(codes, 5)
    own = rng.integers(0, 2 if dtype == "bool" else 100, codes.size).astype(dtype)
    weights = rng.integers(1, 50, codes.size)
    wanted = grouped_moments([own.astype(float)], weights.astype(float), groups, compiled=compiled)
    before = own.copy()
    locked = own.astype(float)
    locked.flags.writeable = False
    strided = np.repeat(own.astype(float), 3)[::3]
    for column in (own, locked, strided):
        assert same_bits(grouped_moments([column], weights, groups, compiled=compiled), wanted)
    assert (own == before).all()


@every_path
def test_a_subset_of_rows_can_be_grouped_where_it_lies(compiled):
    """An order may name some rows of longer columns only: so an evaluation leaves out what does not count."""
    rng = np.random.default_rng(2)
    x, w = rng.lognormal(0, 1, 90_000), rng.integers(1, 9, 90_000).astype(float)
    rows = np.flatnonzero(rng.random(x.size) < 0.9)
    codes = np.sort(rng.integers(0, 700, rows.size))
    own = Groups.from_codes(codes, 700)
    spread = Groups(codes=codes, n=700, order=rows)
    wanted = grouped_moments([x[rows]], w[rows], own, compiled=compiled)
    assert same_bits(grouped_moments([x], w, spread, compiled=compiled), wanted)


@every_path
def test_nothing_at_all_has_no_moments(compiled):
    for columns, codes, n in (([], np.zeros(3, dtype=np.int64), 1), ([np.empty(0)], np.empty(0, dtype=np.int64), 0)):
        got = grouped_moments(columns, None, Groups.from_codes(codes, n), compiled=compiled)
        assert got.mean.shape == got.std.shape == got.weight.shape == (n, len(columns))


@needs_numba
def test_the_compiled_path_is_chosen_where_it_pays(monkeypatch):
    loaded = {name: m for name, m in sys.modules.items() if name != "numba"}
    pays = _arrays._compiling_pays
    assert pays(10_000_000) and not pays(10_000)
    monkeypatch.setattr(_arrays.sys, "modules", loaded)
    assert not pays(10_000_000)  # the import costs more than it saves
    assert pays(1_000_000_000)
    monkeypatch.setattr(_arrays, "usable", lambda name: False)
    assert not pays(1_000_000_000)


@needs_numba
@pytest.mark.parametrize("trouble", [RuntimeError("no locator"), OSError("disk full")])
def test_without_a_folder_for_the_cache_it_is_compiled_all_the_same(monkeypatch, trouble):
    from junheng import _compiled

    asked = []

    def njit(signature, **options):
        asked.append(options.get("cache", False))
        if options.get("cache"):
            raise trouble
        return lambda function: function

    monkeypatch.setattr(_compiled, "njit", njit)
    assert _compiled._compiled(abs) is abs
    assert asked == [True, False]
