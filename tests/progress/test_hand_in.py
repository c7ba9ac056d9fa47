"""``grader submit``: what it bundles, what it says is missing, and what it never overwrites."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.classroom.collect import find_submissions
from grader.course import CannotDo, Course
from grader.progress import Learner, Response, hand_in, open_ledger
from grader.progress.hand_in import (
    MAX_BUNDLE_BYTES,
    BadDocument,
    Bundle,
    QuizOf,
    gather,
    parse_responses,
    text_hashes,
    write_bundle,
)
from grader.quiz.files import all_quizzes
from tests.helpers import Run, solve

NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
MODULE = "exercises/exercise-1/doubling.py"


def login(course: Course, name: str = "Ada") -> None:
    with open_ledger(course) as ledger:
        ledger.login(Learner.named(name))


def answer(course: Course, *, finish: bool = False, text: str = "smax") -> None:
    """Begin the quiz and answer its first question."""
    with open_ledger(course) as ledger:
        sitting = ledger.begin("every-type", 1, "practice", ("bound", "squashed"))
        ledger.respond(Response(sitting.id, "every-type", 1, "bound", 1, "{}", text, None, 0))
        if finish:
            ledger.finish(sitting.id)


def quizzes(course: Course) -> list[QuizOf]:
    return [(sheet.id, sheet.public.version, sheet.path) for sheet in all_quizzes(course)]


def opened(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        return {name: archive.read(name) for name in archive.namelist()}


def manifest_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(opened(path)["manifest.json"])
    return found


# --- what is in it --------------------------------------------------------------------------------------


def test_a_bundle_holds_modules_answers_and_whose_they_are(run: Run, tiny_copy: Course) -> None:
    login(tiny_copy)
    answer(tiny_copy, finish=True)
    solve(tiny_copy)
    ran = run("submit")
    path = tiny_copy.root / "submission-ada.zip"
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"exercise-1 passes, 7 of 7 credits\n{path} holds 2 files of Ada (id ada); hand it in\n"
    files = opened(path)
    assert list(files) == ["manifest.json", MODULE, "responses.json"]
    assert files[MODULE] == (tiny_copy.root / MODULE).read_bytes()
    manifest = manifest_of(path)
    assert manifest["schema"] == "rnn-grader/submission/1"
    assert manifest["learner"] == {"id": "ada", "name": "Ada"}
    assert (manifest["python"], manifest["numpy"]) == (platform.python_version(), np.__version__)
    assert datetime.datetime.fromisoformat(manifest["at"]).utcoffset() == datetime.timedelta(0)
    assert manifest["files"] == [
        {"path": name, "sha256": hashlib.sha256(files[name]).hexdigest(), "bytes": len(files[name])}
        for name in (MODULE, "responses.json")
    ]


def test_the_answers_are_those_of_quiz_responses(run: Run, tiny_copy: Course) -> None:
    login(tiny_copy, "Åsa")
    answer(tiny_copy, text="naïve \U0001f600")
    run("submit", "-o", "mine.zip")
    run("quiz", "responses", "-o", "responses.json")
    mine, theirs = (
        json.loads(data)
        for data in (
            opened(tiny_copy.root / "mine.zip")["responses.json"],
            (tiny_copy.root / "responses.json").read_bytes(),
        )
    )
    assert mine.pop("at") <= theirs.pop("at")
    assert mine == theirs
    assert parse_responses(opened(tiny_copy.root / "mine.zip")["responses.json"]).learner.name == "Åsa"


def test_answers_survive_a_shell_that_knows_few_letters(run: Run, tiny_copy: Course) -> None:
    login(tiny_copy, "Zoë")
    answer(tiny_copy, text="naïve \U0001f600")
    ran = run("quiz", "responses", "every-type", "quizzes/every-type.yaml")
    for encoding in ("cp1252", "utf-16"):
        (quiz,) = parse_responses(ran.out.encode(encoding).decode(encoding).encode("utf-16")).quizzes
        assert quiz.responses[0].answer == "naïve \U0001f600"


def test_what_was_bundled_is_collected(run: Run, tiny_copy: Course) -> None:
    login(tiny_copy)
    answer(tiny_copy)
    solve(tiny_copy)
    assert run("submit").code == 0
    exercise = tiny_copy["exercise-1"]
    (found,) = find_submissions(tiny_copy.root / "submission-ada.zip", [exercise])
    assert (found.problem, found.notes, found.learner_id) == ("", (), "ada")
    source = found.sources[exercise.id]
    assert source.data == exercise.stub_path.read_bytes()


def test_equal_work_makes_equal_bytes(tiny_copy: Course) -> None:
    login(tiny_copy)
    answer(tiny_copy)
    first, second = (gather(tiny_copy, quizzes(tiny_copy), NOON).to_bytes() for _ in range(2))
    assert first == second
    later = gather(tiny_copy, quizzes(tiny_copy), NOON + datetime.timedelta(hours=1))
    assert {**later.manifest(), "at": 0, "files": 0} == {
        **gather(tiny_copy, quizzes(tiny_copy), NOON).manifest(),
        "at": 0,
        "files": 0,
    }
    assert later.to_bytes() != first
    solve(tiny_copy)
    assert gather(tiny_copy, quizzes(tiny_copy), NOON).to_bytes() != first


# --- what is missing ------------------------------------------------------------------------------------


def test_nobody_logged_in_is_refused_with_the_cure(run: Run, tiny_copy: Course) -> None:
    ran = run("submit", "--check")
    assert (ran.code, ran.out) == (2, "")
    assert "nobody is logged in" in ran.err
    assert "`grader login NAME`" in ran.err
    assert not list(tiny_copy.root.glob("*.zip"))


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_stub_and_an_empty_quiz_are_named(run: Run, tiny_copy: Course, ending: str) -> None:
    login(tiny_copy)
    path = tiny_copy.root / MODULE
    path.write_bytes(path.read_bytes().replace(b"\n", ending.encode()))
    ran = run("submit")
    assert ran.code == 0
    assert ran.out.splitlines()[:2] == [
        "missing: exercise-1: doubling.py is still the stub",
        "missing: quiz every-type: no answers",
    ]
    assert list(opened(tiny_copy.root / "submission-ada.zip")) == ["manifest.json", MODULE]


def test_an_unfinished_quiz_is_named(run: Run, tiny_copy: Course) -> None:
    login(tiny_copy)
    answer(tiny_copy)
    assert "missing: quiz every-type: not finished, 1 of 2 answered" in run("submit").out


def test_a_review_says_nothing_of_a_quiz_that_is_finished(run: Run, tiny_copy: Course) -> None:
    login(tiny_copy)
    answer(tiny_copy, finish=True)
    with open_ledger(tiny_copy) as ledger:
        ledger.begin("every-type", 1, "review", ("bound",))
    assert "quiz" not in run("submit").out.replace(str(tiny_copy.root), "")


def test_a_quiz_that_was_begun_and_never_answered_has_no_answers(run: Run, tiny_copy: Course) -> None:
    login(tiny_copy)
    with open_ledger(tiny_copy) as ledger:
        ledger.begin("every-type", 1, "practice", ("bound",))
    assert "missing: quiz every-type: no answers" in run("submit").out


@pytest.mark.parametrize("fault", ["absent", "large", "link", "folder", "fifo"])
def test_a_file_that_cannot_be_read_is_one_sentence(run: Run, tiny_copy: Course, fault: str) -> None:
    login(tiny_copy)
    path = tiny_copy.root / MODULE
    path.unlink()
    sentences = {
        "absent": "there is no exercise-1/doubling.py",
        "large": "is larger than 1 MiB",
        "link": "is a symbolic link",
        "folder": "should be a plain file",
        "fifo": "should be a plain file",
    }
    if fault == "large":
        path.write_bytes(b"#" * (2**20 + 1))
    elif fault == "link":
        path.symlink_to("/etc/passwd")
    elif fault == "folder":
        path.mkdir()
    elif fault == "fifo":
        os.mkfifo(path)
    ran = run("submit")
    assert ran.code == 0
    (line,) = [one for one in ran.out.splitlines() if one.startswith("missing: exercise-1")]
    assert line.startswith("missing: exercise-1 is left out: ")
    assert sentences[fault] in line
    assert list(opened(tiny_copy.root / "submission-ada.zip")) == ["manifest.json"]


def test_without_solutions_work_can_still_be_handed_in(run: Run, tiny_copy: Course) -> None:
    login(tiny_copy)
    solve(tiny_copy)
    shutil.rmtree(tiny_copy.root / "solutions")
    ran = run("submit")
    assert ran.code == 0
    assert "still the stub" not in ran.out
    assert MODULE in opened(tiny_copy.root / "submission-ada.zip")


# --- the checks first -----------------------------------------------------------------------------------


def test_check_shows_the_verdict_and_still_writes(run: Run, tiny_copy: Course) -> None:
    login(tiny_copy)
    solve(tiny_copy, function="return 3 * x")
    ran = run("submit", "--check")
    assert ran.code == 0
    assert "of 7 credits" in ran.out
    assert ran.out.index("of 7 credits") < ran.out.index("missing: quiz every-type")
    assert (tiny_copy.root / "submission-ada.zip").is_file()
    with open_ledger(tiny_copy) as ledger:
        assert ledger.latest("exercise-1") is not None
    assert "exercise-1 fails 2 of 4 checks, 4 of 7 credits: `y` is off" in run("submit").out
    solve(tiny_copy, function="return nothing")
    tiny_copy["exercise-1"].stub_path.write_text("def double(x):\n    return nothing\n", encoding="utf-8")
    assert "0 of 7 credits: `double` raises NameError" in " ".join(run("submit").out.split())


def test_broken_checks_keep_nobody_from_handing_in(run: Run, tiny_copy: Course) -> None:
    login(tiny_copy)
    solve(tiny_copy)
    shutil.rmtree(tiny_copy.root / "solutions")
    (tiny_copy.root / "exercises/exercise-1/check_doubling.py").write_text("def (")
    ran = run("submit", "--check")
    assert ran.code == 0
    assert (tiny_copy.root / "submission-ada.zip").is_file()


# --- what is never overwritten --------------------------------------------------------------------------


def test_an_earlier_bundle_of_the_same_learner_is_replaced(run: Run, tiny_copy: Course) -> None:
    login(tiny_copy)
    run("submit")
    solve(tiny_copy)
    assert run("submit").code == 0
    assert b"return 2 * x" in opened(tiny_copy.root / "submission-ada.zip")[MODULE]


@pytest.mark.parametrize(
    "kind", ["text", "empty", "zip", "other learner", "deep", "no learner", "other form"]
)
def test_anything_else_is_kept_unless_forced(run: Run, tiny_copy: Course, kind: str) -> None:
    login(tiny_copy, "Bob" if kind == "other learner" else "Ada")
    path = tiny_copy.root / "mine.zip"
    run("submit", "-o", "mine.zip")
    manifest = manifest_of(path)
    texts = {
        "zip": "{}",
        "deep": "[" * 100_000,
        "no learner": json.dumps({**manifest, "learner": ["ada"]}),
        "other form": json.dumps({**manifest, "schema": "rnn-grader/reports/1"}),
    }
    if kind in texts:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("manifest.json", texts[kind])
    elif kind != "other learner":
        path.write_text(kind if kind == "text" else "")
    before = path.read_bytes()
    login(tiny_copy)
    ran = run("submit", "-o", "mine.zip")
    assert ran.code == 2
    assert "mine.zip is there, and is no bundle of Ada's" in ran.err
    assert "--force" in ran.err
    assert path.read_bytes() == before
    assert run("submit", "-o", "mine.zip", "--force").code == 0
    assert manifest_of(path)["learner"]["id"] == "ada"


@pytest.mark.parametrize("kind", ["folder", "link", "dangling link", "fifo"])
def test_not_even_force_replaces_what_is_no_plain_file(run: Run, tiny_copy: Course, kind: str) -> None:
    login(tiny_copy)
    path = tiny_copy.root / "mine.zip"
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("course.yaml" if kind == "link" else "nothing")
    before = path.lstat().st_mode, (tiny_copy.root / "course.yaml").read_bytes()
    ran = run("submit", "-o", "mine.zip", "--force")
    assert ran.code == 2
    assert "is no plain file" in ran.err
    assert before == (path.lstat().st_mode, (tiny_copy.root / "course.yaml").read_bytes())
    assert not (tiny_copy.root / "nothing").exists()


def test_a_place_that_does_not_exist_is_one_sentence(run: Run, tiny_copy: Course) -> None:
    login(tiny_copy)
    ran = run("submit", "-o", "nowhere/mine.zip")
    assert ran.code == 2
    assert "nowhere/mine.zip cannot be written: No such file or directory" in ran.err


def test_a_bundle_is_written_whole_or_not_at_all(
    tiny_copy: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(tiny_copy)
    folder = tmp_path / "out"
    folder.mkdir()
    write_bundle(gather(tiny_copy, quizzes(tiny_copy), NOON), folder / "mine.zip")
    before = (folder / "mine.zip").read_bytes()
    solve(tiny_copy)

    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(CannotDo, match="No space left on device"):
        write_bundle(gather(tiny_copy, quizzes(tiny_copy), NOON), folder / "mine.zip")
    assert [one.name for one in folder.iterdir()] == ["mine.zip"]
    assert (folder / "mine.zip").read_bytes() == before


def test_answers_that_nobody_would_read_are_not_written(
    tiny_copy: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(tiny_copy)
    answer(tiny_copy)
    monkeypatch.setattr("grader.progress.hand_in.MAX_RESPONSES_BYTES", 100)
    with pytest.raises(CannotDo, match="your answers take more than"):
        gather(tiny_copy, quizzes(tiny_copy), NOON)


def test_what_nobody_could_grade_is_not_written(tmp_path: Path) -> None:
    files = {f"exercises/exercise-{number}/a.py": os.urandom(2**20) for number in range(9)}
    bundle = Bundle(Learner("ada", "Ada"), NOON, files, ())
    with pytest.raises(CannotDo, match=f"more than {MAX_BUNDLE_BYTES // 2**20} MiB"):
        write_bundle(bundle, tmp_path / "mine.zip")
    assert not list(tmp_path.iterdir())


# --- answers that somebody else wrote ---------------------------------------------------------------------


def document(**changes: Any) -> dict[str, Any]:
    """Return a file of one answer; a change goes wherever its name stands."""
    answer = {"question": "bound", "attempt": 1, "version": 1, "params": "{}", "answer": "smax"}
    answer |= {"certainty": None, "hints": 0, "at": "2026-03-01T12:00:00+00:00"}
    sitting = {"number": 1, "version": 1, "mode": "practice", "questions": ["bound"], "responses": [answer]}
    sitting |= {"begun": "2026-03-01T11:00:00+00:00", "finished": None}
    quiz = {"quiz": "every-type", "version": 1, "sha256": "0" * 64, "sittings": [sitting]}
    whole: dict[str, Any] = {
        "schema": "rnn-grader/responses/1",
        "at": "2026-03-01T13:00:00+00:00",
        "quizzes": [quiz],
    }
    whole["learner"] = {"id": "ada", "name": "Ada"}
    for part in (answer, sitting, quiz, whole):
        part |= {name: value for name, value in changes.items() if name in part}
    return whole


def text_of(**changes: Any) -> str:
    return json.dumps(document(**changes))


@pytest.mark.parametrize(
    ("name", "time"),
    [
        ("at", "0001-01-01T00:00:00+14:00"),
        ("begun", "9999-12-31T23:59:59-14:00"),
        ("begun", "9999-12-31T23:59:59+00:00"),
        ("finished", "0001-01-01T00:00:00+01:00"),
        ("finished", "2200-01-01T00:00:00+00:00"),
        ("at", "1970-01-01T00:00:00+00:01"),
    ],
)
def test_a_time_that_nothing_can_be_added_to_is_refused(name: str, time: str) -> None:
    with pytest.raises(BadDocument, match=rf"time .*`{name}`.* in .*; export it anew with"):
        parse_responses(text_of(**{name: time}).encode())


@pytest.mark.parametrize(
    "time", ["1970-01-01T00:00:00+00:00", "2199-12-31T23:59:59Z", "2026-03-01T12:00+14:00"]
)
def test_a_clock_may_be_wrong(time: str) -> None:
    (quiz,) = parse_responses(text_of(at=time, begun=time, finished=time).encode()).quizzes
    assert len(quiz.responses) == 1


@pytest.mark.parametrize(
    "number",
    ["1e999", "-1e999", "NaN", "Infinity", "-Infinity", "1" * 5000, "1e19", "-" + "9" * 30, "1e-5", "true"],
)
@pytest.mark.parametrize("name", ["number", "attempt", "version", "hints", "extra"])
def test_a_number_that_no_file_holds_is_refused(name: str, number: str) -> None:
    text = text_of(**{name: "HERE"}).replace('"HERE"', number)
    if name == "extra":
        text = text.replace('"schema"', f'"extra": [{number}], "schema"')
        if number in ("1e-5", "true"):
            assert parse_responses(text.encode()).learner.id == "ada"
            return
    with pytest.raises(BadDocument, match=r"holds the number|has no whole number"):
        parse_responses(text.encode())


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb"])
@pytest.mark.parametrize(
    "name", ["quiz", "mode", "sha256", "question", "params", "answer", "questions", "learner"]
)
def test_half_a_character_is_refused(name: str, text: str) -> None:
    value: Any = [text] if name == "questions" else {"id": "ada", "name": text} if name == "learner" else text
    with pytest.raises(BadDocument) as refused:
        parse_responses(text_of(**{name: value}).encode())
    str(refused.value).encode()


@pytest.mark.parametrize("sign", ["\0", "\n", "\x1b", "\u202e", "\u2028"])
@pytest.mark.parametrize("name", ["quiz", "mode", "sha256", "question", "questions"])
def test_an_id_that_hides_something_is_refused(name: str, sign: str) -> None:
    value = [f"a{sign}"] if name == "questions" else f"a{sign}"
    with pytest.raises(BadDocument, match=f"`{name}`"):
        parse_responses(text_of(**{name: value}).encode())


def test_what_was_typed_stays_as_it_is() -> None:
    typed = "line 2: return\tx\n\0\u202e naïve \U0001f600"
    (quiz,) = parse_responses(text_of(answer=typed).encode()).quizzes
    assert quiz.responses[0].answer == typed


@pytest.mark.parametrize("name", ["schema", "quiz", "number", "answer"])
def test_a_name_that_stands_twice_is_refused(name: str) -> None:
    text = text_of().replace(f'"{name}":', f'"{name}": "first", "{name}":')
    with pytest.raises(BadDocument, match=f"`{name}` twice in one object"):
        parse_responses(text.encode())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_json_comes_in_what_windows_writes(encoding: str) -> None:
    text = json.dumps(document(answer="naïve"), ensure_ascii=False)
    assert parse_responses(text.encode(encoding)).quizzes[0].responses[0].answer == "naïve"


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[" * 100_000, b'{"a":' * 100_000, b"\xff", b"\xff\xfe\x00", b"nul"]
)
def test_what_is_no_json_is_one_sentence(data: bytes) -> None:
    with pytest.raises(BadDocument, match=r"is no JSON.*; export it anew with `grader quiz responses`"):
        parse_responses(data)


def many(sittings: int, answers: int) -> bytes:
    whole = document()
    (sitting,) = whole["quizzes"][0]["sittings"]
    (answer,) = sitting["responses"]
    sitting["responses"] = [answer] * answers
    whole["quizzes"][0]["sittings"] = [{**sitting, "number": number} for number in range(1, sittings + 1)]
    return json.dumps(whole).encode()


def test_counts_are_of_the_whole_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (hand_in.MAX_SITTINGS, hand_in.MAX_ANSWERS) == (5_000, 20_000)
    monkeypatch.setattr(hand_in, "MAX_SITTINGS", 50)
    monkeypatch.setattr(hand_in, "MAX_ANSWERS", 200)
    assert len(parse_responses(many(50, 0)).quizzes[0].sittings) == 50
    assert len(parse_responses(many(10, 20)).quizzes[0].responses) == 200
    for sittings, answers, name in ((51, 0, "sittings"), (1, 201, "responses"), (11, 20, "responses")):
        with pytest.raises(BadDocument, match=f"more .* `{name}`"):
            parse_responses(many(sittings, answers))


def test_line_ends_change_no_hash() -> None:
    unix, windows, mac = b"a\nb\n", b"a\r\nb\r\n", b"a\rb\r"
    assert text_hashes(unix)[0] == text_hashes(windows)[0] == text_hashes(mac)[0]
    assert {hashlib.sha256(data).hexdigest() for data in (unix, windows)} <= set(text_hashes(unix))
    assert hashlib.sha256(windows).hexdigest() in text_hashes(windows)
    assert text_hashes(unix)[0] != text_hashes(b"a\nb")[0]


@pytest.mark.parametrize("raw", [False, True], ids=["as written now", "as written before"])
@pytest.mark.parametrize("ends", [(b"\n", b"\r\n"), (b"\r\n", b"\n"), (b"\r\n", b"\r\n")])
def test_a_bundle_whose_line_ends_git_has_changed_is_the_same(
    tiny_copy: Course, tmp_path: Path, ends: tuple[bytes, bytes], raw: bool
) -> None:
    login(tiny_copy)
    solve(tiny_copy)
    path = tiny_copy.root / MODULE
    before, after = (path.read_bytes().replace(b"\n", end) for end in ends)
    path.write_bytes(before)
    files = gather(tiny_copy, quizzes(tiny_copy), NOON)
    manifest = files.manifest()
    if raw:
        manifest["files"][0]["sha256"] = hashlib.sha256(before).hexdigest()
    folder = tmp_path / "handed" / "ada"
    (folder / MODULE).parent.mkdir(parents=True)
    (folder / MODULE).write_bytes(after)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (found,) = find_submissions(tmp_path / "handed", [tiny_copy["exercise-1"]])
    assert found.notes == ()
    (folder / MODULE).write_bytes(after + b"#")
    (found,) = find_submissions(tmp_path / "handed", [tiny_copy["exercise-1"]])
    assert [note.kind for note in found.notes] == ["hash-differs"]


def test_many_names_are_looked_at_once() -> None:
    """Were each compared with each, this would not come to its end."""
    names = [f'"{number}": 1' for number in range(200_000)]
    with pytest.raises(BadDocument, match="`199999` twice"):
        parse_responses(f"{{{', '.join([*names, names[-1]])}}}".encode())
