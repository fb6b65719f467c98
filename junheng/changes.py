"""What-if changes to a table of schools, made in decimals.

:meth:`junheng.Evaluation.apply` evaluates the changed table; :func:`applied` lists every changed cell. Changes are a
frame with the columns ``column`` and ``change``, objects of this module, or a list of both.
"""

from __future__ import annotations

from junheng._frames import FrameT
from junheng.results import Evaluation, Judgement, check_evaluation
from junheng.results.frames import Frames
from junheng.schools.editing import Add, Changed, Changes, Close, Cohorts, Enrolment, Merge, Open
from junheng.schools.editing import change_table as change_sections
from junheng.words import word

__all__ = ["Add", "Close", "Cohorts", "Enrolment", "Merge", "Open", "applied"]


def __dir__() -> list[str]:
    return __all__


def applied(ev: Evaluation[FrameT], changes: Changes) -> FrameT:
    """List every cell that some changes would change, with its value before and after.

    Parameters
    ----------
    ev : Evaluation
        The evaluation to whose table they are applied.
    changes : frame, change or list of them
        As in :meth:`junheng.Evaluation.apply`.

    Returns
    -------
    frame of the library of the input
        One row per cell: the columns of ``by``, ``school_code``, ``school``, ``row`` (position in the original table;
        empty for a new school), ``column``, ``before``, ``after``, ``cause`` and ``note``. ``cause`` is ``asked``;
        ``followed`` (a whole raised with its part); ``enrolment``; ``moved`` (pupils of another school); ``merged``;
        ``removed`` and ``opened`` (figures of removed and new rows); ``kept`` (cannot be added up and differs: the note
        has the value that was dropped); ``stated`` (what the figures of a school of several stages cover, stated so
        that the change does not alter how they are read).

    Raises
    ------
    InputDataError
        If a change cannot be made; all problems are listed.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> more = jh.changes.Add("teachers_above_required_degree", 5, school="示例县第1小学")
    >>> jh.changes.applied(ev, more)[["column", "before", "after", "cause"]].values.tolist()
    [['teachers_above_required_degree', 13.0, 18.0, 'asked'], ['teachers', 13.0, 18.0, 'followed'],
     ['staff', 13.0, 18.0, 'followed']]
    """
    check_evaluation(ev)
    out = change_table(ev.data, changes).columns(ev.language or "en")
    if ev.language is not None:
        out["column"] = [ev.header(name) for name in out["column"]]
        out["cause"] = [word("cause", name, ev.language) for name in out["cause"]]
    frames: Frames[FrameT] = Frames(ev.data, ev.language)
    return frames.frame(out)


def change_table(data: Judgement, changes: Changes) -> Changed:
    """Make changes to the table of an evaluation."""
    return change_sections(data.sections, data.standard, changes)
