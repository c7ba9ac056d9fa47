"""``grader watch``: check again at every save, and show what changed."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.cli.file_changes import Watched
    from grader.course import Course
    from grader.sandbox.pool import WorkerPool

KEYS = "h hint, l list, n next, q quit"
Keys = Callable[[], str]


@click.command("watch")
@click.argument("exercise", required=False)
@click.pass_obj
def command(course_folder: str | None, exercise: str | None) -> None:
    """Check an exercise again at every save, and show what changed.

    Without EXERCISE, the first that is not done yet is watched; when one is done, the next follows. Keys: h
    shows a hint, l the list, n goes to the next exercise, q quits.
    """
    from grader.sandbox.process import start_early

    zygote = start_early()  # it loads NumPy while we load pytest
    from grader.cli.file_changes import unfinished
    from grader.course import open_course
    from grader.sandbox.pool import open_pool

    with open_pool(zygote=zygote) as pool, contextlib.suppress(KeyboardInterrupt):
        course = open_course(course_folder)
        first = exercise or next(iter(unfinished(course)), None)
        if first is None:
            click.echo("every exercise is done; name one to watch it")
            return
        _Watch(course, pool, first).run()
    click.echo("stopped watching; `grader list` shows where you are")


class _Watch:
    """What is watched now, and where to go from there."""

    def __init__(self, course: Course, pool: WorkerPool, exercise: str) -> None:
        self._course = course
        self._pool = pool
        self._done = False
        self._watched = self._begin(exercise)

    def run(self) -> None:
        """Follow saves and keys until there is nothing more to watch."""
        from grader.cli.file_changes import ticks

        with _keys() as pressed:
            self._say_what(keys=pressed is not None)
            for saved in ticks(self._course):
                if (saved or self._watched.source is None) and self._watched.differs():
                    self._check()
                while not self._done and pressed and (key := pressed()):
                    self._press(key)
                if self._done:
                    return

    def _begin(self, exercise: str) -> Watched:
        from grader.cli.file_changes import Watched

        return Watched(self._course[exercise])

    def _say_what(self, *, keys: bool = False) -> None:
        from grader.course import shown_path

        file = shown_path(self._watched.exercise.stub_path)
        click.echo(f"watching {file} · {KEYS if keys else 'Ctrl-C quits'}")

    def _check(self) -> None:
        from grader.cli.check import remember
        from grader.cli.file_changes import news
        from grader.cli.terminal import print_lines, progress_line, width

        before = self._watched.report
        with progress_line() as progress:
            report = self._watched.check(self._pool, progress)
        click.echo()
        print_lines(news(report, before, width()))
        remember(self._course, [report])
        if report.passed:
            self._go_on(f"{report.exercise} is done")

    def _go_on(self, why: str) -> None:
        """Turn to the first exercise that is not done; end if this was the last."""
        from grader.cli.file_changes import unfinished

        waiting = [one for one in unfinished(self._course) if one != self._watched.exercise.id]
        if waiting:
            click.echo(f"{why}; next: {waiting[0]}, whose lesson `grader show {waiting[0]}` has")
            self._turn_to(waiting[0])
        else:
            click.echo(f"{why}, and so is every exercise")
            self._done = True

    def _turn_to(self, exercise: str) -> None:
        self._watched = self._begin(exercise)
        self._say_what(keys=sys.stdin.isatty())

    def _press(self, key: str) -> None:
        from grader.cli.file_changes import following
        from grader.cli.hint import show_hint
        from grader.cli.list import show_list

        if key in ("q", "\x04"):
            self._done = True
        elif key == "h":
            show_hint(self._course, self._watched.exercise)
        elif key == "l":
            show_list(self._course)
        elif key == "n":
            there = following(self._course, self._watched.exercise.id)
            if there:
                self._turn_to(there)
            else:
                click.echo("no other exercise waits")


@contextlib.contextmanager
def _keys() -> Iterator[Keys | None]:
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
