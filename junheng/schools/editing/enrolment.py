"""Changes of enrolment: by a factor (:class:`Enrolment`), and by cohorts that enter and leave (:class:`Cohorts`)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import numpy as np

from junheng._data import STAGES
from junheng.errors import ProblemCode
from junheng.schools.editing.inputs import is_count, read_number, read_stage
from junheng.schools.editing.kinds import Cohorts, Enrolment
from junheng.schools.editing.table_editor import TableEditor
from junheng.words import Name, listed, message

__all__ = ["add_cohorts", "multiply"]

#: Enough for the product of any float and a factor.
_ALL_DIGITS = 400


def multiply(editor: TableEditor, change: Enrolment) -> None:
    """Multiply enrolment, section by section, in whole pupils (halves up)."""
    factor = read_number(change.factor, message("changes.factor"), editor.problems)
    sections = _sections(editor, change)
    if factor is None:
        return
    if factor < 0:
        editor.problems.add(ProblemCode.NEGATIVE_VALUE, message("changes.negative_factor", factor=str(factor)))
        return
    for i in sections or ():
        before = editor.stage_value(i, "students")
        if before is not None:
            with localcontext(prec=_ALL_DIGITS):
                after = (before * factor).quantize(Decimal(1), rounding=ROUND_HALF_UP)
            if after != before:
                editor.add_to_stage(i, "students", after - before, "enrolment")


def add_cohorts(editor: TableEditor, change: Cohorts) -> None:
    """Distribute a net number of pupils in proportion to enrolment."""
    net = _net_pupils(editor, change)
    sections = _sections(editor, change)
    if net is None or not sections or not _are_of_one_stage_and_county(editor, sections):
        return
    enrolment = [editor.stage_value(i, "students") for i in sections]
    for i, students in zip(sections, enrolment, strict=True):
        if students is None:
            editor.report_unknown("students", editor.row(i))
    known = [s for s in enrolment if s is not None]
    if len(known) < len(sections):
        return
    for i, amount in zip(sections, _shared_out(known, net), strict=True):
        if amount:
            editor.add_to_stage(i, "students", amount, "enrolment")


def _sections(editor: TableEditor, change: Enrolment | Cohorts) -> list[int] | None:
    """Return the sections of compulsory education to which a change applies."""
    stage = read_stage(change.stage, editor.problems)
    if change.stage is not None and stage not in STAGES:
        if stage is not None:
            stages = listed((Name("stage", s) for s in STAGES), "or")
            advice = message("changes.enrolment_of_stages", stages=stages, stage=Name("stage", stage))
            editor.problems.add(ProblemCode.OUT_OF_RANGE, advice)
        return None
    inside = editor.schools.within(change.county, change.year)
    if inside is None:
        return None
    sections: list[int] | None = np.flatnonzero(inside).tolist()
    if change.school is not None:
        sections = editor.schools.find(change.school, change.county, change.year)
    wanted = STAGES if stage is None else (stage,)
    return sections and [i for i in sections if editor.stage(i) in wanted and editor.row(i) not in editor.removed]


def _net_pupils(editor: TableEditor, change: Cohorts) -> int | None:
    """Return the net number of pupils after all years."""
    names = ("entering", "leaving", "years")
    whats = [message("changes.cohorts_figure", name=n) for n in names]
    given = [read_number(getattr(change, n), w, editor.problems) for n, w in zip(names, whats, strict=True)]
    numbers = [n for n in given if n is not None]
    wrong = [n for n in numbers if not is_count(n)]
    if wrong:
        editor.problems.add(ProblemCode.NOT_WHOLE, message("changes.cohorts_not_counts", value=str(wrong[0])))
    if wrong or len(numbers) < len(names):
        return None
    entering, leaving, years = map(int, numbers)
    return (entering - leaving) * years


def _are_of_one_stage_and_county(editor: TableEditor, sections: Sequence[int]) -> bool:
    """Whether pupils can be distributed among some sections; a problem if not."""
    if len({editor.stage(i) for i in sections}) > 1:
        editor.problems.add(ProblemCode.AMBIGUOUS_SCHOOL, message("changes.cohorts_mix_stages"))
        return False
    codes = [editor.table.codes(name)[0] for name in editor.table.by]
    counties = {tuple(c[editor.row(i)] for c in codes) for i in sections}
    if len(counties) > 1:
        editor.problems.add(
            ProblemCode.AMBIGUOUS_SCHOOL,
            message("changes.cohorts_mix_counties", counties=len(counties)),
        )
        return False
    return True


def _shared_out(enrolment: list[Decimal], net: int) -> list[Decimal]:
    """Distribute pupils in proportion to enrolment, in whole pupils that add up (largest remainder)."""
    total = sum((Fraction(v) for v in enrolment), Fraction(0))
    if net < 0 and -net > total:  # the first school will be reported as below zero
        return [Decimal(0) if i else Decimal(net) for i in range(len(enrolment))]
    shares = [Fraction(v) * net / total if total else Fraction(net, len(enrolment)) for v in enrolment]
    floors = [s.numerator // s.denominator for s in shares]
    order = sorted(range(len(enrolment)), key=lambda i: (floors[i] - shares[i], i))
    for i in order[: net - sum(floors)]:
        floors[i] += 1
    return [Decimal(f) for f in floors]
