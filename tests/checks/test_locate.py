"""The line that a wrong answer comes from is found, whatever the mistake; right code is never accused."""

from __future__ import annotations

import contextlib
import functools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.checks.collection import CheckSuite, load_suite
from grader.checks.locate.comparison import Comparison
from grader.checks.locate.find import locate
from grader.checks.locate.questions import jitter
from grader.checks.locate.trace import Malformed, Work, read_text, read_trace
from grader.checks.report import Located, Report
from grader.checks.run import check, run_suite
from grader.checks.source import Source
from grader.checks.student import CheckRun
from grader.course import Exercise, open_course
from grader.sandbox.changes import Editor
from grader.sandbox.pool import WorkerPool, open_pool

LONG = os.environ.get("GRADER_LONG") == "1"
EVENTS = 10**6 if LONG else 10**5  # a million take half a minute of the file's own time
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with open_pool() as pool:
        yield pool


@functools.cache
def loaded(number: int) -> CheckSuite:
    """Load the checks of an exercise once for all tests, as for a class."""
    return load_suite(open_course(ROOT)[f"exercise-{number}"], 3)


def grade(number: int, pool: WorkerPool, *patches: tuple[str, str]) -> Report:
    suite = loaded(number)
    one = suite.exercise
    text = one.solution_path.read_text(encoding="utf-8")
    for old, new in patches:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return check(suite, solution(one, text.encode()), pool=pool)


def solution(exercise: Exercise, data: bytes = b"") -> Source:
    used = tuple(solution(other) for other in exercise.used)
    return Source(exercise.stub_path.name, data or exercise.solution_path.read_bytes(), used=used)


def found(report: Report) -> Located:
    (located,) = [outcome.located for outcome in report.outcomes if outcome.located]
    return located


@pytest.mark.parametrize(
    ("number", "old", "new"),
    [
        (1, "Whh @ h_prev", "Whh @ np.sin(h_prev)"),
        (3, "dx = Wxh.T @ da", "dx = Wxh.T @ np.sin(3 * da)"),
        (5, "dh = dhs[t] + dh_next", "dh = dhs[t] + 2 * dh_next"),
        (9, "di = dc_sum * g", "di = dc_sum * tanh_c"),
        (3, "da = dh * (1 - h**2)", "da = dh * (h**2 - 1)"),
        (8, "hs[0], cs[0] = h0, c0", "hs[0], cs[0] = h0, 0"),
        (10, "dc_next = dc_last", "dc_next = np.zeros((H, N))"),
        (13, "here = f(point)", "here = 0.0"),  # a number where a value belongs
        (14, "self.bf = np.zeros((hidden_size, 1))", "self.bf = np.ones((hidden_size, 1))"),  # an attribute
        (15, "count = mask.sum()", "count = mask.size"),  # a whole number that is divided by
        (16, "start = max(0, end - window)", "start = 0"),  # an index: every value is a right one
    ],
)
def test_an_unknown_mistake_is_found(pool: WorkerPool, number: int, old: str, new: str) -> None:
    located = found(grade(number, pool, (old, new)))
    assert new in located.source


@pytest.mark.parametrize(
    ("number", "name"),
    [(5, "column_by_column"), pytest.param(13, "fewer_calls", marks=pytest.mark.slow)],
)
def test_right_code_in_another_form_has_no_wrong_line(pool: WorkerPool, number: int, name: str) -> None:
    suite = loaded(number)
    exercise = suite.exercise
    data = (exercise.solution_folder / "variants" / f"{name}.py").read_bytes()
    run = CheckRun(exercise, Source(exercise.stub_path.name, data), pool)
    run_suite(suite, run)
    for function in exercise.file.functions:
        assert locate(suite, run, [call for call in run.calls if call.function == function], Work()) is None


def test_numbers_by_chance_are_compared_by_how_they_spread(pool: WorkerPool) -> None:
    drawn = "(hidden_size, input_size))"
    right = f"self.Wxh = 0.01 * rng.standard_normal({drawn}"
    for new, cause in (
        (f"self.Wxh = rng.normal(0, 0.01**2, {drawn}", "spread 0.01 times as far as they should"),
        (f"self.Wxh = 0.01 * rng.random({drawn}", "lie around 0.005"),
    ):
        located = found(grade(14, pool, (right, new)))
        assert located.source == new
        assert cause in located.cause


