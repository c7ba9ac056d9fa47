from numpy import *


def sample(h, first, n, params, Why, by, uniforms, temperature):
    (Wxh, Whh, bh) = params
    V = Why.shape[0]
    result = empty((n,), int)
    s = first
    for k in range(n):
        x = (arange(V) == s).reshape(V, 1) * 1.0
        h = tanh(matmul(Wxh, x) + matmul(Whh, h) + bh)
        y = (matmul(Why, h) + by)[:, 0] / temperature
        p = exp(y - amax(y))
        p /= sum(p)
        s = minimum(digitize(uniforms[k], cumsum(p)), V - 1)
        result[k] = s
    return result


def language_model_loss(inputs, targets, h0, params, Why, by):
    (Wxh, Whh, bh) = params
    (T, N) = inputs.shape
    (V, H) = Why.shape
    hs = zeros((T + 1, H, N), order="F")
    hs[0] = h0
    loss = 0.0
    P = zeros((T, V, N), order="F")
    for t in range(T):
        hs[t + 1] = tanh(Wxh[:, inputs[t]] + matmul(Whh, hs[t]) + bh)
        y = matmul(Why, hs[t + 1]) + by
        P[t] = exp(y - amax(y, axis=0))
        P[t] /= sum(P[t], axis=0)
        for n in range(N):
            loss = loss - log(P[t, targets[t, n], n]) / N
    dWxh, dWhh, dbh = zeros_like(Wxh), zeros_like(Whh), zeros_like(bh)
    dWhy, dby = zeros_like(Why), zeros_like(by)
    D = zeros((H, N))
    for t in arange(T - 1, -1, -1):
        for n in range(N):
            P[t, targets[t, n], n] -= 1
        dy = P[t] / N
        dWhy += matmul(dy, transpose(hs[t + 1]))
        dby += sum(dy, axis=1, keepdims=True)
        dz = (matmul(transpose(Why), dy) + D) * (1 - square(hs[t + 1]))
        for n in range(N):
            dWxh[:, inputs[t, n]] += dz[:, n]
        dWhh += matmul(dz, transpose(hs[t]))
        dbh += sum(dz, axis=1, keepdims=True)
        D = matmul(transpose(Whh), dz)
    return loss, (dWxh, dWhh, dbh), asfortranarray(dWhy), dby, hs[T]


def logistic(a):
    return exp(-logaddexp(0, -a))


def gru_step_forward(x, h_prev, params, reset_after):
    Wxr, Wxu, Wxg, Whr, Whu, Whg, br, bu, bg, bhg = params
    r = logistic(dot(Wxr, x) + dot(Whr, h_prev) + br)
    z = logistic(dot(Wxu, x) + dot(Whu, h_prev) + bu)
    if reset_after:
        g = tanh(dot(Wxg, x) + bg + multiply(r, dot(Whg, h_prev) + bhg))
    else:
        g = tanh(dot(Wxg, x) + bg + dot(Whg, multiply(r, h_prev)) + bhg)
    h = asfortranarray(z * h_prev + (1 - z) * g)
    return h, (asfortranarray(r), z, g)


def gru_step_backward(dh, x, h_prev, gates, params, reset_after):
    Wxr, Wxu, Wxg, Whr, Whu, Whg, br, bu, bg, bhg = params
    (r, z, g) = gates
    dg = dh * (1 - z)
    dz = dh * (h_prev - g)
    dgg = dg - dg * g * g
    dzz = dz * z - dz * z * z
    dh_prev = dh * z
    if reset_after:
        dhh = dgg * r
        drr = dgg * (dot(Whg, h_prev) + bhg) * r * (1 - r)
        dWhg = dot(dhh, h_prev.T)
        dh_prev = dh_prev + dot(Whg.T, dhh)
    else:
        dhh = dgg
        inner = dot(Whg.T, dhh)
        drr = inner * h_prev * r * (1 - r)
        dWhg = dot(dhh, transpose(r * h_prev))
        dh_prev = dh_prev + inner * r
    dh_prev = dh_prev + dot(Whr.T, drr) + dot(Whu.T, dzz)
    dx = dot(Wxr.T, drr) + dot(Wxu.T, dzz) + dot(Wxg.T, dgg)
    weights = [dot(a, v.T) for a, v in ((drr, x), (dzz, x), (dgg, x), (drr, h_prev), (dzz, h_prev))]
    biases = [sum(a, axis=1)[:, newaxis] for a in (drr, dzz, dgg, dhh)]
    return dx, asfortranarray(dh_prev), (*weights, dWhg, *biases)
