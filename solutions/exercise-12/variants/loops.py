"""No matrix products: every sum is written out."""

import math

import numpy as np


def recurrence(W, U, b, symbol, state):
    """The states after one symbol: a one-hot input picks a column."""
    H = len(b)
    return [math.tanh(W[i, symbol] + sum(U[i, j] * state[j] for j in range(H)) + b[i, 0]) for i in range(H)]


def logits(Why, by, state):
    return [sum(Why[v, j] * state[j] for j in range(len(state))) + by[v, 0] for v in range(len(by))]


def sample(h, first, n, params, Why, by, uniforms, temperature):
    W, U, b = params
    state = [h[i, 0] for i in range(len(h))]
    symbol = first
    symbols = np.zeros(n, dtype=np.int64)
    for k in range(n):
        state = recurrence(W, U, b, symbol, state)
        y = logits(Why, by, state)
        highest = max(y)
        weights = [math.exp((one - highest) / temperature) for one in y]
        total = sum(weights)
        reached = 0.0
        symbol = len(y) - 1
        for v in range(len(y)):
            reached += weights[v] / total
            if reached > uniforms[k]:
                symbol = v
                break
        symbols[k] = symbol
    return symbols


def language_model_loss(inputs, targets, h0, params, Why, by):
    W, U, b = params
    T, N = inputs.shape
    V, H = Why.shape
    dW, dU, db = np.zeros((H, V)), np.zeros((H, H)), np.zeros((H, 1))
    dWhy, dby = np.zeros((V, H)), np.zeros((V, 1))
    h_last = np.zeros((H, N))
    loss = 0.0
    for n in range(N):
        states = [[h0[i, n] for i in range(H)]]
        ps = []
        for t in range(T):
            states.append(recurrence(W, U, b, inputs[t, n], states[-1]))
            y = logits(Why, by, states[-1])
            highest = max(y)
            total = sum(math.exp(one - highest) for one in y)
            ps.append([math.exp(one - highest) / total for one in y])
            loss += (math.log(total) + highest - y[targets[t, n]]) / N
        message = [0.0] * H
        for t in reversed(range(T)):
            dy = [(ps[t][v] - (v == targets[t, n])) / N for v in range(V)]
            dz = []
            for i in range(H):
                dh = message[i]
                for v in range(V):
                    dh += Why[v, i] * dy[v]
                    dWhy[v, i] += dy[v] * states[t + 1][i]
                dz.append(dh * (1 - states[t + 1][i] ** 2))
            for v in range(V):
                dby[v, 0] += dy[v]
            for i in range(H):
                dW[i, inputs[t, n]] += dz[i]
                db[i, 0] += dz[i]
                for j in range(H):
                    dU[i, j] += dz[i] * states[t][j]
            message = [sum(U[i, j] * dz[i] for i in range(H)) for j in range(H)]
        h_last[:, n] = states[T]
    return loss, (dW, dU, db), dWhy, dby, h_last


def sigmoid(a):
    return 1 / (1 + math.exp(-a)) if a > 0 else math.exp(a) / (1 + math.exp(a))


def gru_step_forward(x, h_prev, params, reset_after):
    Wxr, Wxu, Wxg, Whr, Whu, Whg, br, bu, bg, bhg = params
    D, N = x.shape
    H = len(h_prev)
    h, r, z, g = (np.zeros((H, N)) for _ in range(4))
    for n in range(N):
        for i in range(H):
            a = br[i, 0]
            b = bu[i, 0]
            for d in range(D):
                a += Wxr[i, d] * x[d, n]
                b += Wxu[i, d] * x[d, n]
            for j in range(H):
                a += Whr[i, j] * h_prev[j, n]
                b += Whu[i, j] * h_prev[j, n]
            r[i, n], z[i, n] = sigmoid(a), sigmoid(b)
        for i in range(H):
            past = bhg[i, 0]
            for j in range(H):
                past += Whg[i, j] * h_prev[j, n] * (1 if reset_after else r[j, n])
            if reset_after:
                past *= r[i, n]
            g[i, n] = math.tanh(bg[i, 0] + past + sum(Wxg[i, d] * x[d, n] for d in range(D)))
            h[i, n] = (1 - z[i, n]) * g[i, n] + z[i, n] * h_prev[i, n]
    return h, (r, z, g)


def gru_step_backward(dh, x, h_prev, gates, params, reset_after):
    Wxr, Wxu, Wxg, Whr, Whu, Whg, br, bu, bg, bhg = params
    r, z, g = gates
    D, N = x.shape
    H = len(h_prev)
    grads = [np.zeros(p.shape) for p in params]
    dx, dh_prev = np.zeros((D, N)), np.zeros((H, N))
    for n in range(N):
        dr = [0.0] * H
        da = [dh[i, n] * (1 - z[i, n]) * (1 - g[i, n] ** 2) for i in range(H)]
        for i in range(H):
            dh_prev[i, n] += dh[i, n] * z[i, n]
            dpast = da[i] * (r[i, n] if reset_after else 1)
            past = bhg[i, 0]
            for j in range(H):
                share = 1 if reset_after else r[j, n]
                past += Whg[i, j] * h_prev[j, n]
                grads[5][i, j] += dpast * share * h_prev[j, n]
                dh_prev[j, n] += dpast * share * Whg[i, j]
                if not reset_after:
                    dr[j] += dpast * Whg[i, j] * h_prev[j, n]
            if reset_after:
                dr[i] = da[i] * past
            grads[8][i, 0] += da[i]
            grads[9][i, 0] += dpast
            for d in range(D):
                grads[2][i, d] += da[i] * x[d, n]
                dx[d, n] += da[i] * Wxg[i, d]
        for i in range(H):
            dar = dr[i] * r[i, n] * (1 - r[i, n])
            daz = dh[i, n] * (h_prev[i, n] - g[i, n]) * z[i, n] * (1 - z[i, n])
            for which, one, Wx, Wh in ((0, dar, Wxr, Whr), (1, daz, Wxu, Whu)):
                grads[6 + which][i, 0] += one
                for d in range(D):
                    grads[which][i, d] += one * x[d, n]
                    dx[d, n] += one * Wx[i, d]
                for j in range(H):
                    grads[3 + which][i, j] += one * h_prev[j, n]
                    dh_prev[j, n] += one * Wh[i, j]
    return dx, dh_prev, grads
