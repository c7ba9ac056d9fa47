"""Runs the code of questions: in a worker, confined like an exercise, whoever wrote it."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from grader.quiz.questions.base import Runner
from grader.sandbox.worker import Patience, Pool, ProtocolError, Seconds, TimeUp, Worker, WorkerEnded

MEMORY = 256 * 2**20
PATIENT, HURRIED = 3, 1  # seconds of processor time that one run may take
PATIENT_SECONDS = 10.0  # of a submission; from then on each run is a hurried one
SUBMISSION_SECONDS = 30.0  # of processor time for marking a submission, on both sides
TEST = "\n\nimport numpy as np\n\n\ndef test_{}():\n    return {}\n"
TOO_LONG = (
    f"not marked: the answers before it took {SUBMISSION_SECONDS:g} seconds of processor time, or slept for "
    f"{Patience().left:g}, which is all there is"
)
T = TypeVar("T")


class CodeRunner(contextlib.ExitStack):
    """Runs what questions hold and what learners write into them, within ``with``.

    Workers start with the first code, since few questions hold any: what they need is imported then, and
    ``before_code`` is called. Without a pool, it starts one.
    """

    def __init__(
        self,
        confinement: str = "best",
        before_code: Callable[[], None] = lambda: None,
        pool: Pool | None = None,
    ) -> None:
        super().__init__()
        self._confinement, self._before_code, self._pool = confinement, before_code, pool
        self.limit = PATIENT  # seconds of processor time that each of the coming runs may take
        self.patience = Patience()  # with runs that sleep or wait
        self.seconds = 0.0  # of processor time that code of learners has taken so far
        self._wanted: dict[tuple[str, tuple[str, ...]], list[Any]] = {}

    def passes(self, code: str, solution: str, tests: tuple[str, ...]) -> bool:
        """Whether code returns, in every test, what the solution returns."""
        from grader.checks.student import same_value

        calls = "".join(TEST.format(number, test) for number, test in enumerate(tests))

        def results(worker: Worker) -> list[Any] | None:
            values = []
            for number in range(len(tests)):
                with self._timed(worker) as limit:
                    answer = worker.call(f"test_{number}", (), limit)
                if answer.raised or answer.missing is not None or answer.unsendable:
                    return None
                values.append(answer.value)
            return values

        if (wanted := self._wanted.get((solution, tests))) is None:
            before, self.limit = (self.limit, self.seconds), PATIENT  # it is for everybody, so in no hurry
            right = f"{solution}{calls}"
            wanted = self._run(right, results) or self._run(right, results)  # it may have been the machine
            self.limit, self.seconds = before
            if wanted is None:
                return False
            self._wanted[solution, tests] = wanted
        got = self._run(f"{code}{calls}", results)
        return got is not None and all(map(same_value, got, wanted))

    def printed(self, code: str) -> str | None:
        """Return what a program prints; None if it does not come to its end."""
        return self._run(code, lambda worker: worker.output())

    @contextlib.contextmanager
    def _timed(self, worker: Worker) -> Iterator[Seconds]:
        try:
            with self.patience.bounding(worker, self.limit) as limit:
                yield limit
        finally:
            self.seconds += worker.used.processor

    def _run(self, code: str, ask: Callable[[Worker], T | None]) -> T | None:
        """Ask something of a worker that has run the code; None if either does not come to its end."""
        from grader.sandbox.pool import open_pool

        if self._pool is None:
            self._before_code()
            self._pool = self.enter_context(open_pool(self._confinement))
        worker = self._pool.open((MEMORY, self.limit))
        try:
            with self._timed(worker) as limit:
                faults = worker.load("question", "question.py", code.encode(), limit)
            return None if faults else ask(worker)
        except (TimeUp, WorkerEnded, ProtocolError):
            return None
        finally:
            worker.end(wait=False)


class Refused(Exception):
    """An answer earns nothing, whatever it is, or because there is no time left; the sentence says why."""


class SubmissionRunner:
    """Runs the code of one submission: the same only once, and all of it within a total time."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        # Any other one runs no processes whose time would count.
        self._timed = runner if isinstance(runner, CodeRunner) else CodeRunner()
        self._timed.patience = Patience()
        self._found: dict[tuple[str, str, tuple[str, ...]], bool] = {}
        self._began = time.process_time() + self._timed.seconds

    def require_time(self) -> float:
        """Return the processor time that was taken, on our side and by code; Refused if none is left."""
        taken = time.process_time() + self._timed.seconds - self._began
        if self._timed.patience.left <= 0 or taken > SUBMISSION_SECONDS:
            raise Refused(TOO_LONG)
        return taken

    def passes(self, code: str, solution: str, tests: tuple[str, ...]) -> bool:
        """Whether code returns, in every test, what the solution returns; Refused if no time is left."""
        key = code, solution, tests
        if key not in self._found:
            self._timed.limit = HURRIED if self.require_time() > PATIENT_SECONDS else PATIENT
            self._found[key] = self._runner.passes(code, solution, tests)
        return self._found[key]
