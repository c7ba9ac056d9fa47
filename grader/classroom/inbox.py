"""What lies in a folder of submissions, or in a platform's zip of a class, and when each of it arrived.

Names are looked at here, and nothing of students is read. Canvas puts all files into one folder, each behind
its student's name, that one's number and the file's own; Moodle makes a folder of each student, or names
files like it; ``gh classroom`` clones into a folder that is called after the assignment; an export of
Gradescope says in one file whose its folders are.
"""

import contextlib
import datetime
import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from itertools import chain
from pathlib import Path
from typing import Literal, NamedTuple

import yaml

from grader.checks.files import FileRejected, Files, Parts, gathered, in_folder, is_zip, open_zip, read_plain
from grader.checks.source import find_modules, open_submission, plain
from grader.course import COURSE_FILE, CannotDo, Exercise, folded, parse_sheet, parse_time
from grader.progress import JOINERS, Note, hand_in
from grader.sandbox.text import HIDING, one_line

RECEIVED = "received.csv"
MAX_FILE_BYTES = 4 * 2**20  # of received.csv, and of a checkout's list of branches
MAX_SHOWN = 200  # characters of what somebody wrote, in a sentence
LAST_SECOND = 253402300799  # of the year 9999
COMMIT = re.compile(r"[0-9a-f]{40}")
COMMITTER = re.compile(rb"^committer [^\n]*> (\d{1,12}) [+-]\d{4}$", re.MULTILINE)
BRANCH = re.compile(r"ref: (refs/heads/[^\s~^:?*\[\\]{1,200})")
MAX_COMMIT_BYTES = 64 * 1024  # its head; a message may be longer
GIT_SECONDS, GIT_KIB = 5.0, 2**20
Platform = Literal["", "canvas", "moodle", "gradescope", "github"]
METADATA = "submission_metadata.yml"
MAX_METADATA_BYTES = 32 * 2**20
MAX_WHO = 80  # characters of a name or an id
CLONES = "-submissions"  # how the folder of a class's checkouts ends
NUMBER = r"[1-9]\d{1,18}"
SHAPES: tuple[tuple[Platform, re.Pattern[str]], ...] = (
    ("moodle", re.compile(r"(?P<name>.+?)_(?P<id>\d{1,19})_assignsubmission_[a-z]+(_(?P<rest>.*))?")),
    ("canvas", re.compile(rf"(?P<name>anon)(?P<late>_LATE)?_(?P<id>[A-Za-z0-9]{{5}})_{NUMBER}_(?P<rest>.+)")),
    ("canvas", re.compile(rf"(?P<name>.+?)(?P<late>_LATE)?_(?P<id>{NUMBER})_{NUMBER}_(?P<rest>.+)")),
)
EXPORTED = re.compile(r"submission_\d+")
RENAMED = re.compile(r"^(responses|manifest)-\d{1,3}\.json\Z")  # by Canvas, of what is handed in again
TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d+)? ?(?:(Z|UTC)|([+-]\d\d):?(\d\d))")
MAX_AROUND = 3  # folders around a class
CLASS = 20  # how many times as much a class's zip may hold as a student's
LEFT_THERE = {"__macosx", "__pycache__", "node_modules", "desktop.ini", "thumbs.db", RECEIVED}


# --- how platforms name what each student handed in ---------------------------------------------------


class Delivery(NamedTuple):
    """What one student handed in."""

    key: str  # how it is called whatever else the student hands in; the rest of its place is the class's
    # names of its files and folders, each with the name that the student gave it, if that is told
    entries: tuple[tuple[str, str], ...]
    platform: Platform = ""
    platform_id: str = ""
    platform_name: str = ""
    late: bool = False  # whether the platform marked it as late
    received: datetime.datetime | None = None  # when it arrived, if the platform says so
    together: tuple[str, ...] = ()  # ids of all who handed it in, where they are several
    notes: tuple[Note, ...] = ()  # what else it says
    prefix: str = ""  # where the class is that it belongs to, below the folder of submissions
    path: Path = Path()  # of it or, if it lies in a zip or is several files, of that zip or of one file
    # lists what it holds
    open: Callable[[], AbstractContextManager[Files]] = lambda: contextlib.nullcontext(in_folder(Path(), []))
    cloned: bool = False  # whether it is a checkout that the instructor made, as far as can be told


