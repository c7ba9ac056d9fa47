"""Tables for instructors and authors: a class's grades, graded quizzes, and the course's own faults."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from statistics import median
from typing import TYPE_CHECKING, Any

from grader import __version__
from grader.progress.grades import ClassGrades, Noted, check_rates, frequent_failures, noted, said_once
from grader.quiz import credits, grade as answers
from grader.reports.quiz_screen import plain
from grader.reports.text import Line, Style, amount, csv_text, decimal, ends, mark_of, wrapped
from grader.sandbox.text import clean, counted, one_line, shorten

if TYPE_CHECKING:
    from grader.authoring.verify import Confusion

ROOMY = 60  # columns; with fewer, bars and raw credits give way
BAR = 10
MOST_SUBMISSIONS, MOST_UNDECIDED, MOST_LISTED = 30, 10, 5  # rows and sentences in a terminal
MOST_CHARACTERS = 300  # of each
DECIDE = (
    "What is set aside counts for nobody until you remove it, rename it, or say whose it is: "
    "grader adjust RESULTS NAME --student ID"
)
CONFUSION_HEADING = Line(
    f"{'exercise':<14}{'mistakes':>9}{'named':>7}{'tied':>6}{'silent':>8}{'misnamed':>10}"
    "  checks that decide",
    "heading",
)
QUIZ_SCHEMA = "rnn-grader/quiz-grades/1"
QUIZ_COLUMNS = (
    "learner_id learner quiz version question topic sitting attempt score earned possible arithmetic answer "
    "refused"
).split()
ANSWER_SHOWN = 200  # characters of an answer
SIGNS: dict[Style, str] = {"passed": "✓", "failed": "✗", "skipped": "–", "error": "!"}


def class_lines(grades: ClassGrades, width: int = 80) -> list[Line]:
    """Lay out what a class earned, in so many columns of a terminal."""
    lines = [Line(ends(one_line(grades.title), counted(len(grades.grades), "submission"), width), "heading")]
    notes = noted(grades)
    undecided = _told(entry for entry in notes if entry.note.decide)
    lines += _section("to decide", undecided, width, MOST_UNDECIDED, "error")
    if any(grade.set_aside for grade in grades.grades):
        lines += wrapped(DECIDE, "detail", width, indent="  ")
    lines += [Line("", "detail")] * bool(undecided)
    lines += _submissions(grades, width)
    if rates := check_rates(grades):
        lines += [Line("", "detail"), Line(ends("checks", "passed", width), "heading")]
    for exercise, checks in groupby(rates, key=lambda rate: rate.exercise):
        lines.append(Line(shorten(f"  {exercise}", width), "detail"))
        for check in checks:
            title = f"    {one_line(check.title)}{' (hidden)' if check.hidden else ''}"
            full = BAR * check.passed // check.ran if check.ran else 0  # full only if all passed
            bar = f"{'█' * full}{'░' * (BAR - full)}  " if width >= ROOMY else ""
            style = mark_of(check.ran, check.passed)[1] if check.ran else "note"
            lines.append(Line(ends(title, f"{bar}{check.passed:>3} of {check.ran:>3}", width), style))
    often = frequent_failures(grades, MOST_LISTED)
    failures = [f"{each.times}× {each.exercise}: {one_line(each.says)}" for each in often]
    lines += _section("most frequent failures", failures, width)
    moved = []
    for move in grades.moves:
        now = "not known" if move.after_cents is None else amount(move.after_cents)
        because = f" ({one_line('; '.join(move.because))})" if move.because else ""
        was = f"{one_line(move.grade.name)}, {move.item}: {amount(move.before_cents)}"
        moved.append(f"{was}, now {now}{because}")
    lines += _section("who moved", moved, width, more="moved.csv")
    lines += _section("notes", _told(entry for entry in notes if not entry.note.decide), width, style="note")
    return lines


def _told(notes: Iterable[Noted]) -> list[str]:
    told = []
    for few, more, text in said_once(notes):
        names = ", ".join(one_line(grade.submission) for grade in few)
        told.append(f"{names}{more}: {one_line(text)}" if few else one_line(text))
    return told


def _section(
    heading: str,
    sentences: Sequence[str],
    width: int,
    most: int = MOST_LISTED,
    style: Style = "detail",
    more: str = "notes.csv",
) -> Iterator[Line]:
    """Lay out sentences under a heading, and where there are more of them; nothing if there are none."""
    if sentences:
        yield from (Line("", "detail"), Line(heading, "heading"))
    for sentence in sentences[:most]:
        yield from wrapped(shorten(sentence, MOST_CHARACTERS), style, width, indent="  ")
    if len(sentences) > most:
        yield Line(shorten(f"  … and {len(sentences) - most} more in {more}", width), style)


def _submissions(grades: ClassGrades, width: int) -> Iterator[Line]:
    columns = "{0:>8}  {1:>8}" if width >= ROOMY else "{1:>8}"
    yield Line(ends("", columns.format("earned", "adjusted"), width), "detail")
    for grade in grades.grades[:MOST_SUBMISSIONS]:
        mark, style = mark_of(grades.possible_cents, grade.cents if grade.graded else None)
        if grade.state != "graded":
            mark, style = "!", "error"
        right: str = "" if grade.state == "graded" else grade.state
        if grade.graded and grade.counts:
            right = columns.format(amount(grade.raw_cents), amount(grade.cents))
        yield Line(ends(f"  {mark} {one_line(grade.name)}", right, width).rstrip(), style)
    if len(grades.grades) > MOST_SUBMISSIONS:
        yield Line(f"  … {len(grades.grades) - MOST_SUBMISSIONS} more", "detail")
    earned = [grade.cents for grade in grades.grades if grade.counted]
    if earned:
        half = f"half of them earned at least {amount(round(median(earned)))}"
        yield from wrapped(f"{half} of {amount(grades.possible_cents)} credits", "note", width, indent="  ")


# --- what the course found out about itself: a table, then what is to be mended ---------------------------

FOUND: dict[str, tuple[str, Callable[[Any], str]]] = {
    "exercises": (
        f"{'exercise':<14}{'credits':>8}{'checks':>8}{'misconceptions':>16}{'variants':>11}",
        lambda of: (
            f"{of.exercise:<14}{of.credits:>8}{of.checks:>8}"
            f"{f'{of.caught}/{of.misconceptions}':>16}{f'{of.accepted}/{of.variants}':>11}"
        ),
    ),
    "quizzes": (
        f"{'quiz':<26}{'questions':>10}{'drawn':>8}{'credits':>9}",
        lambda of: f"{of.quiz:<26}{of.questions:>10}{of.parameterised:>8}{of.credits:>9}",
    ),
    "mutants": (
        f"{'exercise':<14}{'mutants':>9}{'killed':>9}{'equivalent':>12}{'survivors':>11}",
        lambda of: (
            f"{of.exercise:<14}{of.mutants:>9}{of.mutants - of.equivalent - len(of.survivors):>9}"
            f"{of.equivalent:>12}{len(of.survivors):>11}"
        ),
    ),
}
"""By what was looked at: the heading of its table, and the row of a result."""


def findings_lines(what: str, results: Sequence[Any], width: int) -> Iterator[Line]:
    """Lay out a row for each result with the count of its faults, then every fault."""
    heading, row = FOUND[what]
    yield Line(heading, "heading")
    for result in results:
        state = f"{len(result.faults)} faults" if result.faults else "ok"
        yield Line(f"{row(result)}  {state}", "failed" if result.faults else "passed")
    for fault in (fault for result in results for fault in result.faults):
        yield from wrapped(fault, "detail", width, indent="  ")


def confusion_lines(confusion: Confusion, width: int) -> Iterator[Line]:
    """Lay out the counts of an exercise, then whatever is not as it should be."""
    numbers = (len(confusion.named), len(confusion.ties), len(confusion.silent), len(confusion.misnamed))
    counts = "".join(f"{number:>{room}}" for number, room in zip(numbers, (7, 6, 8, 10), strict=True))
    deciding = f"{len(confusion.checks) - len(confusion.idle)} of {len(confusion.checks)}"
    row = f"{confusion.exercise:<14}{sum(numbers):>9}{counts}  {deciding}"
    yield Line(row, "failed" if confusion.misnamed else "passed")
    lines = len(confusion.located) + len(confusion.astray)
    where = f"{lines} lines, {len(confusion.located)} of them where the mistake is; {confusion.causes} causes"
    yield from wrapped(where, "detail", width)
    for name, place in confusion.astray:
        yield from wrapped(f"{name} is found elsewhere, in {place}", "detail", width)
    for name, ids in confusion.ties:
        others = " and ".join(other for other in ids if other != name)
        yield from wrapped(f"{name} looks like {others}", "detail", width)
    for name in confusion.silent:
        yield from wrapped(f"{name} is not recognised", "detail", width)
    for name, said in confusion.misnamed:
        yield from wrapped(f"{name} is taken for {said}", "failed", width)
    for check in confusion.idle:
        yield from wrapped(f"{check} is failed by no known mistake alone", "skipped", width)


# --- answers to quizzes, graded -----------------------------------------------------------------------


def grades_lines(graded: answers.Graded, width: int = 80) -> Iterator[Line]:
    """Lay out what everybody earned, answer by answer, with the arithmetic."""
    for learner in graded.learners:
        yield Line(f"{clean(learner.learner.name)} (id {learner.learner.id})"[:width], "heading")
        for grade in learner.quizzes:
            total = f"{decimal(grade.cents)} of {decimal(grade.possible_cents)} credits"
            title = f"  {grade.sheet.id}  {grade.sheet.public.title}"
            yield Line(ends(title, total, width), "passed" if grade.passed else "failed")
            for answer in grade.counted:
                refused, marked = grade.refused.get(answer.response.id, ""), grade.marks[answer.response.id]
                style: Style = "passed" if marked.share >= 1 else "failed" if marked.share <= 0 else "skipped"
                style = "skipped" if marked.arithmetic == answers.NOT_MARKED else style
                style = "error" if refused else style
                question = answer.response.question
                earned = f"{decimal(answer.cents)} of {grade.sheet.faces[question].credits}"
                yield Line(ends(f"    {SIGNS[style]} {question}", earned, width), style)
                texts = (f"{marked.arithmetic}; {answer.arithmetic}", answer.note, *marked.feedback)
                for text in filter(None, [refused] if refused else texts):
                    yield from wrapped(plain(text), "detail", width, indent=" " * 8)
            if grade.unanswered:
                yield from wrapped(f"unanswered: {', '.join(grade.unanswered)}", "skipped", width)
            for note in (*grade.doubts, *grade.notes):
                yield from wrapped(f"note: {note}", "note", width)
        yield Line("", "detail")
    for problem in graded.problems:
        yield from wrapped(clean(problem, 400), "error", width, indent="")
    problems = f", {counted(len(graded.problems), 'problem')}" if graded.problems else ""
    yield Line(f"{counted(len(graded.learners), 'learner')} graded{problems}", "note")


def grades_to_json(graded: answers.Graded) -> str:
    """Return one JSON document of the form ``rnn-grader/quiz-grades/1``; docs/report.md describes it."""
    document = {
        "schema": QUIZ_SCHEMA,
        "grader_version": __version__,
        "learners": [
            {
                "id": learner.learner.id,
                "name": learner.learner.name,
                "quizzes": [
                    {
                        "quiz": grade.sheet.id,
                        "version": grade.sheet.public.version,
                        "title": grade.sheet.public.title,
                        "earned_cents": grade.cents,
                        "possible_cents": grade.possible_cents,
                        "passed": grade.passed,
                        "answers": [_answer_object(grade, answer) for answer in grade.counted],
                        "unanswered": list(grade.unanswered),
                        "notes": [*grade.doubts, *grade.notes],
                    }
                    for grade in learner.quizzes
                ],
            }
            for learner in graded.learners
        ],
        "problems": [clean(problem, 400) for problem in graded.problems],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _answer_object(grade: answers.QuizGrade, answer: credits.CountedAnswer) -> dict[str, Any]:
    response, marked = answer.response, grade.marks[answer.response.id]
    face = grade.sheet.faces[response.question]
    return {
        "question": face.id,
        "topic": face.topic,
        "sitting": response.sitting,
        "attempt": response.attempt,
        "answer": clean(response.answer, ANSWER_SHOWN),
        "certainty": response.certainty,
        "score": round(marked.share, 6),
        "earned_cents": answer.cents,
        "possible_cents": 100 * face.credits,
        "arithmetic": f"{marked.arithmetic}; {answer.arithmetic}",
        "note": answer.note,
        "feedback": list(marked.feedback),
        "refused": grade.refused.get(response.id, ""),
        "at": response.at,
    }


def grades_to_csv(graded: answers.Graded) -> str:
    """Return a table with a heading, one row an answer; amounts are in credits, no text starts a formula."""
    rows: list[list[str | int]] = []
    for who, grade in ((each.learner, grade) for each in graded.learners for grade in each.quizzes):
        quiz = (who.id, who.name, grade.sheet.id, str(grade.sheet.public.version))
        for found in (_answer_object(grade, answer) for answer in grade.counted):
            asked = (found["question"], found["topic"], str(found["sitting"]), str(found["attempt"]))
            earned = (f"{found['score']:.4g}", found["earned_cents"], found["possible_cents"])
            rows.append([*quiz, *asked, *earned, found["arithmetic"], found["answer"], found["refused"]])
    return csv_text(QUIZ_COLUMNS, rows)
