"""What a class handed in is found, whatever it is; nothing is believed, unpacked or left out in silence."""

from __future__ import annotations

import csv
import datetime
import io
import json
import os
import re
import socket
import stat
import struct
import sys
import tempfile
import tracemalloc
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.checks import files
from grader.checks.source import read_source
from grader.classroom import collect
from grader.classroom.collect import Submission, find_submissions
from grader.classroom.identity import identify
from grader.classroom.tables import files_key
from grader.course import CannotDo, Course, Exercise, make_stub
from grader.progress import Learner, hand_in
from grader.progress.hand_in import Bundle, write_bundle

GOOD = b"def double(x):\n    return 2 * x\n"
NAME = "exercise-1/doubling.py"
LONG = os.environ.get("GRADER_LONG") == "1"
NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
Make = Callable[[Path], None]


@pytest.fixture
def exercise(tiny: Course) -> Exercise:
    return tiny["exercise-1"]


@pytest.fixture
def two(exercise: Exercise, course: Course) -> list[Exercise]:
    """More than one exercise, so that a module file alone is not enough."""
    return [exercise, course["exercise-2"]]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def only(inbox: Path, exercise: Exercise) -> Callable[[], Submission]:
    """Find the one submission, beside an honest one that must be found all the same; nothing is written."""
    make_folder(inbox / "honest")

    def only() -> Submission:
        before = snapshot(inbox.parent)
        found = find_submissions(inbox, [exercise])
        honest = next(one for one in found if one.path == inbox / "honest")
        assert honest.problem == ""
        assert honest.sources[exercise.id].data == GOOD
        (other,) = [one for one in found if one is not honest]
        assert snapshot(inbox.parent) == before
        for text in (other.name, other.problem, *texts(other)):
            assert text.isprintable()
            assert len(text) < 400
        return other

    return only


def texts(submission: Submission) -> tuple[str, ...]:
    return tuple(note.text for note in submission.notes)


def snapshot(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.lstat().st_size) for path in folder.rglob("*"))


def make_folder(path: Path, data: bytes = GOOD) -> Path:
    target = path / NAME
    target.parent.mkdir(parents=True)
    target.write_bytes(data)
    return path


def make_zip(
    path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes], kind: int = zipfile.ZIP_DEFLATED
) -> Path:
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, data in entries or ((NAME, GOOD),):
            archive.writestr(name, data)
    return path


def make_bundle(path: Path, learner_id: str = "ada", name: str = "Ada", data: bytes = GOOD) -> Path:
    write_bundle(Bundle(Learner(learner_id, name), NOON, {f"exercises/{NAME}": data}, ()), path)
    return path


def responses(learner_id: str = "ada", name: str = "Ada") -> bytes:
    who = {"id": learner_id, "name": name}
    document = {"schema": "rnn-grader/responses/1", "at": NOON.isoformat(), "learner": who, "quizzes": []}
    return json.dumps(document).encode()


def reached(one: Submission, exercise: Exercise) -> bytes:
    """Return the graded bytes, which must be the same by each way of reading."""
    source = one.sources[exercise.id]
    assert one.problem == "" == source.problem
    assert read_source(exercise, one.path) == source
    return source.data


# --- what a class may look like -------------------------------------------------------------------------


def moodle(path: Path) -> None:
    folder = path / "Ada Lovelace_123_assignsubmission_file_"
    folder.mkdir()
    make_zip(folder / "anything.zip")
    (folder / "onlinetext.html").write_text("<p>my work")


def wrapped(path: Path) -> None:
    make_folder(path / "ada" / "my course" / "rnn" / "exercises")
    (path / "ada" / "__MACOSX").mkdir()
    (path / "ada" / ".DS_Store").touch()


def macos(path: Path) -> None:
    extra = (f"__MACOSX/{NAME.replace('doubling', '._doubling')}", b"\0"), (f"__MACOSX/{NAME}", b"\0")
    make_zip(path / "ada.zip", (NAME, GOOD), *extra)


def checkout(path: Path) -> None:
    make_folder(path / "ada" / "exercises")
    (path / "ada" / ".git").mkdir()
    (path / "ada" / ".git" / "config").write_text("[core]\n\tfsmonitor = touch ../run\n")


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda path: make_folder(path / "ada"), "ada"),
        (lambda path: make_folder(path / "ada" / "exercises"), "ada"),
        (lambda path: make_zip(path / "ada.zip"), "ada"),
        (lambda path: make_zip(path / "ada.ZIP"), "ada"),
        (lambda path: make_zip(path / "ada.zip", (f"a/b/exercises/{NAME}", GOOD)), "ada"),
        (lambda path: make_zip(path / "ada.zip", (NAME.replace("/", "\\"), GOOD)), "ada"),
        (
            lambda path: make_bundle(path / "lovelaceada_123_456_submission-ada.zip"),
            "lovelaceada_123",
        ),
        (lambda path: (path / "ada.py").write_bytes(GOOD), "ada"),
        (lambda path: make_folder(path / "ada.zip"), "ada"),
        (checkout, "ada"),
        (macos, "ada"),
        (moodle, "Ada Lovelace_123"),
        (wrapped, "ada"),
    ],
)
def test_every_usual_form_is_found(inbox: Path, exercise: Exercise, make: Make, name: str) -> None:
    make(inbox)
    (inbox / "__MACOSX").mkdir()
    (inbox / ".DS_Store").touch()
    (found,) = find_submissions(inbox, [exercise])
    assert (found.name, texts(found)[make is checkout :]) == (
        name,
        (),
    )  # which has no commit, and that is said
    assert reached(found, exercise) == GOOD
    assert not (inbox / "ada" / "run").exists()


