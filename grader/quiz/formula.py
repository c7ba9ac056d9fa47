"""Formulas of a quiz: arithmetic and a few functions, evaluated node by node from an allow-list.

Nothing of Python's own evaluation is used, so a formula reaches no name, attribute or file. NumPy is imported
only where a formula works on matrices.
"""

import ast
import functools
import math
import operator
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Value: TypeAlias = "bool | int | float | npt.NDArray[np.float64] | list[Value] | tuple[Value, ...]"
"""What a formula works on. A (nested) list of numbers is a vector or a matrix, and becomes an array."""

Names: TypeAlias = Mapping[str, Value]
"""What a formula may refer to, besides constants and functions."""

MAX_LENGTH = 300
MAX_DEPTH = 40
MAX_EXPONENT = 10_000
MAX_INTEGER_BITS = 1023
MAX_DIGITS = 300
CONSTANTS = {"pi": math.pi, "e": math.e}


class FormulaError(ValueError):
    """A formula cannot be read or has no value; the sentence says where and why."""


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(exponent, int | float) and abs(exponent) > MAX_EXPONENT:
        raise FormulaError(f"an exponent of {exponent} is too large")
    whole = isinstance(base, int) and isinstance(exponent, int)
    value = (float(base) if whole and base.bit_length() * exponent > MAX_INTEGER_BITS else base) ** exponent
    if isinstance(value, complex):
        raise FormulaError("a root of a negative number is no real number")
    return value


OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Pow: _power,
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


def evaluate(formula: str, names: Names) -> Value:
    """Return the value of a formula: an int, a float, a truth value, an array, or a tuple of these.

    FormulaError says that it is malformed, uses what is not allowed, or has no finite value.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # NumPy says so where a value is lost
            value: Value = _value(_parsed(formula), names, 0)
    except FormulaError:
        raise
    except (ArithmeticError, ValueError, TypeError, IndexError, RuntimeWarning) as error:
        raise FormulaError(f"`{formula}` has no value here: {error}") from None
    if isinstance(value, int | float) and not math.isfinite(value):
        raise FormulaError(f"`{formula}` is not finite here")
    return value


def evaluate_number(formula: str, names: Names) -> float:
    """Return the number that a formula stands for; FormulaError if it stands for none."""
    value = evaluate(formula, names)
    if not isinstance(value, int | float):
        raise FormulaError(f"`{formula}` is no number")
    return float(value)


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


def _value(node: ast.expr | ast.slice, names: Names, depth: int) -> Any:
    """Return the value of one node; what is not named here is not allowed."""
    if depth > MAX_DEPTH:
        raise FormulaError("a formula is nested too deeply")
    visit = functools.partial(_value, names=names, depth=depth + 1)
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Constant():
            raise FormulaError(f"`{ast.unparse(node)}` is no number")
        case ast.Name(id=name):
            if name not in names and name not in CONSTANTS:
                raise FormulaError(f"`{name}` is not known here")
            return _checked(names[name] if name in names else CONSTANTS[name])
        case ast.BinOp(op=op) if type(op) in OPERATORS:
            sides = visit(node.left), visit(node.right)
            if any(isinstance(side, tuple) for side in sides):
                raise FormulaError("a formula does not calculate with `(…, …)`; `[…, …]` is a vector")
            return _checked(OPERATORS[type(op)](*sides))
        case ast.UnaryOp(op=op) if type(op) in OPERATORS:
            return OPERATORS[type(op)](visit(node.operand))
        case ast.BoolOp():
            truths = (bool(visit(value)) for value in node.values)
            return all(truths) if isinstance(node.op, ast.And) else any(truths)
        case ast.Compare(ops=ops) if all(type(op) in OPERATORS for op in ops):
            values = [visit(node.left), *map(visit, node.comparators)]
            pairs = zip(ops, values, values[1:], strict=False)
            return all(bool(OPERATORS[type(op)](a, b)) for op, a, b in pairs)
        case ast.IfExp():
            return visit(node.body if visit(node.test) else node.orelse)
        case ast.List():
            return _checked([visit(entry) for entry in node.elts])
        case ast.Tuple():
            return tuple(map(visit, node.elts))
        case ast.Subscript():
            return _checked(visit(node.value)[visit(node.slice)])
        case ast.Call():
            return _called(node, visit)
    raise FormulaError(f"`{ast.unparse(node)}` is not allowed in a formula")


def _checked(value: Any) -> Any:
    """Turn a list into an array, for which alone NumPy is needed, and a NumPy number into a plain one."""
    if isinstance(value, list):
        import numpy as np

        return np.array(value, dtype=float)
    if isinstance(value, int) and value.bit_length() > MAX_INTEGER_BITS:
        raise FormulaError("a whole number in a formula is too large")
    return value.item() if getattr(value, "shape", None) == () else value


ENTRYWISE = "exp log log2 log10 sqrt tanh cosh sinh sin cos floor ceil".split()
METHODS = "sum mean std prod trace transpose argmax".split()
LINEAR = "smax rho fro det inv".split()
"""``smax`` is the largest singular value, ``rho`` the spectral radius, ``fro`` the Frobenius norm."""
PLAIN: dict[str, Callable[..., Any]] = {
    "sigmoid": lambda x: 0.5 * (1 + _function("tanh", x)(x / 2)),
    "relu": lambda x: x * (x > 0),
    "abs": abs,
    "min": min,
    "max": max,
    "round": lambda x, digits=0: round(x, digits) if digits else round(x),
}
SEVERAL = ("min", "max", "round")  # take more than one value


def _called(node: ast.Call, visit: Callable[[ast.expr], Any]) -> Any:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in (*PLAIN, *ENTRYWISE, *METHODS, *LINEAR) or node.keywords:
        raise FormulaError(f"`{ast.unparse(node.func)}` is no function of formulas")
    arguments = [visit(argument) for argument in node.args]
    if not arguments or (len(arguments) > 1 and name not in SEVERAL):
        raise FormulaError(f"`{ast.unparse(node)}` does not have the one value that `{name}` takes")
    if name == "round" and abs(arguments[-1] if len(arguments) > 1 else 0) > MAX_DIGITS:
        raise FormulaError(f"rounding to {arguments[-1]} digits is too much")
    return _checked(_function(name, arguments[0])(*arguments))


def _function(name: str, x: Any) -> Callable[..., Any]:
    """Return a function for such a value: that of ``math`` for a number, without NumPy."""
    if name in PLAIN:
        return PLAIN[name]
    if name in ENTRYWISE and isinstance(x, int | float):
        return getattr(math, name)
    import numpy as np

    if name in METHODS:
        return lambda x: getattr(np.asarray(x, dtype=float), name)()
    linear: dict[str, Callable[..., Any]] = {
        "smax": lambda x: float(np.linalg.norm(x, 2)),
        "rho": lambda x: float(np.abs(np.linalg.eigvals(x)).max()),
        "fro": np.linalg.norm,
    }
    return linear.get(name) or getattr(np.linalg if name in LINEAR else np, name)
