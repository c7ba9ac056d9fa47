"""Finds and reads the modules of a submission, as bytes; each is known by its file name, wherever it lies."""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from grader.checks.files import (
    LINK,
    MAX_ARCHIVE_BYTES,
    MAX_BYTES,
    MAX_NAME,
    FileRejected,
    Files,
    Folder,
    Parts,
    Zip,
    is_zip,
    open_zip,
)
from grader.course import Exercise
from grader.sandbox.text import one_line

MAX_NESTED = 3  # zips within zips
MAX_COPIES = 5  # of one file that are compared
MAX_COPIES = 4  # a name, and what may be added to it twice or thrice
AT_ITS_PLACE, IN_EXERCISES, ITS_OWN_PATH = 0, 1, 2  # how well a file fits: less is better
COPY = re.compile(
    r"^copy of |(?:[ _.-]*(?:\(\d{1,3}\)|v?\d{1,3})|[ _.-]+\(?(?:copy|final)\)?|\.py)\Z", re.IGNORECASE
)  # what browsers, systems and people add to the name of another version
SEPARATORS = re.compile(r"(?<!\d)[\W_]+|[\W_]+(?!\d)")  # but not those that keep two numbers apart


@dataclass(frozen=True)
class Source:
    """A student's file.

    Args:
        name: its file name, as tracebacks show it.
        data: its bytes; never decoded or compiled on the grader's side.
        problem: why there are no bytes, one sentence for the student; empty if there are.
        used: the same student's files of the exercises that this one builds on, in their order.
        place: where it lay; empty if that was where it belongs.
        others: paths of files that would have fitted less well.
        there: whether there is a file to speak of, even if there is a problem with it.
        doubtful: whether several files fit equally well, and none was read.
    """

    name: str
    data: bytes = b""
    problem: str = ""
    used: tuple[Source, ...] = ()
    place: str = ""
    others: tuple[str, ...] = ()
    there: bool = True
    doubtful: bool = False

    @cached_property
    def sha256(self) -> str:
        """Hash of the bytes; empty if there is a problem."""
        return "" if self.problem else hashlib.sha256(self.data).hexdigest()


def read_source(exercise: Exercise, submission: Files | Path | None = None) -> Source:
    """Read a student's file for one exercise, and those it builds on.

    Args:
        submission: a folder or a zip, or the module file alone; None is the course's own ``exercises/``.
    """
    try:
        if submission is None:
            own = [(part.id, f"{part.file.module}.py") for part in (exercise, *exercise.used)]
            return read_sources([exercise], Folder(exercise.folder.parent, own))[exercise.id]
        if isinstance(submission, Files):
            return read_sources([exercise], submission)[exercise.id]
        with open_submission(submission) as files:
            return read_sources([exercise], innermost(files, [exercise]))[exercise.id]
    except (FileRejected, OSError) as error:
        names = [f"{part.file.module}.py" for part in (exercise, *exercise.used)]
        source, *used = (_unread(each, error, f"{exercise.id}/{names[0]}") for each in names)
        return replace(source, used=tuple(used))


def read_sources(exercises: Iterable[Exercise], files: Files) -> dict[str, Source]:
    """Read a student's files for exercises, by their ids; each file once, however many build on it."""
    exercises = list(exercises)
    needed = {part.id: part for exercise in exercises for part in (exercise, *exercise.used)}
    found = find_modules(needed.values(), files.paths)
    if files.lone and len(exercises) == 1:  # whatever it is called
        found = dict.fromkeys(needed, Found()) | {exercises[0].id: Found(tuple(files.paths))}
    read = {name: _read(part, found[name], files) for name, part in needed.items()}
    return {
        exercise.id: replace(read[exercise.id], used=tuple(read[part.id] for part in exercise.used))
        for exercise in exercises
    }


def _read(exercise: Exercise, found: Found, files: Files) -> Source:
    name = f"{exercise.file.module}.py"
    if len(found.paths) > 1 and not _are_copies(found.paths, files):
        first, second = (f"`{shown(parts)}`" for parts in found.paths[:2])
        problem = f"{name} is there {len(found.paths)} times, as {first} and {second}; hand it in once"
        return Source(name, problem=problem, doubtful=True)
    if not found.paths and files.lone:
        problem = f"{name} is not there: {shown(files.paths[0])} was handed in alone"
        return Source(name, problem=problem, there=False)
    wanted = (exercise.id, name)
    source = _unread(name, FileNotFoundError(), "/".join(files.paths[0] if files.lone else wanted))
    for parts in found.paths[:1] or (
        ("exercises", *wanted),
        wanted,
    ):  # where a link or a file may be in the way
        try:
            source = Source(name, files.read(parts, MAX_BYTES))
        except FileNotFoundError:
            continue
        except (FileRejected, OSError) as error:
            source = _unread(name, error)
        break
    place = shown(parts) if found.rank > ITS_OWN_PATH else ""
    return replace(source, place=place, others=tuple(map(shown, found.others)))


def _are_copies(paths: Sequence[Parts], files: Files) -> bool:
    """Whether files are the same byte for byte, so that it does not matter which of them counts."""
    if len(paths) > MAX_COPIES or len(set(paths)) < len(
        paths
    ):  # of a zip's names that stand twice, one is read
        return False
    with contextlib.suppress(FileRejected, OSError):
        return len({files.read(parts, MAX_BYTES) for parts in paths}) == 1
    return False


