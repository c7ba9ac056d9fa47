import numpy as np
from typing import NamedTuple


class Gates(NamedTuple):
    f: np.ndarray
    i: np.ndarray
    g: np.ndarray
    o: np.ndarray


def sigmoid(z):
    return np.exp(-np.logaddexp(0, -z))


def lstm_step_forward(x, h_prev, c_prev, params):
    H = h_prev.shape[0]
    W = np.stack(params[:4])  # (4, H, H + D)
    b = np.stack(params[4:])  # (4, H, 1)
    a = np.einsum("kij,jn->kin", W[:, :, :H], h_prev)
    a = a + np.einsum("kij,jn->kin", W[:, :, H:], x) + b
    f, i, o = sigmoid(a[[0, 1, 3]])
    g = np.tanh(a[2])
    c = np.einsum("hn,hn->hn", f, c_prev) + np.einsum("hn,hn->hn", i, g)
    return np.einsum("hn,hn->hn", o, np.tanh(c)), c, Gates(o=o, f=f, i=i, g=g)
