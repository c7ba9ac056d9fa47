"""Gates in one product, all outputs of a chunk in one product."""

import bisect

import numpy as np


def sample(h, first, n, params, Why, by, uniforms, temperature):
    Wxh, Whh, bh = params
    W = np.hstack([Wxh, Whh, bh])
    output = np.hstack([Why, by]) / temperature
    one = np.ones((1, 1))
    found = []
    for u in uniforms.tolist():
        x = np.eye(len(by))[[first]].T
        h = np.tanh(W @ np.vstack([x, h, one]))
        y = output @ np.vstack([h, one])
        p = np.exp(y - np.logaddexp.reduce(y, axis=0))
        first = min(bisect.bisect_right(np.cumsum(p).tolist(), u), len(by) - 1)
        found.append(first)
    return np.asarray(found)


def language_model_loss(inputs, targets, h0, params, Why, by):
    Wxh, Whh, bh = params
    T, N = inputs.shape
    V, H = Why.shape
    drive = np.moveaxis(Wxh[:, inputs], 1, 0) + bh  # (T, H, N)
    hs = [h0]
    for d in drive:
        hs.append(np.tanh(d + Whh @ hs[-1]))
    hs = np.stack(hs)

    after = hs[1:].transpose(1, 0, 2).reshape(H, T * N)
    y = Why @ after + by
    y -= y.max(axis=0)
    log_p = y - np.log(np.exp(y).sum(axis=0))
    right = targets.reshape(-1), np.arange(T * N)
    loss = -log_p[right].sum() / N

    dy = np.exp(log_p)
    dy[right] -= 1
    dy /= N
    dhs = (Why.T @ dy).reshape(H, T, N)
    dz = np.zeros((T + 1, H, N))
    for t in range(T)[::-1]:
        dz[t] = (dhs[:, t] + Whh.T @ dz[t + 1]) * (1 - np.square(hs[t + 1]))
    flat = dz[:T].transpose(1, 0, 2).reshape(H, T * N)
    before = hs[:-1].transpose(1, 0, 2).reshape(H, T * N)
    x = (inputs.reshape(-1) == np.arange(V)[:, None]).astype(float)
    dparams = (flat @ x.T, flat @ before.T, flat.sum(axis=1, keepdims=True))
    return loss, dparams, dy @ after.T, dy.sum(axis=1, keepdims=True), hs[-1]


def gru_step_forward(x, h_prev, params, reset_after):
    H = len(h_prev)
    Wx, Wh, b = np.vstack(params[:3]), np.vstack(params[3:6]), np.vstack(params[6:9])
    from_x = Wx @ x + b
    from_h = Wh @ h_prev
    r, z = np.split(1 / (1 + np.exp(-(from_x + from_h)[: 2 * H])), 2)
    if reset_after:
        g = np.tanh(from_x[2 * H :] + r * (from_h[2 * H :] + params.bhg))
    else:
        g = np.tanh(from_x[2 * H :] + params.Whg @ (r * h_prev) + params.bhg)
    return g + z * (h_prev - g), (r, z, g)


def gru_step_backward(dh, x, h_prev, gates, params, reset_after):
    r, z, g = gates
    Wx, Wh = np.vstack(params[:3]), np.vstack(params[3:6])
    da_g = dh * (1 - z) * (1 - g) * (1 + g)
    da_z = dh * (h_prev - g) * z * (1 - z)
    if reset_after:
        back = da_g * r
        dr = da_g * (params.Whg @ h_prev + params.bhg)
        seen, road = h_prev, 1
    else:
        back = da_g
        dr = params.Whg.T @ da_g * h_prev
        seen, road = r * h_prev, r
    da_r = dr * r * (1 - r)
    to_x = np.vstack([da_r, da_z, da_g])
    gates_only = np.vstack([da_r, da_z])
    H = len(h_prev)
    dWx = np.split(to_x @ x.T, 3)
    dWh = np.split(gates_only @ h_prev.T, 2)
    db = np.split(to_x.sum(axis=1, keepdims=True), 3)
    dh_prev = dh * z + Wh[: 2 * H].T @ gates_only + road * (params.Whg.T @ back)
    dparams = (*dWx, *dWh, back @ seen.T, *db, back.sum(axis=1, keepdims=True))
    return Wx.T @ to_x, dh_prev, dparams
