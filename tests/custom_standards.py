"""Standards made for a test."""

from pathlib import Path
from typing import Any

import tomli_w

import junheng as jh

#: The head of a standard file.
IDENTITY = """
id = "trial"
document = "试行办法"
number = "试〔2026〕1号"
issued = "2026-01"
jurisdiction = "CN"
last_checked_on = "2026-11-22"
label = { zh = "试行", en = "Trial" }
parts = ["resources"]
sources.S1 = { title = "试行办法" }
"""


def custom(folder: Path, thresholds: list[dict[str, Any]], **more: Any) -> jh.Standard:
    """Return a user's standard with some thresholds, every number cited."""
    cited = {"clause": "第一条", "source": "E", "standing": "confirmed"}
    content = {
        "id": "xx-own",
        "document": "示例",
        "number": "示例1号",
        "issued": "2030",
        "jurisdiction": "XX",
        "last_checked_on": "2030-01-01",
        "label": {"zh": "示例", "en": "Example"},
        "parts": ["basic_standard"],
        "indicators": list(dict.fromkeys(t["indicator"] for t in thresholds)),
        "sources": {"E": {"title": "示例"}},
        "thresholds": [cited | t for t in thresholds],
    }
    path = folder / "own.toml"
    path.write_text(tomli_w.dumps(content | more), encoding="utf-8")
    return jh.load_standard(path)


def both_stages(**threshold: Any) -> list[dict[str, Any]]:
    return [{"stage": s} | threshold for s in ("primary", "junior")]
