"""A character model of a real text: from letters to numbers, batches, training, perplexity, and samples.

The LSTM, its way back, the loss, the clipping and Adam are your own, from earlier exercises.
"""

from typing import NamedTuple

import losses
import lstm_bptt
import lstm_sequence
import numpy as np
import training


class LSTMParams(NamedTuple):
    """Weights and biases of an LSTM, for V symbols and H hidden units; also their gradients."""

    Wf: np.ndarray  # (H, H + V) forget gate
    Wi: np.ndarray  # (H, H + V) input gate
    WC: np.ndarray  # (H, H + V) candidate
    Wo: np.ndarray  # (H, H + V) output gate
    bf: np.ndarray  # (H, 1)
    bi: np.ndarray  # (H, 1)
    bC: np.ndarray  # (H, 1)
    bo: np.ndarray  # (H, 1)


class OutputParams(NamedTuple):
    """Weights and bias of an output layer; also their gradients."""

    W: np.ndarray  # (V, H) hidden to output
    b: np.ndarray  # (V, 1) output bias


class Model(NamedTuple):
    """Everything that is learnt; also its gradient."""

    params: LSTMParams
    output: OutputParams


def decode(ids: np.ndarray, symbols: str) -> str:
    """Turn numbers back into text. This function is given; use it to read what your model writes.

    Args:
        ids: (M,) integers.
        symbols: the vocabulary.
    """
    return "".join(symbols[i] for i in ids)


def vocabulary(text: str) -> str:
    """Return every character of a text once, in sorted order, as one string of V characters."""
    # TODO: what occurs, each once, in the order of sorted().
    return "".join(sorted(set(text)))


def encode(text: str, symbols: str) -> np.ndarray:
    """Turn a text into numbers: of each character its place in the vocabulary.

    Args:
        text: M characters, all of which are in the vocabulary.
        symbols: the vocabulary, V different characters in any order.

    Returns:
        ids: (M,) integers from 0 to V - 1.
    """
    # TODO: look every character up; a dictionary finds it at once.
    places = {symbol: place for place, symbol in enumerate(symbols)}
    return np.array([places[character] for character in text], dtype=int)


