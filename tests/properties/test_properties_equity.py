"""Measures of school finance and of international equity: what they are, and the laws they keep."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import oracle
import oracle_equity as exact
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import junheng as jh
from junheng.indicators.by_name import KERNELS


class Case(NamedTuple):
    """A measure and its definition; ``beside`` names the argument that takes the second figure of each school.

    ``scale`` is how it follows the unit of the values (0: not at all, 1: with them), ``equal`` what it is for equality.
    """

    function: Callable[..., Any]
    definition: Callable[..., Any]
    options: Mapping[str, Any] = MappingProxyType({})
    beside: str = ""
    scale: int = 0
    signed: bool = False
    equal: float = math.nan
    bounds: tuple[float, float] = (-math.inf, math.inf)
    shifts: bool = False

    def __call__(self, x: Any, w: Any, z: Any, **more: Any) -> Any:
        given_: dict[str, Any] = dict(self.options)
        if self.beside == "where":
            given_ |= {"where": np.where(np.asarray(z) > 0, "a", "b"), "group": "a", "reference": "b"}
        elif self.beside:
            given_[self.beside] = z
        return self.function(x, weights=w, **given_, **more)

    def exactly(self, x: Any, w: Any, z: Any) -> Any:
        return self.definition(x, w, z)


def case(function: Any, measure: Any, **kw: Any) -> Case:
    return Case(function, exact.defined(measure, signed=kw.get("signed", False)), **kw)


ABSOLUTE: dict[str, Any] = {"scale": 1, "signed": True}
#: A measure of distances: nothing for equality, never negative, and blind to a constant that all get.
APART = ABSOLUTE | {"equal": 0.0, "bounds": (0.0, math.inf), "shifts": True}
CASES = {
    "mcloone_index": case(jh.mcloone_index, partial(exact.half, lower=True), equal=1.0, bounds=(0, 1)),
    "verstegen_index": case(jh.verstegen_index, partial(exact.half, lower=False), equal=1.0, bounds=(1, math.inf)),
    "restricted_range": case(jh.restricted_range, exact.between, **APART),
    "federal_range_ratio": case(jh.federal_range_ratio, exact.federal, equal=0.0, bounds=(0, math.inf)),
    "palma_ratio": case(jh.palma_ratio, exact.palma, equal=0.25, bounds=(0.25 - 1e-15, math.inf)),
    "weighted_quantile": case(jh.weighted_quantile, partial(exact.quantile, share="0.5"), **ABSOLUTE),
    "quantile 0.9": case(
        jh.weighted_quantile, partial(exact.quantile, share="0.9"), options={"share": 0.9}, **ABSOLUTE
    ),
    "parity_index": case(jh.parity_index, partial(exact.parity, adjusted=False), beside="where", equal=1.0),
    "parity adjusted": case(
        jh.parity_index,
        partial(exact.parity, adjusted=True),
        beside="where",
        options={"adjusted": True},
        equal=1.0,
        bounds=(0, 2),
    ),
    "slope_index": case(jh.slope_index, exact.slope, beside="order", equal=0.0, **ABSOLUTE),
    "relative_index": case(jh.relative_index, partial(exact.relative, form="ratio"), beside="order", equal=1.0),
    "relative mean": case(
        jh.relative_index, partial(exact.relative, form="mean"), beside="order", options={"form": "mean"}, equal=0.0
    ),
    "mean_difference_from_mean": case(
        jh.mean_difference_from_mean, lambda s: exact.distance(s, exact.mean(s), weighted=True), **APART
    ),
    "from mean unweighted": case(
        jh.mean_difference_from_mean,
        lambda s: exact.distance(s, exact.mean(s), weighted=False),
        options={"weighted": False},
        **APART,
    ),
    "mean_difference_from_best": case(
        jh.mean_difference_from_best,
        lambda s: exact.distance(s, exact.best(s, favourable=True), weighted=True),
        **APART,
    ),
    "from best unweighted, less is better": case(
        jh.mean_difference_from_best,
        lambda s: exact.distance(s, exact.best(s, favourable=False), weighted=False),
        options={"weighted": False, "favourable": False},
        **APART,
    ),
    "population_attributable_risk": case(
        jh.population_attributable_risk, partial(exact.risk, favourable=True, ordered=False), **APART
    ),
    "risk, less is better": case(
        jh.population_attributable_risk,
        partial(exact.risk, favourable=False, ordered=False),
        options={"favourable": False},
        **(APART | {"bounds": (-math.inf, 0.0)}),
    ),
    "risk by order": case(
        jh.population_attributable_risk, partial(exact.risk, favourable=True, ordered=True), beside="order", **APART
    ),
    "population_attributable_fraction": case(
        jh.population_attributable_fraction,
        lambda s: exact.risk(s, favourable=True, ordered=False) / exact.mean(s),
        equal=0.0,
        bounds=(0, math.inf),
    ),
    "fraction by order, less is better": case(
        jh.population_attributable_fraction,
        lambda s: exact.risk(s, favourable=False, ordered=True) / exact.mean(s),
        beside="order",
        options={"favourable": False},
        equal=0.0,
        bounds=(-1, 0),
    ),
}
#: Counts a school once whatever its weight, so that rows cannot be merged.
ONCE = {"from mean unweighted", "from best unweighted, less is better"}
every_measure = pytest.mark.parametrize("name", CASES)
#: Laws of structure need few examples: many measures keep them for the same reason.
few = settings(max_examples=10)

VALUES = st.integers(1, 64_000).map(lambda i: i / 64)
WEIGHTS = st.integers(1, 20_000)
ORDER = st.integers(-2, 2)


@st.composite
def counties(draw, values=VALUES, weights=WEIGHTS, least=1):
    """Value, weight and order of schools; the first two are in the two places, so that both occur."""
    n = draw(st.integers(max(2, least), 12))
    x, w, z = (draw(st.lists(s, min_size=n, max_size=n)) for s in (values, weights, ORDER))
    return x, w, [1, 0, *z[2:]]


def unit_of(case_: Case, x: Any, w: Any, z: Any) -> float:
    """How large figures are that differ to give the result: an error in their last digit is none of the measure's."""
    size = float(np.nanmax(np.abs(np.where(np.asarray(w) == 0, 0, x)), initial=1.0)) if case_.scale else 1.0
    if case_.function is jh.relative_index and "form" not in case_.options:
        there = exact.schools(x, w, z, signed=False)
        if there is not None and (steep := exact.slope(there)) is not None:
            low = exact.mean(there) - steep / 2
            size = float(max(1, (exact.mean(there) / low) ** 2)) if low else 1.0
    return size


