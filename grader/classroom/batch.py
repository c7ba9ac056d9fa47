"""Grades a class: what is new or has changed is cut into tasks, and an executor does them.

A task is one exercise, or the quizzes, of a few submissions. It is a function of what it is given: done
twice, or somewhere else, it gives the same. So a killed run goes on where it stopped. Whatever one submission
breaks is told of that one, and the class goes on.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from grader.checks.messages import GRADED_WITH
from grader.checks.parallel import Processes
from grader.checks.report import Report
from grader.classroom.collect import Submission, find_submissions
from grader.classroom.gradebook import Gradebook, open_gradebook
from grader.classroom.identity import unused_extensions
from grader.classroom.job import BatchBroken, Confinement, Task, TaskResults, Work, run_task
from grader.classroom.roster import late_policy, read_roster
from grader.classroom.tables import (
    Drawn,
    Place,
    Round,
    Scope,
    derive_seed,
    digest,
    files_key,
    hashed,
    round_secret,
)
from grader.course import CannotDo, Course, Exercise, NoSecret
from grader.progress.grades import QUIZZES, ClassGrades
from grader.sandbox.process import require_confinement
from grader.sandbox.text import clean, one_line
from grader.sandbox.worker import ConfinementMissing, NoProcess

SUBMISSIONS_PER_TASK = 8  # more save little
MAX_REASON = 400  # characters of why something could not be graded
DIED = "the process that graded it died, twice; run the command again, and report it if it stays so"


def grade(
    course: Course,
    submissions: Path | str | Submission,
    results: Path | str,
    *,
    exercises: Sequence[str] = (),
    assignment: str = "",
    roster: Path | None = None,
    count: str = "",
    shard: tuple[int, int] = (1, 1),
    quizzes: bool = True,
    round_number: int | None = None,
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
        exercises: ids; all of the assignment, or of the course, unless said.
        assignment: id of the one that is graded; its deadline counts, and what it names makes up the total.
        roster: the platform's list of students; ``class/roster.csv`` unless said, if it is there, else the
            one of an earlier run.
        count: which of several submissions of one student counts: ``latest-on-time``, ``latest`` or ``best``.
        shard: which part of the class, of how many; the first is 1.
        quizzes: whether to grade answers to quizzes as well.
        round_number: of the round; the one that the gradebook is in unless said. A later one is begun, with
            other random inputs.
        seed: of the random inputs; None derives one from the course's secret and the round, the same for the
            whole class, and one of its own for what is handed in again in the same round.
        executor: where tasks are run; as many processes of this machine as it has processors unless said.
        confirm_gone: whether any number of submissions may have vanished from the folder.
        on_progress: is called with how many exercises of submissions are graded, and how many there are.

    Raises:
        LedgerError: the gradebook cannot be used.
        CannotDo: the submissions cannot be read, or the gradebook is of a later round or another assignment.
        BatchBroken: nothing can be graded; what was stored before stays.
        NoProcess: the system starts no more processes.
        CourseError: the course is broken.
    """
    executor = executor or processes(os.cpu_count() or 1)
    executor.require(confinement)
    part = course.assignment(assignment) if assignment else None
    ids = exercises or (part.exercises if part else ())
    chosen = [] if part and not ids else course.exercises(ids)
    place = ""  # where the class lies, if it is one
    if isinstance(submissions, Submission):
        found = [submissions]
    else:
        folder, own = Path(submissions), Path(results).resolve()  # which may lie among the submissions
        found = [entry for entry in find_submissions(folder, chosen) if entry.path.resolve() != own]
        place = "" if [entry.path for entry in found] == [folder] else str(folder.resolve())
    listed = read_roster(course, roster)
    extensions = late_policy(course, part, listed).extensions
    for note in unused_extensions(found, extensions) if place and not listed else ():
        if note.decide:
            raise CannotDo(note.text)
    found = [storable(entry) for entry in found[shard[0] - 1 :: shard[1]]]
    whole = len(chosen) == len(part.exercises if part else course.exercise_ids())
    scope = Scope(tuple(exercise.id for exercise in chosen), quizzes, place, shard, whole)
    accepted = [entry for entry in found if not (entry.problem or entry.nothing_found)]
    with open_gradebook(Path(results), new=True) as book:
        secret = round_secret(course)
        begun = book.begin(assignment, listed, count, round_number, seed, secret)
        if not place and not isinstance(submissions, Submission):
            found[0].key = book.key_at(Path(submissions)) or found[0].key
        batch = Batch(course, chosen, book, begun, secret, confinement, fixed_seed=seed is not None)
        vanished = book.enter(found, scope, confirm_gone=confirm_gone)
        broken = batch.grade(accepted, executor, on_progress, quizzes=quizzes)
        book.finish()
        grades = book.class_grades(course)
    names = {grade.key: grade.submission for grade in grades.grades}
    return replace(
        grades,
        broken={names[key]: message for key, message in broken.items()},
        all_broken=bool(broken) and len(broken) == len(accepted),
        vanished=vanished,
    )