def platform_of(names: Mapping[str, bool], folder: str) -> Platform:
    """Return whose download a folder is, by its name and what lies in it, folders or not; or nothing."""
    exported = sum(inside and bool(EXPORTED.fullmatch(name)) for name, inside in names.items())
    if METADATA in names and exported >= len(names) - 1 - exported:
        return "gradescope"
    assignment = folder.removesuffix(CLONES)
    clones = sum(inside and name.startswith(f"{assignment}-") for name, inside in names.items())
    if names and assignment != folder and clones > len(names) - clones:
        return "github"
    platforms = Counter(delivery.platform for delivery in deliveries(names))
    strays = platforms.pop("", 0)  # such as an instructor's own list beside the files of a class
    platform, count = next(iter(platforms.items()), ("", 0))
    return platform if len(platforms) == 1 and count > strays else ""


def deliveries(
    names: Iterable[str], platform: Platform = "", folder: str = "", metadata: bytes = b""
) -> list[Delivery]:
    """Put together what one student handed in; what has no platform's name is a submission by itself.

    Args:
        platform: whose download the whole folder is, as :func:`platform_of` says.
        folder: its name.
        metadata: of Gradescope; it may be anything.
    """
    if platform == "github":
        assignment = f"{folder.removesuffix(CLONES)}-"
        return [
            Delivery(name, ((name, ""),), "github", one_line(name.removeprefix(assignment), MAX_WHO))
            if name.startswith(assignment)
            else Delivery(name, ((name, ""),))
            for name in names
        ]
    if platform == "gradescope":
        return _of_gradescope([name for name in names if name != METADATA], metadata)
    together: dict[tuple[str, str], Delivery] = {}
    for name in names:
        found = _delivery(name)
        before = together.setdefault((found.platform, found.key), found)
        if before is not found:
            entries, late = (*before.entries, *found.entries), before.late or found.late
            together[found.platform, found.key] = before._replace(entries=entries, late=late)
    owners = Counter(found.platform_id for found in together.values() if found.platform == "canvas")
    if any(count > 1 for count in owners.values()):  # then these numbers are no people's
        plain = [Delivery(name, ((name, ""),)) for name in names if _delivery(name).platform == "canvas"]
        return [found for found in together.values() if found.platform != "canvas"] + plain
    return list(together.values())


def _delivery(name: str) -> Delivery:
    for platform, shape in SHAPES:
        if match := shape.fullmatch(name):
            parts = match.groupdict()
            key = f"{parts['name']}_{parts['id']}"
            given = RENAMED.sub(r"\1.json", parts["rest"] or "")
            late = bool(parts.get("late"))
            who = one_line(parts["name"], MAX_WHO)
            anonymous = platform == "canvas" and who == "anon"
            return Delivery(key, ((name, given),), platform, parts["id"], "" if anonymous else who, late)
    return Delivery(name, ((name, ""),))


# --- Gradescope -----------------------------------------------------------------------------------------


def _of_gradescope(names: Iterable[str], metadata: bytes) -> list[Delivery]:
    unread: tuple[Note, ...] = ()
    try:
        people = _read_metadata(metadata)
    except Exception as error:  # the platform's own file, but students' names and output stand in it
        reason = one_line(f"{type(error).__name__}: {error}", MAX_WHO)
        text = f"{METADATA} cannot be read ({reason}), so whose it is and when it arrived are not known"
        people, unread = {}, (Note("metadata-unread", text, decide=True),)
    found = []
    for name in names:
        if not EXPORTED.fullmatch(name):
            found.append(Delivery(name, ((name, ""),)))
            continue
        (ids, called, created), notes = people.get(name, ([], [], [])), unread
        if len(ids) > 1:
            text = f"was handed in by several, {', '.join(ids)[:MAX_WHO]}; it counts for the first"
            notes = (Note("handed-in-together", text, decide=True),)
        given = Delivery(name, ((name, ""),), "gradescope", next(iter(ids), ""), next(iter(called), ""))
        several, received = tuple(ids) if len(ids) > 1 else (), next(iter(created), None)
        found.append(given._replace(received=received, together=several, notes=notes))
    return found


