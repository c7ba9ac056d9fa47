"""Reads the one file of a submission that an exercise names, as bytes, without following links.

A zip is read in memory: nothing of it is ever unpacked to disk.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from grader.course import Exercise
from grader.sandbox.text import one_line

MAX_BYTES = 1024 * 1024
MAX_ARCHIVE_BYTES = 8 * 1024 * 1024
MAX_ENTRIES = 10_000
MAX_DEPTH = 8
LINK = "is a symbolic link, or lies behind one; hand in the file itself"
TOO_LARGE = "is larger than {:g} MiB; what is handed in takes a few KiB"
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile bounds what comes out of these only
ENTRY = b"PK\1\2"  # how each entry of a zip's directory begins
ENCRYPTED = 1  # in the flags of an entry


class FileRejected(Exception):
    """A file is not one that the grader reads; the text goes on after the file's name."""


@dataclass(frozen=True)
class Source:
    """A student's file.

    Args:
        name: its file name, as tracebacks show it.
        data: its bytes; never decoded or compiled on the grader's side.
        problem: why there are no bytes, one sentence for the student; empty if there are.
        used: the same student's files of the exercises that this one builds on, in their order.
    """

    name: str
    data: bytes = b""
    problem: str = ""
    used: tuple[Source, ...] = ()

    @cached_property
    def sha256(self) -> str:
        """Hash of the bytes; empty if there is a problem."""
        return "" if self.problem else hashlib.sha256(self.data).hexdigest()


def read_source(exercise: Exercise, submission: Path | Archive | None = None) -> Source:
    """Read a student's file for one exercise, and those it builds on.

    Args:
        submission: a folder that mirrors ``exercises/``, a zip of one (opened or not), or the module file
            alone; None is the course's own ``exercises/``.
    """
    source = _read_one(exercise, submission)
    if isinstance(submission, Path) and submission.is_file() and not is_zip(submission):
        alone = f"is not there: {submission.name} was handed in alone"
        names = [f"{needed.file.module}.py" for needed in exercise.used]
        used = [Source(name, problem=f"{name} {alone}") for name in names]
    else:
        used = [_read_one(needed, submission) for needed in exercise.used]
    return dataclasses.replace(source, used=tuple(used))


def is_zip(path: Path) -> bool:
    """Whether a submission of this name is read as a zip."""
    return path.suffix.lower() == ".zip"


def open_archive(path: Path) -> Archive:
    """Read a zip into memory, once for all that is read out of it.

    Raises:
        FileRejected: it is damaged, too large or a link.
        OSError: it cannot be read.
    """
    if path.lstat().st_size > MAX_ARCHIVE_BYTES:
        large = f"an archive of more than {MAX_ARCHIVE_BYTES // 2**20} MiB"
        raise FileRejected(f"cannot be read: {large}; hand in the exercises only")
    return Archive(read_plain(path.parent, [path.name], MAX_ARCHIVE_BYTES))


def _read_one(exercise: Exercise, submission: Path | Archive | None) -> Source:
    name = f"{exercise.file.module}.py"
    wanted = f"{exercise.id}/{name}"
    try:
        if isinstance(submission, Archive):
            return Source(name, submission.read(name, MAX_BYTES, exercise.id))
        if submission is None or submission.is_dir():
            if submission is not None and submission.is_symlink():
                raise FileRejected(LINK)
            folder = submission or exercise.folder.parent
            return Source(name, read_plain(folder, [exercise.id, name], MAX_BYTES))
        # a folder of submissions may hold links to elsewhere; so may the folder of a single file
        if submission.is_symlink() or (submission.is_file() and submission.parent.is_symlink()):
            raise FileRejected(LINK)
        if is_zip(submission):
            return Source(name, open_archive(submission).read(name, MAX_BYTES, exercise.id))
        wanted = submission.name
        return Source(name, read_plain(submission.parent, [submission.name], MAX_BYTES))
    except FileNotFoundError:
        return Source(name, problem=f"there is no {wanted} to grade; is it named differently?")
    except FileRejected as rejected:
        return Source(name, problem=f"{name} {rejected}")
    except OSError as error:
        return Source(name, problem=f"{name} cannot be read: {error.strerror}")


