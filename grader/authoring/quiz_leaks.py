"""Looks through a finished hand-out for anything of a graded quiz's key."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from grader.course import Place
from grader.quiz.edition import NOTE, PublicFile
from grader.quiz.questions.base import Question
from grader.quiz.registry import Attempts, Picks, Quiz, QuizFile
from grader.quiz.variants import Draw, Option, PublicQuestion

PUBLIC = (
    "id type topic prompt where code extra choices.text steps.text distractors.text pairs.left pairs.right"
).split()
"""Texts of a question that may be shown; every other one is the key's, whatever it will be called."""

LABELS = ("id", "type", "topic")
OPEN_WORDS = ("scoring", "draw")  # settings, of which there are few; nothing about one answer
FREE_NAMES = ("params", "dims", "per_topic")  # mappings whose keys are an author's own words
PROSE = ("explain", "feedback", "text")  # sentences, which nobody writes twice by chance
MIN_LETTERS = 3
LONG = 24
QUOTED = 6
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")
COMMENT = re.compile(r"^\s*#(.*)$", re.MULTILINE)
MAX_BYTES = 16 * 2**20


@dataclass(frozen=True)
class Leak:
    """Something of a key in a hand-out; never more of it than a few letters."""

    file: str
    problem: str

    def __str__(self) -> str:
        return f"{self.file}: {self.problem}"


@dataclass(frozen=True)
class _Kept:
    """One text of a key."""

    question: str
    what: str
    text: str

    @property
    def is_prose(self) -> bool:
        return self.what.rpartition(".")[2] in PROSE and len(self.text) >= LONG and " " in self.text

    @property
    def is_cue(self) -> bool:
        """Whether another question that prints it tells the answer."""
        return self.what == "accept" and len(self.text) > MIN_LETTERS

    def __str__(self) -> str:
        start = self.text if len(self.text) <= 2 * QUOTED else f"{self.text[:QUOTED]}…"
        start = start if len(self.text) > 2 * QUOTED else f"{self.text[:2]}…"
        return f"the key of `{self.question}` ({self.what}: “{start}”)"


def find_leaks(
    folder: Path, quizzes: list[Quiz], secret: str, texts: Mapping[Path, str] | None = None
) -> list[Leak]:
    """Return what a folder tells of the keys of graded quizzes, each file's at the most once a kind.

    Args:
        quizzes: the full ones.
        secret: the course's, which should not lie there either.
        texts: files that are about to be written; they count instead of what lies there.
    """
    contents = {**_contents(folder), **(texts or {})}
    graded = [one for one in quizzes if one.file.mode != "practice"]
    own = {folder / "quizzes" / quiz.path.name: quiz for quiz in graded}
    leaks = []
    for path, text in sorted(contents.items()):
        name = path.relative_to(folder).as_posix()
        found = list(_in_any(text, secret, [one for one in graded if one is not own.get(path)]))
        found += _in_public(text, own[path]) if path in own else []
        leaks += [Leak(name, problem) for problem in dict.fromkeys(found)]
    return leaks


def _contents(folder: Path) -> dict[Path, str]:
    files = [one for one in folder.rglob("*") if one.is_file() and one.stat().st_size <= MAX_BYTES]
    return {path: path.read_bytes().decode(errors="ignore") for path in files}


# --- what is looked for -------------------------------------------------------------------------------


def _kept(quiz: Quiz) -> Iterator[_Kept]:
    """Yield every text of a quiz's key: all that is not named as public."""
    for question in quiz.file.questions:
        for where, text in _texts(question):
            if where not in PUBLIC and where.split(".")[0] not in (*OPEN_WORDS, *FREE_NAMES):
                for part in text.splitlines() if where == "solution" else [text]:
                    if len(_flat(part)) >= MIN_LETTERS or NUMBER.fullmatch(part):
                        yield _Kept(question.id, where, _flat(part))


