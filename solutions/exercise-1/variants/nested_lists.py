import math
import numpy


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = [p.tolist() for p in params]
    xs, hs = x.T.tolist(), h_prev.T.tolist()
    rows = [
        [
            math.tanh(
                sum(w * v for w, v in zip(Wxh[i], column))
                + sum(w * v for w, v in zip(Whh[i], state))
                + bh[i][0]
            )
            for column, state in zip(xs, hs)
        ]
        for i in range(len(bh))
    ]
    return numpy.array(rows)
