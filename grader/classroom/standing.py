"""How a class stands: from what its gradebook holds, what each submission earned, and whose it is."""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from grader.checks.report import Report, reports_from_json
from grader.classroom import identity, roster, tables
from grader.course import Course, LatePolicy
from grader.progress import QUESTION, QUIZZES, ClassGrades, Grade, Note, QuizResult
from grader.progress.grades import Adjustment, Item, Move, causes
from grader.sandbox.text import counted

if TYPE_CHECKING:
    from grader.classroom.gradebook import Gradebook

SHARED = "key file platform platform_id received learner_id problem".split()
NO_ANSWERS = "no answers were handed in"
FILE_TIME = "arrived when its file says, which anybody can set; write the time down in received.csv"


class Standing:
    """What a class earned by its gradebook and by the late policy that the course has now."""

    def __init__(self, course: Course, book: Gradebook) -> None:
        self.course, self.roster, self.scope = course, book.roster(), book.scope()
        self.entries, self.adjustments = book.entries(), book.adjustments()
        self.reports, self.not_graded = book.reports()
        self.quizzes = {key: rest for key, *rest in book.rows("submission, results, notes", "quizzes")}
        decided = sorted(book.rows("at, submission, student", "decisions"))
        self.decisions = {key: who for _, key, who in decided}
        self.moved = book.rows("submission, item, before", "moves")
        self.choice = book.fact("count") or roster.COUNTS[0]
        name = book.fact("assignment")
        self.assignment = course.assignment(name) if name else None
        self.order = self.assignment.exercises if self.assignment else course.exercise_ids()
        self.feedback = {name: course[name].file.feedback for name in self.order}
        self.policy = roster.late_policy(course, self.assignment, self.roster)
        self.here = [entry for entry in self.entries if not entry.gone]
        self.given = defaultdict[str, list[Adjustment]](list)
        for event in self.adjustments:
            given = Adjustment("manual", event.exercise, event.cents, event.reason)
            self.given[event.submission].append(given)

    def grades(self) -> ClassGrades:
        """Return it, with what the instructor should know of it."""
        title, days = self.course.title, self.policy.extensions
        if self.roster:
            by_group = bool(self.assignment and self.assignment.groups)
            listed = dataclasses.replace(self.roster, by_group=by_group)
            identities = roster.identify_by(listed, self.here, days, self.decisions)
        else:
            identities = identity.identify(self.here, days, self.decisions)
        wanted = self.assignment.quizzes if self.assignment and self.scope and self.scope.quizzes else ()
        if wanted:
            from grader.quiz.files import find_quiz  # 5 MB that most runs do without
        no_answers = {  # of an assignment, as each quiz earns nothing; none where they are not graded
            quiz.id: QuizResult(quiz.id, quiz.public.title, 0, 100 * quiz.credits, (NO_ANSWERS,))
            for quiz in (find_quiz(self.course, name) for name in wanted)
        }
        grades = [self._grade(entry, identities[entry.key], no_answers) for entry in self.here]
        grades = self._choose(grades, identities) if self.roster else grades
        there = {report.exercise for grade in grades for report in grade.reports}
        there.update(*(grade.not_graded for grade in grades))
        files = {name: self.course[name].file for name in self.order if name in there}
        items = [Item("exercise", name, file.title, 100 * file.credits) for name, file in files.items()]
        quizzes = {quiz.quiz: quiz for grade in grades for quiz in grade.quizzes if quiz.possible_cents}
        # What cannot be read has nothing to earn, and no column.
        items += [Item("quiz", id_, quiz.title, quiz.possible_cents) for id_, quiz in sorted(quizzes.items())]
        return ClassGrades(
            f"{title}: {self.assignment.title}" if self.assignment else title,
            tuple(items),
            tuple(grades),
            gone=tuple(entry.name for entry in self.entries if entry.gone),
            moves=tuple(self._moves(grades, items)),
            notes=tuple(self._class_notes(grades)),
            listed={each.id: (each.name, *each.ids) for each in self.roster.students} if self.roster else {},
        )

    def _grade(self, entry: tables.Entry, whose: identity.Identity, empty: Mapping[str, QuizResult]) -> Grade:
        reports = self.reports.get(entry.key, {})
        own = tuple(reports[name] for name in self.order if name in reports)
        late = late_adjustments(self.policy, whose.extension, entry.received, own, entry.received_from)
        not_graded = self.not_graded.get(entry.key, {})
        results, doubts = self.quizzes.get(entry.key, ("[]", "[]"))
        # What was noted when it was collected, as far as it still has to be said.
        noted = [note for note in entry.notes if len(whose.people) < 2 or note.kind != "handed-in-together"]
        events = (event.at for event in self.adjustments if event.submission == entry.key)
        if any(datetime.datetime.fromisoformat(at) >= entry.received for at in events):  # an answer
            noted = [note._replace(decide=note.decide and note.kind != QUESTION) for note in noted]
        penalty = own and self.policy.per_day > 0
        by_file = [Note("file-time", FILE_TIME)] if penalty and entry.received_from == "file" else []
        quizzes = quiz_results(results)
        if self.assignment:  # its own quizzes count, also those without answers
            own_quizzes = {each.quiz: each for each in quizzes if each.quiz in self.assignment.quizzes}
            unread = {each.quiz: each for each in quizzes if not each.possible_cents}
            nothing = entry.problem or entry.nothing_found or QUIZZES in not_graded
            quizzes = tuple({**({} if nothing else empty), **own_quizzes, **unread}.values())
        return Grade(
            entry.name,
            **{name: getattr(entry, name) for name in SHARED},
            learner_name=whose.name,
            student=whose.student,
            login=whose.login,
            people=whose.people,
            set_aside=whose.set_aside,
            nothing_found=bool(entry.nothing_found),
            notes=(*noted, *by_file, *whose.notes, *tables.read_notes(doubts)),
            reports=own,
            not_graded=not_graded,
            quizzes=quizzes,
            adjustments=(*late, *self.given.get(entry.key, ())),
            feedback=self.feedback,
        )

    def _choose(self, grades: Sequence[Grade], identities: Mapping[str, identity.Identity]) -> list[Grade]:
        """Decide for each student which of several submissions counts, own ones and those of a group."""

        def rank(grade: Grade) -> tuple[Any, ...]:
            assert grade.received is not None
            due = self.policy.due("", identities[grade.key].extension)
            grace = datetime.timedelta(minutes=self.policy.grace_minutes)
            on_time = due is None or grade.received <= due + grace
            first = {"latest": 0, "best": grade.cents}.get(self.choice, on_time)
            return bool(grade.graded and not grade.problem), first, grade.received, grade.key

        of_student = defaultdict[str, list[Grade]](list)
        for grade in grades:
            for student in grade.people:
                of_student[student].append(grade)
        best = {student: max(theirs, key=rank) for student, theirs in of_student.items()}
        chosen = []
        for grade in grades:
            others_count = (student for student in grade.people if best[student] is not grade)
            if lost := {student: best[student].submission for student in others_count}:
                people = tuple(student for student in grade.people if student not in lost)
                whom = f" for {', '.join(f'`{student}`' for student in lost)}" if people else ""
                others = ", ".join(f"`{name}`" for name in dict.fromkeys(lost.values()))
                text = f"does not count{whom}: {others} of the same student counts"
                text = f"{text}, by `--count {self.choice}`"
                note = Note("not-counted", text)
                if any(adjustment.kind == "manual" for adjustment in grade.adjustments):
                    note = Note("not-counted", f"{text}; adjust that one too, if it should be", decide=True)
                grade = dataclasses.replace(grade, notes=(*grade.notes, note), people=people or grade.people)
                grade = dataclasses.replace(grade, outvoted="" if people else text)
            chosen.append(grade)
        return chosen

    def _moves(self, grades: Sequence[Grade], items: Sequence[Item]) -> Iterator[Move]:
        """Yield whose credits the last run changed, in the order of grades and items."""
        order = {item.id: number for number, item in enumerate(items)}
        before = defaultdict[str, list[tuple[str, str]]](list)
        for key, item, text in self.moved:
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

    def _class_notes(self, grades: Sequence[Grade]) -> Iterator[Note]:
        """Yield what the instructor should know of the class as a whole."""
        for entry in self.entries:
            if entry.gone and (lost := self.given.get(entry.key, ())):
                cure = "adjust what took its place, then `grader forget` this one"
                text = f"`{entry.name}` has vanished, and so has what it was given: {lost[-1].reason}; {cure}"
                yield Note("gone-adjusted", text, decide=True)
        if not (self.scope is None or self.scope.whole_class):
            return
        if self.roster:
            if absent := roster.missing(self.roster, (name for grade in grades for name in grade.people)):
                yield Note("not-handed-in", absent)
        else:
            yield from identity.unused_extensions(self.here, self.policy.extensions)


