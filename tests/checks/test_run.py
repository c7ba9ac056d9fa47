"""The function ``check``: what it takes, what it leaves behind, and that two threads may call it at once."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest

from grader.checks.collection import collect_checks, load_module, load_reference, load_suite
from grader.checks.messages import NONDETERMINISTIC
from grader.checks.report import Report
from grader.checks.run import check, check_many
from grader.checks.source import Source, read_source
from grader.course import Course, CourseError
from grader.sandbox.pool import ConfinedWorker, WorkerPool
from grader.sandbox.worker import Answer
from tests.conftest import Grade


def statuses(report: Report) -> list[str]:
    return [outcome.status for outcome in report.outcomes]


def test_a_submission_is_a_path_or_what_was_read_of_one(tiny: Course, pool: WorkerPool) -> None:
    exercise, folder = tiny["exercise-1"], tiny.root / "solutions"
    file = folder / "exercise-1/doubling.py"
    for submission in (folder, str(folder), file, read_source(exercise, folder)):
        assert check(exercise, submission, pool=pool, seed=1).passed
    assert not check(exercise, pool=pool).earned, "the course's own exercises are stubs"


def test_workers_are_started_where_none_are_given(tiny: Course) -> None:
    report = check(tiny["exercise-1"], tiny.root / "solutions", confinement="none")
    assert report.passed
    assert report.confinement == ()


def test_many_at_once_are_as_each_alone(tiny: Course, pool: WorkerPool) -> None:
    exercise = tiny["exercise-1"]
    sources = [read_source(exercise, tiny.root / "solutions"), read_source(exercise)]
    together = check_many(load_suite(exercise, 5).remembering(), sources, pool)
    alone = [check(exercise, source, pool=pool, seed=5) for source in sources]
    assert [[(one.status, one.message) for one in report.outcomes] for report in together] == [
        [(one.status, one.message) for one in report.outcomes] for report in alone
    ]


def test_nothing_of_the_process_is_changed(
    tiny: Course, pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    exercise = tiny["exercise-1"]
    check(exercise, pool=pool)  # which imports what is imported on first use
    assert not [name for name in sys.modules if name.partition(".")[0] in ("exercises", "solutions")]
    before = dict(os.environ), {*sys.modules}, list(warnings.filters), sys.stdout, sys.dont_write_bytecode
    check(exercise, pool=pool)
    now = dict(os.environ), {*sys.modules}, list(warnings.filters), sys.stdout, sys.dont_write_bytecode
    assert now == before


def test_a_program_with_a_pool_of_its_own_needs_no_processes() -> None:
    program = "import sys, grader.checks.run; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "grader.sandbox.worker" in found.split()
    assert not {f"grader.sandbox.{name}" for name in ("pool", "process", "confinement")} & {*found.split()}


def test_two_threads_that_check_at_once_are_both_right(tiny: Course) -> None:
    exercise = tiny["exercise-1"]
    right, stub = read_source(exercise, tiny.root / "solutions"), read_source(exercise)
    before = dict(os.environ), sys.stdout
    start, reports = threading.Barrier(4), dict[int, list[Report]]()

    def work(number: int) -> None:
        start.wait()
        reports[number] = [check(exercise, (right, stub)[number % 2], seed=1) for _ in range(2)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: [report.passed for report in found] for number, found in reports.items()} == {
        number: [number % 2 == 0] * 2 for number in range(4)
    }
    assert all(report.earned == 0 for number in (1, 3) for report in reports[number])
    assert (dict(os.environ), sys.stdout) == before


# --- what an author writes ----------------------------------------------------------------------------


def checks_with(course: Course, text: str) -> Course:
    path = course["exercise-1"].visible_checks
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    return course


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("\n\ndef check_double_more(student, sizes):\n    pass\n", "takes sizes; a check takes student"),
        (
            "\n\n@pytest.mark.parametrize('rng', [1, 2])\ndef check_double_more(rng):\n    pass\n",
            "takes parameters; a check takes student",
        ),
        (
            "\n\n@pytest.mark.unheard_of\ndef check_double_more(rng):\n    pass\n",
            "cannot be loaded: `check_double_more` is marked unheard_of, which is none of credits",
        ),
        (
            "\n\ndef check_scale_other_sizes(student, reference, rng):\n    pass\n",
            "`check_scale_other_sizes` is in another file as well; use a check's name once",
        ),
    ],
)
def test_a_check_that_asks_for_what_there_is_not(tiny_copy: Course, text: str, what: str) -> None:
    with pytest.raises(CourseError, match=what):
        collect_checks(checks_with(tiny_copy, text)["exercise-1"])


def test_an_exercise_has_checks(tiny_copy: Course) -> None:
    exercise = tiny_copy["exercise-1"]
    exercise.hidden_checks.unlink()
    exercise.visible_checks.write_text("import numpy as np\n", encoding="utf-8")
    with pytest.raises(CourseError, match="defines no check; a check is a function named check_"):
        collect_checks(exercise)
    exercise.visible_checks.unlink()
    with pytest.raises(CourseError, match=r"check_doubling.py: is missing; every exercise needs checks"):
        collect_checks(exercise)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ("assert 1 > 2, 'one is less'", "failed", "one is less"),
        ("assert rng is None", "failed", "an assertion of this check does not hold"),
        ("pytest.fail('because')", "failed", "because"),
        ("pytest.skip('because')", "error", "Skipped: because"),
        ("raise SystemExit(3)", "error", "SystemExit: 3"),
        ("reference.nothing()", "error", "has no attribute 'nothing'"),
        ("print('noise')", "passed", ""),
    ],
)
def test_only_what_is_certainly_the_students_fault_fails(
    tiny_copy: Course, pool: WorkerPool, body: str, status: str, message: str
) -> None:
    course = checks_with(tiny_copy, f"\n\ndef check_double_more(reference, rng):\n    {body}\n")
    report = check(course["exercise-1"], course.root / "solutions", pool=pool, seed=1)
    (outcome,) = [one for one in report.outcomes if one.check == "check_double_more"]
    assert outcome.status == status
    assert message in outcome.message
    assert {*statuses(report)} <= {"passed", status}


def test_a_marker_that_names_no_check_is_the_courses_fault(tiny_copy: Course, pool: WorkerPool) -> None:
    text = "\n\n@pytest.mark.depends_on('check_later')\ndef check_double_more(rng):\n    pass\n"
    exercise = checks_with(tiny_copy, text)["exercise-1"]
    report = check(exercise, Source("doubling.py", b""), pool=pool)
    (outcome,) = [one for one in report.outcomes if one.check == "check_double_more"]
    assert outcome.status == "error"
    assert "depends on check_later, which is no check that ran before it" in outcome.message


def test_a_broken_solution_is_named_with_its_line(tiny_copy: Course) -> None:
    exercise = tiny_copy["exercise-1"]
    exercise.solution_path.write_text("import math\nmath.nothing()\n", encoding="utf-8")
    with pytest.raises(CourseError, match=r"doubling.py:2: cannot be loaded: AttributeError"):
        load_reference(exercise)


def test_a_loaded_module_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "a_module.py"
    path.write_text("import lower\nvalue = lower.value + 1\n", encoding="utf-8")
    lower = type(sys)("lower")
    lower.value = 1  # type: ignore[attr-defined]
    assert load_module(path, "a_module", {"lower": lower}).value == 2
    assert not {"lower", "a_module"} & {*sys.modules}
    assert not [*tmp_path.glob("__pycache__")]


TELLING = {
    "raises": "raise ValueError(f'SECRET {x!r}')",
    "raises by name": "raise type(f'SECRET{x.size}', (Exception,), {})",
    "returns": "print('SECRET'); return 'SECRET'",
    "returns numbers": "return 7777 + 0 * x",
    "returns a shape": "return np.zeros((7777, 1))",
    "is another thing": "globals()['scale'] = type('SECRET', (), {})()\n    return x",
    "hangs": "print('SECRET')\n    while True: pass",
    "dies": "import os; os._exit(77)",
    "is not written": "raise NotImplementedError",
    "is gone": "global scale; del scale; return x",
}


@pytest.mark.parametrize("how", TELLING)
def test_the_gist_of_a_hidden_check_holds_nothing_that_a_call_has_said(grade: Grade, how: str) -> None:
    source = "import numpy as np\ndef double(x):\n    return 2 * x\n\n\ndef scale(x, pair):\n    "
    report = grade(source + TELLING[how] + "\n", call_seconds=0.5 if how == "hangs" else 60.0, diagnose=True)
    (hidden,) = [outcome for outcome in report.for_student("diagnosis").outcomes if outcome.hidden]
    assert hidden.status == "failed"
    said = f"{hidden.message} {hidden.diagnosis} {hidden.output} {hidden.wrong} {hidden.seconds}"
    assert not re.search("SECRET|77", said)
    known = {
        "returns numbers": "`y` is not right.",
        "returns a shape": "`y` has a wrong shape.",
        "hangs": "`scale` gives no answer.",
        "dies": "`scale` gives no answer.",
        "is not written": "`scale` is not written yet.",
        "is another thing": NONDETERMINISTIC.format("scale"),
        "is gone": NONDETERMINISTIC.format("scale"),
    }
    assert hidden.message == known.get(how, "The course withholds what this check saw.")


@pytest.mark.parametrize("source", ["", "def double(x:\n", "import os; os._exit(0)", "exit()"])
def test_the_gist_says_why_nothing_was_asked(grade: Grade, source: str) -> None:
    outcomes = grade(source, diagnose=True).for_student("diagnosis").outcomes
    assert [outcome.message for outcome in outcomes if outcome.function == "scale"][-1].startswith(
        ("doubling.py", "`scale`")
    )


def test_what_a_call_claims_to_have_changed_is_an_argument_of_it(
    grade: Grade, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ConfinedWorker.call

    def claiming(*arguments: Any) -> Answer:
        changed = (("0",), ("0", "SECRET"), ("SECRET",), ("7",), ("1", "factor"))
        return dataclasses.replace(call(*arguments), changed=changed)

    monkeypatch.setattr(ConfinedWorker, "call", claiming)
    report = grade(
        "def double(x):\n    return x\ndef scale(x, pair):\n    return pair.factor * 2 * x + pair.offset\n"
    )
    assert report.notes == ("`double` also changes its argument `x`; work on a copy",)
    assert [outcome.message.partition(",")[0] for outcome in report.outcomes if outcome.hidden] == [
        "your code changes `x` and `pair.factor`"
    ]


def test_what_a_visible_check_says_is_of_visible_questions_alone(grade: Grade) -> None:
    source = "def double(x):\n    return 2 * x\ndef scale(x, pair):\n    return x.reshape(-1, 1) + x[0]\n"
    outcomes = grade(source, diagnose=True).for_student("diagnosis").outcomes
    said = " ".join(outcome.located.cause for outcome in outcomes if outcome.located)
    assert "`x.reshape(-1, 1)` of shape (12, 1) and `x[0]` of shape (3,) broadcast into (12, 3)" in said
    assert not re.search(r"\(5, 1\)|\(6,\)", said), "these are sizes of the hidden check"


def test_a_check_of_the_course_that_breaks_is_told_as_such(tiny_copy: Course, pool: WorkerPool) -> None:
    path = tiny_copy["exercise-1"].hidden_checks
    path.write_text(path.read_text(encoding="utf-8").replace("rng.standard", "random.standard"), "utf-8")
    exercise = tiny_copy["exercise-1"]
    report = check(exercise, Source("doubling.py", exercise.solution_path.read_bytes()), pool=pool)
    broken = report.first_error
    assert report.first_error
    assert broken is not None
    assert re.fullmatch(r"check_doubling_hidden.py:\d+: NameError: .*'random'.*", broken.message)
    shown = report.for_student("diagnosis").first_error
    assert shown is not None
    assert "NameError" not in shown.message, "it might quote what an answer said"
