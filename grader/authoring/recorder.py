"""Records what a hand-out needs of a solution: its answers to all that visible checks may ask at home.

Besides the solution itself, checks are run on answers that are right up to some point and wrong from there:
on the way to a failure a check may ask for more.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.checks.collection import Check, CheckSuite, collect_checks, load_reference
from grader.checks.diagnosis import agrees, jitter
from grader.checks.mistakes import KnownMistakes, PatchedSolution, rebound
from grader.checks.plots import SEED, load_plot, plot_path
from grader.checks.recorded import Index, Store, complete, fingerprint
from grader.course import CourseError, Exercise
from grader.sandbox.protocol import decode, encode
from grader.sandbox.values import Named, walk_arrays
from grader.sandbox.worker import Answer

MANY = 20_000  # numbers in a question; known mistakes are not asked one with more
MISTAKE_BYTES = 600_000  # that the answers of known mistakes may take in a file
MAX_ASKED = 100  # questions to one function that known mistakes are asked
LATER = 1000  # what is asked only if nothing else was enough has its turn after all else


def seed_of(exercise: Exercise, salt: str) -> int:
    """Return the seed of an exercise's checks in a hand-out: it changes with what the student is given."""
    given = [salt.encode(), exercise.id.encode(), exercise.visible_checks.read_bytes()]
    return int.from_bytes(hashlib.sha256(b"\0".join(given)).digest()[:4], "big")


@dataclass(frozen=True)
class Recording:
    """What a hand-out gets of a solution.

    Args:
        data: the file of answers.
        credits: of the visible checks.
        plots: whether the plot file can be drawn with these answers, whatever the student's are.
    """

    data: bytes
    credits: int
    plots: bool


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
            _watch(recorder, suite, check)
        plots = _watch_plot(recorder, exercise)
    data = recorder.to_bytes(seed, KnownMistakes(exercise, reference))
    return Recording(data, sum(check.credits for check in checks), plots)


