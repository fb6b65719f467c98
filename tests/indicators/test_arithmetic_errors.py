"""What the arithmetic and the engines say when an argument cannot be used, in both languages."""

import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import junheng as jh
from junheng.engines._job import _placed
from junheng.words import Listed, Row, message

#: What stays as it is in Chinese: arguments, ids, libraries, code, and what was given.
IDS = (
    r"“[^”]*”|'[^']*'|\([^)]*\)|\[[^]]*\]|[\w.]*[_.=][\w.=]*|values|weights|students|limit|lowest|highest|by|years|where|"
    r"upper|lower|group|reference|schools|seed|share|ties|op|measure|amounts?|int|missing|source|nan|inf|pandas|polars|pyarrow|min|average|dense|theil_t|theil_l|ge2|cv2|variance|gini|hoover|threshold|order|epsilon|atkinson|form|favourable|True|False|ratio|mean"
)

CALLS: dict[str, Callable[[], Any]] = {
    "text": lambda: jh.gini([1.0, "x"], weights=None),
    "dtype": lambda: jh.gini(np.array(["a", "b"]), weights=None),
    "weights": lambda: jh.gini([1.0, 2.0], weights=[-1, 1]),
    "rows": lambda: jh.gini([1.0, 2.0], weights=[1]),
    "index": lambda: jh.gini(pd.Series([1.0, 2.0]), weights=pd.Series([1, 2], index=[5, 6])),
    "shape": lambda: jh.theil_t(np.ones((2, 2, 2)), weights=None),
    "number": lambda: jh.share_of_top([1.0], weights=None, share=2),
    "choice": lambda: jh.ranking([1.0], ties="max"),  # type: ignore[arg-type]
    "one of": lambda: jh.compliance(1.0, 2.0, op="!="),  # type: ignore[arg-type]
    "negative": lambda: jh.per_student([-1, 2], [3, 4]),
    "shapes": lambda: jh.per_student([1, 2], [3, 4, 5]),
    "place": lambda: jh.gap_ratio([1.0, 2.0], weights=None, where=["a", "b"], group="a", reference="c"),
    "years": lambda: jh.coefficient_change([1.0], weights=None, years=[2024], schools=["a"]),
    "label": lambda: jh.gini([1.0, 2.0], weights=None, by=["a", None]),
    "limit": lambda: jh.least_additions([1, 2], students=[3, 4], limit=0),
    "limits": lambda: jh.least_additions([[1, 2], [1, 2]], students=[3, 4], limit=[0.5, 0]),
    "group": lambda: jh.least_additions([1, 2], students=[3, 0], limit=0.5, by=["甲", "乙"]),
    "bounds": lambda: jh.least_additions([1, 9], students=[3, 4], limit=0.1, highest=3),
    "many": lambda: jh.least_additions([-1.0] * 30, students=[1] * 30, limit=0.5, highest=-1),
    "threshold": lambda: jh.adequacy_index([1.0], weights=None, threshold=0),
    "thresholds": lambda: jh.adequacy_index([1.0, 2.0], weights=None, threshold=[1, 2, 3]),
    "order": lambda: jh.slope_index([1.0, 2.0], weights=None, order=[1]),
    "flag": lambda: jh.population_attributable_risk([1.0, 2.0], weights=None, favourable="no"),  # type: ignore[call-overload]
    "form": lambda: jh.relative_index([1.0, 2.0], weights=None, order=[1, 2], form="x"),  # type: ignore[call-overload]
    "no measure": lambda: jh.influence([1.0], weights=None, measure="某测度"),
    "no option": lambda: jh.influence([1.0], weights=None, measure="gini", epsilon=1),
    "option": lambda: jh.bootstrap_interval([1.0], weights=None, measure="slope_index"),
    "no parts": lambda: jh.decompose([1.0], weights=None, by=["a"], measure="hoover"),  # type: ignore[arg-type]
    "frame": lambda: jh.evaluate(7, "cn-quality-balance-2017"),
    "synthetic": lambda: jh.synthetic.county(missing=2),
    "no file": lambda: jh.engines.evaluate_parquet([], "cn-quality-balance-2017", "nowhere"),
    "batch": lambda: jh.engines.evaluate_parquet("x", "cn-quality-balance-2017", "nowhere", batch_rows=0),
}


