"""Reads YAML into frozen dataclasses, strictly: every fault is one sentence with file, line and cure.

PyYAML's own constructors are not used, because YAML 1.1 reads ``no`` as false, ``1e-3`` as text and
``1:30`` as 90, and lets a key stand twice. Only the node tree is taken from it, for its line marks.
"""

import copyreg
import dataclasses
import difflib
import functools
import json
import math
import re
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

from grader.course.frozen import dataclass

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 16
MAX_QUOTED = 60
TEXT_TAG = "tag:yaml.org,2002:str"
T = TypeVar("T")


def _frozen(kept: dict[Any, Any]) -> types.MappingProxyType[Any, Any]:
    return types.MappingProxyType(kept)


copyreg.pickle(types.MappingProxyType, lambda kept: (_frozen, (dict(kept),)))  # for other processes


class Raw(str):
    """A scalar exactly as it is written: text, a number or a formula."""


@dataclass(frozen=True)
class Place:
    """Where in its file something stands, from 1; a dataclass's field of this type is filled in by itself."""

    line: int = 0
    column: int = 0


NOWHERE = Place()
SCALARS = {
    str: "text",
    Raw: "text or a number",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}
WRITTEN = {  # how what is no text is written
    int: re.compile(r"[-+]?[0-9]{1,18}"),
    float: re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?"),
    bool: re.compile("true|false"),
}


class CannotDo(Exception):
    """What somebody asks for cannot be done; the text says why, and the cure, in one sentence."""


class CourseError(Exception):
    """Something is wrong with the course, at this path, line and column (from 1; None: the whole file).

    The problem says what is wrong and how to mend it, in one sentence.
    """

    def __init__(self, path: Path, problem: str, line: int | None = None, column: int | None = None) -> None:
        place = "".join(f":{number}" for number in (line, column) if number is not None)
        super().__init__(f"{shown_path(path)}{place}: {problem}")
        self.path, self.problem, self.line, self.column = path, problem, line, column


def shown_path(path: Path) -> str:
    """Return a path as people read it: relative to the working directory if it lies below."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def load(path: Path, kind: type[T]) -> T:
    """Read one YAML file into a dataclass (or a ``tuple[Dataclass, ...]``); or CourseError.

    Field types may be ``str``, ``Raw``, ``int``, ``float``, ``bool``, ``Literal`` of strings, other
    dataclasses, ``X | None``, ``tuple[X, ...]`` and ``Mapping[str, X]``. A field without a default must be
    given. A dataclass with an attribute ``kinds`` stands for those: the key ``type`` picks one. An attribute
    ``RETIRED`` holds what earlier versions knew, with what is to be done about it.
    """
    return typing.cast(T, _load(path, _bytes(path), typing.cast(Any, kind)))


@functools.lru_cache(maxsize=64)
def _load(path: Path, data: bytes, kind: Any) -> Any:
    """Read what a file holds, once as long as it holds the same; what comes of it is frozen."""
    return _Reader(path).read(_compose(path, data), kind, "the file")


def read_bytes(path: Path) -> bytes:
    """Return what is in a file of the course; or CourseError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise CourseError(path, "is missing; every course needs it") from None
    except OSError as error:
        raise CourseError(path, f"cannot be read: {error.strerror}") from None


def read_text(path: Path) -> str:
    """Return what stands in a text of the course, whatever ends its lines; or CourseError."""
    return _decoded(path, read_bytes(path)).replace("\r\n", "\n").replace("\r", "\n")


