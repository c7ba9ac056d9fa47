"""The pytest plugin of the runner: gives checks their fixtures and turns what happens into outcomes."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import re
import time
import types
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.checks.report import Mismatch, Outcome, Status
from grader.checks.student import FICKLE, Attempt, Call, NotWritten, Student, SubmissionFault, shown
from grader.course import Exercise
from grader.numeric import Array, CheckFailed
from grader.sandbox.text import clean
from grader.sandbox.values import Named

MARKERS = (
    "credits(n): what the check is worth",
    "depends_on(check, ...): skip the check unless these passed",
    "lend(function, ...): if the check fails, run it again with these functions of the student's module "
    "answered by the reference, so that their faults do not count twice",
    "builds_on(function, ...): if the check fails while one of these functions of earlier exercises, such as "
    "exercise-5.rnn_backward, fails checks of its own, the outcome is skipped",
)


MAX_ENTRIES = 1000  # of an array that is shown entry by entry
RECORDED = "__recorded__"  # in a hand-out, the reference's name for what it answers from


class DependencyFailed(Exception):
    """A check that this one depends on did not pass; the text names it."""


class CheckPlugin:
    """Runs every check of one exercise against one attempt after the other, on the same inputs.

    Args:
        attempts: the submissions; outcomes are kept there.
        reference: the solution's module, loaded in this process.
        seed: of the run's random inputs.
        hidden_checks: file of the checks that are the instructor's alone.
        one_failure: skip all checks after the first that fails; one lost credit is all that is asked for.
    """

    def __init__(
        self,
        attempts: Sequence[Attempt],
        reference: types.ModuleType | types.SimpleNamespace,
        seed: int,
        hidden_checks: Path,
        *,
        one_failure: bool = False,
    ) -> None:
        self.found: dict[str, pytest.Function] = {}
        self.broken_files: list[str] = []
        self._attempts = attempts
        self._attempt = attempts[0]
        self._reference = reference
        self._recorded: Any = getattr(reference, RECORDED, None)
        self.seed = self._recorded.seed if self._recorded else seed
        self._hidden_checks = hidden_checks
        self._students: list[Student] = []
        self._one_failure = one_failure

    # -- fixtures --

    @pytest.fixture
    def student(self, request: pytest.FixtureRequest) -> Student:
        """The student's module, called in a worker of this check's own."""
        return self._open_student(request.node.name)

    @pytest.fixture
    def reference(self) -> types.ModuleType | types.SimpleNamespace:
        """The solution's module, in this process."""
        return self._reference

    @pytest.fixture
    def rng(self, request: pytest.FixtureRequest) -> np.random.Generator:
        """Random numbers of this run and this check: the order of checks does not matter."""
        return self._rng(request.node.name)

    def _open_student(self, check: str, *lent: str) -> Student:
        student = Student(self._attempt, {name: lender(self._reference, name) for name in lent}, check)
        self._students.append(student)
        return student

    def _rng(self, check: str, draw: int = 0) -> np.random.Generator:
        return np.random.default_rng([self.seed, zlib.crc32(check.encode()), *([draw] if draw else [])])

    # -- hooks --

    def pytest_configure(self, config: pytest.Config) -> None:
        for marker in MARKERS:
            config.addinivalue_line("markers", marker)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken_files.append(f"{report.nodeid}: {str(report.longrepr).strip().splitlines()[-1]}")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            if item.name in self.found or not isinstance(item, pytest.Function):
                self.broken_files.append(f"{item.nodeid}: a check's name should be used once")
            else:
                self.found[item.name] = item

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all items once for each attempt; collecting them takes longer than running them."""
        for attempt in self._attempts:
            self._attempt, started = attempt, time.perf_counter()
            for item, following in zip(session.items, [*session.items[1:], None], strict=True):
                session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            attempt.seconds = time.perf_counter() - started
        return True

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        outcomes = self._attempt.outcomes
        if self._one_failure and any(one.status == "failed" for one in outcomes.values()):
            raise DependencyFailed("not run: another check has failed already")
        for marker in item.iter_markers("depends_on"):
            for name in marker.args:
                if name not in outcomes:
                    raise LookupError(f"depends on {name}, which is no check that ran before it")
                if outcomes[name].status != "passed":
                    raise DependencyFailed(f"waits for “{outcomes[name].title}”")
        used = self._attempt.exercise.used
        for foundation in _foundations(item):
            exercise, _, function = foundation.partition(".")
            if not any(exercise == one.id and function in one.file.functions for one in used):
                raise LookupError(f"builds on {foundation}, which no exercise under `uses` has")

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Iterator[None]:
        """Run the check; keep its exception as an outcome instead of letting pytest format it."""
        started = time.perf_counter()
        error: BaseException | None = None
        try:
            yield
        except (Exception, pytest.fail.Exception, pytest.skip.Exception) as raised:
            error = self._second_run(pyfuncitem, raised)
        self._record(pyfuncitem, error, time.perf_counter() - started)
        return True  # type: ignore[return-value]  # pytest's word for "has been called"

    def _second_run(self, item: pytest.Function, first: BaseException) -> BaseException | None:
        """Run a failed check again with the functions that the reference lends to it, if any."""
        lent = [name for marker in item.iter_markers("lend") for name in marker.args]
        if not lent:
            return first
        second = self._run_again(item, self._open_student(item.name, *lent), self._rng(item.name))
        if second is None:
            return None
        if self._judge(item, second)[0] == "error":
            return second
        return (self._recorded and self._recorded.waits_for(lent, self._attempt.outcomes.values())) or first

    def _run_again(
        self, item: pytest.Function, student: Any, rng: np.random.Generator
    ) -> BaseException | None:
        """Run a check's function once more; return what it raises."""
        fresh: dict[str, Any] = {"student": student, "reference": self._reference, "rng": rng}
        wanted = inspect.signature(item.obj).parameters
        try:
            item.obj(**{name: fresh[name] for name in wanted})
        except (Exception, pytest.fail.Exception) as error:
            return error
        return None

    def ask_more(self, attempt: Attempt, check: str, draw: int) -> None:
        """Run a failed check's function on other inputs, for the sake of the questions that it asks."""
        self._attempt = attempt
        student = self._open_student(check)
        self._run_again(self.found[check], student, self._rng(check, draw))
        self._students.remove(student)
        student.finish()

    def ask(self, attempt: Attempt, call: Call) -> None:
        """Ask the student's function a question of our own."""
        self._attempt = attempt
        student = self._open_student(call.check)
        with contextlib.suppress(SubmissionFault):
            getattr(student, call.function)(*call.arguments)
        self._students.remove(student)
        student.finish()

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """A fault outside the check itself: its fixtures, or a check it depends on."""
        if call.excinfo is not None and item.name not in self._attempt.outcomes:
            self._record(item, call.excinfo.value, 0.0)

    def _record(self, item: pytest.Item, error: BaseException | None, seconds: float) -> None:
        output = shown("".join(student.finish() for student in self._students))
        self._students.clear()
        status, message = self._judge(item, error)
        if status == "failed" and not isinstance(error, NotWritten):
            self._attempt.foundations[item.name] = _foundations(item)
        outcome = self._outcome(item, status, message, output, seconds)
        if isinstance(error, CheckFailed) and error.mask is not None:
            outcome = dataclasses.replace(outcome, mismatch=self._mismatch(error.name, error.mask))
        self._attempt.outcomes[item.name] = outcome

    def _outcome(
        self, item: pytest.Item, status: Status, message: str, output: str = "", seconds: float = 0.0
    ) -> Outcome:
        return Outcome(
            check=item.name,
            title=first_sentence(getattr(getattr(item, "obj", None), "__doc__", None) or item.name),
            function=self._attempt.exercise.function_of(item.name),
            status=status,
            credits=credits_of(item),
            message=clean(message, 4000),
            hidden=item.path == self._hidden_checks,
            output=output,
            seconds=seconds,
        )

    def _mismatch(self, name: str, mask: Array) -> Mismatch | None:
        """Return where an array is wrong; what several hundred entries look like, nobody can see."""
        if not 1 < mask.size <= MAX_ENTRIES or mask.ndim not in (1, 2, 3):
            return None
        axes = axes_of(name.split(" ")[0].split(".")[-1], self._attempt.exercise, mask.ndim)
        return Mismatch(name, axes, mask.shape, "".join(".x"[int(one)] for one in mask.ravel()))

    def _judge(self, item: pytest.Item, error: BaseException | None) -> tuple[Status, str]:
        """Whose fault is it? Only what is certainly the student's counts as failed."""
        if error is None:
            return "passed", ""
        if isinstance(error, DependencyFailed):
            return "skipped", str(error)
        if isinstance(error, CheckFailed | SubmissionFault | pytest.fail.Exception):
            return "failed", str(error)
        trace = inspect.getinnerframes(error.__traceback__) if error.__traceback__ else []
        where = f"{Path(trace[-1].filename).name}:{trace[-1].lineno}: " if trace else ""
        if isinstance(error, AssertionError) and trace and Path(trace[-1].filename) == item.path:
            return "failed", str(error) or "an assertion of this check does not hold"
        return "error", f"{where}{type(error).__name__}: {error}"

    def in_order(self, attempt: Attempt) -> tuple[Outcome, ...]:
        """Return one outcome for every check that exists; one that did not run is an error."""
        return tuple(
            _unless_fickle(attempt, attempt.outcomes.get(name))
            or self._outcome(item, "error", "the check did not run")
            for name, item in self.found.items()
        )


