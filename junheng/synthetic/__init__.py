"""Synthetic data: counties, provinces and a nation in the form of a real return, for docs, tests and benchmarks.

School sizes are log-normal, larger in urban than in rural areas. Small schools have more space and staff per student.
Some schools have several stages and report their rooms once. Some teaching points have few students, and some schools
have none left. The same seed gives the same table on every machine. ``heaping=True`` lets figures heap as those of
honest schools do; :func:`tampered` plants manipulations and returns what was planted.
"""

from __future__ import annotations

from junheng.synthetic.facts import county_facts
from junheng.synthetic.tables import county, nation, province
from junheng.synthetic.tampering import tampered

__all__ = ["county", "county_facts", "nation", "province", "tampered"]


def __dir__() -> list[str]:
    return __all__
