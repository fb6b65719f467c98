"""Mutated files: bytes of the container and parts of a workbook changed at random; each is a table or an error.

nice python tests/mutated_books.py 0 2000        # seeds from 0 to 1 999, in child processes with limits
"""

from __future__ import annotations

import io
import random
import re
import select
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from pathlib import Path

from messy_files import text_of, web_page, write_open_document, write_workbook
from messy_returns import messed

import junheng as jh

KINDS = ("xlsx", "ods", "page", "csv", "xls")
MESSES = ["a total", "titles", "merged keys"]
BYTES = 4_000_000_000
SECONDS = 10.0


def original(kind: str, seed: int, folder: Path) -> bytes | None:
    """A small file of a kind; of .xls, which nothing here writes, the sample of the shared data."""
    if kind == "xls":
        samples = [p / "shared/data/field-2026-11/f15_plain.xls" for p in Path(__file__).resolve().parents]
        return next((s.read_bytes() for s in samples if s.is_file()), None)
    book, _ = messed(seed % 7, MESSES)
    path = folder / "original"
    if kind == "xlsx":
        write_workbook(book, path)
    elif kind == "ods":
        write_open_document(book, path)
    else:
        text = web_page(book, random.Random(seed)) if kind == "page" else text_of(book.main[0]).encode("gb18030")
        path.write_bytes(text)
    return path.read_bytes()


# ----------------------------------------------------------------------------------------- ways of changing bytes


def _flip(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice([1, 1, 4, 30])):
        data[rng.randrange(len(data))] = rng.randrange(256)


def _delete(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    del data[at : at + rng.choice([1, 2, 16, 400])]


def _insert(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.choice([b"\0", b"\xff" * 8, b'"', b"<", b"\r", rng.randbytes(rng.choice([1, 8, 200]))])


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def _repeat(data: bytearray, rng: random.Random) -> None:
    a = rng.randrange(len(data))
    data[a:a] = data[a : a + rng.choice([4, 64, 1000])] * rng.choice([1, 3, 50])


def _numbers(data: bytearray, rng: random.Random) -> None:
    """A number of the container: lengths, counts and offsets."""
    at, size = rng.randrange(len(data)), rng.choice([2, 4, 8])
    data[at : at + size] = rng.choice([b"\xff" * size, b"\0" * size, b"\x7f" * size])


CONTAINER = (_flip, _flip, _delete, _insert, _cut, _repeat, _numbers)

HUGE = (
    "0",
    "-1",
    "1",
    "65536",
    "1048577",
    "16777216",
    "4294967296",
    "99999999999999999999",
    "1e308",
    "1e99999",
    "NaN",
    "",
    "A1:XFD1048576",
    "XFD1048576",
    "A0",
    "1" * 400,
    "\u0660",
    "../../x",
    "#REF!",
)
ATTRIBUTE = re.compile(r'\s([\w:-]{1,40})="([^"<]{0,200})"')
TAG = re.compile(r"</?[\w:-]{1,40}[^<>]{0,300}>")


def _value(text: str, rng: random.Random) -> str:
    """The value of an attribute, huge, empty or of another kind."""
    found = list(ATTRIBUTE.finditer(text))
    if not found:
        return text
    m = rng.choice(found)
    return text[: m.start(2)] + rng.choice(HUGE) + text[m.end(2) :]


def _double(text: str, rng: random.Random) -> str:
    found = list(ATTRIBUTE.finditer(text))
    if not found:
        return text
    m = rng.choice(found)
    other = f' {m[1]}="{rng.choice(HUGE)}"'
    return text[: m.end()] + rng.choice([m[0], other]) + text[m.end() :]


def _without(text: str, rng: random.Random) -> str:
    found = list(rng.choice([ATTRIBUTE, TAG]).finditer(text))
    if not found:
        return text
    m = rng.choice(found)
    return text[: m.start()] + text[m.end() :]


def _twice(text: str, rng: random.Random) -> str:
    found = list(TAG.finditer(text))
    if not found:
        return text
    m = rng.choice(found)
    return text[: m.end()] + m[0] * rng.choice([1, 5, 300]) + text[m.end() :]


def _swap(text: str, rng: random.Random) -> str:
    found = list(TAG.finditer(text))
    if len(found) < 2:
        return text
    a, b = sorted(rng.sample(found, 2), key=lambda m: m.start())
    return text[: a.start()] + b[0] + text[a.end() : b.start()] + a[0] + text[b.end() :]


def _content(text: str, rng: random.Random) -> str:
    found = list(re.finditer(r">([^<>]{1,60})<", text))
    if not found:
        return text
    m = rng.choice(found)
    return text[: m.start(1)] + rng.choice([*HUGE, "&#0;", "&#xD800;", "&x;", "\x01", "<!--", "]]>"]) + text[m.end(1) :]


def _strange(text: str, rng: random.Random) -> str:
    """Something that no office program writes, at any place."""
    at = rng.randrange(len(text) + 1)
    said = rng.choice(
        [
            "<x>",
            "<!-- -->",
            "<![CDATA[",
            '<c r="C7" t="s"><v>999999</v></c>',
            "<row/>",
            '<row r="5000000"><c/></row>',
            "\ufeff",
            "&amp;#1;",
            '<mergeCell ref="A1:XFD1048576"/>',
            '<table:table-cell table:number-columns-repeated="2000000000"/>',
            "<?x?>",
            " " * 5000,
            "<" * 2000,
        ]
    )
    return text[:at] + said + text[at:]


XML = (_value, _value, _double, _without, _twice, _swap, _content, _strange)


def _parts(data: bytes, rng: random.Random) -> bytes:
    """The parts of a workbook changed, and packed again."""
    with zipfile.ZipFile(io.BytesIO(data)) as given:
        parts = [(n, given.read(n)) for n in given.namelist()]
    names = [n for n, _ in parts if n.endswith((".xml", ".rels"))]
    likely = [
        n
        for n in names
        if "sheet1" in n or "sharedStrings" in n or "workbook" in n or n == "content.xml" or "styles" in n
    ]
    target = rng.choice(likely if rng.random() < 0.8 else names)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, content in parts:
            if name == target:
                if rng.random() < 0.05:
                    continue
                text = content.decode()
                for _ in range(rng.choice([1, 1, 2, 5])):
                    text = rng.choice(XML)(text, rng)
                content = text.encode("utf-8", "surrogatepass")
                if rng.random() < 0.05:
                    packed.writestr(name, content)
            packed.writestr(name, content)
    return out.getvalue()


def mutated(seed: int, folder: Path) -> tuple[str, bytes] | None:
    """The name and the content of the file of a seed; None if there is no original."""
    rng = random.Random(f"mutation {seed}")
    kind = rng.choice(["xlsx", "xlsx", "xlsx", "ods", "ods", "page", "csv", "xls", "xls"])
    data = original(kind, seed, folder)
    if data is None:
        return None
    if kind in ("xlsx", "ods") and rng.random() < 0.75:
        return f"a.{kind}", _parts(data, rng)
    if kind == "page" and rng.random() < 0.75:
        text = data.decode("utf-8")
        for _ in range(rng.choice([1, 2, 8])):
            text = rng.choice(XML)(text, rng)
        return "a.xls", text.encode("utf-8", "surrogatepass")
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 5])):
        if changed:
            rng.choice(CONTAINER)(changed, rng)
    return {"page": "a.xls", "csv": "a.csv"}.get(kind, f"a.{kind}"), bytes(changed)


