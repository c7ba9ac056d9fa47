"""``grader quiz grade``: grade answers that were handed in."""

import sys
from pathlib import Path

import click

from grader import cli
from grader.quiz.code import CodeRunner
from grader.quiz.grade import Grading, editions_of, grade_files
from grader.reports.tables import grades_lines, grades_to_csv, grades_to_json
from grader.sandbox.text import clean


@click.command("grade")
@click.argument(
    "responses", nargs=-1, required=True, metavar="RESPONSES...", type=click.Path(exists=True, path_type=Path)
)
@cli.output_option()
@cli.format_option(
    "text", "json", "csv", help="For people, for programs (docs/report.md), for a spreadsheet."
)
@click.option(
    "--full-course",
    is_flag=True,
    help="Also take answers that were given in the full course, where the key lies open.",
)
@cli.bom_option
@cli.confinement_option("learners' code")
@cli.pass_course
def command(
    course: cli.Course,
    responses: tuple[Path, ...],
    output: Path | None,
    form: str,
    full_course: bool,
    bom: bool,
    confinement: str,
) -> None:
    """Grade answers that were handed in: files of `grader quiz responses`, or folders of them.

    Needs the full course and the secret that the hand-out was built with. Every learner's variants are drawn
    again; an answer to any other earns nothing. Exits with 0 if all was graded, with 1 if a file was not, or
    holds what no program of ours writes.
    """
    editions = editions_of(course)
    with CodeRunner(confinement) as runner:
        grading = Grading(course, editions, runner, full_course)
        graded = grade_files(responses, grading)
    if form == "text" and output is None:
        cli.print_lines(grades_lines(graded, cli.width()))
    elif form == "text":
        cli.write_output("".join(f"{line.text.rstrip()}\n" for line in grades_lines(graded)), output)
    else:
        text = f"{grades_to_json(graded)}\n" if form == "json" else grades_to_csv(graded)
        cli.write_output(text, output, bom=bom and form == "csv")
    if form != "text" or output is not None:
        for problem in graded.problems:
            click.echo(f"grader: {clean(problem, 400)}", err=True)
    sys.exit(cli.FAILED if graded.problems else 0)
