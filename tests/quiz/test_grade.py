"""Answers that are handed in earn what they would have earned in practice, and nothing by tricks."""

from __future__ import annotations

import atexit
import copy
import csv
import dataclasses
import datetime
import functools
import hashlib
import io
import json
import os
import pickle
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from grader.course import VARIABLE, YEARS, Course, open_course
from grader.progress import Learner, hand_in, open_ledger
from grader.progress.hand_in import BadDocument, read_responses, responses_document
from grader.quiz import code, files, grade
from grader.quiz.code import TOO_LONG, CodeRunner
from grader.quiz.credits import QuizContext, balance, fold, update
from grader.quiz.files import Picks, Quiz, load_quiz
from grader.quiz.grade import Graded
from grader.quiz.questions.base import MAX_LENGTH, Runner
from grader.quiz.session import Selection, Session
from grader.reports.tables import grades_lines, grades_to_csv, grades_to_json
from grader.sandbox.worker import Patience
from tests.helpers import Ran, run_main
from tests.quiz import helpers
from tests.quiz.helpers import sample
from tests.quiz.sample_answers import answers_to

ROOT = Path(__file__).resolve().parents[2]
SECRET = b"a secret of the tests' own"
ADA = Learner("ada", "Ada")
NOON = datetime.datetime(2030, 1, 1, 12, tzinfo=datetime.UTC)
GRADED = [
    quiz for quiz in map(load_quiz, sorted((ROOT / "quizzes").glob("*.yaml"))) if quiz.file.mode != "practice"
]


def with_mode(quiz: Quiz, mode: str = "graded", **changes: Any) -> Quiz:
    changes["mode"] = mode
    return files.full_quiz(quiz.path, dataclasses.replace(quiz.file, **changes))


@functools.cache
def graded_sample() -> Quiz:
    return with_mode(sample())


EDITIONS: dict[int, tuple[Quiz, grade.Edition, str]] = {}


def edition(quiz: Quiz) -> tuple[grade.Edition, str]:
    """Return how a quiz is handed out, and its file; each quiz is kept, so that no other gets its number."""
    if id(quiz) not in EDITIONS:
        text = files.edition_text(quiz, SECRET)
        EDITIONS[id(quiz)] = quiz, grade.edition_of(quiz, SECRET), text
    return EDITIONS[id(quiz)][1:]


class World:
    """An instructor's course and one learner's folder."""

    def __init__(self, root: Path, quiz: Quiz, runner: Runner = helpers.runner) -> None:
        self.quiz, self.runner, self.root = quiz, runner, root
        self.course = Course(root=root / "student", title="A course", salt="salt")
        (self.course.root / "quizzes").mkdir(parents=True)
        self.edition, text = edition(quiz)
        if quiz.file.mode == "practice":
            self.sheet = quiz
        else:
            path = self.course.root / "quizzes" / quiz.path.name
            path.write_text(text, encoding="utf-8", newline="\n")
            self.sheet = load_quiz(path)
        self.login(ADA)
        self.untouched = True

    def login(self, learner: Learner) -> None:
        with open_ledger(self.course) as ledger:
            ledger.login(learner)

    def sit(self, sheet: Quiz | None = None, **options: Any) -> Session:
        self.untouched = False
        return Session(sheet or self.sheet, self.context(), Selection(**options))

    def context(self, runner: Runner | None = None) -> QuizContext:
        return QuizContext("salt", lambda: open_ledger(self.course), runner or self.runner)

    def answer(self, session: Session, question: str, number: int, certainty: int | None = None) -> None:
        """Give the answer of this number, 0 for the right one."""
        item = session.item(question)
        plain = item.variant if session.sheet.key else self.edition.plain(item.variant)
        texts = answers_to(helpers.question(question, self.quiz), plain)
        session.answer(item, texts[number % len(texts)], certainty)

    def document(self) -> dict[str, Any]:
        with open_ledger(self.course) as ledger:
            return responses_document(
                ledger, [(self.sheet.id, self.sheet.public.version, self.sheet.path)], NOON
            )

    def hand_in(self, document: Any = None, name: str = "ada.json") -> Path:
        path = self.root / "handed" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(document or self.document()), encoding="utf-8")
        return path

    def grade(self, document: Any = None, **options: Any) -> grade.QuizGrade:
        graded = self.grade_all([self.hand_in(document)], **options)
        (quiz,) = graded.learners[0].quizzes
        assert graded.problems == tuple(f"ada, {self.quiz.id}: {doubt}" for doubt in quiz.doubts)
        return quiz

    def grade_all(self, paths: list[Path], **options: Any) -> Graded:
        course = dataclasses.replace(self.course, **options.pop("course", {}))
        editions = {self.quiz.id: self.edition}
        return grade.grade_files(paths, grade.Grading(course, editions, self.runner, **options))

    def earned(self, sheet: Quiz | None = None) -> dict[str, int]:
        """Return the balance of every question."""
        sheet = sheet or self.sheet
        with open_ledger(self.course) as ledger:
            found = balance(ledger, sheet).by_question
        return {face.id: found.get(face.id, 0) for face in sheet.public.faces}


def cents(graded: grade.QuizGrade) -> dict[str, int]:
    found = {face.id: 0 for face in graded.sheet.public.faces}
    for one in graded.counted:
        found[one.response.question] += one.cents
    return found


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, graded_sample())


# --- the same credits as in practice ------------------------------------------------------------------


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with CodeRunner() as runner:
        yield runner


@functools.cache
def both_modes(name: str) -> tuple[Quiz, Quiz]:
    """Return a quiz for practice and for credits: the same one each time, so that it is handed out once."""
    (quiz,) = (quiz for quiz in (sample(), *GRADED) if quiz.id == name)
    return with_mode(quiz, "practice"), with_mode(quiz)


