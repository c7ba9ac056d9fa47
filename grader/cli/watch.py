"""``grader`` alone, and ``grader watch``: the learner's screen, which checks again at every save."""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click
from watchfiles import watch

from grader.checks.collection import CheckSuite, load_suite
from grader.checks.debug import find_failing_call
from grader.checks.report import Report
from grader.checks.run import check
from grader.checks.source import Source, read_source
from grader.cli import ZYGOTE, print_lines, progress_line, stop, width
from grader.cli.check import ask_name, changed_last, remember
from grader.cli.debug import debug_lines
from grader.cli.show import hint_lines, restore_stub, show_lesson
from grader.course import Course, Exercise, make_stub, open_course, shown_path
from grader.progress import Standing, open_ledger, standings
from grader.reports.statement import beside_lines, celebration_lines, overview_lines, screen_heading
from grader.reports.text import Line, report_lines, wrapped
from grader.sandbox.pool import open_pool
from grader.sandbox.worker import Pool

GATHER_MS = 50  # at most, for the several changes that one save makes
QUIET_MS = 10  # without another change, and the save is over
TICK_MS = 100  # between two looks at the keys
KEYS = "h hint · l lesson · d debug · e edit · c check all · n next · r reset · q quit"
CLEAR = "\x1b[H\x1b[2J\x1b[3J"


@click.command("watch")
@click.argument("exercise", required=False)
@click.pass_obj
@click.pass_context
def command(context: click.Context, course_folder: str | None, exercise: str | None) -> None:
    """Show one exercise, and check it again at every save; `grader` alone does the same.

    Without EXERCISE it is the one that was changed last, or the first that is not done yet; the screen turns
    to another one when that is saved. Keys: h shows a hint, l the lesson, d writes a file to debug with, e
    opens your $EDITOR, c checks all, n goes to the next exercise, r puts the stub back, q quits; once an
    exercise is done, s shows the course's code beside yours.
    """
    with open_pool(zygote=context.meta.get(ZYGOTE)) as pool, contextlib.suppress(KeyboardInterrupt):
        course = open_course(course_folder)
        if exercise:
            chosen = course[exercise]
        else:  # that was changed last unless it is done, else the first that is not done
            with open_ledger(course) as ledger:
                unfinished = [row.exercise for row in standings(course, ledger) if not row.done]
            last = [each for each in changed_last(course) if each.id in unfinished]
            if not (found := last or course.exercises(unfinished[:1])):
                stop("this course has no exercises yet; `grader quiz` shows its quizzes")
            chosen = found[0]
        with _Keys() as keys:
            keys.take()
            _Screen(course, pool, keys, chosen).run()
    click.echo("stopped watching; `grader list` shows where you are")