def storable(submission: Submission) -> Submission:
    """Return a submission as it is, or if that cannot be kept, with this as its problem."""
    try:
        words = {name: value for name, value in vars(submission).items() if name not in ("path", "sources")}
        json.dumps(words, ensure_ascii=False, default=str).encode()
    except Exception as error:
        problem = one_line(f"could not be read: {type(error).__name__}: {error}", MAX_REASON)
        key, name = clean(submission.key), clean(submission.name)
        return Submission(key, name, submission.received, path=submission.path, problem=problem)
    return submission


@functools.cache
def grader_digest() -> str:
    """Return a hash of the grader's own source, its version included."""
    root = Path(__file__).parents[1]
    return digest(root, root.rglob("*.py"))


@dataclass(frozen=True)
class Batch:
    """Exercises of a class that are graded alike; the arguments are those of :func:`grade`."""

    course: Course
    exercises: Sequence[Exercise]
    book: Gradebook
    begun: Round  # the round
    secret: bytes  # that seeds are derived from
    confinement: Confinement
    fixed_seed: bool = False  # whether all are given the round's seed, also what is handed in again

    @functools.cached_property
    def digests(self) -> dict[str, str]:
        """By exercise, a hash of all that its reports depend on besides what was handed in and the seed."""
        fixed = grader_digest(), self.course.salt, self.confinement
        found = {}
        for exercise in self.exercises:
            found[exercise.id] = hashed(*fixed, exercise.id, digest(exercise.root, exercise.author_files))
        return found

    def draw(self, submissions: Iterable[Submission]) -> dict[Place, Drawn]:
        """Return the seed for every exercise of every submission.

        Who hands in something else in a round that knows an earlier file gets inputs that nobody has seen.
        """
        before, drawn = self.book.drawn(self.begun.number), {}
        for submission in submissions:
            for exercise in self.exercises:
                source, place = submission.sources[exercise.id], (submission.key, exercise.id)
                files, seed, known = files_key(source), self.begun.seed, before.get(place)
                if known and not self.fixed_seed:
                    words = str(self.begun.number), *place, files
                    seed = known.seed if known.files == files else derive_seed(self.secret, "again", *words)
                drawn[place] = Drawn(files, seed, bool(source.data))
        return drawn

    def grade(
        self,
        submissions: Sequence[Submission],
        executor: ExecutorConfig,
        on_progress: Callable[[int, int], None],
        *,
        quizzes: bool,
    ) -> dict[str, str]:
        """Grade what the gradebook does not hold yet; return, by submission, where the grader broke."""
        drawn, known = self.draw(submissions), self.book.report_keys()
        for submission in submissions:  # nobody knows which file counts: no number is better than 0
            doubtful = {name: source for name, source in submission.sources.items() if source.doubtful}
            for name, source in doubtful.items():
                del drawn[submission.key, name]
                self.book.mark_not_graded([(submission.key, name)], source.problem)
        written = {entry.key: entry.python for entry in submissions}
        keys = {
            place: hashed(self.digests[place[1]], str(each.seed), each.files) for place, each in drawn.items()
        }
        new = {place: key for place, key in keys.items() if known.get(place) != key}
        new |= self._quiz_keys(submissions) if quizzes else {}
        coming = {place: each for place, each in drawn.items() if place in new}
        self.book.keep_drawn(self.begun.number, coming)
        done, broken = len(keys.keys() - new.keys()), dict[str, str]()
        on_progress(done, len(keys))
        try:
            for task, results in run_all(executor, self.tasks(submissions, new, drawn)):
                broken |= self._store(task, results, new, written)
                if task.exercise != QUIZZES:
                    done += len(results)
                    on_progress(done, len(keys))
        except (BatchBroken, NoProcess) as error:
            self.book.mark_not_graded(new, str(error))
            raise
        return broken

    def _quiz_keys(self, submissions: Iterable[Submission]) -> dict[Place, str]:
        """Return a hash of all that the results of quizzes depend on, where it is a new one."""
        answers = [entry for entry in submissions if entry.answers]
        if not answers:
            return {}
        from grader.quiz.grade import editions_of  # 5 MB that most runs do without

        try:
            editions = sorted(editions_of(self.course).items())
        except NoSecret as error:  # one file of answers keeps nobody from the credits of exercises
            self.book.mark_not_graded([(entry.key, QUIZZES) for entry in answers], str(error))
            return {}
        known: dict[str, str] = dict(self.book.rows("submission, key", "quizzes"))
        not_graded = self.book.report_keys()
        files = digest(self.course.root, (self.course.root / "quizzes").glob("*.yaml"))
        sheets = (f"{name} {edition.hashes[0]}" for name, edition in editions)
        fixed = hashed(grader_digest(), self.course.salt, files, *sheets)
        found = {}
        for entry in answers:
            key = hashed(fixed, hashlib.sha256(entry.answers).hexdigest(), entry.learner_id)
            if known.get(entry.key) != key or (entry.key, QUIZZES) in not_graded:  # the last time
                found[entry.key, QUIZZES] = key
        return found

    def tasks(
        self, submissions: Iterable[Submission], new: Mapping[Place, str], drawn: Mapping[Place, Drawn]
    ) -> Iterator[Task]:
        """Yield what is to do, some submissions at a time; ``new`` has the keys of what is to be made."""
        upcoming, course, run = iter(submissions), str(self.course.root), os.urandom(8).hex()
        while together := list(islice(upcoming, SUBMISSIONS_PER_TASK)):
            for exercise in self.exercises:
                by_seed = defaultdict[int, list[tuple[str, Work]]](list)
                for entry in together:
                    if (entry.key, exercise.id) in new:
                        item = entry.key, entry.sources[exercise.id]
                        by_seed[drawn[entry.key, exercise.id].seed].append(item)
                for seed, sources in by_seed.items():
                    yield Task(course, exercise.id, seed, self.confinement, tuple(sources), run)
            answers = [entry for entry in together if (entry.key, QUIZZES) in new]
            if answers:
                work = tuple((entry.key, (entry.answers, entry.learner_id)) for entry in answers)
                yield Task(course, QUIZZES, 0, self.confinement, work)

    def _store(
        self, task: Task, results: TaskResults, new: dict[Place, str], written: Mapping[str, str]
    ) -> dict[str, str]:
        """Store what came of a task; return, by submission, why something could not be graded."""
        broken: dict[str, str] = {}
        for key, result in results:
            hash_ = new.pop((key, task.exercise))
            reason = result if isinstance(result, str) else ""
            try:
                if isinstance(result, Report):
                    own = result.seed != self.begun.seed
                    other = written[key] and f"{GRADED_WITH}{written[key]}"  # which may have known more
                    more = f"; the manifest says it was written with {written[key]}"
                    notes = tuple(
                        f"{note}{more}" if other and note.startswith(GRADED_WITH) and note != other else note
                        for note in result.notes
                    )
                    report = replace(result, round=self.begun.number, resubmitted=own, notes=notes)
                    self.book.store_report(key, hash_, report)
                    if report.first_error:
                        broken[key] = report.first_error.message
                elif not reason:
                    self.book.store_quizzes(key, hash_, result.results, result.notes)
            except sqlite3.OperationalError:
                raise  # of the file: it concerns all
            except Exception as error:
                reason = f"{type(error).__name__}: {error}"
            if reason:
                broken[key] = one_line(f"could not be graded: {reason}", MAX_REASON)
                self.book.mark_not_graded([(key, task.exercise)], broken[key])
        return broken


