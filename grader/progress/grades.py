"""What submissions earned: the one value between a gradebook and everything that shows or exports it."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import field, replace
from functools import cached_property
from typing import Literal, NamedTuple

from grader.checks.report import Report
from grader.course import Feedback, People, dataclass, derived
from grader.sandbox.text import listed

MAX_NOTES = 50  # of one submission
MAX_NAMES = 10  # in one note
MAX_NAMED = 3  # submissions of which the same is said
VANISHED = "more than a fifth of the class has vanished and still counts until you say --confirm-gone: {}"
GONE = "has vanished, and is left out everywhere: {}"


class Adjustment(NamedTuple):
    """Credits that no check gave or took."""

    kind: Literal["late", "manual"]  # by the course's late policy, or by the instructor
    exercise: str  # its id; empty if it is about the submission as a whole
    cents: int  # hundredths of a credit that it adds; below 0 it takes away
    reason: str  # a sentence for the student


class Note(NamedTuple):
    """What whoever grades should know of a submission."""

    kind: str  # which note it is, for programs, such as ``hash-differs``
    text: str  # one printable sentence that goes on after the submission's name
    decide: bool = False  # whether the instructor has to decide something


class QuizResult(NamedTuple):
    """What one submission earned in one quiz, in hundredths of a credit."""

    quiz: str
    title: str
    earned_cents: int
    possible_cents: int
    notes: tuple[str, ...] = ()


QUESTION = "question"
"""Kind of a note that is a student's own question about a verdict."""
QUIZZES = "quizzes"
"""Stands where an exercise's id would, for answers that could not be graded."""
State = Literal["graded", "nothing found", "problem", "set aside", "stale", "not counted"]
"""How a submission stands; only what is ``graded`` counts in statistics and is exported."""


