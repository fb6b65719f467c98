"""A stage may be named by its Chinese word wherever one is taken; ids in results stay."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import pytest
from small_tables import QUALITY

import junheng as jh
from junheng._data import STAGES, Stage
from junheng._stages import find_stage, stage_of

TABLE = jh.synthetic.county(seed=0, n_schools=8)
EV = jh.evaluate(TABLE, QUALITY)
#: The same without Chinese names: pictures of it can be drawn where there is no Chinese font.
LATIN = jh.evaluate(TABLE.assign(county="A", school=TABLE["school"].str.extract(r"(\d+)", expand=False)), QUALITY)
STD = EV.standard
INDICATOR = "books_per_student" if "books_per_student" in STD.indicators else STD.indicators[3]
COSTS = dict.fromkeys(jh.shortfall_totals(EV)["column"], 1)


def drawn(name: str, **more: Any) -> Callable[[Any], Any]:
    """A picture, as the texts that are in it."""

    def draw(stage: Any) -> list[str]:
        axes = getattr(jh.reports.plots, name)(LATIN, *more.values(), stage=stage)
        return [t.get_text() for t in axes.figure.findobj(match=lambda a: hasattr(a, "get_text"))]

    return draw


def template(stage: Any) -> bytes:
    with TemporaryDirectory() as folder:
        return jh.reports.write_template(Path(folder) / "empty.xlsx", STD, stages=[stage]).read_bytes()


#: Every public function and method that takes a stage.
DOORS: dict[str, Callable[[Any], Any]] = {
    "threshold": lambda s: STD.threshold(INDICATOR, stage=s),
    "limit": lambda s: STD.limit("each", stage=s),
    "explain": lambda s: EV.explain(stage=s),
    "Add": lambda s: EV.apply(jh.changes.Add("teachers", 3, school="示例县第1小学", stage=s)).to_dict(),
    "Enrolment": lambda s: EV.apply(jh.changes.Enrolment(factor=0.9, stage=s)).to_dict(),
    "Cohorts": lambda s: EV.apply(jh.changes.Cohorts(entering=300, leaving=310, stage=s)).to_dict(),
    "roll_forward": lambda s: jh.roll_forward(
        EV, unit_costs=COSTS, yearly_budget=0, until=2026, enrolment={s: 0.9}, progress=False
    ).to_dict(),
    "template": template,
    "coefficients": drawn("coefficients"),
    "distribution": drawn("distribution", indicator=INDICATOR),
    "lorenz": drawn("lorenz", indicator=INDICATOR),
    "ranking": drawn("ranking", indicator=INDICATOR),
    "town_and_country": drawn("town_and_country", indicator=INDICATOR),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_chinese_word_is_the_stage(door: str) -> None:
    call = DOORS[door]
    if door == "Add":  # a primary school has no junior stage
        assert call("小学") == call("primary") == call(" 小学部")
        return
    assert call("初中") == call("junior") == call("初中部") == call("Junior")
    assert call("小学") == call("primary") != call("junior")


@pytest.mark.parametrize("door", sorted(DOORS))
@pytest.mark.parametrize("wrong", ["幼儿园", "高中", "primry", 3, None])
def test_what_is_no_stage_is_refused_in_the_language(door: str, wrong: Any) -> None:
    may_be_any = {"explain", "Add", "Enrolment", "Cohorts", "coefficients"}
    if wrong is None and door in may_be_any:
        return
    with pytest.raises(jh.InputError) as caught:
        DOORS[door](wrong)
    zh = caught.value.text("zh")
    assert "小学" in zh and "primary" not in zh and "primary" in str(caught.value), zh


def test_every_word_of_the_type_is_read_and_so_is_every_word_of_a_return() -> None:
    words = [w for part in get_args(Stage) for w in get_args(part) or (part,)]
    assert {find_stage(w) for w in words} == set(STAGES)
    assert stage_of("高中") == "senior" and stage_of("一贯制学校初中部") == "junior" and stage_of(None) is None


def test_a_changes_table_in_chinese_words_is_drawn_alike() -> None:
    changes = jh.plan(LATIN, unit_costs=COSTS, progress=False).changes
    column, stage = changes.loc[changes["stage"].notna(), ["column", "stage"]].iloc[0]
    zh = changes.assign(stage=changes["stage"].map({"primary": "小学", "junior": "初中"}))
    one = jh.reports.plots.who_gives(changes, column, stage=stage)
    other = jh.reports.plots.who_gives(zh, column, stage=stage)
    assert [t.get_text() for t in one.texts] == [t.get_text() for t in other.texts]
