"""Downloads of platforms, as they are documented, tell whose each submission is; no student makes one up."""

from __future__ import annotations

import datetime
import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from grader.classroom.collect import Submission, find_submissions
from grader.classroom.inbox import deliveries, platform_of
from grader.course import Course, Exercise

NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


@pytest.fixture
def two(tiny: Course, course: Course) -> list[Exercise]:
    return [tiny["exercise-1"], course["exercise-2"]]


def zipped(names: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return target.getvalue()


def lay(folder: Path, names: Mapping[str, bytes], form: str = "folder") -> Path:
    """Write a class as its platform delivers it, or unpacked."""
    if form == "zip":
        path = folder.with_name(f"{folder.name}.zip")
        path.write_bytes(zipped(names))
        return path
    for name, data in names.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def who(found: list[Submission]) -> list[tuple[str, str, str, str]]:
    return sorted((one.key, one.platform, one.platform_id, one.platform_name) for one in found)


def work(one: Submission) -> dict[str, bytes]:
    assert one.problem == ""
    return {name: source.data for name, source in one.sources.items() if source.data}


def kinds(one: Submission) -> list[str]:
    return [note.kind for note in one.notes]


CANVAS = {
    "lovelaceada_10101_900001_doubling.py": b"ada",
    "lovelaceada_10101_900002_rnn_sequence-1.py": b"ada's second",
    "lovelaceada_10101_900003_notes.pdf": b"%PDF",
    "hopper-grace_LATE_10102_900004_submission-grace-1.zip": zipped(
        {"exercises/exercise-1/doubling.py": b"grace"}
    ),
    "turingalan_10103_900005_doubling-3.py": b"alan",
    "anon_aB3x9_900006_doubling.py": b"somebody",
}


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_canvas(tmp_path: Path, two: list[Exercise], form: str) -> None:
    found = find_submissions(lay(tmp_path / "submissions", CANVAS, form), two)
    assert who(found) == [
        ("anon_aB3x9", "canvas", "aB3x9", ""),
        ("hopper-grace_10102", "canvas", "10102", "hopper-grace"),
        ("lovelaceada_10101", "canvas", "10101", "lovelaceada"),
        ("turingalan_10103", "canvas", "10103", "turingalan"),
    ]
    grace, ada, alan = (next(one for one in found if name in one.key) for name in ("grace", "ada", "alan"))
    assert work(ada) == {"exercise-1": b"ada", "exercise-2": b"ada's second"}
    assert (work(grace), work(alan)) == ({"exercise-1": b"grace"}, {"exercise-1": b"alan"})
    assert kinds(grace) == ["late-mark"]
    assert grace.notes[0].decide
    assert kinds(ada) == kinds(alan) == ["found-elsewhere"]


def test_a_later_file_on_canvas_is_the_same_submission(tmp_path: Path, two: list[Exercise]) -> None:
    first = lay(tmp_path / "a", {"lovelaceada_10101_900001_doubling.py": b"ada"})
    later = lay(tmp_path / "b", {"lovelaceada_LATE_10101_950001_doubling-1.py": b"ada"})
    assert find_submissions(first, two)[0].key == find_submissions(later, two)[0].key == "lovelaceada_10101"


def test_answers_that_canvas_renamed(tmp_path: Path, two: list[Exercise]) -> None:
    answers = b'{"schema": "rnn-grader/responses/1"}'
    names = {"ada_10101_900001_doubling-2.py": b"ada", "ada_10101_900002_responses-2.json": answers}
    (found,) = find_submissions(lay(tmp_path / "in", names), two)
    assert (work(found), found.answers) == ({"exercise-1": b"ada"}, answers)


def test_numbers_that_are_no_people_are_no_canvas(tmp_path: Path, two: list[Exercise]) -> None:
    names = {
        f"{name}_11_2026_homework.zip": zipped({"doubling.py": name.encode()}) for name in ("ada", "bob")
    }
    found = find_submissions(lay(tmp_path / "in", names), two)
    assert who(found) == [
        ("ada_11_2026_homework.zip", "", "", ""),
        ("bob_11_2026_homework.zip", "", "", ""),
    ]
    assert [work(one)["exercise-1"] for one in found] == [b"ada", b"bob"]


MOODLE = {
    "Ada Lovelace_20101_assignsubmission_file_/exercise-1/doubling.py": b"ada",
    "Ada Lovelace_20101_assignsubmission_onlinetext_/onlinetext.html": b"<p>hello",
    "Grace Hopper_20102_assignsubmission_file/work.zip": zipped({"exercise_1/doubling.py": b"grace"}),
    "Participant_20103_assignsubmission_file_/doubling.py": b"somebody",
    "Alan Turing_20104_assignsubmission_file_doubling (1).py": b"alan",
    "Alan Turing_20104_assignsubmission_file_rnn_sequence.py": b"alan's second",
}


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_moodle(tmp_path: Path, two: list[Exercise], form: str) -> None:
    found = find_submissions(lay(tmp_path / "RNN-Homework-77", MOODLE, form), two)
    assert who(found) == [
        ("Ada Lovelace_20101", "moodle", "20101", "Ada Lovelace"),
        ("Alan Turing_20104", "moodle", "20104", "Alan Turing"),
        ("Grace Hopper_20102", "moodle", "20102", "Grace Hopper"),
        ("Participant_20103", "moodle", "20103", "Participant"),
    ]
    by_name = {one.platform_name: work(one) for one in found}
    assert by_name["Ada Lovelace"] == {"exercise-1": b"ada"}
    assert by_name["Grace Hopper"] == {"exercise-1": b"grace"}
    assert by_name["Participant"] == {"exercise-1": b"somebody"}
    assert by_name["Alan Turing"] == {"exercise-1": b"alan", "exercise-2": b"alan's second"}


METADATA = b"""---
submission_300001:
  :submitters:
  - :name: Ada Lovelace
    :sid: 'a-1815'
    :email: ada@example.org
  :created_at: 2026-03-01 12:00:00.123456000 Z
  :score: 3.0
  :results:
    tests:
    - name: 'submission_300002'
      output: |
        :submitters:
        - :name: Mallory
          :sid: m-666
submission_300002:
  :submitters:
  - :name: Grace Hopper
    :sid:
    :email: grace@example.org
  - :name: Alan Turing
    :sid: t-1912
    :email: alan@example.org
  :created_at: 2026-03-01 07:00:00 -05:00
"""


def gradescope(metadata: bytes) -> dict[str, bytes]:
    root = "assignment_9100_export"
    names = {f"{root}/submission_30000{number}/doubling.py": b"%d" % number for number in (1, 2, 3)}
    return {**names, f"{root}/submission_metadata.yml": metadata}


@pytest.mark.parametrize("form", ["folder", "zip", "inside"])
def test_gradescope(tmp_path: Path, two: list[Exercise], form: str) -> None:
    path = lay(tmp_path / "export", gradescope(METADATA), form)
    prefix = "assignment_9100_export/"
    if form == "inside":
        path, prefix = path / prefix, ""
    ada, pair, unknown = sorted(find_submissions(path, two), key=lambda one: one.key)
    assert who([ada, pair, unknown]) == [
        (f"{prefix}submission_300001", "gradescope", "a-1815", "Ada Lovelace"),
        (f"{prefix}submission_300002", "gradescope", "grace@example.org", "Grace Hopper"),
        (f"{prefix}submission_300003", "gradescope", "", ""),
    ]
    assert [(one.received, one.received_from) for one in (ada, pair)] == [(NOON, "platform")] * 2
    assert unknown.received_from == "file"
    assert [work(one)["exercise-1"] for one in (ada, pair, unknown)] == [b"1", b"2", b"3"]
    (note,) = (note for note in pair.notes if note.kind == "handed-in-together")
    assert note.decide
    assert "grace@example.org, t-1912" in note.text


@pytest.mark.parametrize(
    "metadata",
    [
        b"",
        b"\xff",
        b"- [",
        b"a: &a [*a]",
        b"x: !!python/object:os.system {}",
        b"[" * 5000,
        b"{? {a: b} : c}",
        b"a: &a [" + b"x," * 9 + b"]\nb: &b [" + b"*a," * 9 + b"]\nc: [" + b"*b," * 9 + b"]",
        b"submission_300001:\n  :created_at: 9999-99-99 00:00:00 Z\n",
        b"submission_300001: 7\n",
    ],
)
def test_metadata_of_another_kind_stops_nobody(tmp_path: Path, two: list[Exercise], metadata: bytes) -> None:
    found = find_submissions(lay(tmp_path / "export", gradescope(metadata)), two)
    assert [one.platform_id for one in found] == ["", "", ""]
    assert [len(work(one)) for one in found] == [1, 1, 1]


def test_a_time_that_is_none_leaves_the_rest_of_the_metadata(tmp_path: Path, two: list[Exercise]) -> None:
    people = (
        f"submission_30000{number}:\n  :submitters:\n  - :sid: '{number}'\n"
        f"  :created_at: 2026-{month}-01 12:00:00 Z\n"
        for number, month in ((1, 13), (2, "03"))
    )
    found = find_submissions(lay(tmp_path / "export", gradescope("".join(people).encode())), two)
    assert [(one.platform_id, one.received_from) for one in found][:2] == [("1", "file"), ("2", "platform")]


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_list_of_the_instructor_beside_a_class_hides_nobody(
    tmp_path: Path, two: list[Exercise], form: str
) -> None:
    names = {
        f"{who}_1010{number}_90000{number}_doubling.py": b"x" for number, who in enumerate(("ada", "bob"))
    }
    (tmp_path / "in").mkdir()
    class_folder = lay(tmp_path / "in" / "download", names | {"grades.xlsx": b""}, form)
    for place in (class_folder, class_folder.parent):
        found = find_submissions(place, two)
        assert [one.platform for one in found].count("canvas") == 2


@pytest.mark.parametrize("inside", [False, True])
def test_github_classroom(tmp_path: Path, two: list[Exercise], inside: bool) -> None:
    names = {
        f"week-1-submissions/week-1-{name}/exercises/exercise-1/doubling.py": b"" for name in ("ada", "b-ob")
    }
    path, prefix = lay(tmp_path / "in", dict.fromkeys(names, b"x")), "week-1-submissions/"
    if inside:
        path, prefix = path / prefix, ""
    found = find_submissions(path, two)
    assert who(found) == [
        (f"{prefix}week-1-ada", "github", "ada", ""),
        (f"{prefix}week-1-b-ob", "github", "b-ob", ""),
    ]


# --- a class within a class -------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [CANVAS, MOODLE])
@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_download_inside_the_folder(
    tmp_path: Path, two: list[Exercise], names: dict[str, bytes], form: str
) -> None:
    (tmp_path / "in").mkdir()
    path = lay(tmp_path / "in" / "download", names, form)
    found = find_submissions(tmp_path / "in", two)
    assert len(found) == 4
    assert all(one.key.startswith(f"{path.name}/") and one.platform for one in found)
    assert not any("nested-class" in kinds(one) for one in found)


def test_folders_of_a_platform_that_nobody_knows(tmp_path: Path, two: list[Exercise]) -> None:
    lay(tmp_path / "in" / "download", {f"{name}/exercise-1/doubling.py": b"x" for name in ("ada", "bob")})
    found = find_submissions(tmp_path / "in", two)
    assert [one.key for one in found] == ["download/ada", "download/bob"]


def test_a_download_beside_others_is_told(tmp_path: Path, two: list[Exercise]) -> None:
    lay(tmp_path / "in", {"zoe/exercise-1/doubling.py": b"zoe"})
    lay(tmp_path / "in" / "download", CANVAS)
    zoe, *others = sorted(find_submissions(tmp_path / "in", two), key=lambda one: "download/" in one.key)
    assert (zoe.key, kinds(zoe)) == ("zoe", [])
    assert all("nested-class" in kinds(one) for one in others)
    assert {(one.platform_id, one.platform_name) for one in others} == {("", "")}
    assert [work(one) for one in others if "turingalan" in one.key] == [{"exercise-1": b"alan"}]


def test_metadata_of_a_student_is_not_believed(tmp_path: Path, two: list[Exercise]) -> None:
    lay(tmp_path / "in", {"zoe/exercise-1/doubling.py": b"zoe", "submission_metadata.yml": METADATA})
    lay(
        tmp_path / "in" / "mallory",
        {"submission_300001/doubling.py": b"x", "submission_metadata.yml": METADATA},
    )
    found = {one.key: one for one in find_submissions(tmp_path / "in", two)}
    assert {(one.platform_id, one.received_from) for one in found.values()} == {("", "file")}
    assert "nested-class" in kinds(found["mallory/submission_300001"])
    assert work(found["zoe"]) == {"exercise-1": b"zoe"}


def test_nobody_is_a_class_by_handing_in_one(tmp_path: Path, two: list[Exercise]) -> None:
    """A zip or a checkout that looks like a download is one submission, and makes nobody up."""
    lay(tmp_path / "in", {"zoe/exercise-1/doubling.py": b"zoe"})
    lay(tmp_path / "in" / "eve", CANVAS, "zip")
    lay(tmp_path / "in" / "mallory", {**CANVAS, ".git/HEAD": b"ref: refs/heads/main"})
    found = find_submissions(tmp_path / "in", two)
    assert who(found) == [("eve.zip", "", "", ""), ("mallory", "", "", ""), ("zoe", "", "", "")]
    assert work(found[-1]) == {"exercise-1": b"zoe"}
    assert kinds(found[-1]) == []


def test_every_shape_in_one_folder(tmp_path: Path, two: list[Exercise]) -> None:
    lay(tmp_path / "in", {**CANVAS, **MOODLE, "zoe/exercise-1/doubling.py": b"zoe", "yan.py": b"yan"})
    lay(tmp_path / "in" / "xia", {"doubling.py": b"xia"}, "zip")
    found = find_submissions(tmp_path / "in", two[:1])
    assert len(found) == 4 + 4 + 3
    assert [one.problem for one in found] == [""] * 11
    assert {work(one)["exercise-1"] for one in found if not one.platform} == {b"zoe", b"yan", b"xia"}


@pytest.mark.slow
def test_a_thousand_on_canvas_in_one_zip(tmp_path: Path, two: list[Exercise]) -> None:
    names = {f"student{number}_{10000 + number}_{20000 + number}_doubling.py": b"x" for number in range(1000)}
    names |= {f"student{number}_{10000 + number}_{30000 + number}_a.txt": b"" for number in range(1000)}
    found = find_submissions(lay(tmp_path / "submissions", names, "zip"), two)
    assert len(found) == 1000
    assert all(work(one) == {"exercise-1": b"x"} for one in found)


@pytest.mark.parametrize(
    "name", ["a_" * 4000, "_12345_67890_", "_" * 5000 + "1" * 5000, "x" * 70_000, "_LATE_"]
)
def test_names_without_end_are_looked_at_quickly(name: str) -> None:
    names = {f"{name}{number}": False for number in range(20)}
    assert platform_of(names, name) in ("", "canvas")
    assert len(deliveries(names)) == 20


def test_odd_entries_of_a_class_s_zip(tmp_path: Path, two: list[Exercise]) -> None:
    names = {
        "ada_10101_900001_../../doubling.py": b"no",
        "../bob_10102_900002_doubling.py": b"no",
        "cy\u202e_10103_900003_doubling.py": b"no",
        "dan_10104_900004_doubling.py": b"dan",
        "eve_10105_900005_bomb.zip": zipped({"doubling.py": b""})[:-30],
        f"{'f' * 300}_10106_900006_doubling.py": b"fay",
    }
    found = {one.platform_id: one for one in find_submissions(lay(tmp_path / "s", names, "zip"), two)}
    assert work(found["10104"]) == {"exercise-1": b"dan"}
    assert "invisible or undecodable" in found["10103"].problem
    assert "which cannot be read" in found["10105"].problem
    assert work(found["10106"]) == {"exercise-1": b"fay"}
    for one in found.values():
        assert len(os.fsencode(one.name)) <= 200
        for text in (one.key, one.name, one.platform_name, one.problem, *(note.text for note in one.notes)):
            assert text.isprintable()


def test_a_file_and_a_folder_of_one_name_in_a_zip(tmp_path: Path, two: list[Exercise]) -> None:
    for names in (["doubling.py/", "doubling.py/x"], ["a/", "a/doubling.py/", "a/doubling.py/doubling.py"]):
        path = lay(tmp_path / "in", dict.fromkeys(names, b""), "zip")
        assert len(find_submissions(path, two)) == 1