def _unread(name: str, error: FileRejected | OSError, wanted: str = "") -> Source:
    if isinstance(error, FileNotFoundError):
        return Source(name, problem=f"there is no {wanted} to grade; is it named differently?", there=False)
    reason = f"cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error)
    return Source(name, problem=f"{name} {reason}")


def shown(parts: Parts) -> str:
    """Return a path of a student as one short, printable line."""
    return one_line("/".join(parts), MAX_NAME)


# --- what counts ------------------------------------------------------------------------------------------


@contextlib.contextmanager
def open_submission(path: Path) -> Iterator[Files]:
    """List the folder, the zip or the single file that somebody handed in.

    Raises:
        FileRejected: it is a link, damaged or too large.
        OSError: it cannot be read.
    """
    folder = path.is_dir()
    # a folder of submissions may hold links to elsewhere; so may the folder of a single file
    if path.is_symlink() or (not folder and path.parent.is_symlink()):
        raise FileRejected(LINK)
    if folder:
        yield Folder(path)
    elif is_zip(path.name):
        with open_zip(path) as archive:
            yield archive
    else:
        yield Folder(path.parent, [(path.name,)], lone=True)


def innermost(files: Files, exercises: Sequence[Exercise]) -> Files:
    """Return what a submission is about: itself, or, where it holds no module, the one zip in it.

    Raises:
        FileRejected: it holds several zips, or the one is damaged or too large.
        OSError: it cannot be read.
    """
    for _ in range(MAX_NESTED):
        zips = [parts for parts in files.paths if is_zip(parts[-1])]
        if not zips or any(found.paths for found in find_modules(exercises, files.paths).values()):
            break
        if len(zips) > 1:
            names = " and ".join(f"`{shown(parts)}`" for parts in zips[:2])
            text = f"holds {len(zips)} zips, {names}, and it is not clear which one counts; keep one"
            raise FileRejected(text)
        try:
            files = Zip(io.BytesIO(files.read(zips[0], MAX_ARCHIVE_BYTES)))
        except FileRejected as rejected:
            raise FileRejected(f"holds only `{shown(zips[0])}`, which {rejected}") from None
    return files


class Found(NamedTuple):
    """Which files fit a module best; it is clear if that is one.

    Args:
        rank: how well they do.
        others: those that fit less well.
    """

    paths: tuple[Parts, ...] = ()
    rank: int = AT_ITS_PLACE
    others: tuple[Parts, ...] = ()


def find_modules(exercises: Iterable[Exercise], paths: Iterable[Parts]) -> dict[str, Found]:
    """Return, by exercise, the files that are its module, by their names and those of their folders."""
    exercises, paths = list(exercises), list(paths)
    folders = {plain(exercise.id): exercise for exercise in exercises}
    modules = defaultdict(list)
    for exercise in exercises:
        modules[plain(exercise.file.module)].append(exercise)
    folders_of = [parts[:-1] for parts in paths]
    first, last = min(folders_of, default=()), max(folders_of, default=())
    alike = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    around = sum(1 for _ in alike)  # how many folders lie around all of it
    fits: dict[str, dict[int, list[Parts]]] = {exercise.id: defaultdict(list) for exercise in exercises}
    for parts in paths:
        wanted = modules.get(_module_of(parts[-1], modules), [])
        above = (folders.get(plain(name)) for name in reversed(parts[:-1])) if wanted else ()
        owner = next(filter(None, above), None)
        if owner not in wanted and len(wanted) != 1:
            continue
        exercise = owner if owner in wanted and owner else wanted[0]
        name = f"{exercise.file.module}.py"
        if parts[-2:] == (exercise.id, name):
            rank = IN_EXERCISES if parts[-3:-2] == ("exercises",) else ITS_OWN_PATH
            rank = AT_ITS_PLACE if parts[around:-2] in ((), ("exercises",)) else rank
        else:  # in a folder that means the exercise, or elsewhere; called as it should be, or alike
            rank = 1 + ITS_OWN_PATH + 2 * (exercise is not owner) + (parts[-1] != name)
        fits[exercise.id][rank].append(parts)
    found = {}
    for exercise_id, by_rank in fits.items():
        rank = min(by_rank, default=AT_ITS_PLACE)
        others = [parts for other in sorted(by_rank) if other != rank for parts in by_rank[other]]
        found[exercise_id] = Found(tuple(by_rank[rank]), rank, tuple(others))
    return found


def _module_of(name: str, modules: Iterable[str]) -> str:
    """Return which of the modules a file name means, without what tells versions apart; empty if none."""
    name = name.strip()
    stem = name[:-3] if len(name) <= MAX_NAME and name.lower().endswith(".py") else ""
    for _ in range(MAX_COPIES):
        if plain(stem) in modules:
            return plain(stem)
        stem = COPY.sub("", stem, count=1)
    return ""


def plain(name: str) -> str:
    """Return a name as people spell it: ``Exercise_01`` is ``exercise1``, but ``exercise-1-1`` is not 11."""
    text = unicodedata.normalize("NFKC", name[:MAX_NAME]).casefold()
    return re.sub(r"(?<!\d)0+(?=\d)", "", SEPARATORS.sub("", text))
