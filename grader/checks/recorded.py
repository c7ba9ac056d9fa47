"""What a hand-out has in a solution's place: its answers to what visible checks ask, and no line of it.

A question is recognised by its fingerprint: a weighted sum of every array in it, equal up to rounding, since
another processor or NumPy may differ in the last bits. So the file holds answers only. It is compressed, and
is one JSON header with the bytes of all arrays after it, each of which is there once.
"""

import functools
import inspect
import itertools
import json
import math
import struct
import types
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader.checks.collection import RECORDED, DependencyFailed, KnownMistakes, PatchedSolution, result_arrays
from grader.checks.locate.trace import Text, Trace
from grader.checks.report import Outcome
from grader.course import CourseError, Exercise
from grader.sandbox.protocol import ProtocolError, decode
from grader.sandbox.values import Array, class_of, map_leaves
from grader.sandbox.worker import Answer

FILE = "answers.bin"
RTOL = 1e-9
LENGTH = struct.Struct("<I")
Stored = list[Any]
"""A value's form as ``sandbox.protocol`` writes it, and the numbers of its arrays in the file."""


def fingerprint(arguments: tuple[Any, ...]) -> tuple[str, Array]:
    """Return the shapes of arguments, and two numbers for each array: a weighted sum and its size."""
    sums: list[tuple[float, float]] = []

    def form(leaf: Any) -> Any:
        array = np.asarray(leaf)
        if array.dtype.kind not in "biuf":
            return repr(leaf)
        entries = array.astype(np.float64).ravel()
        weights = _weights(entries.size)
        with np.errstate(all="ignore"):
            sums.append((float((weights * entries).sum()), float((weights * np.abs(entries)).sum())))
        return list(array.shape)

    return json.dumps(map_leaves(arguments, form)), np.array(sums, dtype=np.float64).reshape(-1, 2)


@functools.lru_cache(maxsize=64)
def _weights(size: int) -> Array:
    return 1.5 + np.cos(np.arange(1.0, size + 1) ** 2)  # no two alike, none near 0


@dataclass
class Index:
    """Finds questions again."""

    count: int = 0
    _known: dict[tuple[str, str], list[tuple[int, Array]]] = field(default_factory=dict)

    def add(self, function: str, form: str, sums: Array) -> int:
        """Add a question; return its number, counting from 0."""
        self._known.setdefault((function, form), []).append((self.count, sums))
        self.count += 1
        return self.count - 1

    def find(self, function: str, form: str, sums: Array) -> int | None:
        """Return the number of a question that is the same up to rounding; None if there is none."""
        asked = sums[:, 0].tolist()  # plain numbers: an array's overhead is most of what so few cost
        for number, known in self._known.get((function, form), ()):
            if all(_close(a, b, size) for (a, size), b in zip(known.tolist(), asked, strict=True)):
                return number
        return None


def _close(known: float, asked: float, size: float) -> bool:
    """Whether two sums are the same up to rounding, given the sum of the sizes; NaN is NaN."""
    near = math.isfinite(asked) and abs(known - asked) <= RTOL * size
    return near or known == asked or (math.isnan(known) and math.isnan(asked))


def unpacked(data: bytes) -> tuple[Any, memoryview]:
    """Return the header of a file, and the bytes after it; ValueError if it is damaged."""
    try:
        whole = zlib.decompress(data)
        end = LENGTH.size + LENGTH.unpack_from(whole)[0]
        return json.loads(whole[LENGTH.size : end]), memoryview(whole)[end:]
    except (zlib.error, struct.error) as error:
        raise ValueError(str(error)) from None


