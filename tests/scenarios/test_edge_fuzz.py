"""Whatever one student hands in, the class is read, kept and shown, and a neighbour's row stays as it was.

GRADER_LONG=1 tries very many more.
"""

from __future__ import annotations

import copy
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from grader.classroom.collect import Submission, find_submissions
from grader.classroom.gradebook import open_gradebook
from grader.classroom.tables import Scope
from grader.course import CannotDo, Course
from grader.quiz.files import load_quiz
from grader.quiz.grade import Grading, edition_of, grade_submission
from grader.reports.classes import write_pages
from tests.classroom.helpers import hand_in, right
from tests.quiz import helpers
from tests.scenarios.test_edges import answered

EXAMPLES = 25_000 if os.environ.get("GRADER_LONG") else 15
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from([10**6, 10**19, -(10**400), 1e308, float("nan"), float("inf"), -0.0]),
    st.sampled_from(
        ["", " ", "ada", "\x00", "\ud800", "\u202e", "../x", "a" * 30_000, "=1+1", "exam", "review", "1\n2"]
    ),
    st.sampled_from(
        [
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "2026-02-30T00:00:00Z",
            "2026-01-01",
            "now",
        ]
    ),
    st.sampled_from([[], {}, [[]], {"": ""}, [None] * 50]),
    st.text(max_size=20),
)
NAMES = st.one_of(
    st.sampled_from(
        "exercises exercise-1 Exercise_1 exercise-99 doubling.py Doubling.PY doubling-1.py doubling.py.txt "
        "work.ipynb __MACOSX ._doubling.py .git .venv node_modules manifest.json responses.json received.csv "
        "a.zip submission_metadata.yml bob_1_2_doubling.py bob_LATE_1_2_a.zip "
        "Bob_1_assignsubmission_file_".split()
    ),
    st.sampled_from(["..", ".", "/", "C:", "con", "a\\b", "e\u0301", "\u00e9", " ", "n" * 250, "\x01", "😀"]),
    st.text(max_size=8),
)
DATA = st.one_of(
    st.sampled_from(
        [b"", b"def double(x):\n    return 2 * x\n", b"\xff\xfe", b"PK\x03\x04", b"{}", b"[" * 5000]
    ),
    st.binary(max_size=40),
)
TREES: st.SearchStrategy[Any] = st.recursive(
    DATA, lambda inner: st.dictionaries(NAMES, inner, max_size=4), max_leaves=8
)


