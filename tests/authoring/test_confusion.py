"""Which known mistakes are named, which are taken for each other, and which checks decide."""

from __future__ import annotations

from grader.authoring.confusion import confusion
from grader.course import Course

TWIN = """
- id: {id}
  replace: "2 * x"
  with: "x * 3"
  says: {says}
"""


def add(course: Course, *twins: tuple[str, str]) -> None:
    path = course["exercise-1"].solution_folder / "misconceptions.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "".join(TWIN.format(id=name, says=says) for name, says in twins), encoding="utf-8")


def test_mistakes_that_give_the_same_are_a_tie(tiny_copy: Course) -> None:
    add(tiny_copy, ("three", "Three is not two."), ("thrice", "Is it three times as much?"))
    found = confusion(tiny_copy, "exercise-1", seed=1)
    assert dict(found.ties) == {"three": ("three", "thrice"), "thrice": ("three", "thrice")}
    assert not found.misnamed
    assert len(found.named) + len(found.ties) + len(found.silent) == len(
        tiny_copy["exercise-1"].misconceptions()
    )


def test_two_that_are_told_the_same_are_one(tiny_copy: Course) -> None:
    add(tiny_copy, ("three", "Three is not two."), ("thrice", "Three is not two."))
    found = confusion(tiny_copy, "exercise-1", seed=1)
    assert {"three", "thrice"} <= set(found.named)
    assert not found.ties


def test_a_right_answer_that_is_given_a_name_is_a_fault(tiny_copy: Course) -> None:
    variants = tiny_copy["exercise-1"].solution_folder / "variants"
    text = tiny_copy["exercise-1"].solution_path.read_text(encoding="utf-8")
    add(tiny_copy, ("three", "Three is not two."))
    (variants / "not_right.py").write_text(text.replace("2 * x", "3 * x"), encoding="utf-8")
    assert confusion(tiny_copy, "exercise-1", seed=1).misnamed == (("not_right", "Three is not two."),)