@functools.cache
def require_here(confinement: Confinement) -> None:
    """Make sure, before any work, that this machine can confine code as required; else raise BatchBroken."""
    try:
        if confinement == "required":
            require_confinement()
    except ConfinementMissing as error:
        raise BatchBroken(str(error)) from None


@dataclass(frozen=True)
class ExecutorConfig:
    """Where tasks are run."""

    # returns an executor, in which one process that dies takes no other with it
    new_executor: Callable[[], Executor]
    max_pending: int  # how many tasks are handed to it at one time
    run_task: Callable[[Task], TaskResults] = run_task  # does a task there
    # raises ``BatchBroken`` if code cannot be confined there as required
    require: Callable[[Confinement], None] = require_here


def processes(jobs: int) -> ExecutorConfig:
    """Return so many processes on this machine, which end when this one does, even if it is killed."""
    return ExecutorConfig(functools.partial(Processes, jobs), jobs * 2)


def run_all(config: ExecutorConfig, tasks: Iterable[Task]) -> Iterator[tuple[Task, TaskResults]]:
    """Do tasks, and yield what came of each as soon as it is known.

    What a process died of, or lost with it, is tried once more, one submission at a time.
    """
    upcoming, running = iter(tasks), dict[Future[TaskResults], Task]()
    with config.new_executor() as executor:
        try:
            while True:
                for task in islice(upcoming, config.max_pending - len(running)):
                    running[executor.submit(config.run_task, task)] = task
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    task = running.pop(future)
                    try:
                        yield task, future.result()
                    except (BatchBroken, NoProcess):
                        raise
                    except Exception:
                        if task.again:
                            yield task, [(key, DIED) for key, _ in task.work]
                        upcoming = chain(() if task.again else task.alone(again=True), upcoming)
        finally:
            for future in running:
                future.cancel()
