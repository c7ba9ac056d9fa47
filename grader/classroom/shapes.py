"""What platforms deliver: how they name what each student handed in, and what they say of it.

Canvas puts all files into one folder, each behind its student's name, that one's number and the file's own;
Moodle makes a folder of each student, or names files like it; ``gh classroom`` clones into a folder that is
called after the assignment; an export of Gradescope says in one file whose its folders are.
"""

from __future__ import annotations

import contextlib
import datetime
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

import yaml

from grader.progress.grades import Note
from grader.sandbox.text import one_line

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


class Delivery(NamedTuple):
    """What one student handed in.

    Args:
        key: how it is called whatever else the student hands in; the rest of its place is the class's.
        entries: names of its files and folders, each with the name that the student gave it, if that is told.
        late: whether the platform marked it as late.
        received: when it arrived, if the platform says so.
        together: ids of all who handed it in, where they are several.
        notes: what else it says.
    """

    key: str
    entries: tuple[tuple[str, str], ...]
    platform: Platform = ""
    platform_id: str = ""
    platform_name: str = ""
    late: bool = False
    received: datetime.datetime | None = None
    together: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()


class Submitters(NamedTuple):
    """Whose a folder of Gradescope's export is; by number, in the order of the file.

    Args:
        ids: student ids, or e-mail addresses where there is none.
        created: when it arrived, if that is said.
    """

    ids: dict[str, str]
    names: dict[str, str]
    created: list[datetime.datetime]


def platform_of(names: Mapping[str, bool], folder: str) -> Platform:
    """Return whose download a folder is; empty if it is none that is known.

    Args:
        names: of what lies in it, and whether each is a folder.
        folder: its own name.
    """
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
        who = people.get(name, Submitters({}, {}, []))
        ids, called, notes = list(who.ids.values()), list(who.names.values()), unread
        if len(ids) > 1:
            text = f"was handed in by several, {', '.join(ids)[:MAX_WHO]}; it counts for the first"
            notes = (Note("handed-in-together", text, decide=True),)
        first, created = next(iter(ids), ""), next(iter(who.created), None)
        given = Delivery(name, ((name, ""),), "gradescope", first, next(iter(called), ""))
        several = tuple(ids) if len(ids) > 1 else ()
        found.append(given._replace(received=created, together=several, notes=notes))
    return found


def _read_metadata(data: bytes) -> dict[str, Submitters]:
    """Return, by folder, whose it is and when it arrived."""
    people = defaultdict[str, Submitters](lambda: Submitters({}, {}, []))
    for (folder, *path), value in _scalars(data.decode("utf-8-sig")):
        match [word.removeprefix(":") for word in path]:
            case ["submitters", number, "sid" | "email"] if value.strip():
                people[folder].ids.setdefault(number, one_line(value, MAX_WHO))
            case ["submitters", number, "name"]:
                people[folder].names[number] = one_line(value, MAX_WHO)
            case ["created_at"] if match := TIME.fullmatch(value):
                day, time, _, hours, minutes = match.groups()
                with contextlib.suppress(ValueError, OverflowError):  # a day that no calendar has
                    told = datetime.datetime.fromisoformat(f"{day}T{time}{hours or '+00'}:{minutes or '00'}")
                    people[folder].created.append(told.astimezone(datetime.UTC))
    return dict(people)


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
        elif not isinstance(event, yaml.AliasEvent):
            continue
        if path:
            path[-1] = str(int(path[-1] or 0) + 1) if lists[-1] else None
