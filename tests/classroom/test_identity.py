"""Whose a submission is: a claim takes nobody's grade or extension, and blocks nobody's."""

from __future__ import annotations

import datetime
import random
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from grader.checks.report import Outcome, Report
from grader.classroom.collect import Submission
from grader.classroom.gradebook import open_gradebook
from grader.classroom.identity import Identity, identify, unused_extensions
from grader.classroom.tables import Scope
from grader.course import Course, CourseError, open_course
from grader.progress.grades import ClassGrades, noted
from grader.reports.exports import handed_in_csv

Pair = tuple[Submission, Submission]
NONE: Mapping[str, float] = {}
NOBODY: Mapping[str, str] = {}


def handed(
    key: str,
    learner_id: str = "",
    platform_id: str = "",
    platform_name: str = "",
    learner_name: str = "",
    problem: str = "",
    nothing_found: bool = False,
) -> Submission:
    """Return a submission of which nothing else is known."""
    return Submission(
        key,
        name=key,
        path=Path(key),
        received=datetime.datetime.now(datetime.UTC),
        platform_id=platform_id,
        platform_name=platform_name,
        learner_id=learner_id,
        learner_name=learner_name,
        problem=problem,
        nothing_found=nothing_found,
    )


def people(
    *them: Submission, extensions: Mapping[str, float] = NONE, decisions: Mapping[str, str] = NOBODY
) -> dict[str, Identity]:
    """Identify a class, in any order of it the same."""
    found = identify(them, extensions, decisions)
    shuffled = random.Random(1).sample(them, len(them))
    again = identify(shuffled, extensions, decisions)
    assert {key: who.set_aside != "" for key, who in again.items()} == aside_of(found)
    return found


def aside_of(found: dict[str, Identity]) -> dict[str, bool]:
    return {key: who.set_aside != "" for key, who in found.items()}


def decisions_of(who: Identity) -> set[str]:
    return {note.kind for note in who.notes if note.decide}


# --- claims ---------------------------------------------------------------------------------------------

OWN = [
    handed("s1", "s1"),
    handed("S1", "s1"),
    handed("s1"),
    handed("s1.zip", "s1"),
    handed("submission-s1.zip", "s1"),
    handed("submission-s1 (2).zip", "s1"),
    handed("s1-exercise-3.zip", "s1"),
    handed("exercise_3 s1.zip", "s1"),
    handed("week 1/s1.zip", "s1"),
    handed("exercise-3-octocat", "", "s1"),
    handed("octocat", "s1", "S1"),
]
CLAIMS = [
    handed("mallory", "s1"),
    handed("homework.zip", "s1"),
    handed("submission_1.zip", "s1"),
    handed("s10.zip", "s1"),
    handed("s1-and-more", "s1"),
    handed("mallory_9_8_x.zip", "s1", "9"),
]


@pytest.mark.parametrize("own", OWN, ids=lambda one: one.key)
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda one: one.key)
def test_who_is_founded_keeps_the_row_and_a_claim_is_set_aside(own: Submission, claim: Submission) -> None:
    found = people(claim, own, handed("s2", "s2"))
    assert aside_of(found) == {claim.key: True, own.key: False, "s2": False}
    assert own.key in found[claim.key].set_aside
    assert decisions_of(found[claim.key]) == {"set-aside"}
    assert (decisions_of(found[own.key]), found[claim.key].login) == (set(), "")
    assert found[own.key].student.casefold() == "s1"
    assert found[own.key].login == own.learner_id


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda one: one.key)
def test_a_claim_that_nobody_contests_counts(claim: Submission) -> None:
    found = people(claim, handed("s2", "s2"))
    assert not any(aside_of(found).values())
    login = "" if claim.platform_id else "s1"  # where the platform has an id of its own, none is claimed
    assert (found[claim.key].login, decisions_of(found[claim.key])) == (login, set())
    assert found[claim.key].student == (claim.platform_id or "s1")


@pytest.mark.parametrize("claims", [1, 2, 100])
def test_nobody_is_blocked_by_any_number_of_claims(claims: int) -> None:
    crowd = [handed(f"mallory-{number}.zip", "s1") for number in range(claims)]
    found = people(*crowd, handed("s1.zip", "s1"))
    assert [key for key, aside in aside_of(found).items() if not aside] == ["s1.zip"]
    assert len(found["mallory-0.zip"].set_aside) < 200


