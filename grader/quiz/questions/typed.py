"""Questions that are answered by typing: a number, the shape of an array, words, a line of code."""

import ast
import contextlib
import functools
import itertools
import math
import re
import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Literal

from grader.course import Raw, dataclass
from grader.quiz.formula import FormulaError, Names, evaluate, evaluate_number
from grader.quiz.questions.base import (
    Draw,
    LintRunner,
    Marked,
    Mistake,
    PartlyRight,
    Problem,
    Question,
    Runner,
    Unreadable,
    Variant,
    fill,
    format_value,
    make_variant,
    require,
)

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
# Patterns are compiled when they are first used: none is needed to ask a question.
TIMES_TEN = r"(?i)\s*[x·*]\s*10\s*(?:\^|\*\*)\s*"
AMBIGUOUS = r"[-+]?[1-9]\d{0,2},\d{3}"
# Of 1,234.5, of 1.234,5 and of 0,5, and what becomes of their signs.
SPELLINGS: dict[str, dict[str, str | int | None]] = {
    r"[-+]?[1-9]\d{0,2}(?:(,\d{3})+|(\x20\d{3})+)(\.\d*)?": {",": "", " ": ""},
    r"[-+]?\d{1,3}(\.\d{3})+,\d+": {".": "", ",": "."},
    r"(?i)[-+]?\d*,\d+(e[-+]?\d+)?": {",": "."},
}
LEADING_ZEROS = r"(?<![\w.])0+(?=\d)"
BY = r"(?<=[\d)])\s*x\s*(?=[\d(])|×|(?<=\S)\s+x\s+(?=\S)"
TIMES = r"(?<![\w.])(\d+)(?=[A-Za-z(])"
PRIMES = (
    (10007, 10009, 10037, 10039, 10061, 10067, 10069, 10079, 10091, 10093),
    (20011, 20021, 20023, 20029, 20047, 20051, 20063, 20071, 20089, 20101),
)
SAMPLE = 100  # variants in which mistakes are compared with each other
MAX_SHADOWED = 0.2  # share of them in which an earlier mistake may answer for a later one
LETTERS_FOR_TYPOS = 6
NO_LITERAL = (ValueError, SyntaxError, MemoryError, RecursionError, TypeError)
RIGHT_LINE = 0.3  # of a fix: the line is found, what is written there does not pass
NAMED_LINE = r"(?si)\s*(?:line\s*)?(\d+)(?:\s*[:.)][ \t]?|[ \t])(.*)"
NUMBER = r"(?i)[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"


# --- numbers ------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Drawn(Question):
    """A question whose numbers may be drawn anew for everyone; ``where`` is a condition on them."""

    params: Mapping[str, Draw] = field(default_factory=dict)
    where: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        dims: Mapping[str, int] = getattr(self, "dims", {})
        for name in (*self.params, *dims):
            require(bool(NAME.fullmatch(name)), f"a parameter should have a plain name, not `{name}`")
        for name in self.params:
            require(name not in dims, f"`{name}` is both in `params` and in `dims`")


@dataclass(frozen=True)
class Target:
    """A number to hit: a formula, and how near is near enough (exactly one of the three)."""

    value: Raw  # a formula of the parameters
    atol: float | None = None  # absolute tolerance
    rtol: float | None = None  # relative tolerance
    digits: int | None = None  # significant figures that must agree

    def __post_init__(self) -> None:
        given = [self.atol, self.rtol, self.digits].count(None)
        require(given == 2, "an answer needs exactly one of `atol`, `rtol` and `digits`")
        require(min(self.atol or 0, self.rtol or 0) >= 0, "a tolerance should not be negative")
        require(self.digits is None or 1 <= self.digits <= 15, "`digits` should be 1 to 15")

    def interval(self, names: Names, formula: str | None = None) -> tuple[float, float]:
        """Return the smallest and the largest number that counts as the target, or as another formula."""
        value = evaluate_number(self.value if formula is None else formula, names)
        if self.digits is not None:
            exponent = math.floor(math.log10(abs(value))) if value else 0
            margin = 0.5 * 10.0 ** (exponent - self.digits + 1)
        else:
            margin = self.atol if self.atol is not None else (self.rtol or 0.0) * abs(value)
        margin += 1e-12 * abs(value)  # a number typed in decimals is not the same number in binary
        return value - margin, value + margin