@dataclass(frozen=True)
class Grade:
    """What one submission earned."""

    submission: str  # its display name, printable; it may change when its neighbours do
    key: str = ""  # where it was collected, which stays; adjustments follow it
    file: str = ""  # name of its first file or folder, as a platform delivers it
    learner_id: str = ""  # as the submission itself claims; empty if it does not
    learner_name: str = ""  # as it claims, or the platform says where no claim can be believed; else empty
    student: str = ""  # the id of whoever it belongs to, as far as that is decided; empty if nobody knows
    login: str = ""  # by which another program knows them; empty if nothing says one that can be believed
    people: tuple[str, ...] = ()  # ids of all in the roster for whom it counts; empty without a roster
    set_aside: str = ""  # why it counts for nothing until the instructor has decided; empty if it counts
    outvoted: str = ""  # which other submission of the same student counts, and why; empty if this one does
    platform: str = ""  # whose download it is from, such as ``canvas``; empty if none that is known
    platform_id: str = ""  # whose it is as the platform says; empty if that says nothing
    received: datetime.datetime | None = None  # when it arrived, in UTC; None if nobody knows
    problem: str = ""  # why it could not be graded, or not whole; one sentence, empty if it could
    nothing_found: bool = False  # whether it holds none of the files that are graded, nor answers
    notes: tuple[Note, ...] = ()  # what the instructor should know
    # of its exercises, as the instructor sees them: of each the last one that is whole, if any
    reports: tuple[Report, ...] = ()
    # by exercise, why what was handed in last could not be graded; its report, if it has one, is an earlier
    # one, or is not whole
    not_graded: Mapping[str, str] = field(default_factory=dict)
    quizzes: tuple[QuizResult, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    # by exercise, what the course lets a student see of hidden checks
    feedback: Mapping[str, Feedback] = field(default_factory=dict)

    name: str = derived()  # what to call the student: their name, else the submission's
    graded: bool = derived()  # whether anything of it was graded
    counts: bool = derived()  # whether it counts for somebody, as far as is decided
    stale: str = derived()  # why credits are of an earlier grading, or missing; empty if none are
    state: State = derived()
    counted: bool = derived()  # whether it takes part in medians and other statistics
    raw_cents: int = derived()  # what checks and quizzes gave, in hundredths, as far as it is known
    possible_cents: int = derived()  # what there was to earn in all that was graded
    cents: int = derived()  # the same as ``raw_cents`` with all adjustments; never below 0
    # what goes into a gradebook: ``cents``, or None where a number would be wrong or says nothing
    total_cents: int | None = derived()

    def __post_init__(self) -> None:
        graded, counts = bool(self.reports or self.quizzes), not (self.set_aside or self.outvoted)
        broken = {report.exercise: "a check broke" for report in self.reports if report.first_error}
        stale = "; ".join(f"{exercise}: {why}" for exercise, why in {**broken, **self.not_graded}.items())
        hindered = {
            "set aside": self.set_aside,
            "not counted": self.outvoted,
            "problem": self.problem,
            "nothing found": self.nothing_found and not graded,
            "stale": stale,
        }
        state = next((state for state, why in hindered.items() if why), "graded")
        raw = sum(100 * report.earned for report in self.reports)
        raw += sum(quiz.earned_cents for quiz in self.quizzes)
        possible = sum(100 * report.credits for report in self.reports)
        possible += sum(quiz.possible_cents for quiz in self.quizzes)
        adjusted = [adjustment.cents for adjustment in self.adjustments]
        cents = max(0, raw + sum(adjusted))
        known = (graded or any(adjusted)) and counts and not stale
        total, name = cents if known else None, self.learner_name or self.submission
        vars(self).update(name=name, graded=graded, counts=counts, stale=stale, state=state)
        vars(self).update(raw_cents=raw, possible_cents=possible, cents=cents, total_cents=total)
        vars(self).update(counted=graded and state == "graded")

    @property
    def shown(self) -> tuple[Report, ...]:
        """The reports as the student may read them."""
        return tuple(report.for_student(self.feedback[report.exercise]) for report in self.reports)


class Item(NamedTuple):
    """Something that earns credits, a column of the gradebook; in hundredths of a credit."""

    kind: Literal["exercise", "quiz"]
    id: str
    title: str
    possible_cents: int

    def earned_cents(self, grade: Grade) -> int | None:
        """Return what a submission earned here before adjustments; None where a number would be wrong.

        That is where it was not graded, where a check broke or could not be run, and all that is set aside.
        """
        if grade.set_aside or (QUIZZES if self.kind == "quiz" else self.id) in grade.not_graded:
            return None
        if self.kind == "quiz":
            return next((quiz.earned_cents for quiz in grade.quizzes if quiz.quiz == self.id), None)
        report = next((report for report in grade.reports if report.exercise == self.id), None)
        return None if report is None or report.first_error else 100 * report.earned


class Move(NamedTuple):
    """What a regrade changed in one exercise or quiz of a submission."""

    grade: Grade
    item: str  # the exercise's or the quiz's id
    before_cents: int  # what it earned when the class was graded the time before
    after_cents: int | None  # what it earns now; None if nothing is known any more
    because: tuple[str, ...]  # the checks that went another way, or another cause, one sentence each


def causes(before: Report, after: Report) -> tuple[str, ...]:
    """Return why one report of an exercise earns something else than another of it."""
    was = {outcome.check: outcome for outcome in before.outcomes}
    now = {outcome.check: outcome for outcome in after.outcomes}
    found = ["another file was handed in"] * (before.source_sha256 != after.source_sha256)
    worth = f"the exercise was worth {before.credits} credits, and is worth {after.credits} now"
    found += [worth] * (before.credits != after.credits)
    for check in {**was, **now}:
        pair = was.get(check), now.get(check)
        then, today = (f"{each.status} ({each.earned})" if each else "not there" for each in pair)
        if {each.earned if each else 0 for each in pair} != {0} and then != today:
            title = next(each.title for each in reversed(pair) if each)
            found.append(f"{title}: {then}, now {today}")
    return tuple(found)


@dataclass(frozen=True)
class ClassGrades:
    """What a class earned."""

    title: str  # the course's
    items: tuple[Item, ...]  # all that was graded, in the order of the course
    grades: tuple[Grade, ...]  # one for each submission that is in the class, by its name
    broken: Mapping[str, str] = field(default_factory=dict)  # what the grader itself broke on, and why
    all_broken: bool = False  # whether these are all that could be looked at
    gone: tuple[str, ...] = ()  # names of those that have vanished from the folder; they stand nowhere else
    # names of those that have vanished as well, but stay in ``grades`` until it is confirmed: they are too
    # many
    vanished: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()  # whose credits the last run changed, in the order of ``grades``
    notes: tuple[Note, ...] = ()  # what the instructor should know of the class as a whole
    # by the id of each student in the roster, all that they are called
    listed: Mapping[str, Collection[str]] = field(default_factory=dict)
    # what there is to earn, in hundredths of a credit
    possible_cents: int = derived(lambda grades: sum(item.possible_cents for item in grades.items))

    def only(self, exercises: Collection[str]) -> ClassGrades:
        """Return what was earned in some exercises alone, and adjusted there."""

        def part(grade: Grade) -> Grade:
            reports = tuple(report for report in grade.reports if report.exercise in exercises)
            missing = {name: why for name, why in grade.not_graded.items() if name in exercises}
            given = tuple(each for each in grade.adjustments if each.exercise in exercises)
            return replace(grade, reports=reports, not_graded=missing, adjustments=given, quizzes=())

        items = tuple(item for item in self.items if item.id in exercises)
        return replace(self, items=items, grades=tuple(map(part, self.grades)))

    @cached_property
    def people(self) -> People:
        """Whoever is in the roster."""
        return People(name for names in self.listed.values() for name in names)

    def others_named(self, grade: Grade, text: str) -> list[str]:
        """Return whom else of the roster a text names that the student of a submission reads."""
        found = self.people.named(text) if grade.people else {}
        own = People(name for student in grade.people if found for name in self.listed[student])
        return [who for who in found if who not in own.named(who)]


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
    for report in (report for grade in grades.grades if grade.counts for report in grade.reports):
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
    for grade in (grade for grade in grades.grades if grade.counts):
        said: dict[tuple[str, str], None] = {}  # in order, each once
        for report in grade.reports:
            failed = [outcome for outcome in report.outcomes if outcome.status == "failed"]
            for outcome in {outcome.function: outcome for outcome in reversed(failed)}.values():
                cause = outcome.located.key if outcome.located else ""
                text = (outcome.diagnosis or cause or outcome.message).strip().partition("\n")[0]
                said[report.exercise, text] = None
        counts.update(list(said))
    return [Failure(*key, count) for key, count in counts.most_common(most)]


class Noted(NamedTuple):
    """A note and whom it is about; None for the class as a whole."""

    grade: Grade | None
    note: Note


def noted(grades: ClassGrades) -> list[Noted]:
    """Return what the instructor should know of a class, first what has to be decided, above all whose it is.

    Of each submission only so many notes are listed, and then how many more there are.
    """
    found = [Noted(None, note) for note in grades.notes]
    for kind, names, told in (("vanished", grades.vanished, VANISHED), ("gone", grades.gone, GONE)):
        if names:
            text = told.format(listed(names, MAX_NAMES, "`"))
            found.append(Noted(None, Note(kind, text, decide=kind == "vanished")))
    for grade in grades.grades:
        notes = [Note("problem", grade.problem, decide=True)] * bool(grade.problem)
        notes += [Note("stale", grade.stale, decide=True)] * bool(grade.stale)
        notes += grade.notes
        said = {note.text for note in notes}
        for quiz in grade.quizzes:
            texts = [text for text in quiz.notes if not said & {text, f"{quiz.quiz}: {text}"}]
            notes += [Note("quiz", f"{quiz.quiz}: {text}") for text in texts]
        notes.sort(key=lambda note: not note.decide)
        if len(notes) > MAX_NOTES:
            more = f"{len(notes) - MAX_NOTES + 1} more notes, which are not listed"
            notes[MAX_NOTES - 1 :] = [Note("more", more, any(note.decide for note in notes[MAX_NOTES - 1 :]))]
        found += [Noted(grade, note) for note in notes]
    return sorted(found, key=lambda entry: (not entry.note.decide, entry.note.kind != "set-aside"))


def said_once(notes: Iterable[Noted]) -> list[tuple[list[Grade], str, str]]:
    """Put together what is said of several: some of them, how many more there are, and the sentence."""
    grades = defaultdict[str, list[Grade]](list)
    for grade, note in notes:
        grades[note.text] += [grade] if grade else []
    return [
        (them[:MAX_NAMED], f" and {len(them) - MAX_NAMED} more" * (len(them) > MAX_NAMED), text)
        for text, them in grades.items()
    ]
