from typing import NamedTuple

import numpy as np


class LSTMParams(NamedTuple):
    Wf: np.ndarray
    Wi: np.ndarray
    WC: np.ndarray
    Wo: np.ndarray
    bf: np.ndarray
    bi: np.ndarray
    bC: np.ndarray
    bo: np.ndarray


class Gates(NamedTuple):
    f: np.ndarray
    i: np.ndarray
    g: np.ndarray
    o: np.ndarray


class LSTMTrace(NamedTuple):
    hs: np.ndarray
    cs: np.ndarray
    gates: Gates


def sigmoid(z):
    return 0.5 + 0.5 * np.tanh(0.5 * z)


def lstm_forward(xs, h0, c0, params):
    H = len(h0)
    W, b = np.concatenate(params[:4]), np.concatenate(params[4:])
    Wh, driven = W[:, :H], W[:, H:] @ xs + b  # what the inputs add, for all steps at once
    hs, cs, kept = [np.array(h0)], [np.array(c0)], []
    for a in driven:
        f, i, g, o = np.split(a + Wh @ hs[-1], 4)
        f, i, g, o = sigmoid(f), sigmoid(i), np.tanh(g), sigmoid(o)
        cs.append(f * cs[-1] + i * g)
        hs.append(o * np.tanh(cs[-1]))
        kept.append((f, i, g, o))
    gates = Gates(*(np.array(one) for one in zip(*kept)))
    return LSTMTrace(np.array(hs), np.array(cs), gates)


def init_lstm(input_size, hidden_size, forget_bias, seed):
    rng, H = np.random.default_rng(seed), hidden_size
    bound = H**-0.5
    weights = [rng.uniform(-bound, bound, size=(H, H + input_size)) for _ in "fiCo"]
    biases = [np.full((H, 1), float(value)) for value in (forget_bias, 0, 0, 0)]
    return LSTMParams(*weights, *biases)
