"""A gradebook of the first release shows the same; nobody counts twice; no grade is replaced by a worse."""

from __future__ import annotations

import contextlib
import csv
import datetime
import io
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from grader.checks.report import Outcome, Report, Status, reports_to_json
from grader.classroom.collect import Submission
from grader.classroom.gradebook import Gradebook, merge, open_gradebook
from grader.classroom.tables import ManualAdjustment, Scope
from grader.course import CannotDo, Course, open_course
from grader.progress import LedgerError
from grader.progress.grades import ClassGrades, Grade, QuizResult
from grader.reports.exports import handed_in_csv
from grader.reports.tables import class_lines

OLD = Path(__file__).resolve().parents[1] / "fixtures" / "gradebooks"
"""A class of five, graded by commit 6e6024c: right, half, nothing, damaged, late with an extension; two with
answers to a quiz, two with adjustments. The other files beside ``grades.db`` are what that commit showed."""
LATE = """
late:
  deadline: '2026-03-01T12:00:00+01:00'
  per_day: 10
  at_most: 50
  extensions: {eve: 2}
"""


@pytest.fixture
def course(tiny_copy: Course) -> Course:
    path = tiny_copy.root / "course.yaml"
    path.write_text(path.read_text(encoding="utf-8") + LATE, encoding="utf-8")
    return open_course(tiny_copy.root)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    shutil.copy(OLD / "grades.db", folder)
    return folder


def grades_in(results: Path, course: Course) -> ClassGrades:
    with open_gradebook(results) as book:
        return book.class_grades(course)


def shown(name: str) -> str:
    return (OLD / name).read_text(encoding="utf-8")


def credits_in(text: str, *columns: int) -> list[list[str]]:
    """Return the rows of a table without some columns, and without its heading."""
    rows = list(csv.reader(io.StringIO(text)))[1:]
    return [[cell for place, cell in enumerate(row) if place not in columns] for row in rows]


NAMED = credits_in(shown("moodle.csv"), 0)  # the logins; names and credits stay


def test_an_old_gradebook_shows_the_same(results: Path, course: Course) -> None:
    grades = grades_in(results, course)
    assert credits_in(handed_in_csv(grades), 1) == NAMED
    lines = "".join(f"{line.text.rstrip()}\n" for line in class_lines(grades))
    assert lines == shown("table.txt")
    for submission, wanted in json.loads(shown("reports.json")).items():
        (grade,) = [grade for grade in grades.grades if grade.submission == submission]
        assert known(json.loads(reports_to_json(list(grade.reports))), wanted) == wanted


def known(value: Any, old: Any) -> Any:
    """Return of a document what an older one may have: fields have been added since."""
    if isinstance(old, dict):
        return {key: known(value[key], item) for key, item in old.items()}
    if isinstance(old, list):
        return [known(item, twin) for item, twin in zip(value, old, strict=True)]
    return value


def test_an_old_gradebook_is_merged_into_a_new_one(results: Path, course: Course, tmp_path: Path) -> None:
    assert credits_in(handed_in_csv(merge(course, [results], tmp_path / "new")), 1) == NAMED
    assert credits_in(handed_in_csv(grades_in(tmp_path / "new", course)), 1) == NAMED


def test_an_adjustment_is_for_somebody_who_handed_in(results: Path, course: Course) -> None:
    with open_gradebook(results) as book:
        before = book.adjustments()
        with pytest.raises(LookupError):
            book.adjust(ManualAdjustment("2026-03-20T00:00:00+00:00", "Bob", "", 50, "no such name"))
        assert book.adjustments() == before
        event = ManualAdjustment("2026-03-20T00:00:00+00:00", "bob", "", 50, "twice the same event")
        book.adjust(event)
        book.adjust(event)
        assert book.adjustments() == [*sorted([*before, event], key=lambda entry: entry.at)]
    assert "Bob" not in handed_in_csv(grades_in(results, course))


