"""Grades many submissions: what is new or has changed is cut into tasks, and an executor does them.

A task is one exercise of a few submissions, whose checks are found once for all of them. It is a function of
what it is given: done twice, or somewhere else, it gives the same. So a killed run goes on where it stopped.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import multiprocessing
import multiprocessing.util
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import grader
from grader.checks.report import Outcome, Report
from grader.checks.run import run_checks_of_many
from grader.checks.source import FileRejected, Source
from grader.classroom.collect import Submission, fingerprint_of
from grader.classroom.gradebook import Gradebook, GradedReport, Handing
from grader.classroom.grades import QuizResult
from grader.course import Course, CourseError, Exercise, find_course
from grader.progress.responses import NotResponses, parse_responses
from grader.quiz.grade import Edition, Grading, grade_learner
from grader.sandbox.pool import WorkerPool, open_pool
from grader.sandbox.text import clean
from grader.sandbox.worker import ConfinementMissing, WorkerBroken

TOGETHER = 8  # submissions in one task; more save little
DIED = "the process that graded it died, twice; run the command again, and report it if it stays so"


class BatchBroken(Exception):
    """Nothing can be graded: the course is broken, or a machine cannot confine code."""


@dataclass(frozen=True)
class Piece:
    """One exercise of one submission, read; the key is a hash of all that its report depends on."""

    submission: str
    source: Source
    key: str


@dataclass(frozen=True)
class Task:
    """What one process does at one time.

    Args:
        course: its folder.
        seed: of the random inputs.
    """

    course: str
    exercise: str
    seed: int
    confinement: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Result:
    """What came of a task.

    Args:
        graded: reports, each with its submission's name; a report whose key is empty is no final one.
        fault: why no task at all can be done; empty if that is not so.
    """

    graded: tuple[tuple[str, GradedReport], ...] = ()
    fault: str = ""


@dataclass
class Tally:
    """How far a class has been graded; counts exercises of submissions."""

    total: int = 0
    kept: int = 0
    graded: int = 0
    broken: dict[str, str] = field(default_factory=dict)
    """Submissions that the grader itself broke on, and what it said."""


# --- keys ---------------------------------------------------------------------------------------------


def digest(root: Path, paths: Iterable[Path]) -> str:
    """Return a hash of files: of their names below ``root`` and of what is in them."""
    sums = hashlib.sha256()
    for path in sorted(paths):
        name = path.relative_to(root).as_posix()
        sums.update(f"{len(name)} {name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return sums.hexdigest()


@functools.cache
def grader_digest() -> str:
    """Return a hash of the grader's own source."""
    root = Path(grader.__file__).parent
    return digest(root, root.rglob("*.py"))


def exercise_digest(exercise: Exercise) -> str:
    """Return a hash of everything that decides on an exercise's verdict."""
    folders = [folder for one in (exercise, *exercise.used) for folder in (one.folder, one.solution_folder)]
    files = [path for folder in folders for path in folder.glob("*") if path.suffix in (".py", ".yaml")]
    edited = {one.stub_path for one in (exercise, *exercise.used)}
    return digest(exercise.root, set(files) - edited)


