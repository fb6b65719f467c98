"""What `explain` says, and of which part."""

from pathlib import Path
from typing import Any

import pytest
from custom_standards import both_stages, custom

import junheng as jh


@pytest.mark.parametrize("part", ["resources", "资源配置", "overall", "总体结论"])
def test_one_part_is_what_the_whole_says_of_it(part: str) -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=8), "cn-quality-balance-2017")
    whole, alone = ev.explain(language="zh").splitlines(), ev.explain(part=part, language="zh").splitlines()
    assert alone[0] == whole[0] and set(alone) < set(whole) and len(alone) > 2
    assert ("【资源配置】" in "".join(alone)) == (part in ("resources", "资源配置"))


def test_a_part_that_is_not_there_is_named_with_those_that_are() -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=4), "cn-quality-balance-2017")
    with pytest.raises(jh.InputError, match="no part 'money'; available: resources, government") as caught:
        ev.explain(part="money")
    assert "资源配置" in caught.value.text("zh")


#: A scored item of the government part.
SCORED = {
    "id": "plan",
    "part": "government",
    "rule": "scored",
    "label": {"zh": "规划", "en": "Plan"},
    "clause": "第二条",
    "source": "E",
    "standing": "confirmed",
    "conditions": [{"scope": "county", "top": ["points_migrants_in_plan"]}],
}


@pytest.mark.parametrize(
    ("items", "en", "zh"),
    [
        ([], "the standard has no item in this part", "该标准在此部分没有项目"),
        ([SCORED], "the items of this part count only in the total score", "该标准在此部分的项目只计入总分"),
    ],
)
def test_a_part_that_no_item_decides_is_not_said_to_want_data(
    tmp_path: Path, items: list[dict[str, Any]], en: str, zh: str
) -> None:
    """It stays undetermined, but no figure could change that."""
    std = custom(tmp_path, both_stages(indicator="books_per_student", value=15), parts=["government"], items=items)
    ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=4), std)
    assert ev.verdicts["verdict"].tolist() == ["undetermined", "undetermined"]
    assert ev.verdicts["reason"].tolist()[0] == en and en in ev.explain().lower()
    assert zh in ev.explain(language="zh")
