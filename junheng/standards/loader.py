"""Reading standards: TOML in, strict, every mistake at once with its place; ``extends`` resolved."""

from __future__ import annotations

import os
import re
import tomllib
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

import attrs
from cattrs import BaseValidationError
from cattrs.v import transform_error

from junheng.errors import InputError, StandardDataError, UnknownStandardError, did_you_mean
from junheng.standards.checks import check_cited, check_named_once, check_sense, check_whole
from junheng.standards.checks_of_conditions import check_conditions
from junheng.standards.file import IDENTITY, LISTS, SINGLE, SINGLE_TYPES, File, converter_of_files, say
from junheng.standards.model import (
    SplitWeights,
    Standard,
    Threshold,
    entry_key,
    stands_for,
)
from junheng.standards.rules import Condition, Item, Relaxation
from junheng.standards.sources import Source, Standing
from junheng.standards.terms import Label, Where

__all__ = ["list_standards", "load_standard"]


def _read(raw: Any, name: str, base: Any, chain: tuple[str, ...]) -> Standard:
    problems = check_named_once(raw)
    parent: Standard | None = None
    extends = raw.get("extends")
    if isinstance(extends, str):
        try:
            parent = _load(extends, base, chain)
        except UnknownStandardError as exc:
            problems.append(f"{exc} @ $.extends")
    try:
        file = converter_of_files().structure(raw, File)
    except BaseValidationError as exc:
        # a file that is wrong in kind is still checked for sense where it can be: one list of all mistakes
        problems += [*transform_error(exc, format_exception=say), *_sense_of_sound_parts(raw, parent)]
        raise StandardDataError(name, _unique(problems)) from None
    problems += check_sense(file, parent)
    if file.extends is None or parent is not None:
        standard = _merge(file, parent)
        problems += check_whole(standard, file)
    if problems:
        raise StandardDataError(name, _unique(problems))
    return standard


def _sense_of_sound_parts(raw: dict[str, Any], parent: Standard | None) -> list[str]:
    """Check for sense with everything unreadable taken out; entries keep their places."""
    converter = converter_of_files()
    sound: dict[str, Any] = {"id": "", "label": Label(zh="", en=""), "last_checked_on": "2000"}
    hints = {a.name: a.type for a in attrs.fields(attrs.resolve_types(File))}
    places: dict[str, list[int]] = {}
    unsound: list[tuple[str, Any, type[Any]]] = []
    for name, value in raw.items():
        if name not in hints:
            continue
        if name in LISTS and isinstance(value, list):
            item_type = get_args(hints[name])[0]
            kept = []
            for i, entry in enumerate(value):
                try:
                    kept.append(converter.structure(entry, item_type))
                    places.setdefault(name, []).append(i)
                except Exception:
                    unsound.append((f"$.{name}[{i}]", entry, item_type))
            sound[name] = tuple(kept)
            continue
        target: Any = hints[name]
        try:
            sound[name] = converter.structure(value, target)
        except Exception:
            # already reported; a stand-in keeps it from being reported again as missing
            if name in SINGLE:
                unsound.append((f"$.{name}", value, SINGLE_TYPES[name]))
            elif name in IDENTITY:
                sound[name] = "2000"
            elif name == "parts":
                sound[name] = ("resources",)
            elif name == "sources" and isinstance(value, dict):
                sound[name] = {key: Source(title="") for key in value}
    if raw.get("extends") is not None:
        sound["extends"] = str(raw["extends"])
    found = check_sense(File(**sound), parent)

    def replace(match: re.Match[str]) -> str:
        table, i = match.group(1), int(match.group(2))
        return f"$.{table}[{places[table][i]}]" if table in places else match.group(0)

    found = [re.sub(r"\$\.(\w+)\[(\d+)\]", replace, p) for p in found]
    orphan = parent is None and raw.get("extends") is not None
    sources = None if orphan else {**(parent.sources if parent else {}), **sound.get("sources", {})}
    for place, entry, cls in unsound:
        if cls in (Item, Relaxation):
            # what one of its fields lacks would look like a mistake of another
            clause, source = (entry.get(k) for k in ("clause", "source")) if isinstance(entry, dict) else (None, None)
            if isinstance(clause, str) and isinstance(source, str):
                found += check_cited(clause, source, sources, place)
            found += _check_sound_conditions(entry, place)
            continue
        mended = _mended(entry, cls)
        if mended is not None:
            # its other fields may be wrong in sense too: checked in a file of its own, which has nothing else
            alone = {k: v for k, v in sound.items() if k not in (*LISTS, *SINGLE, "remove")}
            name = place.removeprefix("$.").split("[")[0]
            alone[name] = (mended,) if name in LISTS else mended
            checked = check_sense(File(**alone), parent)
            at = f"$.{name}[0]" if name in LISTS else f"$.{name}"
            found += [p.replace(at, place) for p in checked if f"@ {at}" in p]
    return found


