"""``grader handout``: build the students' edition, without solutions and keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from grader.authoring.handout import (
    CannotHandOut,
    Leaking,
    build_handout,
    hand_out_quizzes,
    require_full,
    write_gradescope_archive,
)
from grader.cli import BROKEN, USAGE, Course, pass_course, stop
from grader.quiz import files


def _split(_: click.Context, __: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    words = filter(None, (word.strip() for name in names for word in name.split(",")))
    found = tuple(dict.fromkeys(words))
    if names and not found:
        raise click.BadParameter("names none; leave it out for all")
    return found


SOME: dict[str, Any] = {"multiple": True, "callback": _split, "help": "Only these, with commas between them."}


@click.command("handout")
@click.argument("target", metavar="DEST", type=click.Path(path_type=Path))
@click.option("--exercises", metavar="IDS", **SOME)
@click.option("--quizzes", metavar="NAMES", **SOME)
@click.option("--zip", "archive", is_flag=True, help="Write DEST.zip as well.")
@click.option("--quizzes-only", is_flag=True, help="Write only quizzes, into the folder of a hand-out.")
@click.option("--gradescope", is_flag=True, help="Write another thing: the zip that Gradescope grades with.")
@pass_course
def command(
    course: Course,
    target: Path,
    exercises: tuple[str, ...],
    quizzes: tuple[str, ...],
    archive: bool,
    quizzes_only: bool,
    gradescope: bool,
) -> None:
    """Build the students' edition, without solutions and keys.

    Visible checks run there on answers that are recorded now, so no solution is needed. Practice quizzes go
    out with their answers; of the others only what a learner may see goes out, and options get ids that say
    nothing, made with GRADER_SECRET or .grader/secret. The finished folder is looked through: if anything in
    it tells an answer, nothing is written, and this exits with 3.

    With --gradescope, DEST is a zip with the course, the grader and two scripts: upload it as the autograder
    of an assignment. It holds solutions and hidden checks, as Gradescope needs them; students do not see it.
    """
    target = Path(*target.parts) if target.name else target.resolve()
    if gradescope + quizzes_only + archive > 1 or (gradescope and quizzes) or (quizzes_only and exercises):
        raise click.UsageError("these options do not go together; see grader handout --help")
    try:
        require_full(course)
        if gradescope:
            _write_gradescope(course, target, exercises)
            return
        quizzes = tuple(files.find_quiz_path(course, name).stem for name in quizzes)
        if quizzes_only:
            known, secret = files.all_quizzes(course), _secret(course)
            for quiz in hand_out_quizzes(known, target, secret, quizzes):
                click.echo(f"{quiz.id:<26}{quiz.file.mode:<10} {_quiz_row(quiz)}")
            return
        built = build_handout(
            course,
            target,
            _secret(course),
            exercises=exercises,
            quizzes=quizzes,
            archive=archive,
            on_progress=lambda name: click.echo(f"recording {name}", err=True),
        )
    except Leaking as leaking:
        click.echo("\n".join(leaking.leaks), err=True)
        stop("nothing was written: what would be handed out tells answers", BROKEN)
    except (CannotHandOut, files.UnknownQuiz, files.NoSecret) as error:
        stop(str(error), USAGE)
    for name, file in built.exercises.items():
        click.echo(f"{name:<26}{file.credits:>3} credits visible, {file.more_credits:>2} more when graded")
    for quiz in built.quizzes:
        click.echo(f"{quiz.id:<26}{_quiz_row(quiz)}")
    credits = sum(file.credits for file in built.exercises.values())
    counts = f"{_count(len(built.exercises), 'exercise', 's')} with {_count(credits, 'visible credit', 's')}"
    written = f"{target} and {target.name}.zip" if archive else str(target)
    looked = f"{_count(built.lines, 'line', 's')} looked through, and no answer in them"
    click.echo(f"{written}: {counts}, {_count(len(built.quizzes), 'quiz', 'zes')}; {looked}")


def _secret(course: Course) -> bytes:
    """Read the course's secret, which is made at its first use."""
    if files.make_secret(course):
        path = files.secret_path(course).relative_to(course.root)
        click.echo(f"made a secret in {path}; keep it: grading needs it, and nobody else should have it")
    return files.read_secret(course)


def _quiz_row(quiz: files.Quiz) -> str:
    what = "answers included" if quiz.file.mode == "practice" else "without its key"
    return f"{_count(len(quiz.file.questions), 'question', 's'):>13}, {what}"


def _count(number: int, noun: str, plural: str) -> str:
    return f"{number} {noun}{plural if number != 1 else ''}"


def _write_gradescope(course: Course, target: Path, ids: tuple[str, ...]) -> None:
    exercises = course.exercises(ids)
    try:
        write_gradescope_archive(course, exercises, target)
    except OSError as error:
        stop(f"{target} cannot be written: {error.strerror}", USAGE)
    credits = _count(sum(exercise.file.credits for exercise in exercises), "credit", "s")
    click.echo(
        f"{target}: {_count(len(exercises), 'exercise', 's')} with {credits}; set the assignment to as many"
    )
