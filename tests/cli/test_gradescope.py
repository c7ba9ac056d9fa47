"""One submission on Gradescope: whatever lies in its folder is graded, and there are results in any case."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from grader.classroom.collect import read_submission
from grader.cli import export
from grader.cli.export import About, grade_one, read_metadata
from grader.course import Course, LatePolicy, zipped
from tests.classroom.helpers import right
from tests.helpers import Run
from tests.reports.test_exports import GRADESCOPE

CREATED = "2018-07-01T14:22:32.365935-07:00"
METADATA: dict[str, Any] = {  # after the page that describes it
    "id": 123456,
    "created_at": CREATED,
    "assignment": {"due_date": "2018-07-31T23:00:00.000000-07:00", "group_size": 4, "late_due_date": None},
    "submission_method": "upload",
    "users": [{"email": "ada@example.org", "id": 1234, "name": "Ada Lovelace"}],
    "previous_submissions": [
        {"submission_time": "2017-04-06T14:24:48.087023-07:00", "score": 3.0, "results": {}},
    ],
}


def packed(files: dict[str, str | bytes]) -> bytes:
    return zipped({name: text.encode() if isinstance(text, str) else text for name, text in files.items()})


Shape = Callable[[str], dict[str, str | bytes]]
SHAPES: dict[str, Shape] = {
    "as it is handed out": lambda text: {"exercise-1/doubling.py": text},
    "with the folder above": lambda text: {"exercises/exercise-1/doubling.py": text},
    "a file dragged in": lambda text: {"doubling.py": text},
    "several files dragged in": lambda text: {"doubling.py": text, "other.py": "x = 1\n", "third.py": ""},
    "a folder and a stray note": lambda text: {"exercise-1/doubling.py": text, "note.txt": "hello"},
    "a flat file and a stray note": lambda text: {"doubling.py": text, "note.txt": "hello"},
    "an underscore in the folder's name": lambda text: {"exercise_1/doubling.py": text},
    "a browser's second download": lambda text: {"doubling (1).py": text},
    "a zip": lambda text: {"work.zip": packed({"exercise-1/doubling.py": text})},
    "a zip of flat files": lambda text: {"work.zip": packed({"doubling.py": text})},
    "a zip and a stray note": lambda text: {"work.zip": packed({"doubling.py": text}), "note.txt": "hello"},
    "a zip in a zip": lambda text: {"all.zip": packed({"work.zip": packed({"doubling.py": text})})},
    "the bundle of grader submit": lambda text: {
        "submission-ada.zip": packed({"exercises/exercise-1/doubling.py": text, "manifest.json": "{}"})
    },
    "one folder too deep": lambda text: {"home/mine/exercise-1/doubling.py": text},
}


def hand_in(root: Path, files: dict[str, str | bytes]) -> Path:
    folder = root / "submission"
    folder.mkdir()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


@pytest.mark.parametrize("shape", SHAPES)
def test_whatever_lies_there_is_one_submission(shape: str, tiny: Course, tmp_path: Path) -> None:
    text = right(tiny)
    handed = read_submission(hand_in(tmp_path, SHAPES[shape](text)), tiny.exercises())
    assert handed.problem == ""
    assert handed.sources["exercise-1"].data.decode() == text


def test_the_results_are_what_was_earned(tiny: Course, tmp_path: Path, run: Run) -> None:
    hand_in(tmp_path, {"exercise-1/doubling.py": right(tiny), "note.txt": "hello"})
    (tmp_path / "submission_metadata.json").write_text(json.dumps(METADATA), encoding="utf-8")
    ran = run("gradescope", str(tmp_path), "--exercise", "exercise-1")
    assert (ran.code, ran.err) == (0, "")
    document = json.loads((tmp_path / "results" / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, GRADESCOPE)
    assert document["score"] == tiny["exercise-1"].file.credits
    assert document["output"] == ""


@pytest.mark.parametrize("files", [{}, {"doubling.txt": "x"}, {"work.ipynb": "{}", "\x1b[2J": "y"}], ids=len)
def test_where_nothing_is_found_it_says_how_to_lay_files_out(
    files: dict[str, str | bytes], tiny: Course, tmp_path: Path
) -> None:
    document = grade_one(tiny, hand_in(tmp_path, files), About(), tiny.exercises(), 60)
    jsonschema.validate(document, GRADESCOPE)
    assert document["score"] == 0
    assert "by these names: exercise-1/doubling.py" in document["output"]
    assert all(name in document["output"] for name in files if name.isprintable())
    assert "\x1b" not in document["output"]


def test_the_platform_says_when_and_who(tiny: Course, tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text(json.dumps(METADATA), encoding="utf-8")
    about = read_metadata(tmp_path / "data.json")
    received = datetime.datetime(2018, 7, 1, 21, 22, 32, 365935, datetime.UTC)
    assert about == About(received, "ada@example.org", 1, 3.0)
    late = LatePolicy("2018-07-01T14:00:00-07:00", per_day=50)
    folder = hand_in(
        tmp_path, {"exercise-1/doubling.py": right(tiny), "received.csv": "submission,received\n"}
    )
    credits = tiny["exercise-1"].file.credits
    for extensions, share in (({"Ada Lovelace": 9.0}, 0.5), ({"ada@example.org": 9.0}, 1)):
        course = replace(
            tiny, late=replace(late, extensions=extensions)
        )  # a name is whatever they call themselves
        document = grade_one(course, folder, about, tiny.exercises(), 60)
        assert document["score"] == share * credits
        assert ("1 day late" in document["output"]) == (share < 1)


ODD: list[Any] = [
    None,
    [],
    {"created_at": 7, "users": {}, "previous_submissions": None},
    {"created_at": "0001-01-01T00:00:00+14:00", "users": [], "previous_submissions": [{"score": "3"}]},
    {
        "created_at": "yesterday",
        "users": [{"email": None}],
        "previous_submissions": [{"score": float("inf")}],
    },
]


@pytest.mark.parametrize("document", ODD, ids=str)
def test_what_the_platform_does_not_say_is_left_out(document: Any, tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text(json.dumps(document), encoding="utf-8")
    about = read_metadata(tmp_path / "data.json")
    assert about._replace(earlier=0) == About()
    (tmp_path / "data.json").write_text("[" * 10**5, encoding="utf-8")
    assert read_metadata(tmp_path / "data.json") == read_metadata(tmp_path / "none.json") == About()


def test_who_hands_in_again_gets_other_inputs(
    tiny: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = hand_in(tmp_path, {"exercise-1/doubling.py": ""})
    rounds = []

    def grade(*_: object, round_number: int, **__: object) -> None:
        rounds.append(round_number)
        raise export.OutOfTime

    monkeypatch.setattr("grader.classroom.batch.grade", grade)
    for earlier in (0, 1, 1, 2):
        with pytest.raises(Exception, match=r"grades\.db"):  # since nothing was graded
            grade_one(tiny, folder, About(earlier=earlier), tiny.exercises(), 60)
    assert rounds == [1, 2, 2, 3]


def test_what_took_too_long_is_left_out(
    tiny: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def time_is_up(*_: object) -> None:  # as the alarm raises, whenever that is
        raise export.OutOfTime

    monkeypatch.setattr("grader.classroom.batch.run_all", time_is_up)
    folder = hand_in(tmp_path, {"exercise-1/doubling.py": right(tiny)})
    document = grade_one(tiny, folder, About(), tiny.exercises(), 600)
    jsonschema.validate(document, GRADESCOPE)
    assert (document["score"], document["tests"]) == (0, [])
    assert document["output"] == "Time ran out after 600 seconds; not graded: exercise-1."


def test_the_alarm_rings() -> None:
    with pytest.raises(export.OutOfTime), export._alarm(1):
        time.sleep(600)


@pytest.mark.parametrize("about", [{}, METADATA], ids=["first", "again"])
def test_a_broken_grader_keeps_the_last_score(
    about: dict[str, Any], tiny: Course, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("the course is gone")

    monkeypatch.setattr(export, "grade_one", breaks)
    (tmp_path / "submission_metadata.json").write_text(json.dumps(about), encoding="utf-8")
    ran = run("gradescope", str(tmp_path))
    assert (ran.code, "the course is gone" in ran.err) == (3, True)
    document = json.loads((tmp_path / "results" / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, GRADESCOPE)
    assert document["score"] == (3 if about else 0)
    assert "not your fault" in document["output"]
    assert ("of your last submission" in document["output"]) == bool(about)
