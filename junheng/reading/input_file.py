"""A file as it was given: a path, bytes, or an open file (private)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any

from attrs import field, frozen

from junheng.errors import InputError
from junheng.reading.grid import MAX_UNPACKED
from junheng.words import Quoted, message

#: What the readers take.
FileLike = str | os.PathLike[str] | bytes | IO[bytes]

#: The name of a table that was given as bytes.
_NAMELESS = "<bytes>"


@frozen(eq=False)
class InputFile:
    """The name and the content of a file; everything that reads it reads these bytes."""

    name: str
    data: bytes = field(repr=False)

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return Path(self.name).stem

    @property
    def suffix(self) -> str:
        """The ending in lower case, with its dot; empty if there is none."""
        return Path(self.name).suffix.lower()


def open_input(given: FileLike | Any) -> InputFile:
    """Read a file that is named, given as bytes, or open.

    Raises
    ------
    InputError
        If it does not exist, cannot be read, is empty, too large, or open as text.
    """
    if isinstance(given, (bytes, bytearray, memoryview)):
        return _checked(InputFile(_NAMELESS, bytes(given)))
    if hasattr(given, "read"):
        data = given.read(MAX_UNPACKED + 1)
        if not isinstance(data, bytes):
            raise InputError(message("reading.open_as_text"))
        name = getattr(given, "name", None)
        return _checked(InputFile(Path(name).name if isinstance(name, str) else _NAMELESS, data))
    try:
        path = Path(given)
    except TypeError:
        raise InputError(message("reading.no_path", type=type(given).__name__)) from None
    return _checked(InputFile(path.name, _bytes_of(path)))


def _bytes_of(path: Path) -> bytes:
    shown = Quoted(str(path))
    try:
        if path.is_dir():
            raise InputError(message("reading.folder", path=shown))
        if not path.is_file():
            raise InputError(message("reading.no_file", path=shown))
        if path.stat().st_size > MAX_UNPACKED:
            raise InputError(message("reading.too_large", path=path.name, limit=MAX_UNPACKED // 10**9))
        return path.read_bytes()
    except (OSError, ValueError) as exc:
        if isinstance(exc, (InputError, PermissionError)):
            raise
        # a name that is too long, or has characters that no file name can have
        raise InputError(message("reading.no_file", path=shown)) from None


def _checked(file: InputFile) -> InputFile:
    if not file.data:
        raise InputError(message("reading.empty", path=file.name))
    if len(file.data) > MAX_UNPACKED:
        raise InputError(message("reading.too_large", path=file.name, limit=MAX_UNPACKED // 10**9))
    return file
