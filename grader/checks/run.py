"""Checks a submission: runs one exercise's checks on it and returns a Report."""

import contextlib
import inspect
import itertools
import platform
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from grader.checks import messages
from grader.checks.collection import Check, CheckSuite, DependencyFailed, axes_of, load_suite, substitutes
from grader.checks.report import Mismatch, Outcome, Report, Status
from grader.checks.source import Source, read_source
from grader.checks.student import CheckRun, NotWritten, Progress, Student, SubmissionFault, answers_elsewhere
from grader.course import Exercise
from grader.numeric import CheckFailed
from grader.sandbox.text import clean
from grader.sandbox.worker import SERVER_FILE, NoProcess, Patience, Pool, WorkerBroken

MAX_ENTRIES = 1000  # of an array that is shown entry by entry
MAX_MESSAGE = 4000  # characters
MAX_REPORTS = 64  # that are kept of one class
SHARING = True
"""Whether checks share a worker as long as all is well; each has its own where tests compare the two."""


def check(
    exercise: Exercise | CheckSuite,
    submission: Source | Path | str | None = None,
    *,
    seed: int | None = None,
    confinement: Literal["required", "best", "none"] = "best",
    pool: Pool | None = None,
    progress: Progress | None = None,
    known: Mapping[str, Report] | None = None,
    one_failure: bool = False,
    diagnose: bool = True,
    patience: Patience | None = None,
) -> Report:
    """Run all checks of an exercise, visible and hidden, on one submission.

    Args:
        exercise: or its checks, with their seed, that were loaded before.
        submission: a folder that mirrors ``exercises/``, a zip of one, the module file alone, or what was
            read already; None is the course's own ``exercises/``.
        seed: of the random inputs; None draws one.
        confinement: of the student's code, where no pool is given.
        pool: where workers come from; None starts one for this call.
        progress: hears what a running call has printed last.
        known: reports of the same submission's other exercises, by their ids; those that are needed and
            missing are made.
        one_failure: ask nothing twice, and skip all checks after the first that fails: one is enough.
        diagnose: say what a mistake looks like, where it is a known one.
        patience: with code that sleeps or waits; give one to all exercises of a submission.

    Raises:
        CourseError: a check file or the solution cannot be loaded, or there are no checks.
        ConfinementMissing: confinement is required, and this machine has not enough of it.
        WorkerBroken: not raised, but every check is an ``error`` then.
    """
    whose = exercise.exercise if isinstance(exercise, CheckSuite) else exercise
    if not isinstance(submission, Source):
        submission = read_source(whose, Path(submission) if isinstance(submission, str) else submission)
    with contextlib.ExitStack() as stack:
        if pool is None:
            from grader.sandbox.pool import open_pool  # processes are known to those alone who want them

            pool = stack.enter_context(open_pool(confinement))
        run = CheckRun(whose, submission, pool, progress, patience)
        run.asks_again = not one_failure
        suite = exercise if isinstance(exercise, CheckSuite) else load_suite(exercise, seed)
        return _report(suite, run, known or {}, one_failure=one_failure, diagnose=diagnose)


def check_many(
    suite: CheckSuite,
    sources: Iterable[Source],
    pool: Pool,
    *,
    patience: Iterable[Patience | None] = itertools.repeat(None),
) -> list[Report]:
    """Run all checks of an exercise on many submissions, all on the same inputs.

    Every report is the same as alone. What it takes to find the checks is paid once, and so are what they
    compute whatever is handed in, and the same file, such as a stub that many have left.

    Args:
        suite: its checks, which remember what they compute.
        patience: as in :func:`check`, of each submission.
    """
    reports = []
    for source, each in zip(sources, patience, strict=False):
        report = suite.reports.get(source)
        if report is None:
            run = CheckRun(suite.exercise, source, pool, patience=each)
            before, report = run.patience.left, _report(suite, run, {})
            if not report.first_error and run.patience.left == before and len(suite.reports) < MAX_REPORTS:
                suite.reports[source] = report
        reports.append(report)
    return reports


