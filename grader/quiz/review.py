"""Spaced review of missed questions, scheduled by FSRS (the extra ``review``)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from grader.progress import Ledger
from grader.quiz.credits import balance, is_silent
from grader.quiz.edition import PublicQuiz


def due_questions(
    ledger: Ledger, sheets: Iterable[PublicQuiz], now: datetime.datetime
) -> list[tuple[PublicQuiz, str]]:
    """Return the questions to review: missed ones never reviewed, and those that are due again.

    A question is missed when it was answered, and its best sitting did not earn all of its credits.
    """
    states = ledger.review_states()
    found = []
    for sheet in sheets:
        if is_silent(sheet):
            continue
        answered = {response.question for response in ledger.responses(sheet.id)}
        earned = balance(ledger, sheet).by_question
        for face in sheet.public.faces:
            _, due = states.get((sheet.id, face.id), ("", ""))
            missed = earned.get(face.id, 0) < 100 * face.credits
            first_time = not due and face.id in answered and missed
            if first_time or (due and datetime.datetime.fromisoformat(due) <= now):
                found.append((sheet, face.id))
    return found


def schedule(ledger: Ledger, quiz: str, question: str, *, right: bool, hints: int) -> datetime.datetime:
    """Record how a review went; return when the question is due again.

    Raises:
        ImportError: the library is not installed.
    """
    from fsrs import Card, Rating, Scheduler

    before, _ = ledger.review_states().get((quiz, question), ("", ""))
    card = Card.from_json(before) if before else Card()
    rating = (Rating.Hard if hints else Rating.Good) if right else Rating.Again
    card, _ = Scheduler(enable_fuzzing=False).review_card(card, rating)
    ledger.record_review(quiz, question, card.to_json(), card.due.isoformat())
    due: datetime.datetime = card.due
    return due