class _Recorder:
    """A reference that remembers what it was asked."""

    def __init__(self, exercise: Exercise, reference: types.ModuleType) -> None:
        self._exercise = exercise
        self._store, self._index = Store(), Index()
        self._asked: list[tuple[str, tuple[Any, ...], list[Any]]] = []  # function, arguments, the file's line
        self._answers: list[Any] = []
        self._spread: dict[int, int] = {}
        self._depth = 0
        self.lent: tuple[str, ...] = ()  # functions whose calls inside the solution are kept as well
        names = rebound(reference)
        self._plain = {name: names[name] for name in exercise.file.functions}
        for name in exercise.file.functions:
            names[name] = self._listening(name)
        self.module = types.SimpleNamespace(**names)

    @property
    def questions(self) -> int:
        """How many there were."""
        return self._index.count

    def _listening(self, name: str) -> Callable[..., Any]:
        def listening(*arguments: Any, **named: Any) -> Any:
            return self.ask(name, self.complete(name, arguments, named))

        return listening

    def complete(self, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        """Return all arguments of a call by position."""
        return complete(self._plain[name], arguments, named)

    def ask(self, name: str, arguments: tuple[Any, ...], before: int | None = None) -> Any:
        """Answer a question and keep it.

        Args:
            before: how many others a check asks a student before this one, so that the known mistakes should
                be asked it as well; None if it is not asked of students.
        """
        if self._depth and name not in self.lent:
            return self._plain[name](*arguments)
        key = (name, *fingerprint(arguments))
        number = self._index.find(*key)
        if number is None or (self.lent and not self._depth):
            given = copy.deepcopy(arguments)
            answer = self._computed(name, arguments)
            number = self._index.find(*key)
        if number is None:
            number = self._index.add(*key)
            self._answers.append(answer)
            line = [name, key[1], self._store.put(key[2]), self._store.put(answer), False]
            self._asked.append((name, given, line))
        if before is not None and _modest(arguments):
            self._spread[number] = min(before, self._spread.get(number, before))
        return copy.deepcopy(self._answers[number])

    def _computed(self, name: str, arguments: tuple[Any, ...]) -> Any:
        self._depth += 1
        try:
            with np.errstate(all="ignore"):
                return self._plain[name](*arguments)
        finally:
            self._depth -= 1

    def to_bytes(self, seed: int, known: KnownMistakes) -> bytes:
        """Return the file, with the answers of the known mistakes as far as there is room for them.

        What a check asks first is kept first, since most students who fail, fail there; and functions whose
        answers are small are served as well as others.
        """
        waiting = self._for_mistakes()
        numbers = [one for group in waiting.values() for one in group]
        described = [(one, self._described(one, known)) for one in known.single_mistakes]
        mistakes = [(kept, self._answered(one, kept["place"], numbers, known)) for one, kept in described]
        spent, before = dict.fromkeys(waiting, 0), self._store.size
        while waiting and self._store.size < before + MISTAKE_BYTES:
            name, size = min(waiting, key=lambda one: spent[one]), self._store.size
            self._keep(waiting[name].pop(0), mistakes)
            spent[name] += self._store.size - size
            waiting = {name: numbers for name, numbers in waiting.items() if numbers}
        header = {
            "seed": seed,
            "reaches": {name: sorted(known.used_by(name)) for name in self._plain},
            "questions": [line for *_, line in self._asked],
            "mistakes": [kept for kept, _ in mistakes if kept["answers"]],
        }
        return self._store.to_bytes(header)

    def _for_mistakes(self) -> dict[str, list[int]]:
        """Return the questions that known mistakes are asked, by function, in the order of their worth."""
        found = dict[str, list[int]]()
        for number in sorted(self._spread, key=lambda one: (self._spread[one], one)):
            found.setdefault(self._asked[number][0], []).append(number)
        return {name: numbers[:MAX_ASKED] for name, numbers in found.items()}

    def _described(self, suspect: PatchedSolution, known: KnownMistakes) -> dict[str, Any]:
        """Return what is kept of a known mistake: what to say, the function it is made in, its answers."""
        reached = sorted(set().union(*map(known.used_by, self._plain)))
        anywhere = suspect.is_inside(set())
        place = "" if anywhere else next((one for one in reached if suspect.is_inside({one})), "")
        return {"says": suspect.mistakes[0].says.strip(), "place": place, "answers": []}

    def _answered(
        self, suspect: PatchedSolution, place: str, numbers: list[int], known: KnownMistakes
    ) -> dict[int, Answer]:
        """Ask a known mistake some questions; return its answers where they are not the solution's.

        One that answers by chance is known by nothing, and is left out with all its answers.

        Args:
            place: the function that the mistake is made in; empty if it is made in none.
        """
        found = {}
        for number in numbers:
            name, arguments, _ = self._asked[number]
            if place and place not in known.used_by(name):
                continue
            answer = suspect.answer(name, arguments)
            if not agrees(answer, Answer(value=self._answers[number])):
                if not agrees(answer, suspect.answer(name, arguments)):
                    return {}
                found[number] = answer
        return found

    def _keep(self, number: int, mistakes: list[tuple[dict[str, Any], dict[int, Answer]]]) -> None:
        """Keep what all known mistakes answer to one question."""
        self._asked[number][2][-1] = True
        for kept, answers in mistakes:
            if number in answers:
                answer = answers[number]
                raised = [answer.raised.type_name, answer.raised.text] if answer.raised else None
                kept["answers"].append([number, self._store.put(answer.value), raised, answer.changed])


def _modest(arguments: tuple[Any, ...]) -> bool:
    return sum(array.size for _, array in walk_arrays(arguments)) <= MANY


class _Student:
    """Answers as the solution does, as it comes out of a worker; wrongly after so many answers.

    Args:
        right: answers that are right; None means all.
        spread: whether the known mistakes should be asked the same.
    """

    changed = ()

    def __init__(
        self,
        recorder: _Recorder,
        functions: tuple[str, ...],
        right: int | None = None,
        *,
        spread: bool = True,
    ) -> None:
        self._recorder, self._functions, self._right, self._spread = recorder, functions, right, spread
        self.asked: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in self._functions:
            raise AttributeError(f"{name} is not one of this exercise's functions")

        def answer(*arguments: Any, **named: Any) -> Any:
            whole = self._recorder.complete(name, arguments, named)
            arrays: list[bytes] = []
            tree = encode(self._recorder.ask(name, whole, len(self.asked) if self._spread else None), arrays)
            value = decode(tree, memoryview(b"".join(arrays)))
            self.asked.append((name, whole))
            return value if self._right is None or len(self.asked) <= self._right else _spoilt(value)

        return answer


def _spoilt(value: Any) -> Any:
    """Return a value of the same form, with every number in it wrong."""
    if isinstance(value, Named):
        return Named.of(value.type_name, value.fields, [_spoilt(item) for item in value])
    if isinstance(value, tuple | list):
        return type(value)(_spoilt(item) for item in value)
    real = isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")
    return 1.1 * value + 0.1 if real else value


def _watch(recorder: _Recorder, suite: CheckSuite, check: Check) -> None:
    """Run one check on all these students, on its own inputs and on those of a second look.

    Raises:
        CourseError: the solution does not pass.
    """
    functions = suite.exercise.file.functions
    for draw in (0, 1):
        right = _Student(recorder, functions)
        recorder.lent = () if draw else check.substitutes
        error = suite.call(check, right, draw)
        recorder.lent = ()
        if error is not None and draw == 0:
            problem = f"`{check.name}` does not pass on the solution with the hand-out's seed: {error}"
            raise CourseError(suite.exercise.visible_checks, problem)
        for count in range(len(right.asked)):
            suite.call(check, _Student(recorder, functions, count), draw)
        if draw == 0:
            _shake(recorder, right)


def _shake(recorder: _Recorder, right: _Student) -> None:
    """Ask what the runner asks of a student who fails at the first question, at the second, and so on."""
    for end in range(1, len(right.asked) + 1):
        rng, last = np.random.default_rng(0), right.asked[:end][-2:]
        for name, arguments in (*last, *last):
            moved = jitter(arguments, rng)
            if _modest(arguments):
                recorder.ask(name, moved, LATER + end)


def _watch_plot(recorder: _Recorder, exercise: Exercise) -> bool:
    """Draw the plot file on all these students; return whether the wrong ones bring up no new question."""
    path, functions = plot_path(exercise), exercise.file.functions
    deeper = [f"reference.{one.file.module}." for one in exercise.used]  # nobody listens there
    if not path.is_file() or any(one in path.read_text(encoding="utf-8") for one in deeper):
        return False
    plot = load_plot(exercise).plot

    def draw(right: int | None = None) -> _Student:
        student = _Student(recorder, functions, right, spread=False)
        with contextlib.suppress(Exception), np.errstate(all="ignore"):
            list(plot(student, recorder.module, np.random.default_rng(SEED)))
        return student

    asked = len(draw().asked)
    before = recorder.questions
    for right in range(asked):
        draw(right)
    return recorder.questions == before
