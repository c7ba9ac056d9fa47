"""The conversation of a sitting: plain lines out, one line in, whatever is at the other end."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator

import click

from grader.cli import FAILED, print_lines, width
from grader.quiz.credits import REVIEW
from grader.quiz.files import parse
from grader.quiz.questions.base import Unreadable
from grader.quiz.session import AnsweredElsewhere, FinishedElsewhere, Item, Session
from grader.reports import quiz_screen as screen
from grader.reports.text import wrapped

UNFINISHED = 75
ESCAPE = "="


class LearnerLeft(Exception):
    """The learner goes away: end of input, Ctrl+C, q, or the window was closed."""


def ask(prompt: str) -> str:
    """Read one line.

    Raises:
        LearnerLeft: there is no more input, or Ctrl+C was pressed.
    """
    try:
        if sys.stdin.isatty() and sys.stdout.isatty():
            with contextlib.suppress(ImportError):
                import readline  # noqa: F401  # lets a line be edited
            return input(prompt)
        click.echo(prompt, nl=False)
        line = sys.stdin.readline()
    except (EOFError, KeyboardInterrupt):
        raise LearnerLeft from None
    if not line:
        raise LearnerLeft
    click.echo(line.rstrip("\n"))
    return line.rstrip("\n")


def sit(session: Session) -> int:
    """Ask the questions of a sitting; return the exit code."""
    try:
        with _closing_window_leaves():
            print_lines(screen.intro_lines(session, width()))
            _Conversation(session).run()
    except (LearnerLeft, KeyboardInterrupt):
        with contextlib.suppress(OSError):  # the window may be gone
            again = "--review" if session.sitting.mode == REVIEW else session.sheet.id
            click.echo(f"\nEverything you answered is kept. Go on with: grader quiz {again}")
        return UNFINISHED
    except FinishedElsewhere:
        click.echo("This sitting was finished in another window.")
    session.finish()
    summary = session.summary()
    print_lines(screen.summary_lines(session.sheet, summary, width()))
    return 0 if summary.silent or summary.passed or summary.mode == REVIEW else FAILED


@contextlib.contextmanager
def _closing_window_leaves() -> Iterator[None]:
    """Take a closed window, or an order to end, for leaving."""

    def leave(number: int, frame: object) -> None:
        raise LearnerLeft

    numbers = [getattr(signal, name) for name in ("SIGHUP", "SIGTERM") if hasattr(signal, name)]
    before = {number: signal.signal(number, leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Conversation:
    """Where the learner is, and what the next line means."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.place = 0

    def run(self) -> None:
        """Go through the questions until all are done, or the learner has had enough."""
        # There is no bar where it would be read aloud, or could not be drawn.
        plain = os.environ.get("ACCESSIBLE") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty()
        bar = 0 if plain else screen.BAR
        self._go_on(0)
        while True:
            while self.place < len(self.session.questions):
                item = self.session.item(self.session.questions[self.place])
                print_lines(screen.question_lines(self.session, item, width(), bar))
                if reply := self.session.said(item):
                    print_lines(screen.reply_lines(reply, width()))
                while not self._act(item, ask("> ")):
                    pass
            if not self._goes_back(self.session.items()):
                return

    def _go_on(self, start: int) -> None:
        """Turn to the next question from a place on that can still be answered."""
        self.place = start
        while self.place < len(self.session.questions):
            item = self.session.item(self.session.questions[self.place])
            if not (item.answered if self.session.silent else item.done):
                return
            self.place += 1

    def _goes_back(self, items: list[Item]) -> bool:
        """At the end: offer to look at what was skipped or flagged; return whether the learner goes on."""
        skipped = [str(number) for number, item in enumerate(items, 1) if not item.answered]
        flagged = [str(number) for number, item in enumerate(items, 1) if item.flagged]
        if not skipped and not flagged and not self.session.silent:
            return False
        told = [f"without an answer: {', '.join(skipped)}"] if skipped else []
        told += [f"flagged: {', '.join(flagged)}"] if flagged else []
        click.echo()
        print_lines(wrapped(f"{'; '.join(['That was the last question', *told])}.", "detail", width(), ""))
        while text := ask("a number goes back, Enter finishes > ").strip():
            if text == "q":
                raise LearnerLeft
            if text.isdecimal() and 1 <= int(text[:6]) <= len(items):
                self.place = int(text) - 1
                return True
        return False

    def _act(self, item: Item, text: str) -> bool:
        """Do what a line says; return whether the question should be shown anew (or another one)."""
        word, last = text.strip(), len(self.session.questions) - 1
        match word:
            case "q":
                raise LearnerLeft
            case "" | "s":
                self._go_on(self.place + 1)
                return True
            case "b":
                self.place = max(0, self.place - 1)
                return True
            case "h" if item.next_hint is None:
                click.echo("  there is no hint left" if item.hints else "  there is no hint for this one")
                return False
            case "h":
                price = f"  a hint costs {item.next_hint:.2f} credits; y takes it > "
                if item.next_hint and ask(price).strip().casefold() not in ("y", "yes"):
                    return False
                self.session.hint(item)
                return True
            case "f":
                click.echo("  flagged" if self.session.flag(item).flagged else "  no longer flagged")
                return False
            case "l":
                print_lines(screen.list_lines(self.session, self.session.items(), width()))
                return False
            case "?":
                print_lines(screen.help_lines(item, width()))
                return False
        if word.startswith("l ") and word[2:].strip().isdecimal():
            self.place = min(max(int(word[2:8]) - 1, 0), last)
            return True
        return self._answer(item, word.removeprefix(ESCAPE) if word.startswith(ESCAPE) else text)

    def _answer(self, item: Item, text: str) -> bool:
        if item.done:
            click.echo("  this question is done; Enter goes on")
            return False
        try:
            parse(item.variant, text)  # what cannot be read is said at once
            certainty, leaves = self._certainty(item)
            reply = self.session.answer(item, text, certainty)
        except Unreadable as error:
            print_lines(wrapped(str(error), "skipped", width(), "  "))
            return False
        except AnsweredElsewhere:
            click.echo("  this question was answered in another window meanwhile")
            return True
        if leaves:
            raise LearnerLeft
        print_lines(screen.reply_lines(reply, width()))
        if reply.mark is None or reply.item.done:
            self._go_on(self.place + 1)
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
            while (given := ask(f"  {screen.HOW_SURE}, Enter: no answer > ").strip()) not in ("1", "2", "3"):
                if given in ("", "q"):
                    return None, given == "q"
        except LearnerLeft:
            return None, True
        return int(given), False
