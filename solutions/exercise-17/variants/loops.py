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
    return "".join(sorted(set(text)))


def encode(text, symbols):
    order = np.argsort(list(symbols))
    return order[np.searchsorted(np.array(list(symbols))[order], list(text))]


def batches(ids, N, T):
    stretch = (len(ids) - 1) // N
    columns = [ids[n * stretch : (n + 1) * stretch + 1] for n in range(N)]
    both = np.stack(columns, axis=1)
    steps = range(0, stretch - T + 1, T)
    return np.array([both[t : t + T] for t in steps]), np.array([both[t + 1 : t + T + 1] for t in steps])


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
