"""A class's grades as instructors take them along: pages, zips of pages, and a platform's own list filled in.

Sources: Canvas's ``gradebook_importer.rb``; Moodle's page "Grade import".
"""

import contextlib
import html
import itertools
import operator
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import NamedTuple

from grader.checks.report import reports_to_json
from grader.classroom import inbox, roster as rosters
from grader.course import FIELDS, Assignment, CannotDo, folded, write_atomic, zipped
from grader.progress import QUESTION, ClassGrades, Grade
from grader.progress.grades import MAX_NOTES, Item, check_rates, frequent_failures, noted, said_once
from grader.reports import exports, html as pages, tables
from grader.reports.text import Verbatim, amount, csv_text, decimal
from grader.sandbox.text import clean, listed, one_line

PAGES = ("report.html", "report.json")
MOST_BINS = 12
EXERCISE = operator.attrgetter("exercise")
MOST_NOTES = 200  # of a kind, on the page of a class
MOST_BYTES = 2048  # of one text there
OF_CANVAS = {"student", "id", "sis user id", "sis login id", "integration id", "root account", "section"}
FREE_TEXT = {"name", "first", "last"}
READ_ONLY = "(read only)"  # Canvas's own word for a column that its import leaves alone
NUMBERED = re.compile(r" \(\d+\)\Z")  # how Canvas ends the title of an assignment
MARKUP = re.compile(r"(<style.*?</style>|<[^>]*>)", re.DOTALL)


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
    write_atomic(folder / "moved.csv", exports.moved_csv(grades))
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
    asked = ((grade, note) for grade in grades.grades for note in grade.notes if note.kind == QUESTION)
    for grade, note in asked:
        text = note.text.casefold()
        reports = [
            report for report in grade.reports if re.search(rf"\b{re.escape(report.exercise)}\b", text)
        ]
        failed = [each for report in reports for each in report.outcomes if each.status == "failed"]
        named = [each for each in failed if each.check in text or each.title.casefold() in text]
        checks = "; ".join(each.title for each in named or failed)
        about = (", ".join(report.exercise for report in reports), checks, note.text)
        cells = (grade.submission, grade.key, grade.student, *about, "" if note.decide else "yes")
        rows.append([*map(one_line, cells)])
    return csv_text(["submission", "key", "student", "exercise", "checks", "question", "answered"], rows)