def _report(
    suite: CheckSuite,
    run: CheckRun,
    known: Mapping[str, Report],
    *,
    one_failure: bool = False,
    diagnose: bool = True,
) -> Report:
    run_suite(suite, run, one_failure=one_failure)
    started = time.perf_counter()
    _excuse(suite, run, known)
    outcomes = run.outcomes.values()
    if diagnose and not one_failure and any(outcome.status == "failed" for outcome in outcomes):
        from grader.checks.diagnosis import explain_failures  # only after a failure

        explain_failures(suite, run)
    for function in dict.fromkeys(outcome.function for outcome in outcomes if outcome.status == "skipped"):
        for name in sorted(name for of, name in run.changed if of == function):  # that check was skipped
            run.note(f"`{function}` also changes its argument `{name}`; work on a copy")
    more = suite.exercise.file.more_credits
    if more:
        run.note(f"{more} more credit{'s are' if more > 1 else ' is'} for checks that the instructor runs")
    return Report(
        exercise=suite.exercise.id,
        title=suite.exercise.file.title,
        outcomes=tuple(outcomes),
        notes=tuple(run.notes),
        seed=suite.seed,
        source_sha256=run.source.sha256,
        confinement=run.confinement,
        seconds=run.seconds + time.perf_counter() - started,
        python=platform.python_version(),
        numpy=np.__version__,
    )


def _excuse(suite: CheckSuite, run: CheckRun, known: Mapping[str, Report]) -> None:
    """Skip failed checks of what builds on functions of earlier exercises that fail checks of their own."""
    uses, lower = run.exercise.file.uses, dict(known)
    for check_ in suite.checks:
        for prerequisite in check_.prerequisites if check_.name in run.excusable else ():
            name, _, function = prerequisite.partition(".")
            used, source = run.exercise.used[uses.index(name)], run.source.used[uses.index(name)]
            if name not in lower:
                lower[name] = check(
                    used, source, seed=suite.seed, pool=run.pool, diagnose=False, patience=run.patience
                )
            outcomes = (outcome for outcome in lower[name].outcomes if outcome.function == function)
            if not all(outcome.status == "passed" for outcome in outcomes):
                reason = source.problem or f"`{function}` does not pass its own checks yet"
                waits = clean(f"waits for {name}: {reason}", MAX_MESSAGE)
                run.change(check_.name, status="skipped", message=waits, gist=waits)
                break


# --- one check after the other ------------------------------------------------------------------------


def run_suite(suite: CheckSuite, run: CheckRun, *, one_failure: bool = False) -> None:
    """Run all checks on one submission, or none after the first that fails; what they find is in the run."""
    started = time.perf_counter()
    try:
        for _, checks in itertools.groupby(suite.checks, lambda check: check.hidden):
            run.share(None)  # what visible checks have asked is not there when hidden ones ask
            for check in checks:
                run.outcomes[check.name] = _run_check(suite, check, run, one_failure=one_failure)
        for function, places in run.places.items() if run.asks_again else ():
            earned = any(one.status == "passed" and one.function == function for one in run.outcomes.values())
            if not earned or len(places) == 1 or len({*places}) > 1:
                continue
            try:  # an answer may depend on its process, so another one is asked
                if not answers_elsewhere(run, function):
                    run.nondeterministic.add(function)
            except NoProcess:
                raise
            except WorkerBroken as error:
                _take_back(run, function, "error", f"{type(error).__name__}: {error}")
    finally:
        run.share(None)
    for function in run.nondeterministic:  # what was earned by luck, before there were two answers
        _take_back(run, function, "failed", messages.NONDETERMINISTIC.format(function))
    run.seconds = time.perf_counter() - started


def _take_back(run: CheckRun, function: str, status: Status, text: str) -> None:
    for name, outcome in run.outcomes.items():
        if outcome.status == "passed" and outcome.function == function:
            run.change(name, status=status, message=text, gist=text)


def _run_check(suite: CheckSuite, check: Check, run: CheckRun, *, one_failure: bool) -> Outcome:
    """Run one check unless it waits for another; if it fails, perhaps again with substituted functions."""
    student, raised, output = Student(run, check.name), list[BaseException | None](), ""
    started = time.perf_counter()
    try:
        _require(check, run, one_failure=one_failure)
        student, error = _ask(suite, check, run)
        raised.append(error)
        if error and check.substitutes:
            output = student.finish()
            student = Student(run, check.name, substitutes(suite.reference, check.substitutes))
            error = _call(suite, check, student)
            raised.append(error)
            if error and judge(check, error)[0] != "error":
                known = suite.recorded
                error = (known and known.waits_for(check.substitutes, run.outcomes.values())) or raised[0]
    except (DependencyFailed, LookupError) as fault:
        error = fault
    seconds = time.perf_counter() - started
    output += student.finish(passed=not error)
    output = output.replace(SERVER_FILE, "the grader")
    status, message = judge(check, error)
    if status == "failed" and not isinstance(error, NotWritten):
        run.excusable.add(check.name)
    outcome = Outcome(
        check=check.name,
        title=check.title,
        function=check.function,
        status=status,
        credits=check.credits,
        message=clean(message, MAX_MESSAGE),
        gist=gist(error),
        hidden=check.hidden,
        output=clean(output),  # in which a warning may have named the file that called the student's function
        seconds=seconds,
        wrong=_mismatch(suite.exercise, error) if isinstance(error, CheckFailed) else None,
    )
    for each in (*raised, error):
        _forget_frames(each)
    return outcome