@pytest.mark.parametrize("number", range(4), ids=["right", "1", "2", "3"])
@pytest.mark.parametrize("name", [quiz.id for quiz in (sample(), *GRADED)])
def test_credits_are_those_of_practice(name: str, number: int, tmp_path: Path, runner: Runner) -> None:
    practice, graded = both_modes(name)
    here = World(tmp_path / "practice", practice, runner)
    there = World(tmp_path / "graded", graded, runner)
    session, silent = here.sit(), there.sit()
    for question in session.questions:
        here.answer(session, question, number)
        there.answer(silent, question, number)
    assert set(there.earned().values()) == {0}
    assert cents(there.grade()) == here.earned()
    if number == 0:
        assert there.grade().cents == 100 * here.sheet.credits == there.grade().possible_cents
    else:
        assert there.grade().cents < there.grade().possible_cents


def test_practice_that_is_handed_in_earns_what_the_ledger_says(tmp_path: Path) -> None:
    world = World(tmp_path, sample())
    session = world.sit()
    for question in session.questions:
        session.hint(session.item(question))
        for number in (1, 2, 0):
            if not session.item(question).done:
                world.answer(session, question, number)
    session.finish()
    again = world.sit()
    for question in again.questions:
        world.answer(again, question, 0)
    assert cents(world.grade()) == world.earned()
    assert world.grade().cents == 100 * world.sheet.credits


def test_the_last_answer_to_a_question_counts(world: World) -> None:
    session = world.sit()
    for number in (1, 0, 2, 0):
        world.answer(session, "missing-gate", number)
    graded = world.grade()
    assert cents(graded)["missing-gate"] == 100
    assert [one.response.attempt for one in graded.counted] == [4]
    world.answer(session, "missing-gate", 2)
    assert world.grade().cents == 0


@pytest.mark.parametrize(("sittings", "wanted"), [(1, 0), (2, 100), (3, 100)])
def test_the_first_sittings_count(tmp_path: Path, sittings: int, wanted: int) -> None:
    world = World(tmp_path, with_mode(sample(), sittings=sittings))
    for number in (2, 0, 2, 0):
        world.answer(world.sit(restart=True), "missing-gate", number)
    graded = world.grade()
    assert graded.cents == wanted
    assert len(graded.counted) == 4  # later ones are listed
    rule = "only the first sitting counts" if sittings == 1 else f"only the first {sittings} sittings count"
    assert [one.note for one in graded.counted][sittings:] == [rule] * (4 - sittings)


def test_a_sitting_that_is_not_handed_in_makes_no_later_one_count(world: World) -> None:
    for number in (2, 0):
        world.answer(world.sit(restart=True), "missing-gate", number)
    document = world.document()
    del document["quizzes"][0]["sittings"][0]
    assert world.grade(document).cents == 0


def test_no_more_of_a_topic_than_a_sitting_draws(tmp_path: Path) -> None:
    twin = dataclasses.replace(helpers.question("missing-gate"), id="missing-gate-again")
    questions = (*sample().file.questions, twin)
    quiz = with_mode(sample(), questions=questions, draw=Picks({"history": 1}), sittings=8)
    world = World(tmp_path, quiz)
    seen = set()
    for _ in range(8):
        session = world.sit(restart=True)
        for question in session.questions:
            seen.add(question)
            world.answer(session, question, 0)
    assert seen == {"missing-gate", "missing-gate-again"}
    assert world.grade().cents == 100
    document = world.document()
    sitting = document["quizzes"][0]["sittings"][0]
    (answer,) = sitting["responses"]
    answer["question"] = (seen - {answer["question"]}).pop()
    document["quizzes"][0]["sittings"] = [sitting]
    assert "was not drawn" in "".join(world.grade(document).refused.values())


# --- tricks -------------------------------------------------------------------------------------------


def all_right(world: World) -> dict[str, Any]:
    """Answer everything right in the first sitting, and return what is handed in."""
    if not world.untouched or world.quiz is not graded_sample():
        return answer_all(world)
    state, document = all_right_once()
    shutil.copytree(state, world.course.state_folder, dirs_exist_ok=True)
    world.untouched = False
    return copy.deepcopy(document)


