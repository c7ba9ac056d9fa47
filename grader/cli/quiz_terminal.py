"""The conversation of a sitting: plain lines out, one line in, whatever is at the other end."""

from __future__ import annotations

import contextlib
import datetime
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click

from grader.cli import FAILED
from grader.cli.terminal import print_lines, width
from grader.quiz.questions.base import Unreadable
from grader.quiz.registry import parse
from grader.quiz.session import AnsweredElsewhere, FinishedElsewhere, Item, Session
from grader.reports import quiz_screen as screen
from grader.reports.text import Line, wrapped

if TYPE_CHECKING:
    from grader.course import Course
    from grader.progress.ledger import Ledger
    from grader.quiz.edition import PublicQuiz

UNFINISHED = 75
ESCAPE = "="


class Left(Exception):
    """The learner goes away: end of input, Ctrl+C, q, or the window was closed."""


def choose(course: Course) -> str:
    """Show the quizzes and ask for one; without anybody to ask, that is all."""
    from grader.quiz.edition import all_public

    sheets = all_public(course)
    rows, due = _menu(course, sheets)
    print_lines(screen.menu_lines(rows, due, width()))
    if not sheets or not sys.stdin.isatty():
        click.echo("take one with: grader quiz NAME")
        sys.exit(0)
    suggestion = next((row.quiz for row in rows if row.state == "unfinished"), "")
    return _named([one.id for one in sheets], suggestion)


def _menu(course: Course, sheets: list[PublicQuiz]) -> tuple[list[screen.MenuRow], int]:
    from grader.progress.ledger import open_ledger
    from grader.quiz.review import due_questions

    with open_ledger(course) as ledger:
        rows = [
            screen.MenuRow(
                one.id,
                one.public.title,
                one.topics,
                sum(one.public.draw.per_topic.values()) if one.public.draw else len(one.public.faces),
                ledger.earned(f"quiz/{one.id}"),
                one.credits,
                _state(ledger, one),
            )
            for one in sheets
        ]
        return rows, len(due_questions(ledger, sheets, datetime.datetime.now(datetime.UTC)))


def _state(ledger: Ledger, sheet: PublicQuiz) -> str:
    sittings = [one for one in ledger.sittings(sheet.id) if one.mode != "review"]
    if any(one.finished is None for one in sittings):
        return "unfinished"
    return "taken" if sittings else ""


def _named(ids: list[str], suggestion: str) -> str:
    """Ask for a quiz by name or number."""
    while True:
        with _leaving():
            text = _ask(f"Which one? [{suggestion or 'name or number'}, q] ")
        word = text.strip() or suggestion
        if word == "q":
            sys.exit(0)
        if word.isdecimal() and 1 <= int(word) <= len(ids):
            return ids[int(word) - 1]
        if word in ids:
            return word
        click.echo(f"type one of {', '.join(ids)}, or a number from 1 to {len(ids)}")


@contextlib.contextmanager
def _leaving() -> Iterator[None]:
    try:
        yield
    except Left:
        sys.exit(0)


def _ask(prompt: str) -> str:
    """Read one line.

    Raises:
        Left: there is no more input, or Ctrl+C was pressed.
    """
    try:
        if sys.stdin.isatty() and sys.stdout.isatty():
            with contextlib.suppress(ImportError):
                import readline  # noqa: F401  # lets a line be edited
            return input(prompt)
        click.echo(prompt, nl=False)
        line = sys.stdin.readline()
    except (EOFError, KeyboardInterrupt):
        raise Left from None
    if not line:
        raise Left
    click.echo(line.rstrip("\n"))
    return line.rstrip("\n")


def sit(session: Session) -> int:
    """Ask the questions of a sitting; return the exit code."""
    try:
        with _closing_window_leaves():
            print_lines(screen.intro_lines(session, width()))
            _Conversation(session).run()
    except (Left, KeyboardInterrupt):
        with contextlib.suppress(OSError):  # the window may be gone
            click.echo(f"\nEverything you answered is kept. Go on with: grader quiz {_again(session)}")
        return UNFINISHED
    except FinishedElsewhere:
        click.echo("This sitting was finished in another window.")
    session.finish()
    summary = session.summary()
    print_lines(screen.summary_lines(session.sheet, summary, width()))
    return 0 if summary.silent or summary.passed or summary.mode == "review" else FAILED


def _again(session: Session) -> str:
    return "--review" if session.sitting.mode == "review" else session.sheet.id


