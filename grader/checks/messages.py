"""Why code gave no answer: from what happened in its worker to a sentence for the student."""

import re
import signal

from grader.sandbox import LOST
from grader.sandbox.worker import KILLED, Answer, Raised, TimeUp, WorkerEnded

ENDS: dict[int, str] = {
    **dict.fromkeys((LOST, KILLED), "closed its connection to the grader or was killed"),
    -24: "used up its processor time and was stopped",  # SIGXCPU
    -signal.SIGSEGV: "crashed with a segmentation fault",
    -signal.SIGABRT: "crashed with an abort",
    -signal.SIGFPE: "crashed with an arithmetic fault",
    -signal.SIGILL: "crashed with an illegal instruction",
}
"""What became of a process, by its exit status; below 0 it is the number of a signal."""
CORE = " in its core dimension 0, with gufunc signature (n?,k),(k,m?)->(n?,m?)"  # of NumPy's text on @
GRADED_WITH = "graded with Python "
"""What is said beside a syntax error, with the version: another one may know more."""
NONDETERMINISTIC = "`{}` gives different answers to the same arguments; what does it depend on besides them?"
SLEEPS = "waits or sleeps instead of computing, and was stopped; what does it wait for?"
REASONS = {
    r"^NameError: name 'np'": "the line `import numpy as np` belongs at the top of the file",
    r"^ModuleNotFoundError": "NumPy and most of the standard library are there, and nothing else",
    r"^Permission": "files, processes and the network are out of reach here; `grader debug` lets you look",
    r"^EOFError|^BdbQuit": "nothing can be typed here; `grader debug` runs it where you can",
    r"^SystemExit": "a function hands its result back by `return`; leave the exit out",
    r"^RecursionError": "the function calls itself, or two call each other, without an end",
    r"only integer scalar arrays": "range and an index take one whole number, such as x.shape[0]",
    r"only .* arrays can be": "float, int and functions of math take one number; "
    "np.tanh and its like take arrays",
    r"truth value of an array": "`if`, `and`, `not`, `max` want one answer for all entries; "
    "np.where decides entry by entry, np.maximum compares so",
    r"Cannot cast .* to dtype\('u?int": "an array of whole numbers takes no fractions; leave dtype=int out",
    r"valid indices|an integer|be integers": "a whole number is needed; // gives one, / does not",
    r"'numpy.ndarray' object is not callable": "is a * or @ missing before the parenthesis?",
    r"Cannot interpret .* as a data type": "a shape is one tuple, as in np.zeros((2, 3))",
    "cannot reshape": "a reshape keeps every entry: its sizes multiply to as many as there are",
    r"'NoneType'": "something there is None; does a function end without `return`?",
}
"""What to make of an exception, by how its type and text look, with the line that it came from below."""


def reason(raised: Raised) -> str:
    """Return what a student may make of an exception, after a line break; empty for nothing."""
    source = raised.frames[-1][2] if raised.frames else ""
    shown = f"{raised.type_name}: {raised.text.strip()}\n{source}"
    return next((f"\n({said})" for look, said in REASONS.items() if re.search(look, shown)), "")


def no_answer(error: Exception, subject: str, too_slow: str, *, loading: bool = False) -> str:
    """Say why a worker did not answer, by one of ``NO_ANSWER``; ``too_slow`` is said where time was up."""
    if isinstance(error, TimeUp):
        return f"{subject} {SLEEPS if error.idle else too_slow}"
    if isinstance(error, WorkerEnded):
        status = error.status
        ended = ENDS.get(status, f"crashed with signal {-status}")
        if status >= 0 and status != LOST:
            ended = f"ended the whole process with exit status {status} instead of returning"
        return f"{subject} {ended}{' while it was loaded' * loading}"
    return f"{subject} writes to the grader's own channel{' while it is loaded' * loading}"


def exception_text(raised: Raised) -> str:
    """Return an exception's type and text, as Python's last line has them."""
    text = raised.text.strip().replace(CORE, "")
    return f"{raised.type_name}: {text}" if text else raised.type_name


def traceback_lines(raised: Raised, file: str) -> str:
    """Return the lines of the student's file that an exception came through, each after a line break."""
    return "".join(
        f"\n  {file}, line {line}{f', in {function}' if function else ''}: {source}"
        for line, function, source in raised.frames
        if line
    )


def stops_at(raised: Raised, file: str) -> str:
    """Say where a file stops half-way while it is loaded."""
    line = f"line {raised.frames[0][0]}" if raised.frames else "an unknown line"
    what = "a call of sys.exit" if raised.kind == "exit" else exception_text(raised)
    return f"{file} stops at {line}: {what.removesuffix('.')}.".replace("?.", "?")


def left_out(fault: Raised, file: str) -> str:
    """Say what of a file could not be run, and what becomes of the rest; or why it cannot be compiled."""
    if fault.kind == "syntax":
        if fault.type_name in ("UnicodeDecodeError", "LookupError") or "encoding" in fault.text:
            return f"{file} cannot be read as text; save it as UTF-8 ({fault.text})"
        return f"{file} is not Python yet: {exception_text(fault)}{traceback_lines(fault, file)}"
    line, _, source = fault.frames[0] if fault.frames else (0, "", "")
    if fault.kind == "line":
        return f"{file}, line {line}: `{source}` is not Python and was left out; the rest is graded."
    if fault.kind == "import":
        text = f"{fault.text.strip()}{reason(fault)}.".replace("\n", " ").replace("?.", "?")
        return f"{file}, line {line}: {text} What does not use it is graded."
    graded = "What was defined before that is graded."
    if fault.kind == "error":
        graded = "That statement was left out, and the rest is graded."
    return f"{stops_at(fault, file)} {graded}"


def no_value(function: str, answer: Answer, file: str, stopped: Raised | None, memory_bytes: int) -> str:
    """Say why an answer holds no value; empty if it does. What ``stopped`` the file may be why."""
    if answer.missing:
        return f"`{function}` is not a function but a value of type {answer.missing}; is the name used twice?"
    if answer.missing is not None:
        if stopped:
            return f"`{function}` is not defined. {stops_at(stopped, file)}"
        return f"{file} defines no function `{function}`; is it spelt differently or indented?"
    if answer.unsendable:
        return f"what `{function}` returns cannot be graded: {answer.unsendable}"
    raised = answer.raised
    if not raised:
        return ""
    memory = f"\n(a check may use {memory_bytes // 2**20} MB)"
    why = memory if raised.type_name == "MemoryError" else reason(raised)
    return f"`{function}` raises {exception_text(raised)}{why}{traceback_lines(raised, file)}"