@functools.cache
def all_right_once() -> tuple[Path, dict[str, Any]]:
    """Return the record of one who answers the sample quiz right, and the document."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    world = World(Path(folder.name), graded_sample())
    return world.course.state_folder, answer_all(world)


def answer_all(world: World) -> dict[str, Any]:
    session = world.sit()
    for question in session.questions:
        world.answer(session, question, 0)
    return world.document()


def answers(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for quiz in document["quizzes"]:
        for sitting in quiz["sittings"]:
            yield from sitting["responses"]


def test_somebody_elses_answers_earn_nothing_where_something_was_drawn(world: World) -> None:
    document = all_right(world)
    document["learner"] = {"id": "eve", "name": "Eve"}
    graded = world.grade_all([world.hand_in(document)]).learners[0].quizzes[0]
    drawn = {"bound", "squashed", "half-life", "back", "roles"}  # what has no options has nothing to draw
    refused = {one.response.question for one in graded.counted if one.response.id in graded.refused}
    assert drawn <= refused | {"bound", "roles"}
    assert {"half-life", "back", "squashed"} <= refused
    assert set(graded.refused.values()) == {grade.OTHERS}
    assert all(cents(graded)[question] == 0 for question in refused)


@pytest.mark.parametrize("key", ["params", "options"])
def test_a_changed_variant_earns_nothing(world: World, key: str) -> None:
    document = all_right(world)
    for one in answers(document):
        drawn = json.loads(one["params"])
        drawn["options"] = drawn["options"][::-1]
        drawn["params"] = {name: 0.9 if value != 0.9 else 0.91 for name, value in drawn["params"].items()}
        one["params"] = json.dumps({**json.loads(one["params"]), key: drawn[key]})
    graded = world.grade(document)
    refused = {one.response.question for one in graded.counted if one.response.id in graded.refused}
    assert refused == ({"half-life"} if key == "params" else {"bound", "squashed", "back", "roles"})
    assert sum(cents(graded)[one] for one in refused) == 0


@pytest.mark.parametrize("record", ["", "{}", "[1]", "nonsense", '{"params":{},"options":[]}', "[" * 9000])
def test_a_record_that_is_none_earns_nothing(world: World, record: str) -> None:
    document = all_right(world)
    for one in answers(document):
        one["params"] = record
    graded = world.grade(document)
    rest = {"all-gates", "missing-gate", "square", "stack"} if "params" in record else set()
    assert {question for question, earned in cents(graded).items() if earned} == rest


def test_the_keys_own_ids_are_no_way_in(world: World) -> None:
    """The order in which the full course shows options can be worked out; with a hand-out it is another."""
    with open_ledger(world.course) as ledger:
        ledger.login(Learner("eve", "Eve"))
    session = world.sit(world.quiz)
    for question in session.questions:
        world.answer(session, question, 0)
    graded = world.grade()
    refused = {one.response.question for one in graded.counted if one.response.id in graded.refused}
    assert refused == {"bound", "squashed", "back", "roles"}


def test_another_sitting_has_other_numbers(world: World) -> None:
    document = all_right(world)
    document["quizzes"][0]["sittings"][0]["number"] = 2
    graded = world.grade(document)
    assert graded.cents == 0
    assert graded.doubts[0] == "sitting 1 is missing from what was handed in; what follows it earns nothing"
    assert set(graded.refused.values()) == {graded.doubts[0]}


def test_what_cannot_be_read_earns_nothing(world: World) -> None:
    document = all_right(world)
    for one in answers(document):
        one["answer"] = "\x00" * 5000
    graded = world.grade(document)
    assert graded.cents == 0
    assert all(one.arithmetic.startswith("not read: ") for one in graded.marks.values())
    json.loads(grades_to_json(Graded((grade.LearnerGrade(ADA, (graded,)),), ())))


def test_answers_to_another_version(world: World) -> None:
    document = all_right(world)
    document["quizzes"][0]["version"] = 9
    for one in answers(document):
        one["version"] = 9
    graded = world.grade(document)
    assert graded.cents == graded.possible_cents
    assert graded.notes == ("answered in version 9; graded by the key of version 1",)
    next(answers(document))["params"] = "{}"
    assert "asked otherwise in version 9" in "".join(world.grade(document).refused.values())


def test_another_file_is_noted(world: World) -> None:
    document = all_right(world)
    assert world.grade(document).notes == ()
    document["quizzes"][0]["sha256"] = "0" * 64
    assert world.grade(document).notes == ("the quiz's file is not byte for byte the one that is handed out",)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_line_ends_make_no_other_file(world: World, end: bytes) -> None:
    document = all_right(world)
    path = world.course.root / "quizzes" / world.quiz.path.name
    data = path.read_bytes().replace(b"\n", end)
    path.write_bytes(data)
    assert world.document()["quizzes"][0]["sha256"] == document["quizzes"][0]["sha256"]
    document["quizzes"][0]["sha256"] = hashlib.sha256(data).hexdigest()  # as it was written before
    assert world.grade(document).notes == ()


def test_questions_that_are_gone_are_left_out(world: World) -> None:
    document = all_right(world)
    next(answers(document))["question"] = "gone"
    graded = world.grade(document)
    assert graded.notes == ("1 answers are to questions that this quiz does not ask any more",)
    assert graded.cents == graded.possible_cents - 200
    assert graded.unanswered == ("bound",)


# --- many files ---------------------------------------------------------------------------------------


def test_of_several_files_of_one_learner_the_one_that_goes_on_counts(world: World) -> None:
    session = world.sit()
    world.answer(session, "missing-gate", 2)
    first = world.document()
    world.answer(session, "missing-gate", 0)
    world.answer(session, "square", 0)
    second = world.document()
    session.finish()
    third = {
        **world.document(),
        "at": "1970-01-02T00:00:00+00:00",
    }
    paths = [world.hand_in(one, f"{number}.json") for number, one in enumerate((third, first, second, first))]
    graded = world.grade_all(paths)
    (learner,) = graded.learners
    assert (learner.quizzes[0].cents, learner.quizzes[0].notes, graded.problems) == (200, (), ())
    assert graded == world.grade_all(paths[::-1])


def forged(document: dict[str, Any], change: str) -> dict[str, Any]:
    """Return another file that claims to be by the same learner."""
    other = copy.deepcopy({**document, "at": "2099-01-01T00:00:00+00:00"})
    (sitting,) = other["quizzes"][0]["sittings"]
    if change == "wrong answers":
        for one in sitting["responses"]:
            one["answer"] = "nonsense"
    elif change == "no answers":
        sitting |= {"responses": [], "begun": "2099-01-01T00:00:00+00:00"}
    elif change == "one answer less":
        del sitting["responses"][0]
    elif change == "more sittings":
        more = [{**sitting, "number": number, "responses": []} for number in range(2, 9)]
        other["quizzes"][0]["sittings"] = [{**sitting, "begun": "2099-01-01T00:00:00+00:00"}, *more]
    return other


FORGERIES = ["wrong answers", "no answers", "one answer less", "more sittings"]


@pytest.mark.parametrize("change", FORGERIES)
@pytest.mark.parametrize("own", ["ada.json", "responses-ada (1).json", "ada/responses.json"])
def test_a_file_that_only_claims_to_be_by_somebody_changes_nothing(
    world: World, own: str, change: str
) -> None:
    document = all_right(world)
    (world.root / "handed" / "ada").mkdir(parents=True)
    honest = world.hand_in(document, own)
    theirs = world.hand_in(forged(document, change), "eve.json")
    for paths in ([honest, theirs], [theirs, honest]):
        graded = world.grade_all(paths)
        (learner,) = graded.learners
        assert learner.quizzes[0].passed
        (problem,) = graded.problems
        assert problem.startswith(f"{theirs}: set aside")


@pytest.mark.parametrize("change", FORGERIES)
@pytest.mark.parametrize("names", [("1.json", "2.json"), ("ada.json", "ada (1).json")])
def test_of_two_files_that_contradict_each_other_none_counts(
    world: World, names: tuple[str, str], change: str
) -> None:
    document = all_right(world)
    paths = [world.hand_in(document, names[0]), world.hand_in(forged(document, change), names[1])]
    graded = world.grade_all(paths)
    assert graded.learners[0].quizzes == ()
    (problem,) = graded.problems
    assert all(str(path) in problem for path in paths)
    assert "none counts" in problem


def test_one_broken_file_does_not_stop_the_rest(world: World) -> None:
    good = world.hand_in(all_right(world), "good.json")
    folder = good.parent
    (folder / "broken.json").write_bytes(b"\xff{")
    (folder / "deep.json").write_text("[" * 100_000)
    (folder / "report.json").write_text('{"schema": "rnn-grader/reports/1"}')
    (folder / "empty.json").write_text("")
    (folder / "huge.json").write_text(f'{{"schema": {"9" * 5000}}}')
    os.symlink(good, folder / "link.json")
    graded = world.grade_all([folder, folder / "report.json", folder / "link.json", folder / "none.json"])
    assert [one.learner.id for one in graded.learners] == ["ada"]
    names = [problem.split(": ")[0].rsplit(os.sep, 1)[1] for problem in graded.problems]
    assert sorted(names) == [
        "broken.json", "deep.json", "empty.json", "huge.json", "link.json", "none.json", "report.json"
    ]  # fmt: skip


def test_an_unknown_quiz_is_named(world: World) -> None:
    document = all_right(world)
    document["quizzes"].append({**document["quizzes"][0], "quiz": "other", "sittings": []})
    graded = world.grade_all([world.hand_in(document)])
    assert graded.learners[0].quizzes[0].passed
    assert graded.problems == ("ada: this course has no quiz `other`; its answers are left out",)


WRONG: list[tuple[str, Any]] = [
    ("learner", {"id": "../x", "name": "Eve"}),
    ("learner", {"id": "eve", "name": "E\u202eve"}),
    ("learner", None),
    ("at", "2030-01-01"),
    ("at", 5),
    ("quizzes", {}),
    ("quizzes", [5]),
    ("quizzes", [{}]),
]
WRONG_INSIDE: list[tuple[str, Any]] = [
    ("attempt", True), ("attempt", 0), ("attempt", 10**7), ("attempt", "1"), ("attempt", 1.0),
    ("certainty", 4), ("certainty", "3"), ("hints", -1), ("answer", None), ("answer", "x" * 30_000),
    ("params", {}), ("at", "now"), ("question", ["bound"]), ("version", None),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_a_malformed_file_is_refused(world: World, key: str, value: Any) -> None:
    with pytest.raises(BadDocument):
        read_responses(world.hand_in({**all_right(world), key: value}))


@pytest.mark.parametrize(("key", "value"), WRONG_INSIDE)
def test_a_malformed_answer_is_refused(world: World, key: str, value: Any) -> None:
    document = all_right(world)
    next(answers(document))[key] = value
    with pytest.raises(BadDocument, match=key):
        read_responses(world.hand_in(document))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["learner", "id", "name", "at", "quizzes", "quiz", "sittings", "number"]), inner
        )
    ),
    max_leaves=12,
)


@settings(max_examples=1000 if os.environ.get("GRADER_LONG") == "1" else 50, deadline=None)
@given(JSON)
def test_no_document_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, document: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    found = {**document, "schema": "rnn-grader/responses/1"} if isinstance(document, dict) else document
    path.write_text(json.dumps(found), encoding="utf-8")
    with pytest.raises(BadDocument):
        read_responses(path)


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(BadDocument, match="a plain file"):
        read_responses(tmp_path / "pipe.json")


# --- which questions were asked -------------------------------------------------------------------------


def sitting_of(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["quizzes"][0]["sittings"][0]
    return found


@pytest.mark.parametrize("kind", ["none", "other order", "other question", "twice"])
def test_the_list_of_questions_is_not_believed(world: World, kind: str) -> None:
    document = all_right(world)
    questions = sitting_of(document)["questions"]
    lists = {
        "none": [],
        "other order": questions[::-1],
        "other question": [*questions[:-1], "gone"],
        "twice": [*questions, questions[0]],
    }
    del sitting_of(document)["responses"][3]
    honest = world.grade(document)
    sitting_of(document)["questions"] = lists[kind]
    graded = world.grade(document)
    assert (graded.cents, graded.unanswered) == (honest.cents, honest.unanswered)
    assert "the list of questions in sitting 1 is refused" in graded.doubts[0]


def test_a_part_of_a_quiz_is_a_list_that_was_asked(tmp_path: Path) -> None:
    world = World(tmp_path, sample())
    for options in ({"topic": "shapes"}, {"count": 3}, {"topic": "gates", "count": 2}, {}):
        session = world.sit(restart=True, **options)
        for question in session.questions:
            world.answer(session, question, 0)
    review = world.sit(only=("square",))
    world.answer(review, "square", 0)
    graded = world.grade()
    assert (graded.doubts, graded.refused, graded.cents) == ((), {}, graded.possible_cents)


def test_a_list_of_another_version_is_no_doubt(world: World) -> None:
    document = all_right(world)
    sitting_of(document).update(version=2, questions=["bound", "gone"])
    assert world.grade(document).doubts == ()


def guesses(world: World, sittings: int) -> dict[str, Any]:
    """Return a file of many sittings, of which each answers one question."""
    document = all_right(world)
    sitting = sitting_of(document)
    document["quizzes"][0]["sittings"] = [
        {**sitting, "number": number, "questions": [], "responses": [one]}
        for number, one in enumerate(sitting["responses"] * sittings, 1)
    ][:sittings]
    return document


@pytest.mark.parametrize("sittings", [17, 1920])
def test_many_sittings_earn_what_the_first_one_does(world: World, sittings: int) -> None:
    document = guesses(world, sittings)
    graded = world.grade(document)
    first = {**document["quizzes"][0]["sittings"][0]}
    document["quizzes"][0]["sittings"] = [first]
    assert graded.cents == world.grade(document).cents == 200
    notes = {answer.note for answer in graded.counted if answer.response.sitting > 1}
    assert notes == {"only the first sitting counts"}
    assert len(graded.counted) <= 501
    assert graded.doubts


@pytest.mark.parametrize("numbers", [[2], [17], [1, 3], [1, 2, 4], [5, 6]])
def test_nobody_chooses_a_draw_by_leaving_numbers_out(tmp_path: Path, numbers: list[int]) -> None:
    world = World(tmp_path, with_mode(sample(), sittings=20))
    for _ in range(max(numbers)):
        session = world.sit(restart=True)
        world.answer(session, "half-life", 0 if session.sitting.number == numbers[-1] else 1)
    document = world.document()
    assert cents(world.grade(document))["half-life"] == 100
    found = document["quizzes"][0]["sittings"]
    document["quizzes"][0]["sittings"] = [one for one in found if one["number"] in numbers]
    graded = world.grade(document)
    assert cents(graded)["half-life"] < 100
    assert "is missing from what was handed in" in graded.doubts[0]


def test_nobody_chooses_an_attempt(tmp_path: Path) -> None:
    world = World(tmp_path, sample())
    session = world.sit()
    for number in (1, 2, 0):
        world.answer(session, "half-life", number)
    honest = world.grade()
    assert honest.cents > 0
    document = world.document()
    del sitting_of(document)["responses"][:2]  # and the third would have been the first
    graded = world.grade(document)
    assert graded.cents == 0
    assert graded.doubts == ("attempt 1 at half-life is missing; what follows it earns nothing",)
    document = world.document()
    sitting_of(document)["responses"].append(sitting_of(document)["responses"][2])
    assert "stands twice" in world.grade(document).doubts[0]


@pytest.mark.parametrize("mode", ["exam", "other"])
def test_a_sitting_in_a_mode_that_is_gone_is_refused(world: World, mode: str) -> None:
    document = all_right(world)
    sitting_of(document)["mode"] = mode
    graded = world.grade(document)
    assert graded.cents == 0
    assert f"the mode `{mode}`" in graded.doubts[0]


def test_a_first_sitting_that_was_left_is_the_first(world: World) -> None:
    world.answer(world.sit(), "square", 1)
    world.answer(world.sit(restart=True), "square", 0)
    document = world.document()
    sitting_of(document)["finished"] = None
    graded = world.grade(document)
    assert graded.cents == world.grade().cents < 100
    assert "bound" in graded.unanswered


def test_what_a_later_sitting_answers_is_unanswered_in_the_first(world: World) -> None:
    world.answer(world.sit(), "square", 0)
    world.answer(world.sit(restart=True), "bound", 0)
    graded = world.grade()
    assert "bound" in graded.unanswered
    (late,) = (answer for answer in graded.counted if answer.response.question == "bound")
    assert (late.note, graded.marks[late.response.id].arithmetic) == (
        "only the first sitting counts",
        "not marked",
    )


@settings(max_examples=300 if os.environ.get("GRADER_LONG") == "1" else 6, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3), st.integers(0, 5)), min_size=4, max_size=12))
def test_an_honest_file_raises_no_doubt(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int, int]]
) -> None:
    for mode in ("practice", "graded"):
        world = World(tmp_path_factory.mktemp("any"), with_mode(sample(), mode))
        session = world.sit()
        for place, number, then in steps:
            question = session.questions[place % len(session.questions)]
            if not session.item(question).done:
                world.answer(session, question, number)
            if then == 0:
                session = world.sit(restart=True)
            elif then == 1 and mode == "practice":
                session = world.sit(restart=True, topic="gates")
            elif then == 2 and mode == "practice":
                review = world.sit(only=(question,))
                world.answer(review, question, number)
        graded = world.grade(json.loads(json.dumps(world.document())))
        assert (graded.doubts, graded.refused) == ((), {})
        if mode == "practice":
            assert cents(graded) == world.earned()


# --- a submission of a class ------------------------------------------------------------------------------


def submitted(world: World, document: Any, owner: str = "ada") -> grade.SubmissionQuizzes:
    grading = grade.Grading(world.course, {world.quiz.id: world.edition}, world.runner)
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    found = grade.grade_submission(data, owner, grading)
    assert pickle.loads(pickle.dumps(found)) == found
    return found


def test_a_submission_of_a_class(world: World) -> None:
    (result,), notes, broken = submitted(world, all_right(world))
    assert (result.earned_cents, result.possible_cents, notes, broken) == (1700, 1700, (), "")


def test_answers_of_another_earn_nothing_until_somebody_decides(world: World) -> None:
    (result,), (note,), _ = submitted(world, all_right(world), "eve")
    assert (result.earned_cents, result.possible_cents) == (0, 1700)
    assert (note.kind, note.decide) == ("answers-of-another", True)
    assert note.text == "the answers were drawn for `ada`; they earn nothing until you decide"
    (result,), notes, _ = submitted(world, all_right(world), "")  # it claims to be nobody's
    assert (result.earned_cents, notes) == (1700, ())


@pytest.mark.parametrize("data", [b"{", b'{"schema": "rnn-grader/responses/1"}', b"\xff"])
def test_answers_that_cannot_be_read_are_told(world: World, data: bytes) -> None:
    (result,), (note,), broken = submitted(world, data)
    assert (result.quiz, result.possible_cents, note.kind, note.decide) == (
        "responses",
        0,
        "answers-unreadable",
        True,
    )
    assert (result.notes, broken) == ((note.text,), "")


def test_doubts_are_for_whoever_grades(world: World) -> None:
    (result,), (note,), _ = submitted(world, guesses(world, 40))
    assert result.earned_cents == 200
    assert (note.kind, note.decide) == ("answers-doubtful", True)
    assert len(result.notes) < 10


def test_whatever_breaks_is_told_about_one_submission(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise OverflowError("a date")

    monkeypatch.setattr(grade, "grade_quiz", breaks)
    found = submitted(world, all_right(world))
    assert found == ((), (), "responses.json could not be graded (OverflowError: a date)")
    graded = world.grade_all([world.hand_in()])
    assert graded.learners == ()
    assert "could not be graded (OverflowError: a date)" in graded.problems[0]


def test_many_unknown_quizzes_are_one_sentence(world: World) -> None:
    document = all_right(world)
    document["quizzes"] += [
        {"quiz": f"other-{number}", "version": 1, "sha256": "", "sittings": []} for number in range(20_000)
    ]
    (result,), (note,), _ = submitted(world, document)
    assert result.earned_cents == 1700
    assert "`other-0`" in note.text
    assert "and 19995 more" in note.text
    assert len(note.text) < 300


ODD: list[Any] = [
    None, True, 0, -1, 1, 2, 3, 17, 10**6, 10**7, 10**30, 1.5, 1e300, "", "x", "exam", "review", "bound",
    "\0" * 50, "\ud800", "\u202e", "a" * 30_000, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "2030-01-01T00:00:00Z", "[" * 5000, '{"params":{},"options":[]}', [], {}, [[]] * 3, {"a": 1}, ["bound"],
]  # fmt: skip


def places(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the path of every value in a document."""
    inside = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for name, value in inside:
        yield (*path, name)
        yield from places(value, (*path, name))


