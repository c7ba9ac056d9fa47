"""Visible checks of exercise-17. A check's first sentence is what the grader shows."""

import numpy as np
import pytest

from grader.numeric import CheckFailed, assert_close, assert_gradient, unpack

H, V, N, T = 5, 6, 3, 4
LETTERS = "abcdefghijklmnopqrstuvwxyz .,!?'-"
READS = ("exercise-8.lstm_forward", "exercise-4.softmax_cross_entropy")
LEARNS = (*READS, "exercise-4.output_backward", "exercise-10.lstm_backward")
RESULTS = ("loss", "grads", "h_last", "c_last")
DRIFT = 1e-5  # of a loss, relative: forms of the right code differ by rounding, which training amplifies


def draw_model(rng, reference, V=V, H=H):
    """Draw an LSTM and an output layer of order 1."""
    weights = [0.6 * rng.standard_normal((H, H + V)) for _ in range(4)]
    biases = [0.6 * rng.standard_normal((H, 1)) for _ in range(4)]
    output = reference.OutputParams(1.5 * rng.standard_normal((V, H)), 0.6 * rng.standard_normal((V, 1)))
    return reference.Model(reference.LSTMParams(*weights, *biases), output)


def draw_chunk(rng, reference, T=T, N=N):
    """Draw a chunk, the states before it, and a model; the texts agree in their first symbol."""
    inputs, targets = rng.integers(V, size=(2, T, N))
    inputs[0] = inputs[0, 0]
    h0, c0 = np.tanh(rng.standard_normal((H, N))), rng.standard_normal((H, N))
    return inputs, targets, h0, c0, draw_model(rng, reference)


def draw_text(rng, length):
    """Draw a text in which some characters occur often and most do not occur."""
    letters = rng.choice(list(LETTERS), 9, replace=False)
    return "".join(rng.choice(letters, length)) + "the tide. The tide!"


@pytest.mark.credits(1)
def check_vocabulary_values(student, reference, rng):
    """The vocabulary has every character once, in sorted order."""
    texts = [draw_text(rng, 40), "b", "zza a\nz", "Été, état"]
    for text, got in [(text, student.vocabulary(text)) for text in texts]:
        if not isinstance(got, str):
            raise CheckFailed(f"`symbols` should be a string, but is {type(got).__name__}")
        if got != reference.vocabulary(text):
            raise CheckFailed(f"the vocabulary of {text[:20]!r} should not be {got[:40]!r}")


@pytest.mark.credits(1)
def check_encode_values(student, reference, rng):
    """Every character becomes its place in the vocabulary, whatever the order of that is."""
    questions = {}
    for length in (60, 1):
        text = draw_text(rng, length)
        symbols = "".join(rng.permutation(sorted(set(text) | set("xyz"))))
        questions[f"ids of {length + 19} characters"] = text, symbols
    answers = [student.encode(*arguments) for arguments in questions.values()]
    for (name, arguments), got in zip(questions.items(), answers, strict=True):
        assert_close(got, reference.encode(*arguments), name)


@pytest.mark.credits(1)
def check_batches_values(student, reference, rng):
    """Stretches of the text lie side by side, cut into chunks; targets are one place further on."""
    questions = {}
    for M, N, T in ((13, 2, 3), (25, 3, 4), (24, 4, 3), (40, 1, 6), (11, 5, 2), (13, 3, 4)):
        questions[f"for M={M}, N={N} and T={T}"] = rng.permutation(100)[:M], N, T
    answers = [student.batches(*arguments) for arguments in questions.values()]
    for (at, arguments), answer in zip(questions.items(), answers, strict=True):
        got = unpack(answer, "inputs", "targets")
        right = reference.batches(*arguments)
        for name, one, wanted in zip(("inputs", "targets"), got, right, strict=True):
            assert_close(one, wanted, f"{name} {at}")


@pytest.mark.credits(1)
@pytest.mark.builds_on(*READS)
def check_chunk_loss_value(student, reference, rng):
    """The loss, a mean over steps and texts, and both last states are right."""
    chunks = [draw_chunk(rng, reference, *size) for size in ((T, N), (1, 2), (6, 1))]
    answers = [unpack(student.chunk_loss(*chunk), *RESULTS) for chunk in chunks]
    for chunk, (loss, _, h_last, c_last) in zip(chunks, answers, strict=True):
        right, _, right_h, right_c = reference.chunk_loss(*chunk)
        at = " for T={} and N={}".format(*chunk[0].shape)
        assert_close(h_last, right_h, "h_last" + at)
        assert_close(c_last, right_c, "c_last" + at)
        assert_close(loss, right, "loss" + at)