def test_what_is_no_gradebook_is_told_in_one_sentence(tmp_path: Path, results: Path, course: Course) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(CannotDo, match=r"holds no grades\.db"):
        merge(course, [results, tmp_path / "empty"], tmp_path / "together")
    assert not (tmp_path / "together").exists()
    with sqlite3.connect(results / "grades.db") as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(LedgerError, match="newer grader"):
        grades_in(results, course)
    (results / "grades.db").write_bytes(b"no database, but long enough to be taken for one" * 100)
    with pytest.raises(LedgerError, match="cannot be used"):
        grades_in(results, course)


# --- a run, as the gradebook sees it -------------------------------------------------------------------

ONE = Scope(("exercise-1",), folder="/class")
IN_TIME = datetime.datetime(2026, 3, 1, 9, tzinfo=datetime.UTC)
SHAPES = QuizResult("shapes", "Shapes", 200, 300)


def handed(key: str, name: str = "", **fields: Any) -> Submission:
    return Submission(key, name or key, IN_TIME, path=Path(key), **fields)


def report(*statuses: Status, **fields: Any) -> Report:
    """Return a report of the tiny course's exercise; each of its checks is worth 2 credits."""
    outcomes = [
        Outcome(f"check_{number}", f"Check {number}", "double", status, 2, "why")
        for number, status in enumerate(statuses)
    ]
    return Report("exercise-1", "Doubling", tuple(outcomes), **fields)


def run(
    results: Path,
    graded: Mapping[str, Report | None],
    scope: Scope = ONE,
    quizzes: Mapping[str, QuizResult] | None = None,
    **fields: Any,
) -> tuple[str, ...]:
    """Grade those submissions, by key; without a report there is a problem. Return who has vanished."""
    quizzes = quizzes or {}
    with open_gradebook(results, new=True) as book:
        found = [
            handed(key, problem="" if graded[key] else "is damaged", answers=b"[]" * (key in quizzes))
            for key in graded
        ]
        vanished = book.enter(found, scope, **fields)
        for key, report in graded.items():
            if report:
                book.store_report(key, f"hash of {key}", report)
        for key, result in quizzes.items():
            book.store_quizzes(key, "a hash", [result])
        book.finish()
    return vanished


def by_key(results: Path, course: Course) -> dict[str, Grade]:
    return {grade.key: grade for grade in grades_in(results, course).grades}


def earned(results: Path, course: Course) -> dict[str, int | None]:
    return {key: grade.total_cents for key, grade in by_key(results, course).items()}


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return tmp_path / "new"


GOOD, HALF, BAD, ERROR = (
    report(*statuses)
    for statuses in (("passed", "passed"), ("passed", "failed"), ("failed", "failed"), ("passed", "error"))
)


# --- by key --------------------------------------------------------------------------------------------


def test_a_neighbour_changes_nothing(new: Path, tiny: Course) -> None:
    run(new, {"s2": HALF})
    with open_gradebook(new) as book:
        book.adjust(ManualAdjustment("2026-03-20T00:00:00+00:00", "s2", "", 100, "a reason"))
        book.enter([handed("S2"), handed("s2", "s2 (2)")], ONE)
        book.store_report("S2", "", BAD)
        assert [book.find(name).key for name in ("S2", "s2", "s2 (2)", "./s2")] == ["S2", "s2", "s2", "s2"]
    assert {key: grade.cents for key, grade in by_key(new, tiny).items()} == {"S2": 0, "s2": 300}
    run(new, {"s2": HALF})
    assert earned(new, tiny) == {"s2": 300}


def test_whom_somebody_means(new: Path) -> None:
    with open_gradebook(new, new=True) as book:
        places = {
            "1/ada.zip": "ada",
            "ada": "ada (2)",
            "a/bob.py": "bob",
            "b/bob.py": "bob (2)",
            "cleo": "CLEO",
        }
        book.enter([handed(key, name) for key, name in places.items()], ONE)
        for wanted in ("1/ada.zip", "ada.zip", "ada (2)", "bob", "bob (2)", "a/bob.py", "cleo", "./ada"):
            entry = book.find(wanted)
            assert wanted.removeprefix("./") in (entry.key, entry.name, entry.key.removeprefix("1/"))
        for wanted, told in {
            "ada": "`ada`: `./1/ada.zip` (shown as `ada`) or `./ada` (shown as `ada (2)`); write its path",
            "bob.py": "knows more than one `bob.py`: `./a/bob.py`",
            "Ada": "knows no submission `Ada`",
            "./bob": "knows no submission `./bob`",
        }.items():
            with pytest.raises(LookupError, match=re.escape(told)):
                book.find(wanted)


