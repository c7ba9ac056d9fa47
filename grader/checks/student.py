"""The fixture ``student``: looks like the student's module, calls it in a worker, explains what fails."""

from __future__ import annotations

import math
import re
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from grader.checks.report import Outcome
from grader.checks.source import Source
from grader.course import Exercise
from grader.sandbox import LOST
from grader.sandbox.protocol import ProtocolError
from grader.sandbox.text import clean
from grader.sandbox.worker import (
    KILLED,
    SERVER_FILE,
    Answer,
    Pool,
    Raised,
    Substitute,
    TimeUp,
    Worker,
    WorkerEnded,
)

SLOW_LOAD_SECONDS = 1.0
TRACER = Path(__file__).with_name("tracer.py")
OUT_OF_PROCESSOR_TIME = -24  # SIGXCPU
QUICK_SECONDS = 0.05  # calls that take longer are not repeated
MAX_NOTE, MAX_NOTE_LINES = 1000, 4
MAX_CALLS = 256  # that are kept for the diagnosis
FICKLE = "`{}` gives different answers to the same arguments; what does it depend on besides them?"
SECOND_CHANCE = 0.2  # share of a call's time that a function gets once it has hung
SIGNALS: dict[int, str] = {
    signal.SIGSEGV: "a segmentation fault",
    signal.SIGABRT: "an abort",
    signal.SIGFPE: "an arithmetic fault",
    signal.SIGILL: "an illegal instruction",
}
MATMUL = re.compile(r"matmul: Input operand 1 .*\(size (\d+) is different from (\d+)\)")
NOTHING_LENT: Mapping[str, Substitute] = MappingProxyType({})


Progress = Callable[[str, str], None]
"""Hears, several times a second while a call runs, the function's name and the line it printed last."""


class SubmissionFault(Exception):
    """The student's code did not give an answer; the text is for the student."""


class NotWritten(SubmissionFault):
    """The student has not begun this function."""


@dataclass(frozen=True)
class Call:
    """One question that a check asked, and what the student's function said.

    Args:
        arguments: as the check gave them, in the order of the function's parameters.
    """

    check: str
    function: str
    arguments: tuple[Any, ...]
    answer: Answer
    attempt: Attempt | None = field(default=None, repr=False, compare=False)

    def broadcasts(self) -> list[Broadcast]:
        """Ask once more, with arrays that note where two shapes become a third."""
        return self.attempt.trace(self) if self.attempt else []


@dataclass(frozen=True)
class Broadcast:
    """A line of the student's file where shapes broadcast into one that none of them had."""

    line: int
    source: str
    given: tuple[tuple[int, ...], ...]
    made: tuple[int, ...]


