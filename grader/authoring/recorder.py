"""Records what a hand-out needs of a solution: its answers to all that visible checks may ask at home.

Besides the solution itself, checks are run on answers that are right up to some point and wrong from there:
on the way to a failure a check may ask for more.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import hashlib
import io
import json
import types
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.checks.collection import (
    Check,
    CheckSuite,
    KnownMistakes,
    PatchedSolution,
    collect_checks,
    load_reference,
    rebound,
)
from grader.checks.diagnosis import agrees
from grader.checks.locate.find import jitter
from grader.checks.plots import SEED, load_plot, plot_path
from grader.checks.recorded import LENGTH, Index, Stored, complete, fingerprint
from grader.course import CourseError, Exercise
from grader.sandbox.protocol import decode, encode
from grader.sandbox.values import map_leaves, walk_arrays
from grader.sandbox.worker import Answer

MAX_NUMBERS = 20_000  # in a question that known mistakes are asked
MAX_QUESTIONS = 100  # to one function that known mistakes are asked
MAX_MISTAKE_BYTES = 600_000  # that the answers of known mistakes may take in a file
JITTER_RANK = 1000  # questions that are asked only if nothing else was enough come after all others


def seed_of(exercise: Exercise, salt: str) -> int:
    """Return the seed of an exercise's checks in a hand-out: it changes with what the student is given."""
    checks = exercise.visible_checks.read_text(encoding="utf-8")  # the same whatever ends its lines
    given = [salt.encode(), exercise.id.encode(), checks.encode()]
    return int.from_bytes(hashlib.sha256(b"\0".join(given)).digest()[:4], "big")


@dataclass(frozen=True)
class Recording:
    """What a hand-out gets of a solution."""

    data: bytes  # the file of answers
    credits: int  # of the visible checks
    plots: bool  # whether the plot file can be drawn with these answers, whatever the student's are


def record(exercise: Exercise, seed: int) -> Recording:
    """Run the visible checks of an exercise, and its plot file, and keep what the solution answers.

    Raises:
        CourseError: the exercise is broken, or its solution does not pass.
    """
    reference = load_reference(exercise)
    recorder = _Recorder(exercise, reference)
    checks = tuple(check for check in collect_checks(exercise) if not check.hidden)
    suite = CheckSuite(exercise, checks, recorder.module, seed)
    with contextlib.redirect_stdout(io.StringIO()):
        for check in checks:
            record_check(recorder, suite, check)
        plots = record_plot(recorder, exercise)
    data = recorder.to_bytes(seed, KnownMistakes(exercise, reference))
    return Recording(data, sum(check.credits for check in checks), plots)


class Store:
    """Collects values for a file; an array that several of them hold is kept once."""

    def __init__(self) -> None:
        self.arrays: dict[bytes, int] = {}

    @property
    def size(self) -> int:
        """Bytes of all arrays."""
        return sum(map(len, self.arrays))

    def put(self, value: Any) -> Stored:
        """Keep a value.

        Raises:
            Unsendable: it is larger than what crosses between processes.
        """
        arrays: list[bytes] = []
        tree = encode(value, arrays)
        return [tree, [self.arrays.setdefault(array, len(self.arrays)) for array in arrays]]

    def to_bytes(self, header: Mapping[str, Any]) -> bytes:
        """Return the file: the header, and all arrays."""
        text = json.dumps({**header, "sizes": list(map(len, self.arrays))}, separators=(",", ":")).encode()
        return zlib.compress(LENGTH.pack(len(text)) + text + b"".join(self.arrays), 9)


# --- answering and remembering ------------------------------------------------------------------------


@dataclass
class _Question:
    """One question that was asked, and the solution's answer."""

    function: str
    arguments: tuple[Any, ...]
    answer: Any
    row: list[Any]  # as the file has it; the last entry says whether the known mistakes were asked as well
    rank: int | None = None  # how many of a check come before it; None if it is none for known mistakes


