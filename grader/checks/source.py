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
    Parts,
    gathered,
    in_folder,
    in_zip,
    is_zip,
    open_zip,
)
from grader.course import CourseError, Exercise, is_stub
from grader.sandbox.text import one_line

MAX_NESTED = 3  # zips within zips
MAX_ZIPS = 40  # that are looked into
MAX_COPIES = 5  # of one file that are compared
MAX_ADDED = 4  # a name, and what may be added to it twice or thrice
AT_ITS_PLACE, IN_EXERCISES, ITS_OWN_PATH = 0, 1, 2  # how well a file fits: less is better
COPY = re.compile(
    r"^copy of |(?:[ _.-]*(?:\(\d{1,3}\)|v?\d{1,3})|[ _.-]+\(?(?:copy|kopie|copie|copia|final)\)?|\.py)\Z",
    re.IGNORECASE,
)  # what browsers, systems and people add to the name of another version
ZIP = re.compile(r"\.zip\Z", re.IGNORECASE)
SEPARATORS = re.compile(r"(?<!\d)[\W_]+|[\W_]+(?!\d)")  # but not those that keep two numbers apart


@dataclass(frozen=True)
class Source:
    """A student's file."""

    name: str  # its file name, as tracebacks show it
    data: bytes = b""  # its bytes; never decoded or compiled on the grader's side
    problem: str = ""  # why there are no bytes, one sentence for the student; empty if there are
    # the same student's files of the exercises that this one builds on, in their order
    used: tuple[Source, ...] = ()
    place: str = ""  # where it lay; empty if that was where it belongs
    others: tuple[str, ...] = ()  # paths of files that would have fitted less well
    there: bool = True  # whether there is a file to speak of, even if there is a problem with it
    # whether there may be work that was not read: it is not clear which file counts, or it cannot be read
    doubtful: bool = False

    @cached_property
    def sha256(self) -> str:
        """Hash of the bytes; empty if there is a problem."""
        return "" if self.problem else hashlib.sha256(self.data).hexdigest()


def read_source(exercise: Exercise, submission: Path | None = None) -> Source:
    """Read a student's file for one exercise, and those it builds on.

    Args:
        submission: a folder or a zip, or the module file alone; None is the course's own ``exercises/``.
    """
    try:
        if submission is None:
            own = [(part.id, f"{part.file.module}.py") for part in (exercise, *exercise.used)]
            return read_sources([exercise], in_folder(exercise.folder.parent, own))[exercise.id]
        with open_submission(submission) as files:
            return read_sources([exercise], unpacked(files, [exercise]))[exercise.id]
    except (FileRejected, OSError) as error:
        names = [f"{part.file.module}.py" for part in (exercise, *exercise.used)]
        source, *used = (_unread(each, error, f"{exercise.id}/{names[0]}") for each in names)
        return replace(source, used=tuple(used))


def read_sources(exercises: Sequence[Exercise], files: Files) -> dict[str, Source]:
    """Read a student's files for exercises, by their ids; each file once, however many build on it."""
    parts = list(exercises)
    for part in parts:
        parts += part.used  # and what those build on, in their turn
    needed = {part.id: part for part in reversed(parts)}  # what others build on stands before them
    found = find_modules(needed.values(), files.paths)
    if files.lone and len(exercises) == 1:  # whatever it is called
        found = dict.fromkeys(needed, Found()) | {exercises[0].id: Found(tuple(files.paths))}
    read: dict[str, Source] = {}
    for name, part in needed.items():
        used = tuple(read[lower.id] for lower in part.used)
        read[name] = replace(_read(part, found[name], files), used=used)
    return {exercise.id: read[exercise.id] for exercise in exercises}


def _read(exercise: Exercise, found: Found, files: Files) -> Source:
    name = f"{exercise.file.module}.py"
    if len(found.paths) > 1 and not _are_copies(found.paths, files):
        return _which(name, found.paths)
    if not found.paths and files.lone:
        problem = f"{name} is not there: {shown(files.paths[0])} was handed in alone"
        return Source(name, problem=problem, there=False)
    if not found.paths and files.unread:
        parts, reason = files.unread[0]
        problem = f"{name} is not there, unless it lies in `{shown(parts)}`, which {reason}"
        return Source(name, problem=problem, doubtful=True)
    wanted = (exercise.id, name)
    source = _unread(name, FileNotFoundError(), "/".join(files.paths[0] if files.lone else wanted))
    places = found.paths[:1] or (("exercises", *wanted), wanted)  # where a link or a file may be in the way
    for parts in places:
        try:
            source = Source(name, files.read(parts, MAX_BYTES))
        except FileNotFoundError:
            continue
        except (FileRejected, OSError) as error:
            source = _unread(name, error)
        break
    rank, others = found.rank, found.others
    if others and _is_stub(exercise, source.data):  # then what is none, elsewhere, is the student's work
        written = [other for other in others[:MAX_COPIES] if not _is_stub(exercise, _bytes(other, files))]
        if len(others) > MAX_COPIES or not _are_copies(written, files):
            return _which(name, written if len(others) <= MAX_COPIES else others)
        if written:
            source, rank = Source(name, _bytes(written[0], files)), ITS_OWN_PATH + 1
            others, parts = (), written[0]
    place = shown(parts) if rank > ITS_OWN_PATH else ""
    return replace(source, place=place, others=tuple(map(shown, others)))


