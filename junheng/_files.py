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
from junheng.words import Quoted, message

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
            told = message("reading.output_is_input", source=Quoted(os.fspath(source)))
            raise OutputFileError(ProblemCode.OUTPUT_IS_INPUT, path, told)
    target = Path(os.path.realpath(path))
    try:
        if target.is_file():
            # opened for writing and closed again: read-only files, and on Windows files open in Excel, refuse
            target.open("r+b").close()
        elif target.exists():
            key = "reading.output_is_a_folder" if target.is_dir() else "reading.output_is_not_a_file"
            raise OutputFileError(ProblemCode.OUTPUT_NOT_A_FILE, path, message(key))
        elif not target.parent.is_dir():
            told = message("reading.output_folder_missing", folder=Quoted(str(target.parent)))
            raise OutputFileError(ProblemCode.OUTPUT_FOLDER_MISSING, path, told)
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
        return OutputFileError(ProblemCode.OUTPUT_LOCKED, path, message("reading.output_locked"))
    told = message("reading.output_failed", error=exc.strerror or str(exc))
    return OutputFileError(ProblemCode.OUTPUT_FAILED, path, told)
