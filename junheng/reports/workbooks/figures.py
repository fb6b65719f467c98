"""How the figures of a frame are printed where that depends on the row: by indicator, unit or item (private)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from junheng._data import read_toml
from junheng._frames import Table
from junheng.facts import Fact, fact_columns
from junheng.indicators.catalog import catalogue, county_catalogue
from junheng.judging.items import ItemResult
from junheng.reports.declarations.item_tables import is_share
from junheng.reports.workbooks.sheets import GENERAL, PERCENT, THREE, TWO, Sheet, telling, unit_format
from junheng.results import Evaluation, Judgement
from junheng.schools import columns
from junheng.words import Language, sentences, word

#: Columns in the unit of the indicator of the row, and what each is compared with.
_OF_INDICATOR = ("value", "required", "floor", "mean", "std")
#: Columns in the unit of the row.
_IN_UNIT = ("change", "short", "short_school", "short_of_floor", "short_of_floor_school")
_COMPARED = {"value": "required", "coefficient": "limit"}


def sheet_of(name: str, frame: Any, shown: Evaluation, *, items: bool = False) -> Sheet:
    """Return a frame of a relabelled evaluation as a sheet; ``items`` if it is the frame of items."""
    ids = _ids(shown)
    assert shown.language is not None
    return Sheet(name, frame, ids, _by_row(Table(frame), ids, shown.data, shown.language, items))


def _ids(shown: Evaluation) -> dict[str, str]:
    """Return the id of every header."""
    return {shown.header(id_): id_ for id_ in (*columns(), *read_toml("words/labels.toml")["column"])}


def _by_row(
    table: Table, ids: Mapping[str, str], d: Judgement, language: Language, items: bool
) -> dict[str, Sequence[str]]:
    header = {ids.get(name, name): name for name in table.columns}
    out: dict[str, Sequence[str]] = {}
    if items:
        out |= dict.fromkeys(("value", "required"), _item_formats(d, language))
    elif "indicator" in header:
        units = {getattr(i, language): i.unit for i in (*catalogue().values(), *county_catalogue().values())}
        formats = _looked_up(table, header["indicator"], {label: unit_format(u) for label, u in units.items()})
        out |= {id_: formats for id_ in _OF_INDICATOR if id_ in header}
    elif "fact" in header:
        of_fact = {getattr(f, language): _fact_format(f, language) for f in fact_columns().values()}
        out["value"] = _looked_up(table, header["fact"], of_fact)
    of_unit = [id_ for id_ in _IN_UNIT if id_ in header]
    if of_unit and "unit" in header:
        units = {word("unit", u, language): u for u in read_toml("words/labels.toml")["unit"] if "/" not in u}
        formats = _looked_up(table, header["unit"], {label: unit_format(u) for label, u in units.items()})
        out |= dict.fromkeys(of_unit, formats)
    if "coefficient" in header:
        out["coefficient"] = [THREE] * table.rows
    for id_, other in _COMPARED.items():
        if id_ in out and other in header:
            out[id_] = telling(table.floats(header[id_]), table.floats(header[other]), out[id_])
    return out


def _looked_up(table: Table, header: str, formats: Mapping[str, str]) -> list[str]:
    """Return the format of each row by the word in a column."""
    codes, words = table.codes(header)
    known = np.array([*(formats.get(w, GENERAL) for w in words), GENERAL], dtype=object)
    return list(known[codes].tolist())


def _item_formats(d: Judgement, language: Language) -> list[str]:
    """Return the format of value and requirement of every county and item."""
    if not d.items:
        return []
    each = [np.array(_condition_formats(r, language), dtype=object)[r.condition] for r in d.items]
    return list(np.stack(each, axis=1).reshape(-1).tolist())


def _condition_formats(result: ItemResult, language: Language) -> list[str]:
    if result.item.rule in ("each_coefficient", "composite_coefficient"):
        return [THREE]
    if not result.item.conditions:
        return [PERCENT]  # the share of schools that comply
    formats = []
    for test in result.item.conditions:
        if test.scope in ("school", "section", "share") or is_share(test):
            formats.append(PERCENT)
        elif test.scope == "county" and not test.bottom:
            formats.append(_fact_format(fact_columns()[test.top[0]], language))
        else:
            formats.append(GENERAL)
    return formats


def _fact_format(fact: Fact, language: Language) -> str:
    """Return the format of a fact; an answer is a figure that reads as a word."""
    if fact.type == "flag":
        return '[=1]"{yes}";[=0]"{no}";General'.format(**sentences("results", language))
    return TWO if fact.unit == "CNY" else GENERAL
