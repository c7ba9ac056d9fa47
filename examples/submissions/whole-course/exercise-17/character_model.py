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
    return str.join("", sorted(dict.fromkeys(text)))


def encode(text, symbols):
    return np.argmax(np.array(list(text))[:, None] == np.array(list(symbols)), axis=1)


def batches(ids, N, T):
    stretch = (len(ids) - 1) // N
    columns = [ids[n * stretch : (n + 1) * stretch + 1] for n in range(N)]
    both = np.stack(columns, axis=1)
    steps = range(0, stretch - T + 1, T)
    return np.array([both[t : t + T] for t in steps]), np.array([both[t + 1 : t + T + 1] for t in steps])


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
    h = np.zeros((model.output.W.shape[1], 1))
    loss, *_ = chunk_loss(ids[:-1, np.newaxis], ids[1:, np.newaxis], h, h, model)
    return np.exp(loss)


def writing(prompt, model, temperature):
    V, H = model.output.W.shape
    h = c = np.zeros((H, 1))
    read = prompt
    while True:
        trace = lstm_sequence.lstm_forward(np.eye(V)[read].reshape(-1, V, 1), h, c, model.params)
        h, c = trace.hs[-1], trace.cs[-1]
        u = yield losses.softmax((model.output.W @ h + model.output.b) / temperature)[:, 0]
        read = [u]


def sample(prompt, n, model, uniforms, temperature):
    writer, ids = writing(prompt, model, temperature), np.zeros(n, dtype=int)
    shares = next(writer)
    for k in range(n):
        running = np.cumsum(shares)
        ids[k] = min(np.sum(running <= uniforms[k]), len(shares) - 1)
        shares = writer.send(ids[k])
    return ids


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