@pytest.fixture(scope="module")
def honest(tiny: Course, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return answered(tiny, "ada", tmp_path_factory.mktemp("ada"))[0]


@pytest.fixture(scope="module")
def grading(tiny: Course) -> Grading:
    quiz = load_quiz(tiny.root / "quizzes" / "every-type.yaml")
    return Grading(tiny, {quiz.id: edition_of(quiz, b"")}, helpers.runner)


def places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to everything in a document."""
    yield here
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*here, key))


@st.composite
def changed(draw: st.DrawFn, document: dict[str, Any]) -> dict[str, Any]:
    """Draw a document with one to three of its parts replaced, left out, or repeated."""
    new = json.loads(json.dumps(document))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from([place for place in places(new) if place]))
        inner = new
        for key in way:
            inner = inner[key]
        match draw(st.sampled_from(["odd", "gone", "again"])):
            case "odd":
                inner[last] = copy.deepcopy(draw(ODD))
            case "gone":
                del inner[last]
            case "again" if isinstance(inner, list):
                inner += copy.deepcopy([inner[last]]) * draw(st.integers(1, 40))
    return new


def graded_class(course: Course, folder: Path, grading: Grading) -> list[Submission]:
    """Do with a class what grading does with it, but for the exercises; return what was found."""
    found = find_submissions(folder, course.exercises())
    for submission in found:
        if submission.answers:
            graded = grade_submission(submission.answers, submission.learner_id, grading)
            assert not graded.broken
            assert len("".join(note.text for note in graded.notes)) < 10_000
        assert len("".join(note.text for note in submission.notes)) < 10_000
    with open_gradebook(folder.parent / "results", new=True) as book:
        book.enter(found, Scope(("exercise-1",)), confirm_gone=True)
        write_pages(book.class_grades(course), folder.parent / "results")
    return found


def neighbours(course: Course, grading: Grading, make: Any) -> None:
    """Grade a class of two honest students and what ``make`` writes between them."""
    place = Path(tempfile.mkdtemp())
    try:
        folder = place / "class"
        for name in ("aaron", "zoe"):
            hand_in(folder, name, right(course))
        alone = {entry.key: entry.sources for entry in find_submissions(folder, course.exercises())}
        make(folder)
        found = graded_class(course, folder, grading)
        assert {entry.key: entry.sources for entry in found if entry.key in alone} == alone
        assert all(not entry.problem for entry in found if entry.key in alone)
    finally:
        shutil.rmtree(place)


@FUZZ
@given(data=st.data())
def test_answers_of_any_kind(
    tiny: Course, grading: Grading, honest: dict[str, Any], data: st.DataObject
) -> None:
    document = data.draw(changed(honest))

    def make(folder: Path) -> None:
        hand_in(folder, "mallory", right(tiny))
        (folder / "mallory" / "responses.json").write_text(json.dumps(document))

    neighbours(tiny, grading, make)


@FUZZ
@given(data=st.data())
def test_manifests_of_any_kind(
    tiny: Course, grading: Grading, honest: dict[str, Any], data: st.DataObject
) -> None:
    manifest = {
        "schema": "rnn-grader/submission/1",
        "learner": {"id": "ada", "name": "Ada"},
        "python": "3.11.7",
        "numpy": "2.3.4",
        "files": [{"path": "exercises/exercise-1/doubling.py", "sha256": "0" * 64}],
    }
    document = data.draw(changed(manifest))

    def make(folder: Path) -> None:
        hand_in(folder, "mallory", right(tiny))
        (folder / "mallory" / "manifest.json").write_text(json.dumps(document))

    neighbours(tiny, grading, make)


@FUZZ
@given(tree=TREES, packed=st.booleans(), name=NAMES)
def test_trees_of_any_kind(tiny: Course, grading: Grading, tree: Any, packed: bool, name: str) -> None:
    def make(folder: Path) -> None:
        try:
            if packed:
                (folder / f"{name}.zip").write_bytes(pack(tree))
            else:
                unfold(folder / f"m{name}", tree)
        except (OSError, ValueError, IndexError):  # which no file system or zip holds
            pass

    neighbours(tiny, grading, make)


def pack(tree: Any) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, inner in tree.items() if isinstance(tree, dict) else [("doubling.py", tree)]:
            content = inner if isinstance(inner, bytes) else pack(inner)
            archive.writestr(f"{name}.zip" if isinstance(inner, dict) else name, content)
    return target.getvalue()


def unfold(path: Path, tree: Any) -> None:
    if isinstance(tree, bytes):
        path.write_bytes(tree)
        return
    path.mkdir()
    for name, inner in tree.items():
        if name not in ("", ".", "..") and "/" not in name:
            unfold(path / name, inner)


ROWS = st.lists(st.lists(st.one_of(NAMES, ODD.map(str)), max_size=3), max_size=4)


@FUZZ
@given(rows=ROWS, header=st.sampled_from(["submission,received", "received,submission,x", "a,b", ""]))
def test_times_of_any_kind(tiny: Course, grading: Grading, rows: list[list[str]], header: str) -> None:
    """The instructor's own list: the class is graded, or one sentence names the line."""

    def make(folder: Path) -> None:
        text = "\n".join([header, *(",".join(row) for row in rows)])
        (folder / "received.csv").write_bytes(text.encode("utf-8", "surrogatepass"))

    said = "received.csv"
    try:
        neighbours(tiny, grading, make)
    except CannotDo as error:
        said = str(error)
    assert "received.csv" in said
    assert "\n" not in said
