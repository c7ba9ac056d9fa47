"""Formulas of a quiz: arithmetic and a few functions, evaluated node by node from an allow-list.

Nothing of Python's own evaluation is used, so a formula reaches no name, attribute or file. NumPy is imported
only where a formula works on matrices.
"""

from __future__ import annotations

import ast
import functools
import math
import operator
import warnings
from collections.abc import Callable, Mapping
from typing import Any

Value = Any
"""An int, a float, a truth value, or a (nested) list of floats, which becomes an array."""

MAX_LENGTH = 300
MAX_DEPTH = 40
MAX_EXPONENT = 10_000
MAX_INTEGER_BITS = 1023
MAX_DIGITS = 300
CONSTANTS = {"pi": math.pi, "e": math.e}
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.MatMult: operator.matmul,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class FormulaError(ValueError):
    """A formula cannot be read or has no value; the sentence says where and why."""


def evaluate(formula: str, names: Mapping[str, Value]) -> Any:
    """Return the value of a formula: an int, a float, a truth value, or an array.

    Args:
        names: values of the names that may occur besides the functions and constants.

    Raises:
        FormulaError: it is malformed, uses something that is not allowed, or has no finite value.
    """
    tree = _parsed(formula)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # NumPy says so where a value is lost
            value = _Evaluation(names).visit(tree, 0)
        finite = not isinstance(value, int | float) or math.isfinite(value)
    except FormulaError:
        raise
    except (ArithmeticError, ValueError, TypeError, IndexError, RuntimeWarning) as error:
        raise FormulaError(f"`{formula}` has no value here: {error}") from None
    if not finite:
        raise FormulaError(f"`{formula}` is not finite here")
    return value


