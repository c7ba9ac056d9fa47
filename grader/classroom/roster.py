"""Who is in a class by the platform's own list, and whose each submission is by it."""

import contextlib
import difflib
import functools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from grader.classroom.identity import AROUND, CLAIMED, DECIDED, ENDING, NAMED, Identity
from grader.classroom.inbox import Platform
from grader.classroom.tables import Entry
from grader.course import MAX_EXTENSION, Assignment, Course, LatePolicy, folded, people as lists
from grader.progress.grades import Note
from grader.sandbox.text import listed, one_line

FILE = "roster.csv"
GROUPS, EXTENSIONS = "groups.csv", "extensions.csv"
FORMS: tuple[tuple[Platform, frozenset[str], dict[str, str]], ...] = (
    ("github", frozenset({"identifier", "github_username"}), {"github_id": "number"}),
    ("canvas", frozenset({"student", "id", "section"}), {"id": "number"}),
    ("moodle", frozenset({"identifier", "full name"}), {"identifier": "number"}),
    ("moodle", frozenset({"identifier", "grade"}), {"identifier": "number"}),
    ("moodle", frozenset({"id", "grade can be changed"}), {"id": "number"}),  # in German
    ("moodle", frozenset({"first name", "email address"}), {}),
    ("gradescope", frozenset({"sid", "email"}), {}),
)
"""Whose list it is, by the headings that it has, and what a heading means there alone."""
WHO = ("id", "login", "email", "number", "name")  # the first that is there is a student's own id
SHORTENED = re.compile(r"\d([.,]\d+)?E\+\d+")
WORDS = re.compile(r"[^\W_]+")
MAX_LISTED, MAX_SHOWN = 3, 80  # names, and characters of one, in a sentence
MAX_MISSING = 40  # names in a sentence
COUNTS = ("latest-on-time", "latest", "best")


class Student(NamedTuple):
    """One student of a list."""

    id: str  # that their grade belongs to
    name: str  # as the list has it; the id if it has none
    ids: frozenset[str]  # all by which they may be named, folded: ids, login, e-mail address
    number: str  # that the platform names them by in a download; empty if the list does not tell
    login: str  # by which they sign in there; empty if the list does not tell
    email: str
    group: str
    row: lists.Row  # of the list

    def __str__(self) -> str:
        return f"`{self.id}`" if self.name == self.id else f"`{self.id}` ({one_line(self.name, MAX_SHOWN)})"


@dataclass(frozen=True)
class Roster:
    """The students of a class, as a platform or nobody's list has them, and the text of ``groups.csv``."""

    sheet: lists.Sheet
    platform: Platform
    students: tuple[Student, ...]
    groups: str = ""
    by_group: bool = False  # whether what one member of a group hands in counts for all of them

    @functools.cached_property
    def _by(self) -> Mapping[str, Mapping[str, Student | None]]:
        """Students by any of their ids, by the platform's number, by login, and by name; of two, None."""
        names: dict[str, Student | None] = {}
        for student in self.students:
            for form in _forms(student.name):
                names[form] = student if names.setdefault(form, student) is student else None
        return {
            "id": {name: student for student in self.students for name in student.ids},
            "number": {student.number: student for student in self.students if student.number},
            "login": {folded(student.login): student for student in self.students if student.login},
            "name": names,
        }

    def by_id(self, name: str) -> Student | None:
        """Return whom an id, a login or an e-mail address names."""
        return self._by["id"].get(folded(name))

    def by_name(self, name: str) -> Student | None:
        """Return who is called so, however a platform writes it, if only one is."""
        found = [self._by["name"][form] for form in _forms(name) if form in self._by["name"]]
        return found[0] if len({each and each.id for each in found}) == 1 else None

    def find(self, text: str) -> Student | None:
        """Return whom an instructor means by an id, a name, or a number of the platform's."""
        return self.by_id(text) or self._by["number"].get(_digits(text)) or self.by_name(text)

    def of_platform(self, handed: Entry) -> tuple[Student | None, bool]:
        """Return whom a platform says that it is by, and whether the list knows all whom it may name."""
        number, own = handed.platform_id, handed.platform == self.platform
        if handed.platform == "github":  # whoever joins there chooses the login, which may be another's id
            logins = bool(self._by["login"]) or self.platform == "github"  # where none may be known yet
            return (self._by["login"].get(folded(number)) if logins else self.by_id(number)), False
        if own and self._by["number"] and number.isdecimal():
            return self._by["number"].get(str(int(number))), True
        tells_ids = number and (handed.platform == "gradescope" or not self.platform)
        student = self.by_id(number) if tells_ids else None
        complete = own and handed.platform == "gradescope"  # where names are what people call themselves
        return student or (None if complete else self.by_name(handed.platform_name)), complete

    def nearest(self, text: str) -> str:
        """Return who may be meant by a name that nobody has, as the end of a sentence."""
        known = {**{folded(student.name): student for student in self.students}, **self._by["id"]}
        near = difflib.get_close_matches(folded(text), known, n=MAX_LISTED, cutoff=0.75)
        found = ", ".join(dict.fromkeys(str(known[name]) for name in near))
        return f"; the nearest: {found}" if found else ""

    def of_group(self, name: str) -> Student | None:
        """Return a member of the group that is called so."""
        wanted = _forms(name)
        return next((each for each in self.students if each.group and wanted & _forms(each.group)), None)

    def unit(self, student: Student) -> str:
        """Return a word for all who hand in together with a student: the group, or nobody else."""
        return f"group {student.group}" if self.by_group and student.group else f"student {student.id}"

    def members(self, student: Student, together: str) -> tuple[Student, ...]:
        """Return a student with whoever handed in too as the platform says, or with the group."""
        if named := [member for name in together.splitlines() if (member := self.by_id(name))]:
            return (student, *(member for member in named if member.id != student.id))
        if not self.by_group or not student.group:
            return (student,)
        same = (other for other in self.students if other.group == student.group and other is not student)
        return (student, *same)