@every_measure
@given(county=counties(values=VALUES | st.just(0.0), weights=st.just(0) | WEIGHTS))
def test_a_measure_is_its_definition(name, county):
    x, w, z = county
    measure = CASES[name]
    for weights in (w, None):
        unit = unit_of(measure, x, [1] * len(x) if weights is None else w, z)
        assume(unit < 1e6)
        assert oracle.error(measure(x, weights, z), measure.exactly(x, weights, z), unit) <= 1


@every_measure
@few
@given(county=counties(values=VALUES | st.just(0.0)))
def test_bounds(name, county):
    got = CASES[name](*county)
    least, most = CASES[name].bounds
    assert math.isnan(got) or least <= got <= most


@every_measure
@few
@given(VALUES, st.lists(st.tuples(WEIGHTS, ORDER), min_size=2, max_size=12))
def test_equality(name, value, schools):
    w, z = zip(*schools, strict=True)
    measure = CASES[name]
    got = measure([value] * len(w), w, [1, 0, *z[2:]])
    wanted = value if "quantile" in name else measure.equal
    assert got == pytest.approx(wanted, abs=1e-12 * value, rel=1e-12)
    if measure.beside == "":
        alone = measure([value], [7], [0])
        assert alone == pytest.approx(wanted, rel=1e-15, abs=0.0)


def test_one_school_has_no_gradient():
    for f in (jh.slope_index, jh.relative_index):
        assert math.isnan(f([3.0], weights=[5], order=[1]))
    assert jh.neutrality([3.0], weights=[5], wealth=[1.0]).isna().all(axis=None)
    assert jh.population_attributable_risk([3.0], weights=[5], order=[1]) == 0


@every_measure
@few
@given(county=counties(), power=st.integers(-8, 8))
def test_the_unit_of_the_values(name, county, power):
    x, w, z = county
    measure, factor = CASES[name], 2.0**power
    before, after = measure(x, w, z), measure(np.multiply(x, factor), w, z)
    np.testing.assert_allclose(after, before * factor**measure.scale, rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if c.shifts])
