"""Loading standards by id or path: reads TOML, resolves ``extends``, and reports all mistakes at once."""

from __future__ import annotations

import os
import re
import tomllib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from attrs import frozen

from junheng._text import well_formed
from junheng.errors import InputError, StandardDataError, UnknownStandardError
from junheng.standards.checks import check_sense, check_whole
from junheng.standards.file import IDENTITY, LISTS, SINGLE, File, duplicates, read_file
from junheng.standards.in_force import which_apply
from junheng.standards.limits import MOST_BYTES, MOST_EXTENDED, before_parsing, parse, too_large
from junheng.standards.mistakes import located
from junheng.standards.model import Standard, Threshold, entry_key, stands_for
from junheng.standards.names import Names
from junheng.standards.terms import IndicatorId
from junheng.words import Message, Quoted, message

if TYPE_CHECKING:
    import datetime

    import pandas as pd

__all__ = ["list_standards", "load_standard", "shipped_standards"]


def load_standard(standard: str | os.PathLike[str]) -> Standard:
    """Load a standard by its id or another of its names, or from a file.

    Parameters
    ----------
    standard : str or path
        An id of :func:`list_standards`; or its Chinese name or document number (优质均衡, 教督[2017]6号: brackets,
        blanks and 《》 do not matter); or the path of a TOML file. A file may extend a shipped standard or another file
        (``extends``); it then holds only changes, additions and removals.

    Returns
    -------
    Standard
        Frozen. Every number has its clause, source and standing.

    Raises
    ------
    UnknownStandardError
        If there is no such standard or file, or several may be meant; the message suggests which.
    StandardDataError
        If the file has mistakes; all are listed with their places.
    InputError
        If ``standard`` is neither text nor a path.

    Examples
    --------
    >>> import junheng as jh
    >>> std = jh.load_standard("cn-quality-balance-2017")
    >>> std.number, std.limit("each", stage="primary").value
    ('教督〔2017〕6号', Decimal('0.50'))
    >>> jh.load_standard("教督[2017] 6号") == jh.load_standard("优质均衡") == std
    True
    """
    if isinstance(standard, str) and not standard.endswith(".toml") and standard not in _shipped():
        standard = _names().find(standard)
    return _load(standard, None, ())


def list_standards(jurisdiction: str | None = None, on: str | int | datetime.date | None = None) -> pd.DataFrame:
    """List the shipped standards, or those in force at a place and on a date.

    Parameters
    ----------
    jurisdiction : str, optional
        A place: an id such as CN-SD (ISO 3166-2, followed by the county: CN-GZ-Majiang), or a name such as 山东省 or
        Shandong. Standards of the place itself and of the places that it lies in are listed. Default: all.
    on : str, int or date, optional
        A year, a month (``"2015-06"``) or a day. A standard without a last day is listed from its first day on, one
        without any date always: that none was read does not mean that there is none. Default: any.

    Returns
    -------
    pandas.DataFrame
        One row per standard: ``id``, ``label_zh``, ``label_en``, ``document``, ``number``, ``issued``,
        ``jurisdiction``, ``extends``, ``effective_from``, ``effective_to``, ``last_checked_on``, ``aliases`` (other
        names, separated by 、).

    Raises
    ------
    InputError
        If the place is not known by its name, or the date is not one.

    Examples
    --------
    >>> import junheng as jh
    >>> "cn-quality-balance-2017" in set(jh.list_standards()["id"])
    True
    >>> [id for id in jh.list_standards("山东", on=2015)["id"] if id.startswith("cn-sd")]
    ['cn-sd-basic-balance-2013', 'cn-sd-school-conditions-2008']
    """
    from junheng._frames import pandas_frame

    standards = list(which_apply(shipped_standards(), jurisdiction, on))
    names = ["document", "number", "issued", "jurisdiction", "extends"]
    names += ["effective_from", "effective_to", "last_checked_on"]
    labels = {"label_zh": [s.label.zh for s in standards], "label_en": [s.label.en for s in standards]}
    rest = {name: [getattr(s, name) for s in standards] for name in names}
    rest["aliases"] = ["、".join(s.aliases) for s in standards]
    frame: pd.DataFrame = pandas_frame({"id": [s.id for s in standards], **labels, **rest})
    return frame


