"""Records what a hand-out needs of a solution: its answers to all that visible checks may ask at home.

Besides the solution itself, checks are run on answers that are right up to some point and wrong from there:
on the way to a failure a check may ask for more.
"""

import contextlib
import copy
import functools
import hashlib
import io
import json
import types
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.checks import collection
from grader.checks.locate.comparison import NEUTRAL
from grader.checks.locate.questions import MAX_GIVEN, jitter
from grader.checks.locate.trace import RecordedSolution
from grader.checks.plots import SEED, load_plot, plot_path
from grader.checks.recorded import LENGTH, Index, Stored, complete, fingerprint
from grader.course import CourseError, Exercise, read_text
from grader.sandbox.protocol import decode, encode
from grader.sandbox.values import Array, map_leaves, walk_arrays

MAX_LENT = 64  # calls that a check may have answered for a student; one that trains for long has to wait
MAX_INNER_BYTES = 300_000  # that numbers inside computations may take in a file
JITTER_RANK = 1000  # questions that are asked only if nothing else was enough come after all others


def seed_of(exercise: Exercise, salt: str) -> int:
    """Return the seed of an exercise's checks in a hand-out: it changes with what the student is given."""
    checks = read_text(exercise.visible_checks)  # the same whatever ends its lines
    given = [salt.encode(), exercise.id.encode(), checks.encode()]
    return int.from_bytes(hashlib.sha256(b"\0".join(given)).digest()[:4], "big")


@dataclass(frozen=True)
class Recording:
    """What a hand-out gets of a solution."""

    data: bytes  # the file of answers
    credits: int  # of the visible checks
    plots: bool  # whether the plot file can be drawn with these answers, whatever the student's are


def record(exercise: Exercise, seed: int) -> Recording:
    """Run the visible checks of an exercise and its plot; keep what the solution answers. Or CourseError."""
    reference = collection.load_reference(exercise)
    recorder = _Recorder(exercise, reference)
    checks = tuple(check for check in collection.collect_checks(exercise) if not check.hidden)
    suite = collection.CheckSuite(exercise, checks, recorder.module, seed)
    with contextlib.redirect_stdout(io.StringIO()):
        for check in checks:
            record_check(recorder, suite, check)
        plots = record_plot(recorder, exercise)
    solution = RecordedSolution(exercise.solution_text.encode(), reference)
    data = recorder.to_bytes(seed, collection.KnownMistakes(exercise, reference), solution)
    return Recording(data, sum(check.credits for check in checks), plots)


class Store(dict[bytes, int]):
    """Collects values for a file: the numbers of their arrays, each of which is kept once."""

    @property
    def size(self) -> int:
        """Bytes of all arrays."""
        return sum(map(len, self))

    def put(self, value: Any) -> Stored:
        """Keep a value; Unsendable if it is larger than what crosses between processes."""
        tree, arrays = encode(value)
        return [tree, [self.setdefault(array, len(self)) for array in arrays]]

    def to_bytes(self, header: Mapping[str, Any]) -> bytes:
        """Return the file: the header, and all arrays."""
        text = json.dumps({**header, "sizes": list(map(len, self))}, separators=(",", ":")).encode()
        return zlib.compress(LENGTH.pack(len(text)) + text + b"".join(self), 9)


# --- answering and remembering ------------------------------------------------------------------------


@dataclass
class _Question:
    """One question that was asked, and the solution's answer."""

    function: str
    arguments: tuple[Any, ...]
    answer: Any
    row: list[Any]  # as the file has it; the last entry is for the numbers inside the computation
    rank: int | None = None  # how many of a check come before it; None if it is not followed


class _Recorder:
    """A reference that remembers what it was asked, also by ``substitutes`` from inside the solution."""

    def __init__(self, exercise: Exercise, reference: types.ModuleType) -> None:
        self.questions: list[_Question] = []
        self.substitutes: tuple[str, ...] = ()
        self.inside = Counter[str]()  # calls of each function from inside the solution
        self._store, self._index, self._depth = Store(), Index(), 0
        names = collection.rebound(reference)
        self.functions = {name: names[name] for name in exercise.parameters}
        names.update({name: functools.partial(self._listen, name) for name in self.functions})
        self.module = types.SimpleNamespace(**names)

    def _listen(self, name: str, /, *arguments: Any, **named: Any) -> Any:
        return self.ask(name, complete(self.functions[name], arguments, named))

    def ask(self, name: str, arguments: tuple[Any, ...], rank: int | None = None) -> Any:
        """Answer a question and keep it, with how many others a check asks a student before (``rank``)."""
        self.inside[name] += bool(self._depth)
        if self._depth and name not in self.substitutes:
            return self.functions[name](*arguments)
        key = (name, *fingerprint(arguments))
        number = self._index.find(*key)
        if number is None or (self.substitutes and not self._depth):
            given = copy.deepcopy(arguments)
            self._depth += 1
            try:
                with np.errstate(all="ignore"):
                    answer = self.functions[name](*arguments)
            finally:
                self._depth -= 1
            number = self._index.find(*key)
        if number is None:
            number = self._index.add(*key)
            row = [name, key[1], self._store.put(key[2]), self._store.put(answer), None]
            self.questions.append(_Question(name, given, answer, row))
        question = self.questions[number]
        if rank is not None and _is_small(arguments):
            question.rank = rank if question.rank is None else min(rank, question.rank)
        return copy.deepcopy(question.answer)

    def to_bytes(self, seed: int, known: collection.KnownMistakes, solution: RecordedSolution) -> bytes:
        """Return the file, with what the solution computes on the way as far as there is room for it.

        What a check asks first is kept first, since most students who fail, fail there; and functions of
        small arrays are served as well as others.
        """
        waiting: dict[str, list[_Question]] = {}
        asked = [question for question in self.questions if question.rank is not None]
        for question in sorted(asked, key=lambda question: question.rank or 0):
            waiting.setdefault(question.function, []).append(question)
        spent, before = dict.fromkeys(waiting, 0), self._store.size
        while waiting and self._store.size < before + MAX_INNER_BYTES:
            name, size = min(waiting, key=lambda name: spent[name]), self._store.size
            question = waiting[name].pop(0)
            if (numbers := inner_numbers(solution, question.function, question.arguments)) is not None:
                question.row[-1] = self._store.put(numbers)
            spent[name] += self._store.size - size
            waiting = {name: group for name, group in waiting.items() if group}
        header = {
            "seed": seed,
            "reaches": {name: sorted(known.used_by(name)) for name in self.functions},
            "questions": [question.row for question in self.questions],
        }
        return self._store.to_bytes(header)


