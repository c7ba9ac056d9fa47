"""Small changes to graded functions, made one at a time: another operator, index, name or function."""

import ast
import copy
import functools
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

MAX_SWAPS = 2  # names that one use of a name is replaced by
ARITHMETIC = ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult, ast.Pow, ast.FloorDiv, ast.Mod
OPERATORS: dict[type[ast.operator], str] = dict(zip(ARITHMETIC, "+ - * / @ ** // %".split(), strict=True))
OTHER_OPERATORS = {"+": "-", "-": "+", "*": "/@+", "/": "*", "@": "*", "**": "*", "//": "*%", "%": "*"}
OTHER_COMPARISONS: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Gt: (">=", "<"),
    ast.GtE: (">", "<"),
    ast.Lt: ("<=", ">"),
    ast.LtE: ("<", ">"),
    ast.Eq: ("!=",),
}
OTHER_FUNCTIONS = dict(
    pair.split(":")
    for pair in (
        "sum:mean mean:sum max:min min:max maximum:minimum minimum:maximum zeros:ones ones:zeros "
        "zeros_like:ones_like ones_like:zeros_like exp:expm1 log:log1p sqrt:square tanh:sin abs:negative "
        "argmax:argmin cumsum:cumprod vstack:hstack logaddexp:maximum eye:ones norm:det eigvals:eigvalsh"
    ).split()
)
KEPT = {"strict"}  # keywords that only refuse wrong arguments
BLANK = re.compile(r"np\.(empty|zeros)(_like)?\(|.*\.standard_normal\(")  # minus such a thing is one, too


@dataclass(frozen=True)
class Mutant:
    """A module with one small change."""

    function: str
    line: int
    before: str  # first line of the changed statement, as Python would write it
    after: str  # what it has become
    text: str  # of the whole module


def mutants(text: str, functions: Iterable[ast.FunctionDef]) -> Iterator[Mutant]:
    """Yield every mutant of some functions or methods of a module, always in the same order."""
    lines = text.splitlines()
    for function in functions:
        scope = _Scope(function, text)
        above = "\n".join(lines[: function.lineno - 1])
        below = "\n".join(lines[function.end_lineno :])
        seen = set[tuple[int, str]]()
        for block, number in _statements(function):
            statement = block[number]
            whole = ast.unparse(statement)
            for changed in _changes(block, number, scope):
                mutated = ast.unparse(changed)
                if mutated != whole and (statement.lineno, mutated) not in seen:
                    seen.add((statement.lineno, mutated))
                    changed_function = textwrap.indent(ast.unparse(function), " " * function.col_offset)
                    module = f"{above}\n{changed_function}\n{below}\n"
                    before, after = whole.splitlines()[0], mutated.splitlines()[0]
                    yield Mutant(function.name, statement.lineno, before, after, module)


class _Scope:
    """The names of one function: where each is bound first, and what kind of thing it is.

    Its kind is an array's axes where the documentation gives them, else its annotation.
    """

    def __init__(self, function: ast.FunctionDef, text: str) -> None:
        annotations = {argument.arg: argument.annotation for argument in function.args.args}
        self.bound = dict.fromkeys(annotations, function.lineno)
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.bound[node.id] = min(self.bound.get(node.id, node.lineno), node.lineno)
        inner = ast.get_source_segment(text, function) or ""
        self.kinds = dict[str, str]()
        for name in self.bound:
            annotation = annotations.get(name)
            size = "size" if len(name) == 1 and name.isupper() else ""
            self.kinds[name] = _axes(name, inner, text) or (ast.unparse(annotation) if annotation else size)

    def others(self, name: ast.Name) -> list[str]:
        """Return a few names of the same kind that are bound above this use."""
        kind = self.kinds.get(name.id)
        known = [other for other, line in self.bound.items() if line < name.lineno or other == name.id]
        same = [other for other in known if kind and self.kinds[other] == kind]
        if name.id not in same:
            return []
        start = same.index(name.id)
        return [other for other in (*same[start + 1 :], *same[:start]) if other != name.id][:MAX_SWAPS]


