"""Every public function is timed as tables grow (``benchmarks/slopes.py``), or excepted with a reason."""

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def slopes(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import slopes

    yield slopes
    del sys.modules["slopes"]


def test_every_public_function_is_timed_or_excepted(slopes):
    timed = {slopes.base_name(name) for name in slopes.RUNS}
    assert sorted(slopes.public_names() - timed - slopes.EXCEPTED.keys()) == [], (
        "add to RUNS, or to EXCEPTED and say why"
    )
    assert sorted((timed | slopes.EXCEPTED.keys()) - slopes.public_names()) == [], "no such public name"
    assert sorted(timed & slopes.EXCEPTED.keys()) == []
    assert all(reason for reason in slopes.EXCEPTED.values())


def test_what_is_timed_on_fewer_counties_is_there(slopes):
    assert {*slopes.TENTH, *slopes.UP_TO_TEN} <= slopes.RUNS.keys()


def test_a_public_function_that_is_not_listed_is_found(slopes, monkeypatch):
    monkeypatch.delitem(slopes.RUNS, "gini")
    with pytest.raises(AssertionError, match="gini"):
        test_every_public_function_is_timed_or_excepted(slopes)


def test_a_steep_slope_is_a_finding(slopes):
    line = {"seconds": [0.01, 0.05, 0.3], "slope": slopes.slope([1, 3, 10], [0.01, 0.05, 0.3])}
    assert slopes.too_steep(line)
    assert slopes.slope([1, 3, 10], [2, 6, 20]) == pytest.approx(1)
    assert not slopes.too_steep(line | {"seconds": [1e-5, 1e-4, 1e-3]})
    assert "nothing" in slopes.as_row({"name": "x", "note": "nothing is installed"})