class Attempt:
    """One submission under one exercise's checks: its source, its time, and what was noticed on the way."""

    def __init__(
        self, exercise: Exercise, source: Source, pool: Pool, progress: Progress | None = None
    ) -> None:
        self.exercise = exercise
        self.source = source
        self._progress = progress
        self._used = dict(zip((one.file.module for one in exercise.used), source.used, strict=False))
        self.notes: dict[str, None] = {}  # an ordered set
        self.confinement: tuple[str, ...] = ()
        self.seconds = 0.0  # that its checks took
        self.changed: dict[str, set[str]] = {}  # function: arguments that a call changed
        self.calls: list[Call] = []  # with the student's functions alone, none of them lent
        self.unanswered: dict[str, Call] = {}  # by the check's name: it hung or ended the process
        self.outcomes: dict[str, Outcome] = {}  # by the check's name, as far as they have run
        self.foundations: dict[str, tuple[str, ...]] = {}
        """Of failed checks: the functions of earlier exercises that may be to blame."""
        self.fickle: set[str] = set()  # functions that answered the same question in two ways
        self._earlier: dict[tuple[str, ...], tuple[Any, Any]] = {}  # function, lent ones: question, answer
        self._pool = pool
        self._left = exercise.file.limits.exercise_seconds
        self._hung: set[str] = set()
        self._hopeless = source.problem
        self._printed = ""

    def open(self) -> tuple[Worker, Raised | None]:
        """Start a worker and load the source; return it with what stopped the file half-way, if anything.

        Raises:
            SubmissionFault: the source cannot be loaded at all. Later checks are told so at once.
            WorkerBroken: no worker could be had.
        """
        if self._hopeless:
            raise SubmissionFault(self._hopeless)
        limits = self.exercise.file.limits
        worker = self._pool.open((limits.memory_bytes, math.ceil(limits.exercise_seconds)))
        self.confinement = worker.layers
        spoilt = self._load_used(worker)
        if spoilt:  # that worker is gone; another one goes without the file that ended it
            self._used[spoilt] = Source(f"{spoilt}.py", problem="cannot be loaded")
            worker.end()
            return self.open()
        try:
            return worker, self._load(worker)
        except SubmissionFault as fault:
            self._hopeless = str(fault)
            worker.end()
            self._printed = worker.output()
            raise

    def _load_used(self, worker: Worker) -> str:
        """Load the student's modules that this one builds on; return the first that ends the worker.

        A file that is missing, or stops half-way, leaves a module with what was defined before.
        """
        for module, source in self._used.items():
            limit = min(self.exercise.file.limits.load_seconds, self.left())
            started = time.monotonic()
            try:
                worker.load(module, source.name, source.data, limit)
            except (TimeUp, WorkerEnded, ProtocolError):
                self.note(f"{source.name} ends or hangs while it is loaded, and was left out")
                return module
            finally:
                self._left -= time.monotonic() - started
        return ""

    def _load(self, worker: Worker) -> Raised | None:
        limit = self.exercise.file.limits.load_seconds
        name, started = self.source.name, time.monotonic()
        module = self.exercise.file.module
        try:
            stopped = worker.load(module, name, self.source.data, min(limit, self.left()))
        except TimeUp:
            raise SubmissionFault(
                f"{name} was still running after {limit:g} s, before any function was called, and was "
                'stopped; put experiments under `if __name__ == "__main__":`'
            ) from None
        except WorkerEnded as ended:
            raise SubmissionFault(f"{name} {_ending(ended.status)} while it was loaded") from None
        except ProtocolError:
            raise SubmissionFault(f"{name} writes to the grader's own channel while it is loaded") from None
        finally:
            self._left -= time.monotonic() - started
        if stopped and stopped.kind == "syntax":
            raise SubmissionFault(_unreadable(stopped, name))
        self._notice(stopped, time.monotonic() - started)
        return stopped

    def _notice(self, stopped: Raised | None, seconds: float) -> None:
        name = self.source.name
        if seconds > SLOW_LOAD_SECONDS:
            self.note(
                f"{name} takes {seconds:.0f} s to load, and every check loads it; put experiments under "
                '`if __name__ == "__main__":`'
            )
        if stopped:
            self.note(f"{_stopping(stopped, name)} What was defined before that is graded.")

    def printed_before_a_failure(self) -> str:
        """Return what the file printed while it could not be loaded; only once."""
        printed, self._printed = self._printed, ""
        return printed

    def note(self, sentence: str) -> None:
        """Remember a sentence about the submission as a whole, once, and in few lines."""
        lines = clean(sentence, MAX_NOTE).splitlines()
        self.notes["\n".join(lines[:MAX_NOTE_LINES])] = None

    def left(self) -> float:
        """Return the time left for this exercise, in seconds, above 0.

        Raises:
            SubmissionFault: there is none.
        """
        if self._left <= 0:
            total = self.exercise.file.limits.exercise_seconds
            raise SubmissionFault(f"not run: the {total:g} s for all checks of this exercise are used up")
        return self._left

    def call(self, worker: Worker, function: str, arguments: Any, lent: Mapping[str, Substitute]) -> Answer:
        """Call one function within its time.

        Raises:
            SubmissionFault: it hung, ended the process, or spoke out of turn.
        """
        limit = self.exercise.file.limits.call_seconds * (SECOND_CHANCE if function in self._hung else 1)
        started = time.monotonic()
        progress = self._progress
        worker.listener = (lambda printed: progress(function, printed)) if progress else None
        try:
            return worker.call(function, arguments, min(limit, self.left()), lent)
        except TimeUp:
            self._hung.add(function)
            ran = time.monotonic() - started
            raise SubmissionFault(
                f"`{function}` ran for {ran:.0f} s and was stopped; does a loop never end?"
            ) from None
        except WorkerEnded as ended:
            raise SubmissionFault(f"`{function}` {_ending(ended.status)}") from None
        except ProtocolError:
            raise SubmissionFault(f"`{function}` writes to the grader's own channel") from None
        finally:
            self._left -= time.monotonic() - started

    def ask_again(
        self,
        worker: Worker,
        function: str,
        arguments: Any,
        lent: Mapping[str, Substitute],
        value: Any,
        *,
        first: bool,
    ) -> None:
        """Repeat a question, and one of an earlier check, and compare: a right answer stays the same.

        An answer that counts calls, reads the clock or remembers the process gives itself away.

        Args:
            first: whether this is the worker's first question to the function; only then is the earlier one
                repeated as well.

        Raises:
            SubmissionFault: the answers differ.
        """
        asked = arguments, value
        before = self._earlier.setdefault((function, *lent), asked)
        for question, answer in (asked, before) if first and before is not asked else (asked,):
            with worker.muted():
                again = self.call(worker, function, question, lent)
            if again.raised or not same_value(again.value, answer):
                self.fickle.add(function)
                raise SubmissionFault(FICKLE.format(function))

    def trace(self, call: Call) -> list[Broadcast]:
        """Find where a call broadcasts two shapes into a third, in a worker of its own; empty if it fails."""
        text = f"{TRACER.read_text(encoding='utf-8')}\nstudent = sys.modules[{self.exercise.file.module!r}]\n"
        try:
            worker, _ = self.open()
        except SubmissionFault:
            return []
        seconds = min(self.exercise.file.limits.call_seconds * SECOND_CHANCE, self._left)
        try:
            worker.load("tracer", TRACER.name, text.encode(), seconds)
            answer = worker.call("trace", (call.function, *call.arguments), seconds)
        except (TimeUp, WorkerEnded, ProtocolError):
            return []
        finally:
            worker.dismiss()
        return read_broadcasts(answer.value)