def inner_numbers(solution: RecordedSolution, function: str, arguments: tuple[Any, ...]) -> Array | None:
    """Return the numbers that the solution computes on the way to an answer, without order and shape.

    Those of the question and of the answer are known anyway, and left out; None if it was not followed.
    """
    trace = solution.trace(function, arguments)
    if trace is None or trace.result is None:
        return None
    known = [np.asarray(array, float).ravel() for _, array in walk_arrays(arguments)]
    known += [trace.values[value].ravel() for value in trace.result]
    numbers = np.concatenate([NEUTRAL, *(value.ravel() for value in trace.values)])
    numbers = numbers[~np.isin(numbers, np.concatenate([NEUTRAL, -NEUTRAL, *known]))]
    return np.unique(numbers[np.isfinite(numbers)].astype(np.float32))


def _is_small(arguments: tuple[Any, ...]) -> bool:
    return sum(array.size for _, array in walk_arrays(arguments)) <= MAX_GIVEN


class _Student:
    """Answers as the solution does, as it comes out of a worker; wrongly after so many answers.

    Args:
        right: answers that are right; None means all.
        followed: whether what it is asked may be followed inside.
    """

    changed = ()

    def __init__(self, recorder: _Recorder, right: int | None = None, *, followed: bool = True) -> None:
        self._recorder, self._right, self._followed = recorder, right, followed
        self.asked: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in self._recorder.functions:
            raise AttributeError(f"{name} is not one of this exercise's functions")

        def answer(*arguments: Any, **named: Any) -> Any:
            whole = complete(self._recorder.functions[name], arguments, named)
            rank = len(self.asked) if self._followed else None
            tree, arrays = encode(self._recorder.ask(name, whole, rank))
            value = decode(tree, memoryview(b"".join(arrays)))
            self.asked.append((name, whole))
            is_right = self._right is None or len(self.asked) <= self._right
            return value if is_right else map_leaves(value, _wrong)

        return answer


def _wrong(leaf: Any) -> Any:
    """Return a part of an answer wrong where it is of real numbers, and in the same form."""
    real = isinstance(leaf, float) or (isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f")
    return 1.1 * leaf + 0.1 if real else leaf


# --- asking -------------------------------------------------------------------------------------------


def record_check(recorder: _Recorder, suite: collection.CheckSuite, check: collection.Check) -> None:
    """Run one check on all these students, on its own inputs and on those of a second look."""
    for draw in (0, 1):
        right = _Student(recorder)
        recorder.inside.clear()
        error = suite.call(check, right, draw)
        lent = sum(recorder.inside[name] for name in check.substitutes)
        if draw == 0 and 0 < lent <= MAX_LENT:
            recorder.substitutes = check.substitutes
            suite.call(check, _Student(recorder), draw)
            recorder.substitutes = ()
        if error is not None and draw == 0:
            problem = f"`{check.name}` does not pass on the solution with the hand-out's seed: {error}"
            raise CourseError(suite.exercise.visible_checks, problem)
        for count in range(len(right.asked)):
            suite.call(check, _Student(recorder, count), draw)
        # What the diagnosis asks of a student who fails at the first question, at the second, and so on.
        for end in range(1, len(right.asked) + 1) if draw == 0 else ():
            rng, last = np.random.default_rng(0), right.asked[:end][-2:]
            for name, arguments in (*last, *last):
                moved = jitter(arguments, rng)
                if _is_small(arguments):
                    recorder.ask(name, moved, JITTER_RANK + end)


def record_plot(recorder: _Recorder, exercise: Exercise) -> bool:
    """Draw the plot file on all these students; return whether the wrong ones bring up no new question."""
    path = plot_path(exercise)
    deeper = [f"reference.{used.file.module}." for used in exercise.used]  # nobody listens there
    if not path.is_file() or any(name in read_text(path) for name in deeper):
        return False
    plot = load_plot(exercise).plot

    def draw(right: int | None = None) -> _Student:
        student = _Student(recorder, right, followed=False)
        with contextlib.suppress(Exception), np.errstate(all="ignore"):
            list(plot(student, recorder.module, np.random.default_rng(SEED)))
        return student

    asked = len(draw().asked)
    before = len(recorder.questions)
    for right in range(asked):
        draw(right)
    return len(recorder.questions) == before
