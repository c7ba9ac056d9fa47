"""A grade -> an HTML page for the student: what was earned, and what each check says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from grader.checks.report import Outcome, Report
from grader.classroom.grades import Adjustment, ExerciseGrade, Grade, QuizResult
from grader.reports.exports import KINDS
from grader.reports.html_page import cell, mark, meter, page, prose, section, table, text
from grader.reports.text import amount, array_map, message, signed, unconfined


def student_page(grade: Grade, course: str = "") -> str:
    """Return the page; what the course withholds of hidden checks is not in it.

    Args:
        course: its title.
    """
    parts = [_problem(grade), _credits(grade), *map(_exercise, grade.exercises), _quizzes(grade)]
    title = f"{grade.name} · {course}" if course else grade.name
    return page(title, _header(grade, course), "\n".join(part for part in parts if part))


def _header(grade: Grade, course: str) -> str:
    who = [course, *([grade.submission] if grade.submission != grade.name else []), grade.learner_id]
    over = text(" · ".join(one for one in who if one))
    total = f"{amount(grade.cents)} <small>of {amount(grade.possible_cents)} credits</small>"
    return f'<div><p class="over">{over}</p><h1>{text(grade.name)}</h1></div>\n<p class="sum">{total}</p>'


def _problem(grade: Grade) -> str:
    if not grade.problem:
        return ""
    return section("What went wrong", f'<p class="note bad">{prose(grade.problem)}</p>')


def _credits(grade: Grade) -> str:
    rows = [_row(one.shown.exercise, one.shown.title, *_cents(one.shown)) for one in grade.exercises]
    rows += [_row(one.quiz, one.title, one.earned_cents, one.possible_cents) for one in grade.quizzes]
    rows += map(_adjustment, grade.adjustments)
    total = _cells('<th scope="row" colspan="2">all together</th>', "", grade.cents, grade.possible_cents)
    heads = [("part", ""), ("what it is", ""), ("share", "bar"), ("earned", "n"), ("of", "n")]
    body = f"<tbody>{''.join(rows)}</tbody>"
    return section("Credits", table("What each part earned, in credits", heads, body, total))


def _cells(name: str, drawn: str, earned: int, possible: int) -> str:
    amounts = cell(amount(earned), "n") + cell(amount(possible), "n")
    return f"<tr>{name}{cell(drawn, 'bar')}{amounts}</tr>"


def _adjustment(one: Adjustment) -> str:
    about = f"{one.exercise}: " if one.exercise else ""
    reason = cell(f'{text(about + one.reason)} <span class="tag">{KINDS[one.kind]}</span>')
    amounts = cell("", "bar") + cell(signed(one.cents), "n") + cell("", "n")
    return f'<tr><th scope="row">adjustment</th>{reason}{amounts}</tr>'


def _cents(report: Report) -> tuple[int, int]:
    return 100 * report.earned, 100 * report.credits


def _row(name: str, title: str, earned: int, possible: int) -> str:
    drawn = meter(earned / possible if possible else 1.0)
    return _cells(
        f'<th scope="row" class="name">{text(name)}</th>{cell(text(title))}', drawn, earned, possible
    )


# --- exercises -----------------------------------------------------------------------------------------


def _exercise(one: ExerciseGrade) -> str:
    report = one.shown
    heading = f'<span class="id">{text(report.exercise)}</span> {text(report.title)}'
    layers = unconfined(report.confinement) if report.source_sha256 else []
    notes = "".join(f'<p class="note">{prose(note)}</p>' for note in (*layers, *report.notes))
    checks = "\n".join(_checks(report))
    origin = [f"seed {report.seed}", *([f"file {report.source_sha256[:12]}"] if report.source_sha256 else [])]
    body = f'{notes}<ol class="checks">\n{checks}\n</ol>\n<p class="quiet">{text(" · ".join(origin))}</p>'
    return section(heading, body, f"{report.earned} of {report.credits} credits")


def _checks(report: Report) -> Iterator[str]:
    """Show every check; what several in a row would each say is said once."""
    for _, members in groupby(report.outcomes, key=lambda one: (one.status, one.message)):
        first, *rest = members
        same = "next one says" if len(rest) == 1 else f"next {len(rest)} say"
        said = _body(first) if first.status != "passed" else ""
        if said and rest:
            said += f'<p class="quiet">The {same} the same.</p>'
        yield _check(first, said)
        yield from (_check(one, "") for one in rest)


def _check(outcome: Outcome, body: str) -> str:
    hidden = '<span class="tag">hidden check</span>' if outcome.hidden else ""
    worth = f'<span class="worth">{outcome.earned}/{outcome.credits}</span>'
    body = f'\n<div class="body">{body}</div>' if body else ""
    title = f"<h3>{text(outcome.title)}{hidden}</h3>"
    return f'<li class="{outcome.status}">{mark(outcome.status)}{title}{worth}{body}</li>'


def _body(outcome: Outcome) -> str:
    if outcome.status == "skipped":
        return f'<p class="quiet">{text(message(outcome))}</p>'
    parts = [f'<pre class="says">{text(message(outcome))}</pre>'] * bool(outcome.message)
    if drawn := array_map(outcome):
        parts.append(f'<pre role="img" aria-label="{text(drawn[0])}">{text(chr(10).join(drawn))}</pre>')
    if outcome.diagnosis:
        parts.append(f'<p class="familiar"><b>This looks familiar.</b> {prose(outcome.diagnosis)}</p>')
    # What was printed in a hidden check could carry its inputs.
    if outcome.status == "failed" and outcome.output.strip() and not outcome.hidden:
        printed = f"<pre>{text(outcome.output.strip())}</pre>"
        parts.append(f"<details><summary>Your code printed</summary>{printed}</details>")
    return "".join(parts)


def _quizzes(grade: Grade) -> str:
    if not any(quiz.notes for quiz in grade.quizzes):
        return ""
    return section("Quizzes", "".join(map(_quiz, grade.quizzes)))


def _quiz(quiz: QuizResult) -> str:
    notes = "".join(f'<p class="note">{prose(note)}</p>' for note in quiz.notes)
    return f'<h3><span class="id">{text(quiz.quiz)}</span> {text(quiz.title)}</h3>{notes}' if notes else ""