def _check_sound_conditions(entry: Any, place: str) -> list[str]:
    """Check those conditions of an unreadable entry that can be read; they keep their places."""
    conditions = entry.get("conditions") if isinstance(entry, dict) else None
    out: list[str] = []
    for i, raw in enumerate(conditions if isinstance(conditions, list) else ()):
        try:
            condition = converter_of_files().structure(raw, Condition)
        except Exception:
            continue
        checked = check_conditions((condition,), place, entry.get("rule") == "scored")
        out += [p.replace(f"{place}.conditions[0]", f"{place}.conditions[{i}]") for p in checked]
    return out


def _mended(entry: Any, cls: type[Any]) -> Any:
    """Build an entry from those of its fields that can be read, with stand-ins for the others; None if hopeless."""
    if not isinstance(entry, dict):
        return None
    converter = converter_of_files()
    values: dict[str, Any] = {}
    for a in attrs.fields(attrs.resolve_types(cls)):
        if a.metadata.get("derived"):
            continue
        try:
            values[a.name] = converter.structure(entry[a.name], a.type)
        except Exception:
            if a.default is attrs.NOTHING:
                values[a.name] = _STAND_INS.get(a.name)
    # a number that could not be read is not a number that is missing
    if cls is Threshold and "value" in entry and values.get("value") is None:
        values["value"] = Decimal(1)
    return cls(**values)


_STAND_INS: dict[str, Any] = {
    "clause": "?",
    "standing": Standing.RECALLED,
    "value": Decimal(1),
    "resources": ("books",),
    "where": Where(),
    "items": (),
    "weights": (SplitWeights(kind="nine_year", primary=Decimal(1), junior=Decimal(1)),),
    "label": Label(zh="", en=""),
    "school_value": 0,
    "county_mean": 0,
    "coefficient": 0,
}


def _unique(problems: list[str]) -> list[str]:
    return list(dict.fromkeys(problems))


def _with_sources(entry: Any, names: dict[str, str]) -> Any:
    """Call the sources of an entry, and of all that it holds, by other names."""
    changes: dict[str, Any] = {}
    for a in attrs.fields(type(entry)):
        value = getattr(entry, a.name)
        if a.name == "source":
            changes["source"] = names.get(value, value)
        elif a.name == "also":
            changes["also"] = tuple(names.get(s, s) for s in value)
        elif isinstance(value, tuple) and value and attrs.has(type(value[0])):
            changes[a.name] = tuple(_with_sources(v, names) for v in value)
    return attrs.evolve(entry, **changes)


def _with_own_sources(parent: Standard, file: File) -> Standard:
    """Rename sources of the parent that the file calls by the same key, so that each entry keeps its own."""
    clash = {k for k, s in file.sources.items() if parent.sources.get(k, s) != s}
    if not clash:
        return parent

    def renamed(entry: Any) -> Any:
        return _with_sources(entry, {k: f"{parent.id}:{k}" for k in clash})

    lists: dict[str, Any] = {t: tuple(renamed(e) for e in getattr(parent, t)) for t in LISTS}
    single: dict[str, Any] = {name: renamed(e) for name in SINGLE if (e := getattr(parent, name)) is not None}
    sources = {(f"{parent.id}:{k}" if k in clash else k): s for k, s in parent.sources.items()}
    return attrs.evolve(parent, sources=sources, **lists, **single)


