from typing import NamedTuple

import numpy as np


class LSTMParams(NamedTuple):
    """Weights and biases of an LSTM."""

    Wf: np.ndarray
    Wi: np.ndarray
    WC: np.ndarray
    Wo: np.ndarray
    bf: np.ndarray
    bi: np.ndarray
    bC: np.ndarray
    bo: np.ndarray


class Gates(NamedTuple):
    """In an order of its own: items are known by their names."""

    i: np.ndarray
    f: np.ndarray
    o: np.ndarray
    g: np.ndarray


class Result(NamedTuple):
    h: np.ndarray
    c: np.ndarray
    gates: Gates


def sigmoid(values):
    positive = np.maximum(values, 0)
    # both exponents are at most 0
    return np.exp(values - positive) / (np.exp(-positive) + np.exp(values - positive))


def lstm_step_forward(inp, state, memory, p: LSTMParams) -> Result:
    H = len(state)

    def drive(W, b):
        return np.matmul(W[:, :H], state) + np.matmul(W[:, H:], inp) + np.broadcast_to(b, state.shape)

    keep, write, show = sigmoid(drive(p.Wf, p.bf)), sigmoid(drive(p.Wi, p.bi)), sigmoid(drive(p.Wo, p.bo))
    news = np.tanh(drive(p.WC, p.bC))
    memory = np.sum([keep * memory, write * news], axis=0)
    return Result(h=show * np.tanh(memory), c=memory, gates=Gates(i=write, f=keep, o=show, g=news))


if __name__ == "__main__":
    print(sigmoid(np.array([-1000.0, 0.0, 1000.0])))