def _which(name: str, paths: Sequence[Parts]) -> Source:
    listed = " and ".join(f"`{shown(parts)}`" for parts in sorted(paths)[:2])
    problem = f"{name} is there {len(paths)} times, as {listed}; hand it in once"
    return Source(name, problem=problem, doubtful=True)


def _bytes(parts: Parts, files: Files) -> bytes:
    with contextlib.suppress(FileRejected, OSError):
        return files.read(parts, MAX_BYTES)
    return b""


def _is_stub(exercise: Exercise, data: bytes) -> bool:
    """Whether nothing was written into a file, or it cannot be read."""
    with contextlib.suppress(CourseError, OSError, ValueError):  # a fault of the course is told elsewhere
        return not data or is_stub(exercise, data)
    return False


def _are_copies(paths: Sequence[Parts], files: Files) -> bool:
    """Whether files are the same byte for byte, so that it does not matter which of them counts."""
    twice = len(set(paths)) < len(paths)  # of a zip's names that stand twice, one is read
    if len(paths) > MAX_COPIES or twice:
        return False
    with contextlib.suppress(FileRejected, OSError):
        return len({files.read(parts, MAX_BYTES) for parts in paths}) <= 1
    return False


def _unread(name: str, error: FileRejected | OSError, wanted: str = "") -> Source:
    if isinstance(error, FileNotFoundError):
        return Source(name, problem=f"there is no {wanted} to grade; is it named differently?", there=False)
    reason = f"cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error)
    return Source(name, problem=f"{name} {reason}", doubtful=True)


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
        yield in_folder(path)
    elif is_zip(path.name):
        with open_zip(path) as archive:
            archive.modified = lambda parts: path.lstat().st_mtime  # all of it came at once
            yield archive
    else:
        yield in_folder(path.parent, [(path.name,)], lone=True)


def unpacked(files: Files, exercises: Sequence[Exercise]) -> Files:
    """Return files with what zips in them hold of modules that lie nowhere else; FileRejected if none do."""
    left = MAX_ARCHIVE_BYTES
    for depth in range(MAX_NESTED + 1):
        zips = [parts for parts in files.paths if is_zip(parts[-1]) and parts not in dict(files.unread)]
        found = find_modules(exercises, files.paths)
        missing = [exercise for exercise in exercises if not found[exercise.id].paths]
        if not zips or not missing:
            break
        within, looked_into = list[tuple[Parts, Files, Parts]](), set[Parts]()
        unread, outside = files.unread, files.outside
        for parts in zips:
            try:
                if depth == MAX_NESTED or len(looked_into) == MAX_ZIPS:
                    raise FileRejected("is one of too many zips; hand in the files themselves")
                data = files.read(parts, left)
                inner = in_zip(io.BytesIO(data))
            except (FileRejected, OSError) as error:
                unread.append((parts, str(error) if isinstance(error, FileRejected) else "cannot be read"))
                continue
            left -= len(data)
            elsewhere = find_modules([each for each in exercises if each not in missing], inner.paths)
            hidden = {path for each in elsewhere.values() for path in (*each.paths, *each.others)}
            outside = [*outside, *inner.outside]
            looked_into.add(parts)
            within += [((*parts, *path), inner, path) for path in inner.paths if path not in hidden]
        if not looked_into:
            break
        around = [(parts, files, parts) for parts in files.paths if parts not in looked_into]
        files = gathered([*around, *within], files)
        files.unread, files.outside = unread, outside
    if files.unread and len(missing) == len(exercises):
        parts, reason = files.unread[0]
        raise FileRejected(f"holds `{shown(parts)}`, which {reason}")
    return files


class Found(NamedTuple):
    """Which files fit a module best; it is clear if that is one."""

    paths: tuple[Parts, ...] = ()
    rank: int = AT_ITS_PLACE  # how well they do
    others: tuple[Parts, ...] = ()  # those that fit less well


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
        above = (folders.get(plain(ZIP.sub("", name))) for name in reversed(parts[:-1])) if wanted else ()
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
    for _ in range(MAX_ADDED):
        if plain(stem) in modules:
            return plain(stem)
        stem = COPY.sub("", stem, count=1)
    return ""


def plain(name: str) -> str:
    """Return a name as people spell it: ``Exercise_01`` is ``exercise1``, but ``exercise-1-1`` is not 11."""
    text = unicodedata.normalize("NFKC", name[:MAX_NAME]).casefold()
    return re.sub(r"(?<!\d)0+(?=\d)", "", SEPARATORS.sub("", text))
