"""One submission in one run of an exercise's checks: its calls in workers, and why one gave no answer."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from grader.checks import messages
from grader.checks.report import Outcome
from grader.checks.source import Source
from grader.course import Exercise
from grader.sandbox.text import clean
from grader.sandbox.values import map_leaves, walk_arrays, walk_leaves
from grader.sandbox.worker import (
    Answer,
    Patience,
    Pool,
    ProtocolError,
    Raised,
    Seconds,
    Substitute,
    TimeUp,
    Worker,
    WorkerEnded,
)

REPEATS = 2  # times the exercise's seconds may go into questions asked again, each at most twice
PATIENCE = 2  # times a call's seconds that a question may take when it is asked again: it was answered before
SPARE_IDLE_SECONDS = 5.0  # that code may sleep when it is asked in another worker, whatever it slept before
MAX_CALLS = 256  # that are kept for the diagnosis
MAX_CHECK_BYTES, MAX_KEPT_BYTES = 16 * 2**20, 64 * 2**20  # of one check's kept calls, and of all checks'
SAMPLE = 2**16  # entries of an array that are kept until another check asks the same
SECOND_CHANCE = 0.2  # share of a call's time that a function gets once it has timed out
NO_SUBSTITUTES: Mapping[str, Substitute] = MappingProxyType({})
MAX_NOTE, MAX_NOTE_LINES = 1000, 4
NOTICED = (
    "calls kept_bytes unanswered changed timed_out sleeping nondeterministic first_asked places "
    "seconds_left repeat_seconds_left"
).split()
NO_ANSWER = (TimeUp, WorkerEnded, ProtocolError)
"""What a call of a worker raises where the student's code gives no answer at all."""

Progress = Callable[[str, str], None]
"""Hears, several times a second while a call runs, the function's name and the line it printed last."""


@dataclass(eq=False)
class SubmissionFault(Exception):
    """The student's code did not give an answer; the text is for the student."""

    text: str
    # the same without anything that the code has said; empty if nothing is left of it
    gist: str = dataclasses.field(default="", kw_only=True)


class NotWritten(SubmissionFault):
    """The student has not begun this function."""


@dataclass(frozen=True)
class Call:
    """One call that a check made of a student's function, and the answer.

    Where it is kept only to be asked again, a sample stands in the place of what is too large in the answer.
    """

    check: str
    function: str
    arguments: tuple[Any, ...]  # as the check gave them, in the order of the function's parameters
    answer: Answer

    @property
    def numbers(self) -> int:
        """How many numbers the arrays among the arguments hold."""
        return sum(array.size for _, array in walk_arrays(self.arguments))

    def changed(self, parameters: Sequence[str]) -> tuple[str, ...]:
        """Return the arguments that it changed, by names of the function's parameters."""
        # what else than paths to arrays a worker names is text of its own
        there = {path for path, _ in walk_arrays(self.arguments)} if self.answer.changed else ()
        names = dict(enumerate(parameters))
        paths = (path for path in self.answer.changed if path in there)
        return tuple(".".join((names.get(int(path[0]), path[0]), *path[1:])) for path in paths)


