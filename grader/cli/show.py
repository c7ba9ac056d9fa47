"""``grader show``, ``hint`` and ``reset``: the lesson of an exercise, hints on it, and its stub anew."""

import datetime
import itertools
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from grader import cli
from grader.checks.report import Report
from grader.course import Course, Exercise, is_stub, make_private_folder, make_stub, read_text, write_atomic
from grader.course.mathtext import render
from grader.progress import ended, open_ledger, take_hint, waits_for
from grader.reports import Line, lesson as lessons, wrapped


@click.command("show")
@click.argument("lesson")
@click.option("--text", is_flag=True, help="Print it here, also where a browser could show it.")
@cli.pass_course
def show(course: Course, lesson: str, text: bool) -> None:
    """Read the LESSON of an exercise, or a page such as `faq`.

    It opens in the browser where there is a desktop, and is printed otherwise.
    """
    show_lesson(course, lesson, text=text)


def show_lesson(course: Course, name: str, *, text: bool = False) -> None:
    """Show a lesson where it reads best; in a pipe as Markdown, formulas in plain signs. Or CourseError."""
    pages = {path.stem: path for path in (course.root / "quizzes").glob("*.md")}
    path = pages.get(name) or course[name].lesson_path
    lesson = read_text(path)
    if not text and _has_desktop() and (page := _opened(course, path)):
        click.echo(f"{page} is open in your browser; `grader show {name} --text` prints it here")
        return
    lesson = lessons.with_pictures_told(lesson, path.parent.relative_to(course.root))
    if not text and not sys.stdout.isatty():
        click.echo(render(lesson).rstrip())
        return
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(width=cli.width(), color_system="standard" if cli.coloured() else None)
    with console.capture() as rendered:
        console.print(Markdown(render(lesson, escaped=True), code_theme="ansi_dark"))
    lines = "\n".join(line.rstrip() for line in rendered.get().splitlines())
    os.environ.setdefault("LESS", "-FR")  # colours as they are; no paging of what fits the screen
    click.echo_via_pager(lines, color=cli.coloured())


def _has_desktop() -> bool:
    """Whether somebody sits in front of this terminal and of a browser with windows."""
    if not sys.stdout.isatty() or "SSH_CONNECTION" in os.environ:
        return False
    return sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))


def _opened(course: Course, path: Path) -> Path | None:
    """Write a lesson as a page and open it; return the page, or None where that does not work."""
    import webbrowser  # which a hint does without

    name = path.parent.name if path.stem == "lesson" else path.stem
    page = course.root / ".grader" / "lessons" / f"{name}.html"
    try:
        make_private_folder(page.parents[1])
        page.parent.mkdir(exist_ok=True)
        write_atomic(page, lessons.lesson_page(path))
        return page if webbrowser.open(page.as_uri()) else None
    except (OSError, webbrowser.Error):
        return None  # it is printed then


@click.command("hint")
@click.argument("exercise_id", metavar="EXERCISE")
@click.argument("function", required=False)
@cli.pass_course
def hint(course: Course, exercise_id: str, function: str | None) -> None:
    """Show one more hint on an exercise.

    FUNCTION picks one of its functions; without it, the first that your last check found wanting is meant.
    """
    exercise = course[exercise_id]
    names = exercise.file.functions
    if function is not None and function not in names:
        raise click.UsageError(f"{exercise.id} has no function {function!r}; it has {', '.join(names)}")
    with open_ledger(course) as ledger:
        wrong = any("failed" in ended(exercise, name, ledger) for name in names)
    report = None
    if wrong and course.causes == "hint" and not course.handout:  # what is wrong in a line may be told
        from grader.checks.run import check

        report = check(exercise).for_student(exercise.file.feedback)
    cli.print_lines(hint_lines(course, exercise, cli.width(), function, report))


def hint_lines(
    course: Course,
    exercise: Exercise,
    columns: int,
    function: str | None = None,
    report: Report | None = None,
) -> Iterator[Line]:
    """Lay out the hints on a function so far and one more, and remember that it was shown.

    What is wrong in a line that the report of the last check names comes before the hints, once.
    """
    names = exercise.file.functions
    with open_ledger(course) as ledger:
        states = {name: ended(exercise, name, ledger) for name in names}
        wanting = [name for status in ("failed", "skipped") for name in names if status in states[name]]
        name = function or next(iter(wanting), names[0])
        if waits := waits_for(course, exercise, name, ledger):
            says = f"{waits[1]} Write {waits[0]} first (`grader check {waits[0]}`). No hint was spent."
            yield from wrapped(says, "detail", columns, "")
            return
        places = (each.located for each in (report.outcomes if report else ()) if each.function == name)
        place = next((each for each in places if each and each.cause), None)
        if place and course.causes == "hint" and not ledger.hints_shown(exercise.id, f"{name}: {place.text}"):
            ledger.append("hinted", exercise=exercise.id, function=f"{name}: {place.text}")
            yield from wrapped(cli.clean(place.text), "diagnosis", columns, "  ")
            yield from wrapped(f"({name}: `grader hint` once more shows a hint)", "detail", columns, "")
            return
        shown, more = take_hint(exercise, name, ledger)
    for number, text in enumerate(shown, 1):
        first, *rest = wrapped(render(text), "detail", columns, "   ")
        yield from (Line(f"{number}. {first.text[3:]}", "detail"), *rest)
    left = f"{more} more to come" if more > 0 else ""
    left = left or f"that was the last hint; `grader show {exercise.id}` has the theory"
    yield from wrapped(f"({name}: {left})", "detail", columns, "")


@click.command("reset")
@click.argument("exercise_id", metavar="EXERCISE")
@click.option("--yes", is_flag=True, help="Do not ask.")
@cli.pass_course
def reset(course: Course, exercise_id: str, yes: bool) -> None:
    """Put the stub of an exercise back; your file is kept in .grader/backups."""
    exercise = course[exercise_id]
    path = exercise.stub_path
    yes = yes or (path.is_file() and is_stub(exercise, path.read_bytes()))
    question = f"Replace {path.name} by the stub? A copy is kept."
    if cli.confirmed(question, yes=yes, otherwise="put the stub back", default=False):
        click.echo(restore_stub(course, exercise))


def restore_stub(course: Course, exercise: Exercise) -> str:
    """Put the stub of an exercise back, keep a copy of what was there, and say so."""
    path, stub = exercise.stub_path, make_stub(exercise)
    if path.is_file() and is_stub(exercise, path.read_bytes()):
        return f"{path.name} is the stub already; nothing was changed"
    kept = ""
    if path.exists():  # copied to a name that is not taken yet
        folder = course.state_folder / "backups" / exercise.id
        make_private_folder(course.state_folder)
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"{exercise.file.module}-{datetime.datetime.now():%Y%m%d-%H%M%S}"
        names = (f"{stem}{f'-{number}' if number else ''}.py" for number in itertools.count())
        copy = next(folder / name for name in names if not (folder / name).exists())
        shutil.copyfile(path, copy)
        kept = f"your file is kept as {copy.relative_to(course.root)}\n"
    write_atomic(path, stub)
    return f"{kept}{path.name} is the stub again"
