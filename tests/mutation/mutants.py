"""Small faults in a source file, one at a time, each with a name that outlives changes elsewhere in the file."""

import ast
import bisect
import difflib
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from attrs import evolve, field, frozen

BOUNDARY = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
COMPARISON = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "==", "in": "not in", "not in": "in",
              "is": "is not", "is not": "is"}  # fmt: skip
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "//": "/", "%": "*", "**": "*", "@": "*"}
MASK = {"&": "|", "|": "&", "^": "&", "<<": ">>", ">>": "<<"}
TWINS = {"min": "max", "max": "min", "any": "all", "all": "any", "minimum": "maximum", "maximum": "minimum",
         "floor": "ceil", "ceil": "floor", "nanmin": "nanmax", "nanmax": "nanmin", "argmin": "argmax",
         "argmax": "argmin",
         "isdisjoint": "issubset", "startswith": "endswith", "endswith": "startswith", "zeros": "ones", "ones": "zeros",
         "lstrip": "rstrip", "rstrip": "lstrip", "union": "intersection", "logical_and": "logical_or"}  # fmt: skip
#: Calls whose arguments are messages or types, and methods that only show.
TOLD = {"message", "warn", "Quoted", "cast", "TypeVar", "getLogger", "deprecated"}
#: Arguments that say how something is kept or checked, not what it is.
STORED = {"strict", "dtype", "copy", "stacklevel"}
SHOWN = {"__repr__", "__str__", "_repr_html_", "_repr_markdown_"}


@frozen
class Mutant:
    """A fault: the bytes from ``start`` to ``stop`` of the file become ``new``."""

    file: str
    function: str
    operator: str
    change: str
    line: int
    lines: tuple[int, int]
    start: int
    stop: int
    new: bytes = field(repr=False)
    nth: int = 1

    @property
    def id(self) -> str:
        """A name that holds while the function does."""
        nth = f" #{self.nth}" if self.nth > 1 else ""
        return f"{self.file}::{self.function}::{self.operator}::{self.change}{nth}"

    def applied(self, source: bytes) -> bytes:
        """Return the source with the fault."""
        return source[: self.start] + self.new + source[self.stop :]

    def diff(self, source: bytes) -> str:
        """Return what differs, without headers."""
        old, new = (text.decode().splitlines() for text in (source, self.applied(source)))
        return "\n".join(list(difflib.unified_diff(old, new, lineterm="", n=0))[2:])


