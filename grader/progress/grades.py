"""What submissions earned: the one value between a gradebook and everything that shows or exports it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from grader.checks.report import Report
from grader.course import Feedback


class Adjustment(NamedTuple):
    """Credits that no check gave or took.

    Args:
        kind: by the course's late policy, or by the instructor.
        exercise: its id; empty if it is about the submission as a whole.
        cents: hundredths of a credit that it adds; below 0 it takes away.
        reason: a sentence for the student.
    """

    kind: Literal["late", "manual"]
    exercise: str
    cents: int
    reason: str


class Note(NamedTuple):
    """What whoever grades should know of a submission.

    Args:
        kind: which note it is, for programs, such as ``hash-differs``.
        text: one printable sentence that goes on after the submission's name.
        decide: whether the instructor has to decide something.
    """

    kind: str
    text: str
    decide: bool = False


class QuizResult(NamedTuple):
    """What one submission earned in one quiz, in hundredths of a credit."""

    quiz: str
    title: str
    earned_cents: int
    possible_cents: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grade:
    """What one submission earned.

    Args:
        submission: its name in the folder of submissions, printable.
        learner_id: of whoever handed it in; empty if it does not say.
        learner_name: as they spell it; empty if it does not say.
        problem: why it could not be graded, or not whole; one sentence, empty if it could.
        reports: of its exercises, whole, as the instructor sees them.
        feedback: by exercise, what the course lets a student see of hidden checks.
    """

    submission: str
    learner_id: str = ""
    learner_name: str = ""
    problem: str = ""
    reports: tuple[Report, ...] = ()
    quizzes: tuple[QuizResult, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    feedback: Mapping[str, Feedback] = field(default_factory=dict)

    @property
    def shown(self) -> tuple[Report, ...]:
        """The reports as the student may read them."""
        return tuple(report.for_student(self.feedback[report.exercise]) for report in self.reports)

    @property
    def name(self) -> str:
        """What to call the student: their name, else the submission's."""
        return self.learner_name or self.submission

    @property
    def raw_cents(self) -> int:
        """What checks and quizzes gave, in hundredths of a credit."""
        exercises = 100 * sum(report.earned for report in self.reports)
        return exercises + sum(quiz.earned_cents for quiz in self.quizzes)

    @property
    def possible_cents(self) -> int:
        """What there was to earn in all that was graded."""
        exercises = 100 * sum(report.credits for report in self.reports)
        return exercises + sum(quiz.possible_cents for quiz in self.quizzes)

    @property
    def cents(self) -> int:
        """The same with all adjustments; never below 0."""
        return max(0, self.raw_cents + sum(adjustment.cents for adjustment in self.adjustments))

    @property
    def graded(self) -> bool:
        """Whether anything of it was graded."""
        return bool(self.reports or self.quizzes)


class Item(NamedTuple):
    """Something that earns credits, a column of the gradebook; in hundredths of a credit."""

    kind: Literal["exercise", "quiz"]
    id: str
    title: str
    possible_cents: int

    def earned_cents(self, grade: Grade) -> int | None:
        """Return what a submission earned here before adjustments; None if it was not graded in it."""
        if self.kind == "quiz":
            return next((quiz.earned_cents for quiz in grade.quizzes if quiz.quiz == self.id), None)
        return next((100 * report.earned for report in grade.reports if report.exercise == self.id), None)


@dataclass(frozen=True)
class ClassGrades:
    """What a class earned.

    Args:
        title: the course's.
        items: all that was graded, in the order of the course.
        grades: one for each submission, by its name.
        rejected: submissions of the last run that were not looked at; their grades say why.
        broken: submissions of the last run that the grader itself broke on, and what it said.
    """

    title: str
    items: tuple[Item, ...]
    grades: tuple[Grade, ...]
    rejected: tuple[str, ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict)

    @property
    def possible_cents(self) -> int:
        """What there is to earn, in hundredths of a credit."""
        return sum(item.possible_cents for item in self.items)


class CheckRate(NamedTuple):
    """How a check went in the class."""

    exercise: str
    check: str
    title: str
    hidden: bool
    ran: int
    passed: int


class Failure(NamedTuple):
    """What so many submissions were told in one exercise."""

    exercise: str
    says: str
    times: int


def check_rates(grades: ClassGrades) -> list[CheckRate]:
    """Count, for every check, the submissions it ran on and those that passed; in the order of the course."""
    ran, passed = Counter[tuple[str, str, str, bool]](), Counter[tuple[str, str, str, bool]]()
    for report in (report for grade in grades.grades for report in grade.reports):
        for outcome in report.outcomes:
            key = report.exercise, outcome.check, outcome.title, outcome.hidden
            ran[key] += outcome.status in ("passed", "failed")
            passed[key] += outcome.status == "passed"
    order = {item.id: number for number, item in enumerate(grades.items)}
    keys = sorted(ran, key=lambda key: order.get(key[0], len(order)))
    return [CheckRate(*key, ran[key], passed[key]) for key in keys]


def frequent_failures(grades: ClassGrades, most: int = 10) -> list[Failure]:
    """Return what failed checks said most often: the mistake that was recognised, else the first line.

    Of each function only the first failed check counts; later ones may fail for the same reason.
    """
    counts = Counter[tuple[str, str]]()
    for grade in grades.grades:
        said: dict[tuple[str, str], None] = {}  # in order, each once
        for report in grade.reports:
            failed = [outcome for outcome in report.outcomes if outcome.status == "failed"]
            for outcome in {outcome.function: outcome for outcome in reversed(failed)}.values():
                text = (outcome.diagnosis or outcome.message).strip().partition("\n")[0]
                said[report.exercise, text] = None
        counts.update(list(said))
    return [Failure(*key, count) for key, count in counts.most_common(most)]
