from typing import NamedTuple

import numpy as np


class RNNParams(NamedTuple):
    """Weights and bias of the recurrence, for D inputs and H hidden units."""

    Wxh: np.ndarray
    Whh: np.ndarray
    bh: np.ndarray


def rnn_step_forward(inp, state, p):
    from_input = np.matmul(p.Wxh, inp)
    from_memory = np.matmul(p.Whh, state)
    bias = np.broadcast_to(p.bh, from_input.shape)
    return np.tanh(np.sum([from_input, from_memory, bias], axis=0))


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    p = RNNParams(rng.normal(size=(4, 2)), rng.normal(size=(4, 4)), np.zeros((4, 1)))
    print(rnn_step_forward(rng.normal(size=(2, 3)), np.zeros((4, 3)), p).shape)