def _decoded(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CourseError(path, "is not UTF-8; save it in that encoding", line) from None


def _bytes(path: Path) -> bytes:
    data = read_bytes(path)
    if len(data) > MAX_BYTES:
        raise CourseError(path, "is larger than 1 MiB; split it")
    return data


def _compose(path: Path, data: bytes) -> yaml.Node:
    loader, text, depth = getattr(yaml, "CSafeLoader", yaml.SafeLoader), _decoded(path, data), 0
    if text.startswith("{") and (quick := _compose_json(text)):
        return quick
    try:
        for event in yaml.parse(text, Loader=loader):  # before anything recursive sees the file
            problem = ""
            if isinstance(event, yaml.AliasEvent):
                problem = f"{_short(f'*{event.anchor}')} is an alias of something above; write it out"
            elif tag := getattr(event, "tag", None):
                problem = f"the tag {_short(tag)} is not used here; remove it"
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                problem = f"is nested more than {MAX_DEPTH} deep; flatten it"
            if problem and (mark := event.start_mark):
                raise CourseError(path, problem, mark.line + 1, mark.column + 1)
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise CourseError(path, f"is not YAML: {error.problem}; mend this line", *where) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise CourseError(path, f"is not YAML: {str(error).splitlines()[0]}") from None
    if node is None:
        raise CourseError(path, "is empty")
    return node


def to_json(path: Path) -> str:
    """Return a YAML file as JSON whose scalars are all text, which is read in a fraction of the time.

    It reads as the file does: what a scalar is, the dataclass says that it is read into. Or CourseError.
    """

    def plain(node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            return {key.value: plain(value) for key, value in node.value}
        return node.value if isinstance(node, yaml.ScalarNode) else [plain(item) for item in node.value]

    told = plain(_compose(path, _bytes(path)))
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(told[key])}" for key in told) + "\n}\n"


def _compose_json(text: str) -> yaml.Node | None:
    """Return the node of what :func:`to_json` wrote; None if it is anything else, which YAML may be."""
    place = yaml.Mark("", 0, 0, 0, None, 0)

    def node(value: Any) -> yaml.Node:
        if isinstance(value, str):
            return yaml.ScalarNode(TEXT_TAG, value, place, place)
        if isinstance(value, list):
            return yaml.SequenceNode("", list(map(node, value)), place, place)
        if not isinstance(value, tuple) or len(dict(value)) < len(value):
            raise ValueError(value)
        return yaml.MappingNode("", [(node(key), node(entry)) for key, entry in value], place, place)

    try:
        return node(json.loads(text, object_pairs_hook=tuple))  # an object becomes a tuple of its pairs
    except (ValueError, RecursionError):
        return None


def _short(text: str) -> str:
    """Quote a text from a file, in one line of bounded length."""
    text = " ".join(text.split())
    return f"`{text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 1] + '…'}`"


