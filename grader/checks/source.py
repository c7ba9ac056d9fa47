"""Reads the one file of a submission that an exercise names, as bytes, without following links."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grader.checks.archive import MAX_ARCHIVE_BYTES, Archive, Unfit, too_large
from grader.course import Exercise

MAX_BYTES = 1024 * 1024
LINK = "is a symbolic link, or lies behind one; hand in the file itself"


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
        names = [f"{one.file.module}.py" for one in exercise.used]
        used = [Source(name, problem=f"{name} {alone}") for name in names]
    else:
        used = [_read_one(one, submission) for one in exercise.used]
    return dataclasses.replace(source, used=tuple(used))


def is_zip(path: Path) -> bool:
    """Whether a submission of this name is read as a zip."""
    return path.suffix.lower() == ".zip"


def open_archive(path: Path) -> Archive:
    """Read a zip into memory, once for all that is read out of it.

    Raises:
        Unfit: it is damaged, too large or a link.
        OSError: it cannot be read.
    """
    if path.lstat().st_size > MAX_ARCHIVE_BYTES:
        large = f"an archive of more than {MAX_ARCHIVE_BYTES // 2**20} MiB"
        raise Unfit(f"cannot be read: {large}; hand in the exercises only")
    return Archive(read_plain(path.parent, [path.name], MAX_ARCHIVE_BYTES))


def _read_one(exercise: Exercise, submission: Path | Archive | None) -> Source:
    name = f"{exercise.file.module}.py"
    wanted = f"{exercise.id}/{name}"
    try:
        if isinstance(submission, Archive):
            return Source(name, submission.read(name, MAX_BYTES, exercise.id))
        if submission is not None and _behind_a_link(submission):
            raise Unfit(LINK)
        if submission is not None and is_zip(submission) and not submission.is_dir():
            return Source(name, open_archive(submission).read(name, MAX_BYTES, exercise.id))
        if submission is not None and not submission.is_dir():
            wanted = submission.name
            return Source(name, read_plain(submission.parent, [submission.name], MAX_BYTES))
        folder = submission or exercise.folder.parent
        return Source(name, read_plain(folder, [exercise.id, name], MAX_BYTES))
    except FileNotFoundError:
        return Source(name, problem=f"there is no {wanted} to grade; is it named differently?")
    except Unfit as unfit:
        return Source(name, problem=f"{name} {unfit}")
    except OSError as error:
        return Source(name, problem=f"{name} cannot be read: {error.strerror}")


def _behind_a_link(submission: Path) -> bool:
    """A folder of submissions may hold links to elsewhere; so may the folder of a single file."""
    return submission.is_symlink() or (submission.is_file() and submission.parent.is_symlink())


def read_plain(folder: Path, parts: list[str], limit: int) -> bytes:
    """Read ``folder/parts``, where nothing below ``folder`` may be a link or anything but a plain file.

    Args:
        limit: bytes that the file may have.

    Raises:
        Unfit: it is something else, or larger.
        OSError: it cannot be read.
    """
    with _opened(folder, parts) as descriptor:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unfit("should be a plain file, and is something else")
        if status.st_size > limit:
            raise Unfit(too_large(limit))
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    if len(data) > limit:
        raise Unfit("grew beyond the limit while it was read")
    return data


@contextlib.contextmanager
def _opened(folder: Path, parts: list[str]) -> Iterator[int]:
    for step in range(1, len(parts) + 1):
        if folder.joinpath(*parts[:step]).is_symlink():
            raise Unfit(LINK)
    if os.open not in os.supports_dir_fd:  # Windows: the test above is all there is
        descriptor = os.open(folder.joinpath(*parts), os.O_RDONLY | getattr(os, "O_BINARY", 0))
    else:
        descriptor = _open_below(folder, parts)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


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