def hashed(*words: str) -> str:
    """Return a hash of some texts, none of which can run into the next."""
    text = "".join(f"{len(one)} {one}\n" for one in words)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Batch:
    """How a class is graded.

    Args:
        seed: of the random inputs; None derives one from the exercise, the same for the whole class.
    """

    course: Course
    exercises: Sequence[Exercise]
    seed: int | None = None
    confinement: str = "required"

    @functools.cached_property
    def digests(self) -> dict[str, str]:
        """By exercise, a hash of all that its reports depend on besides what was handed in."""
        fixed = grader.__version__, grader_digest(), self.course.salt, str(self.seed), self.confinement
        return {one.id: hashed(*fixed, one.id, exercise_digest(one)) for one in self.exercises}

    def seed_of(self, exercise: Exercise) -> int:
        """Return the seed of an exercise's random inputs; whoever has no hidden checks cannot guess it."""
        return int(self.digests[exercise.id][:8], 16) if self.seed is None else self.seed

    def piece(self, exercise: Exercise, submission: Submission, source: Source) -> Piece:
        """Return one exercise of a submission, with the key of its report."""
        key = hashed(self.digests[exercise.id], fingerprint_of([source]))
        return Piece(submission.name, source, key)

    def tasks(
        self,
        submissions: Iterable[Submission],
        known: Mapping[tuple[str, str], str],
        kept: Callable[[int], None],
    ) -> Iterator[Task]:
        """Yield what is to do, a few submissions at a time; what is graded later are the bytes read here.

        What has a problem is no submission, and nothing of it is graded.

        Args:
            known: keys of reports that are there already, by submission and exercise.
            kept: is told how many of them need not be made anew.
        """
        upcoming = (one for one in submissions if not one.problem)
        while some := list(islice(upcoming, TOGETHER)):
            read = [one.read_sources(self.exercises) for one in some]
            for exercise, sources in zip(self.exercises, zip(*read, strict=True), strict=True):
                pieces = [self.piece(exercise, *one) for one in zip(some, sources, strict=True)]
                new = tuple(one for one in pieces if known.get((one.submission, exercise.id)) != one.key)
                kept(len(pieces) - len(new))
                if new:
                    folder, seed = str(self.course.root), self.seed_of(exercise)
                    yield Task(folder, exercise.id, seed, self.confinement, new)


# --- in a process of its own --------------------------------------------------------------------------


@functools.cache
def _pool(confinement: str) -> WorkerPool:
    """Return this process's workers, made once."""
    pool = open_pool(confinement)
    multiprocessing.util.Finalize(None, pool.close, exitpriority=10)
    return pool


@functools.cache
def _exercise(course: str, exercise: str) -> Exercise:
    return find_course(course).exercise(exercise)


def grade(task: Task) -> Result:
    """Do a task in this process; whatever breaks, is told and not raised."""
    try:
        exercise, pool = _exercise(task.course, task.exercise), _pool(task.confinement)
        sources = [one.source for one in task.pieces]
        reports = run_checks_of_many(exercise, sources, pool, seed=task.seed)
    except (CourseError, ConfinementMissing, WorkerBroken) as error:
        return Result(fault=str(error))
    except Exception as error:
        if len(task.pieces) > 1:
            parts = [grade(replace(task, pieces=(one,))) for one in task.pieces]
            return Result(tuple(one for part in parts for one in part.graded))
        return broken(task, f"the grader itself broke on it ({type(error).__name__}: {error})")
    pairs = zip(task.pieces, reports, strict=True)
    return Result(
        tuple(
            (piece.submission, GradedReport("" if report.broken else piece.key, report))
            for piece, report in pairs
        )
    )


def broken(task: Task, sentence: str) -> Result:
    """Return what is known of submissions that could not be graded: nothing, and why."""
    message = clean(sentence, 400)
    outcome = Outcome("checks", "The checks of this exercise", "", "error", 0, message)
    report = Report(task.exercise, task.exercise, (outcome,), seed=task.seed)
    return Result(tuple((one.submission, GradedReport("", report)) for one in task.pieces))


# --- many of them -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Workshop:
    """Where tasks are done.

    Args:
        hire: returns an executor, a new one if the last one broke.
        ahead: how many tasks are handed out at one time.
        work: does a task there.
    """

    hire: Callable[[], Executor]
    ahead: int
    work: Callable[[Task], Result] = grade


def processes(jobs: int) -> Workshop:
    """Return so many processes on this machine, which end when this one does, even if it is killed."""
    context = multiprocessing.get_context("spawn")
    hire = functools.partial(ProcessPoolExecutor, jobs, context, initializer=_follow_parent)
    return Workshop(hire, jobs * 2)


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=follow, daemon=True).start()


def grade_all(workshop: Workshop, tasks: Iterable[Task]) -> Iterator[Result]:
    """Do tasks, and yield what came of each as soon as it is known.

    A process that dies takes others with it. What was under way is then tried again, piece by piece.
    """
    upcoming = iter(tasks)
    while True:
        interrupted: list[Task] = []
        with workshop.hire() as executor:
            yield from _until_broken(executor, workshop, upcoming, interrupted)
        for one in [replace(task, pieces=(piece,)) for task in interrupted for piece in task.pieces]:
            again: list[Task] = []
            with workshop.hire() as executor:
                yield from _until_broken(executor, workshop, iter([one]), again)
            yield from (broken(task, DIED) for task in again)
        if not interrupted:
            return


