"""Reads files out of a zip, in memory: nothing is ever unpacked to disk."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

from grader.sandbox.text import clean

MAX_ARCHIVE_BYTES = 8 * 1024 * 1024
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile bounds what comes out of these only
ENTRY = b"PK\1\2"  # how each entry of a zip's directory begins
MAX_ENTRIES = 10_000
MAX_DEPTH = 8
ENCRYPTED = 1  # in the flags of an entry


class Unfit(Exception):
    """A file is not one that the grader reads; the text goes on after the file's name."""


class Archive:
    """A zip that was read into memory; its directory is read once, whatever is then read out of it.

    Raises:
        Unfit: it is damaged, or holds too many files.
    """

    def __init__(self, data: bytes) -> None:
        count = data.count(ENTRY)  # before there is an object for each
        if count > MAX_ENTRIES:
            raise Unfit(f"cannot be read: an archive of {count} files; hand in the exercises only")
        self.outside: list[str] = []
        """Names that lead out of the archive; nothing is read from them."""
        self._entries: dict[str, list[tuple[tuple[str, ...], zipfile.ZipInfo]]] = {}
        with _told():
            self._opened = zipfile.ZipFile(io.BytesIO(data))
            for entry in self._opened.infolist():
                self._note(entry)

    def _note(self, entry: zipfile.ZipInfo) -> None:
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
            Unfit: the file is damaged, a link, too large or there twice.
            FileNotFoundError: there is no such file.
        """
        found = self._entries.get(name, [])
        if folder:
            found = [one for one in found if one[0][-2:] == (folder, name)]
        else:
            depth = min((len(parts) for parts, _ in found), default=0)
            found = [one for one in found if len(one[0]) == depth]
        if not found:
            raise FileNotFoundError(name)
        if len(found) > 1:
            raise Unfit(f"is {len(found)} times in the archive; hand it in once")
        with _told():
            return self._inflate(found[0][1], limit)

    def _inflate(self, entry: zipfile.ZipInfo, limit: int) -> bytes:
        if entry.is_dir() or stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
            raise Unfit("is a link, a folder or a device in the archive; hand in the file itself")
        if entry.flag_bits & ENCRYPTED:
            raise Unfit("is encrypted in the archive; make a zip without a password")
        if entry.compress_type not in READABLE:
            raise Unfit("is compressed in an unusual way; make a plain zip")
        with self._opened.open(
            entry
        ) as file:  # the size an archive claims may be a lie: count what comes out
            data = file.read(limit + 1)
        if len(data) > limit:
            raise Unfit(too_large(limit))
        return data


def too_large(limit: int) -> str:
    """Return what is wrong with a file of more than so many bytes."""
    return f"is larger than {limit / 2**20:g} MiB; what is handed in takes a few KiB"


@contextmanager
def _told() -> Iterator[None]:
    """Make one sentence of whatever ``zipfile`` raises: on hostile bytes, that is almost anything."""
    try:
        yield
    except Unfit:
        raise
    except Exception as error:
        reason = " ".join(clean(str(error), 200).split())
        raise Unfit(f"cannot be read: the archive is damaged or of an unknown kind ({reason})") from None
