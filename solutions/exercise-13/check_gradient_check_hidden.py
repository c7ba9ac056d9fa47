"""Hidden checks of exercise-13: other precisions and dtypes, untouched arguments, other suspects."""

from functools import partial
from typing import Any

import numpy as np
import pytest

from grader.numeric import CheckFailed, assert_close, assert_unchanged, complex_step_gradient, unpack

H = 6
MEASURED = {"rtol": 1e-4, "atol": 1e-7}
NEVER = 1e9


def draw(rng: np.random.Generator, reference: Any, D: int, dtype: Any = np.float64) -> Any:
    """Draw a smooth loss of D entries."""
    W, b, v = rng.standard_normal((H, D)), rng.standard_normal(H), rng.uniform(0.5, 1.5, H)
    v *= rng.permutation((-1.0) ** np.arange(H))
    return reference.Network(W.astype(dtype), b.astype(dtype), v.astype(dtype), 0.5, "tanh")


def smooth(f: Any, x: Any) -> complex:
    """Compute a network whose hidden units are tanh; complex arguments are welcome."""
    return complex(f.v @ np.tanh(f.W @ x.ravel() + f.b))


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_numerical_gradient_values")
def check_numerical_gradient_leaves_x_alone(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """x may hold integers or float32, f may compute in float32, and x stays as it was."""
    points: dict[str, Any] = {
        "integers": rng.integers(-1, 2, (2, 3)),
        "float32": rng.standard_normal((2, 2)).astype(np.float32),
    }
    for kind, x in points.items():
        f = draw(rng, reference, x.size)
        wanted = complex_step_gradient(partial(smooth, f), x.astype(float))
        got = student.numerical_gradient(f, x, 1e-5)
        assert_close(got, wanted, f"gradient for x of {kind}", rtol=1e-6, atol=1e-7)
        assert_unchanged(student.changed)
    f, x = draw(rng, reference, 4, np.float32), rng.standard_normal(4)
    wanted = reference.numerical_gradient(f, x, 5e-3)
    assert_close(
        student.numerical_gradient(f, x, 5e-3), wanted, "gradient of f in float32", rtol=1e-4, atol=1e-4
    )
    assert_unchanged(student.changed)


@pytest.mark.credits(1)
@pytest.mark.lend("numerical_gradient", "step_size", "relative_error", "slope_jumps", "check_gradient")
def check_which_are_right_of_others(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """Six other backward functions are told apart, some at one point only, and gradients may be small."""
    for size in (1.0, 1e-5):
        f = draw(rng, reference, 4)
        f = f._replace(v=size * f.v, offset=size)
        points = [rng.standard_normal((2, 2)) for _ in range(3)]
        good = reference.Backward(f, f.W.T.copy(), np.array([1.0, 0.0, -1.0]), NEVER)
        largest = sorted(np.abs(good(x)).max() for x in points)
        hole = f.W.T.copy()
        hole[rng.integers(4)] = 0.0
        suspects = [
            good,
            good._replace(M=(1 + 3e-6) * good.M),  # on the wrong side of the line, and no more
            good._replace(M=hole),
            good._replace(slope=np.array([-1.0, 0.0, 1.0]) / 3, M=-3 * f.W.T.copy()),
            good._replace(limit=(largest[-1] + largest[-2]) / 2),
            good._replace(slope=np.array([1.0, -1.0, 0.0])),
        ]
        arguments = (f, [suspects[k] for k in rng.permutation(6)], points)
        right, errors = unpack(student.which_are_right(*arguments), "right", "errors")
        wanted, right_errors = reference.which_are_right(*arguments)
        assert_close(errors, right_errors, "errors", **MEASURED)
        if np.asarray(right).astype(float).tolist() != wanted.astype(float).tolist():
            raise CheckFailed(
                "`right` is off, though all the errors are right; what is the line between them?"
            )
        assert_unchanged(student.changed)
