"""Figures a hair from a number of the law, under every comparison: judged as on paper, wherever the number stands."""

from decimal import Decimal
from fractions import Fraction
from operator import ge, gt, le, lt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from custom_standards import custom
from small_tables import frame, junior, only, pick, school

import junheng as jh

OPS = {">=": ge, ">": gt, "<=": le, "<": lt}
CITED = {"clause": "第一条", "source": "E", "standing": "confirmed"}
#: In binary 734.4 / 192 is less than 3.825; a hair is too little for a comparison in floats.
HAIRS = (Decimal("-1e-9"), Decimal(0), Decimal("1e-9"))
AREA, STUDENTS, NUMBER = Decimal("734.4"), 192, Decimal("3.825")
ALL = {"kind": "all", **CITED}

every_op = pytest.mark.parametrize("op", OPS)
every_hair = pytest.mark.parametrize("hair", HAIRS, ids=["a hair less", "on it", "a hair more"])


def judged(op: str, value: Fraction, number: Decimal) -> str:
    return "met" if OPS[op](value, Fraction(number)) else "unmet"


def threshold(op: str, indicator: str, value: Any) -> dict[str, Any]:
    return {"indicator": indicator, "stage": "primary", "op": op, "value": value}


@every_op
@every_hair
def test_a_threshold(tmp_path: Path, op: str, hair: Decimal) -> None:
    std = custom(tmp_path, [threshold(op, "teaching_area_per_student", NUMBER)], school_rule=ALL)
    table = frame(school(students=STUDENTS, teaching_area_m2=float(AREA + hair)))
    ev = jh.evaluate(table, std)
    wanted = judged(op, Fraction(AREA + hair) / STUDENTS, NUMBER)
    assert only(ev.schools)["verdict"] == only(ev.school_verdicts)["verdict"] == wanted


@every_op
@every_hair
def test_a_threshold_of_a_share(tmp_path: Path, op: str, hair: Decimal) -> None:
    """The primary stage has 192 of 192 + 1.1 * 160 parts, so 734.4 of 1407.6 square metres."""
    weights = [{"kind": "nine_year", "primary": 1, "junior": Decimal("1.1")}]
    split = {"resources": ["teaching_area_m2"], "weights": weights, **CITED}
    std = custom(tmp_path, [threshold(op, "teaching_area_per_student", NUMBER)], school_rule=ALL, split=split)
    whole = {"kind": "nine_year", "resources_cover": "school", "teaching_area_m2": float(Decimal("1407.6") + hair)}
    table = frame(school(students=STUDENTS, **whole), junior("一小", students=160, **whole))
    wanted = judged(op, (Fraction(Decimal("1407.6") + hair) * STUDENTS / 368) / STUDENTS, NUMBER)
    assert only(jh.evaluate(table, std).schools)["verdict"] == wanted


@every_op
@every_hair
def test_a_threshold_per_hundred_students_of_a_share(tmp_path: Path, op: str, hair: Decimal) -> None:
    """23 of 368 parts are 6.25 to a hundred students, whichever stage they are shared out to."""
    weights = [{"kind": "nine_year", "primary": 1, "junior": Decimal("1.1")}]
    split = {"resources": ["computers"], "weights": weights, **CITED}
    number = Decimal("6.25") - hair / 10
    std = custom(tmp_path, [threshold(op, "computers_per_hundred_students", number)], school_rule=ALL, split=split)
    whole = {"kind": "nine_year", "resources_cover": "school", "computers": 23}
    table = frame(school(students=STUDENTS, **whole), junior("一小", students=160, **whole))
    found = only(jh.evaluate(table, std).schools)
    assert found["verdict"] == judged(op, Fraction("6.25"), number)


@every_op
@every_hair
@pytest.mark.parametrize("scope", ["section", "school", "sum"])
def test_a_condition(tmp_path: Path, op: str, hair: Decimal, scope: str) -> None:
    condition = {"scope": scope, "top": ["teaching_area_m2"], "bottom": ["students"], "op": op, "value": NUMBER}
    item = {"id": "area", "part": "government", "label": {"zh": "面积", "en": "area"}, "rule": "conditions"}
    std = custom(tmp_path, [], indicators=[], parts=["government"], items=[item | CITED | {"conditions": [condition]}])
    table = frame(school(students=STUDENTS, teaching_area_m2=float(AREA + hair)))
    wanted = judged(op, Fraction(AREA + hair) / STUDENTS, NUMBER)
    assert only(jh.evaluate(table, std).items)["verdict"] == wanted


