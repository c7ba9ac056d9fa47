import numpy as np
from typing import NamedTuple


class RNNParams(NamedTuple):
    Wxh: np.ndarray
    Whh: np.ndarray
    bh: np.ndarray


class Prediction(NamedTuple):
    y: np.ndarray
    h_T: np.ndarray


def step(x, h, params):
    return np.tanh(params.Wxh @ x + params.Whh @ h + params.bh)


def rnn_forward(xs: np.ndarray, h0: np.ndarray, params: RNNParams) -> np.ndarray:
    states = [h0]
    for t in range(len(xs)):
        states.append(step(xs[t], states[-1], params))
    return np.stack(states)


def output_forward(h: np.ndarray, Why: np.ndarray, by: np.ndarray) -> np.ndarray:
    return np.matmul(Why, h) + by


def rnn_predict(xs: np.ndarray, params: RNNParams, Why: np.ndarray, by: np.ndarray) -> Prediction:
    *_, h_T = rnn_forward(xs, np.zeros((params.Whh.shape[0], xs.shape[2])), params)
    return Prediction(output_forward(h_T, Why, by), h_T)
