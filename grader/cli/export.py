"""``grader export`` and ``grader gradescope``: a class's grades for another program, and one on Gradescope.

Sources: Gradescope's specification of autograders and its page on submission metadata
(https://gradescope-autograders.readthedocs.io/en/latest/specs/ and .../submission_metadata/).
"""

import contextlib
import datetime
import functools
import json
import math
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import click

from grader import cli
from grader.classroom import batch, collect, comments, gradebook, roster as rosters
from grader.course import Course, Exercise, parse_time, write_atomic
from grader.reports import classes, exports

CLASS_FORMS = ("canvas", "moodle", "roster", "junit")
FEEDBACK, PAGES = ("canvas-feedback", "moodle-feedback"), "pages"
FORMS = (*CLASS_FORMS, *FEEDBACK, PAGES, *exports.STUDENT_FORMS, exports.ANNOTATIONS)
SECONDS = 480  # for grading; Gradescope ends a run after ten minutes
ABOUT_FILES = ("nothing-found", "other-versions", "which-file", "names-outside")
"""Kinds of notes that a student can do something about; the others are for the instructor."""
BROKEN = "The grader could not run. This is not your fault; tell your instructor."


@click.command("export")
@cli.results_argument
@click.argument("form", metavar="FORM", type=click.Choice(FORMS))
@cli.output_option(new_folders=True)
@click.option("--submission", "name", metavar="NAME", help="Whose; needed where there are several.")
@cli.exercises_option(help="Write these only, without quizzes")
@cli.roster_option
@click.option("--anonymous", is_flag=True, help="Of pages: pseudonyms for names, for graders.")
@click.option("--dry-run", is_flag=True, help="Write nothing; say which cells of the gradebook would change.")
@click.option("--allow-incomplete", is_flag=True, help="Exit with 0 although cells are blank.")
@cli.bom_option
@cli.pass_course
def export(
    course: Course,
    results: Path,
    form: str,
    output: Path | None,
    name: str | None,
    exercises: tuple[str, ...],
    roster: Path | None,
    anonymous: bool,
    dry_run: bool,
    allow_incomplete: bool,
    bom: bool,
) -> None:
    """Write what `grader grade` left in RESULTS for another program.

    FORM is, for the class: canvas, moodle (gradebooks, CSV), roster (any list of the class), junit (XML);
    canvas-feedback, moodle-feedback (each student's page, in the zip that the platform takes back); pages,
    with --anonymous a zip for graders, under pseudonyms that stay and that `grader adjust` knows. For one
    student: gradescope (results.json), github-annotations, github-summary, github-classroom, junit-student.
    What the course withholds of hidden checks is not in what a student gets (docs/exports.md).

    Canvas, moodle and roster fill in the rows and columns of the class's list; --roster FILE names the
    gradebook as it was exported last. Without any list, roster has a row for each submission. Where a number
    would be wrong, a cell is blank, or stays as it is.
    Exits with 1 if there are such cells, or if checks broke and credits may be of an earlier grading.
    """
    with gradebook.open_gradebook(results) as book:
        grades, listed, part = book.class_grades(course), book.roster(), book.fact("assignment")
        try:
            keys = {book.find(name).key} if name is not None else {grade.key for grade in grades.grades}
        except LookupError as error:
            cli.stop(f"{results} {error}")
    listed = rosters.read_roster(course, roster) if roster else listed
    if exercises:
        grades = grades.only([exercise.id for exercise in course.exercises(exercises)])
    found = [grade for grade in grades.grades if grade.key in keys]
    if anonymous != (form == PAGES):
        cure = "grader export RESULTS pages --anonymous -o FILE.zip"
        raise click.UsageError(f"pages go with --anonymous: {cure}")
    doubts, told, csv = exports.doubts(found), list[str](), form in ("canvas", "moodle", "roster")
    text: str | bytes = ""
    if csv and listed and form in ("roster", listed.platform):
        text, told = classes.fill(grades, listed, course.assignment(part) if part else None, dry_run=dry_run)
    elif dry_run or (csv and form != "roster"):
        raise click.UsageError("this needs the platform's list of the class; give it with --roster FILE")
    elif csv:
        text = exports.handed_in_csv(grades)
    elif form == "junit":
        text = exports.class_junit(grades)
    elif form in FEEDBACK:
        text, told = classes.feedback_zip(grades, listed, form.partition("-")[0])
    elif form == PAGES:
        text = classes.anonymous_zip(grades, listed, comments.pseudonyms(course, grades))
    elif len(found) != 1:
        known = ", ".join(grade.submission for grade in grades.grades[:5]) or "none at all"
        raise click.UsageError(f"name one submission with --submission; there are: {known}")
    elif found[0].set_aside and not allow_incomplete:
        cure = "decide with `grader adjust --student` first"
        cli.stop(f"{found[0].submission} is set aside; {cure}", cli.FAILED)
    else:
        text = exports.student_export(form, found[0], course)
    cli.write_output(text, None if dry_run else output, bom=bom and csv and not dry_run)
    for doubt in doubts + told:
        click.echo(f"grader: {doubt}", err=True)
    stale = any(grade.state in ("stale", "set aside") for grade in found)
    sys.exit(cli.FAILED if not allow_incomplete and (stale or (csv and doubts)) else 0)


