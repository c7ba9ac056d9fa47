"""A class by its platform's list: graded, told, and exported into rows that are each the right one's."""

from __future__ import annotations

import csv
import io
import os
import random
import re
import unicodedata
import zipfile
from pathlib import Path

import pytest

from grader.classroom.inbox import Delivery
from grader.classroom.roster import make_roster, read_roster
from grader.course import VARIABLE, CannotDo, Course, open_course, people
from grader.course.people import FIELDS, parse_sheet
from tests.classroom.helpers import at_once
from tests.classroom.roster_class import (
    COLUMN,
    COUNT,
    DUE,
    HOUR,
    PLATFORMS,
    MadeUp,
    bundle,
    listed,
    make,
    put,
    sid,
    table,
)
from tests.helpers import Run

LONG = os.environ.get("GRADER_LONG") == "1"
WEEK = """assignments:
  - id: week-3
    title: Week 3
    exercises: [exercise-1]
    deadline: '2026-03-01T12:00:00Z'
    groups: true
    column: Week 3
"""


@pytest.fixture
def course(tiny_copy: Course, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.setattr("grader.classroom.batch.processes", lambda jobs: at_once())
    monkeypatch.setattr("grader.reports.classes.student_page", lambda grade, title="": grade.name)
    monkeypatch.setenv(VARIABLE, "a secret of the tests' own")
    with (tiny_copy.root / "course.yaml").open("a") as file:
        file.write(WEEK)
    return open_course(tiny_copy.root)


def read_back(made: MadeUp, text: str) -> dict[str, float | None]:
    """Read an export by the rules that its platform documents; return by student what they would get."""
    rows = list(csv.DictReader(io.StringIO(text)))
    if made.platform == "canvas":
        # The importer finds students by `ID`, assignments by the number in the title, and takes any row with
        # these words for the row of what is possible; what is read only it leaves alone.
        assert list(rows[0])[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
        assert list(rows[0])[5:] == [COLUMN]
        (possible,) = (row for row in rows if "Points Possible" in row["Student"])
        assert possible[COLUMN] == "7"
        students = [row for row in rows if row["ID"].isdecimal() and row["ID"] != "99999"]
        return {sid(int(row["ID"]) - 10000): number(row[COLUMN]) for row in students}
    if made.platform == "moodle":
        # The worksheet's importer finds participants by `Identifier`; it skips what may not be changed.
        assert list(rows[0])[:3] == ["Identifier", "Full name", "ID number"]
        found = {}
        for row in rows:
            participant = row["Identifier"].removeprefix("Participant ")
            kept = row["Maximum Grade"], row["Grade can be changed"], row["Feedback comments"]
            assert kept == ("7.00", "Yes", "- none")
            found[sid(int(participant) - 20000)] = number(row["Grade"])
        return found
    key = {"github": "identifier", "gradescope": "SID"}[made.platform]
    return {row[key]: number(row["Total"]) for row in rows}


def number(cell: str) -> float | None:
    return float(cell) if cell else None


def notes(course: Course) -> list[dict[str, str]]:
    text = (course.root / "results" / "notes.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_class_comes_back(run: Run, course: Course, platform: str, tmp_path: Path) -> None:
    made = make(course, tmp_path / "in", platform)
    ran = run("roster", "check", str(made.folder), "--roster", str(made.roster))
    assert ran.code == 1, ran.err
    assert f"{COUNT} students in list.csv" in ran.out
    assert ran.out.count("several of one student") == 4
    assert ran.out.count("matches nobody") == 3
    assert ran.out.count("but is of") == 2
    assert run("grade", str(made.folder), "-o", "results", "--roster", str(made.roster)).code == 1
    form = platform if platform in ("canvas", "moodle") else "roster"
    ran = run("export", "results", form, "--allow-incomplete")
    assert ran.code == 0, ran.err
    assert read_back(made, ran.out) == made.earned
    assert all(f"`{who}`" in ran.err for who in made.missing)
    told = notes(course)
    aside = {row["key"].rpartition("/")[2] for row in told if row["kind"] == "set-aside"}
    assert aside == set(made.unmatched)
    claims = {row["student"] for row in told if row["kind"] == "claims-another"}
    assert claims == set(made.false_claims)
    doubles = [row for row in told if row["kind"] == "not-counted"]
    assert {row["student"] for row in doubles} == set(made.doubles)
    assert sum(row["key"].endswith(".zip") for row in doubles) == 2, "the two that came late"
    (absent,) = (row["note"] for row in told if row["kind"] == "not-handed-in")
    assert re.findall(r"`(student-\d+)`", absent) == made.missing
    ran = run("export", "results", form, "--dry-run", "--allow-incomplete")
    assert (
        f"{len([each for each in made.earned.values() if each is not None])} of {COUNT} students would change"
        in ran.out
    )


def grade(run: Run, folder: Path, *options: str) -> None:
    ran = run("grade", str(folder), "-o", "results", *options)
    assert ran.code in (0, 1), ran.err


def totals(run: Run) -> dict[str, float | None]:
    ran = run("export", "results", "roster", "--allow-incomplete")
    assert ran.code == 0, ran.err
    return {row["id"]: number(row["Total"]) for row in csv.DictReader(io.StringIO(ran.out))}


def own_list(course: Course, rows: str, heading: str = "id,name,e-mail,section,group") -> Path:
    path = course.root / "class" / "roster.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{heading}\n{rows}", encoding="utf-8")
    return path


def hand_in(
    course: Course, name: str, credits: int, claim: str = "", called: str = "", hours: int = -1
) -> Path:
    path = course.root.parent / "handed" / name
    put(path, bundle(course, credits, claim or "anonymous", called or "anonymous"), DUE + hours * HOUR)
    return path


def test_a_roster_that_changes_in_between(run: Run, course: Course) -> None:
    """One joins, one leaves, one is renamed: right both times, and adjustments stay."""
    for n in (1, 2, 3):
        hand_in(course, f"{sid(n)}.zip", n)
    rows = [f"{sid(n)},Student {n:03},{sid(n)}@example.org,A," for n in (1, 2, 3, 4)]
    own_list(course, "\n".join(rows[:3]))
    grade(run, course.root.parent / "handed")
    assert run("adjust", "results", "Student 002", "--credits", "1", "--reason", "The idea.").code == 0
    assert totals(run) == {sid(1): 1, sid(2): 3, sid(3): 3}
    rows[1] = f"{sid(2)},Renamed Student,renamed@example.org,A,"
    own_list(course, "\n".join(rows[1:]))
    hand_in(course, f"{sid(4)}.zip", 4)
    grade(run, course.root.parent / "handed")
    assert totals(run) == {sid(2): 3, sid(3): 3, sid(4): 4}
    (aside,) = (row for row in notes(course) if row["kind"] == "set-aside")
    assert (aside["submission"], "matches nobody in roster.csv" in aside["note"]) == (sid(1), True)
    assert (course.root / "class" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(("count", "total"), [("latest-on-time", 3), ("latest", 5), ("best", 6)])
def test_which_of_several_counts(run: Run, course: Course, count: str, total: int) -> None:
    own_list(course, f"{sid(1)},Student 001,,,")
    hand_in(course, f"{sid(1)}.zip", 6, hours=-3)
    hand_in(course, f"submission-{sid(1)}.zip", 3, sid(1), "Student 001", hours=-2)
    hand_in(course, "Student 001.zip", 5, hours=2)
    grade(run, course.root.parent / "handed", "--count", count)
    assert totals(run) == {sid(1): total}
    told = [row["note"] for row in notes(course) if row["kind"] == "not-counted"]
    assert len(told) == 2
    assert all(f"counts, by `--count {count}`" in note for note in told)
    grade(run, course.root.parent / "handed")
    assert totals(run) == {sid(1): total}, "the choice stays"


@pytest.mark.parametrize(("lone", "first"), [(6, 6), (2, 5)])
def test_a_lone_submission_beside_that_of_a_pair(run: Run, course: Course, lone: int, first: int) -> None:
    """Of each member counts what is theirs: the partner keeps that of the pair, whichever is the first's."""
    folder = course.root.parent / "export"
    listed = [f":name: Student {n:03}\n      :sid: {sid(n)}\n" for n in (1, 2)]
    pair, own = (f"    - {member}" for member in ("    - ".join(listed), listed[0]))
    head = "{}:\n  :created_at: 2026-03-01 08:00:00 Z\n  :submitters:\n{}"
    (folder / "submission_1").mkdir(parents=True)
    put(folder / "submission_1", bundle(course, 5, sid(2), "Student 002"), DUE, folder=True)
    put(folder / "submission_2", bundle(course, lone, sid(1), "Student 001"), DUE, folder=True)
    text = head.format("submission_1", pair) + head.format("submission_2", own)
    (folder / "submission_metadata.yml").write_text(text)
    own_list(course, f"Student,001,{sid(1)},a@example.org\nStudent,002,{sid(2)},b@example.org\n", HEAD)
    grade(run, folder, "--count", "best")
    ran = run("export", "results", "roster", "--allow-incomplete")
    got = {row["SID"]: number(row["Total"]) for row in csv.DictReader(io.StringIO(ran.out))}
    assert got == {sid(1): first, sid(2): 5}
    told = [row["note"] for row in notes(course) if row["kind"] == "not-counted"]
    assert len(told) == 1
    assert ("for `student-001`" in told[0]) == (lone == 6)
    assert "now has 6.00" in run("adjust", "results", sid(2), "--credits", "1", "--reason", "Yes.").out


HEAD = "First Name,Last Name,SID,Email"


def test_a_claim_takes_nobody_s_row(run: Run, course: Course) -> None:
    own_list(course, "".join(f"{sid(n)},Student {n:03},,,\n" for n in range(1, 6)))
    hand_in(course, f"{sid(1)}.zip", 1, sid(1), "Student 001")
    hand_in(course, "homework.zip", 7, sid(1), "Student 001")  # more than a claim says so of the other
    hand_in(course, f"{sid(2)}.zip", 7, sid(3), "Student 003")  # the file says another than the claim
    hand_in(course, "work.zip", 7, sid(4), "Student 004")  # two mere claims
    hand_in(course, "final.zip", 5, sid(4), "Student 004")
    hand_in(course, "mine.zip", 5, sid(5), "Student 005")  # nobody contests it
    grade(run, course.root.parent / "handed")
    assert totals(run) == {sid(1): 1, sid(2): None, sid(3): None, sid(4): None, sid(5): 5}
    aside = {row["submission"] for row in notes(course) if row["kind"] == "set-aside"}
    assert aside == {"homework", sid(2), "work", "final"}
    assert run("adjust", "results", "work", "--student", "Student 004").code == 0
    assert totals(run)[sid(4)] == 7
    assert "nobody of that name" in run("adjust", "results", "final", "--student", "Student 044").err


def test_extensions_are_for_who_is_in_the_list(run: Run, course: Course) -> None:
    (course.root / "course.yaml").write_text(
        "title: T\nlate: {deadline: '2026-03-01T12:00:00Z', per_day: 100}\n"
    )
    own_list(course, f"{sid(1)},Student 001,,,\n{sid(2)},Student 002,,,\n")
    for n in (1, 2):
        hand_in(course, f"{sid(n)}.zip", 5, hours=2)
    given = course.root / "class" / "extensions.csv"
    given.write_text("student,days\nStudent 001,1\n")
    grade(run, course.root.parent / "handed")
    assert totals(run) == {sid(1): 5, sid(2): 0}
    given.write_text("student,days\nSTUDENT-001,1\nstudent-001,0\n")  # spelt in two ways, the longer counts
    grade(run, course.root.parent / "handed")
    assert totals(run) == {sid(1): 5, sid(2): 0}
    for text, told in (
        (
            "student,days\nstudent-0001,1\n",
            "line 2: names `student-0001`, who is not in roster.csv; the nearest",
        ),
        ("student,days\nstudent-001,soon\n", "line 2: should have a student and days"),
        ("student,days\nstudent-001\n", "line 2: should have a student and days"),
        ("student,days\nstudent-001,3651\n", "line 2: should have a student and days"),
    ):
        given.write_text(text)
        ran = run("grade", str(course.root.parent / "handed"), "-o", "results")
        assert (ran.code, told in ran.err) == (2, True), ran.err


def test_groups_are_told_by_their_table_or_not_at_all(run: Run, course: Course) -> None:
    own_list(course, f"{sid(1)},Student 001,,,\n{sid(2)},Student 002,,,\n")
    hand_in(course, f"{sid(1)}.zip", 5)
    given = course.root / "class" / "groups.csv"
    for text, told in (
        (f"id,team of\n{sid(1)},A\n", "groups.csv, line 1: should have a heading `group`"),
        ("whom,group\nx,A\n", "groups.csv, line 1: should have a heading `group`"),
        ("id,group\nstudent-009,A\n", "line 2: names `student-009`, who is not in roster.csv"),
        (f"id,group\n{sid(1)},A\n{sid(1)},B\n", f"line 3: puts `{sid(1)}` (Student 001) into a second group"),
    ):
        given.write_text(text)
        ran = run("grade", str(course.root.parent / "handed"), "-o", "results")
        assert (ran.code, told in ran.err) == (2, True), ran.err


# --- lists as they come -----------------------------------------------------------------------------------

GOOD = "id,name,e-mail\nstudent-001,Student 001,a@example.org\nstudent-002,Student 002,b@example.org\n"


@pytest.mark.parametrize(
    "data",
    [
        GOOD.encode(),
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace(",", ";").encode(),
        GOOD.replace(",", "\t").replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\n\n,,\n").encode(),
        b'"E-Mail","ID","Name","Other","Other"\na@example.org,student-001,"Student 001",,\n'
        b'b@example.org,student-002,"Student, 002",x,y\n',
        GOOD.replace("student-002,", "student-002 , ").encode(),
        f"sep=;\n{GOOD.replace(',', ';')}".encode(),
        f'"SEP=|"\r\n{GOOD.replace(",", "|")}'.encode(),
        GOOD.replace(",", "\t").encode("utf-16"),
        b"\xfe\xff" + GOOD.replace(",", "\t").encode("utf-16-be"),
        GOOD.replace("Student 001", '"Student\n001"').encode(),
    ],
)
def test_a_list_is_read_however_it_is_written(data: bytes) -> None:
    roster = make_roster(parse_sheet(data, "roster.csv", FIELDS))
    assert [student.id for student in roster.students] == [sid(1), sid(2)]
    assert [student.email for student in roster.students] == ["a@example.org", "b@example.org"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "line 1: has no heading that names students"),
        (b"grade,comment\n1,2\n", "line 1: has no heading that names students"),
        (b"id,name\n", "line 1: lists no student"),
        (b"id,id\na,b\n", "line 1: has two columns `id`"),
        (b"id,name\na,A\nb,B\na,C\n", "line 4: names `a`, whom line 2 names as well; take one of them out"),
        (b"id,e-mail\na,x@example.org\nb,X@example.org\n", "line 3: names `x@example.org`, whom line 2"),
        (b'id,name\na,"A\n', "line 2: unexpected end of data; mend its quotes"),
        (b'id\tname\na\t"A"B\n', "line 2: a tab expected after '\"'; mend its quotes"),
        (b"id,name\na,A,B\n", "line 2: has 3 cells, but the heading 2; put quotes around"),
        (b"id,name\na,A\n\xe4,B\n", "line 3: is not UTF-8; save it as `CSV UTF-8`"),
        (b"id,name,x\n,,y\n", "line 2: names no student"),
        (b"id\n" + b"a" * 300, "line 2: has the id"),
        (b"id,name\n7.01E+08,A\n", "line 2: has the id `7.01E+08`, which a spreadsheet has shortened"),
        (b"sep=;\nid;name\na;A\na;B\n", "line 4: names `a`, whom line 3 names as well"),
        ("Imię;Nazwisko;Poczta\na;b;c\n", "no heading that names students (`Imię;Nazwisko;Poczta`)"),
        (b"Student,ID,SIS Login ID,Section\nPoints Possible,,,\n", "line 1: lists no student"),
        ("id\n" + "\n".join(map(str, range(101))), "line 102: has more than 100 rows"),
    ],
)
def test_a_list_that_cannot_be_meant_is_one_sentence(
    data: bytes | str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert people.MAX_ROWS == 100_000
    monkeypatch.setattr(people, "MAX_ROWS", 100)
    with pytest.raises(CannotDo) as caught:
        make_roster(parse_sheet(data if isinstance(data, bytes) else data.encode(), "roster.csv", FIELDS))
    assert str(caught.value).startswith("roster.csv, ")
    assert told in str(caught.value)
    assert str(caught.value).isprintable()


CANVAS = "Student,ID,SIS User ID,SIS Login ID,Section,Week 3 (4711)"
AS_THEY_COME = {
    "Canvas: several sections, test student, rows that are no student's": (
        f"""{CANVAS}
,,,,,Manual Posting
    Possible puntos,,,,,24
"Lovelace, Ada",10001,s-1,ADA@example.org,Sec 1 and Sec 2,
"O'Hara, Zoë, Jr.",10002,s-2,zoe@example.org,Sec 1,
"Student, Test",99999,,test,Sec 1,
""",
        ["s-1", "s-2"],
        {"ada@EXAMPLE.org": "s-1", "lovelaceada": "s-1", "Ada Lovelace": "s-1", "oharazojr": "s-2"},
    ),
    "Moodle in German": (
        "ID,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Bestwertung,Bewertung kann geändert werden\n"
        "Teilnehmer/in20001,Jörg Müller,joerg@example.org,,,24.00,Ja\n",
        ["joerg@example.org"],
        {
            "Müller, Jörg": "joerg@example.org",
            "jorg muller": "joerg@example.org",
            "20001": "joerg@example.org",
        },
    ),
    "Moodle in French": (
        "Identifiant;Nom complet;Adresse de courriel;Statut;Note;Note maximale;La note peut être modifiée\n"
        "Participant 20001;Anne Élise;anne@example.org;;;24,00;Oui\n",
        ["anne@example.org"],
        {"anne elise": "anne@example.org", "Élise Anne": "anne@example.org"},
    ),
    "Moodle in Spanish, participants": (
        "Nombre,Apellido(s),Dirección de correo,Grupos,Roles\nAna,de la Cruz,ana@example.org,A,Estudiante\n",
        ["ana@example.org"],
        {"de la cruz ana": "ana@example.org"},
    ),
    "GitHub Classroom: some have not accepted": (
        "identifier,github_username,github_id,name\nstudent-001,,,\nstudent-002,gh-2,502,Student 002\n",
        ["student-001", "student-002"],
        {"Student 002": "student-002", "GH-2": "student-002"},
    ),
    "Gradescope: grades": (
        "First Name,Last Name,SID,Email,Sections,Total Score,Max Points,Status,Submission ID,Owners\n"
        "Student,001,student-001,a@example.org,A and B,,24.0,Missing,,\n"
        "Student,002,student-002,b@example.org,A,7.0,24.0,Graded,300001,Student 002\n",
        ["student-001", "student-002"],
        {"002 student": "student-002"},
    ),
}


@pytest.mark.parametrize("name", AS_THEY_COME)
def test_lists_as_platforms_really_write_them(name: str) -> None:
    text, ids, finds = AS_THEY_COME[name]
    for data in (text.encode(), text.encode("utf-16"), unicodedata.normalize("NFD", text).encode()):
        roster = make_roster(parse_sheet(data, "roster.csv", FIELDS))
        assert [student.id for student in roster.students] == ids
        for wanted, whose in finds.items():
            found = roster.find(wanted)
            assert found, wanted
            assert found.id == whose
    assert roster.platform == name.split()[0].rstrip(":").lower()


def test_a_login_of_github_is_nobody_s_while_none_is_known() -> None:
    text = "identifier,github_username,github_id,name\nstudent-001,,,\nstudent-002,,,\n"
    roster = make_roster(parse_sheet(text.encode(), "roster.csv", FIELDS))
    handed = Delivery("week-3-student-001", (), "github", "student-001")
    assert roster.of_platform(handed) == (None, False)  # type: ignore[arg-type]  # anybody can call themselves so


def test_a_worksheet_in_german_is_filled_in(run: Run, course: Course) -> None:
    heading = (
        "ID,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Bestwertung,Bewertung kann geändert werden"
    )
    rows = [f"Teilnehmer/in{20000 + n},Student {n:03},{sid(n)}@example.org,,,7.00," for n in (1, 2)]
    path = own_list(course, f"{rows[0]}Ja\n{rows[1]}Nein\n", heading)
    for n in (1, 2):
        hand_in(course, f"Student {n:03}_{20000 + n}_assignsubmission_file_/a.zip", n)
    grade(run, course.root.parent / "handed", "--roster", str(path))
    ran = run("export", "results", "moodle", "--allow-incomplete")
    first, second = csv.DictReader(io.StringIO(ran.out))
    assert (first["Bewertung"], second["Bewertung"]) == ("1.00", "")
    assert "Moodle says that this grade cannot be changed" in ran.err


def test_fuzzed_lists_are_read_or_refused_in_a_sentence(tmp_path: Path) -> None:
    """Headings reordered, cells spoilt, rows twice, lines cut; seeded."""
    course = Course(root=tmp_path, title="T")
    for platform in PLATFORMS:
        few = range(1, 11)  # so that what is spoilt is often where it matters
        names = {sid(n): f"Student {n:03}" for n in few}
        made = MadeUp(platform, tmp_path, tmp_path / "list.csv", names)
        rows = list(csv.reader(io.StringIO(listed(made, few))))
        for seed in range(60):
            chance = random.Random(seed)
            order = chance.sample(range(len(rows[0])), len(rows[0]))
            spoilt = [[row[place] for place in order] for row in rows]
            for _ in range(chance.randrange(6)):
                row = chance.choice(spoilt)
                row[chance.randrange(len(row))] = chance.choice(
                    ["", '"', "\0", "x,y", "=1+1", "\u202e", "é", "1" * 400]
                )
            spoilt += chance.choices(spoilt, k=chance.randrange(2))
            text = table(spoilt, chance.choice(",;\t"))
            for _ in range(chance.randrange(3)):
                at = chance.randrange(len(text))
                text = text[:at] + chance.choice(['"', "\n", ";", "\ufeff", ""]) + text[at + 1 :]
            made.roster.write_text(
                text, encoding=chance.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252"]), errors="replace"
            )
            said = ""
            try:
                roster = read_roster(course, made.roster)
                assert roster
                assert len({student.id for student in roster.students}) == len(roster.students)
            except CannotDo as error:
                said = str(error)
            assert said == "" or re.match(r"list\.csv, line \d+: ", said)
            assert said.isprintable()
            assert len(said) < 400


@pytest.mark.slow
def test_a_list_of_fifty_thousand(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text("id;name\n" + "\n".join(f"s{n};Student {n}" for n in range(50_000)))
    roster = read_roster(Course(root=tmp_path, title="T"), path)
    assert roster
    assert len(roster.students) == 50_000
    assert str(roster.find("Student 49999")) == "`s49999` (Student 49999)"


# --- back to the platform -----------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", ["canvas", "moodle"])
def test_pages_go_back_under_the_names_of_the_download(
    run: Run, course: Course, platform: str, tmp_path: Path
) -> None:
    made = make(course, tmp_path / "in", platform)
    grade(run, made.folder, "--roster", str(made.roster))
    ran = run("export", "results", f"{platform}-feedback", "-o", "pages.zip", "--allow-incomplete")
    assert ran.code == 0
    with zipfile.ZipFile(course.root / "pages.zip") as archive:
        names = archive.namelist()
    assert len(names) == len(set(names))
    if platform == "canvas":  # its importer takes the first two numbers for the student's and the file's
        found = {tuple(map(int, re.findall(r"_(\d+)", name))) for name in names}
        assert (10005, 900005) in found
        assert (10001, 900001) in found, "in time; what was mailed later is not on Canvas"
        assert all(name.endswith("_report.html") for name in names)
        assert "is from no download of Canvas" in ran.err, "the two that were mailed in time"
    else:  # its importer splits at `_`: the name, the participant's number, two words, the file
        numbers = {int(name.split("_", 4)[1]) - 20000 for name in names}
        assert {tuple(name.split("_", 4)[2:]) for name in names} == {
            ("assignsubmission", "file", "/report.html")
        }
        assert numbers == {n for n in range(1, COUNT + 1) if made.earned[sid(n)] is not None}


def test_a_gradebook_without_a_place_is_told(run: Run, course: Course, tmp_path: Path) -> None:
    made = make(course, tmp_path / "in", "canvas")
    grade(run, made.folder, "--roster", str(made.roster))
    text = made.roster.read_text()
    for old, new, code, told in (
        (COLUMN, "Week 4 (4712)", 2, "list.csv has no column `Week 3`, which course.yaml names"),
        ("Week 2 (4700)", "Week 3 (4700)", 2, "has `Week 3 (4711)` and `Week 3 (4700)`; give `column`"),
        (",7,10,", ",20,10,", 0, "`Week 3 (4711)` has 20 points there, and 7 credits here"),
        (",7,10,", ",(read only),10,", 2, "is read only there"),
    ):
        made.roster.write_text(text.replace(old, new))
        ran = run("export", "results", "canvas", "--roster", str(made.roster), "--allow-incomplete")
        assert (ran.code, told in ran.err) == (code, True), ran.err


def test_ids_and_headings_stay_as_they_are_and_names_start_no_formula(run: Run, course: Course) -> None:
    heading = "Student,ID,SIS User ID,SIS Login ID,Section,-Week 3 (4711)"
    own_list(course, "=1+1,10001,-7,+a@example.org,=A,\nB,10002,@b,b,,\n", heading)
    path = course.root / "course.yaml"
    path.write_text(path.read_text().replace("column: Week 3", "column: -Week 3"))
    hand_in(course, "-7.zip", 4)
    grade(run, course.root.parent / "handed")
    rows = list(csv.reader(io.StringIO(run("export", "results", "canvas", "--allow-incomplete").out)))
    assert rows[0][-1] == "-Week 3 (4711)"
    assert rows[1] == ["'=1+1", "10001", "-7", "+a@example.org", "=A", "4.00"]
    assert rows[2] == ["B", "10002", "@b", "b", "", ""]