@dataclass(frozen=True, kw_only=True)
class WrongNumber(PartlyRight):
    """A known wrong formula; it is met within the tolerance of the answer, unless it has its own."""

    value: Raw
    atol: float | None = None
    rtol: float | None = None


@dataclass(frozen=True, kw_only=True)
class Numeric(_Drawn):
    """A number. With ``params``, everyone gets numbers of their own; ``where`` is a condition on them."""

    type: Literal["numeric"] = "numeric"
    answer: Target
    mistakes: tuple[WrongNumber, ...] = ()
    asks = "type a number; 0.5, 1e-3, 1/3 and log(2)/3 are all fine"

    @classmethod
    def read(cls, variant: Variant, text: str) -> float:
        if re.fullmatch(AMBIGUOUS, text):
            joined, point = text.replace(",", ""), text.replace(",", ".")
            raise Unreadable(f"`{text}` could mean {joined} or {point}; write one of them")
        text = re.sub(TIMES_TEN, "e", text).replace("^", "**").replace("×", "*").replace("·", "*")
        signs = next((signs for form, signs in SPELLINGS.items() if re.fullmatch(form, text)), {})
        text = text.translate(str.maketrans(signs))
        if text.endswith("%"):
            text = f"({text[:-1]})/100"
        try:
            value = evaluate(re.sub(LEADING_ZEROS, "", text), {})
        except FormulaError:
            value = ()
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unreadable("that is no number; `0.5`, `1e-3`, `1/3` and `2*log(3)` are")
        return float(value)

    @classmethod
    def understood(cls, variant: Variant, answer: float) -> str:
        return f"= {format_value(answer, 6)}"

    def mark(self, names: Names, answer: float, runner: Runner) -> Marked:
        low, high = self.answer.interval(names)
        accepted = f"accepted is {format_value(low, 6)} to {format_value(high, 6)}"
        if low <= answer <= high:
            return Marked(1.0, "right", accepted=accepted)
        for mistake, low, high in self._mistaken(names):
            if low <= answer <= high:
                return Marked.partly(mistake.credit, fill(mistake.feedback, names), accepted)
        return Marked(0.0, "not right", accepted=accepted)

    def _mistaken(self, names: Names) -> Iterator[tuple[WrongNumber, float, float]]:
        """Yield every mistake with the smallest and the largest number that counts as it."""
        for mistake in self.mistakes:
            own = mistake.atol is not None or mistake.rtol is not None
            target = Target(mistake.value, mistake.atol, mistake.rtol) if own else self.answer
            yield mistake, *target.interval(names, mistake.value)

    def right_answer(self, variant: Variant) -> str:
        return format_value(evaluate_number(self.answer.value, variant.names), 6)

    def lint_variant(self, variant: Variant) -> Iterator[Problem]:
        yield from super().lint_variant(variant)
        low, high = self.answer.interval(variant.names)
        where = f" for {variant.record()}" if variant.params else ""
        for mistake, least, most in self._mistaken(variant.names):
            fill(mistake.feedback, variant.names)
            if least <= high and low <= most:
                problem = f"has a mistake `{mistake.value}` that comes within the tolerance of the key{where}"
                cure = "tighten the tolerance, or exclude such numbers with `where`"
                yield f"{problem}; {cure}", mistake.place

    def lint(self, runner: LintRunner) -> Iterator[Problem]:
        """Look for mistakes that an earlier one answers for: whoever makes them is told something else."""
        met: Counter[int] = Counter()
        public = self.public()
        for number in range(SAMPLE):
            try:
                names = make_variant(public, "shadow", str(number)).names
                spans = [(low, high) for _, low, high in self._mistaken(names)]
            except FormulaError:
                return  # said elsewhere
            for later, (least, most) in enumerate(spans):
                met[later] += any(low <= (least + most) / 2 <= high for low, high in spans[:later])
        for later, mistake in enumerate(self.mistakes):
            if met[later] > MAX_SHADOWED * SAMPLE:
                share = f"{met[later] / SAMPLE:.0%} of all draws"
                problem = f"has a mistake `{mistake.value}` that an earlier one answers for in {share}"
                yield f"{problem}; put the narrower one first, or exclude such numbers", mistake.place