def read_plain(folder: Path, parts: list[str], limit: int) -> bytes:
    """Read ``folder/parts``, where nothing below ``folder`` may be a link or anything but a plain file.

    Args:
        limit: bytes that the file may have.

    Raises:
        FileRejected: it is something else, or larger.
        OSError: it cannot be read.
    """
    for step in range(1, len(parts) + 1):
        if folder.joinpath(*parts[:step]).is_symlink():
            raise FileRejected(LINK)
    if os.open not in os.supports_dir_fd:  # Windows: the test above is all there is
        descriptor = os.open(folder.joinpath(*parts), os.O_RDONLY | getattr(os, "O_BINARY", 0))
    else:
        descriptor = _open_below(folder, parts)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise FileRejected("should be a plain file, and is something else")
        if status.st_size > limit:
            raise FileRejected(TOO_LARGE.format(limit / 2**20))
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise FileRejected("grew beyond the limit while it was read")
    return data


def _open_below(folder: Path, parts: list[str]) -> int:
    """Open step by step from a folder's descriptor, so that no link slips in after the test above."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for part in parts:
        last = part is parts[-1]
        flags = os.O_NOFOLLOW | (os.O_NONBLOCK | os.O_NOCTTY if last else os.O_DIRECTORY)
        try:
            below = os.open(part, os.O_RDONLY | flags, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = below
    return descriptor


# --- zips ---------------------------------------------------------------------------------------------


class Archive:
    """A zip that was read into memory; its directory is read once, whatever is then read out of it.

    Raises:
        FileRejected: it is damaged, or holds too many files.
    """

    def __init__(self, data: bytes) -> None:
        count = data.count(ENTRY)  # before there is an object for each
        if count > MAX_ENTRIES:
            raise FileRejected(f"cannot be read: an archive of {count} files; hand in the exercises only")
        self.outside: list[str] = []
        """Names that lead out of the archive; nothing is read from them."""
        self._entries: dict[str, list[tuple[tuple[str, ...], zipfile.ZipInfo]]] = {}
        with _zipfile_errors():
            self._opened = zipfile.ZipFile(io.BytesIO(data))
            for entry in self._opened.infolist():
                parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
                if {"..", "/"} & set(parts):
                    self.outside.append(entry.filename)
                elif len(parts) <= MAX_DEPTH and parts and parts[0] != "__MACOSX":
                    self._entries.setdefault(parts[-1], []).append((parts, entry))

    def read(self, name: str, limit: int, folder: str = "") -> bytes:
        """Return the bytes of ``…/folder/name``; without a folder, of the ``name`` that lies least deep.

        Args:
            limit: bytes that the file may have, whatever the archive says of it.

        Raises:
            FileRejected: the file is damaged, a link, too large or there twice.
            FileNotFoundError: there is no such file.
        """
        found = self._entries.get(name, [])
        if folder:
            found = [(parts, entry) for parts, entry in found if parts[-2:] == (folder, name)]
        else:
            depth = min((len(parts) for parts, _ in found), default=0)
            found = [(parts, entry) for parts, entry in found if len(parts) == depth]
        if not found:
            raise FileNotFoundError(name)
        if len(found) > 1:
            raise FileRejected(f"is {len(found)} times in the archive; hand it in once")
        entry = found[0][1]
        if entry.is_dir() or stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
            raise FileRejected("is a link, a folder or a device in the archive; hand in the file itself")
        if entry.flag_bits & ENCRYPTED:
            raise FileRejected("is encrypted in the archive; make a zip without a password")
        if entry.compress_type not in READABLE:
            raise FileRejected("is compressed in an unusual way; make a plain zip")
        with _zipfile_errors(), self._opened.open(entry) as file:
            data = file.read(limit + 1)  # the size an archive claims may be a lie: count what comes out
        if len(data) > limit:
            raise FileRejected(TOO_LARGE.format(limit / 2**20))
        return data


@contextlib.contextmanager
def _zipfile_errors() -> Iterator[None]:
    """Make one sentence of whatever ``zipfile`` raises: on hostile bytes, that is almost anything."""
    try:
        yield
    except Exception as error:
        reason = one_line(str(error), 200)
        text = f"cannot be read: the archive is damaged or of an unknown kind ({reason})"
        raise FileRejected(text) from None
