"""As one would write it after years with PyTorch: batch first, a clip with a little extra, zeroed gradients."""

import numpy as np


def sgd_step(params, grads, lr):
    with np.errstate(all="raise"):
        return type(params)(*[np.add(p, np.negative(lr) * g) for p, g in zip(params, grads)])


def adam_step(params, grads, state, lr):
    exp_avgs = [np.array(m) for m in state.m]
    exp_avg_sqs = [np.array(v) for v in state.v]
    step = state.t + 1
    step_size = lr / (1 - 0.9**step)
    bias_correction2_sqrt = (1 - 0.999**step) ** 0.5
    updated = []
    for param, grad, exp_avg, exp_avg_sq in zip(params, grads, exp_avgs, exp_avg_sqs):
        exp_avg *= 0.9
        exp_avg += (1 - 0.9) * grad
        exp_avg_sq *= 0.999
        exp_avg_sq += (1 - 0.999) * grad * grad
        denom = np.sqrt(exp_avg_sq) / bias_correction2_sqrt + 1e-8
        updated.append(param - step_size * exp_avg / denom)
    kind = type(params)
    return kind(*updated), type(state)(m=kind(*exp_avgs), v=kind(*exp_avg_sqs), t=step)


def clip_grad_norm_(grads, max_norm):
    total_norm = np.linalg.norm(np.concatenate([g.ravel() for g in grads]))
    coefficient = max_norm / (total_norm + 1e-6)
    if coefficient < 1:
        for g in grads:
            g *= coefficient


class ToyModel:
    """Rows are sequences here: (N, T, D) in, (N, 1) out."""

    def __init__(self, params, Why, by):
        self.weights = [np.array(one).T.copy() for one in (*params, Why, by)]
        self.grads = [np.zeros_like(one) for one in self.weights]

    def zero_grad(self):
        for grad in self.grads:
            grad[...] = 0

    def forward(self, batch):
        Wxh, Whh, bh, Why, by = self.weights
        self.batch, self.hs = batch, [np.zeros((len(batch), len(Whh)))]
        for t in range(batch.shape[1]):
            self.hs.append(np.tanh(batch[:, t] @ Wxh + self.hs[t] @ Whh + bh))
        return self.hs[-1] @ Why + by

    def backward(self, dy):
        Wxh, Whh, bh, Why, by = self.weights
        self.grads[3] += self.hs[-1].T @ dy
        self.grads[4] += dy.sum(axis=0, keepdims=True)
        dh = dy @ Why.T
        for t in reversed(range(self.batch.shape[1])):
            dz = dh * (1 - self.hs[t + 1] ** 2)
            self.grads[0] += self.batch[:, t].T @ dz
            self.grads[1] += self.hs[t].T @ dz
            self.grads[2] += dz.sum(axis=0, keepdims=True)
            dh = dz @ Whh.T


def train_toy(xs, targets, params, Why, by, lr, steps):
    batch, labels = np.ascontiguousarray(xs.transpose(2, 0, 1)), targets[:, None].astype(float)
    model, losses = ToyModel(params, Why, by), []
    for _ in range(steps):
        model.zero_grad()
        y = model.forward(batch)
        losses.append(np.mean(np.maximum(y, 0) - y * labels + np.log1p(np.exp(-np.abs(y)))))
        model.backward((1 / (1 + np.exp(-y)) - labels) / len(labels))
        for weight, grad in zip(model.weights, model.grads):
            weight -= lr * grad
    *recurrence, Why, by = [one.T for one in model.weights]
    return type(params)(*recurrence), Why, by, np.array(losses)


def sigmoid(z):
    return np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))))


def train_adding(xs, targets, params, Wy, by, lr, max_norm):
    weights = [np.array(one).T.copy() for one in (*params, Wy, by)]
    kind, H = type(params), Wy.shape[1]
    m, v, losses = [0.0] * 10, [0.0] * 10, []
    for s, (x, target) in enumerate(zip(np.moveaxis(xs, 3, 1), targets)):  # (N, T, D), (N,)
        Wf, Wi, WC, Wo, bf, bi, bC, bo, Wout, bout = weights
        N, T, D = x.shape
        h, c, tape = np.zeros((N, H)), np.zeros((N, H)), []
        for t in range(T):
            z = np.hstack([h, x[:, t]])
            f, i, g, o = sigmoid(z @ Wf + bf), sigmoid(z @ Wi + bi), np.tanh(z @ WC + bC), sigmoid(z @ Wo + bo)
            tape.append((z, f, i, g, o, c, f * c + i * g))
            c = tape[-1][-1]
            h = o * np.tanh(c)
        error = (h @ Wout + bout)[:, 0] - target
        losses.append(np.mean(error**2))
        dy = (2 * error / N)[:, None]
        grads = [np.zeros_like(one) for one in weights]
        grads[8] += h.T @ dy
        grads[9] += dy.sum(axis=0, keepdims=True)
        dh, dc = dy @ Wout.T, np.zeros((N, H))
        for z, f, i, g, o, before, after in reversed(tape):
            dc = dc + dh * o * (1 - np.tanh(after) ** 2)
            da = [dc * before * f * (1 - f), dc * g * i * (1 - i), dc * i * (1 - g * g)]
            da += [dh * np.tanh(after) * o * (1 - o)]
            for k in range(4):
                grads[k] += z.T @ da[k]
                grads[4 + k] += da[k].sum(axis=0)
            dh = sum(da[k] @ weights[k].T for k in range(4))[:, :H]
            dc = dc * f
        clip_grad_norm_(grads, max_norm)
        for k in range(10):
            m[k] = 0.9 * m[k] + 0.1 * grads[k]
            v[k] = 0.999 * v[k] + 0.001 * grads[k] ** 2
            denom = np.sqrt(v[k]) / np.sqrt(1 - 0.999 ** (s + 1)) + 1e-8
            weights[k] = weights[k] - lr / (1 - 0.9 ** (s + 1)) * m[k] / denom
    arrays = [one.T for one in weights]
    return kind(*arrays[:8]), arrays[8], arrays[9], np.array(losses)