def _axes(name: str, *texts: str) -> str:
    """Return an array's axes as a comment or the documentation says them; empty if nothing does."""
    for known in dict.fromkeys((name, name.removeprefix("d"))):
        for text in texts:
            written = rf"^\s*{re.escape(known)}(?:: np\.ndarray  #|:| =.*#) (\([^()]*\))"
            if found := re.search(written, text, re.MULTILINE):
                return found[1]
    return ""


# --- where something can be changed -------------------------------------------------------------------


def _statements(parent: ast.AST) -> Iterator[tuple[list[ast.stmt], int]]:
    """Yield every statement inside another one by its block and its number in there; no docstrings."""
    for field in ("body", "orelse"):
        block: list[ast.stmt] | ast.expr = getattr(parent, field, [])
        for number, statement in enumerate(block if isinstance(block, list) else []):
            documentation = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            if isinstance(block, list) and not documentation:
                yield block, number
                yield from _statements(statement)


def _changes(block: list[ast.stmt], number: int, scope: _Scope) -> Iterator[ast.stmt]:
    """Yield a statement in every changed form; meanwhile that form stands in its place."""
    statement = block[number]
    for text in _other_statements(statement):
        block[number] = ast.parse(text).body[0]
        yield block[number]
    block[number] = statement
    if not isinstance(statement, ast.FunctionDef):
        for put, node in _slots(statement):
            for text in dict.fromkeys(_other_expressions(statement, node, scope)):
                put(ast.parse(f"({text})", mode="eval").body)
                yield statement
            put(node)


def _slots(parent: ast.AST) -> Iterator[tuple[Callable[[ast.expr], None], ast.expr]]:
    """Yield every expression of a statement and what puts another one there; not of statements inside."""
    for field, value in ast.iter_fields(parent):
        for number, child in enumerate(value if isinstance(value, list) else [value]):
            kept = isinstance(child, ast.keyword) and child.arg in KEPT
            if not isinstance(child, ast.AST) or isinstance(child, ast.stmt) or kept:
                continue
            if isinstance(child, ast.expr) and not isinstance(child, ast.Slice | ast.Starred):
                yield functools.partial(_put, parent, field, number), child
            yield from _slots(child)


def _put(parent: ast.AST, field: str, number: int, node: ast.expr) -> None:
    siblings = getattr(parent, field)
    if isinstance(siblings, list):
        siblings[number] = node
    else:
        setattr(parent, field, node)


# --- what it is changed into --------------------------------------------------------------------------


def _other_statements(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.AugAssign):
        target, value = ast.unparse(statement.target), ast.unparse(statement.value)
        sign = OPERATORS.get(type(statement.op), "")
        yield f"{target} = {value}"
        yield from (f"{target} {other}= {value}" for other in OTHER_OPERATORS.get(sign, "") if other != "@")
        yield "pass"
    elif isinstance(statement, ast.Expr) or (
        isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript)
    ):
        yield "pass"


def _other_expressions(statement: ast.stmt, node: ast.expr, scope: _Scope) -> Iterator[str]:
    text = ast.unparse(node)
    if isinstance(statement, ast.If) and node is statement.test:
        yield f"not ({text})"
    if node is getattr(statement, "value", None) and isinstance(node, ast.BinOp | ast.Call):
        yield from () if BLANK.match(text) else (f"-({text})",)
    match node:
        case ast.BinOp():
            yield from _other_operations(node)
        case ast.Attribute(attr="T"):
            yield ast.unparse(node.value)
        case ast.Subscript():
            yield from _other_subscripts(node)
        case ast.Constant(value=bool(value)):
            yield str(not value)
        case ast.Constant(value=int(value)):
            yield from (f"{value + 1}", f"{value - 1}")
        case ast.Constant(value=float(value)):
            yield from (f"{2 * value}", f"{value + 1}", "0.0")
        case ast.UnaryOp():
            yield ast.unparse(node.operand)
        case ast.Compare():
            left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
            yield from (f"{left} {other} {right}" for other in OTHER_COMPARISONS.get(type(node.ops[0]), ()))
        case ast.IfExp():
            body, orelse = ast.unparse(node.body), ast.unparse(node.orelse)
            yield from (body, orelse, f"({orelse}) if {ast.unparse(node.test)} else ({body})")
        case ast.Tuple() if not any(isinstance(item, ast.Slice) for item in node.elts):
            yield from map(", ".join, _swapped([ast.unparse(item) for item in node.elts]))
        case ast.Call():
            yield from _other_calls(node)
        case ast.Name(ctx=ast.Load()):
            yield from scope.others(node)


