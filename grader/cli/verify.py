"""``grader verify``: the course checks itself."""

import sys

import click

from grader import cli
from grader.authoring.mutants import try_mutants
from grader.authoring.quiz_lint import lint_course
from grader.authoring.verify import SEED, confusions, verify
from grader.quiz.files import find_quiz_path, quiz_paths
from grader.reports import tables
from grader.reports.text import Line


@click.command("verify")
@click.argument("names", metavar="[EXERCISE]...", nargs=-1)
@cli.exercises_option("Verify these, as if they were named without it")
@cli.seed_option("Seed of the random inputs.", SEED)
@click.option("--jobs", type=click.IntRange(0), default=0, help="Processes; default: one a processor.")
@click.option(
    "--mutants", is_flag=True, help="Test the checks: each small change to a solution must lose a credit."
)
@click.option("--diagnose", is_flag=True, help="Show which known mistakes are recognised, and as what.")
@click.option("--quizzes", is_flag=True, help="Lint quizzes only: all, or those named instead of exercises.")
@cli.pass_course
def command(
    course: cli.Course,
    names: tuple[str, ...],
    exercises: tuple[str, ...],
    seed: int,
    jobs: int,
    mutants: bool,
    diagnose: bool,
    quizzes: bool,
) -> None:
    """Let the course check itself: all of it, or the exercises named.

    The solution must earn all credits, the stub none; every known misconception must lose some, every
    accepted variant none; without names, every quiz is linted as well. Exits with 3 on any fault.

    To lint a quiz is to recompute every key, draw 2,000 variants of each question with parameters, run the
    code, and look for cues.
    """
    if course.handout:
        cli.stop(
            f"{course.root} is a hand-out, which has nothing to verify; go to the full course", cli.USAGE
        )
    faulty, names = False, (*names, *exercises)
    if quizzes:
        faulty = _lint(course, names)
    elif mutants:
        trials = try_mutants(course, names, seed=seed, jobs=jobs)
        cli.print_lines(tables.trial_lines(trials, cli.width()))
        faulty = any(trial.faults for trial in trials)
    elif diagnose:
        cli.print_lines([tables.CONFUSION_HEADING])
        for confusion in confusions(course, names, seed=seed, jobs=jobs):
            cli.print_lines(tables.confusion_lines(confusion, cli.width()))
            faulty = faulty or bool(confusion.misnamed)
    else:
        results = verify(course, names, seed=seed, jobs=jobs)
        cli.print_lines(tables.verify_lines(results, cli.width()))
        faulty = any(findings.faults for findings in results)
        if not names and quiz_paths(course):
            cli.print_lines([Line("", "detail")])
            faulty = _lint(course, ()) or faulty
    sys.exit(cli.BROKEN if faulty else 0)


def _lint(course: cli.Course, names: tuple[str, ...]) -> bool:
    """Lint quizzes and print what is wrong; return whether anything is."""
    paths = [find_quiz_path(course, name) for name in names]
    results = lint_course(course, tuple(path.stem for path in paths))
    cli.print_lines(tables.quiz_lines(results, cli.width()))
    return any(findings.faults for findings in results)
