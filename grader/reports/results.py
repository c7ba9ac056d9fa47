"""Writes what students and instructors read: pages and reports in the folder of the results."""

from __future__ import annotations

from pathlib import Path

from grader.checks.report import reports_to_json
from grader.classroom.grades import ClassGrades
from grader.course.files import write_atomic
from grader.reports.html_class import class_page
from grader.reports.html_student import student_page


def write_pages(grades: ClassGrades, folder: Path) -> None:
    """Write a page for the class, and for each student a page and what a program can read.

    Raises:
        OSError: a file cannot be written.
    """
    write(folder / "index.html", class_page(grades))
    for grade in grades.grades:
        own = folder / "students" / grade.submission
        write(own / "report.html", student_page(grade, grades.title))
        write(own / "report.json", reports_to_json([one.shown for one in grade.exercises]) + "\n")


def write(path: Path, text: str) -> None:
    """Write a text file whole or not at all; its folder is made if it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, text)
