"""Graded submissions of every kind, with the worst that a student can write, to be shown and exported."""

from __future__ import annotations

from typing import Any

from grader.checks.report import Mismatch, Outcome, Report, Status
from grader.course import Feedback
from grader.progress.grades import Adjustment, ClassGrades, Grade, Item, QuizResult

ESCAPES = "\x1b[31m\x00\x08\ud800\ufffe\u202e\x85\u2028"
MARKUP = '<script>document.title="owned"</script><img src=x onerror=\'document.title="owned"\'>'
ORDERS = "\n::error::forged\n::set-output name=a::b\n##[error]forged\r::stop-commands::x"
MARKDOWN = "`a` ```\n# big\n| a | b | [x](javascript:y) *s* ~~t~~ &lt; $m$ @all </details>"
HOSTILE = f"{MARKUP} ]]> {ESCAPES} {MARKDOWN} {ORDERS}"
TRACE = "NameError: x\n  rnn_step.py, line 12, in step: x\n  rnn_step.py, line 31, in inner: y"
SECRET = "s3cret-input"
WRONG = Mismatch("hs", ("T + 1", "H"), (3, 2), "....xx")


def outcome(status: Any = "failed", **fields: Any) -> Outcome:
    defaults: dict[str, Any] = {"check": "check_h", "title": "h is right", "function": "step", "credits": 2}
    return Outcome(**{**defaults, "status": status, **fields})


def exercise(*outcomes: Outcome, number: int = 1, **fields: Any) -> Report:
    return Report(f"exercise-{number}", f"Exercise number {number}", outcomes, **fields)


def graded(submission: str, *reports: Report, feedback: Feedback = "full", **fields: Any) -> Grade:
    shown = {report.exercise: feedback for report in reports}
    return Grade(submission, reports=reports, feedback=shown, **fields)


def typical(fourth: Status = "error") -> Grade:
    """One of everything: all four statuses, a map, a quiz, both kinds of adjustment."""
    first = exercise(
        outcome("passed", check="check_a", title="The first is right"),
        outcome(
            "failed", check="check_b", message=TRACE, output="here", diagnosis="Which side?", wrong=WRONG
        ),
        outcome("skipped", check="check_c", title="The third waits", message="waits for “h is right”"),
        outcome(fourth, check="check_d", title="The fourth broke", message="ZeroDivisionError", hidden=True),
        notes=("`step` changes its argument",),
        seed=7,
        seconds=0.5,
    )
    second = exercise(outcome("passed", credits=3, seconds=0.25), number=2, seconds=0.25)
    quiz = QuizResult("quiz-1", "Shapes", 150, 200, ("Question 3 was not answered.",))
    given = Adjustment("manual", "exercise-1", 50, "The idea was right.")
    late = Adjustment("late", "", -100, "Handed in a day late.")
    address = "ada@example.org"
    who: dict[str, Any] = {"learner_id": address, "login": address, "learner_name": "Ada L"}
    return graded("ada", first, second, quizzes=(quiz,), adjustments=(late, given), **who)


def hostile() -> Grade:
    """Everything that comes from a student is as bad as it can be."""
    wrong = Mismatch(HOSTILE, ("N",), (2,), "x.")
    bad = outcome(message=HOSTILE, output=HOSTILE, diagnosis=HOSTILE, wrong=wrong)
    late = Adjustment("late", "exercise-1", -100, HOSTILE)
    quiz = QuizResult("quiz-1", "Q", 0, 100, (HOSTILE,))
    texts: dict[str, Any] = {
        "learner_id": HOSTILE,
        "login": HOSTILE,
        "learner_name": HOSTILE,
        "problem": HOSTILE,
    }
    report = exercise(bad, notes=(HOSTILE,))
    return graded(HOSTILE, report, quizzes=(quiz,), adjustments=(late,), **texts)


def hidden(feedback: Feedback) -> Grade:
    """A hidden check that saw something nobody should learn unless feedback is full."""
    title, check = f"{SECRET} in its title", f"check_{SECRET}"
    seen = outcome(title=title, check=check, message=SECRET, hidden=True, diagnosis=SECRET, wrong=WRONG)
    other = outcome(title=title, check=check, message=SECRET, hidden=True)
    return graded("ada", exercise(outcome("passed"), seen, other), feedback=feedback)


def of_class(*grades: Grade) -> ClassGrades:
    items = (
        Item("exercise", "exercise-1", "Exercise number 1", 800),
        Item("exercise", "exercise-2", "Exercise number 2", 300),
        Item("quiz", "quiz-1", "Shapes", 200),
    )
    return ClassGrades("A course", items, grades)
