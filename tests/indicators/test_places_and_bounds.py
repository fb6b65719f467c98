"""Which cell an error names, and up to which number an argument is taken: the first beyond is refused."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import junheng as jh
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, at_least

X = [1.0, 2.0, 4.0, 5.0]

#: The first wrong cell of several is named, not the last, nor the one of the largest figure.
PLACES: dict[str, tuple[Callable[[], Any], str]] = {
    "weight": (lambda: jh.gini(X, weights=[1, 2, -3, -4]), "position 2 holds -3"),
    "infinite weight": (lambda: jh.theil_t(X, weights=[1, np.inf, 2, -1]), "position 1 holds inf"),
    "amount": (lambda: jh.per_student([1, 2, -1, -5], [1, 1, 1, 1]), "amount must not be negative; check position 2"),
    "amount of a table": (lambda: jh.per_student([[1, 2], [-1, -5]], [1, 1]), "check position 2"),
    "students": (lambda: jh.per_student([1, 2, 3], [1, -1, -2]), "students must not be negative; check position 1"),
    "part": (lambda: jh.share([1, 5, 9, 0], [2, 4, 3, 1]), "check position 1"),
    "threshold": (lambda: jh.adequacy_index(X, weights=None, threshold=[1, np.nan, -2, 0]), "not -2"),
    "school twice": (
        lambda: jh.coefficient_change(
            [1.0] * 6, weights=None, years=[1, 1, 2, 1, 2, 2], schools=["a", "b", "a", "b", "c", "c"]
        ),
        "see position 1",
    ),
}


@pytest.mark.parametrize("name", PLACES)
def test_the_first_wrong_cell_is_named(name: str) -> None:
    call, told = PLACES[name]
    with pytest.raises(jh.InputError, match=told):
        call()


#: Calls with one number, numbers that are taken, and numbers that are refused.
BOUNDS: dict[str, tuple[Callable[[Any], Any], tuple[Any, ...], tuple[Any, ...]]] = {
    "alpha": (
        lambda a: jh.generalized_entropy(X, weights=None, alpha=a),
        (-1000, 1000, 0, 1),
        (-1000.1, 1000.1, np.inf, [1]),
    ),
    "alpha of parts": (
        lambda a: jh.decompose(X, weights=None, by=list("AABB"), measure="generalized_entropy", alpha=a),
        (-1000, 1000),
        (-1000.1, 1000.1),
    ),
    "epsilon": (lambda e: jh.atkinson(X, weights=None, epsilon=e), (0, 1000), (-1e-9, 1000.1)),
    "periods": (lambda p: jh.beta_convergence(X, X[::-1], weights=None, periods=p), (1e-9, 1e6), (0, -1, 1e6 + 1)),
    "level": (lambda v: jh.bootstrap_interval(X, weights=None, resamples=2, level=v), (1e-9, 0.999), (0, 1, 1.5)),
    "resamples": (
        lambda n: jh.bootstrap_interval(X, weights=None, resamples=n),
        (2, np.int64(3)),
        (1, 0, 2.0, True, np.True_),
    ),
    "seed": (
        lambda s: jh.bootstrap_interval(X, weights=None, resamples=2, seed=s),
        (0, np.int64(3)),
        (-1, 1.0, True),
    ),
    "limit": (lambda t: jh.tipping_error(X, weights=None, limit=t), (1e-9, [0.5]), (0, -1, np.inf, [0.5, 0.5])),
    "threshold": (lambda t: jh.adequacy_index(X, weights=None, threshold=t), (1e-9, [1] * 4), (0, np.inf, [1] * 3)),
    "flag": (
        lambda f: jh.mean_difference_from_mean(X, weights=None, weighted=f),
        (True, 0, np.False_, np.int8(1)),
        (2, -1, 1.0, "yes", None),
    ),
    "lower at the upper": (lambda q: jh.quantile_ratio(X, weights=None, upper=0.5, lower=q), (0.5,), (0.6,)),
    "part": (lambda n: jh.share(n, 4), (0, 4), (4.5, -0.5)),
    "order": (
        lambda z: jh.slope_index(X, weights=None, order=z),
        ([1, 2, 3, 4],),
        ([1, 2, 3], [[1], [2], [3], [4]], 1),
    ),
    "values": (lambda x: jh.gini(x, weights=None), (X, [X, X], []), (1.0, [[X]])),
    "weights": (lambda w: jh.gini(X, weights=w), ([1, 2, 3, 4],), ([1, 2, 3], [[1], [2], [3], [4]], 1)),
    "coefficients": (jh.composite_difference_coefficient, (X, [X, X]), ([], 1.0, [[X]], np.ones((2, 0)))),
    "cell": (lambda c: jh.tipping_error(X, weights=None, limit=0.5, cell=c), ("value", "students"), ("amount",)),
    "columns": (
        lambda k: jh.decompose(
            X, weights=None, by={str(i): [0, 0, i % 2, 1] for i in range(k)}, order="shapley", measure="cv2"
        ),
        (9,),
        (11,),
    ),
    "before": (lambda x: jh.beta_convergence(x, X, weights=None), (X,), ([1.0], [[1.0]] * 4, 1.0)),
    "after": (lambda x: jh.beta_convergence(X, x, weights=None), (X,), ([1.0], [[1.0]] * 4, 1.0)),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_a_number_is_taken_up_to_its_bound(name: str) -> None:
    call, taken, refused = BOUNDS[name]
    for value in taken:
        call(value)
    for value in refused:
        with pytest.raises(jh.InputError):
            call(value)


@pytest.mark.parametrize("n", [1, 126, 127, 128, 129, 256, 300])
def test_so_many_of_however_many_are_counted(n: int) -> None:
    """The counts are kept in one byte where that is enough."""
    met, unknown = np.full(n, MET, dtype=np.int8), np.full(n, UNDETERMINED, dtype=np.int8)
    for axis, shape in ((0, (n, 1)), (1, (1, n))):
        count = partial(at_least, axis=axis)
        assert count(met.reshape(shape), n).tolist() == [MET]
        assert count(met.reshape(shape), n + 1).tolist() == [UNMET]
        assert count(unknown.reshape(shape), n).tolist() == [UNDETERMINED]
        assert count(unknown.reshape(shape), n + 1).tolist() == [UNMET]


def test_a_list_of_all_indicators() -> None:
    listed = jh.list_indicators()
    assert list(listed.columns) == ["id", "scope", "formula", "unit", "label_zh", "label_en"]
    schools, counties = jh.indicators.catalogue(), jh.indicators.county_catalogue()
    assert listed["id"].tolist() == [*schools, *counties]
    assert listed["scope"].tolist() == ["school"] * len(schools) + ["county"] * len(counties)
    for row, one in zip(listed.to_dict("records"), [*schools.values(), *counties.values()], strict=True):
        assert (row["formula"], row["unit"], row["label_zh"], row["label_en"]) == (
            one.formula,
            one.unit,
            one.zh,
            one.en,
        )
        top, _, bottom = one.formula.removeprefix("100 * ").partition(" / ")
        assert one.formula.startswith("100 * ") == (one.scale == 100) and one.scale in (1, 100)
        assert one.columns == ((top, bottom) if bottom else (top,))


def refused(**given: Any) -> str:
    with pytest.raises(jh.InputError) as error:
        jh.least_additions(**given)
    return str(error.value)


def test_a_limit_is_named_with_its_column_if_there_are_several() -> None:
    two = {"amounts": [[1, 2], [3, 4]], "students": [1, 1]}
    assert "column" not in refused(**two, limit=0) and "column" not in refused(amounts=[1], students=[1], limit=-1)
    assert "column 1" in refused(**two, limit=[0.5, 0]) and "column 0" in refused(**two, limit=[np.inf, 0.5])


@pytest.mark.parametrize(("wrong", "more"), [(1, None), (2, None), (20, None), (21, 1), (25, 5)])
def test_twenty_problems_are_listed(wrong: int, more: int | None) -> None:
    lines = refused(amounts=[-1.0] * wrong, students=[1] * wrong, limit=1).splitlines()
    assert len(lines) == (1 if wrong == 1 else 1 + min(wrong, 20) + (more is not None))
    assert ("more" in lines[-1]) == (more is not None) and (more is None or f" {more} more" in lines[-1])
