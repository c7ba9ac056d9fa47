"""Whose work it is: what the instructor and the platform say counts before what a submission claims."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from grader.classroom.collect import Submission
from grader.classroom.tables import Entry
from grader.course import folded
from grader.progress.grades import Note

CLAIM, NAME, PLATFORM, DECIDED = range(4)  # how well it is founded whose a submission is
ENDING = re.compile(r"\.(zip|py)$", re.IGNORECASE)
AROUND = re.compile(
    r"^(submission-|exercise[-_ ]?\d+[-_ ])|([-_ ]exercise[-_ ]?\d+)?( \(\d+\))?$", re.IGNORECASE
)
"""What stands around an id in a file's name, as ``grader submit``, students and browsers write it."""
OF_MOODLE = re.compile(r"_assignsubmission_file_?$")  # ends the name of a folder, and is in no key
ALIKE = 0.75  # of two names, from where on one may be the other misspelt
MAX_LISTED = 3  # submissions, or names, in a sentence


class Identity(NamedTuple):
    """Whose a submission is.

    Args:
        student: the id that its grade belongs to.
        login: by which another program may know them; empty if nothing says one that can be believed.
        name: what they are called, by a claim that can be believed or by the platform; empty if by neither.
        extension: the name under ``late.extensions`` that is theirs; empty if none is.
        set_aside: why it counts for nobody until the instructor decides; empty if it counts.
        notes: what the instructor should know.
    """

    student: str
    login: str = ""
    name: str = ""
    extension: str = ""
    set_aside: str = ""
    notes: tuple[Note, ...] = ()


class _Evidence(NamedTuple):
    """What speaks for whose a submission is; the names are folded."""

    handed: Submission | Entry
    names: frozenset[str]  # that the instructor or the platform gave it
    claim: str
    person: str
    rank: int


def identify(
    submissions: Iterable[Submission | Entry], extensions: Mapping[str, float], decisions: Mapping[str, str]
) -> dict[str, Identity]:
    """Return, by key, whose each submission of a class is.

    A decision counts before what the platform says, that before the name of the folder or file, and that
    before a claim. What only claims to be somebody is set aside if another submission is that person by
    more; of several that are equally founded nobody can tell, and all of them are.

    Args:
        submissions: of the whole class.
        extensions: days by name, as the course has them.
        decisions: by key, whose a submission is as the instructor decided.
    """
    everybody = [_evidence(handed, decisions.get(handed.key, "")) for handed in submissions]
    claimants = defaultdict[str, list[_Evidence]](list)
    alike = defaultdict[str, list[_Evidence]](list)
    for who in everybody:
        if who.rank != DECIDED:
            claimants[who.claim].append(who)
        alike[folded(who.handed.platform_name or who.handed.learner_name)].append(who)
    aside, extended = _set_aside(everybody, claimants), _extended(everybody, extensions)
    unused = {folded(name): name for name in extensions if name not in extended.values()}
    found = {}
    for who in everybody:
        key, login = who.handed.key, who.handed.learner_id
        notes = [Note("set-aside", aside[key], decide=True)] if key in aside else []
        rivals = [other for other in claimants[who.claim] if other is not who]
        if key in aside:
            login = ""
        elif who.rank == DECIDED:
            login = who.person
        elif who.claim and who.rank == PLATFORM and who.claim not in who.names and rivals:
            told = f"claims to be `{login}`, and so do {_listed(rivals)}; it counts as `{who.person}`"
            notes.append(Note("claim-shared", f"{told}, as the platform says", decide=True))
            login = ""
        if who.claim in unused and key not in aside:
            cure = f"write `{who.person}` there" if who.rank > CLAIM else "name its folder or file so"
            told = f"claims to be `{unused[who.claim]}`, but a claim gets no extension; {cure}"
            notes.append(Note("extension-not-applied", told, decide=True))
        name = folded(who.handed.platform_name or who.handed.learner_name)
        others = [other for other in alike[name] if folded(other.person) != folded(who.person)]
        if name and others and key not in aside:
            told = f"has the name of {_listed(others)} as well; they count as different people"
            notes.append(Note("same-name", told))
        believed = login and login == who.handed.learner_id
        shown = who.handed.learner_name if believed else who.handed.platform_name
        extension = extended.get(key, "")
        found[key] = Identity(
            extension or who.person, login, shown, extension, aside.get(key, ""), tuple(notes)
        )
    return found


