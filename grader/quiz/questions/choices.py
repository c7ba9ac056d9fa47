"""Questions that offer something: choices, lines to put in order, sides to match."""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from string import ascii_lowercase as LETTERS
from typing import Literal

from grader.course import NOWHERE, Place, dataclass, render
from grader.quiz.questions.base import (
    LintRunner,
    Marked,
    Mistake,
    Names,
    Problem,
    Question,
    Runner,
    Unreadable,
    Variant,
    exact,
    require,
    require_share,
    require_unique,
)

SPAN = r"\d+\s*-\s*\d+"
PAIR = r"(?<!\d)(\d{1,3})\s*(?:[-=:>→]+\s*)?([a-z])"  # in a time that grows with the text, no faster
CATCH_ALL = r"(?i)\b(all|none|both) of (the )?(above|these)\b"
STANDS_OUT = 1.3  # a right choice so much longer than the next longest gives itself away


def chosen_ids(variant: Variant, text: str) -> list[str]:
    """Return the ids of the options whose numbers, or letters, were typed, in that order, each once."""
    count = len(variant.options)
    words = [word for word in re.split(r"[\s,;.>→-]+", text.casefold()) if word]
    words = [str(LETTERS.index(word) + 1) if word in tuple(LETTERS) else word for word in words]
    numbers = [int(word) for word in words if word.isdecimal() and len(word) <= 3]
    if not words or len(numbers) != len(words) or not all(1 <= number <= count for number in numbers):
        raise Unreadable(f"type the numbers of what you choose, 1 to {count}, with spaces between them")
    if len(set(numbers)) != len(numbers):
        raise Unreadable("a number stands there twice")
    return [variant.options[number - 1].id for number in numbers]


@dataclass(frozen=True)
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


@dataclass(frozen=True, kw_only=True)
class _OfChoices(Question):
    choices: tuple[Choice, ...]
    is_choice = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require_unique([choice.id for choice in self.choices], "choice")

    def offered(self) -> tuple[dict[str, str], dict[str, str]]:
        return {choice.id: choice.text for choice in self.choices}, {}

    def right_answer(self, variant: Variant) -> str:
        right = sorted(variant.numbers[choice.id] for choice in self.choices if choice.correct)
        return " ".join(map(str, right))

    def lint(self, runner: LintRunner) -> Iterator[Problem]:
        for choice in self.choices:
            if not choice.correct and not choice.feedback.strip():
                problem = f"has a wrong choice `{choice.id}` without feedback; say what it gets wrong"
                yield problem, choice.place
            if re.search(CATCH_ALL, choice.text):
                problem = f"offers “{choice.text}”, which tests reading; write a choice that says something"
                yield problem, choice.place


@dataclass(frozen=True, kw_only=True)
class Single(_OfChoices):
    """Exactly one choice is right."""

    type: Literal["single"] = "single"
    asks = "type the number of your choice"

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

    def mark(self, names: Names, answer: str, runner: Runner) -> Marked:
        choice = next(choice for choice in self.choices if choice.id == answer)
        if choice.correct:
            return Marked(1.0, "right", (choice.feedback,) if choice.feedback else ())
        return Marked.partly(choice.credit, choice.feedback)

    def lint(self, runner: LintRunner) -> Iterator[Problem]:
        yield from super().lint(runner)
        lengths = sorted((len(render(choice.text)), choice.correct) for choice in self.choices)
        (second, _), (longest, right) = lengths[-2:]
        if right and longest > STANDS_OUT * second and longest > second + 10:
            problem = "has a right choice that stands out by its length; shorten it or spell out another"
            yield problem, self.place


@dataclass(frozen=True, kw_only=True)
class Multiple(_OfChoices):
    """Any number of choices is right, at least one, and at least one is wrong.

    Where t right and w wrong ones are ticked, and c of n are right, it earns max(0, t/c - w/(n-c)).
    """

    type: Literal["multiple"] = "multiple"
    asks = "type the numbers of all that are right, such as: 1 3"

    def __post_init__(self) -> None:
        super().__post_init__()
        right = sum(choice.correct for choice in self.choices)
        require(0 < right < len(self.choices), "some choices should be `correct: true`, and some not")

    @classmethod
    def read(cls, variant: Variant, text: str) -> frozenset[str]:
        if re.fullmatch(SPAN, text):
            raise Unreadable("name every number, with spaces between them, such as: 1 2 3")
        return frozenset(chosen_ids(variant, text))

    def mark(self, names: Names, answer: frozenset[str], runner: Runner) -> Marked:
        right = {choice.id for choice in self.choices if choice.correct}
        n, c = len(self.choices), len(right)
        t, w = len(answer & right), len(answer - right)
        ticked = f"{t} of {c} right, {w} of {n - c} wrong ones ticked"
        missed = [choice for choice in self.choices if choice.correct != (choice.id in answer)]
        share = max(0.0, t / c - w / (n - c))
        feedback = tuple(choice.feedback for choice in missed if choice.feedback)
        return Marked(share, f"{ticked}: {t}/{c} - {w}/{n - c} = {exact(share)}", feedback)


