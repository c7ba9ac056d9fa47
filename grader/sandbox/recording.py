"""Runs a function so that the value of each of its expressions is recorded: what was made of what.

The text of this module is loaded into a worker, which then parses a student's file before any of it has run,
runs it, and calls its functions; on the trusted side the same is done with the solution. What comes back is
plain data: the parsed expressions as JSON, and numbers. It imports NumPy and the standard library only.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import json
import struct
import sys
import tokenize
import types
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

MAX_NODES = 20_000
MAX_EVENTS = 30_000
MAX_EVALUATIONS = 120_000  # of expressions, of which only those of real numbers are recorded
MAX_ENTRIES = 4_000  # of one array that is recorded
MAX_NUMBERS = 2_000_000  # of all recorded arrays
MAX_RESULT = 100_000  # numbers of a result
MAX_ITEMS, MAX_INSIDE = 64, 256  # of a list or tuple that is recorded, and of all lists inside it
REAL = struct.Struct("d")
MAX_TEXT = 120  # characters of an expression that are kept
RESULT = -1  # the node of the last event, which is what the function returned
GROWS = "append", "extend", "insert"  # methods of lists, whose last argument is what is put in
HERE, FRAME = "recorded_here", "recorded_frame"  # no leading underscores, which a class would mangle
ZEROS = {"empty": np.zeros, "empty_like": np.zeros_like}  # freed memory holds earlier values, right ones too
SILENT = {"super", "range", "len", "print", "locals", "vars", "eval", "exec", "globals", "enumerate", "zip"}
TRACEBACK = BaseException.__dict__["__traceback__"]  # which a class of the student's may answer otherwise
SIMPLE = (ast.Name, ast.Constant, ast.Attribute, ast.BinOp, ast.UnaryOp, ast.Slice, ast.Tuple)
SIMPLE_PARTS = (*SIMPLE, ast.Subscript, ast.expr_context, ast.operator, ast.unaryop)


class Stop(BaseException):
    """More is computed than is recorded."""


# --- the text -----------------------------------------------------------------------------------------


class Instrumenter(ast.NodeTransformer):
    """Wraps the expressions inside functions so that each hands its value to a recorder.

    Every expression becomes a node, ``[kind, operation, line, column, end line, function, statement, operand
    nodes, text]``, and every statement ``[line, end line, kind, names that it binds, text of its
    first target, text of its value]``. ``places`` has the node at a line, column, end line and end column.

    Args:
        given: functions and methods that are left alone.
    """

    def __init__(self, text: str, given: Collection[str] = ()) -> None:
        self.nodes: list[list[Any]] = []
        self.statements: list[list[Any]] = []
        self.places: dict[tuple[int | None, ...], int] = {}
        self._lines = [line.encode() for line in text.splitlines()]
        self._given, self._function, self._statement = given, "", -1
        self._inside: list[int] = []  # nodes that belong to the expression that is visited

    def as_json(self) -> Any:
        """Return nodes, statements and lines, as bytes of JSON."""
        lines = [line.decode(errors="replace")[:400] for line in self._lines]
        return np.frombuffer(json.dumps([self.nodes, self.statements, lines]).encode(), np.uint8)

    def visit(self, node: ast.AST) -> Any:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return node if node.name in self._given else self._visit_function(node)
            case ast.JoinedStr() | ast.arguments() | ast.Constant() | ast.pattern():
                pass
            case ast.expr() if self._function:
                return self._visit_expression(node)
            case ast.stmt() if self._function:
                return self._visit_statement(node)
            case _:
                return self.generic_visit(node)
        return node

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        outer = self._function, self._statement
        self._function = node.name
        begin = ast.parse(f"{HERE} = {FRAME}()").body
        documentation = node.body[:1] if ast.get_docstring(node, clean=False) is not None else []
        for statement in begin:
            _place(statement, node)
        inside = ast.Module(node.body[len(documentation) :], [])
        self.generic_visit(inside)
        node.body = [*documentation, *begin, *inside.body]
        self._function, self._statement = outer
        return node

    def _visit_statement(self, node: ast.stmt) -> Any:
        targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        target = self._text(targets[0]) if isinstance(targets[0], ast.expr) else ""
        match node:  # a list that grows is bound as if one of its entries were assigned
            case ast.Expr(ast.Call(ast.Attribute(grown, how), [*_, put])) if _is_grown(grown, how):
                targets, target, value = [grown], f"{self._text(grown)}[-1]", put
        outer, self._statement = self._statement, len(self.statements)
        self._inside = []
        self.statements.append(
            [
                node.lineno,
                node.end_lineno,
                type(node).__name__,
                [name for target in targets if target is not None for name in _bound(target)],
                target,
                self._text(value) if isinstance(value, ast.expr) else "",
            ]
        )
        made: Any = node
        if isinstance(node, ast.AnnAssign):
            node.value = self.visit(node.value) if node.value else None
        elif isinstance(node, ast.AugAssign) and _is_simple(node.target):
            made = self._visit_addition(node)
        else:
            self.generic_visit(node)
            if isinstance(node, ast.Assign | ast.Return) and isinstance(value, ast.Constant):
                node.value = self._wrap(self._new(value, "operation"), value)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
                number = self._new(node.targets[0], "store")  # of which an event only tells that it raised
                self.nodes[number][7] = self._inside
        self._statement = outer
        return made

    def _visit_addition(self, node: ast.AugAssign) -> list[ast.stmt]:
        """Record the target of ``+=`` before and after."""
        before, after = self._new(node.target, "before"), self._new(node, "after", type(node.op).__name__)
        node.value = self.visit(node.value)
        self.nodes[after][7] = [before, *self._inside]

        def note(number: int) -> ast.stmt:
            target = copy.deepcopy(node.target)
            target.ctx = ast.Load()
            return _place(ast.Expr(self._wrap(number, target)), node)

        return [note(before), node, note(after)]

    def _visit_expression(self, node: ast.expr) -> ast.expr:
        around, self._inside = self._inside, []
        number = self._visit_parts(node)
        if number is None:
            self._inside = around + self._inside
            return node
        self.nodes[number][7], self._inside = self._inside, [*around, number]
        return self._wrap(number, node)

    def _visit_parts(self, node: ast.expr) -> int | None:
        """Visit what an expression is made of; return its number, or None if its value is not recorded."""
        number = None
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in SILENT:
                node.args = [self.visit(argument) for argument in node.args]
            case ast.Call():
                number = self._new(node, "call", _last_name(node.func))
                if isinstance(node.func, ast.Attribute):
                    node.func.value = self.visit(node.func.value)
                elif not isinstance(node.func, ast.Name):
                    node.func = self.visit(node.func)
                node.args = [self.visit(argument) for argument in node.args]
                for keyword in node.keywords:
                    keyword.value = self.visit(keyword.value)
            case ast.UnaryOp(operand=ast.Constant()):
                pass
            case ast.BinOp() | ast.UnaryOp():
                number = self._new(node, "operation", type(node.op).__name__)
                self.generic_visit(node)
            case ast.Name() | ast.Attribute() | ast.Subscript() if isinstance(node.ctx, ast.Load):
                kinds = {ast.Name: "name", ast.Attribute: "attribute", ast.Subscript: "item"}
                number = self._new(node, kinds[type(node)])
                if not isinstance(node, ast.Name):
                    node.value = self.visit(node.value)  # and not the index, in which a slice may stand
            case ast.IfExp() | ast.ListComp() | ast.List() | ast.Tuple() if isinstance(
                getattr(node, "ctx", ast.Load()), ast.Load
            ):
                number = self._new(node, "collection")
                self.generic_visit(node)
            case ast.Subscript():
                node.value = self.visit(node.value)
            case _:
                self.generic_visit(node)
        return number

    def _new(self, node: ast.expr | ast.stmt, kind: str, operation: str = "") -> int:
        if len(self.nodes) >= MAX_NODES:
            raise ValueError("too many expressions")
        place = node.lineno, node.col_offset, node.end_lineno
        text = self._text(node)
        self.nodes.append([kind, operation, *place, self._function, self._statement, [], text])
        self.places.setdefault((*place, node.end_col_offset), len(self.nodes) - 1)
        return len(self.nodes) - 1

    def _text(self, node: ast.expr | ast.stmt) -> str:
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        lines = self._lines[first : last + 1]
        if not lines:
            return ""
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return " ".join(b" ".join(lines).decode(errors="replace").split())[:MAX_TEXT]

    def _wrap(self, number: int, node: ast.expr) -> ast.expr:
        return _place(ast.Call(ast.Name(HERE, ast.Load()), [ast.Constant(number), node], []), node)


def _place(node: Any, like: ast.AST) -> Any:
    """Put a new node where another one stands, with all inside it that has no place yet."""
    ast.copy_location(node, like)
    for child in ast.iter_child_nodes(node):
        if "lineno" in child._attributes and not hasattr(child, "lineno"):
            _place(child, like)
    return node


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _bound(target: ast.AST) -> list[str]:
    """Return the names that an assignment to a target binds, or whose inside it changes."""
    match target:
        case ast.Name():
            return [target.id]
        case ast.Attribute(value=ast.Name(id="self")):
            return [f"self.{target.attr}"]
        case ast.Subscript() | ast.Attribute() | ast.Starred():
            return _bound(target.value)
        case ast.Tuple() | ast.List():
            return [name for item in target.elts for name in _bound(item)]
    return []


def _is_grown(target: ast.expr, method: str) -> bool:
    """Whether a method puts something into a list: ``np.append`` makes a new array."""
    return method in GROWS and getattr(target, "id", "") not in ("np", "numpy")


def _is_simple(target: ast.AST) -> bool:
    """Whether a target may be evaluated once more without a side effect."""
    return all(isinstance(node, SIMPLE_PARTS) for node in ast.walk(target))


def instrument(source: bytes, given: Collection[str] = ()) -> tuple[ast.Module, Instrumenter]:
    """Parse a file; its functions then record, but for those that are given.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it is no Python, or too much of it.
    """
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    text = source.decode(encoding)
    tree = ast.parse(source)
    instrumenter = Instrumenter(text, given)
    tree.body = [instrumenter.visit(statement) for statement in tree.body]
    return tree, instrumenter


# --- the run ------------------------------------------------------------------------------------------


class Recorder:
    """Keeps what a call computes: events, each a node, the values it had, and the events it was made of."""

    def __init__(self) -> None:
        self.events: list[tuple[int, list[int], list[int]]] = []
        self.whole = set[int]()  # nodes that have had whole numbers
        self._values: dict[tuple[Any, ...], int] = {}
        self._numbers = self._count = 0
        self._operands: list[list[int]] = []
        self._replaced, self._given = RESULT, list[Any]()
        self._look: Callable[[int], None] | None = None

    def record(
        self,
        made: Instrumenter,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        replaced: int = RESULT,
        given: Sequence[Any] = (),
    ) -> BaseException | None:
        """Call a function; return what it raised. Its last event has then no values: that expression raised.

        Args:
            made: the parsed file in which the function stands.
            replaced: a node whose values are replaced, one evaluation after the other, by those given; then
                nothing is recorded but the result.
        """
        self._operands = [node[7] for node in made.nodes]
        self.events.clear()
        self._values.clear()
        self._numbers = self._count = 0
        self._replaced, self._given = replaced, list(reversed(given))
        try:
            results = _arrays(function(*arguments), whole=True)
            if sum(array.size for array in results) > MAX_RESULT:
                raise Stop
            self.events.append((RESULT, self._keep(results), []))
        except BaseException as error:
            self._note_raising(made.places, error)
            return error
        return None

    def overwriting(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> int:
        """Call a function; return the last node it evaluated before its arguments changed, or RESULT."""
        self._count, before, latest = 0, _bytes(arguments), RESULT

        def look(number: int) -> None:
            nonlocal latest
            if _bytes(arguments) != before:
                raise Stop
            latest = number

        self._look = look
        with contextlib.suppress(BaseException):
            function(*arguments)
        self._look = None
        return latest if _bytes(arguments) != before else RESULT

    def _note_raising(self, places: dict[tuple[int | None, ...], int], error: BaseException) -> None:
        """Record what the expression that raised was made of, as far as that was recorded."""
        trace, found = TRACEBACK.__get__(error), list[Any]()
        while trace is not None:
            if HERE in trace.tb_frame.f_locals:
                found = [trace]
            trace = trace.tb_next
        for each in found:
            first, last, column, end = list(each.tb_frame.f_code.co_positions())[each.tb_lasti // 2]
            number = places.get((first, column, last, end))
            latest = getattr(each.tb_frame.f_locals[HERE], "latest", None)
            if number is not None and isinstance(latest, dict):
                self.events.append((number, [], self._made_of(number, latest)))

    def _made_of(self, number: int, latest: dict[int, list[int]]) -> list[int]:
        """Return the latest events of what a node is made of."""
        return [event for other in self._operands[number] for event in latest.get(other, ())]

    def frame(self) -> Callable[[int, Any], Any]:
        """Return what takes the values of one call of a function: recursion mixes nothing up."""
        latest = dict[int, list[int]]()  # of a node its event; of one without numbers, as `map`, its operands

        def here(number: int, value: Any) -> Any:
            self._count += 1
            recorded = len(self.events) > MAX_EVENTS or self._numbers > MAX_NUMBERS
            if recorded or self._count > MAX_EVALUATIONS:
                raise Stop
            if self._look:
                self._look(number)
                return value
            if self._replaced != RESULT:
                return _like(self._given.pop(), value) if number == self._replaced and self._given else value
            arrays = _arrays(value)
            latest[number] = operands = self._made_of(number, latest)
            if 0 < len(arrays) <= MAX_INSIDE:
                if not isinstance(arrays[0], float) and arrays[0].dtype.kind != "f":
                    self.whole.add(number)
                latest[number] = [len(self.events)]
                self.events.append((number, self._keep(arrays), operands))
            return value

        here.latest = latest  # type: ignore[attr-defined]
        return here

    def _keep(self, arrays: list[Any]) -> list[int]:
        numbers = []
        for array in arrays:
            if isinstance(array, float):
                key: tuple[Any, ...] = (), 8, REAL.pack(array)
            else:
                data = np.ascontiguousarray(array, dtype=np.float64).tobytes()
                key = array.shape, array.dtype.itemsize if array.dtype.kind == "f" else 0, data
            if key not in self._values:
                self._numbers += len(key[2]) // 8
            numbers.append(self._values.setdefault(key, len(self._values)))
        return numbers

    def report(self) -> tuple[Any, ...]:
        """Return all that was recorded.

        Returns:
            events: integers, for each event its node, the number of its values and of its operands, and them.
            shapes: integers, for each value the bytes of a number (0: a whole one), its number of axes, and
                their sizes.
            numbers: of all values, one after the other.
        """
        events = [
            number
            for node, values, operands in self.events
            for number in (node, len(values), len(operands), *values, *operands)
        ]
        shapes = [number for shape, size, _ in self._values for number in (size, len(shape), *shape)]
        data = b"".join(data for _, _, data in self._values)
        return np.array(events, np.int64), np.array(shapes, np.int64), np.frombuffer(data, np.float64)


def _arrays(value: Any, depth: int = 0, *, whole: bool = False) -> list[Any]:
    """Return the arrays and numbers inside a value; a real number as it is.

    Args:
        whole: whether all that a result holds is wanted, booleans as well, and each as an array.
    """
    if isinstance(value, float) and not whole:
        return [value]
    if isinstance(value, np.ndarray | np.generic | float) or type(value) in (int, bool):
        array = np.asarray(value)
        kinds = "fiub" if whole else "fiu"
        return [array] if array.dtype.kind in kinds and (whole or array.size <= MAX_ENTRIES) else []
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list) and depth < 4 and (whole or len(value) <= MAX_ITEMS):
        return [array for item in value for array in _arrays(item, depth + 1, whole=whole)]
    return []


def _bytes(value: Any) -> bytes:
    return b"".join(array.tobytes() for array in _arrays(value, whole=True))


def _like(given: Any, value: Any) -> Any:
    """Return a given array as what it replaces: whole numbers are no real ones, an index has to be whole."""
    whole = isinstance(value, int | np.integer) or getattr(getattr(value, "dtype", None), "kind", "f") in "iu"
    given = given.astype(int) if whole and (given == np.rint(given)).all() else given
    return given.item() if type(value) is int and given.size == 1 else given[()]


def fingerprints(arrays: Sequence[Any]) -> list[float]:
    """Return two numbers for each array: one of its shape, one of its entries."""
    numbers = list[float]()
    for array in arrays:
        numbers.append(array.ndim + sum(size * 1000.0**axis for axis, size in enumerate(array.shape)))
        numbers.append(float(array.ravel().astype(float) @ np.cos(np.arange(1.0, array.size + 1))))
    return numbers


# --- in a worker --------------------------------------------------------------------------------------

student = types.ModuleType("student")
_source, _tree, _made = b"", ast.Module([], []), Instrumenter("")
_recorder = Recorder()
_editor: Any = None


def parse(source: Any, *given: str) -> Any:
    """Parse a student's file, of which nothing has run yet; return its nodes, statements and lines as JSON.

    Args:
        source: (bytes,) of the file.
        given: functions and methods that do not record.
    """
    global _source, _tree, _made
    _source = source.tobytes()
    _tree, _made = instrument(source.tobytes(), given)
    vars(np).update(ZEROS)
    return _made.as_json()


def begin(name: str, filename: str, *used: Any) -> None:
    """Run the parsed file as a module, statement by statement; what fails is left out.

    Args:
        used: names and bytes of the modules that it may import.
    """
    for other, source in zip(used[::2], used[1::2], strict=True):
        module = sys.modules[other] = types.ModuleType(other)
        module.__file__ = f"{other}.py"
        with contextlib.suppress(BaseException):
            exec(compile(source.tobytes(), f"{other}.py", "exec", dont_inherit=True), module.__dict__)
    student.__name__, student.__file__ = name, filename
    sys.modules[name] = student
    student.__dict__[FRAME] = _recorder.frame
    for statement in _tree.body:
        with contextlib.suppress(Exception, SystemExit):
            code = compile(ast.Module([statement], []), filename, "exec", dont_inherit=True)
            exec(code, student.__dict__)
    for name, value in vars(student).items():  # named tuples among the arguments are rebuilt with these
        if isinstance(value, type) and issubclass(value, tuple):
            globals().setdefault(name, value)


def record(function: str, replaced: int, given: tuple[Any, ...], *arguments: Any) -> tuple[Any, ...]:
    """Call one of the student's functions; return what :meth:`Recorder.report` says."""
    _recorder.record(_made, getattr(student, function), arguments, replaced, given)
    return _recorder.report()