def batches(ids: np.ndarray, N: int, T: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut a text into N stretches that lie side by side, and these into chunks of T steps.

    The targets are the text one place further on. Column n of a batch goes on where column n of the batch
    before it ended. All stretches have the same length, as long as the text and its targets allow; what is
    left over at the end of the text, and at the end of each stretch, is not used.

    Args:
        ids: (M,) integers, long enough for one batch.
        N: how many stretches.
        T: how many steps a chunk has.

    Returns:
        inputs: (S, T, N) integers, S batches one after the other.
        targets: (S, T, N) integers, for each input the symbol that follows it in the text.
    """
    stretch = (len(ids) - 1) // N  # the last symbol is a target only
    S = stretch // T
    # TODO: stretches first, each a piece of the text in its order; then chunks.
    columns = ids[: N * stretch].reshape(N, stretch).T  # (stretch, N)
    following = ids[1 : N * stretch + 1].reshape(N, stretch).T
    return columns[: S * T].reshape(S, T, N), following[: S * T].reshape(S, T, N)


def chunk_loss(
    inputs: np.ndarray, targets: np.ndarray, h0: np.ndarray, c0: np.ndarray, model: Model
) -> tuple[float, Model, np.ndarray, np.ndarray]:
    """Read one chunk of N texts, predict the next symbol at every step, and go back through the chunk.

    Args:
        inputs: (T, N) integers from 0 to V - 1.
        targets: (T, N) integers, what should have been predicted.
        h0: (H, N) hidden state before the chunk.
        c0: (H, N) cell state before the chunk.
        model: the LSTM and the output layer.

    Returns:
        loss: the softmax cross entropy, a mean over all T steps and N texts.
        grads: its gradients, as a Model; nothing comes back from later chunks.
        h_last: (H, N) hidden state after the chunk.
        c_last: (H, N) cell state after the chunk.
    """
    T, N = inputs.shape
    V, H = model.output.W.shape
    # TODO: one-hot, your LSTM forwards, the output layer and its loss, and all the way back.
    xs = np.eye(V)[inputs].transpose(0, 2, 1)  # (T, V, N)
    trace = lstm_sequence.lstm_forward(xs, h0, c0, model.params)
    states = trace.hs[1:].transpose(1, 0, 2).reshape(H, T * N)  # a column for every step of every text
    ys = model.output.W @ states + model.output.b  # (V, T N)
    loss, dys = losses.softmax_cross_entropy(ys, targets.reshape(T * N))
    dstates, dW, db = losses.output_backward(dys, states, model.output.W)
    dhs = dstates.reshape(H, T, N).transpose(1, 0, 2)  # (T, H, N)
    *_, dparams = lstm_bptt.lstm_backward(dhs, np.zeros((H, N)), xs, trace, model.params)
    return loss, Model(LSTMParams(*dparams), OutputParams(dW, db)), trace.hs[T], trace.cs[T]


def perplexity(ids: np.ndarray, model: Model) -> float:
    """Read a text from states of zero and say among how many symbols the model seems to hesitate.

    Args:
        ids: (M,) integers, M at least 2; the model is asked for all but the first of them.
        model: the LSTM and the output layer.

    Returns:
        exp of the mean cross entropy of the M - 1 predictions; it is never below 1.
    """
    V, H = model.output.W.shape
    # TODO: one text, N = 1, all of it in one go, forwards only.
    xs = np.eye(V)[ids[:-1]][:, :, np.newaxis]  # (M - 1, V, 1)
    zeros = np.zeros((H, 1))
    hs = lstm_sequence.lstm_forward(xs, zeros, zeros, model.params).hs
    ys = model.output.W @ hs[1:, :, 0].T + model.output.b  # (V, M - 1)
    loss, _ = losses.softmax_cross_entropy(ys, ids[1:])
    return float(np.exp(loss))


def sample(prompt: np.ndarray, n: int, model: Model, uniforms: np.ndarray, temperature: float) -> np.ndarray:
    """Read a prompt from states of zero, then write: draw a symbol, read it, draw the next one.

    Symbol k is drawn with ``uniforms[k]``: the smallest index whose cumulative probability exceeds that
    number, where the last cumulative probability counts as 1.

    Args:
        prompt: (K,) integers, at least one.
        n: how many symbols to draw.
        model: the LSTM and the output layer.
        uniforms: (n,) numbers from 0 up to but not including 1.
        temperature: above 0; every logit is divided by it before the softmax.

    Returns:
        ids: (n,) integers, the symbols that were drawn; the prompt is no part of it.
    """
    V, H = model.output.W.shape
    # TODO: read all of the prompt; then draw, and read what was drawn.
    h = c = np.zeros((H, 1))
    read, written = prompt, np.zeros(n, dtype=int)
    for k in range(n):
        xs = np.eye(V)[read][:, :, np.newaxis]  # (1, V, 1), and at first (K, V, 1)
        trace = lstm_sequence.lstm_forward(xs, h, c, model.params)
        h, c = trace.hs[-1], trace.cs[-1]
        y = model.output.W @ h + model.output.b  # (V, 1)
        shares = losses.softmax(y / temperature)[:, 0]
        cumulative = np.cumsum(shares)
        written[k] = np.argmax(cumulative / cumulative[-1] > uniforms[k])
        read = written[k : k + 1]
    return written


def train(
    inputs: np.ndarray, targets: np.ndarray, model: Model, passes: int, lr: float, max_norm: float
) -> tuple[Model, np.ndarray]:
    """Train a model on batches of text, by Adam with a clipped gradient.

    The states are carried from batch to batch; each pass through the text begins with states of zero. If the
    norm of all gradients together, those of the output layer among them, is above max_norm, all of them are
    scaled down to that norm. Adam's state goes on from pass to pass.

    Args:
        inputs: (S, T, N) integers, as ``batches`` cuts them.
        targets: (S, T, N) integers.
        model: what to start from.
        passes: how often the text is read.
        lr: learning rate of Adam.
        max_norm: largest norm that the whole gradient may keep.

    Returns:
        model: trained, in new arrays.
        curve: (passes * S,) the loss of each batch, before the parameters move.
    """
    S, _, N = inputs.shape
    H = model.params.bf.shape[0]
    curve = np.zeros(passes * S)
    # TODO: for every pass zeros, for every batch the loss, one factor for all gradients, two steps of Adam.
    params, output = model
    state, output_state = training.adam_start(params), training.adam_start(output)
    for step in range(passes * S):
        batch = step % S
        if batch == 0:
            h = c = np.zeros((H, N))
        found = chunk_loss(inputs[batch], targets[batch], h, c, Model(params, output))
        curve[step], (dparams, doutput), h, c = found
        norm = np.sqrt(sum(np.sum(grad**2) for grad in (*dparams, *doutput)))
        factor = max_norm / max(norm, max_norm)
        dparams = LSTMParams(*(factor * grad for grad in dparams))
        doutput = OutputParams(*(factor * grad for grad in doutput))
        params, state = training.adam_step(params, dparams, state, lr)
        output, output_state = training.adam_step(output, doutput, output_state, lr)
    return Model(params, output), curve