def _forms(name: str) -> set[str]:
    """Return how platforms may write a name: in any order of its words, run together, without accents."""
    words = WORDS.findall(unicodedata.normalize("NFC", name).casefold())
    turned = {"".join([*words[at:], *words[:at]]) for at in range(min(len(words), 6))}
    bare = {unicodedata.normalize("NFKD", form) for form in turned}
    plain = {re.sub(r"[^a-z0-9]", "", form) for form in turned | bare}  # Canvas drops what is not ASCII
    return {form for form in turned | plain if len(form) > 1}


def _digits(text: str) -> str:
    found = re.search(r"(\d{1,19})\Z", text.strip())
    return str(int(found[1])) if found else ""


# --- reading it -----------------------------------------------------------------------------------------


def read_roster(course: Course, given: Path | None = None) -> Roster | None:
    """Read a class's list: the one named, ``class/roster.csv``, ``roster.csv`` or none; or CannotDo."""
    with contextlib.suppress(OSError):  # what is about people is nothing for git
        if course.private_folder.is_dir() and not (course.private_folder / ".gitignore").exists():
            (course.private_folder / ".gitignore").write_text("*\n", encoding="utf-8")
    for path in [given] if given else [course.private_folder / FILE, course.root / FILE]:
        if given or path.is_file():
            groups = course.private_folder / GROUPS
            text = lists.read_sheet(groups, lists.FIELDS).text if groups.is_file() else ""
            return make_roster(lists.read_sheet(path, lists.FIELDS), text)
    return None


def make_roster(sheet: lists.Sheet, groups: str = "") -> Roster:
    """Return the students of a table, whosever it is, with groups by another one's text; or CannotDo."""
    titles = sheet.titles
    platform, _, own = next((form for form in FORMS if form[1] <= set(titles)), ("", frozenset(), {}))
    aliases = lists.FIELDS | own
    found = [aliases[title] for title in titles if title in aliases]
    if not {"id", "login", "email", "name", "number", "first"} & set(found):
        has = ", ".join(f"`{one_line(title, 20)}`" for title in sheet.heading[:MAX_LISTED]) or "none"
        known = "such as `id`, `name` and `email`, or those of a platform's export"
        cure = f"give it headings {known}, in English, or in German, French or Spanish as Moodle writes them"
        raise sheet.bad(1, f"has no heading that names students ({has}); {cure}")
    if twice := [title for title in titles if title in aliases and titles.count(title) > 1]:
        raise sheet.bad(1, f"has two columns `{one_line(twice[0], MAX_SHOWN)}`; take one of them out")
    students: list[Student] = []
    holders: dict[tuple[str, str], int] = {}
    for row, (line, record) in zip(sheet.rows, sheet.records(aliases), strict=True):
        if (student := _student(row, record, platform, sheet)) is None:
            continue
        names = {("id", name) for name in student.ids} | {("number", student.number)} - {("number", "")}
        for kind, name in sorted(names):
            if (before := holders.setdefault((kind, name), line)) != line:
                told = f"names `{one_line(name, MAX_SHOWN)}`, whom line {before} names as well"
                raise sheet.bad(line, f"{told}; take one of them out, or correct it")
        students.append(student)
    if not students:
        raise sheet.bad(1, "lists no student; export it again, or write a row for each")
    roster = Roster(sheet, platform, tuple(students))
    return _grouped(roster, groups) if groups else roster


