"""How often the line of a mistake is found, and how often the cause that is told is the right one.

Each set is a list of submissions with mistakes whose lines are known:

- misconceptions: the course's known mistakes, in its solution
- styles: mistakes in the accepted variants, known ones where they fit and small changes of any kind
- pairs: two known mistakes in different statements; then the one that was not named alone, with the line of
  the exception where it raises one
- bugs: folders of a file ``index.json``, or folders beside the course's own, given with ``--bugs FOLDER``
- right: the accepted variants; the search is made although nothing is wrong (forced)

Samples are drawn with a fixed seed; ``--all`` takes everything. What was tuned on is the even half of the
misconceptions and of the styles (``--even``, ``--odd``).

    python benchmarks/locate.py [SET ...] [--exercise N ...] [--all] [--even | --odd] [--list] [--bugs FOLDER]
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import re
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from grader.authoring.verify import SampleGrader, changed_lines
from grader.checks import diagnosis
from grader.checks.collection import load_suite
from grader.checks.locate import find
from grader.checks.locate.trace import Work
from grader.checks.report import Located, Outcome, Report
from grader.checks.run import run_suite
from grader.checks.student import CheckRun
from grader.course import Exercise, open_course
from grader.sandbox.changes import mutants
from grader.sandbox.pool import WorkerPool, open_pool

ROOT = Path(__file__).resolve().parents[1]
NEAR = 2  # lines
SETS = "misconceptions", "styles", "pairs", "right", "bugs"
SAMPLES = {"misconceptions": 12, "styles": 8, "pairs": 8}  # of one exercise; --all takes ALL
ALL = {"misconceptions": 10**6, "styles": 40, "pairs": 50}
SAID = "right", "near", "later", "wrong"
NO_VALUE = {"raises": r"` raises \w+"}  # what has no wrong value
SILENT = NO_VALUE | {
    "argument changed": r"your code changes",
    "no array": r"should be an? |should return",
    "other": "",
}


@dataclass(frozen=True)
class Case:
    """A submission with mistakes.

    Args:
        lines: of each mistake, those that it changed.
        alone: of a pair, by its mistake, the text that has only the other one.
    """

    exercise: Exercise
    name: str
    text: str
    lines: tuple[frozenset[int], ...]
    alone: tuple[str, ...] = ()


@dataclass
class Table:
    """What became of the cases of one set."""

    counts: Counter[str] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    raised_counts: bool = False

    def line(self, name: str) -> str:
        """Return the set's row: shares of the failing, of the located, and what silence comes from."""
        counts = self.counts
        located = sum(counts[word] for word in SAID)
        failing = located + sum(counts[word] for word in SILENT if self.raised_counts or word not in NO_VALUE)
        shares = [("named", located, failing), ("right", counts["right"], located)]
        shares.append((f"within {NEAR}", counts["right"] + counts["near"], located))
        shares += [("wrong", counts["wrong"], located), ("causes", counts["cause"], located)]
        if counts["others"]:
            shares.append(("then the other", counts["other right"], counts["others"]))
        told = ", ".join(f"{word} {part}/{of} {part / max(of, 1):.0%}" for word, part, of in shares)
        silent = ", ".join(f"{word} {counts[word]}" for word in SILENT if counts[word])
        cost = f"{statistics.median(self.milliseconds):.0f} ms, at most {max(self.milliseconds):.0f}"
        return f"{name:<24}{told}; silent: {silent or 'none'}; passes {counts['passes']}; {cost}"


def main() -> None:
    """Measure and print."""
    os.nice(10)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="*", help=f"of {', '.join(SETS)}")
    parser.add_argument("--exercise", type=int, action="append")
    parser.add_argument("--bugs", type=Path, action="append", default=[])
    for switch in ("--all", "--even", "--odd", "--list"):
        parser.add_argument(switch, action="store_true")
    options = parser.parse_args()
    course, half = open_course(ROOT), {(True, False): 0, (False, True): 1}.get((options.even, options.odd))
    exercises = [
        exercise
        for exercise in course.exercises([f"exercise-{number}" for number in options.exercise or ()])
        if not load_suite(exercise, 3).recorded
    ]
    with open_pool() as pool:
        for name in options.sets or SETS:
            total = Table(raised_counts=name == "bugs")
            if name == "right":
                print(_forced(exercises, pool), flush=True)
                continue
            for exercise in exercises:
                table = Table(raised_counts=name == "bugs")
                cases = bugs(exercise, options.bugs) if name == "bugs" else CASES[name](exercise)
                chosen = list(enumerate(cases))[slice(half, None, 2 if half is not None else 1)]
                most = (ALL if options.all else SAMPLES).get(name, 10**6)
                for _, case in sorted(random.Random(1).sample(chosen, min(most, len(chosen))), key=_first):
                    _measure(case, pool, table, options.list)
                if table.milliseconds:
                    print(table.line(f"{name} {exercise.id}"), flush=True)
                total.counts += table.counts
                total.milliseconds += table.milliseconds
            if total.milliseconds:
                print(total.line(f"{name.upper()}"), flush=True)