@settings(max_examples=20_000 if os.environ.get("GRADER_LONG") == "1" else 40, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_file_is_graded_or_told(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    if not FUZZED:
        world = World(tmp_path_factory.mktemp("fuzz"), graded_sample())
        FUZZED.append((world, guesses(world, 4)))
    world, document = FUZZED[0][0], copy.deepcopy(FUZZED[0][1])
    for _ in range(data.draw(st.integers(1, 3))):
        *path, last = data.draw(st.sampled_from(list(places(document))))
        part = document
        for name in path:
            part = part[name]
        what = data.draw(st.sampled_from(["set", "delete", "twice"]))
        if what == "set":
            part[last] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
        elif what == "delete":
            del part[last]
        elif isinstance(part, list):
            part.append(copy.deepcopy(part[last]))
        if not document:
            return
    results, notes, broken = submitted(world, document)
    assert broken == ""
    assert sum(result.earned_cents for result in results) <= 200
    json.dumps([results, notes], ensure_ascii=False).encode()


FUZZED: list[tuple[World, dict[str, Any]]] = []
"""Made once: a course and a document that hypothesis changes."""


# --- limits of a submission -------------------------------------------------------------------------------


class Slow(CodeRunner):
    """Runs no code, and says that it took its time."""

    def __init__(self) -> None:
        super().__init__("none")
        self.runs: list[tuple[str, int]] = []

    def passes(self, code: str, solution: str, tests: tuple[str, ...]) -> bool:
        self.runs.append((code, self.limit))
        endless = "while True" in code
        self.seconds += self.limit if endless else 0.01
        return not endless


def test_answers_that_never_end_have_a_limit_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "process_time", lambda: 0.0)  # so that code alone takes time
    runner = Slow()
    world = World(tmp_path, with_mode(sample(), sittings=5000), runner)
    document = all_right(world)
    sitting = sitting_of(document)
    (one,) = (answer for answer in sitting["responses"] if answer["question"] == "stack")
    line = one["answer"].partition(":")[0]
    loops = [{**one, "answer": f"{line}: while True: {number}"} for number in range(60)]
    document["quizzes"][0]["sittings"] = [
        {**sitting, "number": number, "responses": [answer]} for number, answer in enumerate([*loops, one], 1)
    ]
    runner.runs.clear()
    graded = world.grade(document)
    assert [limit for _, limit in runner.runs] == [3] * 4 + [1] * 19
    assert set(graded.refused.values()) == {TOO_LONG}
    assert len(graded.refused) == 60 + 1 - 23
    document["quizzes"][0]["sittings"] = document["quizzes"][0]["sittings"][:20]
    document["quizzes"][0]["sittings"].append({**sitting, "number": 21, "responses": [one]})
    assert cents(world.grade(document))["stack"] > 0  # what is right earns its credits still


def test_the_limits_are_those_of_the_manual() -> None:
    manual = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    for limits in (
        f"| {hand_in.MAX_SITTINGS:,}, {hand_in.MAX_ANSWERS:,}; {hand_in.MAX_QUESTIONS:,} |",
        f"| {hand_in.MAX_RESPONSES_BYTES // 2**20} MiB, {hand_in.MAX_MANIFEST_BYTES // 1024} KiB "
        f"({hand_in.MAX_BYTES // 2**20} MiB for",
        f"| {hand_in.MAX_TEXT:,} characters, of which {MAX_LENGTH:,} are read; {hand_in.MAX_WORD} |",
        f"the years {YEARS[0]} to {YEARS[-1]}; 0 to {hand_in.MAX_NUMBER:,} |",
        f"| {code.SUBMISSION_SECONDS:g} seconds, and {Patience().left:g} of sleeping; what is left",
        f"| {code.PATIENT} seconds, {code.HURRIED} once all runs together took {code.PATIENT_SECONDS:g}; "
        f"{Patience().limit(code.PATIENT).idle:g} of sleeping;",
        f"| {Patience().left:g} seconds;",
        f"| {grade.MAX_LISTED}; {grade.MAX_NAMED} |",
    ):
        assert limits in manual


def test_the_same_code_runs_once(tmp_path: Path) -> None:
    runner = Slow()
    world = World(tmp_path, with_mode(sample(), sittings=5000), runner)
    document = all_right(world)
    sitting = sitting_of(document)
    (one,) = (answer for answer in sitting["responses"] if answer["question"] == "stack")
    answer = {**one, "answer": f"{one['answer'].partition(':')[0]}: while True: pass"}
    document["quizzes"][0]["sittings"] = [
        {**sitting, "number": number, "responses": [answer]} for number in range(1, 3000)
    ]
    runner.runs.clear()
    assert world.grade(document).refused == {}
    assert len(runner.runs) == 1


def test_the_work_grows_with_the_answers_and_not_faster(tmp_path: Path) -> None:
    """Counted in looks at responses, so that no clock decides."""
    world = World(tmp_path, sample())
    session = world.sit()
    for _ in range(40):
        session.finish()
        session = world.sit()
    with open_ledger(world.course) as ledger:
        looks = []
        monitored = ledger.responses
        ledger.responses = lambda *given: looks.append(given) or monitored(*given)  # type: ignore[method-assign, func-returns-value]
        document = responses_document(ledger, [(world.sheet.id, 1, world.sheet.path)], NOON)
    assert len(document["quizzes"][0]["sittings"]) == 41
    assert len(looks) == 1


# --- what is printed ----------------------------------------------------------------------------------


def test_csv_starts_no_formula(world: World) -> None:
    world.login(Learner("eve", "=1+1"))
    session = world.sit()
    session.answer(session.item("missing-gate"), "=cmd|' /C calc'!A0")
    graded = world.grade_all([world.hand_in()])
    rows = list(csv.DictReader(io.StringIO(grades_to_csv(graded))))
    assert rows[0]["learner"] == "'=1+1"
    assert rows[0]["answer"] == "'=cmd|' /C calc'!A0"
    assert (rows[0]["earned"], rows[0]["possible"], rows[0]["question"]) == ("0.00", "1.00", "missing-gate")


def test_lines_show_the_arithmetic_and_fit(world: World) -> None:
    session = world.sit()
    for question in session.questions:
        world.answer(session, question, 1)
    graded = world.grade_all([world.hand_in()])
    lines = [line.text for line in grades_lines(graded)]
    assert max(map(len, lines)) <= 80
    assert any("2 of 3 right, 0 of 2" in line or "1 of 3 right, 0 of 2" in line for line in lines)
    assert lines[0] == "Ada (id ada)"
    assert lines[-1] == "1 learner graded"


def test_json_adds_up(world: World) -> None:
    session = world.sit()
    for question in session.questions[:-1]:
        world.answer(session, question, 1)
    document = json.loads(grades_to_json(world.grade_all([world.hand_in()])))
    (quiz,) = document["learners"][0]["quizzes"]
    assert document["schema"] == "rnn-grader/quiz-grades/1"
    assert sum(one["earned_cents"] for one in quiz["answers"]) == quiz["earned_cents"]
    assert quiz["unanswered"] == ["stack"]


def test_from_build_to_grade(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tiny_copy: Course, tmp_path: Path
) -> None:
    monkeypatch.delenv("GRADER_COURSE", raising=False)
    monkeypatch.delenv(VARIABLE, raising=False)
    path = tiny_copy.root / "quizzes" / "every-type.yaml"
    path.write_text(path.read_text("utf-8").replace("version: 1\n", "version: 1\nmode: graded\n"), "utf-8")
    student = tmp_path / "student"
    student.mkdir()
    shutil.copy(tiny_copy.root / "course.yaml", student)

    def run(where: Path, *arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["grader", "--course", str(where), *arguments])
        return run_main(capsys)

    handed = tmp_path / "handed"
    handed.mkdir()
    assert run(tiny_copy.root, "quiz", "grade", str(handed)).code == 2  # no secret yet
    assert run(tiny_copy.root, "handout", str(student), "--quizzes-only").code == 0
    empty = run(student, "quiz", "responses")
    assert (empty.code, "answered nothing" in empty.err) == (1, True)
    (tmp_path / "answers.yaml").write_text("missing-gate: forget gate\nsquare: (4, 4)\n")
    assert run(student, "login", "Ada").code == 0
    assert run(student, "quiz", "every-type", "--answers", str(tmp_path / "answers.yaml")).code == 0
    said = run(student, "quiz", "responses", "-o", str(handed / "ada.json"))
    assert (said.code, said.out) == (0, "")
    assert "every-type: 2 of 9 answered" in said.err
    ran = run(tiny_copy.root, "quiz", "grade", str(handed))
    assert ran.code == 0
    assert "2.00 of 17.00 credits" in ran.out
    (handed / "broken.json").write_text("{")
    ran = run(
        tiny_copy.root, "quiz", "grade", str(handed), "--format", "json", "-o", str(tmp_path / "all.json")
    )
    assert (ran.code, ran.out, "is no JSON" in ran.err) == (1, "", True)
    document = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert document["learners"][0]["quizzes"][0]["earned_cents"] == 200
    ran = run(tiny_copy.root, "quiz", "grade", str(handed / "ada.json"), "--format", "csv")
    assert ran.code == 0
    assert len(list(csv.reader(io.StringIO(ran.out)))) == 3
    monkeypatch.setenv(VARIABLE, "another secret, not that of the hand-out")
    ran = run(tiny_copy.root, "quiz", "grade", str(handed / "ada.json"))
    assert (ran.code, "2.00 of 17.00" in ran.out) == (0, True)
    assert "not byte for byte" in ran.out
    assert open_course(tiny_copy.root).root == tiny_copy.root


# --- a key that changes -------------------------------------------------------------------------------


def changed(quiz: Quiz, version: int, question: str, **changes: Any) -> Quiz:
    """Return the next version of a practice quiz, with another key of one question."""
    questions = tuple(
        dataclasses.replace(one, **changes) if one.id == question else one for one in quiz.file.questions
    )
    return with_mode(quiz, "practice", version=version, questions=questions)


@pytest.fixture
def practice(tmp_path: Path) -> World:
    world = World(tmp_path, sample())
    session = world.sit()
    for question in session.questions:
        world.answer(session, question, 0)
    session.finish()
    return world


def scores(world: World, since: int = 0) -> dict[int, float]:
    with open_ledger(world.course) as ledger:
        return dict(ledger.scores(world.quiz.id, since))


def test_balances_follow_a_changed_key(practice: World) -> None:
    before = practice.earned()
    second = changed(practice.quiz, 2, "missing-gate", accept=("carousel",))
    session = practice.sit(second)
    assert session.regraded == -100
    assert practice.earned(second) == {**before, "missing-gate": 0}
    assert len(scores(practice, since=2)) == 9
    third = changed(practice.quiz, 3, "missing-gate", accept=("forget gate",))
    assert practice.sit(third).regraded == 100
    assert practice.earned(third) == before


def test_answers_are_marked_once_for_each_version(practice: World) -> None:
    sheet = changed(practice.quiz, 2, "missing-gate", accept=("carousel",))
    runs: list[str] = []

    class Counting(helpers.RunsHere):
        def passes(self, *_: Any) -> bool:
            runs.append("run")
            return True

    context = practice.context(Counting())
    assert update([practice.sheet], context) == 0
    assert runs == []
    assert update([sheet], context) == -100
    stored = scores(practice)
    assert [update([sheet], context) for _ in range(3)] == [0, 0, 0]
    assert (scores(practice), runs) == (stored, ["run"])


def test_a_quiz_that_is_graded_later_is_not_marked(world: World) -> None:
    all_right(world)
    assert update([world.sheet, world.quiz], world.context()) == 0
    assert scores(world) == {}


def test_what_follows_a_changed_key_counts_from_there(practice: World) -> None:
    second = changed(practice.quiz, 2, "missing-gate", accept=("carousel",))
    session = practice.sit(second)
    session.answer(session.item("missing-gate"), "carousel")
    assert practice.earned(second)["missing-gate"] == 100
    session.finish()
    assert practice.sit(second).regraded == 0
    third = changed(practice.quiz, 3, "missing-gate", accept=("forget gate", "carousel"))
    assert practice.sit(third).regraded == 0
    assert practice.earned(third)["missing-gate"] == 100


def test_attempts_and_hints_count_anew_as_they_were_given(tmp_path: Path) -> None:
    world = World(tmp_path, sample())
    session = world.sit()
    session.hint(session.item("half-life"))
    for number in (1, 2, 0):
        world.answer(session, "half-life", number)
    first = world.earned()["half-life"]
    target = dataclasses.replace(helpers.question("half-life").answer, value="0.5/(1 - f)")
    quiz = changed(sample(), 2, "half-life", answer=target, mistakes=())
    assert world.sit(quiz).regraded == 75 - first  # the first attempt was right after all: 1 - 0.25


def test_a_question_that_changed_too_much_keeps_its_credits(practice: World) -> None:
    before = practice.earned()
    del before["stack"]
    choices = tuple(dataclasses.replace(one, id=f"new-{one.id}") for one in helpers.question("bound").choices)
    second = changed(practice.quiz, 2, "bound", choices=choices)
    less = with_mode(second, "practice", questions=second.file.questions[:-1])
    assert practice.sit(less).regraded == 0
    assert practice.earned(less) == before
    assert practice.earned()["stack"] == 300  # it is there again as soon as the question is


def test_a_key_without_a_value_takes_no_credits_away(practice: World) -> None:
    target = dataclasses.replace(helpers.question("half-life").answer, value="1/(f - f)")
    broken = changed(practice.quiz, 2, "half-life", answer=target)
    assert practice.sit(broken).regraded == 0
    assert practice.earned(broken) == practice.earned()


def test_a_review_is_not_regraded_into_credits(practice: World) -> None:
    second = changed(practice.quiz, 2, "missing-gate", accept=("carousel",))
    review = practice.sit(only=["missing-gate"])
    review.answer(review.item("missing-gate"), "carousel")
    assert practice.sit(second).regraded == -100
    assert practice.sit(second).regraded == 0


def test_another_fold_of_what_is_stored_says_the_same(practice: World) -> None:
    with open_ledger(practice.course) as ledger:
        sittings, responses = ledger.sittings(practice.quiz.id), ledger.responses(practice.quiz.id)
        held = balance(ledger, practice.sheet)
    assert fold(practice.sheet, sittings, responses, {one.id: 1.0 for one in responses}) == held


def test_who_logs_in_while_answers_are_marked_gets_no_marks_of_others(practice: World) -> None:
    second = changed(practice.quiz, 2, "missing-gate", accept=("carousel",))

    class Interrupting(helpers.RunsHere):
        def passes(self, *_: Any) -> bool:
            practice.login(Learner("bob", "Bob"))
            return True

    assert update([second], practice.context(Interrupting())) == 0
    assert scores(practice) == {}
    practice.login(ADA)
    assert update([second], practice.context()) == -100


def test_two_learners_are_regraded_apart(practice: World) -> None:
    second = changed(practice.quiz, 2, "missing-gate", accept=("carousel",))
    practice.login(Learner("bob", "Bob"))
    assert practice.sit(second).regraded == 0
    practice.login(ADA)
    assert practice.sit(second).regraded == -100