@pytest.mark.parametrize("under", ["", "exercises"])
def test_a_single_submission(tmp_path: Path, exercise: Exercise, under: str) -> None:
    make_folder(tmp_path / "ada" / under)
    (tmp_path / "ada" / "received.csv").write_text("a student's own file")
    (found,) = find_submissions(tmp_path / "ada", [exercise])
    assert (found.name, texts(found)) == ("ada", ())
    assert reached(found, exercise) == GOOD
    for path in (make_zip(tmp_path / "bob.zip"), tmp_path / "ada" / under / NAME):
        (found,) = find_submissions(path, [exercise])
        assert found.name == path.stem
        assert reached(found, exercise) == GOOD


def test_a_module_alone_goes_with_one_exercise(inbox: Path, two: list[Exercise]) -> None:
    (inbox / "ada.py").write_bytes(GOOD)
    for where in (inbox, inbox / "ada.py"):
        (found,) = find_submissions(where, two)
        assert "single module file" in found.problem
        assert reached(find_submissions(where, two[:1])[0], two[0]) == GOOD
    (inbox / "ada.py").rename(inbox / "doubling.py")
    for where in (inbox, inbox / "doubling.py"):  # which its name tells
        (found,) = find_submissions(where, two)
        assert (found.problem, found.sources["exercise-1"].data) == ("", GOOD)
    (inbox / "folder").mkdir()
    (inbox / "doubling.py").rename(inbox / "folder" / "doubling.py")
    assert reached(find_submissions(inbox, two[:1])[0], two[0]) == GOOD


def test_a_student_who_is_called_like_an_exercise(tmp_path: Path, exercise: Exercise) -> None:
    """Makes no single submission of the class; but a whole hand-out is one, with all that lies in it."""
    for name in ("ada", "bob", "exercises", "exercise-1"):
        make_folder(tmp_path / name)
    found = find_submissions(tmp_path, [exercise])
    assert [one.name for one in found] == ["ada", "bob", "exercise-1", "exercises"]
    assert all(reached(one, exercise) == GOOD for one in found)
    (tmp_path / "course.yaml").touch()
    assert [one.name for one in find_submissions(tmp_path, [exercise])] == [tmp_path.name]


def test_two_zips_in_one_folder_are_not_guessed_at(
    inbox: Path, only: Callable[[], Submission], exercise: Exercise
) -> None:
    (inbox / "ada").mkdir()
    for name in ("a.zip", "b.zip"):
        make_zip(inbox / "ada" / name)
    assert reached(only(), exercise) == GOOD, "they hold the same"
    make_zip(inbox / "ada" / "b.zip", (NAME, b"other"))
    (note,) = only().notes
    assert (note.kind, note.decide) == ("which-file", True)
    assert "is there 2 times, as `a.zip/" in note.text


def test_what_is_called_like_a_copy_is_told(inbox: Path, exercise: Exercise) -> None:
    for name in ("cid.zip", "cid (1).zip", "dan.zip", "Dan - Kopie.zip", "team 2.zip", "team.zip"):
        make_zip(inbox / name)
    make_bundle(inbox / "eve.zip", "eve", "Eve")
    make_bundle(inbox / "eve (1).zip", "eve", "Eve")  # of whom the claim says it, and more than a name
    told = {each.key: each.notes for each in find_submissions(inbox, [exercise])}
    assert {key for key, notes in told.items() if notes} == {"cid (1).zip", "Dan - Kopie.zip"}
    (note,) = told["cid (1).zip"]
    assert note.text.startswith("is called like a copy of `cid.zip`; decide")


def test_an_empty_class_and_no_class(tmp_path: Path, exercise: Exercise) -> None:
    with pytest.raises(CannotDo, match="holds no submission; name their folder"):
        find_submissions(tmp_path, [exercise])
    with pytest.raises(CannotDo, match="nothing cannot be read: No such file"):
        find_submissions(tmp_path / "nothing", [exercise])


def test_a_class_behind_a_link_is_the_instructors_own(
    inbox: Path, tmp_path: Path, exercise: Exercise
) -> None:
    make_zip(inbox / "ada.zip")
    (tmp_path / "link").symlink_to(inbox)
    (found,) = find_submissions(tmp_path / "link", [exercise])
    assert reached(found, exercise) == GOOD


# --- who, and when --------------------------------------------------------------------------------------


def test_who_it_is_by(inbox: Path, exercise: Exercise) -> None:
    make_bundle(inbox / "a.zip", "ada", "Ada")
    make_zip(inbox / "b.zip", (NAME, GOOD), ("responses.json", responses("bob", "Bob")))
    make_folder(inbox / "c" / "exercises")
    (inbox / "c" / "responses.json").write_bytes(responses("carol", "Carol"))
    make_zip(inbox / "d.zip", (NAME, GOOD), ("responses.json", responses("anonymous", "anonymous")))
    found = find_submissions(inbox, [exercise])
    assert [(one.learner_id, one.learner_name) for one in found] == [
        ("ada", "Ada"),
        ("bob", "Bob"),
        ("carol", "Carol"),
        ("", ""),
    ]
    assert [texts(one) for one in found] == [(), (), (), ("was made while nobody was logged in",)]
    assert [one.answers for one in found[:3]] == [
        b"",
        responses("bob", "Bob"),
        responses("carol", "Carol"),
    ]