@few
@given(county=counties(), more=st.integers(-500, 500))
def test_what_all_get_does_not_matter(name, county, more):
    x, w, z = county
    measure = CASES[name]
    assert measure(np.add(x, more), w, z) == pytest.approx(measure(x, w, z), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", [n for n in CASES if n not in ONCE])
@few
@given(county=counties(weights=st.integers(1, 5)), factor=st.integers(2, 1000))
def test_whole_weights_are_repeated_rows(name, county, factor):
    x, w, z = county
    measure = CASES[name]
    wanted, unit = measure(x, w, z), unit_of(measure, x, w, z)
    assume(unit < 1e6)
    for got in (
        measure(np.repeat(x, w), None, np.repeat(z, w)),
        measure(x, np.multiply(w, factor), z),
        measure(x * 3, w * 3, z * 3),
    ):
        assert oracle.error(got, wanted, unit) <= 2


@every_measure
@few
@given(county=counties(), at=st.integers(0, 12), value=st.sampled_from([math.nan, math.inf, -1.0, 0.0, 1e300]))
def test_a_school_without_students_is_not_there(name, county, at, value):
    x, w, z = county
    measure = CASES[name]
    more = measure([*x[:at], value, *x[at:]], [*w[:at], 0, *w[at:]], [*z[:at], 9, *z[at:]])
    assert oracle.error(more, measure(x, w, z), unit_of(measure, x, w, z)) <= 1


@every_measure
@few
@given(county=counties(), data=st.data())
def test_the_order_of_schools_does_not_matter(name, county, data):
    x, w, z = map(np.array, county)
    order = data.draw(st.permutations(range(x.size)))
    measure = CASES[name]
    unit = unit_of(measure, x.tolist(), w.tolist(), z.tolist())
    assume(unit < 1e6)
    assert oracle.error(measure(x[order], w[order], z[order]), measure(x, w, z), unit) <= 1


@every_measure
@few
@given(data=st.data())
def test_groups_are_a_loop_a_matrix_its_columns_and_a_gap_stays_where_it_is(name, data):
    n = data.draw(st.integers(2, 25))
    by = np.array(data.draw(st.lists(st.sampled_from("甲乙丙"), min_size=n, max_size=n)))
    x = np.array(data.draw(st.lists(st.tuples(VALUES, VALUES | st.just(math.nan)), min_size=n, max_size=n)))
    w = np.array(data.draw(st.lists(st.just(0) | WEIGHTS, min_size=n, max_size=n)))
    z = np.array([1, 0, *data.draw(st.lists(ORDER, min_size=n - 2, max_size=n - 2))])
    measure = CASES[name]
    got = measure(x, w, z, by=by)
    assert got.index.tolist() == sorted(set(by.tolist()))
    for j in range(2):
        np.testing.assert_allclose(measure(x[:, j], w, z, by=by), got[j], rtol=1e-13, atol=1e-13)
        for label in got.index:
            at = by == label
            if measure.beside == "where" and len(set(z[at] > 0)) < 2:
                assert math.isnan(got.loc[label, j])
                continue
            alone = measure(x[at, j], w[at], z[at])
            np.testing.assert_allclose(got.loc[label, j], alone, rtol=1e-12, atol=1e-12)
            if np.isnan(x[at, j][w[at] > 0]).any() and measure.beside != "where":
                assert math.isnan(alone)


@every_measure
def test_what_is_undefined_is_nan(name):
    measure = CASES[name]
    for x, w in [
        ([1.0, 2.0], [0, 0]),
        ([math.nan, 1.0], None),
        ([math.inf, 1.0], None),
        ([1.0, 2.0], [math.nan, 1.0]),
    ]:
        got = measure(x, w, [1, 0])
        assert isinstance(got, float) and math.isnan(got), (x, w)
    if measure.beside != "where":
        assert math.isnan(measure([], None, []))
    for x in ([-1.0, -2.0], [0.0, 0.0]):
        got = measure(x, None, [1, 0])
        assert math.isnan(got) != measure.signed, x
    if measure.beside == "order":
        assert math.isnan(measure([1.0, 2.0], None, [math.nan, 1.0]))


@every_measure
def test_senseless_arguments_are_refused(name):
    measure = CASES[name]
    for x, w, more in [
        ([1.0, 2.0], [-1.0, 1.0], {}),
        ([1.0, 2.0], ["a", "b"], {}),
        ([1.0, 2.0], [1.0], {}),
        ([1.0, 2.0], None, {"by": ["A", None]}),
        (["x", "y"], None, {}),
        (np.ones((2, 2, 2)), None, {}),
    ]:
        with pytest.raises(jh.InputError):
            measure(x, w, [1, 0], **more)
    with pytest.raises(TypeError):
        measure.function([1.0, 2.0])


@pytest.mark.parametrize(
    "call",
    [
        partial(jh.adequacy_index, threshold=0),
        partial(jh.adequacy_index, threshold=-1),
        partial(jh.adequacy_index, threshold=math.nan),
        partial(jh.adequacy_index, threshold="x"),
        partial(jh.adequacy_index, threshold=[1, 2, 3]),
        partial(jh.adequacy_index, threshold=[1, 0]),
        partial(jh.adequacy_index, threshold=pd.Series([1, 2], index=[1, 0])),
        partial(jh.restricted_range, upper=0.1, lower=0.9),
        partial(jh.restricted_range, lower=0),
        partial(jh.weighted_quantile, share=0),
        partial(jh.weighted_quantile, share=1.1),
        partial(jh.slope_index, order=[1.0]),
        partial(jh.slope_index, order=["a", "b"]),
        partial(jh.slope_index, order=pd.Series([1, 2], index=[1, 0])),
        partial(jh.relative_index, order=[1, 2], form="odds"),
        partial(jh.neutrality, wealth=[[1.0], [2.0]]),
        partial(jh.parity_index, where=["a", "b"], group="a", reference="c"),
        partial(jh.parity_index, where=["a", "b"], group="a", reference=["a", "b"]),
        partial(jh.parity_index, where=["a", "b"], group="a", reference="b", adjusted="no"),
        partial(jh.mean_difference_from_mean, weighted="no"),
        partial(jh.mean_difference_from_best, weighted=None),
        partial(jh.mean_difference_from_best, favourable="adverse"),
        partial(jh.population_attributable_risk, favourable="adverse"),
        partial(jh.population_attributable_risk, favourable=-1),
        partial(jh.population_attributable_fraction, favourable=math.nan),
    ],
)
def test_senseless_parameters_are_refused(call):
    with pytest.raises(jh.InputError):
        call(pd.Series([1.0, 2.0]), weights=None)


def test_a_flag_may_be_the_number_of_who():
    for adverse in (False, 0, np.False_, np.int64(0)):
        assert jh.population_attributable_risk([1.0, 5.0], weights=[75, 25], favourable=adverse) == -1


@pytest.mark.parametrize("measure", [jh.parity_index, jh.gap_ratio])
def test_a_missing_place_is_reported_under_its_own_name(measure):
    kinds = {"group": "a", "reference": "b"}
    with pytest.raises(jh.InputError, match=r"^where has no label at position 2"):
        measure([1.0, 2.0, 3.0], weights=None, where=["a", "b", None], **kinds)
    with pytest.raises(jh.InputError, match=r"^where has labels of kinds"):
        measure([1.0, 2.0, 3.0], weights=None, where=["a", "b", ("a",)], **kinds)
    with pytest.raises(jh.InputError, match=r"^by has no label at position 0"):
        measure([1.0, 2.0, 3.0], weights=None, where=["a", "b", "a"], by=[None, 1, 1], **kinds)


# --------------------------------------------------------------------------------------------- adequacy


@given(county=counties(values=VALUES | st.just(0.0), weights=st.just(0) | WEIGHTS), threshold=VALUES)
def test_adequacy_is_its_definition(county, threshold):
    x, w, _ = county
    definition = exact.defined(exact.adequacy(threshold), signed=True)
    got = jh.adequacy_index(x, weights=w, threshold=threshold)
    assert oracle.error(got, definition(x, w)) <= 1 and (math.isnan(got) or 0 <= got <= 1)
    assert oracle.error(jh.adequacy_index(x, weights=w, threshold=[threshold] * len(x)), definition(x, w)) <= 1
    two = jh.adequacy_index(np.array([x, x]).T, weights=w, threshold=[threshold, 2 * threshold])
    assert oracle.error(two[1], exact.defined(exact.adequacy(2 * threshold), signed=True)(x, w)) <= 1
    share = sum(b for a, b in zip(x, w, strict=True) if a >= threshold) / max(1, sum(w))
    below = [(a, b) for a, b in zip(x, w, strict=True) if a < threshold and b]
    if sum(w):  # Odden and Picus: those that have enough, and how near the others are
        rest = sum(a * b for a, b in below) / sum(b for _, b in below) / threshold if below else 0
        assert got == pytest.approx(share + (1 - share) * rest, abs=1e-12)


def test_adequacy_where_something_is_unknown():
    assert math.isnan(jh.adequacy_index([1.0, math.nan], weights=None, threshold=1))
    assert math.isnan(jh.adequacy_index([1.0, 2.0], weights=None, threshold=[1.0, math.nan]))
    assert jh.adequacy_index([1.0, 2.0], weights=[1, 0], threshold=[2.0, math.nan]) == 0.5
    assert math.isnan(jh.adequacy_index([-1.0, 2.0], weights=None, threshold=1))
    assert math.isnan(jh.adequacy_index([math.inf, 2.0], weights=None, threshold=1))
    assert jh.adequacy_index([0.0, 0.0], weights=None, threshold=1) == 0
    rows = jh.adequacy_index(np.ones((2, 2)), weights=None, threshold=np.array([[1.0, 2.0], [4.0, 2.0]]))
    assert rows.tolist() == [0.625, 0.5]


# ------------------------------------------------------------------------------------------- neutrality


@given(county=counties(weights=st.just(0) | WEIGHTS))
def test_neutrality_is_its_definition(county):
    x, w, z = county
    got = jh.neutrality(x, weights=w, wealth=z).iloc[0]
    there = exact.schools(x, w, z, signed=True)
    wanted = (None,) * 3 if there is None else exact.neutrality(there)
    # a correlation of nearly equal values has fewer digits than the values
    spread = max(1.0, max(x) / max(1e-3, max(x) - min(x)))
    for figure, exactly, unit in zip(got, wanted, (spread, max(x), spread * 4), strict=True):
        assert oracle.error(figure, exactly, unit * (1 + max(w))) <= 1


def test_neutrality_of_extremes_groups_and_libraries():
    got = jh.neutrality([1e200, 3e200], weights=None, wealth=[1e-200, 3e-200]).iloc[0]
    assert got["correlation"] == pytest.approx(1) and got["elasticity"] == pytest.approx(1)
    equal = jh.neutrality([2.0, 2.0], weights=None, wealth=[1.0, 2.0]).iloc[0]
    assert math.isnan(equal["correlation"]) and equal["slope"] == 0 and equal["elasticity"] == 0
    flat = jh.neutrality([1.0, 2.0], weights=None, wealth=[0.1, 0.1])
    assert flat.isna().all(axis=None)
    x = pl.DataFrame({"a": [1.0, 2.0, 4.0, 3.0], "b": [2.0, 1.0, None, 1.0]})
    frame = jh.neutrality(x, weights=None, wealth=pl.Series([1, 2, 1, 2]), by=pl.Series("county", list("AABB")))
    assert isinstance(frame, pl.DataFrame)
    assert frame.columns == ["county", "indicator", "correlation", "slope", "elasticity"]
    assert frame["slope"].to_list() == [1.0, -1.0, -1.0, None]


# ------------------------------------------------------------------------------------------ their relations


@given(county=counties())
def test_measures_that_say_the_same(county):
    x, w, z = county
    mean, hoover = jh.weighted_mean(x, weights=w), jh.hoover(x, weights=w)
    assert jh.mean_difference_from_mean(x, weights=w) == pytest.approx(2 * mean * hoover, rel=1e-12, abs=1e-12)
    risk = jh.population_attributable_risk(x, weights=w)
    assert jh.mean_difference_from_best(x, weights=w) == pytest.approx(risk, rel=1e-9, abs=1e-9)
    assert jh.population_attributable_fraction(x, weights=w) == pytest.approx(risk / mean, rel=1e-12)
    where = np.where(np.array(z) > 0, "a", "b")
    sides = {"where": where, "group": "a", "reference": "b"}
    ratio = jh.gap_ratio(x, weights=w, **sides)
    assert jh.parity_index(x, weights=w, **sides) == ratio
    other = jh.parity_index(x, weights=w, where=where, group="b", reference="a", adjusted=True)
    # the adjusted index is as far above 1 one way as below it the other way
    assert jh.parity_index(x, weights=w, **sides, adjusted=True) - 1 == pytest.approx(1 - other, rel=1e-9, abs=1e-12)
    high, low = (jh.weighted_quantile(x, weights=w, share=q) for q in (0.9, 0.1))
    assert jh.quantile_ratio(x, weights=w) == high / low
    # the slope along a line of values ordered by themselves is the concentration of them, over the spread of ridits
    concentration = jh.concentration_index(x, weights=w, rank=z)
    ridit = jh.percentile_rank(np.array(z, dtype=float), weights=w) / 100
    spread = float(np.average((ridit - 0.5) ** 2, weights=w))
    relative = jh.relative_index(x, weights=w, order=z, form="mean")
    assert relative == pytest.approx(concentration / (2 * spread), rel=1e-9, abs=1e-9)


def test_numpy_has_the_same_line_and_quantile():
    rng = np.random.default_rng(3)
    x, w, z = rng.lognormal(size=80), rng.integers(1, 50, 80), rng.integers(0, 9, 80).astype(float)
    ridit = jh.percentile_rank(z, weights=w) / 100
    slope, start = np.polyfit(ridit, x, 1, w=np.sqrt(w))
    assert jh.slope_index(x, weights=w, order=z) == pytest.approx(slope, rel=1e-10)
    assert jh.relative_index(x, weights=w, order=z) == pytest.approx((start + slope) / start, rel=1e-10)
    for q in (0.05, 0.5, 0.95):
        assert jh.weighted_quantile(x, weights=w, share=q) == np.quantile(x, q, weights=w, method="inverted_cdf")
    r = jh.neutrality(x, weights=w, wealth=z).iloc[0]
    assert r["slope"] == pytest.approx(np.polyfit(z, x, 1, w=np.sqrt(w))[0], rel=1e-10)
    cov = np.cov(x, z, fweights=w)
    assert r["correlation"] == pytest.approx(cov[0, 1] / np.sqrt(cov[0, 0] * cov[1, 1]), rel=1e-10)


@given(county=counties(values=VALUES | st.just(math.nan), weights=st.just(0) | WEIGHTS), data=st.data())
def test_a_percentile_is_the_inverse_of_the_quantile(county, data):
    x, w, _ = county
    got = jh.percentile_rank(x, weights=w)
    known = [(a, b) for a, b in zip(x, w, strict=True) if not math.isnan(a)]
    total = sum(b for _, b in known)
    for value, rank in zip(x, got, strict=True):
        if math.isnan(value) or not total:
            assert math.isnan(rank)
            continue
        below = sum(b for a, b in known if a < value)
        same = sum(b for a, b in known if a == value)
        assert rank == pytest.approx(100 * (below + same / 2) / total, rel=1e-12)
        if same and not any(map(math.isnan, x)):
            assert jh.weighted_quantile(x, weights=w, share=rank / 100) == value


# ------------------------------------------------------------------------------------- any measure by name

#: Options that a measure needs, by name; the second figure of the schools is put in its place.
NEEDED = {
    "concentration_index": {"rank": ...},
    "slope_index": {"order": ...},
    "relative_index": {"order": ...},
    "adequacy_index": {"threshold": 2.0},
    "gap_ratio": {"where": "places", "group": "a", "reference": "b"},
    "parity_index": {"where": "places", "group": "a", "reference": "b"},
}


def options_of(measure: str, z: Any) -> dict[str, Any]:
    """What a measure needs besides values and weights."""
    places = np.where(z > 1, "a", "b")
    return {k: z if v is ... else places if v == "places" else v for k, v in NEEDED.get(measure, {}).items()}


@pytest.mark.parametrize("measure", KERNELS)
def test_influence_of_any_measure_is_leaving_out(measure):
    rng = np.random.default_rng(4)
    by = np.array(list("AABBBBBCCCCCCCC"))
    x = np.stack([rng.integers(1, 9, by.size), rng.lognormal(size=by.size)], axis=1).astype(float)
    w, z = rng.integers(1, 40, by.size), rng.integers(0, 4, by.size).astype(float)
    w[4] = 0
    z[:2] = 0, 1
    needed = {
        k: z if v is ... else np.where(z > 1, "a", "b") if v == "places" else v
        for k, v in NEEDED.get(measure, {}).items()
    }
    got = jh.influence(x, weights=w, by=by, measure=measure, **needed)
    function = getattr(jh, measure)
    whole = function(x, weights=w, by=by, **needed)
    for i in range(by.size):
        weights = w.copy()
        weights[i] = 0
        left = function(x, weights=weights, by=by, **needed).loc[by[i]]
        wanted = left - whole.loc[by[i]] if w[i] else 0 * whole.loc[by[i]]
        np.testing.assert_allclose(got[i], wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("measure", KERNELS)
def test_intervals_of_any_measure_are_quantiles_of_repeated_rows(measure, monkeypatch):
    from junheng.indicators import inference

    rng = np.random.default_rng(4)
    x, w, z = rng.lognormal(size=12), rng.integers(1, 40, 12).astype(float), rng.integers(0, 4, 12).astype(float)
    needed = options_of(measure, z)
    got = jh.bootstrap_interval(x, weights=w, measure=measure, resamples=50, seed=2, **needed).iloc[0]
    function = getattr(jh, measure)
    counts = inference._counts(np.random.default_rng(2), 12, 50, 50).transpose(0, 2, 1).reshape(-1, 12)[:50]
    drawn = [function(x, weights=w * c, **needed) for c in counts]
    assert got["estimate"] == function(x, weights=w, **needed)
    if not any(map(math.isnan, drawn)):
        np.testing.assert_allclose([got["low"], got["high"]], np.quantile(drawn, [0.025, 0.975]), rtol=1e-9)
        assert got["standard_error"] == pytest.approx(np.std(drawn, ddof=1), rel=1e-9, abs=1e-12)
    monkeypatch.setattr(inference, "_CELLS", 800)  # some resamples at a time
    again = jh.bootstrap_interval(x, weights=w, measure=measure, resamples=50, seed=2, method="bca", **needed).iloc[0]
    assert again["estimate"] == got["estimate"] and again["schools"] == 12


def test_measures_by_name_are_functions_and_errors_help():
    assert all(callable(getattr(jh, name)) for name in KERNELS)
    for call, told, zh in [
        ({"measure": "mclone_index"}, "did you mean mcloone_index", "没有测度“mclone_index”"),
        ({"measure": "x"}, "known: ", "现有"),
        ({"measure": "gini", "epsilon": 1}, "gini does not take epsilon", "gini 没有参数 epsilon；可用：无参数"),
        ({"measure": "atkinson", "eps": 1}, "it takes epsilon", "可用：epsilon"),
        ({"measure": "slope_index"}, "slope_index requires order", "slope_index 须给出 order"),
    ]:
        for function in (jh.influence, jh.bootstrap_interval):
            with pytest.raises(jh.InputError) as error:
                function([1.0, 2.0], weights=None, **call)
            assert told in str(error.value) and zh in error.value.text("zh")
    for measure in ("atkinson", "mcloone_index", "palma_ratio", "hoover"):
        with pytest.raises(jh.InputError, match=f"{measure} does not split into parts .* theil_t"):
            jh.decompose([1.0, 2.0], weights=None, by=["a", "b"], measure=measure)


@pytest.mark.parametrize("weight", [1e-300, 1e155, 4e307])
@pytest.mark.parametrize("measure", ["difference_coefficient", "theil_t", "gini"])
def test_intervals_ranks_and_parts_do_not_depend_on_the_size_of_the_weights(measure: str, weight: float) -> None:
    """Sums and products of such weights are beyond floats, which ended in warnings of numpy."""
    x, halves = [1.0, 2.0, 4.0, 8.0], ["a", "a", "b", "b"]
    got = [jh.bootstrap_interval(x, weights=[w] * 4, measure=measure, resamples=50, seed=1) for w in (1.0, weight)]
    pd.testing.assert_frame_equal(*got, rtol=1e-12)
    for function, more in ((jh.percentile_rank, {}), (jh.decompose, {"by": halves, "measure": "theil_t"})):
        one, other = (function(x, weights=[w] * 4, **more) for w in (1.0, weight))
        columns = ["between", "within", "share"]
        np.testing.assert_allclose(*(f[columns] if more else f for f in (one, other)), rtol=1e-12)
    for function in (jh.gap_ratio, jh.parity_index):
        assert function([1e308, 1e-308], weights=None, where=["a", "b"], group="a", reference="b") == math.inf
