from numpy import *


def lstm_backward(dhs, dc_last, xs, trace, params):
    (hs, cs, (F, I, G, O)) = trace
    (T, H, N) = shape(dhs)
    grads = dict(zip(["Wf", "Wi", "WC", "Wo", "bf", "bi", "bC", "bo"], map(zeros_like, params)))
    dh = zeros((T + 1, H, N))
    dc = zeros((T + 1, H, N))
    dh[1:] = dhs
    dc[T] = dc_last
    dxs = zeros(shape(xs))
    for t in arange(T, 0, -1):
        f, i, g, o = F[t - 1], I[t - 1], G[t - 1], O[t - 1]
        dc[t] += dh[t] * o * (1 - square(tanh(cs[t])))
        d = {
            "f": dc[t] * cs[t - 1] * f * (1 - f),
            "i": dc[t] * g * i * (1 - i),
            "C": dc[t] * i * (1 - square(g)),
            "o": dh[t] * tanh(cs[t]) * o * (1 - o),
        }
        for k in d:
            grads["W" + k] += matmul(d[k], transpose(vstack((hs[t - 1], xs[t - 1]))))
            grads["b" + k] += sum(d[k], axis=1, keepdims=True)
        back = matmul(transpose(vstack(params[:4])), vstack((d["f"], d["i"], d["C"], d["o"])))
        dh[t - 1] += back[:H]
        dxs[t - 1] = back[H:]
        dc[t - 1] += dc[t] * f
    return dxs, dh[0], dc[0], tuple(grads.values())
