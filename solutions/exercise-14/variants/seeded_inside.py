"""The constructor seeds np.random itself and draws with np.random.normal."""

import lstm_sequence
import numpy as np
import rnn_sequence


class SimpleRNN:
    def __init__(self, input_size, hidden_size, output_size, seed=None):
        np.random.seed(seed)
        self.Wxh = np.random.normal(0.0, 0.01, size=(hidden_size, input_size))
        self.Whh = np.random.normal(0.0, 0.01, size=(hidden_size, hidden_size))
        self.Why = np.random.normal(0.0, 0.01, size=(output_size, hidden_size))
        self.bh, self.by = np.zeros((hidden_size, 1)), np.zeros((output_size, 1))

    def forward(self, X):
        xs = np.expand_dims(X, 2) if len(X.shape) == 2 else X
        hs = rnn_sequence.rnn_forward(xs, np.zeros((len(self.bh), xs.shape[-1])), (self.Wxh, self.Whh, self.bh))
        return rnn_sequence.output_forward(hs[-1], self.Why, self.by), hs[-1]


class LSTM:
    def __init__(self, input_size, hidden_size, output_size, seed=None):
        np.random.seed(seed)
        for name in "fiCo":
            W = np.random.normal(0.0, 0.01, size=(hidden_size, hidden_size + input_size))
            setattr(self, "W" + name, W)
            setattr(self, "b" + name, np.zeros((hidden_size, 1)))
        self.Wy = np.random.normal(0.0, 0.01, size=(output_size, hidden_size))
        self.by = np.zeros((output_size, 1))

    def forward(self, X):
        xs = np.expand_dims(X, 2) if len(X.shape) == 2 else X
        start = np.zeros((len(self.bf), xs.shape[-1]))
        params = [getattr(self, kind + name) for kind in "Wb" for name in "fiCo"]
        trace = lstm_sequence.lstm_forward(xs, start, start.copy(), params)
        h, c = trace[0][-1], trace[1][-1]
        return rnn_sequence.output_forward(h, self.Wy, self.by), h, c


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
