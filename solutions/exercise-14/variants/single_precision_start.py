"""Weights drawn as float32, and arrays transposed in memory."""

import lstm_sequence
import numpy as np
import rnn_sequence


def small(rng, *shape):
    return np.asfortranarray(0.01 * rng.standard_normal(shape, dtype=np.float32).astype(np.float64))


class SimpleRNN:
    def __init__(self, input_size, hidden_size, output_size, seed=None):
        rng = np.random.default_rng(seed)
        self.Wxh = small(rng, hidden_size, input_size)
        self.Whh = small(rng, hidden_size, hidden_size)
        self.Why = small(rng, output_size, hidden_size)
        self.bh, self.by = np.zeros((hidden_size, 1), order="F"), np.zeros((output_size, 1), order="F")

    def forward(self, X):
        xs = {2: lambda: X[:, :, None], 3: lambda: X}[X.ndim]()
        params = rnn_sequence.RNNParams(self.Wxh, self.Whh, self.bh)
        y, h = rnn_sequence.rnn_predict(xs, params, self.Why, self.by)
        return [np.asfortranarray(y), np.asfortranarray(h)]


class LSTM:
    def __init__(self, input_size, hidden_size, output_size, seed=None):
        rng = np.random.default_rng(seed)
        H, n = hidden_size, hidden_size + input_size
        self.Wf, self.Wi, self.WC, self.Wo = (small(rng, H, n) for _ in range(4))
        self.Wy = small(rng, output_size, H)
        self.bf, self.bi, self.bC, self.bo = (np.zeros((H, 1), order="F") for _ in range(4))
        self.by = np.zeros((output_size, 1))

    def forward(self, X):
        xs = {2: lambda: X[:, :, None], 3: lambda: X}[X.ndim]()
        zeros = np.zeros((len(self.bf), xs.shape[2]))
        arrays = [self.Wf, self.Wi, self.WC, self.Wo, self.bf, self.bi, self.bC, self.bo]
        trace = lstm_sequence.lstm_forward(xs, zeros, zeros, lstm_sequence.LSTMParams(*arrays))
        y = rnn_sequence.output_forward(trace.hs[-1], self.Wy, self.by)
        return [y, trace.hs[-1], trace.cs[-1]]


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
