"""Runs one exercise's checks against one submission and returns a Report."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import sys
import time
import types
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.checks.plugin import CheckPlugin
from grader.checks.report import Outcome, Report
from grader.checks.source import Source
from grader.checks.student import Attempt, Progress
from grader.course import CourseError, Exercise
from grader.sandbox.worker import Pool

UNUSED_PLUGINS = (
    "cacheprovider capture debugging doctest faulthandler junitxml legacypath logging monkeypatch nose "
    "pastebin recwarn reports setuponly setupplan skipping stepwise subtests terminal terminalprogress "
    "threadexception tmpdir unittest unraisableexception warnings"
).split()

QUICK_CHECK_SECONDS = 0.5


def new_seed() -> int:
    """Return a seed that nobody can predict, short enough to type again."""
    return int.from_bytes(os.urandom(4), "big")


def run_checks(
    exercise: Exercise,
    source: Source,
    pool: Pool,
    *,
    seed: int | None = None,
    known: Mapping[str, Report] | None = None,
    progress: Progress | None = None,
    one_failure: bool = False,
    diagnosis: bool = True,
) -> Report:
    """Run all checks of an exercise, visible and hidden.

    Args:
        source: the student's file.
        pool: where workers come from.
        seed: of the random inputs; None draws one.
        known: reports of the same submission's other exercises, by their ids; those that are needed and
            missing are made.
        progress: hears what a running call has printed last.
        one_failure: skip all checks after the first that fails.
        diagnosis: say what a mistake looks like, where it is a known one.

    Raises:
        CourseError: a check file or the solution cannot be loaded, or there are no checks.
        WorkerBroken: not raised, but every check is an ``error`` then.
    """
    attempt = Attempt(exercise, source, pool, progress)
    (report,) = _run([attempt], pool, seed, known or {}, one_failure=one_failure, diagnosis=diagnosis)
    return report


def run_checks_of_many(
    exercise: Exercise, sources: Iterable[Source], pool: Pool, *, seed: int | None = None
) -> list[Report]:
    """Run all checks of an exercise on many submissions, all on the same inputs.

    Every report is the same as alone; what it takes to find the checks is paid once.

    Raises:
        CourseError: as in :func:`run_checks`.
    """
    return _run([Attempt(exercise, source, pool) for source in sources], pool, seed, {})


def _run(
    attempts: list[Attempt],
    pool: Pool,
    seed: int | None,
    known: Mapping[str, Report],
    *,
    one_failure: bool = False,
    diagnosis: bool = True,
) -> list[Report]:
    seed = new_seed() if seed is None else seed
    exercise = attempts[0].exercise
    reference = load_reference(exercise)
    plugin = run_session(attempts, reference, seed, one_failure=one_failure)

    @functools.cache
    def suspects() -> Any:
        if exercise.handout:
            from grader.checks.recorded import RecordedSuspects

            return RecordedSuspects(exercise, reference)
        from grader.checks.mistakes import Suspects  # only after a failure

        return Suspects(exercise, reference)

    def report(attempt: Attempt) -> Report:
        started = time.perf_counter()
        outcomes = _excused(plugin.in_order(attempt), attempt, pool, seed, known)
        if diagnosis and not one_failure and any(one.status == "failed" for one in outcomes):
            outcomes = _diagnosed(outcomes, attempt, plugin, suspects())
        _note_what_no_check_said(attempt, outcomes)
        if exercise.file.more_credits:
            more = exercise.file.more_credits
            what = f"{more} more credit{'s are' if more > 1 else ' is'}"
            attempt.note(f"{what} for checks that the instructor runs")
        return Report(
            exercise=exercise.id,
            title=exercise.file.title,
            outcomes=outcomes,
            notes=tuple(attempt.notes),
            seed=plugin.seed,
            source_sha256=attempt.source.sha256,
            confinement=attempt.confinement,
            seconds=attempt.seconds + time.perf_counter() - started,
        )

    return [report(attempt) for attempt in attempts]


def _excused(
    outcomes: tuple[Outcome, ...],
    attempt: Attempt,
    pool: Pool,
    seed: int,
    known: Mapping[str, Report],
) -> tuple[Outcome, ...]:
    """Skip failed checks of what builds on functions of earlier exercises that fail checks of their own.

    Args:
        known: reports of the exercises that this one uses, by their ids; those that are missing are made.
    """
    exercise, sources = attempt.exercise, attempt.source.used

    @functools.cache
    def lower(number: int) -> Report:
        used = exercise.used[number]
        return known.get(used.id) or run_checks(used, sources[number], pool, seed=seed, diagnosis=False)

    def excuse(outcome: Outcome) -> Outcome:
        for foundation in attempt.foundations.get(outcome.check, ()) if outcome.status == "failed" else ():
            name, _, function = foundation.partition(".")
            number = exercise.file.uses.index(name)
            if any(one.function == function and one.status != "passed" for one in lower(number).outcomes):
                reason = sources[number].problem or f"`{function}` does not pass its own checks yet"
                return replace(outcome, status="skipped", message=f"waits for {name}: {reason}")
        return outcome

    return tuple(map(excuse, outcomes))


def _diagnosed(
    outcomes: tuple[Outcome, ...], attempt: Attempt, plugin: CheckPlugin, suspects: Any
) -> tuple[Outcome, ...]:
    """Say at the first failed check of each function what its answers look like."""
    from grader.checks.diagnosis import diagnose  # only after a failure

    sentences = dict[str, str]()
    for outcome in outcomes:
        if outcome.status == "failed" and outcome.function and outcome.function not in sentences:
            sentences[outcome.function] = ""
            with contextlib.suppress(Exception):  # the verdict stands, whatever was handed in
                for _ in _more_questions(outcome, attempt, plugin):
                    found = diagnose(outcome.function, suspects.known_calls(attempt.calls), suspects)
                    if found:
                        sentences[outcome.function] = found.sentence
                        break
    first = {one.function: one.check for one in reversed(outcomes) if one.status == "failed"}
    return tuple(
        replace(one, diagnosis=sentences.get(one.function, ""))
        if first.get(one.function) == one.check
        else one
        for one in outcomes
    )


def _more_questions(outcome: Outcome, attempt: Attempt, plugin: CheckPlugin) -> Iterator[None]:
    """Ask a failed check's questions on other inputs, once for each turn that is taken.

    A mistake is known by two answers at least. Where a check draws nothing, its inputs are shaken a little.
    """
    asked = [one for one in attempt.calls if one.check == outcome.check]
    last = asked[-1].answer if asked else None
    if last and outcome.seconds < QUICK_CHECK_SECONDS and not (last.not_written or last.missing):
        plugin.ask_more(attempt, outcome.check, draw=1)
        yield
        rng = np.random.default_rng(0)
        for call in (*asked[-2:], *asked[-2:]):
            plugin.ask(attempt, replace(call, arguments=shaken(call.arguments, rng)))
    yield


def shaken(value: Any, rng: np.random.Generator) -> Any:
    """Return a value with every real number in it somewhat larger or smaller."""
    if isinstance(value, tuple | list):
        items = [shaken(item, rng) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    real = isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")
    return value * rng.uniform(0.8, 1.25, np.shape(value)) if real else value


def _note_what_no_check_said(attempt: Attempt, outcomes: tuple[Outcome, ...]) -> None:
    """Mention changed arguments of a function whose check of them was skipped."""
    for function in dict.fromkeys(one.function for one in outcomes if one.status == "skipped"):
        for name in sorted(attempt.changed.get(function, ())):
            attempt.note(f"`{function}` also changes its argument `{name}`; work on a copy")


def load_reference(exercise: Exercise) -> types.ModuleType:
    """Import the solution into this process, under a name that no check can clash with.

    Raises:
        CourseError: it is missing or fails.
    """
    path = exercise.solution_path
    spec = importlib.util.spec_from_file_location(f"reference_{exercise.file.module}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise CourseError(path, "is missing; every exercise needs a solution")
    module = importlib.util.module_from_spec(spec)
    used = {one.file.module: load_reference(one) for one in exercise.used}
    try:
        with _no_bytecode(), _importable(used):
            spec.loader.exec_module(module)
    except Exception as error:
        trace, line = error.__traceback__, None
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == str(path):
                line = trace.tb_lineno
            trace = trace.tb_next
        line = error.lineno if isinstance(error, SyntaxError) else line
        raise CourseError(path, f"cannot be loaded: {type(error).__name__}: {error}", line) from None
    if exercise.handout:
        from grader.checks.recorded import answer_from_records

        answer_from_records(module, exercise)
    return module


def run_session(
    attempts: list[Attempt], reference: types.ModuleType, seed: int, *, one_failure: bool = False
) -> CheckPlugin:
    """Run all checks of an exercise on attempts at it; outcomes and calls are kept there.

    Raises:
        CourseError: a check file cannot be loaded, or there are no checks.
    """
    exercise = attempts[0].exercise
    plugin = CheckPlugin(attempts, reference, seed, exercise.hidden_checks, one_failure=one_failure)
    run_pytest(exercise, plugin)
    return plugin


def run_pytest(exercise: Exercise, plugin: CheckPlugin) -> None:
    """Let pytest find the checks of an exercise, and a plugin run them.

    Raises:
        CourseError: as :func:`run_session`.
    """
    files = [path for path in (exercise.visible_checks, exercise.hidden_checks) if path.is_file()]
    if not files:
        raise CourseError(exercise.visible_checks, "is missing; every exercise needs checks")
    arguments = [
        *map(str, files),
        *("-c", os.devnull, "--rootdir", str(exercise.root), "--confcutdir", str(exercise.root)),
        *("--noconftest", "--import-mode=importlib", "--assert=plain", "--strict-markers"),
        *("-o", "python_functions=check_*", "-o", "python_files=check_*.py"),
        *(word for name in UNUSED_PLUGINS for word in ("-p", f"no:{name}")),
    ]
    with _plain_environment(), _no_bytecode(), _forgotten_imports(exercise.root), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one that a student's numbers cause would quote our source
        code = pytest.main(arguments, plugins=[plugin])
    if plugin.broken_files:
        raise CourseError(exercise.root, f"a check file cannot be loaded: {plugin.broken_files[0]}")
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if not plugin.found:
        raise CourseError(files[0], "defines no check; a check is a function named check_…")


@contextlib.contextmanager
def _plain_environment() -> Iterator[None]:
    """Hide what would change pytest: its variables, and plugins that happen to be installed."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("PYTEST_")}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update(hidden)


@contextlib.contextmanager
def _no_bytecode() -> Iterator[None]:
    """Leave no ``__pycache__`` in the course."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


@contextlib.contextmanager
def _importable(modules: Mapping[str, types.ModuleType]) -> Iterator[None]:
    """Let these modules be imported by these names, meanwhile."""
    before = {name: sys.modules[name] for name in modules if name in sys.modules}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]
        sys.modules.update(before)


@contextlib.contextmanager
def _forgotten_imports(root: Path) -> Iterator[None]:
    """Forget check modules afterwards: the same path may hold other text in the next run."""
    before = set(sys.modules)
    try:
        yield
    finally:
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(root)):
                del sys.modules[name]
