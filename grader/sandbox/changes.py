"""Small changes of a program, as people mistype it: made to test checks, and undone to find a mistake.

A check has to notice each of them (:func:`mutants`). In a worker, which loads the text of this module, each
is tried on a student's file (:class:`Editor`), with further ones that may undo a mistake. It imports the
standard library only.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import itertools
import re
import sys
import textwrap
import types
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

MAX_SWAPS = 2  # names that one use of a name is replaced by in mutants
MAX_STEPS = 3_000  # lines of a changed function that are run
MAX_READ, MAX_PLACES = 24, 20_000  # names of a function that are put in other places; changes of a file
KINDS = {
    **dict.fromkeys(("number", "order", "place", "less", "statement", "operation"), 0),
    "name": 1,
    "more": 2,
}
"""Of changes, those of the smallest number are tried first, in one line in this order."""
OPERATORS = dict(
    zip("+ - * / @ ** // %".split(), "Add Sub Mult Div MatMult Pow FloorDiv Mod".split(), strict=True)
)
SIGNS = {name: sign for sign, name in OPERATORS.items()}
OTHER_OPERATORS = {"+": "-", "-": "+", "*": "/@+", "/": "*", "@": "*", "**": "*", "//": "*%", "%": "*"}
OTHER_COMPARISONS = {"Gt": "GtE Lt", "GtE": "Gt Lt", "Lt": "LtE Gt", "LtE": "Lt Gt", "Eq": "NotEq"}
OTHER_FUNCTIONS = dict(
    pair.split(":")
    for pair in (
        "sum:mean mean:sum max:min min:max maximum:minimum minimum:maximum zeros:ones ones:zeros "
        "zeros_like:ones_like ones_like:zeros_like exp:expm1 log:log1p sqrt:square tanh:sin abs:negative "
        "argmax:argmin cumsum:cumprod vstack:hstack logaddexp:maximum eye:ones norm:det eigvals:eigvalsh"
    ).split()
)
BACK = {other: name for name, other in OTHER_FUNCTIONS.items()} | {"random": "standard_normal"}
KEPT = {"strict"}  # keywords that only refuse wrong arguments
BLANK = re.compile(r"np\.(empty|zeros)(_like)?\(|.*\.standard_normal\(")  # minus such a thing is one, too
READ = (ast.Name, ast.Attribute, ast.Subscript)
Instead = Iterator[tuple[str, Any]]
"""What may stand in a place, each with the kind of change that it is."""


# --- places, and what may stand there -------------------------------------------------------------------


def _places(parent: ast.AST, statement: Any) -> Iterator[tuple[Any, ast.AST, Any, Any]]:
    """Yield what may be changed inside a node: its statement, its parent, what holds it, and where."""
    for field, value in ast.iter_fields(parent):
        holder: Any = value if isinstance(value, list) else vars(parent)
        for key in range(len(value)) if isinstance(value, list) else (field,):
            child = holder[key]
            kept = isinstance(child, ast.keyword) and child.arg in KEPT
            documentation = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            if not isinstance(child, ast.AST) or isinstance(child, ast.arguments) or kept or documentation:
                continue
            inside = child if isinstance(child, ast.stmt) else statement
            if isinstance(child, ast.expr | ast.stmt) and not isinstance(child, ast.Slice | ast.Starred):
                yield inside, parent, holder, key
            if field not in ("returns", "decorator_list"):
                yield from _places(child, inside)


def _instead(node: Any, statement: Any) -> Instead:
    """Yield what people write for something else."""
    if isinstance(statement, ast.If) and node is statement.test:
        yield "operation", ast.UnaryOp(ast.Not(), node)
    if node is getattr(statement, "value", None) and isinstance(node, ast.BinOp | ast.Call):
        yield from () if BLANK.match(ast.unparse(node)) else [("operation", ast.UnaryOp(ast.USub(), node))]
    match node:
        case ast.AugAssign(target=target, op=op, value=value):
            yield "statement", ast.Assign([target], value, lineno=node.lineno)
            for other in OTHER_OPERATORS.get(SIGNS.get(type(op).__name__, ""), "").replace("@", ""):
                yield "statement", ast.AugAssign(target, _operator(other), value)
            yield "statement", ast.Pass()
        case ast.Expr() | ast.Assign(targets=[ast.Subscript(), *_]):
            yield "statement", ast.Pass()
        case ast.BinOp():
            yield from _operations(node)
        case ast.Attribute(attr="T", value=value):
            yield "order", value
        case ast.Subscript():
            yield from ((kind, ast.Subscript(node.value, index, node.ctx)) for kind, index in _indices(node))
        case ast.Constant(value=bool(value)):
            yield "operation", ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield from (("number", _number(each)) for each in (value + 1, value - 1))
        case ast.Constant(value=float(value)):
            yield from (("number", ast.Constant(each)) for each in (2 * value, value + 1, 0.0))
        case ast.UnaryOp(operand=operand):
            yield "less", operand
        case ast.Compare(left=left, ops=[op, *_], comparators=[right, *_]):
            for name in OTHER_COMPARISONS.get(type(op).__name__, "").split():
                yield "operation", ast.Compare(left, [getattr(ast, name)()], [right])
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield from (("less", body), ("less", orelse), ("order", ast.IfExp(test, orelse, body)))
        case ast.Tuple(elts=items, ctx=ctx) if not any(isinstance(item, ast.Slice) for item in items):
            yield from (("order", ast.Tuple(each, ctx)) for each in _swapped(items, 1))
        case ast.Call():
            yield from _calls(node)


def _operations(node: ast.BinOp) -> Instead:
    left, op, right, sign = node.left, node.op, node.right, SIGNS.get(type(node.op).__name__, "")
    for other in OTHER_OPERATORS.get(sign, ""):
        yield "operation", ast.BinOp(left, _operator(other), right)
    yield from (("less", left), ("less", right))
    if sign in {"-", "/", "@", "//", "%"}:
        yield "order", ast.BinOp(right, op, left)
    if sign == "@" and isinstance(left, ast.Name | ast.Subscript):
        yield "order", ast.BinOp(_transposed(left), op, right)
    if sign == "@" and isinstance(right, ast.Name | ast.Subscript):
        yield "order", ast.BinOp(left, op, _transposed(right))


def _indices(node: ast.Subscript) -> Instead:
    match node.slice:
        case ast.Name() as name:
            yield from (("number", ast.BinOp(name, op, ast.Constant(1))) for op in (ast.Add(), ast.Sub()))
        case ast.UnaryOp():
            yield from (("number", _number(each)) for each in (0, -2))
        case ast.Slice(lower=lower, upper=upper, step=None):
            yield from (("order", ast.Slice(upper, lower)), ("less", ast.Slice()))
        case ast.Tuple(elts=items):
            yield "order", ast.Tuple(items[::-1], ast.Load())


def _calls(node: ast.Call) -> Instead:
    function, given, named = node.func, node.args, node.keywords
    if len(given) == 1 and not isinstance(given[0], ast.Starred | ast.GeneratorExp):
        yield "less", given[0]
    if not given and isinstance(function, ast.Attribute):
        yield "less", function.value
    if other := _renamed(function, OTHER_FUNCTIONS):
        yield "operation", ast.Call(other, given, named)
    if isinstance(function, ast.Name) and function.id == "range" and len(given) == 1:
        yield from (("number", ast.Call(function, [end], [])) for end in _beside(given[0]))
        yield "number", ast.Call(function, [ast.Constant(1), *given], [])
    yield from (("order", ast.Call(function, each, named)) for each in _swapped(given, 1))
    for number, keyword in enumerate(named):
        if isinstance(keyword.value, ast.Constant | ast.Name) and keyword.arg not in KEPT:
            yield "less", ast.Call(function, given, named[:number] + named[number + 1 :])
    for number, (first, second) in enumerate(itertools.pairwise(named)):
        if not isinstance(first.value, ast.Constant) and not isinstance(second.value, ast.Constant):
            turned = [ast.keyword(first.arg, second.value), ast.keyword(second.arg, first.value)]
            yield "order", ast.Call(function, given, [*named[:number], *turned, *named[number + 2 :]])


def _beside(node: ast.expr) -> list[ast.expr]:
    """Return one less than a number, and one more."""
    return [ast.BinOp(node, op, ast.Constant(1)) for op in (ast.Sub(), ast.Add())]


def _renamed(function: ast.expr, others: dict[str, str]) -> ast.expr | None:
    """Return another function in the place of one; None if there is none."""
    match function:
        case ast.Attribute(value=value, attr=name) if name in others:
            return ast.Attribute(value, others[name], ast.Load())
        case ast.Name(id=name) if name in others:
            return ast.Name(others[name], ast.Load())
    return None


def _operator(sign: str) -> Any:
    return getattr(ast, OPERATORS[sign])()


def _number(value: int) -> ast.expr:
    """Return a whole number as Python parses it."""
    return ast.Constant(value) if value >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-value))


def _transposed(node: ast.expr) -> ast.expr:
    return ast.Attribute(node, "T", ast.Load())


def _swapped(items: Sequence[ast.expr], *apart: int) -> Iterator[list[ast.expr]]:
    """Yield some expressions with each two of them, so far apart, in each other's places."""
    for first, second in itertools.combinations(range(len(items)), 2):
        if second - first in apart:
            turned = {first: second, second: first}
            yield [items[turned.get(number, number)] for number in range(len(items))]


