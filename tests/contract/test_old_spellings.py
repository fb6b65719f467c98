"""Old spellings of arguments work for one minor version: they warn, and give the same result."""

import inspect
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_tables import QUALITY

import junheng as jh
from junheng import engines

BOOKS, STUDENTS = [279.0, 137.0, 935.0, 160.0, 402.0], [45, 37, 89, 76, 55]
PLACE = ["city", "city", "rural", "town", "rural"]
COUNTY = jh.synthetic.county(seed=0)
EV = jh.evaluate(COUNTY, QUALITY)


def dask_frame() -> Any:
    if find_spec("dask") is None:
        return COUNTY
    import dask.dataframe as dd

    return dd.from_pandas(COUNTY, npartitions=2)


def parquet(folder: Path, **given: Any) -> Any:
    """Judge a file into a folder of a new name, and return what was written."""
    pytest.importorskip("pyarrow")
    goal = folder / str(len(list(folder.iterdir())))
    engines.evaluate_parquet(**given, standard=QUALITY, target=goal, progress=False)
    return pd.read_parquet(goal / "verdicts")


def file_in(folder: Path) -> Path:
    path = folder / "schools.parquet"
    if not path.exists():
        pytest.importorskip("pyarrow")
        COUNTY.to_parquet(path)
    return path


def resampled(**given: Any) -> Any:
    return jh.bootstrap_interval(BOOKS, weights=STUDENTS, resamples=50, **given)


def computed(lazy: Any) -> Any:
    return {k: v.compute(scheduler="sync") for k, v in lazy.items()}


#: The function, its arguments under their names of today, and the old name of each.
OLD: dict[str, tuple[Callable[..., Any], Callable[[Path], dict[str, Any]], dict[str, str]]] = {
    "bootstrap_interval": (
        resampled,
        lambda _: {"seed": 3, "measure": "difference_coefficient"},
        {"seed": "rng", "measure": "statistic"},
    ),
    "gap_ratio": (
        partial(jh.gap_ratio, BOOKS, weights=STUDENTS, where=PLACE),
        lambda _: {"group": ["city", "town"], "reference": "rural"},
        {"group": "upper", "reference": "lower"},
    ),
    "least_additions": (
        partial(jh.least_additions, BOOKS, students=STUDENTS, limit=0.45),
        lambda _: {"costs": [1, 2, 3, 4, 5]},
        {"costs": "unit_costs"},
    ),
    "shortfall_totals": (jh.shortfall_totals, lambda _: {"shortfalls": EV}, {"shortfalls": "source"}),
    "evaluate_dask": (
        lambda **given: computed(engines.evaluate_dask(standard=QUALITY, **given)),
        lambda _: {"schools": dask_frame(), "outputs": ["verdicts"]},
        {"schools": "frame", "outputs": "output"},
    ),
    # with a session of Spark: tests/engines/test_engines.py; here the refusal of what is no Spark frame
    "evaluate_spark": (
        partial(engines.evaluate_spark, standard=QUALITY),
        lambda _: {"schools": COUNTY, "outputs": ["verdicts"]},
        {"schools": "frame", "outputs": "output"},
    ),
    "evaluate_parquet": (
        parquet,
        lambda folder: {"folder": folder, "schools": file_in(folder)},
        {"schools": "source"},
    ),
}


def plain(result: Any) -> Any:
    if isinstance(result, dict):
        return {k: plain(v) for k, v in result.items()}
    return result.to_json() if isinstance(result, pd.DataFrame) else np.asarray(result).tolist()


def outcome(call: Callable[..., Any], **given: Any) -> tuple[str, Any]:
    """What comes back, or what is refused."""
    try:
        return "done", plain(call(**given))
    except jh.InputError as error:
        return "refused", error.text("zh")


CASES = [(name, new) for name, (_, _, names) in OLD.items() for new in names]


@pytest.mark.parametrize(("name", "new"), CASES, ids=["-".join(c) for c in CASES])
def test_an_old_spelling_warns_and_gives_the_same(name: str, new: str, tmp_path: Path) -> None:
    call, arguments, names = OLD[name]
    given = arguments(tmp_path)
    wanted = outcome(call, **given)
    can_run = name != "evaluate_spark" and (name != "evaluate_dask" or find_spec("dask") is not None)
    assert (wanted[0] == "done") == can_run
    old = {k: v for k, v in given.items() if k != new} | {names[new]: given[new]}
    with pytest.warns(DeprecationWarning, match=f"the argument {names[new]} of {name} is now {new}") as told:
        assert outcome(call, **old) == wanted
    assert len(told) == 1
    assert Path(told[0].filename).name != "_deprecated.py"
    twice = outcome(call, **given, **{names[new]: given[new]})
    assert twice[1] == f"{name} 同时给出了 {new} 及其旧名 {names[new]}；请只给 {new}"


def test_a_position_counts_as_given() -> None:
    with pytest.raises(jh.InputError, match="was given shortfalls and also its old name source"):
        jh.shortfall_totals(EV, source=EV)  # type: ignore[call-overload]


@pytest.mark.parametrize("name", OLD)
def test_signatures_show_the_new_spelling_alone(name: str) -> None:
    names = OLD[name][2]
    function = getattr(engines if name.startswith("evaluate_") else jh, name)
    parameters = inspect.signature(function).parameters
    assert names.keys() <= parameters.keys()
    assert not set(names.values()) & (parameters.keys() - {"unit_costs"})
