"""What a worker costs: processor time and page faults of a fork, by what the warm process holds.

    python benchmarks/fork.py [--rounds 5] [--beside TREE]

The first table forks children that end at once, from processes that hold more and more. The second one opens
real workers, as they are before any file of a student is loaded and with one loaded and called; ``--beside``
names another checkout of the grader, say of the commit before, whose workers take turns with these.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FORKS, WORKERS = 100, 120
HELD = {
    "Python": "",
    "NumPy": "import numpy",
    "NumPy, and our own program": "from grader.sandbox import server",
    "all of NumPy": "from grader.sandbox import server; server.STANDARD_LIBRARY = ('pdb',); "
    "server.ENCODINGS = (); server._warm_up([])",
    "and the standard library": "from grader.sandbox import server; server._warm_up([])",
    "and calls after a fork": "import random, threading, logging; from grader.sandbox import server; "
    "server._warm_up([])",
}
BARE = f"""
import gc, os, resource, time
gc.collect(); gc.freeze()
began, parent, faults = time.process_time(), [], []
for _ in range({FORKS}):
    child = os.fork()
    if child == 0:
        os._exit(0)
    faults.append(os.wait4(child, 0)[2].ru_minflt)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print((time.process_time() - began + used.ru_utime + used.ru_stime) / {FORKS}, sum(faults) / {FORKS})
"""
REAL = f"""
import os, time, numpy as np
from pathlib import Path
from grader.sandbox.pool import WorkerPool
FILE = b'''import numpy as np
from typing import NamedTuple
class Pair(NamedTuple):
    a: np.ndarray
def f(x: np.ndarray) -> np.ndarray:
    return np.tanh(x.T @ x)
'''
def spent():
    found, family = {{}}, {{os.getpid()}}
    for path in Path("/proc").glob("[0-9]*/stat"):
        fields = path.read_text().rpartition(")")[2].split()
        found[int(path.parent.name)] = [int(field) for field in fields[1:15]]
    for _ in range(3):  # generations
        family |= {{number for number, fields in found.items() if fields[0] in family}}
    below = [found[number] for number in family - {{os.getpid()}}]  # with what each of them has waited for
    ticks = sum(sum(fields[10:14]) for fields in below) / os.sysconf("SC_CLK_TCK")
    return time.process_time() + ticks, sum(fields[6] + fields[7] for fields in below)
for loaded in (False, True):
    with WorkerPool(spare=False) as pool:
        for number in range({WORKERS} + 5):
            if number == 5:
                before = spent()
            worker = pool.open()
            if loaded:
                worker.load("student", "student.py", FILE, 60.0)
                worker.call("f", (np.zeros((5, 1)),), 60.0)
            worker.end(wait=False)
        print(*((b - a) / {WORKERS} for a, b in zip(before, spent())))
"""


def measured(program: str, tree: Path = ROOT) -> list[tuple[float, float]]:
    """Run a program with the grader of a checkout; return the pairs of numbers that it prints."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.split() for line in done.stdout.splitlines()]
    return [(float(seconds), float(faults)) for seconds, faults in rows]


def middle(pairs: list[tuple[float, float]]) -> str:
    """Return the medians of seconds and faults as two columns."""
    seconds, faults = (statistics.median(column) for column in zip(*pairs, strict=True))
    return f"{1000 * seconds:8.2f} ms {faults:8.0f} faults"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--beside", type=Path, help="another checkout, whose workers take turns with these")
    arguments = parser.parse_args()
    held: dict[str, list[tuple[float, float]]] = {name: [] for name in HELD}
    trees = {"these": ROOT, **({"those": arguments.beside} if arguments.beside else {})}
    real: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for _ in range(arguments.rounds):
        for name, setup in HELD.items():
            held[name] += measured(f"{setup}\n{BARE}")
        for name, tree in trees.items():
            for what, pair in zip(("ready", "one file loaded, one call"), measured(REAL, tree), strict=True):
                real.setdefault((what, name), []).append(pair)
    print("a fork, and a child that ends at once, of a process that holds")
    for name, pairs in held.items():
        print(f"  {name:28}{middle(pairs)}")
    print("a worker, with all that the grader does for it")
    for (what, name), pairs in sorted(real.items(), key=lambda item: item[0][0], reverse=True):
        print(f"  {what + ', ' + name if len(trees) > 1 else what:38}{middle(pairs)}")


if __name__ == "__main__":
    main()
