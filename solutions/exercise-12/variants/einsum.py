import numpy as np


def sample(h, first, n, params, Why, by, uniforms, temperature):
    symbols = np.full(n, -1)
    last = first
    for k in range(n):
        h = np.tanh(params.Wxh[:, last, None] + np.einsum("hk,kn->hn", params.Whh, h) + params.bh)
        y = np.einsum("vh,hn->v", Why, h) + by[:, 0]
        y = y / temperature
        p = np.exp(y - y.max())
        p = p / p.sum()
        c = np.cumsum(p)
        c[-1] = 1
        last = int((c <= uniforms[k]).sum())
        symbols[k] = last
    return symbols


def language_model_loss(inputs, targets, h0, params, Why, by):
    T, N = inputs.shape
    V = Why.shape[0]
    xs = np.eye(V)[inputs]  # (T, N, V)
    right = np.eye(V)[targets]
    hs = np.empty((T + 1,) + h0.shape)
    hs[0] = h0
    for t in range(T):
        from_x = np.einsum("hv,nv->hn", params.Wxh, xs[t])
        hs[t + 1] = np.tanh(from_x + np.einsum("hk,kn->hn", params.Whh, hs[t]) + params.bh)
    y = np.einsum("vh,thn->tnv", Why, hs[1:]) + by[:, 0]
    y = y - y.max(axis=-1, keepdims=True)
    p = np.exp(y)
    total = p.sum(axis=-1, keepdims=True)
    loss = np.sum((np.log(total)[..., 0] - np.einsum("tnv,tnv->tn", y, right)).mean(axis=1))
    dy = (p / total - right) / N
    dz = np.zeros((T, *h0.shape))
    message = np.zeros(h0.shape)
    for t in reversed(range(T)):
        dz[t] = (np.einsum("vh,nv->hn", Why, dy[t]) + message) * (1 - hs[t + 1] ** 2)
        message = np.einsum("hk,hn->kn", params.Whh, dz[t])
    dparams = (
        np.einsum("thn,tnv->hv", dz, xs),
        np.einsum("thn,tkn->hk", dz, hs[:-1]),
        np.einsum("thn->h", dz)[:, None],
    )
    return loss, dparams, np.einsum("tnv,thn->vh", dy, hs[1:]), np.einsum("tnv->v", dy)[:, None], hs[-1]


def product(W, v):
    return np.einsum("hk,kn->hn", W, v)


def gru_step_forward(x, h_prev, params, reset_after):
    W = dict(zip(("xr", "xz", "xg", "hr", "hz", "hg", "r", "z", "g", "h"), params))
    r = 0.5 + 0.5 * np.tanh(0.5 * (product(W["xr"], x) + product(W["hr"], h_prev) + W["r"]))
    z = 0.5 + 0.5 * np.tanh(0.5 * (product(W["xz"], x) + product(W["hz"], h_prev) + W["z"]))
    inner = h_prev if reset_after else r * h_prev
    outer = r if reset_after else np.ones_like(r)
    g = np.tanh(product(W["xg"], x) + W["g"] + outer * (product(W["hg"], inner) + W["h"]))
    return (1 - z) * g + z * h_prev, (r, z, g)


def gru_step_backward(dh, x, h_prev, gates, params, reset_after):
    r, z, g = gates
    Whg, bhg = params[5], params[9]
    inner = h_prev if reset_after else r * h_prev
    outer = r if reset_after else np.ones_like(r)
    dag = dh * (1 - z) * (1 - g**2)
    dsum = dag * outer
    dinner = np.einsum("hk,hn->kn", Whg, dsum)
    dr = dag * (product(Whg, inner) + bhg) if reset_after else dinner * h_prev
    dar = dr * (r - r**2)
    daz = dh * (h_prev - g) * (z - z**2)
    dx = sum(np.einsum("hd,hn->dn", W, da) for W, da in zip(params[:3], (dar, daz, dag)))
    dh_prev = dh * z + dinner * (1 if reset_after else r)
    dh_prev = dh_prev + sum(np.einsum("hk,hn->kn", W, da) for W, da in zip(params[3:5], (dar, daz)))
    dWx = [np.einsum("hn,dn->hd", da, x) for da in (dar, daz, dag)]
    dWh = [np.einsum("hn,kn->hk", da, v) for da, v in ((dar, h_prev), (daz, h_prev), (dsum, inner))]
    db = [np.einsum("hn->h", da)[:, None] for da in (dar, daz, dag, dsum)]
    return dx, dh_prev, [*dWx, *dWh, *db]
