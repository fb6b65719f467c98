"""Synthetic data: counties, provinces and a nation in the form of a real return, for docs, tests and benchmarks.

School sizes are log-normal, larger in urban than in rural areas. Small schools have more space and staff per student.
Some schools have several stages and report their rooms once. Some teaching points have few students, and some schools
have none left. The same seed gives the same table on every machine.
"""

from __future__ import annotations

from junheng.synthetic.facts import county_facts
from junheng.synthetic.tables import county, nation, province

__all__ = ["county", "county_facts", "nation", "province"]


def __dir__() -> list[str]:
    return __all__
