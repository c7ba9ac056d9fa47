"""``grader gradescope-zip``: build the archive that Gradescope grades with."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("gradescope-zip")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    default="autograder.zip",
    show_default=True,
    help="Where to write it.",
)
@click.option(
    "--exercise", "ids", metavar="ID", multiple=True, help="Of this assignment; may be repeated [all]."
)
@click.pass_obj
def command(course_folder: str | None, output: Path, ids: tuple[str, ...]) -> None:
    """Build the archive that Gradescope grades with: the course, the grader and two scripts.

    Upload it as the autograder of an assignment. It holds solutions and hidden checks, as Gradescope needs
    them; students do not see it. Quizzes stay with `grader quiz grade`.
    """
    from grader.authoring.gradescope_zip import build_gradescope_zip
    from grader.cli import USAGE, stop
    from grader.course import find_course

    course = find_course(course_folder)
    if course.handout:
        stop(f"{course.root} is a hand-out, without hidden checks; go to the full course", USAGE)
    exercises = [course.exercise(one) for one in dict.fromkeys(ids or course.exercise_ids())]
    try:
        build_gradescope_zip(course, exercises, output)
    except OSError as error:
        stop(f"{output} cannot be written: {error.strerror}", USAGE)
    credits = sum(one.file.credits for one in exercises)
    click.echo(f"{output}: {len(exercises)} exercises with {credits} credits; set the assignment to as many")