def _ask(suite: CheckSuite, check: Check, run: CheckRun) -> tuple[Student, BaseException | None]:
    """Run a check where others have run; in a clean worker, as if it had never been, unless all is well."""
    shares = SHARING and run.seconds_lost < suite.exercise.file.limits.exercise_seconds
    noticed, student = run.noticed(), Student(run, check.name, shares=shares)
    error = _call(suite, check, student)
    if not student.stands(passed=not error):
        student.finish()
        run.share(None)
        run.restore(noticed)
        _forget_frames(error)
        student = Student(run, check.name, shares=shares)
        error = _call(suite, check, student)
    return student, error


def _call(suite: CheckSuite, check: Check, student: Student) -> BaseException | None:
    """Run a check's body; return what it raises, or that an answer is another one afterwards."""
    error = suite.call(check, student)
    try:
        if not error:
            student.ask_first_again()
    except SubmissionFault as fault:
        return fault
    return error


def _forget_frames(raised: BaseException | None) -> None:
    """Let an exception go of its frames, which hold all that was answered, and the exception."""
    while raised:
        raised.__traceback__, raised = None, raised.__context__


def _mismatch(exercise: Exercise, error: CheckFailed) -> Mismatch | None:
    """Return where an array is wrong, unless nobody could see it: several thousand entries, many axes."""
    mask = error.mask
    if mask is None or not 1 < mask.size <= MAX_ENTRIES or mask.ndim > 3:
        return None
    text = exercise.solution_text
    axes = axes_of(error.name.split(" ")[0].split(".")[-1], text, mask.ndim)
    return Mismatch(error.name, axes, mask.shape, "".join(".x"[int(wrong)] for wrong in mask.ravel()))


def _require(check: Check, run: CheckRun, *, one_failure: bool) -> None:
    """Raise DependencyFailed if a check has to wait, LookupError if a marker names what does not exist."""
    if one_failure and any(outcome.status == "failed" for outcome in run.outcomes.values()):
        raise DependencyFailed("not run: another check has failed already")
    for name in check.depends_on:
        if name not in run.outcomes:
            raise LookupError(f"depends on {name}, which is no check that ran before it")
        if run.outcomes[name].status != "passed":
            raise DependencyFailed(f"waits for “{run.outcomes[name].title}”")
    for prerequisite in check.prerequisites:
        exercise, _, function = prerequisite.partition(".")
        if not any(exercise == used.id and function in used.file.functions for used in run.exercise.used):
            raise LookupError(f"builds on {prerequisite}, which no exercise under `uses` has")


def judge(check: Check, error: BaseException | None) -> tuple[Status, str]:
    """Say what a check is that raised this. Only what is certainly the student's fault counts as failed."""
    if error is None:
        return "passed", ""
    if isinstance(error, DependencyFailed):
        return "skipped", str(error)
    if isinstance(error, CheckFailed | SubmissionFault | pytest.fail.Exception):
        return "failed", str(error)
    trace = inspect.getinnerframes(error.__traceback__) if error.__traceback__ else []
    where = f"{Path(trace[-1].filename).name}:{trace[-1].lineno}: " if trace else ""
    if isinstance(error, AssertionError) and trace and Path(trace[-1].filename) == check.path:
        return "failed", str(error) or "an assertion of this check does not hold"
    return "error", f"{where}{type(error).__name__}: {error}"


def gist(error: BaseException | None) -> str:
    """Say what of an exception may be told of a hidden check: nothing that came out of a call."""
    if isinstance(error, DependencyFailed):
        return str(error)
    if isinstance(error, SubmissionFault):
        return error.gist
    if isinstance(error, CheckFailed) and (error.name or error.shapes):
        name = (error.name or error.shapes[0][0]).partition(" ")[0].rstrip(",:")
        return f"`{name}` is not right." if error.name else f"`{name}` has a wrong shape."
    return ""
