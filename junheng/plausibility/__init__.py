"""``plausibility(schools)`` points at figures that do not look right, with evidence and without accusing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from junheng._frames import FrameT, Labels, Wholes, build_frame
from junheng.errors import check_language
from junheng.plausibility.figures import place_columns
from junheng.plausibility.findings import Finding
from junheng.plausibility.search import find
from junheng.schools.table import SchoolTable
from junheng.standards import Standard
from junheng.words import Language

__all__ = ["plausibility"]


def plausibility(
    schools: FrameT,
    *,
    by: Sequence[str] | str | None = None,
    standard: Standard | str | os.PathLike[str] | None = None,
    alpha: float = 0.05,
    language: Language = "en",
) -> FrameT:
    r"""List the figures of a table that do not look right, with the evidence. A finding accuses nobody.

    Each county is looked at by itself. ``frozen_over_years``: staff, equipment and books are the same to the last digit
    as the year before, while the pupils changed. ``copied_figures``: two schools agree in figures of three or more
    digits of three kinds. ``bunched_at_threshold``: the window of :math:`[r, r (1 + w)]` at what is required, *r*, has
    more schools than those of the same width beside it. These have a p-value; the tests of one county, all kinds and
    years, are one family, in which those with

    .. math:: p_{(k)} \le \frac{k}{m} \alpha

    are reported: if all its schools are honest, the chance of any such finding is at most alpha. The page *Figures
    worth a look* has what each kind can show and what it cannot, its formula and its assumptions.

    Parameters
    ----------
    schools : pandas, polars or pyarrow frame
        Canonical columns; see :func:`junheng.standardize_columns`. Cells that cannot be read count as missing, totals
        and empty rows are skipped: :func:`junheng.check_schools` lists them.
    by : str or sequence of str, optional
        Columns that identify a county. Default: ``county``, or ``county_code`` if there is no ``county``. A column
        ``year`` is always added.
    standard : Standard, str or path, optional
        The standard whose thresholds and limits schools may have been adjusted to.
    alpha : float, optional
        Bound for the share of false discoveries among the findings with a p-value, 0 to 1. Default: 0.05.
    language : {"en", "zh"}, optional
        Language of the evidence. Default: English.

    Returns
    -------
    frame of the same library
        One row per finding: the columns of ``by``, ``school`` (missing if it concerns the whole county, empty for a
        school without a name), ``stage``, ``year``, ``kind``, ``columns`` (names separated by a space), ``value`` (what
        was found), ``expected``, ``p_value`` (unadjusted; missing for kinds without) and ``evidence``. By county,
        school, stage and year in the order of the table, those about the whole county first.

    Raises
    ------
    InputError
        If ``schools`` is not a frame, or an argument is invalid.
    InputDataError
        If the table has no rows, or lacks the columns that identify counties, schools, stages and students.
    UnknownStandardError, StandardDataError
        If the standard cannot be loaded.

    References
    ----------
    Benjamini, Hochberg: Controlling the false discovery rate. J. R. Stat. Soc. B 57 (1995), 289-300.

    Examples
    --------
    >>> import junheng as jh
    >>> honest = jh.synthetic.county(seed=3, conditions=False)
    >>> schools, _ = jh.synthetic.tampered(honest, {"lifted": {"indicators": ["teaching_area_per_student"]}})
    >>> found = jh.plausibility(schools, standard="cn-quality-balance-2017")
    >>> found.query("p_value.notna()")[["kind", "columns", "value"]].values.tolist()
    [['bunched_at_threshold', 'teaching_area_m2', 15.0]]
    """
    check_language(language)
    table, findings = find(schools, by=by, standard=standard, alpha=alpha)
    frame: FrameT = build_frame(_columns(table, findings, language), table.frame.backend)
    return frame


def _columns(table: SchoolTable, findings: Sequence[Finding], language: str) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    heads = np.array([f.rows[0] for f in findings], dtype=np.int64)
    for name in place_columns(table):
        codes, words = table.codes(name)
        columns[name] = Labels(codes[heads], list(words))
    columns["school"] = [f.school for f in findings]
    columns["stage"] = [f.stage for f in findings]
    columns["year"] = Wholes([f.year for f in findings])
    columns["kind"] = [f.kind for f in findings]
    columns["columns"] = [" ".join(f.columns) for f in findings]
    for name in ("value", "expected", "p_value"):
        columns[name] = np.array([getattr(f, name) for f in findings], dtype=np.float64)
    columns["evidence"] = [f.evidence.text(language) for f in findings]
    return columns
