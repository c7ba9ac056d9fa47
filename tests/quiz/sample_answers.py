"""Answers of every kind to any question: right, wrong and partly right ones."""

from __future__ import annotations

from collections.abc import Iterator

from grader.quiz.formula import evaluate_number
from grader.quiz.questions.base import Question, Variant, format_value
from grader.quiz.questions.choices import Match, Multiple, Order, Single
from grader.quiz.questions.typed import Fix, Numeric, Output, Shape, Text


def answers_to(question: Question, variant: Variant) -> list[str]:
    """Return what could be typed to a variant with the key's own ids; the first is right."""
    right = question.right_answer(variant)
    right = right.partition(" = ")[0] if isinstance(question, Shape) else right
    return [right, *(text for text in _others(question, variant, right) if text != right)]


def _others(question: Question, variant: Variant, right: str) -> Iterator[str]:
    match question:
        case Single():
            yield from (str(number) for number in range(1, len(variant.options) + 1))
        case Multiple():
            yield right.split()[0]
            yield " ".join(str(number) for number in range(1, len(variant.options) + 1))
        case Numeric():
            yield from (format_value(evaluate_number(one.value, variant.names)) for one in question.mistakes)
            yield "123456.75"
        case Shape():
            yield from (f"({', '.join(one.value)},)" for one in question.mistakes)
            yield "(1, 2, 3, 4, 5, 6, 7)"
        case Order():
            yield " ".join(right.split()[:-1])
            yield " ".join(reversed(right.split()))
        case Match():
            yield right.split()[0]
            letter = right.split()[0][-1]
            yield "".join(f"{number}{letter} " for number in range(1, len(variant.public.lefts) + 1))
        case Text():
            yield from (one.match for one in question.reject)
            yield "nonsense"
        case Output():
            yield from (one.value for one in question.mistakes)
            yield "nonsense"
        case Fix():
            yield f"{question.line}: pass"
            yield f"{1 if question.line != 1 else 2}: pass"
