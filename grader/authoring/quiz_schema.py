"""Dataclasses of a quiz file -> the JSON Schema that editors complete and check by.

``python -m grader.authoring.quiz_schema`` writes it into ``quizzes/`` of the course that it is run in.
"""

import dataclasses
import inspect
import json
import re
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from grader.course import Raw, open_course, strict_yaml
from grader.quiz.files import SCHEMA_VERSION, QuizFile
from grader.quiz.questions.base import ID, Question

FILE = "quiz.schema.json"
FIELD = re.compile(r"((?:^    # .*\n)*)^    (\w+): [^#\n]*(?:  # (.*))?$", re.MULTILINE)
"""A field of a dataclass, with the comment above it or beside it."""
SIMPLE: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    Raw: {"type": ["string", "number", "boolean"]},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
}
WORDS = {"type": "string", "pattern": f"^{ID.pattern}$"}
HEADER: dict[str, dict[str, Any]] = {"schema": {"const": SCHEMA_VERSION}, "quiz": WORDS}
LABELS: dict[str, dict[str, Any]] = {"id": WORDS, "topic": WORDS}


def quiz_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a quiz file."""
    definitions: dict[str, Any] = {}
    top = _object(QuizFile, definitions)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **top, "$defs": definitions}


def _object(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Describe one dataclass; a field without a default is required, and no other key may stand there."""
    described: dict[str, str] = {}
    for base in reversed(kind.__mro__[:-1]):
        for above, name, beside in FIELD.findall(inspect.getsource(base)):
            if text := " ".join(above.replace("#", "").split()) or beside:
                described[name] = f"{text}."
    special = LABELS if issubclass(kind, Question) else HEADER if kind is QuizFile else {}
    keys, required, _ = strict_yaml.keys_of(kind)
    properties = {}
    for key, (name, wanted) in keys.items():
        text = {"description": described[name]} if name in described else {}
        properties[key] = {**(special.get(key) or _schema(wanted, definitions)), **text}
    return {
        "title": kind.__name__,
        "description": " ".join((inspect.getdoc(kind) or "").split()),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        (member,) = (member for member in inner if member is not types.NoneType)
        return _schema(member, definitions)
    if origin is Literal:
        return {"enum": list(inner)}
    if origin is tuple:
        return {"type": "array", "items": _schema(inner[0], definitions)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _schema(inner[1], definitions)}
    if kinds := vars(kind).get("kinds"):  # `type` chooses: an editor complains about the one that is meant
        chosen = [
            {"if": {"properties": {"type": {"const": word}}}, "then": _schema(member, definitions)}
            for word, member in kinds.items()
        ]
        words = {"type": {"enum": list(kinds)}}
        return {"type": "object", "properties": words, "required": ["type"], "allOf": chosen}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if kind.__name__ not in definitions:
            definitions[kind.__name__] = {}  # so that what holds itself comes to an end
            definitions[kind.__name__] = _object(kind, definitions)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    return dict(SIMPLE[kind])


if __name__ == "__main__":
    path: Path = open_course().root / "quizzes" / FILE
    path.write_text(f"{json.dumps(quiz_schema(), indent=2, ensure_ascii=False)}\n", encoding="utf-8")
