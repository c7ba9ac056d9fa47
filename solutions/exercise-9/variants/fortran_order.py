"""Sequences in rows, inside; columns again on the way out, which leaves arrays in Fortran order."""

import numpy as np


def lstm_step_backward(dh, dc, x, h_prev, c_prev, c, gates, params):
    f, i, g, o = (gate.T for gate in gates)
    H = c.shape[0]
    zT = np.hstack((h_prev.T, x.T))  # (N, H + D)
    t = np.tanh(c.T)
    dcT = dc.T + dh.T * o * (1 - t**2)  # (N, H)
    das = [
        dcT * c_prev.T * f * (1 - f),
        dcT * g * i * (1 - i),
        dcT * i * (1 - g**2),
        dh.T * t * o * (1 - o),
    ]
    dzT = das[0] @ params[0] + das[1] @ params[1] + das[2] @ params[2] + das[3] @ params[3]
    dW = [np.asfortranarray((zT.T @ da).T) for da in das]
    db = [da.sum(axis=0)[:, np.newaxis] for da in das]
    return np.asfortranarray(dzT[:, H:].T), dzT[:, :H].T, (dcT * f).T, (*dW, *db)
