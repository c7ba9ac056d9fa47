"""The group of all commands: each is imported only when it is run; every error ends in one sentence."""

import contextlib
import errno
import gc
import importlib
import io
import os
import sys
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import click

from grader import __version__
from grader.sandbox import THREADS, forgo_openssl

FAILED, USAGE, BROKEN = 1, 2, 3  # exit codes; see DESIGN section 7 and docs/report.md
Sections = dict[str, dict[str, tuple[str, str]]]
"""By heading and command: the file of this folder that it stands in, and what it does."""
SECTIONS: Sections = {
    "Commands": {
        "init": ("handout", "Write a course folder to learn in."),
        "login": ("check", "Say who learns here."),
        "list": ("check", "Show the exercises, your credits and what to do next."),
        "show": ("show", "Read the lesson of an exercise, or the FAQ."),
        "check": ("check", "Run the checks of exercises and show the verdict."),
        "watch": ("watch", "Show one exercise, and check it at every save, as `grader` alone does."),
        "debug": ("debug", "Write a program that stops in your function, as a failing check calls it."),
        "hint": ("show", "Show one more hint on an exercise."),
        "plot": ("debug", "Plot what your functions compute, beside the reference."),
        "quiz": ("quiz", "Take a quiz, or choose one."),
        "credits": ("record", "Show your credits by exercise, quiz and topic."),
        "submit": ("record", "Bundle what you wrote and answered, to hand it in."),
        "backup": ("record", "Write what was recorded into a file, to go on elsewhere."),
        "import": ("record", "Go on here where a browser, or another machine, has stopped."),
        "reset": ("show", "Put the stub of an exercise back."),
        "completion": ("machine", "Let your shell complete commands with Tab."),
        "doctor": ("machine", "Show how well student code is confined on this machine."),
    },
    "For instructors": {
        "handout": ("handout", "Build the students' edition, without solutions and keys."),
        "roster": ("grade", "Show whose submissions are by the list of a class."),
        "grade": ("grade", "Grade the submissions of a class."),
        "adjust": ("grade", "Give or take credits by hand, with a reason."),
        "forget": ("grade", "Delete submissions for good."),
        "export": ("export", "Write a class's grades for another program."),
        "site": ("handout", "Write a hand-out as a website."),
        "merge": ("grade", "Put the results of several runs together."),
        "gradescope": ("export", "Grade one submission where Gradescope runs it."),
    },
    "For authors": {"verify": ("handout", "Let the course check itself.")},
}
START_WORKERS = frozenset({"check", "watch"})
"""Commands that always need a worker: its process is started first, and comes up while we load the rest."""
ZYGOTE = "grader.zygote"  # where the context keeps it
UNTIL_STOPPED = frozenset({None, "watch", "quiz"})
"""Commands that have nothing to finish once nobody reads them."""
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EFBIG, errno.EIO})
NO_THREAD = "can't start new thread"  # Python's own words
KEYLESS = frozenset({"completion", "login", "list", "show", "hint", "credits", "reset"})
"""Commands that hold neither solutions nor keys that student code could look for."""


class LazyGroup(click.Group):
    """Knows its commands by name, in sections of which students see the first; imports one when it is needed.

    A command whose file does not lie here is not there.
    """

    def __init__(self, *, sections: Sections, **settings: Any) -> None:
        super().__init__(**settings)
        there = {path.stem for path in Path(__file__).parent.glob("*.py")}
        self.sections = {
            title: {name: says for name, (file, says) in section.items() if file in there}
            for title, section in sections.items()
        }
        self.files = {name: file for section in sections.values() for name, (file, _) in section.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for section in self.sections.values() for name in section]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(ctx):
            return None
        found = vars(importlib.import_module(f"grader.cli.{self.files[name]}")).values()
        commands = {each.name: each for each in found if isinstance(each, click.Command)}
        return commands.get(f"{self.name} {name}") or commands[name]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from grader.course import CourseError, NoCourse, open_course

        sections = self.sections
        with contextlib.suppress(CourseError, NoCourse):
            if open_course(ctx.find_root().params.get("course")).handout:
                sections = dict(list(sections.items())[:1])
        for heading, section in sections.items():
            if section:
                with formatter.section(heading):
                    formatter.write_dl(list(section.items()))