@functools.lru_cache(maxsize=2048)
def _parsed(formula: str) -> ast.expr:
    if len(formula) > MAX_LENGTH:
        raise FormulaError(f"a formula of {len(formula)} characters is too long")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python would like spaces in `1if 2else 3`
            return ast.parse(formula.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise FormulaError(f"`{formula}` is no formula") from None


class _Evaluation:
    """Walks one formula."""

    def __init__(self, names: Mapping[str, Value]) -> None:
        self.names = names

    def visit(self, node: ast.AST, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise FormulaError("a formula is nested too deeply")
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise FormulaError(f"`{ast.unparse(node)}` is not allowed in a formula")
        return method(node, lambda inner: self.visit(inner, depth + 1))

    def _constant(self, node: ast.Constant, _: Any) -> Any:
        if isinstance(node.value, int | float):
            return node.value
        raise FormulaError(f"`{ast.unparse(node)}` is no number")

    def _name(self, node: ast.Name, _: Any) -> Any:
        if node.id in self.names:
            return _plain(self.names[node.id])
        if node.id in CONSTANTS:
            return CONSTANTS[node.id]
        raise FormulaError(f"`{node.id}` is not known here")

    def _binop(self, node: ast.BinOp, visit: Any) -> Any:
        left, right = visit(node.left), visit(node.right)
        if isinstance(node.op, ast.Pow):
            return _power(left, right)
        if type(node.op) not in OPERATORS:
            raise FormulaError(f"`{ast.unparse(node)}` is not allowed in a formula")
        if isinstance(left, tuple) or isinstance(right, tuple):
            raise FormulaError("a formula does not calculate with `(…, …)`; `[…, …]` is a vector")
        return _bounded(OPERATORS[type(node.op)](left, right))

    def _unaryop(self, node: ast.UnaryOp, visit: Any) -> Any:
        if type(node.op) not in OPERATORS:
            raise FormulaError(f"`{ast.unparse(node)}` is not allowed in a formula")
        return OPERATORS[type(node.op)](visit(node.operand))

    def _boolop(self, node: ast.BoolOp, visit: Any) -> bool:
        values = (bool(visit(one)) for one in node.values)
        return all(values) if isinstance(node.op, ast.And) else any(values)

    def _compare(self, node: ast.Compare, visit: Any) -> bool:
        values = [visit(node.left), *map(visit, node.comparators)]
        if not all(type(one) in OPERATORS for one in node.ops):
            raise FormulaError(f"`{ast.unparse(node)}` is not allowed in a formula")
        return all(
            bool(OPERATORS[type(one)](a, b)) for one, a, b in zip(node.ops, values, values[1:], strict=False)
        )

    def _ifexp(self, node: ast.IfExp, visit: Any) -> Any:
        return visit(node.body if visit(node.test) else node.orelse)

    def _list(self, node: ast.List, visit: Any) -> Any:
        return _plain([visit(one) for one in node.elts])

    def _tuple(self, node: ast.Tuple, visit: Any) -> Any:
        return tuple(visit(one) for one in node.elts)

    def _subscript(self, node: ast.Subscript, visit: Any) -> Any:
        return _unwrapped(visit(node.value)[visit(node.slice)])

    def _call(self, node: ast.Call, visit: Any) -> Any:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in FUNCTIONS or node.keywords:
            raise FormulaError(f"`{ast.unparse(node.func)}` is no function of formulas")
        return _unwrapped(_bounded(FUNCTIONS[name](*map(visit, node.args))))


def _plain(value: Any) -> Any:
    """Turn a list into an array; only then is NumPy needed."""
    if isinstance(value, list):
        import numpy as np

        return np.array(value, dtype=float)
    return value


def _unwrapped(value: Any) -> Any:
    """Turn a NumPy number into a plain one."""
    return value.item() if getattr(value, "shape", None) == () else value


def _bounded(value: Any) -> Any:
    if isinstance(value, int) and value.bit_length() > MAX_INTEGER_BITS:
        raise FormulaError("a whole number in a formula is too large")
    return value


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(exponent, int | float) and abs(exponent) > MAX_EXPONENT:
        raise FormulaError(f"an exponent of {exponent} is too large")
    if (
        isinstance(base, int)
        and isinstance(exponent, int)
        and base.bit_length() * exponent > MAX_INTEGER_BITS
    ):
        base = float(base)
    value = base**exponent
    if isinstance(value, complex):
        raise FormulaError("a root of a negative number is no real number")
    return value


# --- functions ----------------------------------------------------------------------------------------


def _either(name: str) -> Callable[..., Any]:
    """Return a function of ``math`` that takes arrays as well, entry by entry."""

    def apply(x: Any) -> Any:
        if isinstance(x, int | float):
            return getattr(math, name)(x)
        import numpy as np

        return getattr(np, name)(x)

    return apply


def _sigmoid(x: Any) -> Any:
    return 0.5 * (1 + _either("tanh")(x / 2))


def _relu(x: Any) -> Any:
    return x * (x > 0)


def _round(x: Any, digits: int = 0) -> Any:
    if abs(digits) > MAX_DIGITS:
        raise FormulaError(f"rounding to {digits} digits is too much")
    return round(x, digits) if digits else round(x)


def _singular(x: Any) -> float:
    import numpy as np

    return float(np.linalg.norm(x, 2))


def _radius(x: Any) -> float:
    import numpy as np

    return float(np.abs(np.linalg.eigvals(x)).max())


def _array(method: str) -> Callable[..., Any]:
    def apply(x: Any) -> Any:
        import numpy as np

        return getattr(np.asarray(x, dtype=float), method)()

    return apply


def _linear(name: str) -> Callable[..., Any]:
    def apply(x: Any) -> Any:
        import numpy as np

        return getattr(np.linalg, name)(x)

    return apply


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: _either(name) for name in ("exp", "log", "log2", "log10", "sqrt", "tanh", "cosh", "sinh")},
    **{name: _either(name) for name in ("sin", "cos", "floor", "ceil")},
    **{name: _array(name) for name in ("sum", "mean", "std", "prod", "trace", "transpose", "argmax")},
    "sigmoid": _sigmoid,
    "relu": _relu,
    "abs": abs,
    "min": min,
    "max": max,
    "round": _round,
    "smax": _singular,
    "rho": _radius,
    "fro": _linear("norm"),
    "det": _linear("det"),
    "inv": _linear("inv"),
}
"""What a formula may call; ``smax`` is the largest singular value, ``rho`` the spectral radius."""
