"""Runs a student's file inside a worker and leaves out what cannot be run there.

People hand in what they worked with: libraries and pictures that are not here, lines of a notebook,
experiments that fail. What can be defined is defined; what was left out is told by its line.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import contextlib
import difflib
import io
import linecache
import opcode
import re
import sys
import tokenize
import types
import typing
from typing import Any

import numpy as np

from grader.sandbox.values import MAX_NAME, plain_text, type_name

MAX_TEXT = 2000
MAX_LINE = 200
MAX_FRAMES = 4
MAX_FAULTS = 20  # statements that are left out of one file; it ends at the next one that fails
TRACEBACK = BaseException.__dict__["__traceback__"]  # which a class of the student's may answer otherwise
FUTURE = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names})
SUGGESTION = re.compile(r"\. Did you [^\n]*\?\s*\Z")
NO_PYTHON = (b"%", b"!", b"```")  # how lines begin that belong to a notebook, or to the text it came from
USES = (
    "call mro_entries iter next enter exit setitem delitem array len float int index "
    "add radd sub rsub mul rmul matmul rmatmul truediv rtruediv pow rpow neg"
).split()
Fault = list[Any]
"""A word of ``Worker.load``, then what :func:`describe` says."""


def run_source(source: bytes, filename: str, names: dict[str, Any]) -> list[Fault]:
    """Run a file in a namespace; return what was left out, and what stopped it, in order."""
    faults: list[Fault] = []
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        lines = source.decode(encoding, "replace").splitlines(keepends=True)
        linecache.cache[filename] = (len(source), None, lines, filename)  # for tracebacks: no such file
        source, code = _without_notebook(source, filename, faults)
    except SyntaxError as error:
        line = (error.text or linecache.getline(filename, error.lineno or 0)).strip()[:MAX_LINE]
        text = f"{error.msg}{_suggestion(error, str(error.msg))}"
        return [["syntax", type_name(error), text[:MAX_TEXT], [[error.lineno or 0, "", line]]]]
    except BaseException as error:
        return [["syntax", *describe(error, filename)]]
    rest: list[ast.stmt] | None = None
    while True:
        try:
            exec(code, names)
            return faults
        except SystemExit as error:
            return [*faults, ["exit", *describe(error, filename)]]
        except BaseException as error:
            try:
                rest = ast.parse(source).body if rest is None else rest
                number = _failed(error, rest, filename)
                failed, rest = rest[number], rest[number + 1 :]
                code = _compiled(rest, filename, code)
                faults += _left_out(failed, error, names, filename)
            except BaseException:  # it compiles, and still cannot be taken apart
                return [*faults, ["end", *describe(error, filename)]]
            if len(faults) > MAX_FAULTS:
                return [*faults[:-1], ["end", *describe(error, filename)]]


def _without_notebook(source: bytes, filename: str, faults: list[Fault]) -> tuple[bytes, types.CodeType]:
    """Compile a file; where Python stumbles over a line that is a notebook's, it is made a comment."""
    while True:
        try:
            return source, compile(source, filename, "exec", dont_inherit=True)
        except SyntaxError as error:
            lines, number = source.splitlines(keepends=True), error.lineno or 0
            line = lines[number - 1] if 0 < number <= len(lines) else b""
            text = line.strip()
            if len(faults) >= MAX_FAULTS or not (text.startswith(NO_PYTHON) or text.endswith(b"?")):
                raise
            lines[number - 1] = line.replace(text, b"pass  # " + text)
            for below in range(number, len(lines)):  # which it may go on in
                if not lines[below - 1].rstrip().endswith(b"\\"):
                    break
                lines[below] = b"# " + lines[below]
            source = b"".join(lines)
            shown = linecache.getline(filename, number).strip()[:MAX_LINE]
            faults.append(["line", "", "", [[number, "", shown]]])