def test_names_that_were_numbered_apart_are_told_apart(new: Path, tiny: Course) -> None:
    run(new, {"ada": GOOD})
    with open_gradebook(new) as book:
        book.enter([handed("ADA.zip", "ADA")], Scope(("exercise-1",)))
        assert book.find("ada (2)").key == "ada"
    assert [grade.submission for grade in grades_in(new, tiny).grades] == ["ADA", "ada (2)"]


def test_what_the_first_version_kept_of_a_folder_goes_on(results: Path, course: Course) -> None:
    before = earned(results, course)
    ada = handed("ada", learner_id="ada-lovelace", learner_name="Ada Lovelace", answers=b"[]")
    with open_gradebook(results) as book:
        known = book.report_keys()["ada", "exercise-1"]
        assert book.enter([ada], Scope(("exercise-1",))) == ()
        assert book.report_keys()["ada", "exercise-1"] == known
        book.adjust(ManualAdjustment("2026-03-20T00:00:00+00:00", "ada", "", 50, "more"))
    after = earned(results, course)
    assert after.pop("ada") == (before.pop("ada") or 0) + 50
    assert after == before
    assert len(handed_in_csv(grades_in(results, course)).splitlines()) == 6
    old = results.parent / "old"
    old.mkdir()
    shutil.copy(OLD / "grades.db", old)
    assert earned(results, course) == {
        grade.key: grade.total_cents for grade in merge(course, [old], results).grades
    }


# --- what has vanished ---------------------------------------------------------------------------------

CLASS = dict.fromkeys(("ada", "bob", "cleo", "dan", "eve", "fay"), GOOD)


def without(*names: str) -> dict[str, Report]:
    return {name: report for name, report in CLASS.items() if name not in names}


def test_what_has_vanished_is_gone_until_it_is_back(new: Path, tiny: Course) -> None:
    run(new, CLASS)
    assert run(new, without("bob")) == ()
    grades = grades_in(new, tiny)
    assert (grades.gone, len(grades.grades)) == (("bob",), 5)
    assert "bob" not in handed_in_csv(grades)
    run(new, {**CLASS, "bob": HALF})
    grades = grades_in(new, tiny)
    assert (grades.gone, len(grades.grades)) == ((), 6)
    assert earned(new, tiny)["bob"] == 200


def test_who_is_gone_stays_gone_when_older_shards_are_merged(new: Path, tmp_path: Path, tiny: Course) -> None:
    parts = [tmp_path / "part-1", tmp_path / "part-2", new]
    run(parts[0], {"ada": GOOD, "bob": GOOD}, ONE._replace(shard=(1, 2)))
    run(parts[1], {"cleo": GOOD}, ONE._replace(shard=(2, 2)))
    run(new, {"ada": GOOD, "bob": GOOD, "cleo": GOOD})
    run(new, {"ada": GOOD, "cleo": GOOD})
    merged = merge(tiny, parts, tmp_path / "merged")
    assert (merged.gone, [grade.submission for grade in merged.grades]) == (("bob",), ["ada", "cleo"])


def test_what_an_instructor_gave_to_one_who_vanished_is_told(new: Path, tiny: Course) -> None:
    run(new, CLASS)
    with open_gradebook(new) as book:
        book.adjust(ManualAdjustment("2026-03-20T00:00:00+00:00", "bob", "", 200, "agreed in class"))
    assert grades_in(new, tiny).notes == ()
    run(new, without("bob"))
    (note,) = grades_in(new, tiny).notes
    assert note.decide
    assert note.text.startswith("`bob` has vanished, and so has what it was given: agreed in class; ")