def _evidence(handed: Submission | Entry, decided: str) -> _Evidence:
    name = handed.key.rpartition("/")[2]
    stem = ENDING.sub("", name)
    claim = folded(handed.learner_id)
    if decided:
        return _Evidence(handed, frozenset({folded(decided)}), claim, decided, DECIDED)
    if handed.platform_id:
        return _Evidence(handed, frozenset({folded(handed.platform_id)}), claim, handed.platform_id, PLATFORM)
    names = frozenset(filter(None, map(folded, (name, stem, AROUND.sub("", stem)))))
    rank = NAME if claim in names or not claim else CLAIM
    return _Evidence(handed, names, claim, handed.learner_id or stem, rank)


def _listed(several: Sequence[_Evidence]) -> str:
    few = ", ".join(f"`{who.handed.key}`" for who in several[:MAX_LISTED])
    return f"{few} and {len(several) - MAX_LISTED} more" if len(several) > MAX_LISTED else few


def _set_aside(
    everybody: Iterable[_Evidence], claimants: Mapping[str, Sequence[_Evidence]]
) -> dict[str, str]:
    """Return, by key, why a submission counts for nobody for now."""
    holders = defaultdict[str, list[_Evidence]](list)
    for who in everybody:
        for name in who.names:
            holders[name].append(who)
    aside: dict[str, str] = {}
    people = defaultdict[str, list[_Evidence]](list)
    for who in everybody:
        better = holders[who.claim] if who.claim and who.claim not in who.names else []
        if who.rank == CLAIM and not better:
            better = [other for other in claimants[who.claim] if other.rank == PLATFORM]
        if better and who.rank != DECIDED:
            told = (
                f"claims to be `{who.handed.learner_id}`, but more than a claim says so of {_listed(better)}"
            )
            aside[who.handed.key] = told
        elif not (who.handed.problem or who.handed.nothing_found):  # which have no grade to contest
            people[unicodedata.normalize("NFC", who.person)].append(who)  # `S2` is not `s2`
    for same in people.values():
        top = max(who.rank for who in same)
        best = [who for who in same if who.rank == top]
        for who in same:
            others = [other for other in best if other is not who]
            if others:
                told = "claims to be" if who.rank == CLAIM else "goes by the name of"
                which = "nothing says which one counts" if who in best else "more than that says so there"
                aside[who.handed.key] = f"{told} `{who.person}`, and so do {_listed(others)}; {which}"
    return aside


# --- extensions: for whom the instructor named ----------------------------------------------------------


def _extended(everybody: Sequence[_Evidence], extensions: Mapping[str, float]) -> dict[str, str]:
    """Return, by key, the name of the extension that is for it; of several, the longest counts."""
    called = defaultdict[str, set[str]](set)
    for who in everybody:
        called[folded(who.handed.platform_name)].add(who.handed.platform_id)
    found: dict[str, str] = {}
    for name in sorted(extensions, key=lambda name: extensions[name]):
        theirs: dict[str, str] = {}  # by key, the file as it is spelt
        for who in everybody:
            file = who.handed.key.rpartition("/")[2]
            names = who.names | {folded(file), folded(ENDING.sub("", file))}
            by_name = folded(name) == folded(who.handed.platform_name) and len(called[folded(name)]) == 1
            if by_name or folded(OF_MOODLE.sub("", name)) in names:
                theirs[who.handed.key] = ENDING.sub("", file)
        exact = [key for key, file in theirs.items() if file == name]
        found |= dict.fromkeys(exact or theirs, name)
    return found


def unused_extensions(
    submissions: Iterable[Submission | Entry], extensions: Mapping[str, float]
) -> list[Note]:
    """Return a note on every extension that is for nobody who has handed in.

    It has to be decided on if the name is nearly that of somebody who did, and who has no extension.
    """
    everybody = [_evidence(handed, "") for handed in submissions]
    extended = _extended(everybody, extensions)
    claimed = {who.claim for who in everybody}
    known = defaultdict[str, set[str]](set)
    for who in (who for who in everybody if who.handed.key not in extended):
        for text in (*who.names, folded(who.handed.platform_name), who.claim):
            known[text].add(who.person)
    notes = []
    for name in (
        name for name in extensions if name not in extended.values() and folded(name) not in claimed
    ):
        near = difflib.get_close_matches(folded(name), known, n=MAX_LISTED, cutoff=ALIKE)
        near = [other for other in near if _numbers(other) == _numbers(name)]
        people = sorted({person for other in near for person in known[other]})[:MAX_LISTED]
        nearest = ", ".join(f"`{person}`" for person in people)
        cure = f"; the nearest: {nearest}; correct it, or take it out until they hand in" if near else ""
        text = f"course.yaml: `late.extensions` names `{name}`, but nobody of that name has handed in{cure}"
        notes.append(Note("extension-unused", text, decide=bool(near)))
    return notes


def _numbers(text: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d{1,18}", text)]
