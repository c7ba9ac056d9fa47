"""Finds what a class handed in, folders, zips and checkouts: read once, in memory, and none of it trusted."""

from __future__ import annotations

import csv
import datetime
import io
import itertools
import os
import re
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

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
from grader.course import Exercise, parse_time
from grader.progress.grades import Note
from grader.progress.hand_in import (
    MANIFEST,
    MAX_MANIFEST_BYTES,
    MAX_RESPONSES_BYTES,
    RESPONSES,
    SCHEMA,
    BadDocument,
    parse_responses,
    read_document,
    text_hashes,
)
from grader.progress.learner import ANONYMOUS, JOINERS, Learner
from grader.sandbox.text import HIDING, clean, one_line

RECEIVED = "received.csv"
MAX_RECEIVED_BYTES = 4 * 2**20
MAX_NAME = 80  # characters of a submission's name
MAX_SHOWN = 200  # characters of what a student wrote, in a note
MAX_LISTED = 3  # submissions in a note
NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|]')  # a report may become a file of this name, on any system
MOODLE = re.compile(r"_assignsubmission_file_?$")
LAST_SECOND = 253402300799  # of the year 9999


class CannotCollect(Exception):
    """Nothing can be graded; the text names the file, the line and the cure, for the instructor."""


@dataclass
class Submission:
    """Something that was handed in, with all that will be graded of it; filled while it is read.

    A student decides on its size: at most 1 MiB an exercise, and the answers.

    Args:
        key: where it was collected, below the folder of submissions; stays when its neighbours change.
        name: printable and unique in its class, in whatever case; fit for a file's name.
        path: where its exercises are: a folder that mirrors ``exercises/``, a zip, or a module file.
        received: when it arrived, in UTC.
        received_from: what says so; ``file`` is the time of the file, which anybody can set.
        platform: whose download it is from, such as ``canvas``; empty if it is from none that is known.
        platform_id: whose it is as the platform says; empty if that says nothing. So is ``platform_name``.
        learner_id: as the submission itself claims; empty if it does not. So is ``learner_name``.
        problem: why it is not looked at, one sentence; empty if it is.
        nothing_found: whether it holds none of the files that are graded, nor answers.
        notes: what whoever grades should know.
        sources: by exercise, its file and those it builds on; empty if there is a problem.
        answers: the bytes of ``responses.json``; empty if there is none that can be read.
    """

    key: str
    name: str
    path: Path
    received: datetime.datetime
    received_from: Literal["platform", "received.csv", "commit", "file"] = "file"
    platform: Literal["", "canvas", "moodle", "gradescope", "github"] = ""
    platform_id: str = ""
    platform_name: str = ""
    learner_id: str = ""
    learner_name: str = ""
    problem: str = ""
    nothing_found: bool = False
    notes: tuple[Note, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    answers: bytes = b""


# --- a class --------------------------------------------------------------------------------------------


def find_submissions(folder: Path, exercises: Sequence[Exercise]) -> list[Submission]:
    """Find and read the submissions in a folder, by name; what is no submission is listed with its problem.

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
        paths = [path for path in folder.iterdir() if path.name != RECEIVED and not _is_clutter(path.name)]
        arrivals = _read_arrivals(folder)
    except OSError as error:
        raise CannotCollect(f"{one_line(str(folder), MAX_SHOWN)} cannot be read: {error.strerror}") from None
    paths.sort(key=lambda path: (_is_odd(path.name), path.name))  # the odd give way to the plain
    found = [_look(path, exercises, arrivals) for path in paths]
    _number_equal_names(found)
    by_learner = defaultdict(list)
    for submission in found:
        by_learner[submission.learner_id].append(submission.name)
    for submission in found:
        names = by_learner[submission.learner_id]
        if submission.learner_id and len(names) > 1:
            few = [name for name in names[: MAX_LISTED + 1] if name != submission.name][:MAX_LISTED]
            more = len(names) - 1 - len(few)
            others = ", ".join(f"`{name}`" for name in few) + (f" and {more} more" if more else "")
            text = f"is by the same learner `{submission.learner_id}` as {others}"
            submission.notes += (Note("same-learner", text),)
    return found


def read_submission(folder: Path, exercises: Sequence[Exercise]) -> Submission:
    """Read a folder as one submission, whatever lies in it; what is wrong with it is told and not raised."""
    return _look(folder, exercises, None)


def _mirrors(folder: Path, exercises: Sequence[Exercise]) -> bool:
    return any((folder / name).is_dir() for name in ("exercises", *(exercise.id for exercise in exercises)))


def _is_clutter(name: str) -> bool:
    hidden = name.startswith(".") and not is_zip(Path(name))
    return hidden or name.startswith("._") or name == "__MACOSX"


def _number_equal_names(found: list[Submission]) -> None:
    """Number those that would else be called the same, on a system that ignores the case of names."""

    def folded(name: str) -> str:
        return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())

    taken: dict[str, int] = {}
    for submission in found:
        name, first = submission.name, folded(submission.name)
        number = taken.get(first, 0)
        while folded(name) in taken:
            number += 1
            name = f"{submission.name} ({number + 1})"
        taken[first] = number
        taken.setdefault(folded(name), 0)
        if name != submission.name:
            submission.name = name
            text = f"is called `{name}` here, since another one has that name"
            submission.notes += (Note("renamed", text),)


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
            name, time = (row["submission"] or "").strip(), row["received"] or ""
            if not name or name in arrivals:
                raise ValueError(
                    f"names `{one_line(name, MAX_SHOWN)[:80]}` twice" if name else "names no submission"
                )
            try:
                arrivals[name] = parse_time(time.strip()).astimezone(datetime.UTC)
            except (ValueError, OverflowError):
                raise ValueError(
                    "should have a time with a zone, such as 2026-03-01T18:00:00Z, "
                    f"but has `{one_line(time, MAX_SHOWN)[:40]}`"
                ) from None
    except (ValueError, csv.Error) as error:
        raise CannotCollect(f"{RECEIVED}, line {rows.reader.line_num or 1}: {error}") from None
    return arrivals


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
    """Read a submission; whatever is wrong with it, is told and not raised."""
    name = path.name or path.resolve().name
    name = MOODLE.sub("", name[: -len(path.suffix)] if is_zip(path) or path.suffix == ".py" else name)
    name = NOT_IN_NAMES.sub("_", one_line(name, MAX_SHOWN))[:MAX_NAME].strip(" .") or "submission"
    received = (arrivals or {}).get(path.name) or (arrivals or {}).get(name)
    key = unicodedata.normalize("NFC", clean(path.name)) or name
    found = Submission(key, name, path, received or _modified([path]), "received.csv" if received else "file")
    if arrivals is not None and received is None:
        text = f"is not in {RECEIVED}; when it arrived is told from its file"
        found.notes = (Note("not-in-received", text),)
    shown = one_line(path.name, MAX_SHOWN) or name
    try:
        _require_fit(path, exercises)
        _read(found, _innermost(path, exercises), exercises)
    except FileRejected as rejected:
        found.problem = f"{shown} {rejected}"
    except OSError as error:
        found.problem = f"{shown} cannot be read: {error.strerror}"
    if received is None and not found.problem:
        graded = [found.path / exercise.id / f"{exercise.file.module}.py" for exercise in exercises]
        found.received = _modified([file for file in graded if os.path.lexists(file)] or [found.path])
    return found


def _is_odd(name: str) -> bool:
    return any(unicodedata.category(letter) in HIDING and letter not in JOINERS for letter in name)


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
            inside = [
                entry for entry in itertools.islice(entries, MAX_ENTRIES + 1) if not _is_clutter(entry.name)
            ]
        if len(inside) >= MAX_ENTRIES:
            raise FileRejected(f"holds more than {MAX_ENTRIES} files; hand in the exercises only")
        plain = [Path(entry.path) for entry in inside if entry.is_file(follow_symlinks=False)]
        wanted = [file for file in plain if is_zip(file)]
        if len(exercises) == 1 and not wanted:
            wanted = [file for file in plain if file.name == f"{exercises[0].file.module}.py"]
        if not wanted and len(inside) == 1 and inside[0].is_dir(follow_symlinks=False):
            wanted = [Path(inside[0].path)]
        if len(wanted) > 1:
            raise FileRejected(f"holds {len(wanted)} zips, and it is not clear which one counts; keep one")
        if not wanted:
            return path
        path = wanted[0]
    return path


def _read(found: Submission, root: Path, exercises: Sequence[Exercise]) -> None:
    """Read a submission, and what it says of itself, from the folder, zip or module file it is about."""
    opened = open_archive(root) if is_zip(root) and not root.is_dir() else root
    below = root / "exercises"
    found.path = below if opened is root and below.is_dir() else root
    if isinstance(opened, Archive) and opened.outside:
        name = one_line(opened.outside[0], MAX_SHOWN)
        text = f"holds names that lead out of it, as `{name}`; nothing is there"
        found.notes += (Note("names-outside", text),)
    manifest = _read_manifest(found, opened)
    found.answers = _read_top(found, opened, RESPONSES, MAX_RESPONSES_BYTES) or b""
    place = found.path if opened is root else opened
    if isinstance(place, Path) and not place.is_dir():
        found.sources = {exercise.id: read_source(exercise, place) for exercise in exercises}
    else:  # each file is read once, however many exercises build on it
        needed = {part.id: part for exercise in exercises for part in (exercise, *exercise.used)}
        read = {name: read_source(replace(part, used=()), place) for name, part in needed.items()}
        found.sources = {
            exercise.id: replace(read[exercise.id], used=tuple(read[part.id] for part in exercise.used))
            for exercise in exercises
        }
    # which files are others than those the manifest tells of
    own = {f"exercises/{exercise}/{source.name}": source.data for exercise, source in found.sources.items()}
    own[RESPONSES] = found.answers
    listed = manifest.get("files")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    told = {entry["path"]: entry.get("sha256") for entry in entries if isinstance(entry.get("path"), str)}
    known = {name: data for name, data in own.items() if data and name in told}
    others = [f"`{name}`" for name, data in known.items() if told[name] not in text_hashes(data)]
    if others:
        text = f"{MANIFEST} has another hash of {', '.join(others)}, changed since `grader submit`"
        found.notes += (Note("hash-differs", text),)
    _note_learner(found, manifest)


def _read_top(found: Submission, place: Path | Archive, name: str, limit: int) -> bytes | None:
    """Read a file beside ``exercises``; None if there is none, or, with a note, if it cannot be read."""
    try:
        if isinstance(place, Archive):
            return place.read(name, limit)
        return read_plain(place, [name], limit) if place.is_dir() else None
    except FileNotFoundError:
        return None
    except (FileRejected, OSError) as error:
        reason = str(error) if isinstance(error, FileRejected) else "cannot be read"
        found.notes += (Note("file-ignored", f"{name} {one_line(reason, MAX_SHOWN)}; it is ignored"),)
        return None


def _read_manifest(found: Submission, place: Path | Archive) -> dict[str, Any]:
    """Read ``manifest.json``; empty if there is none of the right form."""
    data = _read_top(found, place, MANIFEST, MAX_MANIFEST_BYTES)
    if data is None:
        return {}
    try:
        manifest: dict[str, Any] = read_document(data, SCHEMA).value
        return manifest
    except BadDocument as error:
        found.notes += (Note("file-ignored", f"{MANIFEST} {error}; it is ignored"),)
        return {}


def _note_learner(found: Submission, manifest: dict[str, Any]) -> None:
    """Note whom a submission claims to be by; the manifest counts first."""
    claims: list[Learner] = []
    try:
        match manifest.get("learner"):
            case {"id": str(learner_id), "name": str(name)}:
                claims.append(Learner(learner_id, name))
            case _ if manifest:
                raise ValueError("names no learner")
    except ValueError as error:
        text = f"{MANIFEST} {one_line(str(error), MAX_SHOWN)}; its learner is ignored"
        found.notes += (Note("learner-ignored", text),)
    try:
        claims += [parse_responses(found.answers).learner] if found.answers else []
    except BadDocument as error:
        text = f"{RESPONSES} {one_line(str(error), MAX_SHOWN)}; its learner is ignored"
        found.notes += (Note("learner-ignored", text),)
    if ANONYMOUS in claims:
        found.notes += (Note("nobody-logged-in", "was made while nobody was logged in"),)
    known = [claim for claim in claims if claim != ANONYMOUS]
    if known:
        found.learner_id, found.learner_name = known[0].id, known[0].name
    if len({claim.id for claim in known}) > 1:
        text = f"{MANIFEST} names the learner `{known[0].id}`, but {RESPONSES} `{known[1].id}`"
        found.notes += (Note("claims-differ", text),)