@pytest.mark.parametrize(
    "pair",
    [
        (handed("s2"), handed("s2.zip")),
        (handed("s2", "s2"), handed("submission-s2.zip", "s2")),
        (handed("zoe\u0301"), handed("zo\u00e9.zip")),
        (handed("ada_1_2_x.zip", "", "1"), handed("ada_1_3_x.zip", "", "1")),
        (handed("homework.zip", "s2"), handed("submission_1.zip", "s2")),
    ],
)
def test_of_two_that_are_equally_founded_none_counts_and_both_are_named(
    pair: tuple[Submission, Submission],
) -> None:
    one, other = pair
    found = people(*pair, handed("s1", "s1"))
    assert aside_of(found) == {one.key: True, other.key: True, "s1": False}
    assert f"`{other.key}`" in found[one.key].set_aside
    assert f"`{one.key}`" in found[other.key].set_aside


@pytest.mark.parametrize("pair", [("S2", "s2"), ("Stra\u00dfe", "STRASSE"), ("Zoe\u0301", "zo\u00e9")])
def test_a_neighbour_whose_name_differs_in_case_changes_nothing(pair: tuple[str, str]) -> None:
    found = people(*map(handed, pair))
    assert not any(aside_of(found).values())
    extended = identify(map(handed, pair), {pair[1]: 2}, {})
    assert [extended[key].extension for key in pair] == ["", pair[1]]


def test_what_holds_nothing_contests_no_grade() -> None:
    for empty in (handed("s1.txt", problem="is no folder"), handed("S1.zip", nothing_found=True)):
        found = people(empty, handed("s1", "s1"))
        assert not found["s1"].set_aside


def test_two_who_say_they_are_each_other_are_both_set_aside() -> None:
    assert aside_of(people(handed("s1", "s2"), handed("s2", "s1"), handed("s3", "s3"))) == {
        "s1": True,
        "s2": True,
        "s3": False,
    }


def test_two_names_for_one_person_are_no_contradiction() -> None:
    found = people(handed("Lovelace, Ada", "ada-lovelace"), handed("bob", "bob-b"))
    assert not any(aside_of(found).values())
    assert found["Lovelace, Ada"].login == "ada-lovelace"


def test_a_platform_keeps_apart_who_claims_the_same() -> None:
    ada, mallory = handed("ada_1_2_x.zip", "ada", "1", "ada"), handed("m_3_4_x.zip", "ada", "3", "m")
    found = people(ada, mallory, handed("homework.zip", "ada"))
    assert aside_of(found) == {ada.key: False, mallory.key: False, "homework.zip": True}
    assert {found[one.key].student for one in (ada, mallory)} == {"1", "3"}
    assert {found[one.key].login for one in (ada, mallory)} == {""}
    assert decisions_of(found[ada.key]) == decisions_of(found[mallory.key]) == {"claim-shared"}


def test_two_people_of_one_name_are_two_people() -> None:
    first = handed("Ada L_1", "", "1", "Ada L")
    second = handed("Ada L_2", "", "2", "Ada L")
    third = handed("zip.zip", "ada-2", learner_name="ada l")
    claim = handed("mallory.zip", "ada-2", learner_name="Ada L", platform_id="mallory")
    assert not people(handed("ada-2", "ada-2", learner_name="Ada L"), claim)["ada-2"].notes
    found = people(first, second, third)
    assert not any(aside_of(found).values())
    assert [who.student for who in found.values()] == ["1", "2", "ada-2"]
    assert [[note.kind for note in who.notes] for who in found.values()] == [["same-name"]] * 3
    assert not any(decisions_of(who) for who in found.values())


def test_the_instructor_decides() -> None:
    claim, own = handed("mallory.zip", "s1"), handed("s1.zip", "s1")
    found = people(claim, own, decisions={"mallory.zip": "mallory"})
    assert not any(aside_of(found).values())
    assert (found["mallory.zip"].student, found["mallory.zip"].login) == ("mallory", "mallory")
    found = people(claim, own, decisions={"mallory.zip": "s1"})
    assert aside_of(found) == {"mallory.zip": False, "s1.zip": True}
    equal = handed("homework.zip", "ada"), handed("submission_1.zip", "ada")
    assert aside_of(people(*equal, decisions={"homework.zip": "ada"})) == {
        "homework.zip": False,
        "submission_1.zip": True,
    }


# --- extensions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "name"),
    [
        (handed("s1"), "s1"),
        (handed("s1.zip", "other"), "S1"),
        (handed("submission-s1.zip", "s1"), "s1"),
        (handed("Ada L_7", "x", "7", "Ada L"), "ada l"),
        (handed("Ada L_7", "x", "7", "Ada L"), "7"),
        (handed("Ada L_7", "x", "7", "Ada L"), "Ada L_7_assignsubmission_file_"),
        (handed("zoe\u0301"), "Zo\u00e9"),
    ],
)
def test_an_extension_is_for_whom_the_instructor_named(one: Submission, name: str) -> None:
    found = people(one, handed("s2", "s2"), extensions={name: 2})
    assert (found[one.key].extension, found["s2"].extension) == (name, "")
    assert not decisions_of(found[one.key])
    assert unused_extensions([one], {name: 2}) == []


