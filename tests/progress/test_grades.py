"""What a class earned: totals, columns, how checks went and what failed most often."""

from __future__ import annotations

import pytest

from grader.checks.report import Outcome, Report, Status
from grader.progress.grades import (
    QUIZZES,
    Adjustment,
    ClassGrades,
    Grade,
    Item,
    QuizResult,
    check_rates,
    frequent_failures,
)


def outcome(check: str, status: Status, function: str = "step", **fields: str) -> Outcome:
    return Outcome(check, f"{check} is right", function, status, 2, **fields)  # type: ignore[arg-type]


def report(*outcomes: Outcome, exercise: str = "exercise-1") -> Report:
    return Report(exercise, exercise.title(), outcomes)


def of_class(*grades: Grade) -> ClassGrades:
    items = (Item("exercise", "exercise-2", "Second", 200), Item("exercise", "exercise-1", "First", 400))
    return ClassGrades("A course", (*items, Item("quiz", "shapes", "Shapes", 300)), grades)


def test_a_total_is_never_below_zero() -> None:
    quizzes = (QuizResult("shapes", "Shapes", 150, 300),)
    grade = Grade("ada", reports=(report(outcome("h", "passed"), outcome("y", "failed")),), quizzes=quizzes)
    assert (grade.raw_cents, grade.cents, grade.possible_cents) == (350, 350, 700)
    late = (Adjustment("late", "exercise-1", -900, "very late"), Adjustment("manual", "", 100, "a reason"))
    assert Grade("ada", quizzes=quizzes, adjustments=late).cents == 0


def test_a_column_is_empty_where_nothing_was_graded() -> None:
    grade = Grade("ada", reports=(report(outcome("h", "failed")),))
    assert [item.earned_cents(grade) for item in of_class().items] == [None, 0, None]
    assert (grade.graded, Grade("bob", problem="is damaged").graded) == (True, False)
    assert of_class(grade).possible_cents == 900


def test_a_column_is_empty_where_a_number_would_be_wrong() -> None:
    whole, broken = report(outcome("h", "passed")), report(outcome("h", "passed"), outcome("y", "error"))
    quizzes = (QuizResult("shapes", "Shapes", 150, 300),)
    second = report(outcome("z", "passed"), exercise="exercise-2")
    for reports, fields, earned, state in (
        ((second, whole), {}, [200, 200, 150], "graded"),
        ((second, broken), {}, [200, None, 150], "stale"),
        ((second, whole), {"not_graded": {"exercise-1": "why"}}, [200, None, 150], "stale"),
        ((second, whole), {"not_graded": {QUIZZES: "why"}}, [200, 200, None], "stale"),
        ((second, whole), {"set_aside": "why"}, [None, None, None], "set aside"),
        ((second, whole), {"problem": "why"}, [200, 200, 150], "problem"),
        ((second, broken), {"problem": "why"}, [200, None, 150], "problem"),
        ((second, whole), {"nothing_found": True}, [200, 200, 150], "graded"),
    ):
        grade = Grade("ada", reports=reports, quizzes=quizzes, **fields)
        assert [item.earned_cents(grade) for item in of_class().items] == earned
        assert (grade.state, grade.counted) == (state, state == "graded")
        assert (grade.total_cents is None) == (None in earned)
    nothing = Grade("ada", nothing_found=True)
    assert (nothing.state, nothing.total_cents) == ("nothing found", None)


def test_nothing_is_shown_of_an_exercise_without_a_word_on_feedback() -> None:
    hidden = Outcome("check_h", "h is right", "step", "failed", 2, message="its inputs", hidden=True)
    grade = Grade("ada", reports=(report(hidden),), feedback={"exercise-1": "names"})
    assert "its inputs" not in grade.shown[0].outcomes[0].message
    with pytest.raises(KeyError):
        _ = Grade("ada", reports=(report(hidden),)).shown


def test_rates_count_who_a_check_ran_on_in_the_order_of_the_course() -> None:
    first = report(outcome("h", "passed"), outcome("y", "skipped"))
    other = report(outcome("h", "failed"), outcome("y", "error"))
    second = report(outcome("z", "passed"), exercise="exercise-2")
    rates = check_rates(of_class(Grade("ada", reports=(first, second)), Grade("bob", reports=(other,))))
    assert [(rate.exercise, rate.check, rate.ran, rate.passed) for rate in rates] == [
        ("exercise-2", "z", 1, 1),
        ("exercise-1", "h", 2, 1),
        ("exercise-1", "y", 0, 0),
    ]


def test_the_most_frequent_failures_are_of_the_first_check_of_each_function() -> None:
    known = outcome("h", "failed", message="h is off", diagnosis="Which side?")
    later = outcome("h again", "failed", message="h is off again")
    other = outcome("y", "failed", "output", message="y is off\nin 3 entries")
    both = report(known, later, other)
    grades = of_class(Grade("ada", reports=(both,)), Grade("bob", reports=(report(other),)))
    assert frequent_failures(grades) == [("exercise-1", "y is off", 2), ("exercise-1", "Which side?", 1)]
    assert len(frequent_failures(grades, 1)) == 1
