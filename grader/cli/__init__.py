"""The command line: commands in files, each of which parses, calls one function, prints and exits.

Here is what they share: options, each declared once, and the ways to print and to write a file.
"""

from __future__ import annotations

import codecs
import contextlib
import functools
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli.group import BROKEN, COMMANDS, FAILED, USAGE, ZYGOTE, LazyGroup, grader, hide, main, stop
from grader.sandbox.text import clean, counted, listed, one_line

if TYPE_CHECKING:  # the help waits neither for the course room nor for reports
    from grader.course import Assignment, Course
    from grader.reports.text import Line, Style


Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
PLACE = click.Path(exists=True, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
# Of the 256 colours that terminals agree on, those that can be read on black as well as on white.
COLOURS: dict[Style, dict[str, Any]] = {
    "heading": {"bold": True},
    "passed": {"fg": 29},
    "failed": {"fg": 131},
    "error": {"fg": 163, "bold": True},
    "skipped": {"fg": 98},
    "detail": {},
    "note": {"fg": 243},
    "code": {},
    "diagnosis": {"bold": True},
}
CODE_COLOUR = 63
INLINE_CODE = r"`[^`]+`"
ASCII_SIGNS = str.maketrans(
    {"█": "#", "░": ".", "✓": "+", "✗": "x", "–": "-", "…": "~", "·": "|", "“": '"', "”": '"'}
)
MIN_WIDTH, MAX_WIDTH = 30, 100
PATIENCE_SECONDS = 0.5  # a call that takes longer is worth a line of progress


# --- printing ---------------------------------------------------------------------------------------------


def coloured() -> bool:
    """Whether to colour: only on a terminal that can, and not against NO_COLOR."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


@contextlib.contextmanager
def progress_line() -> Iterator[Callable[[str, str], None] | None]:
    """Offer a line on stderr that shows what is running, for how long, and what it printed last.

    It is wiped out at the end. Where there is no terminal that can, None is offered instead.
    """
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    started: dict[str, float] = {}

    def show(function: str, printed: str) -> None:
        now = time.monotonic()
        seconds = now - started.setdefault(function, now)
        if seconds >= PATIENCE_SECONDS:
            text = f"  {function} · {seconds:.0f} s · {clean(printed, 200)}"
            click.echo(f"\r{text[: width() - 1]}\x1b[K", nl=False, err=True)

    try:
        yield show
    finally:
        if started:
            click.echo("\r\x1b[K", nl=False, err=True)


def width() -> int:
    """Return the columns to fill: a terminal's own up to 100, else 80."""
    if not sys.stdout.isatty():
        return 80
    import shutil  # which would load three compressors to print a line

    return max(MIN_WIDTH, min(MAX_WIDTH, shutil.get_terminal_size().columns))


def print_lines(lines: Iterable[Line]) -> None:
    """Print lines that are laid out already."""
    if not coloured():
        ascii_only = not (sys.stdout.encoding or "").lower().startswith("utf")
        for line in lines:
            click.echo((line.text.translate(ASCII_SIGNS) if ascii_only else line.text).rstrip())
        return
    for line in lines:
        text = line.text
        if line.style == "detail":
            text = re.sub(INLINE_CODE, lambda found: click.style(found[0], fg=CODE_COLOUR), text)
        click.echo(click.style(text, **COLOURS[line.style]))


# --- options ----------------------------------------------------------------------------------------------


def pass_course(command: Callable[..., None]) -> Callable[..., None]:
    """Open the course that ``--course`` names, and pass it as the command's first argument."""

    @click.pass_obj
    @functools.wraps(command)
    def opened(folder: str | None, /, *arguments: Any, **options: Any) -> None:
        from grader.course import open_course  # the help does not wait for it

        command(open_course(folder), *arguments, **options)

    return opened


def confinement_option(
    of: str = "the student's code", *, machine: str = "this machine", default: str = "best"
) -> Decorator:
    """Declare ``--confinement``: required, best or none; the help says whose code it is about, and where."""
    return click.option(
        "--confinement",
        type=click.Choice(["required", "best", "none"]),
        default=default,
        show_default=True,
        help=f"Of {of}: refuse to run weaker, as far as {machine} can, not at all.",
    )


seed_option = functools.partial(click.option, "--seed", type=click.IntRange(0, 2**32 - 1))
"""Declare ``--seed``, a number as large as those that are drawn, or None; with a ``help``."""
SAME_SEED = "Repeat the random inputs of an earlier run."


def submission_option(verb: str) -> Decorator:
    """Declare ``--submission``: a path that exists, or None. The verb is what is done with it."""
    return click.option(
        "--submission",
        type=PLACE,
        metavar="PATH",
        help=f"{verb} this instead of exercises/: a folder of the same form, a zip of one, "
        "or one module file.",
    )


def format_option(*forms: str, help: str) -> Decorator:
    """Declare ``--format`` as the parameter ``form``; the first of the forms is the default."""
    return click.option(
        "--format", "form", type=click.Choice(forms), default=forms[0], show_default=True, help=help
    )


table_option = format_option(
    "text", "json", "csv", help="For people, for programs (docs/report.md), for a spreadsheet."
)


def output_option(
    help: str = "Write there; without it, to standard output.",
    *,
    suffixes: Sequence[str] = (),
    new_folders: bool = False,
) -> Decorator:
    """Declare ``-o/--output FILE`` with one of the suffixes; that it can be written is checked at once."""

    def checked(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
        if path and suffixes and path.suffix not in suffixes:
            stop(f"{path} should end in {' or '.join(suffixes)}")
        if path:
            require_writable(path, new_folders=new_folders)
        return path

    file = click.Path(dir_okay=False, path_type=Path)
    return click.option("-o", "--output", type=file, metavar="FILE", callback=checked, help=help)


def confirmed(question: str, *, yes: bool, otherwise: str, default: bool) -> bool:
    """Return whether something is wanted, by ``--yes`` or by an answer at a terminal."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise click.UsageError(f"nobody can be asked here; add --yes to {otherwise}")
    if not (agreed := click.confirm(question, default=default)):
        click.echo("nothing was changed")
    return agreed


def require_writable(path: Path, *, new_folders: bool = False) -> None:
    """Exit with 2 and a reason if a file cannot be written, perhaps after missing folders were made."""
    folder = path.parent
    while new_folders and not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        stop(f"{path} cannot be written: there is no folder {folder}")
    if not os.access(path if path.exists() else folder, os.W_OK):
        stop(f"{path} cannot be written: Permission denied")


bom_option = click.option("--bom", is_flag=True, help="Begin a CSV with the mark by which Excel knows UTF-8.")


def write_output(content: str | bytes, path: Path | None, *, bom: bool = False) -> None:
    """Write what a command was asked for to a file, or to standard output where path is None.

    Missing folders on the way are made. Text is written as UTF-8, whatever the locale is, its line ends as
    they are, perhaps with the mark by which Excel knows UTF-8. If it cannot be written, one sentence says
    why, and the program exits with 2.
    """
    data = content if isinstance(content, bytes) else content.encode("utf-8", errors="backslashreplace")
    data = codecs.BOM_UTF8 * bom + data
    if path is None:
        click.echo(data, nl=isinstance(content, str) and not content.endswith("\n"))
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        stop(f"{path} cannot be written: {error.strerror}")


class _Several(click.Option):
    """Ids, repeated or with commas between them."""

    def type_cast_value(self, ctx: click.Context, value: Any) -> tuple[str, ...]:
        words = [word.strip() for text in value or () for word in text.split(",")]
        found = tuple(dict.fromkeys(filter(None, words)))
        if value and not found:
            raise click.BadParameter("names none; leave it out for all", ctx, self)
        return found


def several_option(*names: str, metavar: str = "ID", help: str) -> Decorator:
    """Declare an option that takes ids, repeated or with commas between them; none means all."""
    about = f"{help}; repeat it, or put commas between."
    return click.option(*names, cls=_Several, multiple=True, metavar=metavar, help=about)


exercises_option = functools.partial(several_option, "--exercise", "exercises")
"""Declare ``--exercise`` as the parameter ``exercises``; with a ``help``."""
assignment_option = click.option(
    "--assignment", metavar="ID", default="", help="Of course.yaml [the only one, if there is one]."
)


def chosen_part(course: Course, name: str, exercises: tuple[str, ...]) -> Assignment | None:
    """Return the assignment that is meant; None where exercises are named, or the course has none."""
    course.exercises(exercises)
    if exercises and name:
        raise click.UsageError("--assignment says itself which exercises; leave --exercise out")
    return course.assignment(name) if name or (course.assignments and not exercises) else None


roster_option = click.option(
    "--roster",
    type=FILE,
    metavar="FILE",
    help="The platform's list of students, as CSV [class/roster.csv, if it is there].",
)
results_option = functools.partial(
    click.option,
    *("-o", "--output", "results"),
    type=click.Path(file_okay=False, path_type=Path),
    metavar="RESULTS",
    required=True,
)
"""Declare ``-o/--output RESULTS`` as the parameter ``results``, a folder of a class's; with a ``help``."""
confirm_gone_option = click.option(
    "--confirm-gone", is_flag=True, help="Leave out all that has vanished, though it is more than a fifth."
)
results_argument = click.argument("results", type=FOLDER)
