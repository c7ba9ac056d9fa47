"""Runs the code of questions: in a worker, confined like an exercise, whoever wrote it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from grader.checks.student import same_value
from grader.quiz.schema import Fix
from grader.sandbox.protocol import ProtocolError
from grader.sandbox.worker import Answer, Pool, TimeUp, Worker, WorkerEnded

SECONDS = 3.0
BUDGET = (256 * 2**20, 10)
TEST = "\n\nimport numpy as np\n\n\ndef test_{}():\n    return {}\n"
FAILED = object()


class CodeRunner:
    """Runs what questions hold and what learners write into them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._wanted: dict[Fix, list[Any]] = {}

    def passes(self, question: Fix, code: str) -> bool:
        """Whether mended code returns, in every test of its question, what the solution returns."""
        wanted = self._wanted.get(question)
        if wanted is None:
            wanted = self._wanted[question] = self.results(question, solved(question))
        got = self.results(question, code)
        return all(
            one is not FAILED and other is not FAILED and same_value(one, other)
            for one, other in zip(got, wanted, strict=True)
        )

    def results(self, question: Fix, code: str) -> list[Any]:
        """Return what each test returns on this code; ``FAILED`` where it returns nothing."""
        tests = "".join(TEST.format(number, test) for number, test in enumerate(question.tests))
        with self._loaded(f"{code}{tests}") as (worker, loaded):
            return [_call(worker, f"test_{n}") if loaded else FAILED for n in range(len(question.tests))]

    def printed(self, code: str) -> str | None:
        """Return what a program prints; None if it does not come to its end."""
        with self._loaded(code) as (worker, loaded):
            return worker.output() if loaded else None

    @contextlib.contextmanager
    def _loaded(self, code: str) -> Iterator[tuple[Worker, bool]]:
        """Open a worker that has run the code; say whether it came to its end."""
        worker = self._pool.open(BUDGET)
        try:
            yield worker, _loads(worker, code)
        finally:
            worker.dismiss()


def _loads(worker: Worker, code: str) -> bool:
    try:
        return worker.load("question", "question.py", code.encode(), SECONDS) is None
    except (TimeUp, WorkerEnded, ProtocolError):
        return False


def solved(question: Fix) -> str:
    """Return the code of a question with its faulty line mended."""
    lines = question.code.splitlines()
    lines[question.line - 1] = question.solution
    return "\n".join(lines) + "\n"


def _call(worker: Worker, name: str) -> Any:
    try:
        answer: Answer = worker.call(name, (), SECONDS)
    except (TimeUp, WorkerEnded, ProtocolError):
        return FAILED
    failed = answer.raised or answer.missing is not None or answer.unsendable
    return FAILED if failed else answer.value
