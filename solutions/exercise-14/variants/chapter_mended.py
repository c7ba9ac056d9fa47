"""The chapter's own code with one axis added, drawing from np.random as it does."""

import numpy as np


class SimpleRNN:
    def __init__(self, input_size, hidden_size, output_size, seed=None):
        self.hidden_size = hidden_size
        self.Wxh = np.random.randn(hidden_size, input_size) * 0.01  # Input to hidden weights
        self.Whh = np.random.randn(hidden_size, hidden_size) * 0.01  # Hidden to hidden weights
        self.Why = np.random.randn(output_size, hidden_size) * 0.01  # Hidden to output weights
        self.bh = np.zeros((hidden_size, 1))  # Hidden bias
        self.by = np.zeros((output_size, 1))  # Output bias

    def forward(self, X):
        if X.ndim == 2:
            X = X[..., None]
        h = np.zeros((self.hidden_size, X.shape[2]))
        for t in range(X.shape[0]):
            h = np.tanh(np.dot(self.Wxh, X[t]) + np.dot(self.Whh, h) + self.bh)
        y = np.dot(self.Why, h) + self.by
        return y, h


class LSTM:
    def __init__(self, input_size, hidden_size, output_size, seed=None):
        self.hidden_size = hidden_size
        self.Wf = np.random.randn(hidden_size, input_size + hidden_size) * 0.01
        self.Wi = np.random.randn(hidden_size, input_size + hidden_size) * 0.01
        self.WC = np.random.randn(hidden_size, input_size + hidden_size) * 0.01
        self.Wo = np.random.randn(hidden_size, input_size + hidden_size) * 0.01
        self.Wy = np.random.randn(output_size, hidden_size) * 0.01
        self.bf = np.zeros((hidden_size, 1))
        self.bi = np.zeros((hidden_size, 1))
        self.bC = np.zeros((hidden_size, 1))
        self.bo = np.zeros((hidden_size, 1))
        self.by = np.zeros((output_size, 1))

    def forward(self, X):
        if X.ndim == 2:
            X = X[..., None]
        h = np.zeros((self.hidden_size, X.shape[2]))
        c = np.zeros((self.hidden_size, X.shape[2]))
        for t in range(X.shape[0]):
            xt = X[t]
            combined = np.vstack((h, xt))
            ft = self.sigmoid(np.dot(self.Wf, combined) + self.bf)
            it = self.sigmoid(np.dot(self.Wi, combined) + self.bi)
            C_tilda = np.tanh(np.dot(self.WC, combined) + self.bC)
            ot = self.sigmoid(np.dot(self.Wo, combined) + self.bo)
            c = ft * c + it * C_tilda
            h = ot * np.tanh(c)
        y = np.dot(self.Wy, h) + self.by
        return y, h, c

    def sigmoid(self, x):
        return 1 / (1 + np.exp(-x))


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
