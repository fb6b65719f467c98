"""Compound files, in which old Office programs keep their documents: read and written (private)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Sector numbers from here on end a chain.
_END = 0xFFFFFFF0
#: A stream shorter than this is kept in small sectors.
_SMALL = 4096


@frozen(eq=False)
class CompoundFile:
    """The streams of a compound file by name: where each starts, and its length."""

    data: bytes = field(repr=False)
    shift: int
    fat: NDArray[np.uint32] = field(repr=False)
    small_fat: NDArray[np.uint32] = field(repr=False)
    small: bytes = field(repr=False)
    streams: dict[str, tuple[int, int]]

    def read(self, name: str) -> bytes:
        """Return a stream whole.

        Raises
        ------
        ValueError
            If its sectors are not there, or run in a circle.
        """
        start, length = self.streams[name]
        if length < _SMALL:
            return _chain(self.small, start, self.small_fat, 6, 0)[:length]
        return _chain(self.data, start, self.fat, self.shift, 1)[:length]


def read_compound(data: bytes) -> CompoundFile:
    """Open a compound file.

    Raises
    ------
    ValueError, IndexError or struct.error
        If it is damaged.
    """
    shift, small_shift = struct.unpack_from("<HH", data, 30)
    if shift not in (9, 12) or small_shift != 6:
        raise ValueError(shift)
    directory, _, _, small_start, _, more, _ = struct.unpack_from("<IIIIIII", data, 48)
    sectors = len(data) >> shift
    blocks = [_numbers(data[76:512])]
    seen = 0
    while more < _END:
        block = _numbers(_sector(data, more, shift, 1))
        blocks.append(block[:-1])
        more = int(block[-1])
        seen += 1
        if seen > sectors:
            raise ValueError(more)
    tables = np.concatenate(blocks)
    tables = tables[tables < _END]
    if tables.size > sectors:
        raise ValueError(tables.size)
    fat = _numbers(b"".join(_sector(data, int(t), shift, 1) for t in tables))
    entries = _chain(data, directory, fat, shift, 1)
    named = [_entry(entries[at : at + 128], shift) for at in range(0, len(entries) - 127, 128)]
    _, root, length = named[0]
    small = _chain(data, root, fat, shift, 1)[:length] if root < _END and length else b""
    small_fat = _numbers(_chain(data, small_start, fat, shift, 1)) if small_start < _END else _numbers(b"")
    streams: dict[str, tuple[int, int]] = {}
    for name, start, size in named[1:]:
        if name:
            streams.setdefault(name, (start, size))
    return CompoundFile(data, shift, fat, small_fat, small, streams)


def _entry(raw: bytes, shift: int) -> tuple[str, int, int]:
    name = raw[:64].decode("utf-16-le", "replace").split("\0")[0]
    start, size, high = struct.unpack_from("<III", raw, 116)
    return name, start, size if shift == 9 else size | high << 32


def _sector(data: bytes, i: int, shift: int, skip: int) -> bytes:
    piece = data[(i + skip) << shift : (i + skip + 1) << shift]
    if not piece:
        raise ValueError(i)
    return piece


def _chain(data: bytes, start: int, table: NDArray[np.uint32], shift: int, skip: int) -> bytes:
    """Return the sectors of a stream; a circular chain is an error."""
    following: Sequence[int] = table.tolist()
    out: list[bytes] = []
    while start < _END:
        out.append(_sector(data, start, shift, skip))
        start = following[start]
        if len(out) > len(following):
            raise ValueError(start)
    return b"".join(out)


def _numbers(raw: bytes) -> NDArray[np.uint32]:
    return np.frombuffer(raw[: len(raw) // 4 * 4], dtype="<u4").astype(np.uint32)


def write_compound(name: str, stream: bytes) -> bytes:
    """Return a compound file with one stream and nothing else."""
    shift = 12
    size = 1 << shift
    stream += bytes(-max(len(stream), _SMALL) % size if len(stream) >= _SMALL else _SMALL - len(stream))
    n = len(stream) >> shift
    # every number of a chain is in the table of sectors, which describes its own sectors too
    tables = 1
    while tables * (size // 4) < tables + 1 + n:
        tables += 1
    if tables > 109:
        raise ValueError(n)
    directory, first = tables, tables + 1
    fat = [0xFFFFFFFD] * tables + [0xFFFFFFFE] + [*range(first + 1, first + n), 0xFFFFFFFE]
    fat += [0xFFFFFFFF] * (tables * (size // 4) - len(fat))
    head = SIGNATURE + bytes(16) + struct.pack("<HHHHH", 62, 4, 0xFFFE, shift, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 1, tables, directory, 0, _SMALL, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack("<109I", *range(tables), *[0xFFFFFFFF] * (109 - tables))
    entries = _written_entry("Root Entry", 5, 0, 0) + _written_entry(name, 2, first, len(stream))
    body: Sequence[bytes] = (struct.pack(f"<{len(fat)}I", *fat), entries.ljust(size, b"\0"), stream)
    return head.ljust(size, b"\0") + b"".join(body)


def _written_entry(name: str, kind: int, start: int, size: int) -> bytes:
    raw = name.encode("utf-16-le")
    head = raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw) + 2, kind, 1)
    links = struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, 1 if kind == 5 else 0xFFFFFFFF)
    return head + links + bytes(36) + struct.pack("<IQ", start, size)
