"""Names and ids: what is printable, what is safe in a file name, what is made of what."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from grader.progress import ANONYMOUS, Learner
from grader.progress.ledger import ID
from grader.sandbox.text import clean


@pytest.mark.parametrize(
    ("name", "learner_id"),
    [
        ("Ada Lovelace", "ada-lovelace"),
        ("  Søren Æble ", "soren-aeble"),
        ("Zoë O'Neil-Straße", "zoe-o-neil-strasse"),
        ("ada.l@example.org", "ada-l-example-org"),
        ("李明", "learner-4b3879b2"),
        ("王明", "learner-90fab777"),
        ("李 Li", "li-0520e480"),
        ("x" * 80, "x" * 48 + "-21280fe8"),
        ("!?", "learner-7b202a21"),
    ],
)
def test_an_id_is_made_from_the_name(name: str, learner_id: str) -> None:
    assert Learner.named(name) == Learner(learner_id, name.strip())


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\nb", "a\x1b[31mb", "a\u202eb", "\u200d", "\udcff"])
def test_a_name_is_printable_text(name: str) -> None:
    with pytest.raises(ValueError, match="a name is 1 to 80 characters of printable text") as caught:
        Learner.named(name)
    assert str(caught.value).encode().isascii()


def test_joiners_are_part_of_names() -> None:
    assert Learner.named("علی\u200cرضا").name == "علی\u200cرضا"


@pytest.mark.parametrize("learner_id", ["", "a b", "../x", "-a", "a.", "=1", "ä", "a" * 65, "a\n"])
def test_an_id_is_of_the_safe_set(learner_id: str) -> None:
    with pytest.raises(ValueError, match="an id is 1 to 64 small letters"):
        Learner(learner_id, "Ada")


def test_ids_are_typed_in_any_case() -> None:
    assert Learner.named("Ada", " S-1815@Example.ORG ") == Learner("s-1815@example.org", "Ada")


def test_nobody_takes_the_id_of_nobody() -> None:
    assert Learner.named("anonymous") == ANONYMOUS
    for name, learner_id in (("Ada", "anonymous"), ("Anonymous", None)):
        with pytest.raises(ValueError, match="is for whoever is not logged in"):
            Learner.named(name, learner_id)


@given(st.text(max_size=90))
def test_any_name_has_an_id_or_is_refused(name: str) -> None:
    refusals: list[str] = []
    try:
        learner = Learner.named(name)
        assert ID.fullmatch(learner.id)
        assert learner.name.strip()
    except ValueError as error:
        refusals.append(str(error))
    assert all(clean(one) == one and "\n" not in one for one in refusals)  # safe to print
