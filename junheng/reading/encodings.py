"""Decode text files: the encoding whose characters are plausible, not the first that does not fail (private)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache

from attrs import frozen

from junheng.errors import InputError
from junheng.reading.input_file import InputFile
from junheng.schools import category_word, recognise
from junheng.words import Message, listed, message

#: Encodings are compared on this much of a file.
_SAMPLE = 60_000
#: Headers are looked for in this many characters.
_HEAD = 4_000
#: An encoding is right if this share of the characters is plausible, and other encodings are further off than this.
_PLAUSIBLE = 0.7
_AHEAD = 0.15
_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32-le", "UTF-32"),
    (b"\x00\x00\xfe\xff", "utf-32-be", "UTF-32"),
    (b"\xff\xfe", "utf-16-le", "UTF-16"),
    (b"\xfe\xff", "utf-16-be", "UTF-16"),
    (b"\xef\xbb\xbf", "utf-8", "UTF-8"),
)
_WIDE = (
    ("utf-32-le", "UTF-32", 4),
    ("utf-32-be", "UTF-32", 4),
    ("utf-16-le", "UTF-16", 2),
    ("utf-16-be", "UTF-16", 2),
)
_HIGH = re.compile(rb"[\x80-\xff]")
#: The first byte of a character of three or four bytes, and the next.
_LONG_UTF8 = re.compile(rb"[\xe0-\xf4][\x80-\xbf]{2}")
_CELL = re.compile(r"[,\t;|\r\n，；、｜]")
_LINE_END = re.compile(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_BINARY = re.compile(r"[\x00-\x08\x0e-\x19\x1b\x1c-\x1f]")


def decode(file: InputFile, data: bytes) -> tuple[str, str]:
    """Return a text and the name of its encoding.

    Raises
    ------
    InputError
        If the encoding is not certain or not supported, or a byte does not belong to it.
    """
    for mark, codec, name in _BOMS:
        if data.startswith(mark):
            return _checked(file, _strict(file, data, codec, name, start=len(mark))), name
    if b"\x00" in data[:_SAMPLE]:
        wide = _wide(data)
        if wide is not None:
            return _checked(file, _strict(file, data, *wide)), wide[1]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        # characters of two bytes are all that UTF-8 may share with the encodings of East Asia
        if text.isascii() or _LONG_UTF8.search(data) or not _better_than_utf8(data):
            return _checked(file, text), "UTF-8"
    codec, name = _plausible(file, data)
    return _checked(file, _strict(file, data, codec, name)), name


# ------------------------------------------------------------------------------------ plausible characters


@frozen
class _Candidate:
    """An encoding that a text may have."""

    name: str
    codecs: tuple[str, ...]
    usual: Callable[[], frozenset[str]]
    read: bool = True


def _block(codec: str, leads: Iterable[int], trails: Iterable[int]) -> frozenset[str]:
    pairs = (bytes((lead, trail)) for lead in leads for trail in trails)
    return frozenset("".join(pair.decode(codec, "ignore") for pair in pairs))


#: Marks between Chinese words, full-width letters and digits, signs of numbering and units.
_SIGNS = frozenset(
    "、。·—…‘’“”〔〕〈〉《》「」『』【】±×÷№℃㎡㎥²³°§①②③④⑤⑥⑦⑧⑨⑩○●☆★◆□■△▲※→√＊ⅠⅡⅢⅣⅤ\u3000\xa0"
) | frozenset(map(chr, range(0xFF01, 0xFF5F)))


@cache
def _latin() -> frozenset[str]:
    """Return what is usual in UTF-8: Chinese, and the letters of Western Europe."""
    return _chinese() | frozenset(map(chr, range(0xC0, 0x180)))


@cache
def _chinese() -> frozenset[str]:
    """Characters in common use: the first levels of GB 2312 and of Big5, and the signs beside them."""
    simplified = _block("gb2312", range(0xB0, 0xD8), range(0xA1, 0xFF))
    traditional = _block("big5", range(0xA4, 0xC7), [*range(0x40, 0x7F), *range(0xA1, 0xFF)])
    kanji = frozenset(c for c in simplified | traditional if "\u4e00" <= c <= "\u9fff")
    return kanji | _SIGNS


@cache
def _japanese() -> frozenset[str]:
    trails = [*range(0x40, 0x7F), *range(0x80, 0xFD)]
    return _block("shift_jis", range(0x82, 0x84), trails) | _block("shift_jis", range(0x88, 0x99), trails) | _SIGNS


@cache
def _korean() -> frozenset[str]:
    return _block("euc_kr", range(0xB0, 0xC9), range(0xA1, 0xFF)) | _SIGNS


_CANDIDATES = (
    _Candidate("UTF-8", ("utf-8",), _latin),
    _Candidate("GB18030", ("gb18030",), _chinese),
    _Candidate("Big5", ("cp950",), _chinese),
    _Candidate("Big5-HKSCS", ("big5hkscs",), _chinese),
    _Candidate("Shift-JIS", ("cp932",), _japanese, read=False),
    _Candidate("EUC-KR", ("euc_kr",), _korean, read=False),
)


@frozen
class _Judged:
    """How plausible a text is in an encoding: the share of usual characters, and the number of known words."""

    candidate: _Candidate
    share: float
    known: int
    whole: bool


def _judge(candidate: _Candidate, sample: bytes) -> _Judged:
    text = sample.decode(candidate.codecs[0], "replace")
    usual = candidate.usual()
    foreign = [c for c in text if c > "\x7f" and c != "\ufeff"]
    share = sum(c in usual for c in foreign) / len(foreign) if foreign else 1.0
    return _Judged(candidate, share, _known(text), "\ufffd" not in text)


def _known(text: str) -> int:
    """Count the known Chinese headers and stages at the beginning of a text."""
    cells = {c.strip().strip('"') for c in _CELL.split(text[:_HEAD])}
    return sum(not c.isascii() and len(c) < 40 and _is_known(c) for c in cells)


def _is_known(cell: str) -> bool:
    return recognise(cell) is not None or category_word("stage", cell) is not None


def _sample(data: bytes) -> bytes:
    """Return the lines in which encodings differ, from the first with a byte above 127."""
    first = _HIGH.search(data)
    start = 0 if first is None else max(data.rfind(b"\n", 0, first.start()), data.rfind(b"\r", 0, first.start())) + 1
    if first is not None and first.start() - start > _SAMPLE // 2:
        start = first.start()
    part = data[start : start + _SAMPLE]
    # a character cut in two at the end would look like an error
    end = max(part.rfind(b"\n"), part.rfind(b"\r"))
    return part[: end + 1] if len(part) == _SAMPLE and end > 0 else part


def _plausible(file: InputFile, data: bytes) -> tuple[str, str]:
    """Return the codec and the name of the one plausible encoding."""
    # a text that is valid UTF-8 comes here if it has characters of two bytes only
    sample = _sample(data)
    judged = [_judge(c, sample) for c in _CANDIDATES]
    best = max(judged, key=lambda j: (j.known if j.share >= _PLAUSIBLE else 0, j.share, j.whole))
    if best.share < _PLAUSIBLE:
        raise InputError(message("reading.encoding", path=file.name))
    near = [j for j in judged if j.share >= max(_PLAUSIBLE, best.share - _AHEAD) and j.known >= best.known]
    names = [j.candidate.name for j in near]
    if {"Big5", "Big5-HKSCS"} <= set(names):
        # one is an extension of the other
        names.remove("Big5" if _decodes(data, "big5hkscs") and not _decodes(data, "cp950") else "Big5-HKSCS")
    if not best.known and "UTF-8" not in names and _decodes(data, "utf-8"):
        names.insert(0, "UTF-8")
    if len(names) > 1:
        raise InputError(message("reading.two_encodings", path=file.name, encodings=listed(names, "or")))
    chosen = next(c for c in _CANDIDATES if c.name == names[0])
    if not chosen.read:
        raise InputError(message("reading.other_encoding", path=file.name, encoding=chosen.name))
    return chosen.codecs[0], chosen.name


def _decodes(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _better_than_utf8(data: bytes) -> bool:
    """Tell whether a text of two-byte characters that is valid UTF-8 is more plausible in another encoding."""
    sample = _sample(data)
    judged = [_judge(c, sample) for c in _CANDIDATES]
    return judged[0].share < _PLAUSIBLE <= max(j.share for j in judged[1:] if j.whole or j is judged[1])


def _wide(data: bytes) -> tuple[str, str] | None:
    """Return the codec and the name if a text without a byte order mark is UTF-16 or UTF-32."""
    sample = data[: _SAMPLE // 4 * 4]
    usual = _chinese()
    for codec, name, size in _WIDE:
        text = sample[: len(sample) // size * size].decode(codec, "replace")
        fine = sum(c in usual or " " <= c <= "~" or c in "\t\r\n" for c in text)
        if text and fine >= 0.9 * len(text):
            return codec, name
    return None


# -------------------------------------------------------------------------------------------- what is broken


def _strict(file: InputFile, data: bytes, codec: str, name: str, start: int = 0) -> str:
    """Decode; raise an error that names the line of a byte that does not belong there."""
    # no copy is made of a file without a mark
    body = data[start:] if start else data
    try:
        return body.decode(codec)
    except UnicodeDecodeError as exc:
        at = exc.start
        before = body[:at].decode(codec, "replace")
        place = _place(before)
        # only an incomplete character is cut off
        if exc.end >= len(body) and "\n" not in before[-1:] and _is_incomplete(exc.reason):
            raise InputError(message("reading.cut_off", path=file.name, encoding=name, **place)) from None
        byte = f"{body[at]:02X}"
        sentence = message("reading.stray_byte", path=file.name, encoding=name, byte=byte, **place)
        raise InputError(sentence) from None


def _is_incomplete(reason: str) -> bool:
    return any(word in reason for word in ("unexpected end", "incomplete", "truncated"))


def _place(before: str) -> dict[str, int]:
    """Return the line and the character at the end of a text, counted from 1."""
    line, end = 1, 0
    for match in _LINE_END.finditer(before):
        line, end = line + 1, match.end()
    return {"line": line, "character": len(before) - end + 1}


def _checked(file: InputFile, text: str) -> str:
    """Return a text; raise an error if it has NUL characters."""
    at = text.find("\x00")
    if at < 0:
        return text
    head = text[:_SAMPLE]
    binary = len(_BINARY.findall(head)) * 20 > len(head)
    sentence: Message = message("reading.not_text", path=file.name)
    raise InputError(sentence if binary else message("reading.nul", path=file.name, **_place(text[:at])))