@dataclass(frozen=True)
class Step:
    """One line to put in order; it comes after those that ``after`` names."""

    id: str
    text: str
    after: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Distractor(Mistake):
    """A line that belongs nowhere."""

    id: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Order(Question):
    """Lines to put in order; every order that respects ``after`` is right. Distractors stay out.

    It earns max(0, (N - d)/N) with d insertions and deletions to the nearest right order of N lines.
    """

    type: Literal["order"] = "order"
    steps: tuple[Step, ...]
    distractors: tuple[Distractor, ...] = ()
    asks = "type the numbers in order, such as: 3 1 2; leave out what does not belong"

    def __post_init__(self) -> None:
        super().__post_init__()
        ids = [step.id for step in self.steps] + [line.id for line in self.distractors]
        require_unique(ids, "step")
        require(3 <= len(self.steps) <= 9, "an order needs 3 to 9 steps")
        before: set[str] = set()
        for step in self.steps:
            for name in step.after:
                require(name in before, f"`{step.id}` comes after `{name}`, which is no step before it here")
            before.add(step.id)
        require(any(step.after for step in self.steps), "no step comes `after` another: any order is right")

    def offered(self) -> tuple[dict[str, str], dict[str, str]]:
        lines: list[Step | Distractor] = [*self.steps, *self.distractors]
        return {line.id: line.text for line in lines}, {}

    @classmethod
    def read(cls, variant: Variant, text: str) -> tuple[str, ...]:
        return tuple(chosen_ids(variant, text))

    def mark(self, names: Names, answer: tuple[str, ...], runner: Runner) -> Marked:
        feedback = tuple(line.feedback for line in self.distractors if line.id in answer)
        count, kept = len(self.steps), self.longest_legal(answer)
        changes = (len(answer) - kept) + (count - kept)
        share = max(0.0, (count - changes) / count)
        moves = f"{len(answer) - kept} to take out, {count - kept} to put in"
        return Marked(share, f"{moves}: ({count} - {changes})/{count} = {exact(share)}", feedback)

    def longest_legal(self, answer: tuple[str, ...]) -> int:
        """Return how many lines of an answer can stay as they stand in some right order."""
        before: dict[str, set[str]] = {}  # for every step all steps that come before it, near or far
        for step in self.steps:
            before[step.id] = set(step.after).union(*(before[name] for name in step.after))
        own = [name for name in answer if name in before]
        for size in range(len(own), 0, -1):
            for some in itertools.combinations(own, size):
                if not any(late in before[early] for early, late in itertools.combinations(some, 2)):
                    return size
        return 0

    def right_answer(self, variant: Variant) -> str:
        return " ".join(str(variant.numbers[step.id]) for step in self.steps)


@dataclass(frozen=True)
class Pair:
    """Two things that belong together."""

    left: str
    right: str


@dataclass(frozen=True, kw_only=True)
class WrongPair(Mistake):
    """A pairing that people make, and what is wrong with it."""

    left: str
    right: str


@dataclass(frozen=True, kw_only=True)
class Match(Question):
    """Each left side has one right side; ``extra`` right sides belong to none."""

    type: Literal["match"] = "match"
    pairs: tuple[Pair, ...]
    extra: tuple[str, ...] = ()
    mistakes: tuple[WrongPair, ...] = ()
    asks = "type pairs, such as: 1b 2a"

    def __post_init__(self) -> None:
        super().__post_init__()
        lefts = [pair.left for pair in self.pairs]
        rights = [*(pair.right for pair in self.pairs), *self.extra]
        require_unique(lefts, "left side")
        require_unique(rights, "right side")
        require(len(self.pairs) >= 2, "a match needs at least two pairs")
        for wrong in self.mistakes:
            name = f"the mistake `{wrong.left}` - `{wrong.right}`"
            require(wrong.left in lefts and wrong.right in rights, f"{name} names no side of this question")
            require(Pair(wrong.left, wrong.right) not in self.pairs, f"{name} is a right pair")

    def offered(self) -> tuple[dict[str, str], dict[str, str]]:
        rights = [*(pair.right for pair in self.pairs), *self.extra]
        return (
            {f"right-{number}": text for number, text in enumerate(rights)},
            {f"left-{number}": pair.left for number, pair in enumerate(self.pairs)},
        )

    @classmethod
    def read(cls, variant: Variant, text: str) -> dict[str, str]:
        lefts, letters = variant.public.lefts, LETTERS[: len(variant.options)]
        text = text.casefold()
        pairs = re.findall(PAIR, text)
        if pairs and not re.sub(PAIR, "", text).strip(" ,;."):
            numbered = [(int(number), letter) for number, letter in pairs]
        else:
            words = [word for word in re.split(r"[\s,;.]+", text) if word]
            numbered = list(enumerate(words, 1)) if len(words) == len(lefts) else []
        fits = all(1 <= number <= len(lefts) and letter in tuple(letters) for number, letter in numbered)
        if not numbered or not fits or len(dict(numbered)) != len(numbered):
            form = f"numbers 1 to {len(lefts)}, letters a to {letters[-1]}"
            raise Unreadable(f"type pairs such as `1b 2a`: {form}")
        return {lefts[n - 1].id: variant.options[letters.index(letter)].id for n, letter in numbered}

    def mark(self, names: Names, answer: Mapping[str, str], runner: Runner) -> Marked:
        n, m = len(self.pairs), len(self.pairs) + len(self.extra)
        right = sum(answer.get(f"left-{number}") == f"right-{number}" for number in range(n))
        share = max(0.0, (right / n - 1 / m) / (1 - 1 / m))
        rights, lefts = self.offered()
        chosen = {(lefts[left], rights[side]) for left, side in answer.items()}
        feedback = tuple(wrong.feedback for wrong in self.mistakes if (wrong.left, wrong.right) in chosen)
        arithmetic = f"({right}/{n} - 1/{m})/(1 - 1/{m}) = {exact(share)}"
        return Marked(share, f"{right} of {n} pairs right, chance would give 1/{m}: {arithmetic}", feedback)

    def right_answer(self, variant: Variant) -> str:
        letters = (LETTERS[variant.numbers[f"right-{place}"] - 1] for place in range(len(self.pairs)))
        return " ".join(f"{place}{letter}" for place, letter in enumerate(letters, 1))
