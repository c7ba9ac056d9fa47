import numpy as np
from typing import NamedTuple


class RNNParams(NamedTuple):
    Wxh: np.ndarray
    Whh: np.ndarray
    bh: np.ndarray


def rnn_step_backward(dh, x, h_prev, h, params):
    delta = np.einsum("hn,hn->hn", dh, 1 - np.square(h))
    return (
        np.einsum("hd,hn->dn", params.Wxh, delta),
        np.einsum("hk,hn->kn", params.Whh, delta),
        RNNParams(
            Wxh=np.einsum("hn,dn->hd", delta, x),
            Whh=np.einsum("hn,kn->hk", delta, h_prev),
            bh=np.einsum("hn->h", delta)[:, None],
        ),
    )
