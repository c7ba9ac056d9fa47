"""The grades of a class as HTML pages: one for the instructor, and one for each student."""

import contextlib
import itertools
import re
from pathlib import Path
from statistics import median
from typing import Any

from grader.checks.report import reports_to_json
from grader.course import write_atomic
from grader.progress.grades import (
    MAX_NOTES,
    QUESTION,
    ClassGrades,
    Grade,
    check_rates,
    frequent_failures,
    noted,
    said_once,
)
from grader.reports.exports import KINDS, adjustment_text, moved_csv
from grader.reports.html import render
from grader.reports.tables import DECIDE
from grader.reports.text import amount, csv_text
from grader.sandbox.text import one_line

PAGES = ("report.html", "report.json")
MOST_BINS = 12
MOST_NOTES = 200  # of a kind, on the page of a class
MOST_BYTES = 2048  # of one text there


def write_pages(grades: ClassGrades, folder: Path) -> list[str]:
    """Write a page and tables for the class, and for each student a page and a ``report.json``; or OSError.

    Returns:
        A sentence for each student whose page could not be written, or names somebody else of the roster.
    """
    folder.mkdir(parents=True, exist_ok=True)
    students, names = folder / "students", {grade.submission for grade in grades.grades}
    for own in students.iterdir() if students.is_dir() else ():
        if own.name not in names and own.is_dir() and not own.is_symlink():
            with contextlib.suppress(OSError):
                for name in PAGES:
                    (own / name).unlink(missing_ok=True)
                own.rmdir()  # unless something else is in it
    write_atomic(folder / "moved.csv", moved_csv(grades))
    write_atomic(folder / "index.html", class_page(grades))
    write_atomic(folder / "notes.csv", notes_csv(grades))
    write_atomic(folder / "requests.csv", requests_csv(grades))
    failed = []
    for grade in grades.grades:
        own = students / grade.submission
        try:
            own.mkdir(parents=True, exist_ok=True)
            page = student_page(grade, grades.title)
            write_atomic(own / "report.html", page)
            write_atomic(own / "report.json", reports_to_json(list(grade.shown)) + "\n")
        except Exception as error:  # whatever it is, the others get theirs
            reason = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
            failed.append(one_line(f"the page of {grade.submission} could not be written: {reason}", 400))
            continue
        if others := grades.others_named(grade, page):
            told = f"the page of {grade.submission} names `{others[0]}`; read it before you give it away"
            failed.append(one_line(told, 400))
    return failed


def notes_csv(grades: ClassGrades) -> str:
    """Return a table of all that the instructor should know, first what has to be decided."""
    rows = []
    for grade, note in noted(grades):
        who = (grade.submission, grade.key, grade.student) if grade else ("", "", "")
        rows.append([*map(one_line, ("yes" if note.decide else "", *who, note.kind, note.text))])
    return csv_text(["decide", "submission", "key", "student", "kind", "note"], rows)


def requests_csv(grades: ClassGrades) -> str:
    """Return a table of what students ask about verdicts, with the checks that each may be about."""
    rows = []
    for grade in grades.grades:
        for note in (note for note in grade.notes if note.kind == QUESTION):
            text = note.text.casefold()
            reports = [report for report in grade.reports if re.search(rf"\b{report.exercise}\b", text)]
            failed = [
                outcome for report in reports for outcome in report.outcomes if outcome.status == "failed"
            ]
            named = [each for each in failed if each.check in text or each.title.casefold() in text]
            checks = "; ".join(each.title for each in named or failed)
            exercise = ", ".join(report.exercise for report in reports)
            answered = "" if note.decide else "yes"
            cells = (grade.submission, grade.key, grade.student, exercise, checks, note.text, answered)
            rows.append([*map(one_line, cells)])
    return csv_text(["submission", "key", "student", "exercise", "checks", "question", "answered"], rows)


def student_page(grade: Grade, course: str = "") -> str:
    """Return one student's page, below the course's title; what is withheld of hidden checks is not in it."""
    who = [course, grade.submission if grade.submission != grade.name else "", grade.login]
    return render(
        "student",
        grade=grade,
        course=course,
        over=" · ".join(part for part in who if part),
        reports=grade.shown,
        kinds=KINDS,
        most=MAX_NOTES,
    )


def class_page(grades: ClassGrades) -> str:
    """Return the page of the class; it shows hidden checks and is not for students."""
    graded = sorted(grade.cents for grade in grades.grades if grade.counted)
    notes = noted(grades)
    undecided = [entry for entry in notes if entry.note.decide]
    figures = [(len(grades.grades), "submissions"), (amount(grades.possible_cents), "credits to earn")]
    figures += [(amount(round(median(graded))), "median")] if graded else []
    figures += [(len(undecided), "to decide")] if undecided else []
    parts = ", ".join(item.id for item in grades.items)
    return render(
        "class",
        limits=[MOST_BYTES],
        grades=grades,
        title=grades.title or "Class",
        figures=figures,
        undecided=said_once(undecided),
        notes=said_once(notes[len(undecided) :]),
        decide=DECIDE,
        most=MOST_NOTES,
        graded=graded,
        histogram=_histogram(graded, grades.possible_cents) if graded and grades.possible_cents else None,
        titles={item.id: item.title for item in grades.items},
        rates=[
            (exercise, list(checks))
            for exercise, checks in itertools.groupby(check_rates(grades), key=lambda rate: rate.exercise)
        ],
        failures=frequent_failures(grades),
        caption=f"Credits of {amount(grades.possible_cents)} before and after adjustments; parts: {parts}",
        students=[(grade, _parts(grades, grade)) for grade in grades.grades],
        adjustment_text=adjustment_text,
    )


def _histogram(graded: list[int], possible: int) -> dict[str, Any]:
    """Return the numbers of the drawing of how credits lie, of so many possible, in hundredths."""
    steps = (digit * 10**power for power in itertools.count(1) for digit in (1, 2, 5))
    step = next(step for step in steps if step * MOST_BINS >= possible)  # a round number of hundredths
    counts = [0] * -(-possible // step)
    for cents in graded:
        counts[min(len(counts) - 1, cents // step)] += 1
    words = (
        f"{amount(number * step)} to {amount((number + 1) * step)}: {count}"
        for number, count in enumerate(counts)
    )
    return {"counts": counts, "step": step, "median": round(median(graded)), "description": "; ".join(words)}


def _parts(grades: ClassGrades, grade: Grade) -> dict[str, Any]:
    """Return what a submission earned in each part, as shares and in words; nothing if it was not graded."""
    if not grade.graded:
        return {}
    earned = [(item, item.earned_cents(grade)) for item in grades.items]
    words = [
        f"{item.id} {'not graded' if cents is None else f'{amount(cents)} of {amount(item.possible_cents)}'}"
        for item, cents in earned
    ]
    shares = [(cents or 0) / item.possible_cents if item.possible_cents else 0.0 for item, cents in earned]
    return {"shares": shares, "words": "; ".join(words)}
