"""How long the learner's screen takes from a save to its verdict, beside the same screen of another checkout.

Both screens run on terminals of their own and are saved to in turn: a file as the stub has it, one with a
mistake. Prints milliseconds by the clock (medians) and of the processor time of all their processes (means).

    python benchmarks/watch_latency.py [ROUNDS] [--beside TREE]
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import select
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXERCISE, MODULE = "exercise-3", "rnn_step_backward.py"
MISTAKE = " * (1 - h**2)", ""
VERDICT = re.compile(rb"\d+ (of|/) \d+ credits|(passed|failed)[^\n]*credits")
QUIET_SECONDS = 0.4  # that students look at a verdict, at least


class Screen:
    """``grader watch`` of one checkout, on a copy of its course."""

    def __init__(self, tree: Path, folder: Path) -> None:
        for name in ("exercises", "solutions", "quizzes", "course.yaml"):
            copy = shutil.copytree if (tree / name).is_dir() else shutil.copy
            copy(tree / name, folder / name)
        self.file = folder / "exercises" / EXERCISE / MODULE
        right = (folder / "solutions" / EXERCISE / MODULE).read_text()
        self.texts = {"stub": self.file.read_text(), "mistake": right.replace(*MISTAKE)}
        assert right not in self.texts.values()
        self._far, near = pty.openpty()
        fcntl.ioctl(near, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 120, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "grader", "--course", str(folder), "watch", EXERCISE],
            env={**os.environ, "PYTHONPATH": str(tree), "TERM": "xterm-256color"},
            cwd=tree,
            stdin=near,
            stdout=near,
            stderr=near,
        )
        os.close(near)
        self._wait()

    def save(self, what: str, number: int) -> tuple[float, float]:
        """Save another file; return the seconds to the verdict, and of processors until all is quiet."""
        before, started = self._processor_seconds(), time.perf_counter()
        self.file.write_text(f"{self.texts[what]}# {number}\n")
        took = self._wait() - started
        return took, self._processor_seconds() - before

    def _wait(self) -> float:
        """Read until a verdict has come and nothing more does; return when it had come whole."""
        seen, came = b"", 0.0
        while select.select([self._far], [], [], QUIET_SECONDS if VERDICT.search(seen) else 60)[0]:
            seen += os.read(self._far, 65536)
            came = time.perf_counter()
        return came

    def _processor_seconds(self) -> float:
        ticks, family = 0, {self._process.pid}
        for stat in sorted(Path("/proc").glob("[0-9]*/stat"), key=lambda path: int(path.parent.name)):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(stat.parent.name) in family or int(fields[1]) in family:
                family.add(int(stat.parent.name))
                ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        os.close(self._far)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("rounds", nargs="?", type=int, default=15)
    parser.add_argument("--beside", type=Path, help="another checkout, whose screen takes turns")
    arguments = parser.parse_args()
    trees = {"this": ROOT, **({"that": arguments.beside.resolve()} if arguments.beside else {})}
    with tempfile.TemporaryDirectory() as folder:
        screens = {}
        for name, tree in trees.items():
            (place := Path(folder) / name).mkdir()
            screens[name] = Screen(tree, place)
        for what in ("stub", "mistake"):
            saves: dict[str, list[tuple[float, float]]] = {name: [] for name in screens}
            for number in range(arguments.rounds):
                for name, screen in screens.items():
                    saves[name].append(screen.save(what, number))
            _print(what, saves)
        for screen in screens.values():
            screen.end()


def _print(what: str, saves: dict[str, list[tuple[float, float]]]) -> None:
    figures = []
    for name, rows in saves.items():
        walls, processors = zip(*rows, strict=True)  # the latter count in hundredths of a second: their mean
        figures.append((1e3 * statistics.median(walls), 1e3 * statistics.mean(processors)))
        print(f"{what:>8}, {name}: {figures[-1][0]:4.0f} ms, of processors {figures[-1][1]:4.0f} ms")
    if len(figures) > 1:
        wall, processor = (this / that for this, that in zip(*figures, strict=True))
        print(f"{what:>8}: {wall:.2f} of the other's time, {processor:.2f} of its processor time", flush=True)


if __name__ == "__main__":
    main()
