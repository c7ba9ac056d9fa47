"""Visible checks of exercise-4. A check's first sentence is what the grader shows."""

import numpy as np
import pytest

from grader.numeric import CheckFailed, assert_close, assert_gradient, assert_unchanged, unpack

O, H = 4, 5
BATCHES = (2, 1, 5)
SURE = 12.0  # logits this far apart leave 1e-5 of doubt
PRECISE = 1e-8  # there the forms of the right formula differ by 1e-10, differences are off by 1e-6 or more
EXACT = 1e-12  # where nothing is sure, they differ by 1e-15, and differences are off by 1e-11


def draw_classes(rng, N, scale=2.0):
    """Draw logits of O classes and targets; all classes occur among the targets if N allows it."""
    targets = rng.permutation((np.arange(N) + rng.integers(O)) % O)
    return scale * rng.standard_normal((O, N)), targets


def draw_labels(rng, N, scale=2.0):
    """Draw logits of yes-or-no answers, and labels; both labels, and small logits of both signs, if N allows."""
    targets = rng.permutation((np.arange(N) + rng.integers(2)) % 2)
    y = scale * rng.standard_normal((1, N))
    if N > 4:
        y[0, [1, 4]] = rng.uniform(0.1, 0.9, 2) * [-1, 1]
    return y, targets


def draw_huge_classes(rng):
    """Draw logits near ±1000: quite wrong, all low, all high, quite right, undecided; and targets."""
    y, targets = draw_classes(rng, 5, scale=1.0)
    y += np.array([-1000.0, -1000.0, 1000.0, -1000.0, -1000.0])
    y[(targets[0] + 1) % O, 0] += 2000
    y[targets[3], 3] += 2000
    y[[targets[4], (targets[4] + 2) % O], 4] += 2000
    return y, targets


def draw_huge_labels(rng):
    """Draw logits near ±1000, right and wrong ones, and labels."""
    y = 1000 * np.array([[1, -1, 1, -1, 1]]) + rng.standard_normal((1, 5))
    return y, np.array([1, 1, 0, 0, 1])


def compare_loss(result, wanted, name):
    """Compare the loss alone. A number is a number: a float, a NumPy scalar or an array without axes."""
    loss, _ = unpack(result, "loss", "dy")
    if isinstance(loss, np.ndarray) and loss.ndim:
        ask = "which step keeps an axis too many" if loss.size == 1 else "which step should make one of them"
        problem = f"is an array of shape {loss.shape}, which holds {loss.size}"
        raise CheckFailed(f"`loss` should be one number, but {problem}; {ask}?")
    assert_close(loss, wanted[0], name)


def compare_dy(result, wanted, name):
    """Compare dy alone, and return it."""
    _, dy = unpack(result, "loss", "dy")
    assert_gradient(dy, wanted[1], name)
    return dy


def compare_huge(compare, result, wanted, name):
    """Compare loss or dy of huge logits, after small ones were found right."""
    try:
        compare(result, wanted, f"{name} of logits of ±1000")
    except CheckFailed as failure:
        ask = "Small logits are fine. Which number on the way is too large or too small for a float?"
        raise CheckFailed(f"{failure}\n{ask}") from None


def compare_digits(result, wanted, name, sure):
    """Compare dy to the last digits, and in the columns that are nearly sure by themselves."""
    dy = compare_dy(result, wanted, name)
    try:
        assert_gradient(dy, wanted[1], name, tolerance=EXACT)
        assert_gradient(dy[:, sure], wanted[1][:, sure], f"{name}, in those columns", tolerance=PRECISE)
    except CheckFailed as failure:
        why = "A formula in float64 keeps these digits; float32 or a difference of two losses loses them."
        raise CheckFailed(f"{failure}\n{why}") from None


@pytest.mark.credits(1)
def check_softmax_values(student, reference, rng):
    """Every column of p is right and adds up to 1, for two sequences, one and five."""
    for N in BATCHES:
        y, _ = draw_classes(rng, N)
        assert_close(student.softmax(y), reference.softmax(y), f"p with N={N}")


@pytest.mark.credits(1)
@pytest.mark.lend("softmax")
def check_softmax_cross_entropy_loss(student, reference, rng):
    """loss, many classes: the mean over the sequences, right for logits of ±1000 as well."""
    for N in BATCHES:
        arguments = draw_classes(rng, N)
        wanted = reference.softmax_cross_entropy(*arguments)
        compare_loss(student.softmax_cross_entropy(*arguments), wanted, f"loss with N={N}")
    arguments = draw_huge_classes(rng)
    wanted = reference.softmax_cross_entropy(*arguments)
    compare_huge(compare_loss, student.softmax_cross_entropy(*arguments), wanted, "loss")