def test_a_method_is_blamed_and_not_the_function_that_checks_it(pool: WorkerPool) -> None:
    located = found(grade(14, pool, ("        return y, h\n", "        return h, y\n")))
    assert located.source == "return h, y"
    assert located.cause == "another quantity is returned as the result; the right one is computed"


@pytest.mark.parametrize(
    ("number", "old", "new", "says"),
    [
        (14, "        return y, h\n", "        return y\n", "This line returns it."),
        (
            14,
            "        return y, h\n",
            "        if X is None:\n            if h is None:\n                return y, h\n",
            "without reaching this line",
        ),
        (1, "return np.tanh", "h = np.tanh", "without a `return` after this line"),
    ],
)
def test_where_too_little_is_returned(pool: WorkerPool, number: int, old: str, new: str, says: str) -> None:
    located = next(one.located for one in grade(number, pool, (old, new)).outcomes if one.located)
    assert new.split("\n")[-2:][0].strip() in located.source
    assert says in located.says


def test_the_line_is_one_of_the_function_that_was_called(pool: WorkerPool) -> None:
    new = ("for character in text], dtype=int)", "for character in text], dtype=int) + 0 * 2 + 1")
    (located,) = [one.located for one in grade(17, pool, new).outcomes if one.function == "encode"]
    assert located
    assert new[1] in located.source


def test_a_small_change_that_mends_every_answer_tells_the_line(pool: WorkerPool) -> None:
    located = found(grade(2, pool, ("for t in range(T):", "for t in range(1, T):")))
    assert located.source.startswith("for t in range(")


def test_numbers_below_one_stay_so_in_other_questions() -> None:
    shares, others = np.linspace(0, 0.999, 50), np.linspace(0, 9, 50)
    moved = jitter((shares, others), np.random.default_rng(1))
    assert moved[0].max() < 1 < others.max() < moved[1].max()


def test_small_changes_are_undone_and_end() -> None:
    source, names = (
        b"def f(n):\n    k = 0\n    while k < n:\n        k += 1\n    return float(k)\n",
        dict[str, Any](),
    )
    exec(source, names)
    editor = Editor(source, names)
    first, again = ([editor.tried(number, "f", (3,)) for number in editor.numbers([4, 5])] for _ in range(2))
    assert first == again
    assert None in first  # it would never end, or it raises
    assert len({row[2] for row in first if row}) > 3


def test_and_may_stand_in_the_place_of_or() -> None:
    source, names = b"def f(a, b):\n    return 1.0 if a or b else 0.0\n", dict[str, Any]()
    exec(source, names)
    editor = Editor(source, names)
    tried = [editor.tried(number, "f", (True, False)) for number in editor.numbers([2])]
    assert (2, 5, 0.0) in tried


@pytest.mark.parametrize(
    "body",
    [
        "    for x in xs:\n        k += x\n        k /= 4\n",
        "    for x in xs:\n        y = x\n    k += y / 4\n",
    ],
)
def test_a_statement_is_indented_otherwise(body: str) -> None:
    source, names = f"def f(xs):\n    k = 0.0\n{body}    return k\n".encode(), dict[str, Any]()
    exec(source, names)
    editor = Editor(source, names)
    tried = [editor.tried(number, "f", ([2.0, 4.0, 6.0],)) for number in editor.numbers([3, 4, 5])]
    assert (5, 2, 3.0) in tried
    assert names["f"]([4.0]) == 1.0  # as before


def test_of_two_mistakes_the_first_is_told(pool: WorkerPool) -> None:
    first, second = ("dx = Wxh.T @ da", "dx = Wxh.T @ dh"), ("Whh=da @ h_prev.T", "Whh=da @ h.T")
    assert found(grade(3, pool, first, second)).source.startswith(first[1])


