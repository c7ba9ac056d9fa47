import numpy as np


def sample(h, first, n, params, Why, by, uniforms, temperature):
    h = h.copy()
    x = np.zeros((Why.shape[0], 1))
    x[first] = 1.0
    symbols = []
    while len(symbols) < n:
        a = params.Whh @ h
        a += params.Wxh @ x
        a += params.bh
        np.tanh(a, out=h)
        y = Why @ h
        y += by
        y /= temperature
        y -= y.max()
        np.exp(y, out=y)
        np.cumsum(y, out=y[:, 0])
        y /= y[-1]
        drawn = np.count_nonzero(y <= uniforms[len(symbols)])
        symbols.append(drawn)
        x[:] = 0
        x[drawn] = 1
    return np.array(symbols, dtype=np.intp)


def language_model_loss(inputs, targets, h0, params, Why, by):
    Wxh, Whh, bh = params
    T, N = inputs.shape
    hs = np.repeat(h0[None], T + 1, axis=0)
    ys = np.zeros((T, len(by), N))
    loss = np.zeros(())
    picked = np.arange(N)
    for t in range(T):
        hs[t + 1] = Wxh[:, inputs[t]]
        hs[t + 1] += Whh @ hs[t]
        hs[t + 1] += bh
        np.tanh(hs[t + 1], out=hs[t + 1])
        ys[t] += Why @ hs[t + 1]
        ys[t] += by
        ys[t] -= ys[t].max(axis=0)
        ys[t] -= np.log(np.exp(ys[t]).sum(axis=0))
        loss -= ys[t, targets[t], picked].mean()
    np.exp(ys, out=ys)
    dWxh, dWhh, dbh, dWhy, dby = (np.zeros_like(p) for p in (Wxh, Whh, bh, Why, by))
    message = np.zeros_like(h0)
    for t in range(T)[::-1]:
        ys[t, targets[t], picked] -= 1
        ys[t] /= N
        dWhy += ys[t] @ hs[t + 1].T
        dby[:, 0] += ys[t].sum(axis=1)
        message += Why.T @ ys[t]
        message *= 1 - hs[t + 1] ** 2
        np.add.at(dWxh.T, inputs[t], message.T)
        dWhh += message @ hs[t].T
        dbh[:, 0] += message.sum(axis=1)
        message[:] = Whh.T @ message
    return float(loss), [dWxh, dWhh, dbh], dWhy, dby, hs[-1].copy()


def gate(W, x, U, h, b):
    a = W @ x
    a += U @ h
    a += b
    np.negative(a, out=a)
    np.exp(a, out=a)
    a += 1
    return np.reciprocal(a)


def gru_step_forward(x, h_prev, params, reset_after):
    r = gate(params[0], x, params[3], h_prev, params[6])
    z = gate(params[1], x, params[4], h_prev, params[7])
    past = h_prev.copy()
    if not reset_after:
        past *= r
    past = params[5] @ past
    past += params[9]
    if reset_after:
        past *= r
    past += params[2] @ x
    past += params[8]
    g = np.tanh(past, out=past)
    h = h_prev - g
    h *= z
    h += g
    return h, (r, z, g)


def gru_step_backward(dh, x, h_prev, gates, params, reset_after):
    r, z, g = gates
    dag = dh.copy()
    dag *= 1 - z
    dag *= 1 - g**2
    daz = dh.copy()
    daz *= h_prev - g
    daz *= z
    daz *= 1 - z
    dh_prev = dh.copy()
    dh_prev *= z
    dh_prev += params.Whu.T @ daz
    if reset_after:
        back = dag * r
        dar = params.Whg @ h_prev
        dar += params.bhg
        dar *= dag
        dh_prev += params.Whg.T @ back
        dWhg = back @ h_prev.T
    else:
        back = dag.copy()
        dar = params.Whg.T @ dag
        dh_prev += dar * r
        dar *= h_prev
        dWhg = back @ (h_prev * r).T
    dar *= r
    dar *= 1 - r
    dh_prev += params.Whr.T @ dar
    dx = np.zeros_like(x)
    for W, da in zip(params, (dar, daz, dag)):
        dx += W.T @ da
    ones = np.ones((x.shape[1], 1))
    dparams = params._replace(
        Wxr=dar @ x.T,
        Wxu=daz @ x.T,
        Wxg=dag @ x.T,
        Whr=dar @ h_prev.T,
        Whu=daz @ h_prev.T,
        Whg=dWhg,
        br=dar @ ones,
        bu=daz @ ones,
        bg=dag @ ones,
        bhg=back @ ones,
    )
    return dx, dh_prev, dparams