@pytest.mark.credits(1)
@pytest.mark.lend("softmax")
def check_softmax_cross_entropy_dy(student, reference, rng):
    """dy, many classes: the gradient of that mean to the last digits; y and targets stay."""
    for N in BATCHES:
        arguments = draw_classes(rng, N)
        wanted = reference.softmax_cross_entropy(*arguments)
        compare_dy(student.softmax_cross_entropy(*arguments), wanted, f"dy with N={N}")
    arguments = draw_huge_classes(rng)
    wanted = reference.softmax_cross_entropy(*arguments)
    compare_huge(compare_dy, student.softmax_cross_entropy(*arguments), wanted, "dy")
    y, targets = draw_classes(rng, 5, scale=1.0)
    sure = [0, 2, 3]
    y[:, sure] -= SURE
    y[targets[sure], sure] = 0.1 * rng.standard_normal(3)
    wanted = reference.softmax_cross_entropy(y, targets)
    compare_digits(student.softmax_cross_entropy(y, targets), wanted, "dy with nearly sure answers", sure)
    assert_unchanged(student.changed)


@pytest.mark.credits(1)
def check_binary_cross_entropy_loss(student, reference, rng):
    """loss, yes or no: the mean over the sequences, right for logits of ±1000 as well."""
    for N in BATCHES:
        arguments = draw_labels(rng, N)
        wanted = reference.binary_cross_entropy(*arguments)
        compare_loss(student.binary_cross_entropy(*arguments), wanted, f"loss with N={N}")
    arguments = draw_huge_labels(rng)
    wanted = reference.binary_cross_entropy(*arguments)
    compare_huge(compare_loss, student.binary_cross_entropy(*arguments), wanted, "loss")


@pytest.mark.credits(1)
def check_binary_cross_entropy_dy(student, reference, rng):
    """dy, yes or no: the gradient of that mean to the last digits; y and targets stay."""
    for N in BATCHES:
        arguments = draw_labels(rng, N)
        wanted = reference.binary_cross_entropy(*arguments)
        compare_dy(student.binary_cross_entropy(*arguments), wanted, f"dy with N={N}")
    arguments = draw_huge_labels(rng)
    wanted = reference.binary_cross_entropy(*arguments)
    compare_huge(compare_dy, student.binary_cross_entropy(*arguments), wanted, "dy")
    y, targets = draw_labels(rng, 5, scale=1.0)
    sure = [0, 2, 3]
    y[0, sure] = SURE * (2 * targets[sure] - 1) + 0.1 * rng.standard_normal(3)
    wanted = reference.binary_cross_entropy(y, targets)
    compare_digits(student.binary_cross_entropy(y, targets), wanted, "dy with nearly sure answers", sure)
    assert_unchanged(student.changed)


def draw_output(rng, N, O=O):
    """Draw the arguments of output_backward, of order 1; all sizes differ."""
    dy, h = rng.standard_normal((O, N)), np.tanh(rng.standard_normal((H, N)))
    return dy, h, 0.6 * rng.standard_normal((O, H))


@pytest.mark.credits(1)
def check_output_backward_dh(student, reference, rng):
    """dh: the gradient that reaches the hidden state, in large columns and in small ones."""
    for N, O in ((2, 4), (1, 4), (7, 4), (2, 1)):
        arguments = draw_output(rng, N, O)
        dh, _, _ = unpack(student.output_backward(*arguments), "dh", "dWhy", "dby")
        assert_gradient(dh, reference.output_backward(*arguments)[0], f"dh with N={N}, O={O}")
    dy, h, Why = draw_output(rng, 2)
    arguments = (dy * np.array([1e-8, 1e8]), h, Why)
    dh, _, _ = unpack(student.output_backward(*arguments), "dh", "dWhy", "dby")
    wanted = reference.output_backward(*arguments)[0]
    assert_gradient(dh, wanted, "dh of a large and a small column")
    assert_gradient(dh[:, :1], wanted[:, :1], "dh of a small column beside a large one")


@pytest.mark.credits(1)
def check_output_backward_parameters(student, reference, rng):
    """dWhy and dby: what all columns contributed together; dy, h and Why stay as they were."""
    for N, O in ((2, 4), (1, 4), (7, 4), (2, 1)):
        arguments, at = draw_output(rng, N, O), f" with N={N}, O={O}"
        _, dWhy, dby = unpack(student.output_backward(*arguments), "dh", "dWhy", "dby")
        _, right_dWhy, right_dby = reference.output_backward(*arguments)
        assert_gradient(dWhy, right_dWhy, "dWhy" + at)
        assert_gradient(dby, right_dby, "dby" + at)
        assert_unchanged(student.changed)
