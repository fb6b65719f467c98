"""Checks of local documents that cases name."""

from collections.abc import Callable, Mapping
from typing import Any

import junheng as jh
from junheng.standards import model
from junheng.standards.model import Condition


def written_out(test: model.Comparison) -> str:
    if isinstance(test, Condition) and test.one_of:
        return f"{test.op} " + " or ".join(format(v.normalize(), "f") for v in test.one_of)
    assert test.value is not None and test.primary is None and test.per_classes is None
    number = format(test.value.normalize(), "f")
    return f"{test.op} {number}" + (f" ({test.qualifier})" if test.qualifier else "")


def golden_targets(case: Mapping[str, Any]) -> dict[str, Any]:
    """Every number of a file, item by item; of one that extends another, what differs by ``diff``."""
    std = jh.load_standard(case["standard"])
    wanted = {i.id for i in std.items}
    if "than" in case:
        changed = jh.load_standard(case["than"]).diff(std)
        assert set(changed["table"]) == {"items"} and set(changed["field"]) <= {"conditions", "value"}
        wanted = set(changed["entry"])
    assert wanted == set(case["expected"])
    return {
        item.id: [
            text
            for c in item.conditions
            for text in (
                " or ".join(written_out(t) for t in (c, *c.readings)),
                *(", ".join(map(written_out, y.tests)) for y in c.yardsticks),
            )
        ]
        for item in std.items
        if item.id in wanted
    }


def golden_document(case: Mapping[str, Any]) -> dict[str, Any]:
    """What a standard says of the document it was made from, and which clauses and sources its numbers name."""
    std = jh.load_standard(case["standard"])
    got = {
        name: getattr(std, name) or "" for name in case["expected"] if name not in ("clauses", "sources", "standings")
    }
    own = {i.id: i for i in std.items}
    for name, field in (("clauses", "clause"), ("sources", "source"), ("standings", "standing")):
        got[name] = {i: str(getattr(own[i], field)) for i in case["expected"].get(name, {})}
    return got


CHECKS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "targets": golden_targets,
    "document": golden_document,
}


CITED = {"clause": "第一条", "source": "L", "standing": "confirmed", "label": {"zh": "项", "en": "item"}}


def item(id_: str, *conditions: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    base = {"id": id_, "part": "government", "rule": "conditions", **CITED}
    return base | ({"conditions": list(conditions)} if conditions else {}) | changed
