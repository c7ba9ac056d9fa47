"""Finds what a class handed in, folders, zips and checkouts: read once, in memory, and none of it trusted."""

import contextlib
import datetime
import difflib
import hashlib
import re
import stat
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from grader.checks.files import LINK, MAX_BYTES, FileRejected, Files, in_folder, is_zip
from grader.checks.source import Source, find_modules, read_sources, shown, unpacked
from grader.classroom import inbox, tables
from grader.course import CannotDo, Exercise, folded
from grader.progress import ANONYMOUS, QUESTION, Learner, Note, hand_in
from grader.sandbox.text import clean, listed, one_line

MAX_NAME, MAX_NAME_BYTES = 80, 180  # of a submission's name; a number may follow, and a folder is called so
MAX_KEY = 400  # characters
MAX_SHOWN = 200  # characters of what a student wrote, in a note
Arrivals = Mapping[str, datetime.datetime] | None  # by the names that the instructor wrote down, if so
MAX_LISTED = 3  # submissions or files in a note
COPY_NAME = re.compile(r"^copy of | ?\(\d{1,2}\)\Z|[ _-]+(copy|kopie|copie|copia)\Z", re.IGNORECASE)
PYTHON = re.compile(r"3\.[0-9]{1,2}(?=\.|\Z)")  # of a version, what decides on its syntax
NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|]')  # a report may become a file of this name, on any system
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)  # names that Windows keeps


@dataclass
class Submission(tables.Entry):
    """Something that was handed in, with all that will be graded of it; filled while it is read.

    A student decides on its size: at most 1 MiB an exercise, and the answers.
    """

    # the folder, the zip or the module file; that of the class, where it is one of its files
    path: Path = Path()
    # by exercise, its file and those it builds on; empty if there is a problem
    sources: Mapping[str, Source] = field(default_factory=dict)
    answers: bytes = b""  # the bytes of ``responses.json``; empty if there is none that can be read
    # version of Python where it was bundled, as it claims, such as ``3.12``; empty if it does not
    python: str = ""

    def note(self, kind: str, text: str, *, decide: bool = False) -> None:
        """Note what whoever grades should know, and perhaps has to decide on."""
        self.notes += (Note(kind, text, decide),)


# --- a class --------------------------------------------------------------------------------------------


def find_submissions(folder: Path, exercises: Sequence[Exercise]) -> list[Submission]:
    """Find and read the submissions in a folder, by name; what is no submission is listed with its problem.

    Args:
        folder: of folders, zips and checkouts, or a platform's download, which may also be its zip; or a
            single submission, which may also be a zip, or a module file.
        exercises: to be graded.

    Raises:
        CannotDo: the folder is empty, or it, or the instructor's ``received.csv``, cannot be read.
    """
    shown = one_line(str(folder), MAX_SHOWN)
    with contextlib.ExitStack() as stack:
        try:
            entries = inbox.list_class(folder, exercises, stack)
            if entries is None:
                folder.lstat()
                alone = inbox.single_entry(folder, cloned=(folder / ".git").is_dir())
                arrivals = inbox.read_received(folder.parent)
            else:
                arrivals = inbox.read_received(folder if folder.is_dir() else folder.parent)
                known = {name for entry in entries for name in _known_as(entry)} if arrivals else set()
                for name in arrivals or ():  # one that is misspelt would cost its student a penalty
                    if name not in known:
                        spelt = {text.casefold(): one_line(text, 80) for text in sorted(known)}
                        alike = difflib.get_close_matches(name.casefold(), spelt, MAX_LISTED)
                        near = listed([spelt[text] for text in alike], mark="`")
                        nearest = f"; the nearest: {near}" if alike else ""
                        text = f"names `{one_line(name, 80)}`, which is no submission here{nearest}"
                        raise CannotDo(f"{inbox.RECEIVED} {text}; correct that row, or take it out")
        except OSError as error:
            raise CannotDo(f"{shown} cannot be read: {error.strerror}") from None
        if entries == []:
            raise CannotDo(f"{shown} holds no submission; name their folder")
        found = [_look(entry, exercises, arrivals) for entry in ([alone] if entries is None else entries)]
    _number_equal_names(found)
    # What is called as systems and people call a copy of another may be the same student's.
    nameless = [each for each in found if not (each.platform_id or each.learner_id)]
    originals = {folded(PurePosixPath(each.key).stem): each.key for each in nameless}
    for each in nameless:
        original = originals.get(folded(COPY_NAME.sub("", PurePosixPath(each.key).stem)))
        if original and original != each.key:
            text = f"is called like a copy of `{original}`; decide with `grader adjust` whose it is"
            each.note("like-a-copy", text, decide=True)
    return found