class _Maker(ast.NodeVisitor):
    def __init__(self, source: bytes, file: str) -> None:
        self.source, self.file = source, file
        self.starts = [0]
        for line in source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.names: list[str] = []
        self.lines = (1, 1)
        self.default = False
        self.found: list[Mutant] = []

    # where things are

    def start(self, node: ast.AST) -> int:
        return self.starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]

    def stop(self, node: ast.AST) -> int:
        return self.starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]

    def text(self, node: ast.AST) -> str:
        return " ".join(self.source[self.start(node) : self.stop(node)].decode().split())

    def add(
        self, operator: str, node: ast.AST, new: str, at: tuple[int, int] | None = None, shown: ast.AST | None = None
    ) -> None:
        """Note a fault in ``node``, whose bytes ``at`` are replaced; it is shown within ``shown``."""
        start, stop = at or (self.start(node), self.stop(node))
        shown = shown or node
        whole = self.source[self.start(shown) : self.stop(shown)]
        cut = start - self.start(shown), stop - self.start(shown)
        after = (whole[: cut[0]] + new.encode() + whole[cut[1] :]).decode()
        if len(after) > 90:  # only what is near
            left = max(0, cut[0] - 30)
            whole, after = whole[left : cut[1] + 30], after[left : cut[0] + len(new) + 30]
        change = " -> ".join(" ".join(text.split())[:90] for text in (whole.decode(errors="ignore"), after))
        line = bisect.bisect(self.starts, start)
        operator = "default" if self.default else operator
        self.found.append(
            Mutant(self.file, ".".join(self.names), operator, change, line, self.lines, start, stop, new.encode())
        )

    def between(self, left: ast.AST, right: ast.AST, token: str) -> tuple[int, int] | None:
        """Where an operator stands between two operands."""
        begin, end = self.stop(left), self.start(right)
        pattern = r"\s+".join(re.escape(word) for word in token.split())
        hit = re.search(rf"(?<![\w<>=!*/]){pattern}(?![<>=*/])".encode(), self.source[begin:end])
        return (begin + hit.start(), begin + hit.end()) if hit else None

    # statements

    def body(self, nodes: Iterable[ast.stmt]) -> None:
        for node in nodes:
            self.visit(node)

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.stmt):
            last = (
                node.test if isinstance(node, ast.If | ast.While) else node.iter if isinstance(node, ast.For) else node
            )
            self.lines = (node.lineno, last.end_lineno or node.lineno)
        super().visit(node)

    def _nothing(self, node: ast.AST) -> None:
        pass

    visit_Import = visit_ImportFrom = visit_Global = visit_JoinedStr = visit_Assert = visit_Pass = _nothing

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        decorators = {ast.unparse(d) for d in node.decorator_list}
        if node.name in SHOWN or decorators & {"overload", "typing.overload", "abstractmethod"}:
            return
        self.names.append(node.name)
        self.lines = (node.body[0].lineno, node.end_lineno or node.lineno)
        self.default = True
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default is not None:
                self.visit(default)
        self.default = False
        self.body(node.body)
        self.names.pop()

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.names.append(node.name)
        self.body(node.body)
        self.names.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None and "TypeAlias" not in ast.unparse(node.annotation):
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        if any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            return
        if any(isinstance(t, ast.Attribute | ast.Subscript) for t in node.targets):
            self.add("statement", node, "pass")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.add("statement", node, "pass")
        self._operator(node, node.target, node.value, node.op)
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant):
            return
        if not isinstance(node.value, ast.Yield | ast.YieldFrom | ast.Await):
            self.add("statement", node, "pass")
        self.visit(node.value)

    def visit_Raise(self, node: ast.Raise) -> None:
        self.add("statement", node, "pass")

    def visit_Delete(self, node: ast.Delete) -> None:
        self.add("statement", node, "pass")

    def visit_Continue(self, node: ast.Continue) -> None:
        self.add("statement", node, "break")

    def visit_Break(self, node: ast.Break) -> None:
        self.add("statement", node, "continue")

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is None:
            return
        if not (isinstance(node.value, ast.Constant) and node.value.value is None):
            self.add("return", node, "return None")
        self.visit(node.value)

    def visit_If(self, node: ast.If) -> None:
        if "TYPE_CHECKING" not in ast.unparse(node.test):
            self._branch(node.test)
            self.body(node.body)
        self.body(node.orelse)

    def visit_While(self, node: ast.While) -> None:
        self.add("branch", node.test, "False")
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._branch(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self.add("branch", test, "True")
        self.generic_visit(node)

    def _branch(self, test: ast.expr) -> None:
        for new in ("True", "False"):
            self.add("branch", test, new)
        self.visit(test)

    # expressions

    def visit_Compare(self, node: ast.Compare) -> None:
        for left, op, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            token = _TOKENS[type(op)]
            at = self.between(left, right, token)
            for operator, table in (("boundary", BOUNDARY), ("comparison", COMPARISON)):
                if at and token in table:
                    self.add(operator, node, table[token], at)
        self.generic_visit(node)

    def _operator(self, node: ast.AST, left: ast.expr, right: ast.expr, op: ast.operator) -> None:
        token = _TOKENS[type(op)]
        at = self.between(left, right, token) if not isinstance(node, ast.AugAssign) else None
        if isinstance(node, ast.AugAssign):
            begin = self.source.index(token.encode() + b"=", self.stop(left))
            at = begin, begin + len(token)
        plain = not any(
            isinstance(side, ast.JoinedStr | ast.List | ast.Tuple) or _is_text(side) for side in (left, right)
        )
        if at and plain:
            operator, table = ("mask", MASK) if token in MASK else ("arithmetic", ARITHMETIC)
            self.add(operator, node, table[token], at)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self._operator(node, node.left, node.right, node.op)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in pairwise(node.values):
            if at := self.between(left, right, old):
                self.add("boolean", node, new, at)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        self.add("not", node, "", (self.start(node), self.start(node.operand)))
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant, within: ast.AST | None = None) -> None:
        value = node.value
        if isinstance(value, bool):
            self.add("constant", node, str(not value))
        elif isinstance(value, int):
            for new in (value + 1, value - 1):
                self.add("constant", node, str(new) if new >= 0 else f"({new})", shown=within)
        elif isinstance(value, float):
            self.add("constant", node, repr(value * 2) if value else "1.0", shown=within)
        elif isinstance(value, str):
            self.add("string", node, repr(value + "XX"))

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)
        if isinstance(node.slice, ast.Constant):
            self.visit_Constant(node.slice, node)
        else:
            self.visit(node.slice)

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in TOLD or name.endswith(("Error", "Warning")):
            return
        if name in TWINS:
            stop = self.stop(node.func)
            self.add("twin", node.func, TWINS[name], (stop - len(name), stop))
        arguments = sorted([*node.args, *node.keywords], key=self.start)
        for before, keyword in pairwise(arguments):
            if isinstance(keyword, ast.keyword) and keyword.arg not in {None, *STORED}:
                self.add("argument", keyword, "", (self.stop(before), self.stop(keyword)), shown=node)
        self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg not in STORED:
            self.visit(node.value)