class _Recorder:
    """A reference that remembers what it was asked.

    Args:
        module: what checks call it by.
        substitutes: functions whose calls inside the solution are kept as well.
    """

    def __init__(self, exercise: Exercise, reference: types.ModuleType) -> None:
        self.questions: list[_Question] = []
        self.substitutes: tuple[str, ...] = ()
        self._store, self._index, self._depth = Store(), Index(), 0
        names = rebound(reference)
        self._functions = {name: names[name] for name in exercise.file.functions}
        names.update({name: functools.partial(self._listen, name) for name in self._functions})
        self.module = types.SimpleNamespace(**names)

    def _listen(self, name: str, /, *arguments: Any, **named: Any) -> Any:
        return self.ask(name, self.complete(name, arguments, named))

    def complete(self, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        """Return all arguments of a call by position."""
        return complete(self._functions[name], arguments, named)

    def ask(self, name: str, arguments: tuple[Any, ...], rank: int | None = None) -> Any:
        """Answer a question and keep it.

        Args:
            rank: how many others a check asks a student before this one, so that the known mistakes should
                be asked it as well; None if it is not asked of students.
        """
        if self._depth and name not in self.substitutes:
            return self._functions[name](*arguments)
        key = (name, *fingerprint(arguments))
        number = self._index.find(*key)
        if number is None or (self.substitutes and not self._depth):
            given = copy.deepcopy(arguments)
            self._depth += 1
            try:
                with np.errstate(all="ignore"):
                    answer = self._functions[name](*arguments)
            finally:
                self._depth -= 1
            number = self._index.find(*key)
        if number is None:
            number = self._index.add(*key)
            row = [name, key[1], self._store.put(key[2]), self._store.put(answer), False]
            self.questions.append(_Question(name, given, answer, row))
        question = self.questions[number]
        if rank is not None and _is_small(arguments):
            question.rank = rank if question.rank is None else min(rank, question.rank)
        return copy.deepcopy(question.answer)

    def to_bytes(self, seed: int, known: KnownMistakes) -> bytes:
        """Return the file, with the answers of the known mistakes as far as there is room for them.

        What a check asks first is kept first, since most students who fail, fail there; and functions whose
        answers are small are served as well as others.
        """
        waiting: dict[str, list[int]] = {}
        ranks = {
            number: question.rank
            for number, question in enumerate(self.questions)
            if question.rank is not None
        }
        for number in sorted(ranks, key=lambda number: (ranks[number], number)):
            group = waiting.setdefault(self.questions[number].function, [])
            group += [number] if len(group) < MAX_QUESTIONS else []
        numbers = [number for group in waiting.values() for number in group]
        mistakes = [self._ask_mistake(patched, numbers, known) for patched in known.single_mistakes]
        spent, before = dict.fromkeys(waiting, 0), self._store.size
        while waiting and self._store.size < before + MAX_MISTAKE_BYTES:
            name, size = min(waiting, key=lambda name: spent[name]), self._store.size
            number = waiting[name].pop(0)
            self.questions[number].row[-1] = True
            for kept, answers in mistakes:
                if number in answers:
                    answer = answers[number]
                    raised = [answer.raised.type_name, answer.raised.text] if answer.raised else None
                    kept["answers"].append([number, self._store.put(answer.value), raised, answer.changed])
            spent[name] += self._store.size - size
            waiting = {name: group for name, group in waiting.items() if group}
        header = {
            "seed": seed,
            "reaches": {name: sorted(known.used_by(name)) for name in self._functions},
            "questions": [question.row for question in self.questions],
            "mistakes": [kept for kept, _ in mistakes if kept["answers"]],
        }
        return self._store.to_bytes(header)

    def _ask_mistake(
        self, patched: PatchedSolution, numbers: list[int], known: KnownMistakes
    ) -> tuple[dict[str, Any], dict[int, Answer]]:
        """Ask a known mistake some questions.

        Returns:
            What is kept of it (what to say, the function that it is made in, an empty list of answers), and
            its answers where they are not the solution's. One that answers by chance is known by nothing.
        """
        reached = sorted(set().union(*map(known.used_by, self._functions)))
        anywhere = patched.is_inside(set())
        place = "" if anywhere else next((name for name in reached if patched.is_inside({name})), "")
        kept = {"says": patched.mistakes[0].says.strip(), "place": place, "answers": []}
        found: dict[int, Answer] = {}
        for number in numbers:
            question = self.questions[number]
            if place and place not in known.used_by(question.function):
                continue
            answer = patched.answer(question.function, question.arguments)
            if not agrees(answer, Answer(value=question.answer)):
                if not agrees(answer, patched.answer(question.function, question.arguments)):
                    return kept, {}
                found[number] = answer
        return kept, found


def _is_small(arguments: tuple[Any, ...]) -> bool:
    return sum(array.size for _, array in walk_arrays(arguments)) <= MAX_NUMBERS


class _Student:
    """Answers as the solution does, as it comes out of a worker; wrongly after so many answers.

    Args:
        right: answers that are right; None means all.
        asked_of_mistakes: whether the known mistakes should be asked the same.
    """

    changed = ()

    def __init__(
        self,
        recorder: _Recorder,
        functions: tuple[str, ...],
        right: int | None = None,
        *,
        asked_of_mistakes: bool = True,
    ) -> None:
        self._recorder, self._functions, self._right = recorder, functions, right
        self._asked_of_mistakes = asked_of_mistakes
        self.asked: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in self._functions:
            raise AttributeError(f"{name} is not one of this exercise's functions")

        def answer(*arguments: Any, **named: Any) -> Any:
            whole = self._recorder.complete(name, arguments, named)
            rank = len(self.asked) if self._asked_of_mistakes else None
            arrays: list[bytes] = []
            tree = encode(self._recorder.ask(name, whole, rank), arrays)
            value = decode(tree, memoryview(b"".join(arrays)))
            self.asked.append((name, whole))
            return value if self._right is None or len(self.asked) <= self._right else perturb(value)

        return answer


def perturb(value: Any) -> Any:
    """Return a value of the same form, with every real number in it wrong."""

    def wrong(leaf: Any) -> Any:
        real = isinstance(leaf, float) or (isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f")
        return 1.1 * leaf + 0.1 if real else leaf

    return map_leaves(value, wrong)


# --- asking -------------------------------------------------------------------------------------------


def record_check(recorder: _Recorder, suite: CheckSuite, check: Check) -> None:
    """Run one check on all these students, on its own inputs and on those of a second look.

    Raises:
        CourseError: the solution does not pass.
    """
    functions = suite.exercise.file.functions
    for draw in (0, 1):
        right = _Student(recorder, functions)
        recorder.substitutes = () if draw else check.substitutes
        error = suite.call(check, right, draw)
        recorder.substitutes = ()
        if error is not None and draw == 0:
            problem = f"`{check.name}` does not pass on the solution with the hand-out's seed: {error}"
            raise CourseError(suite.exercise.visible_checks, problem)
        for count in range(len(right.asked)):
            suite.call(check, _Student(recorder, functions, count), draw)
        # What the diagnosis asks of a student who fails at the first question, at the second, and so on.
        for end in range(1, len(right.asked) + 1) if draw == 0 else ():
            rng, last = np.random.default_rng(0), right.asked[:end][-2:]
            for name, arguments in (*last, *last):
                moved = jitter(arguments, rng)
                if _is_small(arguments):
                    recorder.ask(name, moved, JITTER_RANK + end)


def record_plot(recorder: _Recorder, exercise: Exercise) -> bool:
    """Draw the plot file on all these students; return whether the wrong ones bring up no new question."""
    path, functions = plot_path(exercise), exercise.file.functions
    deeper = [f"reference.{used.file.module}." for used in exercise.used]  # nobody listens there
    if not path.is_file() or any(name in path.read_text(encoding="utf-8") for name in deeper):
        return False
    plot = load_plot(exercise).plot

    def draw(right: int | None = None) -> _Student:
        student = _Student(recorder, functions, right, asked_of_mistakes=False)
        with contextlib.suppress(Exception), np.errstate(all="ignore"):
            list(plot(student, recorder.module, np.random.default_rng(SEED)))
        return student

    asked = len(draw().asked)
    before = len(recorder.questions)
    for right in range(asked):
        draw(right)
    return len(recorder.questions) == before
