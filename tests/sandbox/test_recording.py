"""Small changes of a student's functions: each is code that Python can read."""

from __future__ import annotations

import ast
import itertools
from typing import Any

import numpy as np
import pytest

from grader.sandbox import changes

ITSELF = """
def pick(x, at):
    print("here")
    rows = x[at[0]]
    return x[int(rows[0])] * x[0]
"""


def test_nothing_is_put_into_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree without end stops Python here with an error, and a browser altogether."""

    def compiled(tree: Any, *rest: Any, **options: Any) -> Any:
        sizes.append(len(list(itertools.islice(ast.walk(tree), 1000))))
        return compile(tree, *rest, **options)

    sizes: list[int] = []
    names: dict[str, Any] = {}
    exec(ITSELF, names)
    monkeypatch.setattr(changes, "compile", compiled, raising=False)
    editor = changes.Editor(ITSELF.encode(), names)
    given = np.arange(6.0).reshape(3, 2), np.array([1, 0])
    told = [editor.tried(number, "pick", given) for number in editor.numbers(range(1, 6))]
    assert len(sizes) > 100
    assert max(sizes) < 1000
    assert sum(map(bool, told)) > 20
