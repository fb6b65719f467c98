"""A fixed corpus of tables, and what is kept of their evaluations: digests of words and counts, sums of figures.

``python tests/corpus/corpus.py`` writes ``kept.json`` anew. Do that only where a change of results is meant, and say
in the CHANGELOG why.
"""

import hashlib
import json
import math
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

import junheng as jh

KEPT = Path(__file__).with_name("kept.json")
STANDARDS = sorted(jh.list_standards()["id"])
FRAMES = ("schools", "school_verdicts", "indicators", "items", "verdicts", "left_out")
#: Sentences may be worded better; what they say stands in the other columns.
SENTENCES = {("items", "finding"), ("school_verdicts", "reason"), ("verdicts", "reason")}
COUNTS = {"row", "n_indicators", "n_met", "n_unmet", "n_undetermined", "n_schools", "n_missing", "n_empty"}


def clean():
    """Two counties with everything, items too."""
    return jh.synthetic.province(seed=3, n_counties=2, items=True)


def missing():
    """Gaps in every figure."""
    return jh.synthetic.province(seed=4, n_counties=3, missing=0.05, items=True)


def poor():
    """Schools of a poor county, very unequal."""
    return jh.synthetic.county(seed=5, resourcing=0.8, inequality=1.5, items=True)


def years():
    """A few counties over three years."""
    return jh.synthetic.nation(seed=6, years=3, n_counties=2, conditions=True, items=True)


def messy():
    """Numbers as text, blanks, zeros, units that do not count, rows in no order."""
    table = jh.synthetic.county(seed=7, missing=0.02)
    rng = np.random.default_rng(7)
    text = table["students"].astype(object)
    text[::7] = [f" {int(x)} " if x == x else None for x in table["students"][::7]]
    table["students"] = text
    table.loc[3, "students"] = 0
    table["in_coefficient"] = "是"
    table.loc[5, "in_coefficient"] = "否"
    return table.iloc[rng.permutation(len(table))].reset_index(drop=True)


def integrated():
    """Nine-year, twelve-year and complete secondary schools in one row and in several."""
    rows = []
    for n in range(12):
        a, b, c = 120 + 37 * n, 90 + 53 * n, 60 + 11 * n
        kind = ("nine_year", "twelve_year", "complete_secondary")[n % 3]
        students = {"nine_year": (a, b, None), "twelve_year": (a, b, c), "complete_secondary": (None, b, c)}[kind]
        things = {
            "teaching_area_m2": 1000.25 + 411.5 * n,
            "sports_area_m2": 2100 + 633.1 * n,
            "equipment_value_cny": 500_000 + 71_234.5 * n,
            "multimedia_classrooms": 4 + 3 * n,
            "computers": 30 + 17 * n,
            "books": 4000 + 1234 * n,
        }
        people = ("teachers", "teachers_above_required_degree", "teachers_mid_or_senior_title", "backbone_teachers")
        base = {"county": f"{'甲乙'[n % 2]}县", "school": f"{n}校", "kind": kind, "ownership": "public"}
        if n % 2:  # one row
            row = base | things
            for word, x in zip(("primary", "junior", "senior"), students, strict=True):
                row[f"students_{word}"] = x
                for k, name in enumerate((*people, "pe_art_teachers", "classes")):
                    row[f"{name}_{word}"] = None if x is None else 1 + x // (14 + 9 * k)
            rows.append(row)
        else:  # a row a stage
            for word, x in zip(("primary", "junior", "senior"), students, strict=True):
                if x is not None:
                    figures = {
                        name: 1 + x // (14 + 9 * k) for k, name in enumerate((*people, "pe_art_teachers", "classes"))
                    }
                    rows.append(base | things | {"stage": word, "students": x} | figures)
    return pd.DataFrame(rows)


TABLES = {t.__name__: t for t in (clean, missing, poor, years, messy, integrated)}


def results():
    """Every frame of every evaluation, or the codes of the problems that stop it."""
    for name, make in TABLES.items():
        table = make()
        facts = jh.synthetic.county_facts(table, seed=1) if name != "integrated" else None
        for standard in STANDARDS:
            for option in ("propagate", "omit") if name == "missing" else ("propagate",):
                key = f"{name} {standard} {option}"
                try:
                    ev = jh.evaluate(table, standard, county_facts=facts, missing=option)
                except jh.InputDataError as exc:
                    yield key, "error", sorted(str(p.code) for p in exc.problems)
                    continue
                for frame in FRAMES:
                    found = getattr(ev, frame)
                    yield key, frame, found.drop(columns=[c for f, c in SENTENCES if f == frame])


def kept():
    """What is kept of the corpus."""
    out = {}
    for key, name, found in results():
        out.setdefault(key, {})[name] = found if name == "error" else _summary(found)
    return out


def _summary(frame):
    words = {c: frame[c] for c in frame.columns if c in COUNTS or frame[c].dtype.kind not in "f"}
    text = json.dumps({c: [_word(x) for x in column] for c, column in words.items()}, ensure_ascii=False)
    figures = {c: _sums(frame[c].to_numpy()) for c in frame.columns if c not in words}
    return {"rows": len(frame), "words": hashlib.sha256(text.encode()).hexdigest()[:16], "figures": figures}


def _word(x):
    return None if x is None or x is pd.NA or x != x else x.item() if hasattr(x, "item") else x


def _sums(values):
    """Two sums with random weights, and the size they are held against: 1e-12 of it."""
    known = np.isfinite(values)
    out = [int(known.sum()), zlib.crc32(known.tobytes())]
    for seed in (1, 2):
        w = np.random.default_rng(seed).uniform(-1, 1, values.size)[known] * values[known]
        out += [math.fsum(w), math.fsum(np.abs(w))]
    return out


if __name__ == "__main__":
    KEPT.write_text(json.dumps(kept(), indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
