"""What was recorded of one call, read back: a student's as a worker reports it, or the solution's."""

from __future__ import annotations

import contextlib
import copy
import functools
import json
import math
import types
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from grader.checks.collection import PROCESS_LOCK, Reference, rebound
from grader.checks.student import NO_ANSWER, Call, CheckRun
from grader.sandbox import changes, recording
from grader.sandbox.text import clean
from grader.sandbox.values import Array
from grader.sandbox.worker import Worker

KINDS = frozenset("name attribute item operation call collection before after store".split())
COMPUTED = frozenset(("operation", "call", "after"))  # of nodes that make a value, not only name it
MAX_JSON = 4 * 2**20
MAX_EVENTS, MAX_NODES, RESULT = recording.MAX_EVENTS, recording.MAX_NODES, recording.RESULT
MAX_VALUES = 3 * MAX_EVENTS
MAX_AXES = 8
CHANGED_SECONDS = 0.7  # of processor time, for all changes that are tried
PROGRAM = Path(recording.__file__)


class Malformed(Exception):
    """A report that no honest worker makes."""


class TooMuch(Malformed):
    """More is to be done than is allowed."""


class Work:
    """What may still be done to explain failures; counted, so that every machine comes as far.

    Args:
        left: units, of about a microsecond each.
    """

    def __init__(self, left: int = 440_000) -> None:
        self.left = left

    def spend(self, units: int) -> None:
        """Take some away; raises TooMuch when nothing is left."""
        self.left -= units
        if self.left < 0:
            raise TooMuch


@dataclass(frozen=True)
class Node:
    """One expression of a file.

    Args:
        number: its own.
        kind: such as ``name``, ``item`` or ``operation``.
        operation: such as ``Add``, or the name of the function that is called.
        line, column, end: where it stands.
        function: in which it stands.
        statement: number of the statement in which it stands; -1 for none.
        operands: numbers of the nodes that it is made of.
        text: as it is written, on one line.
    """

    number: int
    kind: str
    operation: str
    line: int
    column: int
    end: int
    function: str
    statement: int
    operands: tuple[Any, ...]
    text: str


@dataclass(frozen=True)
class Statement:
    """One statement of a file: where it stands, what it binds, and what that is bound to, as written."""

    line: int
    end: int
    kind: str
    binds: tuple[Any, ...]
    target: str
    value: str


@dataclass(frozen=True)
class Text:
    """A file, parsed."""

    nodes: tuple[Node, ...]
    statements: tuple[Statement, ...]
    lines: tuple[str, ...]

    @functools.cached_property
    def operations(self) -> frozenset[str]:
        """What its expressions do, such as ``Add`` or ``vstack``."""
        return frozenset(node.operation for node in self.nodes)

    def inside(self, function: str) -> list[Statement]:
        """Return the statements of a function that hold an expression, in their order."""
        numbers = {node.statement for node in self.nodes if node.function == function and node.statement >= 0}
        return [self.statements[number] for number in sorted(numbers)]


class Event(NamedTuple):
    """One evaluation of an expression: the numbers of its values, none if it raised; what it was made of."""

    node: Node
    values: tuple[int, ...]
    operands: tuple[int, ...]


@dataclass(frozen=True)
class Trace:
    """What one call computed, in its order.

    Args:
        values: each once; other parts speak of them by number.
        rounded: numbers of values that were of fewer bits than float64.
        whole: numbers of values of whole numbers.
        result: the values that the function returned; none if it raised.
        first: by value, the first event that had it.
    """

    text: Text
    events: tuple[Event, ...]
    values: tuple[Array, ...]
    rounded: frozenset[int] = frozenset()
    result: tuple[int, ...] = ()
    first: dict[int, int] = field(default_factory=dict)
    whole: frozenset[int] = frozenset()

    @property
    def results(self) -> list[Array]:
        """The arrays that the function returned."""
        return [self.values[number] for number in self.result]

    @property
    def raised(self) -> Event | None:
        """The evaluation that raised; None if none did, or its operands are not known."""
        return self.events[-1] if self.events and not self.events[-1].values else None


# --- reading ------------------------------------------------------------------------------------------


def read_text(data: Any) -> Text:
    """Read what :func:`grader.sandbox.recording.parse` returned.

    Raises:
        Malformed: it is something else.
    """
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.size > MAX_JSON:
        raise Malformed("no text")
    try:
        nodes, statements, lines = json.loads(data.tobytes())
        if len(nodes) > MAX_NODES or len(statements) > MAX_NODES:
            raise Malformed("too many nodes")
        text = Text(
            tuple(Node(*_plain("nssnnnsnts", [number, *each])) for number, each in enumerate(nodes)),
            tuple(Statement(*_plain("nnstss", each)) for each in statements),
            tuple(clean(str(line), 400) for line in lines),
        )
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise Malformed(str(error)) from None
    if any(node.kind not in KINDS or node.statement >= len(statements) for node in text.nodes):
        raise Malformed("no such node")
    return text


