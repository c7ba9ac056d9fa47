"""Checks know workers by their protocol alone: a pool that answers in this interpreter serves them as well.

Such a pool confines nothing; it is for code that one's own browser or notebook runs anyway.
"""

from __future__ import annotations

import contextlib
import copy
import io
import subprocess
import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from grader.checks.report import Report
from grader.checks.run import check
from grader.checks.source import Source
from grader.course import Course, Exercise
from grader.sandbox.loading import describe
from grader.sandbox.protocol import decode, encode
from grader.sandbox.values import Named, class_of, map_leaves, walk_arrays
from grader.sandbox.worker import (
    DEFAULT_BUDGET,
    Answer,
    Budget,
    HeadAndTail,
    Pool,
    Raised,
    Seconds,
    Substitute,
    Worker,
)


class InProcessWorker(Worker):
    """Answers as a worker does, from a module in this interpreter."""

    def __init__(self) -> None:
        self.modules: dict[str, types.ModuleType] = {}
        self.module = types.ModuleType("student")
        self._kept = HeadAndTail()

    def load(self, name: str, filename: str, source: bytes, seconds: float | Seconds) -> tuple[Raised, ...]:
        faults = self.run(name, filename, source)
        self._kept_first = copy.copy(self._kept)
        return faults

    def run(self, name: str, filename: str, source: bytes) -> tuple[Raised, ...]:
        self.module = self.modules[name] = types.ModuleType(name)
        self.module.__file__ = filename
        try:
            code = compile(source, filename, "exec", dont_inherit=True)
        except SyntaxError as error:
            return (self.raised(error, "syntax"),)
        try:
            with self.running():
                exec(code, vars(self.module))
        except Exception as error:
            return (self.raised(error, "error"),)
        return ()

    def call(
        self,
        function: str,
        arguments: tuple[Any, ...],
        seconds: float | Seconds,
        substitutes: Mapping[str, Substitute] | None = None,
        before: Answer | None = None,
    ) -> Answer:
        found = getattr(self.module, function, None)
        if not callable(found):
            return Answer(missing="" if found is None else type(found).__name__)
        vars(self.module).update(substitutes or {})
        mine = map_leaves(self.copied(arguments), lambda leaf: leaf, self.named_class)
        given = [(path, array, array.tobytes()) for path, array in walk_arrays(mine)]
        try:
            with self.running(muted=before is not None):
                value = self.copied(found(*mine))
        except Exception as error:
            return Answer(raised=self.raised(error), not_written=isinstance(error, NotImplementedError))
        changed = tuple(path for path, array, data in given if array.tobytes() != data)
        return Answer(value, changed)

    def copied(self, value: Any) -> Any:
        tree, arrays = encode(value)
        return decode(tree, memoryview(b"".join(arrays)))

    def named_class(self, named: Named) -> type[tuple[Any, ...]] | None:
        return class_of(named, vars(self.module))

    def raised(self, error: BaseException, kind: str = "error") -> Raised:
        name, text, frames = describe(error, str(self.module.__file__))
        return Raised(name, text, tuple((line, code, source) for line, code, source in frames), kind)

    @contextlib.contextmanager
    def running(self, muted: bool = False) -> Iterator[None]:
        printed = io.StringIO()
        hidden = {name: sys.modules.get(name) for name in self.modules}
        sys.modules.update(self.modules)
        try:
            with contextlib.redirect_stdout(printed):
                yield
        finally:
            if not muted:
                self._kept.add(printed.getvalue().encode())
            for name, module in hidden.items():
                sys.modules.pop(name)
                if module is not None:
                    sys.modules[name] = module

    def end(self, wait: bool = True) -> int:
        return 0


class InProcessPool:
    """Gives out such workers."""

    def open(self, budget: Budget = DEFAULT_BUDGET) -> Worker:
        return InProcessWorker()


def verdicts(report: Report) -> list[tuple[str, str, str, int]]:
    return [(one.check, one.status, one.message, one.earned) for one in report.outcomes]


def source_at(exercise: Exercise, path: Path) -> Source:
    used = tuple(source_at(one, one.solution_path) for one in exercise.used)
    return Source(path.name, path.read_bytes(), used=used)


@pytest.mark.parametrize("number", [1, 2, 5])
def test_a_solution_passes_and_a_stub_does_not(number: int, course: Course, pool: Pool) -> None:
    exercise = course[f"exercise-{number}"]
    for path, passes in ((exercise.solution_path, True), (exercise.stub_path, False)):
        source = source_at(exercise, path)
        report = check(exercise, source, pool=InProcessPool(), seed=1)
        assert report.passed is passes
        assert report.earned == (report.credits if passes else 0)
        assert verdicts(report) == verdicts(check(exercise, source, pool=pool, seed=1))
        assert report.confinement == ()


def test_checks_load_no_pool_of_processes() -> None:
    program = (
        "import sys, grader.checks.run, grader.checks.diagnosis; "
        "print([name for name in ('pool', 'process', 'server') if f'grader.sandbox.{name}' in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
