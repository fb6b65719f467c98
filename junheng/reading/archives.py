"""Zip files: what is in them, unpacked without trusting what they declare (private)."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence

from attrs import field, frozen

from junheng.errors import InputError
from junheng.reading.grid import MAX_UNPACKED
from junheng.reading.input_file import InputFile
from junheng.words import message

MAX_MEMBERS = 5_000
#: Real sheets compress to about a tenth; a ratio of 100 indicates a decompression bomb.
MAX_RATIO = 100
_RATIO_FROM = 8_000_000
_CHUNK = 1 << 20
#: Parts that hold no table, and that no library for tables opens.
_NO_TABLE = (
    "docprops/",
    "customxml/",
    "xl/theme/",
    "xl/drawings/",
    "xl/charts/",
    "xl/media/",
    "pictures/",
    "thumbnails/",
)


@frozen
class Member:
    """One file of a zip file, still packed."""

    name: str
    packed: memoryview = field(repr=False)
    method: int
    size: int
    checksum: int


@frozen(eq=False)
class Archive:
    """The members of a zip file that were asked for, and the names of all."""

    file: InputFile
    members: tuple[Member, ...]
    names: tuple[str, ...]

    def read(self, name: str) -> bytes:
        """Return a member whole; empty if there is none."""
        found = [m for m in self.members if m.name == name]
        return b"".join(self.unpacked(found[0])) if found else b""

    def unpacked(self, member: Member) -> Iterator[bytes]:
        """Unpack a member piece by piece; it may not be larger than it says."""
        unpack = zlib.decompressobj(-15)
        done = 0
        for start in range(0, len(member.packed), _CHUNK // 8):
            packed = member.packed[start : start + _CHUNK // 8]
            while packed:
                if member.method == zipfile.ZIP_STORED:
                    piece, packed = bytes(packed), memoryview(b"")
                else:
                    try:
                        piece = unpack.decompress(packed, _CHUNK)
                    except zlib.error:
                        raise damaged(self.file) from None
                    packed = memoryview(unpack.unconsumed_tail)
                done += len(piece)
                if done > member.size:
                    raise InputError(message("reading.larger_than_declared", path=self.file.name))
                yield piece
        if done != member.size:
            raise damaged(self.file)

    def repacked(self) -> io.BytesIO:
        """Return a zip file of these members and nothing else, so that every library finds the same in it."""
        out, directory = io.BytesIO(), []
        for m in self.members:
            name = m.name.encode()
            # version, flags (names are UTF-8), method, time, date, checksum, sizes, length of the name
            told = struct.pack(
                "<HHHHHIIIHH", 20, 0x800, m.method, 0, 33, m.checksum, len(m.packed), m.size, len(name), 0
            )
            directory.append(b"PK\1\2\x14\0" + told + struct.pack("<HHHII", 0, 0, 0, 0, out.tell()) + name)
            out.write(b"PK\3\4" + told + name)
            out.write(m.packed)
        entries, start = b"".join(directory), out.tell()
        out.write(entries)
        n = len(directory)
        out.write(b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, n, n, len(entries), start, 0))
        out.seek(0)
        return out


def damaged(file: InputFile) -> InputError:
    """Return the error for a file that is not whole."""
    return InputError(message("reading.damaged", path=file.name))


def open_archive(file: InputFile) -> Archive:
    """Return the parts of a zip file that a workbook may consist of; refuse what would fill the memory."""
    try:
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, struct.error, NotImplementedError):
        raise damaged(file) from None
    if len(infos) > MAX_MEMBERS:
        raise InputError(message("reading.many_members", path=file.name, files=len(infos)))
    names = tuple(i.filename for i in infos)
    needed = [i for i in infos if _is_needed(i.filename)]
    if any(i.flag_bits & 0x1 for i in infos):
        raise InputError(message("reading.password", path=file.name))
    _refuse_bombs(file, needed)
    if len({i.filename.lower() for i in needed}) < len(needed):
        raise damaged(file)
    return Archive(file, tuple(_member(file, i) for i in needed), names)


def _is_needed(name: str) -> bool:
    if name == "mimetype":
        return True
    return name.lower().endswith((".xml", ".rels")) and not name.lower().startswith(_NO_TABLE)


def _refuse_bombs(file: InputFile, needed: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse too much data, as the directory declares it."""
    total, packed = sum(i.file_size for i in needed), len(file.data)
    if total > MAX_UNPACKED or (total > _RATIO_FROM and total > MAX_RATIO * packed):
        raise InputError(message("reading.too_dense", path=file.name, unpacked=total / 1e6, packed=packed / 1e6))


def _member(file: InputFile, info: zipfile.ZipInfo) -> Member:
    at, data = info.header_offset, memoryview(file.data)
    local = bytes(data[at : at + 30]) if at >= 0 else b""
    if len(local) < 30 or not local.startswith(b"PK\3\4"):
        raise damaged(file)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError(message("reading.packing", path=file.name))
    at += 30 + int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
    packed = data[at : at + info.compress_size]
    if len(packed) < info.compress_size or info.compress_size > MAX_UNPACKED or len(info.filename.encode()) > 65_000:
        raise damaged(file)
    return Member(info.filename, packed, info.compress_type, info.file_size, info.CRC)