class CheckRun:
    """One submission in one run: all that is noticed while its checks run is kept here.

    Args:
        patience: with code that sleeps; one for all exercises of a submission.
    """

    def __init__(
        self,
        exercise: Exercise,
        source: Source,
        pool: Pool,
        progress: Progress | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.exercise = exercise
        self.source = source
        self.pool = pool
        self.progress = progress
        self.patience = patience or Patience()
        self.asks_again = True  # to see that answers stay the same
        self.used = dict(zip((lower.file.module for lower in exercise.used), source.used, strict=False))
        self.outcomes: dict[str, Outcome] = {}  # by the check's name, as far as they have run
        self.excusable: set[str] = set()  # checks that may fail because of an earlier exercise's function
        self.seconds = 0.0  # that its checks took
        self.seconds_left = exercise.file.limits.exercise_seconds
        self.repeat_seconds_left = REPEATS * self.seconds_left
        # of every worker, so that the next one can be made ready before it is known what for
        self.budget = exercise.file.limits.memory_bytes, math.ceil((1 + REPEATS) * self.seconds_left)
        self.confinement: tuple[str, ...] = ()
        self.notes: dict[str, None] = {}  # an ordered set
        self.calls: list[Call] = []  # of the student's functions alone, none of them substituted
        self.kept_bytes = Counter[str]()  # of those calls, by the check's name
        self.unanswered: dict[str, Call] = {}  # by the check's name: it timed out or ended the process
        self.changed: set[tuple[str, str]] = set()  # functions, and arguments that a call changed
        self.timed_out: set[str] = set()  # functions
        self.sleeping: set[tuple[str, ...]] = set()  # functions that waited too long, and what was lent then
        self.nondeterministic: set[str] = set()  # functions that answered one question in two ways
        self.first_asked: dict[tuple[str, ...], Call] = {}  # by function and the names of substituted ones
        self.places: dict[str, tuple[int, ...]] = {}
        """By function, the number of the worker in which each check asked it; nothing was substituted."""
        self.opened = 0  # workers
        self.seconds_lost = 0.0  # in checks that had to run again
        self.shared: StudentModule | None = None  # in whose worker every check has passed
        self.proven: set[str] = set()  # functions that were right where nothing was called before
        self.load_error = source.problem
        self.load_output = ""  # what the file printed before it could not be loaded

    def change(self, check: str, **fields: Any) -> None:
        """Change what is known of a check's outcome."""
        self.outcomes[check] = dataclasses.replace(self.outcomes[check], **fields)

    def noticed(self) -> dict[str, Any]:
        """Copy all that a check can change; :meth:`restore` brings it back."""
        return {name: copy.copy(getattr(self, name)) for name in NOTICED}

    def restore(self, noticed: Mapping[str, Any]) -> None:
        """Forget what was noticed since, and give its time back; how much, is counted."""
        self.seconds_lost += noticed["seconds_left"] - self.seconds_left
        self.seconds_lost += noticed["repeat_seconds_left"] - self.repeat_seconds_left
        vars(self).update(noticed)

    def share(self, module: StudentModule | None) -> None:
        """Let the checks to come use this worker; without one, each has a clean one of its own."""
        if self.shared is not None and self.shared is not module:
            self.shared.worker.end(wait=False)
        self.shared = module

    def note(self, sentence: str) -> None:
        """Remember a sentence about the submission as a whole, once, and in few lines."""
        self.notes["\n".join(clean(sentence, MAX_NOTE).splitlines()[:MAX_NOTE_LINES])] = None

    def keep(self, call: Call) -> None:
        """Keep a call for the diagnosis, unless all that is kept becomes too large: no check needs much."""
        size = len(call.answer.asked) + len(call.answer.said)
        if not size:  # it was too large for its bytes to be kept
            for _, leaf in walk_leaves((call.arguments, call.answer.value)):
                size += leaf.nbytes if isinstance(leaf, np.ndarray) else sys.getsizeof(leaf)
        check, total = self.kept_bytes[call.check] + size, self.kept_bytes.total() + size
        if check <= MAX_CHECK_BYTES and total <= MAX_KEPT_BYTES and len(self.calls) < MAX_CALLS:
            self.calls.append(call)
            self.kept_bytes[call.check] = check

    @contextlib.contextmanager
    def timed(self, worker: Worker, seconds: float, *, again: bool = False) -> Iterator[Seconds]:
        """Give the limit of one call of a worker; what the call uses is gone for the others.

        Args:
            seconds: of processor time, at most.
            again: whether the question was answered before; such calls have seconds of their own, so that
                nobody runs into a limit by being asked twice.

        Raises:
            SubmissionFault: there is no time left, or the call used up what was left.
        """
        left = self.repeat_seconds_left if again else self.seconds_left
        total = self.exercise.file.limits.exercise_seconds
        used_up = f"the {total:g} s for all checks of this exercise are used up"
        if left <= 0:
            raise SubmissionFault(f"not run: {used_up}", gist=f"not run: {used_up}")
        try:
            with self.patience.bounding(worker, seconds) as limit:
                yield limit._replace(processor=min(seconds, left))
        except TimeUp as error:
            if error.idle or seconds <= left:
                raise
            raise SubmissionFault(f"stopped: {used_up}", gist=f"stopped: {used_up}") from None
        finally:
            if again:
                self.repeat_seconds_left -= worker.used.processor
            else:
                self.seconds_left -= worker.used.processor


class StudentModule:
    """A student's module, loaded in a worker of its own after the modules that it uses.

    Raises:
        SubmissionFault: it cannot be loaded at all. Later checks are told so at once.
        WorkerBroken: no worker could be had.
    """

    def __init__(self, run: CheckRun) -> None:
        if run.load_error:
            raise SubmissionFault(run.load_error, gist=run.load_error)  # nothing was asked yet
        self._run = run
        self._limits = run.exercise.file.limits
        run.opened += 1
        self.number = run.opened
        self.stopped: Raised | None = None
        """What kept the file from being run to its end, if anything did."""
        self.failed = self.printed = False  # whether a check failed, or anything was printed, in this worker
        try:
            while not self._load_used():
                pass
            self._load()
        except SubmissionFault as fault:
            run.load_error = str(fault)
            self.worker.end()
            run.load_output = self.worker.output()
            fault.gist = run.load_error
            raise

    def _load_used(self) -> bool:
        """Start a worker and load the modules that this one uses; say whether it survives that.

        A file that is missing, or stops half-way, leaves a module with what was defined before. One that
        ends the worker is left out the next time.
        """
        self.worker = self._run.pool.open(self._run.budget)
        self._run.confinement = self.worker.layers
        for module, source in self._run.used.items():
            try:
                with self._run.timed(self.worker, self._limits.load_seconds) as limit:
                    self.worker.load(module, source.name, source.data, limit)
            except NO_ANSWER:
                self._run.note(f"{source.name} ends or hangs while it is loaded, and was left out")
                self._run.used[module] = Source(f"{module}.py", problem="cannot be loaded")
                self.worker.end()
                return False
        return True

    def _load(self) -> None:
        run, seconds = self._run, self._limits.load_seconds
        name = run.source.name
        try:
            with run.timed(self.worker, seconds) as limit:
                faults = self.worker.load(run.exercise.file.module, name, run.source.data, limit)
        except NO_ANSWER as error:
            too_slow = f"was still running after {seconds:g} s, before any function was called, and was "
            too_slow += 'stopped; put experiments under `if __name__ == "__main__":`'
            raise SubmissionFault(messages.no_answer(error, name, too_slow, loading=True)) from None
        for fault in faults:
            if fault.kind == "syntax" or fault.type_name == "ImportError":
                run.note(f"{messages.GRADED_WITH}{sys.version_info.major}.{sys.version_info.minor}")
            said = messages.left_out(fault, name)
            if fault.kind == "syntax":
                raise SubmissionFault(said)
            run.note(said)
            if fault.kind in ("exit", "end"):
                self.stopped = fault

    def call(
        self,
        function: str,
        arguments: Any,
        substitutes: Mapping[str, Substitute],
        before: Answer | None = None,
    ) -> Answer:
        """Call one function within its time.

        Args:
            substitutes: functions of the module that the grader answers meanwhile.
            before: what it answered to the same question; then nothing that it prints is kept.

        Raises:
            SubmissionFault: the function ran too long, ended its process or wrote to our channel.
        """
        run, subject = self._run, f"`{function}`"
        no_text = f"{subject} gives no answer."
        asked = function, *substitutes
        if asked in run.sleeping:
            raise SubmissionFault(f"{subject} {messages.SLEEPS}", gist=no_text)
        seconds = self._limits.call_seconds * (SECOND_CHANCE if function in run.timed_out else 1)
        again = before is not None
        seconds *= PATIENCE if again else 1
        progress = run.progress
        self.worker.listener = (lambda printed: progress(function, printed)) if progress else None
        try:
            with run.timed(self.worker, seconds, again=again) as limit:
                return self.worker.call(function, arguments, limit, substitutes, before)
        except NO_ANSWER as error:
            if isinstance(error, TimeUp) and error.idle:
                run.sleeping.add(asked)
            elif isinstance(error, TimeUp):
                run.timed_out.add(function)
            too_slow = f"ran for {seconds:g} s and was stopped; does a loop never end?"
            raise SubmissionFault(messages.no_answer(error, subject, too_slow), gist=no_text) from None

    def repeats(self, asked: Call, substitutes: Mapping[str, Substitute] = NO_SUBSTITUTES) -> bool:
        """Ask what was answered before; say whether the answer is the same."""
        again = self.call(asked.function, asked.arguments, substitutes, asked.answer)
        if again is asked.answer:
            return True
        return not again.raised and same_value(_sampled(again.value), asked.answer.value)


def answers_elsewhere(run: CheckRun, function: str) -> bool:
    """Say whether a function that was asked in one worker only answers its first question in another, too."""
    if run.load_error and run.patience.left < SPARE_IDLE_SECONDS:
        return True  # it has slept too long to be loaded again, and all that it answered was right
    first, shared = run.first_asked[function,], run.shared
    run.repeat_seconds_left = max(run.repeat_seconds_left, PATIENCE * run.exercise.file.limits.call_seconds)
    run.patience.left = max(run.patience.left, SPARE_IDLE_SECONDS)
    with contextlib.suppress(SubmissionFault):
        if shared and shared.number not in run.places[function] and shared.repeats(first):
            return True
    with contextlib.suppress(SubmissionFault):
        run.share(module := StudentModule(run))
        return module.repeats(first)
    return False


class Student:
    """One check's view of the submission: ``student.rnn_forward(xs, h0, params)`` calls it in a worker.

    A worker is started at the first call and serves this check alone, unless the checks before have left
    one in which all is well.

    Args:
        check: name of the check.
        substitutes: functions of the student's module that the reference answers.
        asks_again: whether to see that an answer stays the same; what earns nothing need not.
        shares: whether other checks may use the same worker.
    """

    changed: tuple[str, ...] = ()
    """Names of the arguments that the latest call changed, such as ``dh`` or ``params.Whh``."""

    def __init__(
        self,
        run: CheckRun,
        check: str = "",
        substitutes: Mapping[str, Substitute] = NO_SUBSTITUTES,
        *,
        asks_again: bool = True,
        shares: bool = False,
    ) -> None:
        self._run = run
        self._check = check
        self._substitutes = substitutes
        self._asks_again = asks_again
        self._shares = shares
        self.shared = False  # whether other checks have used its worker
        self.well = True  # whether it was left as it should be
        self._settled = False  # whether whatever was asked last has been answered, each time in the same way
        self._module: StudentModule | None = None
        self._first: dict[str, Call] = {}  # by function: what this check asked first
        self._more: set[str] = set()  # functions that it asked more

    def __getattr__(self, name: str) -> Callable[..., Any]:
        parameters = self._run.exercise.parameters.get(name)
        if parameters is None:
            raise AttributeError(f"{name} is not one of this exercise's functions")

        def call(*arguments: Any, **named: Any) -> Any:
            rest = parameters[len(arguments) :][: len(named)]  # a student may name parameters freely
            if set(named) != set(rest):
                left = ", ".join(parameters[len(arguments) :])
                raise TypeError(f"{name} takes {left} after {len(arguments)} arguments")
            return self._call(name, (*arguments, *(named[parameter] for parameter in rest)))

        return call

    def _call(self, function: str, arguments: tuple[Any, ...]) -> Any:
        run = self._run
        module = self._module = self._module or self._open(function)
        well, self.well = self.well and (not self.shared or function in run.proven), False
        self._settled = False
        try:
            answer = module.call(function, arguments, self._substitutes)
        except SubmissionFault:
            run.unanswered[self._check] = Call(self._check, function, arguments, Answer())
            raise
        if not self._substitutes:
            run.keep(Call(self._check, function, arguments, answer))
        self._settled = not (answer.raised and answer.raised.type_name == "MemoryError")
        if answer.not_written and answer.raised and not answer.raised.text:
            text = f"`{function}` is not written yet."
            raise NotWritten(text, gist=text)
        limits, name = run.exercise.file.limits, run.source.name
        problem = messages.no_value(function, answer, name, module.stopped, limits.memory_bytes)
        if problem:
            raise SubmissionFault(problem, gist="" if answer.missing != "" else problem)
        if self._asks_again:
            kept = answer if answer.said else dataclasses.replace(answer, value=_sampled(answer.value))
            self._ask_again(module, Call(self._check, function, arguments, kept))
        call = Call(self._check, function, arguments, answer)
        self.changed = call.changed(run.exercise.parameters[function])
        self.well = well and not self.changed
        run.changed.update((function, name) for name in self.changed)
        return answer.value

    def _open(self, function: str) -> StudentModule:
        """Return the worker that is shared; a clean one for a function that was not right in one before."""
        run, shared = self._run, self._run.shared
        if self._shares and shared and not run.load_error and (shared.failed or function in run.proven):
            self.shared = True
            shared.worker.forget_output()
            return shared
        return StudentModule(run)

    def stands(self, *, passed: bool) -> bool:
        """Say whether an outcome is what it would be in a clean worker.

        A check passes only where all others did. Where code keeps nothing, one that fails fails anywhere.
        """
        if not self.shared or not self._module:
            return True
        if passed:
            return self.well and not self._module.failed
        return self._fails_anywhere(self._module)

    def _fails_anywhere(self, module: StudentModule) -> bool:
        return self._settled and module.worker.stateless and not module.printed

    def _ask_again(self, module: StudentModule, asked: Call) -> None:
        """Repeat a question, and the first of all checks, and compare: a right answer stays the same.

        An answer that counts calls, reads the clock or remembers the process gives itself away. How long an
        answer takes changes nothing: it would be another time on another machine.
        """
        run, function = self._run, asked.function
        earliest = run.first_asked.setdefault((function, *self._substitutes), asked)
        if function in self._first:
            self._more.add(function)
        else:
            self._first[function] = asked
            if earliest is not asked:
                self._expect(module, earliest)
            if not self._substitutes:
                run.places[function] = (*run.places.get(function, ()), module.number)
        self._expect(module, asked)

    def _expect(self, module: StudentModule, asked: Call) -> None:
        """Ask what was answered before; raises SubmissionFault if the answer is another one now."""
        self._settled = False
        if self._run.asks_again and not module.repeats(asked, self._substitutes):
            self._run.nondeterministic.add(asked.function)
            text = messages.NONDETERMINISTIC.format(asked.function)
            raise SubmissionFault(text, gist=text)
        self._settled = True

    def ask_first_again(self) -> None:
        """Ask once more, after all others, what a check asked first; SubmissionFault if answers differ."""
        for function, asked in self._first.items():
            if self._module and function in self._more:
                self._expect(self._module, asked)

    def finish(self, *, passed: bool = False) -> str:
        """End the worker, or leave it to the next check; return what the student's code printed, as it is."""
        run, module = self._run, self._module
        if module is None:
            printed, run.load_output = run.load_output, ""
            return printed
        module.failed = not passed
        module.printed = module.printed or bool(module.worker.output())
        if self._shares and (self.well if passed else self._fails_anywhere(module)):
            run.share(module)
            run.proven.update([next(iter(self._first))] if passed and not self.shared else [])
        else:
            run.share(None)
            module.worker.end(wait=False)
        return module.worker.output()


def _sampled(value: Any) -> Any:
    """Return a value with a sample in the place of each array that is too large to be kept."""

    def sample(leaf: Any) -> Any:
        large = isinstance(leaf, np.ndarray) and leaf.size > SAMPLE
        return (leaf.shape, leaf.ravel()[:: leaf.size // SAMPLE + 1].copy()) if large else leaf

    return map_leaves(value, sample)


def same_value(value: Any, other: Any) -> bool:
    """Whether a function's answers to one question agree, up to rounding; NaN agrees with NaN."""
    if isinstance(value, np.ndarray) and isinstance(other, np.ndarray):
        return value.shape == other.shape and np.allclose(value, other, rtol=1e-9, atol=1e-12, equal_nan=True)
    if isinstance(value, np.ndarray) or isinstance(other, np.ndarray):
        return False
    if isinstance(value, tuple | list) and isinstance(other, tuple | list):
        return len(value) == len(other) and all(map(same_value, value, other))
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(same_value(value[key], other[key]) for key in value)
    return bool(value == other) or (value != value and other != other)
