"""What `explain` says, and of which part."""

import pytest

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
