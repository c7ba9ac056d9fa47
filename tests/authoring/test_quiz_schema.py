"""The schema that editors complete and check quizzes by is the one that the dataclasses are."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from grader.authoring import quiz_schema as module
from grader.authoring.quiz_schema import FILE
from grader.quiz.files import QuizFile
from tests.quiz.helpers import sample

ROOT = Path(__file__).resolve().parents[2]
REAL = sorted((ROOT / "quizzes").glob("*.yaml"))
quiz_schema = functools.cache(module.quiz_schema)  # it reads the source of every type
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@functools.cache
def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(quiz_schema())


def test_the_schema_for_editors_is_in_step_with_the_dataclasses() -> None:
    path = ROOT / "quizzes" / FILE
    schema = quiz_schema()
    text = f"{json.dumps(schema, indent=2, ensure_ascii=False)}\n"
    assert path.read_text(encoding="utf-8") == text, "run: python -m grader.authoring.quiz_schema"
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", [*REAL, sample().path], ids=lambda path: path.stem)
def test_every_quiz_is_valid_for_editors(path: Path) -> None:
    validator().validate(core(yaml.compose(path.read_text("utf-8"), LOADER)))


def core(node: Any) -> Any:
    """Return what an editor sees: YAML 1.2, where `1e-3` is a number and `no` is a word."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: core(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [core(one) for one in node.value]
    if node.style:  # it is quoted, or a block
        return node.value
    if re.fullmatch(r"[-+]?[0-9]+", node.value):
        return int(node.value)
    if re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", node.value):
        return float(node.value)
    return {"true": True, "false": False}.get(node.value, node.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("correct: true", "corect: true"),
        ("type: single", "type: singel"),
        ("typos: 1", "typos: one"),
        ("schema: 1", "schema: 2"),
        ("quiz: every-type", "title: Again"),
        ("    answer: '(4, 4)'\n", ""),
        ("confidence: optional", "confidence: perhaps"),
        ("id: bound", "id: The Bound"),
    ],
)
def test_an_editor_sees_a_mistake(old: str, new: str) -> None:
    text = sample().path.read_text(encoding="utf-8")
    assert old in text
    document = core(yaml.compose(text.replace(old, new, 1), LOADER))
    assert not validator().is_valid(document)


def test_the_schema_explains_keys() -> None:
    schema = quiz_schema()
    assert schema["properties"]["version"]["description"].startswith("raised when a key changes")
    assert set(schema["properties"]) == {field.name for field in dataclasses.fields(QuizFile)}
