"""What a marked answer adds to the credits of its question, with the arithmetic that says so."""

from __future__ import annotations

from dataclasses import dataclass

from grader.quiz.questions.base import Marked, Question
from grader.quiz.registry import Attempts


@dataclass(frozen=True)
class Earning:
    """What a marked answer adds to the credits of its question.

    Args:
        credits: to add.
        arithmetic: how they came about.
    """

    credits: float
    arithmetic: str


def earning(
    marked: Marked, question: Question, attempts: Attempts, attempt: int, best: float, hint_cost: float
) -> Earning:
    """Return what an attempt earns: ``max(0, score - best) * credits * max(0, weight - hint cost)``.

    Args:
        attempt: 1 for the first.
        best: best share of the attempts before.
        hint_cost: sum of the hints taken, as a share of the credits.
    """
    weight = attempts.weight(question, attempt)
    value = question.credits * max(0.0, weight - hint_cost)
    gain = max(0.0, marked.share - best)
    terms = [f"{marked.share:.2f}" if not best else f"({marked.share:.2f} - {best:.2f})"]
    if gain == 0 and best:
        terms = ["0 (no better than before)"]
    terms.append(f"{question.credits} credit{'s' if question.credits != 1 else ''}")
    if weight != 1 or hint_cost:
        price = f" - {hint_cost:g} for hints" if hint_cost else ""
        terms.append(
            f"({weight:g} for attempt {attempt}{price})" if price else f"{weight:g} (attempt {attempt})"
        )
    total = round(gain * value, 2)
    return Earning(total, f"{' · '.join(terms)} = {total:.2f}")
