"""Visible checks of exercise-13. A check's first sentence is what the grader shows."""

import numpy as np
import pytest

from grader.numeric import CheckFailed, assert_close, assert_unchanged, unpack

H = 5
SHAPES = ((3,), (2, 3), (4, 1))
NOISE = {"rtol": 1e-6, "atol": 1e-8}  # differences of float64 numbers keep about ten digits
MEASURED = {"rtol": 1e-4, "atol": 1e-7}  # right gradients differ from differences by 1e-9 or so
NEVER = 1e9  # a limit that no gradient reaches


def draw_network(rng, reference, D, dtype=np.float64, offset=0.0):
    """Draw a smooth loss of an array of D entries; weights are of order 1."""
    W, b, v = rng.standard_normal((H, D)), 0.6 * rng.standard_normal(H), rng.uniform(0.5, 1.5, H)
    v *= rng.permutation((-1.0) ** np.arange(H))
    return reference.Network(W.astype(dtype), b.astype(dtype), v.astype(dtype), offset, "tanh")


def draw_kinks(rng, reference, x, up=1.5, down=-0.75):
    """Draw a loss whose slope jumps exactly at x: up in its first entry, down in its last."""
    D = x.size
    W = rng.standard_normal((H, D))
    W[:2] = 0.0
    W[0, 0], W[1, -1] = rng.choice([-1.0, 1.0], 2)
    a = rng.choice([-1.0, 1.0], H) * rng.uniform(0.5, 2, H)
    a[:2], a[2] = 0.0, abs(a[2])  # one unit at least is awake
    v = np.concatenate([[up, down], rng.uniform(0.5, 1.5, H - 2)])
    network = reference.Network(W, np.zeros(H), v, 0.3, "relu")
    return network._replace(b=a - W @ x.ravel())


def right_backward(reference, network):
    """Return the gradient of a network as it should be."""
    return reference.Backward(network, network.W.T.copy(), np.array([1.0, 0.0, -1.0]), NEVER)


def compare_right(got, wanted, name):
    """Compare booleans: an array of them, or a list."""
    flags = np.asarray(got) if isinstance(got, list | tuple | np.ndarray) else None
    if flags is None or flags.dtype.kind not in "biu" or flags.shape != wanted.shape:
        raise CheckFailed(
            f"`{name}` should be a NumPy array of {wanted.size} booleans, one for each function"
        )
    for number, (mine, so) in enumerate(zip(flags.astype(bool), wanted, strict=True)):
        if mine != so:
            raise CheckFailed(f"`{name}` is off: function {number} is {'right' if so else 'wrong'}")


def compare_all(student, function, right, questions, **tolerances):
    """Put every question before an answer is compared: a mistake should show wherever it can.

    Args:
        function: of the student's.
        right: the reference's.
        questions: the arguments of each call, by what its result is called.
    """
    answers, changed = [], ()
    for arguments in questions.values():
        answers.append(function(*arguments))
        changed = changed or student.changed
    for (name, arguments), got in zip(questions.items(), answers, strict=True):
        assert_close(got, right(*arguments), name, **tolerances)
    assert_unchanged(changed)


def steps_told(*steps):
    """Say of each step what it is, one number or an array of them."""
    return [(step, "a step for each entry" if np.ndim(step) else f"step {step:g}") for step in steps]


@pytest.mark.credits(1)
def check_numerical_gradient_values(student, reference, rng):
    """Central differences are right for arrays of any shape, also of integers, and steps small and large."""
    questions = {}
    for shape in SHAPES:
        x, whole = rng.standard_normal(shape), rng.integers(-2, 3, shape)
        f = draw_network(rng, reference, x.size)
        for step, told in steps_told(1e-5, 0.2, rng.uniform(0.1, 0.3, shape)):
            questions[f"gradient for x of shape {shape} and {told}"] = (f, x, step)
        questions[f"gradient for x of shape {shape}, all of it integers"] = (f, whole, 1e-5)
    compare_all(student, student.numerical_gradient, reference.numerical_gradient, questions, **NOISE)


@pytest.mark.credits(1)
def check_step_size_values(student, reference, rng):
    """The step is right for entries large, small, negative and zero, in both precisions."""
    questions = {}
    for shape in SHAPES:
        x = rng.standard_normal(shape) * 10.0 ** rng.integers(-2, 5, shape)
        x.flat[:3] = -rng.uniform(10, 1000), 0.0, rng.uniform(10, 1000)
        for precision in (float(np.finfo(np.float64).eps), float(np.finfo(np.float32).eps)):
            questions[f"step for x of shape {shape} and precision {precision:.1e}"] = (x, precision)
    compare_all(student, student.step_size, reference.step_size, questions, atol=0.0)


