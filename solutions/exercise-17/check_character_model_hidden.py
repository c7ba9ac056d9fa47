"""Hidden checks of exercise-17: what training returns, arguments left alone, draws that a hair decides."""

from typing import Any

import numpy as np
import pytest

from grader.numeric import CheckFailed, assert_close, assert_unchanged, unpack

V, H = 7, 4
DRIFT = 1e-4
LEARNS = (
    "exercise-8.lstm_forward",
    "exercise-4.softmax_cross_entropy",
    "exercise-4.output_backward",
    "exercise-10.lstm_backward",
)


def draw_model(rng: np.random.Generator, reference: Any) -> Any:
    """Draw an LSTM and an output layer of order 1."""
    weights = [0.6 * rng.standard_normal((H, H + V)) for _ in range(4)]
    biases = [0.6 * rng.standard_normal((H, 1)) for _ in range(4)]
    output = reference.OutputParams(1.5 * rng.standard_normal((V, H)), 0.6 * rng.standard_normal((V, 1)))
    return reference.Model(reference.LSTMParams(*weights, *biases), output)


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_train_losses")
@pytest.mark.lend("chunk_loss")
@pytest.mark.builds_on(*LEARNS, "exercise-11.adam_step")
def check_train_returns_the_model(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """The model that comes back is the trained one, and the one that was handed in is as it was."""
    inputs, targets = rng.integers(V, size=(2, 3, 4, 2))
    arguments = (inputs, targets, draw_model(rng, reference), 2, 0.02, 1.0)
    result = student.train(*arguments)
    changed = student.changed
    model, _ = unpack(result, "model", "curve")
    right, _ = reference.train(*arguments)
    assert_close(model, tuple(right), "model", rtol=DRIFT, atol=DRIFT)
    assert_unchanged(changed)


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_sample_values")
@pytest.mark.builds_on("exercise-8.lstm_forward", "exercise-4.softmax")
def check_sample_by_a_hair(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """Numbers just below and just above the end of a symbol's piece draw that one and the next."""
    model, prompt = draw_model(rng, reference), rng.integers(V, size=3)
    for temperature in (1.0, 0.5):

        def drawn(u: float, temperature: float = temperature) -> int:
            return int(reference.sample(prompt, 1, model, np.array([u]), temperature)[0])

        low, high = 0.0, 1.0 - 1e-12
        if drawn(low) == drawn(high):
            raise ValueError("one symbol takes all; the draw of the check is too wide")
        while high - low > 1e-6:
            middle = (low + high) / 2
            low, high = (middle, high) if drawn(middle) == drawn(low) else (low, middle)
        for u in (low, high, 0.0, float(np.nextafter(1.0, 0.0))):
            got = student.sample(prompt, 1, model, np.array([u]), temperature)
            wanted = reference.sample(prompt, 1, model, np.array([u]), temperature)
            assert_close(got, wanted, f"ids for one number, temperature {temperature:g}")
    if student.changed:
        raise CheckFailed("your code changes what was handed in; work on a copy")
