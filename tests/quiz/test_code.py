"""Code of questions: run in a worker of its own, which starts with the first code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.quiz.code import HURRIED, PATIENT, CodeRunner
from grader.sandbox import pool
from tests.quiz.helpers import question

RIGHT = "def double(x):\n    return 2 * x\n"
TESTS = ("double(np.ones((2, 1)))", "double(3)")


@pytest.fixture(scope="module")
def runner() -> Iterator[CodeRunner]:
    with CodeRunner() as runner:
        yield runner


@pytest.mark.parametrize(
    ("code", "passes"),
    [
        (RIGHT, True),
        ("def double(x):\n    return x + x\n", True),
        ("def double(x):\n    return x\n", False),
        ("def double(x):\n    return 2 * x[0]\n", False),
        ("def double(y):\n    raise SystemExit\n", False),
        ("def double(x):\n    return lambda: 2\n", False),
        ("def triple(x):\n    return 2 * x\n", False),
        ("def double(x)\n    return 2 * x\n", False),
        ("import os\nos._exit(0)\n", False),
    ],
)
def test_code_passes_if_it_returns_what_the_solution_returns(
    runner: CodeRunner, code: str, passes: bool
) -> None:
    assert runner.passes(code, RIGHT, TESTS) is passes


def test_a_solution_that_fails_a_test_lets_nothing_pass(runner: CodeRunner) -> None:
    assert not runner.passes(RIGHT, RIGHT, ("double(nothing)",))


def test_a_solution_that_failed_once_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    runner, results = CodeRunner(), [None, None, None, [1], [1], [1]]
    monkeypatch.setattr(runner, "_run", lambda *_: results.pop(0))
    assert [runner.passes("code", RIGHT, TESTS) for _ in range(3)] == [False, True, True]
    assert results == []


def test_limits_of_an_answer_hold_for_no_solution(monkeypatch: pytest.MonkeyPatch) -> None:
    runner, seen = CodeRunner(), list[object]()

    def run(*_: object) -> list[int]:
        seen.append(runner.limit)
        return [1]

    monkeypatch.setattr(runner, "_run", run)
    runner.limit = HURRIED
    assert runner.passes("code", RIGHT, TESTS)
    assert (seen, runner.limit) == ([PATIENT, HURRIED], HURRIED)


def test_what_code_prints(runner: CodeRunner) -> None:
    assert runner.printed("print(1 + 1)\nprint('x')") == "2\nx\n"
    assert runner.printed("") == ""
    assert runner.printed("print(1)\n1/0") is None
    assert runner.printed(question("square").code) == "(4, 4)\n"


def test_code_touches_no_other_code(runner: CodeRunner) -> None:
    assert runner.printed("import numpy as np\nnp.zeros = None\nprint(1)") == "1\n"
    assert runner.printed("import numpy as np\nprint(np.zeros(1).shape)") == "(1,)\n"


def test_no_worker_starts_before_there_is_code(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def refuse(confinement: str) -> pool.WorkerPool:
        opened.append(confinement)
        raise RuntimeError("no worker here")

    monkeypatch.setattr(pool, "open_pool", refuse)
    with CodeRunner("required") as runner:
        assert opened == []
        for _ in range(2):  # what could not be confined once is not run the next time either
            with pytest.raises(RuntimeError, match="no worker here"):
                runner.printed("print(1)")
    assert opened == ["required", "required"]
