"""``grader handout``: build the students' edition, without solutions and keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.authoring.handout import Built


@click.command("handout")
@click.argument("target", metavar="DEST", type=click.Path(path_type=Path))
@click.option("--exercises", metavar="IDS", multiple=True, help="Only these, with commas between them.")
@click.option("--quizzes", metavar="NAMES", multiple=True, help="Only these, with commas between them.")
@click.option("--zip", "archive", is_flag=True, help="Write DEST.zip as well.")
@click.pass_obj
def command(
    course_folder: str | None,
    target: Path,
    exercises: tuple[str, ...],
    quizzes: tuple[str, ...],
    archive: bool,
) -> None:
    """Build the students' edition, without solutions and keys.

    Visible checks run there on answers that are recorded now, so no solution is needed. The finished folder
    is looked through: if anything in it tells an answer, nothing is written, and this exits with 3.
    """
    from grader.authoring.handout import CannotHandOut, Leaking, build_handout, require_full
    from grader.cli import BROKEN, USAGE, stop
    from grader.course import find_course
    from grader.quiz import edition
    from grader.quiz.registry import UnknownQuiz, find_quiz_path

    course = find_course(course_folder)
    target = Path(*target.parts) if target.name else target.resolve()
    try:
        require_full(course)
        only = tuple(find_quiz_path(course, name).stem for name in _split(quizzes))
        if edition.make_secret(course):
            path = edition.secret_path(course).relative_to(course.root)
            click.echo(f"made a secret in {path}; keep it: grading needs it, and nobody else should have it")
        secret = edition.read_secret(course)
        built = build_handout(
            course,
            target,
            secret,
            exercises=_split(exercises),
            quizzes=only,
            archive=archive,
            heard=lambda name: click.echo(f"recording {name}", err=True),
        )
    except Leaking as leaking:
        for leak in leaking.leaks:
            click.echo(leak, err=True)
        stop("nothing was written: what would be handed out tells answers", BROKEN)
    except (CannotHandOut, UnknownQuiz, edition.NoSecret) as error:
        stop(str(error), USAGE)
    _tell(built, target, archive)


def _split(names: tuple[str, ...]) -> tuple[str, ...]:
    words = (word.strip() for name in names for word in name.split(","))
    return tuple(dict.fromkeys(filter(None, words)))


def _tell(built: Built, target: Path, archive: bool) -> None:
    for exercise, credits in built.credits.items():
        click.echo(f"{exercise:<26}{credits:>3} credits visible, {built.more[exercise]:>2} more when graded")
    for quiz in built.quizzes:
        what = "answers included" if quiz.file.mode == "practice" else "without its key"
        click.echo(f"{quiz.id:<26}{len(quiz.file.questions):>3} questions, {what}")
    count = len(built.credits)
    exercises = f"{count} exercise{'s' if count != 1 else ''}"
    total = f"{exercises} with {sum(built.credits.values())} visible credits"
    count = len(built.quizzes)
    quizzes = f"{count} quiz{'zes' if count != 1 else ''}"
    files = f"{target} and {target.name}.zip" if archive else str(target)
    click.echo(f"{files}: {total}, {quizzes}; {built.lines} lines looked through, and no answer in them")
