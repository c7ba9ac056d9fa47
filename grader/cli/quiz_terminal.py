"""The conversation of a sitting: plain lines out, one line in, whatever is at the other end."""

from __future__ import annotations

import contextlib
import datetime
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from grader.cli import FAILED, print_lines, width
from grader.cli.quiz_scripted import answer_from_file
from grader.course import open_course
from grader.progress import Ledger
from grader.quiz.credits import REVIEW, QuizContext, balance, open_context, update
from grader.quiz.edition import PublicQuiz, all_public, find_public
from grader.quiz.questions.base import Unreadable
from grader.quiz.registry import UnknownQuiz, parse
from grader.quiz.session import (
    AnsweredElsewhere,
    FinishedElsewhere,
    Item,
    OtherSitting,
    Selection,
    Session,
    due_questions,
    schedule,
)
from grader.reports import quiz_screen as screen
from grader.reports.text import wrapped

UNFINISHED = 75
ESCAPE = "="


class LearnerLeft(Exception):
    """The learner goes away: end of input, Ctrl+C, q, or the window was closed."""


def take_quiz(
    course_folder: str | None,
    name: str | None,
    *,
    topic: str,
    count: int,
    restart: bool,
    review: bool,
    answers: Path | None,
    form: str,
) -> int:
    """Take a quiz, or a review of what is due; return the exit code.

    Args:
        count: so many questions only; 0 for all.
        answers: a file to take them from, instead of asking.
        form: text or json.
    """
    course = open_course(course_folder)
    try:
        with open_context(course) as context:
            if review:
                sheets = [find_public(course, name)] if name else all_public(course)
                return review_due(sheets, context, count)
            sheet = find_public(course, name or choose(all_public(course), context))
            if topic and topic not in sheet.topics:
                topics = ", ".join(sheet.topics)
                raise click.UsageError(f"{sheet.id} has no topic {topic!r}; it has {topics}")
            selection = Selection(topic, count, restart)
            if answers is not None:
                return answer_from_file(sheet, context, selection, answers, form)
            return sit(Session(sheet, context, selection))
    except (UnknownQuiz, OtherSitting) as error:
        raise click.UsageError(str(error)) from None


def choose(sheets: list[PublicQuiz], context: QuizContext) -> str:
    """Show the quizzes and ask for one; without anybody to ask, that is all."""
    update(sheets, context)
    with context.open_ledger() as ledger:
        rows = [(sheet, balance(ledger, sheet).cents, _state(ledger, sheet)) for sheet in sheets]
        due = len(due_questions(ledger, sheets, datetime.datetime.now(datetime.UTC)))
    print_lines(screen.menu_lines(rows, due, width()))
    if not sheets or not sys.stdin.isatty():
        click.echo("take one with: grader quiz NAME")
        sys.exit(0)
    suggestion = next((sheet.id for sheet, _, state in rows if state == "unfinished"), "")
    try:
        return _named([sheet.id for sheet in sheets], suggestion)
    except LearnerLeft:
        sys.exit(0)


def _state(ledger: Ledger, sheet: PublicQuiz) -> str:
    sittings = [sitting for sitting in ledger.sittings(sheet.id) if sitting.mode != REVIEW]
    if any(sitting.finished is None for sitting in sittings):
        return "unfinished"
    return "taken" if sittings else ""


def _named(ids: list[str], suggestion: str) -> str:
    """Ask for a quiz by name or number.

    Raises:
        LearnerLeft: there is no more input, or q was typed.
    """
    while True:
        word = _ask(f"Which one? [{suggestion or 'name or number'}, q] ").strip() or suggestion
        if word == "q":
            raise LearnerLeft
        if word.isdecimal() and 1 <= int(word) <= len(ids):
            return ids[int(word) - 1]
        if word in ids:
            return word
        click.echo(f"type one of {', '.join(ids)}, or a number from 1 to {len(ids)}")


def _ask(prompt: str) -> str:
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
                while not self._act(item, _ask("> ")):
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
        while text := _ask("a number goes back, Enter finishes > ").strip():
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
            case "h":
                return self._hint(item)
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

    def _hint(self, item: Item) -> bool:
        if item.next_hint is None:
            click.echo("  there is no hint left" if item.hints else "  there is no hint for this one")
            return False
        price = f"  a hint costs {item.next_hint:.2f} credits; y takes it > "
        if item.next_hint and _ask(price).strip().casefold() not in ("y", "yes"):
            return False
        self.session.hint(item)
        return True

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
            while (given := _ask(f"  {screen.HOW_SURE}, Enter: no answer > ").strip()) not in ("1", "2", "3"):
                if given in ("", "q"):
                    return None, given == "q"
        except LearnerLeft:
            return None, True
        return int(given), False


# --- review -------------------------------------------------------------------------------------------


def review_due(sheets: list[PublicQuiz], context: QuizContext, count: int) -> int:
    """Ask missed questions again, when they are due, with new numbers and no credits; return the exit code.

    Args:
        count: so many questions at the most; 0 for all.

    Raises:
        UsageError: the library that schedules is missing.
    """
    try:
        import fsrs  # noqa: F401
    except ImportError:
        raise click.UsageError('review needs the library fsrs: pip install "rnn-grader[review]"') from None
    update(sheets, context)
    with context.open_ledger() as ledger:
        due = due_questions(ledger, sheets, datetime.datetime.now(datetime.UTC))
    due = due[:count] if count else due
    if not due:
        click.echo("nothing is due for review")
        return 0
    code = 0
    for sheet in {sheet.id: sheet for sheet, _ in due}.values():
        questions = tuple(question for of_sheet, question in due if of_sheet.id == sheet.id)
        session = Session(sheet, context, Selection(only=questions))
        code = max(code, sit(session))
        with context.open_ledger() as ledger:
            for question in questions:
                score = session.first_score(ledger, question)
                if score is not None:
                    hints = ledger.hints_taken(session.sitting.id, question)
                    again = schedule(ledger, sheet.id, question, right=score >= 1, hints=hints)
                    click.echo(f"  {question}: again {_when(again)}")
    return code


def _when(due: datetime.datetime) -> str:
    days = (due - datetime.datetime.now(datetime.UTC)).total_seconds() / 86400
    return f"in {days:.0f} days" if days >= 1.5 else "tomorrow" if days >= 0.5 else "today"
