"""What an answer adds to the balance: the best sitting counts, or the first, within what a topic has."""

from __future__ import annotations

from typing import Protocol

from grader.progress.ledger import Sitting
from grader.quiz.sheet import Sheet

FIRST_ONLY = "only the first sitting counts"
NO_BETTER = "an earlier sitting earned as much"
TOPIC_FULL = "this topic has given all its credits"
MAKES_UP = "it makes up for what was lost"
NOT_BELOW = "a quiz never costs more than it gave"


class Book(Protocol):
    """What the rule reads: the ledger, or an account that is kept while stored answers are marked anew."""

    def sittings(self, quiz: str | None = None) -> tuple[Sitting, ...]:
        """Return all sittings, oldest first."""

    def sitting_credits(self, sitting_id: int, question: str) -> int:
        """Return what the answers to a question in one sitting are worth, in cents."""

    def earned(self, subject: str) -> int:
        """Return what the balance has got for a quiz or a question of it, in cents."""


def change(ledger: Book, sheet: Sheet, sitting: Sitting, question: str, worth: int) -> tuple[int, str]:
    """Return by how many cents the balance changes, and why not by what the answer is worth; else nothing.

    Args:
        worth: cents that the answer adds to its own sitting.
    """
    if _counted_before(ledger, sheet, sitting, question):
        return 0, FIRST_ONLY
    if sheet.public.confidence == "required":
        return _of_quiz(ledger, sheet, sitting, worth)
    return _of_question(ledger, sheet, sitting, question, worth)


def _counted_before(ledger: Book, sheet: Sheet, sitting: Sitting, question: str) -> bool:
    """Whether only the first sitting counts, and earlier ones asked this, or as much as the topic has."""
    if sheet.public.earn != "first":
        return False
    topic = sheet.face(question).topic
    faces = {one.id for one in sheet.public.faces if one.topic == topic}
    earlier = [one for one in _sittings(ledger, sheet) if one.number < sitting.number]
    asked = {one for each in earlier for one in each.questions if one in faces}
    drawn = sheet.public.draw.per_topic.get(topic, 0) if sheet.public.draw else len(faces)
    return question in asked or len(asked) >= drawn


def _of_question(ledger: Book, sheet: Sheet, sitting: Sitting, question: str, worth: int) -> tuple[int, str]:
    """Count the best sitting of each question, and no more of a topic than it has."""
    topic = sheet.face(question).topic
    faces = [one.id for one in sheet.public.faces if one.topic == topic]
    better = ledger.sitting_credits(sitting.id, question) + worth - ledger.earned(subject(sheet, question))
    room = 100 * sheet.possible(topic) - sum(ledger.earned(subject(sheet, one)) for one in faces)
    gain = max(0, min(better, room))
    if gain == worth:
        return gain, ""
    return gain, NO_BETTER if better <= room else TOPIC_FULL


def _of_quiz(ledger: Book, sheet: Sheet, sitting: Sitting, worth: int) -> tuple[int, str]:
    """Count the best sitting of the whole quiz: a wrong answer takes back what others of its sitting gave."""
    totals = {one.id: _total(ledger, one) for one in _sittings(ledger, sheet)}
    before, lost = max(0, *totals.values()), totals[sitting.id] < 0
    totals[sitting.id] += worth
    had = ledger.earned(f"quiz/{sheet.id}")
    gain = min(max(max(0, *totals.values()) - before, -had), 100 * sheet.credits - had)
    return gain, "" if gain == worth else NOT_BELOW if worth < 0 else MAKES_UP if lost else NO_BETTER


def _sittings(ledger: Book, sheet: Sheet) -> list[Sitting]:
    return [one for one in ledger.sittings(sheet.id) if one.mode != "review"]


def _total(ledger: Book, sitting: Sitting) -> int:
    return sum(ledger.sitting_credits(sitting.id, one) for one in sitting.questions)


def subject(sheet: Sheet, question: str) -> str:
    """Return what the ledger calls a question."""
    return f"quiz/{sheet.id}/{question}"
