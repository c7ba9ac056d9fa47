"""Reads one file out of a zip, in memory: nothing is ever unpacked to disk."""

from __future__ import annotations

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

MAX_ARCHIVE_BYTES = 8 * 1024 * 1024
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile bounds what comes out of these only
MAX_ENTRIES = 10_000
MAX_DEPTH = 8


class Unfit(Exception):
    """A file is not one that the grader reads; the text goes on after the file's name."""


def read_member(archive: Path, folder: str, name: str, limit: int) -> bytes:
    """Return the bytes of ``…/folder/name`` in a zip.

    Args:
        limit: bytes that the file may have, whatever the archive says of it.

    Raises:
        Unfit: the zip is damaged or too large, or the file is a link, too large or there twice.
        FileNotFoundError: the zip holds no such file.
        OSError: the zip cannot be read.
    """
    if not archive.is_file() or archive.is_symlink():
        raise Unfit(f"cannot be read: {archive.name} is not a plain file")
    if archive.stat().st_size > MAX_ARCHIVE_BYTES:
        raise Unfit(
            f"is in an archive of more than {MAX_ARCHIVE_BYTES // 2**20} MB; hand in the exercises only"
        )
    try:
        with zipfile.ZipFile(archive) as opened:
            return _read(opened, _find(opened, folder, name), limit)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Unfit(f"cannot be read: the archive is damaged or of an unknown kind ({error})") from None


def _find(opened: zipfile.ZipFile, folder: str, name: str) -> zipfile.ZipInfo:
    entries = opened.infolist()
    if len(entries) > MAX_ENTRIES:
        raise Unfit(f"is in an archive of {len(entries)} files; hand in the exercises only")
    found = [entry for entry in entries if _leads_to(entry.filename, folder, name)]
    if not found:
        raise FileNotFoundError(name)
    if len(found) > 1:
        raise Unfit(f"is {len(found)} times in the archive; hand it in once")
    return found[0]


def _leads_to(entry: str, folder: str, name: str) -> bool:
    parts = PurePosixPath(entry).parts
    return parts[-2:] == (folder, name) and len(parts) <= MAX_DEPTH and not {"..", "/"} & set(parts)


def _read(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        raise Unfit("is a link or a device in the archive; hand in the file itself")
    if entry.compress_type not in READABLE:
        raise Unfit("is compressed in an unusual way; make a plain zip")
    with opened.open(entry) as file:  # the size an archive claims may be a lie: count what comes out
        data = file.read(limit + 1)
    if len(data) > limit:
        raise Unfit("is larger than 1 MiB; a solution takes a few KiB")
    return data
