"""Amounts per student and their kin: multiply first, divide once."""

from __future__ import annotations

from typing import Any, overload

import numpy as np

from junheng._arrays import AnyShape, Column, Columns, Floats, Matrix, Vector, as_floats, require_aligned
from junheng.errors import AlignmentError, InputError
from junheng.words import message

__all__ = ["per_hundred_students", "per_student", "ratio", "share", "students_per_teacher"]


def ratio(numerator: Any, denominator: Any, scale: int = 1, *, names: tuple[str, str]) -> Any:
    """Return ``scale * numerator / denominator``, NaN where the denominator is 0 or anything is missing.

    ``names`` are what the two are called in an error. A 2-D numerator (schools, amounts) takes a 1-D denominator.
    """
    require_aligned(**{names[0]: numerator, names[1]: denominator})
    top, bottom = as_floats(numerator, names[0]), as_floats(denominator, names[1])
    for name, array in zip(names, (top, bottom), strict=True):
        if (array < 0).any():
            position = int(np.argmax(array.reshape(-1) < 0))
            raise InputError(message("arithmetic.negative", name=name, position=position))
    if top.ndim == 2 and bottom.ndim == 1 and top.shape[0] == bottom.shape[0]:
        bottom = bottom[:, np.newaxis]
    elif top.ndim and bottom.ndim and top.shape != bottom.shape:
        shapes = {"first": names[0], "shape": str(top.shape), "other": names[1], "other_shape": str(bottom.shape)}
        raise AlignmentError(message("arithmetic.shapes_differ", **shapes))
    out = _divide(top, bottom, scale)
    return float(out) if out.ndim == 0 else out


def _divide(top: Floats, bottom: Floats, scale: int) -> Floats:
    # 100 * n is exact for every count, so the one division rounds once and a school on a threshold stays on it
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        out = np.asarray((top * scale if scale != 1 else top) / bottom)
    zero = np.broadcast_to(bottom == 0, out.shape)
    if zero.any():
        out[zero] = np.nan
    return out


@overload
def per_student(amount: float, students: float) -> float: ...
@overload
def per_student(amount: AnyShape, students: float | Column | Columns) -> Any: ...
@overload
def per_student(amount: float, students: Column) -> Vector: ...
@overload
def per_student(amount: Column, students: float | Column) -> Vector: ...
@overload
def per_student(amount: Columns, students: float | Column | Columns) -> Matrix: ...
def per_student(amount: Any, students: Any) -> Any:
    r"""Amount of a resource per student.

    .. math:: X_i = x_i / P_i

    Parameters
    ----------
    amount : number, (schools,) or (schools, amounts) array-like
        What each school has: m², yuan, volumes, persons. Not negative.
    students : number or (schools,) array-like
        Enrolment of the same stage.

    Returns
    -------
    float or ndarray
        In units of the amount per student. NaN if the enrolment is 0 or either figure is missing.

    Raises
    ------
    InputError
        If the input contains text or negative numbers.
    AlignmentError
        If shapes or indexes differ.

    References
    ----------
    教督〔2012〕3号, 教督〔2017〕6号: 生均… indicators.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.per_student(2250, 500)
    4.5
    >>> jh.per_student([279, 0, 10], [45, 37, 0])
    array([6.2, 0. , nan])
    """
    return ratio(amount, students, names=("amount", "students"))


@overload
def per_hundred_students(count: float, students: float) -> float: ...
@overload
def per_hundred_students(count: AnyShape, students: float | Column | Columns) -> Any: ...
@overload
def per_hundred_students(count: float, students: Column) -> Vector: ...
@overload
def per_hundred_students(count: Column, students: float | Column) -> Vector: ...
@overload
def per_hundred_students(count: Columns, students: float | Column | Columns) -> Matrix: ...
def per_hundred_students(count: Any, students: Any) -> Any:
    r"""Count of persons or things per hundred students.

    .. math:: X_i = 100\,x_i / P_i

    The product is computed before the quotient. It is exact for whole numbers, so rounding does not move a school that
    lies exactly on a threshold.

    Parameters
    ----------
    count : number, (schools,) or (schools, amounts) array-like
        Teachers, rooms, computers. Not negative.
    students : number or (schools,) array-like
        Enrolment of the same stage.

    Returns
    -------
    float or ndarray
        Per 100 students. NaN if the enrolment is 0 or either figure is missing.

    Raises
    ------
    InputError
        If the input contains text or negative numbers.
    AlignmentError
        If shapes or indexes differ.

    References
    ----------
    教督〔2017〕6号: 每百名学生拥有… indicators.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.per_hundred_students(21, 500) == 4.2
    True
    """
    return ratio(count, students, 100, names=("count", "students"))


@overload
def students_per_teacher(students: float, teachers: float) -> float: ...
@overload
def students_per_teacher(students: AnyShape, teachers: float | Column | Columns) -> Any: ...
@overload
def students_per_teacher(students: float, teachers: Column) -> Vector: ...
@overload
def students_per_teacher(students: Column, teachers: float | Column) -> Vector: ...
@overload
def students_per_teacher(students: Columns, teachers: float | Column | Columns) -> Matrix: ...
def students_per_teacher(students: Any, teachers: Any) -> Any:
    r"""Students to one teacher (or one member of staff): the 19 of "1 : 19".

    .. math:: X_i = P_i / x_i

    Note the direction: the 师生比 of the 2012 rules is teachers ÷ students: ``per_student(teachers, students)``.

    Parameters
    ----------
    students : number or (schools,) array-like
        Enrolment. Not negative.
    teachers : number or (schools,) array-like
        Full-time teachers, or staff.

    Returns
    -------
    float or ndarray
        Students per teacher. NaN if there is no teacher or either figure is missing.

    Raises
    ------
    InputError
        If the input contains text or negative numbers.
    AlignmentError
        If shapes or indexes differ.

    References
    ----------
    国办发〔2001〕74号 and its successor of 2014: 1:19 (小学), 1:13.5 (初中).

    Examples
    --------
    >>> import junheng as jh
    >>> jh.students_per_teacher(950, 50)
    19.0
    """
    return ratio(students, teachers, names=("students", "teachers"))


@overload
def share(part: float, whole: float) -> float: ...
@overload
def share(part: AnyShape, whole: float | Column | Columns) -> Any: ...
@overload
def share(part: float, whole: Column) -> Vector: ...
@overload
def share(part: Column, whole: float | Column) -> Vector: ...
@overload
def share(part: Columns, whole: float | Column | Columns) -> Matrix: ...
def share(part: Any, whole: Any) -> Any:
    r"""Part of a whole as a ratio: 0.85 means 85 %.

    .. math:: X_i = a_i / b_i

    Parameters
    ----------
    part, whole : number or (schools,) array-like
        Not negative; ``part`` may not exceed ``whole``.

    Returns
    -------
    float or ndarray
        Between 0 and 1. NaN where the whole is 0 or either is missing.

    Raises
    ------
    InputError
        If a part exceeds its whole, or if the input contains text or negative numbers.
    AlignmentError
        If shapes or indexes differ.

    References
    ----------
    教督〔2017〕6号, government and quality items, e.g. 持有教师资格证 100 %.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.share(17, 20)
    0.85
    """
    out = ratio(part, whole, names=("part", "whole"))
    flat = np.asarray(out).reshape(-1)
    if (flat > 1).any():
        raise InputError(message("arithmetic.part_exceeds_whole", position=int(np.argmax(flat > 1))))
    return out