class Student:
    """One check's view of the submission: ``student.rnn_forward(xs, h0, params)`` calls it in a worker.

    A worker is started at the first call and serves this check alone.
    """

    changed: tuple[str, ...] = ()
    """Names of the arguments that the latest call changed, such as ``dh`` or ``params.Whh``."""

    def __init__(
        self, attempt: Attempt, lent: Mapping[str, Substitute] = NOTHING_LENT, check: str = ""
    ) -> None:
        self._attempt = attempt
        self._check = check
        self._lent = lent
        self._worker: Worker | None = None
        self._stopped: Raised | None = None
        self._asked = set[str]()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in self._attempt.exercise.parameters:
            raise AttributeError(f"{name} is not one of this exercise's functions")

        def call(*arguments: Any, **named: Any) -> Any:
            return self._call(name, (*arguments, *self._positional(name, len(arguments), named)))

        return call

    def _positional(self, function: str, given: int, named: dict[str, Any]) -> list[Any]:
        """A student may name parameters freely, so they are always passed by position."""
        rest = self._attempt.exercise.parameters[function][given:]
        if set(named) != set(rest[: len(named)]):
            raise TypeError(f"{function} takes {', '.join(rest)} after {given} arguments")
        return [named[name] for name in rest[: len(named)]]

    def _call(self, function: str, arguments: tuple[Any, ...]) -> Any:
        if self._worker is None:
            self._worker, self._stopped = self._attempt.open()
        started = time.monotonic()
        try:
            answer = self._attempt.call(self._worker, function, arguments, self._lent)
        except SubmissionFault:
            self._attempt.unanswered[self._check] = Call(self._check, function, arguments, Answer())
            raise
        if not self._lent and len(self._attempt.calls) < MAX_CALLS:
            self._attempt.calls.append(Call(self._check, function, arguments, answer, self._attempt))
        self._refuse(function, answer)
        if time.monotonic() - started < QUICK_SECONDS:
            first = function not in self._asked
            self._asked.add(function)
            self._attempt.ask_again(self._worker, function, arguments, self._lent, answer.value, first=first)
        names = self._attempt.exercise.parameters[function]
        self.changed = tuple(
            ".".join((names[int(first)] if first.isdecimal() and int(first) < len(names) else first, *rest))
            for first, *rest in answer.changed
            if first
        )
        self._attempt.changed.setdefault(function, set()).update(self.changed)
        return answer.value

    def _refuse(self, function: str, answer: Answer) -> None:
        """Raise SubmissionFault unless the answer holds a value."""
        if answer.not_written and answer.raised and not answer.raised.text:
            raise NotWritten(f"`{function}` is not written yet.")
        if answer.missing is not None:
            raise SubmissionFault(self._missing(function, answer.missing))
        if answer.unsendable:
            raise SubmissionFault(f"what `{function}` returns cannot be graded: {answer.unsendable}")
        if answer.raised:
            trace = _trace(answer.raised, self._attempt.source.name)
            why = self._why(answer.raised)
            raise SubmissionFault(f"`{function}` raises {_named(answer.raised)}{why}{trace}")

    def _why(self, raised: Raised) -> str:
        """Say what an exception means here, where it has a usual cause or the grader's limits made it."""
        limits = self._attempt.exercise.file.limits
        if "could not be broadcast together" in raised.text and raised.frames and "*" in raised.frames[-1][2]:
            return "\n(* multiplies entry by entry; @ adds up along the axis that two matrices share)"
        return {
            "MemoryError": f"\n(a check may use {limits.memory_bytes // 2**20} MB)",
            "ModuleNotFoundError": "\n(NumPy and most of the standard library are there, and nothing else)",
            "PermissionError": "\n(files, processes and the network are out of reach here)",
        }.get(raised.type_name, "")

    def _missing(self, function: str, found: str) -> str:
        name = self._attempt.source.name
        if found:
            return f"`{function}` is no function but an object of type {found}; is the name used twice?"
        if self._stopped:
            return f"`{function}` is not defined. {_stopping(self._stopped, name)}"
        return f"{name} defines no function `{function}`; is it spelt differently or indented?"

    def finish(self) -> str:
        """End the worker; return what the student's code printed, as it is."""
        if self._worker is None:
            return self._attempt.printed_before_a_failure()
        self._worker.dismiss()
        return self._worker.output()