# --- mutants --------------------------------------------------------------------------------------------


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
        others = _alike(function, text)
        above = "\n".join(lines[: function.lineno - 1])
        below = "\n".join(lines[function.end_lineno :])
        seen, known = set[tuple[int, str]](), dict[Any, str]()
        for statement, _, holder, key in _places(function, function):
            node = holder[key]
            if statement is function or (isinstance(node, ast.FunctionDef) and node is statement):
                continue
            if statement not in known:
                known[statement] = ast.unparse(statement)
            whole = known[statement]
            named = [("name", ast.Name(each, ast.Load())) for each in others(node)]
            for _, new in (*_instead(node, statement), *named):
                holder[key] = new
                mutated = ast.unparse(new if node is statement else statement)
                if mutated != whole and (statement.lineno, mutated) not in seen:
                    seen.add((statement.lineno, mutated))
                    changed = textwrap.indent(ast.unparse(function), " " * function.col_offset)
                    before, after = whole.splitlines()[0], mutated.splitlines()[0]
                    module = f"{above}\n{changed}\n{below}\n"
                    yield Mutant(function.name, statement.lineno, before, after, module)
            holder[key] = node


def _alike(function: ast.FunctionDef, text: str) -> Callable[[ast.AST], list[str]]:
    """Return what names a few others of the same kind that are bound above the use of a name.

    Its kind is an array's axes where the documentation gives them, else its annotation.
    """
    annotations = {argument.arg: argument.annotation for argument in function.args.args}
    bound, kinds = dict.fromkeys(annotations, function.lineno), dict[str, str]()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound[node.id] = min(bound.get(node.id, node.lineno), node.lineno)
    texts = ast.get_source_segment(text, function) or "", text
    for name in bound:
        annotation = annotations.get(name)
        size = "size" if len(name) == 1 and name.isupper() else ""
        kinds[name] = _axes(name, *texts) or (ast.unparse(annotation) if annotation else size)

    def others(name: ast.AST) -> list[str]:
        if not isinstance(name, ast.Name) or not isinstance(name.ctx, ast.Load):
            return []
        known = [other for other, line in bound.items() if line < name.lineno or other == name.id]
        same = [other for other in known if kinds[other] and kinds[other] == kinds.get(name.id)]
        start = same.index(name.id) if same else 0
        return [*same[start + 1 :], *same[:start]][:MAX_SWAPS]

    return others


