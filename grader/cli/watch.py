"""``grader watch``: check again at every save, and show what changed."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from grader.cli import ZYGOTE, print_lines, progress_line, width
from grader.cli.check import remember
from grader.cli.hint import show_hint
from grader.cli.list import show_list
from grader.course import Course, open_course, shown_path
from grader.progress import open_ledger
from grader.reports.text import report_lines
from grader.sandbox.worker import Pool

if TYPE_CHECKING:
    from grader.checks.source import Source

GATHER_MS = 50  # at most, for the several changes that one save makes
QUIET_MS = 10  # without another change, and the save is over
TICK_MS = 100  # between two looks at the keys
KEYS = "h hint, l list, n next, q quit"


@click.command("watch")
@click.argument("exercise", required=False)
@click.pass_obj
@click.pass_context
def command(context: click.Context, course_folder: str | None, exercise: str | None) -> None:
    """Check an exercise again at every save, and show what changed.

    Without EXERCISE, the first that is not done yet is watched; when one is done, the next follows. Keys: h
    shows a hint, l the list, n goes to the next exercise, q quits.
    """
    from grader.sandbox.pool import open_pool

    with open_pool(zygote=context.meta[ZYGOTE]) as pool, contextlib.suppress(KeyboardInterrupt):
        course = open_course(course_folder)
        first = exercise or next(iter(_unfinished(course)), None)
        if first is None:
            click.echo("every exercise is done; name one to watch it")
            return
        with _pressed_keys() as pressed:
            _Watch(course, pool, pressed, first).run()
    click.echo("stopped watching; `grader list` shows where you are")


class _Watch:
    """What is watched: one exercise, what of it was checked last, and what that gave."""

    def __init__(self, course: Course, pool: Pool, pressed: Callable[[], str] | None, exercise: str) -> None:
        self._course = course
        self._pool = pool
        self._pressed = pressed
        self._done = False
        self._source: Source | None = None
        self._turn_to(exercise)

    def run(self) -> None:
        """Follow saves and keys until there is nothing more to watch."""
        from watchfiles import watch

        from grader.checks.source import read_source

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
                before, self._source = self._source, read_source(self._exercise)
                if self._source != before:
                    self._check(self._source)
            while not self._done and self._pressed and (key := self._pressed()):
                self._press(key)
            if self._done:
                return

    def _turn_to(self, exercise: str) -> None:
        from grader.checks.run import new_seed

        self._exercise = self._course[exercise]
        self._seed = new_seed()  # the same at every save: what changes then is the student's doing
        self._source = None
        keys = KEYS if self._pressed else "Ctrl-C quits"
        click.echo(f"watching {shown_path(self._exercise.stub_path)} · {keys}")

    def _check(self, source: Source) -> None:
        """Check what was read; when the exercise is done, turn to the first that is not, or end."""
        from grader.checks.run import check

        with progress_line() as progress:
            report = check(self._exercise, source, pool=self._pool, seed=self._seed, progress=progress)
        report = report.for_student(self._exercise.file.feedback)
        click.echo()
        print_lines(report_lines(report, width(), file=shown_path(self._exercise.stub_path)))
        remember(self._course, [report])
        if not report.passed:
            return
        waiting = next((other for other in _unfinished(self._course) if other != report.exercise), None)
        if waiting:
            click.echo(
                f"{report.exercise} is done; next: {waiting}, whose lesson `grader show {waiting}` has"
            )
            self._turn_to(waiting)
        else:
            click.echo(f"{report.exercise} is done, and so is every exercise")
            self._done = True

    def _press(self, key: str) -> None:
        if key in ("q", "\x04"):
            self._done = True
        elif key == "h":
            show_hint(self._course, self._exercise)
        elif key == "l":
            show_list(self._course)
        elif key == "n":  # the next one that is not done, from the start again after the last
            ids = self._course.exercise_ids()
            here = ids.index(self._exercise.id)
            unfinished = _unfinished(self._course)
            others = (other for other in (*ids[here + 1 :], *ids[:here]) if other in unfinished)
            if following := next(others, None):
                self._turn_to(following)
            else:
                click.echo("no other exercise waits")


def _unfinished(course: Course) -> tuple[str, ...]:
    """Return the exercises that are not fully earned as of their last check, in the order of the course."""
    with open_ledger(course) as ledger:
        states = {exercise: ledger.latest(exercise) for exercise in course.exercise_ids()}
    return tuple(exercise for exercise, state in states.items() if not (state and state.done))


@contextlib.contextmanager
def _pressed_keys() -> Iterator[Callable[[], str] | None]:
    """Offer a function that returns the key pressed last, or nothing; None where there is no terminal."""
    try:
        import termios
        import tty
    except ImportError:  # Windows
        yield None
        return
    if not sys.stdin.isatty():
        yield None
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)

    def pressed() -> str:
        if not select.select([terminal], [], [], 0)[0]:
            return ""
        key = os.read(terminal, 1).decode("ascii", "replace").lower()
        if key == "\x1b":  # an arrow or Home sends several bytes, and h may be one of them
            termios.tcflush(terminal, termios.TCIFLUSH)
        return key or "q"

    tty.setcbreak(terminal)
    try:
        yield pressed
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