def test_feedback_withholds_the_place_of_a_hidden_check(pool: WorkerPool) -> None:
    report = grade(3, pool, ("da = dh * (1 - h**2)", "dh *= 1 - h**2\n    da = dh"))
    assert not any(outcome.located for outcome in report.for_student("names").outcomes)


def test_the_cause_is_told_in_the_words_of_the_course(pool: WorkerPool) -> None:
    located = found(grade(9, pool, ("df * f * (1 - f)", "df * (1 - f)")))
    assert located.cause == "it lacks a factor: the forget gate"
    assert located.place.startswith("exercises/exercise-9/lstm_step_backward.py:")
    assert located.says.endswith("not: this line takes right values and makes a wrong one.")
    assert located.says.count(":") == 1
    located = found(grade(5, pool, ("dWhh += da @ hs[t].T", "dWhh += da @ hs[t + 1].T")))
    assert "stands in the place of the state before this step, transposed" in located.cause


GROWN = """def masked_rnn_forward(xs, mask, h0, params):
    states = [np.array(h0)]
    for x, m in zip(xs, mask):
        old = states[-1]
        new = np.tanh(params.Wxh @ x + params.Whh @ old + params.bh)
        states.append(np.where(m > 0, new, 0.0))
    return np.stack(states)


def unused("""
ADVANCED = """def advance(x, h, c, p):
    z = np.vstack((h, x))
    f, i, o = (1 / (1 + np.exp(-(W @ z + b))) for W, b in ((p.Wf, p.bf), (p.Wi, p.bi), (p.Wo, p.bo)))
    g = np.tanh(p.WC @ z + p.bC)
    c = f * c + i * g
    shown = np.tanh(c)
    return o * shown, shown, (f, i, g, o)


def lstm_forward(xs, h0, c0, params):
    hs, cs, gates = [h0], [c0], []
    for x in xs:
        h, c, now = advance(x, hs[-1], cs[-1], params)
        hs.append(h)
        cs.append(c)
        gates.append(now)
    return LSTMTrace(np.array(hs), np.array(cs), Gates(*map(np.array, zip(*gates))))


def unused("""


KEPT = """class Back:
    def __init__(self, dh, h):
        self.da = dh * (1 - h * h)
        self.db = self.da


def rnn_step_backward(dh, x, h_prev, h, params):
    back = Back(dh, h)
    weights = back.da @ x.T, back.da @ h_prev.T
    return params.Wxh.T @ back.da, params.Whh.T @ back.da, RNNParams(*weights, back.db)


def unused("""
CARRIED = ADVANCED.replace("    for x", "    h, c = np.zeros_like(h0), np.zeros_like(c0)\n    for x").replace(
    "hs[-1], cs[-1]", "h, c"
)

