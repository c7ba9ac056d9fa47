"""Whose work it is: what the instructor and the platform say counts before what a submission claims."""

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from grader.classroom.tables import Entry
from grader.course import folded
from grader.progress.grades import Note
from grader.sandbox.text import listed

CLAIMED, NAMED, DECIDED = range(3)  # how well it is founded whose a submission is
ENDING = re.compile(r"\.(zip|py)$", re.IGNORECASE)
AROUND = re.compile(
    r"^(submission-|exercise[-_ ]?\d+[-_ ])|([-_ ]exercise[-_ ]?\d+)?( \(\d+\))?$", re.IGNORECASE
)
"""What stands around an id in a file's name, as ``grader submit``, students and browsers write it."""
OF_MOODLE = re.compile(r"_assignsubmission_file_?$")  # ends the name of a folder, and is in no key
ALIKE = 0.75  # of two names, from where on one may be the other misspelt
MAX_LISTED = 3  # submissions, or names, in a sentence


class Identity(NamedTuple):
    """Whose a submission is; what a ``Grade`` has by the same name means the same there."""

    student: str
    login: str = ""
    # what they are called, by a claim that can be believed or by the platform; empty if by neither
    name: str = ""
    extension: str = ""  # the name under ``late.extensions`` that is theirs; empty if none is
    set_aside: str = ""
    notes: tuple[Note, ...] = ()  # what the instructor should know
    people: tuple[str, ...] = ()


class _Evidence(NamedTuple):
    """What speaks for whose a submission is."""

    handed: Entry
    file: str  # without its ending
    names: frozenset[str]  # that the instructor or the platform gave it, folded
    claim: str  # the id that it claims, folded
    person: str  # whom it is taken for, before it is compared with others
    rank: int
    called: str  # by the platform or by itself, folded


def identify(
    submissions: Iterable[Entry], extensions: Mapping[str, float], decisions: Mapping[str, str]
) -> dict[str, Identity]:
    """Return, by key, whose each submission of a class is.

    A decision counts before what the platform or the name of the folder or file says, and that before a
    claim. What only claims to be somebody is set aside if another submission is that person by more; of
    several that are equally founded nobody can tell, and all of them are. Extensions are days by name, as the
    course has them; decisions say by key whose a submission is.
    """
    everybody = [_evidence(handed, decisions.get(handed.key, "")) for handed in submissions]
    claimants, alike = defaultdict[str, list[_Evidence]](list), defaultdict[str, list[_Evidence]](list)
    for who in everybody:
        if who.claim and who.rank != DECIDED:
            claimants[who.claim].append(who)
        if who.called:
            alike[who.called].append(who)
    aside, extended = _set_aside(everybody, claimants), _extended(everybody, extensions)
    unused = {folded(name): name for name in extensions if name not in extended.values()}
    found = {}
    for who in everybody:
        key = who.handed.key
        extension = extended.get(key, "")
        if key in aside:
            note = Note("set-aside", aside[key], decide=True)
            found[key] = Identity(who.person, "", who.handed.platform_name, extension, aside[key], (note,))
            continue
        rivals = [other for other in claimants.get(who.claim, ()) if other is not who]
        unfounded = who.rank == NAMED and who.claim not in who.names
        doubtful = unfounded and (rivals or who.handed.platform_id)  # the platform's own id says enough
        login = who.person if who.rank == DECIDED else "" if doubtful else who.handed.learner_id
        others = [other for other in alike.get(who.called, ()) if other.person != who.person]
        others = [other for other in others if other.handed.key not in aside]
        notes = tuple(_notes(who, rivals if unfounded else [], unused.get(who.claim, ""), others))
        believed = login and login == who.handed.learner_id
        called = who.handed.learner_name if believed else who.handed.platform_name
        found[key] = Identity(who.person, login, called, extension, "", notes)
    return found


def _evidence(handed: Entry, decided: str) -> _Evidence:
    name = handed.key.rpartition("/")[2]
    stem = ENDING.sub("", name)
    names, person, claim = {name, stem}, stem, folded(handed.learner_id)
    if claim in ("", folded(bare := AROUND.sub("", stem))):  # else it may be somebody else's id
        names.add(bare)
    if decided or handed.platform_id:
        person = decided or handed.platform_id
        names = {person}
    known = frozenset(map(folded, names))
    rank = DECIDED if decided else NAMED
    if not decided and not handed.platform_id and claim:
        person, rank = handed.learner_id, NAMED if claim in known else CLAIMED
    called = folded(handed.platform_name or handed.learner_name)
    return _Evidence(handed, stem, known, claim, person, rank, called)