def _axes(name: str, *texts: str) -> str:
    """Return an array's axes as a comment or the documentation says them; empty if nothing does."""
    for known in dict.fromkeys((name, name.removeprefix("d"))):
        for text in texts:
            written = rf"^\s*{re.escape(known)}(?:: np\.ndarray  #|:| =.*#) (\([^()]*\))"
            if found := re.search(written, text, re.MULTILINE):
                return found[1]
    return ""


# --- changes that are tried on a student's file -----------------------------------------------------------


class Stop(BaseException):
    """A changed function does not come to an end."""


class Editor:
    """Changes the functions of a file in one place after the other, as people mistype and leave out.

    Args:
        source: of the file.
        names: its namespace, after it has run.
        whole: texts of its expressions that are whole numbers, such as sizes.
    """

    def __init__(self, source: bytes, names: dict[str, Any], whole: Collection[str] = ()) -> None:
        self._names, self._plain = dict(names), dict[ast.stmt, Any]()
        # of each: kind, line, parent, holder, key, what is new, and the function or class around it
        self._places = list[tuple[Any, ...]]()
        for top in ast.parse(source).body:
            if not isinstance(top, ast.FunctionDef | ast.ClassDef):
                continue
            self._plain[top] = compile(ast.Module([top], []), "<changed>", "exec", dont_inherit=True)
            with contextlib.suppress(Exception):
                exec(self._plain[top], self._names)
            for function in [top] if isinstance(top, ast.FunctionDef) else top.body:
                found = itertools.islice(self._changes(function, whole), MAX_PLACES)
                self._places += ((*place, top) for place in found)

    def _changes(self, function: ast.stmt, whole: Collection[str]) -> Iterator[tuple[Any, ...]]:
        called = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
        found: dict[str, ast.expr] = {
            ast.unparse(node): node
            for node in ast.walk(function)
            if isinstance(node, READ) and isinstance(node.ctx, ast.Load) and node not in called
        }
        given = function.args.args if isinstance(function, ast.FunctionDef) else []
        unread = {each.arg: ast.Name(each.arg, ast.Load()) for each in given if each.arg not in found}
        named = [pair for pair in found.items() if pair[0].partition(".")[0] != "np"]
        read = dict([*unread.items(), *named][:MAX_READ])  # first what is given and never read
        for statement, parent, holder, key in _places(function, function):
            node = holder[key]
            may = isinstance(node, ast.Tuple) or isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
            if may and key not in ("func", "returns"):
                outer = isinstance(parent, ast.stmt | ast.Call | ast.Tuple | ast.keyword)
                outer = outer and ast.unparse(node) not in whole  # a product of sizes is a giant
                for kind, new in (*_instead(node, statement), *_undoing(node, read, outer, whole)):
                    yield kind, node.lineno, parent, holder, key, new
            if isinstance(node, ast.For | ast.While | ast.If) and not node.orelse:
                for moved, new in _indented(node, holder[key + 1 : key + 2]):
                    yield "place", moved.lineno, parent, holder, slice(key, key + len(new)), new

    def numbers(self, lines: Sequence[int], first: int = 0) -> list[int]:
        """Return the numbers of the changes in some lines, the plain ones of the first lines first.

        Args:
            first: how many lines are so likely that all their changes come as early as plain ones of others.
        """
        turns = {line: turn for turn, line in enumerate(lines)}
        known, seen = dict[int, tuple[int, int, int]](), Counter[tuple[int, int]]()
        kinds = list(KINDS)
        for number in sorted(range(len(self._places)), key=lambda n: kinds.index(self._places[n][0])):
            kind, line, *_ = self._places[number]
            if line in turns:
                known[number] = KINDS[kind], seen[KINDS[kind], line], turns[line]  # of each line one in turn
                seen[KINDS[kind], line] += 1
        plain = sorted(known, key=lambda n: known[n])
        likely = sorted(known, key=lambda n: (known[n][2] >= first, known[n]))
        ranks = [{number: rank for rank, number in enumerate(order)} for order in (plain, likely)]
        return sorted(known, key=lambda n: min(order[n] for order in ranks))

    def tried(self, number: int, function: str, arguments: tuple[Any, ...]) -> tuple[int, int, Any] | None:
        """Return a change's line, its kind's number, and what a function then returns; None if it fails."""
        kind, line, parent, holder, key, new, top = self._places[number]
        if kind != "place" and any(inside is parent for inside in ast.walk(new)):
            return None  # what stands in itself has no end: `x[0]` in the place of its own `x`
        plain, holder[key] = holder[key], new
        try:
            moved = KINDS[kind] or (kind == "order" and isinstance(plain, ast.Call))
            if moved and any(type(each) is int and each > MAX_STEPS for each in arguments):
                return None  # a seed in the place of a size
            for one, other in zip(new, plain, strict=True) if kind == "place" else [(new, plain)]:
                ast.fix_missing_locations(ast.copy_location(one, other))
            exec(compile(ast.Module([top], []), "<changed>", "exec", dont_inherit=True), self._names)
            return line, list(KINDS).index(kind), _bounded(self._names[function], copy.deepcopy(arguments))
        except BaseException:
            return None
        finally:
            holder[key] = plain
            exec(self._plain[top], self._names)


