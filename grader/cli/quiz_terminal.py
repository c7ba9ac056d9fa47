"""The conversation of a sitting: plain lines out, one line in, whatever is at the other end."""

from __future__ import annotations

import contextlib
import datetime
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click

from grader.cli import FAILED
from grader.cli.terminal import print_lines, width
from grader.quiz import screen
from grader.quiz.answers import Unreadable
from grader.quiz.session import AnsweredElsewhere, Item, Session, TimeOver
from grader.report.lines import Line

if TYPE_CHECKING:
    from grader.course import Course

UNFINISHED = 75
ESCAPE = "="


class Left(Exception):
    """The learner goes away: end of input, Ctrl+C or q."""


def choose(course: Course) -> str:
    """Show the quizzes and ask for one; without anybody to ask, that is all."""
    from grader.ledger import open_ledger
    from grader.quiz.review import due_questions
    from grader.quiz.sheet import all_sheets

    sheets = all_sheets(course)
    with open_ledger(course) as ledger:
        earned = {one.id: ledger.earned(f"quiz/{one.id}") for one in sheets}
        begun = {one.id for one in sheets if ledger.open_sitting(one.id)}
        due = len(due_questions(ledger, sheets, datetime.datetime.now(datetime.UTC)))
    rows = [
        (
            one.id,
            one.public.title,
            len(one.public.faces),
            earned[one.id],
            one.credits,
            "unfinished" if one.id in begun else "",
        )
        for one in sheets
    ]
    print_lines(screen.menu_lines(rows, due, width()))
    if not sheets or not sys.stdin.isatty():
        click.echo("take one with: grader quiz NAME")
        sys.exit(0)
    suggestion = next((one.id for one in sheets if one.id in begun), "")
    return _named([one.id for one in sheets], suggestion)


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
        if sys.stdin.isatty():
            with contextlib.suppress(ImportError):
                import readline  # noqa: F401  # lets a line be edited
            return input(prompt)
        click.echo(prompt, nl=False)
        line = sys.stdin.readline()
    except (EOFError, KeyboardInterrupt, UnicodeDecodeError):
        raise Left from None
    if not line:
        raise Left
    click.echo(line.rstrip("\n"))
    return line.rstrip("\n")


def sit(session: Session) -> int:
    """Ask the questions of a sitting; return the exit code."""
    if session.resumed:
        click.echo("Going on where you left; --restart begins anew.")
    conversation = _Conversation(session)
    try:
        conversation.run()
    except Left:
        click.echo()
        click.echo(f"Everything you answered is kept. Go on with: grader quiz {session.sheet.id}")
        return UNFINISHED
    except TimeOver:
        click.echo("The time is over; what you answered before is stored.")
    session.finish()
    summary = session.summary()
    print_lines(screen.summary_lines(session.sheet, summary, width()))
    return 0 if summary.silent or summary.passed or session.sitting.mode == "review" else FAILED


class _Conversation:
    """Where the learner is, and what the next line means."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.place = self._first_open(0)

    def run(self) -> None:
        """Go through the questions until all are done, or the learner has had enough."""
        while True:
            while self.place < len(self.session.questions):
                self._question(self.session.item(self.session.questions[self.place]))
            open_ones = [number for number, one in enumerate(self._items(), 1) if not one.answered]
            if not self._goes_back(open_ones):
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

    def _goes_back(self, open_ones: list[int]) -> bool:
        """At the end: offer to look at what was skipped; return whether the learner goes on."""
        if not open_ones and not self.session.silent:
            return False
        left = f"without an answer: {', '.join(map(str, open_ones))}; " if open_ones else ""
        text = _ask(f"\nThat was the last question ({left}a number goes back, Enter finishes) > ").strip()
        if text.isdecimal() and 1 <= int(text) <= len(self.session.questions):
            self.place = int(text) - 1
            return True
        return bool(text) and self._goes_back(open_ones)

    def _question(self, item: Item) -> None:
        """Show one question and act on what is typed until the place changes or it should be shown anew."""
        self._show(screen.question_lines(self.session, item, width()))
        left = self.session.seconds_left()
        clock = f"{max(0, left) / 60:.0f} min left " if left is not None else ""
        while not self._act(item, _ask(f"{clock}> ")):
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
            self.place = min(max(int(word[2:]) - 1, 0), len(self.session.questions) - 1)
            return True
        return self._answer(item, text.strip().removeprefix(ESCAPE) if word.startswith(ESCAPE) else text)

    def _answer(self, item: Item, text: str) -> bool:
        if item.done:
            click.echo("  this question is done; Enter goes on")
            return False
        try:
            certainty = self._certainty(item, text)
            reply = self.session.answer(item, text, certainty)
        except Unreadable as error:
            click.echo(f"  {error}")
            return False
        except AnsweredElsewhere:
            click.echo("  this question was answered in another window meanwhile")
            return True
        self._show(screen.reply_lines(reply, width()))
        if reply.mark is None or reply.item.done:
            self.place = self._first_open(self.place + 1)
        return True

    def _certainty(self, item: Item, text: str) -> int | None:
        """Ask how sure the learner is, where the quiz wants to know."""
        from grader.quiz.answers import parse

        confidence = self.session.sheet.public.confidence
        if confidence == "off":
            return None
        parse(item.variant, text)  # an answer that cannot be read is said to be so first
        if confidence == "required":
            click.echo(f"  {screen.PAYOFF}")
        skip = ", Enter: no answer" if confidence == "optional" else ""
        while True:
            given = _ask(f"  {screen.CERTAINTY}{skip} > ").strip()
            if given in ("1", "2", "3"):
                return int(given)
            if not given and confidence == "optional":
                return None

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
        if (
            item.next_hint
            and _ask(f"  a hint costs {item.next_hint:.2f} credits; y takes it > ").strip() != "y"
        ):
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
