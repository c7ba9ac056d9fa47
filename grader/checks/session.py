"""One submission in one run of an exercise's checks: its source, the time it has left, what was found."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from grader.checks.collection import Check
from grader.checks.report import Mismatch, Outcome, Status
from grader.checks.source import Source
from grader.course import Exercise
from grader.sandbox.text import clean
from grader.sandbox.worker import Answer, Pool

MAX_NOTE, MAX_NOTE_LINES = 1000, 4

Progress = Callable[[str, str], None]
"""Hears, several times a second while a call runs, the function's name and the line it printed last."""


class SubmissionFault(Exception):
    """The student's code did not give an answer; the text is for the student."""


class NotWritten(SubmissionFault):
    """The student has not begun this function."""


@dataclass(frozen=True)
class Call:
    """One call that a check made of a student's function, and the answer.

    Args:
        arguments: as the check gave them, in the order of the function's parameters.
        run: in which it was made.
    """

    check: str
    function: str
    arguments: tuple[Any, ...]
    answer: Answer
    run: CheckRun | None = field(default=None, repr=False, compare=False)


@dataclass
class Result:
    """What one check found, as far as is known yet; an :class:`Outcome` is made of it at the end."""

    check: Check
    status: Status
    message: str = ""
    output: str = ""
    seconds: float = 0.0
    diagnosis: str = ""
    mismatch: Mismatch | None = None
    excusable: bool = False  # whether a function of an earlier exercise may be to blame

    def outcome(self) -> Outcome:
        """Return the outcome."""
        return Outcome(
            check=self.check.name,
            title=self.check.title,
            function=self.check.function,
            status=self.status,
            credits=self.check.credits,
            message=clean(self.message, 4000),
            hidden=self.check.hidden,
            output=self.output,
            seconds=self.seconds,
            diagnosis=self.diagnosis,
            mismatch=self.mismatch,
        )


class CheckRun:
    """One submission in one run: all that is noticed while its checks run is kept here.

    Args:
        source: the student's file.
        pool: where workers come from.
        progress: hears what a running call has printed last.
    """

    def __init__(
        self, exercise: Exercise, source: Source, pool: Pool, progress: Progress | None = None
    ) -> None:
        self.exercise = exercise
        self.source = source
        self.pool = pool
        self.progress = progress
        self.used = dict(zip((lower.file.module for lower in exercise.used), source.used, strict=False))
        self.results: dict[str, Result] = {}  # by the check's name, as far as they have run
        self.seconds = 0.0  # that its checks took
        self.seconds_left = exercise.file.limits.exercise_seconds
        self.confinement: tuple[str, ...] = ()
        self.notes: dict[str, None] = {}  # an ordered set
        self.calls: list[Call] = []  # of the student's functions alone, none of them substituted
        self.unanswered: dict[str, Call] = {}  # by the check's name: it timed out or ended the process
        self.changed: dict[str, set[str]] = {}  # function: arguments that a call changed
        self.timed_out: set[str] = set()  # functions
        self.nondeterministic: set[str] = set()  # functions that answered one question in two ways
        self.first_answers: dict[tuple[str, ...], tuple[Any, Any]] = {}
        """By function and the names of substituted ones: arguments and value of the first call."""
        self.load_error = source.problem
        self.load_output = ""  # what the file printed before it could not be loaded

    def note(self, sentence: str) -> None:
        """Remember a sentence about the submission as a whole, once, and in few lines."""
        lines = clean(sentence, MAX_NOTE).splitlines()
        self.notes["\n".join(lines[:MAX_NOTE_LINES])] = None

    @contextlib.contextmanager
    def timed(self, seconds: float) -> Iterator[float]:
        """Give the time that a call may take, at most ``seconds``; what it takes is gone for the others.

        Raises:
            SubmissionFault: there is none left.
        """
        if self.seconds_left <= 0:
            total = self.exercise.file.limits.exercise_seconds
            raise SubmissionFault(f"not run: the {total:g} s for all checks of this exercise are used up")
        started = time.monotonic()
        try:
            yield min(seconds, self.seconds_left)
        finally:
            self.seconds_left -= time.monotonic() - started
