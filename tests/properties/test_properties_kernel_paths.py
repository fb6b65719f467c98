"""The kernel in plain numpy, compiled and scattering: what bits are the same, and all as the exact formulas say."""

import math
import sys
from fractions import Fraction

import numpy as np
import oracle
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from junheng import _arrays, _compiled
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


@pytest.fixture
def scattering(monkeypatch):
    """Let every table whose groups are mixed be added up in the order of its rows."""
    monkeypatch.setattr(_arrays, "_SCATTER_ROWS", 0)
    called = []

    def watch(module, name):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *args, **kw: (called.append(name), real(*args, **kw)))

    watch(_arrays, "_scatter_moments")
    watch(_compiled, "scatter_moments")
    return called


def same_bits(a, b):
    return all(getattr(a, name).tobytes() == getattr(b, name).tobytes() for name in ("weight", "mean", "std"))


@needs_numba
@given(tables(), st.booleans())
@example(([np.array([np.inf, 1.0]), np.array([0.0, 0.0])], np.array([0.0, 0.0]), np.array([0, 0]), 1), False)
@example(([np.array([np.inf, 1.0, 2.0])], np.array([1.0, 2.0, np.nan]), np.array([0, 0, 1]), 2), True)
def test_both_paths_give_the_same_bits(table, omit):
    columns, weights, codes, n = table
    groups = Groups.from_codes(codes, n)
    plain, fast = (grouped_moments(columns, weights, groups, omit_missing=omit, compiled=c) for c in (False, True))
    assert same_bits(plain, fast)


@every_path
@given(tables() | tables(hard=True), st.booleans())
def test_each_path_agrees_with_exact_fractions(compiled, table, omit):
    columns, weights, codes, n = table
    got = grouped_moments(columns, weights, Groups.from_codes(codes, n), omit_missing=omit, compiled=compiled)
    as_fractions_say(got, table, omit)


@pytest.mark.parametrize("rows", [7, 32_768])
@every_path
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables() | tables(hard=True))
@example(([np.array([np.inf, 1.0, 3.0]), np.array([np.nan, 5.0, 5.0])], np.array([0.0, 2, 0]), np.array([1, 0, 1]), 2))
def test_scattering_agrees_with_exact_fractions(scattering, compiled, rows, table):
    columns, weights, codes, n = table
    groups = Groups.from_codes(codes, n)
    scattering.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_arrays, "_SCATTER_PIECE", rows)
        got = grouped_moments(columns, weights, groups, compiled=compiled, any_order=True)
    name = "scatter_moments" if compiled else "_scatter_moments"
    assert scattering == ([] if groups.in_order else [name])
    as_fractions_say(got, table, omit=False)


def test_rows_are_scattered_only_where_asked_for_and_where_it_pays(monkeypatch):
    rng = np.random.default_rng(3)
    n = 120_000
    x, w = rng.lognormal(0, 1, n), rng.integers(1, 9, n).astype(float)
    called = []
    monkeypatch.setattr(_arrays, "_scatter_moments", lambda *args: called.append(1))

    def scattered(codes, n_groups, **options):
        called.clear()
        grouped_moments(
            [x[: codes.size]], w[: codes.size], Groups.from_codes(codes, n_groups), compiled=False, **options
        )
        return bool(called)

    codes = rng.permutation(np.arange(n) % 900)
    assert scattered(codes, 900, any_order=True)
    assert not scattered(codes, 900)
    assert not scattered(np.sort(codes), 900, any_order=True)
    assert not scattered(codes[:90_000], 900, any_order=True)
    assert not scattered(codes, 900, any_order=True, omit_missing=True)
    one_large = np.where(np.arange(n) < 5_000, 7, codes)
    assert not scattered(one_large, 900, any_order=True)  # its running sum would lose digits


@every_path
def test_a_large_shuffled_table_differs_from_the_sorted_one_in_the_last_bits_only(compiled):
    rng = np.random.default_rng(4)
    codes = np.repeat(np.arange(3_000), 40)
    columns = [rng.lognormal(0, 0.5, codes.size) for _ in range(4)] + [np.full(codes.size, 0.1)]
    w = rng.integers(1, 3_000, codes.size).astype(float)
    order = rng.permutation(codes.size)
    shuffled = [x[order] for x in columns], w[order], Groups.from_codes(codes[order], 3_000)
    a = grouped_moments(columns, w, Groups.from_codes(codes, 3_000), compiled=False)
    b = grouped_moments(*shuffled, compiled=compiled, any_order=True)
    assert np.array_equal(a.weight, b.weight)
    np.testing.assert_allclose(b.mean, a.mean, rtol=1e-15, atol=0)
    np.testing.assert_allclose(b.std[:, :4], a.std[:, :4], rtol=1e-14, atol=0)
    # equal values: the second pass takes out what rounding left in the mean
    assert (b.mean[:, 4] == 0.1).all() and (b.std[:, 4] == 0).all()


