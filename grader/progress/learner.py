"""Who learns here: a name to show, and an id that a balance is kept under."""

from __future__ import annotations

import re
import unicodedata
import zlib

from grader.course import dataclass
from grader.sandbox.text import HIDING, one_line

ID = re.compile(r"[a-z0-9](?:[a-z0-9._@-]{0,62}[a-z0-9])?")
MAX_NAME = 80
JOINERS = "\u200c\u200d"  # invisible, but Persian and Indic names are spelt with them
PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"})


@dataclass(frozen=True)
class Learner:
    """One person; ids tell them apart, names need not. ValueError tells the learner what neither may be."""

    id: str  # 1 to 64 small letters a to z and digits, with ``.``, ``_``, ``@`` and ``-`` between them
    name: str  # 1 to 80 characters of printable text

    def __post_init__(self) -> None:
        if not ID.fullmatch(self.id):
            allowed = "1 to 64 small letters and digits, with `.`, `_`, `@` and `-` between them"
            raise ValueError(f"an id is {allowed}, but not `{one_line(self.id, MAX_NAME)}`")
        _require_printable(self.name)
        if self.id == "anonymous" != self.name:
            raise ValueError("the id `anonymous` is for whoever is not logged in; give another one with --id")

    @classmethod
    def named(cls, name: str, learner_id: str | None = None) -> Learner:
        """Return whom someone means by typing a name and perhaps an id, else made from it; or ValueError."""
        name = unicodedata.normalize("NFC", name.strip())
        _require_printable(name)
        if learner_id is None:
            letters = unicodedata.normalize("NFKD", name.casefold().translate(PLAIN))
            plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
            learner_id = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
            lost = any(letter.isalnum() and not letter.isascii() for letter in plain)
            if lost or not 1 <= len(learner_id) <= 64:  # a checksum keeps two names apart
                learner_id = f"{learner_id[:48].strip('-') or 'learner'}-{zlib.crc32(name.encode()):08x}"
        return cls(learner_id.strip().lower(), name)


def _require_printable(name: str) -> None:
    hiding = (sign for sign in name if unicodedata.category(sign) in HIDING and sign not in JOINERS)
    hidden = next(hiding, None)
    problem = f", but `{one_line(name, MAX_NAME)}` holds U+{ord(hidden):04X}" if hidden else ""
    if problem or not 1 <= len(name) <= MAX_NAME or not name.strip(f"{JOINERS} "):
        raise ValueError(f"a name is 1 to {MAX_NAME} characters of printable text{problem}")


ANONYMOUS = Learner("anonymous", "anonymous")
"""Whoever is not logged in."""
