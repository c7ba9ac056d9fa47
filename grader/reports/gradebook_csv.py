"""The grades of a class -> CSV that the gradebooks of Canvas and Moodle import.

Forms: Canvas's ``gradebook_importer.rb``; Moodle's page "Grade import".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from grader.classroom.grades import ClassGrades, Grade
from grader.reports.plain import one_line
from grader.reports.statement import decimal, harmless

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
READ_ONLY = "(read only)"  # Canvas's own word for a column that its import leaves alone


def canvas_csv(grades: ClassGrades, section: str = "") -> str:
    """Return a table in Canvas's form; the learner's id is the login by which Canvas knows them.

    The total goes by the name of Canvas's own, which its import ignores: it adds up the columns itself.

    Args:
        section: of all students; empty where Canvas needs none.
    """
    possible = [decimal(item.possible_cents) for item in grades.items]
    blank = [""] * (len(CANVAS) - 1)
    rows = [["Points Possible", *blank, *possible, decimal(0), READ_ONLY]]
    for grade in grades.grades:
        # Canvas takes any row whose first cell holds these two words for the row of what is possible.
        name = one_line(grade.name).replace("Points Possible", "Points_Possible")
        who = (name, "", "", grade.learner_id, section)
        rows.append([*map(_text, who), *_amounts(grades, grade)])
    return _table([*CANVAS, *_titles(grades), "Adjustments", "Final Points"], rows)


def moodle_csv(grades: ClassGrades, identifier: str = "Email address") -> str:
    """Return a table with a column for everything that Moodle's import can be told to map.

    Args:
        identifier: heading of the column of learners' ids: what Moodle knows them by, such as ``Username``.
    """
    rows = [[_text(one.learner_id), _text(one.name), *_amounts(grades, one)] for one in grades.grades]
    return _table([_text(identifier), "Name", *_titles(grades), "Adjustments", "Total"], rows)


def _titles(grades: ClassGrades) -> list[str]:
    # Canvas takes a number in brackets at the end for its own number of an assignment; an id is none.
    return [_text(f"{item.title} ({item.id})") for item in grades.items]


def _amounts(grades: ClassGrades, grade: Grade) -> list[str]:
    """Return one amount an item, the adjustments and the total; blank where nothing was graded."""
    earned = [item.earned_cents(grade) for item in grades.items]
    cells = ["" if cents is None else decimal(cents) for cents in earned]
    if not any(cells) and not grade.adjustments:
        return [*cells, "", ""]
    return [*cells, decimal(grade.cents - grade.raw_cents), decimal(grade.cents)]


def _text(cell: str) -> str:
    return harmless(one_line(cell))


def _table(heading: list[str], rows: Iterable[list[str]]) -> str:
    table = io.StringIO()
    writer = csv.writer(table, quoting=csv.QUOTE_ALL, lineterminator="\n")  # so that no `;` splits a cell
    writer.writerow(heading)
    writer.writerows(rows)
    return table.getvalue()