SELDOM = (pytest.mark.slow, pytest.mark.skipif(not LONG, reason="one of many of its kind; .ci/long runs it"))
LINES: list[Any] = [
    (
        15,
        [("def masked_rnn_forward(", GROWN)],
        "states.append(np.where",
        "it lacks a term: the old states",
    ),
    (8, [("def lstm_forward(", ADVANCED)], "return o * shown, shown", "it returns another quantity in"),
    (
        10,
        [("f, i, g, o = (gate[t] for", "i, f, g, o = (gate[t] for")],
        "i, f, g, o =",
        "`f` should hold the forget gate",
    ),
    (
        3,
        [("Wxh.T @ da", "Wxh.reshape(Wxh.shape[::-1]) @ da")],
        "Wxh.reshape",
        "`np.transpose`, `np.swapaxes`",
    ),
    (
        2,
        [("output_forward(h_T, Why, by)", "output_forward(h_T, params.Whh, by)")],
        "output_forward(h_T, params.Whh",
        "one of its names should be another",
    ),
    (
        15,
        [("xs[: lengths[n], :, n] = sequence", "xs[xs.shape[0] - lengths[n] :, :, n] = sequence")],
        "- lengths[n] :, :, n] = sequence",
        "`xs` holds the right numbers in another order",
    ),
    (5, [("dWhh += da @ hs[t].T", "pass")], "dWxh += da", "`dWhh` should be made anew beside it"),
    (
        1,
        [
            (
                "return np.tanh(Wxh @ x + Whh @ h_prev + bh)",
                "z = Whh @ h_prev + bh\n    z = z + Wxh @ x**2\n    return np.tanh(z)",
            )
        ],
        "z = z + Wxh @ x**2",
        "",
    ),
    (
        5,
        [("        dh_next = Whh.T @ da", "    dh_next = Whh.T @ da")],
        "dh_next = Whh.T @ da",
        "`dh_next` is made here, after the loop",
    ),
    (
        5,
        [("    return dxs, dh_next", "        return dxs, dh_next")],
        "return dxs, dh_next",
        "it stops after 1 of 7 steps",
    ),
    (
        10,
        [("dh_next, dxs[t] =", "dh_prev, dxs[t] =")],
        "dh_prev, dxs[t] =",
        "`dh_next` should hold it from",
    ),
    (
        11,
        [("params = sgd_step(params", "sgd_step(params")],
        "sgd_step(params",
        "`params` should hold it f",
    ),
    (
        14,
        [("self.bi, self.bC", "self.bC, self.bi")],
        "self.bC, self.bi",
        "two things in it should change places",
    ),
    (8, [("hs, cs = np.zeros((T + 1, H, N)),", "cs = hs =")], "cs = hs =", "make an array for each name"),
    (
        2,
        [("np.zeros((T + 1, H, N))", "np.zeros((T + 1, H, N), 'f')")],
        "'f')",
        "leave the dtype or the cast out",
    ),
    (
        7,
        [("Wf, Wi, WC, Wo, bf, bi, bC, bo = p", "Wi, Wf, WC, Wo, bi, bf, bC, bo = p")],
        "= params",
        "`Wf` holds what another name",
    ),
    (7, [("f = sigmoid(Wf @ z + bf)", "f = Wf @ z + bf")], "f = Wf", "it lacks the sigmoid"),
    (7, [("f = sigmoid(", "f = np.tanh(")], "f = np.tanh", "the tanh stands in the place of the sigmoid"),
    (
        4,
        [("e = np.exp(y - y.max(axis=0, keepdims=True))", "e = np.exp(y)")],
        "np.exp(y)",
        "`y` stands in the",
    ),
    (
        3,
        [("da = dh * (1 - h**2)", "dh *= 1 - h**2\n    da = dh")],
        "dh *= 1 - h**2",
        "such an operator writes into the array; `dh = dh",
    ),
    (
        5,
        [("dh = dhs[t] + dh_next", "dh = dhs[t]\n        np.add(dh, dh_next, out=dh)")],
        "np.add(dh",
        "make a copy of it",
    ),
    (
        2,
        [("rnn_forward(xs, np.zeros((H, N)), params)", "rnn_forward(xs, np.random.randn(H, N), params)")],
        "np.random.randn",  # which is wrong by another value each time
        "`np.random.randn(H, N)` stands in the place of an array of zeros",
    ),
    (
        5,
        [
            (
                "    return dxs, dh_next, RNN",
                "    for one in (dWxh, dWhh, dbh):\n"
                "        np.clip(one, -5, 5, out=one)\n    return dxs, dh_next, RNN",
            )
        ],
        "out=one",
        "`dparams.Wxh` is right before this operation",
    ),
    (5, [("RNNParams(dWxh, dWhh, dbh)", "dWxh, dWhh, dbh")], "return dxs", ""),
    (
        13,
        [("return errors <= 1e-6, errors", "return errors == errors.min(), errors")],
        "errors.min()",
        "",
    ),
    (8, [("rng = np.random.default_rng(seed)", "rng = np.random.default_rng()")], "default_rng()", ""),
    (
        12,
        [("h = np.tanh(Wxh @ x + Whh @ h + bh)  # (H, 1)", "h[:] = np.tanh(Wxh @ x + Whh @ h + bh)")],
        "h[:]",
        "make a copy of it",
    ),
    (
        11,
        [("        Why, by = sgd_step(OutputParams(Why, by), OutputParams(dWhy, dby), lr)\n", "")],
        "params = sgd_step(",
        "`Why` should be made anew beside it",
    ),
    (
        13,
        [("[max(check_gradient", "[min(check_gradient")],
        "min(check_gradient",
        "",
    ),  # all are right numbers
    (
        15,
        [("(1 - mask[t]) * dh  #", "(1 - mask[t]) * dh * (1 - hs[t + 1] ** 2)  #")],
        "dh_next = Whh.T",
        "`1 - hs[t + 1] ** 2` is a factor too many",
    ),
    (15, [(" + (1 - mask[t]) * dh  # (H, N)", "")], "dh_next = Whh.T @ da", "it should be the message"),
    (
        12,
        [("(y - y.max()) / temperature", "y - y.max()")],  # of which only wrong symbols come
        "cumulative = np.cumsum",
        "",
    ),
    (
        12,  # right in one of two branches, and each has its own lines
        [
            (
                "past = r * (Whg @ h_prev + bhg) if reset_after else",
                "past = Whg @ h_prev + bhg if False else",
            )
        ],
        "past = ",
        "",
    ),
    (
        8,
        [
            (
                "    for t in range(T):\n        z =",
                "    bf, bi, bC, bo = 0, 0, 0, 0\n    for t in range(T):\n        z =",
            )
        ],
        "bf, bi, bC, bo = 0",
        "`bf` holds another quantity",
    ),
    (
        11,  # the first step of Adam begins with zeros, which would hide it
        [("BETA1 * m + (1 - BETA1) * g", "BETA1 * m + g")],
        "BETA1 * m + g",
        "`g` stands in the place of the share of the new gradient",
    ),
    (
        11,  # the first steps reach no limit
        [("(factor * g for g", "(min(1, max_norm / np.linalg.norm(g)) * g for g")],
        "np.linalg.norm(g)) * g",
        "",
    ),
    (
        5,
        [("for t in reversed(range(T)):", "for t in range(T - 1, 0, -1):")],
        "for t in range(T - 1, 0, -1)",
        "it stops after",
    ),
    (
        17,
        [("    for k in range(n):\n", "    for k in range(n):\n        h = c = np.zeros((H, 1))\n")],
        "h = c = np.zeros",
        "`h` gets its first value again here",
    ),
    (
        17,
        [("        if batch == 0:\n", "        if step == 0:\n")],
        "if step == 0:",
        "`h` should get its first value again more often",
    ),
    (
        17,
        [
            (
                "            h = c = np",
                "            h = np.zeros((H, N))\n        if not step:\n            c = np",
            )
        ],
        "if not step:",
        "`c` should get its first value again more often",
    ),
    (
        6,  # what an operation takes is right where another operation belongs
        [
            (
                "norm = float(np.sqrt(sum((one**2).sum() for one in grads)))",
                "flat = np.concatenate([one.ravel() for one in grads])\n    squares = flat * flat\n"
                "    norm = float(np.sqrt(squares.mean()))",
            )
        ],
        "squares.mean()",
        "`squares.mean()` stands in the place of the sum of the squares",
    ),
    (
        3,  # inside a helper, and not where it is called
        [
            ("def rnn_step_backward(", "def slope(h):\n    return 1 + h**2\n\n\ndef rnn_step_backward("),
            ("da = dh * (1 - h**2)", "da = dh * slope(h)"),
        ],
        "return 1 + h**2",
        "it should be the slope of the tanh",
    ),
    (
        1,  # what is left over is not kept, and not the name wrong that is returned in its place
        [
            ("    return np.tanh(Wxh @ x + W", "    k = W"),
            (" + bh)", "\n    np.tanh(Wxh @ x + k + bh)\n    return k"),
        ],
        "np.tanh(Wxh @ x + k + bh)",
        "bind the result to a name",
    ),
    (
        14,
        [
            (
                "0.01 * rng.standard_normal((hidden_size, hidden_size))",
                "0.01 * np.random.RandomState(seed).randn(hidden_size, input_size)",
            )
        ],
        "self.Whh =",
        "its shape is (",
    ),
    (
        7,  # a sum whose parts are added one after the other
        [
            (
                "o = sigmoid(Wo @ z + bo)",
                "H = len(h_prev)\n    o = Wo[:, H:] @ x + bo\n    o = sigmoid(o)\n"
                "    o = o + Wo[:, :H] @ h_prev",
            )
        ],
        "o = sigmoid(o)",
        "",
    ),
    (
        15,  # among the small changes are such that return no array
        [
            (
                "    for n in range(N):\n        dhs[lengths[n] - 1, :, n] = dh_last[:, n]\n    return dhs",
                "    end = np.arange(T)[:, None] == lengths\n"
                '    return np.einsum("tn,hn->thn", end.astype(float), dh_last)',
            )
        ],
        "end = np.arange(T)[:, None] == lengths",
        "one of its numbers or indices should be another",
    ),
    (
        15,  # what two lines take is bound in a third one
        [
            (
                "    for t in range(T):\n        h = np",
                "    old = h0\n    for t in range(T):\n        h = np",
            ),
            ("Whh @ hs[t] + bh)  # (H, N)\n        hs[t + 1]", "Whh @ old + bh)\n        hs[t + 1]"),
            ("(1 - mask[t]) * hs[t]", "(1 - mask[t]) * old\n        old = h"),
        ],
        "old = h",
        "it should be the state after this step",
    ),
    (
        11,  # what is returned is an argument, whose first use is not to blame
        [
            ("    m = same_kind(*(BETA1 * m + (1 - BETA1) * g", "    m = [g"),
            ("for m, g in zip(state.m, grads, strict=True)))", "for g in grads]"),
            ("AdamState(m, v, t)", "AdamState(same_kind(*m), v, t)"),
        ],
        "m = [g for g in grads]",
        "`g` stands in the place of the running mean of the gradient",
    ),
    (
        7,  # where numbers overflow, no comparison is to blame that another number would turn
        [
            (
                "    e = np.exp(-np.abs(a))  # never above 1\n"
                "    return np.where(a >= 0, 1 / (1 + e), e / (1 + e))",
                "    out = np.empty_like(a)\n    above = a > 0\n    e = np.exp(a[above])\n"
                "    out[above] = e / (1 + e)\n    e = np.exp(-a[~above])\n"
                "    out[~above] = 1 / (1 + e)\n    return out",
            )
        ],
        "e = np.exp(a[above])",
        "",
    ),
    (
        16,
        [("return np.append(begins, T)", "return np.arange(0, T + length, length)")],
        "T + length",
        "",
    ),
    (
        5,
        [
            ("for t in reversed(range(T)):", "for t, h_prev in zip(reversed(range(T)), hs[::-1]):"),
            ("da @ hs[t].T", "da @ h_prev.T"),
        ],
        "in zip(",
        "`h_prev` should hold the state before this step",
    ),
    (
        13,
        [
            (
                "        above = f(point)\n        point[index] = middle - steps[index]\n"
                "        below = f(point)",
                "        up, down = point, point\n        up[index] = middle + steps[index]\n"
                "        down[index] = middle - steps[index]\n        above, below = f(up), f(down)",
            )
        ],
        "up, down = point, point",
        "make an array for each name",
    ),
    (
        5,
        [
            ("dh = dhs[t] + dh_next", "dh = dh_next + dhs[t]"),
            ("dh_next = Whh.T @ da", "dh_next = np.zeros(dh.shape)"),
        ],
        "np.zeros(dh.shape)",
        "it should be the message",
    ),
    (
        15,
        [("count = mask.sum()", "count = max((1 - mask).sum(), 1)")],
        "(1 - mask)",
        "`1 - mask` stands in the place of `mask`",
    ),
    (8, [("def lstm_forward(", CARRIED)], "h, c = np.zeros_like", "`h` should hold the state before this"),
    (
        5,
        [
            ("    for t in reversed(range(T)):", "    for t in back:"),
            (
                "    dh_next = np.zeros((H, N))",
                "    back = reversed(range(T))\n    slopes = {t: 1 - hs[t + 1] ** 2 for t in back}\n"
                "    dh_next = np.zeros((H, N))",
            ),
        ],
        "back = reversed(range(T))",
        "keep a list or a range instead",
    ),
    (
        5,
        [
            ("        dWxh += da @ xs[t].T  # (H, D)\n", ""),
            ("dWhh += da @ hs[t].T", "dW = da @ np.vstack((xs[t], hs[t])).T"),
            ("RNNParams(dWxh, dWhh, dbh)", "RNNParams(*np.hsplit(dW, [xs.shape[1]]), dbh)"),
        ],
        "dW = da @ np.vstack",
        "",
    ),
    (
        16,
        [("return np.append(begins, T)", "np.append(begins, T)\n    return begins")],
        "np.append",
        "bind the result",
    ),
    (
        8,
        [("(rng.uniform(-limit", "(np.random.default_rng(seed).uniform(-limit")],
        "Wf, Wi, WC, Wo = (np.random",
        "make one generator before it",
    ),
    (
        5,  # the last argument takes the result
        [
            ("dWhh += da @ hs[t].T", "np.add(dWhh, da @ hs[t].T, dWhh)"),
            ("dbh += da.sum(", "dbh += 2 * da.sum("),
        ],
        "dbh += 2 * da.sum(",
        "it is 2 times what it should be",
    ),
    (3, [("def rnn_step_backward(", KEPT)], "self.db = self.da", "it should be the gradient of `bh`"),
    (
        5,
        [
            ("for t in reversed(range(T)):", "for t, dh in zip(reversed(range(T)), dhs):"),
            ("dh = dhs[t] + dh_next", "dh = dh + dh_next"),
        ],
        "for t, dh in zip",
        "`dh` should hold the gradient of this step's own loss",
    ),
    (
        16,
        [
            ("own[-1] = dhs", "own[-1] = 0.5 * dhs"),
            (
                "hs[start : end + 1], params)\n        total = RNNParams(*(one + other for one, other in "
                "zip(total, dparams, strict=True)))",
                "hs[start : end + 1], params)\n        total = RNNParams(*map(np.add, total, dparams))",
            ),
        ],
        "0.5 * dhs",
        "",
    ),
]


