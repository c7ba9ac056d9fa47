"""Helpers of tests in several rooms."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple, Protocol

import pytest

from grader.authoring import leaks
from grader.checks.report import Report
from grader.cli import main
from grader.course import Course
from grader.sandbox.pool import ConfinedWorker
from grader.sandbox.worker import Answer, Seconds


class Ran(NamedTuple):
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


def run_main(capsys: pytest.CaptureFixture[str]) -> Ran:
    """Run the command that ``sys.argv`` names, in this process; a traceback is no way to end."""
    code: object = 0
    try:
        main()
    except SystemExit as stopped:
        code = stopped.code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    return Ran(int(str(code or 0)), captured.out, captured.err)


class Run(Protocol):
    """What the fixture ``run`` is: runs a command in this process, inside a copy of the tiny course."""

    def __call__(self, *arguments: str, typed: str | None = None) -> Ran: ...


def solve(
    course: Course,
    function: str = "return 2 * x",
    scale: str = "return pair.factor * double(x) + pair.offset",
) -> None:
    """Write a submission into the tiny course's own exercises."""
    path = course["exercise-1"].stub_path
    text = path.read_text(encoding="utf-8")
    for body in (function, scale):
        text = text.replace("raise NotImplementedError", body, 1)
    path.write_text(text, encoding="utf-8")


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text where it stands first in a file."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def messages(report: Report) -> str:
    """Return what all checks say."""
    return "\n".join(outcome.message for outcome in report.outcomes)


def limit_where(hangs: Callable[[str, object], bool], patch: pytest.MonkeyPatch) -> None:
    """Keep the time limit of calls that hang; all others get a minute, and no end of waiting.

    Args:
        hangs: is given the name of the function and its substitutes.
    """
    call = ConfinedWorker.call

    def patient(
        self: ConfinedWorker,
        function: str,
        arguments: Any,
        seconds: float | Seconds,
        substitutes: Any = None,
        before: Answer | None = None,
    ) -> Answer:
        limit = seconds if hangs(function, substitutes) else Seconds(60.0, 600.0)
        return call(self, function, arguments, limit, substitutes, before)

    patch.setattr(ConfinedWorker, "call", patient)


@contextlib.contextmanager
def unsearched() -> Iterator[None]:
    """Build hand-outs without looking for answers in them, which takes seconds; others are looked through."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("grader.authoring.leaks.secrets_of", lambda course: leaks.NOTHING)
        patch.setattr("grader.authoring.leaks.find_leaks", lambda *given: [])
        yield


def lines_run(call: Callable[[], object]) -> int:
    """Count the lines of Python that a call runs: a measure of its work that no load changes."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count