@pytest.mark.credits(1)
def check_relative_error_values(student, reference, rng):
    """One number between 0 and 1, for arrays near and far, large and small, and for zeros."""
    questions = {}
    for shape in ((2, 3), (4,), (1, 5)):
        a, b = rng.standard_normal((2, *shape))
        nothing = np.zeros(shape)
        for name, pair in {
            "two arrays": (a, b),
            "arrays that are close": (a, a + 1e-3 * b),
            "small arrays": (1e-7 * a, 1e-7 * b),
            "a large array and a small one": (1e3 * a, b),
            "a small array and a large one": (a, 1e3 * b),
            "an array and its negative": (a, -a),
            "zeros and something": (nothing, b),
            "zeros and zeros": (nothing, nothing),
        }.items():
            questions[f"error of {name}, of shape {shape}"] = pair
    compare_all(student, student.relative_error, reference.relative_error, questions, atol=0.0)


@pytest.mark.credits(1)
def check_slope_jumps_values(student, reference, rng):
    """The slope's jump is right where f is smooth and at kinks of either sign; x stays as it was."""
    questions = {}
    for shape in SHAPES:
        x = rng.standard_normal(shape)
        whole = rng.integers(-2, 3, shape)
        for kind, f, at in (
            ("a smooth f", draw_network(rng, reference, x.size), x),
            ("an f with kinks", draw_kinks(rng, reference, x), x),
            ("a smooth f at integers", draw_network(rng, reference, x.size), whole),
        ):
            for step, told in steps_told(1e-4, rng.uniform(0.1, 0.2, shape)):
                questions[f"jumps of {kind}, x of shape {shape}, {told}"] = (f, at, step)
    compare_all(student, student.slope_jumps, reference.slope_jumps, questions, **NOISE)


@pytest.mark.credits(1)
@pytest.mark.lend("numerical_gradient", "step_size", "relative_error", "slope_jumps")
def check_check_gradient_values(student, reference, rng):
    """The error of right and of wrong gradients, where f is smooth and where it has kinks."""
    questions = {}
    for shape in SHAPES:
        x = rng.standard_normal(shape) + 0.1
        for kind, f in (
            ("a smooth f", draw_network(rng, reference, x.size)),
            ("an f with kinks", draw_kinks(rng, reference, x)),
            ("an f with kinks of 0.015 and -0.007", draw_kinks(rng, reference, x, 0.015, -0.007)),
        ):
            good = right_backward(reference, f)
            for told, backward in {
                "right": good,
                "1 % too long": good._replace(M=1.01 * good.M),
                "turned": good._replace(M=good.M + 0.3 * rng.standard_normal(good.M.shape)),
            }.items():
                questions[f"error of a gradient that is {told}, for {kind}, x of shape {shape}"] = (
                    f,
                    backward,
                    x,
                )
    compare_all(student, student.check_gradient, reference.check_gradient, questions, **MEASURED)


@pytest.mark.credits(1)
@pytest.mark.lend("numerical_gradient", "step_size", "relative_error", "slope_jumps", "check_gradient")
def check_which_are_right_of_six(student, reference, rng):
    """Of six backward functions the right ones are found, also where luck hides a mistake at one point."""
    f = draw_network(rng, reference, D=H)
    points = [rng.standard_normal(H) for _ in range(4)]
    good = right_backward(reference, f)
    largest = sorted(np.abs(good(x)).max() for x in points)
    suspects = [
        good,
        good._replace(M=f.W),
        good._replace(slope=np.array([1.0, 0.0, 0.0])),
        good._replace(slope=np.array([1.0, 0.0, -1.0]) / 3, M=3 * f.W.T.copy()),
        good._replace(limit=(largest[-1] + largest[-2]) / 2),
        good._replace(M=1.0001 * f.W.T.copy()),
    ]
    backwards = [suspects[k] for k in rng.permutation(6)]
    for at in (points, points[::-1]):
        arguments = (f, backwards, at)
        right, errors = unpack(student.which_are_right(*arguments), "right", "errors")
        wanted, right_errors = reference.which_are_right(*arguments)
        assert_close(errors, right_errors, "errors", **MEASURED)
        compare_right(right, wanted, "right")
        assert_unchanged(student.changed)
