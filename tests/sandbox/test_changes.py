"""Mutants: what one small change makes of a statement."""

from __future__ import annotations

import ast

import pytest

from grader.sandbox.changes import Mutant, mutants

MODULE = '''"""A module."""


def other(a):
    return a + 1


def step(x, y, T):
    """Say nothing of shapes.

    x: (D, N) inputs
    y: (D, N) more of them
    """
    z = y  # a comment
    {statement}
    return z
'''


def mutants_of(text: str, *names: str) -> list[Mutant]:
    """Return the mutants of functions and methods of these names."""
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return list(mutants(text, [node for node in functions if node.name in names]))


def changed(statement: str) -> set[str]:
    """Return what the mutants make of one statement."""
    found = mutants_of(MODULE.format(statement=statement), "step")
    assert {mutant.function for mutant in found} == {"step"}
    return {mutant.after for mutant in found if mutant.before == statement.splitlines()[0]}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("z = x * y", {"z = x / y", "z = x @ y", "z = x + y", "z = x", "z = -(x * y)", "z = y * y"}),
        ("z = x @ y", {"z = x * y", "z = y @ x", "z = x.T @ y", "z = x @ y.T"}),
        ("z += x", {"z = x", "z -= x", "pass"}),
        ("z[0] = x", {"pass", "z[1] = x", "z[-1] = x"}),
        ("z = x[T]", {"z = x[T + 1]", "z = x[T - 1]"}),
        ("z = x[-1]", {"z = x[0]", "z = x[-2]"}),
        ("z = x[1:T]", {"z = x[T:1]", "z = x[:]"}),
        ("z = x.T", {"z = x"}),
        ("z = x if T > 1 else y", {"z = x if T >= 1 else y", "z = y if T > 1 else x"}),
        ("z = np.sum(x, axis=0)", {"z = np.mean(x, axis=0)", "z = np.sum(x)", "z = np.sum(x, axis=1)"}),
        ("z = range(T)", {"z = range(T - 1)", "z = range(T + 1)", "z = range(1, T)", "z = T"}),
        ("z = (x, y)", {"z = (y, x)"}),
        ("z = x % y", {"z = x * y", "z = x", "z = y", "z = -(x % y)", "z = y % x", "z = x % x", "z = y % y"}),
        ("z = x & y", {"z = x", "z = y", "z = -(x & y)", "z = x & x", "z = y & y"}),
        ("z = True", {"z = False"}),
        ("z = 0.5", {"z = 1.0", "z = 1.5", "z = 0.0"}),
    ],
)
def test_a_statement_is_changed_in_one_place_at_a_time(statement: str, expected: set[str]) -> None:
    found = {ast.unparse(ast.parse(after)) for after in changed(statement)}
    assert {ast.unparse(ast.parse(after)) for after in expected} <= found


def test_what_only_refuses_wrong_arguments_is_kept() -> None:
    assert not any(
        "strict" not in after for after in changed("z = list(zip(x, y, strict=True))") if "zip(" in after
    )


def test_the_rest_of_the_module_stays_as_it_is() -> None:
    text = MODULE.format(statement="z = x * y")
    for mutant in mutants_of(text, "step"):
        assert mutant.text.startswith(text[: text.index("def step")])
        assert ast.dump(ast.parse(mutant.text)) != ast.dump(ast.parse(text))


def test_no_function_that_is_not_asked_for_is_changed() -> None:
    text = MODULE.format(statement="z = x")
    assert {mutant.function for mutant in mutants_of(text, "other")} == {"other"}
    assert mutants_of(text) == []


def test_a_method_is_changed_in_its_class() -> None:
    text = (
        "class A:\n    def step(self, z):\n        return self.a * z\n\n    def rest(self):\n        return\n"
    )
    for mutant in mutants_of(text, "step"):
        (unit,) = ast.parse(mutant.text).body
        assert isinstance(unit, ast.ClassDef)
        assert [ast.unparse(node).partition("(")[0] for node in unit.body] == ["def step", "def rest"]


def test_another_right_answer_is_no_mutant() -> None:
    for statement in ("z = np.zeros(3)", "z = 0.01 * rng.standard_normal((3, 2))"):
        assert not any(after.startswith("z = -") for after in changed(statement))
    assert any(after.startswith("z = -") for after in changed("z = np.ones(3)"))