def _until_broken(
    executor: Executor, workshop: Workshop, upcoming: Iterator[Task], interrupted: list[Task]
) -> Iterator[Result]:
    """Do tasks until one of them is lost; ``grade`` raises nothing, so an exception means that."""
    running: dict[Future[Result], Task] = {}
    try:
        while True:
            for task in islice(upcoming, 0 if interrupted else workshop.ahead - len(running)):
                try:
                    running[executor.submit(workshop.work, task)] = task
                except BrokenExecutor:
                    interrupted.append(task)
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                task = running.pop(future)
                try:
                    result = future.result()
                except Exception:
                    interrupted.append(task)
                else:
                    yield result
    finally:
        for future in running:
            future.cancel()


def grade_class(
    batch: Batch,
    submissions: Sequence[Submission],
    book: Gradebook,
    workshop: Workshop,
    heard: Callable[[Tally], None],
) -> Tally:
    """Grade what the gradebook does not hold yet, and store each report when it is made.

    Args:
        heard: is told how far it has come.

    Raises:
        BatchBroken: nothing can be graded; what was stored before stays.
        CourseError: the course is broken.
    """
    tally = Tally(len(batch.exercises) * sum(not one.problem for one in submissions))
    book.enter(
        Handing(one.name, one.learner_id, one.learner_name, one.received, one.problem, one.notes)
        for one in submissions
    )

    def kept(number: int) -> None:
        tally.kept += number

    heard(tally)
    for result in grade_all(workshop, batch.tasks(submissions, book.report_keys(), kept)):
        if result.fault:
            raise BatchBroken(result.fault)
        book.store_reports(result.graded)
        tally.graded += len(result.graded)
        for name, one in result.graded:
            if one.report.broken:
                tally.broken[name] = next(o.message for o in one.report.outcomes if o.status == "error")
        heard(tally)
    return tally


# --- quizzes ------------------------------------------------------------------------------------------


def read_answers(submissions: Iterable[Submission]) -> dict[str, bytes]:
    """Return the answers to quizzes in submissions, as they were handed in, by name; most have none."""
    found = {}
    for one in submissions:
        with contextlib.suppress(FileRejected, OSError):
            found[one.name] = one.read_responses_bytes()
    return {name: data for name, data in found.items() if data}


def grade_quizzes(grading: Grading, key: str, answers: Mapping[str, bytes], book: Gradebook) -> None:
    """Grade answers, and store what each submission earned; those that have not changed are kept.

    Args:
        key: a hash of all that the grades depend on besides the answers.
        answers: by the submission's name.
    """
    known = book.quiz_keys()
    for name, data in answers.items():
        own = hashed(key, hashlib.sha256(data).hexdigest())
        if known.get(name) != own:
            book.store_quizzes(name, own, _quiz_results(grading, data))


def _quiz_results(grading: Grading, data: bytes) -> Iterator[QuizResult]:
    left_out: list[str] = []
    try:
        quizzes = grade_learner([parse_responses(data)], grading, left_out.append).quizzes
    except NotResponses as error:
        yield QuizResult("responses", "Answers that cannot be read", 0, 0, (f"responses.json {error}",))
        return
    for one in quizzes:
        public = one.sheet.public
        notes = (*left_out, *one.notes, *(f"refused: {text}" for text in one.refused.values()))
        yield QuizResult(one.sheet.id, public.title, one.cents, one.possible_cents, notes)


def quiz_key(course: Course, editions: Mapping[str, Edition]) -> str:
    """Return a hash of all that grades in quizzes depend on besides the answers."""
    sheets = (f"{name} {one.sha256}" for name, one in sorted(editions.items()))
    quizzes = digest(course.root, (course.root / "quizzes").glob("*.yaml"))
    return hashed(grader.__version__, grader_digest(), course.salt, quizzes, *sheets)