def _texts(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text in a value, with the names of the fields that lead to it."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, tuple):
        for one in value:
            yield from _texts(one, where)
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _texts(one, f"{where}.{name}")
    elif dataclasses.is_dataclass(value) and not isinstance(value, Place):
        for field in dataclasses.fields(value):
            inner = f"{where}.{field.name}" if where else field.name
            yield from _texts(getattr(value, field.name), inner)


def _shown(question: Question) -> list[str]:
    """Return the texts of a question that everybody may see, and the names of what is drawn."""
    names = [name for field in FREE_NAMES for name in getattr(question, field, ())]
    return [_flat(text) for text in (*names, *(text for where, text in _texts(question) if where in PUBLIC))]


def _header(quiz: QuizFile) -> list[str]:
    topics = quiz.draw.per_topic if quiz.draw else ()
    texts = [text for where, text in _texts(quiz) if not where.startswith("questions")]
    return [_flat(text) for text in (NOTE, *topics, *texts)]


def _asked(question: Question) -> list[str]:
    """Return what a learner reads of a question."""
    return [_flat(text) for where, text in _texts(question) if where in PUBLIC and where not in LABELS]


def _flat(text: str) -> str:
    """Return a text in one line and one case: a file may break its lines elsewhere."""
    return " ".join(text.split()).casefold()


def _count(needle: str, texts: list[str]) -> int:
    """Count a text where it is no part of a longer word or number."""
    there = [text for text in texts if needle in text]
    if not there:
        return 0
    edge = r"[\w.]" if NUMBER.fullmatch(needle) else r"\w"
    before = rf"(?<!{edge})" if needle[0].isalnum() or needle[0] in "+-" else ""
    after = r"(?!\w|\.\d)" if NUMBER.fullmatch(needle) else r"(?!\w)" if needle[-1].isalnum() else ""
    pattern = re.compile(f"{before}{re.escape(needle)}{after}")
    return sum(len(pattern.findall(text)) for text in there)


# --- where it is looked for ---------------------------------------------------------------------------


def _in_any(text: str, secret: str, quizzes: list[Quiz]) -> Iterator[str]:
    """Look through a file that is not these quizzes' own: sentences only, since words come by chance."""
    if secret and secret in text:
        yield "holds the course's secret; take it out"
    flat = _flat(text)
    for quiz in quizzes:
        shown = [one for question in quiz.file.questions for one in _shown(question)]
        for kept in _kept(quiz):
            if kept.is_prose and kept.text in flat and not any(kept.text in one for one in shown):
                yield f"holds {kept}"


def _in_public(text: str, quiz: Quiz) -> Iterator[str]:
    """Look through a graded quiz's own file: nothing may be there more often than what is shown has it."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        yield "is no YAML; build it anew"
        return
    keys, values = _parts(node) if node else ([], [])
    names = _key_side_names()
    yield from (f"has a field `{key}`, which belongs to the key" for key in keys if key in names)
    found = [_flat(one) for one in (*values, *COMMENT.findall(text.partition("schema:")[0]))]
    everything = [*_header(quiz.file), *(one for question in quiz.file.questions for one in _shown(question))]
    whole = _flat(text)
    for kept in _kept(quiz):
        allowed = _count(kept.text, everything)
        hidden = kept.is_prose and not allowed and kept.text in whole  # in a comment, or across two values
        if hidden or _count(kept.text, found) > allowed:
            yield f"holds {kept}"
        elif kept.is_cue and any(
            _count(kept.text, _asked(one)) for one in quiz.file.questions if one.id != kept.question
        ):
            yield f"holds {kept}, in what another question shows; reword one of them"


def _parts(node: yaml.Node, free: bool = False) -> tuple[list[str], list[str]]:
    """Return the keys and the texts of a file; keys that an author chose count as texts."""
    if isinstance(node, yaml.ScalarNode):
        return [], [node.value] if node.tag.endswith(":str") else []
    keys: list[str] = []
    values: list[str] = []
    for one in node.value:
        pair = one if isinstance(node, yaml.MappingNode) else (None, one)
        name = pair[0].value if pair[0] is not None else ""
        if name:
            (values if free else keys).append(str(name))
        inner = _parts(pair[1], free=name in FREE_NAMES and not free)
        keys += inner[0]
        values += inner[1]
    return keys, values


def _key_side_names() -> set[str]:
    """Return the names of all fields of a quiz file that a hand-out's does not have."""
    public = {
        name for kind in (PublicFile, PublicQuestion, Option, Draw, Attempts, Picks) for name in _names(kind)
    }
    return {name for kind in _kinds(QuizFile) for name in _names(kind)} - public


def _names(kind: Any) -> Iterator[str]:
    yield from (field.name.rstrip("_") for field in dataclasses.fields(kind))


def _kinds(kind: Any, found: dict[Any, None] | None = None) -> Iterator[Any]:
    """Yield a dataclass and all that its fields are made of."""
    import typing

    seen = {} if found is None else found
    if dataclasses.is_dataclass(kind) and kind not in seen:
        seen[kind] = None
        yield kind
        for inner in (*typing.get_type_hints(kind).values(), *vars(kind).get("kinds", {}).values()):
            yield from _kinds(inner, seen)
    for inner in typing.get_args(kind):
        yield from _kinds(inner, seen)