def _first(pair: tuple[int, Case]) -> int:
    return pair[0]


# --- the sets -----------------------------------------------------------------------------------------


def misconceptions(exercise: Exercise) -> list[Case]:
    """Return the known mistakes of an exercise in its solution."""
    text = exercise.solution_path.read_text(encoding="utf-8")
    patched = [(mistake.id, mistake.patched(text)) for mistake in exercise.misconceptions()]
    return [Case(exercise, name, wrong, (changed_lines(text, wrong),)) for name, wrong in patched]


def styles(exercise: Exercise) -> list[Case]:
    """Return mistakes in other styles: known ones where they fit, then as many small changes of any kind."""
    found, rng = list[Case](), random.Random(2)
    for path in exercise.variants:
        text = path.read_text(encoding="utf-8")
        for mistake in exercise.misconceptions():
            if text.count(mistake.replace) == 1:
                wrong = text.replace(mistake.replace, mistake.with_)
                found.append(
                    Case(exercise, f"{path.stem}/{mistake.id}", wrong, (changed_lines(text, wrong),))
                )
        functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
        every = [
            each for each in mutants(text, functions) if each.after != "pass"
        ]  # what is gone has no line
        for mutant in rng.sample(every, min(6, len(every))):
            plain = _unparsed(text, mutant.function)
            name = f"{path.stem}/{mutant.before} -> {mutant.after}"
            found.append(Case(exercise, name, mutant.text, (changed_lines(plain, mutant.text),)))
    rng.shuffle(found)
    return found


def _unparsed(text: str, function: str) -> str:
    """Return a module in which one function stands as Python would write it, as it does in its mutants."""
    lines = text.splitlines()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            above, below = "\n".join(lines[: node.lineno - 1]), "\n".join(lines[node.end_lineno :])
            return f"{above}\n{ast.unparse(node)}\n{below}\n"
    return text


def pairs(exercise: Exercise) -> list[Case]:
    """Return pairs of known mistakes in different statements, in an order that chance gave them."""
    text, rng = exercise.solution_path.read_text(encoding="utf-8"), random.Random(3)
    mistakes = list(exercise.misconceptions())
    ends = [node.end_lineno or 0 for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]
    found = list[Case]()
    for _ in range(4 * ALL["pairs"]):
        first, second = rng.sample(mistakes, 2)
        both = first.patched(text)
        if first.everywhere or second.everywhere or both.count(second.replace) != 1:
            continue
        one, other = first.patched(text), second.patched(text)
        inside = [changed_lines(each, text) for each in (one, other)]
        if not ends or _near(*inside):
            continue
        both = second.patched(both)
        lines = (changed_lines(other, both), changed_lines(one, both))
        found.append(Case(exercise, f"{first.id} + {second.id}", both, lines, (other, one)))
    return found[: ALL["pairs"]]


def _near(lines: frozenset[int], others: frozenset[int]) -> bool:
    return any(abs(line - other) < 1 for line in lines for other in others)


def bugs(exercise: Exercise, folders: Iterable[Path]) -> Iterator[Case]:
    """Yield bug reports that were told again as submissions, from folders that mirror the exercises."""
    solution = exercise.solution_path.read_text(encoding="utf-8")
    for folder in folders:
        index = folder / "index.json"
        known = {each["case"]: each for each in _entries(index)} if index.exists() else {}
        for path in sorted(folder.glob(f"*/{exercise.id}/*.py")):
            name, text = path.parent.parent.name, path.read_text(encoding="utf-8")
            lines = known.get(name, {}).get("lines")
            changed = frozenset(lines) if lines else changed_lines(solution, text)
            yield Case(exercise, name, text, (changed,))


