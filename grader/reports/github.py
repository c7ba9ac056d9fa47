"""A grade -> what GitHub reads: annotations, a job summary, the result that GitHub Classroom collects.

Forms: the workflow commands of GitHub Actions, GitHub Flavored Markdown, and the input of Classroom's
autograding-grading-reporter.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from grader.checks.report import Outcome, Status
from grader.classroom.grades import ExerciseGrade, Grade
from grader.reports.lines import MARKS
from grader.reports.plain import amount, distinct, line_in, one_line, possible_cents, remarks, told
from grader.sandbox.text import clean

CLASSROOM: dict[Status, str] = {"passed": "pass", "failed": "fail", "skipped": "fail", "error": "error"}
PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")  # all of it that is ASCII


# --- annotations ---------------------------------------------------------------------------------------


def workflow_commands(grade: Grade, paths: Mapping[str, str]) -> str:
    """Return one workflow command for each check that did not pass, to be printed in a job.

    Args:
        paths: for an exercise's id, the student's file in the repository.
    """
    lines = [_command("error", {"title": "submission"}, clean(grade.problem))] * bool(grade.problem)
    for one in grade.exercises:
        path = paths.get(one.report.exercise, "")
        lines += [_annotation(one.report.exercise, outcome, path) for outcome in one.shown.outcomes]
    return "".join(f"{line}\n" for line in lines if line)


def _annotation(exercise: str, outcome: Outcome, path: str) -> str:
    if outcome.status not in ("failed", "error"):
        return ""
    place = {"file": path, "line": str(line_in(outcome, path))} if path else {}
    level = "error" if outcome.status == "failed" else "warning"  # the course's fault fails nobody's job
    return _command(level, place | {"title": f"{exercise}: {one_line(outcome.title)}"}, told(outcome))


def _command(name: str, properties: Mapping[str, str], message: str) -> str:
    fields = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in properties.items())
    return f"::{name} {fields}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    """Write what would end a command, or a property of one, as the runner reads it back."""
    for character in f"%\r\n{more}":  # the percent sign first
        text = text.replace(character, f"%{ord(character):02X}")
    return text


# --- job summary ---------------------------------------------------------------------------------------


def job_summary(grade: Grade) -> str:
    """Return Markdown for the file that ``GITHUB_STEP_SUMMARY`` names; no text in it is markup."""
    total = f"{amount(grade.cents)} of {amount(possible_cents(grade))} credits"
    lines = [f"# {_literal(grade.name)}: {_literal(total)}", ""]
    lines += [f"- {_literal(text)}" for text in remarks(grade)]
    for one in grade.exercises:
        lines += ["", *_exercise(one)]
    if grade.quizzes:
        lines += ["", "| quiz | title | credits |", "|---|---|---:|"]
        for quiz in grade.quizzes:
            share = f"{amount(quiz.earned_cents)}/{amount(quiz.possible_cents)}"
            lines.append(f"| {_literal(quiz.quiz)} | {_literal(quiz.title)} | {_literal(share)} |")
    return "\n".join([*lines, ""])


def _exercise(one: ExerciseGrade) -> Iterator[str]:
    report = one.shown
    yield f"## {_literal(f'{report.exercise} {report.title}')}: {report.earned} of {report.credits} credits"
    yield from ("", *(f"- {_literal(note)}" for note in report.notes), "")
    yield from ("| | check | credits |", "|---|---|---:|")
    for outcome in report.outcomes:
        mark = f"{MARKS[outcome.status]} {outcome.status}"
        yield f"| {mark} | {_literal(outcome.title)} | {outcome.earned}/{outcome.credits} |"
    for outcome in report.outcomes:
        if outcome.status in ("failed", "error"):
            yield from ("", f"**{_literal(outcome.title)}**", "", *_fenced(told(outcome)))


def _literal(text: str) -> str:
    """Return one line that Markdown shows as it is."""
    return PUNCTUATION.sub(r"\\\1", one_line(text))


def _fenced(text: str) -> list[str]:
    """Fence a text with more backticks than it holds in a row, so that it cannot end the block."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", text, fence]


# --- GitHub Classroom ----------------------------------------------------------------------------------


def classroom_result(grade: Grade) -> str:
    """Return the step output ``result`` that the reporter reads: JSON in base64.

    The reporter adds up what its tests earned, so adjustments are one of them.
    """
    tests = [*_tests(grade)]
    statuses = {test["status"] for test in tests} | ({"error"} if grade.problem else set())
    document = {
        "version": 1,
        "status": next((one for one in ("error", "fail") if one in statuses), "pass"),
        "max_score": possible_cents(grade) / 100,
        "tests": tests,
    }
    return base64.b64encode(json.dumps(document).encode()).decode()


def _tests(grade: Grade) -> Iterator[dict[str, Any]]:
    for one in grade.exercises:
        names = distinct(one_line(outcome.title) for outcome in one.shown.outcomes)
        for outcome, name in zip(one.shown.outcomes, names, strict=True):
            name = f"{one.report.exercise}: {name}"
            yield _test(name, CLASSROOM[outcome.status], outcome.earned, told(outcome), outcome.seconds)
    for quiz in grade.quizzes:
        status = "pass" if quiz.earned_cents >= quiz.possible_cents else "fail"
        notes = "\n".join(map(one_line, quiz.notes))
        yield _test(f"{quiz.quiz}: {one_line(quiz.title)}", status, quiz.earned_cents / 100, notes)
    if said := remarks(grade):
        yield _test("adjustments", "pass", (grade.cents - grade.raw_cents) / 100, "\n".join(said))


def _test(name: str, status: str, score: float, message: str, seconds: float = 0.0) -> dict[str, Any]:
    return {
        "name": name,
        "status": status,
        "score": score,
        "message": message,
        "test_code": "",
        "filename": "",
        "line_no": 0,
        "execution_time": f"{seconds:.3f}s",
    }
