"""Reads what a learner typed: forgiving about form, silent about right and wrong."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from grader.quiz.formula import FormulaError, evaluate
from grader.quiz.variants import Variant

MAX_LENGTH = 2000
DASHES = {**dict.fromkeys(map(ord, "‐‑‒–—−"), "-"), ord("⁄"): "/", ord("٫"): ","}
# Patterns are compiled when they are first used: none is needed to ask a question.
RAISED = "[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+"
TIMES_TEN = r"(?i)\s*[x·*]\s*10\s*(?:\^|\*\*)\s*"
GROUPED = r"[-+]?[1-9]\d{0,2}(?:(,\d{3})+|(\x20\d{3})+)(\.\d*)?"
AMBIGUOUS = r"[-+]?[1-9]\d{0,2},\d{3}"
COMMA = r"(?i)[-+]?\d*,\d+(e[-+]?\d+)?"
LEADING_ZEROS = r"(?<![\w.])0+(?=\d)"
SPAN = r"\d+\s*-\s*\d+"
DOTTED = r"[-+]?\d{1,3}(\.\d{3})+,\d+"
BY = r"(?<=[\d)])\s*x\s*(?=[\d(])|×|(?<=\S)\s+x\s+(?=\S)"
TIMES = r"(?<![\w.])(\d+)(?=[A-Za-z(])"
NAMED_LINE = r"(?si)\s*(?:line\s*)?(\d+)(?:\s*[:.)][ \t]?|[ \t])(.*)"
PAIR = r"(\d+)\s*[-=:>→]*\s*([a-z])"


class Unreadable(ValueError):
    """What was typed is no answer to this kind of question; the sentence says what would be."""


@dataclass(frozen=True)
class FixedLine:
    """An answer to a question that asks for a line to be mended."""

    line: int
    text: str


Answer = Any
"""By type: an id; a frozenset, a tuple or a dict of ids; a float; expressions; words; a FixedLine."""


def parse(variant: Variant, text: str) -> Answer:
    """Return the answer that a text stands for.

    Args:
        text: as typed; options are named by their numbers on the screen.

    Raises:
        Unreadable: it stands for none.
    """
    kind = variant.face.type
    written = kind in ("text", "output", "fix")
    plain = unicodedata.normalize("NFKC", text).translate(DASHES).strip() if written else _plain(text)
    if max(len(text), len(plain)) > MAX_LENGTH:
        raise Unreadable(f"that is {len(text)} characters; an answer takes a line")
    if any(unicodedata.category(one) in ("Cc", "Cs") and one != "\t" for one in text.strip()):
        raise Unreadable("that holds characters nobody can see; type it anew")
    if not plain:
        raise Unreadable("type an answer, or `s` to skip the question")
    return PARSERS[kind](variant, text if kind == "fix" else plain)


def _plain(text: str) -> str:
    """Write a text with plain digits and signs; what is raised becomes a power, ½ becomes (1/2)."""
    if len(text) > MAX_LENGTH:
        return text
    raised = re.sub(RAISED, lambda found: f"^{found[0]}", text)
    parts = (unicodedata.normalize("NFKC", one) for one in raised)
    halves = "".join(f"({part})" if "⁄" in part[1:] else part for part in parts)
    plain = unicodedata.normalize("NFKC", halves).translate(DASHES).strip()
    return "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in plain)


def _single(variant: Variant, text: str) -> str:
    ids = _chosen(variant, text)
    if len(ids) != 1:
        raise Unreadable(f"one choice is asked for; type its number, 1 to {len(variant.options)}")
    return ids[0]


def _multiple(variant: Variant, text: str) -> frozenset[str]:
    if re.fullmatch(SPAN, text):
        raise Unreadable("name every number, with spaces between them, such as: 1 2 3")
    return frozenset(_chosen(variant, text))


def _order(variant: Variant, text: str) -> tuple[str, ...]:
    return tuple(_chosen(variant, text))


def _chosen(variant: Variant, text: str) -> list[str]:
    """Return the ids of the options whose numbers were typed, in that order."""
    count = len(variant.options)
    words = [word for word in re.split(r"[\s,;.>→-]+", text) if word]
    numbers = [int(word) for word in words if word.isdecimal() and len(word) <= 3]
    if not words or len(numbers) != len(words) or not all(1 <= number <= count for number in numbers):
        raise Unreadable(f"type the numbers of what you choose, 1 to {count}, with spaces between them")
    if len(set(numbers)) != len(numbers):
        raise Unreadable("a number stands there twice")
    return [variant.options[number - 1].id for number in numbers]


def _match(variant: Variant, text: str) -> dict[str, str]:
    lefts, letters = variant.face.lefts, "abcdefghijklmnopqrstuvwxyz"[: len(variant.options)]
    text = text.casefold()
    pairs = re.findall(PAIR, text)
    if pairs and not re.sub(PAIR, "", text).strip(" ,;."):
        numbered = [(int(number), letter) for number, letter in pairs]
    else:
        words = [word for word in re.split(r"[\s,;.]+", text) if word]
        numbered = list(enumerate(words, 1)) if len(words) == len(lefts) else []
    fits = all(1 <= number <= len(lefts) and letter in tuple(letters) for number, letter in numbered)
    once = len({number for number, _ in numbered}) == len(numbered)
    if not numbered or not fits or not once:
        raise Unreadable(f"type pairs such as `1b 2a`: numbers 1 to {len(lefts)}, letters a to {letters[-1]}")
    return {lefts[number - 1].id: variant.options[letters.index(one)].id for number, one in numbered}


def _numeric(_: Variant, text: str) -> float:
    return parse_number(text)


def parse_number(text: str) -> float:
    """Return the number that a text stands for: `0.5`, `1e-3`, `2·10^-7`, `1/3`, `0,5`, `log(0.5)/log(0.9)`.

    Raises:
        Unreadable: it stands for none, for more than one, or for none that is finite.
    """
    plain = _plain(text)
    if re.fullmatch(AMBIGUOUS, plain):
        joined, point = plain.replace(",", ""), plain.replace(",", ".")
        raise Unreadable(f"`{plain}` could mean {joined} or {point}; write one of them")
    plain = re.sub(TIMES_TEN, "e", plain).replace("^", "**").replace("×", "*").replace("·", "*")
    if re.fullmatch(GROUPED, plain):
        plain = plain.replace(",", "").replace(" ", "")
    elif re.fullmatch(DOTTED, plain):
        plain = plain.replace(".", "").replace(",", ".")
    elif re.fullmatch(COMMA, plain):
        plain = plain.replace(",", ".")
    if plain.endswith("%"):
        plain = f"({plain[:-1]})/100"
    try:
        value = evaluate(re.sub(LEADING_ZEROS, "", plain), {})
    except FormulaError:
        value = None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable("that is no number; `0.5`, `1e-3`, `1/3` and `2*log(3)` are")
    return float(value)


def _shape(variant: Variant, text: str) -> tuple[str, ...]:
    """Return one expression an axis; whether they are right is not asked here."""
    inner = re.sub(TIMES, r"\1*", re.sub(BY, ",", text).replace("·", "*").replace("⋅", "*"))
    if (inner[:1], inner[-1:]) in (("(", ")"), ("[", "]")):
        inner = inner[1:-1]
    entries = [entry.strip() for entry in inner.split(",")]
    if entries[-1] == "":
        entries.pop()
    for entry in entries:
        size_of(entry, variant.names)
    return tuple(entries)


def size_of(entry: str, names: Any) -> int:
    """Return the size that one entry of a shape stands for.

    Raises:
        Unreadable: it is no whole number of symbols and digits.
    """
    if not re.fullmatch(r"[A-Za-z0-9_ +*/()-]{1,80}", entry):
        raise Unreadable("type a shape such as `(3, 5)` or `(D + H, 4*H)`; a single number is `(5,)`")
    try:
        value = evaluate(entry, names)
    except FormulaError as error:
        raise Unreadable(f"{error}; known are {', '.join(names) or 'numbers only'}") from None
    if isinstance(value, float) and value.is_integer() and math.isfinite(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Unreadable(f"`{entry}` is no size of an axis; sizes are whole numbers")
    return value


def _text(_: Variant, text: str) -> str:
    return text


def _fix(variant: Variant, text: str) -> FixedLine:
    found = re.fullmatch(NAMED_LINE, text.rstrip())
    lines = variant.face.code.splitlines()
    if not found or not found[2].strip() or len(found[1]) > 4 or not 1 <= int(found[1]) <= len(lines):
        raise Unreadable(f"type the line's number (1 to {len(lines)}), a colon and the line as it should be")
    if "\n" in found[2] or "\r" in found[2]:
        raise Unreadable("one line is asked for")
    number, new, old = int(found[1]), found[2], lines[int(found[1]) - 1]
    if new == new.lstrip():  # typed without indentation: it stands where the old one stood
        new = old[: len(old) - len(old.lstrip())] + new
    return FixedLine(number, new)


PARSERS: dict[str, Callable[[Variant, str], Answer]] = {
    "single": _single,
    "multiple": _multiple,
    "numeric": _numeric,
    "shape": _shape,
    "order": _order,
    "match": _match,
    "text": _text,
    "output": _text,
    "fix": _fix,
}