def shipped_standards() -> list[Standard]:
    """Return the standards of the package, by id."""
    return [_load_shipped(id_) for id_ in sorted(_shipped())]


# ---------------------------------------------------------------------------------------- finding files


@cache
def _shipped() -> dict[str, Traversable]:
    folder = files("junheng").joinpath("standards/data")
    return {p.name.removesuffix(".toml"): p for p in folder.iterdir() if p.name.endswith(".toml")}


@cache
def _names() -> Names:
    return Names.of(shipped_standards())


@frozen
class _Place:
    """Path of a file, its name in messages, and the key that identifies it in a chain of ``extends``."""

    path: Traversable
    name: str
    key: str


def _find(ref: str | os.PathLike[str], folder: Path | None) -> _Place:
    """Find a file by its path, relative to a folder."""
    if not isinstance(ref, (str, os.PathLike)):
        raise InputError(message("standards.bad_reference", given=Quoted(ref)))
    text = os.fspath(ref)
    if not isinstance(ref, os.PathLike) and not text.endswith(".toml"):
        # a file extends a standard by its id alone
        raise UnknownStandardError(message("standards.extends_unknown", name=Quoted(text), id=_names().find(text)))
    path = Path(os.fsdecode(text)) if folder is None else folder / text
    try:
        if path.is_file():
            return _Place(path, str(path), str(path.resolve()))
    except (OSError, ValueError):  # a name that no file can have
        pass
    raise UnknownStandardError(message("standards.no_such_file", path=Quoted(well_formed(str(path)))))


@cache
def _load_shipped(ref: str) -> Standard:
    return _read(_Place(_shipped()[ref], ref, ref), (ref,))


def _load(ref: str | os.PathLike[str], folder: Path | None, chain: tuple[str, ...]) -> Standard:
    """Load a standard by its id or path; ``chain`` holds the files that extend it, each the next."""
    if isinstance(ref, str) and ref in _shipped():
        return _load_shipped(ref)
    place = _find(ref, folder)
    if place.key in chain:
        circle = message("standards.extends_itself", chain=" → ".join((*chain, place.key)))
        raise StandardDataError(place.name, [located(circle, "$.extends")])
    if len(chain) >= MOST_EXTENDED:
        raise StandardDataError(place.name, [message("standards.extended_too_often", most=MOST_EXTENDED)])
    return _read(place, (*chain, place.key))


def _read(place: _Place, chain: tuple[str, ...]) -> Standard:
    """Read a file and the standard it extends; raise an error with all mistakes."""
    raw = _read_toml(place)
    if large := too_large(raw):
        raise StandardDataError(place.name, large)
    problems = duplicates(raw)
    parent: Standard | None = None
    extends = raw.get("extends")
    if isinstance(extends, str):
        try:
            parent = _load(extends, getattr(place.path, "parent", None), chain)
        except UnknownStandardError as exc:
            problems.append(located(exc.args[0], "$.extends"))
    file, unreadable = read_file(raw)
    problems += [*unreadable, *check_sense(file, parent)]
    if unreadable:
        raise StandardDataError(place.name, _each_once(problems), located(message("standards.not_checked"), "$"))
    if file.extends is not None and parent is None:
        raise StandardDataError(place.name, _each_once(problems))
    standard = _merge(file, parent)
    problems += check_whole(standard, file)
    if problems:
        raise StandardDataError(place.name, _each_once(problems))
    return standard


def _not_toml(exc: tomllib.TOMLDecodeError) -> Message:
    # the parser's sentence is English; line and column in it are said in any language
    reason, _, _ = str(exc).partition(" (at line ")
    at = re.search(r"\(at line (\d+), column (\d+)\)", str(exc))
    place = "" if at is None else message("standards.place_in_text", line=int(at[1]), column=int(at[2]))
    return message("standards.not_toml", reason=reason, place=place)


def _read_toml(place: _Place) -> dict[str, Any]:
    try:
        with place.path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise StandardDataError(place.name, [message("standards.not_utf8")]) from None
    except OSError as exc:
        reason = exc.strerror or type(exc).__name__
        raise StandardDataError(place.name, [message("standards.cannot_open", reason=reason)]) from None
    large = message("standards.file_too_large", most=MOST_BYTES) if len(content) > MOST_BYTES else before_parsing(text)
    if large is not None:
        raise StandardDataError(place.name, [large])
    try:
        return parse(text)
    except tomllib.TOMLDecodeError as exc:
        raise StandardDataError(place.name, [_not_toml(exc)]) from None
    except (ValueError, OverflowError) as exc:  # a date or a number that Python does not have
        raise StandardDataError(place.name, [message("standards.not_toml", reason=str(exc), place="")]) from None


