"""Grades a class: what is new or has changed is cut into tasks, and an executor does them.

A task is one exercise of a few submissions, whose checks are found once for all of them. It is a function of
what it is given: done twice, or somewhere else, it gives the same. So a killed run goes on where it stopped.
"""

from __future__ import annotations

import functools
import hashlib
import json
import multiprocessing
import multiprocessing.util
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Literal

from grader.checks.parallel import CANNOT_START, process_pools
from grader.checks.report import Outcome, Report
from grader.checks.run import check_many
from grader.checks.source import Source
from grader.classroom.collect import CannotCollect, Submission, find_submissions
from grader.classroom.gradebook import Gradebook, open_gradebook
from grader.classroom.identity import unused_extensions
from grader.classroom.tables import Scope
from grader.course import Course, CourseError, Exercise, folded, open_course
from grader.progress.grades import ClassGrades
from grader.quiz.code import CodeRunner
from grader.quiz.grade import Grading, editions_of, grade_submission
from grader.sandbox.pool import WorkerPool, open_pool
from grader.sandbox.text import clean
from grader.sandbox.worker import ConfinementMissing, WorkerBroken

SUBMISSIONS_PER_TASK = 8  # more save little
DIED = "the process that graded it died, twice; run the command again, and report it if it stays so"
Confinement = Literal["required", "best", "none"]
TaskReports = list[tuple[str, Report]]
"""What came of a task: reports, each with its submission's key."""


class BatchBroken(Exception):
    """Nothing can be graded: the course is broken, or a machine cannot confine code."""


