"""``grader grade`` and what belongs to it: a class's list, its grades, adjustments, quizzes handed in."""

import contextlib
import dataclasses
import datetime
import getpass
import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from grader import cli
from grader.classroom import batch, collect, comments, gradebook, job, roster as rosters
from grader.course import COURSE_FILE, Course, CourseError, make_private_folder, open_course, write_atomic
from grader.progress.grades import ClassGrades, noted
from grader.reports import Line, decimal, wrapped

MAX_ID = 200  # characters of whose a submission is
MOST_FORGOTTEN = 20  # names that are listed
OLD_KEYS = {
    "deadlines": "is old: write a `deadline` into each of the `assignments`",
    "extensions": "names people where git sees them: move them to class/extensions.csv",
}
SHARD = re.compile(r"([1-9]\d{0,4})/([1-9]\d{0,4})")


def _shard(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, int]:
    found = SHARD.fullmatch(value or "1/1")
    if found is None or int(found[1]) > int(found[2]):
        raise click.BadParameter("should be a number of a number, such as 3/10")
    return int(found[1]), int(found[2])


@click.command("grade")
@click.argument("submissions", type=cli.PLACE)
@cli.results_option(help="Folder of the results; what it holds of an earlier run is not made again.")
@cli.assignment_option
@cli.exercises_option(help="Grade these only, and no assignment")
@cli.roster_option
@click.option(
    "--count",
    type=click.Choice(rosters.COUNTS),
    help="Which of several submissions of one student in the roster counts [latest-on-time, or as before].",
)
@click.option("--no-quizzes", is_flag=True, help="Leave answers to quizzes ungraded.")
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="Processes at one time [as many as processors]."
)
@click.option(
    "--cluster",
    metavar="WHERE",
    help="Grade on Dask workers: tcp://HOST:PORT of a scheduler, or local:N for N of them here.",
)
@click.option("--shard", callback=_shard, metavar="I/N", help="Grade the I-th of N parts of the class only.")
@cli.confinement_option("students' code", machine="a machine", default="required")
@cli.confirm_gone_option
@click.option(
    "--round",
    "round_number",
    type=click.IntRange(1, 10**6),
    metavar="N",
    help="Grade in this round; a new one has other random inputs [the one that RESULTS is in].",
)
@cli.seed_option(help="Of the random inputs [derived from the course's secret and the round].")
@click.pass_obj
def grade_class(
    course_folder: str | None,
    /,
    submissions: Path,
    results: Path,
    assignment: str,
    exercises: tuple[str, ...],
    count: str | None,
    no_quizzes: bool,
    jobs: int | None,
    cluster: str | None,
    **chosen: Any,
) -> None:
    """Grade the submissions of a class: a folder of folders, of zips or of checkouts, or a single one.

    Everything goes to RESULTS/grades.db as soon as it is known, so a run that was stopped goes on where it
    was, and a second one grades what has changed. RESULTS/index.html is the class, RESULTS/notes.csv tells
    what there is to decide, RESULTS/students holds a page and a report.json for each. Exits with 0 if all was
    graded, whatever it earned, with 1 if something has to be decided, with 3 if nothing can be
    graded, for a fault of the course.

    Everybody gets the same random inputs in a round, on every machine that has the course's secret; what is
    handed in again in the same round gets others.
    """
    if jobs and cluster:
        raise click.UsageError("--jobs is for this machine, --cluster says itself how many workers there are")
    course = open_course(course_folder)
    part = cli.chosen_part(course, assignment, exercises)
    if results.resolve() == submissions.resolve():
        raise click.UsageError("-o names the folder of the submissions; give the results one of their own")
    require_results_folder(results)
    for key, told in OLD_KEYS.items():
        if getattr(course.late, key):
            click.echo(f"grader: {COURSE_FILE}: `late.{key}` {told}", err=True)
    try:
        with _executor(course, cluster, jobs or os.cpu_count() or 1) as executor, _progress() as on_progress:
            grades = batch.grade(
                course,
                submissions,
                results,
                exercises=exercises,
                assignment=part.id if part else "",
                count=count or "",
                quizzes=not no_quizzes,
                executor=executor,
                on_progress=on_progress,
                **chosen,
            )
    except job.BatchBroken as error:
        with contextlib.suppress(CourseError, OSError), gradebook.open_gradebook(results) as book:
            publish(book.class_grades(course), results)  # which tell what is of an earlier grading now
        cli.stop(str(error), cli.BROKEN)
    code = publish(grades, results, shown=True)
    click.echo(f"all of it: {results / 'index.html'}; for each student: {results / 'students'}")
    for name, message in grades.broken.items():
        click.echo(f"grader: {cli.clean(name, 80)}: {cli.clean(message, 400)}", err=True)
    sys.exit(cli.BROKEN if grades.all_broken else cli.FAILED if grades.broken else code)


