"""``grader grade``: grade the submissions of a class."""

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from grader import cli
from grader.classroom.batch import ExecutorConfig, grade, processes
from grader.classroom.gradebook import open_gradebook
from grader.classroom.job import BatchBroken
from grader.classroom.roster import COUNTS
from grader.course import COURSE_FILE, CourseError, open_course
from grader.progress.grades import ClassGrades, noted
from grader.reports.class_pages import write_pages
from grader.reports.tables import class_lines
from grader.sandbox.text import clean

SHARD = re.compile(r"([1-9]\d{0,4})/([1-9]\d{0,4})")


def _shard(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, int]:
    found = SHARD.fullmatch(value or "1/1")
    if found is None or int(found[1]) > int(found[2]):
        raise click.BadParameter("should be a number of a number, such as 3/10")
    return int(found[1]), int(found[2])


@click.command("grade")
@click.argument("submissions", type=click.Path(exists=True, path_type=Path))
@cli.results_option("Folder of the results; what it holds of an earlier run is not made again.")
@cli.assignment_option
@cli.exercises_option("Grade these only, and no assignment")
@cli.roster_option
@click.option(
    "--count",
    type=click.Choice(COUNTS),
    help="Which of several submissions of one student in the roster counts [latest-on-time, or as before].",
)
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
@cli.confinement_option("students' code", machine="a machine", default="required")
@cli.confirm_gone_option
@click.option(
    "--round",
    "round_number",
    type=click.IntRange(1, 10**6),
    metavar="N",
    help="Grade in this round; a new one has other random inputs [the one that RESULTS is in].",
)
@cli.seed_option("Of the random inputs [derived from the course's secret and the round].")
@click.pass_obj
def command(
    course_folder: str | None,
    /,
    submissions: Path,
    results: Path,
    assignment: str,
    exercises: tuple[str, ...],
    count: str | None,
    no_quizzes: bool,
    jobs: int | None,
    cluster: str | None,
    **chosen: Any,
) -> None:
    """Grade the submissions of a class: a folder of folders, of zips or of checkouts, or a single one.

    Everything goes to RESULTS/grades.db as soon as it is known, so a run that was stopped goes on where it
    was, and a second one grades what has changed. RESULTS/index.html is the class, RESULTS/notes.csv tells
    what there is to decide, RESULTS/students holds a page and a report.json for each. Exits with 0 if all was
    graded, whatever it earned, with 1 if something has to be decided, with 3 if nothing can be
    graded, for a fault of the course.

    Everybody gets the same random inputs in a round, on every machine that has the course's secret; what is
    handed in again in the same round gets others.
    """
    if jobs and cluster:
        raise click.UsageError("--jobs is for this machine, --cluster says itself how many workers there are")
    course = open_course(course_folder)
    part = cli.chosen_part(course, assignment, exercises)
    if results.resolve() == submissions.resolve():
        raise click.UsageError("-o names the folder of the submissions; give the results one of their own")
    cli.require_results_folder(results)
    for notice in old_keys(course):
        click.echo(f"grader: {notice}", err=True)
    try:
        with _executor(course, cluster, jobs or os.cpu_count() or 1) as executor, _progress() as on_progress:
            grades = grade(
                course,
                submissions,
                results,
                exercises=exercises,
                assignment=part.id if part else "",
                count=count or "",
                quizzes=not no_quizzes,
                executor=executor,
                on_progress=on_progress,
                **chosen,
            )
    except BatchBroken as error:
        with contextlib.suppress(CourseError, OSError), open_gradebook(results) as book:
            publish(book.class_grades(course), results)  # which tell what is of an earlier grading now
        cli.stop(str(error), cli.BROKEN)
    cli.print_lines(class_lines(grades, cli.width()))
    code = publish(grades, results)
    click.echo(f"all of it: {results / 'index.html'}; for each student: {results / 'students'}")
    for name, message in grades.broken.items():
        click.echo(f"grader: {clean(name, 80)}: {clean(message, 400)}", err=True)
    sys.exit(cli.BROKEN if grades.all_broken else cli.FAILED if grades.broken else code)


def old_keys(course: cli.Course) -> list[str]:
    """Return a sentence for each key of ``course.yaml`` that still works and has a better place."""
    found = ["`late.deadlines` is old: write a `deadline` into each of the `assignments`"]
    found = found * bool(course.late.deadlines)
    if course.late.extensions:
        found.append("`late.extensions` names people where git sees them: move them to class/extensions.csv")
    return [f"{COURSE_FILE}: {sentence}" for sentence in found]


def publish(grades: ClassGrades, results: Path) -> int:
    """Write the pages of a class; return the exit code: 0 if all were written, and nothing is to decide."""
    failed = write_pages(grades, results)
    for sentence in failed:
        click.echo(f"grader: {sentence}", err=True)
    return cli.FAILED if failed or any(entry.note.decide for entry in noted(grades)) else 0


@contextlib.contextmanager
def _executor(course: cli.Course, cluster: str | None, jobs: int) -> Iterator[ExecutorConfig]:
    if cluster is None:
        yield processes(jobs)
        return
    try:
        from grader.classroom.cluster import connected
    except ImportError:
        cli.stop("--cluster needs Dask; install it with: pip install distributed", cli.USAGE)
    with connected(cluster, course) as executor:
        yield executor


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show how far it has come: a bar on a terminal, a line for every tenth elsewhere."""
    bar = click.progressbar(length=1, label="grading", show_pos=True, file=sys.stderr)
    on_terminal, said = sys.stderr.isatty(), -1  # tenths; what an earlier run has done is not said

    def on_progress(done: int, total: int) -> None:
        nonlocal said
        tenths = 10 * done // max(1, total)
        if on_terminal:
            bar.length = total
            bar.update(done - bar.pos)
        elif 0 <= said < tenths:
            click.echo(f"graded {done} of {total}", err=True)
        said = max(said, tenths)

    with bar if on_terminal else contextlib.nullcontext():
        yield on_progress