def _plain(forms: str, fields: list[Any]) -> list[Any]:
    """Check fields for their forms: n is a whole number, s a text, t a list of either."""
    plain = list[Any]()
    for form, each in zip(forms, fields, strict=True):
        if {int: "n", str: "s", list: "t"}.get(type(each)) != form:
            raise ValueError("no such field")
        listed = [part if type(part) is int else clean(str(part), 80) for part in each] if form == "t" else []
        plain.append(tuple(listed) if form == "t" else clean(each, 120) if form == "s" else each)
    return plain


def read_trace(text: Text, report: Any) -> Trace:
    """Read what :func:`grader.sandbox.recording.record` returned; nothing in it is believed.

    Raises:
        Malformed: a number is out of range, or the parts do not fit together.
    """
    match report:
        case (np.ndarray() as events, np.ndarray() as shapes, np.ndarray() as numbers):
            pass
        case _:
            raise Malformed("no report")
    sizes = events.size, shapes.size, numbers.size
    limits = MAX_EVENTS * 200, MAX_VALUES * 10, recording.MAX_NUMBERS + 2 * recording.MAX_ENTRIES
    kinds = [array.dtype.kind for array in (events, shapes, numbers)]
    if kinds != ["i", "i", "f"] or any(size > limit for size, limit in zip(sizes, limits, strict=True)):
        raise Malformed("a part has a wrong type or size")
    values, bytes_of = _read_values(shapes.tolist(), numbers.astype(np.float64))
    read, result, first = list[Event](), None, dict[int, int]()
    flat, at = events.tolist(), 0
    while at < len(flat):
        node, held, made_of = (*flat[at : at + 3], 0, 0)[:3]
        made, operands = flat[at + 3 : at + 3 + held], flat[at + 3 + held : at + 3 + held + made_of]
        at += 3 + held + made_of
        fits = held >= 0 and made_of >= 0 and at <= len(flat) and result is None and len(read) <= MAX_EVENTS
        fits = fits and all(0 <= value < len(values) for value in made)
        if not (fits and all(0 <= n < len(read) for n in operands) and RESULT <= node < len(text.nodes)):
            raise Malformed("an event is out of range")
        if node == RESULT:
            result = tuple(made)
        else:
            if read and not read[-1].values:
                raise Malformed("an event after the one that raised")
            for value in made:
                first.setdefault(value, len(read))
            read.append(Event(text.nodes[node], tuple(made), tuple(operands)))
    whole = frozenset(number for number, size in enumerate(bytes_of) if size == 0)
    rounded = frozenset(number for number, size in enumerate(bytes_of) if 0 < size < 8)
    return Trace(text, tuple(read), values, rounded, result or (), first, whole)


def _read_values(shapes: list[int], numbers: Array) -> tuple[tuple[Array, ...], list[int]]:
    """Return values, and the bytes of a number of each."""
    values, bytes_of, at, offset = list[Array](), list[int](), 0, 0
    while at < len(shapes):
        size, axes = (*shapes[at : at + 2], -1)[:2]
        shape = tuple(shapes[at + 2 : at + 2 + axes])
        at += 2 + axes
        if not 0 <= axes <= MAX_AXES or len(shape) != axes or any(not 0 <= n < 2**31 for n in shape):
            raise Malformed("a shape is out of range")
        count = math.prod(shape)
        if offset + count > numbers.size or len(values) >= MAX_VALUES:
            raise Malformed("a value is longer than its numbers")
        bytes_of.append(size)
        values.append(numbers[offset : offset + count].reshape(shape))
        offset += count
    return tuple(values), bytes_of


# --- the solution -------------------------------------------------------------------------------------


