"""A course's secret, files that are written whole or not at all, zips that depend on their content alone."""

import io
import os
import stat
from collections.abc import Collection, Mapping
from pathlib import Path

from grader.course.course import Course
from grader.course.strict_yaml import CannotDo

ALWAYS = (1980, 1, 1, 0, 0, 0)  # the time of every entry: the earliest that a zip can hold
MIN_SECRET = 16
VARIABLE = "GRADER_SECRET"
UNIX = 3  # the system a zip says it was made on, whoever writes it


def make_private_folder(folder: Path) -> None:
    """Make a folder that git leaves alone, for what is about people; one that is there stays as it is."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")


def write_atomic(path: Path, data: str | bytes) -> None:
    """Write a file whole or not at all: readers see the old content or the new one.

    Text is written as UTF-8 without changing its line ends; what UTF-8 cannot hold is escaped. OSError says
    by its errno and filename why it cannot be written.
    """
    if isinstance(data, str):
        data = data.encode("utf-8", "backslashreplace")
    beside = path.with_name(f".{os.urandom(8).hex()}.new")
    try:
        with open(beside, "xb") as file:
            file.write(data)
        beside.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None  # nobody knows of the file beside it
    finally:
        beside.unlink(missing_ok=True)


def zipped(files: Mapping[str, bytes], *, executables: Collection[str] = ()) -> bytes:
    """Return a zip of files; the same in the same order give the same bytes."""
    import zipfile  # a slow import, and most commands write none

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, ALWAYS)
            entry.external_attr = (stat.S_IFREG | (0o755 if name in executables else 0o644)) << 16
            entry.create_system = UNIX
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return target.getvalue()


# --- the secret ---------------------------------------------------------------------------------------


class NoSecret(CannotDo):
    """The course's secret is missing or too short; the sentence says where it is looked for."""


def secret_path(course: Course) -> Path:
    """Return where the secret lies if it is not in the environment."""
    return course.state_folder / "secret"


def read_secret(course: Course) -> bytes:
    """Return the secret that option ids are made with; NoSecret if there is none, or a short one."""
    path = secret_path(course)
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise NoSecret(
                f"there is no secret here; set {VARIABLE} to the one the hand-out was built with, or copy "
                f"its {path.parent.name}/{path.name}"
            ) from None
    if len(text) < MIN_SECRET:
        raise NoSecret(f"the secret has {len(text)} characters; at least {MIN_SECRET} keep it from guessing")
    return text.encode()


def make_secret(course: Course) -> bool:
    """Make a secret at its first use, for its owner's eyes only; return whether it is new. Or NoSecret."""
    path = secret_path(course)
    if os.environ.get(VARIABLE, "").strip() or path.exists():
        return False
    try:
        make_private_folder(path.parent)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        raise NoSecret(f"{path} cannot be written ({error.strerror}); set {VARIABLE} instead") from None
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{os.urandom(32).hex()}\n")
    return True
