"""``grader quiz --review``: missed questions again, when they are due, with new numbers and no credits."""

from __future__ import annotations

import datetime

import click

from grader.cli.quiz_terminal import sit
from grader.course import Course
from grader.progress.ledger import open_ledger
from grader.quiz.edition import PublicQuiz, all_public, find_public
from grader.quiz.review import due_questions, schedule
from grader.quiz.session import Session, Setting


def review_due(course: Course, setting: Setting, name: str | None, count: int) -> int:
    """Ask what is due, quiz by quiz; return the exit code.

    Args:
        name: only of this quiz; None for all.
        count: so many questions at the most; 0 for all.

    Raises:
        UsageError: the library that schedules is missing.
    """
    try:
        import fsrs  # noqa: F401
    except ImportError:
        raise click.UsageError('review needs the library fsrs: pip install "rnn-grader[review]"') from None
    sheets = [find_public(course, name)] if name else all_public(course)
    with open_ledger(course) as ledger:
        due = due_questions(ledger, sheets, datetime.datetime.now(datetime.UTC))
    due = due[:count] if count else due
    if not due:
        click.echo("nothing is due for review")
        return 0
    code = 0
    for sheet in {one.id: one for one, _ in due}.values():
        questions = [question for one, question in due if one.id == sheet.id]
        code = max(code, _reviewed(course, setting, sheet, questions))
    return code


def _reviewed(course: Course, setting: Setting, sheet: PublicQuiz, questions: list[str]) -> int:
    """Sit through one quiz's due questions, and schedule those that were answered."""
    session = Session(sheet, setting, only=questions)
    code = sit(session)
    with open_ledger(course) as ledger:
        for question in questions:
            first = session.first_mark(ledger, question)
            if first is None:
                continue
            hints = ledger.hints_taken(session.sitting.id, question)
            due = schedule(ledger, sheet.id, question, right=first.right, hints=hints)
            click.echo(f"  {question}: again {_when(due, datetime.datetime.now(datetime.UTC))}")
    return code


def _when(due: datetime.datetime, now: datetime.datetime) -> str:
    days = (due - now).total_seconds() / 86400
    return f"in {days:.0f} days" if days >= 1.5 else "tomorrow" if days >= 0.5 else "today"
