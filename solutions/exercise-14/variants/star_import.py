"""Earlier functions by their bare names; reduce walks along time."""

from functools import reduce

from rnn_sequence import *
from lstm_sequence import *
import numpy as np


class SimpleRNN(object):
    def __init__(self, input_size, hidden_size, output_size, seed=None):
        super().__init__()
        self.rng = np.random.default_rng(seed)
        self.Wxh = 1e-2 * self.rng.standard_normal(size=(hidden_size, input_size))
        self.Whh = 1e-2 * self.rng.standard_normal(size=(hidden_size, hidden_size))
        self.Why = 1e-2 * self.rng.standard_normal(size=(output_size, hidden_size))
        self.bh = 0.0 * np.ones((hidden_size, 1))
        self.by = 0.0 * np.ones((output_size, 1))

    def step(self, h, x):
        return np.tanh(self.Wxh @ x + self.Whh @ h + self.bh)

    def forward(self, X):
        xs = np.atleast_3d(X)
        h = reduce(self.step, xs, np.zeros((self.bh.size, xs.shape[2])))
        return output_forward(h, self.Why, self.by), h


class LSTM(object):
    def __init__(self, input_size, hidden_size, output_size, seed=None):
        super().__init__()
        self.rng = np.random.default_rng(seed)
        n = hidden_size + input_size
        self.Wf, self.Wi, self.WC, self.Wo = (
            1e-2 * self.rng.standard_normal(size=(hidden_size, n)) for _ in range(4)
        )
        self.Wy = 1e-2 * self.rng.standard_normal(size=(output_size, hidden_size))
        self.bf, self.bi, self.bC, self.bo = np.split(np.zeros((4 * hidden_size, 1)), 4)
        self.by = np.zeros(shape=(output_size, 1))

    def forward(self, X):
        xs = np.atleast_3d(X)
        params = LSTMParams(self.Wf, self.Wi, self.WC, self.Wo, self.bf, self.bi, self.bC, self.bo)
        h0 = np.zeros((self.bf.size, xs.shape[2]))
        trace = lstm_forward(xs, h0, h0, params)
        h, c = trace.hs[-1].copy(), trace.cs[-1].copy()
        return (output_forward(h, self.Wy, self.by), h, c)


# --- what the checks call; leave it as it is. SimpleRNN_init stands for SimpleRNN.__init__, and so on. ---


def SimpleRNN_init(input_size: int, hidden_size: int, output_size: int, seed: int) -> dict[str, np.ndarray]:
    """Make a SimpleRNN and return its arrays; np.random is seeded for who draws from it."""
    np.random.seed(seed)
    network = SimpleRNN(input_size, hidden_size, output_size, seed)
    return {name: getattr(network, name) for name in "Wxh Whh Why bh by".split()}


def SimpleRNN_forward(
    inputs: list[np.ndarray], arrays: dict[str, np.ndarray]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Put arrays into a SimpleRNN and let it read, one input after the other.

    Args:
        inputs: (T, D) or (T, D, N) each.
        arrays: (array of each attribute) by its name.
    """
    np.random.seed(0)
    hidden_size, input_size = arrays["Wxh"].shape
    network = SimpleRNN(input_size, hidden_size, arrays["by"].shape[0], 0)
    for name, array in arrays.items():
        setattr(network, name, array)
    return list(map(network.forward, inputs))


def LSTM_init(input_size: int, hidden_size: int, output_size: int, seed: int) -> dict[str, np.ndarray]:
    """Make an LSTM and return its arrays; np.random is seeded for who draws from it."""
    np.random.seed(seed)
    network = LSTM(input_size, hidden_size, output_size, seed)
    return {name: getattr(network, name) for name in "Wf Wi WC Wo Wy bf bi bC bo by".split()}


def LSTM_forward(
    inputs: list[np.ndarray], arrays: dict[str, np.ndarray]
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Put arrays into an LSTM and let it read, one input after the other.

    Args:
        inputs: (T, D) or (T, D, N) each.
        arrays: (array of each attribute) by its name.
    """
    np.random.seed(0)
    hidden_size, columns = arrays["Wf"].shape
    network = LSTM(columns - hidden_size, hidden_size, arrays["by"].shape[0], 0)
    for name, array in arrays.items():
        setattr(network, name, array)
    return list(map(network.forward, inputs))
