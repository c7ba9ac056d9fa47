"""From the network's answer to a loss, and from the loss back to the hidden state."""

import numpy as np


def softmax(y: np.ndarray) -> np.ndarray:
    """Turn each column of logits into probabilities that add up to 1.

    Args:
        y: (O, N) logits, any finite numbers: 1000 and -1000 are as welcome as 1.

    Returns:
        p: (O, N) probabilities; each column belongs to one sequence.
    """
    # TODO: exponentials, each divided by the sum of its own column; keep them from overflowing.
    e = np.exp(y - y.max(axis=0, keepdims=True))  # (O, N)
    return e / e.sum(axis=0, keepdims=True)  # (O, N)


def softmax_cross_entropy(y: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """Compute the mean cross-entropy of O classes, and its gradient with respect to the logits.

    The loss is to be right for any finite logits, also where a probability is too small to be held in a
    float: with a target 2000 below the largest logit, its sequence contributes 2000, not infinity.

    Args:
        y: (O, N) logits, one column a sequence.
        targets: (N,) for each sequence its right class, an integer from 0 to O - 1.

    Returns:
        loss: one number, the mean over the N sequences.
        dy: (O, N) gradient of that mean with respect to y.
    """
    N = y.shape[1]
    # TODO: the mean of -log p at the targets, with log p taken from the logits; then its gradient.
    columns = np.arange(N)
    shifted = y - y.max(axis=0, keepdims=True)  # (O, N)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=0, keepdims=True))  # (O, N)
    loss = -log_p[targets, columns].mean()
    dy = softmax(y)  # (O, N)
    dy[targets, columns] -= 1
    dy /= N
    return float(loss), dy


def binary_cross_entropy(y: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """Compute the mean cross-entropy of yes-or-no answers, and its gradient with respect to the logits.

    The probability of a 1 is p = 1 / (1 + exp(-y)). The loss is to be right for any finite logits, also
    where p or 1 - p is too small to be held in a float.

    Args:
        y: (1, N) logits, one column a sequence; not yet probabilities.
        targets: (N,) for each sequence its label, the integer 0 or 1.

    Returns:
        loss: one number, the mean over the N sequences.
        dy: (1, N) gradient of that mean with respect to y.
    """
    N = y.shape[1]
    # TODO: the mean of -log p or -log(1 - p), whichever the label asks for, without ever forming log(0).
    loss = (np.logaddexp(0, y) - targets * y).mean()
    e = np.exp(-np.abs(y))  # (1, N), never above 1
    p = np.where(y >= 0, 1 / (1 + e), e / (1 + e))  # (1, N)
    dy = (p - targets) / N  # (1, N)
    return float(loss), dy


def output_backward(
    dy: np.ndarray, h: np.ndarray, Why: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Carry the gradient of the loss back through the output layer y = Why h + by.

    Args:
        dy: (O, N) gradient of the loss with respect to y.
        h: (H, N) the hidden state that was read out.
        Why: (O, H) hidden to output.

    Returns:
        dh: (H, N) gradient with respect to h.
        dWhy: (O, H) gradient with respect to Why.
        dby: (O, 1) gradient with respect to by.
    """
    # TODO: three gradients, each of the shape of what it belongs to.
    dh = Why.T @ dy  # (H, N)
    dWhy = dy @ h.T  # (O, H)
    dby = dy.sum(axis=1, keepdims=True)  # (O, 1)
    return dh, dWhy, dby