def test_two_claims_that_differ_are_noted(inbox: Path, only: Callable[[], Submission]) -> None:
    files = {f"exercises/{NAME}": GOOD, "responses.json": responses("bob", "Bob")}
    write_bundle(Bundle(Learner("ada", "Ada"), NOON, files, ()), inbox / "a.zip")
    found = only()
    assert found.learner_id == "ada"
    assert texts(found) == ("manifest.json names the learner `ada`, but responses.json `bob`",)


def test_the_same_claim_of_several_sets_them_aside(inbox: Path, exercise: Exercise) -> None:
    for name in "abcdef":
        make_bundle(inbox / f"{name}.zip", "eve" if name == "f" else "ada")
    found = identify(find_submissions(inbox, [exercise]), {}, {})
    assert found.pop("f.zip").set_aside == ""
    told = "claims to be `ada`, like `b.zip`, `c.zip`, `d.zip` and 1 more; nothing says which one counts"
    assert found["a.zip"].set_aside == told
    assert all(who.set_aside for who in found.values())


def test_a_file_that_was_changed_after_bundling_is_a_note(
    inbox: Path, only: Callable[[], Submission]
) -> None:
    make_bundle(inbox / "a.zip")
    with zipfile.ZipFile(inbox / "a.zip") as archive:
        manifest = archive.read("manifest.json")
    assert texts(only()) == ()
    make_zip(inbox / "a.zip", (f"exercises/{NAME}", GOOD + b"#"), ("manifest.json", manifest))
    found = only()
    assert found.problem == ""
    (note,) = texts(found)
    assert note == f"manifest.json has another hash of `exercises/{NAME}`, changed since `grader submit`"


def test_a_file_that_was_left_out_is_no_other_file(inbox: Path, only: Callable[[], Submission]) -> None:
    make_bundle(inbox / "a.zip")
    with zipfile.ZipFile(inbox / "a.zip") as archive:
        manifest = archive.read("manifest.json")
    make_zip(inbox / "a.zip", ("manifest.json", manifest))
    found = only()
    assert found.nothing_found
    assert [note.kind for note in found.notes] == ["nothing-found"]


def test_the_outermost_manifest_counts(inbox: Path, only: Callable[[], Submission]) -> None:
    make_bundle(inbox / "a.zip")
    with zipfile.ZipFile(inbox / "a.zip") as archive:
        manifest = archive.read("manifest.json")
    make_zip(
        inbox / "a.zip", ("x/web/manifest.json", b"{}"), ("x/manifest.json", manifest), (f"x/{NAME}", GOOD)
    )
    assert (only().learner_id, texts(only())) == ("ada", ())
    make_zip(inbox / "a.zip", ("x/manifest.json", manifest), ("y/manifest.json", manifest))
    assert "manifest.json is there 2 times" in texts(only())[0]


BIDI = "A\u202eda"


@pytest.mark.parametrize(
    ("manifest", "sentence"),
    [
        (b"no json", "is no JSON"),
        (b"[" * 200_000, "is no JSON"),
        (b'{"a":' * 40_000 + b"1" + b"}" * 40_000, "is no JSON"),
        (b" " * 300_000, "is larger than 0.25 MiB"),
        (b"9" * 5000, "holds the number 9999"),
        (b"\xff\xfe\xfd", "is no JSON"),
        (b"[]", "is no `rnn-grader/submission/1` document"),
        (b'{"schema": "another"}', "is no `rnn-grader/submission/1` document"),
        ({"learner": None}, "names no learner"),
        ({"learner": {"id": "ada", "name": 7}}, "names no learner"),
        ({"learner": {"id": "../../ada", "name": "Ada"}}, "an id is 1 to 64 small letters"),
        ({"learner": {"id": "ada", "name": BIDI}}, "U+202E"),
        ({"learner": {"id": "ada", "name": "A" * 100_000}}, "a name is 1 to 80"),
        ({"learner": {"id": "anonymous", "name": "Ada"}}, "the id `anonymous`"),
    ],
)
@pytest.mark.parametrize("form", ["zip", "folder"])
def test_a_bad_manifest_is_ignored_with_a_note(
    inbox: Path, only: Callable[[], Submission], manifest: bytes | dict[str, object], sentence: str, form: str
) -> None:
    own = {"schema": "rnn-grader/submission/1"}
    data = manifest if isinstance(manifest, bytes) else json.dumps({**own, **manifest}).encode()
    if form == "zip":
        make_zip(inbox / "a.zip", (NAME, GOOD), ("manifest.json", data), ("responses.json", responses()))
    else:
        make_folder(inbox / "a")
        (inbox / "a" / "manifest.json").write_bytes(data)
        (inbox / "a" / "responses.json").write_bytes(responses())
    found = only()
    assert found.problem == ""
    assert found.learner_id == "ada"
    (note,) = texts(found)
    assert note.startswith("manifest.json ")
    assert sentence in note
    assert "ignored" in note


@pytest.mark.parametrize(
    "files", [None, 7, "text", [[]], [7], [{}], [{"path": []}], [{"path": "a", "sha256": {}}]]
)
def test_malformed_lists_of_files_say_nothing(
    inbox: Path, only: Callable[[], Submission], files: object
) -> None:
    who = {"id": "ada", "name": "Ada"}
    data = json.dumps({"schema": "rnn-grader/submission/1", "learner": who, "files": files}).encode()
    make_zip(inbox / "a.zip", (NAME, GOOD), ("manifest.json", data))
    assert (only().learner_id, texts(only())) == ("ada", ())


