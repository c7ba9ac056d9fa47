"""Visible checks of exercise-15. A check's first sentence is what the grader shows."""

import numpy as np
import pytest

from grader.numeric import assert_close, assert_gradient, unpack

H, D, V = 5, 3, 4
SIZES = ((7, 4), (5, 1), (9, 3))  # T and N; three columns at least tell whose length was used


def draw_lengths(rng, T, N):
    """Draw N lengths from 1 to T - 1, not in order and not all alike; the first is neither extreme."""
    if N == 1:
        return np.array([T - 2])
    inner = rng.integers(3, T - 1, N - 2)
    return np.array([inner[0], T - 1, *inner[1:], 2])


def draw_network(rng, reference):
    """Draw the recurrence's parameters, of order 1."""
    shapes = (H, D), (H, H), (H, 1)
    return reference.RNNParams(*(0.6 * rng.standard_normal(shape) for shape in shapes))


def draw_mask(rng, reference, T, N):
    """Draw padding behind the sequences, before them, and in between."""
    behind = reference.step_mask(draw_lengths(rng, T, N), T)
    between = behind.copy()
    between[2] = 0.0
    between[3, 0] = 0.0
    return {"padding behind": behind, "padding in front": behind[::-1].copy(), "gaps": between}


def as_numbers(mask):
    """Accept a mask of booleans for one of numbers."""
    return mask.astype(float) if isinstance(mask, np.ndarray) and mask.dtype == bool else mask


def compare_all(function, right, questions, read=lambda value: value):
    """Put every question before an answer is compared: a mistake should show wherever it can."""
    answers = [function(*arguments) for arguments in questions.values()]
    for (name, arguments), got in zip(questions.items(), answers, strict=True):
        assert_close(read(got), right(*arguments), name)


@pytest.mark.credits(1)
def check_pad_values(student, reference, rng):
    """Every sequence stands in its column from step 0 on, with zeros behind it; the lengths are told."""
    batches = {}
    for T, N in SIZES:
        at = f" of {N} sequences" if N > 1 else " of one sequence"
        batches[at] = [rng.standard_normal((n, D)) for n in draw_lengths(rng, T, N)]
        batches[at][0][-1] = 0.0  # a real input may be zero
    # Sorted by length, up or down, they stand in an order that another turn does not undo.
    batches[" of 4 sequences of 2, 4, 1 and 3 steps"] = [rng.standard_normal((n, D)) for n in (2, 4, 1, 3)]
    answers = {at: student.pad(sequences) for at, sequences in batches.items()}
    for at, sequences in batches.items():
        xs, lengths = unpack(answers[at], "xs", "lengths")
        right_xs, right_lengths = reference.pad(sequences)
        assert_close(lengths, right_lengths, f"lengths{at}")
        assert_close(xs, right_xs, f"xs{at}")


@pytest.mark.credits(1)
def check_step_mask_values(student, reference, rng):
    """The mask is 1 at every real step and 0 at all others, also if the batch is longer than all of them."""
    questions = {f"mask for T={T} and N={N}": (draw_lengths(rng, T, N), T) for T, N in SIZES}
    questions["mask of sequences that fill the batch"] = np.array([4, 2, 4]), 4
    compare_all(student.step_mask, reference.step_mask, questions, as_numbers)


@pytest.mark.credits(1)
def check_last_states_values(student, reference, rng):
    """The state of each sequence is that after its own last step."""
    questions = {
        f"h_last for T={T} and N={N}": (rng.standard_normal((T + 1, H, N)), draw_lengths(rng, T, N))
        for T, N in SIZES
    }
    compare_all(student.last_states, reference.last_states, questions)


@pytest.mark.credits(1)
def check_last_states_backward_values(student, reference, rng):
    """The gradient of each sequence enters at its own last step, and nowhere else."""
    questions = {
        f"dhs for T={T} and N={N}": (rng.standard_normal((H, N)), draw_lengths(rng, T, N), T)
        for T, N in SIZES
    }
    questions["dhs of a sequence that fills the batch"] = rng.standard_normal((H, 3)), np.array([4, 2, 3]), 4
    compare_all(student.last_states_backward, reference.last_states_backward, questions)


def draw_predictions(rng, reference, T, N):
    """Draw logits and targets, the padding's among them: mostly -1, some that could be real."""
    mask = reference.step_mask(draw_lengths(rng, T, N), T)
    targets = rng.integers(V, size=(T, N))
    targets[(mask == 0) & (rng.random((T, N)) < 0.6)] = -1
    targets[-1] = V - 1
    return 2 * rng.standard_normal((T, V, N)), targets, mask


def compare_losses(student, reference, rng, which):
    """Compare the loss (0) or its gradient (1) of three batches."""
    batches = [draw_predictions(rng, reference, T, N) for T, N in SIZES]
    answers = [student.masked_cross_entropy(*batch) for batch in batches]
    for (T, N), batch, answer in zip(SIZES, batches, answers, strict=True):
        got = unpack(answer, "loss", "dys")[which]
        right = reference.masked_cross_entropy(*batch)[which]
        assert_close(got, right, f"{('loss', 'dys')[which]} for T={T} and N={N}")


@pytest.mark.credits(1)
def check_masked_cross_entropy_loss(student, reference, rng):
    """The loss is the mean over all real steps, whatever the padding's logits and targets are."""
    compare_losses(student, reference, rng, 0)


@pytest.mark.credits(1)
def check_masked_cross_entropy_gradient(student, reference, rng):
    """dys is the gradient of that mean, and zero at padding."""
    compare_losses(student, reference, rng, 1)


@pytest.mark.credits(1)
def check_masked_rnn_forward_values(student, reference, rng):
    """The states move at real steps and stay at padding, be it behind, in front or in between."""
    questions = {}
    for T, N in SIZES:
        for place, mask in draw_mask(rng, reference, T, N).items():
            xs, h0 = rng.standard_normal((T, D, N)), np.tanh(rng.standard_normal((H, N)))
            questions[f"hs for T={T}, N={N} and {place}"] = xs, mask, h0, draw_network(rng, reference)
    compare_all(student.masked_rnn_forward, reference.masked_rnn_forward, questions)


@pytest.mark.credits(1)
def check_masked_rnn_backward_gradients(student, reference, rng):
    """All gradients are right, with padding behind, in front or in between, and a loss at every state."""
    questions = []
    for T, N in SIZES:
        for place, mask in draw_mask(rng, reference, T, N).items():
            params, xs = draw_network(rng, reference), rng.standard_normal((T, D, N))
            hs = reference.masked_rnn_forward(xs, mask, np.tanh(rng.standard_normal((H, N))), params)
            arguments = rng.standard_normal((T, H, N)), xs, hs, mask, params
            questions.append((place, arguments, student.masked_rnn_backward(*arguments)))
    for place, arguments, answer in questions:
        dxs, dh0, dparams = unpack(answer, "dxs", "dh0", "dparams")
        right_dxs, right_dh0, right_dparams = reference.masked_rnn_backward(*arguments)
        at = f" with {place}"
        assert_gradient(dxs, right_dxs, "dxs" + at)
        assert_gradient(dh0, right_dh0, "dh0" + at)
        assert_gradient(dparams, right_dparams, "dparams" + at)
