import numpy as np
from typing import NamedTuple


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


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def step(x, h, c, p):
    z = np.vstack((h, x))
    gates = Gates(
        f=sigmoid(p.Wf @ z + p.bf),
        i=sigmoid(p.Wi @ z + p.bi),
        g=np.tanh(p.WC @ z + p.bC),
        o=sigmoid(p.Wo @ z + p.bo),
    )
    c = gates.f * c + gates.i * gates.g
    return gates.o * np.tanh(c), c, gates


def lstm_forward(xs, h0, c0, params):
    hs, cs, gates = [h0], [c0], []
    for x in xs:
        h, c, now = step(x, hs[-1], cs[-1], params)
        hs.append(h)
        cs.append(c)
        gates.append(now)
    return LSTMTrace(np.array(hs), np.array(cs), Gates(*(np.array(one) for one in zip(*gates))))


def init_lstm(input_size, hidden_size, forget_bias, seed):
    rng = np.random.default_rng(seed)
    k = hidden_size**-0.5
    shape = (hidden_size, hidden_size + input_size)
    Wf = rng.uniform(-k, k, size=shape)
    Wi = rng.uniform(-k, k, size=shape)
    WC = rng.uniform(-k, k, size=shape)
    Wo = rng.uniform(-k, k, size=shape)
    b = [np.zeros((hidden_size, 1)) for _ in range(4)]
    b[0] += forget_bias
    return LSTMParams(Wf, Wi, WC, Wo, *b)
