"""The checker is checked: faults it must find, right answers it must accept, and what it says."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from grader.numeric import (
    CheckFailed,
    assert_close,
    assert_gradient,
    assert_unchanged,
    complex_step_gradient,
    numerical_gradient,
    relative_error,
    unpack,
)
from grader.sandbox.values import Named, Opaque

Array = np.ndarray[Any, np.dtype[Any]]
Assertion = Callable[[object, object, str], None]
BOTH = pytest.mark.parametrize("check", [assert_close, assert_gradient], ids=["close", "gradient"])
SHAPES = [(5, 3), (5, 1), (1, 4), (7,), (2, 3, 4), (1,), (1, 1)]


class Grads(NamedTuple):
    """A parameter set like those of the exercises."""

    dWxh: Any
    dWhh: Any
    dbh: Any


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def says(check: Assertion, actual: object, expected: object, name: str = "dWxh") -> str:
    """Return what the student reads, which must be short."""
    with pytest.raises(CheckFailed) as caught:
        check(actual, expected, name)
    text = str(caught.value)
    assert len(text.splitlines()) <= 12
    assert len(text) < 1000
    return text


# --- planted faults -----------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("shape", SHAPES)
def test_a_fault_at_any_one_place_is_found_and_named(
    check: Assertion, shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    wanted = rng.standard_normal(shape) + 3.0
    for place in np.ndindex(shape):
        wrong = wanted.copy()
        wrong[place] *= 1.001
        text = says(check, wrong, wanted)
        assert f"at [{', '.join(map(str, place))}]" in text
        assert f"1 of {wanted.size} entries" in text
        assert "`dWxh`" in text
        assert f"{wrong[place]:.6g}" in text
        assert f"{wanted[place]:.6g}" in text


@BOTH
def test_a_gradient_a_thousandth_off_is_rejected(check: Assertion, rng: np.random.Generator) -> None:
    for scale in (1e-3, 1.0, 1e3):
        wanted = scale * rng.standard_normal((5, 3))
        for factor in (1.001, 0.999):
            assert "15 of 15 entries" in says(check, factor * wanted, wanted)


@pytest.mark.parametrize("size", [1e-12, 1e-16, 1e-100, 1e-170, 1e-300])
def test_a_vanishing_gradient_is_judged_by_its_own_size(size: float, rng: np.random.Generator) -> None:
    wanted = size * (rng.standard_normal((5, 3)) + 3)
    assert_gradient(wanted.copy(), wanted, "dh0")
    for wrong in (np.zeros_like(wanted), -wanted, 1.001 * wanted):
        says(assert_gradient, wrong, wanted)


@pytest.mark.parametrize("size", [1e100, 1e160, 1e200])
def test_an_exploded_gradient_is_rejected_without_a_warning(size: float, rng: np.random.Generator) -> None:
    wanted = rng.standard_normal((5, 3))
    says(assert_gradient, size * wanted, wanted)
    says(assert_close, size * wanted, wanted)


@BOTH
def test_the_largest_numbers_are_rejected_without_a_warning(check: Assertion) -> None:
    largest = np.finfo(np.float64).max
    says(check, np.array([largest, -largest]), np.array([-1.0, 1.0]))


@BOTH
def test_wrong_signs_and_zeros_are_rejected(check: Assertion, rng: np.random.Generator) -> None:
    wanted = rng.standard_normal((5, 3))
    for wrong in (-wanted, np.zeros_like(wanted), wanted + 1):
        says(check, wrong, wanted)


def test_where_nothing_is_expected_nearly_nothing_is_accepted() -> None:
    nothing = np.zeros((3, 2))
    assert_gradient(nothing + 1e-14, nothing, "dx")
    says(assert_gradient, nothing + 1e-6, nothing)


@BOTH
def test_empty_arrays_are_equal(check: Assertion) -> None:
    check(np.zeros((0, 3)), np.zeros((0, 3)), "h")
    says(check, np.zeros((3, 0)), np.zeros((0, 3)))


# --- shape and type before values ---------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("got", "wanted"),
    [
        ((5, 1), (5, 5)),
        ((5, 5), (5, 1)),
        ((1, 5), (5, 5)),
        ((5,), (5, 1)),
        ((5, 1), (5,)),
        ((1, 5), (5, 1)),
        ((), (5, 1)),
        ((), (1,)),
        ((1,), ()),
        ((1, 1), ()),
        ((3, 5), (5, 3)),
        ((5, 3, 1), (5, 3)),
        ((0,), (5,)),
    ],
)
def test_another_shape_is_rejected_even_where_numpy_would_broadcast(
    check: Assertion, got: tuple[int, ...], wanted: tuple[int, ...]
) -> None:
    text = says(check, np.ones(got), np.ones(wanted))
    assert str(got) in text
    assert (str(wanted) if wanted else "a number") in text


@BOTH
@pytest.mark.parametrize(
    ("got", "wanted", "hint"),
    [
        ((3, 5), (5, 3), "transposed"),
        ((5,), (5, 1), "keepdims"),
        ((1, 5), (5, 1), "transposed"),
        ((5, 5), (5, 1), "broadcast"),
        ((5, 5), (1, 5), "broadcast"),
    ],
)
def test_a_shape_that_betrays_its_mistake_gets_a_hint(
    check: Assertion, got: tuple[int, ...], wanted: tuple[int, ...], hint: str
) -> None:
    assert hint in says(check, np.ones(got), np.ones(wanted))


@BOTH
def test_several_wrong_shapes_stand_in_a_table(check: Assertion) -> None:
    wanted = Grads(np.ones((5, 3)), np.ones((5, 5)), np.ones((5, 1)))
    got = wanted._replace(dWxh=np.ones((3, 5)), dbh=np.ones(5))
    assert says(check, got, wanted, "dparams with N=1").splitlines() == [
        "2 arrays have a wrong shape with N=1:",
        "  name          should be  yours",
        "  dparams.dWxh  (5, 3)     (3, 5)",
        "  dparams.dbh   (5, 1)     (5,)",
        "`dparams.dWxh`: is it transposed?",
        "Right: dparams.dWhh.",
    ]
    text = says(check, got._replace(dWhh=2 * got.dWhh), wanted, "dparams")
    assert text.splitlines()[-1] == "Off as well: dparams.dWhh."


@BOTH
def test_a_transposed_square_matrix_is_rejected(check: Assertion, rng: np.random.Generator) -> None:
    wanted = rng.standard_normal((4, 4))
    assert "12 of 16 entries" in says(check, wanted.T, wanted)


@BOTH
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_rejected(check: Assertion, bad: float) -> None:
    wrong = np.ones((2, 3))
    wrong[1, 2] = bad
    text = says(check, wrong, np.ones((2, 3)))
    assert "NaN or infinite in 1 of 6 entries" in text
    assert "[1, 2]" in text
    assert "NaN" in says(check, bad, 1.0)
    assert "NaN" in says(check, np.full((2, 2), bad), np.ones((2, 2)))


@BOTH
@pytest.mark.parametrize(
    ("actual", "words"),
    [
        (None, "None"),
        ([1.0, 1.0], "a list"),
        ((1.0, 1.0), "a tuple of 2"),
        (1.0, "a float"),
        (1, "an int"),
        ("text", "a str"),
        ({}, "a dict"),
        (True, "a bool"),
        (Opaque("generator"), "a generator"),
        (Opaque("array of dtype object"), "an array of dtype object"),
        (np.array([1, 1], object), "dtype is object"),
        (np.array(["1", "1"]), "dtype is <U1"),
        (np.array([True, True]), "dtype is bool"),
        (np.array([1, 1], complex), "dtype is complex128"),
        (np.array([0, 0], "M8[D]"), "dtype is datetime64"),
    ],
    ids=lambda value: f"{value!r:.30}",
)
def test_what_is_not_a_real_array_is_rejected_and_named(check: Assertion, actual: object, words: str) -> None:
    text = says(check, actual, np.ones(2))
    assert words in text
    assert "`dWxh` should be a NumPy array of shape (2,)" in text


@BOTH
@pytest.mark.parametrize(
    "actual", [None, "1", [1.0], (1.0,), True, 1j, Opaque("thing"), np.array(True), np.array(1j)]
)
def test_what_is_not_a_number_is_rejected(check: Assertion, actual: object) -> None:
    assert "`loss` should be a number" in says(check, actual, 1.0, "loss")


@pytest.mark.parametrize("huge", [2**1023, 2**1024 - 1, 1 - 2**1024], ids=["large", "largest", "smallest"])
def test_a_huge_integer_for_a_number_is_the_students_fault(huge: int) -> None:
    says(assert_close, huge, 1.0)


# --- right answers ------------------------------------------------------------------------------------


@BOTH
def test_any_memory_layout_is_accepted(check: Assertion, rng: np.random.Generator) -> None:
    wanted = rng.standard_normal((4, 6))
    big = np.zeros((8, 12))
    big[::2, ::2] = wanted
    for layout in (
        np.asfortranarray(wanted),
        wanted.T.copy().T,
        big[::2, ::2],
        wanted[::-1, ::-1].copy()[::-1, ::-1],
        wanted.astype(">f8"),
        np.array(wanted.tolist()),
        wanted + 1e-15,
    ):
        check(layout, wanted, "h")
        check(wanted, layout, "h")


@BOTH
def test_whole_numbers_and_single_precision_count_as_real(check: Assertion) -> None:
    for dtype in (np.int8, np.uint64, np.float32, np.float16):
        check(np.array([1, 2], dtype), np.array([1.0, 2.0]), "h")


@BOTH
@pytest.mark.parametrize("number", [2.5, np.float64(2.5), np.array(2.5), np.float32(2.5)])
def test_every_kind_of_number_is_a_number(check: Assertion, number: Any) -> None:
    check(number if isinstance(number, float) else np.asarray(number), 2.5, "loss")
    check(2.5, number, "loss")


@BOTH
def test_an_int_is_a_number(check: Assertion) -> None:
    check(2, 2.0, "loss")


@BOTH
def test_a_tuple_is_compared_item_by_item_whatever_its_kind(
    check: Assertion, rng: np.random.Generator
) -> None:
    wanted = Grads(*(rng.standard_normal((4, n)) for n in (3, 4, 1)))
    reordered = Named.of("Mine", ("dbh", "dWxh", "dWhh"), [wanted.dbh, wanted.dWxh, wanted.dWhh])
    renamed = Named.of("Mine", ("a", "b", "c"), list(wanted))
    for actual in (wanted, tuple(wanted), list(wanted), reordered, renamed):
        check(actual, wanted, "grads")
    check((1.0, (wanted, 2.0)), (1.0, (wanted, 2.0)), "result")


@BOTH
def test_a_tuple_in_another_order_without_names_is_rejected(
    check: Assertion, rng: np.random.Generator
) -> None:
    wanted = Grads(*(rng.standard_normal((4, 4)) for _ in range(3)))
    text = says(check, (wanted.dWhh, wanted.dWxh, wanted.dbh), wanted, "grads")
    assert "`grads.dWxh` is off" in text
    assert "Off as well: grads.dWhh." in text
    assert "Right: grads.dbh." in text


@BOTH
@pytest.mark.parametrize(
    "actual", [None, np.ones((3, 2)), (1.0, 2.0), (1.0,) * 4, Opaque("generator"), "abc", {}]
)
def test_what_is_not_a_tuple_of_that_length_is_rejected(check: Assertion, actual: object) -> None:
    text = says(check, actual, Grads(1.0, 2.0, 3.0), "grads")
    assert "`grads` should be 3 values (dWxh, dWhh, dbh)" in text


@pytest.mark.parametrize("name", ["N=2, T=3: gates", "With N=2: gates", "`gates`"])
def test_a_tuple_without_a_name_at_the_front_is_the_graders_fault(name: str) -> None:
    with pytest.raises(ValueError, match="should begin with what the value is called"):
        assert_close((np.ones(2), np.ones(2)), (np.ones(2), np.zeros(2)), name)


@BOTH
def test_a_fault_deep_in_a_tuple_is_named(check: Assertion) -> None:
    wanted = (np.ones(2), Grads(np.ones(3), np.ones((3, 3)), np.ones((3, 1))))
    wrong = (np.ones(2), Grads(np.ones(3), np.ones((3, 3)), np.array([[1], [1], [2.0]])))
    assert "result[1].dbh` is off in 1 of 3 entries. Worst at [2, 0]" in says(check, wrong, wanted, "result")


@BOTH
@pytest.mark.parametrize("expected", [np.array([np.nan]), np.array([np.inf]), float("nan")])
def test_a_reference_that_is_not_finite_is_the_graders_fault(check: Assertion, expected: Any) -> None:
    with pytest.raises(ValueError, match="the reference's h is not finite"):
        check(np.array([1.0]), expected, "h")


@BOTH
@pytest.mark.parametrize("expected", [None, "text", [1.0], True, Opaque("x")])
def test_a_reference_that_is_not_numeric_is_the_graders_fault(check: Assertion, expected: Any) -> None:
    with pytest.raises(TypeError, match="the reference's h is"):
        check(np.array([1.0]), expected, "h")


# --- what a message says ------------------------------------------------------------------------------


@BOTH
def test_the_worst_place_is_named_and_the_rest_is_not_given_away(
    check: Assertion, rng: np.random.Generator
) -> None:
    wanted = rng.standard_normal((6, 7))
    wrong = wanted + 0.01 * rng.standard_normal((6, 7))
    wrong[4, 2] += 5.0
    text = says(check, wrong, wanted)
    assert "Worst at [4, 2]" in text
    shown = [place for place in np.ndindex(6, 7) if f"{wanted[place]:.6g}" in text]
    assert shown == [(4, 2)]


@BOTH
def test_rounding_does_not_choose_between_equally_bad_places(
    check: Assertion, rng: np.random.Generator
) -> None:
    wanted = rng.standard_normal((5, 5))
    wanted[0, 2], wanted[2, 0] = 9.0, -9.0
    for nudge in (1 - 1e-15, 1 + 1e-15):
        transposed = wanted.T.copy()
        transposed[2, 0] *= nudge
        assert "Worst at [0, 2]: yours is -9, should be 9." in says(check, transposed, wanted)


@BOTH
def test_two_values_that_look_alike_are_shown_in_full(check: Assertion) -> None:
    text = says(check, np.array([1.0000041]), np.array([1.0]))
    assert "1.0000041" in text


@BOTH
def test_a_number_that_is_off_needs_no_index(check: Assertion) -> None:
    assert says(check, 3.0, 2.0, "loss") == "`loss` is off: yours is 3, should be 2."


def test_unpack_gives_the_items() -> None:
    assert unpack((1, 2), "a", "b") == (1, 2)
    assert unpack([1, 2], "a", "b") == (1, 2)


def test_unpack_goes_by_the_names_a_student_gave() -> None:
    """What assert_close and assert_gradient accept, unpack must not turn round."""
    assert unpack(Named.of("Mine", ("b", "a"), [2, 1]), "a", "b") == (1, 2)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "but returns None"),
        (np.ones(2), "one array of shape (2,)"),
        ((1,), "returns 1"),
        ((1, 2, 3), "returns 3"),
        ("ab", "a str"),
        (Opaque("generator"), "a generator"),
        ({"a": 1, "b": 2}, "a dict"),
    ],
)
def test_unpack_says_what_came_instead(value: object, words: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        unpack(value, "dx", "dh")
    assert "the function should return 2 values (dx, dh)" in str(caught.value)
    assert words in str(caught.value)


def test_assert_unchanged_names_every_changed_argument() -> None:
    assert_unchanged(())
    with pytest.raises(CheckFailed, match=r"changes `dh` and `params\.Whh`") as caught:
        assert_unchanged(("dh", "params.Whh"))
    assert "copy" in str(caught.value)


def test_relative_error() -> None:
    a = np.array([3.0, 4.0])
    assert relative_error(a, a) == 0
    assert relative_error(np.zeros(2), np.zeros(2)) == 0
    assert relative_error(a, -a) == 1
    assert relative_error(a, np.zeros(2)) == 1
    assert relative_error(1.1 * a, a) == pytest.approx(0.1 / 2.1)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 6),
    st.integers(1, 6),
    st.floats(1e-3, 1e3),
    st.floats(1.1e-3, 10.0),
)
def test_no_fault_of_a_thousandth_slips_through(
    seed: int, rows: int, columns: int, scale: float, fault: float
) -> None:
    """Wherever it is planted, in an array of entries of about one size, whatever that size is."""
    rng = np.random.default_rng(seed)
    wanted = scale * rng.uniform(0.5, 2.0, (rows, columns)) * rng.choice([-1, 1], (rows, columns))
    for check in (assert_close, assert_gradient):
        check(wanted * (1 + 1e-13), wanted, "g")
        wrong = wanted.copy()
        wrong[rng.integers(rows), rng.integers(columns)] *= 1 + fault
        says(check, wrong, wanted)


# --- numerical gradients ------------------------------------------------------------------------------


def network(rng: np.random.Generator) -> tuple[Callable[[Array], Any], Array, Array]:
    """Return a loss of a tanh network as a function of its weights, a point, and the gradient there."""
    H, N, T = 4, 3, 5
    W, xs = rng.standard_normal((H, H)) / 2, rng.standard_normal((T, H, N))
    target = rng.standard_normal((H, N))

    def loss(W: Array) -> Any:
        h = np.zeros((H, N))
        for x in xs:
            h = np.tanh(W @ h + x)
        return (target * h).sum()

    hs = [np.zeros((H, N))]
    for x in xs:
        hs.append(np.tanh(W @ hs[-1] + x))
    dW, dh = np.zeros((H, H)), target
    for t in reversed(range(T)):
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += dz @ hs[t].T
        dh = W.T @ dz
    return loss, W, dW


@pytest.mark.parametrize("seed", range(5))
def test_central_differences_are_right_to_nine_digits(seed: int) -> None:
    loss, W, dW = network(np.random.default_rng(seed))
    before = W.copy()
    assert relative_error(numerical_gradient(loss, W), dW) <= 1e-9
    assert np.array_equal(W, before)


@pytest.mark.parametrize("seed", range(5))
def test_the_complex_step_is_right_to_rounding(seed: int) -> None:
    loss, W, dW = network(np.random.default_rng(seed))
    assert relative_error(complex_step_gradient(loss, W), dW) <= 1e-15


def test_numerical_gradients_have_the_shape_of_the_point() -> None:
    for shape, gradient in itertools.product(
        [(), (3,), (2, 1, 3), (0, 2)], [numerical_gradient, complex_step_gradient]
    ):
        point = np.full(shape, 0.5)
        found = gradient(lambda x: (x**2).sum(), point)
        assert found.shape == shape
        assert found.dtype == np.float64
        assert np.allclose(found, 2 * point)


def test_numerical_gradients_differ_from_a_wrong_formula() -> None:
    loss, W, dW = network(np.random.default_rng(0))
    for gradient in (numerical_gradient, complex_step_gradient):
        with pytest.raises(CheckFailed):
            assert_gradient(1.001 * dW, gradient(loss, W), "dW", tolerance=1e-5)
        assert_gradient(dW, gradient(loss, W), "dW", tolerance=1e-5)


def sine(scale: float, x: Array) -> float:
    return float(np.sin(scale * x))


def test_central_differences_step_with_the_size_of_the_point() -> None:
    for point in (1e-6, 1.0, 1e3, 1e6):
        found = numerical_gradient(functools.partial(sine, 1 / point), np.array(point))
        assert found == pytest.approx(np.cos(1.0) / point, rel=1e-8 if point >= 1 else np.inf)
