"""What lies in a folder of submissions, or in a platform's zip of a class: one entry for each submission.

Names are looked at here, and nothing of students is read.
"""

from __future__ import annotations

import contextlib
import functools
import os
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from grader.checks.files import FileRejected, Files, Folder, Part, Parts, is_zip, open_zip, read_plain
from grader.checks.source import find_modules, open_submission, plain
from grader.classroom.arrival import RECEIVED
from grader.classroom.shapes import MAX_METADATA_BYTES, METADATA, Delivery, Platform, deliveries, platform_of
from grader.course import COURSE_FILE, Exercise
from grader.progress.grades import Note
from grader.progress.learner import JOINERS
from grader.sandbox.text import HIDING

MAX_AROUND = 3  # folders around a class
CLASS = 20  # how many times as much a class's zip may hold as a student's
LEFT_THERE = {"__macosx", "__pycache__", "node_modules", "desktop.ini", "thumbs.db", RECEIVED}


@dataclass(frozen=True)
class Entry:
    """One submission before it is read.

    Args:
        prefix: where the class is that it belongs to, below the folder of submissions.
        path: of it or, if it lies in a zip or is several files, of that zip or of one file.
        open: lists what it holds.
        cloned: whether it is a checkout that the instructor made, as far as can be told.
    """

    delivery: Delivery
    prefix: str
    path: Path
    open: Callable[[], AbstractContextManager[Files]]
    cloned: bool = False


def list_class(folder: Path, exercises: Sequence[Exercise], stack: ExitStack) -> list[Entry] | None:
    """List the submissions of a class; None if it is a single one.

    Args:
        stack: keeps a zip open until its submissions are read.

    Raises:
        OSError: it cannot be read.
    """
    if not folder.is_dir():
        with contextlib.suppress(FileRejected):
            return _in_zip(folder, "", stack) or None if is_zip(folder.name) else None
        return None
    names = _names(folder)
    if _mirrors(names, exercises):
        beside = (folder / name for name, inside in names.items() if inside and not _is_part(name, exercises))
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


def single_entry(path: Path, *, cloned: bool) -> Entry:
    """Return the entry of a submission that stands alone."""
    name = path.name or path.resolve().name
    return Entry(Delivery(name, ((name, ""),)), "", path, lambda: open_submission(path), cloned)


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


def _is_part(name: str, exercises: Sequence[Exercise]) -> bool:
    return plain(name) in {plain("exercises"), *(plain(exercise.id) for exercise in exercises)}


def _mirrors(names: Mapping[str, bool], exercises: Sequence[Exercise]) -> bool:
    return any(inside and _is_part(name, exercises) for name, inside in names.items())


def _in_folder(folder: Path, exercises: Sequence[Exercise], prefix: str, stack: ExitStack) -> list[Entry]:
    """List the submissions in a folder, and those in downloads of platforms that lie there."""
    names = _names(folder)
    platform, metadata = platform_of(names, folder.name), b""
    if platform == "gradescope":
        with contextlib.suppress(FileRejected, OSError):
            metadata = read_plain(folder, [METADATA], MAX_METADATA_BYTES)
    entries: list[Entry] = []
    nested: list[Entry] = []
    for delivery in deliveries(names, platform, folder.name, metadata):
        path = folder / delivery.entries[0][0]
        checkout = (path / ".git").is_dir()
        inside: list[Entry] = []
        if not delivery.platform and prefix.count("/") < MAX_AROUND and not checkout:
            with contextlib.suppress(FileRejected, OSError):
                if names[path.name] and _is_class(path, exercises, alone=len(names) == 1):
                    inside = _in_folder(path, exercises, f"{prefix}{path.name}/", stack)
                elif len(names) == 1 and is_zip(path.name):
                    inside = _in_zip(path, f"{prefix}{path.name}/", stack)
        nested += inside
        if not inside:
            cloned = checkout and delivery.platform in ("", "github")
            entries.append(Entry(delivery, prefix, path, _opener(folder, delivery, names), cloned))
    if entries and nested:  # then a student may have made it look so: no more than names is believed
        looks = "looks like a platform's, but lies beside other submissions: whose it is and when it came"
        text = f"{looks} are not believed; if it is the platform's, move it to a folder of its own"
        note = Note("nested-class", f"came in what {text}", decide=True)
        for number, entry in enumerate(nested):
            notes = (*entry.delivery.notes, note)
            claim = entry.delivery._replace(platform_id="", platform_name="", received=None, notes=notes)
            nested[number] = replace(entry, delivery=claim, cloned=False)
    return entries + nested


def _is_class(folder: Path, exercises: Sequence[Exercise], *, alone: bool) -> bool:
    """Whether a folder is a class itself: one student's files alone are a submission.

    Args:
        alone: whether nothing lies beside it; then it needs no platform's names.
    """
    names = _names(folder)
    if _mirrors(names, exercises):
        return False
    platform = platform_of(names, folder.name)
    if platform:
        return platform in ("gradescope", "github") or len(deliveries(names)) > 1
    work = (
        is_zip(name) or (inside and _mirrors(_names(folder / name), exercises))
        for name, inside in names.items()
    )
    return alone and sum(work) > 1


def _opener(
    folder: Path, delivery: Delivery, names: Mapping[str, bool]
) -> Callable[[], AbstractContextManager[Files]]:
    (entry, given), *more = delivery.entries
    if not more and (names[entry] or not given or is_zip(entry)):
        return lambda: open_submission(folder / entry)

    @contextlib.contextmanager
    def together() -> Iterator[Files]:
        inside = {name: Folder(folder / name).paths if names[name] else [()] for name, _ in delivery.entries}
        whole = Folder(folder, [(name, *parts) for name, paths in inside.items() for parts in paths])
        yield _part(whole, delivery, {name: [(name, *parts) for parts in inside[name]] for name in inside}, 0)

    return together


def _part(whole: Files, delivery: Delivery, inside: Mapping[str, Sequence[Parts]], around: int) -> Part:
    """Return a student's files under the names that the student gave them.

    Args:
        inside: paths by their first folder or file below those that lie around the class.
    """
    pairs = []
    for name, given in delivery.entries:
        for parts in inside[name]:
            below = parts[around + 1 :]
            pairs.append((parts, (given, *below) if given else below or (name,)))
    return Part(whole, pairs, lone=len(pairs) == 1 and pairs[0][1][-1].lower().endswith(".py"))


def _in_zip(path: Path, prefix: str, stack: ExitStack) -> list[Entry]:
    """List the submissions in the zip that a platform made of a class; none if it is something else.

    Raises:
        FileRejected: it is damaged, too large or a link.
    """
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
        part = _part(whole, delivery, inside, around)
        entries.append(Entry(delivery, prefix, path, functools.partial(_opened, part)))
    return entries


def _opened(files: Files) -> AbstractContextManager[Files]:
    return contextlib.nullcontext(files)
