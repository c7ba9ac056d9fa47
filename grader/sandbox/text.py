"""Text from the student's side, made safe and short enough to show."""

import re
import unicodedata
from collections.abc import Sequence

MAX_CHARACTERS = 64 * 1024
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
    written = []
    for character in text:
        code = ord(character)
        if character in "\n\t" or unicodedata.category(character) not in HIDING:
            written.append(character)
        else:
            form = "\\x{:02x}" if code < 0x100 else "\\u{:04x}" if code < 0x10000 else "\\U{:08x}"
            written.append(form.format(code))
    return "".join(written)


def one_line(text: str, limit: int = MAX_CHARACTERS) -> str:
    """Return the text clean and on one line, at most so many characters of it."""
    return " ".join(clean(text, limit).split())


def shorten(text: str, width: int) -> str:
    """Return the text, cut to so many characters; an ellipsis shows that something is missing."""
    return text if len(text) <= width else text[: width - 1] + "…"


def listed(names: Sequence[object], most: int = 3, mark: str = "") -> str:
    """Return the first of some names, each between marks, and how many more there are."""
    few = ", ".join(f"{mark}{name}{mark}" for name in names[:most])
    return f"{few} and {len(names) - most} more" if len(names) > most else few


def break_orders(text: str) -> str:
    """Break up what a CI runner would take for an order, line by line."""
    return CI_COMMAND.sub(lambda found: f"{found[0]} ", text)


def counted(number: int, noun: str, plural: str = "s") -> str:
    """Say how many there are of something, such as ``2 hints``."""
    return f"{number} {noun}{plural if number != 1 else ''}"