def _listed(several: Sequence[_Evidence]) -> str:
    return listed([who.handed.key for who in several], mark="`")


def _set_aside(everybody: Iterable[_Evidence], claimants: Mapping[str, list[_Evidence]]) -> dict[str, str]:
    """Return, by key, why a submission counts for nobody for now."""
    holders, people = defaultdict[str, list[_Evidence]](list), defaultdict[str, list[_Evidence]](list)
    for who in everybody:
        for name in who.names:
            holders[name].append(who)
    aside: dict[str, str] = {}
    for who in everybody:
        better = holders[who.claim] if who.claim and who.claim not in who.names else []
        if who.rank == CLAIMED and not better:
            better = [other for other in claimants[who.claim] if other.handed.platform_id]
        if better and who.rank != DECIDED:
            told = f"claims to be `{who.handed.learner_id}`, but more than a claim says so of"
            aside[who.handed.key] = f"{told} {_listed(better)}"
        elif not (who.handed.problem or who.handed.nothing_found):  # which have no grade to contest
            people[unicodedata.normalize("NFC", who.person)].append(who)  # `S2` is not `s2`
    for same in people.values():
        top = max(who.rank for who in same)
        best = [who for who in same if who.rank == top]
        for who in same:
            if others := [other for other in best if other is not who]:
                told = "claims to be" if who.rank == CLAIMED else "goes by the name of"
                which = "nothing says which one counts" if who.rank == top else "that one is better founded"
                aside[who.handed.key] = f"{told} `{who.person}`, like {_listed(others)}; {which}"
    return aside


def _notes(who: _Evidence, rivals: list[_Evidence], unused: str, others: list[_Evidence]) -> Iterator[Note]:
    """Yield what to know of a submission that counts: rival claims, an unused extension, namesakes."""
    claim = who.handed.learner_id
    if rivals:
        told = f"claims to be `{claim}`, like {_listed(rivals)}; it counts as `{who.person}`"
        yield Note("claim-shared", f"{told}, as the platform says", decide=True)
    if unused:
        cure = f"write `{who.person}` there" if who.rank > CLAIMED else "name its folder or file so"
        told = f"claims to be `{unused}`, but a claim gets no extension; {cure}"
        yield Note("extension-not-applied", told, decide=True)
    if others:
        told = f"has the name of {_listed(others)} as well; they count as different people"
        yield Note("same-name", told)


def _extended(everybody: Sequence[_Evidence], extensions: Mapping[str, float]) -> dict[str, str]:
    """Return, by key, the name of the extension that is for it; of several, the longest counts."""
    called = defaultdict[str, set[str]](set)
    for who in everybody:
        called[folded(who.handed.platform_name)].add(who.handed.platform_id)
    found: dict[str, str] = {}
    for name in sorted(extensions, key=lambda name: extensions[name]):
        wanted = {folded(name), folded(ENDING.sub("", OF_MOODLE.sub("", name)))}
        by_name = len(called[folded(name)]) == 1
        theirs = [
            who
            for who in everybody
            if wanted & {*who.names, folded(who.file)}
            or (by_name and folded(who.handed.platform_name) in wanted)
        ]
        # Of names that differ in case the one that is meant; whoever claims to be somebody else comes last.
        theirs = [who for who in theirs if who.file == name] or theirs
        theirs = [who for who in theirs if who.rank > CLAIMED] or theirs
        found |= dict.fromkeys((who.handed.key for who in theirs), name)
    return found


def unused_extensions(submissions: Iterable[Entry], extensions: Mapping[str, float]) -> list[Note]:
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
    unused = (name for name in extensions if name not in extended.values() and folded(name) not in claimed)
    for name in unused:
        near = difflib.get_close_matches(folded(name), known, n=MAX_LISTED, cutoff=ALIKE)
        near = [other for other in near if _numbers(other) == _numbers(name)]
        people = sorted({person for other in near for person in known[other]})[:MAX_LISTED]
        nearest = ", ".join(f"`{person}`" for person in people)
        cure = f"; the nearest: {nearest}; correct it, or take it out until they hand in" if near else ""
        text = f"an extension names `{name}`, but nobody of that name has handed in{cure}"
        notes.append(Note("extension-unused", text, decide=bool(near)))
    return notes


def _numbers(text: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d{1,18}", text)]