def _merge(file: File, parent: Standard | None) -> Standard:
    if parent is not None:
        parent = _with_own_sources(parent, file)
    values: dict[str, Any] = {"id": file.id, "label": file.label, "last_checked_on": file.last_checked_on}
    for name in (*IDENTITY, "parts", "note", "applied", "effective_from", "effective_to", *SINGLE):
        own = getattr(file, name)
        values[name] = own if own or parent is None else getattr(parent, name)
    for name in SINGLE:
        if getattr(file, name) is not None:
            values[name] = attrs.evolve(values[name], origin=file.id)
    removed = {(r.table, r.key) for r in file.remove}
    for table in LISTS:
        merged = {entry_key(e): e for e in (getattr(parent, table) if parent else ())}
        gone = [key for name, key in removed if name == table]
        merged = {k: e for k, e in merged.items() if not any(stands_for(key, k) for key in gone)}
        own = [entry_key(e) for e in getattr(file, table)]
        # an entry that is replaced keeps its place; those that one on both questions stands for go
        merged = {k: e for k, e in merged.items() if k in own or not any(stands_for(key, k) for key in own)}
        merged |= {entry_key(e): attrs.evolve(e, origin=file.id) for e in getattr(file, table)}
        values[table] = tuple(merged.values())
    named = dict.fromkeys(t.indicator for t in values["thresholds"])
    inherited = [i for i in (parent.indicators if parent else ()) if i in named or not parent or not parent.thresholds]
    values["indicators"] = file.indicators or tuple(dict.fromkeys([*inherited, *named]))
    # a limit is on the indicators of its own standard: one that a province adds is not among the nation's
    values["limits"] = tuple(
        x if x.indicators else attrs.evolve(x, indicators=values["indicators"]) for x in values["limits"]
    )
    values["sources"] = {**(parent.sources if parent else {}), **file.sources}
    values["extends"] = file.extends or file.extended_from
    return Standard(**values)


@cache
def _shipped() -> dict[str, Any]:
    folder = files("junheng").joinpath("standards/data")
    return {p.name.removesuffix(".toml"): p for p in folder.iterdir() if p.name.endswith(".toml")}


def _load(ref: str | os.PathLike[str], base: Any, chain: tuple[str, ...]) -> Standard:
    shipped = _shipped()
    if isinstance(ref, str) and ref in shipped:
        path, name, key = shipped[ref], ref, ref
    else:
        if not isinstance(ref, (str, os.PathLike)):
            raise InputError(f"a standard is named by its id or the path of its file, not {ref!r}")
        text = os.fspath(ref)
        if not isinstance(ref, os.PathLike) and not text.endswith(".toml"):
            hint = did_you_mean(text, shipped, cutoff=0.4) or "."
            raise UnknownStandardError(
                f"no standard is called {text!r}{hint} Known: {', '.join(sorted(shipped))}. "
                "A file of your own is named by its path, ending in .toml"
            )
        path = (base / text) if base is not None else Path(text)
        if not path.is_file():
            raise UnknownStandardError(f"there is no file {str(path)!r}")
        name, key = str(path), str(path.resolve())
    if key in chain:
        raise StandardDataError(name, [f"extends itself: {' → '.join((*chain, key))} @ $.extends"])
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as exc:
        raise StandardDataError(name, [f"is not valid TOML: {exc}"]) from None
    except UnicodeDecodeError:
        raise StandardDataError(name, ["is not UTF-8 text"]) from None
    return _read(raw, name, getattr(path, "parent", None), (*chain, key))


@cache
def _load_shipped(ref: str) -> Standard:
    return _load(ref, None, ())


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
    if isinstance(standard, str) and standard in _shipped():
        return _load_shipped(standard)
    return _load(standard, None, ())


def list_standards() -> Any:
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
    from junheng._frames import build_frame

    rows = [load_standard(name) for name in sorted(_shipped())]
    return build_frame(
        {
            "id": [s.id for s in rows],
            "label_zh": [s.label.zh for s in rows],
            "label_en": [s.label.en for s in rows],
            "document": [s.document for s in rows],
            "number": [s.number for s in rows],
            "issued": [s.issued for s in rows],
            "jurisdiction": [s.jurisdiction for s in rows],
            "extends": [s.extends for s in rows],
            "last_checked_on": [s.last_checked_on for s in rows],
        },
        "pandas",
    )
