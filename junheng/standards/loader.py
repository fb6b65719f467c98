"""Reading standards by id or path: TOML in, every mistake at once with its place; ``extends`` resolved."""

from __future__ import annotations

import os
import tomllib
from decimal import Decimal
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from attrs import frozen

from junheng.errors import InputError, StandardDataError, UnknownStandardError, did_you_mean
from junheng.standards.checks import check_sense, check_whole
from junheng.standards.file import IDENTITY, LISTS, SINGLE, File, named_twice, read_file
from junheng.standards.mistakes import located
from junheng.standards.model import Standard, Threshold, entry_key, stands_for
from junheng.standards.terms import IndicatorId
from junheng.words import Message, Quoted, listed, message

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["list_standards", "load_standard"]


def load_standard(standard: str | os.PathLike[str]) -> Standard:
    """Read a standard by its id, or a file of your own by its path.

    Parameters
    ----------
    standard : str or path
        An id of :func:`list_standards`, or the path of a TOML file. A file may ``extends`` a shipped id or another
        file, and says only what it changes, adds or removes.

    Returns
    -------
    Standard
        Frozen; every number with its clause, source and standing.

    Raises
    ------
    UnknownStandardError
        No such id or file; near matches are named.
    StandardDataError
        The file is broken; every mistake is listed with its place.

    Examples
    --------
    >>> import junheng as jh
    >>> std = jh.load_standard("cn-quality-balance-2017")
    >>> std.number, std.limit("each", stage="primary").value
    ('教督〔2017〕6号', Decimal('0.50'))
    """
    return _load(standard, None, ())


def list_standards() -> pd.DataFrame:
    """List the shipped standards.

    Returns
    -------
    pandas.DataFrame
        One row a standard: ``id``, ``label_zh``, ``label_en``, ``document``, ``number``, ``issued``,
        ``jurisdiction``, ``extends``, ``last_checked_on``.

    Examples
    --------
    >>> import junheng as jh
    >>> "cn-quality-balance-2017" in set(jh.list_standards()["id"])
    True
    """
    from junheng._frames import pandas_frame

    standards = [load_standard(name) for name in sorted(_shipped())]
    names = ("document", "number", "issued", "jurisdiction", "extends", "last_checked_on")
    labels = {"label_zh": [s.label.zh for s in standards], "label_en": [s.label.en for s in standards]}
    rest = {name: [getattr(s, name) for s in standards] for name in names}
    frame: pd.DataFrame = pandas_frame({"id": [s.id for s in standards], **labels, **rest})
    return frame


# ---------------------------------------------------------------------------------------- finding files


@cache
def _shipped() -> dict[str, Traversable]:
    folder = files("junheng").joinpath("standards/data")
    return {p.name.removesuffix(".toml"): p for p in folder.iterdir() if p.name.endswith(".toml")}


@frozen
class _Place:
    """Where a file lies: what it is called in messages, and what it is known by where files extend each other."""

    path: Traversable
    name: str
    key: str


def _find(ref: str | os.PathLike[str], folder: Path | None) -> _Place:
    """Find a file by its path, as seen from a folder."""
    shipped = _shipped()
    if not isinstance(ref, (str, os.PathLike)):
        raise InputError(message("standards.bad_reference", given=Quoted(ref)))
    text = os.fspath(ref)
    if not isinstance(ref, os.PathLike) and not text.endswith(".toml"):
        hint = did_you_mean(text, shipped, cutoff=0.4) or message("standards.full_stop")
        raise UnknownStandardError(
            message("standards.unknown_standard", id=Quoted(text), hint=hint, known=listed(sorted(shipped)))
        )
    path = Path(text) if folder is None else folder / text
    if not path.is_file():
        raise UnknownStandardError(message("standards.no_such_file", path=Quoted(str(path))))
    return _Place(path, str(path), str(path.resolve()))


@cache
def _load_shipped(ref: str) -> Standard:
    return _read(_Place(_shipped()[ref], ref, ref), (ref,))


def _load(ref: str | os.PathLike[str], folder: Path | None, chain: tuple[str, ...]) -> Standard:
    """Load a standard by its id or its path; ``chain`` are the files that led here, each extending the next."""
    if isinstance(ref, str) and ref in _shipped():
        return _load_shipped(ref)
    place = _find(ref, folder)
    if place.key in chain:
        circle = message("standards.extends_itself", chain=" → ".join((*chain, place.key)))
        raise StandardDataError(place.name, [located(circle, "$.extends")])
    return _read(place, (*chain, place.key))


