"""Questions whose answer is a word or two."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from grader.quiz.formula import Value
from grader.quiz.questions.base import Marked, PartlyRight, Problem, Question, Runner, partly
from grader.quiz.variants import Variant, require

LETTERS_FOR_TYPOS = 6
ARTICLES = {"a", "an", "the"}


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class WrongText(PartlyRight):
    """A known wrong answer in words."""

    match: str


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Text(Question):
    """A word or two, compared without case, accents, punctuation and articles.

    ``typos``: how many slips are forgiven (letters left out, put in, changed, or two swapped), in words of
    six and more letters.
    """

    type: Literal["text"] = "text"
    accept: tuple[str, ...]
    typos: int = 0
    reject: tuple[WrongText, ...] = ()
    asks: ClassVar[str] = "type a word or two"
    in_words: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require(bool(self.accept), "`accept` needs at least one answer")
        require(0 <= self.typos <= 2, "`typos` should be 0, 1 or 2")

    def mark(self, names: Mapping[str, Value], answer: str, runner: Runner) -> Marked:
        for wrong in self.reject:
            if normal(answer) == normal(wrong.match):
                return partly(wrong.credit, wrong.feedback)
        if any(same_words(answer, right, self.typos) for right in self.accept):
            return Marked(1.0, "right")
        return Marked(0.0, "not right")

    def right_answer(self, variant: Variant) -> str:
        return self.accept[0]

    def cues(self) -> tuple[str, ...]:
        return self.accept

    def lint(self, runner: Runner) -> Iterator[Problem]:
        for wrong in self.reject:
            for right in self.accept:
                pairs = ((wrong.match, right), (right, wrong.match))
                if any(same_words(given, wanted, self.typos) for given, wanted in pairs):
                    slip = f"would take the wrong “{wrong.match}” for a slip in “{right}”"
                    yield f"{slip}; forgive fewer typos", wrong.place


@functools.lru_cache(maxsize=4096)
def normal(text: str) -> str:
    """Return a text without case, accents, punctuation, articles and odd spaces."""
    split = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(sign if sign.isalnum() else " " for sign in split if not unicodedata.combining(sign))
    return " ".join(word for word in plain.split() if word not in ARTICLES)


def same_words(answer: str, right: str, typos: int) -> bool:
    """Whether two texts agree word by word, with so many slips in the long words at the most."""
    given, wanted = normal(answer).split(), normal(right).split()
    if len(given) != len(wanted):
        return False
    slips = 0
    for word, other in zip(given, wanted, strict=True):
        if word != other:
            forgiven = len(other) >= LETTERS_FOR_TYPOS and abs(len(word) - len(other)) <= typos
            slips += distance(word, other) if forgiven and typos else typos + 1
    return slips <= typos


def distance(a: str, b: str) -> int:
    """Return the optimal-string-alignment distance: letters left out, put in, changed, or two swapped."""
    rows = [list(range(len(b) + 1))]
    for i, letter in enumerate(a, 1):
        row = [i]
        for j, other in enumerate(b, 1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]
