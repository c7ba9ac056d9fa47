"""``grader handout``: build the students' edition, without solutions and keys."""

from pathlib import Path
from typing import Any

import click

from grader import cli
from grader.authoring import handout
from grader.course import Assignment, people_of
from grader.quiz import files


@click.command("handout")
@click.argument("target", metavar="DEST", type=click.Path(path_type=Path))
@cli.assignment_option
@cli.exercises_option("Hand out these only, and no assignment")
@cli.several_option("--quiz", "--quizzes", "quizzes", metavar="NAME", help="Hand out these quizzes only")
@click.option("--zip", "archive", is_flag=True, help="Write DEST.zip as well.")
@click.option("--quizzes-only", is_flag=True, help="Write only quizzes, into the folder of a hand-out.")
@click.option("--gradescope", is_flag=True, help="Write another thing: the zip that Gradescope grades with.")
@click.option("--wheel", is_flag=True, help="Write another thing: what students install, a wheel in DEST.")
@cli.pass_course
def command(
    course: cli.Course,
    target: Path,
    assignment: str,
    exercises: tuple[str, ...],
    quizzes: tuple[str, ...],
    archive: bool,
    quizzes_only: bool,
    gradescope: bool,
    wheel: bool,
) -> None:
    """Build the students' edition, without solutions and keys.

    With --assignment, or if there is only one, what goes out and what counts is what course.yaml says of it.
    Without it, it is the exercises and quizzes that you name, or all.

    Visible checks run there on answers that are recorded now, so no solution is needed. Practice quizzes go
    out with their answers; of the others only what a learner may see goes out, and options get ids that say
    nothing, made with GRADER_SECRET or .grader/secret. The finished folder is looked through: if anything in
    it tells an answer, or names somebody of the class, nothing is written, and this exits with 3.
    With --gradescope, DEST is a zip with the course, the grader and two scripts: upload it as the autograder
    of an assignment. It holds solutions and hidden checks, as Gradescope needs them; students do not see it.

    With --wheel, DEST is a folder for one file, which holds the program and the students' edition: whoever
    installs it writes a course folder with rnn-grader init DIR.
    """
    target = Path(*target.parts) if target.name else target.resolve()
    named = exercises or quizzes
    other = sum((archive, quizzes_only, gradescope, wheel))  # each of them writes something else
    if other > 1 or (gradescope and quizzes) or (quizzes_only and exercises):
        raise click.UsageError("these options do not go together; see grader handout --help")
    if assignment and named:
        raise click.UsageError("--assignment says itself what goes out; leave --exercise and --quiz out")
    lone = len(course.assignments) == 1 and not named
    chosen = course.assignment(assignment) if assignment or lone else None
    if chosen:
        exercises, quizzes = chosen.exercises, chosen.quizzes
    try:
        handout.require_full(course)
        if gradescope:
            _write_gradescope(course, target, exercises, chosen)
            return
        quizzes = tuple(files.find_quiz_path(course, name).stem for name in quizzes)
        if quizzes_only:
            known, secret = files.all_quizzes(course), secret_of(course)
            for quiz in handout.hand_out_quizzes(known, target, secret, quizzes, people_of(course)):
                click.echo(f"{quiz.id:<26}{quiz.file.mode:<10} {_quiz_row(quiz)}")
            return
        parts: dict[str, Any] = {"exercises": exercises, "quizzes": quizzes, "assignment": chosen}
        parts["on_progress"] = lambda name: click.echo(f"recording {name}", err=True)
        if wheel:
            built, target = handout.write_wheel(course, target, secret_of(course), **parts)
        else:
            built = handout.build_handout(course, target, secret_of(course), archive=archive, **parts)
    except handout.Leaking as leaking:
        click.echo("\n".join(leaking.leaks), err=True)
        cli.stop(
            "nothing was written: what would be handed out tells answers, or names of the class", cli.BROKEN
        )
    _tell(built, chosen, f"{target} and {target.name}.zip" if archive else str(target))
    if named:
        told = "course.yaml says nothing of this hand-out; write it there under `assignments`"
        click.echo(f"grader: {told}, and `grader grade --assignment ID` grades what went out", err=True)


def _tell(built: handout.Built, assignment: Assignment | None, written: str) -> None:
    """Say what went out where and, of an assignment, what counts."""
    for name, file in built.exercises.items():
        click.echo(f"{name:<26}{file.credits:>3} credits visible, {file.more_credits:>2} more when graded")
    for quiz in built.quizzes:
        counts = f", counts {quiz.credits} credits" if assignment else ""
        click.echo(f"{quiz.id:<26}{_quiz_row(quiz)}{counts}")
    credits = sum(file.credits for file in built.exercises.values())
    counts = f"{cli.counted(len(built.exercises), 'exercise')} with {cli.counted(credits, 'visible credit')}"
    looked = f"{cli.counted(built.lines, 'line')} looked through, and no answer in them"
    click.echo(f"{written}: {counts}, {cli.counted(len(built.quizzes), 'quiz', 'zes')}; {looked}")
    if assignment:
        of_exercises = sum(file.credits + file.more_credits for file in built.exercises.values())
        total = of_exercises + sum(quiz.credits for quiz in built.quizzes)
        due = f", due {assignment.deadline}" if assignment.deadline else ""
        click.echo(f"{assignment.id} ({assignment.title}) counts {cli.counted(total, 'credit')}{due}")


def secret_of(course: cli.Course) -> bytes:
    """Read the course's secret, which is made at its first use."""
    if files.make_secret(course):
        path = files.secret_path(course).relative_to(course.root)
        click.echo(f"made a secret in {path}; keep it: grading needs it, and nobody else should have it")
    return files.read_secret(course)


def _quiz_row(quiz: files.Quiz) -> str:
    what = "answers included" if quiz.file.mode == "practice" else "without its key"
    return f"{cli.counted(len(quiz.file.questions), 'question'):>13}, {what}"


def _write_gradescope(
    course: cli.Course, target: Path, ids: tuple[str, ...], assignment: Assignment | None
) -> None:
    exercises = course.exercises(ids)
    try:
        handout.write_gradescope_archive(course, exercises, target, assignment)
    except OSError as error:
        cli.stop(f"{target} cannot be written: {error.strerror}", cli.USAGE)
    credits = cli.counted(sum(exercise.file.credits for exercise in exercises), "credit")
    click.echo(
        f"{target}: {cli.counted(len(exercises), 'exercise')} with {credits}; set the assignment to as many"
    )