def _read(place: _Place, chain: tuple[str, ...]) -> Standard:
    """Make a standard of what a file says and of the one it extends, or tell every mistake."""
    raw = _read_toml(place)
    problems = named_twice(raw)
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
        # the rest of the file was checked all the same
        problems.append(located(message("standards.not_checked"), "$"))
        raise StandardDataError(place.name, _each_once(problems))
    if file.extends is not None and parent is None:
        raise StandardDataError(place.name, _each_once(problems))
    standard = _merge(file, parent)
    problems += check_whole(standard, file)
    if problems:
        raise StandardDataError(place.name, _each_once(problems))
    return standard


def _read_toml(place: _Place) -> dict[str, Any]:
    try:
        return tomllib.loads(place.path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as exc:
        raise StandardDataError(place.name, [message("standards.not_toml", reason=str(exc))]) from None
    except UnicodeDecodeError:
        raise StandardDataError(place.name, [message("standards.not_utf8")]) from None


def _each_once(problems: list[Message]) -> list[Message]:
    return list(dict.fromkeys(problems))


# ------------------------------------------------------------------------------------------- extending


def _merge(file: File, parent: Standard | None) -> Standard:
    """Lay what a file says over the standard it extends."""
    if parent is not None:
        parent = _with_own_sources(parent, file)
    lists: dict[str, Any] = {table: _merged_list(table, file, parent) for table in LISTS}
    indicators = file.indicators or _indicators(lists["thresholds"], parent)
    # a limit is on the indicators of its own standard: one that a province adds is not among the nation's
    lists["limits"] = tuple(x if x.indicators else attrs.evolve(x, indicators=indicators) for x in lists["limits"])
    values: dict[str, Any] = {"id": file.id, "label": file.label, "last_checked_on": file.last_checked_on}
    for name in (*IDENTITY, "parts", "note", "applied", "effective_from", "effective_to"):
        values[name] = getattr(file, name) or getattr(parent or file, name)
    for name in SINGLE:
        own = getattr(file, name)
        values[name] = getattr(parent, name, None) if own is None else attrs.evolve(own, origin=file.id)
    values["extends"] = file.extends or file.extended_from
    values["sources"] = {**(parent.sources if parent is not None else {}), **file.sources}
    return Standard(indicators=indicators, **values, **lists)


def _merged_list(table: str, file: File, parent: Standard | None) -> tuple[Any, ...]:
    """Return the entries of a table: inherited ones unless removed or replaced, and the file's own."""
    own = {entry_key(e): attrs.evolve(e, origin=file.id) for e in getattr(file, table)}
    gone = [*own, *(removal.key for removal in file.remove if removal.table == table)]
    kept = {entry_key(e): e for e in getattr(parent, table, ())}
    # an entry that is replaced keeps its place; those that one on both questions stands for go
    kept = {k: e for k, e in kept.items() if k in own or not any(stands_for(key, k) for key in gone)}
    return tuple({**kept, **own}.values())


def _indicators(thresholds: tuple[Threshold, ...], parent: Standard | None) -> tuple[IndicatorId, ...]:
    """Return the indicators of a standard that does not list them: the inherited ones, then those with a threshold."""
    named = dict.fromkeys(t.indicator for t in thresholds)
    if parent is None:
        return tuple(named)
    # where the parent sets thresholds, one that no longer has any is no indicator any more
    inherited = [i for i in parent.indicators if i in named or not parent.thresholds]
    return tuple(dict.fromkeys([*inherited, *named]))


def _with_own_sources(parent: Standard, file: File) -> Standard:
    """Rename sources of the parent that the file calls by the same key, so that each entry keeps its own."""
    clash = {k for k, s in file.sources.items() if parent.sources.get(k, s) != s}
    if not clash:
        return parent
    names = {k: f"{parent.id}:{k}" for k in clash}
    sources = {names.get(k, k): s for k, s in parent.sources.items()}
    lists: dict[str, Any] = {t: tuple(_with_sources(e, names) for e in getattr(parent, t)) for t in LISTS}
    single = {name: _with_sources(e, names) for name in SINGLE if (e := getattr(parent, name)) is not None}
    return attrs.evolve(parent, sources=sources, **lists, **single)


def _with_sources(entry: Any, names: dict[str, str]) -> Any:
    """Call the sources of an entry, and of all that it holds, by other names."""
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
