from collections import namedtuple
from itertools import accumulate

import numpy as np

# in an order of their own: items are known by their names
LSTMTrace = namedtuple("LSTMTrace", "gates cs hs")
Gates = namedtuple("Gates", "i f o g")
LSTMParams = namedtuple("LSTMParams", "Wf bf Wi bi WC bC Wo bo")
Moment = namedtuple("Moment", "state memory keep write news show")


def squash(a):
    positive = np.maximum(a, 0)
    return np.exp(a - positive) / (np.exp(-positive) + np.exp(a - positive))


def lstm_forward(inputs, state, memory, p):
    def advance(before, x):
        both = np.append(before.state, x, axis=0)
        keep, write, show = (
            squash(W @ both + b) for W, b in ((p.Wf, p.bf), (p.Wi, p.bi), (p.Wo, p.bo))
        )
        news = np.tanh(p.WC @ both + p.bC)
        memory = keep * before.memory + write * news
        return Moment(show * np.tanh(memory), memory, keep, write, news, show)

    start = Moment(state, memory, None, None, None, None)
    moments = list(accumulate(inputs, advance, initial=start))
    gates = {
        name: np.stack([getattr(one, word) for one in moments[1:]])
        for name, word in zip("figo", ("keep", "write", "news", "show"))
    }
    return LSTMTrace(
        hs=np.stack([one.state for one in moments]),
        cs=np.stack([one.memory for one in moments]),
        gates=Gates(**gates),
    )


def init_lstm(inputs, units, keep_bias, seed):
    rng = np.random.default_rng(seed)
    edge = 1 / units**0.5
    matrices = {name: rng.uniform(-edge, edge, (units, units + inputs)) for name in ("Wf", "Wi", "WC", "Wo")}
    biases = {name: np.zeros((units, 1)) for name in ("bf", "bi", "bC", "bo")}
    biases["bf"][:] = keep_bias
    return LSTMParams(**matrices, **biases)