class RecordedSolution:
    """The solution of an exercise, whose functions record.

    Args:
        source: its text.
        reference: the same, loaded.
        given: functions and methods that do not record.
    """

    def __init__(self, source: bytes, reference: Reference, given: Collection[str] = ()) -> None:
        tree, self._made = recording.instrument(source, given)
        self._recorder = recording.Recorder()
        self._names = rebound(reference)
        self._names[recording.FRAME] = self._recorder.frame
        numpy = types.ModuleType("numpy")
        vars(numpy).update(vars(np) | recording.ZEROS)
        self._names |= {name: numpy for name, value in self._names.items() if value is np}
        self.text = read_text(self._made.as_json())
        wanted = [node for node in tree.body if type(node).__name__ in ("FunctionDef", "ClassDef")]
        tree.body = [node for node in wanted if not self._is_data(getattr(node, "name", ""))]
        exec(compile(tree, "<solution>", "exec", dont_inherit=True), self._names)

    def _is_data(self, name: str) -> bool:
        return hasattr(self._names.get(name), "_fields")

    def trace(self, function: str, arguments: tuple[Any, ...]) -> Trace | None:
        """Record one call; None if it raised, or is too long to be recorded."""
        with PROCESS_LOCK, np.errstate(all="ignore"):
            raised = self._recorder.record(self._made, self._names[function], copy.deepcopy(arguments))
        return None if raised else read_trace(self.text, self._recorder.report())


# --- a submission -------------------------------------------------------------------------------------


class RecordedSubmission:
    """A student's file in a worker of its own, where its functions record, but for those that are given.

    Raises:
        Malformed: it cannot be parsed, or is too large to be followed.
    """

    def __init__(self, run: CheckRun, worker: Worker, given: Collection[str]) -> None:
        self._run, self._worker, limits = run, worker, run.exercise.file.limits
        self._seconds_left = limits.exercise_seconds
        self._traces = dict[int, Trace]()
        worker.load("recording", PROGRAM.name, PROGRAM.read_bytes(), limits.load_seconds)
        self.text: Text = read_text(self._call("parse", _bytes(run.source.data), *sorted(given)))
        used = [part for module, source in run.used.items() for part in (module, _bytes(source.data))]
        self._call("begin", run.exercise.file.module, run.source.name, *used)

    def _call(self, function: str, *arguments: Any) -> Any:
        seconds = self._run.exercise.file.limits.call_seconds
        seconds = min(CHANGED_SECONDS if function == "changed" else seconds, seconds, self._seconds_left)
        try:
            with self._run.patience.bounding(self._worker, seconds) as limit:
                return self._worker.call(function, arguments, limit).value
        finally:
            self._seconds_left -= self._worker.used.processor

    def trace(self, call: Call, node: int = recording.RESULT, values: Sequence[Array] = ()) -> Trace:
        """Ask a question again and return what was recorded; raises Malformed.

        Args:
            node: whose values are replaced by others, one evaluation after the other.
        """
        if node != recording.RESULT or id(call) not in self._traces:
            report = self._call("record", call.function, node, tuple(values), *call.arguments)
            trace = read_trace(self.text, report)
            return trace if node != recording.RESULT else self._traces.setdefault(id(call), trace)
        return self._traces[id(call)]

    def results(self, call: Call, node: int, values: Sequence[Array]) -> list[Array]:
        """Ask a question again with a node's values replaced; return the results, none if it raises."""
        with contextlib.suppress(Malformed, *NO_ANSWER):
            return self.trace(call, node, values).results
        return []

    def overwriting(self, call: Call) -> Statement | None:
        """Ask a question again; return the statement that changed one of its arguments, if one did."""
        number = self._call("overwriting", call.function, *call.arguments)
        inside = type(number) is int and 0 <= number < len(self.text.nodes)
        statement = self.text.nodes[number].statement if inside else -1
        return self.text.statements[statement] if statement >= 0 else None

    def changed(
        self, call: Call, lines: Sequence[int], first: int, only: Sequence[int], most: int
    ) -> list[list[float]]:
        """Ask a question after each of many small changes; see :func:`grader.sandbox.recording.changed`."""
        numbers = [np.array(each, np.int64) for each in (lines, only)]
        program = _bytes(Path(changes.__file__).read_bytes())
        answer = self._call("changed", call.function, *numbers, first, most, program, *call.arguments)
        flat, rows = answer.tolist() if isinstance(answer, np.ndarray) and answer.ndim == 1 else [], []
        while flat and 3 <= flat[0] <= len(flat) - 1:  # 3 of what returned no array
            rows.append(flat[1 : int(flat[0]) + 1])
            flat = flat[int(flat[0]) + 1 :]
        return rows


def _bytes(data: bytes) -> Any:
    return np.frombuffer(data, np.uint8)


@contextlib.contextmanager
def recorded_submission(run: CheckRun, given: Collection[str] = ()) -> Iterator[RecordedSubmission]:
    """Open a submission for recording; raises Malformed, or what a worker raises that gives no answer."""
    worker = run.pool.open(run.budget)
    try:
        yield RecordedSubmission(run, worker, given)
    finally:
        worker.end(wait=False)
