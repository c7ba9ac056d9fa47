"""Files that somebody handed in, in a folder or a zip: listed and read within limits; no link is followed.

Nothing of a zip is ever unpacked to disk. What tools leave beside one's own files is not counted.
"""

import calendar
import contextlib
import functools
import os
import stat
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from grader.sandbox.text import one_line

MAX_BYTES = 1024 * 1024  # of a module
MAX_ARCHIVE_BYTES = 64 * 2**20  # of a zip within another, which is held in memory
MAX_ZIP_BYTES = 4 * 2**30  # of a zip on disk, of which little is read
MAX_ENTRIES = 10_000  # files in a zip
MAX_LISTED = 50_000  # files in a zip, with all that tools have left there
MAX_FOLDER = 100_000  # files and folders in a folder
MAX_DEPTH = 12
MAX_NAME = 255  # characters of a file's name
CLUTTER = frozenset(
    (
        ".git .hg .svn .venv venv env .env virtualenv site-packages __pycache__ build dist .eggs "
        "node_modules .ipynb_checkpoints .mypy_cache .pytest_cache .ruff_cache .hypothesis .tox .nox .cache "
        ".grader .idea .vscode __macosx .ds_store thumbs.db desktop.ini"
    ).split()
)
LINK = "is a symbolic link, or lies behind one; hand in the file itself"
TOO_LARGE = "is larger than {:g} MiB; what is handed in takes a few KiB"
TOO_MANY = "cannot be read: an archive of {} files; hand in the exercises only"
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile bounds what comes out of these only
ENTRY = b"PK\1\2"  # how each entry of a zip's directory begins
ENCRYPTED = 1  # in the flags of an entry
Parts = tuple[str, ...]
"""A path, folder by folder, below what was handed in."""


class FileRejected(Exception):
    """A file is not one that the grader reads; the text goes on after the file's name."""


def is_zip(name: str) -> bool:
    """Whether a file of this name is read as a zip."""
    return name.lower().endswith(".zip")


def is_clutter(name: str) -> bool:
    """Whether it is what an operating system or a tool leaves beside one's own files."""
    name = name.casefold()
    return name in CLUTTER or name.startswith("._") or name.endswith(".egg-info")


class Files:
    """What was handed in together, wherever it lies.

    Args:
        paths: of the files; in a zip, one may be there twice.
        read: returns the bytes at a path, as :meth:`read` does, which keeps what was read as well.
        modified: returns when a file was changed, in seconds since 1970, as far as anything says it.
        lone: whether it is one file that was handed in by itself.
    """

    def __init__(
        self,
        paths: Iterable[Parts],
        read: Callable[[Parts, int], bytes],
        modified: Callable[[Parts], float],
        *,
        lone: bool = False,
    ) -> None:
        self.paths: Sequence[Parts] = list(paths)
        self._read = read
        self.modified = modified
        self.lone = lone
        self.touched: list[Parts] = []
        """What was read."""
        self.outside: list[str] = []
        """Names in a zip that lead out of it; nothing is read from them."""
        self.unread: list[tuple[Parts, str]] = []
        """Zips among the files that could not be looked into, and why, which goes on after the name."""

    def read(self, parts: Parts, limit: int) -> bytes:
        """Return the bytes of a file.

        Args:
            limit: bytes that it may have, whatever its size is said to be.

        Raises:
            FileRejected: it is damaged, too large, a link, or something else than a file.
            OSError: it is not there, or cannot be read.
        """
        data = self._read(parts, limit)
        self.touched.append(parts)
        return data

    def read_outermost(self, name: str, limit: int) -> bytes:
        """Return the bytes of the file of this name that lies least deep.

        Raises:
            FileNotFoundError: there is none.
            FileRejected: there are several, or as in :meth:`read`.
        """
        found = [parts for parts in self.paths if parts[-1] == name]
        least = min(map(len, found), default=0)
        found = [parts for parts in found if len(parts) == least]
        if not found:
            raise FileNotFoundError(name)
        if len(found) > 1:
            raise FileRejected(f"is there {len(found)} times; hand it in once")
        return self.read(found[0], limit)


def gathered(
    places: Sequence[tuple[Parts, Files, Parts]], rest: Files | None = None, *, lone: bool = False
) -> Files:
    """Return files that lie elsewhere: some of a class, as one student named them; what lies in zips, too.

    Args:
        places: the path of each here, and where it lies.
        rest: where any other path is looked for; None says that there is none.
    """
    lying = {here: (files, there) for here, files, there in places}

    def read(parts: Parts, limit: int) -> bytes:
        files, there = lying.get(parts, (rest, parts))
        if files is None:
            raise FileNotFoundError
        return files.read(there, limit)

    def modified(parts: Parts) -> float:
        files, there = lying[parts]
        return files.modified(there)

    return Files((here for here, _, _ in places), read, modified, lone=lone)


def in_folder(root: Path, paths: Iterable[Parts] | None = None, *, lone: bool = False) -> Files:
    """Return the files of a folder.

    Args:
        paths: those that matter; None lists it.

    Raises:
        FileRejected: it holds too much.
        OSError: it cannot be read.
    """
    found, read = _walk(root) if paths is None else paths, functools.partial(read_plain, root)
    return Files(found, read, lambda parts: root.joinpath(*parts).lstat().st_mtime, lone=lone)


