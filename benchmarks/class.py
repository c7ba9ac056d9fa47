"""What grading a class costs: a submission in a batch, beside a pytest process and beside bare forks.

Per submission and exercise, medians of interleaved rounds; the ratios are what matters. The yardsticks: one
`python -m pytest` on the same checks with the submission imported beside them, and one fork of a warm process
for each check, in which its calls and comparisons run without any protection. Then submissions per second of
`grader grade` by processes and by Dask workers, and what a process takes of memory; twenty submissions, right
and wrong; and what 10,000 would take, by the slope from 50 to 200. No two files are the same, since the same
file would be checked once.

    python benchmarks/class.py [ROUNDS]
"""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import math
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import types
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from grader.authoring.verify import solution_source
from grader.checks.collection import load_reference, load_suite
from grader.checks.run import check_many
from grader.checks.source import Source
from grader.classroom.batch import SUBMISSIONS_PER_TASK
from grader.course import Exercise, open_course
from grader.sandbox.pool import WorkerPool, open_pool

ROOT = Path(__file__).resolve().parents[1]
IDS = ("exercise-1", "exercise-3", "exercise-5", "exercise-9")
STUDENTS = 48
SEED = 1
MAPPING = re.compile(r"(/[^\n]*)\nSize:.*?\nRss:\s+(\d+) kB.*?\nAnonymous:\s+(\d+) kB", re.DOTALL)
NAIVE = """
import importlib.util, types, zlib
import numpy as np, pytest

def load(path):
    spec = importlib.util.spec_from_file_location("module", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

@pytest.fixture
def student():
    module = load({student!r})
    module.changed = ()
    return module

@pytest.fixture
def reference():
    return load({reference!r})

@pytest.fixture
def rng(request):
    return np.random.default_rng([{seed}, zlib.crc32(request.node.name.encode())])

def pytest_configure(config):
    for name in ("credits", "depends_on", "lend", "builds_on"):
        config.addinivalue_line("markers", name + ": of the grader")
"""


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    course = open_course(ROOT)
    with tempfile.TemporaryDirectory() as folder, open_pool("required") as pool:
        for exercise in course.exercises(IDS):
            show(exercise, interleaved(rounds, runs_of(exercise, pool, Path(folder))))
        throughput(Path(folder))


def runs_of(exercise: Exercise, pool: WorkerPool, folder: Path) -> dict[str, Callable[[], float]]:
    """Return what is compared; each returns seconds for one submission."""
    source = solution_source(exercise)
    checks, reference = checks_of(exercise), load_reference(exercise)
    plugin = folder / f"naive_{exercise.id.replace('-', '_')}.py"
    plugin.write_text(
        NAIVE.format(student=str(exercise.solution_path), reference=str(exercise.solution_path), seed=SEED)
    )
    return {
        "pytest": lambda: seconds(lambda: one_pytest(exercise, plugin)),
        "forks": lambda: seconds(lambda: bare_forks(checks, reference)),
        "grader": lambda: seconds(lambda: in_a_batch(exercise, source, pool)) / SUBMISSIONS_PER_TASK,
    }


def interleaved(rounds: int, runs: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Run all in turn, the first round uncounted; return medians."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            spent = run()
            if number:
                times[name].append(spent)
    return {name: statistics.median(spent) for name, spent in times.items()}


def seconds(run: Callable[[], None]) -> float:
    """Return how long something takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def show(exercise: Exercise, medians: dict[str, float]) -> None:
    """Print medians in ms, and the ratios to the yardsticks."""
    ms = "  ".join(f"{name} {1000 * spent:6.1f} ms" for name, spent in medians.items())
    to_pytest, to_forks = (medians["grader"] / medians[name] for name in ("pytest", "forks"))
    print(f"{exercise.id:<12}{ms}   {to_pytest:.2f} of pytest, {to_forks:.2f} of forks", flush=True)


# --- the yardsticks -----------------------------------------------------------------------------------


def one_pytest(exercise: Exercise, plugin: Path) -> None:
    """Run the checks in one pytest process, beside the submission."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", plugin.stem, "--import-mode=importlib"]
    command += ["-o", "python_functions=check_*", "-c", os.devnull, "--rootdir", str(plugin.parent)]
    command += [str(exercise.visible_checks), str(exercise.hidden_checks)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(plugin.parent), str(ROOT)))}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-2000:]


def checks_of(exercise: Exercise) -> list[Callable[..., Any]]:
    """Load an exercise's checks as plain functions."""
    found: list[Callable[..., Any]] = []
    for path in (exercise.visible_checks, exercise.hidden_checks):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found += [one for name, one in vars(module).items() if name.startswith("check_")]
    return found


def bare_forks(checks: list[Callable[..., Any]], reference: types.ModuleType) -> None:
    """Run each check in a fork of this process, with the reference for a student."""
    student = types.SimpleNamespace(**vars(reference), changed=())
    for check in checks:
        child = os.fork()
        if not child:
            given = {"student": student, "reference": reference, "rng": np.random.default_rng(SEED)}
            try:
                check(**{name: given[name] for name in inspect.signature(check).parameters})
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0


def in_a_batch(exercise: Exercise, source: Source, pool: WorkerPool) -> None:
    """Grade as many copies as make up a task."""
    sources = [replace(source, data=source.data + b"# %d\n" % n) for n in range(SUBMISSIONS_PER_TASK)]
    reports = check_many(load_suite(exercise, SEED).remembering(), sources, pool)
    assert all(one.passed for one in reports)


# --- a whole class ------------------------------------------------------------------------------------


