"""What strategies without knowledge earn in the quizzes of this course, type by type.

A student who clicks at random, one who types rubbish, one who ticks everything, one who takes the first
option: each answers every question until its attempts are used up, and nothing is learnt in between.

    python benchmarks/quiz_guessing.py [STUDENTS]
"""

from __future__ import annotations

import random
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grader.course import open_course
from grader.quiz.credits import earning
from grader.quiz.files import QuizFile, load_quiz, quiz_paths
from grader.quiz.questions.base import Question, Unreadable, Variant, make_variant, parse

ROOT = Path(__file__).resolve().parents[1]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = "gradient gate state tanh sigmoid loss weight bias memory network".split()
Strategy = Callable[[Variant, random.Random], str]


@dataclass
class Earned:
    """Credits that a strategy earned of those it could have."""

    credits: float = 0.0
    possible: float = 0.0

    @property
    def share(self) -> float:
        """Share of the possible ones."""
        return self.credits / max(self.possible, 1e-9)


def clicks(variant: Variant, chance: random.Random) -> str:
    """Answer at random, in the form that is asked for."""
    face, count = variant.public, len(variant.options)
    numbers = [str(number) for number in range(1, count + 1)]
    match face.type:
        case "single":
            return chance.choice(numbers)
        case "multiple":
            return " ".join(one for one in numbers if chance.random() < 0.5) or chance.choice(numbers)
        case "order":
            return " ".join(chance.sample(numbers, count))
        case "match":
            return " ".join(f"{n}{chance.choice(LETTERS[:count])}" for n in range(1, len(face.lefts) + 1))
        case "numeric":
            return str(chance.choice([0, 1, 2, 10, 0.5, 100, round(chance.uniform(0, 50), 2)]))
        case "shape":
            sizes = [*map(str, variant.names.values()), "1", "3"]
            return f"({', '.join(chance.choices(sizes, k=chance.randint(1, 3)))},)"
        case "fix":
            return f"{chance.randint(1, len(face.code.splitlines()))}: pass"
        case _:
            return chance.choice([*WORDS, "0", "1", "True", "(3, 1)"])


def everything(variant: Variant, chance: random.Random) -> str:
    """Tick whatever can be ticked; where one choice is asked for, the first."""
    count = len(variant.options)
    if variant.public.type == "multiple":
        return " ".join(map(str, range(1, count + 1)))
    return clicks(variant, chance) if variant.public.type != "single" else "1"


def same(variant: Variant, chance: random.Random) -> str:
    """Match everything with the same side; take lines in the order they stand in."""
    if variant.public.type == "match":
        return " ".join(f"{n}a" for n in range(1, len(variant.public.lefts) + 1))
    if variant.public.type == "order":
        return " ".join(map(str, range(1, len(variant.options) + 1)))
    return "1"


STRATEGIES: dict[str, Strategy] = {"clicks": clicks, "everything": everything, "same": same}


def simulate(files: list[QuizFile], strategy: Strategy, students: int, seed: int = 1) -> dict[str, Earned]:
    """Return what a strategy earns, by type of question."""
    chance, found = random.Random(seed), defaultdict[str, Earned](Earned)
    for student in range(students):
        for file in files:
            for question in file.questions:
                row = found[question.type]
                row.credits += _one(file, question, strategy, chance, student)
                row.possible += question.credits
    return dict(found)


def _one(
    file: QuizFile, question: Question, strategy: Strategy, chance: random.Random, student: int
) -> float:
    face, total = question.public(), 0
    earlier: list[float] = []
    for attempt in range(1, len(file.attempts.of(question)) + 1):
        variant = make_variant(face, "guess", str(student), file.quiz, question.id, attempt)
        try:
            answer = parse(variant, strategy(variant, chance))
        except Unreadable:
            earlier.append(0.0)
            continue
        marked = question.mark(variant.names, answer, _NeverPasses())
        total += earning(question, file.attempts, marked.share, earlier, 0.0)[0]
        earlier.append(marked.share)
        if marked.right:
            break
    return total / 100


class _NeverPasses:
    """Runs nothing: `pass` mends nothing."""

    def passes(self, code: str, solution: str, tests: tuple[str, ...]) -> bool:
        return False

    def printed(self, code: str) -> str | None:
        return None


def main() -> None:
    """Simulate and print."""
    students = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    files = [load_quiz(path).file for path in quiz_paths(open_course(ROOT))]
    questions = sum(len(file.questions) for file in files)
    print(f"{students} students, {len(files)} quizzes, {questions} questions; share of the credits earned")
    table = {name: simulate(files, strategy, students) for name, strategy in STRATEGIES.items()}
    print(f"{'':<10}" + "".join(f"{name:>12}" for name in table))
    for kind in sorted({kind for rows in table.values() for kind in rows}):
        print(f"{kind:<10}" + "".join(f"{rows[kind].share:>12.1%}" for rows in table.values()))
    print(f"{'all':<10}" + "".join(f"{overall(rows).share:>12.1%}" for rows in table.values()))


def overall(rows: dict[str, Earned]) -> Earned:
    """Return what a strategy earns over all types."""
    return Earned(sum(one.credits for one in rows.values()), sum(one.possible for one in rows.values()))


if __name__ == "__main__":
    main()
