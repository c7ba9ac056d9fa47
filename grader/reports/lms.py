"""Grades back in the rows of a platform's own list, and each student's page in the zip that it takes back."""

import html
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from grader.classroom.inbox import SHAPES
from grader.classroom.roster import Roster, Student, missing, missing_note
from grader.course import FIELDS, Assignment, CannotDo, folded, write_zip
from grader.progress.grades import ClassGrades, Grade, Item
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
    """A platform's list with the grades in it, which cells of students change, and what to tell of it."""

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


class _Column(NamedTuple):
    """A column for credits: its title, where it stands in the list, if it does, and of what; None: of all."""

    title: str
    place: int | None = None
    item: Item | None = None


def fill(grades: ClassGrades, roster: Roster, assignment: Assignment | None) -> Filled:
    """Return a roster with the grades in the columns that it has for them; other cells stay as they are.

    Of an assignment its own column is filled, else one of each exercise and quiz; or CannotFill.
    """
    titles, canvas = roster.sheet.titles, roster.platform == "canvas"
    if roster.platform == "moodle" and "grade" in titles:  # its grading worksheet, which comes back whole
        kept, columns = list(range(len(titles))), [_Column("Grade", titles.index("grade"))]
        return _filled(grades, roster, kept, columns, {})
    known = OF_CANVAS if canvas else {*FIELDS, *(title for title in titles if title.endswith("_id"))}
    kept, told = [place for place, title in enumerate(titles) if title in known], dict[str, None]()
    if canvas and assignment:
        names = [assignment.column or assignment.title]
        columns = [_column(roster, kept, names, told, required=bool(assignment.column))]
    else:
        columns = [
            _column(roster, kept, [f"{item.title} ({item.id})", item.title, item.id], told, item)
            for item in grades.items
        ]
        columns += [_Column("Total")] * (not canvas)
    return _filled(grades, roster, kept, columns, told)


def _column(
    roster: Roster,
    kept: Sequence[int],
    names: Sequence[str],
    told: dict[str, None],
    item: Item | None = None,
    *,
    required: bool = False,
) -> _Column:
    """Find a column by one of its names, with or without a number at the end."""
    file, wanted = roster.sheet.name, set(map(folded, names))
    found = [
        _Column(title, place, item)
        for place, title in enumerate(roster.sheet.heading)
        if wanted & {folded(title), folded(NUMBERED.sub("", title))} and place not in kept
    ]
    if len(found) > 1:
        both = " and ".join(f"`{one_line(column.title, 80)}`" for column in found[:2])
        raise CannotFill(f"{file} has {both}; give `column` in course.yaml the number too")
    if not found and required:
        cure = "correct `column` there, or export the gradebook again"
        raise CannotFill(f"{file} has no column `{names[0]}`, which course.yaml names; {cure}")
    if not found and roster.platform == "canvas":
        told[f"`{names[0]}` is no column of {file}: the import makes a new one"] = None
    return found[0] if found else _Column(names[0], None, item)


def _filled(
    grades: ClassGrades,
    roster: Roster,
    kept: Sequence[int],
    columns: Sequence[_Column],
    told: dict[str, None],
) -> Filled:
    sheet, titles, theirs = roster.sheet, roster.sheet.titles, by_student(grades)
    students = {student.row.line: student for student in roster.students}
    free = [FIELDS.get(title) in FREE_TEXT or title == "online text" for title in titles]
    rows, changes, canvas = list[list[str]](), list[Change](), roster.platform == "canvas"
    for row in sheet.rows:
        student, record = students.get(row.line), dict(zip(titles, row.cells, strict=True))
        cells = {place: row.cells[place] if free[place] else Verbatim(row.cells[place]) for place in kept}
        grade = theirs.get(student.id) if student else None
        for number, column in enumerate(columns):
            before = after = "" if column.place is None else row.cells[column.place]
            cents = None
            if grade:
                cents = column.item.earned_cents(grade) if column.item else grade.total_cents
            if student and cents is not None and not _is_closed(student, record, grades, told):
                after = before if _same(before, cents) else decimal(cents)
            elif not student and canvas and record["student"].strip() and not record["id"].strip():
                after = _points(before, column, grades, told)
            if student and after != before:
                changes.append(Change(student, column.title, before, after))
            place = column.place if column.place in kept else None
            cells[len(titles) + number if place is None else place] = Verbatim(after)
        if student or canvas:
            rows.append(list(cells.values()))
    heading = [sheet.heading[place] for place in kept]
    heading += [column.title for column in columns if column.place not in kept]
    return Filled(list(map(Verbatim, heading)), rows, changes, list(told))


def _points(before: str, column: _Column, grades: ClassGrades, told: dict[str, None]) -> str:
    """Return what there is to earn, in Canvas's row that says so; hold that the platform says the same."""
    possible = column.item.possible_cents if column.item else grades.possible_cents
    if before.strip().startswith(READ_ONLY):
        raise CannotFill(f"`{column.title}` is read only there; name the column of an assignment")
    if column.place is None:
        return decimal(possible)
    if not _same(before, possible):
        has = f"`{column.title}` has {one_line(before, 20) or 'no'} points there"
        credits = f"{amount(possible)} credits here"
        told[f"{has}, and {credits}; give it as many, or no percentage is right"] = None
    return before


def _is_closed(
    student: Student, record: Mapping[str, str], grades: ClassGrades, told: dict[str, None]
) -> bool:
    """Whether Moodle lets nobody change a grade; what it has at the most is looked at as well."""
    most = record.get("maximum grade", "")
    if most and not _same(most, grades.possible_cents):
        here = f"{amount(grades.possible_cents)} here; change it there"
        told[f"the maximum grade is {one_line(most, 20)} there, and {here}"] = None
    closed = folded(record.get("grade can be changed", "")) in ("no", "nein", "non", "0", "false")
    if closed:
        told[f"{student}: Moodle says that this grade cannot be changed, so it stays"] = None
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
    """Return the zip in which Moodle or Canvas takes each student's page back, and whom it leaves out.

    Its names are those of the platform's download. The page of a group goes to every member.
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

    Pseudonyms, by key, stand for every name and id, also in what code printed and in comments.
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