def _other_operations(node: ast.BinOp) -> Iterator[str]:
    left, right = f"({ast.unparse(node.left)})", f"({ast.unparse(node.right)})"
    sign = OPERATORS.get(type(node.op), "")
    yield from (f"{left} {other} {right}" for other in OTHER_OPERATORS.get(sign, ""))
    yield left
    yield right
    if sign in {"-", "/", "@", "//", "%"}:
        yield f"{right} {sign} {left}"
    if sign == "@":
        plain = (ast.Name, ast.Subscript)
        yield from (f"{left}.T @ {right}",) if isinstance(node.left, plain) else ()
        yield from (f"{left} @ {right}.T",) if isinstance(node.right, plain) else ()


def _other_subscripts(node: ast.Subscript) -> Iterator[str]:
    value, index = ast.unparse(node.value), node.slice
    if isinstance(index, ast.Name):
        yield from (f"{value}[{index.id} + 1]", f"{value}[{index.id} - 1]")
    elif isinstance(index, ast.UnaryOp):
        yield from (f"{value}[0]", f"{value}[-2]")
    elif isinstance(index, ast.Slice) and not index.step:
        lower, upper = (ast.unparse(end) if end else "" for end in (index.lower, index.upper))
        yield from (f"{value}[{upper}:{lower}]", f"{value}[:]")
    elif isinstance(index, ast.Tuple):
        yield f"{value}[{', '.join(map(ast.unparse, reversed(index.elts)))}]"


def _swapped(items: list[str]) -> Iterator[list[str]]:
    """Yield a list with each two neighbours swapped."""
    for number in range(len(items) - 1):
        yield [*items[:number], items[number + 1], items[number], *items[number + 2 :]]


def _other_calls(node: ast.Call) -> Iterator[str]:
    function, arguments = node.func, [ast.unparse(argument) for argument in node.args]
    keywords = [ast.unparse(keyword) for keyword in node.keywords]
    name = function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)
    owner = f"({ast.unparse(function.value)})." if isinstance(function, ast.Attribute) else ""
    if len(arguments) == 1 and not isinstance(node.args[0], ast.Starred | ast.GeneratorExp):
        yield arguments[0]
    if not arguments and owner:
        yield owner[:-1]
    if name in OTHER_FUNCTIONS:
        yield f"{owner}{OTHER_FUNCTIONS[name]}({', '.join((*arguments, *keywords))})"
    if name == "range" and len(arguments) == 1:
        yield from (f"range({arguments[0]} - 1)", f"range({arguments[0]} + 1)", f"range(1, {arguments[0]})")
    for swapped in _swapped(arguments):
        yield f"{owner}{name}({', '.join((*swapped, *keywords))})"
    changed = copy.copy(node)
    for number, keyword in enumerate(node.keywords):
        if isinstance(keyword.value, ast.Constant | ast.Name) and keyword.arg not in KEPT:
            changed.keywords = node.keywords[:number] + node.keywords[number + 1 :]
            yield ast.unparse(changed)
    for first, second in pairwise(node.keywords):
        if not isinstance(first.value, ast.Constant) and not isinstance(second.value, ast.Constant):
            values = {first.arg: second.value, second.arg: first.value}
            changed.keywords = [
                ast.keyword(keyword.arg, values.get(keyword.arg, keyword.value)) for keyword in node.keywords
            ]
            yield ast.unparse(changed)
