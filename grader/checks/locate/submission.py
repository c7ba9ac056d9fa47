"""A student's file in a confined worker of its own, where its functions record what they compute."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from grader.checks.locate.cause import Rerun
from grader.checks.locate.trace import Malformed, Text, Trace, read_text, read_trace
from grader.checks.student import NO_ANSWER, Call, CheckRun
from grader.sandbox import recording
from grader.sandbox.values import Array
from grader.sandbox.worker import Worker

PROGRAM = Path(recording.__file__)


class RecordedSubmission:
    """A student's file in a worker of its own, where its functions record.

    Raises:
        Malformed: it cannot be parsed, or is too large to be followed.
    """

    def __init__(self, run: CheckRun, worker: Worker) -> None:
        self._run, self._worker, limits = run, worker, run.exercise.file.limits
        worker.load("recording", PROGRAM.name, PROGRAM.read_bytes(), limits.load_seconds)
        self.text: Text = read_text(self._call("parse", _bytes(run.source.data)))
        used = [part for module, source in run.used.items() for part in (module, _bytes(source.data))]
        self._call("begin", run.exercise.file.module, run.source.name, *used)

    def _call(self, function: str, *arguments: Any) -> Any:
        seconds = self._run.exercise.file.limits.call_seconds
        with self._run.patience.bounding(self._worker, seconds) as limit:
            return self._worker.call(function, arguments, limit).value

    def trace(self, call: Call, node: int = recording.RESULT, values: Sequence[Array] = ()) -> Trace:
        """Ask a question again and return what was recorded; raises Malformed.

        Args:
            node: whose values are replaced by others, one evaluation after the other.
        """
        report = self._call("record", call.function, node, tuple(values), *call.arguments)
        return read_trace(self.text, report)

    def rerun(self, call: Call) -> Rerun:
        """Return what asks a question again with a node's values replaced, and returns the results."""

        def results(node: int, values: Sequence[Array]) -> tuple[Array, ...] | None:
            with contextlib.suppress(Malformed, *NO_ANSWER):
                trace = self.trace(call, node, values)
                return None if trace.result is None else tuple(trace.values[n] for n in trace.result)
            return None

        return results


def _bytes(data: bytes) -> Any:
    return np.frombuffer(data, np.uint8)


@contextlib.contextmanager
def recorded_submission(run: CheckRun) -> Iterator[RecordedSubmission]:
    """Open a submission for recording; raises Malformed, or what a worker raises that gives no answer."""
    limits = run.exercise.file.limits
    worker = run.pool.open((limits.memory_bytes, int(limits.exercise_seconds) + 1))
    try:
        yield RecordedSubmission(run, worker)
    finally:
        worker.dismiss()
