"""Runs the code of questions: in a worker, confined like an exercise, whoever wrote it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from grader.sandbox.worker import Pool, Worker

SECONDS = 3.0
BUDGET = (256 * 2**20, 10)
TEST = "\n\nimport numpy as np\n\n\ndef test_{}():\n    return {}\n"
T = TypeVar("T")


class CodeRunner:
    """Runs what questions hold and what learners write into them.

    Workers start with the first code, since few questions hold any: what they need is imported then.
    """

    def __init__(
        self, confinement: str, stack: contextlib.ExitStack, before_code: Callable[[], None]
    ) -> None:
        self._confinement, self._stack, self._before_code = confinement, stack, before_code
        self._pool: Pool | None = None
        self._wanted: dict[tuple[str, tuple[str, ...]], list[Any] | None] = {}

    def passes(self, code: str, solution: str, tests: tuple[str, ...]) -> bool:
        """Whether code returns, in every test, what the solution returns."""
        from grader.checks.student import same_value

        calls = "".join(TEST.format(number, test) for number, test in enumerate(tests))

        def results(worker: Worker) -> list[Any] | None:
            values = []
            for number in range(len(tests)):
                answer = worker.call(f"test_{number}", (), SECONDS)
                if answer.raised or answer.missing is not None or answer.unsendable:
                    return None
                values.append(answer.value)
            return values

        if (solution, tests) not in self._wanted:
            self._wanted[solution, tests] = self._run(f"{solution}{calls}", results)
        wanted = self._wanted[solution, tests]
        if wanted is None or (got := self._run(f"{code}{calls}", results)) is None:
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
            self._pool = self._stack.enter_context(open_pool(self._confinement))
        worker = self._pool.open(BUDGET)
        try:
            loads = worker.load("question", "question.py", code.encode(), SECONDS) is None
            return ask(worker) if loads else None
        except (TimeUp, WorkerEnded, ProtocolError):
            return None
        finally:
            worker.dismiss()


@contextlib.contextmanager
def lazy_runner(
    confinement: str = "best", before_code: Callable[[], None] = lambda: None
) -> Iterator[CodeRunner]:
    """Offer to run the code of questions.

    Args:
        confinement: ``required``, ``best`` or ``none``.
        before_code: is called once, before the first code runs.
    """
    with contextlib.ExitStack() as stack:
        yield CodeRunner(confinement, stack, before_code)