def student_page(grade: Grade, course: str = "") -> str:
    """Return one student's page, below the course's title; what is withheld of hidden checks is not in it."""
    who = [course, grade.submission if grade.submission != grade.name else "", grade.login]
    return pages.render(
        "student",
        grade=grade,
        course=course,
        over=" · ".join(part for part in who if part),
        reports=grade.shown,
        kinds=exports.KINDS,
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
    possible, histogram = grades.possible_cents, None
    if graded and possible:  # how credits lie, in hundredths
        steps = (digit * 10**power for power in itertools.count(1) for digit in (1, 2, 5))
        step = next(step for step in steps if step * MOST_BINS >= possible)  # a round number of them
        bars = [0] * -(-possible // step)
        for cents in graded:
            bars[min(len(bars) - 1, cents // step)] += 1
        edges = [amount(number * step) for number in range(len(bars) + 1)]
        words = "; ".join(f"{edges[n]} to {edges[n + 1]}: {count}" for n, count in enumerate(bars))
        histogram = {"counts": bars, "step": step, "median": round(median(graded)), "description": words}
    parts = ", ".join(item.id for item in grades.items)
    return pages.render(
        "class",
        limits=[MOST_BYTES],
        grades=grades,
        title=grades.title or "Class",
        figures=figures,
        undecided=said_once(undecided),
        notes=said_once(notes[len(undecided) :]),
        decide=tables.DECIDE,
        most=MOST_NOTES,
        graded=graded,
        histogram=histogram,
        titles={item.id: item.title for item in grades.items},
        rates=[(name, list(each)) for name, each in itertools.groupby(check_rates(grades), EXERCISE)],
        failures=frequent_failures(grades),
        caption=f"Credits of {amount(possible)} before and after adjustments; parts: {parts}",
        adjustment_text=exports.adjustment_text,
    )


# --- a platform's own list -------------------------------------------------------------------------------


class _Column(NamedTuple):
    """A column for credits: its title, where it stands in the list, if it does, and of what; None: of all."""

    title: str
    place: int | None = None
    item: Item | None = None


def fill(
    grades: ClassGrades, roster: rosters.Roster, assignment: Assignment | None, *, dry_run: bool
) -> tuple[str, list[str]]:
    """Return a roster with the grades in the columns that it has for them, and what to tell of it.

    Other cells stay as they are. In a dry run, which cells of students would change is returned instead, a
    line each. CannotDo says which column is not there, or twice.
    """
    sheet, titles, canvas = roster.sheet, roster.sheet.titles, roster.platform == "canvas"
    told = dict[str, None]()
    kept, columns = _columns(roster, grades.items, assignment, told)
    theirs = {name: grade for grade in grades.grades if grade.counts for name in grade.people}
    students = {student.row.line: student for student in roster.students}
    free = [FIELDS.get(title) in FREE_TEXT or title == "online text" for title in titles]
    rows, changes, changed = list[list[str]](), list[str](), set[str]()
    for row in sheet.rows:
        student, record = students.get(row.line), dict(zip(titles, row.cells, strict=True))
        cells = {place: row.cells[place] if free[place] else Verbatim(row.cells[place]) for place in kept}
        grade = theirs.get(student.id) if student else None
        for number, column in enumerate(columns, len(titles)):
            before = after = "" if column.place is None else row.cells[column.place]
            cents = None
            if grade:
                cents = column.item.earned_cents(grade) if column.item else grade.total_cents
            if student and cents is not None and not _is_closed(student, record, grades, told):
                after = before if _same(before, cents) else decimal(cents)
            elif not student and canvas and record["student"].strip() and not record["id"].strip():
                after = _points(before, column, grades, told)
            if student and after != before:
                changed.add(student.id)
                told_before = f"{clean(before, 40)}, would be " if before.strip() else "would be "
                changes.append(f"{student}, {one_line(column.title, 80)}: {told_before}{after}\n")
            cells[column.place if column.place in kept else number] = Verbatim(after)
        if student or canvas:
            rows.append(list(cells.values()))
    if absent := rosters.missing(roster, theirs):
        told[f"{absent}; these cells stay as they are"] = None
    if dry_run:
        count = f"{len(changed)} of {len(roster.students)} students would change in {sheet.name}\n"
        return "".join([*changes, count]), list(told)
    heading = [sheet.heading[place] for place in kept]
    heading += [column.title for column in columns if column.place not in kept]
    return csv_text(list(map(Verbatim, heading)), rows), list(told)


def _columns(
    roster: rosters.Roster, items: Iterable[Item], assignment: Assignment | None, told: dict[str, None]
) -> tuple[list[int], list[_Column]]:
    """Return the places of the cells that stay, and the columns for credits, found by one of their names.

    Of an assignment it is its own column, else one of each exercise and quiz; a number may end the title.
    """
    file, titles, canvas = roster.sheet.name, roster.sheet.titles, roster.platform == "canvas"
    if roster.platform == "moodle" and "grade" in titles:  # its grading worksheet, which comes back whole
        return list(range(len(titles))), [_Column("Grade", titles.index("grade"))]
    known = OF_CANVAS if canvas else {*FIELDS, *(title for title in titles if title.endswith("_id"))}
    kept, columns = [place for place, title in enumerate(titles) if title in known], list[_Column]()
    wanted: list[tuple[list[str], Item | None]]
    wanted = [([f"{item.title} ({item.id})", item.title, item.id], item) for item in items]
    required = assignment.column if canvas and assignment else ""
    if canvas and assignment:
        wanted = [([required or assignment.title], None)]
    for names, item in wanted:
        forms = set(map(folded, names))
        found = [
            _Column(title, place, item)
            for place, title in enumerate(roster.sheet.heading)
            if forms & {folded(title), folded(NUMBERED.sub("", title))} and place not in kept
        ]
        if len(found) > 1:
            both = " and ".join(f"`{one_line(column.title, 80)}`" for column in found[:2])
            raise CannotDo(f"{file} has {both}; give `column` in course.yaml the number too")
        if not found and required:
            cure = "correct `column` there, or export the gradebook again"
            raise CannotDo(f"{file} has no column `{required}`, which course.yaml names; {cure}")
        if not found and canvas:
            told[f"`{names[0]}` is no column of {file}: the import makes a new one"] = None
        columns += found or [_Column(names[0], None, item)]
    return kept, columns if canvas else [*columns, _Column("Total")]


def _points(before: str, column: _Column, grades: ClassGrades, told: dict[str, None]) -> str:
    """Return what there is to earn, in Canvas's row that says so; hold that the platform says the same."""
    possible = column.item.possible_cents if column.item else grades.possible_cents
    if before.strip().startswith(READ_ONLY):
        raise CannotDo(f"`{column.title}` is read only there; name the column of an assignment")
    if column.place is None:
        return decimal(possible)
    if not _same(before, possible):
        has = f"`{column.title}` has {one_line(before, 20) or 'no'} points there"
        credits = f"{amount(possible)} credits here"
        told[f"{has}, and {credits}; give it as many, or no percentage is right"] = None
    return before


def _is_closed(
    student: rosters.Student, record: Mapping[str, str], grades: ClassGrades, told: dict[str, None]
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
    with contextlib.suppress(ValueError, OverflowError):
        return round(float(text.replace(",", ".")) * 100) == cents
    return False


# --- feedback ---------------------------------------------------------------------------------------------


def feedback_zip(
    grades: ClassGrades, roster: rosters.Roster | None, platform: str
) -> tuple[bytes, list[str]]:
    """Return the zip in which Moodle or Canvas takes each student's page back, and whom it leaves out.

    Its names are those of the platform's download. The page of a group goes to every member.
    """
    files, unknown = dict[str, bytes](), list[str]()
    for grade in (grade for grade in grades.grades if grade.counts):
        names = list(_places(grade, roster, platform))
        page = student_page(grade, grades.title).encode("utf-8", "backslashreplace") if names else b""
        files |= dict.fromkeys(names, page)
        unknown += [one_line(grade.submission)] * (not names)
    why = f"is from no download of {platform.title()}, which alone says how a page is called there"
    return zipped(files), [f"{listed(unknown, 20)}: {why}"] * bool(unknown)


def anonymous_zip(grades: ClassGrades, roster: rosters.Roster | None, pseudonyms: Mapping[str, str]) -> bytes:
    """Return a zip of each submission's page for graders who should not know whose it is.

    Pseudonyms, by key, stand for every name and id, also in what code printed and in comments.
    """
    files, addresses = dict[str, bytes](), {each.id: each for each in roster.students} if roster else {}
    for grade in grades.grades:
        name = pseudonyms[grade.key]
        words = {grade.submission, grade.learner_name, grade.learner_id}
        words |= {grade.login, grade.student, grade.file}
        for student in (addresses[id_] for id_ in grade.people if id_ in addresses):
            words |= {student.name, student.email, student.login, student.number, *student.ids}
        whole, single = _any_of(words), _any_of(part for text in words for part in re.split(r"[\s@,]+", text))
        shown = replace(grade, submission=name, learner_name=name, login="", notes=())
        parts = MARKUP.split(student_page(shown, grades.title))  # text, markup, text, ...
        for place in range(0, len(parts), 2):
            text = grades.people.masked(whole.sub(name, parts[place]), "anon-somebody")
            parts[place] = single.sub(name, text)
        files[f"{name}/{PAGES[0]}"] = "".join(parts).encode("utf-8", "backslashreplace")
    return zipped(dict(sorted(files.items())))


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Return what finds words of three letters or more in the text of a page."""
    longest = sorted({html.escape(word) for word in words if len(word) > 2}, key=len, reverse=True)
    found = "|".join(map(re.escape, longest))
    return re.compile(rf"(?<![^\W_])(?:{found})(?![^\W_])" if found else r"(?!)", re.IGNORECASE)


def _places(grade: Grade, roster: rosters.Roster | None, platform: str) -> Iterator[str]:
    """Yield the names of a page, one for each student whom the platform knows by a number."""
    if platform == "canvas":  # a page comes back to the file that it is about, by its number
        if grade.platform == "canvas" and (shape := _shape(grade.file, "canvas")):
            yield f"{shape}{PAGES[0]}"
        return
    members = [student for student in roster.students if student.id in grade.people] if roster else []
    own = _shape(grade.file, "moodle") if grade.platform == "moodle" else ""
    for student in members if roster and roster.platform == "moodle" else ():
        if student.number and not (own and student.number == grade.platform_id):
            name = re.sub(r"[_/\\]", " ", student.name)  # Moodle splits what it is given at `_`
            yield f"{name}_{student.number}_assignsubmission_file_/{PAGES[0]}"
    if own:
        yield f"{own}/{PAGES[0]}"


def _shape(file: str, platform: str) -> str:
    """Return what stands before a student's own name of a file in a download."""
    for name, shape in inbox.SHAPES:
        if name == platform and (found := shape.fullmatch(file)):
            rest = found["rest"] or ""
            before = file.removesuffix(rest) if rest else file
            return before if before.endswith("_") else f"{before}_"
    return ""