@pytest.mark.parametrize(
    ("number", "patches", "source", "cause"),
    [
        pytest.param(*each, marks=SELDOM)
        if n % 3 == 2 or each[0] in (11, 17)
        # they take a second each, and a training five
        else pytest.param(*each, marks=pytest.mark.slow)
        if n % 3
        else each
        for n, each in enumerate(LINES)
    ],
)
def test_the_line_and_the_cause(
    pool: WorkerPool, number: int, patches: list[tuple[str, str]], source: str, cause: str
) -> None:
    located = next(one.located for one in grade(number, pool, *patches).outcomes if one.located)
    assert source in located.source
    assert located.cause.startswith(cause)


def test_a_change_that_only_switches_something_off_is_no_cause(pool: WorkerPool) -> None:
    clipped = (
        "dh_next = Whh.T @ da\n        dh_next = dh_next * min(1, 8 / (np.linalg.norm(dh_next) + 1e-12))"
    )
    located = found(grade(5, pool, ("dh_next = Whh.T @ da", clipped)))
    assert "np.linalg.norm" in located.source
    assert located.cause == ""
    squashed = "    cs[1:] = np.tanh(cs[1:])\n    return LSTMTrace(hs, cs,"
    located = found(grade(8, pool, ("    return LSTMTrace(hs, cs,", squashed)))
    assert located.source == "cs[1:] = np.tanh(cs[1:])"
    assert "hs" not in located.cause  # in another array nothing of it would be kept


