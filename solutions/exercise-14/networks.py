"""The chapter's two networks as classes: arrays that belong together, and the methods that use them.

Source: sections 4.2 and 5.1 of the chapter, with its two troubles of shape taken out.
"""

import lstm_sequence
import numpy as np
import rnn_sequence


class SimpleRNN:
    """A recurrent network that reads a sequence and answers once, after the last step.

    Attributes:
        Wxh: (H, D) input to hidden.
        Whh: (H, H) hidden to hidden.
        Why: (O, H) hidden to output.
        bh: (H, 1) hidden bias.
        by: (O, 1) output bias.
    """

    def __init__(self, input_size: int, hidden_size: int, output_size: int, seed: int | None = None) -> None:
        """Start with small random weights, each 0.01 times a normal number, and with biases of zero.

        Args:
            input_size: D, the number of inputs.
            hidden_size: H, the number of hidden units.
            output_size: O, the number of outputs.
            seed: decides the weights; None means other ones each time.
        """
        # TODO: one generator made of the seed, three weights drawn from it, two columns of zeros.
        rng = np.random.default_rng(seed)
        self.Wxh = 0.01 * rng.standard_normal((hidden_size, input_size))
        self.Whh = 0.01 * rng.standard_normal((hidden_size, hidden_size))
        self.Why = 0.01 * rng.standard_normal((output_size, hidden_size))
        self.bh = np.zeros((hidden_size, 1))
        self.by = np.zeros((output_size, 1))

    def forward(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Read from a state of zeros, with the arrays that the network holds now, and answer.

        Args:
            X: (T, D) one sequence, or (T, D, N) a batch of them.

        Returns:
            y: (O, N) the output after the last step; one sequence is N = 1.
            h: (H, N) the hidden state after the last step.
        """
        # TODO: make one sequence a batch of one; all else is what you wrote for exercise 2.
        xs = X[:, :, np.newaxis] if X.ndim == 2 else X  # (T, D, N)
        params = rnn_sequence.RNNParams(self.Wxh, self.Whh, self.bh)
        y, h = rnn_sequence.rnn_predict(xs, params, self.Why, self.by)  # (O, N), (H, N)
        return y, h


class LSTM:
    """An LSTM that reads a sequence and answers once, after the last step.

    Attributes:
        Wf, Wi, WC, Wo: (H, H + D) forget gate, input gate, candidate, output gate.
        Wy: (O, H) hidden to output.
        bf, bi, bC, bo: (H, 1) their biases.
        by: (O, 1) output bias.
    """

    def __init__(self, input_size: int, hidden_size: int, output_size: int, seed: int | None = None) -> None:
        """Start with small random weights, each 0.01 times a normal number, and with biases of zero.

        Args:
            input_size: D, the number of inputs.
            hidden_size: H, the number of hidden units.
            output_size: O, the number of outputs.
            seed: decides the weights; None means other ones each time.
        """
        # TODO: one generator made of the seed, five weights drawn from it, five columns of zeros.
        rng = np.random.default_rng(seed)
        shape = (hidden_size, hidden_size + input_size)
        self.Wf = 0.01 * rng.standard_normal(shape)
        self.Wi = 0.01 * rng.standard_normal(shape)
        self.WC = 0.01 * rng.standard_normal(shape)
        self.Wo = 0.01 * rng.standard_normal(shape)
        self.Wy = 0.01 * rng.standard_normal((output_size, hidden_size))
        self.bf = np.zeros((hidden_size, 1))
        self.bi = np.zeros((hidden_size, 1))
        self.bC = np.zeros((hidden_size, 1))
        self.bo = np.zeros((hidden_size, 1))
        self.by = np.zeros((output_size, 1))

    def forward(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Read from a state and a cell of zeros, with the arrays that the network holds now, and answer.

        Args:
            X: (T, D) one sequence, or (T, D, N) a batch of them.

        Returns:
            y: (O, N) the output after the last step; one sequence is N = 1.
            h: (H, N) the hidden state after the last step.
            c: (H, N) the cell after the last step.
        """
        # TODO: make one sequence a batch of one, read it as in exercise 8, and answer as in exercise 2.
        xs = X[:, :, np.newaxis] if X.ndim == 2 else X  # (T, D, N)
        weights = self.Wf, self.Wi, self.WC, self.Wo
        params = lstm_sequence.LSTMParams(*weights, self.bf, self.bi, self.bC, self.bo)
        start = np.zeros((self.bf.shape[0], xs.shape[2]))  # (H, N)
        hs, cs, _ = lstm_sequence.lstm_forward(xs, start, start, params)
        h, c = hs[-1], cs[-1]  # (H, N) each
        y = rnn_sequence.output_forward(h, self.Wy, self.by)  # (O, N)
        return y, h, c


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
