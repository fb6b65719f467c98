"""The public names and the codes of errors, as text: ``python tests/contract/public_names.py`` writes them anew.

Do that only where a change is meant, and say so in the CHANGELOG: what is here is a promise.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from enum import EnumType
from pathlib import Path
from types import ModuleType

import junheng as jh

KEPT = Path(__file__).with_suffix(".txt")
#: Modules whose names are public, besides those in ``junheng`` itself.
HOMES = (
    "changes",
    "engines",
    "examples",
    "indicators",
    "planning",
    "reports",
    "reports.plots",
    "schools",
    "standards",
    "synthetic",
)

#: Errors whose code is the name of their message.
ERRORS = ("AlignmentError", "InputError", "UnknownStandardError")


def signature(thing: object) -> str:
    """The arguments with their defaults; types are left to the tests of types."""
    found = inspect.signature(thing)  # type: ignore[arg-type]
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in found.parameters.values()]
    text = str(found.replace(parameters=plain, return_annotation=inspect.Signature.empty))
    return re.sub(r"<function (\w+) at 0x\w+>|<(\w+)\.(\w+): .*?>", lambda m: m[1] or f"{m[2]}.{m[3]}", text)


def of_class(cls: type) -> Iterator[str]:
    """What a class offers: methods with their arguments, attributes by name."""
    if isinstance(cls, EnumType):
        yield from (f".{member.name} = {member.value!r}" for member in cls)
        return
    for name in sorted(n for n in dir(cls) if not n.startswith("_")):
        if any(name in vars(base) for base in cls.__mro__ if base.__module__.startswith("junheng")):
            thing = inspect.getattr_static(cls, name)
            thing = thing.__func__ if isinstance(thing, (classmethod, staticmethod)) else thing
            yield f".{name}{signature(thing) if inspect.isfunction(thing) else ''}"


def codes() -> list[str]:
    """The codes that errors take from their messages, as far as they are written out where the error is made."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in Path(jh.__file__).parent.rglob("*.py"))
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    made = [c.args[0] for c in calls if getattr(c.func, "id", "") in ERRORS and c.args]
    inside = [node for told in made for node in ast.walk(told) if isinstance(node, ast.Call)]
    keys = [m.args[0] for m in inside if getattr(m.func, "id", "") == "message"]
    return sorted({key.value for key in keys if isinstance(key, ast.Constant)})


def names() -> Iterator[str]:
    """A line for each public name."""
    yield from (f"error {code}" for code in codes())
    for home in ("", *HOMES):
        module = jh
        for part in filter(None, home.split(".")):
            module = getattr(module, part)
        # the version is asked for by its name, and not imported with the others
        for name in sorted([*module.__all__, *([] if home else ["__version__"])]):
            thing, full = getattr(module, name), f"{home}.{name}".lstrip(".")
            if isinstance(thing, ModuleType) or (
                home in ("indicators", "planning", "schools", "standards") and name in jh.__all__
            ):
                continue
            if inspect.isclass(thing):
                yield full
                yield from (f"{full}{line}" for line in of_class(thing))
            else:
                yield f"{full}{signature(thing) if callable(thing) else ''}"


if __name__ == "__main__":
    KEPT.write_text("\n".join(names()) + "\n", encoding="utf-8")
