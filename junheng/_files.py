"""Write files atomically, so that no file of the user is lost (private).

A temporary file beside the target replaces it in one step once it is complete: a failure, a full disk or an
interruption leaves the existing file unchanged. The target keeps its permissions, and a symbolic link remains one. A
target that is an input of the same task, under any name, or is not writable is refused.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from junheng.errors import InputError, OutputFileError, ProblemCode
from junheng.words import Quoted, message

__all__ = ["as_path", "check_output", "is_same_file", "replacing", "write_bytes"]

AnyPath = str | os.PathLike[str]


def as_path(path: Any) -> Path:
    """Return what names a file as a path; refuse anything that does not."""
    try:
        return Path(path)
    except TypeError:
        raise InputError(message("reading.not_a_path", type=type(path).__name__)) from None


def is_same_file(one: AnyPath, other: AnyPath) -> bool:
    """Tell whether two paths name the same existing file or folder, also through links."""
    try:
        return Path(one).samefile(other)
    except (OSError, ValueError):  # a name with NUL or half a character is no file's
        return False


def check_output(path: AnyPath, inputs: Iterable[AnyPath] = ()) -> Path:
    """Return the file to write, links resolved; raise an error if it cannot be written.

    Call it before long work, so that the work is not lost at the end.
    """
    for source in inputs:
        if is_same_file(path, source):
            reason = message("reading.output_is_input", source=Quoted(os.fspath(source)))
            raise OutputFileError(ProblemCode.OUTPUT_IS_INPUT, path, reason)
    as_path(path)
    try:
        target = Path(os.path.realpath(path))
        if target.is_file():
            # read-only files, and on Windows files open in Excel, cannot be opened for writing
            target.open("r+b").close()
        elif target.exists():
            key = "reading.output_is_a_folder" if target.is_dir() else "reading.output_is_not_a_file"
            raise OutputFileError(ProblemCode.OUTPUT_NOT_A_FILE, path, message(key))
        elif not target.parent.is_dir():
            reason = message("reading.output_folder_missing", folder=Quoted(str(target.parent)))
            raise OutputFileError(ProblemCode.OUTPUT_FOLDER_MISSING, path, reason)
    except OutputFileError:
        raise
    except ValueError:  # NUL, or half a character
        raise OutputFileError(ProblemCode.OUTPUT_FAILED, path, message("reading.output_name")) from None
    except OSError as exc:
        raise _failed(path, exc) from exc
    return target


@contextmanager
def replacing(path: AnyPath, inputs: Iterable[AnyPath] = ()) -> Iterator[BinaryIO]:
    """Yield a temporary file that replaces ``path`` on success and is removed on failure."""
    target = check_output(path, inputs)
    # a short unique name; the dot hides it from listings
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
    """Write a file with this content."""
    with replacing(path, inputs) as file:
        file.write(content)


def _failed(path: AnyPath, exc: OSError) -> OutputFileError:
    """Return the error for a file that could not be written."""
    if isinstance(exc, PermissionError):
        return OutputFileError(ProblemCode.OUTPUT_LOCKED, path, message("reading.output_locked"))
    reason = message("reading.output_failed", error=exc.strerror or str(exc))
    return OutputFileError(ProblemCode.OUTPUT_FAILED, path, reason)
