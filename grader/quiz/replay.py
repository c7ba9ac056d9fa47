"""Marks stored answers anew, and works out what they earn, by the rules of a sitting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grader.progress.ledger import Response, Sitting
from grader.quiz.balance import change, subject
from grader.quiz.edition import PublicQuiz
from grader.quiz.questions.base import Marked, Question, Runner, Unreadable
from grader.quiz.registry import parse
from grader.quiz.scoring import Earning, earning
from grader.quiz.variants import Variant, recalled

REVIEW = "review"


@dataclass(frozen=True)
class Counted:
    """A response that counts.

    Args:
        worth: cents that it adds to its own sitting.
        cents: by which the balance changes.
        note: why the two differ, if they do.
    """

    response: Response
    mark: Marked
    earning: Earning
    worth: int
    cents: int
    note: str


class Account:
    """What was earned so far while answers are counted anew, as :class:`grader.quiz.balance.Book`."""

    def __init__(self, sittings: Iterable[Sitting]) -> None:
        self._sittings = tuple(sittings)
        self._worth: dict[tuple[int, str], int] = {}
        self._cents: dict[str, int] = {}

    def sittings(self, quiz: str | None = None) -> tuple[Sitting, ...]:
        """Return all sittings, oldest first; they are of one quiz."""
        return self._sittings

    def sitting_credits(self, sitting_id: int, question: str) -> int:
        """Return what the answers to a question in one sitting are worth, in cents."""
        return self._worth.get((sitting_id, question), 0)

    def earned(self, subject: str) -> int:
        """Return what the balance has got for a quiz or a question of it, in cents."""
        return sum(
            cents for one, cents in self._cents.items() if one == subject or one.startswith(f"{subject}/")
        )

    def add(self, sitting_id: int, question: str, subject: str, worth: int, cents: int) -> None:
        """Count one answer."""
        key = (sitting_id, question)
        self._worth[key] = self._worth.get(key, 0) + worth
        self._cents[subject] = self._cents.get(subject, 0) + cents


def mark_anew(sheet: PublicQuiz, response: Response, runner: Runner) -> Marked | None:
    """Mark a stored answer; None if the question is not the one that was answered any more."""
    key = sheet.question(response.question)
    variant = recalled(sheet.face(response.question), response.params) if key else None
    return mark_text(key, variant, response.answer, runner) if key and variant else None


def mark_text(key: Question, variant: Variant, text: str, runner: Runner) -> Marked:
    """Mark what was typed to a variant; what cannot be read earns nothing."""
    try:
        return key.mark(variant.names, parse(variant, text), runner)
    except Unreadable as error:
        return Marked(0.0, f"not read: {error}")


def replay(
    sheet: PublicQuiz,
    sittings: Iterable[Sitting],
    responses: Iterable[Response],
    marks: Mapping[int, Marked],
    kept: Mapping[int, tuple[int, int]] | None = None,
) -> list[Counted]:
    """Count answers again, oldest first, by the rules by which they were counted when they were given.

    In practice every attempt counts by its weight; elsewhere, where an answer may be changed until the end,
    the last one to a question of a sitting does, with its full weight. Reviews earn nothing.

    Args:
        responses: of these sittings.
        marks: of the responses, by their ids.
        kept: cents and worth of responses without a mark, which keep what they earned.
    """
    found = {one.id: one for one in sittings}
    account = Account(found.values())
    counted = []
    earlier: dict[tuple[int, str], list[Marked]] = {}
    for one in _counting(sheet, [one for one in responses if found[one.sitting].mode != REVIEW]):
        marked = marks.get(one.id)
        name = subject(sheet, one.question)
        if marked is None:
            cents, worth = (kept or {}).get(one.id, (0, 0))
            account.add(one.sitting, one.question, name, worth, cents)
            continue
        before = earlier.setdefault((one.sitting, one.question), [])
        earned = _earned(sheet, one, marked, before)
        worth = round(100 * earned.credits)
        cents, note = change(account, sheet, found[one.sitting], one.question, worth)
        account.add(one.sitting, one.question, name, worth, cents)
        before.append(marked)
        counted.append(Counted(one, marked, earned, worth, cents, note))
    return counted


def _counting(sheet: PublicQuiz, responses: list[Response]) -> list[Response]:
    """Return the responses that count: all in practice, else the last to each question of a sitting."""
    if sheet.public.mode == "practice":
        return responses
    last = {(one.sitting, one.question): one.id for one in responses}
    return [one for one in responses if last[one.sitting, one.question] == one.id]


def _earned(sheet: PublicQuiz, response: Response, marked: Marked, before: list[Marked]) -> Earning:
    key = sheet.question(response.question)
    assert key is not None
    cost = sum(hint.cost for hint in key.hints[: response.hints])
    best = max((one.share for one in before), default=0.0)
    return earning(marked, key, sheet.public.attempts, len(before) + 1, best, cost)
