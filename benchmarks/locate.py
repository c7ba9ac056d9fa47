"""How often the line of a mistake is found: every misconception of the course is checked as a submission.

Of each that is graded wrong, the located line is compared with the lines that its patch changed. A cause is
counted, not judged: read the last column.

    python benchmarks/locate.py [EXERCISE ...] [--list]
"""

from __future__ import annotations

import difflib
import sys
from collections import Counter
from pathlib import Path

from grader.checks.report import Located
from grader.checks.run import check
from grader.checks.source import Source
from grader.course import open_course
from grader.sandbox.pool import open_pool

ROOT = Path(__file__).resolve().parents[1]
NEAR = 2  # lines
COLUMNS = "right", "near", "later", "wrong", "silent", "causes"


def main() -> None:
    """Measure and print."""
    wanted = [word for word in sys.argv[1:] if not word.startswith("-")]
    print("exercise".ljust(12) + "".join(f"{word:>8}" for word in COLUMNS), flush=True)
    with open_pool() as pool:
        for exercise in open_course(ROOT).exercises(wanted):
            text, counts = exercise.solution_path.read_text(encoding="utf-8"), Counter[str]()
            for mistake in exercise.misconceptions():
                mistaken = text.replace(mistake.replace, mistake.with_)
                source = Source(exercise.stub_path.name, mistaken.encode())
                outcomes = check(exercise, source, pool=pool, seed=3).outcomes
                if all(outcome.status != "failed" for outcome in outcomes):
                    continue
                located = next((outcome.located for outcome in outcomes if outcome.located), None)
                place = _place(located, changed_lines(text, mistaken))
                counts[place] += 1
                counts["causes"] += bool(located and located.cause)
                if "--list" in sys.argv:
                    print(f"  {mistake.id}: {place}; {located.text if located else ''}".replace("\n", " / "))
            print(exercise.id.ljust(12) + "".join(f"{counts[word]:8}" for word in COLUMNS), flush=True)


def changed_lines(text: str, mistaken: str) -> set[int]:
    """Return the lines of a mistaken text that differ from the right one; of what is gone, its neighbours."""
    matcher = difflib.SequenceMatcher(None, text.splitlines(), mistaken.splitlines(), autojunk=False)
    lines = set[int]()
    for kind, _, _, first, last in matcher.get_opcodes():
        if kind == "delete":
            lines |= {first, first + 1}
        elif kind != "equal":
            lines |= set(range(first + 1, last + 1))
    return lines


def _place(located: Located | None, changed: set[int]) -> str:
    if located is None or not changed:
        return "silent"
    if located.line in changed:
        return "right"
    if min(abs(located.line - line) for line in changed) <= NEAR:
        return "near"
    return "later" if located.line > max(changed) else "wrong"


if __name__ == "__main__":
    main()
