from numpy import *


def lstm_step_backward(dh, dc, x, h_prev, c_prev, c, gates, params):
    (f, i, g, o) = gates
    (Wf, Wi, WC, Wo, bf, bi, bC, bo) = params
    (H, N) = shape(h_prev)
    ones_ = ones((N, 1))
    D = {}
    D["c"] = add(dc, multiply(multiply(dh, o), 1 - square(tanh(c))))
    D["f"] = multiply(D["c"], c_prev) * multiply(f, 1 - f)
    D["i"] = multiply(D["c"], g) * multiply(i, 1 - i)
    D["C"] = multiply(D["c"], i) * (1 - square(g))
    D["o"] = multiply(dh, tanh(c)) * multiply(o, 1 - o)
    W = {"f": Wf, "i": Wi, "C": WC, "o": Wo}
    dh_prev = zeros_like(h_prev)
    dx = zeros_like(x)
    grads = {}
    for k in "fiCo":
        dh_prev = dh_prev + matmul(transpose(W[k][:, :H]), D[k])
        dx = dx + matmul(transpose(W[k][:, H:]), D[k])
        grads["W" + k] = hstack([matmul(D[k], transpose(h_prev)), matmul(D[k], transpose(x))])
        grads["b" + k] = matmul(D[k], ones_)
    order = ["Wf", "Wi", "WC", "Wo", "bf", "bi", "bC", "bo"]
    return dx, dh_prev, D["c"] * f, tuple([grads[k] for k in order])