class _Reader(typing.NamedTuple):
    """Turns the nodes of one file into values of the wanted types."""

    path: Path

    def fault(self, node: yaml.Node, problem: str) -> CourseError:
        return CourseError(self.path, problem, node.start_mark.line + 1, node.start_mark.column + 1)

    def read(self, node: yaml.Node, kind: Any, name: str) -> Any:
        origin, members = typing.get_origin(kind), typing.get_args(kind)
        if origin in (types.UnionType, typing.Union):  # of a list or none, and one that is not
            scalar = isinstance(node, yaml.ScalarNode)
            fits = [member for member in members if scalar == (typing.get_origin(member) is None)]
            fits += [member for member in members if member is not types.NoneType]
            return self.read(node, fits[0], name)
        if dataclasses.is_dataclass(kind):
            return self._dataclass(node, kind, name)
        if origin is tuple:
            if not isinstance(node, yaml.SequenceNode):
                raise self.fault(node, f"{name} should be a list of `- item` lines, but is {_what(node)}")
            return tuple(self.read(item, members[0], f"an item of {name}") for item in node.value)
        if origin in (Mapping, dict, types.MappingProxyType):
            pairs = self._pairs(node, name).items()
            return _frozen({key: self.read(value, members[1], _short(key)) for key, (_, value) in pairs})
        return self._scalar(node, kind, name)

    def _dataclass(self, node: yaml.Node, kind: Any, name: str) -> Any:
        pairs = self._pairs(node, name)
        if kinds := vars(kind).get("kinds"):
            if "type" not in pairs:
                problem = f"the key `type` is missing from {name}; it is one of {', '.join(kinds)}"
                raise self.fault(node, problem)
            _, chosen = pairs["type"]
            word = self._scalar(chosen, str, "`type`")
            if word not in kinds:
                raise self.fault(chosen, f"there is no type {_short(word)}; {_nearest(word, kinds)}")
            kind = kinds[word]
        wanted, required, place = keys_of(kind)
        retired: Mapping[str, str] = getattr(kind, "RETIRED", {})
        for key, (key_node, value) in pairs.items():
            if cure := retired.get(key) or retired.get(f"{key}: {value.value}"):
                raise self.fault(key_node, cure)
            if key not in wanted:
                raise self.fault(key_node, f"unknown key {_short(key)}; {_nearest(key, wanted)}")
        for key in required:
            if key not in pairs:
                raise self.fault(node, f"the key `{key}` is missing from {name}; add it")
        values = {place: Place(node.start_mark.line + 1, node.start_mark.column + 1)} if place else {}
        for key, (_, value) in pairs.items():
            field, of_type = wanted[key]
            values[field] = self.read(value, of_type, f"`{key}`")
        try:
            return kind(**values)
        except ValueError as error:  # a dataclass's own rule, from __post_init__
            raise self.fault(node, str(error)) from None

    def _pairs(self, node: yaml.Node, name: str) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            raise self.fault(node, f"{name} should be `key: value` lines, but is {_what(node)}")
        pairs: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key_node, value in node.value:
            key = self._scalar(key_node, str, "a key")
            if key in pairs:
                first = pairs[key][0].start_mark.line + 1
                problem = f"{_short(key)} stands here a second time (first in line {first}); keep one"
                raise self.fault(key_node, problem)
            pairs[key] = (key_node, value)
        return pairs

    def _scalar(self, node: yaml.Node, kind: Any, name: str) -> Any:
        wanted = SCALARS.get(kind) or f"one of {', '.join(typing.get_args(kind))}"
        if not isinstance(node, yaml.ScalarNode):
            raise self.fault(node, f"{name} should be {wanted}, but is {_what(node)}")
        text, quoted = node.value, node.style and node.style in "'\"|>"
        if kind is Raw:
            return Raw(text)
        if kind is str and node.tag != TEXT_TAG:
            shown = text if len(text) <= MAX_QUOTED else "…"
            cure = f"put it in quotes: '{shown}'" if text else "give it a value"
            raise self.fault(node, f"{name} should be text, but YAML reads {_short(text)} otherwise; {cure}")
        if kind is str or text in typing.get_args(kind):
            return text
        if kind in WRITTEN and WRITTEN[kind].fullmatch(text) and not quoted:
            value = text == "true" if kind is bool else kind(text)
            if math.isfinite(value):
                return value
        raise self.fault(node, f"{name} should be {wanted}, but is {_short(text)}")


@functools.cache
def keys_of(kind: Any) -> tuple[dict[str, tuple[str, Any]], list[str], str]:
    """Return a dataclass's keys with their fields and types, the required ones, and its ``Place`` field."""
    types_of, missing = typing.get_type_hints(kind), dataclasses.MISSING
    wanted, required, place = dict[str, tuple[str, Any]](), list[str](), ""
    for field in dataclasses.fields(kind):
        if types_of[field.name] is Place:
            place = field.name
            continue
        key = field.name.rstrip("_")
        wanted[key] = field.name, types_of[field.name]
        if field.default is missing and field.default_factory is missing:
            required.append(key)
    return wanted, required, place


def _what(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, yaml.SequenceNode) else _short(str(node.value))


def _nearest(word: str, words: Iterable[str]) -> str:
    known = list(words)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else f"known are {', '.join(f'`{name}`' for name in known)}"
