"""The face of a question: all that may be shown before it is answered, and nothing of its key.

A hand-out holds faces only. Each field is named here, one by one: what is not named cannot leak.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from grader.quiz.schema import AnyQuestion, Draw, Fix, Match, Multiple, Numeric, Order, Output, Shape, Single


@dataclass(frozen=True)
class Option:
    """Something to choose, to put in order or to match."""

    id: str
    text: str


@dataclass(frozen=True)
class Face:
    """What is shown of a question.

    Args:
        options: choices; lines to order, with those that belong nowhere; right sides to match.
        lefts: left sides to match.
        code: what is to be read or mended.
        params: how parameters are drawn; ``where`` is a condition on them.
        dims: symbols of a shape and their values.
    """

    id: str
    type: str
    topic: str
    credits: int
    prompt: str
    options: tuple[Option, ...] = ()
    lefts: tuple[Option, ...] = ()
    code: str = ""
    params: Mapping[str, Draw] = field(default_factory=lambda: MappingProxyType({}))
    where: str = ""
    dims: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


Renamed = Callable[[str], str]
"""What an option is called in a hand-out, from its question and its own id."""


def face_of(question: AnyQuestion, renamed: Renamed = str) -> Face:
    """Return the face of a question.

    Args:
        renamed: gives the ids of options; a hand-out's say nothing, and options are sorted by them there,
            since authors write the right one first.
    """
    options = [Option(renamed(one_id), text) for one_id, text in _options(question)]
    lefts = [Option(renamed(one_id), text) for one_id, text in _lefts(question)]
    if renamed is not str:
        options.sort(key=lambda one: one.id)
    drawn = question if isinstance(question, Numeric | Shape) else None
    return Face(
        id=question.id,
        type=question.type,
        topic=question.topic,
        credits=question.credits,
        prompt=question.prompt,
        options=tuple(options),
        lefts=tuple(lefts),
        code=question.code if isinstance(question, Output | Fix) else "",
        params=drawn.params if drawn else MappingProxyType({}),
        where=drawn.where if drawn else "",
        dims=question.dims if isinstance(question, Shape) else MappingProxyType({}),
    )


def _options(question: AnyQuestion) -> list[tuple[str, str]]:
    if isinstance(question, Single | Multiple):
        return [(one.id, one.text) for one in question.choices]
    if isinstance(question, Order):
        belong = [(one.id, one.text) for one in question.steps]
        return belong + [(one.id, one.text) for one in question.distractors]
    if isinstance(question, Match):
        rights = [*(one.right for one in question.pairs), *question.extra]
        return [(right_id(number), text) for number, text in enumerate(rights)]
    return []


def _lefts(question: AnyQuestion) -> list[tuple[str, str]]:
    if not isinstance(question, Match):
        return []
    return [(left_id(number), pair.left) for number, pair in enumerate(question.pairs)]


def left_id(number: int) -> str:
    """Name the left side of a match's pair of this number."""
    return f"left-{number}"


def right_id(number: int) -> str:
    """Name the right side of a match's pair of this number; extra ones go on counting."""
    return f"right-{number}"