def _indented(node: Any, after: list[ast.stmt]) -> Iterator[tuple[ast.stmt, list[ast.stmt]]]:
    """Yield the last statement inside a loop or an ``if`` put after it, and the first after it put inside.

    Returns:
        The statement that is moved, and what stands in the place of the loop and, perhaps, of what follows.
    """
    *body, last = node.body
    for moved, inside in ((last, body or [ast.Pass()]), *((each, [*body, last, each]) for each in after)):
        other = copy.copy(node)
        other.body = inside
        out = [] if moved in after else [moved]
        yield (
            moved,
            [ast.If(ast.Constant(True), [other, *out], []), *([ast.Pass()] if moved in after else [])],
        )


def _undoing(node: Any, read: dict[str, ast.expr], outer: bool, whole: Collection[str]) -> Instead:
    """Yield further changes, which undo what people write for something else.

    Args:
        outer: whether a sum or a product may stand here without parentheses.
        whole: texts of whole numbers, by which something may be divided.
    """
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            yield from (("number", ast.Constant(each)) for each in (value - 1, -value))
            yield from (("name", each) for each in read.values())
        case ast.BinOp(left=left, op=op, right=right):
            yield from (("operation", ast.BinOp(left, _operator(other), right)) for other in "+-*/@")
            yield "order", ast.BinOp(right, op, left)
        case ast.Compare(left=left, ops=[_], comparators=[right]):
            for compared in (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq):
                yield "operation", ast.Compare(left, [compared()], [right])
            beside = _beside(right) if isinstance(right, READ) else ()
            yield from (("number", ast.Compare(left, node.ops, [each])) for each in beside)
        case ast.BoolOp(op=op, values=values):
            yield "operation", ast.BoolOp(ast.And() if isinstance(op, ast.Or) else ast.Or(), values)
        case ast.Tuple(elts=items) | ast.List(elts=items) if len(items) < 10:
            yield from (("order", type(node)(each, node.ctx)) for each in _swapped(items, *range(2, 10)))
        case ast.Call(func=func, args=given):
            if other := _renamed(func, BACK):
                yield "operation", ast.Call(other, given, node.keywords)
            yield from (("less", first) for first in given[:1])
            for turned in _swapped(given, *range(2, 10)):
                yield "order", ast.Call(func, turned, node.keywords)
            for n, each in enumerate(given if len(given) > 1 and ast.unparse(func) == "range" else ()):
                ends = ([*given[:n], other, *given[n + 1 :]] for other in _beside(each))
                yield from (("number", ast.Call(func, all_ends, [])) for all_ends in ends)
        case ast.AugAssign(target=target, value=value):
            yield from (("statement", ast.AugAssign(target, _operator(other), value)) for other in "+-*/")
        case ast.Assign(targets=[ast.Name() | ast.Subscript() as target], value=value):
            yield from (("statement", ast.AugAssign(target, ast.Add(), value)), ("statement", ast.Pass()))
        case ast.For(target=target, iter=walked, body=body):
            walked = ast.Call(ast.Name("reversed", ast.Load()), [walked], [])
            yield "order", ast.For(target, walked, body, [])
    if isinstance(node, READ) and (text := ast.unparse(node)) in read:
        yield "order", _transposed(node)
        yield from (("name", other) for name, other in read.items() if name != text)
    if outer and isinstance(node, (*READ, ast.BinOp, ast.Call)):
        yield "operation", ast.UnaryOp(ast.USub(), node)
        for name, each in read.items():
            ops = (ast.Div(),) if name in whole else (ast.Mult(), ast.Add())
            yield from (("more", ast.BinOp(node, op, each)) for op in ops)


def _bounded(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Call a function that may never end; raises Stop after too many lines."""
    left = MAX_STEPS

    def step(frame: types.FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise Stop
        return step if frame.f_code.co_filename == "<changed>" else None

    sys.settrace(step)
    try:
        return function(*arguments)
    finally:
        sys.settrace(None)