@pytest.mark.parametrize(
    "claim", [handed("mallory", "s1"), handed("x.zip", "s1"), handed("m_9_8_submission-s1.zip", "s1", "9")]
)
def test_a_claim_gets_no_extension_and_the_instructor_is_told(claim: Submission) -> None:
    found = people(claim, extensions={"s1": 5})[claim.key]
    assert (found.extension, decisions_of(found)) == ("", {"extension-not-applied"})
    assert unused_extensions([claim], {"s1": 5}) == []
    found = people(claim, handed("s1"), extensions={"s1": 5})[claim.key]
    assert (found.extension, decisions_of(found)) == ("", {"set-aside"})


@pytest.mark.parametrize("other", [handed("s1 (2).zip", "mallory"), handed("S1.zip", "mallory")])
def test_a_file_called_like_another_gets_no_extension_of_theirs(other: Submission) -> None:
    for own in (handed("s1.zip", "s1"), handed("submission-s1.zip", "s1"), handed("s1.zip")):
        found = people(other, own, extensions={"s1": 2})
        assert (found[other.key].extension, found[own.key].extension) == ("", "s1"), own.key
        assert not found[own.key].set_aside


def test_a_platform_s_name_and_a_plain_one_are_equally_founded() -> None:
    found = people(handed("m_12345_1_x.zip", "", "12345"), handed("12345.zip", "12345"))
    assert all(aside_of(found).values())


@pytest.mark.parametrize("seed", range(50))
def test_whatever_others_claim_the_honest_keep_their_rows_and_extensions(seed: int) -> None:
    chance = random.Random(seed)
    shapes = (
        "{}",
        "{}.zip",
        "submission-{}.zip",
        "{}-exercise-1.zip",
        "week/{}.zip",
        "submission-{} (1).zip",
    )
    ids = [f"s{number}" for number in range(8)]
    honest = [handed(chance.choice(shapes).format(name), name, learner_name="A") for name in ids]
    others = [
        handed(
            chance.choice(("m{}.zip", "homework {}.zip", "submission_{}", "s1-{}.zip")).format(100 + number),
            chance.choice([*ids, "mallory", "", f"s{100 + number}"]),
            chance.choice(["", "", f"p{number}"]),
            "A",
        )
        for number in range(chance.randrange(20))
    ]
    everybody = chance.sample([*honest, *others], len(honest) + len(others))
    extensions = dict.fromkeys(chance.sample(ids, 4), 2.0)
    found = identify(everybody, extensions, {})
    for one in honest:
        who = found[one.key]
        assert (who.student, who.login, who.set_aside) == (one.learner_id, one.learner_id, "")
        assert who.extension == (one.learner_id if one.learner_id in extensions else "")
    assert not any(found[one.key].extension for one in others)
    assert not any(found[one.key].login in ids for one in others)


@pytest.mark.slow
def test_a_large_class_is_told_apart_at_once() -> None:
    everybody = [handed(f"s{number}", learner_name="Ada") for number in range(3000)]
    crowd = [handed(f"m{number}.zip", "s1") for number in range(1000)]
    found = identify([*everybody, *crowd], {}, {})
    assert sum(bool(who.set_aside) for who in found.values()) == 1000


def test_an_extension_for_a_name_that_two_have_is_for_none_of_them() -> None:
    two = handed("Ada L_1_x", "", "1", "Ada L"), handed("Ada L_2_x", "", "2", "Ada L")
    assert [who.extension for who in people(*two, extensions={"Ada L": 1}).values()] == ["", ""]
    (note,) = unused_extensions(two, {"Ada L": 1})
    assert note.decide
    assert "the nearest: `1`, `2`;" in note.text


@pytest.mark.parametrize(
    ("name", "nearest"), [("adda", "ada"), ("Ada_L", "ada-l"), ("s01", "s1"), ("Bob.", "bob"), ("s-1", "s1")]
)
def test_a_misspelt_extension_names_the_nearest(name: str, nearest: str) -> None:
    (note,) = unused_extensions([handed(key) for key in ("ada", "ada-l", "s1", "bob", "carla")], {name: 1})
    assert note.decide
    assert re.search(f"`{re.escape(name)}`.*nearest: .*`{nearest}`", note.text)