@contextlib.contextmanager
def _closing_window_leaves() -> Iterator[None]:
    """Take a closed window, or an order to end, for leaving."""

    def leave(number: int, frame: object) -> None:
        raise Left

    numbers = [getattr(signal, name) for name in ("SIGHUP", "SIGTERM") if hasattr(signal, name)]
    before = {number: signal.signal(number, leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _bar() -> int:
    """Return how wide a bar may be: there is none where it would be read aloud, or could not be drawn."""
    plain = os.environ.get("ACCESSIBLE") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty()
    return 0 if plain else screen.BAR


class _Conversation:
    """Where the learner is, and what the next line means."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.place = 0

    def run(self) -> None:
        """Go through the questions until all are done, or the learner has had enough."""
        self.place = self._first_open(0)
        while True:
            while self.place < len(self.session.questions):
                self._question(self.session.item(self.session.questions[self.place]))
            if not self._goes_back(self._items()):
                return

    def _items(self) -> list[Item]:
        return [self.session.item(one) for one in self.session.questions]

    def _first_open(self, start: int) -> int:
        """Return the place of the next question that can still be answered."""
        for place in range(start, len(self.session.questions)):
            item = self.session.item(self.session.questions[place])
            if not (item.answered if self.session.silent else item.done):
                return place
        return len(self.session.questions)

    def _goes_back(self, items: list[Item]) -> bool:
        """At the end: offer to look at what was skipped or flagged; return whether the learner goes on."""
        skipped = [str(number) for number, one in enumerate(items, 1) if not one.answered]
        flagged = [str(number) for number, one in enumerate(items, 1) if one.flagged]
        if not skipped and not flagged and not self.session.silent:
            return False
        told = [f"without an answer: {', '.join(skipped)}"] if skipped else []
        told += [f"flagged: {', '.join(flagged)}"] if flagged else []
        click.echo()
        self._show(wrapped(f"{'; '.join(['That was the last question', *told])}.", "detail", width(), ""))
        while text := _ask("a number goes back, Enter finishes > ").strip():
            if text == "q":
                raise Left
            if text.isdecimal() and 1 <= int(text[:6]) <= len(items):
                self.place = int(text) - 1
                return True
        return False

    def _question(self, item: Item) -> None:
        """Show one question and act on what is typed until the place changes or it should be shown anew."""
        self._show(screen.question_lines(self.session, item, width(), _bar()))
        if reply := self.session.said(item):
            self._show(screen.reply_lines(reply, width()))
        while not self._act(item, _ask("> ")):
            pass

    def _act(self, item: Item, text: str) -> bool:
        """Do what a line says; return whether the question should be shown anew (or another one)."""
        word = text.strip()
        commands: dict[str, Callable[[Item], bool]] = {
            "": self._skip,
            "s": self._skip,
            "h": self._hint,
            "f": self._flag,
            "b": self._back,
            "l": self._list,
            "?": self._help,
        }
        if word == "q":
            raise Left
        if word in commands:
            return commands[word](item)
        if word.startswith("l ") and word[2:].strip().isdecimal():
            self.place = min(max(int(word[2:8]) - 1, 0), len(self.session.questions) - 1)
            return True
        return self._answer(item, text.strip().removeprefix(ESCAPE) if word.startswith(ESCAPE) else text)

    def _answer(self, item: Item, text: str) -> bool:
        if item.done:
            click.echo("  this question is done; Enter goes on")
            return False
        try:
            parse(item.variant, text)  # what cannot be read is said at once
            certainty, leaves = self._certainty(item)
            reply = self.session.answer(item, text, certainty)
        except Unreadable as error:
            self._show(wrapped(str(error), "skipped", width(), "  "))
            return False
        except AnsweredElsewhere:
            click.echo("  this question was answered in another window meanwhile")
            return True
        if leaves:
            raise Left
        self._show(screen.reply_lines(reply, width()))
        if reply.mark is None or reply.item.done:
            self.place = self._first_open(self.place + 1)
        return True

    def _certainty(self, item: Item) -> tuple[int | None, bool]:
        """Ask how sure the learner is, where the quiz wants to know it.

        Returns:
            1, 2 or 3, or None; and whether the learner leaves, though the answer counts.
        """
        confidence = self.session.sheet.public.confidence
        if confidence == "off" or (item.answered and not self.session.silent):
            return None, False
        try:
            while (given := _ask(f"  {screen.HOW_SURE}, Enter: no answer > ").strip()) not in ("1", "2", "3"):
                if not given:
                    return None, False
                if given == "q":
                    return None, True
        except Left:
            return None, True
        return int(given), False

    def _skip(self, item: Item) -> bool:
        self.place = self._first_open(self.place + 1)
        return True

    def _back(self, item: Item) -> bool:
        self.place = max(0, self.place - 1)
        return True

    def _flag(self, item: Item) -> bool:
        click.echo("  flagged" if self.session.flag(item).flagged else "  no longer flagged")
        return False

    def _hint(self, item: Item) -> bool:
        if item.next_hint is None:
            click.echo("  there is no hint left" if item.hints else "  there is no hint for this one")
            return False
        price = f"  a hint costs {item.next_hint:.2f} credits; y takes it > "
        if item.next_hint and _ask(price).strip().casefold() not in ("y", "yes"):
            return False
        self.session.hint(item)
        return True

    def _list(self, item: Item) -> bool:
        self._show(screen.list_lines(self.session, self._items(), width()))
        return False

    def _help(self, item: Item) -> bool:
        self._show(screen.help_lines(item, width()))
        return False

    @staticmethod
    def _show(lines: Iterable[Line]) -> None:
        print_lines(lines)
