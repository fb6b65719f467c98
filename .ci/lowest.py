"""Print the lowest versions that pyproject.toml allows, one a line, as a constraints file for pip.

``python .ci/lowest.py EXTRA...`` takes the dependencies of the package and of these extras. Libraries that only come
along are as new as they can be, but for those that our lowest ones cannot stand.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Brought along by an old release, which warns if they are new.
COMES_ALONG = {"matplotlib": "pyparsing<3.2"}


def requirements(project: dict[str, Any], extras: list[str]) -> Iterator[str]:
    """Yield what the extras need; one that names others of the package stands for them."""
    for line in (line for extra in extras for line in project["optional-dependencies"][extra]):
        others = re.fullmatch(rf"{project['name']}\[([\w,-]+)\]", line)
        yield from requirements(project, others[1].split(",")) if others else [line]


def lowest(extras: list[str]) -> dict[str, str]:
    """Return the lowest version of each library."""
    file = Path(__file__).resolve().parents[1] / "pyproject.toml"
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    out = {}
    for line in [*project["dependencies"], *requirements(project, extras)]:
        found = re.fullmatch(r"([\w-]+)(\[\w+\])?>=([\d.]+)", line)
        if found is None:
            raise SystemExit(f"{line!r} in pyproject.toml has no lowest version; write it as name>=1.2")
        if out.setdefault(found[1], found[3]) != found[3]:
            raise SystemExit(f"pyproject.toml has two lowest versions of {found[1]}: {out[found[1]]} and {found[3]}")
    return out


if __name__ == "__main__":
    versions = lowest(sys.argv[1:])
    print(*(f"{name}=={least}" for name, least in versions.items()), sep="\n")
    print(*(line for name, line in COMES_ALONG.items() if name in versions), sep="\n")