def test_responses_are_bounded_and_follow_no_link(
    inbox: Path, only: Callable[[], Submission], exercise: Exercise
) -> None:
    make_zip(inbox / "a.zip", (NAME, GOOD), ("responses.json", b"[" * (4 * 2**20 + 1)))
    found = only()
    assert "responses.json is larger than 4 MiB" in texts(found)[0]
    assert found.answers == b""
    (inbox / "a.zip").unlink()
    (make_folder(inbox / "a") / "responses.json").symlink_to("/etc/passwd")
    found = only()
    assert "responses.json is a symbolic link" in texts(found)[0]
    assert found.answers == b""
    assert reached(found, exercise) == GOOD


def test_the_newest_graded_file_says_when_it_arrived(inbox: Path, exercise: Exercise) -> None:
    make_zip(inbox / "a.zip")
    make_folder(inbox / "b")
    (inbox / "b" / "later.txt").touch()
    os.utime(inbox / "a.zip", (NOON.timestamp(), NOON.timestamp()))
    os.utime(inbox / "b" / NAME, (NOON.timestamp(), NOON.timestamp()))
    assert [one.received for one in find_submissions(inbox, [exercise])] == [NOON, NOON]


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="most disks keep no such times")
def test_a_time_beyond_all_calendars(exercise: Exercise) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        path = make_zip(Path(folder) / "a.zip")
        for seconds, year in ((2**40, 9999), (-(2**40), 1970)):
            os.utime(path, (seconds, seconds))
            assert find_submissions(path, [exercise])[0].received.year == year


def test_received_csv_says_when_it_arrived(inbox: Path, exercise: Exercise) -> None:
    make_zip(inbox / "a.zip")
    make_folder(inbox / "Lovelace, Ada")
    make_folder(inbox / "c")
    text = io.StringIO()
    csv.writer(text).writerows(
        [
            ("received", "who", "submission"),
            ("2026-03-01T13:00:00+01:00", "x", "a.zip"),
            ("2026-03-01T12:00:00Z", "y", "Lovelace, Ada"),
        ]
    )
    (inbox / "received.csv").write_text(text.getvalue(), encoding="utf-8-sig")
    ada, first, last = find_submissions(inbox, [exercise])
    assert [(one.name, one.received, texts(one)) for one in (ada, first)] == [
        ("Lovelace, Ada", NOON, ()),
        ("a", NOON, ()),
    ]
    assert last.received > NOON
    assert texts(last) == ("is not in received.csv; when it arrived is told from its file",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1: should name the columns submission,received"),
        ("submission;received\na;b\n", "line 2: should have a time with a zone"),
        (
            "submission,received\na,2026-03-01T12:00:00Z\nb,yesterday\n",
            "line 3: should have a time with a zone",
        ),
        ("submission,received\na,2026-03-01T12:00:00\n", "line 2: should have a time with a zone"),
        ('submission,received\na,"now\x1b\n::error::"\n', "but has `now\\x1b : :error::`"),
        ("submission,received\na\n", "line 2: should have a time with a zone"),
        ("submission,received\n,2026-03-01T12:00:00Z\n", "line 2: names no submission"),
        ("submission,received\n" + "a,2026-03-01T12:00:00Z\n" * 2, "line 3: names `a` twice"),
        ('submission,received\n"a,2026-03-01T12:00:00Z\n', "line 2: unexpected end of data"),
        ("submission,received\na,0001-01-01T00:00:00+14:00\n", "line 2: should have a time with a zone"),
        (f"submission,received\na,{'x' * 200_000}\n", "line 2: field larger than field limit"),
        (b"submission,received\n\xff,2026\n", "is not UTF-8"),
        (b"x" * (4 * 2**20 + 1), "is larger than 4 MiB"),
    ],
)
def test_a_malformed_received_csv_is_one_sentence(
    inbox: Path, exercise: Exercise, text: str | bytes, sentence: str
) -> None:
    (inbox / "received.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(CannotDo) as caught:
        find_submissions(inbox, [exercise])
    assert str(caught.value).startswith("received.csv")
    assert sentence in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


# --- attacks: names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["a\nb", "a\x1b[31mb", BIDI, "a\u200bb", b"Jos\xe9".decode(errors="surrogateescape")]
)
def test_a_name_that_hides_something_is_a_problem(
    inbox: Path, only: Callable[[], Submission], name: str
) -> None:
    make_folder(inbox / name)
    found = only()
    assert "has an invisible or undecodable character in its name" in found.problem
    assert found.name.isprintable()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("..\\..\\evil.zip", "_.._evil"),
        ("..evil.zip", "evil"),
        (" .zip", "submission"),
        ("a:b|c", "a_b_c"),
        ("##[error]x", "# #[error]x"),
        ("山田\u3000太郎", "山田 太郎"),
        ("a" * 251 + ".zip", "a" * 80),
        ("Smith, J..zip", "Smith, J"),
    ],
)
def test_a_name_is_made_fit_for_a_file(inbox: Path, exercise: Exercise, given: str, name: str) -> None:
    make_zip(inbox / given) if given.endswith(".zip") else make_folder(inbox / given)
    (inbox / f"._{given[:200]}").touch()  # what macOS leaves beside it
    (found,) = find_submissions(inbox, [exercise])
    assert found.name == name
    assert reached(found, exercise) == GOOD


def test_names_that_become_equal_are_numbered(inbox: Path, exercise: Exercise) -> None:
    for name in (
        "\nada",
        "ada",
        "ADA",
        "ada (2)",
        "ad\u00e4",
        "ada\u0308",
        "a:b",
        "a|b",
        "stra\u00dfe",
        "STRASSE",
    ):
        make_folder(inbox / name)
    make_zip(inbox / "ada.zip")
    found = find_submissions(inbox, [exercise])
    assert len(found) == 11
    assert len({one.name.casefold() for one in found}) == 11
    assert {one.name for one in found if one.path.name in ("ADA", "\nada")} == {"ADA", "ada (4)"}
    assert sum("is called" in note for one in found for note in texts(one)) >= 5
    assert {one.path for one in found} == set(inbox.iterdir())


