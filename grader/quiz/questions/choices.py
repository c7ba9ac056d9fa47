"""Questions that offer choices: one is right, or several are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from grader.course import NOWHERE, Place
from grader.course.mathtext import render
from grader.quiz.formula import Value
from grader.quiz.questions.base import (
    SCORING,
    Marked,
    Problem,
    Question,
    Runner,
    Unreadable,
    chosen_ids,
    option_numbers,
    partly,
    require_share,
    require_unique,
)
from grader.quiz.variants import Option, Variant, require

SPAN = r"\d+\s*-\s*\d+"
CATCH_ALL = re.compile(r"\b(all|none|both) of (the )?(above|these)\b", re.IGNORECASE)
STANDS_OUT = 1.3  # a right choice so much longer than the next longest gives itself away


@dataclass(frozen=True, eq=False, repr=False)
class Choice:
    """One option; a wrong one may earn part of the credits and should say why it is wrong."""

    id: str
    text: str
    correct: bool = False
    credit: float = 0.0
    feedback: str = ""
    place: Place = field(default=NOWHERE, compare=False)

    def __post_init__(self) -> None:
        require_share(self.credit, "credit")
        require(not (self.correct and self.credit), "`credit` is for wrong choices; the right one earns all")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class _OfChoices(Question):
    choices: tuple[Choice, ...]
    is_choice: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require_unique([choice.id for choice in self.choices], "choice")

    def options(self) -> list[Option]:
        return [Option(choice.id, choice.text) for choice in self.choices]

    def right_answer(self, variant: Variant) -> str:
        number = option_numbers(variant)
        return " ".join(map(str, sorted(number[choice.id] for choice in self.choices if choice.correct)))

    def lint(self, runner: Runner) -> Iterator[Problem]:
        for choice in self.choices:
            if not choice.correct and not choice.feedback.strip():
                problem = f"has a wrong choice `{choice.id}` without feedback; say what it gets wrong"
                yield problem, choice.place
            if CATCH_ALL.search(choice.text):
                problem = f"offers “{choice.text}”, which tests reading; write a choice that says something"
                yield problem, choice.place


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Single(_OfChoices):
    """Exactly one choice is right."""

    type: Literal["single"] = "single"
    asks: ClassVar[str] = "type the number of your choice"

    def __post_init__(self) -> None:
        super().__post_init__()
        require(len(self.choices) >= 3, "a single choice needs at least three choices")
        right = sum(choice.correct for choice in self.choices)
        require(right == 1, f"exactly one choice should be `correct: true`, but {right} are")

    @classmethod
    def read(cls, variant: Variant, text: str) -> str:
        ids = chosen_ids(variant, text)
        if len(ids) != 1:
            raise Unreadable(f"one choice is asked for; type its number, 1 to {len(variant.options)}")
        return ids[0]

    def mark(self, names: Mapping[str, Value], answer: str, runner: Runner) -> Marked:
        choice = next(choice for choice in self.choices if choice.id == answer)
        if choice.correct:
            return Marked(1.0, "right", (choice.feedback,) if choice.feedback else ())
        return partly(choice.credit, choice.feedback)

    def lint(self, runner: Runner) -> Iterator[Problem]:
        yield from super().lint(runner)
        lengths = sorted((len(render(choice.text)), choice.correct) for choice in self.choices)
        (second, _), (longest, right) = lengths[-2:]
        if right and longest > STANDS_OUT * second and longest > second + 10:
            problem = "has a right choice that stands out by its length; shorten it or spell out another"
            yield problem, self.place


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Multiple(_OfChoices):
    """Any number of choices is right, at least one, and at least one is wrong.

    Where t right and w wrong ones are ticked, and c of n are right, it earns max(0, t/c - w/(n-c)).
    """

    type: Literal["multiple"] = "multiple"
    asks: ClassVar[str] = "type the numbers of all that are right, such as: 1 3"
    RETIRED: ClassVar[Mapping[str, str]] = {**Question.RETIRED, "scoring": SCORING}

    def __post_init__(self) -> None:
        super().__post_init__()
        right = sum(choice.correct for choice in self.choices)
        require(0 < right < len(self.choices), "some choices should be `correct: true`, and some not")

    @classmethod
    def read(cls, variant: Variant, text: str) -> frozenset[str]:
        if re.fullmatch(SPAN, text):
            raise Unreadable("name every number, with spaces between them, such as: 1 2 3")
        return frozenset(chosen_ids(variant, text))

    def mark(self, names: Mapping[str, Value], answer: frozenset[str], runner: Runner) -> Marked:
        right = {choice.id for choice in self.choices if choice.correct}
        n, c = len(self.choices), len(right)
        t, w = len(answer & right), len(answer - right)
        ticked = f"{t} of {c} right, {w} of {n - c} wrong ones ticked"
        missed = [choice for choice in self.choices if choice.correct != (choice.id in answer)]
        share = max(0.0, t / c - w / (n - c))
        feedback = tuple(choice.feedback for choice in missed if choice.feedback)
        return Marked(share, f"{ticked}: {t}/{c} - {w}/{n - c} = {share:.2f}", feedback)
