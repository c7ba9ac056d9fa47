"""How a class stands: from what its gradebook holds, what each submission earned, and whose it is."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from grader.checks.report import Report, reports_from_json
from grader.classroom.arrival import late_adjustments
from grader.classroom.identity import Identity, identify, unused_extensions
from grader.classroom.roster import Roster, identify_by, late_policy, missing, missing_note
from grader.classroom.tables import Entry, ManualAdjustment, Scope
from grader.course import Assignment, Course, Feedback, LatePolicy
from grader.progress.grades import (
    QUESTION,
    QUIZZES,
    Adjustment,
    ClassGrades,
    Grade,
    Item,
    Move,
    Note,
    QuizResult,
    causes,
)
from grader.quiz.files import find_quiz

SHARED = "key file platform platform_id received_from learner_id problem".split()
FILE_TIME = "arrived when its file says, which anybody can set; write the time down in received.csv"
NO_ANSWERS = "no answers were handed in"


class Kept(NamedTuple):
    """What a gradebook holds; all that goes by submission has its key.

    Args:
        reports: by submission and exercise.
        not_graded: why there is no report of today, by submission and exercise.
        quizzes: results and notes, as JSON.
        decisions: whose a submission is.
        moves: submission, item, and what it earned the time before.
        assignment: id; empty for the whole course.
        roster: the name and the text of its file; None if there is none.
        choice: which of several submissions of one student counts.
    """

    entries: Sequence[Entry]
    reports: Mapping[str, Mapping[str, Report]]
    not_graded: Mapping[str, Mapping[str, str]]
    quizzes: Mapping[str, tuple[str, str]]
    adjustments: Sequence[ManualAdjustment]
    decisions: Mapping[str, str]
    moves: Sequence[tuple[str, str, str]]
    scope: Scope | None
    assignment: str
    roster: Roster | None
    choice: str


class _Rules(NamedTuple):
    """What counts, and how."""

    assignment: Assignment | None
    policy: LatePolicy
    exercises: Sequence[str]
    feedback: Mapping[str, Feedback]
    no_answers: Mapping[str, QuizResult]


def class_grades(course: Course, kept: Kept) -> ClassGrades:
    """Return what the class earned, by the late policy that the course has now.

    Raises:
        CourseError: an exercise of the course is malformed.
    """
    assignment = course.assignment(kept.assignment) if kept.assignment else None
    order = assignment.exercises if assignment else course.exercise_ids()
    feedback = {name: course[name].file.feedback for name in order}
    no_answers = _no_answers(course, assignment, kept.scope)
    policy, groups = late_policy(course, assignment, kept.roster), bool(assignment and assignment.groups)
    rules = _Rules(assignment, policy, order, feedback, no_answers)
    here = [entry for entry in kept.entries if not entry.gone]
    if kept.roster:
        identities = identify_by(kept.roster, here, policy.extensions, kept.decisions, groups=groups)
    else:
        identities = identify(here, policy.extensions, kept.decisions)
    given: dict[str, list[Adjustment]] = defaultdict(list)
    for event in kept.adjustments:
        given[event.submission].append(Adjustment("manual", event.exercise, event.cents, event.reason))
    grades = [_grade(entry, identities[entry.key], kept, given, rules) for entry in here]
    grades = _choose(grades, identities, policy, kept.choice) if kept.roster else grades
    items = tuple(_items(course, grades, order))
    return ClassGrades(
        f"{course.title}: {assignment.title}" if assignment else course.title,
        items,
        tuple(grades),
        gone=tuple(entry.name for entry in kept.entries if entry.gone),
        moves=tuple(_moves(grades, items, kept.moves)),
        notes=tuple(_class_notes(kept, given, policy, grades)),
        listed={each.id: (each.name, *each.ids) for each in kept.roster.students} if kept.roster else {},
    )


def _grade(
    entry: Entry, whose: Identity, kept: Kept, given: Mapping[str, list[Adjustment]], rules: _Rules
) -> Grade:
    reports, policy = kept.reports.get(entry.key, {}), rules.policy
    own = tuple(reports[name] for name in rules.exercises if name in reports)
    received = datetime.datetime.fromisoformat(entry.received)
    late = late_adjustments(policy, whose.extension, received, own, entry.received_from)
    manual = [event for key in {entry.key, entry.formerly} for event in given.get(key, ())]
    not_graded = kept.not_graded.get(entry.key, {})
    results, doubts = kept.quizzes.get(entry.key, ("[]", "[]"))
    nothing = entry.problem or entry.nothing_found or QUIZZES in not_graded
    answered = any(
        event.submission == entry.key and datetime.datetime.fromisoformat(event.at) >= received
        for event in kept.adjustments
    )
    by_file = bool(own) and policy.per_day > 0 and entry.received_from == "file"
    return Grade(
        entry.name,
        **{name: getattr(entry, name) for name in SHARED},
        learner_name=whose.name,
        student=whose.student,
        login=whose.login,
        people=whose.people,
        set_aside=whose.set_aside,
        received=received,
        nothing_found=bool(entry.nothing_found),
        notes=(*_notes(entry, whose, by_file=by_file, answered=answered), *whose.notes, *_read_notes(doubts)),
        reports=own,
        not_graded=not_graded,
        quizzes=_counted(quiz_results(results), {} if nothing else rules.no_answers, rules.assignment),
        adjustments=(*late, *manual),
        feedback=rules.feedback,
    )


def _choose(
    grades: Sequence[Grade], identities: Mapping[str, Identity], policy: LatePolicy, count: str
) -> list[Grade]:
    """Decide for each student which of several submissions counts, own ones and those of a group."""

    def rank(grade: Grade) -> tuple[Any, ...]:
        assert grade.received is not None
        due = policy.due("", identities[grade.key].extension)
        grace = datetime.timedelta(minutes=policy.grace_minutes)
        on_time = due is None or grade.received <= due + grace
        first = {"latest": 0, "best": grade.cents}.get(count, on_time)
        return bool(grade.graded and not grade.problem), first, grade.received, grade.key

    of_student = defaultdict[str, list[Grade]](list)
    for grade in grades:
        for student in grade.people:
            of_student[student].append(grade)
    best = {student: max(theirs, key=rank) for student, theirs in of_student.items()}
    chosen = []
    for grade in grades:
        lost = {student: best[student].submission for student in grade.people if best[student] is not grade}
        if lost:
            people = tuple(student for student in grade.people if student not in lost)
            whom = f" for {', '.join(f'`{student}`' for student in lost)}" if people else ""
            others = ", ".join(f"`{name}`" for name in dict.fromkeys(lost.values()))
            text = f"does not count{whom}: {others} of the same student counts, by `--count {count}`"
            note = Note("not-counted", text)
            if any(adjustment.kind == "manual" for adjustment in grade.adjustments):
                note = Note("not-counted", f"{text}; adjust that one too, if it should be", decide=True)
            grade = dataclasses.replace(grade, notes=(*grade.notes, note), people=people or grade.people)
            grade = dataclasses.replace(grade, outvoted="" if people else text)
        chosen.append(grade)
    return chosen


def _class_notes(
    kept: Kept, given: Mapping[str, Sequence[Adjustment]], late: LatePolicy, grades: Sequence[Grade]
) -> Iterator[Note]:
    """Yield what the instructor should know of the class as a whole."""
    for entry in kept.entries:
        if entry.gone and (lost := given.get(entry.key, ())):
            cure = "adjust what took its place, then `grader forget` this one"
            text = f"`{entry.name}` has vanished, and so has what it was given: {lost[-1].reason}; {cure}"
            yield Note("gone-adjusted", text, decide=True)
    if not (kept.scope is None or kept.scope.whole_class):
        return
    if kept.roster:
        absent = missing(kept.roster, (name for grade in grades for name in grade.people))
        yield from [missing_note(absent)] * bool(absent)
    else:
        yield from unused_extensions([entry for entry in kept.entries if not entry.gone], late.extensions)


def _no_answers(course: Course, assignment: Assignment | None, scope: Scope | None) -> dict[str, QuizResult]:
    """Return the quizzes of an assignment, each as it earns nothing; none where they are not graded."""
    wanted = assignment.quizzes if assignment and scope and scope.quizzes else ()
    found = (find_quiz(course, name) for name in wanted)
    return {
        quiz.id: QuizResult(quiz.id, quiz.public.title, 0, 100 * quiz.credits, (NO_ANSWERS,))
        for quiz in found
    }


def _counted(
    results: Sequence[QuizResult], no_answers: Mapping[str, QuizResult], assignment: Assignment | None
) -> tuple[QuizResult, ...]:
    """Return the results that count: of an assignment its own quizzes, also those without answers."""
    if assignment is None:
        return tuple(results)
    own = {result.quiz: result for result in results if result.quiz in assignment.quizzes}
    own |= {result.quiz: result for result in results if not result.possible_cents}  # that cannot be read
    return tuple({**no_answers, **own}.values())


def quiz_results(text: str) -> tuple[QuizResult, ...]:
    """Return results of quizzes from the JSON that a gradebook keeps."""
    return tuple(
        QuizResult(quiz, title, earned, possible, tuple(notes))
        for quiz, title, earned, possible, notes in json.loads(text)
    )


def _items(course: Course, grades: Sequence[Grade], order: Sequence[str]) -> Iterator[Item]:
    there = {report.exercise for grade in grades for report in grade.reports}
    there.update(*(grade.not_graded for grade in grades))
    for name in (name for name in order if name in there):
        yield Item("exercise", name, course[name].file.title, 100 * course[name].file.credits)
    quizzes = {quiz.quiz: quiz for grade in grades for quiz in grade.quizzes if quiz.possible_cents}
    for name, quiz in sorted(quizzes.items()):  # what cannot be read has nothing to earn, and no column
        yield Item("quiz", name, quiz.title, quiz.possible_cents)


def _notes(entry: Entry, whose: Identity, *, by_file: bool, answered: bool) -> list[Note]:
    """Return what was noted of a submission when it was collected, as far as it still has to be said.

    Args:
        answered: whether the instructor has said something of it since it arrived.
    """
    notes = _read_notes(entry.notes)
    if answered:
        notes = [note._replace(decide=note.decide and note.kind != QUESTION) for note in notes]
    if len(whose.people) > 1:
        notes = [note for note in notes if note.kind != "handed-in-together"]
    return [*notes, Note("file-time", FILE_TIME)] if by_file else notes


def _read_notes(text: str) -> list[Note]:
    """Return notes from the JSON that a gradebook keeps; those of an older form are left out."""
    return [Note(*note) for note in json.loads(text) if isinstance(note, list)]


def _moves(
    grades: Iterable[Grade], items: Sequence[Item], rows: Iterable[tuple[str, str, str]]
) -> Iterator[Move]:
    """Yield whose credits the last run changed, in the order of grades and items."""
    order = {item.id: number for number, item in enumerate(items)}
    before = defaultdict[str, list[tuple[str, str]]](list)
    for key, item, text in rows:
        before[key].append((item, text))
    for grade in grades:
        for item, text in sorted(before[grade.key], key=lambda row: (order.get(row[0], len(order)), row)):
            if text.startswith("{"):  # a report; what a quiz gave is a list
                (old,) = reports_from_json(text)
                new = next((report for report in grade.reports if report.exercise == item), None)
                was, now = 100 * old.earned, None if new is None else 100 * new.earned
                because = causes(old, new) if new else (grade.problem or "nothing is there to be graded",)
            else:
                was = quiz_results(text)[0].earned_cents
                now = next((quiz.earned_cents for quiz in grade.quizzes if quiz.quiz == item), None)
                because = ("no answers are there" if now is None else "the answers were graded again",)
            if was != now:
                yield Move(grade, item, was, now, because)
