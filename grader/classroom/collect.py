"""Finds what a class handed in, folders, zips and checkouts: read in memory, and none of it trusted."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import hashlib
import io
import itertools
import json
import os
import re
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.checks.source import (
    LINK,
    MAX_DEPTH,
    MAX_ENTRIES,
    Archive,
    FileRejected,
    Source,
    is_zip,
    open_archive,
    read_plain,
    read_source,
)
from grader.course import Exercise, moment
from grader.progress.hand_in import MANIFEST, MAX_MANIFEST_BYTES, MAX_RESPONSES_BYTES, RESPONSES, SCHEMA
from grader.progress.learner import ANONYMOUS, JOINERS, Learner
from grader.progress.responses import NotResponses, parse_responses
from grader.sandbox.text import HIDING, clean

RECEIVED = "received.csv"
MAX_RECEIVED_BYTES = 4 * 2**20
MAX_NAME = 80
NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|]')  # a report may become a file of this name, on any system
MOODLE = re.compile(r"_assignsubmission_file_?$")
LAST_SECOND = 253402300799  # of the year 9999
MAX_LISTED = 3


class CannotCollect(Exception):
    """Nothing can be graded; the text names the file, the line and the cure, for the instructor."""


@dataclass(frozen=True)
class Submission:
    """Something that was handed in.

    Args:
        name: printable and unique in its class, in whatever case.
        path: what ``grader.checks.source.read_source`` reads.
        received: when it arrived, in UTC.
        problem: why it is not looked at, one sentence; empty if it is.
        learner_id: as the submission claims; empty if it does not.
        notes: what whoever grades should know, one sentence each.
        root: where its ``responses.json`` is: a folder, or the zip.
    """

    name: str
    path: Path
    received: datetime.datetime
    problem: str = ""
    learner_id: str = ""
    learner_name: str = ""
    notes: tuple[str, ...] = ()
    root: Path | None = None

    def read_sources(self, exercises: Iterable[Exercise]) -> tuple[Source, ...]:
        """Read the files of several exercises, with those they build on; a zip is opened once."""
        if self.problem:
            return tuple(_unread(one, self.problem) for one in exercises)
        try:
            opened = open_archive(self.path) if _is_archive(self.path) else self.path
        except (FileRejected, OSError):  # then each file says it
            opened = self.path
        return tuple(read_source(one, opened) for one in exercises)

    def read_responses_bytes(self) -> bytes:
        """Return the bytes of ``responses.json``.

        Raises:
            FileRejected: it is a link, no plain file or larger than 4 MiB, or the submission has a problem.
            FileNotFoundError: there is none.
            OSError: it cannot be read.
        """
        if self.root is None:
            raise FileRejected(f"is not read: {self.problem}")
        opened = open_archive(self.root) if _is_archive(self.root) else self.root
        return _read_top(opened, RESPONSES, MAX_RESPONSES_BYTES)


def fingerprint_of(sources: Iterable[Source]) -> str:
    """Return a hash of files that were read, and of why some were not."""
    listed = [[(one.name, one.sha256, one.problem) for one in (each, *each.used)] for each in sources]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def _unread(exercise: Exercise, problem: str) -> Source:
    used = tuple(Source(f"{one.file.module}.py", problem=problem) for one in exercise.used)
    return Source(f"{exercise.file.module}.py", problem=problem, used=used)


def _is_archive(path: Path) -> bool:
    return is_zip(path) and not path.is_dir()


def _read_top(opened: Path | Archive, name: str, limit: int) -> bytes:
    if isinstance(opened, Archive):
        return opened.read(name, limit)
    if not opened.is_dir():
        raise FileNotFoundError(name)
    return read_plain(opened, [name], limit)


# --- a class --------------------------------------------------------------------------------------------


def find_submissions(folder: Path, exercises: Sequence[Exercise]) -> list[Submission]:
    """Find the submissions in a folder, by name; what is no submission is listed with its problem.

    Args:
        folder: of folders, zips and checkouts; or a single submission, which may also be a zip, or a module
            file where there is one exercise.
        exercises: to be graded.

    Raises:
        CannotCollect: the folder, or its ``received.csv``, cannot be read.
    """
    try:
        if not folder.is_dir() or _mirrors(folder, exercises):
            folder.lstat()
            return [_look(folder, exercises, None)]
        folder = folder.resolve()
        paths = [one for one in folder.iterdir() if one.name != RECEIVED and not _is_clutter(one.name)]
        arrivals = _read_arrivals(folder)
    except OSError as error:
        raise CannotCollect(f"{_one_line(str(folder))} cannot be read: {error.strerror}") from None
    paths.sort(key=lambda path: (_is_odd(path.name), path.name))  # the odd give way to the plain
    return _with_shared_ids(_with_own_names([_look(path, exercises, arrivals) for path in paths]))


def _mirrors(folder: Path, exercises: Sequence[Exercise]) -> bool:
    return any((folder / name).is_dir() for name in ("exercises", *(one.id for one in exercises)))


def _is_clutter(name: str) -> bool:
    hidden = name.startswith(".") and not is_zip(Path(name))
    return hidden or name.startswith("._") or name == "__MACOSX"


def _with_own_names(found: list[Submission]) -> list[Submission]:
    """Number those that would else be called the same, on a system that ignores the case of names."""
    taken: dict[str, int] = {}
    named = []
    for one in found:
        name, folded = one.name, _folded(one.name)
        number = taken.get(folded, 0)
        while _folded(name) in taken:
            number += 1
            name = f"{one.name} ({number + 1})"
        taken[folded] = number
        taken.setdefault(_folded(name), 0)
        note = f"is called `{name}` here, since another one has that name"
        named.append(one if name == one.name else _noted(dataclasses.replace(one, name=name), note))
    return named


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _with_shared_ids(found: list[Submission]) -> list[Submission]:
    """Note on submissions that claim the same learner which others do."""
    names = defaultdict(list)
    for one in found:
        names[one.learner_id].append(one.name)
    return [
        _noted(
            one, f"is by the same learner `{one.learner_id}` as {_others(names[one.learner_id], one.name)}"
        )
        if one.learner_id and len(names[one.learner_id]) > 1
        else one
        for one in found
    ]


def _others(names: list[str], own: str) -> str:
    few = [one for one in names[: MAX_LISTED + 1] if one != own][:MAX_LISTED]
    more = len(names) - 1 - len(few)
    return ", ".join(f"`{one}`" for one in few) + (f" and {more} more" if more else "")


def _noted(one: Submission, note: str) -> Submission:
    return dataclasses.replace(one, notes=(*one.notes, note))


# --- when it arrived ------------------------------------------------------------------------------------


def _read_arrivals(folder: Path) -> Mapping[str, datetime.datetime] | None:
    """Read ``received.csv``; None if there is none."""
    try:
        text = read_plain(folder, [RECEIVED], MAX_RECEIVED_BYTES).decode("utf-8-sig")
    except FileNotFoundError:
        return None
    except FileRejected as rejected:
        raise CannotCollect(f"{RECEIVED} {rejected}") from None
    except UnicodeDecodeError:
        raise CannotCollect(f"{RECEIVED} is not UTF-8; save it as `CSV UTF-8`") from None
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    arrivals: dict[str, datetime.datetime] = {}
    try:
        if not {"submission", "received"} <= set(rows.fieldnames or ()):
            raise ValueError("should name the columns submission,received")
        for row in rows:
            name = (row["submission"] or "").strip()
            if not name or name in arrivals:
                raise ValueError(f"names `{_one_line(name)[:80]}` twice" if name else "names no submission")
            arrivals[name] = _moment(row["received"] or "")
    except (ValueError, csv.Error) as error:
        raise CannotCollect(f"{RECEIVED}, line {rows.reader.line_num or 1}: {error}") from None
    return arrivals


def _moment(text: str) -> datetime.datetime:
    try:
        return moment(text.strip()).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        example = "2026-03-01T18:00:00Z"
        problem = f"should have a time with a zone, such as {example}, but has `{_one_line(text)[:40]}`"
        raise ValueError(problem) from None


def _modified(paths: Iterable[Path]) -> datetime.datetime:
    """Return when the newest of those files that are there was changed."""
    seconds = [0.0]
    for path in paths:
        try:
            seconds.append(path.lstat().st_mtime)
        except OSError:
            continue
    return datetime.datetime.fromtimestamp(min(max(seconds), LAST_SECOND), datetime.UTC)


# --- one submission -------------------------------------------------------------------------------------


def _look(
    path: Path, exercises: Sequence[Exercise], arrivals: Mapping[str, datetime.datetime] | None
) -> Submission:
    """Describe a submission; whatever is wrong with it, is told and not raised."""
    name = _name_of(path)
    received = (arrivals or {}).get(path.name) or (arrivals or {}).get(name)
    notes = (f"is not in {RECEIVED}; when it arrived is told from its file",) if arrivals is not None else ()
    shown = _one_line(path.name) or name
    found = Submission(name, path, received or _modified([path]), notes=() if received else notes)
    try:
        _require_fit(path, exercises)
        root = _innermost(path, exercises)
        found = _described(dataclasses.replace(found, root=root), exercises)
    except FileRejected as rejected:
        return dataclasses.replace(found, problem=f"{shown} {rejected}", path=path)
    except OSError as error:
        return dataclasses.replace(found, problem=f"{shown} cannot be read: {error.strerror}", path=path)
    if received is None and found.path.is_dir():
        graded = [found.path / one.id / f"{one.file.module}.py" for one in exercises]
        received = _modified([one for one in graded if os.path.lexists(one)] or [found.path])
    return dataclasses.replace(found, received=received or _modified([found.path]))


def _is_odd(name: str) -> bool:
    return any(unicodedata.category(one) in HIDING and one not in JOINERS for one in name)


def _name_of(path: Path) -> str:
    name = path.name or path.resolve().name
    name = MOODLE.sub("", name[: -len(path.suffix)] if is_zip(path) or path.suffix == ".py" else name)
    return NOT_IN_NAMES.sub("_", _one_line(name))[:MAX_NAME].strip(" .") or "submission"


def _require_fit(path: Path, exercises: Sequence[Exercise]) -> None:
    """Refuse what is no submission by its name or kind."""
    mode = path.lstat().st_mode
    if _is_odd(path.name):
        raise FileRejected("has an invisible or undecodable character in its name; rename it")
    if stat.S_ISLNK(mode):
        raise FileRejected(LINK)
    if stat.S_ISDIR(mode) or (stat.S_ISREG(mode) and is_zip(path)):
        return
    if not stat.S_ISREG(mode):
        raise FileRejected("is neither a folder nor a file; remove it")
    if path.suffix != ".py":
        raise FileRejected("is neither a folder nor a zip; remove it, or hand in one of these")
    if len(exercises) != 1:
        raise FileRejected("is a single module file, which goes with a single exercise; hand in a folder")


def _innermost(path: Path, exercises: Sequence[Exercise]) -> Path:
    """Return what a folder is about: itself, or the one folder or zip it holds, as an LMS packs them."""
    for _ in range(MAX_DEPTH):
        if not path.is_dir() or _mirrors(path, exercises):
            return path
        with os.scandir(path) as entries:
            inside = [one for one in itertools.islice(entries, MAX_ENTRIES + 1) if not _is_clutter(one.name)]
        if len(inside) >= MAX_ENTRIES:
            raise FileRejected(f"holds more than {MAX_ENTRIES} files; hand in the exercises only")
        plain = [Path(one.path) for one in inside if one.is_file(follow_symlinks=False)]
        wanted = [one for one in plain if is_zip(one)]
        if len(exercises) == 1 and not wanted:
            wanted = [one for one in plain if one.name == f"{exercises[0].file.module}.py"]
        if not wanted and len(inside) == 1 and inside[0].is_dir(follow_symlinks=False):
            wanted = [Path(inside[0].path)]
        if len(wanted) > 1:
            raise FileRejected(f"holds {len(wanted)} zips, and it is not clear which one counts; keep one")
        if not wanted:
            return path
        path = wanted[0]
    return path


def _described(found: Submission, exercises: Sequence[Exercise]) -> Submission:
    """Add what a submission says of itself.

    Raises:
        FileRejected: it is a zip that is damaged or too large.
        OSError: it cannot be read.
    """
    root, notes = found.root or found.path, list(found.notes)
    opened: Path | Archive = open_archive(root) if _is_archive(root) else root
    if isinstance(opened, Archive) and opened.outside:
        notes.append(
            f"holds names that lead out of it, as `{_one_line(opened.outside[0])}`; nothing is there"
        )
    inner = root / "exercises"
    path = root if isinstance(opened, Archive) or not inner.is_dir() else inner
    manifest, answers = _manifest(opened, notes), _answers(opened, notes)
    sources = [read_source(one, path if opened is root else opened) for one in exercises]
    notes += _changed(manifest, exercises, sources, answers)
    learner = _learner(manifest, answers, notes)
    ids = (learner.id, learner.name) if learner else ("", "")
    return dataclasses.replace(found, path=path, learner_id=ids[0], learner_name=ids[1], notes=tuple(notes))


def _one_line(text: str) -> str:
    return " ".join(clean(text, 200).split())


def _manifest(opened: Path | Archive, notes: list[str]) -> dict[str, Any]:
    """Return ``manifest.json``, empty if there is none that can be read."""
    try:
        document = json.loads(_read_top(opened, MANIFEST, MAX_MANIFEST_BYTES))
    except FileNotFoundError:
        return {}
    except (FileRejected, OSError, ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, FileRejected) else "cannot be read"
        notes.append(f"{MANIFEST} {_one_line(reason)}; it is ignored")
        return {}
    if isinstance(document, dict) and document.get("schema") == SCHEMA:
        return document
    notes.append(f"{MANIFEST} is no `{SCHEMA}` document; it is ignored")
    return {}


def _answers(opened: Path | Archive, notes: list[str]) -> bytes:
    """Return ``responses.json``, empty if there is none that can be read."""
    try:
        return _read_top(opened, RESPONSES, MAX_RESPONSES_BYTES)
    except FileNotFoundError:
        return b""
    except (FileRejected, OSError) as error:
        reason = str(error) if isinstance(error, FileRejected) else "cannot be read"
        notes.append(f"{RESPONSES} {_one_line(reason)}; it is ignored")
        return b""


def _changed(
    manifest: dict[str, Any], exercises: Sequence[Exercise], sources: Sequence[Source], answers: bytes
) -> list[str]:
    """Note which files are others than those the manifest tells of."""
    found = {
        f"exercises/{exercise.id}/{source.name}": source.sha256
        for exercise, source in zip(exercises, sources, strict=True)
    }
    found[RESPONSES] = hashlib.sha256(answers).hexdigest() if answers else ""
    listed = manifest.get("files")
    entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    hashes = {one["path"]: one.get("sha256") for one in entries if isinstance(one.get("path"), str)}
    others = [f"`{name}`" for name, own in found.items() if own and hashes.get(name, own) != own]
    return [f"{MANIFEST} has another hash of {', '.join(others)}, changed since `grader submit`"] * bool(
        others
    )


def _learner(manifest: dict[str, Any], answers: bytes, notes: list[str]) -> Learner | None:
    """Return whom a submission claims to be by; the manifest first."""
    claims: list[Learner] = []
    try:
        claims += [_learner_in(manifest)] if manifest else []
    except ValueError as error:
        notes.append(f"{MANIFEST} {_one_line(str(error))}; its learner is ignored")
    try:
        claims += [parse_responses(answers).learner] if answers else []
    except NotResponses as error:
        notes.append(f"{RESPONSES} {_one_line(str(error))}; its learner is ignored")
    if ANONYMOUS in claims:
        notes.append("was made while nobody was logged in")
    known = [one for one in claims if one != ANONYMOUS]
    if len({one.id for one in known}) > 1:
        notes.append(f"{MANIFEST} names the learner `{known[0].id}`, but {RESPONSES} `{known[1].id}`")
    return known[0] if known else None


def _learner_in(manifest: dict[str, Any]) -> Learner:
    match manifest.get("learner"):
        case {"id": str(learner_id), "name": str(name)}:
            return Learner(learner_id, name)
    raise ValueError("names no learner")
