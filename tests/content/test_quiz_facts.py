"""Numbers that quizzes and lessons state, each computed anew from what it is said to be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pytest

from grader.course import open_course
from grader.quiz.files import load_quiz, quiz_paths


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def softmax(*logits: float) -> np.ndarray:
    e = np.exp(np.array(logits) - max(logits))
    return e / e.sum()


def scalar_rnn(*inputs: float) -> list[float]:
    """One unit, input weight 1, recurrent weight 0.5, no bias."""
    h, states = 0.0, []
    for x in inputs:
        h = math.tanh(x + 0.5 * h)
        states.append(h)
    return states


def clipped(grad: np.ndarray, limit: float) -> np.ndarray:
    return grad * min(1.0, limit / np.linalg.norm(grad))


def kmeans(points: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Return the nearest centre of each point, the sum of squares, and the moved centres."""
    nearest = np.abs(points[:, None] - centres).argmin(axis=1)
    sse = float(((points - centres[nearest]) ** 2).sum())
    return nearest, sse, np.array([points[nearest == k].mean() for k in range(len(centres))])


TRAP = np.array([[0.5, 10.0], [0.0, 0.5]])
NORMAL = 2.0**-126  # the smallest normal number of single precision
POINTS = np.array([0.0, 1.0, 9.0, 10.0])
FIRST = kmeans(POINTS, np.array([0.0, 1.0]))
SECOND = kmeans(POINTS, FIRST[2])
THIRD = kmeans(POINTS, SECOND[2])
Fact = tuple[str, Callable[[], object], object]
FACTS: list[Fact] = [
    # recurrence
    ("three states of a scalar network", lambda: scalar_rnn(1, 0, 0), [0.7616, 0.3634, 0.1797]),
    ("the order of inputs matters", lambda: (scalar_rnn(1, 0)[-1], scalar_rnn(0, 1)[-1]), (0.3634, 0.7616)),
    ("parameters for D=3, H=5, O=2", lambda: 5 * 3 + 5 * 5 + 5 + 2 * 5 + 2, 57),
    # output layer
    ("a softmax", lambda: softmax(2, 1, 0.1), [0.6590, 0.2424, 0.0986]),
    ("its gradient for class 0", lambda: softmax(2, 1, 0.1) - [1, 0, 0], [-0.3410, 0.2424, 0.0986]),
    ("ten equal classes", lambda: math.log(10), 2.3026),
    ("large logits", lambda: softmax(1000, 1001), [0.2689, 0.7311]),
    # through time
    ("states of 32 sequences in MiB", lambda: 32 * 1000 * 256 * 4 / 2**20, 31.25),
    # vanishing
    ("the trap's singular value", lambda: np.linalg.norm(TRAP, 2), 10.025),
    ("its spectral radius", lambda: abs(np.linalg.eigvals(TRAP)).max(), 0.5),
    (
        "norms of its powers",
        lambda: [np.linalg.norm(np.linalg.matrix_power(TRAP, k), 2) for k in range(1, 7)],
        [10.02, 10.01, 7.50, 5.00, 3.13, 1.88],
    ),
    ("its twentieth power", lambda: np.linalg.norm(np.linalg.matrix_power(TRAP, 20), 2), 0.0004),
    ("0.9^50 and 1.1^50", lambda: (0.9**50, 1.1**50), (0.00515, 117.39)),
    ("0.8^30", lambda: 0.8**30, 1.238e-3),
    ("steps of 0.9 to a thousandth", lambda: math.floor(math.log(1e-3) / math.log(0.9)) + 1, 66),
    ("sigmoid chains", lambda: ((2 / 4) ** 10, (3 / 4) ** 10), (9.77e-4, 0.0563)),
    ("slopes of tanh", lambda: (1 - math.tanh(2) ** 2, 1 - 0.8**2), (0.0707, 0.36)),
    ("tanh of 3 and its slope", lambda: (math.tanh(3), 1 - math.tanh(3) ** 2), (0.9951, 0.00987)),
    (
        "states at 0.99 under a singular value of 3, and its bound",
        lambda: (1 - 0.99**2, (3 * (1 - 0.99**2)) ** 20, 3.0**20),
        (0.0199, 3e-25, 3.49e9),
    ),
    ("five such slopes", lambda: (1 - math.tanh(3) ** 2) ** 5, 9.3e-11),
    ("clipping (3, 4) to 1", lambda: clipped(np.array([3.0, 4.0]), 1.0), [0.6, 0.8]),
    ("the cosine after clipping by value", lambda: 7 / (5 * math.sqrt(2)), 0.9899),
    ("0.25^63 is the smallest normal single", lambda: 0.25**63 / NORMAL, 1.0),
    ("0.95^99 and 0.8^99", lambda: (0.95**99, 0.8**99), (0.0062, 2.55e-10)),
    # the LSTM
    ("a step by hand", lambda: (0.5 * 2 + 0.5, math.tanh(1.5)), (1.5, 0.9051)),
    ("zero weights, from 8", lambda: (8 * 0.5**3, 0.5 * math.tanh(1)), (1.0, 0.3808)),
    ("what 100 steps leave", lambda: (0.9**100, 0.99**100, 0.999**100), (2.66e-5, 0.3660, 0.9048)),
    (
        "half-lives",
        lambda: [math.log(0.5) / math.log(f) for f in (0.5, sigmoid(1), 0.9, 0.99)],
        [1.00, 2.21, 6.58, 68.97],
    ),
    (
        "20 steps by forget bias",
        lambda: [sigmoid(b) ** 20 for b in (0, 1, 2)],
        [9.54e-7, 1.90e-3, 0.0790],
    ),
    ("bias 1 against bias 0", lambda: (sigmoid(1) / 0.5) ** 20, 1994),
    ("a bias for 100 steps", lambda: sigmoid(math.log(99)), 0.99),
    ("parameters of an LSTM", lambda: 4 * 20 * (10 + 20 + 1), 2480),
    ("with two biases; a GRU; a plain cell", lambda: (4 * 20 * 32, 3 * 20 * 31, 20 * 31), (2560, 1860, 620)),
    ("the chapter's LSTM(10, 20, 1)", lambda: 2480 + 20 + 1, 2501),
    ("two layers, two directions", lambda: (2480 + 4 * 20 * 41, 2 * 2480), (5760, 4960)),
    ("128 and 256 units", lambda: (4 * 128 * 193, 4 * 256 * 321, 328704 / 98816), (98816, 328704, 3.33)),
    ("slope of a forget gate", lambda: 2 * 0.8 * 0.2, 0.32),
    ("dh/dc", lambda: 0.7 * (1 - math.tanh(0.9) ** 2), 0.340842),
    # code
    ("bound of the chapter's start", lambda: (0.02 * math.sqrt(64)) ** 10, 1.1e-8),
    # the ten questions
    ("a network 3-4-2", lambda: 3 * 4 + 4 + 4 * 2 + 2, 26),
    ("a convolution 3x3, 3 to 16", lambda: 16 * (3 * 3 * 3 + 1), 448),
    ("sizes after a convolution", lambda: ((32 - 5) // 1 + 1, (32 - 3 + 2) // 2 + 1), (28, 16)),
    ("the best discriminator", lambda: 0.3 / (0.3 + 0.1), 0.75),
    ("the value at equilibrium", lambda: -math.log(4), -1.3863),
    ("a step with weight decay", lambda: 2 - 0.1 * (0.5 + 0.01 * 2), 1.948),
    ("a sigmoid far out", lambda: (sigmoid(4), sigmoid(4) * (1 - sigmoid(4))), (0.9820, 0.01766)),
    ("a grid with five folds", lambda: (3 * 4 * 5, 200 * 4 // 5, 200 // 5), (60, 160, 40)),
    ("batch norm", lambda: 1 / np.array([1.0, 2.0, 3.0]).std(), 1.2247),
    ("inverted dropout", lambda: 1 / (1 - 0.2), 1.25),
    ("k-means moves once", lambda: FIRST[2], [0.0, 6.667]),
    ("k-means moves twice", lambda: SECOND[2], [0.5, 9.5]),
    ("its sums of squares", lambda: (FIRST[1], SECOND[1], THIRD[1]), (145.0, 17.556, 1.0)),
]


@pytest.mark.parametrize(("what", "compute", "stated"), FACTS, ids=[fact[0] for fact in FACTS])
def test_a_stated_number_recomputes(what: str, compute: Callable[[], object], stated: object) -> None:
    computed, wanted = np.asarray(compute(), dtype=float), np.asarray(stated, dtype=float)
    figures = np.array(
        [
            len(f"{abs(one):g}".replace("0.", "").lstrip("0").split("e")[0].replace(".", ""))
            for one in wanted.ravel()
        ]
    )
    margin = np.abs(wanted.ravel()) * 10.0 ** (1 - np.maximum(figures, 1)) + 1e-12
    assert (np.abs(computed.ravel() - wanted.ravel()) <= margin).all(), (what, computed, wanted)


def test_every_question_says_where_in_the_course_it_is_taught() -> None:
    course = open_course()
    pages = {path.stem for path in (course.root / "quizzes").glob("*.md")} | {*course.exercise_ids()}
    for path in quiz_paths(course):
        for question in load_quiz(path).file.questions:
            named = re.findall(r"lesson of (exercise-\d+)|`grader show (\w+)`", question.source)
            assert named, f"{path.stem}/{question.id} names no lesson and no page"
            assert {one or other for one, other in named} <= pages
