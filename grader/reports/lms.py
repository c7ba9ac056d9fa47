"""Grades back in the rows of a platform's own list, and each student's page in the zip that it takes back."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from grader.classroom.roster import Roster, Student, missing, missing_note
from grader.classroom.shapes import SHAPES
from grader.course import FIELDS, Assignment, CannotDo, folded, write_zip
from grader.progress.grades import ClassGrades, Grade
from grader.reports.class_pages import student_page
from grader.reports.exports import READ_ONLY
from grader.reports.text import Verbatim, amount, csv_text, decimal
from grader.sandbox.text import listed, one_line

OF_CANVAS = {"student", "id", "sis user id", "sis login id", "integration id", "root account", "section"}
FREE_TEXT = {"name", "first", "last"}
NUMBERED = re.compile(r" \(\d+\)\Z")  # how Canvas ends the title of an assignment
PAGE = "report.html"
MARKUP = re.compile(r"(<style.*?</style>|<[^>]*>)", re.DOTALL)


class CannotFill(CannotDo):
    """A list has no place for the grades; the text names it and the cure."""


class Change(NamedTuple):
    """What a cell holds, and what it will."""

    student: Student
    column: str
    before: str
    after: str


class Filled(NamedTuple):
    """A platform's list with the grades in it.

    Args:
        changes: of cells of students.
        told: what the instructor should know, one sentence each.
    """

    heading: list[str]
    rows: list[list[str]]
    changes: list[Change]
    told: list[str]

    def csv(self) -> str:
        """Return the table."""
        return csv_text(self.heading, self.rows)


def by_student(grades: ClassGrades) -> dict[str, Grade]:
    """Return the grade that counts for each student of the roster, by id."""
    return {name: grade for grade in grades.grades if grade.counts for name in grade.people}


def per_student(grades: ClassGrades, roster: Roster, *, email: bool = False) -> ClassGrades:
    """Return one grade for each student of the roster who handed in, known by a login or an address."""
    theirs, found = by_student(grades), []
    for student in roster.students:
        if grade := theirs.get(student.id):
            login = student.email if email else student.login or student.id
            found.append(replace(grade, learner_name=student.name, login=login, platform_id=student.number))
    return replace(grades, grades=tuple(found))


def fill(grades: ClassGrades, roster: Roster, assignment: Assignment | None) -> Filled:
    """Return a roster with the grades in the columns that it has for them; other cells stay as they are.

    Args:
        assignment: whose column is filled; None for one of each exercise and quiz.

    Raises:
        CannotFill: the column that the assignment names is not there, or is not to be changed.
    """
    titles = roster.sheet.titles
    worksheet = roster.platform == "moodle" and "grade" in titles
    if roster.platform == "canvas":
        kept = [number for number, title in enumerate(titles) if title in OF_CANVAS]
    elif worksheet:
        kept = list(range(len(titles)))
    else:
        kept = [number for number, title in enumerate(titles) if FIELDS.get(title) or title.endswith("_id")]
    table = _Table(grades, roster, kept, worksheet=worksheet)
    if worksheet:
        table.columns.append(("Grade", titles.index("grade"), None))
    elif roster.platform == "canvas" and assignment:
        table.add_named(assignment.column or assignment.title, required=bool(assignment.column))
    else:
        for number, item in enumerate(grades.items):
            table.add_named(f"{item.title} ({item.id})", item.title, item.id, item=number)
        if roster.platform != "canvas":
            table.columns.append(("Total", None, None))
    return table.filled()


class _Table:
    def __init__(self, grades: ClassGrades, roster: Roster, kept: list[int], *, worksheet: bool) -> None:
        self.grades, self.roster, self.kept, self.worksheet = grades, roster, kept, worksheet
        self.titles = roster.sheet.titles
        self.columns: list[tuple[str, int | None, int | None]] = []  # title, where it is, whose credits
        self.told: list[str] = []

    def add_named(self, *names: str, item: int | None = None, required: bool = False) -> None:
        file, heading = self.roster.sheet.name, self.roster.sheet.heading
        wanted = {folded(name) for name in names}
        places = [
            number
            for number, title in enumerate(heading)
            if wanted & {folded(title), folded(NUMBERED.sub("", title))} and number not in self.kept
        ]
        if len(places) > 1:
            listed = " and ".join(f"`{one_line(heading[place], 80)}`" for place in places[:2])
            raise CannotFill(f"{file} has {listed}; give `column` in course.yaml the number too")
        if not places and required:
            cure = "correct `column` there, or export the gradebook again"
            raise CannotFill(f"{file} has no column `{names[0]}`, which course.yaml names; {cure}")
        if not places and self.roster.platform == "canvas":
            self.told.append(f"`{names[0]}` is no column of {file}: the import makes a new one")
        place = places[0] if places else None
        self.columns.append((names[0] if place is None else heading[place], place, item))

    def possible(self, item: int | None) -> int:
        return self.grades.possible_cents if item is None else self.grades.items[item].possible_cents

    def filled(self) -> Filled:
        sheet, theirs = self.roster.sheet, by_student(self.grades)
        students = {student.row.line: student for student in self.roster.students}
        filled = Filled([], [], [], self.told)
        free = {
            place
            for place, title in enumerate(self.titles)
            if FIELDS.get(title) in FREE_TEXT or title == "online text"
        }
        added = [column for column in self.columns if column[1] not in self.kept]
        filled.heading.extend(map(Verbatim, (sheet.heading[place] for place in self.kept)))
        filled.heading.extend(Verbatim(title) for title, _, _ in added)
        for row in sheet.rows:
            student, cells = students.get(row.line), {place: row.cells[place] for place in self.kept}
            cells |= {place: Verbatim(cell) for place, cell in cells.items() if place not in free}
            more = []
            for column in self.columns:
                title, place, item = column
                before = row.cells[place] if place is not None else ""
                after = before if student else self._points(before, column, row.cells)
                cents = None
                if student and (grade := theirs.get(student.id)):
                    items = self.grades.items
                    cents = grade.total_cents if item is None else items[item].earned_cents(grade)
                if student and cents is not None and not self._closed(student, row.cells):
                    after = before if _same(before, cents) else decimal(cents)
                    if after != before:
                        filled.changes.append(Change(student, title, before, after))
                if place in self.kept:
                    cells[place] = Verbatim(after)
                else:
                    more.append(Verbatim(after))
            if student or self.roster.platform == "canvas":
                filled.rows.append([*cells.values(), *more])
        return filled

    def _points(self, before: str, column: tuple[str, int | None, int | None], cells: Sequence[str]) -> str:
        """Return what there is to earn, in the row that says so; hold that the platform says the same."""
        title, place, item = column
        row = dict(zip(self.titles, cells, strict=True))
        if self.roster.platform != "canvas" or row["id"].strip() or not row["student"].strip():
            return before  # it is somebody's, or says how grades are posted
        if before.strip().startswith(READ_ONLY):
            raise CannotFill(f"`{title}` is read only there; name the column of an assignment")
        if place is None:
            return decimal(self.possible(item))
        if not _same(before, self.possible(item)):
            has = f"`{title}` has {one_line(before, 20) or 'no'} points there"
            credits = f"{amount(self.possible(item))} credits here"
            self.told.append(f"{has}, and {credits}; give it as many, or no percentage is right")
        return before

    def _closed(self, student: Student, cells: Sequence[str]) -> bool:
        """Whether Moodle lets nobody change a grade; what it has at the most is looked at as well."""
        if not self.worksheet:
            return False
        row = dict(zip(self.titles, cells, strict=True))
        most = row.get("maximum grade", "")
        if most and not _same(most, self.grades.possible_cents):
            here = f"{amount(self.grades.possible_cents)} here; change it there"
            told = f"the maximum grade is {one_line(most, 20)} there, and {here}"
            self.told += [told] * (told not in self.told)
        closed = folded(row.get("grade can be changed", "")) in ("no", "nein", "non", "0", "false")
        self.told += [f"{student}: Moodle says that this grade cannot be changed, so it stays"] * closed
        return closed


def _same(text: str, cents: int) -> bool:
    try:
        return round(float(text.replace(",", ".")) * 100) == cents
    except (ValueError, OverflowError):
        return False


def left_out(grades: ClassGrades, roster: Roster) -> list[str]:
    """Return whose cells stay as they are in the roster, and why, as sentences."""
    theirs = by_student(grades)
    absent = missing(roster, theirs)
    return [f"{missing_note(absent).text}; these cells stay as they are"] * bool(absent)


# --- feedback ---------------------------------------------------------------------------------------------


def feedback_zip(grades: ClassGrades, roster: Roster | None, platform: str) -> tuple[bytes, list[str]]:
    """Return the zip that a platform takes each student's page back in, and whom it leaves out, as sentences.

    Its names are those of the platform's download. The page of a group goes to every member.

    Args:
        platform: ``moodle`` or ``canvas``.
    """
    files, unknown = dict[str, bytes](), list[str]()
    for grade in (grade for grade in grades.grades if grade.counts):
        names = list(_places(grade, roster, platform))
        page = student_page(grade, grades.title).encode("utf-8", "backslashreplace") if names else b""
        files |= dict.fromkeys(names, page)
        unknown += [one_line(grade.submission)] * (not names)
    target = io.BytesIO()
    write_zip(files, target)
    why = f"is from no download of {platform.title()}, which alone says how a page is called there"
    return target.getvalue(), [f"{listed(unknown, 20)}: {why}"] * bool(unknown)


def anonymous_zip(grades: ClassGrades, roster: Roster | None, pseudonyms: Mapping[str, str]) -> bytes:
    """Return a zip of each submission's page for graders who should not know whose it is.

    Args:
        pseudonyms: by key. They stand for every name and id, also in what code printed and in comments.
    """
    files, addresses = dict[str, bytes](), {each.id: each for each in roster.students} if roster else {}
    for grade in grades.grades:
        name = pseudonyms[grade.key]
        words = {
            grade.submission,
            grade.learner_name,
            grade.learner_id,
            grade.login,
            grade.student,
            grade.file,
        }
        for student in (addresses[id_] for id_ in grade.people if id_ in addresses):
            words |= {student.name, student.email, student.login, student.number, *student.ids}
        whole, single = _any_of(words), _any_of(part for text in words for part in re.split(r"[\s@,]+", text))
        shown = replace(grade, submission=name, learner_name=name, login="", notes=())
        parts = MARKUP.split(student_page(shown, grades.title))  # text, markup, text, ...
        for place in range(0, len(parts), 2):
            text = grades.people.masked(whole.sub(name, parts[place]), "anon-somebody")
            parts[place] = single.sub(name, text)
        files[f"{name}/{PAGE}"] = "".join(parts).encode("utf-8", "backslashreplace")
    target = io.BytesIO()
    write_zip(dict(sorted(files.items())), target)
    return target.getvalue()


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Return what finds words of three letters or more in the text of a page."""
    longest = sorted({html.escape(word) for word in words if len(word) > 2}, key=len, reverse=True)
    found = "|".join(map(re.escape, longest))
    return re.compile(rf"(?<![^\W_])(?:{found})(?![^\W_])" if found else r"(?!)", re.IGNORECASE)


def _places(grade: Grade, roster: Roster | None, platform: str) -> Iterator[str]:
    """Yield the names of a page, one for each student whom the platform knows by a number."""
    if platform == "canvas":  # a page comes back to the file that it is about, by its number
        if grade.platform == "canvas" and (shape := _shape(grade.file, "canvas")):
            yield f"{shape}{PAGE}"
        return
    members = [student for student in roster.students if student.id in grade.people] if roster else []
    own = _shape(grade.file, "moodle") if grade.platform == "moodle" else ""
    for student in members if roster and roster.platform == "moodle" else ():
        if student.number and not (own and student.number == grade.platform_id):
            name = re.sub(r"[_/\\]", " ", student.name)  # Moodle splits what it is given at `_`
            yield f"{name}_{student.number}_assignsubmission_file_/{PAGE}"
    if own:
        yield f"{own}/{PAGE}"


def _shape(file: str, platform: str) -> str:
    """Return what stands before a student's own name of a file in a download."""
    for name, shape in SHAPES:
        if name == platform and (found := shape.fullmatch(file)):
            rest = found["rest"] or ""
            before = file.removesuffix(rest) if rest else file
            return before if before.endswith("_") else f"{before}_"
    return ""