# --- on Gradescope ---------------------------------------------------------------------------------------


class OutOfTime(BaseException):
    """Grading took too long; whatever catches ordinary errors lets this pass."""


class About(NamedTuple):
    """What Gradescope says of a submission; nothing where it does not."""

    received: datetime.datetime | None = None  # when it arrived, in UTC
    email: str = ""  # of the student, who cannot choose it, as they can their name
    earlier: int = 0  # how often the same student handed in before
    score: float | None = None  # that the last of these has


@click.command("gradescope")
@click.argument("root", type=cli.FOLDER)
@cli.exercises_option(help="Grade these only")
@cli.assignment_option
@click.option(
    "--seconds", type=click.IntRange(1), default=SECONDS, help="When to stop and say what is known."
)
@cli.pass_course
def gradescope(course: Course, root: Path, exercises: tuple[str, ...], assignment: str, seconds: int) -> None:
    """Grade ROOT/submission, whatever lies in it, and write ROOT/results/results.json in any case.

    The archive that `grader handout --gradescope` builds calls this. When something arrived, whose it is and
    how often they handed in before comes from ROOT/submission_metadata.json.
    """
    about, results = read_metadata(root / "submission_metadata.json"), root / "results" / "results.json"
    results.parent.mkdir(exist_ok=True)
    dump = functools.partial(json.dumps, indent=2, ensure_ascii=False)
    # First what to say if grading raises, or is killed.
    stays = "" if about.score is None else " The score is that of your last submission."
    broken = {"score": about.score or 0, "output": BROKEN + stays, "stdout_visibility": "hidden"}
    write_atomic(results, dump(broken))
    chosen = course.assignment(assignment).exercises if assignment else exercises
    graded = grade_one(course, root / "submission", about, course.exercises(chosen), seconds, assignment)
    write_atomic(results, dump(graded))


def read_metadata(path: Path) -> About:
    """Read what Gradescope says of a submission; what it does not say, or says otherwise, is left out."""
    about = About()
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return about
    match document:
        case {"created_at": str(text)}:
            with contextlib.suppress(ValueError):
                about = about._replace(received=parse_time(text).astimezone(datetime.UTC))
    match document:
        case {"users": [{"email": str(email)}, *_]}:
            about = about._replace(email=email)
    match document:
        case {"previous_submissions": [*earlier]}:
            about = about._replace(earlier=len(earlier))
    match document:
        case {"previous_submissions": [*_, {"score": int(score) | float(score)}]} if 0 <= score < math.inf:
            about = about._replace(score=score)
    return about


def grade_one(
    course: Course,
    folder: Path,
    about: About,
    exercises: Sequence[Exercise],
    seconds: int,
    assignment: str = "",
) -> dict[str, Any]:
    """Grade a folder as one submission, as far as the seconds reach; return the document that is shown."""
    handed = collect.read_submission(folder, exercises)
    handed = replace(handed, platform="gradescope", platform_id=about.email)
    if about.received:
        handed = replace(handed, received=about.received, received_from="platform")
    said, out_of_time = list[str](), True
    with tempfile.TemporaryDirectory() as work:
        with contextlib.suppress(OutOfTime), _alarm(seconds):
            batch.grade(
                course,
                handed,
                work,
                exercises=[exercise.id for exercise in exercises],
                assignment=assignment,
                quizzes=False,
                round_number=about.earlier + 1,  # other inputs: what earlier messages tell is of no use
                confinement="best",
                executor=batch.processes(1),
            )
            out_of_time = False
        with gradebook.open_gradebook(Path(work)) as book:
            (found,) = book.class_grades(course).grades
    graded = {report.exercise for report in found.reports}
    missing = [exercise.id for exercise in exercises if exercise.id not in graded]
    if out_of_time and missing:
        said.append(f"Time ran out after {seconds} seconds; not graded: {', '.join(missing)}.")
    said += [f"Your submission: {note.text}." for note in handed.notes if note.kind in ABOUT_FILES]
    if handed.nothing_found or handed.problem:
        wanted = ", ".join(f"{exercise.id}/{exercise.file.module}.py" for exercise in exercises)
        said.append(f"Hand in, by these names: {wanted}; the files alone, in their folders, or in one zip.")
    document: dict[str, Any] = json.loads(exports.gradescope_json(found))
    document["output"] = "\n".join(filter(None, [*said, document["output"]]))
    if found.stale and about.score is not None:  # a grade gives way to a better founded one only
        document["score"] = max(document["score"], about.score)
    return document


@contextlib.contextmanager
def _alarm(seconds: int) -> Iterator[None]:
    """After some seconds, raise OutOfTime inside; processes that grade there are killed by that."""

    def stop(*_: object) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
