"""The changes that a user can request, as plain objects; the other files of this folder apply them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from attrs import field, frozen

from junheng._data import CountyKey, Number, SchoolKey, Stage

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoDataFrame

__all__ = ["Add", "Change", "Changes", "Close", "Cohorts", "Enrolment", "Merge", "Open", "PupilsOf"]

#: School (by name or code) to a number of pupils.
PupilsOf: TypeAlias = Mapping[str, int] | Mapping[int, int]


@frozen
class Add:
    """Add to a figure of a school, or subtract from it.

    If a part would exceed its whole (teachers with a higher degree, all teachers), the whole is raised just enough.
    Resources shared by the stages of an integrated school are changed in all its rows.

    Parameters
    ----------
    column : str
        Canonical column of a figure, such as ``computers``.
    amount : int, float or Decimal
        Added to the figure; negative to subtract.
    school : str
        Name or code of the school.
    county : str or int, optional
        County of the school; needed if schools of several counties have that name.
    stage : {"primary", "junior", "senior"} or a Chinese word (小学, 初中, 高中), optional
        Stage; needed for the people of a school of several stages.
    year : int, optional
        Year; needed if the table has several.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> after = ev.apply(jh.changes.Add("computers", 20, school="示例县第1小学"))
    >>> after.provenance["changes"][0]["cells"]
    1
    """

    column: str
    amount: Number
    school: SchoolKey = field(kw_only=True)
    county: CountyKey | None = field(default=None, kw_only=True)
    stage: Stage | Literal["senior", "高中"] | None = field(default=None, kw_only=True)
    year: int | None = field(default=None, kw_only=True)


@frozen(kw_only=True)
class Enrolment:
    """Multiply enrolment by a factor, rounded to whole pupils (halves up) for each school and stage.

    A missing enrolment stays missing. The senior stage is not changed.

    Parameters
    ----------
    factor : int, float or Decimal
        Such as 0.97 for 3 % fewer pupils. Not negative.
    stage : {"primary", "junior"} or a Chinese word (小学, 初中), optional
        Only this stage. Default: both.
    county : str or int, optional
        Only this county. Default: all.
    school : str, optional
        Only this school. Default: all.
    year : int, optional
        Only this year. Default: all.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> fewer = ev.apply(jh.changes.Enrolment(factor=0.9, stage="primary"))
    >>> int(ev.school_verdicts["students"].iloc[0]), int(fewer.school_verdicts["students"].iloc[0])
    (173, 156)
    """

    factor: Number
    stage: Stage | None = None
    county: CountyKey | None = None
    school: SchoolKey | None = None
    year: int | None = None


@frozen(kw_only=True)
class Cohorts:
    """Change enrolment by (entering - leaving) pupils per year.

    With ``school``, the pupils are that school's. Otherwise they are those of a whole county, shared out among its
    schools in proportion to enrolment, in whole pupils, so that the total is exact (largest remainder; ties go to the
    first school in the table).

    Parameters
    ----------
    entering, leaving : int
        Pupils per year.
    years : int
        Number of years.
    stage : {"primary", "junior"} or a Chinese word (小学, 初中), optional
        Stage; needed if there are both.
    county : str or int, optional
        County; needed if there are several.
    school : str, optional
        Only this school. Default: all.
    year : int, optional
        Year; needed if the table has several.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> after = ev.apply(jh.changes.Cohorts(entering=3000, leaving=3400, years=2, stage="primary"))
    >>> before, now = (e.school_verdicts.query("stage == 'primary'")["students"].sum() for e in (ev, after))
    >>> int(now - before)
    -800
    """

    entering: int
    leaving: int
    years: int = 1
    stage: Stage | None = None
    county: CountyKey | None = None
    school: SchoolKey | None = None
    year: int | None = None


@frozen(kw_only=True)
class Merge:
    """Merge schools into one of them: people and things are added up, the rows of the others are removed.

    If a figure is missing, so is the sum. What cannot be added up (kind of school, flags, length of the track) is kept
    from ``into``; :func:`applied` lists columns in which the others differ.

    Parameters
    ----------
    schools : sequence of str
        Names or codes of the schools to merge.
    into : str
        The school that remains. It must have every stage of the others.
    county : str or int, optional
        County of the schools; needed if schools of several counties have such a name.
    year : int, optional
        Year; needed if the table has several.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> after = ev.apply(jh.changes.Merge(schools=["示例县第4小学"], into="示例县第1小学"))
    >>> len(ev.school_verdicts) - len(after.school_verdicts)
    1
    """

    schools: Sequence[SchoolKey]
    into: SchoolKey
    county: CountyKey | None = None
    year: int | None = None


@frozen(kw_only=True)
class Open:
    """Open a school: a new row, with pupils who come from other schools.

    Parameters
    ----------
    row : mapping
        Canonical column to cell. Omitted columns are missing, not 0. County and year may be omitted if the table has
        only one.
    moved_students : mapping, optional
        School to the number of its pupils of that stage who move. Their sum is the enrolment unless the row has
        ``students``.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> row = {"school": "新校", "school_code": "N1", "kind": "primary", "stage": "primary", "books": 3000}
    >>> after = ev.apply(jh.changes.Open(row=row, moved_students={"示例县第1小学": 60}))
    >>> int(after.school_verdicts["students"].iloc[0]), int(after.school_verdicts["students"].iloc[-1])
    (113, 60)
    """

    row: Mapping[str, Any]
    moved_students: PupilsOf = field(factory=dict)


@frozen(kw_only=True)
class Close:
    """Close a school: its rows are removed with all resources; its pupils go to other schools.

    To keep its teachers and rooms, use :class:`Merge`, or :class:`Add` them elsewhere.

    Parameters
    ----------
    school : str
        Name or code of the school.
    students_to : str or mapping, optional
        The school that takes all pupils, stage by stage. For a school of one stage also school to number of pupils,
        which must add up to all of them. Not needed if there are no pupils. Pupils of a senior stage leave the
        table.
    county : str or int, optional
        County of the school; needed if schools of several counties have that name.
    year : int, optional
        Year; needed if the table has several.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> after = ev.apply(jh.changes.Close(school="示例县第1小学", students_to="示例县第4小学"))
    >>> int(ev.school_verdicts["students"].sum()) == int(after.school_verdicts["students"].sum())
    True
    """

    school: SchoolKey
    students_to: SchoolKey | PupilsOf | None = None
    county: CountyKey | None = None
    year: int | None = None


#: One change; and what can be applied: a frame with a change a row, a change, or several of either.
Change: TypeAlias = Add | Enrolment | Cohorts | Merge | Open | Close
Changes: TypeAlias = "IntoDataFrame | Change | Iterable[IntoDataFrame | Change]"