def _unless_fickle(attempt: Attempt, outcome: Outcome | None) -> Outcome | None:
    """Take back what a function earned by luck, before it was seen to answer in two ways."""
    if outcome and outcome.status == "passed" and outcome.function in attempt.fickle:
        return dataclasses.replace(outcome, status="failed", message=FICKLE.format(outcome.function))
    return outcome


def lender(reference: types.ModuleType | types.SimpleNamespace, name: str) -> Callable[..., Any]:
    """Return a function of the reference that takes what comes out of a worker.

    Named tuples arrive as names and fields; they become the reference's own of that name, if it has one.
    """

    def own(value: Any) -> Any:
        if isinstance(value, Named):
            kind = getattr(reference, value.type_name, None)
            fits = isinstance(kind, type) and getattr(kind, "_fields", None) == value.fields
            return kind(*map(own, value)) if fits and kind else value
        if isinstance(value, list | tuple):
            items = map(own, value)
            return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
        return value

    def lent(*arguments: Any, **named: Any) -> Any:
        function = getattr(reference, name)
        return function(*map(own, arguments), **{key: own(value) for key, value in named.items()})

    return lent


def axes_of(name: str, exercise: Exercise, dimensions: int) -> tuple[str, ...]:
    """Return what the axes of an array count, as the solution's documentation says: T, H and N.

    Args:
        name: of the array; a gradient has the axes of what it differentiates.
    """
    text = exercise.solution_path.read_text(encoding="utf-8")
    for known in (name, name.removeprefix("d")):
        found = re.search(rf"\b{re.escape(known)}: (?:np\.ndarray  # )?\(([^()]*)\)", text)
        axes = tuple(one.strip() for one in found[1].split(",") if one.strip()) if found else ()
        if len(axes) == dimensions:
            return axes
    return ()


def _foundations(item: pytest.Item) -> tuple[str, ...]:
    return tuple(name for marker in item.iter_markers("builds_on") for name in marker.args)


def credits_of(item: pytest.Item) -> int:
    """Return the credits of a check's marker; 0 without one."""
    marker = item.get_closest_marker("credits")
    return int(marker.args[0]) if marker else 0


def first_sentence(docstring: str) -> str:
    """Return the first paragraph of a docstring on one line, without its full stop."""
    return " ".join(inspect.cleandoc(docstring).split("\n\n")[0].split()).removesuffix(".")
