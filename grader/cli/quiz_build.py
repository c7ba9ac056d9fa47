"""``grader quiz build``: write the quizzes of a hand-out, without their keys."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("build")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "--student",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    required=True,
    help="The hand-out's folder; its quizzes/ is written.",
)
@click.pass_obj
def command(course_folder: str | None, names: tuple[str, ...], folder: Path) -> None:
    """Write the quizzes of a hand-out, without their keys.

    Practice quizzes go out as they are, with their answers. Of the others only what a learner may see goes
    out, and options get ids that say nothing, made with GRADER_SECRET or .grader/secret. The whole folder is
    then looked through: if anything in it tells an answer, nothing is written, and this exits with 3.
    """
    from grader.authoring.quiz_leaks import find_leaks
    from grader.cli import BROKEN, USAGE, stop
    from grader.course import find_course
    from grader.quiz import edition
    from grader.quiz.registry import UnknownQuiz, find_quiz_path

    course = find_course(course_folder)
    if edition.is_course_itself(course, folder):
        raise click.UsageError(f"{folder} is the course itself; name another folder")
    try:
        only = tuple(find_quiz_path(course, name).stem for name in names)
        quizzes = edition.full_quizzes(course)
        if edition.make_secret(course):
            path = edition.secret_path(course).relative_to(course.root)
            click.echo(f"made a secret in {path}; keep it: grading needs it, and nobody else should have it")
        secret = edition.read_secret(course)
    except UnknownQuiz as error:
        raise click.UsageError(str(error)) from None
    except edition.NoSecret as error:
        stop(str(error), USAGE)
    built = [quiz for quiz in quizzes if not only or quiz.id in only]
    texts = edition.edition_texts(built, secret, folder)
    leaks = find_leaks(folder, quizzes, secret.decode(), texts)
    for leak in leaks:
        click.echo(str(leak), err=True)
    if leaks:
        stop("nothing was written: what would be handed out tells answers", BROKEN)
    edition.write_edition(built, secret, folder)
    for quiz in built:
        what = "answers included" if quiz.file.mode == "practice" else "without its key"
        click.echo(f"{quiz.id:<26}{quiz.file.mode:<10}{len(quiz.file.questions):>4} questions, {what}")
    sys.exit(0)
