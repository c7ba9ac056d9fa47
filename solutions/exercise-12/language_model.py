"""A network that writes: sampling, the loss of a language model, and the gated recurrent unit in both forms.

Source: the GRU is Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder for
statistical machine translation".
"""

from typing import NamedTuple

import numpy as np


class RNNParams(NamedTuple):
    """Weights and bias of the recurrence, for V symbols and H hidden units; also their gradients."""

    Wxh: np.ndarray  # (H, V) input to hidden
    Whh: np.ndarray  # (H, H) hidden to hidden
    bh: np.ndarray  # (H, 1) hidden bias


class GRUParams(NamedTuple):
    """Weights and biases of a gated recurrent unit, for D inputs and H hidden units; also their gradients."""

    Wxr: np.ndarray  # (H, D) input to reset gate
    Wxu: np.ndarray  # (H, D) input to update gate
    Wxg: np.ndarray  # (H, D) input to candidate
    Whr: np.ndarray  # (H, H) hidden to reset gate
    Whu: np.ndarray  # (H, H) hidden to update gate
    Whg: np.ndarray  # (H, H) hidden to candidate
    br: np.ndarray  # (H, 1) bias of the reset gate
    bu: np.ndarray  # (H, 1) bias of the update gate
    bg: np.ndarray  # (H, 1) bias of the candidate, with the input
    bhg: np.ndarray  # (H, 1) bias of the candidate, with the hidden state


class GRUGates(NamedTuple):
    """What the gates of one step said, and the candidate."""

    r: np.ndarray  # (H, N) reset gate, from 0 to 1
    u: np.ndarray  # (H, N) update gate, from 0 to 1
    g: np.ndarray  # (H, N) candidate, from -1 to 1


def sample(
    h: np.ndarray,
    first: int,
    n: int,
    params: RNNParams,
    Why: np.ndarray,
    by: np.ndarray,
    uniforms: np.ndarray,
    temperature: float,
) -> np.ndarray:
    """Let the network write: draw a symbol, read it, draw the next one.

    Step k reads one symbol (``first``, later the one drawn before) and draws with ``uniforms[k]``: the
    smallest index whose cumulative probability exceeds that number. A number that equals a cumulative
    probability thus draws the next symbol, and one of probability 0 is never drawn. The last cumulative
    probability counts as 1, whatever rounding makes of it.

    Args:
        h: (H, 1) the hidden state before ``first`` is read.
        first: the symbol to begin with, an index from 0 to V - 1; it is no part of the result.
        n: how many symbols to draw.
        params: weights and bias of the recurrence.
        Why: (V, H) hidden to output.
        by: (V, 1) output bias.
        uniforms: (n,) the chance to use, one number from 0 up to but not including 1 for each symbol.
        temperature: above 0; every logit is divided by it before the softmax.

    Returns:
        symbols: (n,) integers, the symbols that were drawn.
    """
    Wxh, Whh, bh = params
    V = Why.shape[0]
    # TODO: one symbol in, one state on, one symbol out, n times.
    symbols = np.zeros(n, dtype=int)
    symbol = first
    for k in range(n):
        x = np.eye(V)[:, [symbol]]  # (V, 1)
        h = np.tanh(Wxh @ x + Whh @ h + bh)  # (H, 1)
        y = Why @ h + by  # (V, 1)
        cumulative = np.cumsum(np.exp((y - y.max()) / temperature))  # (V,)
        symbol = int(np.argmax(cumulative / cumulative[-1] > uniforms[k]))
        symbols[k] = symbol
    return symbols


def language_model_loss(
    inputs: np.ndarray,
    targets: np.ndarray,
    h0: np.ndarray,
    params: RNNParams,
    Why: np.ndarray,
    by: np.ndarray,
) -> tuple[float, RNNParams, np.ndarray, np.ndarray, np.ndarray]:
    """Read one chunk of N texts, predict a symbol at every step, and go back through the chunk.

    The loss is the sum over the T steps of the softmax cross entropy, which is a mean over the N texts.

    Args:
        inputs: (T, N) integers from 0 to V - 1, the symbol that each text shows at each step.
        targets: (T, N) integers, the symbol that should have been predicted there.
        h0: (H, N) the hidden state before the chunk.
        params: weights and bias of the recurrence.
        Why: (V, H) hidden to output.
        by: (V, 1) output bias.

    Returns:
        loss: a number.
        dparams: gradients with respect to Wxh, Whh and bh.
        dWhy: (V, H) gradient with respect to Why.
        dby: (V, 1) gradient with respect to by.
        h_last: (H, N) the hidden state after the chunk, from which the next one starts.
    """
    T, N = inputs.shape
    Wxh, Whh, bh = params
    V, H = Why.shape
    # TODO: forwards with a loss at every step, then backwards from the last step to the first.
    symbols = np.eye(V)
    hs = np.zeros((T + 1, H, N))
    dys = np.zeros((T, V, N))
    hs[0] = h0
    loss = 0.0
    for t in range(T):
        x, right = symbols[:, inputs[t]], symbols[:, targets[t]]  # (V, N)
        hs[t + 1] = np.tanh(Wxh @ x + Whh @ hs[t] + bh)  # (H, N)
        y = Why @ hs[t + 1] + by  # (V, N)
        y = y - y.max(axis=0)  # (V, N)
        log_p = y - np.log(np.exp(y).sum(axis=0))  # (V, N)
        loss -= (right * log_p).sum() / N
        dys[t] = (np.exp(log_p) - right) / N  # (V, N)

    dWxh, dWhh, dbh = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(bh)
    dWhy, dby = np.zeros_like(Why), np.zeros_like(by)
    dh_next = np.zeros((H, N))
    for t in reversed(range(T)):
        x, dy = symbols[:, inputs[t]], dys[t]  # (V, N)
        dWhy += dy @ hs[t + 1].T  # (V, H)
        dby += dy.sum(axis=1, keepdims=True)  # (V, 1)
        dh = Why.T @ dy + dh_next  # (H, N)
        da = dh * (1 - hs[t + 1] ** 2)  # (H, N)
        dWxh += da @ x.T  # (H, V)
        dWhh += da @ hs[t].T  # (H, H)
        dbh += da.sum(axis=1, keepdims=True)  # (H, 1)
        dh_next = Whh.T @ da  # (H, N)
    return loss, RNNParams(dWxh, dWhh, dbh), dWhy, dby, hs[T]