def _each_once(problems: list[Message]) -> list[Message]:
    return list(dict.fromkeys(problems))


# ------------------------------------------------------------------------------------------- extending


def _merge(file: File, parent: Standard | None) -> Standard:
    """Merge a file into the standard it extends."""
    if parent is not None:
        parent = _with_own_sources(parent, file)
    lists: dict[str, Any] = {table: _merged_list(table, file, parent) for table in LISTS}
    indicators = file.indicators or _indicators(lists["thresholds"], parent)
    # a national limit does not apply to an indicator added by a province
    lists["limits"] = tuple(x if x.indicators else attrs.evolve(x, indicators=indicators) for x in lists["limits"])
    own = ("id", "label", "aliases", "last_checked_on")
    values: dict[str, Any] = {name: getattr(file, name) for name in own}
    for name in (*IDENTITY, "parts", "note", "applied", "effective_from", "effective_to"):
        values[name] = getattr(file, name) or getattr(parent or file, name)
    for name in SINGLE:
        entry = getattr(file, name)
        values[name] = getattr(parent, name, None) if entry is None else attrs.evolve(entry, origin=file.id)
    values["extends"] = file.extends or file.extended_from
    values["sources"] = {**(parent.sources if parent is not None else {}), **file.sources}
    return Standard(indicators=indicators, **values, **lists)


def _merged_list(table: str, file: File, parent: Standard | None) -> tuple[Any, ...]:
    """Return the entries of a table: inherited ones unless removed or replaced, and those of the file."""
    entries = {entry_key(e): attrs.evolve(e, origin=file.id) for e in getattr(file, table)}
    gone = [*entries, *(removal.key for removal in file.remove if removal.table == table)]
    kept = {entry_key(e): e for e in getattr(parent, table, ())}
    # a replaced entry keeps its position; an entry on both questions replaces those on either
    kept = {k: e for k, e in kept.items() if k in entries or not any(stands_for(key, k) for key in gone)}
    return tuple({**kept, **entries}.values())


def _indicators(thresholds: tuple[Threshold, ...], parent: Standard | None) -> tuple[IndicatorId, ...]:
    """Return the indicators of a standard that does not list them: inherited ones, then others with a threshold."""
    named = dict.fromkeys(t.indicator for t in thresholds)
    if parent is None:
        return tuple(named)
    # an inherited indicator whose thresholds were all removed is dropped
    inherited = [i for i in parent.indicators if i in named or not parent.thresholds]
    return tuple(dict.fromkeys([*inherited, *named]))


def _with_own_sources(parent: Standard, file: File) -> Standard:
    """Rename sources of the parent that the file redefines, so that inherited entries keep theirs."""
    clash = {k for k, s in file.sources.items() if parent.sources.get(k, s) != s}
    if not clash:
        return parent
    names = {k: f"{parent.id}:{k}" for k in clash}
    sources = {names.get(k, k): s for k, s in parent.sources.items()}
    lists: dict[str, Any] = {t: tuple(_with_sources(e, names) for e in getattr(parent, t)) for t in LISTS}
    single = {name: _with_sources(e, names) for name in SINGLE if (e := getattr(parent, name)) is not None}
    return attrs.evolve(parent, sources=sources, **lists, **single)


def _with_sources(entry: Any, names: dict[str, str]) -> Any:
    """Rename the sources of an entry and of its parts."""
    changes: dict[str, Any] = {}
    for a in attrs.fields(type(entry)):
        value = getattr(entry, a.name)
        if a.name == "source":
            changes["source"] = names.get(value, value)
        elif a.name == "also":
            changes["also"] = tuple(names.get(s, s) for s in value)
        elif attrs.has(type(value)):
            changes[a.name] = _with_sources(value, names)
        elif isinstance(value, tuple) and value and attrs.has(type(value[0])):
            changes[a.name] = tuple(_with_sources(v, names) for v in value)
    return attrs.evolve(entry, **changes)