class _MainGroup(LazyGroup):
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        import difflib

        if args[0] in FOR_STAFF:
            ctx.fail(f"this is the students' edition, without `grader {args[0]}`; go to the full course")
        near = difflib.get_close_matches(args[0], COMMANDS, n=1)
        if args[0] not in COMMANDS and near:
            ctx.fail(f"there is no command {args[0]!r}; did you mean {near[0]!r}?")
        if args[0] in START_WORKERS:
            _start_zygote(ctx, args)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_MainGroup,
    sections=SECTIONS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--course",
    metavar="DIR",
    is_eager=True,
    help="The course folder [GRADER_COURSE; else from here upwards].",
)
@click.version_option(__version__, prog_name="grader")
@click.pass_context
def grader(ctx: click.Context, course: str | None) -> None:
    """Learn recurrent networks by writing them.

    `grader` alone shows what is yours to write, and checks it at every save. Or go step by step: read a
    lesson with `grader show 1`, write the functions in exercises/exercise-1, and run `grader check`.
    """
    if ctx.invoked_subcommand not in KEYLESS | {"quiz"}:  # few quizzes run code: they hide when one does
        hide()
    if ctx.invoked_subcommand not in UNTIL_STOPPED:
        _complete_unread()
    ctx.obj = course
    if ctx.invoked_subcommand is not None:
        return
    from grader.course import NoCourse, open_course

    try:
        open_course(course)
    except NoCourse as nowhere:
        click.echo(ctx.get_help())
        stop(f"{nowhere}{'; `grader init DIR` writes one' * ('init' in COMMANDS)}")
    # Without a terminal, the learner's screen is a list.
    screen = sys.stdin.isatty() and sys.stdout.isatty()
    if screen:
        _start_zygote(ctx, [])
    command = grader.get_command(ctx, "watch" if screen else "list")
    assert command
    ctx.invoke(command)


COMMANDS = {name: says for section in grader.sections.values() for name, says in section.items()}
FOR_STAFF = grader.files.keys() - COMMANDS  # which the students' edition is without


def _start_zygote(ctx: click.Context, arguments: list[str]) -> None:
    ctx.meta[ZYGOTE] = None
    if not any("none" in argument for argument in arguments):  # else without confinement, most likely
        from grader.sandbox.process import start_early

        ctx.meta[ZYGOTE] = zygote = start_early()
        if zygote:
            ctx.call_on_close(zygote.close)


def _complete_unread() -> None:
    """Let a command run to its end where the reader of its output leaves first, as ``head`` does."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is getattr(sys, f"__{name}__"):  # not one that a test or another program put there
            raw = _PatientOutput(stream.fileno(), "wb", closefd=False)
            lines = name == "stderr" or stream.isatty()
            buffered = io.BufferedWriter(raw)
            patient = io.TextIOWrapper(buffered, stream.encoding, stream.errors, line_buffering=lines)
            setattr(sys, name, patient)


class _PatientOutput(io.FileIO):
    """A file that drops what nobody reads any more, and what has no room; the latter is told at the end."""

    lost: ClassVar[OSError | None] = None

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            if not isinstance(error, BrokenPipeError):
                _PatientOutput.lost = error
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            return len(data)


def hide() -> None:
    """Close this process to student code, before any runs; who uses the grader as a library decides that."""
    from grader.sandbox.confinement import hide_from_others  # loads ctypes

    hide_from_others()


def main() -> None:
    """Run the command line, and tell what there was no room to print."""
    try:
        _run()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
        if lost := _PatientOutput.lost:
            stop(f"what was printed is not whole: {lost.strerror}; change that, and try again")


def _run() -> None:
    """Run the command line; every error a user can cause is one sentence and an exit code."""
    gc.set_threshold(100_000, 20, 100)  # what start-up makes, stays; looking through it again costs 20 ms
    os.environ |= {name: "1" for name in THREADS if name not in os.environ}
    forgo_openssl()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started this
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        with contextlib.suppress(AttributeError):
            getattr(sys, name).reconfigure(errors="backslashreplace")
    try:
        grader.main(prog_name="grader", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.Abort:
        stop("stopped", 130)
    except click.ClickException as error:
        error.show()
        sys.exit(USAGE)
    except BrokenPipeError:  # the reader of our output has gone, as in `grader watch | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except Exception as error:
        from grader.course import CannotDo, CourseError
        from grader.progress import CannotWrite, LedgerError
        from grader.sandbox import process, worker

        if isinstance(error, BlockingIOError) or NO_THREAD in map(str, (error, error.__context__)):
            error = process.no_process()
        if isinstance(error, CannotDo | worker.NoProcess | CannotWrite):
            stop(str(error))
        if isinstance(error, CourseError | LedgerError | worker.ConfinementMissing | worker.WorkerBroken):
            stop(str(error), BROKEN)
        if os.environ.get("GRADER_DEBUG"):
            raise
        if isinstance(error, OSError) and (error.filename or error.errno in NO_ROOM):
            place = error.filename or "a file"
            stop(f"{place} cannot be read or written: {error.strerror}; change that, and try again")
        where = f"{type(error).__name__}: {error}"
        stop(f"the grader itself broke ({where}); GRADER_DEBUG=1 shows where, please report it", BROKEN)


def stop(sentence: str, code: int = USAGE) -> NoReturn:
    """Say one sentence on stderr and exit."""
    click.echo(f"grader: {sentence}", err=True)
    sys.exit(code)