def test_an_extension_for_who_has_not_handed_in_stops_nobody() -> None:
    there = [handed(f"s{number}") for number in range(10)] + [handed("hanna")]
    extensions = {"s10": 1, "zoe": 2, "hanna": 1, "anna": 3, "s1": 1}
    notes = unused_extensions(there, extensions)
    assert [note.kind for note in notes] == ["extension-unused"] * 3
    assert not any(note.decide for note in notes)
    assert [name for name in ("s10", "zoe", "anna") if any(f"`{name}`" in note.text for note in notes)] == [
        "s10",
        "zoe",
        "anna",
    ]


# --- in a gradebook ---------------------------------------------------------------------------------------

DUE = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
LATE = "\nlate: {deadline: '2026-03-01T12:00:00Z', per_day: 10, extensions: {s1: 3}}\n"
GOOD = Report("exercise-1", "Doubling", (Outcome("check_a", "It doubles", "double", "passed", 10),))


@pytest.fixture
def course(tiny_copy: Course) -> Course:
    path = tiny_copy.root / "course.yaml"
    path.write_text(path.read_text(encoding="utf-8") + LATE, encoding="utf-8")
    return open_course(tiny_copy.root)


def grades_of(course: Course, results: Path, *them: Submission) -> ClassGrades:
    """Grade submissions that arrived two days late, all of them right."""
    late = DUE + datetime.timedelta(days=2)
    with open_gradebook(results, new=True) as book:
        book.enter([replace(one, received=late) for one in them], Scope(("exercise-1",), folder="/class"))
        for one in them:
            book.store_report(one.key, "", GOOD)
        book.finish()
        return book.class_grades(course)


def test_a_claim_gets_neither_the_extension_nor_the_row(course: Course, tmp_path: Path) -> None:
    own = handed("s1.zip", "s1", learner_name="Somebody")
    alone = grades_of(course, tmp_path / "own", own, handed("s2", "s2"))
    claim = handed("mallory.zip", "s1", learner_name="Somebody")
    both = grades_of(course, tmp_path / "both", own, claim, handed("s2", "s2"))
    credits = {grade.key: grade.total_cents for grade in both.grades}
    assert credits == {"s1.zip": 1000, "mallory.zip": None, "s2": 800}
    assert [grade.name for grade in both.grades] == ["mallory.zip", "Somebody", "s2"]
    assert [entry.grade and entry.grade.key for entry in noted(both) if entry.note.decide] == ["mallory.zip"]
    rows = {row for row in handed_in_csv(both).splitlines() if "mallory" not in row}
    assert rows == set(handed_in_csv(alone).splitlines())
    lone = grades_of(course, tmp_path / "lone", claim)
    assert [grade.total_cents for grade in lone.grades] == [800]
    assert [entry.note.kind for entry in noted(lone) if entry.note.decide] == ["extension-not-applied"]


def test_a_decision_is_kept_and_follows_the_submission(course: Course, tmp_path: Path) -> None:
    them = handed("homework.zip", "s1"), handed("submission_1.zip", "s1")
    assert [grade.total_cents for grade in grades_of(course, tmp_path, *them).grades] == [None, None]
    with open_gradebook(tmp_path) as book:
        book.decide("2026-03-04T00:00:00+00:00", "homework.zip", "s1")
    for _ in range(2):  # however often the class is graded
        grades = grades_of(course, tmp_path, *them)
        assert [(grade.total_cents, grade.login) for grade in grades.grades] == [(1000, "s1"), (None, "")]


def test_what_the_whole_class_should_know_is_told_of_the_whole_class(course: Course, tmp_path: Path) -> None:
    grades = grades_of(course, tmp_path, handed("zoe", "zoe"), handed("bob", "bob"))
    assert [note.kind for note in grades.notes] == ["extension-unused"]
    with open_gradebook(tmp_path / "shard", new=True) as book:
        book.enter([handed("zoe")], Scope(("exercise-1",), folder="/class", shard=(1, 2)))
        assert book.class_grades(course).notes == ()


@pytest.mark.parametrize(
    "extensions", ["{Ada: 1, ada: 2}", "{'': 1}", "{ada: 1e300}", "{ada: -1}", "{'ada ': 1, ada: 1}"]
)
def test_extensions_that_cannot_be_meant_are_refused(tiny_copy: Course, extensions: str) -> None:
    path = tiny_copy.root / "course.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}\nlate: {{extensions: {extensions}}}\n", encoding="utf-8")
    with pytest.raises(CourseError, match="extension"):
        open_course(tiny_copy.root)
