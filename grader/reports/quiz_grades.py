"""Graded answers -> lines, JSON or CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from grader import __version__
from grader.quiz.credits import CountedAnswer
from grader.quiz.grade import Graded, LearnerGrade, QuizGrade
from grader.reports.quiz_prose import plain
from grader.reports.text import Line, Style, csv_text, decimal, ends, wrapped
from grader.sandbox.text import clean

SCHEMA = "rnn-grader/quiz-grades/1"
COLUMNS = (
    "learner_id learner quiz version question topic sitting attempt score earned possible arithmetic answer "
    "refused"
).split()
SHOWN = 200  # characters of an answer
SIGNS: dict[Style, str] = {"passed": "✓", "failed": "✗", "skipped": "–", "error": "!"}


def grades_lines(graded: Graded, width: int = 80) -> Iterator[Line]:
    """Lay out what everybody earned, answer by answer, with the arithmetic.

    Args:
        width: columns of the terminal.
    """
    for learner in graded.learners:
        yield from _learner_lines(learner, width)
    for problem in graded.problems:
        yield from wrapped(clean(problem, 400), "error", width, indent="")
    count, bad = len(graded.learners), len(graded.problems)
    text = f"{count} learner{'s' if count != 1 else ''} graded"
    yield Line(f"{text}, {bad} problem{'s' if bad != 1 else ''}" if bad else text, "note")


def _learner_lines(learner: LearnerGrade, width: int) -> Iterator[Line]:
    yield Line(f"{clean(learner.learner.name)} (id {learner.learner.id})"[:width], "heading")
    for grade in learner.quizzes:
        total = f"{decimal(grade.cents)} of {decimal(grade.possible_cents)} credits"
        style: Style = "passed" if grade.passed else "failed"
        yield Line(ends(f"  {grade.sheet.id}  {grade.sheet.public.title}", total, width), style)
        for one in grade.counted:
            yield from _counted_lines(grade, one, width)
        if grade.unanswered:
            yield from wrapped(f"unanswered: {', '.join(grade.unanswered)}", "skipped", width)
        for note in grade.notes:
            yield from wrapped(f"note: {note}", "note", width)
    yield Line("", "detail")


def _counted_lines(grade: QuizGrade, one: CountedAnswer, width: int) -> Iterator[Line]:
    refused = grade.refused.get(one.response.id, "")
    marked = grade.marks[one.response.id]
    style: Style = "passed" if marked.share >= 1 else "failed" if marked.share <= 0 else "skipped"
    style = "error" if refused else style
    possible = grade.sheet.face(one.response.question).credits
    title = f"    {SIGNS[style]} {one.response.question}"
    yield Line(ends(title, f"{decimal(one.cents)} of {possible}", width), style)
    arithmetic = f"{marked.arithmetic}; {one.arithmetic}"
    texts = [refused] if refused else [arithmetic, *([one.note] if one.note else []), *marked.feedback]
    for text in texts:
        yield from wrapped(plain(text), "detail", width, indent=" " * 8)


# --- for programs -------------------------------------------------------------------------------------


def grades_to_json(graded: Graded) -> str:
    """Return one JSON document of the form ``rnn-grader/quiz-grades/1``; docs/report.md describes it."""
    document = {
        "schema": SCHEMA,
        "grader_version": __version__,
        "learners": [
            {
                "id": one.learner.id,
                "name": one.learner.name,
                "quizzes": [_quiz_object(grade) for grade in one.quizzes],
            }
            for one in graded.learners
        ],
        "problems": [clean(one, 400) for one in graded.problems],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _quiz_object(grade: QuizGrade) -> dict[str, Any]:
    return {
        "quiz": grade.sheet.id,
        "version": grade.sheet.public.version,
        "title": grade.sheet.public.title,
        "earned_cents": grade.cents,
        "possible_cents": grade.possible_cents,
        "passed": grade.passed,
        "answers": [_answer_object(grade, one) for one in grade.counted],
        "unanswered": list(grade.unanswered),
        "notes": list(grade.notes),
    }


def _answer_object(grade: QuizGrade, one: CountedAnswer) -> dict[str, Any]:
    face, marked = grade.sheet.face(one.response.question), grade.marks[one.response.id]
    return {
        "question": face.id,
        "topic": face.topic,
        "sitting": one.response.sitting,
        "attempt": one.response.attempt,
        "answer": clean(one.response.answer, SHOWN),
        "certainty": one.response.certainty,
        "score": round(marked.share, 6),
        "earned_cents": one.cents,
        "possible_cents": 100 * face.credits,
        "arithmetic": f"{marked.arithmetic}; {one.arithmetic}",
        "note": one.note,
        "feedback": list(marked.feedback),
        "refused": grade.refused.get(one.response.id, ""),
        "at": one.response.at,
    }


def grades_to_csv(graded: Graded) -> str:
    """Return a table with a heading, one row an answer; amounts are in credits, no text starts a formula."""
    rows = (row for learner in graded.learners for row in _cells(learner))
    return csv_text(COLUMNS, rows)


def _cells(learner: LearnerGrade) -> Iterator[list[str | int]]:
    for grade in learner.quizzes:
        for one in grade.counted:
            found = _answer_object(grade, one)
            who = (learner.learner.id, learner.learner.name, grade.sheet.id, str(grade.sheet.public.version))
            asked = (found["question"], found["topic"], str(found["sitting"]), str(found["attempt"]))
            earned = (f"{found['score']:.4g}", found["earned_cents"], found["possible_cents"])
            yield [*who, *asked, *earned, found["arithmetic"], found["answer"], found["refused"]]