def _grouped(roster: Roster, text: str) -> Roster:
    aliases = lists.FIELDS | {"student": "id", "canvas_user_id": "number", "user_id": "id"}
    sheet, found = lists.parse_sheet(text.encode(), GROUPS, aliases), dict[str, str]()
    has = {aliases.get(title, "") for title in sheet.titles}
    if "group" not in has or not has & {*WHO}:
        raise sheet.bad(1, "should have a heading `group`, and one such as `id` that names students")
    for line, record in sheet.records(aliases):
        names = [name for field in WHO for name in record.get(field, ())]
        student = next(filter(None, map(roster.find, names)), None)
        if names and student is None:
            told = f"names `{one_line(names[0], MAX_SHOWN)}`, who is not in {roster.sheet.name}"
            raise sheet.bad(line, f"{told}{roster.nearest(names[0])}; correct it, or take it out")
        group = one_line(" ".join(record.get("group", ())), 200)
        if student and group and found.setdefault(student.id, group) != group:
            raise sheet.bad(line, f"puts {student} into a second group; take one of the rows out")
    students = (each._replace(group=found.get(each.id, each.group)) for each in roster.students)
    return replace(roster, students=tuple(students), groups=text)


def _student(
    row: lists.Row, record: Mapping[str, list[str]], platform: Platform, sheet: lists.Sheet
) -> Student | None:
    """Return the student of a row; None if it is about something else."""
    first = defaultdict[str, str](str, {field: cells[0] for field, cells in record.items() if cells})
    name, number = lists.full_name(record), _digits(first["number"])
    known = {"number": number, **{field: first[field] for field in ("id", "login", "email")}}
    if lists.is_staff(record) or (
        platform == "canvas" and (folded(name) in lists.NOBODY or not any(known.values()))
    ):
        return None
    known["name"] = name
    id_ = next((known[field] for field in WHO if known[field]), "")
    if not id_:
        raise sheet.bad(row.line, "names no student; give an id, or take the row out")
    if SHORTENED.fullmatch(id_):
        raise sheet.bad(row.line, f"has the id `{id_}`, which a spreadsheet has shortened; export it again")
    if not id_.isprintable() or len(id_) > 200:
        raise sheet.bad(row.line, f"has the id `{one_line(id_, MAX_SHOWN)}`, which is none; correct it")
    ids = {folded(cell) for field in ("id", "login", "email") for cell in record.get(field, ())}
    shown, group = (one_line(text, 200) for text in (name or id_, first["group"]))
    own = (number, known["login"], known["email"], group)
    return Student(id_, shown, frozenset(ids or {folded(id_)}), *own, row)


def late_policy(course: Course, assignment: Assignment | None, roster: Roster | None) -> LatePolicy:
    """Return what it costs to hand in late: an assignment's own, with its deadline, else the course's.

    It has the extensions of ``class/extensions.csv`` as well; CannotDo if that names nobody.
    """
    policy = (assignment and assignment.late) or course.late
    if assignment and assignment.deadline:
        policy = replace(policy, deadline=assignment.deadline, deadlines={})
    path = course.private_folder / EXTENSIONS
    days = dict(policy.extensions)
    spelt = {folded(name): name for name in days}  # two ways to write a name are one name
    if path.is_file():
        aliases = lists.FIELDS | {"student": "id", "days": "days", "assignment": "assignment"}
        sheet = lists.read_sheet(path, aliases)
        for line, record in sheet.records(aliases):
            who = [name for field in ("id", "login", "email", "name") for name in record.get(field, ())]
            try:
                count = float(record["days"][0])
                if not who or not 0 <= count <= MAX_EXTENSION:
                    raise ValueError
            except (ValueError, KeyError, IndexError):
                raise sheet.bad(line, "should have a student and days, such as `student-003,2`") from None
            named = record.get("assignment", ())
            if not named or (assignment and assignment.id in named):
                name = spelt.setdefault(folded(who[0]), who[0])
                days[name] = max(count, days.get(name, 0.0))
            if roster and roster.find(who[0]) is None:
                told = f"names `{one_line(who[0], MAX_SHOWN)}`, who is not in {roster.sheet.name}"
                raise sheet.bad(line, f"{told}{roster.nearest(who[0])}; correct it, or take it out")
    return replace(policy, extensions=days)


# --- whose each submission is ---------------------------------------------------------------------------


class Match(NamedTuple):
    """What says whose a submission is, in words, and whom it claims to be where that is somebody else."""

    rank: int = CLAIMED
    student: Student | None = None
    by: str = ""
    other: Student | None = None


