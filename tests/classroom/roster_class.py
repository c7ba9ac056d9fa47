"""A made-up class, as four platforms deliver it and list it, and what is right about it."""

from __future__ import annotations

import csv
import datetime
import io
import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.course import Course
from tests.classroom.helpers import right

PLATFORMS = ("canvas", "moodle", "github", "gradescope")
COUNT, CREDITS = (120 if os.environ.get("GRADER_LONG") == "1" else 40), 7
DUE = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
COLUMN = "Week 3 (4711)"


def sid(number: int) -> str:
    return f"student-{number:03}"


@dataclass
class MadeUp:
    """A class on disk.

    Args:
        earned: by student, credits that their row should have; None for a row that stays as it was.
        unmatched: keys of what is nobody's.
    """

    platform: str
    folder: Path
    roster: Path
    names: dict[str, str] = field(default_factory=dict)
    earned: dict[str, float | None] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    doubles: dict[str, str] = field(default_factory=dict)
    unmatched: list[str] = field(default_factory=list)
    false_claims: dict[str, str] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)


def bundle(course: Course, credits: int, claim: str, name: str, asked: Sequence[str] = ()) -> bytes:
    """Return a zip of `grader submit`'s form that earns so many credits by the word of its file."""
    learner: object = {"id": claim, "name": name}
    manifest = {"schema": "rnn-grader/submission/1", "learner": learner, "questions": list(asked)}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        archive.writestr("exercises/exercise-1/doubling.py", f"{right(course)}\n# earns {credits}\n")
    return target.getvalue()


def put(path: Path, data: bytes, at: datetime.datetime, *, folder: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if folder:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            archive.extractall(path)
        for file in path.rglob("*"):
            os.utime(file, (at.timestamp(), at.timestamp()))
    else:
        path.write_bytes(data)
    os.utime(path, (at.timestamp(), at.timestamp()))


def make(course: Course, folder: Path, platform: str) -> MadeUp:
    """Write what a class handed in, and the platform's list of it."""
    inside = {"github": "week-3-submissions", "gradescope": "assignment_9100_export"}.get(platform, "handed")
    made = MadeUp(platform, folder / inside, folder / "list.csv")
    numbers = range(1, COUNT + 1)
    made.names = {sid(n): "Student 011" if n == 12 else f"Student {n:03}" for n in numbers}
    made.groups = {f"Group {g}": [sid(n) for n in range(3 * g + 11, 3 * g + 14)] for g in range(1, 6)}
    of_group = {member: name for name, members in made.groups.items() for member in members}
    made.missing = [sid(n) for n in numbers[-6:]]
    made.false_claims = {sid(7): sid(9), sid(8): sid(10)}
    metadata: list[str] = []
    for n in numbers:
        who = sid(n)
        if who in made.missing or (who in of_group and who != made.groups[of_group[who]][0]):
            continue
        credits = n % (CREDITS + 1)
        claim = made.false_claims.get(who, who)
        data = bundle(course, credits, claim, made.names[claim])
        _deliver(made, n, data, metadata)
        for member in made.groups.get(of_group.get(who, ""), [who]):
            made.earned[member] = credits
    for n in range(1, 5):  # mailed as well, the first two after the deadline
        late = n < 3
        path = made.folder / f"{sid(n)}.zip"
        put(path, bundle(course, 6, sid(n), made.names[sid(n)]), DUE + (HOUR if late else -HOUR))
        made.doubles[sid(n)] = path.name
        made.earned[sid(n)] = made.earned[sid(n)] if late else 6
    for n in range(901, 904):
        made.unmatched.append(_deliver(made, n, bundle(course, 5, f"guest-{n}", f"Guest {n}"), metadata))
    made.earned |= dict.fromkeys(made.missing)
    if platform == "gradescope":
        (made.folder / "submission_metadata.yml").write_text("".join(metadata))
    made.roster.write_text(listed(made, numbers))
    if platform != "gradescope":  # which says itself who handed in together
        course.private_folder.mkdir(exist_ok=True)
        rows = [
            [f"{member}@example.org", name] for name, members in made.groups.items() for member in members
        ]
        rows = rows if platform != "github" else [[row[0].partition("@")[0], row[1]] for row in rows]
        (course.private_folder / "groups.csv").write_text(table([["login_id", "group_name"], *rows]))
    return made


def _deliver(made: MadeUp, n: int, data: bytes, metadata: list[str]) -> str:
    """Write what one student handed in; return its key."""
    who, at = sid(n) if n <= COUNT else f"guest-{n}", DUE - 2 * HOUR
    name = made.names.get(who, f"Guest {n}")
    if made.platform == "canvas":
        first, last = name.lower().split()
        put(made.folder / f"{last}{first}_{10000 + n}_{900000 + n}_submission.zip", data, at)
        return f"{last}{first}_{10000 + n}"
    if made.platform == "moodle":
        put(made.folder / f"{name}_{20000 + n}_assignsubmission_file_" / "submission.zip", data, at)
        return f"{name}_{20000 + n}"
    if made.platform == "github":
        put(made.folder / f"week-3-gh-{who}", data, at, folder=True)
        return f"week-3-gh-{who}"
    put(made.folder / f"submission_{300000 + n}", data, at, folder=True)
    together = next((members for members in made.groups.values() if who in members), [who])
    lines = [
        f"  - :name: {made.names.get(each, name)}\n    :sid: {each}\n    :email: {each}@example.org\n"
        for each in together
    ]
    created = f"  :created_at: {at:%Y-%m-%d %H:%M:%S} Z\n"
    metadata.append(f"submission_{300000 + n}:\n  :submitters:\n{''.join(lines)}{created}")
    return f"submission_{300000 + n}"


def table(rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def listed(made: MadeUp, numbers: Sequence[int] | range) -> str:
    """Return the platform's list of the class, as its documentation describes it."""
    rows: list[list[str]]
    if made.platform == "canvas":
        rows = [
            [
                "Student",
                "ID",
                "SIS User ID",
                "SIS Login ID",
                "Section",
                COLUMN,
                "Week 2 (4700)",
                "Final Score",
            ]
        ]
        rows += [["", *[""] * 4, "Manual Posting", "", ""]]
        rows += [["    Points Possible", *[""] * 4, str(CREDITS), "10", "(read only)"]]
        for n in numbers:
            first, last = made.names[sid(n)].split()
            rows.append(
                [f"{last}, {first}", str(10000 + n), sid(n), f"{sid(n)}@example.org", "A", "", "9", "50"]
            )
        rows.append(["Student, Test", "99999", "", "test", "A", "", "", ""])
    elif made.platform == "moodle":
        heading = (
            "Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Grade can be changed"
        )
        rows = [[*heading.split(","), "Last modified (grade)", "Feedback comments"]]
        for n in numbers:
            who = [f"Participant {20000 + n}", made.names[sid(n)], sid(n), f"{sid(n)}@example.org"]
            rows.append([*who, "Submitted for grading", "", f"{CREDITS}.00", "Yes", "-", "- none"])
    elif made.platform == "github":
        rows = [["identifier", "github_username", "github_id", "name"]]
        rows += [[sid(n), f"gh-{sid(n)}", str(500 + n), made.names[sid(n)]] for n in numbers]
    else:
        rows = [["First Name", "Last Name", "SID", "Email", "Role", "Section"]]
        rows += [
            [*made.names[sid(n)].split(), sid(n), f"{sid(n)}@example.org", "Student", "A"] for n in numbers
        ]
        rows.append(["Ada", "Teacher", "staff-1", "staff-1@example.org", "Instructor", ""])
    return table(rows)