def grade(
    course: Course,
    submissions: Path | str | Submission,
    results: Path | str,
    *,
    exercises: Sequence[str] = (),
    shard: tuple[int, int] = (1, 1),
    quizzes: bool = True,
    seed: int | None = None,
    confinement: Confinement = "required",
    executor: ExecutorConfig | None = None,
    confirm_gone: bool = False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> ClassGrades:
    """Grade what a class handed in, and return what everybody in the gradebook earned.

    What the gradebook holds already is not made again, and each report is stored when it is made.

    Args:
        submissions: a folder of folders, of zips or of checkouts, or one; or a submission that was read.
        results: the folder of ``grades.db``; it is made if it is missing.
        exercises: ids; all of the course unless said.
        shard: which part of the class, of how many; the first is 1.
        quizzes: whether to grade answers to quizzes as well.
        seed: of the random inputs; None derives one from the exercise, the same for the whole class.
        executor: where tasks are run; as many processes of this machine as it has processors unless said.
        confirm_gone: whether any number of submissions may have vanished from the folder.
        on_progress: is called with how many exercises of submissions are graded, and how many there are.

    Raises:
        CannotCollect: the submissions cannot be read.
        LedgerError: the gradebook cannot be used.
        BatchBroken: nothing can be graded; what was stored before stays.
        NoSecret: answers to graded quizzes need the secret of the hand-out.
        CourseError: the course is broken.
    """
    executor = executor or processes(os.cpu_count() or 1)  # first: a script without its guard ends here
    chosen = course.exercises(exercises)
    if isinstance(submissions, Submission):
        found, place = [submissions], ""
    else:
        folder = Path(submissions)
        found, place = find_submissions(folder, chosen), str(folder.resolve())
        if [folded(entry.key) for entry in found] == [folded(folder.resolve().name)]:  # itself, and no class
            place = ""
    for note in unused_extensions(found, course.late.extensions) if place else ():
        if note.decide:
            raise CannotCollect(note.text)
    found = found[shard[0] - 1 :: shard[1]]
    scope = Scope(
        tuple(exercise.id for exercise in chosen),
        quizzes,
        place,
        shard,
        len(chosen) == len(course.exercise_ids()),
    )
    batch = Batch(course, chosen, seed, confinement)
    with open_gradebook(Path(results), new=True) as book:
        vanished = book.enter(found, scope, confirm_gone=confirm_gone)
        accepted = [
            submission for submission in found if not (submission.problem or submission.nothing_found)
        ]
        broken = batch.grade(accepted, book, executor, on_progress)
        answers = {entry.key: (entry.answers, entry.learner_id) for entry in accepted if entry.answers}
        if quizzes and answers:
            broken |= _grade_quizzes(course, answers, book, confinement)
        book.finish()
        grades = book.class_grades(course)
    names = {grade.key: grade.submission for grade in grades.grades}
    rejected = tuple(names[entry.key] for entry in found if entry.problem or entry.nothing_found)
    told = {names[key]: message for key, message in broken.items()}
    return replace(grades, rejected=rejected, broken=told, vanished=vanished)


# --- what a report depends on ---------------------------------------------------------------------------


def digest(root: Path, paths: Iterable[Path]) -> str:
    """Return a hash of files: of their names below ``root`` and of what is in them."""
    sums = hashlib.sha256()
    for path in sorted(paths):
        name = path.relative_to(root).as_posix()
        sums.update(f"{len(name)} {name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return sums.hexdigest()


@functools.cache
def grader_digest() -> str:
    """Return a hash of the grader's own source, its version included."""
    root = Path(__file__).parents[1]
    return digest(root, root.rglob("*.py"))


def hashed(*words: str) -> str:
    """Return a hash of some texts, none of which can run into the next."""
    text = "".join(f"{len(word)} {word}\n" for word in words)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Task:
    """What one process does at one time: sources of one exercise, each with its submission's key."""

    course: str
    exercise: str
    seed: int
    confinement: Confinement
    sources: tuple[tuple[str, Source], ...]

    def alone(self) -> Iterator[Task]:
        """Yield one task for each submission."""
        return (replace(self, sources=(source,)) for source in self.sources)


@dataclass(frozen=True)
class Batch:
    """Exercises of a class that are graded alike; the arguments are those of :func:`grade`."""

    course: Course
    exercises: Sequence[Exercise]
    seed: int | None
    confinement: Confinement

    @functools.cached_property
    def digests(self) -> dict[str, str]:
        """By exercise, a hash of all that its reports depend on besides what was handed in."""
        fixed = grader_digest(), self.course.salt, str(self.seed), self.confinement
        found = {}
        for exercise in self.exercises:
            parts = exercise, *exercise.used
            folders = [folder for part in parts for folder in (part.folder, part.solution_folder)]
            files = {
                path for folder in folders for path in folder.glob("*") if path.suffix in (".py", ".yaml")
            }
            of_course = digest(exercise.root, files - {part.stub_path for part in parts})
            found[exercise.id] = hashed(*fixed, exercise.id, of_course)
        return found

    def key(self, exercise: Exercise, source: Source) -> str:
        """Return a hash of all that a report depends on."""
        files = [(file.name, file.sha256, file.problem) for file in (source, *source.used)]
        return hashed(self.digests[exercise.id], json.dumps(files))

    def tasks(self, submissions: Iterable[Submission], new: Mapping[tuple[str, str], str]) -> Iterator[Task]:
        """Yield what is to do, some submissions at a time; ``new`` has the keys of reports to be made."""
        upcoming = iter(submissions)
        while together := list(islice(upcoming, SUBMISSIONS_PER_TASK)):
            for exercise in self.exercises:
                sources = tuple(
                    (submission.key, submission.sources[exercise.id])
                    for submission in together
                    if (submission.key, exercise.id) in new
                )
                # Derived from what is not handed out, so that nobody without the hidden checks can guess it.
                seed = int(self.digests[exercise.id][:8], 16) if self.seed is None else self.seed
                if sources:
                    yield Task(str(self.course.root), exercise.id, seed, self.confinement, sources)

    def grade(
        self,
        submissions: Sequence[Submission],
        book: Gradebook,
        executor: ExecutorConfig,
        on_progress: Callable[[int, int], None],
    ) -> dict[str, str]:
        """Grade what the gradebook does not hold yet; return, by submission, where the grader broke."""
        keys = {
            (submission.key, exercise.id): self.key(exercise, submission.sources[exercise.id])
            for submission in submissions
            for exercise in self.exercises
        }
        known = book.report_keys()
        new = {place: key for place, key in keys.items() if known.get(place) != key}
        done, broken = len(keys) - len(new), {}
        on_progress(done, len(keys))
        try:
            for graded in run_all(executor, self.tasks(submissions, new)):
                # What could not be graded has no key in the gradebook, so that it is tried again.
                book.store_reports((key, new.pop((key, report.exercise)), report) for key, report in graded)
                for key, report in graded:
                    if report.first_error:
                        broken[key] = report.first_error.message
                done += len(graded)
                on_progress(done, len(keys))
        except BatchBroken as error:
            book.mark_not_graded(new, str(error))
            raise
        return broken


# --- in a process of its own ----------------------------------------------------------------------------


@functools.cache
def _pool(confinement: Confinement) -> WorkerPool:
    """Return this process's workers, made once."""
    pool = open_pool(confinement)
    multiprocessing.util.Finalize(None, pool.close, exitpriority=10)
    return pool


@functools.cache
def _exercise(course: str, exercise: str) -> Exercise:
    return open_course(course)[exercise]


def run_task(task: Task) -> TaskReports:
    """Do a task in this process; what the grader breaks on, is a report that says so.

    Raises:
        BatchBroken: no task at all can be done.
    """
    try:
        exercise, pool = _exercise(task.course, task.exercise), _pool(task.confinement)
        sources = [source for _, source in task.sources]
        reports = check_many(exercise, sources, pool, seed=task.seed)
    except (CourseError, ConfinementMissing, WorkerBroken) as error:
        raise BatchBroken(str(error)) from None
    except Exception as error:
        if len(task.sources) > 1:  # whichever it was, the others are none the worse for it
            return [report for alone in task.alone() for report in run_task(alone)]
        return _broken(task, f"the grader itself broke on it ({type(error).__name__}: {error})")
    return [(name, report) for (name, _), report in zip(task.sources, reports, strict=True)]


def _broken(task: Task, sentence: str) -> TaskReports:
    outcome = Outcome("checks", "The checks of this exercise", "", "error", 0, clean(sentence, 400))
    report = Report(task.exercise, task.exercise, (outcome,), seed=task.seed)
    return [(name, report) for name, _ in task.sources]


# --- many of them ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ExecutorConfig:
    """Where tasks are run.

    Args:
        new_executor: returns an executor; called again if the last one broke.
        max_pending: how many tasks are handed to it at one time.
        run_task: does a task there.
        started: whether any of its processes ever was ready; if none was, no task is to blame.
    """

    new_executor: Callable[[], Executor]
    max_pending: int
    run_task: Callable[[Task], TaskReports] = run_task
    started: Callable[[], bool] = lambda: True


def processes(jobs: int) -> ExecutorConfig:
    """Return so many processes on this machine, which end when this one does, even if it is killed."""
    new, started = process_pools(jobs)
    return ExecutorConfig(new, jobs * 2, started=started)


def run_all(config: ExecutorConfig, tasks: Iterable[Task]) -> Iterator[TaskReports]:
    """Do tasks, and yield what came of each as soon as it is known.

    A process that dies takes others with it. What was under way is then tried again, one by one.
    """
    upcoming = iter(tasks)
    while True:
        interrupted: list[Task] = []
        yield from _run_until_broken(config, upcoming, interrupted)
        for alone in (alone for task in interrupted for alone in task.alone()):
            again: list[Task] = []
            yield from _run_until_broken(config, iter([alone]), again)
            yield from (_broken(task, DIED) for task in again)
        if not interrupted:
            return


def _run_until_broken(
    config: ExecutorConfig, upcoming: Iterator[Task], interrupted: list[Task]
) -> Iterator[TaskReports]:
    """Do tasks until one is lost, which is noted; ``run_task`` raises ``BatchBroken`` only."""
    running: dict[Future[TaskReports], Task] = {}
    with config.new_executor() as executor:
        try:
            while True:
                for task in islice(upcoming, 0 if interrupted else config.max_pending - len(running)):
                    try:
                        running[executor.submit(config.run_task, task)] = task
                    except BrokenExecutor:
                        interrupted.append(task)
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    task = running.pop(future)
                    try:
                        graded = future.result()
                    except BatchBroken:
                        raise
                    except Exception:
                        if not config.started():
                            raise BatchBroken(CANNOT_START) from None
                        interrupted.append(task)
                    else:
                        yield graded
        finally:
            for future in running:
                future.cancel()


# --- quizzes --------------------------------------------------------------------------------------------


def _grade_quizzes(
    course: Course, answers: Mapping[str, tuple[bytes, str]], book: Gradebook, confinement: Confinement
) -> dict[str, str]:
    """Grade the answers of submissions, by key, and store what each earned; what has not changed is kept.

    Args:
        answers: each with whose submission it says it is.

    Returns:
        By submission, where the grader broke; what was stored before stays.
    """
    editions, known = editions_of(course), book.quiz_keys()
    sheets = (f"{name} {edition.hashes[0]}" for name, edition in sorted(editions.items()))
    quizzes = digest(course.root, (course.root / "quizzes").glob("*.yaml"))
    fixed, broken = hashed(grader_digest(), course.salt, quizzes, *sheets), {}
    with CodeRunner(confinement) as runner:
        grading = Grading(course, editions, runner)
        for name, (data, owner) in answers.items():
            key = hashed(fixed, hashlib.sha256(data).hexdigest(), owner)
            if known.get(name) == key:
                continue
            found = grade_submission(data, owner, grading)
            if found.broken:
                broken[name] = found.broken
            else:
                book.store_quizzes(name, key, found.results)
    return broken