_TOKENS: dict[type, str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.In: "in",
    ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not", ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/",
    ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**", ast.MatMult: "@", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
    ast.LShift: "<<", ast.RShift: ">>",
}  # fmt: skip


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)


def make(source: bytes, file: str) -> list[Mutant]:
    """Return every fault we make in a file."""
    maker = _Maker(source, file)
    maker.visit(ast.parse(source))
    seen: Counter[str] = Counter()
    named = []
    for mutant in maker.found:
        seen[mutant.id] += 1
        named.append(evolve(mutant, nth=seen[mutant.id]))
    return named


def sample(mutants: Iterable[Mutant], size: int, seed: int) -> list[Mutant]:
    """Draw evenly from files and operators, in an order of chance; changed code changes little of the sample."""

    def chance(mutant: Mutant) -> bytes:
        return hashlib.sha256(f"{seed} {mutant.id}".encode()).digest()

    strata: dict[tuple[str, str], list[Mutant]] = defaultdict(list)
    for mutant in sorted(mutants, key=chance):
        strata[mutant.file, mutant.operator].append(mutant)
    part = min(1.0, size / max(1, sum(map(len, strata.values()))))
    drawn = [m for members in strata.values() for m in members[: int(part * len(members))]]
    rest = [m for members in strata.values() for m in members[int(part * len(members)) :]]
    return sorted(drawn + sorted(rest, key=chance)[: size - len(drawn)], key=chance)


def parses(mutant: Mutant, source: bytes) -> bool:
    """Whether the fault leaves a program that says something else."""
    try:
        return ast.dump(ast.parse(mutant.applied(source))) != _dumped(source)
    except SyntaxError:
        return False


@lru_cache(maxsize=2)
def _dumped(source: bytes) -> str:
    return ast.dump(ast.parse(source))


def functions(source: str) -> Iterator[tuple[str, int, int]]:
    """Yield name, first and last line of every function, outer ones first."""

    def inside(node: ast.AST, names: tuple[str, ...]) -> Iterator[tuple[str, int, int]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                own = (*names, child.name)
                yield ".".join(own), child.lineno, child.end_lineno or child.lineno
                yield from inside(child, own)
            else:
                yield from inside(child, names)

    yield from inside(ast.parse(source), ())


def all_of(tree: Path, rooms: Iterable[str]) -> list[Mutant]:
    """Return the faults of some rooms of the package."""
    files = sorted(p for room in rooms for p in (tree / "junheng" / room).rglob("*.py"))
    return [m for p in files for m in make(p.read_bytes(), str(p.relative_to(tree)))]