@every_path
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.1, 1 / 3, 7.77, 1e9 + 0.1]), st.sampled_from([2, 37, 4_000]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
def test_scattered_equal_values_deviate_by_nothing_and_one_apart_by_something(scattering, compiled, seed, value, size):
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.repeat(np.arange(3), size))
    weights = rng.choice([0.1, 1.0, 3.7], codes.size)
    equal, apart = np.full(codes.size, value), np.full(codes.size, value)
    apart[np.argmax(codes == 1)] = np.nextafter(value, 2 * value)
    scattering.clear()
    got = grouped_moments([equal, apart], weights, Groups.from_codes(codes, 3), compiled=compiled, any_order=True)
    assert scattering or size == 2
    np.testing.assert_array_equal(got.std > 0, [[False, False], [False, True], [False, False]])


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


@every_path
@given(tables())
def test_the_order_of_rows_changes_no_bit_as_long_as_each_group_keeps_its_own(compiled, table):
    columns, weights, codes, n = table
    order = np.argsort(codes, kind="stable")
    a = grouped_moments(columns, weights, Groups.from_codes(codes, n), compiled=compiled)
    b = grouped_moments(
        [x[order] for x in columns],
        None if weights is None else weights[order],
        Groups.from_codes(codes[order], n),
        compiled=compiled,
    )
    assert same_bits(a, b)


@every_path
@given(tables(), st.sampled_from([1, 2, 7, 64]))
def test_the_size_of_a_chunk_changes_no_bit(compiled, table, rows):
    columns, weights, codes, n = table
    groups = Groups.from_codes(codes, n)
    wanted = grouped_moments(columns, weights, groups, compiled=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_arrays, "KERNEL_ROWS", rows)
        assert same_bits(grouped_moments(columns, weights, groups, compiled=compiled), wanted)


@needs_numba
@pytest.mark.parametrize("fill", [_compiled.fill_moments, _compiled.scatter_moments])
@given(tables(), st.booleans())
def test_the_number_of_threads_and_the_reach_of_a_fetch_change_no_bit(fill, table, omit):
    option = omit if fill is _compiled.fill_moments else _arrays._SCATTER_NOISE
    columns, weights, codes, n = table
    groups = Groups.from_codes(codes, n)
    found = []
    for threads in (1, 2, 5):
        out = tuple(np.full((n, len(columns)), np.nan) for _ in range(3))
        fill(columns, weights, groups, out, option, threads=threads)
        found.append([a.tobytes() for a in out])
    assert found[0] == found[1] == found[2]


@given(tables())
def test_two_threads_change_no_bit_of_scattered_rows(table):
    columns, weights, codes, n = table
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_arrays, "_SCATTER_ROWS", 0)
        found = []
        for rows in (0, 1_000_000):
            patch.setattr(_arrays, "THREAD_ROWS", rows)
            found.append(grouped_moments(columns, weights, Groups.from_codes(codes, n), any_order=True))
    assert same_bits(*found)


@every_path
@pytest.mark.parametrize("dtype", ["int64", "int8", "uint16", "float32", "bool"])
@pytest.mark.parametrize("shuffled", [False, True])
def test_columns_of_other_types_and_strides_give_what_floats_give(monkeypatch, compiled, dtype, shuffled):
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(5), [1, 8, 30, 150, 2])
    codes = rng.permutation(codes) if shuffled else codes
    groups = Groups.from_codes(codes, 5)
    own = rng.integers(0, 2 if dtype == "bool" else 100, codes.size).astype(dtype)
    weights = rng.integers(1, 50, codes.size)
    wanted = grouped_moments([own.astype(float)], weights.astype(float), groups, compiled=False)
    assert same_bits(grouped_moments([own], weights, groups, compiled=compiled), wanted)
    strided = np.repeat(own.astype(float), 3)[::3]
    before = own.copy()
    assert same_bits(grouped_moments([strided], weights, groups, compiled=compiled), wanted)
    assert (own == before).all()
    monkeypatch.setattr(_arrays, "_SCATTER_ROWS", 0)
    scattered = [
        grouped_moments([x], w, groups, compiled=compiled, any_order=True)
        for x, w in ((own.astype(float), weights.astype(float)), (own, weights), (strided, weights))
    ]
    assert same_bits(scattered[0], scattered[1]) and same_bits(scattered[0], scattered[2])
    np.testing.assert_allclose(scattered[0].std, wanted.std, rtol=1e-13, atol=1e-15)
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
    wanted = grouped_moments([x[rows]], w[rows], own, compiled=False)
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
    assert pays(10_000_000) and not pays(100_000)
    monkeypatch.setattr(_arrays.sys, "modules", loaded)
    assert not pays(10_000_000)  # the import costs more than it saves
    assert pays(1_000_000_000)
    monkeypatch.setattr(_arrays, "find_spec", lambda name: None)
    assert not pays(1_000_000_000)


@needs_numba
@pytest.mark.parametrize("trouble", [RuntimeError("no locator"), OSError("disk full")])
def test_without_a_folder_for_the_cache_it_is_compiled_all_the_same(monkeypatch, trouble):
    asked = []

    def njit(signature, **options):
        asked.append(options.get("cache", False))
        if options.get("cache"):
            raise trouble
        return lambda function: function

    monkeypatch.setattr(_compiled, "njit", njit)
    assert _compiled._compiled("f8(f8)")(abs) is abs
    assert asked == [True, False]


def test_without_numba_the_module_can_be_read_and_works(monkeypatch):
    monkeypatch.setattr(_compiled, "njit", None)
    assert _compiled._compiled("f8(f8)")(abs) is abs
