# ruff: noqa: E501 - tables of odd things
"""Odd standard files: shipped ones mutated from a seed, and files made to hurt.

``python tests/odd_laws.py 2000`` hunts in a long run and prints what ended in an undocumented error.
"""

import copy
import random
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import tomli_w
from odd_tables import outcome, use
from small_tables import frame, junior, school

import junheng as jh

DATA = files("junheng").joinpath("standards/data")
LAWS = {p.name: p.read_text(encoding="utf-8") for p in DATA.iterdir() if p.name.endswith(".toml")}

HEAD = """id = "xx-own"
document = "示例"
number = "示例1号"
issued = "2030"
jurisdiction = "XX"
last_checked_on = "2030-01-01"
label = { zh = "示例", en = "Example" }
parts = ["basic_standard"]
sources.E.title = "示例"
"""

#: Files made to hurt: each must be refused in one error, within 2 s of processor time and 300 MB.
HOSTILE: dict[str, Callable[[], str]] = {
    "lists 900 deep": lambda: HEAD + "note = " + "[" * 900 + "]" * 900,
    "lists 100 000 deep": lambda: HEAD + "note = " + "[" * 100_000,
    "tables 900 deep": lambda: HEAD + "note = " + "{a=" * 900 + "1" + "}" * 900,
    "lists 30 deep": lambda: HEAD + "note = " + "[" * 30 + "]" * 30,
    "a dotted key of 20 000 parts": lambda: HEAD + ".".join(["a"] * 20_000) + " = 1",
    "a dotted key in quotation marks": lambda: HEAD + ".".join(['"*"'] * 20_000) + " = 1",
    "a dotted key with blanks": lambda: HEAD + " . ".join(["'a b'"] * 20_000) + " = 1",
    "a table of 20 000 parts": lambda: HEAD + "[" + ".".join(["a"] * 20_000) + "]",
    "a list of tables of 20 000 parts": lambda: HEAD + "[[" + ".".join(["a"] * 20_000) + "]]",
    "a dotted key inside a table": lambda: HEAD + "note = { " + ".".join(["a"] * 20_000) + " = 1 }",
    "a number of 5 000 digits": lambda: HEAD + "note = " + "9" * 5_000,
    "a hexadecimal number of 5 000 digits": lambda: HEAD + "note = 0x" + "f" * 5_000,
    "a decimal of 5 000 digits": lambda: HEAD + "note = 0." + "9" * 5_000,
    "an exponent of 21 digits": lambda: HEAD + "note = 1e100000000000000000000",
    "a threshold of 1e999999999": lambda: HEAD + _threshold("1e999999999"),
    "a threshold of 1e-999999999": lambda: HEAD + _threshold("1e-999999999"),
    "a threshold of 1e100000000000000000000": lambda: HEAD + _threshold("1e100000000000000000000"),
    "a threshold of 90 digits": lambda: HEAD + _threshold("9" * 90),
    "a threshold of nan": lambda: HEAD + _threshold("nan"),
    "20 000 unknown keys": lambda: HEAD + "\n".join(f"labels_{i} = 1" for i in range(20_000)),
    "20 000 unknown words": lambda: HEAD + "indicators = [" + ",".join(f'"books_per_{i}"' for i in range(20_000)) + "]",
    "900 unknown words a list": lambda: (
        HEAD + "\n".join(
            f'[[items]]\nid = "i{k}"\n[[items.conditions]]\ntop = [' + ",".join(f'"b_{i}"' for i in range(900)) + "]"
            for k in range(20)
        )
    ),
    "10 000 entries": lambda: HEAD + "[[thresholds]]\n" * 10_000,
    "3 000 sources": lambda: HEAD + "\n".join(f'[sources.E{i}]\ntitle = 1' for i in range(3_000)),
    "half a text": lambda: HEAD + 'note = """' + '\\"""' * 100_000,
    "many apostrophes": lambda: HEAD + "'''" * 100_001,
    "4 MB of blanks": lambda: HEAD + " " * 4_000_000,
    "a key of 100 000 letters": lambda: HEAD + "a" * 100_000 + " = 1",
    "a text of a million letters as a word": lambda: HEAD + 'indicators = ["' + "a" * 1_000_000 + '"]',
    "a month of 13": lambda: HEAD + "note = 2025-13-01",
    "a day far away": lambda: HEAD + "note = 9999-12-31T23:59:60Z",
    "NUL": lambda: HEAD + 'note = "\x00"',
    "an extends of 5 000 letters": lambda: HEAD + 'extends = "' + "a" * 5_000 + '.toml"',
    "an extends with NUL": lambda: HEAD + 'extends = "a\\u0000.toml"',
    "an extends of itself": lambda: HEAD + 'extends = "own.toml"',
    "an extends of a folder": lambda: HEAD + 'extends = ".."',
    "an extends of an id of 5 000 letters": lambda: HEAD + 'extends = "' + "cn-quality" * 500 + '"',
}  # fmt: skip