def test_many_vanish_only_if_that_is_confirmed(new: Path, tiny: Course) -> None:
    run(new, CLASS)
    few = without("bob", "cleo")
    assert run(new, few) == ("bob", "cleo")
    assert len(earned(new, tiny)) == 6
    assert run(new, few, confirm_gone=True) == ()
    assert len(earned(new, tiny)) == 4
    assert run(new, without("bob", "cleo", "dan")) == ()
    assert grades_in(new, tiny).gone == ("bob", "cleo", "dan")


@pytest.mark.parametrize(
    "scope",
    [
        Scope(("exercise-1",)),
        Scope(("exercise-1",), folder="/class", shard=(2, 3)),
        Scope(("exercise-1",), folder="/other", whole_course=False),
    ],
    ids=["single", "shard", "another folder with other exercises"],
)
def test_a_part_of_a_class_makes_nobody_vanish(new: Path, tiny: Course, scope: Scope) -> None:
    run(new, CLASS)
    assert run(new, {"ada": HALF}, scope) == ()
    assert earned(new, tiny) == {name: 200 if name == "ada" else 400 for name in CLASS}


def test_exercises_of_the_same_folder_make_them_vanish(new: Path, tiny: Course) -> None:
    some = ONE._replace(whole_course=False)
    run(new, CLASS, some)
    run(new, {"ada": GOOD}, Scope(("exercise-1",)))  # in between, somebody alone
    run(new, without("ada"), some)
    assert grades_in(new, tiny).gone == ("ada",)


def test_other_exercises_of_the_same_folder_make_nobody_vanish(new: Path, tiny: Course) -> None:
    run(new, CLASS, ONE._replace(whole_course=False))
    with open_gradebook(new) as book:
        everybody = [handed(key) for key in without("ada", "bob")]
        assert book.enter(everybody, Scope(("exercise-2",), folder="/class", whole_course=False)) == ()
    assert list(earned(new, tiny)) == list(CLASS)


def test_all_shards_together_are_the_class(new: Path, tmp_path: Path, tiny: Course) -> None:
    merged = tmp_path / "merged"

    def shards(everybody: dict[str, Report], **fields: Any) -> tuple[str, ...]:
        parts = [tmp_path / "part-1", tmp_path / "part-2"]
        for number, part in enumerate(parts):
            names = sorted(everybody)[number::2]
            run(part, {name: everybody[name] for name in names}, ONE._replace(shard=(number + 1, 2)))
        return merge(tiny, parts, merged, **fields).vanished

    assert shards(CLASS) == ()
    assert shards({**without("bob"), "ada": HALF}) == ()  # who is in which shard has changed
    assert earned(merged, tiny) == {name: 200 if name == "ada" else 400 for name in without("bob")}
    assert shards(without("bob", "cleo", "dan")) == ("cleo", "dan")
    shards(without("bob", "cleo", "dan"), confirm_gone=True)
    assert list(earned(merged, tiny)) == ["ada", "eve", "fay"]
    merge(tiny, [tmp_path / "part-1"], merged)
    assert list(earned(merged, tiny)) == ["ada", "eve", "fay"]


def test_what_is_forgotten_leaves_nothing(new: Path, tiny: Course) -> None:
    run(new, CLASS, quizzes={"ada": SHAPES})
    with open_gradebook(new) as book:
        for name in ("ada", "bob"):
            book.adjust(ManualAdjustment("2026-03-20T00:00:00+00:00", name, "", 100, f"secret of {name}"))
        book.forget(["ada"])
        assert [event.submission for event in book.adjustments()] == ["bob"]
        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            book._do("DELETE FROM adjustments")
    assert list(earned(new, tiny)) == ["bob", "cleo", "dan", "eve", "fay"]
    assert b"secret of ada" not in (new / "grades.db").read_bytes()
    run(new, CLASS)
    assert earned(new, tiny)["ada"] == 400


# --- replaced, not kept --------------------------------------------------------------------------------


