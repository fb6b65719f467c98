"""The house has no circle and no arrow upward; imports for type checkers and those inside functions count too."""

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from parsed import nodes

import junheng

PACKAGE = Path(junheng.__file__).parent

#: What stands where: a room (file or folder of the package) and its rank. A file imports from its own room or from a
#: lower rank, or from another room of its rank. Some rooms are still to come.
RANKS = {
    9: ("cli", "__main__"),
    8: ("reports",),
    7: ("planning", "engines", "monitoring", "changes", "certificate", "plausibility"),
    6: ("evaluation",),
    5: ("results",),
    4: ("judging",),
    3: ("facts", "reading", "synthetic", "examples"),
    2: ("schools",),
    1: ("indicators", "standards"),
    # the ground has storeys of its own
    0.3: ("_frames",),
    0.25: ("_codes",),
    0.2: ("_arrays",),
    0.1: ("_progress", "errors", "_stages", "_public", "_files", "_text", "_compiled", "_deprecated", "_extras"),
    0.05: ("_grouping",),
    0: ("_data", "words", "verify"),
}
RANK = {room: rank for rank, rooms in RANKS.items() for room in rooms}

#: Convenience methods that reach up import inside the function: the only arrows upward.
REACH_UP = {
    ("junheng.results.evaluation", "junheng.changes"),  # ev.apply
    ("junheng.results.evaluation", "junheng.certificate"),  # ev.certificate
    ("junheng.results.evaluation", "junheng.reports"),  # ev.to_excel, ev.to_html
}

#: Arrows that point the wrong way today. May only shrink.
OFFENDERS: set[tuple[str, str]] = set()


def name_of(path: Path) -> str:
    parts = ("junheng", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported(found_in: Iterable[ast.AST]) -> set[str]:
    found: set[str] = set()
    for node in found_in:
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            found |= {f"{base}.{a.name}" if f"{base}.{a.name}" in MODULES else base for a in node.names}
    return found & MODULES.keys()


def imports(path: Path) -> tuple[set[str], set[str]]:
    """What a file imports when it is loaded or for types, and what inside functions only."""
    functions = [n for n in nodes(path) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    inside = {n for f in functions for n in ast.walk(f)}
    now = imported(n for n in nodes(path) if n not in inside)
    return now, imported(inside) - now


@cache
def all_imports() -> dict[str, tuple[set[str], set[str]]]:
    # the package itself re-exports what is public: it stands above all
    return {module: imports(path) for module, path in MODULES.items() if module != "junheng"}


def arrows() -> set[tuple[str, str]]:
    found = all_imports().items()
    return {(module, other) for module, (now, later) in found for other in now | later if other != module}


def room(module: str) -> str:
    return module.split(".")[1]


def points_wrong(module: str, other: str) -> bool:
    if other == "junheng":  # all that is public: for the command line alone
        return RANK[room(module)] < 9
    mine, theirs = room(module), room(other)
    return RANK[theirs] > RANK[mine] or {mine, theirs} == {"indicators", "standards"}


def circles(pairs: set[tuple[str, str]]) -> list[set[str]]:
    """Groups of more than one module that all reach one another."""
    after: dict[str, set[str]] = {}
    for module, other in pairs:
        after.setdefault(module, set()).add(other)

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        todo = [start]
        while todo:
            for other in after.get(todo.pop(), set()) - seen:
                seen.add(other)
                todo.append(other)
        return seen

    reach = {module: reached(module) for module in after}
    groups = {frozenset(o for o in reach[m] if m in reach.get(o, ())) for m in reach if m in reach[m]}
    return [set(g) for g in groups]


def test_every_room_has_a_rank() -> None:
    assert {room(m) for m in all_imports()} <= RANK.keys()


def test_arrows_point_down_but_for_those_listed() -> None:
    wrong = {arrow for arrow in arrows() if points_wrong(*arrow)}
    assert wrong - REACH_UP == OFFENDERS


def test_convenience_methods_reach_up_inside_functions_and_are_few() -> None:
    assert len(REACH_UP) <= 8
    for module, other in REACH_UP:
        now, later = all_imports()[module]
        assert other in later - now, f"{module} no longer imports {other} inside a function: shorten the list"


def test_there_is_no_circle() -> None:
    assert circles(arrows() - REACH_UP) == []


def test_a_circle_would_be_seen() -> None:
    assert circles({("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")}) == [{"a", "b", "c"}]
    assert circles({("a", "a")}) == [{"a"}]
    assert circles({("a", "b"), ("a", "c"), ("b", "c")}) == []


def test_an_import_for_types_or_inside_a_function_would_be_seen(tmp_path: Path) -> None:
    file = tmp_path / "x.py"
    file.write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from junheng.planning import Plan\n"
        "def f():\n    from junheng import changes\n",
        encoding="utf-8",
    )
    assert imports(file) == ({"junheng.planning"}, {"junheng.changes"})
    assert points_wrong("junheng.results.evaluation", "junheng.planning")
    assert points_wrong("junheng.indicators.catalog", "junheng.standards.model")
    assert not points_wrong("junheng.planning.plan", "junheng.changes")
