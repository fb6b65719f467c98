"""What a user writes, checked by ``mypy --strict`` in ``tests/house/test_types.py``; it is never run."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, assert_type

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

import junheng as jh
from junheng import changes, reports
from junheng.reports import plots

Vector = np.ndarray[tuple[int], np.dtype[np.float64]]
Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]

students = [45, 37, 89, 76, 55]
table = pd.DataFrame()
county: pd.Series[Any] = pd.Series(dtype=object)
area: pd.Series[Any] = pd.Series(dtype=float)


def ratios() -> None:
    """Ratios keep the shape of what they are given."""
    assert_type(jh.per_student(2250, 500), float)
    books = jh.per_student([279, 137, 935, 160, 402], students)
    assert_type(books, Vector)
    assert_type(jh.per_hundred_students(area, table["students"]), Vector)
    assert_type(jh.share(table[["a", "b"]], table["c"]), Matrix)
    assert_type(jh.compliance(4.2, 4.2), Literal["met", "unmet", "undetermined"])
    assert_type(jh.compliance(books, 4.2, op="<="), NDArray[np.str_])
    assert_type(jh.list_indicators(), pd.DataFrame)


def inequality(books: Vector, unknown: NDArray[np.float64]) -> None:
    """A column gives a number, several give one each; with groups a Series, or a frame."""
    assert_type(jh.difference_coefficient(books, weights=students), float)
    assert_type(jh.difference_coefficient(area, weights=table["students"]), float)
    assert_type(jh.difference_coefficient([1.0, None], weights=None), float)
    assert_type(jh.gini(books, weights=students, by=list("AABBB")), "pd.Series[float]")
    assert_type(jh.gini(area, weights=None, by=county), "pd.Series[float]")
    assert_type(jh.gini(area, weights=None, by={"county": county}), "pd.Series[float]")
    assert_type(jh.gini(area, weights=None, by=table[["city", "county"]]), "pd.Series[float]")
    assert_type(jh.theil_t(table[["a", "b"]], weights=None), Vector)
    assert_type(jh.theil_l([[1, 2], [3, 4]], weights=None), Vector)
    assert_type(jh.hoover(table[["a", "b"]], weights=None, by=county), pd.DataFrame)
    two = np.ones((2, 2))
    assert_type(jh.atkinson(two, weights=None, epsilon=1), Vector)
    assert_type(jh.quantile_ratio(books, weights=None, upper=0.9, lower=0.1), float)
    assert_type(jh.share_of_bottom(area, weights=None, share=0.2, by=county), "pd.Series[float]")
    assert_type(jh.gap_ratio(area, weights=None, where=county, group=["city", "town"], reference="rural"), float)
    assert_type(jh.concentration_index(books, weights=None, rank=[1, 2, 3, 4, 5]), float)
    assert_type(jh.composite_difference_coefficient([0.3, 0.4]), float)
    assert_type(jh.composite_difference_coefficient(table[["a", "b"]]), "pd.Series[float]")
    assert_type(jh.mcloone_index(books, weights=students), float)
    assert_type(jh.weighted_quantile(table[["a", "b"]], weights=None, share=0.9), Vector)
    assert_type(jh.adequacy_index(area, weights=None, threshold=4.5, by=county), "pd.Series[float]")
    assert_type(jh.slope_index(books, weights=None, order=[1, 2, 3, 4, 5]), float)
    assert_type(jh.relative_index(table[["a", "b"]], weights=None, order=area, form="mean", by=county), pd.DataFrame)
    assert_type(jh.parity_index(area, weights=None, where=county, group="a", reference=["b"], adjusted=True), float)
    assert_type(jh.mean_difference_from_best(books, weights=None, favourable=False), float)
    assert_type(jh.population_attributable_risk(books, weights=None, order=[1, 2, 3, 4, 5]), float)
    # an array of unknown shape may give either
    either: Any = jh.gini(unknown, weights=None)
    assert_type(jh.gini(unknown, weights=None), Any)
    print(either)


def tables(books: Vector) -> None:
    """What has several figures is a frame; one figure a school is an array."""
    assert_type(jh.lorenz_curve(books, weights=students), pd.DataFrame)
    assert_type(jh.decompose(area, weights=None, by=county, measure="gini"), pd.DataFrame)
    assert_type(jh.bootstrap_interval(books, weights=students, method="bca"), pd.DataFrame)
    assert_type(jh.bootstrap_interval(books, weights=students, measure="atkinson", epsilon=1), pd.DataFrame)
    assert_type(jh.influence(books, weights=students, measure="gini"), NDArray[np.float64])
    assert_type(jh.neutrality(area, weights=None, wealth=area, by=county), pd.DataFrame)
    assert_type(jh.sigma_convergence(area, weights=None, years=table["year"]), pd.DataFrame)
    assert_type(jh.beta_convergence([1.0, 2.0], [2.0, 3.0], weights=None), "pd.Series[float]")
    assert_type(jh.influence(books, weights=students), NDArray[np.float64])
    assert_type(jh.ranking(books, ties="dense"), NDArray[np.float64])
    assert_type(jh.tipping_error(books, weights=students, limit=0.5), NDArray[np.float64])
    assert_type(jh.least_additions(books, students=students, limit=Decimal("0.45")), NDArray[np.float64])
    assert_type(jh.least_transfers(area, students=table["students"], limit=0.45, by=county), NDArray[np.float64])


def mistakes(books: Vector) -> None:
    """A checker refuses what would be refused when it runs: an unused ``ignore`` is an error."""
    jh.gini(7.0, weights=None)  # type: ignore[call-overload]
    jh.gini(books)  # type: ignore[call-overload]
    jh.ranking(books, ties="max")  # type: ignore[arg-type]
    jh.relative_index(books, weights=None, order=books, form="odds")  # type: ignore[call-overload]
    jh.compliance(1.0, 2.0, op="!=")  # type: ignore[call-overload]
    jh.decompose(books, weights=None, by=county, measure="theil")  # type: ignore[arg-type]
    jh.engines.evaluate_parquet("a", "b", "c", outputs=["verdict"])  # type: ignore[list-item]
    jh.engines.evaluate_parquet("a", "b", "c", missing="skip")  # type: ignore[arg-type]
    jh.engines.evaluate_parquet(source="a", standard="b", target="c")  # type: ignore[call-arg]
    jh.gap_ratio(area, weights=None, where=county, upper="city", lower="rural")  # type: ignore[call-overload]
    jh.check_schools(table, 2017)  # type: ignore[arg-type]
    jh.check_schools(table, language="de")  # type: ignore[arg-type]
    ev = jh.evaluate(table, "cn-quality-balance-2017")
    ev.explain(stage="senior")  # type: ignore[arg-type]
    ev.relabel("fr")  # type: ignore[arg-type]
    jh.plan(ev, unit_costs={"books": "dear"})  # type: ignore[dict-item]
    jh.shortfall_totals(jh.shortfalls(ev), unit_costs={})  # type: ignore[call-overload]
    plots.lorenz(ev, "books_per_student", stage="senior")  # type: ignore[arg-type]
    reports.html_report(ev, language="de")  # type: ignore[arg-type]
    changes.Close(school="一小", students_to=0.5)  # type: ignore[arg-type]


def schools_in(polars_table: pl.DataFrame) -> None:
    """The library of the input is the library of the output; a standard is an id, a path or an object."""
    std = jh.load_standard("cn-quality-balance-2017")
    assert_type(jh.check_schools(table), pd.DataFrame)
    assert_type(jh.check_schools(polars_table, std, language="zh"), pl.DataFrame)
    assert_type(jh.split_stages(table, Path("own.toml")), pd.DataFrame)
    assert_type(jh.split_stages(polars_table, std), pl.DataFrame)


def evaluation(polars_table: pl.DataFrame) -> None:
    """Frames of an evaluation, of what is lacking and of what would change."""
    ev = jh.evaluate(table, "cn-quality-balance-2017", county_facts={"甲县": {"counted": True}})
    assert_type(ev, jh.Evaluation[pd.DataFrame])
    assert_type(ev.schools, pd.DataFrame)
    assert_type(ev.relabel("zh").verdicts, pd.DataFrame)
    assert_type(ev.explain(("甲县", 2025), stage="primary", language="zh"), str)
    assert_type(ev.explain(stage="小学"), str)
    assert_type(jh.evaluate(polars_table, "cn-basic-balance-2012").items, pl.DataFrame)
    add = changes.Add("books", 20, school="一小", county="甲县", year=2025)
    close = changes.Close(school="二小", students_to={"一小": 40, "三小": 2})
    assert_type(ev.apply(add), jh.Evaluation[pd.DataFrame])
    assert_type(ev.apply([add, close, table]).schools, pd.DataFrame)
    assert_type(changes.applied(ev, changes.Enrolment(factor=Decimal("0.97"), stage="junior")), pd.DataFrame)
    assert_type(jh.monitor(ev), pd.DataFrame)


def plans(polars_ev: jh.Evaluation[pl.DataFrame]) -> None:
    """A plan has frames of the same library; costs are numbers, also by kind of school."""
    ev = jh.evaluate(table, "cn-quality-balance-2017")
    costs = {"books": 10, "computers": 5000.5}
    assert_type(jh.shortfalls(ev, unit_costs=costs), pd.DataFrame)
    assert_type(jh.shortfalls(polars_ev), pl.DataFrame)
    assert_type(
        jh.shortfall_totals(ev, by="stage", unit_costs={"books": {"primary": 10, "nine_year": Decimal("1.2")}}),
        pd.DataFrame,
    )
    assert_type(jh.shortfall_totals(jh.shortfalls(polars_ev)), pl.DataFrame)
    assert_type(jh.contributions(ev), pd.DataFrame)
    assert_type(jh.margins(polars_ev), pl.DataFrame)
    made = jh.plan(ev, unit_costs=costs, budget=1e6, move_costs={"teachers": 1000}, most_moved=Decimal("0.2"))
    assert_type(made, jh.Plan[pd.DataFrame])
    assert_type(made.changes, pd.DataFrame)
    assert_type(made.counties, pd.DataFrame)
    assert_type(made.after, jh.Evaluation[pd.DataFrame])
    assert_type(ev.apply(made.changes).verdicts, pd.DataFrame)
    assert_type(jh.plan(polars_ev, unit_costs=costs).steps, pl.DataFrame)
    future = jh.roll_forward(ev, unit_costs=costs, yearly_budget={2026: 1e6}, until=2027, enrolment={"primary": 0.97})
    assert_type(future, pd.DataFrame)
    cohorts = changes.Cohorts(entering=100, leaving=120, stage="primary")
    assert_type(
        jh.roll_forward(polars_ev, unit_costs=costs, yearly_budget=5, until=2027, enrolment=[cohorts]), pl.DataFrame
    )


def handed_on(made: jh.Plan[pd.DataFrame], ev: jh.Evaluation[pd.DataFrame]) -> None:
    """Reports, forms and pictures, of one county or all."""
    assert_type(reports.html_report(ev, county="甲县", language="en", plan=made), str)
    assert_type(reports.write_report(ev, "report.html", county=("甲县", 2025)), Path)
    assert_type(reports.write_template("empty.xlsx", ev.standard, stages=["junior"], language="en"), Path)
    assert_type(reports.write_declaration(ev, Path("form.xlsx"), county="甲县"), Path)
    assert_type(reports.write_results(ev, "results.xlsx", language="en"), Path)
    assert_type(reports.write_plan_workbook(made, Path("plan.xlsx")), Path)
    assert_type(reports.declaration(ev), reports.Declaration)
    plots.lorenz(ev, "books_per_student", stage="primary", county="甲县", language="zh")
    plots.before_and_after(made, "books_per_student", stage="junior")
    plots.who_gives(made, "books", stage="primary", county=("甲县", 2025))
    plots.who_gives(made.changes, "books", stage="primary")
    plots.over_years([ev, ev], stage="primary")
    plots.over_years(jh.monitor(ev), stage="primary")


def elsewhere() -> None:
    """The synthetic data and the engines."""
    assert_type(jh.synthetic.county(seed=1), pd.DataFrame)
    done = jh.engines.evaluate_parquet(Path("a"), "cn-quality-balance-2017", "out", outputs=["verdicts"])
    assert_type(done, jh.engines.ParquetSummary)
    assert_type(done.to_dict(), dict[str, Any])


def told(error: jh.JunhengError, problem: jh.Problem) -> None:
    """Errors and problems say themselves in a language."""
    assert_type(error.text("zh"), str)
    assert_type(problem.text("zh"), str)
