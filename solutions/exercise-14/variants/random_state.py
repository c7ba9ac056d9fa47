"""An old-style generator of one's own, all draws in one list."""

import lstm_sequence
import numpy as np
import rnn_sequence


class SimpleRNN:
    def __init__(self, input_size, hidden_size, output_size, seed=None):
        draw = np.random.RandomState(seed).randn
        self.by = np.zeros(output_size).reshape(-1, 1)
        self.bh = np.zeros(hidden_size).reshape(-1, 1)
        self.Why = draw(output_size, hidden_size) / 100
        self.Whh = draw(hidden_size, hidden_size) / 100
        self.Wxh = draw(hidden_size, input_size) / 100

    def forward(self, X):
        T, D = X.shape[:2]
        xs = np.asarray(X, dtype=float).reshape(T, D, -1)
        return rnn_sequence.rnn_predict(xs, rnn_sequence.RNNParams(self.Wxh, self.Whh, self.bh), self.Why, self.by)


class LSTM:
    def __init__(self, input_size, hidden_size, output_size, seed=None):
        H, draw = hidden_size, np.random.RandomState(seed).randn
        self.Wf, self.Wi, self.WC, self.Wo = draw(4, H, H + input_size) / 100
        self.bf, self.bi, self.bC, self.bo = np.zeros((4, H, 1))
        self.Wy, self.by = draw(output_size, H) / 100, np.zeros((output_size, 1))

    def forward(self, X):
        T, D = X.shape[:2]
        xs = np.asarray(X, dtype=float).reshape(T, D, -1)
        zeros = np.zeros((self.bf.shape[0], xs.shape[2]))
        trace = lstm_sequence.lstm_forward(
            xs,
            zeros,
            zeros,
            lstm_sequence.LSTMParams(
                Wf=self.Wf, Wi=self.Wi, WC=self.WC, Wo=self.Wo, bf=self.bf, bi=self.bi, bC=self.bC, bo=self.bo
            ),
        )
        return self.Wy @ trace.hs[-1] + self.by, trace.hs[-1], trace.cs[-1]


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
