"""Small example tables that come with the package: an invented county, as an office would send it.

``schools.csv`` has its schools, with Chinese headers and equipment in ten-thousand yuan (万元); ``county_facts.csv``
what the office knows about the county, as a form; ``costs.csv`` what one more teacher, room or square metre costs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from junheng.errors import InputError, did_you_mean
from junheng.words import Quoted, listed, message

__all__ = ["names", "path"]

_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Return the names of the example tables.

    Returns
    -------
    list of str
        File names, in alphabetical order, for :func:`path`.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.examples.names()
    ['costs.csv', 'county_facts.csv', 'schools.csv']
    """
    return sorted(file.name for file in _FOLDER.glob("*.csv"))


def path(name: str) -> Path:
    """Return where an example table lies on this machine.

    Parameters
    ----------
    name : str
        One of :func:`names`: ``"schools.csv"`` for :func:`junheng.read_schools`, ``"county_facts.csv"`` for
        :func:`junheng.read_facts`, or ``"costs.csv"`` for ``junheng plan --costs``.

    Returns
    -------
    pathlib.Path
        The file inside the installed package. Read it, or copy it; do not write there.

    Raises
    ------
    InputError
        If there is no example table of that name.

    Examples
    --------
    >>> import junheng as jh
    >>> schools = jh.read_schools(jh.examples.path("schools.csv"))
    >>> schools[["school", "stage", "students"]].head(2)
      school    stage  students
    0   第一小学  primary     900.0
    1   第二小学  primary     640.0
    """
    known: list[Any] = names()
    if name not in known:
        hint = did_you_mean(name, known, show=Quoted)
        raise InputError(message("reading.no_example", name=Quoted(name), known=listed(known), hint=hint))
    return _FOLDER / name


def __dir__() -> list[str]:
    return __all__