def _threshold(value: str) -> str:
    return (
        f'[[thresholds]]\nindicator = "books_per_student"\nstage = "primary"\nvalue = {value}\nclause = "1"\n'
        'source = "E"\nstanding = "confirmed"\n'
    )


VALUES: tuple[Any, ...] = (
    "", "x", "primary", "cn-quality-balance-2017", 0, -1, 1, 10**18, 10**40, True, False, [], {}, [[]], [{}], [1], ["x"],
    {"a": 1}, Decimal("1e30"), Decimal("1e400"), Decimal("-1e-400"), Decimal("0"), Decimal("-0.0"), 1e308, float("inf"),
    float("nan"), "2025-13-45", "9999", "一" * 400, "{0}", "%s", "\u200b", "合计",
)  # fmt: skip
BYTES = (b"", b"\x00", b"\xff", b"[", b"]", b"{", b"}", b"=", b'"', b"'", b".", b"\n", b"9", b"-", b"#", b"e", b"\xe4")


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container and key of a nested value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        yield value, key
        if isinstance(inner, (dict, list)):
            yield from _places(inner)


def mutated(r: random.Random) -> bytes:
    """Return a shipped standard with some bytes or some values changed."""
    text = LAWS[r.choice(sorted(LAWS))]
    if r.random() < 0.3:
        content = bytearray(text.encode())
        for _ in range(r.choice([1, 1, 2, 5])):
            at = r.randrange(len(content))
            content[at : at + r.choice([0, 1, 1, 20])] = r.choice(BYTES)
        return bytes(content)
    raw = tomllib.loads(text, parse_float=Decimal)
    for _ in range(r.choice([1, 1, 1, 2, 4])):
        places = list(_places(raw))
        box, key = r.choice(places)
        kind = r.randrange(6)
        if kind == 0:
            del box[key]
        elif kind == 1 and isinstance(box, dict):
            box[r.choice(["x", "id", "note", "where", "value", ""])] = box.pop(key)
        elif kind == 2:
            other, name = r.choice(places)
            box[key] = (
                copy.deepcopy(other[name]) if name in other or (isinstance(other, list) and name < len(other)) else 1
            )
        elif kind == 3 and isinstance(box, list):
            box.append(copy.deepcopy(box[key]))
        else:
            box[key] = r.choice(VALUES)
    try:
        return tomli_w.dumps(raw).encode()
    except (TypeError, ValueError, RecursionError):
        return text.encode()


SCHOOLS = frame(school(), school("二小", teaching_area_m2=1), junior(), school("九年", None, kind="nine_year"))


def judged(path: Path) -> None:
    """Load a standard; one that loads is used."""
    std = jh.load_standard(path)
    std.to_dict(), std.digest, std.diff(jh.load_standard("cn-quality-balance-2017"))
    jh.check_schools(SCHOOLS, std)
    use(jh.evaluate(frame(school(), school("二小", teaching_area_m2=1), junior()), std))


def hunt(seed: int, folder: Path) -> str | None:
    path = folder / "own.toml"
    path.write_bytes(mutated(random.Random(seed)))
    return outcome(lambda: judged(path))


def main(first: int, last: int) -> None:
    found: Counter[str] = Counter()
    where: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, last):
            wrong = hunt(seed, Path(folder))
            if wrong is not None:
                found[wrong] += 1
                where.setdefault(wrong, seed)
    print(last - first, "drawn,", sum(found.values()), "undocumented")
    for wrong, n in found.most_common():
        print(f"{n:5d} seed {where[wrong]}: {wrong}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 2 else 0, int(sys.argv[-1]))
