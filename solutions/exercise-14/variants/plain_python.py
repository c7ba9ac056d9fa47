"""random.gauss draws, and lists become arrays at the end."""

import random

import lstm_sequence
import numpy as np
import rnn_sequence


def drawn(gauss, rows, columns):
    return np.array([[gauss(0, 0.01) for _ in range(columns)] for _ in range(rows)])


def columns(X):
    return X.reshape(*X.shape, 1) if X.ndim < 3 else X


class SimpleRNN:
    def __init__(self, input_size, hidden_size, output_size, seed=None):
        gauss = random.Random(seed).gauss
        self.Wxh, self.Whh = drawn(gauss, hidden_size, input_size), drawn(gauss, hidden_size, hidden_size)
        self.Why = drawn(gauss, output_size, hidden_size)
        self.bh, self.by = np.array([[0.0]] * hidden_size), np.array([[0.0]] * output_size)

    def forward(self, X):
        params = rnn_sequence.RNNParams(Wxh=self.Wxh, Whh=self.Whh, bh=self.bh)
        return rnn_sequence.rnn_predict(columns(X), params, Why=self.Why, by=self.by)


class LSTM:
    def __init__(self, input_size, hidden_size, output_size, seed=None):
        gauss, columns = random.Random(seed).gauss, hidden_size + input_size
        self.Wf, self.Wi = drawn(gauss, hidden_size, columns), drawn(gauss, hidden_size, columns)
        self.WC, self.Wo = drawn(gauss, hidden_size, columns), drawn(gauss, hidden_size, columns)
        self.Wy, self.by = drawn(gauss, output_size, hidden_size), np.array([[0.0]] * output_size)
        self.bf, self.bi, self.bC, self.bo = (np.array([[0.0]] * hidden_size) for _ in range(4))

    def forward(self, X):
        xs = columns(X)
        zeros = np.zeros((len(self.bf), xs.shape[2]))
        gates = (self.Wf, self.Wi, self.WC, self.Wo, self.bf, self.bi, self.bC, self.bo)
        hs, cs, *_ = lstm_sequence.lstm_forward(xs, zeros, zeros, gates)
        return rnn_sequence.output_forward(hs[-1], self.Wy, self.by), hs[-1], cs[-1]


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
