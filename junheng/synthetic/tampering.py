"""Planted manipulations: what tests of plausibility must find, with the list of what was planted.

:func:`tampered` takes an honest table and returns it changed, beside the list. A list that hides in the table (as
``DataFrame.attrs``) would be lost in a merge, a concatenation or another library; two results cannot be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import signature
from typing import Any

import numpy as np

from junheng._frames import FrameT, Table, build_frame
from junheng.errors import InputError, did_you_mean
from junheng.standards import load_standard
from junheng.synthetic.manipulations import AMOUNTS, KINDS, STANDARD, Opened
from junheng.words import Message, Quoted, listed, message

#: A kind, several, or options by kind; None for no manipulation.
Tamper = str | Iterable[str] | Mapping[str, Mapping[str, Any]] | None


def tampered(schools: FrameT, tamper: Tamper, *, seed: int = 0) -> tuple[FrameT, FrameT]:
    r"""Plant manipulations in a table of schools; return the table, and the list of what was planted.

    Every county of the table is manipulated, in the last year of the table. Each kind has random numbers of its own:
    what one plants does not depend on the others.

    ``lifted``
        Schools below a threshold of 教督〔2017〕6号 are lifted to :math:`t (1 + u)`, in whole units, with ``u`` uniform
        on ``excess`` (default 0 to 0.02); ``indicators``: ids, default all seven. An integrated school is lifted so
        that its worst stage gets there. People are lifted only while they do not exceed the teachers.
    ``copied``
        A school takes the figures of ``columns`` (default areas, equipment, books) of the school of its county that
        is nearest in students.
    ``frozen``
        Resources and staff of a school stay those of the year before, though its students changed. Requires 2 years.
    ``rounded``
        The ``columns`` (default areas, equipment, computers, books) are rounded to ``digits`` digits (default 1).
    ``unit``
        One figure among ``columns`` is multiplied by one of ``factors``; by default 10, 100, 1000, 10 000 or one of
        their inverses, or an area is given in 亩.

    All kinds have the option ``schools``: the number of schools in each county (of ``lifted``: in each indicator).
    Default: 1, and ``None``, all schools, for ``lifted`` and ``frozen``.

    Parameters
    ----------
    schools : pandas, polars or pyarrow frame
        A table of this module, or any with canonical columns without errors.
    tamper : str, sequence of str, or mapping of str to mapping
        Kind, several kinds, or the options of each kind, such as ``{"lifted": {"excess": (0, 0.05)}, "unit": {}}``.
        Kinds are planted in the order above.
    seed : int
        Seed of the random numbers.

    Returns
    -------
    schools : frame of the same library
        The table with the planted figures. It has no errors if it had none before.
    planted : frame of the same library
        One row per changed cell: county, school, stage, year, kind, columns (the column of the cell), before, after.
        The figure of an integrated school is a cell in each of its rows.

    Raises
    ------
    InputError
        If a kind or an option is unknown, or ``frozen`` is given fewer than two years.
    InputDataError
        If the table has errors.

    Examples
    --------
    >>> import junheng as jh
    >>> honest = jh.synthetic.county(seed=0)
    >>> schools, planted = jh.synthetic.tampered(honest, {"rounded": {"digits": 2}})
    >>> planted[["school", "columns", "before", "after"]].values.tolist()[0]
    ['示例县第23初级中学', 'teaching_area_m2', 19950.0, 20000.0]
    """
    options = _options(tamper)
    table = Opened.open(schools)
    for number, (kind, plant) in enumerate(KINDS.items()):
        if kind in options:
            plant(np.random.default_rng([seed, 6, number]), table, **options[kind])
    frame = Table(schools)
    return frame.with_columns(table.changed()).to_native(), build_frame(table.planted(), frame.backend)


def _options(tamper: Tamper) -> dict[str, Mapping[str, Any]]:
    """Return the options of each kind that is asked for, checked."""
    given = {} if tamper is None else [tamper] if isinstance(tamper, str) else tamper
    if not isinstance(given, Iterable):
        raise InputError(message("synthetic.not_kinds", value=repr(given)))
    by_kind = dict(given) if isinstance(given, Mapping) else {kind: {} for kind in given}
    for kind, options in by_kind.items():
        if kind not in KINDS:
            hint = did_you_mean(kind, KINDS)
            raise InputError(message("synthetic.unknown_kind", kind=repr(kind), kinds=listed(KINDS), hint=hint))
        if not isinstance(options, Mapping):
            raise InputError(message("synthetic.not_options", kind=kind, value=Quoted(options)))
        known = [name for name, p in signature(KINDS[kind]).parameters.items() if p.kind is p.KEYWORD_ONLY]
        for name, value in options.items():
            if name not in known:
                text = {"kind": kind, "option": repr(name), "options": listed(known)}
                raise InputError(message("synthetic.unknown_option", **text, hint=did_you_mean(name, known)))
            _check(name, value)
    return by_kind


def _check(name: str, value: Any) -> None:
    """Refuse an option that makes no sense."""
    expected: Message | None = None
    if name in ("columns", "indicators"):
        known = AMOUNTS if name == "columns" else [t.indicator for t in load_standard(STANDARD).thresholds]
        if isinstance(value, str) or not set(value or known) <= set(known):
            expected = message("synthetic.some_of", names=listed(dict.fromkeys(known)))
    elif name == "excess":
        if len(value) != 2 or not 0 <= value[0] <= value[1]:
            expected = message("synthetic.two_shares")
    elif name == "factors":
        if not all(f > 0 and f != 1 for f in value or ()):
            expected = message("synthetic.factors")
    elif not (isinstance(value, int) and value >= 1) and not (name == "schools" and value is None):
        expected = message("synthetic.whole_number", least=1)
    if expected is not None:
        raise InputError(message("synthetic.wrong_option", option=name, value=repr(value), expected=expected))
