"""``grader handout``: build the students' edition, without solutions and keys."""

from __future__ import annotations

from pathlib import Path

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
from grader.quiz.files import (
    NoSecret,
    Quiz,
    UnknownQuiz,
    find_quiz_path,
    full_quizzes,
    make_secret,
    read_secret,
    secret_path,
)


@click.command("handout")
@click.argument("target", metavar="DEST", type=click.Path(path_type=Path))
@click.option("--exercises", metavar="IDS", multiple=True, help="Only these, with commas between them.")
@click.option("--quizzes", metavar="NAMES", multiple=True, help="Only these, with commas between them.")
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
            _write_gradescope(course, target, _split(exercises))
        else:
            _hand_out(course, target, _split(exercises), _split(quizzes), archive, quizzes_only)
    except Leaking as leaking:
        for leak in leaking.leaks:
            click.echo(leak, err=True)
        stop("nothing was written: what would be handed out tells answers", BROKEN)
    except (CannotHandOut, UnknownQuiz, NoSecret) as error:
        stop(str(error), USAGE)


def _split(names: tuple[str, ...]) -> tuple[str, ...]:
    words = (word.strip() for name in names for word in name.split(","))
    return tuple(dict.fromkeys(filter(None, words)))


def _hand_out(
    course: Course,
    target: Path,
    exercises: tuple[str, ...],
    quizzes: tuple[str, ...],
    archive: bool,
    quizzes_only: bool,
) -> None:
    """Build a hand-out, or write its quizzes, and say what was written."""
    only = tuple(find_quiz_path(course, name).stem for name in quizzes)
    known = full_quizzes(course)
    if make_secret(course):
        path = secret_path(course).relative_to(course.root)
        click.echo(f"made a secret in {path}; keep it: grading needs it, and nobody else should have it")
    secret = read_secret(course)
    if quizzes_only:
        for quiz in hand_out_quizzes(known, target, secret, only):
            click.echo(f"{quiz.id:<26}{quiz.file.mode:<10} {_quiz_row(quiz)}")
        return
    built = build_handout(
        course,
        target,
        secret,
        exercises=exercises,
        quizzes=only,
        archive=archive,
        on_progress=lambda name: click.echo(f"recording {name}", err=True),
    )
    for name, file in built.exercises.items():
        click.echo(f"{name:<26}{file.credits:>3} credits visible, {file.more_credits:>2} more when graded")
    for quiz in built.quizzes:
        click.echo(f"{quiz.id:<26}{_quiz_row(quiz)}")
    credits = sum(file.credits for file in built.exercises.values())
    counts = f"{_count(len(built.exercises), 'exercise', 's')} with {credits} visible credits"
    files = f"{target} and {target.name}.zip" if archive else str(target)
    looked = f"{built.lines} lines looked through, and no answer in them"
    click.echo(f"{files}: {counts}, {_count(len(built.quizzes), 'quiz', 'zes')}; {looked}")


def _quiz_row(quiz: Quiz) -> str:
    what = "answers included" if quiz.file.mode == "practice" else "without its key"
    return f"{len(quiz.file.questions):>3} questions, {what}"


def _count(number: int, noun: str, plural: str) -> str:
    return f"{number} {noun}{plural if number != 1 else ''}"


def _write_gradescope(course: Course, target: Path, ids: tuple[str, ...]) -> None:
    exercises = course.exercises(ids)
    try:
        write_gradescope_archive(course, exercises, target)
    except OSError as error:
        stop(f"{target} cannot be written: {error.strerror}", USAGE)
    credits = sum(exercise.file.credits for exercise in exercises)
    click.echo(f"{target}: {len(exercises)} exercises with {credits} credits; set the assignment to as many")
