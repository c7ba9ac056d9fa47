"""Whose a submission is: a claim takes nobody's grade or extension, and blocks nobody's."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import NamedTuple

import pytest

from grader.classroom.collect import CannotCollect
from grader.classroom.identity import Identity, identify, unknown_extensions


class Handed(NamedTuple):
    key: str
    learner_id: str = ""
    platform_id: str = ""
    platform_name: str = ""
    learner_name: str = ""
    problem: str = ""
    nothing_found: bool = False


def people(
    *handed: Handed, extensions: Mapping[str, float] | None = None, decisions: Mapping[str, str] | None = None
) -> dict[str, Identity]:
    """Identify a class, in any order of it the same."""
    found = identify(handed, extensions or {}, decisions or {})
    shuffled = random.Random(1).sample(handed, len(handed))
    again = identify(shuffled, extensions or {}, decisions or {})
    assert {key: who.set_aside != "" for key, who in again.items()} == aside_of(found)
    return found


def aside_of(found: dict[str, Identity]) -> dict[str, bool]:
    return {key: who.set_aside != "" for key, who in found.items()}


def decisions_of(who: Identity) -> set[str]:
    return {note.kind for note in who.notes if note.decide}


# --- claims ---------------------------------------------------------------------------------------------

OWN = [
    Handed("s1", "s1"),
    Handed("S1", "s1"),
    Handed("s1"),
    Handed("s1.zip", "s1"),
    Handed("submission-s1.zip", "s1"),
    Handed("submission-s1 (2).zip", "s1"),
    Handed("s1-exercise-3.zip", "s1"),
    Handed("exercise_3 s1.zip", "s1"),
    Handed("week 1/s1.zip", "s1"),
    Handed("exercise-3-octocat", "", "s1"),
    Handed("octocat", "s1", "S1"),
]
CLAIMS = [
    Handed("mallory", "s1"),
    Handed("homework.zip", "s1"),
    Handed("submission_1.zip", "s1"),
    Handed("s10.zip", "s1"),
    Handed("s1-and-more", "s1"),
    Handed("mallory_9_8_x.zip", "s1", "9"),
]


@pytest.mark.parametrize("own", OWN, ids=lambda handed: handed.key)
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda handed: handed.key)
def test_who_is_founded_keeps_the_row_and_a_claim_is_set_aside(own: Handed, claim: Handed) -> None:
    found = people(claim, own, Handed("s2", "s2"))
    assert aside_of(found) == {claim.key: True, own.key: False, "s2": False}
    assert own.key in found[claim.key].set_aside
    assert decisions_of(found[claim.key]) == {"set-aside"}
    assert (decisions_of(found[own.key]), found[claim.key].login) == (set(), "")
    assert found[own.key].student.casefold() == "s1"
    assert found[own.key].login == own.learner_id


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda handed: handed.key)
def test_a_claim_that_nobody_contests_counts(claim: Handed) -> None:
    found = people(claim, Handed("s2", "s2"))
    assert not any(aside_of(found).values())
    assert (found[claim.key].login, decisions_of(found[claim.key])) == ("s1", set())
    assert found[claim.key].student == (claim.platform_id or "s1")


@pytest.mark.parametrize("claims", [1, 2, 100])
def test_nobody_is_blocked_by_any_number_of_claims(claims: int) -> None:
    crowd = [Handed(f"mallory-{number}.zip", "s1") for number in range(claims)]
    found = people(*crowd, Handed("s1.zip", "s1"))
    assert [key for key, aside in aside_of(found).items() if not aside] == ["s1.zip"]
    assert len(found["mallory-0.zip"].set_aside) < 200


@pytest.mark.parametrize(
    "pair",
    [
        (Handed("S2"), Handed("s2")),
        (Handed("s2"), Handed("s2.zip")),
        (Handed("s2", "s2"), Handed("submission-s2.zip", "s2")),
        (Handed("Stra\u00dfe"), Handed("STRASSE")),
        (Handed("Zoe\u0301"), Handed("zo\u00e9")),
        (Handed("ada_1_2_x.zip", "", "1"), Handed("ada_1_3_x.zip", "", "1")),
        (Handed("homework.zip", "s2"), Handed("submission_1.zip", "s2")),
    ],
)
def test_of_two_that_are_equally_founded_none_counts_and_both_are_named(pair: tuple[Handed, Handed]) -> None:
    one, other = pair
    found = people(*pair, Handed("s1", "s1"))
    assert aside_of(found) == {one.key: True, other.key: True, "s1": False}
    assert f"`{other.key}`" in found[one.key].set_aside
    assert f"`{one.key}`" in found[other.key].set_aside


def test_what_holds_nothing_contests_no_grade() -> None:
    for empty in (Handed("s1.txt", problem="is no folder"), Handed("S1.zip", nothing_found=True)):
        found = people(empty, Handed("s1", "s1"))
        assert not found["s1"].set_aside


def test_two_who_say_they_are_each_other_are_both_set_aside() -> None:
    assert aside_of(people(Handed("s1", "s2"), Handed("s2", "s1"), Handed("s3", "s3"))) == {
        "s1": True,
        "s2": True,
        "s3": False,
    }


def test_two_names_for_one_person_are_no_contradiction() -> None:
    found = people(Handed("Lovelace, Ada", "ada-lovelace"), Handed("bob", "bob-b"))
    assert not any(aside_of(found).values())
    assert found["Lovelace, Ada"].login == "ada-lovelace"


def test_a_platform_keeps_apart_who_claims_the_same() -> None:
    ada, mallory = Handed("ada_1_2_x.zip", "ada", "1", "ada"), Handed("m_3_4_x.zip", "ada", "3", "m")
    found = people(ada, mallory, Handed("homework.zip", "ada"))
    assert aside_of(found) == {ada.key: False, mallory.key: False, "homework.zip": True}
    assert {found[one.key].student for one in (ada, mallory)} == {"1", "3"}
    assert {found[one.key].login for one in (ada, mallory)} == {""}
    assert decisions_of(found[ada.key]) == decisions_of(found[mallory.key]) == {"claim-shared"}


def test_two_people_of_one_name_are_two_people() -> None:
    first = Handed("Ada L_1_assignsubmission_file_", "", "1", "Ada L")
    second = Handed("Ada L_2_assignsubmission_file_", "", "2", "Ada L")
    third = Handed("zip.zip", "ada-2", learner_name="ada l")
    found = people(first, second, third)
    assert not any(aside_of(found).values())
    assert [who.student for who in found.values()] == ["1", "2", "ada-2"]
    assert [[note.kind for note in who.notes] for who in found.values()] == [["same-name"]] * 3
    assert not any(decisions_of(who) for who in found.values())


def test_the_instructor_decides() -> None:
    claim, own = Handed("mallory.zip", "s1"), Handed("s1.zip", "s1")
    found = people(claim, own, decisions={"mallory.zip": "mallory"})
    assert not any(aside_of(found).values())
    assert (found["mallory.zip"].student, found["mallory.zip"].login) == ("mallory", "mallory")
    found = people(claim, own, decisions={"mallory.zip": "s1"})
    assert aside_of(found) == {"mallory.zip": False, "s1.zip": True}
    equal = Handed("homework.zip", "ada"), Handed("submission_1.zip", "ada")
    assert aside_of(people(*equal, decisions={"homework.zip": "ada"})) == {
        "homework.zip": False,
        "submission_1.zip": True,
    }


# --- extensions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("handed", "name"),
    [
        (Handed("s1"), "s1"),
        (Handed("s1.zip", "other"), "S1"),
        (Handed("submission-s1.zip", "s1"), "s1"),
        (Handed("Ada L_7_assignsubmission_file_", "x", "7", "Ada L"), "ada l"),
        (Handed("Ada L_7_assignsubmission_file_", "x", "7", "Ada L"), "7"),
        (Handed("Ada L_7_assignsubmission_file_", "x", "7", "Ada L"), "Ada L_7_assignsubmission_file_"),
        (Handed("zoe\u0301"), "Zo\u00e9"),
    ],
)
def test_an_extension_is_for_whom_the_instructor_named(handed: Handed, name: str) -> None:
    found = people(handed, Handed("s2", "s2"), extensions={name: 2})
    assert (found[handed.key].extension, found["s2"].extension) == (name, "")
    assert not decisions_of(found[handed.key])
    assert unknown_extensions([handed], {name: 2}) == []


@pytest.mark.parametrize(
    "claim", [Handed("mallory", "s1"), Handed("x.zip", "s1"), Handed("m_9_8_submission-s1.zip", "s1", "9")]
)
def test_a_claim_gets_no_extension_and_the_instructor_is_told(claim: Handed) -> None:
    found = people(claim, extensions={"s1": 5})[claim.key]
    assert (found.extension, decisions_of(found)) == ("", {"extension-not-applied"})
    assert unknown_extensions([claim], {"s1": 5}) == []
    found = people(claim, Handed("s1"), extensions={"s1": 5})[claim.key]
    assert (found.extension, decisions_of(found)) == ("", {"set-aside"})


def test_an_extension_for_a_name_that_two_have_is_for_none_of_them() -> None:
    two = Handed("Ada L_1_x", "", "1", "Ada L"), Handed("Ada L_2_x", "", "2", "Ada L")
    assert [who.extension for who in people(*two, extensions={"Ada L": 1}).values()] == ["", ""]
    with pytest.raises(CannotCollect, match=r"`1`.*`2`"):
        unknown_extensions(two, {"Ada L": 1})


@pytest.mark.parametrize(
    ("name", "nearest"), [("adda", "ada"), ("Ada_L", "ada-l"), ("s01", "s1"), ("Bob.", "bob"), ("s-1", "s1")]
)
def test_a_misspelt_extension_names_the_nearest(name: str, nearest: str) -> None:
    handed = [Handed(key) for key in ("ada", "ada-l", "s1", "bob", "carla")]
    with pytest.raises(CannotCollect, match=f"`{name}`.*`{nearest}`"):
        unknown_extensions(handed, {name: 1})


def test_an_extension_for_who_has_not_handed_in_stops_nobody() -> None:
    handed = [Handed(f"s{number}") for number in range(10)] + [Handed("hanna")]
    extensions = {"s10": 1, "zoe": 2, "hanna": 1, "anna": 3, "s1": 1}
    notes = unknown_extensions(handed, extensions)
    assert [note.kind for note in notes] == ["extension-unused"] * 3
    assert not any(note.decide for note in notes)
    assert [name for name in ("s10", "zoe", "anna") if any(f"`{name}`" in note.text for note in notes)] == [
        "s10",
        "zoe",
        "anna",
    ]
