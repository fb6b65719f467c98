"""Every file the package writes is written here, so that none of the user's is lost (private).

A file is made beside its target and takes its place in one step once it is complete: a writer that fails half-way, a
full disk or a stop leaves what was there as it was. A target that is no input is replaced; it keeps its permissions,
and a symbolic link stays one. A target that is an input of the same work, by whatever name, is refused, and so is one
that may not be written. What is read from memory or a stream has no file that could be lost.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from junheng.errors import OutputFileError, ProblemCode

__all__ = ["check_output", "is_same_file", "replacing", "write_bytes"]

AnyPath = str | os.PathLike[str]


def is_same_file(one: AnyPath, other: AnyPath) -> bool:
    """Tell whether two paths name one file or folder, also through links; a path that names nothing is none."""
    try:
        return Path(one).samefile(other)
    except OSError:
        return False


def check_output(path: AnyPath, inputs: Iterable[AnyPath] = ()) -> Path:
    """Return the file that will be replaced or made, links followed; refuse it where nothing may be written.

    Call it before long work too: what it refuses would be refused at the end.
    """
    for source in inputs:
        if is_same_file(path, source):
            raise OutputFileError(
                ProblemCode.OUTPUT_IS_INPUT,
                path,
                f"this is the input {os.fspath(source)!r}; give another file as output",
            )
    target = Path(os.path.realpath(path))
    try:
        if target.is_file():
            # opened for writing and closed again: read-only files, and on Windows files open in Excel, refuse
            target.open("r+b").close()
        elif target.exists():
            kind = "a folder" if target.is_dir() else "not a regular file"
            raise OutputFileError(ProblemCode.OUTPUT_NOT_A_FILE, path, f"this is {kind}; give the name of a file")
        elif not target.parent.is_dir():
            raise OutputFileError(
                ProblemCode.OUTPUT_FOLDER_MISSING,
                path,
                f"there is no folder {str(target.parent)!r}; make it first, or give another file",
            )
    except OutputFileError:
        raise
    except OSError as exc:
        raise _failed(path, exc) from exc
    return target


@contextmanager
def replacing(path: AnyPath, inputs: Iterable[AnyPath] = ()) -> Iterator[BinaryIO]:
    """Give a file to write to; it takes the place of ``path`` once all is written, and is removed if not."""
    target = check_output(path, inputs)
    # a name of its own, short whatever the target is called; the dot keeps it out of listings
    beside = target.with_name(f".junheng-{uuid4().hex[:12]}.tmp")
    try:
        with beside.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    except OutputFileError:
        raise
    except OSError as exc:
        raise _failed(path, exc) from exc
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def write_bytes(path: AnyPath, content: bytes, inputs: Iterable[AnyPath] = ()) -> None:
    """Write a file whose content is complete."""
    with replacing(path, inputs) as file:
        file.write(content)


def _failed(path: AnyPath, exc: OSError) -> OutputFileError:
    """Say why a file could not be written."""
    if isinstance(exc, PermissionError):
        return OutputFileError(
            ProblemCode.OUTPUT_LOCKED,
            path,
            "the file or its folder may not be written, or the file is open in another program such as Excel; "
            "close it there, or give another file",
        )
    return OutputFileError(
        ProblemCode.OUTPUT_FAILED, path, f"writing failed: {exc.strerror or exc}; what was there before is unchanged"
    )
