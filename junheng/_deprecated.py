"""Old spellings of arguments, which keep working for one minor version (private)."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from junheng.errors import InputError
from junheng.words import message

__all__ = ["renamed"]

P = ParamSpec("P")
R = TypeVar("R")


def renamed(**names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function accept arguments under their old names, with a warning: ``@renamed(old="new")``.

    Type checkers and :func:`inspect.signature` see the new names only.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        positions = {name: n for n, name in enumerate(function.__code__.co_varnames[: function.__code__.co_argcount])}

        @wraps(function)
        def accept(*args: P.args, **kwargs: P.kwargs) -> R:
            for old, new in names.items():
                if old not in kwargs:
                    continue
                if new in kwargs or positions.get(new, len(args)) < len(args):
                    raise InputError(message("errors.both_names", function=function.__name__, old=old, new=new))
                told = message("errors.old_name", function=function.__name__, old=old, new=new)
                warnings.warn(str(told), DeprecationWarning, stacklevel=2)
                kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return accept

    return decorate
