"""``grader gradescope``: grade one submission where Gradescope runs it, and leave ``results.json``.

Sources: Gradescope's specification of autograders and its page on submission metadata
(https://gradescope-autograders.readthedocs.io/en/latest/specs/ and .../submission_metadata/).
"""

import contextlib
import datetime
import json
import math
import signal
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import click

from grader.classroom.batch import grade, processes
from grader.classroom.collect import read_submission
from grader.classroom.gradebook import open_gradebook
from grader.cli import Course, assignment_option, exercises_option, pass_course
from grader.course import Exercise, parse_time, write_atomic
from grader.reports.exports import gradescope_json

SECONDS = 480  # for grading; Gradescope ends a run after ten minutes
ABOUT_FILES = ("nothing-found", "other-versions", "which-file", "names-outside")
"""Kinds of notes that a student can do something about; the others are for the instructor."""
BROKEN = "The grader could not run. This is not your fault; tell your instructor."


class OutOfTime(BaseException):
    """Grading took too long; whatever catches ordinary errors lets this pass."""


class About(NamedTuple):
    """What Gradescope says of a submission.

    Args:
        received: when it arrived, in UTC; None if it does not say.
        email: of the student, who cannot choose it, as they can their name; empty if it does not say.
        earlier: how often the same student handed in before.
        score: that the last of these has; None if it has none.
    """

    received: datetime.datetime | None = None
    email: str = ""
    earlier: int = 0
    score: float | None = None


@click.command("gradescope")
@click.argument("root", type=click.Path(exists=True, file_okay=False, path_type=Path))
@exercises_option("Grade these only")
@assignment_option
@click.option(
    "--seconds", type=click.IntRange(1), default=SECONDS, help="When to stop and say what is known."
)
@pass_course
def command(course: Course, root: Path, exercises: tuple[str, ...], assignment: str, seconds: int) -> None:
    """Grade ROOT/submission, whatever lies in it, and write ROOT/results/results.json in any case.

    The archive that `grader handout --gradescope` builds calls this. When something arrived, whose it is and
    how often they handed in before comes from ROOT/submission_metadata.json.
    """
    about, results = read_metadata(root / "submission_metadata.json"), root / "results" / "results.json"
    results.parent.mkdir(exist_ok=True)

    def write(document: dict[str, Any]) -> None:
        write_atomic(results, json.dumps(document, indent=2, ensure_ascii=False))

    # First what to say if grading raises, or is killed.
    stays = "" if about.score is None else " The score is that of your last submission."
    write({"score": about.score or 0, "output": BROKEN + stays, "stdout_visibility": "hidden"})
    chosen = course.assignment(assignment).exercises if assignment else exercises
    write(grade_one(course, root / "submission", about, course.exercises(chosen), seconds, assignment))


def read_metadata(path: Path) -> About:
    """Read what Gradescope says of a submission; what it does not say, or says otherwise, is left out."""
    about = About()
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return about
    match document:
        case {"created_at": str(text)}:
            with contextlib.suppress(ValueError, OverflowError):
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
    handed = read_submission(folder, exercises)
    handed = replace(handed, platform="gradescope", platform_id=about.email)
    if about.received:
        handed = replace(handed, received=about.received, received_from="platform")
    said, out_of_time = list[str](), True
    with tempfile.TemporaryDirectory() as work:
        with contextlib.suppress(OutOfTime), _alarm(seconds):
            grade(
                course,
                handed,
                work,
                exercises=[exercise.id for exercise in exercises],
                assignment=assignment,
                quizzes=False,
                round_number=about.earlier + 1,  # other inputs: what earlier messages tell is of no use
                confinement="best",
                executor=processes(1),
            )
            out_of_time = False
        with open_gradebook(Path(work)) as book:
            (found,) = book.class_grades(course).grades
    graded = {report.exercise for report in found.reports}
    missing = [exercise.id for exercise in exercises if exercise.id not in graded]
    if out_of_time and missing:
        said.append(f"Time ran out after {seconds} seconds; not graded: {', '.join(missing)}.")
    said += [f"Your submission: {note.text}." for note in handed.notes if note.kind in ABOUT_FILES]
    if handed.nothing_found or handed.problem:
        wanted = ", ".join(f"{exercise.id}/{exercise.file.module}.py" for exercise in exercises)
        said.append(f"Hand in, by these names: {wanted}; the files alone, in their folders, or in one zip.")
    document: dict[str, Any] = json.loads(gradescope_json(found))
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
