"""Other names, and one-hot rows in place of indices."""

from collections import namedtuple

import numpy as np

Grads = namedtuple("Grads", "Wxh Whh bh")


def pad(batch):
    sizes = np.array([item.shape[0] for item in batch], dtype=np.int32)
    out = np.zeros((len(batch), sizes.max(), batch[0].shape[1]))
    for row, item, size in zip(out, batch, sizes):
        row[:size] = item
    return np.ascontiguousarray(out.transpose(1, 2, 0)), sizes


def step_mask(sizes, steps):
    countdown = np.asarray(sizes)[None, :] - np.arange(steps)[:, None]
    return np.clip(countdown, 0, 1).astype(float)


def last_states(states, sizes):
    ends = np.diff(step_mask(sizes, len(states)), axis=0, append=0.0) < 0  # the last real one of T + 1
    later = np.vstack([np.zeros((1, ends.shape[1]), bool), ends[:-1]])
    return (states * later[:, None, :]).sum(axis=0)


def last_states_backward(grad, sizes, steps):
    out = np.zeros((grad.shape[1], steps, grad.shape[0]))
    out[np.arange(grad.shape[1]), np.asarray(sizes) - 1] = grad.T
    return out.transpose(1, 2, 0)


def masked_cross_entropy(logits, labels, keep):
    steps, symbols, batch = logits.shape
    rows = logits.transpose(0, 2, 1).reshape(-1, symbols)
    rows = rows - rows.max(axis=1)[:, None]
    rows = rows - np.log(np.exp(rows).sum(axis=1))[:, None]
    weight = keep.reshape(-1)
    weight = weight / weight.sum()
    index = np.arange(len(rows)), labels.reshape(-1)
    loss = -np.dot(weight, rows[index])
    grad = np.exp(rows)
    grad[index] -= 1
    grad *= weight[:, None]
    return loss, grad.reshape(steps, batch, symbols).transpose(0, 2, 1)


def masked_rnn_forward(inputs, keep, start, weights):
    states = np.zeros((inputs.shape[0] + 1, *start.shape))
    states[0] = start
    joined = np.hstack([weights.Wxh, weights.Whh, weights.bh])
    for now in range(len(inputs)):
        column = np.vstack([inputs[now], states[now], np.ones((1, start.shape[1]))])
        states[now + 1] = keep[now] * np.tanh(joined @ column) + states[now] - keep[now] * states[now]
    return states


def masked_rnn_backward(outer, inputs, states, keep, weights):
    arriving = np.zeros(states.shape[1:])
    d_inputs = np.zeros(inputs.shape)
    total = Grads(*(np.zeros(w.shape) for w in weights))
    for now in range(len(inputs))[::-1]:
        arriving = arriving + outer[now]
        inside = arriving * (1 - states[now + 1] ** 2)
        inside[:, keep[now] == 0] = 0
        d_inputs[now] = weights.Wxh.T @ inside
        total = Grads(
            total.Wxh + inside @ inputs[now].T,
            total.Whh + inside @ states[now].T,
            total.bh + inside.sum(axis=1, keepdims=True),
        )
        arriving = weights.Whh.T @ inside + arriving * (1 - keep[now])
    return d_inputs, arriving, total
