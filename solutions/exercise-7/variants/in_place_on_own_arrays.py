import numpy as np


def sigmoid(z):
    out = np.empty_like(z)
    low = z < 0
    high = ~low
    out[high] = -z[high]
    out[low] = z[low]
    np.exp(out, out=out)
    below = out + 1
    out[high] = 1
    out /= below
    return out


def lstm_step_forward(x, h_prev, c_prev, params):
    combined = np.empty((h_prev.shape[0] + x.shape[0], x.shape[1]))
    combined[: len(h_prev)] = h_prev
    combined[len(h_prev) :] = x
    a = [W @ combined for W in params[:4]]
    for one, b in zip(a, params[4:]):
        one += b
    f, i, o = (sigmoid(a[k]) for k in (0, 1, 3))
    g = np.tanh(a[2], out=a[2])
    c = c_prev.copy()
    c *= f
    c += i * g
    h = np.tanh(c)
    h *= o
    return [h, c, [f, i, g, o]]