def _walk(root: Path) -> Iterator[Parts]:
    """Yield what is no folder; links are among it, and are refused where one is read."""
    waiting: list[Parts] = [()]
    count = 0
    while waiting:
        above = waiting.pop()
        with os.scandir(root.joinpath(*above)) as entries:
            for entry in entries:
                if is_clutter(entry.name):
                    continue
                count += 1
                if count > MAX_FOLDER:
                    raise FileRejected(f"holds more than {MAX_FOLDER} files; hand in the exercises only")
                parts = (*above, entry.name)
                folder = entry.is_dir(follow_symlinks=False)
                if not folder or entry.name.endswith(".py"):  # which is no module, and that is said
                    yield parts
                if folder and len(parts) < MAX_DEPTH:
                    waiting.append(parts)


def read_plain(folder: Path, parts: Sequence[str], limit: int) -> bytes:
    """Read ``folder/parts``, where nothing below ``folder`` may be a link or anything but a plain file.

    Args:
        limit: bytes that the file may have.

    Raises:
        FileRejected: it is something else, or larger.
        OSError: it cannot be read.
    """
    with open_plain(folder, parts) as file:
        if os.fstat(file.fileno()).st_size > limit:
            raise FileRejected(TOO_LARGE.format(limit / 2**20))
        data = file.read(limit + 1)
    if len(data) > limit:
        raise FileRejected("grew beyond the limit while it was read")
    return data


def open_plain(folder: Path, parts: Sequence[str]) -> IO[bytes]:
    """Open ``folder/parts``; as in :func:`read_plain`."""
    for step in range(1, len(parts) + 1):
        if folder.joinpath(*parts[:step]).is_symlink():
            raise FileRejected(LINK)
    if os.open not in os.supports_dir_fd:  # Windows: the test above is all there is
        descriptor = os.open(folder.joinpath(*parts), os.O_RDONLY | getattr(os, "O_BINARY", 0))
    else:  # step by step from a folder's descriptor, so that no link slips in after the test above
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        for number, part in enumerate(parts, 1):
            flags = os.O_NOFOLLOW | (os.O_NONBLOCK | os.O_NOCTTY if number == len(parts) else os.O_DIRECTORY)
            try:
                below = os.open(part, os.O_RDONLY | flags, dir_fd=descriptor)
            finally:
                os.close(descriptor)
            descriptor = below
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileRejected("should be a plain file, and is something else")
    return os.fdopen(descriptor, "rb")


def in_zip(file: IO[bytes], factor: int = 1) -> Files:
    """Return the files of a zip, whose directory is read once, whatever is then read out of it.

    Args:
        factor: how many times as many files it may hold as one student's, if it is a class's.

    Raises:
        FileRejected: it is damaged, or holds too many files.
    """
    outside, paths, entries = list[str](), list[Parts](), dict[Parts, zipfile.ZipInfo]()
    with _zipfile_errors():
        opened = zipfile.ZipFile(_Bounded(file, MAX_LISTED * factor))
        for entry in opened.infolist():
            parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
            if {"..", "/"} & set(parts):
                outside.append(entry.filename)
            elif not 0 < len(parts) <= MAX_DEPTH or any(map(is_clutter, parts)):
                continue
            elif not entry.is_dir() or parts[-1].endswith(".py"):  # which is no module, and that is said
                paths.append(parts)
                entries[parts] = entry
    if len(paths) > MAX_ENTRIES * factor:
        raise FileRejected(TOO_MANY.format(len(paths)))

    def modified(parts: Parts) -> float:
        with contextlib.suppress(ValueError):  # the 31st of a month that has none
            return float(calendar.timegm((*entries[parts].date_time, 0, 0, 0)))
        return 0.0

    found = Files(paths, lambda parts, limit: _read_entry(opened, entries.get(parts), limit), modified)
    found.outside = outside
    return found


def _read_entry(opened: zipfile.ZipFile, entry: zipfile.ZipInfo | None, limit: int) -> bytes:
    if entry is None:
        raise FileNotFoundError
    if entry.is_dir() or stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        raise FileRejected("is a link, a folder or a device in the archive; hand in the file itself")
    if entry.flag_bits & ENCRYPTED:
        raise FileRejected("is encrypted in the archive; make a zip without a password")
    if entry.compress_type not in READABLE:
        raise FileRejected("is compressed in an unusual way; make a plain zip")
    with _zipfile_errors(), opened.open(entry) as file:
        data = file.read(limit + 1)  # the size an archive claims may be a lie: count what comes out
    if len(data) > limit:
        raise FileRejected(TOO_LARGE.format(limit / 2**20))
    return data


class _Bounded:
    """A file whose zip directory is measured before there is an object for each of its entries."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file, self._most = file, most
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:  # without a size, of what may be a comment at the end
        data = self._file.read(min(size, MAX_ARCHIVE_BYTES + 1))
        count = data.count(ENTRY)
        if count > self._most:
            raise FileRejected(TOO_MANY.format(count))
        return data


@contextlib.contextmanager
def open_zip(path: Path, factor: int = 1) -> Iterator[Files]:
    """Open a zip on disk for as long as it is read.

    Raises:
        FileRejected: it is damaged, too large or a link.
        OSError: it cannot be read.
    """
    with open_plain(path.parent, [path.name]) as file:
        if os.fstat(file.fileno()).st_size > MAX_ZIP_BYTES:
            large = f"an archive of more than {MAX_ZIP_BYTES // 2**30} GiB"
            raise FileRejected(f"cannot be read: {large}; hand in the exercises only")
        yield in_zip(file, factor)


@contextlib.contextmanager
def _zipfile_errors() -> Iterator[None]:
    """Make one sentence of whatever ``zipfile`` raises: on hostile bytes, that is almost anything."""
    try:
        yield
    except FileRejected:
        raise
    except Exception as error:
        reason = one_line(str(error), 200)
        text = f"cannot be read: the archive is damaged or of an unknown kind ({reason})"
        raise FileRejected(text) from None