def match(handed: Entry, roster: Roster, decided: str = "") -> Match:
    """Return whose a submission is: by decision, platform, the name of its file, or what it claims."""
    if decided:
        return Match(DECIDED, roster.find(decided), "your decision")
    claimed = roster.by_id(handed.learner_id) if handed.learner_id else None
    claimed = claimed or (roster.by_name(handed.learner_name) if handed.learner_name else None)
    own = {folded(name) for name in handed.together.splitlines()}

    def other(student: Student | None) -> Student | None:
        """Return whom it claims to be, if that is nobody who hands in together with its student."""
        if claimed and student and roster.unit(claimed) == roster.unit(student):
            return None
        return claimed if claimed and not own & claimed.ids else None

    if handed.platform and (handed.platform_id or handed.platform_name):
        student, complete = roster.of_platform(handed)
        if roster.by_group and not student:
            student = roster.of_group(handed.platform_name or handed.platform_id)
        if student or complete:
            return Match(NAMED, student, handed.platform.title(), other(student))
    else:
        stem = ENDING.sub("", handed.key.rpartition("/")[2])
        bare = AROUND.sub("", stem)
        ends = (bare[sign.end() :] for sign in re.finditer("[-_ ]", bare))  # as in `week-3-student-001`
        names = dict.fromkeys((stem, bare, *ends))
        found = next(filter(None, map(roster.by_id, names)), None)
        found = found or next(filter(None, map(roster.by_name, names)), None)
        found = found or (roster.of_group(stem) if roster.by_group else None)
        theirs = any(note.kind == "nested-class" for note in handed.notes)  # whose student chose the name
        if found and not theirs:
            return Match(NAMED, found, "the name of its file", other(found))
    return Match(CLAIMED, claimed, "what it claims")


def identify_by(
    roster: Roster, everybody: Sequence[Entry], extensions: Mapping[str, float], decisions: Mapping[str, str]
) -> dict[str, Identity]:
    """Return, by key, whose each submission of a class is; several may be of one student, or of a group."""
    decided = ((each, decisions.get(each.key, "")) for each in everybody)
    matches = {each.key: match(each, roster, by_hand) for each, by_hand in decided}
    units = defaultdict[str, list[tuple[int, str]]](list)
    for handed in everybody:
        who, nothing = matches[handed.key], handed.problem or handed.nothing_found
        if who.student and (who.rank > CLAIMED or not nothing):  # which has no grade to contest
            units[roster.unit(who.student)].append((who.rank, handed.key))
    named = ((roster.find(name), name) for name in sorted(extensions, key=lambda name: extensions[name]))
    days = {student.id: name for student, name in named if student}
    identities = {}
    for handed in everybody:
        who = matches[handed.key]
        rivals = units[roster.unit(who.student)] if who.student else []
        aside = _aside(handed, who, roster, rivals)
        people = roster.members(who.student, handed.together) if who.student and not aside else ()
        extended = [days[member.id] for member in people if member.id in days]
        notes = [Note("set-aside", aside, decide=True)] if aside else []
        if who.other and not aside:
            text = f"claims to be {who.other}, but is of {who.student}, as {who.by} says; that counts"
            notes = [Note("claims-another", text, decide=True)]
        identities[handed.key] = Identity(
            who.student.id if who.student else "",
            who.student.id if people and who.student else "",
            " and ".join(member.name for member in people[:MAX_LISTED]) or handed.platform_name,
            max(extended, key=lambda name: extensions[name], default=""),
            aside,
            tuple(notes),
            tuple(member.id for member in people),
        )
    return identities


def _aside(handed: Entry, who: Match, roster: Roster, rivals: Sequence[tuple[int, str]]) -> str:
    """Return why a submission counts for nobody before the instructor decides; empty if it counts."""
    if who.student is None:
        claim = f", and claims to be {who.other}" if who.other else ""
        names = filter(None, (handed.platform_id, handed.learner_id, handed.platform_name, handed.key))
        near = next(filter(None, map(roster.nearest, names)), "")
        return f"matches nobody in {roster.sheet.name}{claim}{near}"
    if who.other and who.by == "the name of its file":
        return f"is called like {who.student}, but claims to be {who.other}"
    better = [key for rank, key in rivals if rank > who.rank]
    others = [key for _, key in rivals if key != handed.key]
    if who.rank == CLAIMED and others:
        others = better or others
        which = "more than a claim says so of" if better else "so does, by no more,"
        return f"claims to be {who.student}, but {which} {listed(others, mark='`')}"
    return ""


def missing(roster: Roster, handed_in: Iterable[str]) -> str:
    """Return who of a list is not among these ids, as the sentence on who has not handed in; or nothing."""
    there = set(handed_in)
    absent = [student for student in roster.students if student.id not in there]
    return f"nothing was handed in by {listed(absent, MAX_MISSING)}" if absent else ""