def test_a_problem_takes_the_credits_of_what_was_there(new: Path, tmp_path: Path, tiny: Course) -> None:
    run(new, {"ada": GOOD, "bob": GOOD}, quizzes={"ada": SHAPES})
    run(tmp_path / "later", {"ada": None}, ONE._replace(shard=(1, 2)))
    merge(tiny, [tmp_path / "later"], new)
    ada, bob = by_key(new, tiny).values()
    assert (ada.state, ada.reports, ada.quizzes, bob.cents) == ("problem", (), (), 400)
    (report, quiz) = grades_in(new, tiny).moves
    assert (report.item, report.before_cents, report.after_cents) == ("exercise-1", 400, None)
    assert (quiz.item, quiz.before_cents, quiz.after_cents) == ("shapes", 200, None)


def test_withdrawn_answers_take_their_credits_along(new: Path, tmp_path: Path, tiny: Course) -> None:
    run(new, {"ada": GOOD}, quizzes={"ada": SHAPES})
    assert earned(new, tiny) == {"ada": 600}
    run(new, {"ada": GOOD}, ONE._replace(quizzes=False))
    assert earned(new, tiny) == {"ada": 600}, "a run without quizzes does not touch them"
    run(tmp_path / "later", {"ada": GOOD})
    merge(tiny, [tmp_path / "later"], new)
    assert earned(new, tiny) == {"ada": 400}
    run(new, {"ada": GOOD}, quizzes={"ada": SHAPES})
    run(new, {"ada": GOOD})
    assert earned(new, tiny) == {"ada": 400}


def test_exercises_that_a_run_leaves_out_keep_their_credits(new: Path, tiny: Course) -> None:
    run(new, {"ada": GOOD})
    run(new, {"ada": None}, Scope(("exercise-2",), quizzes=False))
    (ada,) = by_key(new, tiny).values()
    assert (ada.state, ada.cents) == ("problem", 400)
    with open_gradebook(new) as book:
        book.enter([handed("ada", nothing_found=True)], Scope(("exercise-2",)))
        assert book.class_grades(tiny).grades[0].state == "graded"
        book.enter([handed("ada", nothing_found=True)], Scope(("exercise-1",)))
        assert book.class_grades(tiny).grades[0].state == "nothing found"
    assert earned(new, tiny) == {"ada": None}


# --- better founded ------------------------------------------------------------------------------------


def test_a_check_that_breaks_replaces_no_grade(new: Path, tmp_path: Path, tiny: Course) -> None:
    run(new, {"ada": GOOD, "bob": ERROR})
    for again in (new, tmp_path / "later"):
        run(again, {"ada": ERROR, "bob": ERROR})
    for merged in (False, True):
        grades = merge(tiny, [tmp_path / "later"], new) if merged else grades_in(new, tiny)
        ada, bob = grades.grades
        assert (ada.state, bob.state) == ("stale", "stale")
        assert "exercise-1: `Check 1` broke: why" in ada.stale
        assert (ada.cents, ada.total_cents, bob.total_cents) == (400, None, None)
        assert [grades.items[0].earned_cents(grade) for grade in grades.grades] == [None, None]
        assert grades.items[0].possible_cents == 700, "as the course has it now"
        assert not grades.moves
    run(new, {"ada": HALF, "bob": HALF})
    assert earned(new, tiny) == {"ada": 200, "bob": 200}
    (move,) = grades_in(new, tiny).moves
    assert (move.grade.key, move.before_cents, move.after_cents) == ("ada", 400, 200)


def test_a_machine_that_cannot_grade_replaces_no_grade(new: Path, tiny: Course) -> None:
    run(new, {"ada": GOOD, "bob": None})
    with open_gradebook(new) as book:
        book.enter([handed("ada"), handed("bob")], ONE)
        book.mark_not_graded([("ada", "exercise-1"), ("bob", "exercise-1")], "this machine cannot confine")
        assert book.report_keys()["ada", "exercise-1"] == ""
    ada, bob = by_key(new, tiny).values()
    assert (ada.state, ada.cents, ada.total_cents) == ("stale", 400, None)
    assert (bob.state, bob.stale, bob.total_cents) == (
        "stale",
        "exercise-1: this machine cannot confine",
        None,
    )
    run(new, {"ada": GOOD, "bob": GOOD})
    assert earned(new, tiny) == {"ada": 400, "bob": 400}


