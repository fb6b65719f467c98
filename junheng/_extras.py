"""Optional libraries: loaded on first use, and only if they are new enough (private)."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from junheng._data import read_toml
from junheng.errors import InputError
from junheng.words import Message, message

__all__ = ["check", "installed", "load", "release", "usable"]


def load(module: str, missing: Message) -> Any:
    """Import a module of an optional library; ``missing`` is what to say if the library is not installed.

    A version older than ``extras.toml`` requires is named as such before anything is imported: what it lacks would
    otherwise look like a fault of the file.
    """
    top = module.partition(".")[0]
    check(top)
    try:
        return import_module(module)
    except ImportError as exc:
        if (exc.name or "").partition(".")[0] == top and isinstance(exc, ModuleNotFoundError):
            raise InputError(missing) from None
        name = read_toml("extras.toml")[top]["name"]
        reason = " ".join(str(exc).split())[:200]
        told = message("errors.library_broken", library=name, version=installed(name) or "", reason=reason)
        raise InputError(told) from exc


def check(top: str) -> None:
    """Raise an error if an optional library is installed, but too old."""
    told = _too_old(top)
    if told is not None:
        raise InputError(told)


def usable(top: str) -> bool:
    """Return whether a library that can be done without is installed and new enough."""
    return installed(read_toml("extras.toml")[top]["name"]) is not None and _too_old(top) is None


def release() -> str:
    """Return the version of this package."""
    return installed("junheng") or "unknown"  # run from a source tree that was never installed


@cache
def installed(name: str) -> str | None:
    """Return the installed version of a library, None if it is not installed or does not say."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _too_old(top: str) -> Message | None:
    library = read_toml("extras.toml")[top]
    found = installed(library["name"])
    if found is None or _release(found) >= _release(library["least"]):
        return None
    named = {"library": library["name"], "version": found, "least": library["least"], "extra": library["extra"]}
    return message("errors.library_too_old", **named)


def _release(text: str) -> list[int]:
    """Return the numbers of a version without what follows them: 2.1.0rc1 counts as 2.1; zeros at the end are none."""
    found = re.match(r"\d+(\.\d+)*", text)
    numbers = [int(n) for n in found[0].split(".")] if found else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return numbers
