"""When something arrived, by what the instructor, a commit or a file says."""

import contextlib
import datetime
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.checks.files import FileRejected, read_plain
from grader.course import CannotCollect, folded, parse_sheet, parse_time
from grader.progress.hand_in import text_forms
from grader.sandbox.text import one_line

RECEIVED = "received.csv"
MAX_RECEIVED_BYTES = 4 * 2**20
MAX_SHOWN = 200  # characters of what somebody wrote, in a sentence
LAST_SECOND = 253402300799  # of the year 9999
COMMIT = re.compile(r"[0-9a-f]{40}")
COMMITTER = re.compile(rb"^committer [^\n]*> (\d{1,12}) [+-]\d{4}$", re.MULTILINE)
BRANCH = re.compile(r"ref: (refs/heads/[^\s~^:?*\[\\]{1,200})")
MAX_REFS_BYTES = 4 * 2**20
MAX_COMMIT_BYTES = 64 * 1024  # its head; a message may be longer
GIT_SECONDS, GIT_KIB = 5.0, 2**20


def read_received(folder: Path) -> dict[str, datetime.datetime] | None:
    """Read when each submission arrived, by the name that the instructor wrote down; None if nowhere."""
    try:
        data = read_plain(folder, [RECEIVED], MAX_RECEIVED_BYTES)
    except FileNotFoundError:
        return None
    except FileRejected as rejected:
        raise CannotCollect(f"{RECEIVED} {rejected}") from None
    columns = {name: name for name in ("submission", "received")}
    sheet = parse_sheet(data, RECEIVED, columns)
    if not columns.keys() <= set(map(folded, sheet.heading)):
        raise sheet.bad(1, "should name the columns submission,received")
    arrivals: dict[str, datetime.datetime] = {}
    for line, record in sheet.records(columns):
        name, time = (next(iter(record[column]), "") for column in columns)
        if not name or name in arrivals:
            twice = f"names `{one_line(name, MAX_SHOWN)[:80]}` twice"
            raise sheet.bad(line, twice if name else "names no submission")
        try:
            arrivals[name] = parse_time(time).astimezone(datetime.UTC)
        except (ValueError, OverflowError):
            told = f"such as 2026-03-01T18:00:00Z, but has `{one_line(time, MAX_SHOWN)[:40]}`"
            raise sheet.bad(line, f"should have a time with a zone, {told}") from None
    return arrivals


def moment(seconds: float) -> datetime.datetime:
    """Return a time in seconds since 1970 as one that a calendar has."""
    return datetime.datetime.fromtimestamp(min(max(seconds, 0.0), LAST_SECOND), datetime.UTC)


def last_commit(
    checkout: Path, graded: Mapping[tuple[str, ...], bytes]
) -> tuple[datetime.datetime, list[str]]:
    """Return when the last commit of a checkout was made, as it says itself, and what is not as it holds it.

    Nothing that lies in the checkout decides what git does: it runs in an empty repository of ours, with no
    configuration and no environment, and only looks up objects among the checkout's.

    Args:
        graded: files by their paths in the checkout; their line ends do not matter.

    Raises:
        FileRejected: that cannot be told; the text says why.
    """
    git = checkout / ".git"
    objects = git / "objects"
    if not all(os.path.isdir(path) and not path.is_symlink() for path in (git, objects)):
        raise FileRejected("its `.git` is no folder with objects")
    if any(os.path.lexists(objects / "info" / name) for name in ("alternates", "http-alternates")):
        raise FileRejected("its objects are those of another repository")
    commit = _head(git)
    names = ["/".join(parts) for parts in graded]
    look = ("--literal-pathspecs", "ls-tree", "-r", "-z", commit, "--", *names)
    head, listed = _ask_git(objects.resolve(), ("cat-file", "commit", commit), look)
    written = COMMITTER.search(head.partition(b"\n\n")[0])
    if written is None:
        raise FileRejected("its last commit cannot be read")
    blobs: dict[str, str] = {}
    for line in listed.split(b"\0"):
        about, _, name = line.partition(b"\t")
        blobs[os.fsdecode(name)] = about.rpartition(b" ")[2].decode()
    files = zip(names, graded.values(), strict=True)
    changed = [name for name, data in files if blobs.get(name, "") not in map(_blob, text_forms(data))]
    return moment(float(written[1])), changed


def _ask_git(objects: Path, *questions: Sequence[str]) -> list[bytes]:
    """Return how git's answers about the objects of a repository begin."""
    program = shutil.which("git")
    if program is None:
        raise FileRejected("git is not installed")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "refs").mkdir()
        (Path(folder) / "objects").mkdir()
        (Path(folder) / "HEAD").write_text("ref: refs/heads/none\n", encoding="utf-8")
        settings = "[core]\nrepositoryformatversion = 0\nbare = true\ncommitGraph = false\n"
        (Path(folder) / "config").write_text(settings, encoding="utf-8")
        environment = dict.fromkeys(("GIT_CONFIG_NOSYSTEM", "GIT_ATTR_NOSYSTEM"), "1")
        environment |= dict.fromkeys(("GIT_NO_REPLACE_OBJECTS", "GIT_NO_LAZY_FETCH"), "1")
        environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        environment |= {"PATH": os.defpath, "HOME": folder, "GIT_DIR": folder}
        environment["GIT_OBJECT_DIRECTORY"] = str(objects)
        limited = ["/bin/sh", "-c", f'ulimit -v {GIT_KIB}; exec "$@"', "sh"]  # an object may claim to be huge
        limited = limited if os.path.exists(limited[0]) else []
        return [_first_bytes([*limited, program, *question], environment) for question in questions]


def _blob(data: bytes) -> str:
    """Return the name that git gives to the contents of a file."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _head(git: Path) -> str:
    """Return the id of the commit that is checked out."""
    try:
        head = read_plain(git, ["HEAD"], MAX_COMMIT_BYTES).decode("ascii").strip()
        branch = BRANCH.fullmatch(head)
        if branch and ".." not in branch[1]:
            try:
                head = read_plain(git, branch[1].split("/"), MAX_COMMIT_BYTES).decode("ascii").strip()
            except FileNotFoundError:
                packed = read_plain(git, ["packed-refs"], MAX_REFS_BYTES).decode("utf-8", "replace")
                ends = (line.split(" ", 1) for line in packed.splitlines() if line.endswith(f" {branch[1]}"))
                head = next((first for first, name in ends if name == branch[1]), "")
    except (OSError, FileRejected, UnicodeDecodeError):
        head = ""
    if not COMMIT.fullmatch(head):
        raise FileRejected("it has no commit that can be read")
    return head


def _first_bytes(command: list[str], environment: Mapping[str, str]) -> bytes:
    """Run git, and return how its output begins; it is stopped after some seconds."""
    output = b""
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as running:
        assert running.stdout is not None
        timer = threading.Timer(GIT_SECONDS, running.kill)
        timer.start()
        try:
            output = running.stdout.read(MAX_COMMIT_BYTES)
        finally:
            timer.cancel()
            with contextlib.suppress(ProcessLookupError):
                running.kill()
    return output
