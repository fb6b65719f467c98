"""The catalogue: every indicator with its formula, unit, columns and labels."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from attrs import frozen

from junheng._data import read_toml
from junheng._frames import pandas_frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Indicator", "catalogue", "county_catalogue", "indicator", "list_indicators"]


@frozen(kw_only=True)
class Indicator:
    """One indicator: ``scale * numerator / denominator``, or the numerator as it is.

    Attributes
    ----------
    id : str
        Its one spelling, in functions, columns and files.
    numerator : str
        Canonical column counted.
    denominator : str or None
        Canonical column it is divided by; None for an amount a school.
    scale : int
        100 for figures per hundred students.
    unit : str
        Such as ``"m2/student"``.
    zh, en : str
        Labels.
    """

    id: str
    numerator: str
    denominator: str | None
    scale: int
    unit: str
    zh: str
    en: str

    @property
    def formula(self) -> str:
        """The formula in words of canonical columns."""
        if self.denominator is None:
            return self.numerator
        return f"{'100 * ' if self.scale == 100 else ''}{self.numerator} / {self.denominator}"

    @property
    def columns(self) -> tuple[str, ...]:
        """Canonical columns the indicator needs."""
        return (self.numerator,) if self.denominator is None else (self.numerator, self.denominator)


_FORMULAS: dict[str, tuple[str | None, int]] = {
    "per_student": ("students", 1),
    "per_hundred_students": ("students", 100),
    "amount": (None, 1),
}


@cache
def catalogue() -> dict[str, Indicator]:
    """Return every indicator by id.

    Returns
    -------
    dict of str to Indicator
        In the order of the catalogue.

    Examples
    --------
    >>> from junheng.indicators import catalogue
    >>> catalogue()["teaching_area_per_student"].formula
    'teaching_area_m2 / students'
    """
    return _read("indicators")


@cache
def county_catalogue() -> dict[str, Indicator]:
    """Return every indicator of a county by id; their columns are facts about the county.

    Returns
    -------
    dict of str to Indicator
        In the order of the catalogue.

    Examples
    --------
    >>> from junheng.indicators import county_catalogue
    >>> county_catalogue()["junior_progression_rate"].formula
    'junior_leavers_progressed / junior_leavers'
    """
    return _read("county_indicators")


def _read(table: str) -> dict[str, Indicator]:
    out = {}
    for id_, entry in read_toml("indicators/catalog.toml")[table].items():
        if entry["formula"] == "students_per":
            numerator, denominator, scale = "students", entry["denominator"], 1
        else:
            numerator = entry["numerator"]
            denominator, scale = (
                (entry["denominator"], 1) if entry["formula"] == "share" else _FORMULAS[entry["formula"]]
            )
        label = entry["label"]
        out[id_] = Indicator(
            id=id_,
            numerator=numerator,
            denominator=denominator,
            scale=scale,
            unit=entry["unit"],
            zh=label["zh"],
            en=label["en"],
        )
    return out


def indicator(id: str) -> Indicator:
    """Return one indicator by id."""
    return catalogue()[id]


def list_indicators() -> pd.DataFrame:
    """List the indicators of the catalogue.

    Returns
    -------
    pandas.DataFrame
        One row an indicator: ``id``, ``scope`` (``school`` or ``county``), ``formula``, ``unit``, ``label_zh``,
        ``label_en``.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.list_indicators().set_index("id").loc["teachers_per_student", "label_zh"]
    '师生比'
    """
    rows = [*catalogue().values(), *county_catalogue().values()]
    return pandas_frame(
        {
            "id": [i.id for i in rows],
            "scope": ["school"] * len(catalogue()) + ["county"] * len(county_catalogue()),
            "formula": [i.formula for i in rows],
            "unit": [i.unit for i in rows],
            "label_zh": [i.zh for i in rows],
            "label_en": [i.en for i in rows],
        }
    )
