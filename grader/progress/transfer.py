"""Takes a learner's history out of one ledger and into another: from a browser to a laptop, and back.

The file is a claim, as all files are: it is read within bounds, and the worth of answers is worked out anew
where the key is. Events name what they belong to by learner, quiz and number, so that they mean the same in
every ledger. What is there is not taken in twice; what two places have both numbered 3 becomes 3 and 4.
"""

import contextlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grader.progress import ANONYMOUS, Learner, Ledger
from grader.progress.hand_in import MAX_BYTES, MAX_SITTINGS, PROGRESS_SCHEMA, BadDocument, Part, read_document

MAX_EVENTS = 100_000
COLUMNS = {
    "logged_in": "learner name",
    "adopted": "learner",
    "begun": "learner quiz version mode number questions",
    "answered": "learner quiz version question attempt params answer certainty hints sitting",
    "marked": "learner version score arithmetic response",
    "finished": "sitting",
    "quiz_hinted": "question number sitting",
    "flagged": "question flagged sitting",
    "reviewed": "learner quiz question state due",
    "checked": "learner exercise earned credits outcomes seed source_sha256 grader_version",
    "hinted": "learner exercise function",
}
"""What events hold, by their table, in an order in which they can be taken in."""
NAMES = {"begun": "learner quiz number", "answered": "learner quiz question attempt"}
"""What these are called in every ledger: the last is a number within the others."""
BELONGS = {"sitting": "begun", "response": "answered"}
"""Columns that hold the id of another event, which a file calls by its name."""
ONCE = {"adopted": "learner", "finished": "sitting", "marked": "response version"}
"""What there is one of at most, and of what."""
OF_A_PERSON = ("logged_in", "adopted")
JSON = {"questions": list, "outcomes": dict, "params": dict}
"""What is JSON in a text, by what it is called."""

Event = dict[str, Any]


def events_of(ledger: Ledger, since: Mapping[str, int] | None = None) -> list[Event]:
    """Return what happened, oldest first in each table; only after the ids that are known, by table."""

    def rows(table: str, first: int = 0) -> list[Event]:
        cursor = ledger.connection.execute(f"SELECT * FROM {table} WHERE id > ? ORDER BY id", (first,))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    named = {
        table: {row["id"]: [row[part] for part in name.split()] for row in rows(table)}
        for table, name in NAMES.items()
    }
    found = []
    for table, columns in COLUMNS.items():
        for row in rows(table, (since or {}).get(table, 0)):
            row |= {name: named[to][row[name]] for name, to in BELONGS.items() if name in row}
            found.append({"event": table, "at": row["at"], **{name: row[name] for name in columns.split()}})
    return found


def last_ids(ledger: Ledger) -> dict[str, int]:
    """Return by table the id of the last event."""
    query = "SELECT coalesce(max(id), 0) FROM {}"
    return {table: ledger.connection.execute(query.format(table)).fetchone()[0] for table in COLUMNS}


def progress_document(events: list[Event], course: str) -> str:
    """Return the file to carry elsewhere; the salt of the course tells whose it is."""
    return json.dumps({"schema": PROGRESS_SCHEMA, "course": course, "events": events}, ensure_ascii=False)