def require_results_folder(folder: Path) -> None:
    """Make a folder of results, and make sure that it can be written to before any work is done.

    If it cannot, one sentence says why, and the program exits with 2.
    """
    try:
        make_private_folder(folder)
        for each in (folder, folder / "students"):
            each.mkdir(exist_ok=True)
            write_atomic(each / ".written", "")
            (each / ".written").unlink()
    except OSError as error:
        cli.stop(f"{folder} cannot be written ({error.strerror}); name another folder with -o")


def publish(grades: ClassGrades, results: Path, *, shown: bool = False) -> int:
    """Write the pages of a class, and perhaps print it; return the exit code: 0 if nothing is to decide."""
    from grader.reports import classes, tables  # whose libraries take memory while a class is graded

    if shown:
        cli.print_lines(tables.class_lines(grades, cli.width()))
    failed = classes.write_pages(grades, results)
    for sentence in failed:
        click.echo(f"grader: {sentence}", err=True)
    return cli.FAILED if failed or any(entry.note.decide for entry in noted(grades)) else 0


def _executor(
    course: Course, cluster: str | None, jobs: int
) -> contextlib.AbstractContextManager[batch.ExecutorConfig]:
    if cluster is None:
        return contextlib.nullcontext(batch.processes(jobs))
    try:
        from grader.classroom.cluster import connected
    except ImportError:
        cli.stop("--cluster needs Dask; install it with: pip install distributed")
    return connected(cluster, course)


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show how far it has come: a bar on a terminal, a line for every tenth elsewhere."""
    bar = click.progressbar(length=1, label="grading", show_pos=True, file=sys.stderr)
    on_terminal, said = sys.stderr.isatty(), -1  # tenths; what an earlier run has done is not said

    def on_progress(done: int, total: int) -> None:
        nonlocal said
        tenths = 10 * done // max(1, total)
        if on_terminal:
            bar.length = total
            bar.update(done - bar.pos)
        elif 0 <= said < tenths:
            click.echo(f"graded {done} of {total}", err=True)
        said = max(said, tenths)

    with bar if on_terminal else contextlib.nullcontext():
        yield on_progress


@click.command("roster")
@click.argument("what", metavar="check", type=click.Choice(["check"]), expose_value=False)
@click.argument("submissions", type=cli.PLACE)
@cli.roster_option
@cli.assignment_option
@cli.exercises_option(help="Look for these only, and for no assignment")
@cli.pass_course
def roster_check(
    course: Course, submissions: Path, roster: Path | None, assignment: str, exercises: tuple[str, ...]
) -> None:
    """Show whose SUBMISSIONS are by the class's list, before anything is graded.

    Of each is told what says so: the platform, the name of its file, or what it claims. Then come those that
    match nobody, students with several, and students with none. Exits with 1 if something has to be decided.
    """
    listed = rosters.read_roster(course, roster)
    if listed is None:
        raise click.UsageError("there is no list of the class; give it with --roster, or as class/roster.csv")
    part = cli.chosen_part(course, assignment, exercises)
    ids = part.exercises if part else exercises
    found = collect.find_submissions(submissions, course.exercises(ids) if ids or not part else [])
    listed = dataclasses.replace(listed, by_group=bool(part and part.groups))
    identities = rosters.identify_by(listed, found, rosters.late_policy(course, part, listed).extensions, {})
    of_student, lines = defaultdict[tuple[str, ...], list[str]](list), list[Line]()
    says = Counter[str]()
    for handed in found:
        who, whose = rosters.match(handed, listed), identities[handed.key]
        name = cli.one_line(handed.key, 60)
        if not whose.set_aside:
            of_student[whose.people].append(name)
            says[who.by] += 1
            lines += wrapped(f"{name}: {who.student}, by {who.by}", "detail", cli.width(), indent="  ")
        for note in (note for note in whose.notes if note.decide):
            lines += wrapped(f"{name}: {note.text}", "error", cli.width(), indent="  ")
    count = f"{len(listed.students)} students in {listed.sheet.name}, {len(found)} submissions"
    by = ", ".join(f"{number} by {what}" for what, number in says.most_common())
    cli.print_lines([Line(f"{count}; matched: {by or 'none'}", "heading"), *lines])
    several = {people: names for people, names in of_student.items() if len(names) > 1}
    for names in several.values():
        click.echo(f"several of one student, of which --count decides: {', '.join(names)}")
    if absent := rosters.missing(listed, (name for people in of_student for name in people)):
        click.echo(absent)
    sys.exit(cli.FAILED if any(note.decide for whose in identities.values() for note in whose.notes) else 0)


def _credits(_: click.Context, __: click.Parameter, value: str | None) -> str:
    try:
        return str((value and comments.cents_of(value) and value) or "")
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _somebody() -> str:
    with contextlib.suppress(OSError, KeyError):
        return getpass.getuser()
    return ""


@click.command("adjust", context_settings={"ignore_unknown_options": True})
@cli.results_argument
@click.argument("submission", required=False)
@click.option("--credits", callback=_credits, metavar="N", help="Credits to add; below 0 to take away.")
@click.option("--reason", metavar="TEXT", default="", help="What the student reads; alone, it is a comment.")
@click.option("--comment", metavar="ID", default="", help="Of comments.yaml: its words, and its credits.")
@cli.exercises_option(help="What it is about, the same for each [the submission as a whole]")
@click.option(
    "--from",
    "table",
    type=cli.FILE,
    metavar="FILE.csv",
    help="Many at once: columns submission, id or name; exercise, comment, credits, reason.",
)
@click.option("--student", metavar="ID", help="Decide whose it is, such as of two that claim the same.")
@click.option("--by", "author", metavar="NAME", default=_somebody, help="Who says so [whoever is logged in].")
@cli.pass_course
def adjust(
    course: Course,
    results: Path,
    submission: str | None,
    credits: str,
    reason: str,
    comment: str,
    exercises: tuple[str, ...],
    table: Path | None,
    student: str | None,
    author: str,
) -> None:
    """Give or take credits by hand, or comment; without SUBMISSION, list what was given and taken.

    SUBMISSION is its name, its path in the folder of submissions, the name of its file, its student's name or
    id, or a pseudonym. An adjustment is an event with a time, a reason and whoever made it: it is never
    changed, survives every regrade, and is taken back by another one.
    """
    at = datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
    given = credits or reason or comment or exercises
    with gradebook.open_gradebook(results) as book:
        if submission is None and table is None:
            _list(book)
            return
        if (table and (submission or given or student)) or (student is not None and given):
            raise click.UsageError("--student and --from stand alone; adjust the rest separately")
        grades = book.class_grades(course)
        try:
            if table:
                events = list(comments.read_many(book, course, table))
            elif student is None:
                said = {"comment": comment, "credits": credits, "reason": reason}
                events = list(comments.adjustments(book, course, grades, str(submission), exercises, **said))
            else:
                events = []
                key = comments.submission_meant(book, course, grades, str(submission))
                book.decide(at, key, _whose(book, student))
        except (LookupError, ValueError) as error:
            place = f"{results} " * isinstance(error, LookupError)
            raise click.UsageError(f"{place}{error}") from None
        for event in events:
            key = event.submission
            book.adjust(event._replace(at=at, author=cli.one_line(author, 80)))
        grades = book.class_grades(course)
    publish(grades, results)
    if table:
        click.echo(f"{len(events)} adjustments were made")
        return
    grade = next(grade for grade in grades.grades if grade.key == key)
    told = f"has {decimal(grade.cents)} credits"
    if student is not None:
        aside = grade.set_aside and f"is set aside: it {grade.set_aside}"
        told = aside or f"counts as `{grade.student}`"
    click.echo(cli.clean(f"{grade.submission} now {told}"))


def _list(book: gradebook.Gradebook) -> None:
    names = {entry.key: entry.name for entry in book.entries()}
    for event in book.adjustments():
        about = f"{names.get(event.submission, event.submission)} {event.exercise}".strip()
        amount = f"{'+' if event.cents > 0 else ''}{decimal(event.cents)}  " if event.cents else ""
        by = f"  ({event.author})" if event.author else ""
        click.echo(cli.clean(f"{event.at[:16]}  {about}  {amount}{event.reason}{by}"))


def _whose(book: gradebook.Gradebook, student: str) -> str:
    """Return the id of whoever is meant; in a class with a list, somebody in it."""
    wanted, roster = cli.one_line(student.strip(), MAX_ID), book.roster()
    if roster is None or not wanted:  # which takes a decision back
        return wanted
    if found := roster.find(wanted):
        return found.id
    raise ValueError(f"{roster.sheet.name} has nobody of that name{roster.nearest(wanted)}")


@click.command("forget")
@cli.results_argument
@click.argument("submissions", metavar="[SUBMISSION]...", nargs=-1)
@click.option("--gone", is_flag=True, help="All that have vanished from the folder.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@cli.pass_course
def forget(course: Course, results: Path, submissions: tuple[str, ...], gone: bool, yes: bool) -> None:
    """Delete all that is known of submissions: credits, adjustments, pages.

    SUBMISSION is its name, its path in the folder of submissions, or the name of its file. What still lies
    there is graded anew the next time.
    """
    if bool(submissions) == gone:
        raise click.UsageError("name one or more submissions, or give --gone")
    with gradebook.open_gradebook(results) as book:
        try:
            entries = [book.find(name, gone=True) for name in submissions]
        except LookupError as error:
            cli.stop(f"{results} {error}")
        entries = [entry for entry in book.entries() if entry.gone] if gone else entries
        if not entries:
            click.echo("nobody is gone; nothing was deleted")
            return
        names = cli.listed([cli.clean(entry.name) for entry in entries], MOST_FORGOTTEN)
        if not yes:
            click.confirm(f"delete all that is known of {names}?", abort=True)
        book.forget(entry.key for entry in entries)
        grades = book.class_grades(course)
    publish(grades, results)
    click.echo(f"deleted: {names}")


@click.command("merge")
@click.argument("parts", metavar="PART...", nargs=-1, required=True, type=cli.PLACE)
@cli.results_option(help="Folder of the results; what it holds already stays, unless a PART has it too.")
@cli.confirm_gone_option
@cli.pass_course
def put_together(course: Course, parts: tuple[Path, ...], results: Path, confirm_gone: bool) -> None:
    """Put the results of several runs together, such as those of `grader grade --shard`.

    Each PART is a folder with a grades.db. Of a submission that several have, the last one counts; of all
    shards of a class together, what is in none of them has vanished.
    """
    require_results_folder(results)
    grades = gradebook.merge(course, parts, results, confirm_gone=confirm_gone)
    sys.exit(publish(grades, results, shown=True))


@click.command("quiz grade")
@click.argument("responses", nargs=-1, required=True, metavar="RESPONSES...", type=cli.PLACE)
@cli.output_option()
@cli.table_option
@cli.bom_option
@cli.confinement_option("learners' code")
@cli.pass_course
def grade_answers(
    course: Course,
    responses: tuple[Path, ...],
    output: Path | None,
    form: str,
    bom: bool,
    confinement: str,
) -> None:
    """Grade answers that were handed in: files of `grader quiz responses`, or folders of them.

    Needs the full course and the secret that the hand-out was built with. Every learner's variants are drawn
    again; an answer to any other earns nothing. Exits with 0 if all was graded, with 1 if a file was not, or
    holds what no program of ours writes.
    """
    from grader.quiz import grade as answers  # 5 MB that a class without quizzes does without
    from grader.quiz.code import CodeRunner
    from grader.reports import tables

    with CodeRunner(confinement) as runner:
        grading = answers.Grading(course, answers.editions_of(course), runner)
        graded = answers.grade_files(responses, grading)
    if form == "text" and output is None:
        cli.print_lines(tables.grades_lines(graded, cli.width()))
    else:
        text = f"{tables.grades_to_json(graded)}\n" if form == "json" else ""
        text = tables.grades_to_csv(graded) if form == "csv" else text
        text = text or "".join(f"{line.text.rstrip()}\n" for line in tables.grades_lines(graded))
        cli.write_output(text, output, bom=bom and form == "csv")
        for problem in graded.problems:
            click.echo(f"grader: {cli.clean(problem, 400)}", err=True)
    sys.exit(cli.FAILED if graded.problems else 0)
