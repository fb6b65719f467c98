"""Three-valued verdicts: met, unmet, undetermined, combined by Kleene's logic.

Inside, a verdict is a small integer ordered unmet < undetermined < met, so that "all" is the minimum and "any" the
maximum. Outside, it is one of the three words.
"""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from junheng._arrays import Column, Columns, as_floats
from junheng.errors import InputError
from junheng.words import Quoted, message

__all__ = ["MET", "UNDETERMINED", "UNMET", "VERDICTS", "all_of", "at_least", "compare", "compliance", "judged"]

Verdicts = NDArray[np.int8]
Op = Literal[">=", "<=", ">", "<", "=="]
Verdict = Literal["met", "unmet", "undetermined"]

UNMET, UNDETERMINED, MET = 0, 1, 2
#: The words, by code.
VERDICTS = ("unmet", "undetermined", "met")

_COMPARE = {
    ">=": np.greater_equal,
    "<=": np.less_equal,
    ">": np.greater,
    "<": np.less,
    "==": np.equal,
}


@overload
def compliance(values: float, required: float, *, op: Op = ...) -> Verdict: ...
@overload
def compliance(values: Column | Columns, required: float | Column | Columns, *, op: Op = ...) -> NDArray[np.str_]: ...
@overload
def compliance(values: float, required: Column | Columns, *, op: Op = ...) -> NDArray[np.str_]: ...
def compliance(values: Any, required: Any, *, op: Op = ">=") -> Any:
    """Compare values with a requirement; a missing value never passes.

    Parameters
    ----------
    values : number or array-like
        The values, unrounded.
    required : number or array-like
        The requirement, in the same unit; an array is broadcast against ``values``.
    op : {">=", "<=", ">", "<", "=="}
        How the values are compared with the requirement. With ``">="`` and ``"<="`` equality passes.

    Returns
    -------
    str or ndarray of str
        ``"met"``, ``"unmet"``, or ``"undetermined"`` if either is missing.

    Raises
    ------
    InputError
        If the input contains text or if ``op`` is unknown.

    References
    ----------
    教督〔2017〕6号, 第六条: 以上 includes the number itself, 小于或等于 likewise.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.compliance([4.2, 4.19, float("nan")], 4.2).tolist()
    ['met', 'unmet', 'undetermined']
    >>> jh.compliance(0.501787, 0.50, op="<=")
    'unmet'
    """
    codes = compare(as_floats(values, "values"), as_floats(required, "required"), op)
    words = np.asarray(VERDICTS)[codes]
    return str(words) if words.ndim == 0 else words


def compare(values: Any, required: Any, op: str) -> Verdicts:
    """Return the verdict codes of ``values op required``."""
    if op not in _COMPARE:
        raise InputError(message("arithmetic.one_of", name="op", choices=tuple(_COMPARE), value=Quoted(op)))
    holds = np.multiply(_COMPARE[op](values, required), np.int8(MET))
    # what is missing compares as false: one verdict better than unmet
    out: Verdicts = holds + (np.isnan(values) | np.isnan(required))
    return out


def judged(signs: Any, op: str) -> Verdicts:
    """Return the verdict codes of comparisons, from the signs of value minus requirement."""
    return np.where(_COMPARE[op](signs, 0), np.int8(MET), np.int8(UNMET))


def all_of(verdicts: Verdicts, axis: int = -1) -> Verdicts:
    """Return met where all are met, unmet where one is unmet, else undetermined (met for no verdict at all)."""
    out: Verdicts = np.min(verdicts, axis=axis, initial=MET)
    return out


def at_least(verdicts: Verdicts, k: int, rest: Verdicts | None = None, axis: int = -1) -> Verdicts:
    """Return whether at least ``k`` along an axis are met and, with ``rest``, all others pass their floor.

    ``rest`` holds the verdicts against the floor; a verdict that is met needs no floor. The result is undetermined only
    if an unknown verdict could change it.
    """
    short = np.int8 if verdicts.shape[axis] < 128 else np.int64
    met = np.add.reduce(verdicts == MET, axis=axis, dtype=short)
    possible = np.add.reduce(verdicts >= UNDETERMINED, axis=axis, dtype=short)  # met, or not known
    # enough that are met are enough that could be: one verdict more for each
    enough: Verdicts = np.add(met >= k, possible >= k, dtype=np.int8)
    if rest is None:
        return enough
    # in a weaker sense than the threshold itself: met implies the floor is met
    return np.asarray(np.minimum(enough, all_of(np.maximum(verdicts, rest), axis=axis)))
