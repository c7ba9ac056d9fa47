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
    return "".join(chr(code) for code in sorted({ord(character) for character in text}))


def encode(text, symbols):
    ids = np.empty(len(text), dtype=np.int32)
    for i, character in enumerate(text):
        ids[i] = symbols.find(character)
    return ids


def batches(ids, N, T):
    stretch = (len(ids) - 1) // N
    S = stretch // T
    at = np.arange(S * T).reshape(S, T, 1) + stretch * np.arange(N)
    return ids[at], ids[at + 1]


def chunk_loss(inputs, targets, h0, c0, model):
    V = model.output.W.shape[0]
    xs = np.stack([np.eye(V)[:, row] for row in inputs])
    trace = lstm_sequence.lstm_forward(xs, h0, c0, model.params)
    wide = np.concatenate(list(trace.hs[1:]), axis=1)  # (H, T N)
    loss, dys = losses.softmax_cross_entropy(model.output.W @ wide + model.output.b, targets.ravel())
    dwide, *doutput = losses.output_backward(dys, wide, model.output.W)
    dhs = np.stack(np.split(dwide, len(inputs), axis=1))
    _, _, _, dparams = lstm_bptt.lstm_backward(dhs, np.zeros_like(c0), xs, trace, model.params)
    return loss, Model(dparams, OutputParams(*doutput)), trace.hs[-1].copy(), trace.cs[-1].copy()


def perplexity(ids, model):
    V, H = model.output.W.shape
    xs = np.zeros((len(ids) - 1, V, 1))
    xs[np.arange(len(ids) - 1), ids[:-1]] = 1
    zeros = np.zeros((H, 1))
    trace = lstm_sequence.lstm_forward(xs, zeros, zeros, model.params)
    ys = (model.output.W @ trace.hs[1:] + model.output.b)[..., 0]
    lse = np.logaddexp.reduce(ys, axis=1)
    return float(np.prod(np.exp((lse - ys[np.arange(len(ys)), ids[1:]]) / len(ys))))


def sample(prompt, n, model, uniforms, temperature):
    V, H = model.output.W.shape
    text = list(prompt)
    for k in range(n):  # all is read again each time: slow, and right
        xs = np.eye(V)[text][:, :, None]
        zeros = np.zeros((H, 1))
        h = lstm_sequence.lstm_forward(xs, zeros, zeros, model.params).hs[-1]
        y = (model.output.W @ h + model.output.b).ravel() / temperature
        weights = np.exp(y - y.max())
        place, total = uniforms[k] * weights.sum(), 0.0
        for symbol in range(V):
            total += weights[symbol]
            if total > place:
                break
        text.append(symbol)
    return np.array(text[len(prompt) :])


class Everything(NamedTuple):
    Wf: np.ndarray
    Wi: np.ndarray
    WC: np.ndarray
    Wo: np.ndarray
    bf: np.ndarray
    bi: np.ndarray
    bC: np.ndarray
    bo: np.ndarray
    W: np.ndarray
    b: np.ndarray


def train(inputs, targets, model, passes, lr, max_norm):
    """One Adam for all ten arrays."""
    all_params = Everything(*model.params, *model.output)
    state, curve = training.adam_start(all_params), np.zeros(passes * len(inputs))
    for k in range(len(curve)):
        if k % len(inputs) == 0:
            h = c = np.zeros((len(all_params.bf), inputs.shape[2]))
        now = Model(LSTMParams(*all_params[:8]), OutputParams(*all_params[8:]))
        at = k % len(inputs)
        curve[k], grads, h, c = chunk_loss(inputs[at], targets[at], h, c, now)
        flat = [*grads[0], *grads[1]]
        norm = sum((g**2).sum() for g in flat) ** 0.5
        if norm > max_norm:
            flat = [g * max_norm / norm for g in flat]
        all_params, state = training.adam_step(all_params, Everything(*flat), state, lr)
    return Model(LSTMParams(*all_params[:8]), OutputParams(*all_params[8:])), curve