def read_submission(folder: Path, exercises: Sequence[Exercise]) -> Submission:
    """Read an upload as one submission, whatever lies in it; what is wrong with it is told and not raised."""
    return _look(inbox.single_entry(folder, cloned=False), exercises, None)


# --- names ----------------------------------------------------------------------------------------------


def _key(entry: inbox.Delivery) -> str:
    """Return where it was collected, as text that can be stored and is the same on every system."""
    path = entry.prefix + entry.key
    key = clean(unicodedata.normalize("NFC", path), MAX_KEY).replace("\n", "\\n").replace("\t", "\\t")
    if len(path) > MAX_KEY:
        key += f" ~{hashlib.sha256(path.encode(errors='surrogatepass')).hexdigest()[:8]}"
    return key


def _name(entry: inbox.Delivery) -> str:
    """Return what a submission is called: fit for the name of a file, on any system."""
    name = entry.key
    if not entry.platform:
        name = re.sub(r"(?i)\.(zip|py)\Z", "", name)
    name = NOT_IN_NAMES.sub("_", one_line(name, MAX_SHOWN))[:MAX_NAME]
    name = name.encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip(" .") or "submission"
    return f"_{name}" if RESERVED.match(name) else name


def _number_equal_names(found: list[Submission]) -> None:
    """Number those that would else be called the same, on a system that ignores the case of names."""
    keys, names = dict[str, int](), dict[str, int]()
    for submission in found:  # of several whose names differ in their bytes alone, keys are the same, too
        submission.key = tables.unused(submission.key, keys, "{} ~{}", str)
        name = tables.unused(submission.name, names)
        if name != submission.name:
            submission.name = name
            submission.note("renamed", f"is called `{name}` here, since another one has that name")


# --- when it arrived ------------------------------------------------------------------------------------


def _known_as(entry: inbox.Delivery) -> list[str]:
    """Return the names under which the instructor may have written down when it arrived."""
    entries = (name for name, _ in entry.entries)
    names = (_key(entry), entry.key, *entries, _name(entry))
    return [unicodedata.normalize("NFC", name) for name in names]


def _set_time(found: Submission, entry: inbox.Delivery, files: Files, arrivals: Arrivals) -> None:
    """Set when it arrived, by the best that is known of it."""
    told = next((arrivals[name] for name in _known_as(entry) if name in arrivals), None) if arrivals else None
    if told or entry.received:
        found.received = told or entry.received or found.received
        found.received_from = "received.csv" if told else "platform"
        return
    if arrivals is not None:
        source = "commit" if entry.cloned else "file"
        text = f"is not in {inbox.RECEIVED}; when it arrived is told from its {source}"
        found.note("not-in-received", text)
    if entry.cloned:
        try:
            modules = [parts for parts in files.touched if parts[-1].lower().endswith(".py")]
            graded = {parts: files.read(parts, MAX_BYTES) for parts in modules}
            found.received, changed = inbox.last_commit(entry.path, graded)
            found.received_from = "commit"
            text = "arrived when its last commit says, which whoever makes a commit can set"
            found.note("commit-time", text)
            if names := [one_line(name, MAX_SHOWN) for name in changed]:
                text = f"was changed after its last commit, or without one: {listed(names, mark='`')}"
                found.note("not-committed", text, decide=True)
            return
        except (FileRejected, OSError) as error:
            why = one_line(str(error), MAX_SHOWN)
            found.note("commit-unknown", f"is a checkout, but its last commit is not known: {why}")
    seconds = []
    for parts in files.touched:
        with contextlib.suppress(OSError):
            seconds.append(files.modified(parts))
    if not any(seconds):
        with contextlib.suppress(OSError):
            seconds.append(entry.path.lstat().st_mtime)
    found.received = inbox.moment(max(seconds, default=0.0))