def throughput(folder: Path) -> None:
    """Print submissions per second of the whole command, and the memory of what does the work."""
    hand_in(folder / "class", range(STUDENTS))
    print(f"grader grade, {STUDENTS} submissions of exercise-3")
    rates = {}
    for name, options in {
        "jobs 1": ["--jobs", "1"],
        "jobs 2": ["--jobs", "2"],
        "jobs 4": ["--jobs", "4"],
        "Dask 1": ["--cluster", "local:1"],
        "Dask 2": ["--cluster", "local:2"],
    }.items():
        spent, _ = whole_command(folder, name, options)
        _, memory = whole_command(folder, f"{name} weighed", options, weigh=True)
        rates[name] = STUDENTS / spent
        print(f"  {name}  {rates[name]:5.1f} submissions/s, {memory:.0f} MB all together", flush=True)
    for kind in ("jobs", "Dask"):
        print(f"  two to one, {kind}: {rates[f'{kind} 2'] / rates[f'{kind} 1']:.2f}")
    twenty = ("exercise-1", "exercise-3")
    hand_in(folder / "twenty", range(20), twenty, right=8)
    spent, _ = whole_command(folder, "out of twenty", ["--jobs", "2"], "twenty", twenty)
    print(f"  twenty of two exercises, 8 right and 12 wrong, jobs 2: {spent:.1f} s")
    slopes = {}
    for jobs in (1, 2):
        times = {}
        for count in (50, 100, 200):
            hand_in(folder / f"{count} of {jobs}", range(count))
            options = ["--jobs", str(jobs)]
            times[count], _ = whole_command(folder, f"out {jobs} {count}", options, f"{count} of {jobs}")
        slopes[jobs] = slope = (times[200] - times[50]) / 150
        found = ", ".join(f"{count} in {spent:.1f} s" for count, spent in times.items())
        print(
            f"  jobs {jobs}: {found}; {1000 * slope:.0f} ms each, so 10,000 in {slope * 10_000 / 60:.0f} min"
        )
    print(f"  two to one without their start: {slopes[1] / slopes[2]:.2f}")
    print(f"  two runs of one process side by side, to one: {side_by_side(folder):.2f}, the most there is")


def side_by_side(folder: Path) -> float:
    """Return how many times as fast two runs are that know nothing of each other; the best of three."""
    best = {1: math.inf, 2: math.inf}
    for attempt in range(3):
        for count in best:
            started = time.perf_counter()
            with ThreadPoolExecutor(count) as threads:
                for number in range(count):
                    name = f"side {attempt} {count} {number}"
                    threads.submit(whole_command, folder, name, ["--jobs", "1"])
            best[count] = min(best[count], time.perf_counter() - started)
    return 2 * best[1] / best[2]


def hand_in(
    folder: Path, numbers: range, ids: tuple[str, ...] = ("exercise-3",), right: int | None = None
) -> None:
    """Make a class whose files all differ; after so many right ones, each has one of the known mistakes."""
    for exercise in open_course(ROOT).exercises(ids):
        text, mistakes = exercise.solution_path.read_text(), exercise.misconceptions()
        for number in numbers:
            wrong = right is not None and number >= right
            written = mistakes[number % len(mistakes)].patched(text) if wrong else text
            place = folder / f"s{number:03}" / exercise.id
            place.mkdir(parents=True)
            (place / exercise.stub_path.name).write_text(f"{written}# {number}\n")


def whole_command(
    folder: Path,
    name: str,
    options: list[str],
    handed_in: str = "class",
    ids: tuple[str, ...] = ("exercise-3",),
    weigh: bool = False,
) -> tuple[float, float]:
    """Run `grader grade`; return seconds, and the most memory that all its processes had, in MB.

    Args:
        weigh: look at the memory again and again, which takes a fifth of the time of two processors.
    """
    command = [sys.executable, "-m", "grader", "--course", str(ROOT), "grade", str(folder / handed_in)]
    command += [*(word for one in ids for word in ("--exercise", one)), "-o", str(folder / name), *options]
    started, most = time.perf_counter(), 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while weigh and process.poll() is None:
            most = max(most, weighed(process.pid))
            time.sleep(0.1)
        assert process.wait() == 0
    return time.perf_counter() - started, most


def family(pid: int) -> list[int]:
    """Return a process and all below it."""
    below = list[str]()
    with contextlib.suppress(OSError):  # it has just ended, or there is no /proc
        for children in Path(f"/proc/{pid}/task").glob("*/children"):  # one for each thread
            below += children.read_text().split()
    return [pid, *(one for child in below for one in family(int(child)))]


def weighed(pid: int) -> float:
    """Return the memory of a process and all below it, in MB; they stand still meanwhile."""
    stopped = list[int]()
    try:
        while fresh := set(family(pid)).difference(stopped):
            for each in fresh:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGSTOP)
            stopped += fresh
        return megabytes(stopped)
    finally:
        for each in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGCONT)


def megabytes(pids: list[int]) -> float:
    """Return the memory of processes together, whatever else runs here.

    Their own pages are counted in parts where they share them; of each file, such as a library, the most that
    one of them has. (By Pss alone a library counts less where strangers use it as well.)
    """
    own, files = 0, dict[str, int]()
    for pid in pids:
        with contextlib.suppress(OSError):
            whole = Path(f"/proc/{pid}/smaps_rollup").read_text()
            own += sum(int(size) for size in re.findall(r"Pss_Anon:\s+(\d+) kB", whole))
            mapped = defaultdict[str, int](int)
            for name, size, dirty in MAPPING.findall(Path(f"/proc/{pid}/smaps").read_text()):
                mapped[name] += int(size) - int(dirty)
            files = {name: max(files.get(name, 0), mapped[name]) for name in files.keys() | mapped.keys()}
    return (own + sum(files.values())) / 1024


if __name__ == "__main__":
    main()