# -------------------------------------------------------------------------------------------- in a child process


def child(first: int, last: int) -> None:
    """Read one file after another and print its outcome; killed with the file whose start was printed last."""
    with tempfile.TemporaryDirectory() as place:
        for seed in range(first, last):
            made = mutated(seed, Path(place))
            if made is None:
                print(f"{seed} none", flush=True)
                continue
            path = Path(place) / made[0]
            path.write_bytes(made[1])
            print(f"{seed} begin", flush=True)
            start = time.process_time()
            print(f"{seed} {outcome(path)} {time.process_time() - start:.1f}", flush=True)


def outcome(path: Path) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", jh.ReadingWarning)
            jh.describe_file(path)
    except jh.JunhengError:
        return "refused -"
    except BaseException as error:  # whatever else it is, it is a finding
        told = re.sub(r"\s+", " ", str(error))[:120]
        return f"undocumented {type(error).__name__}: {told} |"
    return "table -"


def run(first: int, last: int) -> tuple[dict[str, int], list[str]]:
    """Count the outcomes of the seeds; findings are deaths, hangs and undocumented errors."""
    counts: dict[str, int] = {}
    findings: list[str] = []
    at = first
    while at < last:
        script = f"ulimit -v {BYTES // 1000}; exec {sys.executable} {__file__} child {at} {last}"
        pipe = subprocess.PIPE
        with subprocess.Popen(["bash", "-c", script], stdout=pipe, stderr=pipe, text=True) as process:
            at = _follow(process, at, counts, findings)
    return counts, findings


def _follow(process: subprocess.Popen[str], at: int, counts: dict[str, int], findings: list[str]) -> int:
    """Read what a child prints until it ends; return the next seed."""
    assert process.stdout is not None and process.stderr is not None
    begun = False
    while True:
        ready, _, _ = select.select([process.stdout], [], [], 60 if not begun else SECONDS * 3)
        line = process.stdout.readline() if ready else ""
        if not line:
            process.kill()
            process.wait()
            if process.returncode == 0 and not begun:
                return 10**9
            said = process.stderr.read()[-300:].replace("\n", " ")
            what = "hang" if not ready else f"death {process.returncode}"
            findings.append(f"{at} {what}: {said}")
            counts[what] = counts.get(what, 0) + 1
            return at + 1
        seed, what, *rest = line.split()
        at, begun = int(seed), what == "begin"
        if begun:
            continue
        counts[what] = counts.get(what, 0) + 1
        if what == "undocumented" or (rest and float(rest[-1]) > SECONDS):
            findings.append(line.strip())
        at += 1


def main() -> None:
    if sys.argv[1] == "child":
        child(int(sys.argv[2]), int(sys.argv[3]))
        return
    counts, findings = run(int(sys.argv[1]), int(sys.argv[2]))
    print(counts)
    print("\n".join(findings))


if __name__ == "__main__":
    main()
