"""What a real table of 2,668 honest schools yields, and why (left where it is, for its licence is not confirmed)."""

from pathlib import Path

from real_tables import MAPPING

import junheng as jh


def test_one_school_of_taiwan_is_worth_a_look(shared_data: Path) -> None:
    table = jh.read_schools(shared_data / "taiwan_primary_schools_113.csv", mapping=MAPPING).assign(stage="primary")
    findings = jh.plausibility(table)
    assert findings[["county", "kind", "columns"]].values.tolist() == [["臺中市", "out_of_range", "teachers students"]]
    school = table.set_index("school").loc[findings["school"][0]]
    assert (school["students"], school["teachers"]) == (
        140,
        0,
    )  # a section of another school, whose teachers may be counted there