@pytest.mark.parametrize("name", CALLS)
def test_an_argument_that_cannot_be_used_is_told_in_chinese(name: str) -> None:
    with pytest.raises(jh.InputError) as caught:
        CALLS[name]()
    error = caught.value
    text = error.text("zh")
    assert re.search("[\u4e00-\u9fff]", text)
    assert not re.search("[A-Za-z]{3,}", re.sub(IDS, "", text)), text
    assert error.text("en") == str(error) and not re.search("[\u4e00-\u9fff]", re.sub("'[^']*'", "", str(error)))
    again = pickle.loads(pickle.dumps(error))
    assert again.args == error.args and again.text("zh") == text


#: Functions of a share, whether it may be 0, and how the share is given.
SHARES: dict[str, tuple[Callable[[float], Any], bool]] = {
    "share_of_bottom": (lambda x: jh.share_of_bottom([1.0, 3.0], weights=None, share=x), True),
    "share_of_top": (lambda x: jh.share_of_top([1.0, 3.0], weights=None, share=x), True),
    "weighted_quantile": (lambda x: jh.weighted_quantile([1.0, 3.0], weights=None, share=x), False),
    "quantile_ratio upper": (lambda x: jh.quantile_ratio([1.0, 3.0], weights=None, upper=x, lower=x), False),
    "quantile_ratio lower": (lambda x: jh.quantile_ratio([1.0, 3.0], weights=None, upper=1, lower=x), False),
    "restricted_range": (lambda x: jh.restricted_range([1.0, 3.0], weights=None, upper=1, lower=x), False),
}


@pytest.mark.parametrize("name", SHARES)
def test_a_share_is_between_0_and_1(name: str) -> None:
    call, zero = SHARES[name]
    for share in (-1e-9, -0.5, -1, 1 + 1e-9, 1.5, 100, float("nan"), float("inf"), *(() if zero else (0,))):
        with pytest.raises(jh.InputError, match=str(share) if abs(share) >= 0.5 else "must be"):
            call(share)
    for share in (1e-9, 0.5, 1, *((0,) if zero else ())):
        assert np.isfinite(call(share))


@pytest.mark.parametrize(
    "ratio", [jh.per_student, jh.per_hundred_students, jh.students_per_teacher, jh.indicators.share]
)
def test_a_part_less_than_nothing_is_refused(ratio: Callable[..., Any]) -> None:
    for amounts in ((-0.5, 4.0), (4.0, -0.5), ([1.0, -1e-9], [4.0, 4.0]), ([4.0, 4.0], [1.0, -1e-9])):
        with pytest.raises(jh.InputError, match="negative"):
            ratio(*amounts)
    assert ratio(0, 4.0) == 0 and np.isnan(ratio(4.0, 0))


def test_many_problems_are_a_line_each() -> None:
    with pytest.raises(jh.InputError) as caught:
        CALLS["many"]()
    english, chinese = str(caught.value).splitlines(), caught.value.text("zh").splitlines()
    assert len(english) == len(chinese) == 22
    assert (
        english[0] == "60 problems:"
        and english[1] == "  position 0: the amount is -1; it must be finite and not negative"
    )
    assert english[-1] == "  … and 40 more" and chinese[0] == "有60处问题：" and chinese[-1] == "  ……另有40处"


def test_rows_in_a_message_are_those_of_the_source() -> None:
    said = message("errors.line", before=Row(1), then=Listed((Row(0), "x")))
    problem = jh.Problem(code=jh.ProblemCode.DUPLICATE_ROW, row=0, message=said)
    row, part = np.array([7, 5]), np.array([2, 3])
    assert _placed(problem, row, None).message == "row 5\n  row 7, x"
    placed = _placed(problem, row, part)
    assert placed.row == 7 and placed.message == "row 5 of partition 3\n  row 7 of partition 2, x"
    assert placed.sentence("zh") == "分区3第5行\n  分区2第7行、x"


def test_a_file_that_is_not_there_is_named_in_chinese(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(jh.InputError) as caught:
        jh.engines.evaluate_parquet(tmp_path / "x.parquet", "cn-quality-balance-2017", tmp_path / "out")
    assert caught.value.text("zh").endswith("x.parquet 不存在；请核对路径")