def test_names_are_short_enough_for_a_file_and_differ_in_more_than_case(
    inbox: Path, exercise: Exercise
) -> None:
    """In bytes, with what a system adds; 255 is what it takes."""
    names = [
        "a" * 255,
        "A" * 255,
        "\u5c71" * 85,
        "\u0130" * 127,
        "\U0001f600" * 63,
        "con",
        "NUL.zip",
        "aux.py",
    ]
    names += [b"\xff".decode(errors="surrogateescape") * 200, "a" * 254 + "b", "." + "." * 200 + "a"]
    for name in names:
        make_folder(inbox / name)
    found = find_submissions(inbox, [exercise])
    assert len(found) == len(names) - 1  # one is hidden
    assert len({unicodedata.normalize("NFKC", one.name).casefold() for one in found}) == len(found)
    assert len({one.key for one in found}) == len(found)
    for one in found:
        assert one.name.isprintable()
        assert one.key.isprintable()
        assert one.key.encode()  # which can be stored
        (inbox.parent / "pages" / one.name).mkdir(parents=True)
        assert len(one.name.encode()) <= 200
    assert {"_con", "_NUL", "_aux"} <= {one.name for one in found}


def test_a_key_stays_whatever_lies_beside(inbox: Path, exercise: Exercise) -> None:
    for name in ("s2", "Jose\u0301", "a" * 255):
        make_folder(inbox / name)
    before = {one.path: one.key for one in find_submissions(inbox, [exercise])}
    assert before[inbox / "Jose\u0301"] == "Jos\u00e9"
    for name in ("S2", "s2 (2)", "\ns2", "\ts2", "b" * 255, "A" * 255):
        make_folder(inbox / name)
    make_zip(inbox / "s2.zip")
    after = {one.path: one.key for one in find_submissions(inbox, [exercise])}
    assert {path: after[path] for path in before} == before
    assert len(set(after.values())) == 10
    assert all(key.isprintable() for key in after.values())


