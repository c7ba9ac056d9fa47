"""Text from the student's side, made safe and short enough to show."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARACTERS = 64 * 1024
HARMLESS = "\n\t"
HIDING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
CI_COMMAND = re.compile(r"(?m)^(\s*):(?=:)|#(?=#(vso)?\[)")  # what GitHub's runner would take for an order


def clean(text: str, limit: int = MAX_CHARACTERS) -> str:
    """Return the text with every control, bidirectional and invisible character written out.

    Lines that a CI runner would take for a command are broken up.

    Args:
        text: anything a student's code produced.
        limit: how many characters are kept at the most.
    """
    text = break_orders(text[:limit])
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(one if one in HARMLESS or not _hides(one) else _written_out(one) for one in text)


def one_line(text: str, limit: int = MAX_CHARACTERS) -> str:
    """Return the text clean and on one line.

    Args:
        limit: how many characters of the text are kept at the most.
    """
    return " ".join(clean(text, limit).split())


def shorten(text: str, width: int) -> str:
    """Return the text, cut to so many characters; an ellipsis shows that something is missing."""
    return text if len(text) <= width else text[: width - 1] + "…"


def break_orders(text: str) -> str:
    """Break up what a CI runner would take for an order, line by line."""
    return CI_COMMAND.sub(lambda found: f"{found[0]} ", text)


def _hides(character: str) -> bool:
    return unicodedata.category(character) in HIDING


def _written_out(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