@pytest.mark.credits(1)
@pytest.mark.builds_on(*LEARNS)
def check_chunk_loss_gradients(student, reference, rng):
    """The gradients of the LSTM and of the output layer are right."""
    chunks = [draw_chunk(rng, reference, *size) for size in ((T, N), (1, 2), (6, 1))]
    answers = [unpack(student.chunk_loss(*chunk), *RESULTS)[1] for chunk in chunks]
    for chunk, grads in zip(chunks, answers, strict=True):
        dparams, doutput = unpack(grads, "params", "output")
        right = reference.chunk_loss(*chunk)[1]
        at = " for T={} and N={}".format(*chunk[0].shape)
        assert_gradient(doutput, right.output, "grads.output" + at)
        assert_gradient(dparams, right.params, "grads.params" + at)


@pytest.mark.credits(1)
@pytest.mark.builds_on(*READS)
def check_perplexity_values(student, reference, rng):
    """The perplexity of texts of several lengths, read from states of zero."""
    model = draw_model(rng, reference)
    texts = [rng.integers(V, size=M) for M in (12, 30, 2)]
    answers = [student.perplexity(ids, model) for ids in texts]
    for ids, got in zip(texts, answers, strict=True):
        assert_close(got, reference.perplexity(ids, model), f"perplexity of {len(ids)} symbols")


@pytest.mark.credits(1)
@pytest.mark.builds_on("exercise-8.lstm_forward", "exercise-4.softmax")
def check_sample_values(student, reference, rng):
    """What is written after prompts of one and of several symbols, at temperatures 1, 0.5 and 2."""
    model, questions = draw_model(rng, reference, V=11), {}
    for K, temperature in ((1, 1.0), (5, 0.5), (3, 2.0), (1, 2.0)):
        prompt = rng.integers(11, size=K)
        arguments = (prompt, 40, model, rng.random(40), temperature)
        questions[f"after {K} symbols, temperature {temperature:g}"] = arguments
    for k in range(12):  # short ones: what is kept of a prompt shows in the first symbols
        prompt = rng.integers(11, size=6)
        questions[f"after prompt {k} of 6 symbols"] = prompt, 3, model, rng.random(3), 1.5
    answers = [student.sample(*arguments) for arguments in questions.values()]
    for (at, arguments), got in zip(questions.items(), answers, strict=True):
        right = reference.sample(*arguments)
        end = len(right)
        if isinstance(got, np.ndarray) and got.shape == right.shape and (got != right).any():
            end = int(np.argmax(got != right)) + 1  # what follows the first wrong symbol is wrong as well
        part = f"ids[:{end}]" if end < len(right) else "ids"
        assert_close(got[:end] if end < len(right) else got, right[:end], f"{part} {at}")


@pytest.mark.credits(1)
@pytest.mark.lend("chunk_loss")
@pytest.mark.builds_on(*LEARNS, "exercise-11.adam_step")
def check_train_losses(student, reference, rng):
    """The losses of two passes are right: states carried, gradients clipped, Adam's memory kept."""
    questions = {}
    for S, T, N, max_norm in ((5, 4, 3, 0.5), (4, 3, 2, 100.0), (3, 2, 1, 0.05)):
        inputs, targets = rng.integers(V, size=(2, S, T, N))
        arguments = (inputs, targets, draw_model(rng, reference), 2, 0.05, max_norm)
        questions[f"with S={S}, T={T}, N={N}, max_norm={max_norm:g}"] = arguments
    answers = [student.train(*arguments) for arguments in questions.values()]
    for (at, arguments), answer in zip(questions.items(), answers, strict=True):
        _, curve = unpack(answer, "model", "curve")
        _, right = reference.train(*arguments)
        assert_close(curve, right, f"curve {at}", rtol=0, atol=np.inf)
        first = int(np.argmax(np.abs(curve - right) > DRIFT * right))
        where = "before anything has moved" if first == 0 else "the first to be wrong"
        assert_close(float(curve[first]), right[first], f"curve[{first}] {at}, {where},", rtol=DRIFT)
