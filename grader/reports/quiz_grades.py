"""Graded answers -> lines, JSON or CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from grader import __version__
from grader.quiz.credits import CountedAnswer
from grader.quiz.grade import NOT_MARKED, Graded, QuizGrade
from grader.reports.quiz_screen import plain
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
        yield Line(f"{clean(learner.learner.name)} (id {learner.learner.id})"[:width], "heading")
        for grade in learner.quizzes:
            total = f"{decimal(grade.cents)} of {decimal(grade.possible_cents)} credits"
            title = f"  {grade.sheet.id}  {grade.sheet.public.title}"
            yield Line(ends(title, total, width), "passed" if grade.passed else "failed")
            for answer in grade.counted:
                yield from _answer_lines(grade, answer, width)
            if grade.unanswered:
                yield from wrapped(f"unanswered: {', '.join(grade.unanswered)}", "skipped", width)
            for note in (*grade.doubts, *grade.notes):
                yield from wrapped(f"note: {note}", "note", width)
        yield Line("", "detail")
    for problem in graded.problems:
        yield from wrapped(clean(problem, 400), "error", width, indent="")
    count, bad = len(graded.learners), len(graded.problems)
    text = f"{count} learner{'s' if count != 1 else ''} graded"
    yield Line(f"{text}, {bad} problem{'s' if bad != 1 else ''}" if bad else text, "note")


def _answer_lines(grade: QuizGrade, answer: CountedAnswer, width: int) -> Iterator[Line]:
    refused, marked = grade.refused.get(answer.response.id, ""), grade.marks[answer.response.id]
    style: Style = "passed" if marked.share >= 1 else "failed" if marked.share <= 0 else "skipped"
    style = "error" if refused else "skipped" if marked.arithmetic == NOT_MARKED else style
    question = answer.response.question
    earned = f"{decimal(answer.cents)} of {grade.sheet.face(question).credits}"
    yield Line(ends(f"    {SIGNS[style]} {question}", earned, width), style)
    texts = (f"{marked.arithmetic}; {answer.arithmetic}", answer.note, *marked.feedback)
    for text in filter(None, [refused] if refused else texts):
        yield from wrapped(plain(text), "detail", width, indent=" " * 8)


# --- for programs -------------------------------------------------------------------------------------


def grades_to_json(graded: Graded) -> str:
    """Return one JSON document of the form ``rnn-grader/quiz-grades/1``; docs/report.md describes it."""
    document = {
        "schema": SCHEMA,
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


def _answer_object(grade: QuizGrade, answer: CountedAnswer) -> dict[str, Any]:
    response, marked = answer.response, grade.marks[answer.response.id]
    face = grade.sheet.face(response.question)
    return {
        "question": face.id,
        "topic": face.topic,
        "sitting": response.sitting,
        "attempt": response.attempt,
        "answer": clean(response.answer, SHOWN),
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


def grades_to_csv(graded: Graded) -> str:
    """Return a table with a heading, one row an answer; amounts are in credits, no text starts a formula."""
    rows: list[list[str | int]] = []
    for who, grade in ((each.learner, grade) for each in graded.learners for grade in each.quizzes):
        quiz = (who.id, who.name, grade.sheet.id, str(grade.sheet.public.version))
        for found in (_answer_object(grade, answer) for answer in grade.counted):
            asked = (found["question"], found["topic"], str(found["sitting"]), str(found["attempt"]))
            earned = (f"{found['score']:.4g}", found["earned_cents"], found["possible_cents"])
            rows.append([*quiz, *asked, *earned, found["arithmetic"], found["answer"], found["refused"]])
    return csv_text(COLUMNS, rows)