TEXT = read_text(np.frombuffer(json.dumps([[], [], []]).encode(), np.uint8))
NONE = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)


@pytest.mark.parametrize(
    "report",
    [
        None,
        (1, 2, 3),
        "text",
        (*NONE[:2], np.zeros(0, complex)),
        (np.array([5, 0, 0]), *NONE[1:]),
        (np.array([-1, 1, 0, 7]), *NONE[1:]),
        (np.array([-1, -1, 2**60]), *NONE[1:]),
        (np.array([-1, 0, 0, -1, 0, 0]), *NONE[1:]),
        (NONE[0], np.array([8, 1, 2**40]), NONE[2]),
        (NONE[0], np.array([8, 2, 2**30, 2**30]), NONE[2]),
        (NONE[0], np.array([8, -1]), NONE[2]),
        (NONE[0], np.array([8]), NONE[2]),
    ],
)
def test_a_report_that_no_honest_worker_makes_is_refused(report: object) -> None:
    with pytest.raises(Malformed):
        read_trace(TEXT, report)


def test_any_report_is_read_or_refused() -> None:
    rng = np.random.default_rng(1)
    text = read_text(np.frombuffer(json.dumps([[NODE] * 3, [], ["a"]]).encode(), np.uint8))
    for _ in range(500):
        parts = [rng.integers(-2, 6, rng.integers(0, 30)) for _ in range(2)]
        with contextlib.suppress(Malformed):
            trace = read_trace(text, (*parts, rng.standard_normal(40)))
            assert Comparison("f", trace, trace, [], Work()).culprits is not None


