"""What an instructor says of submissions: comments to be used again, many at once, of whoever is meant."""

import hmac
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from grader.classroom import gradebook, tables
from grader.course import FIELDS, CannotDo, Course, dataclass, read_sheet, strict_yaml
from grader.progress.grades import ClassGrades

FILE = "comments.yaml"
MOST = 1000  # credits
CREDITS = "should be credits to add, such as 1.5, or -2 to take away"
WHO = ("submission", "id", "login", "email", "name")
COLUMNS = {name: name for name in ("submission", "exercise", "comment", "credits", "reason")}


@dataclass(frozen=True)
class Comment:
    """Something to say of many submissions, named by its id, and credits; below 0 they are taken away."""

    id: str
    text: str
    credits: float = 0.0


@dataclass(frozen=True)
class CommentsFile:
    """The contents of ``comments.yaml``."""

    comments: tuple[Comment, ...]


def cents_of(text: str) -> int:
    """Return credits that somebody wrote as hundredths; ValueError says what they should be."""
    try:
        cents = Decimal(text) * 100
    except InvalidOperation:
        cents = Decimal("NaN")
    if not cents.is_finite() or cents != cents.to_integral_value() or not 0 < abs(cents) <= 100 * MOST:
        raise ValueError(CREDITS)
    return int(cents)


def adjustments(
    book: gradebook.Gradebook,
    course: Course,
    grades: ClassGrades,
    wanted: str,
    exercises: Sequence[str],
    *,
    comment: str,
    credits: str,
    reason: str,
) -> Iterator[tables.ManualAdjustment]:
    """Yield what is to be kept of something that is said, without a time and an author.

    Args:
        wanted: whose submission is meant: its name or file, its student, or a pseudonym.
        exercises: what it is about, for each the same; none: the submission as a whole.
        comment: id of one of ``comments.yaml``, whose words and credits count where no other are given.

    Raises:
        LookupError: there is no such submission, or more than one; the text says which.
        ValueError: it says nothing, or something that cannot be; the text says what.
        CourseError: ``comments.yaml`` is malformed.
    """
    key = submission_meant(book, course, grades, wanted)
    path = course.root / FILE
    found = strict_yaml.load(path, CommentsFile).comments if path.is_file() else ()
    known = {each.id: each for each in found}
    if comment and comment not in known:
        there = f"there are {', '.join(known)}" if known else f"write it into {FILE}"
        raise ValueError(f"there is no comment `{comment}`; {there}")
    kept = known.get(comment, Comment("", ""))
    words = " ".join((reason or kept.text).split())
    if not words:
        raise ValueError("an adjustment needs a --reason, or a --comment, for the student to read")
    grade = next(grade for grade in grades.grades if grade.key == key)
    if others := grades.others_named(grade, words):
        raise ValueError(f"the reason names `{others[0]}`, and {grade.name} will read it; leave the name out")
    cents = cents_of(credits) if credits else cents_of(str(kept.credits)) if kept.credits else 0
    try:
        about = dict.fromkeys(map(course.exercise_id, exercises)) or ("",)
    except CannotDo as error:
        raise ValueError(str(error)) from None
    yield from (tables.ManualAdjustment("", key, exercise, cents, words) for exercise in about)


def submission_meant(book: gradebook.Gradebook, course: Course, grades: ClassGrades, wanted: str) -> str:
    """Return the key of the submission meant by name, file, student or pseudonym; or LookupError."""
    try:
        return book.find(wanted).key
    except LookupError:
        roster, names = book.roster(), pseudonyms(course, grades)
        student = roster.find(wanted) if roster else None
        counting = [grade for grade in grades.grades if grade.counts]
        theirs = [grade.key for grade in counting if student and student.id in grade.people]
        theirs += [key for key, name in names.items() if name == wanted]
        if not roster:
            theirs += [grade.key for grade in grades.grades if wanted in (grade.student, grade.learner_name)]
        if len(theirs) == 1:
            return theirs[0]
        if student:
            raise LookupError(f"has no submission of {student} that counts") from None
        raise


def read_many(book: gradebook.Gradebook, course: Course, path: Path) -> Iterator[tables.ManualAdjustment]:
    """Yield the adjustments of a table, a row each: whose it is, and what is said; or CannotDo."""
    aliases, grades = FIELDS | COLUMNS, book.class_grades(course)
    sheet = read_sheet(path, aliases)
    for line, record in sheet.records(aliases):
        cells = {field: next(iter(record.get(field, ())), "") for field in (*WHO, *COLUMNS)}
        who = next((cells[field] for field in WHO if cells[field]), "")
        about = tuple(filter(None, map(str.strip, cells["exercise"].split(","))))
        if not who:
            raise sheet.bad(line, "names no submission; give its name, or its student's id")
        try:
            said = {name: cells[name] for name in ("comment", "credits", "reason")}
            yield from adjustments(book, course, grades, who, about, **said)
        except (LookupError, ValueError) as error:
            raise sheet.bad(line, str(error)) from None


def pseudonyms(course: Course, grades: ClassGrades) -> dict[str, str]:
    """Return what to call submissions where graders should not know whose they are; it stays."""
    secret = tables.round_secret(course)
    whose = {grade.key: tables.hashed("pseudonym", grade.student or grade.key) for grade in grades.grades}
    mixed = {key: hmac.new(secret, text.encode(), "sha256").hexdigest() for key, text in whose.items()}
    return {key: f"anon-{text[:8]}" for key, text in mixed.items()}