@every_op
@every_hair
@pytest.mark.parametrize("kind", ["each", "composite"])
def test_a_limit(tmp_path: Path, op: str, hair: Decimal, kind: str) -> None:
    """Two schools of 3 have 0.3 and 0.9 m2: the coefficient is exactly 0.5, and less if the smaller has more."""
    limit = {"kind": kind, "stage": "primary", "op": op, "value": Decimal("0.5"), **CITED}
    std = custom(tmp_path, [], indicators=["teaching_area_per_student"], limits=[limit])
    low, high = Decimal("0.3") + hair / 1000, Decimal("0.9")
    table = frame(*(school(f"{x}", students=3, teaching_area_m2=float(x)) for x in (low, high)))
    row = only(jh.evaluate(table, std).indicators, indicator="composite" if kind == "composite" else std.indicators[0])
    # of two figures of equal weight: half their difference over half their sum
    wanted = judged(op, Fraction(high - low) / Fraction(high + low), limit["value"])
    assert row["verdict"] == wanted


@pytest.mark.parametrize("limited", ["primary", "junior"])
def test_a_mean_with_a_limit_in_one_stage_only(tmp_path: Path, limited: str) -> None:
    limit = {"kind": "composite", "stage": limited, "op": "<=", "value": Decimal("0.3"), **CITED}
    item = {"id": "mean", "part": "basic_standard", "label": {"zh": "均值", "en": "mean"}, **CITED}
    std = custom(
        tmp_path,
        [],
        indicators=["teaching_area_per_student", "books_per_student"],
        limits=[limit],
        items=[item | {"rule": "composite_coefficient"}],
    )
    table = frame(
        *(
            make(f"{make.__name__}{n}", teaching_area_m2=area, books=books)
            for make in (school, junior)
            for n, (area, books) in enumerate(((1000.0, 3000), (3000.0, 5000)))
        )
    )
    ev = jh.evaluate(table, std)
    means = pick(ev.indicators, indicator="composite").set_index("stage")
    assert means["coefficient"].tolist() == pytest.approx([(1 / 2 + 1 / 4) / 2] * 2)
    for stage in ("primary", "junior"):
        judged_ = stage == limited
        assert means["verdict"].notna()[stage] == means["limit"].notna()[stage] == judged_
    row = only(ev.items)
    assert (row["stage"], row["verdict"], row["required"]) == (limited, "unmet", 0.3)
    assert row["n_met"] == row["n_unmet"] == row["n_undetermined"] == 0  # a mean counts nobody
    assert only(ev.verdicts, part="overall")["verdict"] == "unmet"


#: Nearly the largest figure that is not refused.
HUGE = 999_999_999_999_999.0


@pytest.mark.parametrize(
    ("where", "name", "turned"),
    [
        ("facts", "funds_norm_per_primary_student_cny", set()),
        ("schools", "transfers_in", set()),
        ("schools", "largest_class", set()),
        ("schools", "classes", {"music-and-art-rooms"}),
    ],
)
def test_the_largest_figures_end_in_verdicts(where: str, name: str, turned: set[str]) -> None:
    """Nobody means such a figure, but a warning of numpy (here an error) is no answer to it."""
    tables = {"schools": jh.synthetic.county(seed=3, n_schools=12, items=True)}
    tables["facts"] = jh.synthetic.county_facts(tables["schools"])
    before = by_item(tables)
    huge = tables[where].astype({name: float})
    huge.loc[0, name] = HUGE
    after = by_item(tables | {where: huge})
    assert {item for item in before if before[item] != after[item]} == turned


def by_item(tables: dict[str, pd.DataFrame]) -> dict[str, list[str]]:
    ev = jh.evaluate(tables["schools"], "cn-quality-balance-2017", county_facts=tables["facts"])
    assert ev.explain() and ev.to_dict()
    return ev.items.groupby("item", observed=True)["verdict"].agg(list).to_dict()
