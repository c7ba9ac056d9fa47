"""``grader grade``: grade the submissions of a class."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import BROKEN, FAILED

if TYPE_CHECKING:
    from grader.classroom.batch import Batch, Tally, Workshop
    from grader.classroom.collect import Submission
    from grader.classroom.gradebook import Gradebook
    from grader.course import Course

SHARD = re.compile(r"([1-9]\d{0,4})/([1-9]\d{0,4})")


def _shard(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, int]:
    found = SHARD.fullmatch(value or "1/1")
    if found is None or int(found[1]) > int(found[2]):
        raise click.BadParameter("should be a number of a number, such as 3/10")
    return int(found[1]), int(found[2])


@click.command("grade")
@click.argument("submissions", type=click.Path(exists=True, path_type=Path))
@click.option(
    "-o",
    "--output",
    "results",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="RESULTS",
    required=True,
    help="Folder of the results; what it holds of an earlier run is not made again.",
)
@click.option("--exercise", "ids", metavar="ID", multiple=True, help="Grade this one only; may be repeated.")
@click.option("--no-quizzes", is_flag=True, help="Leave answers to quizzes ungraded.")
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="Processes at one time [as many as processors]."
)
@click.option(
    "--cluster",
    metavar="WHERE",
    help="Grade on Dask workers: tcp://HOST:PORT of a scheduler, or local:N for N of them here.",
)
@click.option("--shard", callback=_shard, metavar="I/N", help="Grade the I-th of N parts of the class only.")
@click.option(
    "--confinement",
    type=click.Choice(["required", "best", "none"]),
    default="required",
    show_default=True,
    help="Of students' code: refuse to run weaker, as far as a machine can, not at all.",
)
@click.option("--seed", type=click.IntRange(0), help="Of the random inputs [derived from each exercise].")
@click.pass_obj
def command(
    course_folder: str | None,
    submissions: Path,
    results: Path,
    ids: tuple[str, ...],
    no_quizzes: bool,
    jobs: int | None,
    cluster: str | None,
    shard: tuple[int, int],
    confinement: str,
    seed: int | None,
) -> None:
    """Grade the submissions of a class: a folder of folders, of zips or of checkouts, or a single one.

    Everything goes to RESULTS/grades.db as soon as it is known, so a run that was stopped goes on where it
    was, and a second one grades what has changed. RESULTS/index.html is the class, RESULTS/students holds a
    page and a report.json for each. Exits with 0 if everything was graded, whatever it earned, with 1 if
    something was handed in that could not be, with 3 if the course is broken.
    """
    from grader.classroom.batch import Batch
    from grader.classroom.collect import CannotCollect, find_submissions
    from grader.classroom.gradebook import open_gradebook
    from grader.cli import USAGE, stop
    from grader.course import find_course

    if jobs and cluster:
        raise click.UsageError("--jobs is for this machine, --cluster says itself how many workers there are")
    course = find_course(course_folder)
    exercises = [course.exercise(one) for one in dict.fromkeys(ids or course.exercise_ids())]
    number, of = shard
    try:
        found = find_submissions(submissions, exercises)[number - 1 :: of]
    except CannotCollect as error:
        stop(str(error), USAGE)
    batch = Batch(course, exercises, seed, confinement)
    with open_gradebook(results, new=True) as book:
        with _workshop(course, cluster, jobs or os.cpu_count() or 1) as workshop:
            tally = _graded(batch, found, book, workshop)
        if not no_quizzes:
            _grade_quizzes(course, found, book, confinement)
        _show(course, book, results)
    sys.exit(_verdict(found, tally))


@contextlib.contextmanager
def _workshop(course: Course, cluster: str | None, jobs: int) -> Iterator[Workshop]:
    if cluster is None:
        from grader.classroom.batch import processes

        yield processes(jobs)
        return
    from grader.cli import USAGE, stop

    try:
        from grader.classroom.cluster import NoCluster, connected
    except ImportError:
        stop('--cluster needs Dask; install it with: pip install "rnn-grader[cluster]"', USAGE)
    try:
        with connected(cluster, course) as workshop:
            yield workshop
    except NoCluster as error:
        stop(str(error), USAGE)


def _graded(batch: Batch, found: Sequence[Submission], book: Gradebook, workshop: Workshop) -> Tally:
    from grader.classroom.batch import BatchBroken, grade_class
    from grader.cli import stop

    try:
        with _progress() as heard:
            return grade_class(batch, found, book, workshop, heard)
    except BatchBroken as error:
        stop(str(error), BROKEN)


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[Tally], None]]:
    """Show how far it has come: a bar on a terminal, a line for every tenth elsewhere."""
    if not sys.stderr.isatty():
        yield _Tenths().heard
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("", total=None, rate="")
        started = time.monotonic()

        def heard(tally: Tally) -> None:
            rate = tally.graded / (time.monotonic() - started)
            done = tally.kept + tally.graded
            progress.update(bar, total=tally.total, completed=done, rate=f"{rate:.1f}/s")

        yield heard


@dataclass
class _Tenths:
    """Says how far it has come, ten times."""

    said: int = 0

    def heard(self, tally: Tally) -> None:
        done = tally.kept + tally.graded
        tenths = 10 * done // max(1, tally.total)
        if tenths > self.said:
            self.said = tenths
            click.echo(f"graded {done} of {tally.total}", err=True)


def _grade_quizzes(course: Course, found: Sequence[Submission], book: Gradebook, confinement: str) -> None:
    """Grade answers, if there are any: only they need the secret of the hand-out."""
    from grader.classroom.batch import grade_quizzes, quiz_key, read_answers
    from grader.cli.quiz_grade import editions_of
    from grader.quiz.code import lazy_runner
    from grader.quiz.grade import Grading

    answers = read_answers(found)
    if not answers:
        return
    editions = editions_of(course)
    with lazy_runner(confinement) as runner:
        grading = Grading(course, editions, runner)
        grade_quizzes(grading, quiz_key(course, editions), answers, book)


def _show(course: Course, book: Gradebook, results: Path) -> None:
    from grader.cli.terminal import print_lines, width
    from grader.reports.class_lines import class_lines
    from grader.reports.results import write_pages

    grades = book.class_grades(course)
    print_lines(class_lines(grades, width()))
    write_pages(grades, results)
    click.echo(f"all of it: {results / 'index.html'}; for each student: {results / 'students'}")


def _verdict(found: Sequence[Submission], tally: Tally) -> int:
    """Say what could not be graded; return the exit code."""
    from grader.sandbox.text import clean

    for name, message in tally.broken.items():
        click.echo(f"grader: {clean(name, 80)}: {clean(message, 400)}", err=True)
    if tally.broken:
        return BROKEN
    return FAILED if any(one.problem for one in found) else 0