class Recorded:
    """The recorded answers of one exercise.

    Args:
        module: the pristine stub, whose graded functions they stand for.

    Raises:
        CourseError: the file is missing or damaged, or the stub lacks a function.
    """

    def __init__(self, exercise: Exercise, module: types.ModuleType) -> None:
        path = exercise.solution_folder / FILE
        self.text = Text((), (), ())  # of the solution, which is not there
        self.missed: set[str] = set()  # functions that were asked what is not recorded
        self.index = Index()
        self._stubs = {name: getattr(module, name) for name in exercise.parameters}
        self._seen: dict[tuple[str, int], tuple[Any, int | None]] = {}
        try:
            self.header, body = unpacked(path.read_bytes())
            ends = np.cumsum([0, *self.header["sizes"]])
            self._arrays = [bytes(body[a:b]) for a, b in itertools.pairwise(ends)]
            self.seed = int(self.header["seed"])
            self.questions = [RecordedCall(*fields) for fields in self.header["questions"]]
            for question in self.questions:
                self.index.add(question.function, question.form, self.value(question.sums))
        except (OSError, ValueError, LookupError, TypeError, ProtocolError) as error:
            raise CourseError(path, f"is missing or damaged ({error}); unpack the hand-out again") from None

    def value(self, stored: Stored) -> Any:
        """Return a value of the file, anew."""
        tree, arrays = stored
        return decode(tree, memoryview(b"".join(self._arrays[number] for number in arrays)))

    def find(self, function: str, arguments: tuple[Any, ...]) -> int | None:
        """Return the number of a question; None if it is not recorded."""
        key = function, id(arguments)
        if key not in self._seen:
            whole = complete(self._stubs[function], arguments, {})
            number = self.index.find(function, *fingerprint(whole))
            self._seen[key] = arguments, number  # which keeps the arguments, and so their id
        return self._seen[key][1]

    def trace(self, function: str, arguments: tuple[Any, ...]) -> Trace | None:
        """Return the numbers that the solution computes on the way to an answer; None if they were not kept.

        They have no events, order or shape: with them a wrong line is found; why it is wrong would take the
        solution's expressions.
        """
        number = self.find(function, arguments)
        asked = self.questions[number] if number is not None else None
        if not asked or asked.inner is None:
            return None
        results = [array for _, array in result_arrays(self.value(asked.answer))]
        values = (*results, self.value(asked.inner).astype(np.float64))
        return Trace(self.text, (), values, frozenset((len(results),)), tuple(range(len(results))))

    def waits_for(self, substituted: Iterable[str], outcomes: Iterable[Outcome]) -> DependencyFailed | None:
        """Say that a check waits for a function that is wrong, and that no recorded answer stands in for.

        Args:
            substituted: functions of the student's module that the reference was to answer for.
            outcomes: of the checks so far.
        """
        missed, self.missed = self.missed, set()
        wrong = {outcome.function for outcome in outcomes if outcome.status != "passed"}
        for name in substituted:
            if name in missed & wrong:
                return DependencyFailed(f"waits for `{name}`, which does not pass its own checks yet")
        return None

    def answering(self, name: str, classes: Mapping[str, Any]) -> Callable[..., Any]:
        """Return a function that answers as the solution did; ``classes`` has the named tuples it may use."""

        @functools.wraps(self._stubs[name])
        def answer(*arguments: Any, **named: Any) -> Any:
            whole = complete(self._stubs[name], arguments, named)
            number = self.find(name, whole)
            if number is None:
                self.missed.add(name)
                told = f"the hand-out has no answer of `{name}` to this; grading will decide it"
                raise DependencyFailed(told)  # no check of the full course asks this
            known = {**classes, **_named_tuples(whole)}
            return map_leaves(
                self.value(self.questions[number].answer),
                lambda leaf: leaf[()] if isinstance(leaf, np.ndarray) else leaf,  # NumPy's own number
                lambda value: class_of(value, known),
            )

        return answer


@dataclass(frozen=True)
class RecordedCall:
    """A question of the file; ``form`` and ``sums`` are what :func:`fingerprint` makes of it."""

    function: str
    form: str
    sums: Stored
    answer: Stored  # the solution's
    inner: Stored | None = None  # numbers inside its computation


def complete(
    function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
) -> tuple[Any, ...]:
    """Return all arguments of a call by position, defaults included; as given where they do not fit."""
    try:
        bound = inspect.signature(function).bind(*arguments, **named)
    except TypeError:
        return arguments
    bound.apply_defaults()
    return arguments if len(bound.arguments) == len(arguments) else tuple(bound.arguments.values())


def _named_tuples(value: Any) -> dict[str, Any]:
    """Return the named tuples among arguments: some are of a check's own kind, and so is the answer."""
    if not isinstance(value, tuple | list):
        return {}
    inner = {name: kind for item in value for name, kind in _named_tuples(item).items()}
    return inner | ({type(value).__name__: type(value)} if hasattr(type(value), "_fields") else {})


def answer_from_records(module: types.ModuleType, exercise: Exercise) -> None:
    """Let the graded functions of a pristine stub answer what was recorded, or raise CourseError."""
    recorded = Recorded(exercise, module)
    answering = {name: recorded.answering(name, vars(module)) for name in exercise.parameters}
    vars(module).update({RECORDED: recorded, **answering})


# --- in the place of the solution ----------------------------------------------------------------------


@dataclass(frozen=True)
class _Recalled(PatchedSolution):
    """The solution, by its answers."""

    recorded: Recorded = field(kw_only=True)

    def answer(self, function: str, arguments: tuple[Any, ...]) -> Answer:
        number = self.recorded.find(function, arguments)
        if number is None:
            raise DependencyFailed(f"`{function}` was not asked this")
        return Answer(value=self.recorded.value(self.recorded.questions[number].answer))


@dataclass(frozen=True)
class RecordedMistakes(KnownMistakes):
    """The known mistakes of an exercise in a hand-out: none, but what the solution answers is known."""

    recorded: Recorded

    @functools.cached_property
    def solution(self) -> PatchedSolution:
        """The solution, as far as it was asked."""
        return _Recalled((), "", "", self.reference, recorded=self.recorded)

    @functools.cached_property
    def used_by(self) -> Callable[[str], set[str]]:
        """Say which of the module's functions one of them leads to, itself included."""
        reaches = self.recorded.header["reaches"]
        return lambda function: {function, *reaches.get(function, ())}
