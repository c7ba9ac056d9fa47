"""The right answer of a variant, in the words and numbers in which it could have been typed."""

from __future__ import annotations

from collections.abc import Iterable

from grader.quiz.face import left_id, right_id
from grader.quiz.formula import evaluate
from grader.quiz.schema import (
    AnyQuestion,
    Fix,
    Match,
    Multiple,
    Numeric,
    Order,
    Output,
    Shape,
    Single,
    Text,
)
from grader.quiz.variants import Variant, shown

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def solution_text(question: AnyQuestion, variant: Variant) -> str:
    """Return a right answer; options are named by their numbers (or letters) on the screen.

    Raises:
        FormulaError: the key has no value.
    """
    place = {one.id: number for number, one in enumerate(variant.options, 1)}
    match question:
        case Single() | Multiple():
            return " ".join(str(n) for n in sorted(place[one.id] for one in question.choices if one.correct))
        case Numeric():
            return shown(float(evaluate(question.answer.value, variant.names)), 6)
        case Shape():
            sizes = [evaluate(entry, variant.names) for entry in question.answer]
            numbers, symbols = _tuple(map(shown, sizes)), _tuple(question.answer)
            return symbols if symbols == numbers else f"{symbols} = {numbers}"
        case Order():
            return " ".join(str(place[step.id]) for step in question.steps)
        case Match():
            rights = {left_id(n): LETTERS[place[right_id(n)] - 1] for n in range(len(question.pairs))}
            return " ".join(f"{n}{rights[left.id]}" for n, left in enumerate(variant.face.lefts, 1))
        case Text():
            return question.accept[0]
        case Output():
            return question.answer
        case Fix():
            return f"{question.line}: {question.solution.strip()}"


def _tuple(entries: Iterable[str]) -> str:
    texts = list(entries)
    return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"
