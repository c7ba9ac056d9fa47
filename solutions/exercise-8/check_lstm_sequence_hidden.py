"""Hidden checks of exercise-8: an independent judge, untouched arguments, and what starts at which value."""

from typing import Any

import numpy as np
import pytest

from grader.numeric import CheckFailed, assert_close, assert_unchanged, unpack

Array = np.ndarray
TRACE = ("hs", "cs", "gates")


def judge(xs: Array, h: Array, c: Array, params: Any, reference: Any) -> Any:
    """Compute the trace without stacking and with another sigmoid; only the latest state is looked at."""
    H = len(h)
    shown, cs, gates = [h], [c], []
    for x in xs:
        sums = [W[:, :H] @ h + W[:, H:] @ x + b for W, b in zip(params[:4], params[4:], strict=True)]
        f, i, o = (0.5 + 0.5 * np.tanh(sums[which] / 2) for which in (0, 1, 3))
        g = np.tanh(sums[2])
        c = c * f + g * i
        h = np.tanh(c) * o
        shown.append(h)
        cs.append(c)
        gates.append((f, i, g, o))
    return np.array(shown), np.array(cs), reference.Gates(*np.array(gates).swapaxes(0, 1))


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_lstm_forward_hs", "check_lstm_forward_cs", "check_lstm_forward_gates")
def check_lstm_forward_leaves_arguments_alone(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """Nothing that is handed in is changed, h0 and c0 least of all; a second call agrees."""
    for T, H, D, N in ((4, 3, 5, 6), (6, 2, 3, 1)):  # with one sequence even the biases can be written into
        weights, biases = 0.6 * rng.standard_normal((4, H, H + D)), 0.6 * rng.standard_normal((4, H, 1))
        h0, c0 = rng.uniform(-1, 1, (H, N)), 2 * rng.standard_normal((H, N))
        arguments = (rng.standard_normal((T, D, N)), h0, c0, reference.LSTMParams(*weights, *biases))
        first = unpack(student.lstm_forward(*arguments), *TRACE)
        assert_unchanged(student.changed)
        second = unpack(student.lstm_forward(*arguments), *TRACE)
        wanted = judge(*arguments, reference)
        for name, one, another, right in zip(TRACE, first, second, wanted, strict=True):
            assert_close(one, right, name)
            assert_close(another, right, f"{name} of a second call")


@pytest.mark.credits(1)
def check_init_lstm_biases(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """bf holds the forget bias and the other biases are zero; all of float64, whatever is given."""
    names = ("bf", "bi", "bC", "bo")
    for H, forget_bias in ((5, float(rng.uniform(0.5, 3))), (4, 1), (1, -2)):
        params = student.init_lstm(3, H, forget_bias, int(rng.integers(10**6)))
        for name, bias in zip(names, unpack(params, *reference.LSTMParams._fields)[4:], strict=True):
            at = f"With hidden_size={H}, forget_bias={forget_bias:.3g}:"
            try:
                assert_close(bias, np.full((H, 1), forget_bias if name == "bf" else 0.0), name)
            except CheckFailed as failure:
                raise CheckFailed(f"{at} {failure}") from None
            if bias.dtype != np.float64:
                raise CheckFailed(
                    f"{at} `{name}` has the right values, but is of dtype {bias.dtype}, not float64. "
                    "Training would add small fractions to it: what becomes of them?"
                )
