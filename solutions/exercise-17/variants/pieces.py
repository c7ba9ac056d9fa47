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
    return np.array([symbols.index(character) for character in text])


def cut(ids, N, T):
    stretch = len(ids) // N
    used = stretch // T * T
    return ids[: N * stretch].reshape(N, stretch)[:, :used].reshape(N, -1, T).transpose(1, 2, 0)


def batches(ids, N, T):
    return cut(ids[:-1], N, T), cut(ids[1:], N, T)


def chunk_loss(inputs, targets, h0, c0, model):
    T, N = inputs.shape
    V, H = model.output.W.shape
    xs = np.zeros((T, V, N))
    for t in range(T):
        for n in range(N):
            xs[t, inputs[t, n], n] = 1
    trace = lstm_sequence.lstm_forward(xs, h0, c0, model.params)
    loss, dW, db, dhs = 0.0, 0.0, 0.0, np.zeros((T, H, N))
    for t in range(T):
        h = trace.hs[t + 1]
        one, dy = losses.softmax_cross_entropy(model.output.W @ h + model.output.b, targets[t])
        dhs[t], dW_t, db_t = losses.output_backward(dy / T, h, model.output.W)
        loss, dW, db = loss + one / T, dW + dW_t, db + db_t
    grads = lstm_bptt.lstm_backward(dhs, 0 * c0, xs, trace, model.params)[3]
    return loss, (grads, (dW, db)), trace.hs[-1], trace.cs[-1]


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


def train(inputs, targets, model, passes, lr, max_norm):
    params, output = model
    state, output_state = training.adam_start(params), training.adam_start(output)
    curve = []
    for _ in range(passes):
        h, c = np.zeros((2, output.W.shape[1], inputs.shape[2]))
        for x, t in zip(inputs, targets):
            loss, (dparams, doutput), h, c = chunk_loss(x, t, h, c, Model(params, output))
            curve.append(loss)
            long = np.concatenate([np.ravel(g) for g in (*dparams, *doutput)])
            scale = min(1.0, max_norm / (np.linalg.norm(long) + 1e-300))
            params, state = training.adam_step(params, type(params)(*(scale * g for g in dparams)), state, lr)
            shorter = type(output)(*(scale * g for g in doutput))
            output, output_state = training.adam_step(output, shorter, output_state, lr)
    return Model(params, output), np.array(curve)
