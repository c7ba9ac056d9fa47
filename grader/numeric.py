"""What a check compares with: arrays against arrays, gradients against numerical ones.

Every assertion looks at type, shape, finiteness and values, in that order, and stops at the first that is
wrong: `np.allclose` alone would broadcast (3, 3) against (3, 1). The text of a failure is what the student
reads; it never holds the expected array.

Source: complex step after Squire and Trapp, "Using complex variables to estimate derivatives of real
functions", SIAM Review 40 (1998).
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from grader.sandbox.values import Opaque, fields_of, ordered, type_name

Array = np.ndarray[Any, np.dtype[Any]]
COMPLEX_STEP = 1e-200
ZERO_TOLERANCE = 1e-12  # how far from an expected zero a gradient may be
WrongShape = tuple[str, tuple[int, ...], tuple[int, ...]]


class CheckFailed(AssertionError):
    """The student's answer is wrong; the text is for the student.

    Args:
        name: of the array that is wrong, if its shape is right.
        mask: where it is wrong, of its shape.
        shapes: of arrays whose shape is wrong: name, expected and received shape.
    """

    def __init__(
        self, text: str, name: str = "", mask: Array | None = None, shapes: tuple[WrongShape, ...] = ()
    ) -> None:
        super().__init__(text)
        self.name = name
        self.mask = mask
        self.shapes = shapes


def assert_close(
    actual: object,
    expected: object,
    name: str,
    *,
    rtol: float = 1e-9,
    atol: float = 1e-9,
) -> None:
    """Require that a student's value equals the reference's, up to rounding.

    Args:
        actual: what the student's function returned.
        expected: array of any shape, number, or (named) tuple of those; a tuple is compared item by item,
            and a plain tuple from the student is as good as a named one.
        name: what the student calls the value.
        rtol: allowed difference relative to the expected entry.
        atol: allowed absolute difference.

    Raises:
        CheckFailed: it does not; the text names the array, the worst index, both values there and how many
            entries are off.
        ValueError, TypeError: the expected value itself is not finite or not numeric (the grader's fault).
    """

    @np.errstate(over="ignore")
    def compare(got: Array, wanted: Array, label: str) -> None:
        off = np.abs(got - wanted) > atol + rtol * np.abs(wanted)
        if off.any():
            raise CheckFailed(_difference(got, wanted, off, label), label, off)

    _each(actual, expected, name, compare)


def assert_gradient(actual: object, expected: object, name: str, *, tolerance: float = 1e-6) -> None:
    """Require that a student's gradient equals the expected one, by relative error of each whole array.

    Args:
        actual: what the student's function returned.
        expected: the reference's gradient, or a numerical one; arrays or (named) tuples of arrays.
        name: what the student calls the gradient.
        tolerance: largest allowed :func:`relative_error`. Use 1e-6 against a reference, 1e-5 against
            central differences.

    Raises:
        CheckFailed: it does not.
        ValueError, TypeError: the expected value itself is not finite or not numeric.
    """

    @np.errstate(over="ignore")
    def compare(got: Array, wanted: Array, label: str) -> None:
        if relative_error(got, wanted) <= tolerance:
            return
        if not wanted.any() and np.abs(got).max() <= ZERO_TOLERANCE:
            return
        off = np.abs(got - wanted) > tolerance * (np.abs(wanted) + np.abs(wanted).mean())
        off = off if off.any() else got != wanted
        raise CheckFailed(_difference(got, wanted, off, label), label, off)

    _each(actual, expected, name, compare)


def assert_unchanged(changed: tuple[str, ...]) -> None:
    """Require that a call left its arguments alone.

    Args:
        changed: names of the arguments that it changed, from ``student.changed``.

    Raises:
        CheckFailed: there are any.
    """
    if changed:
        names = " and ".join(f"`{name}`" for name in changed)
        belong = "belongs" if len(changed) == 1 else "belong"
        raise CheckFailed(
            f"your code changes {names}, which {belong} to the caller; work on a copy.\n"
            "Look for `+=`, `*=`, `out=` and assignments to slices of an argument."
        )


def unpack(value: object, *names: str) -> tuple[Any, ...]:
    """Return the items of a tuple that a student's function should have returned.

    Raises:
        CheckFailed: it is not a tuple (or list) of as many items as there are names.
    """
    wanted = f"{len(names)} values ({', '.join(names)})"
    if not isinstance(value, tuple | list):
        raise CheckFailed(f"the function should return {wanted}, but returns {_describe(value)}")
    if len(value) != len(names):
        raise CheckFailed(f"the function should return {wanted}, but returns {len(value)}")
    return ordered(value, names)


def relative_error(a: Array, b: Array) -> float:
    """Return ``|a - b| / (|a| + |b|)`` with Frobenius norms; 0 where both are zero.

    Args:
        a: array of any shape.
        b: array of the same shape.
    """
    largest = max(np.abs(a).max(initial=0.0), np.abs(b).max(initial=0.0))
    if largest == 0.0:
        return 0.0
    a, b = a / largest, b / largest  # else the squares of tiny or huge entries leave float64's range
    return float(np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b)))


def numerical_gradient(function: Callable[[Array], float], x: Array) -> Array:
    """Return the gradient of a scalar function by central differences.

    The step is the cube root of float64's precision times ``max(1, |x|)``: there rounding and truncation
    are about equal, and the relative error is about 1e-10.

    Args:
        function: maps an array like ``x`` to a number.
        x: (any shape) point at which to differentiate; float64.

    Returns:
        Array of the shape of ``x``.
    """
    point = np.array(x, dtype=np.float64)
    gradient = np.empty_like(point)
    cube_root = np.finfo(np.float64).eps ** (1 / 3)
    for index in np.ndindex(point.shape):
        middle = point[index]
        step = cube_root * max(1.0, float(abs(middle)))
        point[index] = middle + step
        above = function(point)
        point[index] = middle - step
        below = function(point)
        point[index] = middle
        gradient[index] = (above - below) / (2 * step)
    return gradient


def complex_step_gradient(function: Callable[[Array], complex], x: Array) -> Array:
    """Return the gradient of a scalar function by the complex step: exact to rounding.

    Args:
        function: maps a complex array like ``x`` to a complex number; it must be analytic and must not
            store into real arrays, so it is for references, never for a student's code.
        x: (any shape) point at which to differentiate; real.

    Returns:
        Array of the shape of ``x``, float64.
    """
    point = np.array(x, dtype=np.complex128)
    gradient = np.empty(point.shape)
    for index in np.ndindex(point.shape):
        middle = point[index]
        point[index] = middle + 1j * COMPLEX_STEP
        gradient[index] = np.imag(function(point)) / COMPLEX_STEP
        point[index] = middle
    return gradient


# --- one value at a time ------------------------------------------------------------------------------


def _each(actual: object, expected: object, name: str, compare: Callable[[Array, Array, str], None]) -> None:
    """Compare every array inside ``expected``; the first failure also says which others are right."""
    if not isinstance(expected, tuple):
        if isinstance(expected, bool) or not isinstance(expected, np.ndarray | np.generic | int | float):
            raise TypeError(f"the reference's {name} is {_describe(expected)}")
        wanted = np.asarray(expected, dtype=np.float64)
        if not np.isfinite(wanted).all():
            raise ValueError(f"the reference's {name} is not finite")
        return compare(_numeric_array(actual, wanted, name), wanted, name)
    fields = fields_of(expected) or tuple(map(str, range(len(expected))))
    head, space, circumstances = name.partition(" ")
    if not re.fullmatch(r"[\w.\[\]]+( [^:]*)?", name):  # else each item would be called `N=2,.dx`
        raise ValueError(f"`{name}` should begin with what the value is called; say where after it")
    if not isinstance(actual, tuple | list) or len(actual) != len(fields):
        what = f"{len(actual)} of them" if isinstance(actual, tuple | list) else _describe(actual)
        raise CheckFailed(f"`{name}` should be {len(fields)} values ({', '.join(fields)}), but is {what}")
    got = ordered(actual, fields)  # in whatever kind of tuple they came
    failures, right = [], []
    for field, item, wanted in zip(fields, got, expected, strict=True):
        label = f"{head}.{field}" if fields_of(expected) else f"{head}[{field}]"
        try:
            _each(item, wanted, label + space + circumstances, compare)
            right.append(label)
        except CheckFailed as failure:
            failures.append((label, failure.with_traceback(None)))  # whose frames would hold this list
    if failures:
        first = failures[0][1]
        shapes = tuple(shape for _, failure in failures for shape in failure.shapes)
        text, others = str(first), [label for label, _ in failures[1:]]
        if len(shapes) > 1:
            text, others = _table(shapes), [label for label, failure in failures if not failure.shapes]
        text += f"\nOff as well: {', '.join(others)}." if others else ""
        text += f"\nRight: {', '.join(right)}." if right else ""
        raise CheckFailed(text, first.name, first.mask, shapes) from None
    return None


def _table(shapes: tuple[WrongShape, ...]) -> str:
    """Lay wrong shapes out in columns, and say what the first of them looks like."""
    parts = [(*name.partition(" "), str(wanted), str(got)) for name, wanted, got in shapes]
    rows = [("name", "should be", "yours"), *((name, wanted, got) for name, _, _, wanted, got in parts)]
    wide, wider = (max(len(row[column]) for row in rows) for column in (0, 1))
    lines = (f"  {name:<{wide}}  {wanted:<{wider}}  {got}" for name, wanted, got in rows)
    hint = _shape_hint(shapes[0][2], shapes[0][1]).removeprefix(": ")
    first, space, circumstances, *_ = parts[0]
    title = f"{len(shapes)} arrays have a wrong shape{space}{circumstances}:"
    return "\n".join([title, *lines, *[f"`{first}`: {hint}"] * bool(hint)])


def _numeric_array(actual: object, wanted: Array, name: str) -> Array:
    """Check type, shape and finiteness; return the student's array as float64."""
    number = wanted.ndim == 0
    should = f"`{name}` should be " + ("a number" if number else f"a NumPy array of shape {wanted.shape}")
    if number and isinstance(actual, int | float) and not isinstance(actual, bool):
        try:
            actual = np.asarray(float(actual))
        except OverflowError:  # an integer too large for that counts as infinite
            actual = np.asarray(np.inf)
    if not isinstance(actual, np.ndarray):
        alone = ": return the array alone" if isinstance(actual, tuple) else ""
        raise CheckFailed(f"{should}, but is {_describe(actual)}{alone}")
    if actual.dtype.kind not in "iuf":
        raise CheckFailed(f"{should} of real numbers, but its dtype is {actual.dtype}")
    if actual.shape != wanted.shape:
        hint = _shape_hint(actual.shape, wanted.shape)
        shapes = ((name, wanted.shape, actual.shape),)
        raise CheckFailed(f"{should}, but has shape {actual.shape}{hint}", shapes=shapes)
    got = actual.astype(np.float64)
    bad = ~np.isfinite(got)
    if bad.any():
        where = _index(np.unravel_index(int(np.argmax(bad)), bad.shape))
        count = f"{int(bad.sum())} of {bad.size} entries" if bad.size > 1 else "its only entry"
        raise CheckFailed(f"`{name}` is NaN or infinite in {count}{', first at ' + where if where else ''}")
    if actual.dtype.kind in "iu" and got.ndim and (wanted % 1).any():
        cure = f"{actual.dtype} cuts off every fraction; leave dtype=int out where it is made"
        raise CheckFailed(f"`{name}` is an array of whole numbers: {cure}", name, got != wanted)
    return got


def _shape_hint(got: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    if got != wanted and got == wanted[::-1]:
        return ": is it transposed?"
    if [size for size in got if size != 1] == [size for size in wanted if size != 1]:
        return ": an axis of size 1 is missing or misplaced (keepdims=True keeps it)"
    if wanted and got == (wanted[0],) * 2:
        return ": did a row broadcast against a column, or did a matrix product take the place of * or +?"
    if len(got) == len(wanted) and all(b in (a, 1) for a, b in zip(got, wanted, strict=True)):
        return ": did two shapes broadcast against each other?"
    return ""


def _describe(value: object) -> str:
    if value is None:
        return "None (does every path of the function end in `return`?)"
    if isinstance(value, Opaque) and value.type_name.startswith("array of"):
        return f"an {value.type_name}"
    if isinstance(value, list):
        return "a list (np.array or np.stack makes one array of it)"
    if isinstance(value, tuple):
        return f"a tuple of {len(value)}"
    if isinstance(value, np.ndarray):
        return f"one array of shape {value.shape}"
    name = type_name(value)
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _difference(got: Array, wanted: Array, off: Array, name: str) -> str:
    """Say where two arrays of one shape differ, and show the two values at the worst place only."""
    distance = np.where(off, np.abs(got - wanted), -1.0)
    # The first of those that are equally far: in a transposed matrix, rounding would choose, by the machine.
    worst = np.unravel_index(int(np.argmax(distance >= np.max(distance) * (1 - 1e-9))), distance.shape)
    shown = f"{got[worst]:.6g}", f"{wanted[worst]:.6g}"
    if shown[0] == shown[1]:
        shown = f"{got[worst]:.17g}", f"{wanted[worst]:.17g}"
    values = f": yours is {shown[0]}, should be {shown[1]}."
    if not worst:
        return f"`{name}` is off{values}"
    return f"`{name}` is off in {int(off.sum())} of {off.size} entries. Worst at {_index(worst)}{values}"


def _index(index: tuple[Any, ...]) -> str:
    return f"[{', '.join(str(int(one)) for one in index)}]" if index else ""