@dataclass
class Taken:
    """Adds one event after another, and what they added; knows which one of the file is which here."""

    ledger: Ledger
    own: bool
    # ids here of what the file names, by its table
    named: dict[str, dict[tuple[Any, ...], int]] = field(default_factory=lambda: {name: {} for name in NAMES})
    matched: set[tuple[str, int]] = field(default_factory=set)  # ids here, by table, of events of the file
    adopter: str = ""  # who took over, in the file, what was recorded before there was a name
    new: Counter[str] = field(default_factory=Counter)  # how many events were added, by their table
    known: int = 0  # how many were there already
    people: set[str] = field(default_factory=set)  # ids of whose they are

    def take(self, part: Part) -> None:
        """Add an event unless it is there."""
        table = part.read("event")
        if table not in COLUMNS:
            raise part.bad(f"has an event `{table}`, which is not known here")
        row = {"at": part.read("at"), **{name: self._read(part, name) for name in COLUMNS[table].split()}}
        called = [row[name] for name in NAMES.get(table, "").split()]
        person = row.get("learner")  # as the file's other events call them
        if "learner" in row:
            row["learner"] = self._whose(part, row["learner"], row.get("name"))
        if table in OF_A_PERSON and not self.own:
            if table == "adopted":
                self.adopter = str(person)
            elif self.ledger.learner == ANONYMOUS != (learner := Learner(str(person), row["name"])):
                self.ledger.login(learner, adopts=True)  # nobody has given a name here: it is the same person
                self.new[table] += 1
        elif table == "checked" and row["earned"] > row["credits"]:
            raise part.bad("earns more credits than there are")
        elif table in NAMES:
            if table == "begun" and self.new[table] >= MAX_SITTINGS:
                raise part.bad(f"adds more than {MAX_SITTINGS} sittings")
            self.named[table][tuple(called)] = self._numbered(table, row)
        elif table != "marked" or self.own:
            unique = row if table not in ONCE else {name: row[name] for name in ONCE[table].split()}
            if not self._match(table, unique):
                self._add(table, row)

    def _read(self, part: Part, name: str) -> Any:
        """Return a value within its bounds; of another event that it names, the id here."""
        if name in BELONGS:
            known = self.named[BELONGS[name]]
            called = tuple(value for value in part.items(name, 4) if isinstance(value, str | int))
            if called not in known:
                raise part.bad(f"belongs to a {name} that stands nowhere before it")
            return known[called]
        if name == "score":
            value = part.value.get(name)
            if type(value) in (int, float) and 0 <= value <= 1:
                return value
            raise part.bad("has no share `score` from 0 to 1")
        read = part.read(name)
        if name in JSON:
            parsed = None
            with contextlib.suppress(ValueError, RecursionError):
                parsed = json.loads(read)
            if not isinstance(parsed, JSON[name]):
                raise part.bad(f"has something else than JSON in `{name}`")
        return read

    def _whose(self, part: Part, learner: str, name: Any) -> str:
        """Return under whom an event is filed here; what nobody's name was given to is the receiver's."""
        try:
            Learner(learner, ANONYMOUS.name if learner == ANONYMOUS.id else name or "someone")
        except ValueError as error:
            raise part.bad(f"names a learner that cannot be: {error}") from None
        if self.own:
            return learner
        person = (self.adopter or self.ledger.learner.id) if learner == ANONYMOUS.id else learner
        self.people.add(person)
        return self.ledger.account_of(person)

    def _numbered(self, table: str, row: Event) -> int:
        """Add what is numbered, under the next free number if need be, unless it is there; return its id."""
        *within, number = NAMES[table].split()
        found = self._match(table, row)
        if not found and self._ids(table, {name: row[name] for name in (*within, number)}):
            found = self._match(table, {name: value for name, value in row.items() if name != number})
            where = " AND ".join(f"{name} = :{name}" for name in within)
            query = f"SELECT max({number}) + 1 FROM {table} WHERE {where}"
            row[number] = self.ledger.connection.execute(query, row).fetchone()[0]
        return found or self._add(table, row)

    def _match(self, table: str, row: Event) -> int:
        """Return the id of an event with these values that no other of the file is; 0 if there is none."""
        found = next((each for each in self._ids(table, row) if (table, each) not in self.matched), 0)
        if found:
            self.matched.add((table, found))
            self.known += 1
        return found

    def _ids(self, table: str, row: Event) -> list[int]:
        """Return the ids of the events that have these values."""
        where = " AND ".join(f"{name} IS :{name}" for name in row)
        query = f"SELECT id FROM {table} WHERE {where} ORDER BY id"
        return [found for (found,) in self.ledger.connection.execute(query, row)]

    def _add(self, table: str, row: Event) -> int:
        self.new[table] += 1
        self.matched.add((table, added := self.ledger.append(table, **row)))
        return added


def take_in(ledger: Ledger, data: bytes, course: str, *, own: bool = False) -> Taken:
    """Add to a ledger what a file holds and the ledger does not.

    Of this very ledger's ``own`` history, scores are believed, and nothing is lost for an event that cannot
    be: a student's code may have forged it. Of any other file's answers the scores are worked out anew when
    a quiz is opened next. BadDocument says that it is not of this form, or of another course.
    """
    if len(data) > MAX_BYTES:
        raise BadDocument(f"is larger than {MAX_BYTES // 2**20} MiB, which no learner's history is")
    document = read_document(data, PROGRESS_SCHEMA)
    if document.read("course") != course:
        raise BadDocument("is of another course; go to the folder, or the website, of that one")
    taken = Taken(ledger, own)
    events = list(enumerate(document.items("events", MAX_EVENTS), 1))
    # Those that say who somebody is come first; a browser's file has them as they happened.
    events.sort(key=lambda event: not isinstance(event[1], dict) or event[1].get("event") not in OF_A_PERSON)
    for count, value in events:
        try:
            taken.take(document.part("events", value, f"event {count}"))
        except BadDocument:
            if not own:
                raise
    return taken