# --- one submission -------------------------------------------------------------------------------------


def _look(entry: inbox.Delivery, exercises: Sequence[Exercise], arrivals: Arrivals) -> Submission:
    """Read a submission; whatever is wrong with it is told and not raised."""
    label = one_line(entry.entries[0][0], MAX_SHOWN)
    found = Submission(_key(entry), _name(entry), inbox.moment(0.0), path=entry.path, notes=entry.notes)
    found.platform, found.platform_id, found.platform_name = entry[2:5]
    found.file, found.together = label, "\n".join(entry.together)
    files = in_folder(entry.path, ())  # nothing, until it is open
    try:
        try:
            _require_fit(entry, exercises)
            with entry.open() as files:
                _read(found, unpacked(files, exercises), exercises)
        except FileRejected as rejected:
            found.problem = f"{label} {rejected}"
        except OSError as error:
            found.problem = f"{label} cannot be read: {error.strerror}"
        _set_time(found, entry, files, arrivals)
    except Exception as error:  # no submission is at another's expense
        told = one_line(f"{type(error).__name__}: {error}", MAX_SHOWN)
        found.problem = f"{label} could not be read: {told}"
    if found.problem:
        found.sources, found.answers = {}, b""
    if entry.late and found.received_from == "file":
        text = f"was late, as {found.platform} marks it, but not when; write that into {inbox.RECEIVED}"
        found.note("late-mark", text, decide=True)
    return found


def _require_fit(entry: inbox.Delivery, exercises: Sequence[Exercise]) -> None:
    """Refuse what is no submission by its name or kind."""
    if any(inbox.is_odd(name) for name, _ in entry.entries):
        raise FileRejected("has an invisible or undecodable character in its name; rename it")
    name, mode = entry.path.name, entry.path.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise FileRejected(LINK)
    if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
        raise FileRejected("is neither a folder nor a file; remove it")
    if stat.S_ISDIR(mode) or is_zip(name) or entry.platform:
        return
    if not name.lower().endswith(".py"):
        raise FileRejected("is neither a folder nor a zip; remove it, or hand in one of these")
    known = any(found.paths for found in find_modules(exercises, [(name,)]).values())
    if len(exercises) != 1 and not known:
        raise FileRejected("is a single module file, which goes with a single exercise; hand in a folder")


def _read(found: Submission, files: Files, exercises: Sequence[Exercise]) -> None:
    """Read a submission, and what it says of itself."""
    if files.outside:
        first = one_line(files.outside[0], MAX_SHOWN)
        found.note("names-outside", f"holds names that lead out of it, as `{first}`; nothing is there")
    manifest: dict[str, Any] = {}
    if (data := _read_outermost(found, files, hand_in.MANIFEST, hand_in.MAX_MANIFEST_BYTES)) is not None:
        try:
            manifest = hand_in.read_document(data, hand_in.SCHEMA).value
        except hand_in.BadDocument as error:
            found.note("file-ignored", f"{hand_in.MANIFEST} {error}; it is ignored")
    answers = _read_outermost(found, files, hand_in.RESPONSES, hand_in.MAX_RESPONSES_BYTES)
    if answers == b"":  # the disk was full, or an upload was cut off
        found.note("answers-unreadable", f"{hand_in.RESPONSES} is empty", decide=True)
    found.answers = answers or b""
    found.sources = read_sources(exercises, files)
    _note_places(found, files)
    if claimed := PYTHON.match(str(manifest.get("python", ""))[:MAX_SHOWN]):
        found.python = claimed[0]
    # Which files are others than those that the manifest tells of?
    own = {f"exercises/{exercise}/{source.name}": source.data for exercise, source in found.sources.items()}
    own[hand_in.RESPONSES] = found.answers
    claimed = manifest.get("files")
    entries = [entry for entry in claimed if isinstance(entry, dict)] if isinstance(claimed, list) else []
    told = {entry["path"]: entry.get("sha256") for entry in entries if isinstance(entry.get("path"), str)}
    known = {name: data for name, data in own.items() if data and name in told}
    others = [f"`{name}`" for name, data in known.items() if told[name] not in hand_in.text_hashes(data)]
    if others:
        text = f"{hand_in.MANIFEST} has another hash of {', '.join(others)}, changed since `grader submit`"
        found.note("hash-differs", text)
    _note_learner(found, manifest)
    asked = manifest.get("questions")
    for text in asked[: hand_in.MAX_ASKED] if isinstance(asked, list) else ():
        if isinstance(text, str) and text.strip():
            found.note(QUESTION, one_line(text, hand_in.MAX_QUESTION), decide=True)