@dataclass(frozen=True, kw_only=True)
class WrongShape(PartlyRight):
    """A known wrong shape."""

    value: tuple[Raw, ...]


@dataclass(frozen=True, kw_only=True)
class Shape(_Drawn):
    """The shape of an array, in numbers or in symbols: ``[D + H, 4 * H]`` accepts ``(74, 256)`` as well.

    ``dims`` gives the symbols their values; ``params`` draws them.
    """

    type: Literal["shape"] = "shape"
    answer: tuple[Raw, ...]
    dims: Mapping[str, int] = field(default_factory=dict)
    mistakes: tuple[WrongShape, ...] = ()
    asks = "type a shape, such as (3, 5) or (D + H, 4*H); a single axis is (5,)"

    @classmethod
    def read(cls, variant: Variant, text: str) -> tuple[str, ...]:
        inner = re.sub(TIMES, r"\1*", re.sub(BY, ",", text).replace("·", "*").replace("⋅", "*"))
        if (inner[:1], inner[-1:]) in (("(", ")"), ("[", "]")):
            inner = inner[1:-1]
        entries = [entry.strip() for entry in inner.split(",")]
        if entries[-1] == "":
            entries.pop()
        for entry in entries:
            size_of(entry, variant.names)
        return tuple(entries)

    @classmethod
    def understood(cls, variant: Variant, answer: tuple[str, ...]) -> str:
        return f"= {in_brackets([str(size_of(entry, variant.names)) for entry in answer])}"

    def mark(self, names: Names, answer: tuple[str, ...], runner: Runner) -> Marked:
        if same_shape(answer, self.answer, names):
            return Marked(1.0, "right")
        for mistake in self.mistakes:
            if same_shape(answer, mistake.value, names):
                return Marked.partly(mistake.credit, fill(mistake.feedback, names))
        if len(answer) != len(self.answer):
            axes = "1 axis" if len(answer) == 1 else f"{len(answer)} axes"
            return Marked(0.0, "not right", (f"Your shape has {axes}; count them again.",))
        return Marked(0.0, "not right")

    def right_answer(self, variant: Variant) -> str:
        sizes = [format_value(evaluate(entry, variant.names)) for entry in self.answer]
        numbers, symbols = in_brackets(sizes), in_brackets(self.answer)
        return symbols if symbols == numbers else f"{symbols} = {numbers}"

    def lint_variant(self, variant: Variant) -> Iterator[Problem]:
        yield from super().lint_variant(variant)
        where = f" for {variant.record()}" if variant.params else ""
        for mistake in self.mistakes:
            fill(mistake.feedback, variant.names)
            try:
                wrong, right = (
                    [size_of(entry, variant.names) for entry in shape]
                    for shape in (mistake.value, self.answer)
                )
            except Unreadable as error:
                raise FormulaError(str(error)) from None
            if wrong == right:
                yield f"has a mistake that is right{where}; change the sizes or `where`", mistake.place


def in_brackets(entries: Sequence[str]) -> str:
    """Write a shape as Python does: ``(3, 5)``, ``(5,)``."""
    return f"({', '.join(entries)}{',' if len(entries) == 1 else ''})"


def same_shape(answer: tuple[str, ...], wanted: tuple[str, ...], names: Names) -> bool:
    """Whether two shapes agree: in numbers where numbers were given, as formulas where symbols were."""
    others: list[Names] = [dict(zip(names, primes, strict=False)) for primes in PRIMES]
    with contextlib.suppress(Unreadable):
        return len(answer) == len(wanted) and all(
            size_of(entry, sizes) == size_of(right, sizes)
            for entry, right in zip(answer, wanted, strict=True)  # a formula holds for all sizes
            for sizes in (names, *(others if re.search(r"[A-Za-z]", entry) else ()))
        )
    return False