def _entries(index: Path) -> list[dict[str, Any]]:
    loaded = json.loads(index.read_text(encoding="utf-8"))
    return loaded if isinstance(loaded, list) else [dict(each, case=name) for name, each in loaded.items()]


CASES = {"misconceptions": misconceptions, "styles": styles, "pairs": pairs}


# --- measuring ----------------------------------------------------------------------------------------


def _measure(case: Case, pool: WorkerPool, table: Table, listed: bool) -> None:
    report, cost = _graded(case.exercise, case.text, pool)
    failed = [outcome for outcome in report.outcomes if outcome.status == "failed"]
    if not failed:
        table.counts["passes"] += 1
        return
    table.milliseconds.append(cost)
    told = next((outcome.located for outcome in failed if outcome.located), None)
    line = _raising_line(failed) if table.raised_counts else None
    place = _place(told.line if told else line, case.lines)
    reason = next(word for word, look in SILENT.items() if re.search(look, failed[0].message))
    if place == "silent" or (reason in NO_VALUE and not table.raised_counts):
        place, told = reason, None
    table.counts[place] += 1
    table.counts["cause"] += bool(told and told.cause)
    if listed:
        print(
            f"  {case.exercise.id} {case.name}: {place} {sorted(min(case.lines))}; {_text(told, failed)}",
            flush=True,
        )
    if case.alone and place == "right" and told:
        number = next(n for n, lines in enumerate(case.lines) if told.line in lines)
        report, _ = _graded(case.exercise, case.alone[number], pool)
        failed = [outcome for outcome in report.outcomes if outcome.status == "failed"]
        told = next((outcome.located for outcome in failed if outcome.located), None)
        solution = case.exercise.solution_path.read_text(encoding="utf-8")
        line = told.line if told else _raising_line(failed) if failed else None
        place = _place(line, (changed_lines(solution, case.alone[number]),))
        table.counts["others"] += bool(failed)
        table.counts["other right"] += place == "right"
        if listed and failed and place != "right":
            print(f"    then: {place}; {_text(told, failed)}", flush=True)


def _text(told: Located | None, failed: list[Outcome]) -> str:
    return (told.text if told else failed[0].message).replace("\n", " / ")[:300]


def _graded(exercise: Exercise, text: str, pool: WorkerPool) -> tuple[Report, float]:
    """Grade a submission; return the report, and the processor time of locating it, in milliseconds."""
    spent, plain = [0.0], find.locate

    def timed(*arguments: Any) -> Located | None:
        started = time.process_time()
        try:
            return plain(*arguments)
        finally:
            spent[0] += 1000 * (time.process_time() - started)

    with mock.patch.object(diagnosis, "locate", timed):
        return SampleGrader(exercise, pool, 3).grade(text.encode()), spent[0]


def _raising_line(failed: list[Outcome]) -> int | None:
    found = re.search(r", line (\d+)", failed[0].message)
    return int(found[1]) if found else None


def _place(line: int | None, mistakes: tuple[frozenset[int], ...]) -> str:
    changed = frozenset().union(*mistakes)
    if line is None or not changed:
        return "silent"
    if line in changed:
        return "right"
    if min(abs(line - other) for other in changed) <= NEAR:
        return "near"
    return "later" if line > max(changed) else "wrong"


def _forced(exercises: list[Exercise], pool: WorkerPool) -> str:
    """Ask for the line of what is right: in a report, and with all questions of its checks (forced)."""
    files = said = spoke = 0
    for exercise in exercises:
        suite, grader = load_suite(exercise, 3), SampleGrader(exercise, pool, 3)
        for path in exercise.variants:
            files += 1
            source = grader.source(path.read_bytes())
            said += any(each.located or each.diagnosis for each in grader.grade(source.data).outcomes)
            run = CheckRun(exercise, source, pool)
            run_suite(suite, run)
            asked = {name: [c for c in run.calls if c.function == name] for name in exercise.file.functions}
            spoke += any(find.locate(suite, run, calls, Work()) for calls in asked.values())
    return f"RIGHT code, {files} files: told of {said}, forced of {spoke} ({spoke / max(files, 1):.1%})"


if __name__ == "__main__":
    main()