def overwriting(function: str, *arguments: Any) -> int:
    """Call one of the student's functions; see :meth:`Recorder.overwriting`."""
    return _recorder.overwriting(getattr(student, function), arguments)


def changed(
    function: str, lines: Any, only: Any, first: int, most: int, program: Any, *arguments: Any
) -> Any:
    """Call one of the student's functions after each of many small changes of the file.

    Args:
        lines: where something is changed, the likeliest first.
        only: numbers of the changes that are made; if there are none, the first in those lines.
        first: how many of the lines are likelier by far.
        most: changes that are made.
        program: (bytes,) the text of what knows the changes.

    Returns:
        By change how many numbers follow: its own, its line, its kind, and the results' :func:`fingerprints`.
    """
    global _editor
    if _editor is None:
        changes = sys.modules["changes"] = types.ModuleType("changes")
        exec(compile(program.tobytes(), "changes.py", "exec", dont_inherit=True), vars(changes))
        _editor = changes.Editor(
            _source, vars(student), {_made.nodes[number][8] for number in _recorder.whole}
        )
    flat = list[float]()
    with np.errstate(all="ignore"):
        for number in only.tolist() or _editor.numbers(lines.tolist(), first)[:most]:
            if found := _editor.tried(number, function, arguments):
                row = [number, *found[:2], *fingerprints(_arrays(found[2], whole=True))]
                flat += [len(row), *row]
    return np.array(flat, float)