def size_of(entry: str, names: Names) -> int:
    """Return the size that one entry of a shape stands for, if it is a whole number of symbols and digits."""
    if not re.fullmatch(r"[A-Za-z0-9_ +*/()-]{1,80}", entry):
        raise Unreadable("type a shape such as `(3, 5)` or `(D + H, 4*H)`; a single number is `(5,)`")
    try:
        value = evaluate(entry, names)
    except FormulaError as error:
        raise Unreadable(f"{error}; known are {', '.join(names) or 'numbers only'}") from None
    if isinstance(value, float) and value.is_integer() and math.isfinite(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Unreadable(f"`{entry}` is no size of an axis; sizes are whole numbers")
    return value


# --- words --------------------------------------------------------------------------------------------


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
                return Marked.partly(wrong.credit, wrong.feedback)
        if any(same_words(answer, right, self.typos) for right in self.accept):
            return Marked(1.0, "right")
        return Marked(0.0, "not right")

    def right_answer(self, variant: Variant) -> str:
        return self.accept[0]

    def lint(self, runner: LintRunner) -> Iterator[Problem]:
        for wrong, right in itertools.product(self.reject, self.accept):
            if same_words(wrong.match, right, self.typos) or same_words(right, wrong.match, self.typos):
                slip = f"would take the wrong “{wrong.match}” for a slip in “{right}”"
                yield f"{slip}; forgive fewer typos", wrong.place


@functools.lru_cache(maxsize=4096)
def normal(text: str) -> str:
    """Return a text without case, accents, punctuation, articles and odd spaces."""
    split = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(sign if sign.isalnum() else " " for sign in split if not unicodedata.combining(sign))
    return " ".join(word for word in plain.split() if word not in ("a", "an", "the"))


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


# --- code ---------------------------------------------------------------------------------------------


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
        wrong = next((wrong for wrong in self.mistakes if same_output(answer, wrong.value)), None)
        return Marked.partly(wrong.credit, wrong.feedback) if wrong else Marked(0.0, "not right")

    def right_answer(self, variant: Variant) -> str:
        return self.answer

    def lint(self, runner: LintRunner) -> Iterator[Problem]:
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
    """Code with one faulty line: name it and write it anew. Any line that passes the tests is right."""

    code: str
    type: Literal["fix"] = "fix"
    line: int  # number of the faulty line, from 1
    # calls of the code's functions, such as ``step(np.ones((2, 1)))``; what they return is compared with what
    # the solution returns
    tests: tuple[str, ...]
    solution: str  # the line as it should be
    mistakes: tuple[WrongLine, ...] = ()  # other lines that people suspect
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
        number, new, old = int(found[1]), found[2], lines[int(found[1]) - 1]
        if new == new.lstrip():  # typed without indentation: it stands where the old one stood
            new = old[: len(old) - len(old.lstrip())] + new
        return number, new

    def mark(self, names: Names, answer: tuple[int, str], runner: Runner) -> Marked:
        if runner.passes(self.mended(*answer), self.mended(self.line, self.solution), self.tests):
            return Marked(1.0, "it passes the tests")
        if answer[0] == self.line:
            return Marked(RIGHT_LINE, f"the right line, but it does not pass the tests yet: {RIGHT_LINE:g}")
        feedback = tuple(wrong.feedback for wrong in self.mistakes if wrong.line == answer[0])
        return Marked(0.0, "it does not pass the tests", feedback)

    def mended(self, number: int, text: str) -> str:
        """Return the code with another text in the line of this number."""
        lines = self.code.splitlines()
        lines[number - 1] = text
        return "\n".join(lines) + "\n"

    def right_answer(self, variant: Variant) -> str:
        return f"{self.line}: {self.solution.strip()}"

    def lint(self, runner: LintRunner) -> Iterator[Problem]:
        solution = self.mended(self.line, self.solution)
        if not runner.passes(solution, solution, self.tests):
            yield "has a solution that does not get through its tests", self.place
        elif runner.passes(self.code, solution, self.tests):
            yield "has code that passes its tests unmended; add a test that sees the fault", self.place
