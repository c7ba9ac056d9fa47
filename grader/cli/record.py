"""``grader credits``, ``submit``, ``backup`` and ``import``: what a learner has to take along."""

import datetime
import textwrap
from pathlib import Path

import click

from grader import cli
from grader.cli.check import remember
from grader.course import Course, CourseError
from grader.progress import Ledger, hand_in, open_ledger, standings, transfer
from grader.quiz import all_quizzes, balance, open_context, update
from grader.reports import report_lines, statement, text, wrapped

MAX_WHY = 160  # characters of what the first failing check says
WHAT = {
    "begun": ("sitting", " of quizzes"),
    "answered": ("answer", ""),
    "quiz_hinted": ("hint", " on questions"),
    "checked": ("check", " of exercises"),
    "hinted": ("hint", " on exercises"),
}
"""What is told of a file's events, by their table: of one, and the rest."""


@click.command("credits")
@cli.table_option
@cli.bom_option
@cli.pass_course
def show_credits(course: Course, form: str, bom: bool) -> None:
    """Show your credits by exercise, by quiz and by topic, and what is still to earn.

    The best check of an exercise counts, and no credit counts twice.
    """
    sheets = all_quizzes(course)
    with open_context(course, cli.hide) as context:
        update(sheets, context)
    with open_ledger(course) as ledger:
        learner, stands = ledger.learner, standings(course, ledger, best=True)
        balances = [(sheet, balance(ledger, sheet).by_topic) for sheet in sheets]
    rows = []
    for stood, exercise in zip(stands, course.exercises(), strict=True):
        worth = 100 * (stood.earned or 0), 100 * stood.credits
        rows.append(statement.Row("exercise", stood.exercise, stood.title, exercise.file.chapter, *worth))
    for sheet, cents in balances:
        for topic in sheet.topics:
            worth = cents.get(topic, 0), 100 * sheet.possible(topic)
            rows.append(statement.Row("quiz", sheet.id, sheet.public.title, topic, *worth))
    if form == "json":
        cli.write_output(f"{statement.statement_to_json(learner, rows)}\n", None)
    elif form == "csv":
        cli.write_output(statement.statement_to_csv(learner, rows), None, bom=bom)
    else:
        stretch = {each.exercise for each in stands if each.stretch}
        cli.print_lines(statement.statement_lines(learner, rows, cli.width(), stretch))


@click.command("submit")
@click.option("--check", is_flag=True, help="Show the whole verdict on every exercise, not a line each.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE.zip",
    help="Write there; without it, to submission-ID.zip in the course folder.",
)
@click.option(
    "--question",
    "questions",
    multiple=True,
    metavar="TEXT",
    help="Ask your instructor about a verdict; name the exercise. May be repeated.",
)
@click.option("--force", is_flag=True, help="Replace FILE.zip even if it is no earlier bundle of yours.")
@cli.pass_course
def submit(course: Course, check: bool, output: Path | None, questions: tuple[str, ...], force: bool) -> None:
    """Bundle what you wrote and answered into one zip, to hand it in.

    It holds your module files, your answers to quizzes and your name. How each exercise stands, and what is
    missing, is said before it is written, and never keeps it from being written. Exits with 0 if it was, even
    if a check failed: work that is half done may be handed in as well.
    """
    from grader.checks.run import check as run_checks  # which the others do without
    from grader.sandbox import pool, worker

    quizzes = [(sheet.id, sheet.public.version, sheet.path) for sheet in all_quizzes(course)]
    bundle = hand_in.gather(course, quizzes, datetime.datetime.now(datetime.UTC), questions)
    path = output or course.root / f"submission-{bundle.learner.id}.zip"
    try:  # whatever the verdict, and even if there is none, there is something to hand in
        with pool.open_pool() as workers, cli.progress_line() as progress:
            for exercise in course.exercises(bundle.written) if bundle.written else []:
                report = run_checks(exercise, pool=workers, progress=progress)
                report = report.for_student(exercise.file.feedback)
                remember(course, [report])
                if check:
                    cli.print_lines(report_lines(report, cli.width()))
                    click.echo()
                    continue
                failed = sum(outcome.status != "passed" for outcome in report.outcomes)
                found = f"fails {failed} of {len(report.outcomes)} checks" if failed else "passes"
                first = text.first_to_mend(report)
                why = f": {textwrap.shorten(text.message(first), MAX_WHY)}" if first else ""
                told = f"{exercise.id} {found}, {report.earned} of {report.credits} credits{why}"
                cli.print_lines(wrapped(told, "failed" if failed else "passed", cli.width(), ""))
    except (CourseError, worker.ConfinementMissing, worker.WorkerBroken) as error:
        click.echo(f"grader: the checks broke: {error}", err=True)
    for sentence in bundle.missing:
        click.echo(f"missing: {sentence}")
    hand_in.write_bundle(bundle, path, force=force)
    count = cli.counted(len(bundle.files), "file")
    click.echo(f"{path} holds {count} of {bundle.learner.name} (id {bundle.learner.id}); hand it in")


@click.command("backup")
@cli.output_option()
@cli.pass_course
def backup(course: Course, output: Path | None) -> None:
    """Write what you answered and what was checked into a file, to go on elsewhere.

    `grader import` takes it in on another machine, and the start page of the course's website in a browser.
    Your own files of the exercises are not in it.
    """
    with open_ledger(course) as ledger:
        document = transfer.progress_document(transfer.events_of(ledger), course.salt)
    cli.write_output(f"{document}\n", output)


@click.command("import")
@click.argument("file", type=cli.FILE)
@click.option("--yes", is_flag=True, help="Do not ask.")
@cli.pass_course
def take_over(course: Course, file: Path, yes: bool) -> None:
    """Go on here where a browser, or another machine, has stopped.

    FILE is what the course's website saves, or `grader backup`. What it would add is shown before anything is
    added; what is here already is not added twice. Answers to practice quizzes are marked anew here.
    """
    with file.open("rb") as opened:
        data = opened.read(hand_in.MAX_BYTES + 1)

    def take(ledger: Ledger) -> transfer.Taken:
        try:
            return transfer.take_in(ledger, data, course.salt)
        except hand_in.BadDocument as error:
            cli.stop(f"{file} {error}")

    with open_ledger(course) as ledger:
        found = take(ledger)
        ledger.connection.execute("ROLLBACK")
        ledger.connection.execute("BEGIN")
    if not found.new:
        click.echo(f"{file} holds nothing that is not here already")
        return
    told = [(found.new[table], word, rest) for table, (word, rest) in WHAT.items() if found.new[table]]
    parts = ", ".join(f"{cli.counted(number, word)}{rest}" for number, word, rest in told)
    click.echo(f"{file}: {parts or 'names only'}, of {', '.join(sorted(found.people))}")
    if not cli.confirmed("Add this to what is recorded here?", yes=yes, otherwise="take it in", default=True):
        return
    with open_ledger(course) as ledger:
        take(ledger)
    with open_context(course, cli.hide) as context:
        update(all_quizzes(course), context)
    click.echo("it is here now; `grader credits` shows what it is worth")
