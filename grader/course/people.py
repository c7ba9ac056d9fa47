"""Names people in texts: by which headings a table knows them, and where one of them is named.

An id is a word that others may use as well, so only what is nobody else's by chance is looked for: whole
names of two words or more, e-mail addresses, and ids with a digit, or long ones that are no words of ours.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from grader.course.course import Course, folded
from grader.course.sheets import read_sheet

HEADINGS: dict[str, tuple[str, ...]] = {
    "name": ("name", "student", "full name", "student name"),
    "first": ("first name", "given name"),
    "last": ("last name", "surname", "family name"),
    "id": ("id", "identifier", "id number", "student id", "student number", "sid", "sis user id"),
    "login": (
        *("login", "username", "user", "sis login id", "login_id"),
        *("github_username", "github username", "github"),
    ),
    "email": ("email", "e-mail", "email address", "e-mail address", "mail"),
    "section": ("section", "sections"),
    "group": ("group", "groups", "group_name", "team"),
    "role": ("role", "roles"),
}
FIELDS = {heading: field for field, headings in HEADINGS.items() for heading in headings}
"""By heading, in small letters, what it means in any list."""
IDS = ("id", "login", "email")
STAFF = {"instructor", "teacher", "ta", "teaching assistant", "observer", "designer", "non-editing teacher"}
NOBODY = {"student, test", "test student"}  # Canvas's own
WORD = re.compile(r"&#?\w+;|(\d+(?:\.\d+)+|#?[^\W_]+)")  # not the parts of a number, a colour or an entity
SHORTEST_ID, SHORTEST_NUMBER, SHORTEST_WORD = 5, 6, 8  # letters; of what has a digit, of digits, of letters


def full_name(record: Mapping[str, list[str]]) -> str:
    """Return what a row of a list calls its student; empty if it does not."""
    parts = (next(iter(record.get(field, ())), "") for field in ("first", "last"))
    return next(iter(record.get("name", ())), "") or " ".join(filter(None, parts))


def is_staff(record: Mapping[str, list[str]]) -> bool:
    """Whether a row of a list is about somebody who teaches."""
    return folded(" ".join(record.get("role", ()))) in STAFF


class People:
    """Finds in texts whoever is named there.

    Args:
        known: names and ids, in any order and in any case.
    """

    def __init__(self, known: Iterable[str]) -> None:
        told = {text.strip(): tuple(_words(text)) for text in known}
        told = {text: words for text, words in told.items() if _is_telling(text, words)}
        often = Counter(word for words in told.values() for word in words)
        self._by_word = defaultdict[str, set[tuple[str, ...]]](set)  # by the rarest word of each
        for text, words in told.items():
            forms = {words[at:] + words[:at] for at in range(len(words))} if " " in text else {words}
            self._by_word[min(words, key=lambda word: (often[word], -len(word)))] |= forms

    def named(self, text: str) -> dict[str, int]:
        """Return by whom a text names, as it does, in which line first."""
        if not self._by_word:
            return {}
        text, found = unicodedata.normalize("NFC", text), dict[str, int]()
        for start, end in sorted(self._spans(text)):
            found.setdefault(text[start:end], text.count("\n", 0, start) + 1)
        return found

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        found = [match for match in WORD.finditer(text) if match[1]]
        words = [_folded(match[1]) for match in found]
        for place, word in enumerate(words):
            for form in self._by_word.get(word, ()):
                start = place - form.index(word)
                if start >= 0 and tuple(words[start : start + len(form)]) == form:
                    yield found[start].start(), found[start + len(form) - 1].end()

    def masked(self, text: str, mask: str) -> str:
        """Return a text with something else in the place of everybody who is named."""
        if not self._by_word:
            return text
        text, end, parts = unicodedata.normalize("NFC", text), 0, list[str]()
        for start, stop in sorted(self._spans(text), key=lambda span: (span[0], -span[1])):
            if start >= end:
                parts += text[end:start], mask
                end = stop
        return "".join([*parts, text[end:]])


_folded = functools.lru_cache(2**16)(folded)


def _words(text: str) -> Iterator[str]:
    return (_folded(match[1]) for match in WORD.finditer(unicodedata.normalize("NFC", text)) if match[1])


def _is_telling(text: str, words: tuple[str, ...]) -> bool:
    """Whether a name or an id stands in no text by chance."""
    count = len("".join(words))
    if " " in text or "@" in text:
        return len(words) > 1 and count > 3 and folded(text) not in NOBODY
    if count < SHORTEST_ID or not any(letter.isalpha() for letter in text):
        return count >= SHORTEST_NUMBER and not own_words().issuperset(words)
    if any(letter.isdecimal() for letter in text):
        return True
    return count >= SHORTEST_WORD and not own_words().issuperset(words)


@functools.cache
def own_words() -> frozenset[str]:
    """Return the words of this program, which name nobody."""
    sources = sorted(Path(__file__).parents[1].rglob("*.py"))
    return frozenset(word for path in sources for word in _words(path.read_text(encoding="utf-8")))


def people_of(course: Course) -> People:
    """Return whoever the instructor's files name: ``roster.csv``, the tables in ``class``, and extensions.

    Raises:
        CannotCollect: a table cannot be read.
    """
    policies = [course.late, *(each.late for each in course.assignments if each.late)]
    known = [name for policy in policies for name in policy.extensions]
    for path in (course.root / "roster.csv", *sorted(course.private_folder.glob("*.csv"))):
        for _, record in read_sheet(path, FIELDS).records(FIELDS) if path.is_file() else ():
            if not is_staff(record):
                known += [full_name(record), *(name for field in IDS for name in record.get(field, ()))]
    return People(known)
