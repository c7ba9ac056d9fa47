"""Reads an instructor's tables: CSV as platforms and spreadsheets write it; a fault is one sentence."""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from grader.course.course import folded
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


class CannotCollect(CannotDo):
    """Nothing can be graded; the text names the file, the line and the cure, for the instructor."""


class Row(NamedTuple):
    """A line of a table, with a cell for each heading."""

    line: int
    cells: list[str]


class Sheet(NamedTuple):
    """A table as it was given.

    Args:
        name: of its file.
        heading: of its columns, as they are written.
        text: of the whole file.
    """

    name: str
    heading: list[str]
    rows: list[Row]
    text: str

    @property
    def titles(self) -> list[str]:
        """The headings as they are compared: folded, in English where they are Moodle's."""
        return list(map(_title, self.heading))

    def records(self, aliases: Mapping[str, str]) -> Iterator[tuple[int, dict[str, list[str]]]]:
        """Yield of every row its line, and by field what stands in the columns that mean it, in their order.

        Args:
            aliases: by heading, folded, the field that it means; other columns are left out.
        """
        fields = [aliases.get(title, "") for title in self.titles]
        for row in self.rows:
            record: dict[str, list[str]] = {field: [] for field in fields if field}
            for field, cell in zip(fields, row.cells, strict=True):
                if field and cell.strip():
                    record[field].append(cell.strip())
            yield row.line, record

    def bad(self, line: int, problem: str) -> CannotCollect:
        """Return the error that says what is wrong in a line."""
        return CannotCollect(f"{self.name}, line {line}: {problem}")


def _title(heading: str) -> str:
    return ENGLISH.get(folded(heading), folded(heading))


def read_sheet(path: Path, known: Collection[str]) -> Sheet:
    """Read a table.

    Args:
        known: headings, folded, by which is told what is between its cells.

    Raises:
        CannotCollect: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CannotCollect(f"{shown_path(path)} cannot be read: {error.strerror}") from None
    return parse_sheet(data, path.name, known)


def parse_sheet(data: bytes, name: str, known: Collection[str]) -> Sheet:
    """Read a table from the bytes of its file; arguments and errors are those of :func:`read_sheet`."""
    import csv  # no student's command needs it
    import io

    if len(data) > MAX_BYTES:
        raise CannotCollect(f"{name} is larger than {MAX_BYTES // 2**20} MiB; take out what is no student")
    try:
        wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # Excel's "Unicode text"
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CannotCollect(f"{name}, line {line}: is not UTF-8; {SAVE_AS}") from None
    told = SEPARATOR.match(text)
    rows = "\n" + text[told.end() :] if told else text  # the lines keep their numbers
    first = rows.lstrip("\r\n").partition("\n")[0]

    def recognised(delimiter: str) -> int:
        return len({_title(cell.strip(' "\r')) for cell in first.split(delimiter)} & set(known))

    delimiter = told[1] if told else max(",;\t", key=recognised)
    reader = csv.reader(io.StringIO(rows, newline=""), delimiter=delimiter, strict=True)
    sheet = Sheet(name, [], [], text)
    try:
        for cells in reader:
            line = reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if not sheet.heading:
                sheet.heading.extend(cell.strip() for cell in cells)
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
