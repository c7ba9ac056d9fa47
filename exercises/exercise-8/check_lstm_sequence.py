"""Visible checks of exercise-8. A check's first sentence is what the grader shows."""

from typing import NamedTuple

import numpy as np
import pytest

from grader.numeric import CheckFailed, assert_close, unpack

SIZES = ((7, 5, 3, 2), (1, 5, 3, 2), (1, 4, 1, 1), (3, 1, 2, 1))  # T, H, D, N
TRACE = ("hs", "cs", "gates")


class Weights(NamedTuple):
    """The four matrices of a set of parameters, under their names."""

    Wf: np.ndarray
    Wi: np.ndarray
    WC: np.ndarray
    Wo: np.ndarray


def draw(rng, reference, T, H, D, N):
    """Draw the arguments of lstm_forward, of order 1; state and cell differ from each other and from zero."""
    weights = 0.6 * rng.standard_normal((4, H, H + D))
    biases = 0.6 * rng.standard_normal((4, H, 1))
    xs, h0 = rng.standard_normal((T, D, N)), np.tanh(rng.standard_normal((H, N)))
    return xs, h0, 2 * rng.standard_normal((H, N)), reference.LSTMParams(*weights, *biases)


def compare(student, reference, rng, which):
    """Compare one part of the trace at several sizes: 0 is hs, 1 is cs, 2 are the gates."""
    for T, H, D, N in SIZES:
        arguments = draw(rng, reference, T, H, D, N)
        trace = unpack(student.lstm_forward(*arguments), *TRACE)
        wanted = reference.lstm_forward(*arguments)[which]
        try:
            assert_close(trace[which], wanted, TRACE[which])
        except CheckFailed as failure:
            why = twins(*trace) or (first_wrong(trace[which], wanted, TRACE[which]) if which < 2 else "")
            raise CheckFailed(f"With T={T}, H={H}, D={D}, N={N}: {failure}{why}") from None


def twins(hs, cs, gates):
    """Say which parts of the trace look like one array under several names."""
    pairs = {"hs and cs": (hs, cs)}
    if isinstance(hs, np.ndarray) and hs.ndim:
        pairs["all entries of hs along time"] = (hs[1:], hs[:-1])
    if isinstance(gates, tuple | list) and len(gates) == 4:
        pairs["your gates"] = (gates[0], gates[2])
    for what, (one, other) in pairs.items():
        if isinstance(one, np.ndarray) and isinstance(other, np.ndarray) and one.size:
            if np.array_equal(one, other):
                return f"\nIn fact {what} are equal: is it one array under several names?"
    return ""


def first_wrong(got, wanted, name):
    """Say where along time the first wrong entry is."""
    if not isinstance(got, np.ndarray) or got.shape != wanted.shape:
        return ""
    wrong = [t for t in range(len(wanted)) if not np.allclose(got[t], wanted[t], rtol=1e-9, atol=1e-9)]
    if not wrong:
        return ""
    first = wrong[0]
    if first == 0:
        return f"\nAlready {name}[0] is wrong."
    return f"\n{name}[{first - 1}] is right, {name}[{first}] is not."


@pytest.mark.credits(1)
def check_lstm_forward_hs(student, reference, rng):
    """hs: the hidden states, h0 first; T=1, N=1 and D=1 as well."""
    compare(student, reference, rng, 0)


@pytest.mark.credits(1)
def check_lstm_forward_cs(student, reference, rng):
    """cs: the cells, c0 first."""
    compare(student, reference, rng, 1)


@pytest.mark.credits(1)
def check_lstm_forward_gates(student, reference, rng):
    """gates: f, i, g and o of every step."""
    compare(student, reference, rng, 2)


@pytest.mark.credits(1)
def check_init_lstm_weights(student, reference, rng):
    """Wf, Wi, WC and Wo are drawn from one generator, in this order, between -1/√H and 1/√H."""
    for D, H in ((3, 5), (1, 4), (2, 1)):
        arguments = (D, H, float(rng.uniform(0.5, 3)), int(rng.integers(10**6)))
        got = unpack(student.init_lstm(*arguments), *reference.LSTMParams._fields)[:4]
        try:
            assert_close(got, Weights(*reference.init_lstm(*arguments)[:4]), "params")
        except CheckFailed as failure:
            why = about_weights(got, H)
            raise CheckFailed(f"With input_size={D}, hidden_size={H}: {failure}{why}") from None


def about_weights(weights, H):
    """Say what is noticeable about four matrices that are not the right ones."""
    if not all(isinstance(one, np.ndarray) and one.shape[:1] == (H,) for one in weights):
        return ""
    largest, limit = max(np.abs(one).max() for one in weights), 1 / np.sqrt(H)
    if largest > limit:
        return f"\nThe largest of your weights is {largest:.3f}, but 1/√H is {limit:.3f}."
    if all(np.array_equal(one, weights[0]) for one in weights):
        return "\nYour four matrices are equal: how many generators are made, and from what?"
    return "\nIs it default_rng that draws them, matrix after matrix, each in one draw of its whole shape?"
