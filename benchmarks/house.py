"""Prints the sizes of the house: lines, functions and imports of every room, and the arrows between rooms."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "grader"
ROOMS = "cli site reports classroom authoring quiz progress checks course sandbox".split()


@dataclass
class Room:
    """What one room holds."""

    lines: int = 0
    files: int = 0
    functions: int = 0
    longest_body: int = 0
    longest_file: int = 0
    arrows: Counter[str] = field(default_factory=Counter)

    @property
    def own_imports(self) -> int:
        """Import statements that name a module of ours."""
        return sum(self.arrows.values())


def measure(package: Path = PACKAGE) -> dict[str, Room]:
    """Return the measures of every room; "" stands for what lies beside the rooms."""
    rooms: dict[str, Room] = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).parts
        room = rooms.setdefault(parts[0] if len(parts) > 1 else "", Room())
        text = path.read_text(encoding="utf-8")
        count = text.count("\n")
        room.lines += count
        room.files += 1
        room.longest_file = max(room.longest_file, count)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                room.functions += 1
                room.longest_body = max(room.longest_body, body_lines(node))
            room.arrows.update(own_rooms(node))
    return rooms


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function without its signature and its docstring."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def own_rooms(node: ast.AST) -> Iterator[str]:
    """Yield the rooms that an import statement names."""
    if isinstance(node, ast.ImportFrom):
        names = [node.module or ""]
    elif isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    else:
        return
    for name in names:
        top, *rest = name.split(".")
        if top == "grader":
            yield rest[0] if rest and rest[0] in ROOMS else ""


def main() -> None:
    """Print the table."""
    rooms = measure()
    print(f"{'room':10} files  lines longest  functions (/1000)  imports (/1000)  longest body")
    total = Room()
    for name in (*ROOMS, ""):
        room = rooms.get(name, Room())
        print(row(name or "(beside)", room))
        total.lines, total.files = total.lines + room.lines, total.files + room.files
        total.functions += room.functions
        total.arrows.update(room.arrows)
        total.longest_file = max(total.longest_file, room.longest_file)
        total.longest_body = max(total.longest_body, room.longest_body)
    print(row("all", total))
    print("\nimport statements from a room (row) of a room (column):")
    print(f"{'':10}" + "".join(f"{name:>10}" for name in ROOMS))
    for name in ROOMS:
        counts = rooms.get(name, Room()).arrows
        print(f"{name:10}" + "".join(f"{counts[other] or '.':>10}" for other in ROOMS))


def row(name: str, room: Room) -> str:
    """Lay out one line of the first table."""
    per_thousand = 1000 / max(room.lines, 1)
    return (
        f"{name:10} {room.files:5} {room.lines:6} {room.longest_file:7} "
        f"{room.functions:10} {room.functions * per_thousand:7.1f} "
        f"{room.own_imports:8} {room.own_imports * per_thousand:7.1f} {room.longest_body:13}"
    )


if __name__ == "__main__":
    main()
