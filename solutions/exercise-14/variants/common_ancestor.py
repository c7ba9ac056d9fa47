"""One class for what both have in common."""

import lstm_sequence
import numpy as np
import rnn_sequence


class Network:
    def draw(self, rng, **shapes):
        for name, shape in shapes.items():
            setattr(self, name, rng.normal(scale=0.01, size=shape) if name[0] == "W" else np.zeros(shape))

    @staticmethod
    def batch(X):
        return X if X.ndim == 3 else np.stack([X], axis=-1)

    def forward(self, X):
        xs = self.batch(X)
        states = self.read(xs, np.zeros((self.units, xs.shape[2])))
        W, b = self.output()
        return rnn_sequence.output_forward(states[0], W, b), *states


class SimpleRNN(Network):
    def __init__(self, input_size, hidden_size, output_size, seed=None):
        H, self.units = hidden_size, hidden_size
        shapes = {"Wxh": (H, input_size), "Whh": (H, H), "Why": (output_size, H), "bh": (H, 1)}
        self.draw(np.random.default_rng(seed), **shapes, by=(output_size, 1))

    def output(self):
        return self.Why, self.by

    def read(self, xs, zeros):
        params = rnn_sequence.RNNParams(self.Wxh, self.Whh, self.bh)
        return (rnn_sequence.rnn_forward(xs, zeros, params)[-1],)


class LSTM(Network):
    def __init__(self, input_size, hidden_size, output_size, seed=None):
        H, self.units = hidden_size, hidden_size
        gates = {f"W{gate}": (H, H + input_size) for gate in "fiCo"} | {f"b{gate}": (H, 1) for gate in "fiCo"}
        self.draw(np.random.default_rng(seed), **gates, Wy=(output_size, H), by=(output_size, 1))

    def output(self):
        return self.Wy, self.by

    def read(self, xs, zeros):
        arrays = (getattr(self, kind + gate) for kind in "Wb" for gate in "fiCo")
        trace = lstm_sequence.lstm_forward(xs, zeros, zeros, lstm_sequence.LSTMParams(*arrays))
        return trace.hs[-1], trace.cs[-1]


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