def _read_metadata(data: bytes) -> dict[str, tuple[list[str], list[str], list[datetime.datetime]]]:
    """Return, by folder, ids or addresses, names and times, in the order of the file."""
    people = defaultdict[str, tuple[dict[str, str], dict[str, str], list[datetime.datetime]]](
        lambda: ({}, {}, [])
    )
    for (folder, *path), value in _scalars(data.decode("utf-8-sig")):
        ids, names, created = people[folder]
        match [word.removeprefix(":") for word in path]:
            case ["submitters", number, "sid" | "email"] if value.strip():
                ids.setdefault(number, one_line(value, MAX_WHO))
            case ["submitters", number, "name"]:
                names[number] = one_line(value, MAX_WHO)
            case ["created_at"] if match := TIME.fullmatch(value):
                day, time, _, hours, minutes = match.groups()
                with contextlib.suppress(ValueError, OverflowError):  # a day that no calendar has
                    told = datetime.datetime.fromisoformat(f"{day}T{time}{hours or '+00'}:{minutes or '00'}")
                    created.append(told.astimezone(datetime.UTC))
    return {folder: ([*ids.values()], [*names.values()], at) for folder, (ids, names, at) in people.items()}


def _scalars(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the values of a YAML document with their paths; no object is made, so that none can be large."""
    path: list[str | None] = []  # in each mapping or list that is open, the key or the number that is due
    lists: list[bool] = []
    for event in yaml.parse(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            lists.append(isinstance(event, yaml.SequenceStartEvent))
            path.append("0" if lists[-1] else None)
            continue
        if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            lists.pop()
            path.pop()
        elif isinstance(event, yaml.ScalarEvent):
            if path and path[-1] is None:
                path[-1] = event.value
                continue
            yield tuple(word or "" for word in path), event.value
        if path:
            path[-1] = str(int(path[-1] or 0) + 1) if lists[-1] else None


# --- what lies where ----------------------------------------------------------------------------------


def list_class(folder: Path, exercises: Sequence[Exercise], stack: ExitStack) -> list[Delivery] | None:
    """List the submissions of a class, None if it is a single one; the stack keeps a zip open."""
    if not folder.is_dir():
        with contextlib.suppress(FileRejected):
            return _in_zip(folder, "", stack) or None if is_zip(folder.name) else None
        return None
    names = _names(folder)
    if _mirrors(names, exercises):
        folders = (name for name, inside in names.items() if inside)
        beside = (folder / name for name in folders if not _mirrors({name: True}, exercises))
        if COURSE_FILE in names or sum(_mirrors(_names(path), exercises) for path in beside) < 2:
            return None  # else it is a class, of whom one is called like an exercise
    if not any(inside or is_zip(name) for name, inside in names.items()):  # files, perhaps one student's own
        modules = [(name,) for name in names if name.lower().endswith(".py")]
        fits = find_modules(exercises, modules).values()
        known = sum(len(found.paths) + len(found.others) for found in fits)
        stems = [(f"{name.partition('.')[0]}.py",) for name in names]  # such as a notebook's
        alike = any(found.paths for found in find_modules(exercises, stems).values())
        if alike and known == len(modules) and not platform_of(names, folder.name):
            return None
    return _in_folder(folder.resolve(), exercises, "", stack)


def single_entry(path: Path, *, cloned: bool) -> Delivery:
    """Return the entry of a submission that stands alone."""
    name = path.name or path.resolve().name
    opener = functools.partial(open_submission, path)
    return Delivery(name, ((name, ""),), path=path, open=opener, cloned=cloned)


def is_odd(name: str) -> bool:
    """Whether a name holds something invisible, or what no text is."""
    return any(unicodedata.category(letter) in HIDING and letter not in JOINERS for letter in name)


def _names(folder: Path) -> dict[str, bool]:
    """Return what lies in a folder and whether each is a folder, the odd after the plain."""
    with os.scandir(folder) as entries:
        names = {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}
    hidden = {name for name in names if name.startswith(".") and (name.startswith("._") or not is_zip(name))}
    kept = [name for name in names if name not in hidden and name.casefold() not in LEFT_THERE]
    return {name: names[name] for name in sorted(kept, key=lambda name: (is_odd(name), name))}


def _mirrors(names: Mapping[str, bool], exercises: Sequence[Exercise]) -> bool:
    """Whether one of the folders is called like an exercise, or like the folder of all."""
    parts = {plain("exercises"), *(plain(exercise.id) for exercise in exercises)}
    return any(inside and plain(name) in parts for name, inside in names.items())


def _in_folder(folder: Path, exercises: Sequence[Exercise], prefix: str, stack: ExitStack) -> list[Delivery]:
    """List the submissions in a folder, and those in downloads of platforms that lie there."""
    names = _names(folder)
    platform, metadata = platform_of(names, folder.name), b""
    if platform == "gradescope":
        with contextlib.suppress(FileRejected, OSError):
            metadata = read_plain(folder, [METADATA], MAX_METADATA_BYTES)
    entries: list[Delivery] = []
    nested: list[Delivery] = []
    for delivery in deliveries(names, platform, folder.name, metadata):
        path = folder / delivery.entries[0][0]
        checkout = (path / ".git").is_dir()
        inside: list[Delivery] = []
        if not delivery.platform and prefix.count("/") < MAX_AROUND and not checkout:
            with contextlib.suppress(FileRejected, OSError):
                if names[path.name] and _is_class(path, exercises, alone=len(names) == 1):
                    inside = _in_folder(path, exercises, f"{prefix}{path.name}/", stack)
                elif len(names) == 1 and is_zip(path.name):
                    inside = _in_zip(path, f"{prefix}{path.name}/", stack)
        nested += inside
        if not inside:
            cloned = checkout and delivery.platform in ("", "github")
            opener = functools.partial(_open, folder, delivery, names)
            entries.append(delivery._replace(prefix=prefix, path=path, open=opener, cloned=cloned))
    if entries and nested:  # then a student may have made it look so: no more than names is believed
        looks = "looks like a platform's, but lies beside other submissions: whose it is and when it came"
        text = f"{looks} are not believed; if it is the platform's, move it to a folder of its own"
        note = Note("nested-class", f"came in what {text}", decide=True)
        for number, entry in enumerate(nested):
            believed = entry._replace(platform_id="", platform_name="", received=None, cloned=False)
            nested[number] = believed._replace(notes=(*entry.notes, note))
    return entries + nested


def _is_class(folder: Path, exercises: Sequence[Exercise], *, alone: bool) -> bool:
    """Whether a folder is a class itself; where nothing lies beside it, it needs no platform's names."""
    names = _names(folder)
    if _mirrors(names, exercises):
        return False
    platform = platform_of(names, folder.name)
    if platform:
        return platform in ("gradescope", "github") or len(deliveries(names)) > 1
    folders = (name for name, inside in names.items() if inside)
    work = {name for name in folders if _mirrors(_names(folder / name), exercises)}
    return alone and len(work.union(filter(is_zip, names))) > 1


def _open(folder: Path, delivery: Delivery, names: Mapping[str, bool]) -> AbstractContextManager[Files]:
    """Open what one student handed in, which may be several files and folders of a class's folder."""
    (entry, given), *more = delivery.entries
    if not more and (names[entry] or not given or is_zip(entry)):
        return open_submission(folder / entry)
    below = {name: in_folder(folder / name).paths if names[name] else [()] for name, _ in delivery.entries}
    inside = {name: [(name, *parts) for parts in paths] for name, paths in below.items()}
    return _part(in_folder(folder, [*chain(*inside.values())]), delivery, inside, 0)


@contextlib.contextmanager
def _part(
    whole: Files, delivery: Delivery, inside: Mapping[str, Sequence[Parts]], around: int
) -> Iterator[Files]:
    """Offer a student's files under the student's own names; paths come by their first part in the class."""
    pairs = []
    for name, given in delivery.entries:
        for parts in inside[name]:
            below = parts[around + 1 :]
            pairs.append(((given, *below) if given else below or (name,), whole, parts))
    yield gathered(pairs, lone=len(pairs) == 1 and pairs[0][0][-1].lower().endswith(".py"))


def _in_zip(path: Path, prefix: str, stack: ExitStack) -> list[Delivery]:
    """List the submissions in the zip that a platform made of a class; none if it is something else."""
    whole = stack.enter_context(open_zip(path, CLASS))
    platform: Platform = ""
    for around in range(MAX_AROUND):
        names = {parts[around]: len(parts) > around + 1 for parts in whole.paths if len(parts) > around}
        above = whole.paths[0][:around] if whole.paths else ()
        folder = above[-1] if above else path.stem
        platform = platform_of(names, folder)
        if platform or len(names) != 1 or not all(names.values()):
            break
    if not platform:
        return []
    metadata = b""
    if platform == "gradescope":
        with contextlib.suppress(FileRejected, OSError):
            metadata = whole.read((*above, METADATA), MAX_METADATA_BYTES)
    inside = defaultdict[str, list[Parts]](list)
    for parts in whole.paths:
        if parts[:around] == above and len(parts) > around:
            inside[parts[around]].append(parts)
    prefix += "".join(f"{name}/" for name in above)
    entries = []
    for delivery in deliveries(names, platform, folder, metadata):
        opener = functools.partial(_part, whole, delivery, inside, around)
        entries.append(delivery._replace(prefix=prefix, path=path, open=opener))
    return entries


# --- when it arrived, by what the instructor, a commit or a file says ------------------------------------


def read_received(folder: Path) -> dict[str, datetime.datetime] | None:
    """Read when each submission arrived, by the name that the instructor wrote down; None if nowhere."""
    try:
        data = read_plain(folder, [RECEIVED], MAX_FILE_BYTES)
    except FileNotFoundError:
        return None
    except FileRejected as rejected:
        raise CannotDo(f"{RECEIVED} {rejected}") from None
    columns = {name: name for name in ("submission", "received")}
    sheet = parse_sheet(data, RECEIVED, columns)
    if not columns.keys() <= set(map(folded, sheet.heading)):
        raise sheet.bad(1, "should name the columns submission,received")
    arrivals: dict[str, datetime.datetime] = {}
    for line, record in sheet.records(columns):
        name, time = (unicodedata.normalize("NFC", next(iter(record[column]), "")) for column in columns)
        if not name or name in arrivals:
            twice = f"names `{one_line(name, MAX_SHOWN)[:80]}` twice"
            raise sheet.bad(line, twice if name else "names no submission")
        try:
            arrivals[name] = parse_time(time).astimezone(datetime.UTC)
        except ValueError:
            told = f"such as 2026-03-01T18:00:00Z, but has `{one_line(time, MAX_SHOWN)[:40]}`"
            raise sheet.bad(line, f"should have a time with a zone, {told}") from None
    return arrivals


def moment(seconds: float) -> datetime.datetime:
    """Return a time in seconds since 1970 as one that a calendar has."""
    return datetime.datetime.fromtimestamp(min(max(seconds, 0.0), LAST_SECOND), datetime.UTC)


def last_commit(clone: Path, graded: Mapping[tuple[str, ...], bytes]) -> tuple[datetime.datetime, list[str]]:
    """Return when the last commit of a checkout was made, as it says itself, and what is not as it holds it.

    Nothing that lies in the checkout decides what git does: it runs in an empty repository of ours, with no
    configuration and no environment, and only looks up objects among the checkout's.

    Args:
        graded: files by their paths in the checkout; their line ends do not matter.

    Raises:
        FileRejected: that cannot be told; the text says why.
    """
    git = clone / ".git"
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
    forms = hand_in.text_forms  # whatever its line ends are
    changed = [name for name, data in files if blobs.get(name, "") not in map(_blob, forms(data))]
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
        # An object may claim to be huge; what is written is bounded in blocks of at least 512 bytes.
        limits = f'ulimit -v {GIT_KIB}; ulimit -f {MAX_COMMIT_BYTES // 512}; exec "$@"'
        limited = ["/bin/sh", "-c", limits, "sh"] if os.path.exists("/bin/sh") else []
        outputs = []
        for question in questions:
            command, nothing = [*limited, program, *question], subprocess.DEVNULL
            run = functools.partial(subprocess.run, command, env=environment, stdin=nothing, stderr=nothing)
            with tempfile.TemporaryFile() as output:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    run(stdout=output, timeout=GIT_SECONDS, check=False)
                output.seek(0)
                outputs.append(output.read(MAX_COMMIT_BYTES))
        return outputs


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
                packed = read_plain(git, ["packed-refs"], MAX_FILE_BYTES).decode("utf-8", "replace")
                ends = (line.split(" ", 1) for line in packed.splitlines() if line.endswith(f" {branch[1]}"))
                head = next((first for first, name in ends if name == branch[1]), "")
    except (OSError, FileRejected, UnicodeDecodeError):
        head = ""
    if not COMMIT.fullmatch(head):
        raise FileRejected("it has no commit that can be read")
    return head
