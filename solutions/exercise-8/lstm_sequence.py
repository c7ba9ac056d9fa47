"""An LSTM read along a whole sequence, and the parameters it starts from.

Sources: Gers, Schmidhuber and Cummins, "Learning to forget: continual prediction with LSTM" (2000), for the
cell; Jozefowicz, Zaremba and Sutskever, "An empirical exploration of recurrent network architectures" (2015),
for the bias of the forget gate.
"""

from typing import NamedTuple

import numpy as np


class LSTMParams(NamedTuple):
    """Weights and biases of an LSTM, for D inputs and H hidden units."""

    Wf: np.ndarray  # (H, H + D) forget gate
    Wi: np.ndarray  # (H, H + D) input gate
    WC: np.ndarray  # (H, H + D) candidate
    Wo: np.ndarray  # (H, H + D) output gate
    bf: np.ndarray  # (H, 1)
    bi: np.ndarray  # (H, 1)
    bC: np.ndarray  # (H, 1)
    bo: np.ndarray  # (H, 1)


class Gates(NamedTuple):
    """What the three gates and the candidate were at every step, squashed already."""

    f: np.ndarray  # (T, H, N) forget gate, from 0 to 1
    i: np.ndarray  # (T, H, N) input gate, from 0 to 1
    g: np.ndarray  # (T, H, N) candidate, from -1 to 1
    o: np.ndarray  # (T, H, N) output gate, from 0 to 1


class LSTMTrace(NamedTuple):
    """What a forward pass leaves behind: step t goes from hs[t], cs[t] to hs[t + 1], cs[t + 1]."""

    hs: np.ndarray  # (T + 1, H, N) hidden states, h0 first
    cs: np.ndarray  # (T + 1, H, N) cells, c0 first
    gates: Gates  # of (T, H, N) each


def lstm_forward(xs: np.ndarray, h0: np.ndarray, c0: np.ndarray, params: LSTMParams) -> LSTMTrace:
    """Apply the LSTM to every step of a sequence, and keep all that the way back will need.

    Args:
        xs: (T, D, N) the inputs, time first.
        h0: (H, N) the hidden state before the first step.
        c0: (H, N) the cell before the first step.
        params: weights and biases; the columns of each weight matrix belong to the state first, then to x.

    Returns:
        All hidden states and cells, the given ones first, and the gates of every step: hs[t + 1], cs[t + 1]
        and f[t], i[t], g[t], o[t] have read xs[t].
    """
    T = xs.shape[0]
    H, N = h0.shape
    Wf, Wi, WC, Wo, bf, bi, bC, bo = params

    # TODO: write the squashing and the step of exercise 7 into a loop over time; two things travel along it.
    def sigmoid(a: np.ndarray) -> np.ndarray:
        e = np.exp(-np.abs(a))  # never above 1
        return np.where(a >= 0, 1 / (1 + e), e / (1 + e))

    hs, cs = np.zeros((T + 1, H, N)), np.zeros((T + 1, H, N))
    f, i, g, o = (np.zeros((T, H, N)) for _ in range(4))
    hs[0], cs[0] = h0, c0
    for t in range(T):
        z = np.vstack((hs[t], xs[t]))  # (H + D, N)
        f[t] = sigmoid(Wf @ z + bf)  # (H, N)
        i[t] = sigmoid(Wi @ z + bi)  # (H, N)
        g[t] = np.tanh(WC @ z + bC)  # (H, N)
        o[t] = sigmoid(Wo @ z + bo)  # (H, N)
        cs[t + 1] = f[t] * cs[t] + i[t] * g[t]  # (H, N)
        hs[t + 1] = o[t] * np.tanh(cs[t + 1])  # (H, N)
    return LSTMTrace(hs, cs, Gates(f, i, g, o))


def init_lstm(input_size: int, hidden_size: int, forget_bias: float, seed: int) -> LSTMParams:
    """Draw the parameters that training starts from.

    Weights are uniform between -1/√H and 1/√H, drawn one matrix after the other, in the order of the fields,
    from one ``np.random.default_rng(seed)``.

    Args:
        input_size: D, the number of inputs.
        hidden_size: H, the number of hidden units.
        forget_bias: every entry of bf; a float, or an int such as 1.
        seed: decides the weights; the same seed gives the same ones.

    Returns:
        Four weight matrices (H, H + D) and four biases (H, 1), all of float64; the biases other than bf are
        zero.
    """
    D, H = input_size, hidden_size
    # TODO: one generator, four draws from it, four biases.
    rng = np.random.default_rng(seed)
    limit = 1 / np.sqrt(H)
    Wf, Wi, WC, Wo = (rng.uniform(-limit, limit, (H, H + D)) for _ in range(4))  # (H, H + D) each
    bi, bC, bo = (np.zeros((H, 1)) for _ in range(3))  # (H, 1) each
    return LSTMParams(Wf, Wi, WC, Wo, np.full((H, 1), float(forget_bias)), bi, bC, bo)