@pytest.mark.parametrize(
    "error",
    [
        OverflowError("year"),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "no"),
        RecursionError(),
        MemoryError(),
        KeyError("x"),
        AssertionError("\x1b[2J"),
        ValueError("a\nb" * 1000),
        OSError(36, "File name too long"),
    ],
)
@pytest.mark.parametrize(
    "where", ["read_sources", "parse_responses", "_note_learner", "_note_places", "unpacked", "_set_time"]
)
def test_whatever_breaks_is_told_about_that_one(
    inbox: Path, exercise: Exercise, monkeypatch: pytest.MonkeyPatch, error: Exception, where: str
) -> None:
    for name in ("ada", "eve", "zoe"):
        make_bundle(inbox / f"{name}.zip", name, name)
        with zipfile.ZipFile(inbox / f"{name}.zip", "a") as archive:
            archive.writestr("responses.json", responses(name, name))
    module = collect if hasattr(collect, where) else hand_in
    real, calls = getattr(module, where), 0

    def broken(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise error
        return real(*arguments)

    monkeypatch.setattr(module, where, broken)
    ada, eve, zoe = find_submissions(inbox, [exercise])
    assert [(one.problem, one.sources[exercise.id].data) for one in (ada, zoe)] == [("", GOOD)] * 2
    assert re.match(r"eve.zip (could not|cannot) be read: ", eve.problem)
    assert eve.problem.isprintable()
    assert len(eve.problem) < 300
    assert (eve.sources, eve.answers) == ({}, b"")


def test_many_equal_names_are_numbered_quickly(
    inbox: Path, exercise: Exercise, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = [f"a{one:014b}".replace("0", ":").replace("1", "|") for one in range(3000)]
    for name in letters:
        (inbox / name).touch()
    calls = 0

    def counted(form: Any, text: str) -> str:
        nonlocal calls
        calls += 1
        return normalize(form, text)

    normalize = unicodedata.normalize
    monkeypatch.setattr(unicodedata, "normalize", counted)
    found = find_submissions(inbox, [exercise])
    assert len({one.name for one in found}) == 3000
    assert calls < 30 * 3000


# --- attacks: zips --------------------------------------------------------------------------------------


def attack_slip(path: Path) -> None:
    make_zip(path, (f"../{NAME}", b"no"), (f"/{NAME}", b"no"), (f"a\\..\\..\\{NAME}", b"no"))


def attack_bomb(path: Path) -> None:
    make_zip(path, (NAME, b"#" * 200_000_000))


def attack_link(path: Path) -> None:
    entry = zipfile.ZipInfo(NAME)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    make_zip(path, (entry, b"/etc/passwd"))


def attack_device(path: Path) -> None:
    entry = zipfile.ZipInfo(NAME)
    entry.external_attr = (stat.S_IFCHR | 0o666) << 16
    make_zip(path, (entry, b""))


def attack_folder(path: Path) -> None:
    make_zip(path, (f"{NAME}/", b""))


def attack_folder_of_dos(path: Path) -> None:
    entry = zipfile.ZipInfo(f"{NAME}/")
    entry.external_attr = 0x10
    make_zip(path, (entry, b""))


def attack_long_name(path: Path) -> None:
    data = bytearray(make_zip(path, ("a" * 50_000 + "/" + NAME, GOOD)).read_bytes())
    data[30] ^= 1
    path.write_bytes(data)


def attack_unusual(path: Path) -> None:
    make_zip(path, kind=zipfile.ZIP_LZMA)


def attack_encrypted(path: Path) -> None:
    data = bytearray(make_zip(path).read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    data[6] |= 1
    path.write_bytes(data)


def attack_disagreement(path: Path) -> None:
    data = bytearray(make_zip(path).read_bytes())
    data[30] ^= 1  # a letter of the name in the local header
    path.write_bytes(data)


def attack_checksum(path: Path) -> None:
    data = make_zip(path).read_bytes()
    path.write_bytes(data.replace(zlib.crc32(GOOD).to_bytes(4, "little"), b"\1\2\3\4"))


def attack_garbage(path: Path) -> None:
    path.write_bytes(os.urandom(1000))


def attack_many(path: Path) -> None:
    make_zip(path, *((f"{number}", b"") for number in range(1_001)), kind=zipfile.ZIP_STORED)


def attack_large(path: Path) -> None:
    path.write_bytes(b"")
    os.truncate(path, 2**32 + 1)


def attack_deep(path: Path) -> None:
    make_zip(path, ("a/" * 20 + NAME, GOOD))


def attack_twice(path: Path) -> None:
    make_zip(path, (f"a/{NAME}", GOOD), (f"b/{NAME}", GOOD + b"# newer"))


@pytest.mark.parametrize(
    ("attack", "sentence"),
    [
        (attack_slip, "there is no exercise-1/doubling.py"),
        (attack_bomb, "is larger than 1 MiB"),
        (attack_link, "is a link, a folder or a device"),
        (attack_device, "is a link, a folder or a device"),
        (attack_folder, "is a link, a folder or a device"),
        (attack_folder_of_dos, "is a link, a folder or a device"),
        (attack_long_name, "damaged or of an unknown kind (File name in directory"),
        (attack_unusual, "is compressed in an unusual way"),
        (attack_encrypted, "is encrypted in the archive"),
        (attack_disagreement, "damaged or of an unknown kind (File name in directory"),
        (attack_checksum, "damaged or of an unknown kind (Bad CRC-32"),
        (attack_garbage, "damaged or of an unknown kind (File is not a zip file)"),
        (attack_many, "an archive of 1001 files"),
        (attack_large, "an archive of more than 4 GiB"),
        (attack_deep, "there is no exercise-1/doubling.py"),
        (attack_twice, "is there 2 times, as `a/exercise-1/doubling.py` and `b/exercise-1/doubling.py`"),
    ],
)
def test_a_hostile_zip_is_one_sentence(
    inbox: Path,
    only: Callable[[], Submission],
    exercise: Exercise,
    attack: Make,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert files.MAX_ENTRIES == 10_000
    monkeypatch.setattr(files, "MAX_ENTRIES", 1_000)
    attack(inbox / "evil.zip")
    tracemalloc.start()
    try:
        found = only()
        assert tracemalloc.get_traced_memory()[1] < 60 * 2**20
    finally:
        tracemalloc.stop()
    source = found.sources.get(exercise.id)
    problem = source.problem if source else found.problem
    assert source is None or source.data == b""
    assert sentence in problem
    assert problem.isprintable()
    assert len(problem) < 400


def test_names_that_lead_out_are_noted(
    inbox: Path, only: Callable[[], Submission], exercise: Exercise
) -> None:
    make_zip(inbox / "a.zip", (NAME, GOOD), (f"../\x1b[2J{NAME}", b"no"))
    found = only()
    assert reached(found, exercise) == GOOD
    assert "names that lead out of it, as `../\\x1b[2J" in texts(found)[0]


def test_a_zip64_is_read(inbox: Path, only: Callable[[], Submission], exercise: Exercise) -> None:
    with (
        zipfile.ZipFile(inbox / "a.zip", "w") as archive,
        archive.open(zipfile.ZipInfo(NAME), "w", force_zip64=True) as file,
    ):
        file.write(GOOD)
    assert b"\1\0\x10\0" in (inbox / "a.zip").read_bytes()  # the extra field of a zip64
    assert reached(only(), exercise) == GOOD


def test_overlapping_entries_are_bounded(
    inbox: Path, only: Callable[[], Submission], exercise: Exercise
) -> None:
    """A bomb of the better kind: ten thousand entries that share one deflated kernel."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    kernel = packed.compress(b"#" * 2**20) + packed.flush()
    sizes = struct.pack("<LLL", zlib.crc32(b"#" * 2**20), len(kernel), 2**20)
    local = b"PK\3\4" + struct.pack("<HHHHH", 20, 0, 8, 0, 33) + sizes
    data = local + struct.pack("<HH", len(NAME), 0) + NAME.encode() + kernel
    directory = b"".join(
        b"PK\1\2"
        + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 33)
        + sizes
        + struct.pack("<HHHHHLL", len(name), 0, 0, 0, 0, 0, 0)
        + name
        for name in (f"{number}/{NAME}".encode() for number in range(9_999))
    )
    end = b"PK\5\6" + struct.pack("<HHHHLLH", 0, 0, 9_999, 9_999, len(directory), len(data), 0)
    (inbox / "a.zip").write_bytes(data + directory + end)
    found = only()
    source = found.sources[exercise.id]
    assert "is there 9999 times" in source.problem


# --- attacks: folders -----------------------------------------------------------------------------------


def test_a_link_as_a_submission(inbox: Path, only: Callable[[], Submission], tiny: Course) -> None:
    (inbox / "evil").symlink_to(tiny.root / "solutions")
    assert "evil is a symbolic link" in only().problem
    (inbox / "evil").unlink()
    (inbox / "evil.zip").symlink_to(make_zip(inbox.parent / "other.zip"))
    assert "evil.zip is a symbolic link" in only().problem


def test_a_link_given_as_the_only_submission(tmp_path: Path, tiny: Course, exercise: Exercise) -> None:
    (tmp_path / "evil").symlink_to(tiny.root / "solutions")
    (found,) = find_submissions(tmp_path / "evil", [exercise])
    assert "evil is a symbolic link" in found.problem


def test_no_link_is_followed_to_where_a_submission_might_be(
    inbox: Path, only: Callable[[], Submission], exercise: Exercise
) -> None:
    make_folder(inbox.parent / "elsewhere")
    (inbox / "evil").mkdir()
    (inbox / "evil" / "course").symlink_to(inbox.parent / "elsewhere")
    assert "there is no exercise-1" in only().sources[exercise.id].problem


@pytest.mark.parametrize(
    "below", ["exercises", "exercises/exercise-1", "exercises/exercise-1/doubling.py", "in.zip"]
)
def test_a_link_within_a_submission(
    inbox: Path, only: Callable[[], Submission], exercise: Exercise, tiny: Course, below: str
) -> None:
    path = inbox / "evil" / below
    path.parent.mkdir(parents=True)
    targets = {"exercises": "solutions", "exercise-1": "solutions/exercise-1", "in.zip": "../../../other.zip"}
    make_zip(inbox.parent / "other.zip")
    path.symlink_to(tiny.root / targets.get(path.name, f"solutions/{NAME}"))
    found = only()
    source = found.sources.get(exercise.id)
    problem = source.problem if source else found.problem
    assert source is None or source.data == b""
    assert "is a symbolic link" in problem or "there is no exercise-1" in problem


def test_what_is_neither_file_nor_folder(inbox: Path, only: Callable[[], Submission]) -> None:
    os.mkfifo(inbox / "evil.zip")
    assert "evil.zip is neither a folder nor a file" in only().problem
    (inbox / "evil.zip").unlink()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(inbox / "evil"))
        assert "evil is neither a folder nor a file" in only().problem
    (inbox / "evil").unlink()
    (inbox / "evil.rar").write_bytes(b"Rar!")
    assert "evil.rar is neither a folder nor a zip" in only().problem


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_device(inbox: Path, only: Callable[[], Submission], exercise: Exercise) -> None:
    try:
        os.mknod(inbox / "evil.zip", stat.S_IFCHR | 0o600, os.makedev(1, 5))  # /dev/zero
    except PermissionError:
        pytest.skip("devices cannot be made here")
    assert "evil.zip is neither a folder nor a file" in only().problem
    (inbox / "evil.zip").unlink()
    (inbox / "evil" / "exercise-1").mkdir(parents=True)
    os.mknod(inbox / "evil" / NAME, stat.S_IFCHR | 0o600, os.makedev(1, 5))
    assert "should be a plain file" in only().sources[exercise.id].problem


@pytest.mark.parametrize(
    ("places", "says"),  # of what is changed in the file's own header, and in the archive's directory
    [
        ((6, 8), "is encrypted in the archive"),
        ((14, 16), "the archive is damaged"),
        ((8, 10), "is compressed in an unusual way"),
    ],
)
def test_a_module_that_cannot_be_read_is_told(
    inbox: Path, only: Callable[[], Submission], places: tuple[int, int], says: str
) -> None:
    path = make_zip(inbox / "ada.zip")
    data = bytearray(path.read_bytes())
    for mark, place in zip((b"PK\3\4", b"PK\1\2"), places, strict=True):
        data[data.index(mark) + place] ^= 1
    path.write_bytes(data)
    (text,) = (note.text for note in only().notes if note.decide)
    assert says in text


def test_a_stub_beside_the_work_is_not_what_counts(
    inbox: Path, only: Callable[[], Submission], exercise: Exercise
) -> None:
    make_zip(inbox / "ada.zip", (NAME, make_stub(exercise).encode()), ("doubling.py", GOOD))
    (note,) = only().notes
    assert (note.kind, note.decide) == ("found-elsewhere", False)
    assert reached(only(), exercise) == GOOD
    make_zip(inbox / "ada.zip", (NAME, GOOD), ("old/exercise-1/doubling.py", b"x"))
    (note,) = only().notes
    assert (note.kind, note.decide) == ("other-versions", False)


def test_answers_without_a_byte_are_told(inbox: Path, only: Callable[[], Submission]) -> None:
    make_zip(inbox / "ada.zip", (NAME, GOOD), ("responses.json", b""))
    assert [(note.text, note.decide) for note in only().notes] == [("responses.json is empty", True)]


def test_a_pipe_within_a_submission(inbox: Path, only: Callable[[], Submission], exercise: Exercise) -> None:
    for name in (NAME, "manifest.json", "responses.json"):
        (inbox / "evil" / name).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(inbox / "evil" / name)
    found = only()
    assert "should be a plain file" in found.sources[exercise.id].problem
    assert len(texts(found)) == 3


@pytest.mark.slow
def test_a_folder_of_more_files_than_a_zip_may_hold(
    inbox: Path, only: Callable[[], Submission], exercise: Exercise, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder(inbox / "evil")
    if not LONG:
        monkeypatch.setattr("grader.checks.files.MAX_ENTRIES", 1_000)
    for number in range(files.MAX_ENTRIES + 1):
        (folder / f"{number}").touch()
    assert reached(only(), exercise) == GOOD
    (folder / "exercise-1").rename(folder / "something else")
    found = only()
    assert found.sources[exercise.id].data == GOOD
    assert [note.kind for note in found.notes] == ["found-elsewhere"]


def test_a_folder_of_too_many_files(
    inbox: Path, only: Callable[[], Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.checks.files.MAX_FOLDER", 10)
    folder = make_folder(inbox / "evil")
    (folder / ".venv").mkdir()
    for number in range(20):
        (folder / ".venv" / f"{number}").touch()
    assert only().problem == ""
    for number in range(10):
        (folder / f"{number}").touch()
    assert "evil holds more than 10 files" in only().problem


@pytest.mark.parametrize("name", ["evil", "evil.zip"])
def test_what_may_not_be_read(inbox: Path, only: Callable[[], Submission], name: str) -> None:
    path = make_folder(inbox / name) if name == "evil" else make_zip(inbox / name)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("root may read everything")
    try:
        assert f"{name} cannot be read: Permission denied" in only().problem
    finally:
        path.chmod(0o700)


def test_folders_in_folders_without_end(
    inbox: Path, only: Callable[[], Submission], exercise: Exercise
) -> None:
    (inbox / "evil").joinpath(*"abcdefghijklmnopqrstuvwxyz").mkdir(parents=True)
    assert "there is no exercise-1" in only().sources[exercise.id].problem


# --- what has changed, and how fast ---------------------------------------------------------------------


def test_a_report_s_key_tells_what_is_graded(inbox: Path, exercise: Exercise) -> None:
    def key(name: str) -> str:
        (found,) = [one for one in find_submissions(inbox, [exercise]) if one.name == name]
        return files_key(found.sources[exercise.id])

    make_zip(inbox / "a.zip")
    make_folder(inbox / "b")
    first = key("a")
    assert first == key("b") == key("a")
    (inbox / "b" / "notes.txt").touch()
    assert key("b") == first
    (inbox / "b" / NAME).write_bytes(GOOD + b"\n")
    other = key("b")
    assert other != first
    (inbox / "b" / NAME).unlink()
    absent = key("b")
    assert absent not in (first, other)
    (inbox / "b" / NAME).mkdir()
    assert key("b") not in (first, other, absent)


def test_what_is_refused_is_not_read(inbox: Path, only: Callable[[], Submission]) -> None:
    make_folder(inbox / BIDI)
    found = only()
    assert found.problem
    assert (found.sources, found.answers) == ({}, b"")


def test_files_that_others_build_on_come_along(inbox: Path, course: Course) -> None:
    exercise = course["exercise-11"]
    names = {f"{one.id}/{one.file.module}.py": one.id.encode() for one in (exercise, *exercise.used)}
    make_zip(inbox / "a.zip", *names.items())
    source = find_submissions(inbox, [exercise])[0].sources[exercise.id]
    assert [one.data for one in source.used] == [one.id.encode() for one in exercise.used]
    first = files_key(source)
    make_zip(
        inbox / "a.zip", *{**names, next(iter(names.keys() - {"exercise-11/training.py"})): b"x"}.items()
    )
    assert files_key(find_submissions(inbox, [exercise])[0].sources[exercise.id]) != first
    (inbox / "a.zip").rename(inbox / "a")
    (found,) = find_submissions(inbox, [exercise])
    assert found.problem
    assert found.sources == {}


@pytest.mark.slow
def test_many_zips(inbox: Path, course: Course) -> None:
    count = 1000 if LONG else 100
    exercises = course.exercises()
    files = {f"exercises/{one.id}/{one.file.module}.py": one.solution_path.read_bytes() for one in exercises}
    data = Bundle(Learner("ada", "Ada"), NOON, files, ()).to_bytes()
    for number in range(count):
        (inbox / f"{number}.zip").write_bytes(data)
    found = find_submissions(inbox, exercises)
    assert len(found) == count
    for one in found[:5]:
        assert {exercise: source.data for exercise, source in one.sources.items()} == {
            exercise.id: exercise.solution_path.read_bytes() for exercise in exercises
        }


@pytest.fixture(scope="module")
def opened() -> list[str]:
    """Names of the files that were opened in this process since the list was cleared."""
    names: list[str] = []

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str):
            names.append(Path(arguments[0]).name)

    sys.addaudithook(note)  # which cannot be taken back
    return names


@pytest.mark.parametrize("form", ["folders", "zips"])
def test_every_file_is_opened_once(inbox: Path, course: Course, form: str, opened: list[str]) -> None:
    exercises = course.exercises()
    names = [f"exercises/{one.id}/{one.file.module}.py" for one in exercises]
    for student in ("ada", "bob"):
        bundle = Bundle(Learner(student, student), NOON, dict.fromkeys(names, GOOD), ())
        write_bundle(bundle, inbox / f"{student}.zip")
        with zipfile.ZipFile(inbox / f"{student}.zip", "a") as archive:
            archive.writestr("responses.json", responses(student, student))
        if form == "folders":
            with zipfile.ZipFile(inbox / f"{student}.zip") as archive:
                archive.extractall(inbox / student)
            (inbox / f"{student}.zip").unlink()
    opened.clear()
    assert all(len(one.sources) == len(exercises) for one in find_submissions(inbox, exercises))
    times = Counter(opened)
    if form == "zips":
        assert (times["ada.zip"], times["bob.zip"]) == (1, 1)
        assert not any(times[Path(name).name] for name in names)
    else:
        for name in (*names, "manifest.json", "responses.json"):
            assert times[Path(name).name] == 2, name  # one of each student