NODE = ["name", "", 1, 0, 1, "f", -1, [], "a"]


@pytest.mark.parametrize("change", [(0, "other"), (2, "1"), (6, 5), (2, None)])
def test_a_text_that_is_none_is_refused(change: tuple[int, object]) -> None:
    node = [*NODE[: change[0]], change[1], *NODE[change[0] + 1 :]]
    with pytest.raises(Malformed):
        read_text(np.frombuffer(json.dumps([[node], [], []]).encode(), np.uint8))
    for data in (b"[", b"[1]", b"null", b"[" * 5000):
        with pytest.raises(Malformed):
            read_text(np.frombuffer(data, np.uint8))


ODD = (
    loaded(1)
    .exercise.solution_path.read_text(encoding="utf-8")
    .replace("Whh @ h_prev", "Whh @ np.sin(h_prev)")
)


@pytest.fixture(scope="module")
def plain(pool: WorkerPool) -> list[str]:
    """What the checks say of this mistake alone."""
    report = check(loaded(1), Source("rnn_step.py", ODD.encode()), pool=pool)
    return [each.status for each in report.outcomes]


WRAPPED = "plain = rnn_step_forward\ndef rnn_step_forward(*given):\n"
ANSWER = "    return plain(*given)"


@pytest.mark.parametrize(
    "hostile",
    [
        "import sys; sys.settrace(lambda *_: None)",
        "recorded_frame = lambda: (lambda n, v: 10**9)",
        "import threading; threading.Thread(target=lambda: None).start()",
        "import sys\nif 'recording' in sys.modules:\n    sys.modules['recording'].record = print",
        "import sys\nif 'recording' in sys.modules:\n    import os; os._exit(0)",
        "deep = " + "(" * 90 + "1" + ")" * 90,
        "def f(n):\n    return f(n + 1)",
        pytest.param(
            f"{WRAPPED}    for k in range({EVENTS}):\n        k * 1.5 * np.ones(3)\n{ANSWER}",
            marks=pytest.mark.slow,  # as much as is recorded of one answer
        ),
        f"{WRAPPED}    with np.errstate(all='ignore'):\n        np.array([np.nan, 1e308]) * np.inf\n{ANSWER}",
        f"{WRAPPED}    deep = lambda n: deep(n - 1) * 1.5 if n else 1.0\n    deep(300)\n{ANSWER}",
        f"{WRAPPED}    held = []\n    [held.append(held) for _ in range(9)]\n{ANSWER}",
        f"{WRAPPED}    globals()['recorded_frame'] = None\n{ANSWER}",
    ],
)
def test_a_hostile_file_changes_no_verdict(pool: WorkerPool, plain: list[str], hostile: str) -> None:
    text = f"{ODD}\n{hostile}\n"
    other = check(loaded(1), Source("rnn_step.py", text.encode()), pool=pool)
    assert plain == [each.status for each in other.outcomes]