# --- who moved -----------------------------------------------------------------------------------------


def test_who_moved_and_because_of_which_check(new: Path, tiny: Course) -> None:
    run(new, {"ada": GOOD, "bob": HALF, "cleo": BAD}, quizzes={"bob": SHAPES})
    assert not grades_in(new, tiny).moves, "the first grade is no move"
    again = {"ada": HALF, "bob": HALF, "cleo": report("passed", "failed", source_sha256="other")}
    run(new, again, quizzes={"bob": SHAPES._replace(earned_cents=250)})
    ada, bob, cleo = grades_in(new, tiny).moves
    assert (ada.grade.key, (ada.after_cents or 0) - ada.before_cents) == ("ada", -200)
    assert ada.because == ("Check 1: passed (2), now failed (0)",)
    assert (bob.grade.key, bob.item, (bob.after_cents or 0) - bob.before_cents) == ("bob", "shapes", 50)
    assert cleo.because[0] == "another file was handed in"
    run(new, again, quizzes={"bob": SHAPES})
    assert [move.grade.key for move in grades_in(new, tiny).moves] == ["bob"]


def test_an_interrupted_run_tells_all_who_moved(new: Path, tiny: Course) -> None:
    run(new, {"ada": GOOD, "bob": GOOD, "cleo": GOOD})
    everybody = [handed(key) for key in ("ada", "bob", "cleo")]
    with open_gradebook(new) as book:  # and is killed
        book.enter(everybody, ONE)
        book.store_report("ada", "", HALF)
        book.store_report("bob", "", HALF)
    with open_gradebook(new) as book:
        book.enter(everybody, ONE)
        book.store_report("bob", "", GOOD)
        book.store_report("cleo", "", HALF)
        book.finish()
    assert [move.grade.key for move in grades_in(new, tiny).moves] == ["ada", "cleo"]


class Killed(BaseException):
    """Stands for kill -9: nothing catches it, and what was not committed is lost."""


def test_a_run_that_is_killed_anywhere_ends_the_same(
    new: Path, tmp_path: Path, tiny: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = {f"student-{number}": BAD for number in range(5)}
    run(new, {**CLASS, **others}, quizzes={"eve": SHAPES})
    # moved, gone, stale, a problem, a conflict, withdrawn answers
    again = {**without("bob"), **others, "ada": HALF, "cleo": ERROR, "dan": None, "fay.zip": GOOD}

    def content(results: Path) -> tuple[list[str], ClassGrades]:
        with contextlib.closing(sqlite3.connect(results / "grades.db")) as connection:
            return list(connection.iterdump()), grades_in(results, tiny)

    undisturbed = shutil.copytree(new, tmp_path / "undisturbed")
    run(undisturbed, again)
    states = {key: grade.state for key, grade in by_key(undisturbed, tiny).items()}
    assert {states[key] for key in ("ada", "cleo", "dan", "fay")} == {
        "graded",
        "stale",
        "problem",
        "set aside",
    }
    for survived in range(0, 1000, 5):
        killed = shutil.copytree(new, tmp_path / str(survived))
        left = iter(range(survived))

        def connect(book: Gradebook, connection: sqlite3.Connection, left: Iterator[int] = left) -> None:
            def do(*order: Any) -> sqlite3.Cursor:
                if next(left, None) is None:
                    raise Killed
                return connection.execute(*order)

            book._connection, book._do = connection, do

        with monkeypatch.context() as patch:
            patch.setattr(Gradebook, "__init__", connect)
            try:
                run(killed, again)
            except Killed:
                pass
            else:
                break
        run(killed, again)
        assert content(killed) == content(undisturbed), survived
    assert survived > 50
