"""Questions that are answered in words: a name, what code prints, the line that is faulty."""

from __future__ import annotations

import ast
import contextlib
import functools
import re
import unicodedata
import warnings
from collections.abc import Iterator
from typing import Literal

from grader.course import Raw, dataclass
from grader.quiz.formula import Names
from grader.quiz.questions.base import (
    Marked,
    Mistake,
    PartlyRight,
    Problem,
    Question,
    Runner,
    Unreadable,
    Variant,
    partly,
    require,
)

LETTERS_FOR_TYPOS = 6
ARTICLES = {"a", "an", "the"}


@dataclass(frozen=True, kw_only=True)
class WrongText(PartlyRight):
    """A known wrong answer in words."""

    match: str


@dataclass(frozen=True, kw_only=True)
class Text(Question):
    """A word or two, compared without case, accents, punctuation and articles.

    ``typos``: how many slips are forgiven (letters left out, put in, changed, or two swapped), in words of
    six and more letters.
    """

    type: Literal["text"] = "text"
    accept: tuple[str, ...]
    typos: int = 0
    reject: tuple[WrongText, ...] = ()
    asks = "type a word or two"
    answered_in = "words"

    def __post_init__(self) -> None:
        super().__post_init__()
        require(bool(self.accept), "`accept` needs at least one answer")
        require(0 <= self.typos <= 2, "`typos` should be 0, 1 or 2")

    def mark(self, names: Names, answer: str, runner: Runner) -> Marked:
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


# --- code -------------------------------------------------------------------------------------------

NO_LITERAL = (ValueError, SyntaxError, MemoryError, RecursionError, TypeError)
RIGHT_LINE = 0.3  # of a fix: the line is found, what is written there does not pass
NAMED_LINE = r"(?si)\s*(?:line\s*)?(\d+)(?:\s*[:.)][ \t]?|[ \t])(.*)"
NUMBER = r"(?i)[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"


@dataclass(frozen=True, kw_only=True)
class WrongOutput(PartlyRight):
    """What people expect it to print instead."""

    value: Raw


@dataclass(frozen=True, kw_only=True)
class Output(Question):
    """What does this code print? Compared as Python values where both are, else as text."""

    code: str
    type: Literal["output"] = "output"
    answer: Raw
    mistakes: tuple[WrongOutput, ...] = ()
    asks = "type what it prints"
    answered_in = "words"

    def mark(self, names: Names, answer: str, runner: Runner) -> Marked:
        if same_output(answer, self.answer):
            return Marked(1.0, "right")
        for wrong in self.mistakes:
            if same_output(answer, wrong.value):
                return partly(wrong.credit, wrong.feedback)
        return Marked(0.0, "not right")

    def right_answer(self, variant: Variant) -> str:
        return self.answer

    def lint(self, runner: Runner) -> Iterator[Problem]:
        printed = runner.printed(self.code)
        if printed is None:
            yield "has code that does not run to its end", self.place
        elif not same_output(printed.strip(), self.answer):
            yield f"has code that prints {printed.strip()!r}, not {str(self.answer)!r}", self.place
        for wrong in self.mistakes:
            if same_output(wrong.value, self.answer):
                yield f"has a mistake {str(wrong.value)!r} that is right", wrong.place


def same_output(answer: str, wanted: str) -> bool:
    """Whether two printed texts are the same value, or the same numbers in the same frame."""
    with warnings.catch_warnings(), contextlib.suppress(*NO_LITERAL):
        warnings.simplefilter("ignore")  # Python would spell some escapes otherwise
        values = [ast.literal_eval(text.strip()) for text in (answer, wanted)]
        if type(values[0]) is type(values[1]) and values[0] == values[1]:
            return True
    frames = [re.sub(r"[\s,]+", "", re.sub(NUMBER, "#", text)).casefold() for text in (answer, wanted)]
    numbers = [[float(number) for number in re.findall(NUMBER, text)] for text in (answer, wanted)]
    return frames[0] == frames[1] and numbers[0] == numbers[1]


@dataclass(frozen=True, kw_only=True)
class WrongLine(Mistake):
    """A line that people suspect though nothing is wrong with it."""

    line: int


@dataclass(frozen=True, kw_only=True)
class Fix(Question):
    """Code with one faulty line: name it and write it anew. Any line that passes the tests is right.

    Args:
        line: number of the faulty line, from 1.
        tests: calls of the code's functions, such as ``step(np.ones((2, 1)))``; what they return is compared
            with what the solution returns.
        solution: the line as it should be.
        mistakes: other lines that people suspect.
    """

    code: str
    type: Literal["fix"] = "fix"
    line: int
    tests: tuple[str, ...]
    solution: str
    mistakes: tuple[WrongLine, ...] = ()
    asks = "type the number of the faulty line, a colon and the line as it should be"
    answered_in = "code"

    def __post_init__(self) -> None:
        super().__post_init__()
        count = len(self.code.splitlines())
        require(1 <= self.line <= count, f"`line` should be 1 to {count}, but is {self.line}")
        require(bool(self.tests), "a fix needs at least one test")
        for wrong in self.mistakes:
            problem = f"a mistake names line {wrong.line}; it should be another line of the code"
            require(1 <= wrong.line <= count and wrong.line != self.line, problem)

    @classmethod
    def read(cls, variant: Variant, text: str) -> tuple[int, str]:
        found = re.fullmatch(NAMED_LINE, text.rstrip())
        lines = variant.public.code.splitlines()
        if not found or not found[2].strip() or len(found[1]) > 4 or not 1 <= int(found[1]) <= len(lines):
            where = f"the line's number (1 to {len(lines)})"
            raise Unreadable(f"type {where}, a colon and the line as it should be")
        if "\n" in found[2] or "\r" in found[2]:
            raise Unreadable("one line is asked for")
        number, new, old = int(found[1]), found[2], lines[int(found[1]) - 1]
        if new == new.lstrip():  # typed without indentation: it stands where the old one stood
            new = old[: len(old) - len(old.lstrip())] + new
        return number, new

    def mark(self, names: Names, answer: tuple[int, str], runner: Runner) -> Marked:
        number, _ = answer
        if runner.passes(self.mended(*answer), self.mended(self.line, self.solution), self.tests):
            return Marked(1.0, "it passes the tests")
        if number == self.line:
            return Marked(RIGHT_LINE, f"the right line, but it does not pass the tests yet: {RIGHT_LINE:g}")
        feedback = tuple(wrong.feedback for wrong in self.mistakes if wrong.line == number)
        return Marked(0.0, "it does not pass the tests", feedback)

    def mended(self, number: int, text: str) -> str:
        """Return the code with another text in the line of this number."""
        lines = self.code.splitlines()
        lines[number - 1] = text
        return "\n".join(lines) + "\n"

    def right_answer(self, variant: Variant) -> str:
        return f"{self.line}: {self.solution.strip()}"

    def lint(self, runner: Runner) -> Iterator[Problem]:
        solution = self.mended(self.line, self.solution)
        if not runner.passes(solution, solution, self.tests):
            yield "has a solution that does not get through its tests", self.place
        elif runner.passes(self.code, solution, self.tests):
            yield "has code that passes its tests unmended; add a test that sees the fault", self.place
