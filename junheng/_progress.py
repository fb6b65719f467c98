"""Progress of long work: a bar on a terminal, a caller's function, or nothing (private)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from junheng._extras import usable

__all__ = ["Progress", "reporting"]

#: None: a bar on a terminal if tqdm is installed; False: none; a function: called with the amount done and the total.
Progress = Callable[[int, int], object] | bool | None


@contextmanager
def reporting(total: int, label: str, progress: Progress = None) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with the amount done so far, out of ``total``.

    A bar appears after one second. Without a terminal or tqdm (the extra ``progress``) nothing is printed.
    """
    if callable(progress):
        call = progress
        yield lambda done: void(call(done, total))
        return
    if progress is None and sys.stderr is not None and sys.stderr.isatty():
        progress = True
    bar = _bar(total, label) if progress else None
    if bar is None:
        yield lambda done: None
        return
    with bar:
        yield lambda done: void(bar.update(done - bar.n))


def void(_: object) -> None:
    """Discard a result."""


def _bar(total: int, label: str) -> Any:
    if not usable("tqdm"):
        return None
    from tqdm import tqdm

    return tqdm(total=total, desc=label, delay=1.0, leave=False, file=sys.stderr)
