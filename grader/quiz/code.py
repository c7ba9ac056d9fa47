"""Runs the code of questions: in a worker, confined like an exercise, whoever wrote it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from grader.quiz.questions.base import Runner

if TYPE_CHECKING:
    from grader.sandbox.worker import Pool, Worker


class Limits(NamedTuple):
    """What one run may take.

    Args:
        processor: seconds of processor time.
        clock: seconds of a call, far more, for code that sleeps.
    """

    processor: int
    clock: float


MEMORY = 256 * 2**20
PATIENT, HURRIED = Limits(3, 20.0), Limits(1, 4.0)
PATIENT_SECONDS = 10.0  # of a submission; from then on each run is a hurried one
SUBMISSION_SECONDS = 30.0  # of marking a submission, on both sides; what is left then earns nothing
TEST = "\n\nimport numpy as np\n\n\ndef test_{}():\n    return {}\n"
TOO_LONG = f"not marked: the answers before it took {SUBMISSION_SECONDS:g} seconds, which is all there is"
T = TypeVar("T")


class CodeRunner(contextlib.ExitStack):
    """Runs what questions hold and what learners write into them, within ``with``.

    Workers start with the first code, since few questions hold any: what they need is imported then.

    Args:
        confinement: ``required``, ``best`` or ``none``.
        before_code: is called once, before the first code runs.

    Attributes:
        limits: of the coming runs.
        seconds: that code of learners has run so far.
    """

    def __init__(self, confinement: str = "best", before_code: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self._confinement, self._before_code = confinement, before_code
        self.limits, self.seconds = PATIENT, 0.0
        self._pool: Pool | None = None
        self._wanted: dict[tuple[str, tuple[str, ...]], list[Any]] = {}

    def passes(self, code: str, solution: str, tests: tuple[str, ...]) -> bool:
        """Whether code returns, in every test, what the solution returns."""
        from grader.checks.student import same_value

        calls = "".join(TEST.format(number, test) for number, test in enumerate(tests))

        def results(worker: Worker) -> list[Any] | None:
            values = []
            for number in range(len(tests)):
                answer = worker.call(f"test_{number}", (), self.limits.clock)
                if answer.raised or answer.missing is not None or answer.unsendable:
                    return None
                values.append(answer.value)
            return values

        if (wanted := self._wanted.get((solution, tests))) is None:
            limits, self.limits = self.limits, PATIENT  # it is for everybody, so in no hurry
            right = f"{solution}{calls}"
            wanted = self._run(right, results) or self._run(right, results)  # it may have been the machine
            self.limits = limits
            if wanted is None:
                return False
            self._wanted[solution, tests] = wanted
        began = time.monotonic()
        got = self._run(f"{code}{calls}", results)
        self.seconds += time.monotonic() - began
        if got is None:
            return False
        return all(same_value(value, other) for value, other in zip(got, wanted, strict=True))

    def printed(self, code: str) -> str | None:
        """Return what a program prints; None if it does not come to its end."""
        return self._run(code, lambda worker: worker.output())

    def _run(self, code: str, ask: Callable[[Worker], T | None]) -> T | None:
        """Ask something of a worker that has run the code; None if either does not come to its end."""
        from grader.sandbox.pool import open_pool
        from grader.sandbox.worker import ProtocolError, TimeUp, WorkerEnded

        if self._pool is None:
            self._before_code()
            self._pool = self.enter_context(open_pool(self._confinement))
        worker = self._pool.open((MEMORY, self.limits.processor))
        try:
            loads = worker.load("question", "question.py", code.encode(), self.limits.clock) == ()
            return ask(worker) if loads else None
        except (TimeUp, WorkerEnded, ProtocolError):
            return None
        finally:
            worker.dismiss()


class OutOfTime(Exception):
    """A submission has had all the time there is for marking it; the sentence says so."""


class SubmissionRunner:
    """Runs the code of one submission: the same only once, and all of it within a total time.

    Args:
        runner: runs the code.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._found: dict[tuple[str, str, tuple[str, ...]], bool] = {}
        self._began = self._clock()

    def _clock(self) -> float:
        """Return seconds of processor time on our side, and of code that ran on the other."""
        return time.process_time() + (self._runner.seconds if isinstance(self._runner, CodeRunner) else 0.0)

    def require_time(self) -> None:
        """Raise OutOfTime if none is left."""
        if self._clock() - self._began > SUBMISSION_SECONDS:
            raise OutOfTime(TOO_LONG)

    def passes(self, code: str, solution: str, tests: tuple[str, ...]) -> bool:
        """Whether code returns, in every test, what the solution returns.

        Raises:
            OutOfTime: as :meth:`require_time`.
        """
        key = code, solution, tests
        if key not in self._found:
            self.require_time()
            if isinstance(self._runner, CodeRunner):
                hurry = self._clock() - self._began > PATIENT_SECONDS
                self._runner.limits = HURRIED if hurry else PATIENT
            self._found[key] = self._runner.passes(code, solution, tests)
        return self._found[key]

    def printed(self, code: str) -> str | None:
        """Return what a program prints; None if it does not come to its end."""
        return self._runner.printed(code)
