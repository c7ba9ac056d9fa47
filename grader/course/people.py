"""An instructor's tables, and the people in them: how both are read, and where a text names somebody.

Tables are CSV as platforms and spreadsheets write it; a fault is one sentence. An id is a word that others
may use as well, so only what is nobody else's by chance is looked for in texts: whole names of two words or
more, e-mail addresses, and ids with a digit, or long ones that are no words of ours.
"""

import codecs
import functools
import io
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from grader.course.course import Course, folded
from grader.course.strict_yaml import CannotDo, shown_path

ENGLISH = {
    other: english
    for english, others in {
        "identifier": "identifiant|identificador",
        "full name": "vollständiger name|nom complet|nombre completo",
        "first name": "vorname|prénom|nombre",
        "last name": "nachname|nom de famille|nom|apellidos|apellido(s)",
        "id number": "id-nummer|matrikelnummer|numéro d'identification|número de id",
        "username": "anmeldename|nom d'utilisateur|nombre de usuario",
        "email address": "e-mail-adresse|adresse de courriel|dirección de correo|correo electrónico",
        "group": "gruppe|gruppen|groupe|groupes|grupo|grupos",
        "role": "rolle|rollen|rôle|rôles|rol|roles",
        "grade": "bewertung|note|calificación",
        "maximum grade": "bestwertung|note maximale|calificación máxima",
        "grade can be changed": "bewertung kann geändert werden|la note peut être modifiée|"
        "la calificación puede cambiarse|la calificación puede ser cambiada",
    }.items()
    for other in others.split("|")
}
"""By heading as Moodle writes it in German, French or Spanish, folded, the English one."""
SEPARATOR = re.compile(r'"?sep=([,;|:\t])"?\r?\n', re.IGNORECASE)  # Excel's own first line
MAX_BYTES = 32 * 2**20
MAX_ROWS = 100_000
SAVE_AS = "save it as `CSV UTF-8`"
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


# --- tables -------------------------------------------------------------------------------------------


class Row(NamedTuple):
    """A line of a table, with a cell for each heading."""

    line: int
    cells: list[str]


class Sheet(NamedTuple):
    """A table as it was given: its file's name, the headings as they are written, rows, the whole text."""

    name: str
    heading: list[str]
    rows: list[Row]
    text: str

    @property
    def titles(self) -> list[str]:
        """The headings as they are compared: folded, in English where they are Moodle's."""
        return [ENGLISH.get(folded(title), folded(title)) for title in self.heading]

    def records(self, aliases: Mapping[str, str]) -> Iterator[tuple[int, dict[str, list[str]]]]:
        """Yield the line of every row and, by field, its cells under the headings (folded) that mean it."""
        fields = [aliases.get(title, "") for title in self.titles]
        for row in self.rows:
            record: dict[str, list[str]] = {field: [] for field in fields if field}
            for field, cell in zip(fields, row.cells, strict=True):
                if field and cell.strip():
                    record[field].append(cell.strip())
            yield row.line, record

    def bad(self, line: int, problem: str) -> CannotDo:
        """Return the error that says what is wrong in a line."""
        return CannotDo(f"{self.name}, line {line}: {problem}")


def read_sheet(path: Path, known: Collection[str]) -> Sheet:
    """Read a table; known headings, folded, tell what is between its cells. Or CannotDo."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CannotDo(f"{shown_path(path)} cannot be read: {error.strerror}") from None
    return parse_sheet(data, path.name, known)


def parse_sheet(data: bytes, name: str, known: Collection[str]) -> Sheet:
    """Read a table from the bytes of its file; arguments and errors are those of :func:`read_sheet`."""
    import csv  # no student's command needs it

    if len(data) > MAX_BYTES:
        raise CannotDo(f"{name} is larger than {MAX_BYTES // 2**20} MiB; take out what is no student")
    try:
        wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # Excel's "Unicode text"
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CannotDo(f"{name}, line {line}: is not UTF-8; {SAVE_AS}") from None
    told = SEPARATOR.match(text)
    rows = "\n" + text[told.end() :] if told else text  # the lines keep their numbers
    first = rows.lstrip("\r\n").partition("\n")[0]

    def recognised(delimiter: str) -> int:
        cells = [cell.strip(' "\r') for cell in first.split(delimiter)]
        return len({*Sheet(name, cells, [], "").titles}.intersection(known))

    delimiter = told[1] if told else max(",;\t", key=recognised)
    reader = csv.reader(io.StringIO(rows, newline=""), delimiter=delimiter, strict=True)
    sheet = Sheet(name, [], [], text)
    try:
        for cells in reader:
            line = reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if not sheet.heading:
                sheet.heading.extend(map(str.strip, cells))
                continue
            width = len(sheet.heading)
            if any(cell.strip() for cell in cells[width:]):
                cure = "put quotes around a cell with a comma in it"
                raise sheet.bad(line, f"has {len(cells)} cells, but the heading {width}; {cure}")
            if len(sheet.rows) == MAX_ROWS:
                raise sheet.bad(line, f"has more than {MAX_ROWS} rows; take out what is no student")
            sheet.rows.append(Row(line, [*cells[:width], *[""] * (width - len(cells))]))
    except csv.Error as error:
        problem = str(error).replace("'\t'", "a tab")
        raise sheet.bad(reader.line_num or 1, f"{problem}; mend its quotes, or {SAVE_AS}") from None
    return sheet


# --- people -------------------------------------------------------------------------------------------


def full_name(record: Mapping[str, list[str]]) -> str:
    """Return what a row of a list calls its student; empty if it does not."""
    parts = (next(iter(record.get(field, ())), "") for field in ("first", "last"))
    return next(iter(record.get("name", ())), "") or " ".join(filter(None, parts))


def is_staff(record: Mapping[str, list[str]]) -> bool:
    """Whether a row of a list is about somebody who teaches."""
    return folded(" ".join(record.get("role", ()))) in STAFF


class People:
    """Finds in texts whoever is known, by names and ids in any order and case."""

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
    """Return whoever ``roster.csv``, the tables in ``class`` and extensions name; or CannotDo."""
    policies = [course.late, *(each.late for each in course.assignments if each.late)]
    known = [name for policy in policies for name in policy.extensions]
    tables = course.root / "roster.csv", *sorted(course.private_folder.glob("*.csv"))
    for path in filter(Path.is_file, tables):
        for _, record in read_sheet(path, FIELDS).records(FIELDS):
            if not is_staff(record):
                known += [full_name(record), *(name for field in IDS for name in record.get(field, ()))]
    return People(known)
