"""A course folder: how it is found, what it holds, and what is said where something is wrong."""

from __future__ import annotations

import datetime
import shutil
import stat
import zipfile
from pathlib import Path

import pytest

from grader.course import (
    CannotDo,
    Course,
    CourseError,
    NoCourse,
    make_private_folder,
    open_course,
    parse_time,
    shown_path,
    write_atomic,
    zipped,
)


def test_a_course_is_opened_by_its_path(tiny: Course) -> None:
    assert open_course(tiny.root) == open_course(str(tiny.root)) == tiny


def test_a_course_is_found_from_below(tiny: Course, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GRADER_COURSE", raising=False)
    monkeypatch.chdir(tiny.root / "exercises" / "exercise-1")
    assert open_course() == tiny
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADER_COURSE", str(tiny.root))
    assert open_course() == tiny


def test_a_path_without_a_course_is_named(
    tiny: Course, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("GRADER_COURSE", raising=False)
    with pytest.raises(NoCourse, match=r"exercises holds no course\.yaml; name the folder that does"):
        open_course(tiny.root / "exercises")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoCourse, match=r"no course\.yaml here or above"):
        open_course()


def test_exercises_are_read_by_id(tiny: Course) -> None:
    assert tiny["exercise-1"].id == "exercise-1"
    assert [exercise.id for exercise in tiny.exercises()] == list(tiny.exercise_ids())
    twice = ("exercise-1", "exercise-1")
    assert tiny.exercises(twice) == [tiny["exercise-1"]]
    with pytest.raises(CannotDo, match="there is no exercise `exercis-1`; the nearest are exercise-1"):
        tiny["exercis-1"]


@pytest.mark.parametrize(
    "meant",
    [
        *("1", "01", "ex1", "Ex-1", "EXERCISE-1", "Exercise_1", "exercise 1", "exercise1", "e1"),
        *("exercises/exercise-1", "exercises/exercise-1/", "./exercise-1/", "/a/b/exercises/exercise-1//"),
        *(
            "doubling",
            "doubling.py",
            "exercise-1/doubling.py",
            "check_doubling.py",
            "exercises\\exercise-1\\",
        ),
        "/home/ex2/exercises/exercise-1/lesson.md",
    ],
)
def test_an_exercise_is_understood_however_it_is_spelt(tiny: Course, meant: str) -> None:
    assert tiny.exercise_id(meant) == "exercise-1"
    assert tiny[meant] == tiny["exercise-1"]
    assert tiny.exercises((meant, "exercise-1")) == [tiny["exercise-1"]]


@pytest.mark.parametrize(
    "meant", ["", "2", "11", "quiz-1", "exercis-1", "doublin", "..", "/", "*", "\0", "x" * 5000]
)
def test_what_is_no_spelling_of_an_exercise_is_refused(tiny: Course, meant: str) -> None:
    with pytest.raises(CannotDo, match="the nearest are exercise-1"):
        tiny.exercise_id(meant)


def test_a_module_that_two_exercises_have_is_known_by_its_folder(tiny_copy: Course) -> None:
    shutil.copytree(tiny_copy["exercise-1"].folder, tiny_copy.root / "exercises/exercise-12")
    assert tiny_copy.exercise_id("exercise-12/doubling.py") == "exercise-12"
    assert tiny_copy.exercise_id("1") == "exercise-1"
    with pytest.raises(CannotDo, match="there is no exercise `doubling`"):
        tiny_copy.exercise_id("doubling")


def test_ten_comes_after_nine(tiny_copy: Course) -> None:
    for number in (9, 10):
        shutil.copytree(tiny_copy["exercise-1"].folder, tiny_copy.root / "exercises" / f"exercise-{number}")
    assert tiny_copy.exercise_ids()[-2:] == ("exercise-9", "exercise-10")


@pytest.mark.parametrize(
    ("key", "other", "problem"),
    [
        ("after", "exercise-77", "names `exercise-77`, which is not an exercise of this course"),
        ("uses", "exercise-1", "`uses` names `exercise-1`, which is no earlier exercise"),
    ],
)
def test_an_exercise_that_is_named_must_be_there(
    tiny_copy: Course, key: str, other: str, problem: str
) -> None:
    with open(tiny_copy.root / "exercises" / "exercise-1" / "exercise.yaml", "a", encoding="utf-8") as file:
        file.write(f"\n{key}:\n  - {other}\n")
    with pytest.raises(CourseError, match=problem):
        tiny_copy["exercise-1"]


def test_a_time_has_its_offset() -> None:
    assert parse_time("2026-12-01T23:59:00+01:00").astimezone(datetime.UTC).hour == 22
    assert parse_time("2026-12-01T22:59:00Z") == parse_time("2026-12-01T23:59:00+01:00")
    late = "9999-12-31T23:59:00Z"  # has no day after it, for which a grace or an extension may ask
    for text in ("2026-12-01T23:59:00", "2026-12-01", "soon", "", late, "0001-01-01T00:00:00Z"):
        with pytest.raises(ValueError, match="should be a date and time with its offset from UTC"):
            parse_time(text)


def test_a_path_is_shown_from_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown_path(tmp_path / "a" / "b") == str(Path("a", "b"))
    assert shown_path(tmp_path.parent) == str(tmp_path.parent)


def test_exercises_stand_in_reading_order(tiny_copy: Course) -> None:
    for number, after in ((7, "exercise-9"), (8, "exercise-7"), (9, "exercise-8")):  # a circle ends as well
        folder = tiny_copy.root / "exercises" / f"exercise-{number}"
        shutil.copytree(tiny_copy["exercise-1"].folder, folder)
        with open(folder / "exercise.yaml", "a", encoding="utf-8") as file:
            file.write(f"\nafter:\n  - {after}\n")
    ids = [exercise.id for exercise in tiny_copy.exercises()]
    assert ids[-3:] == ["exercise-8", "exercise-9", "exercise-7"]
    assert sorted(ids) == sorted(tiny_copy.exercise_ids())


# --- files ---------------------------------------------------------------------------------------------


def test_a_file_is_written_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_atomic(path, "eins\r\nzwei\nλ \ud800")
    assert path.read_bytes() == b"eins\r\nzwei\n\xce\xbb \\ud800"
    write_atomic(path, b"\xff\x00")
    assert path.read_bytes() == b"\xff\x00"
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_may_be_as_long_as_the_system_allows(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    write_atomic(path, b"x")
    assert path.read_bytes() == b"x"


def test_what_was_there_stays_where_writing_fails(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match=r"."):
        write_atomic(folder, b"x")
    assert list(tmp_path.iterdir()) == [folder]
    with pytest.raises(OSError, match=r"."):
        write_atomic(tmp_path / "no" / "file", b"x")


def test_git_leaves_a_private_folder_alone(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "a" / ".grader")
    assert (tmp_path / "a" / ".grader" / ".gitignore").read_text(encoding="utf-8") == "*\n"
    assert not (tmp_path / "a" / ".gitignore").exists()
    make_private_folder(tmp_path)  # which is there, and may be anything
    assert not (tmp_path / ".gitignore").exists()


def test_a_zip_holds_the_files_with_their_modes(tmp_path: Path) -> None:
    files = {"b/run.sh": b"echo", "a.txt": 1000 * b"a"}
    (tmp_path / "x.zip").write_bytes(zipped(files, executables={"b/run.sh"}))
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files
        modes = {one.filename: one.external_attr >> 16 for one in archive.infolist()}
    assert modes == {"b/run.sh": stat.S_IFREG | 0o755, "a.txt": stat.S_IFREG | 0o644}
    assert (tmp_path / "x.zip").stat().st_size < 1000


def test_the_same_files_give_the_same_bytes() -> None:
    files = {"b": b"2", "a": b"1"}
    assert zipped(files) == zipped(dict(files))
    assert zipped(files) != zipped(files, executables=("a",))