def _read_outermost(found: Submission, files: Files, name: str, limit: int) -> bytes | None:
    """Read a file beside ``exercises``; None if there is none, or, with a note, if it cannot be read."""
    try:
        return files.read_outermost(name, limit)
    except FileNotFoundError:
        return None
    except (FileRejected, OSError) as error:
        reason = str(error) if isinstance(error, FileRejected) else "cannot be read"
        found.note("file-ignored", f"{name} {one_line(reason, MAX_SHOWN)}; it is ignored")
        return None


def _note_places(found: Submission, files: Files) -> None:
    """Note which modules lie elsewhere, what is in doubt, and whether there is anything."""
    if placed := [f"{source.place}` for `{name}" for name, source in found.sources.items() if source.place]:
        text = f"holds modules elsewhere than handed out, told by their names: {listed(placed, mark='`')}"
        found.note("found-elsewhere", text)
    for source in filter(lambda source: source.others, found.sources.values()):
        text = f"also holds {listed(source.others, mark='`')}, not graded"
        text += "; decide which one counts" if source.place else ""
        found.note("other-versions", text, decide=bool(source.place))
    if doubts := [source.problem for source in found.sources.values() if source.doubtful]:
        found.note("which-file", "; ".join(doubts[:MAX_LISTED]), decide=True)
    missing = [source for source in found.sources.values() if not source.there]
    if missing and len(missing) == len(found.sources) and not found.answers:
        found.nothing_found = True
        names = [shown(parts) for parts in files.paths]
        there = f"only {listed(names, mark='`')}" if names else "no other file that is looked at is there"
        text = f"holds none of the files that are graded, such as `{missing[0].name}`; {there}"
        found.note("nothing-found", text, decide=True)


def _note_learner(found: Submission, manifest: dict[str, Any]) -> None:
    """Note whom a submission claims to be by; the manifest counts first."""
    claims: list[Learner] = []
    try:
        match manifest.get("learner"):
            case {"id": str(learner_id), "name": str(name)}:
                claims.append(Learner(learner_id, name))
            case _ if manifest:
                raise ValueError("names no learner")
    except ValueError as error:
        ignored = f"{one_line(str(error), MAX_SHOWN)}; its learner is ignored"
        found.note("learner-ignored", f"{hand_in.MANIFEST} {ignored}")
    try:
        claims += [hand_in.parse_responses(found.answers).learner] if found.answers else []
    except hand_in.BadDocument as error:
        ignored = f"{one_line(str(error), MAX_SHOWN)}; its learner is ignored"
        found.note("learner-ignored", f"{hand_in.RESPONSES} {ignored}")
    if ANONYMOUS in claims:
        found.note("nobody-logged-in", "was made while nobody was logged in")
    known = [claim for claim in claims if claim != ANONYMOUS]
    if known:
        found.learner_id, found.learner_name = known[0].id, known[0].name
    if len({claim.id for claim in known}) > 1:
        told, other = f"names the learner `{known[0].id}`", f"{hand_in.RESPONSES} `{known[1].id}`"
        found.note("claims-differ", f"{hand_in.MANIFEST} {told}, but {other}")
