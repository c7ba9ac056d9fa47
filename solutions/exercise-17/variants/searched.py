from typing import NamedTuple

import losses
import lstm_bptt
import lstm_sequence
import numpy as np
import training


class LSTMParams(NamedTuple):
    Wf: np.ndarray
    Wi: np.ndarray
    WC: np.ndarray
    Wo: np.ndarray
    bf: np.ndarray
    bi: np.ndarray
    bC: np.ndarray
    bo: np.ndarray


class OutputParams(NamedTuple):
    W: np.ndarray
    b: np.ndarray


class Model(NamedTuple):
    params: LSTMParams
    output: OutputParams


def vocabulary(text):
    return "".join(np.unique(list(text)).tolist())


def encode(text, symbols):
    return np.array([symbols.index(character) for character in text])


def batches(ids, N, T):
    stretch = (len(ids) - 1) // N
    pairs = np.stack([ids[:-1], ids[1:]])[:, : N * stretch]
    pairs = pairs.reshape(2, N, stretch)[:, :, : stretch // T * T]
    return tuple(np.moveaxis(one.reshape(N, stretch // T, T), 0, 2) for one in pairs)


def chunk_loss(inputs, targets, h0, c0, model):
    W, b = model.output
    xs = (np.arange(len(W))[:, None] == inputs[:, None]).astype(float)
    right = (np.arange(len(W))[:, None] == targets[:, None]).astype(float)
    trace = lstm_sequence.lstm_forward(xs, h0, c0, model.params)
    hs = trace.hs[1:]
    ys = W @ hs + b
    ys = ys - ys.max(axis=1, keepdims=True)
    log_p = ys - np.log(np.exp(ys).sum(axis=1, keepdims=True))
    dys = (np.exp(log_p) - right) / inputs.size
    dhs = W.T @ dys
    dparams = lstm_bptt.lstm_backward(dhs, np.zeros(c0.shape), xs, trace, model.params)[-1]
    output = OutputParams(np.einsum("tvn,thn->vh", dys, hs), dys.sum(axis=(0, 2))[:, None])
    return -(log_p * right).sum() / inputs.size, Model(dparams, output), hs[-1], trace.cs[-1]


def perplexity(ids, model):
    V, H = model.output.W.shape
    h = c = np.zeros((H, 1))
    total = 0.0
    for now, after in zip(ids[:-1], ids[1:]):
        trace = lstm_sequence.lstm_forward(np.eye(V)[None, :, [now]], h, c, model.params)
        h, c = trace.hs[1], trace.cs[1]
        p = losses.softmax(model.output.W @ h + model.output.b)
        total -= np.log(p[after, 0])
    return np.exp(total / (len(ids) - 1))


def sample(prompt, n, model, uniforms, temperature):
    V, H = model.output.W.shape
    h, c = np.zeros((H, 1)), np.zeros((H, 1))
    for symbol in prompt[:-1]:
        trace = lstm_sequence.lstm_forward(np.eye(V)[None, :, [symbol]], h, c, model.params)
        h, c = trace.hs[1], trace.cs[1]
    symbol, ids = prompt[-1], []
    for u in uniforms[:n]:
        trace = lstm_sequence.lstm_forward(np.eye(V)[None, :, [symbol]], h, c, model.params)
        h, c = trace.hs[1], trace.cs[1]
        p = losses.softmax((model.output.W @ h + model.output.b) / temperature).ravel()
        ends = np.minimum.accumulate(np.cumsum(p)[::-1])[::-1]
        ends[-1] = 1.0
        symbol = int(np.searchsorted(ends, u, side="right"))
        ids.append(symbol)
    return np.array(ids)


class Adam:
    """Written anew, on copies that change in place."""

    def __init__(self, arrays, lr):
        self.arrays, self.lr, self.t = arrays, lr, 0
        self.m, self.v = ([np.zeros(a.shape) for a in arrays] for _ in range(2))

    def step(self, grads):
        self.t += 1
        for a, g, m, v in zip(self.arrays, grads, self.m, self.v):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            a -= self.lr * (m / (1 - 0.9**self.t)) / (np.sqrt(v / (1 - 0.999**self.t)) + 1e-8)


def train(inputs, targets, model, passes, lr, max_norm):
    arrays = [array.copy() for part in model for array in part]
    adam, curve = Adam(arrays, lr), []
    own = Model(LSTMParams(*arrays[:8]), OutputParams(*arrays[8:]))
    for _ in range(passes):
        h = c = np.zeros((arrays[4].shape[0], inputs.shape[-1]))
        for s in range(inputs.shape[0]):
            loss, grads, h, c = chunk_loss(inputs[s], targets[s], h, c, own)
            grads = [g for part in grads for g in part]
            norm = np.sqrt(np.sum([np.vdot(g, g) for g in grads]))
            adam.step([g / max(1.0, norm / max_norm) for g in grads])
            curve.append(loss)
    return own, np.array(curve)