def _compiled(statements: list[ast.stmt], filename: str, like: types.CodeType) -> types.CodeType:
    tree, flags = ast.Module(statements, []), like.co_flags & FUTURE
    return compile(tree, filename, "exec", flags=flags, dont_inherit=True)


def _failed(error: BaseException, statements: list[ast.stmt], filename: str) -> int:
    """Find the statement that an exception came out of, by where the module was; LookupError if none."""
    trace = TRACEBACK.__get__(error)
    while trace is not None and trace.tb_frame.f_code.co_filename != filename:
        trace = trace.tb_next
    if trace is None:
        raise LookupError
    line, _, column, _ = list(trace.tb_frame.f_code.co_positions())[trace.tb_lasti // 2]
    line = line or trace.tb_lineno
    for number, statement in enumerate(statements):
        first = min(each.lineno for each in (statement, *getattr(statement, "decorator_list", ())))
        end = statement.end_lineno or 0, statement.end_col_offset or 0
        if first <= line and (line, column or 0) < end:
            return number
    raise LookupError


def _left_out(failed: ast.stmt, error: BaseException, names: dict[str, Any], filename: str) -> list[Fault]:
    """Say that a statement was left out, and let what it was to import, or to make of that, be absent."""
    if isinstance(failed, ast.Import | ast.ImportFrom) and isinstance(error, ImportError):
        for alias in failed.names:  # some may be there
            single: ast.stmt = ast.Import([alias])
            if isinstance(failed, ast.ImportFrom):
                single = ast.ImportFrom(failed.module, [alias], failed.level)
            try:
                exec(_compiled([ast.copy_location(single, failed)], filename, _left_out.__code__), names)
            except ImportError as missing:
                names[alias.asname or alias.name.partition(".")[0]] = Absent(missing, failed.lineno)
        return [["import", *describe(error, filename)]]
    if type(error) in (ImportError, ModuleNotFoundError) and isinstance(error.args[-1], Absent):
        defined = [getattr(failed, "name", "")]
        if not isinstance(failed, ast.FunctionDef | ast.ClassDef):
            inner = (node for node in ast.walk(failed) if isinstance(node, ast.Name))
            defined = [node.id for node in inner if isinstance(node.ctx, ast.Store)]
        for name in defined:
            names.setdefault(name, error.args[-1])
        return []
    return [["error", *describe(error, filename)]]


class Absent:
    """Stands for what could not be imported: it may be mentioned, and raises where it is used."""

    def __init__(self, error: ImportError, line: int) -> None:
        self._kind = ModuleNotFoundError if isinstance(error, ModuleNotFoundError) else ImportError
        self._text = f"{_text(error)}, which line {line} imports"

    def __getattr__(self, name: str) -> Absent:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __or__(self, _: object) -> Absent:  # as in an annotation
        return self

    __ror__ = __getitem__ = __or__

    def __instancecheck__(self, _: object) -> bool:
        return False

    def __str__(self) -> str:
        return self._text

    def raise_(self, *_: object, **__: object) -> Any:
        """Raise the error of the import."""
        raise self._kind(self)


for _name in USES:
    setattr(Absent, f"__{_name}__", Absent.raise_)


# --- does anything last from one call to the next? ----------------------------------------------------

WITHOUT_MEMORY = set(  # modules, and functions of Python's own
    "numpy numpy.linalg numpy.typing math cmath typing collections.abc "
    "abs all any bool complex divmod enumerate float format int isinstance len list max min "
    "pow print range repr reversed round sorted str sum tuple zip dict slice map filter "
    "ArithmeticError AssertionError Exception IndexError NotImplementedError TypeError ValueError".split()
)
WITH_MEMORY = set("random empty empty_like ndarray seterr seterrcall setbufsize set_printoptions lib".split())
STORING = {*map(opcode.opmap.get, "STORE_GLOBAL DELETE_GLOBAL STORE_ATTR DELETE_ATTR IMPORT_NAME".split())}
CONSTANTS = (int, float, complex, str, bool, type(None), np.ufunc, types.GenericAlias, __future__._Feature)


def keeps_nothing(names: dict[str, Any], filename: str) -> bool:
    """Whether nothing lasts from one call of a loaded file's functions to the next, as its code tells.

    It says so of code that does nothing but compute, with NumPy and functions of its own. Whoever makes it
    lie gains nothing: only that a check failed is believed a little sooner.
    """

    def written(name: str, value: Any) -> bool:
        own = type(value) is types.FunctionType and value.__code__.co_filename == filename
        return own and not name.startswith("__annotate")  # which Python 3.14 makes

    def plain(value: Any) -> bool:
        kind = type(value)
        if kind is tuple:
            return all(map(plain, value))
        if written("", value):
            given = *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()
            return plain(given) and not (value.__closure__ or vars(value)) and computes(value.__code__)
        if kind is type and issubclass(value, tuple):
            own = {name for name, each in vars(value).items() if name[:2] != "__" or written(name, each)}
            known = {"_field_defaults", "_fields", "_make", "_replace", "_asdict", *value._fields}
            return not own - known and plain(tuple(value._field_defaults.values()))
        if isinstance(value, type) or value is typing.NamedTuple:
            return value.__module__ in WITHOUT_MEMORY
        if kind is types.ModuleType:
            return value.__name__ in WITHOUT_MEMORY
        return kind in CONSTANTS or kind.__module__ == "typing"

    def computes(code: types.CodeType) -> bool:
        """Whether code stores into its own variables alone, and mentions nothing that may remember."""
        builtin = {name for name in code.co_names if name not in names and hasattr(builtins, name)}
        doubtful = [name for name in code.co_names if name in WITH_MEMORY or name[:2] == "__"]
        inner = (each for each in code.co_consts if isinstance(each, types.CodeType))
        stores = STORING & {*code.co_code[::2]}
        return not (stores or doubtful or builtin - WITHOUT_MEMORY) and all(map(computes, inner))

    with contextlib.suppress(BaseException):  # the values are the student's: they may raise if touched
        return all(plain(value) for name, value in names.items() if name[:2] != "__")
    return False


# --- errors, in the student's terms -------------------------------------------------------------------


def describe(error: BaseException, filename: str) -> tuple[str, str, list[list[Any]]]:
    """Return the error's type name, its text, and the frames that lie in the student's file.

    A frame is ``[line number, function, source line]``; the innermost comes last.
    """
    frames = []
    trace = TRACEBACK.__get__(error)
    while trace is not None:
        code, number = trace.tb_frame.f_code, trace.tb_lineno or 0
        if code.co_filename == filename:
            line = linecache.getline(filename, number)
            frames.append([number, plain_text(code.co_name)[:MAX_NAME], line.strip()[:MAX_LINE]])
        trace = trace.tb_next
    text = _text(error)
    return type_name(error), text + _suggestion(error, text), frames[-MAX_FRAMES:]


def _text(error: BaseException) -> str:
    try:
        return plain_text(str(error))[:MAX_TEXT]
    except BaseException:
        return "(its text cannot be shown)"


def _suggestion(error: BaseException, text: str) -> str:
    """Return what a terminal shows behind an error's text, such as ``. Did you mean: 'h_prev'?``."""
    if not isinstance(error, NameError | AttributeError | ImportError | SyntaxError):
        return ""
    try:
        with contextlib.redirect_stderr(io.StringIO()) as terminal:
            sys.__excepthook__(type(error), error, TRACEBACK.__get__(error))
        found = SUGGESTION.search(plain_text(terminal.getvalue()))
        if not found and isinstance(error, ImportError):  # Python 3.11 looks for no names in modules
            near = difflib.get_close_matches(text.split("'")[1], dir(sys.modules[error.name or ""]), 1)
            return f". Did you mean: '{near[0]}'?" if near else ""
        return found[0].rstrip()[:MAX_LINE] if found and not SUGGESTION.search(text) else ""
    except BaseException:  # the error may be a class of the student's
        return ""