def same_value(one: Any, other: Any) -> bool:
    """Whether two answers agree, up to rounding; NaN agrees with NaN."""
    if isinstance(one, np.ndarray) != isinstance(other, np.ndarray):
        return False
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.shape == other.shape and np.allclose(one, other, rtol=1e-9, atol=1e-12, equal_nan=True)
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(map(same_value, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_value(one[key], other[key]) for key in one)
    return bool(one == other) or (one != one and other != other)


def read_broadcasts(notes: Any) -> list[Broadcast]:
    """Read the notes that a worker took; what is no such note is left out, since it may say anything."""
    found = [_broadcast(note) for note in notes] if isinstance(notes, list) else []
    return [one for one in found if one is not None]


def _broadcast(note: Any) -> Broadcast | None:
    match note:
        case (int(line), str(source), tuple(given), tuple(made)) if all(map(_shape, (*given, made))):
            return Broadcast(line, clean(source, 200), given, made)
    return None


def _shape(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(size, int) and size < 2**31 for size in value)


# --- sentences ----------------------------------------------------------------------------------------


def shown(output: str) -> str:
    """Clean what was printed; a warning may also name the file that called the student's function: ours."""
    return clean(output.replace(SERVER_FILE, "the grader"))


def _ending(status: int) -> str:
    if status == LOST:
        return "closed its connection to the grader or was killed"
    if status >= 0:
        return f"ended the whole process with exit status {status} instead of returning"
    if status == OUT_OF_PROCESSOR_TIME:
        return "used up its processor time and was stopped"
    if status == KILLED:
        return "closed its connection to the grader or was killed"
    return f"crashed with {SIGNALS.get(-status, f'signal {-status}')}"


def _named(raised: Raised) -> str:
    text = MATMUL.sub(
        r"@ needs as many columns on its left as rows on its right, but got \2 and \1", raised.text.strip()
    )
    return f"{raised.type_name}: {text}" if text else raised.type_name


def _unreadable(raised: Raised, name: str) -> str:
    if raised.type_name in ("UnicodeDecodeError", "LookupError") or "encoding" in raised.text:
        return f"{name} cannot be read as text; save it as UTF-8 ({raised.text})"
    return f"{name} is not Python yet: {_named(raised)}{_trace(raised, name)}"


def _stopping(raised: Raised, name: str) -> str:
    line = f"line {raised.frames[0][0]}" if raised.frames else "an unknown line"
    what = "a call of sys.exit" if raised.kind == "exit" else _named(raised)
    return f"{name} stops at {line}: {what}."


def _trace(raised: Raised, name: str) -> str:
    lines = [
        f"\n  {name}, line {line}{f', in {function}' if function else ''}: {source}"
        for line, function, source in raised.frames
        if line
    ]
    return "".join(lines)
