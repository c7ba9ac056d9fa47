"""Formulas of a quiz: right values, and nothing but arithmetic."""

from __future__ import annotations

import math
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

from grader.quiz.formula import ENTRYWISE, FormulaError, Value, evaluate, evaluate_number
from tests.helpers import lines_run

W: Value = [[0.5, 10.0], [0.0, 0.5]]


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("1 + 2*3", 7),
        ("7 // 2 + 7 % 2", 4),
        ("-2**2", -4),
        ("0.5**10", 0.5**10),
        ("log(0.5)/log(0.9)", math.log(0.5) / math.log(0.9)),
        ("sigmoid(0) + tanh(0)", 0.5),
        ("sigmoid(-1000)", 0.0),
        ("relu(-3) + relu(3)", 3),
        ("max(1, 2, 3) - min(4, 5)", -1),
        ("round(2.345, 2)", 2.35),
        ("1 if n > 3 else 2", 1),
        ("n == 5 and not n < 2", True),
        ("2 < n <= 5", True),
        ("smax(W)", 10.024937810560445),
        ("rho(W)", 0.5),
        ("fro(W)", math.sqrt(100.5)),
        ("(W @ W)[0, 1]", 10.0),
        ("W[0][1]", 10.0),
        ("sum([1, 2, 3]) + mean([1, 3])", 8.0),
        ("argmax([1, 5, 2])", 1),
        ("trace(inv(W))", 4.0),
        ("2 * pi / e", 2 * math.pi / math.e),
    ],
)
def test_values(formula: str, value: float) -> None:
    assert evaluate(formula, {"n": 5, "W": W}) == pytest.approx(value, rel=1e-12)


def test_functions_of_numbers_work_on_arrays_entry_by_entry() -> None:
    for name in (*ENTRYWISE, "sigmoid", "relu"):
        of_array = evaluate(f"{name}([0.25, 2])", {})
        assert isinstance(of_array, np.ndarray)
        of_numbers = [evaluate_number(f"{name}({x})", {}) for x in (0.25, 2)]
        assert of_array.tolist() == pytest.approx(of_numbers, rel=1e-14)


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("det(W) + prod([2, 3])", 6.25),
        ("std([1, 3])", 1.0),
        ("sum(transpose(W)[1])", 10.5),
        ("sum(abs([-1, 2]))", 3.0),
        ("round(2.5)", 2),
        ("min(W[0])", 0.5),
        ("(1 < 2) + 1", 2),
        ("1 if 0 or 0.0 else 3", 3),
    ],
)
def test_more_values(formula: str, value: float) -> None:
    assert evaluate_number(formula, {"W": W}) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("[1, 2]", "`[1, 2]` is no number"),
        ("(1, 2)", "`(1, 2)` is no number"),
        ("x + 1", "`x` is not known here"),
        ("exp(1, 2)", "does not have the one value that `exp` takes"),
        ("eval(1)", "`eval` is no function of formulas"),
        ("1 << 2", "`1 << 2` is not allowed in a formula"),
        ("(-1)**0.5", "a root of a negative number is no real number"),
        ("2**10001", "an exponent of 10001 is too large"),
        ("1/0", "`1/0` has no value here: division by zero"),
        ("1 +", "`1 +` is no formula"),
    ],
)
def test_what_is_no_number_is_said(formula: str, said: str) -> None:
    with pytest.raises(FormulaError) as caught:
        evaluate_number(formula, {})
    assert said in str(caught.value)


HOSTILE = [
    "__import__('os')",
    "().__class__",
    "n.real",
    "open('x')",
    "lambda: 1",
    "[x for x in (1, 2)]",
    "'text'",
    "f'{1}'",
    "1j",
    "None",
    "...",
    "*n",
    "n := 3",
    "max(1, 2, key=abs)",
    "max(*W)",
    "9**9**9**9",
    "2**1024",
    "(2**1000)*(2**1000)",
    "10000**10000",
    "round(5, -10**9)",
    "round(5, 10**9)",
    "(0,)*10**10",
    "(1, 2) + (3, 4)",
    "1e999",
    "-1e999",
    "1e999 - 1e999",
    "1/0",
    "0**-1",
    "(-8)**0.5",
    "log(0)",
    "exp(10000)",
    "exp([10000])[0]",
    "[1, 2] / [0, 0]",
    "[[1, 2], [3]]",
    "inv([[1, 2], [2, 4]])",
    "[1, 2] == [1, 2] and 1",
    "W[5]",
    "W[0:1]",
    "3[0]",
    "n(2)",
    "3(2)",
    "tanh()",
    "tanh(1, 2)",
    "1 << 100",
    "~1",
    "1 is 1",
    "1 in (1, 2)",
    "nothing",
    "",
    "   ",
    "1 +",
    "(" * 150 + "1" + ")" * 150,
    "1" + "+1" * 140,
    "-" * 290 + "1",
    "1" * 301,
    "\0",
    "\ud800",
    "1if 2else 3if 4else",
]


@pytest.mark.parametrize("formula", HOSTILE, ids=lambda one: ascii(one[:30]))
def test_hostile_formulas_are_refused_before_they_cost_anything(formula: str) -> None:
    def refused() -> None:
        with pytest.raises(FormulaError):
            evaluate(formula, {"n": 5, "W": W})

    tracemalloc.start()
    try:
        refused()
        memory = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert memory < 2**20
    assert lines_run(refused) < 50_000


PIECES = ["1", "0", "2", "n", "W", "x", "1e308", ".5", "(", ")", "[", "]", ",", "+", "-", "*", "/", "//", "%"]
PIECES += ["**", "@", "<", "==", " and ", " not ", " if ", " else ", "max", "round", "exp", "inv", "sum", "."]


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=12).map("".join)))
@example("round(1,-99999999)")
def test_any_text_has_a_value_or_a_sentence(formula: str) -> None:
    try:
        value = evaluate(formula, {"n": 5, "W": W})
    except FormulaError:
        return
    assert not isinstance(value, int | float) or math.isfinite(value)


def test_numbers_need_no_numpy() -> None:
    program = (
        "import sys; from grader.quiz.formula import evaluate; evaluate('log(0.5)/log(n) + max(1, 2)**3', "
        "{'n': 0.9}); print('numpy' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
