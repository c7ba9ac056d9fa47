"""The gradebook of a class: one SQLite file, which is all that grading leaves behind."""

import contextlib
import dataclasses
import hashlib
import json
import os
import sqlite3
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path, PurePosixPath
from typing import Any

from grader.checks.report import Report, reports_from_json, reports_to_json
from grader.classroom import collect, identity, roster as rosters, standing, tables
from grader.course import FIELDS, CannotDo, Course, parse_sheet
from grader.progress import QUIZZES, ClassGrades, Note, QuizResult, open_file
from grader.sandbox import REQUIRED
from grader.sandbox.text import one_line

FILE = "grades.db"
FEW_GONE = 1  # submissions that may vanish from a class of any size
SHARE_GONE = 5  # of so many, one may vanish
MAX_REASON = 300  # characters of why something could not be graded


class Gradebook:
    """Reads and writes the file; what was stored, survives the death of this program."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._do = connection.execute

    # -- what was graded --

    def report_keys(self) -> dict[tuple[str, str], str]:
        """Return a hash of what every report depends on, by submission and exercise; empty: make it anew."""
        rows = self._do("SELECT submission, exercise, key FROM reports")
        return {(submission, exercise): key for submission, exercise, key in rows}

    def enter(
        self, submissions: Sequence[collect.Submission], scope: tables.Scope, *, confirm_gone: bool = False
    ) -> tuple[str, ...]:
        """Begin a run: keep what was handed in, and mark what has vanished, unless that is too many.

        What was graded before stays, but for what cannot be graded now, and answers that are withdrawn. A run
        that was interrupted goes on: who moved is told of both together. Returned are the names of those that
        have vanished and stay all the same.
        """
        for handed in submissions:
            handed.folder = scope.folder
        with self._transaction():
            self._begin()
            if scope.folder:
                self._do("UPDATE submissions SET seen = 0")
            self._connection.executemany(tables.KEEP, [handed.row() for handed in submissions])
            for handed in submissions:
                nothing = bool(handed.problem or handed.nothing_found)
                for exercise in scope.exercises if nothing else ():
                    self._put((handed.key, exercise, "", 0.0, "", 0, ""))
                if scope.quizzes and (nothing or not handed.answers):
                    self._put_quizzes(handed.key, "", "[]")
            self._do("INSERT OR REPLACE INTO facts VALUES ('scope', ?)", (json.dumps(scope),))
            if not scope.whole_class:
                return ()
            return self._mark_gone({handed.key for handed in submissions}, scope, confirm_gone)

    def store_report(self, submission: str, key: str, report: Report) -> None:
        """Keep a report, with its submission's key and a hash of all that it depends on.

        A report of a check that broke replaces none that is whole; it says why that is not of today. So does
        one of code that was not confined, where it was before.
        """
        # How long things took is left out: grading the same again gives the same, to the letter.
        outcomes = tuple(dataclasses.replace(outcome, seconds=0.0) for outcome in report.outcomes)
        text = reports_to_json([dataclasses.replace(report, outcomes=outcomes, seconds=0.0)])
        error = report.first_error
        reason = one_line(f"`{error.title}` broke: {error.message}", MAX_REASON) if error else ""
        kept = "" if reason else key  # what has none is tried again
        with self._transaction():
            self._put((submission, report.exercise, kept, report.seconds, text, int(not reason), reason))

    def mark_not_graded(self, places: Iterable[tuple[str, str]], reason: str) -> None:
        """Keep why exercises (or ``QUIZZES``) could not be graded, by their submissions; reports stay."""
        with self._transaction():
            for submission, exercise in places:
                self._put((submission, exercise, "", 0.0, "", 0, one_line(reason, MAX_REASON)))

    def store_quizzes(
        self, submission: str, key: str, results: Iterable[QuizResult], notes: Iterable[Note] = ()
    ) -> None:
        """Keep what one submission earned in quizzes, by its key, with a hash of what that depends on."""
        found = (json.dumps(list(map(list, values)), ensure_ascii=False) for values in (results, notes))
        with self._transaction():
            self._put_quizzes(submission, key, *found)

    def finish(self) -> None:
        """End a run; the next one begins a list of its own of who moved."""
        with self._transaction():
            self._do("DELETE FROM facts WHERE name = 'unfinished'")

    def roster(self) -> rosters.Roster | None:
        """Return the list of the class; None if it was graded without."""
        kept = self.fact("roster")
        if not kept:
            return None
        name, text, groups = json.loads(kept)
        return rosters.make_roster(parse_sheet(text.encode(), name, FIELDS), groups)

    def fact(self, name: str, schema: str = "main") -> str:
        """Return what is kept under a name; empty if nothing is."""
        row = self._do(f"SELECT value FROM {schema}.facts WHERE name = ?", (name,)).fetchone()
        return row[0] if row else ""

    # -- rounds, each of which is kept before its first grade is --

    def round(self) -> tables.Round | None:
        """Return the round that goes on; None if nothing was graded yet."""
        kept = self.fact("round")
        return tables.Round(*json.loads(kept)) if kept else None

    def begin(
        self,
        assignment: str,
        roster: rosters.Roster | None,
        count: str,
        number: int | None,
        seed: int | None,
        secret: bytes,
    ) -> tables.Round:
        """Return the round that is graded now: the one that goes on, else the first, unless it is said.

        Its seed is the one that was kept or is said, else what follows from the secret and the number. It is
        kept and, where they are said, the assignment, the list and what counts. CannotDo if a later round has
        begun, or results of another assignment are here.
        """
        before, kept = self.fact("assignment"), self.round()
        if assignment and before not in ("", assignment):
            raise CannotDo(f"these results are of {before}; give {assignment} a folder of its own")
        number = number or (kept.number if kept else 1)
        if kept and number < kept.number:
            over = f"these results are in round {kept.number}; give round {number} a folder of its own"
            raise CannotDo(over)
        if seed is None:
            same = kept is not None and number == kept.number
            seed = kept.seed if kept and same else tables.derive_seed(secret, "round", str(number))
        listed = json.dumps([roster.sheet.name, roster.sheet.text, roster.groups]) if roster else ""
        begun = tables.Round(number, seed)
        facts = {"assignment": assignment, "roster": listed, "count": count, "round": json.dumps(begun)}
        with self._transaction():
            said = [(name, value) for name, value in facts.items() if value]
            self._connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", said)
        return begun

    def drawn(self, number: int) -> dict[tables.Place, tables.Drawn]:
        """Return on which inputs was graded what was handed in in a round."""
        rows = self._do("SELECT submission, exercise, files, seed FROM drawn WHERE round = ?", (number,))
        return {(key, exercise): tables.Drawn(files, int(seed)) for key, exercise, files, seed in rows}

    def keep_drawn(self, number: int, drawn: Mapping[tables.Place, tables.Drawn]) -> None:
        """Keep on which inputs will be graded what was handed in in a round."""
        rows = [  # as text: a seed that somebody gives may be larger than an integer of SQLite
            (*place, number, each.files, str(each.seed)) for place, each in drawn.items() if each.handed_in
        ]
        with self._transaction():
            self._connection.executemany("INSERT OR REPLACE INTO drawn VALUES (?, ?, ?, ?, ?)", rows)

    # -- who is in the class --

    def entries(self) -> list[tables.Entry]:
        """Return what is known of every submission, by name; those that are gone come last.

        A name that another one has as well, since they were collected apart, gets a number.
        """
        entries, taken = list[tables.Entry](), dict[str, int]()
        for entry in map(tables.read_entry, self._do(f"{tables.ENTRIES} ORDER BY gone, name, submission")):
            entry.name = tables.unused(entry.name, taken)
            entries.append(entry)
        return entries

    def key_at(self, path: Path) -> str | None:
        """Return the key of what lies at a path, if it was collected there with its class."""
        placed = (entry for entry in self.entries() if entry.folder)
        places = {os.path.join(entry.folder, entry.key): entry.key for entry in placed}
        return places.get(unicodedata.normalize("NFC", str(path.resolve())))

    def find(self, wanted: str, *, gone: bool = False) -> tables.Entry:
        """Return the submission that is meant by its name, its path, or the name of its file; or LookupError.

        What begins with ``./`` is a path; those that are gone are meant only if it is said.
        """
        known = [entry for entry in self.entries() if gone or not entry.gone]
        path = wanted.removeprefix("./")
        meant = [entry for entry in known if entry.key == path or entry.name == wanted]
        if not meant and path == wanted:
            files = ((entry, PurePosixPath(entry.key).name) for entry in known)
            meant = [entry for entry, file in files if wanted in (file, identity.ENDING.sub("", file))]
        if len(meant) == 1:
            return meant[0]
        if meant:
            listed = " or ".join(f"`./{entry.key}` (shown as `{entry.name}`)" for entry in meant[:3])
            more = f", or {len(meant) - 3} more" if len(meant) > 3 else ""
            raise LookupError(f"knows more than one `{wanted}`: {listed}{more}; write its path")
        raise LookupError(f"knows no submission `{wanted}`; names are case-sensitive")

    def forget(self, keys: Iterable[str]) -> None:
        """Delete all that is known of submissions, their adjustments as well; nothing brings it back."""
        self._do("PRAGMA secure_delete = ON")
        with self._transaction():
            self._do("DROP TRIGGER adjustments_no_delete")
            rows = [(key,) for key in keys]
            for table in "submissions reports quizzes drawn moves decisions adjustments".split():
                self._connection.executemany(f"DELETE FROM {table} WHERE submission = ?", rows)
            self._do(tables.NEVER_DELETED)

    # -- what an instructor decides --

    def adjust(self, adjustment: tables.ManualAdjustment) -> None:
        """Keep an adjustment, which no regrade touches; LookupError if there is no submission of its key."""
        known = "SELECT 1 FROM submissions WHERE submission = ?"
        # The same for the same event in two files, which are then merged.
        id_ = hashlib.sha256("\n".join(map(str, adjustment)).encode()).hexdigest()
        with self._transaction():
            if not self._do(known, (adjustment.submission,)).fetchone():
                raise LookupError(adjustment.submission)
            self._do("INSERT OR IGNORE INTO adjustments VALUES (?, ?, ?, ?, ?, ?, ?)", (id_, *adjustment))

    def decide(self, at: str, submission: str, student: str) -> None:
        """Keep whose a submission is, by its key; the last decision counts."""
        with self._transaction():
            self._do("INSERT OR REPLACE INTO decisions VALUES (?, ?, ?)", (at, submission, student))

    def adjustments(self) -> list[tables.ManualAdjustment]:
        """Return all adjustments, oldest first."""
        columns = "at, submission, exercise, cents, reason, author"
        rows = self._do(f"SELECT {columns} FROM adjustments ORDER BY at, id")
        return [tables.ManualAdjustment(*row) for row in rows]

    # -- all of it --

    def class_grades(self, course: Course) -> ClassGrades:
        """Return what the class earned, by the late policy that the course has now."""
        return standing.Standing(course, self).grades()

    def rows(self, columns: str, table: str) -> list[Any]:
        """Return columns of a table that is kept as it is, in the order in which it was written."""
        return self._do(f"SELECT {columns} FROM {table} ORDER BY rowid").fetchall()

    def reports(self) -> tuple[dict[str, dict[str, Report]], dict[str, dict[str, str]]]:
        """Return reports, and why there is none of today, by submission and exercise."""
        reports: dict[str, dict[str, Report]] = defaultdict(dict)
        not_graded: dict[str, dict[str, str]] = defaultdict(dict)
        rows = self._do("SELECT submission, exercise, seconds, report, not_graded FROM reports")
        for key, exercise, seconds, text, reason in rows:
            for report in reports_from_json(text) if text else ():
                reports[key][exercise] = dataclasses.replace(report, seconds=seconds)
            if reason:
                not_graded[key][exercise] = reason
        return reports, not_graded

    def take_in(self, paths: Iterable[Path], *, itself: bool, confirm_gone: bool) -> tuple[str, ...]:
        """Copy all from other gradebooks, the last one's counts; return the names that :meth:`enter` does."""
        taken: set[str] = set()  # keys that the last run of one of them looked at
        scopes = []
        if itself:
            taken |= {entry.key for entry in self.entries() if entry.seen and not entry.gone}
            scopes.append(self.scope())
        for path in paths:
            self._do("ATTACH ? AS other", (str(path),))
            try:
                scopes.append(self.scope("other"))
                with self._transaction():
                    self._begin()
                    self._copy_other(taken)
            finally:
                self._do("DETACH other")
        with self._transaction():
            self._do("DELETE FROM facts WHERE name = 'unfinished'")
            shards = {scope.shard for scope in scopes if scope and scope.folder}
            if len(shards) > 1 and {count for _, count in shards} == {len(shards)}:
                scope = next(scope for scope in scopes if scope and scope.folder)
                return self._mark_gone(taken, scope, confirm_gone)
        return ()

    def scope(self, schema: str = "main") -> tables.Scope | None:
        """Return what the last run looked at."""
        if not (kept := self.fact("scope", schema)):
            return None
        exercises, quizzes, folder, shard, whole_course = json.loads(kept)
        return tables.Scope(tuple(exercises), quizzes, folder, tuple(shard), whole_course)

    def _copy_other(self, taken: set[str]) -> None:
        """Copy what another file holds, but for what an earlier run left there and this one knows better."""
        theirs = map(tables.read_entry, self._do(tables.ENTRIES.replace("FROM ", "FROM other.")).fetchall())
        held = {entry.key for entry in self.entries()}
        scope = self.scope("other")
        whole = scope and scope.whole_class  # a shard knows nothing of other people
        entries = {
            entry.key: entry
            for entry in theirs
            if entry.seen or entry.key not in held or (whole and entry.gone)
        }
        self._connection.executemany(tables.KEEP, [entry.row() for entry in entries.values()])

        def rows(table: str) -> list[tuple[Any, ...]]:
            return [row for row in self._do(f"SELECT * FROM other.{table}").fetchall() if row[0] in entries]

        for row in rows("reports"):
            self._put(row)
        for row in rows("quizzes"):
            self._put_quizzes(*row)
        self._connection.executemany("INSERT OR REPLACE INTO drawn VALUES (?, ?, ?, ?, ?)", rows("drawn"))
        kept = "'round', 'assignment', 'roster', 'count'"
        self._do(f"INSERT OR REPLACE INTO facts SELECT * FROM other.facts WHERE name IN ({kept})")
        moves = [row for row in rows("moves") if row[0] not in held]
        self._connection.executemany("INSERT OR IGNORE INTO moves VALUES (?, ?, ?)", moves)
        for table in ("adjustments", "decisions"):
            self._do(f"INSERT OR IGNORE INTO {table} SELECT * FROM other.{table}")
        taken |= {key for key, entry in entries.items() if entry.seen and not entry.gone}

    # -- rows --

    def _begin(self) -> None:
        """Begin a list of who moved, unless an interrupted run goes on."""
        if self._do("INSERT OR IGNORE INTO facts VALUES ('unfinished', '')").rowcount:
            self._do("DELETE FROM moves")

    def _put(self, row: tuple[Any, ...]) -> None:
        """Keep a row of ``reports``, unless it is worse founded than the one that is there."""
        submission, exercise, _, _, report, _, reason = row
        found = "SELECT report, whole FROM reports WHERE submission = ? AND exercise = ?"
        before, whole = self._do(found, (submission, exercise)).fetchone() or ("", 0)
        if whole and report and not reason and _is_confined(report) is False and _is_confined(before):
            reason = "was graded anew where code is not confined; what was graded where it is stays"
        if whole and reason:
            order = "UPDATE reports SET key = '', not_graded = ? WHERE submission = ? AND exercise = ?"
            self._do(order, (reason, submission, exercise))
            return
        if whole and not (report and json.loads(report)["earned"] == json.loads(before)["earned"]):
            self._do("INSERT OR IGNORE INTO moves VALUES (?, ?, ?)", (submission, exercise, before))
        self._do("INSERT OR REPLACE INTO reports VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def _put_quizzes(self, submission: str, key: str, text: str, notes: str = "[]") -> None:
        found = self._do("SELECT results FROM quizzes WHERE submission = ?", (submission,)).fetchone()
        after = {result.quiz: result for result in standing.quiz_results(text)}
        for before in standing.quiz_results(found[0]) if found else ():
            if before.quiz not in after or after[before.quiz].earned_cents != before.earned_cents:
                row = submission, before.quiz, json.dumps([before])
                self._do("INSERT OR IGNORE INTO moves VALUES (?, ?, ?)", row)
        self._do("INSERT OR REPLACE INTO quizzes VALUES (?, ?, ?, ?)", (submission, key, text, notes))
        self._do("DELETE FROM reports WHERE submission = ? AND exercise = ?", (submission, QUIZZES))

    def _mark_gone(self, found: Set[str], scope: tables.Scope, confirmed: bool) -> tuple[str, ...]:
        """Mark what is not among the keys found; if that is too much of a class, return its names instead."""
        here = [entry for entry in self.entries() if not entry.gone]
        if not scope.whole_course:  # then others may have handed in other exercises, at another time
            known = (*scope.exercises, QUIZZES)
            others = {key for key, exercise in self.report_keys() if exercise not in known}
            here = [entry for entry in here if entry.folder == scope.folder and entry.key not in others]
        missing = [entry for entry in here if entry.key not in found]
        if len(missing) > max(FEW_GONE, len(here) / SHARE_GONE) and not confirmed:
            return tuple(entry.name for entry in missing)
        order = "UPDATE submissions SET gone = 1 WHERE submission = ?"
        self._connection.executemany(order, [(entry.key,) for entry in missing])
        return ()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._connection:
            self._do("BEGIN IMMEDIATE")
            yield


def _is_confined(text: str) -> bool | None:
    """Whether the code of a report that was kept ran confined; None if there was none."""
    for report in reports_from_json(text) if text else ():
        if report.source_sha256:
            return set(REQUIRED) <= set(report.confinement)
    return None


@contextlib.contextmanager
def open_gradebook(folder: Path, *, new: bool = False) -> Iterator[Gradebook]:
    """Open the gradebook in a folder of results, perhaps a new one; or LedgerError."""
    path = folder / FILE
    if not new and not path.is_file():
        raise CannotDo(f"{folder} holds no {FILE}; `grader grade SUBMISSIONS -o {folder}` makes one")
    with open_file(path, tables.MIGRATIONS) as connection:
        connection.commit()
        connection.execute("PRAGMA foreign_keys = OFF")  # a merge replaces rows that others refer to
        yield Gradebook(connection)


def merge(course: Course, parts: Iterable[Path], results: Path, *, confirm_gone: bool = False) -> ClassGrades:
    """Put several gradebooks together; of a submission that several have, the last one counts.

    If they are all shards of a class, what is in none of them has vanished, any number of it if that is
    confirmed. What the folder of results holds already stays.

    Raises:
        LedgerError: one of the files cannot be used; nothing is written if it is one of the parts.
        CannotDo: they are of different rounds; nothing is written.
    """
    parts, rounds = list(parts), dict[tables.Round, Path]()
    for part in parts:
        with open_gradebook(part) as book:
            if found := book.round():
                rounds.setdefault(found, part)
    with open_gradebook(results, new=True) as book:
        if found := book.round():
            rounds.setdefault(found, results)
        if len(rounds) > 1:
            named = (f"{path} is of round {each.number} (seed {each.seed})" for each, path in rounds.items())
            cure = "grade them with the same --round, and with the same secret"
            raise CannotDo(f"{', '.join(named)}; {cure}")
        others = [part / FILE for part in parts if part.resolve() != results.resolve()]
        vanished = book.take_in(others, itself=len(others) < len(parts), confirm_gone=confirm_gone)
        return dataclasses.replace(book.class_grades(course), vanished=vanished)