def quiz_results(text: str) -> tuple[QuizResult, ...]:
    """Return results of quizzes from the JSON that a gradebook keeps."""
    return tuple(QuizResult(*kept)._replace(notes=tuple(kept[-1])) for kept in json.loads(text))


def late_adjustments(
    policy: LatePolicy,
    extension: str,
    received: datetime.datetime,
    reports: Iterable[Report],
    received_from: str = "",
) -> Iterator[Adjustment]:
    """Yield what each exercise loses, with the arithmetic; fractions of a hundredth are the student's."""
    grace = datetime.timedelta(minutes=policy.grace_minutes)
    said = " by the time of the file" if received_from == "file" else ""
    for report in reports:
        due = policy.due(report.exercise, extension)
        if due is None or received <= due + grace or not policy.per_day:
            continue
        days = math.ceil((received - due) / datetime.timedelta(days=1))
        percent = min(policy.at_most, days * policy.per_day)
        then, now = (f"{time.astimezone(datetime.UTC):%Y-%m-%d %H:%M UTC}" for time in (due, received))
        when = f"{counted(days, 'day')} late: due {then}, received {now}{said}"
        reason = f"{when}; {percent:g} % of {report.earned} credits"
        yield Adjustment("late", report.exercise, -math.floor(report.earned * percent), reason)
