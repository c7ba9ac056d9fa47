"""What an answer adds to the balance: the best sitting of those that count, within what a topic has."""

from __future__ import annotations

from typing import Protocol

from grader.progress.ledger import Sitting
from grader.quiz.edition import PublicQuiz

NO_BETTER = "an earlier sitting earned as much"
TOPIC_FULL = "this topic has given all its credits"


class Book(Protocol):
    """What the rule reads: the ledger, or an account that is kept while stored answers are marked anew."""

    def sittings(self, quiz: str | None = None) -> tuple[Sitting, ...]:
        """Return all sittings, oldest first."""

    def sitting_credits(self, sitting_id: int, question: str) -> int:
        """Return what the answers to a question in one sitting are worth, in cents."""

    def earned(self, subject: str) -> int:
        """Return what the balance has got for a quiz or a question of it, in cents."""


def change(ledger: Book, sheet: PublicQuiz, sitting: Sitting, question: str, worth: int) -> tuple[int, str]:
    """Return by how many cents the balance changes, and why not by what the answer is worth; else nothing.

    Args:
        worth: cents that the answer adds to its own sitting.
    """
    if sheet.public.mode == "graded" and sitting.number > sheet.public.sittings:
        return 0, counting(sheet)
    return _of_question(ledger, sheet, sitting, question, worth)


def counting(sheet: PublicQuiz) -> str:
    """Say which sittings of a graded quiz count."""
    count = sheet.public.sittings
    return f"only the first {count} sittings count" if count > 1 else "only the first sitting counts"


def _of_question(
    ledger: Book, sheet: PublicQuiz, sitting: Sitting, question: str, worth: int
) -> tuple[int, str]:
    """Count the best sitting of each question, and no more of a topic than it has."""
    topic = sheet.face(question).topic
    faces = [one.id for one in sheet.public.faces if one.topic == topic]
    better = ledger.sitting_credits(sitting.id, question) + worth - ledger.earned(subject(sheet, question))
    room = 100 * sheet.possible(topic) - sum(ledger.earned(subject(sheet, one)) for one in faces)
    gain = max(0, min(better, room))
    if gain == worth:
        return gain, ""
    return gain, NO_BETTER if better <= room else TOPIC_FULL


def subject(sheet: PublicQuiz, question: str) -> str:
    """Return what the ledger calls a question."""
    return f"quiz/{sheet.id}/{question}"