def gru_step_forward(
    x: np.ndarray, h_prev: np.ndarray, params: GRUParams, reset_after: bool
) -> tuple[np.ndarray, GRUGates]:
    """Compute one step of a gated recurrent unit, in either form.

    The update gate u keeps: where it is 1, the old state stays. The reset gate r multiplies the old state
    before it meets Whg, or, with ``reset_after``, what Whg and its bias bhg have made of it.

    Args:
        x: (D, N) the input of this step.
        h_prev: (H, N) the hidden state before this step.
        params: weights and biases of the unit.
        reset_after: False for the form of the printed paper, True for that of cuDNN and PyTorch.

    Returns:
        h: (H, N) the hidden state after this step.
        gates: r, u and the candidate g, each (H, N).
    """
    Wxr, Wxu, Wxg, Whr, Whu, Whg, br, bu, bg, bhg = params

    # TODO: two gates, a candidate that r has a say in, and a mixture of candidate and old state.
    def sigmoid(a: np.ndarray) -> np.ndarray:
        e = np.exp(-np.abs(a))  # never above 1
        return np.where(a >= 0, 1 / (1 + e), e / (1 + e))

    r = sigmoid(Wxr @ x + Whr @ h_prev + br)  # (H, N)
    u = sigmoid(Wxu @ x + Whu @ h_prev + bu)  # (H, N)
    past = r * (Whg @ h_prev + bhg) if reset_after else Whg @ (r * h_prev) + bhg  # (H, N)
    g = np.tanh(Wxg @ x + bg + past)  # (H, N)
    h = (1 - u) * g + u * h_prev  # (H, N)
    return h, GRUGates(r, u, g)


def gru_step_backward(
    dh: np.ndarray,
    x: np.ndarray,
    h_prev: np.ndarray,
    gates: GRUGates,
    params: GRUParams,
    reset_after: bool,
) -> tuple[np.ndarray, np.ndarray, GRUParams]:
    """Carry the gradient of the loss back through one step of a gated recurrent unit, in either form.

    Args:
        dh: (H, N) gradient of the loss with respect to h.
        x: (D, N) the input of this step.
        h_prev: (H, N) the hidden state before this step.
        gates: r, u and the candidate g of this step, each (H, N), as the forward pass returned them.
        params: weights and biases of the unit.
        reset_after: which form the step had, as in gru_step_forward.

    Returns:
        dx: (D, N) gradient with respect to x.
        dh_prev: (H, N) gradient with respect to h_prev.
        dparams: gradients with respect to all parameters, each of its parameter's shape.
    """
    Wxr, Wxu, Wxg, Whr, Whu, Whg, *_, bhg = params
    r, u, g = gates
    # TODO: undo the mixture, then the three squashings, then the sums inside them.
    dag = dh * (1 - u) * (1 - g**2)  # (H, N)
    dau = dh * (h_prev - g) * u * (1 - u)  # (H, N)
    if reset_after:
        dpast = dag * r  # (H, N)
        dr = dag * (Whg @ h_prev + bhg)  # (H, N)
        dWhg = dpast @ h_prev.T  # (H, H)
        dh_prev = Whg.T @ dpast  # (H, N)
    else:
        dpast = dag  # (H, N)
        dkept = Whg.T @ dpast  # (H, N)
        dr = dkept * h_prev  # (H, N)
        dWhg = dpast @ (r * h_prev).T  # (H, H)
        dh_prev = dkept * r  # (H, N)
    dar = dr * r * (1 - r)  # (H, N)
    dx = Wxr.T @ dar + Wxu.T @ dau + Wxg.T @ dag  # (D, N)
    dh_prev = dh_prev + dh * u + Whr.T @ dar + Whu.T @ dau  # (H, N)
    dparams = GRUParams(
        Wxr=dar @ x.T,
        Wxu=dau @ x.T,
        Wxg=dag @ x.T,
        Whr=dar @ h_prev.T,
        Whu=dau @ h_prev.T,
        Whg=dWhg,
        br=dar.sum(axis=1, keepdims=True),
        bu=dau.sum(axis=1, keepdims=True),
        bg=dag.sum(axis=1, keepdims=True),
        bhg=dpast.sum(axis=1, keepdims=True),
    )
    return dx, dh_prev, dparams
