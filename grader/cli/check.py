"""``grader list``, ``login`` and ``check``: who learns here, how far they are, and what checks say."""

import contextlib
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from grader import cli, progress
from grader.checks.report import Report, reports_to_json
from grader.course import Course, Exercise, is_stub, open_course, shown_path
from grader.progress import ANONYMOUS, Learner, LedgerError, Standing, open_ledger, record, standings
from grader.reports import done_lines, overview_lines, report_lines

FORMS = ("text", "json", "github-annotations", "github-classroom", "github-summary", "junit-student")


@click.command("list")
@cli.pass_course
def show_list(course: Course) -> None:
    """Show the exercises, your credits as of the last check, and what to do next."""
    with open_ledger(course) as ledger:
        rows = standings(course, ledger)
    cli.print_lines(overview_lines(course.title, rows, cli.width(), ledger.learner))


@click.command("login")
@click.argument("name", required=False)
@click.option("--id", "learner_id", help="Keep the balance under this id; without it, one is made from NAME.")
@cli.pass_course
def login(course: Course, name: str | None, learner_id: str | None) -> None:
    """Say who learns here, by any NAME; without one, show who is logged in.

    Every learner of a course folder has a balance of their own. What is recorded while nobody is logged in is
    taken over by whoever logs in first; after that it belongs to the learner `anonymous`.
    """
    if name is None and learner_id is not None:
        raise click.UsageError("--id goes with a name: grader login NAME --id ID")
    if name not in (None, ANONYMOUS.name) and learner_id is None and course.login_id:
        if not sys.stdin.isatty():
            raise click.UsageError(f"this course asks for your {course.login_id}: grader login NAME --id ID")
        learner_id = click.prompt(f"your {course.login_id}")
    try:
        learner = Learner.named(name, learner_id) if name is not None else None
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    with open_ledger(course) as ledger:
        before = ledger.learner
        known = {other.id: other.name for other in ledger.learners()}
        left = before == ANONYMOUS and bool(ledger.best_checks() or ledger.sittings())
        adopts = left and known.keys() <= {ANONYMOUS.id}
        if learner is not None:
            ledger.login(learner, adopts=adopts)
    now = learner or before
    if now == ANONYMOUS:
        click.echo("nobody is logged in; what you do counts for the learner `anonymous`")
    else:
        click.echo(f"logged in as {now.name} (id {now.id})")
    if now in (before, ANONYMOUS):
        return
    if now.id in known:
        told = f"this id was {known[now.id]}'s before"
        click.echo(f"{told}; if you are someone else, log in with an --id of your own")
    if adopts:
        click.echo("what was recorded before is yours now")
    elif left:
        click.echo("what was recorded before is `anonymous`'s; `grader login anonymous` goes back to it")


def ask_name(course: Course, reports: Iterable[Report]) -> None:
    """Ask once, after the first credit, who learns here; Enter is one answer."""
    if not (sys.stdin.isatty() and sys.stdout.isatty() and any(report.earned for report in reports)):
        return
    with open_ledger(course) as ledger:
        if ledger.learners():
            return
    learner = None
    text = "Your first credits. They are kept here under a name; type yours, or Enter to stay without."
    click.echo(f"\n{click.wrap_text(text, shutil.get_terminal_size().columns)}")
    while learner is None:
        try:
            name = click.prompt("name", default="", show_default=False)
            asked = click.prompt(f"your {course.login_id}") if name and course.login_id else None
            learner = Learner.named(name, asked) if name else ANONYMOUS
        except ValueError as error:
            click.echo(str(error))
        except click.Abort:
            return
    with open_ledger(course) as ledger:
        ledger.login(learner, adopts=True)
    click.echo("`grader login NAME` changes it" if learner == ANONYMOUS else f"logged in as {learner.name}")


@click.command("check")
@click.argument("exercises", metavar="[EXERCISE]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Check every exercise of the course.")
@click.option("-v", "--verbose", is_flag=True, help="Show every check, and all that it says.")
@cli.submission_option("Check")
@cli.format_option(*FORMS, help="For people, or for programs (docs/report.md, docs/exports.md).")
@cli.confinement_option()
@cli.seed_option(help=cli.SAME_SEED)
@click.pass_obj
@click.pass_context
def check_exercises(
    context: click.Context,
    course_folder: str | None,
    exercises: tuple[str, ...],
    every: bool,
    verbose: bool,
    submission: Path | None,
    form: str,
    confinement: str,
    seed: int | None,
) -> None:
    """Run the checks of exercises and show the verdict; without EXERCISE, of what was changed last.

    Exits with 0 if every check passed, with 1 if some did not, with 3 if the course is broken.
    """
    if (exercises and every) or (submission and not exercises and not every):
        raise click.UsageError("name one or more exercises, or give --all")
    from grader.checks.run import check
    from grader.sandbox.pool import open_pool

    known: dict[str, Report] = {}
    reports: list[Report] = []
    with open_pool(confinement, context.meta.get(cli.ZYGOTE)) as pool:
        course = open_course(course_folder)
        wanted = course.exercises(exercises) if exercises or every else changed_last(course)
        if not wanted:
            cli.stop("nothing is written yet; `grader list` shows where to begin")
        if course.handout and seed is not None:
            click.echo("grader: a hand-out asks the same every time; --seed changes nothing here", err=True)
        if submission is not None and submission.suffix == ".py" and len(wanted) > 1:
            raise click.UsageError("a single module file goes with a single exercise")
        for exercise in wanted:
            with cli.progress_line() as progress:
                report = check(exercise, submission, pool=pool, seed=seed, known=known, progress=progress)
            known[exercise.id] = report
            reports.append(report.for_student(exercise.file.feedback).with_causes(course.causes))
            if form == "text":
                if len(reports) > 1:
                    click.echo()
                file = "" if submission else shown_path(exercise.stub_path)
                shown, seeded = reports[-1], not course.handout
                cli.print_lines(report_lines(shown, cli.width(), verbose=verbose, file=file, seeded=seeded))
    _export(form, reports, course)
    if submission is None:
        rows = remember(course, reports)
        if form == "text" and (len(reports) > 1 or reports[0].passed):
            cli.print_lines(done_lines(reports, rows, cli.width()))
        if form == "text":
            ask_name(course, reports)
    if any(report.first_error for report in reports):
        sys.exit(cli.BROKEN)
    sys.exit(0 if all(report.passed for report in reports) else cli.FAILED)


def _export(form: str, reports: list[Report], course: Course) -> None:
    """Print the verdicts for a program, if one is meant to read them."""
    if form == "json":
        cli.write_output(f"{reports_to_json(reports)}\n", None)
    elif form != "text":
        from grader.reports.exports import student_export

        feedback = {report.exercise: course[report.exercise].file.feedback for report in reports}
        grade = progress.Grade(course.root.name, reports=tuple(reports), feedback=feedback)
        cli.write_output(student_export(form, grade, course), None)


def changed_last(course: Course) -> list[Exercise]:
    """Return the exercise whose file was saved last; none if nothing is written yet."""
    saved = {}
    for exercise in course.exercises():
        with contextlib.suppress(OSError):
            if not is_stub(exercise, exercise.stub_path.read_bytes()):
                saved[exercise.stub_path.stat().st_mtime_ns] = exercise
    return [saved[max(saved)]] if saved else []


def remember(course: Course, reports: list[Report]) -> list[Standing]:
    """Keep what was found, and return where the learner stands; a verdict is worth showing even without."""
    try:
        return record(course, reports)
    except LedgerError as error:
        click.echo(f"grader: your progress was not kept: {error}", err=True)
        return []