class _Screen:
    """What is shown: one exercise with its last verdict, or what a key asked for instead."""

    def __init__(self, course: Course, pool: Pool, keys: _Keys, exercise: Exercise) -> None:
        self._course = course
        self._pool = pool
        self._keys = keys
        self._left = self._asks = self._named = False
        self._rows: list[Standing] = []
        self._size = shutil.get_terminal_size()
        self._turn_to(exercise)

    def run(self) -> None:
        """Follow saves and keys until the learner leaves."""
        # Folders are watched, not files: many editors save by putting another file in the place of the old.
        for changes in watch(
            self._course.root / "exercises",
            watch_filter=None,
            debounce=GATHER_MS,
            step=QUIET_MS,
            rust_timeout=TICK_MS,
            yield_on_timeout=True,
        ):
            if changes or self._source is None:
                self._look({Path(path) for _, path in changes})
            while not self._left and (key := self._keys.pressed()):
                self._press(key)
            if self._left:
                return
            if self._size != shutil.get_terminal_size():
                self._size = shutil.get_terminal_size()
                self._draw()

    def _turn_to(self, exercise: Exercise) -> None:
        self._exercise = exercise
        self._suite: CheckSuite | None = None
        self._files = dict[Path, int]()  # of its author, with the times when they were written
        self._source: Source | None = None
        self._report: Report | None = None
        self._panel: Sequence[Line] = ()

    def _look(self, changed: set[Path]) -> None:
        """Check the exercise if its file is another one now; else turn to one that was saved instead."""
        source = read_source(self._exercise)
        if source == self._source:
            saved = (each for each in self._course.exercises() if each.stub_path in changed)
            other = next((each for each in saved if each.stub_path.exists()), None)
            if other is None or other.id == self._exercise.id:
                return
            self._turn_to(other)
            source = read_source(other)
        self._source, self._panel, self._asks = source, (), False
        self._report = report = self._check(self._checks(), source)
        self._rows = remember(self._course, [report]) or self._rows
        self._draw()
        if self._keys.there and self._report.earned and not self._named:
            self._named = True
            self._lend(lambda: ask_name(self._course, [report]))

    def _checks(self) -> CheckSuite:
        """Return the exercise's checks: the same at every save, unless an author changes their files.

        So is the seed: what changes from one verdict to the next is the student's doing.
        """
        authored = (path for path in self._exercise.author_files if path.is_file())
        files = {path: path.stat().st_mtime_ns for path in authored}
        if self._suite is None or files != self._files:
            seed = self._suite.seed if self._suite else None
            self._suite, self._files = load_suite(self._exercise, seed).remembering(), files
        return self._suite

    def _check(self, exercise: Exercise | CheckSuite, source: Source) -> Report:
        with progress_line() as progress:
            report = check(exercise, source, pool=self._pool, progress=progress)
        return report.for_student(self._course[report.exercise].file.feedback)

    def _draw(self) -> None:
        """Show the screen anew; where it cannot be cleared, below what was shown before."""
        columns = width()
        clears = os.environ.get("TERM") != "dumb" and not os.environ.get("ACCESSIBLE") and sys.stdout.isatty()
        click.echo(CLEAR if clears else "", nl=not clears)
        print_lines([screen_heading(self._exercise.id, self._rows, columns)])
        report = None if self._panel else self._report
        print_lines(self._panel)
        if report:
            path = shown_path(self._exercise.stub_path)
            shown = report.with_causes(self._course.causes)
            print_lines(report_lines(shown, columns, file=path, seeded=False, ways=path))
        if report and report.passed:
            print_lines(celebration_lines(self._exercise, self._rows, self._solution(), columns))
        click.echo()
        keys = KEYS.replace("n next", "s solution · n next") if self._solution() else KEYS
        keys = keys if self._keys.there else "Ctrl-C quits"
        whole = wrapped(keys.replace(" ", "_").replace("_·_", " · "), "note", columns, "")
        print_lines(Line(line.text.replace("_", " "), "note") for line in whole)

    # --- keys -----------------------------------------------------------------------------------------

    def _press(self, key: str) -> None:
        exercise, told = self._exercise, ""
        if self._asks:
            told, key = restore_stub(self._course, exercise) if key == "y" else "", ""
        self._asks, self._panel = key == "r", ()
        match key:
            case "q" | "\x04":
                self._left = True
                return
            case "h":
                self._panel = list(hint_lines(self._course, exercise, width(), report=self._report))
            case "d":
                found = find_failing_call(self._checks(), self._pool)
                self._panel = list(debug_lines(self._course, exercise, *found, width()))
            case "c":
                reports = [self._check(each, read_source(each)) for each in self._course.exercises()]
                self._rows = remember(self._course, reports) or self._rows
                self._panel = overview_lines(self._course.title, self._rows, width())
            case "n":
                told = self._go_on()
            case "r":
                told = f"Replace {exercise.stub_path.name} by the stub? A copy is kept. y does it."
            case "s" if self._solution():
                own = self._source.data.decode(errors="replace") if self._source else ""
                text, columns = exercise.solution_text, width()
                self._panel = list(beside_lines(own, text, make_stub(exercise), columns))
                if len(self._panel) + 5 >= self._size.lines:
                    paged, self._panel = "\n".join(line.text for line in self._panel), ()
                    self._lend(lambda: click.echo_via_pager(paged))
            case "l":
                self._lend(lambda: show_lesson(self._course, exercise.id))
            case "e":
                told = self._edit()
        if told:
            self._panel = list(wrapped(told, "detail", width(), "  "))
        if self._report or told:
            self._draw()

    def _solution(self) -> str:
        """Return where the course's own code is, once there is nothing left to find out; else nothing."""
        done = self._report is not None and self._report.passed and not self._course.handout
        return shown_path(self._exercise.solution_path) if done else ""

    def _go_on(self) -> str:
        """Turn to the next exercise that is not done, from the start again after the last."""
        ids = [row.exercise for row in self._rows]
        here = ids.index(self._exercise.id) if self._exercise.id in ids else -1
        rows = [*self._rows[here + 1 :], *self._rows[: max(here, 0)]]
        following = next((row.exercise for row in rows if not row.done), None)
        if following is None:
            return "no other exercise waits"
        self._turn_to(self._course[following])
        return ""

    def _edit(self) -> str:
        """Open the file in the editor that the environment names."""
        editor = next(filter(None, map(os.environ.get, ("VISUAL", "EDITOR"))), "")
        if not editor:
            return "no editor is known: export EDITOR=nano (or vim, or code), and start again"
        try:
            program = [*shlex.split(editor), str(self._exercise.stub_path)]
            self._lend(lambda: subprocess.run(program, check=False))
        except (OSError, ValueError) as error:
            return f"{editor} cannot be started: {error}"
        return ""

    def _lend(self, use: Callable[[], object]) -> None:
        """Give the terminal to an editor or a pager; what is on the screen afterwards is the verdict."""
        self._keys.close()
        try:
            use()
        finally:
            self._keys.take()


class _Keys(contextlib.ExitStack):
    """The keys of a terminal, each at once; none where there is no such terminal."""

    there = False

    def take(self) -> None:
        """Let keys come one by one; closed, this gives the terminal back as it was."""
        with contextlib.suppress(ImportError):  # Windows
            import termios
            import tty

            if sys.stdin.isatty():
                terminal = sys.stdin.fileno()
                self.callback(termios.tcsetattr, terminal, termios.TCSADRAIN, termios.tcgetattr(terminal))
                tty.setcbreak(terminal)
                self.there = True

    def pressed(self) -> str:
        """Return the key pressed last, in small letters; empty if there is none."""
        if not self.there or not select.select([sys.stdin.fileno()], [], [], 0)[0]:
            return ""
        key = os.read(sys.stdin.fileno(), 1).decode("ascii", "replace").lower()
        if key == "\x1b":  # an arrow or Home sends several bytes, and h may be one of them
            import termios

            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
        return key or "q"
