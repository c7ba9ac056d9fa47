"""What confinement costs: a worker ready for calls, a call's round trip, and a whole `grader check`.

Every figure is a median of interleaved rounds; the ratios are what matters. The yardsticks: a fork of the
same warm process without any layer, and the same call with pickle over multiprocessing.Pipe.

    python benchmarks/confinement.py [ROUNDS]
"""

from __future__ import annotations

import multiprocessing
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from grader.sandbox import LAYERS
from grader.sandbox.pool import WorkerPool
from grader.sandbox.worker import Worker

ROOT = Path(__file__).resolve().parents[1]
TEN_KILOBYTES = np.arange(1280.0)
CALLS = 50
SOURCE = b"def echo(x):\n    return x\n"


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    with WorkerPool(layers=LAYERS, spare=False) as confined, WorkerPool(layers=(), spare=False) as bare:
        ready = interleaved(rounds, {"bare": lambda: one_fork(bare), "confined": lambda: one_fork(confined)})
        print("a worker ready for calls", confined_layers(confined))
        show(ready, "bare", extra_ms=5)
        calls = measure_calls(rounds, confined)
    print(f"a call with 10 KB each way (mean of {CALLS})")
    show(calls, "pickle")
    print("grader check exercise-3")
    show(
        interleaved(max(rounds // 2, 15), {"none": lambda: check("none"), "best": lambda: check("best")}),
        "none",
    )


def interleaved(rounds: int, runs: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Run all in turn, the first round uncounted; return seconds."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            seconds = run()
            if number:
                times[name].append(seconds)
    return times


def show(times: dict[str, list[float]], base: str, extra_ms: float = 0.0) -> None:
    """Print medians in ms, and ratios to the base."""
    medians = {name: statistics.median(values) * 1e3 for name, values in times.items()}
    for name, median in medians.items():
        ratio = "" if name == base else f"   {median / medians[base]:.2f} x {base}"
        allowed = (
            f" (allowed: 2 x + {extra_ms:g} ms = {2 * medians[base] + extra_ms:.2f})" if extra_ms else ""
        )
        print(f"  {name:>9}: {median:8.3f} ms{ratio}{allowed if ratio else ''}")


def one_fork(pool: WorkerPool) -> float:
    """Time from asking for a worker to its first word."""
    started = time.perf_counter()
    worker = pool.open()
    seconds = time.perf_counter() - started
    worker.end()
    return seconds


def confined_layers(pool: WorkerPool) -> str:
    """Return the layers that workers of a pool run under."""
    worker = pool.open()
    worker.end()
    return f"({', '.join(worker.layers)})"


def measure_calls(rounds: int, pool: WorkerPool) -> dict[str, list[float]]:
    """Compare a confined call with pickle over a pipe to a plain child."""
    worker = pool.open()
    worker.load("echo", "echo.py", SOURCE, 5.0)
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe()
    child = context.Process(target=echo_forever, args=(far,))
    child.start()
    times = interleaved(
        rounds, {"pickle": lambda: pickle_calls(near), "confined": lambda: confined_calls(worker)}
    )
    near.send(None)
    child.join()
    worker.end()
    return times


def confined_calls(worker: Worker) -> float:
    """Mean seconds of a call to a worker."""
    started = time.perf_counter()
    for _ in range(CALLS):
        worker.call("echo", (TEN_KILOBYTES,), 5.0)
    return (time.perf_counter() - started) / CALLS


def pickle_calls(connection: Connection) -> float:
    """Mean seconds of the same over a pipe, with pickle."""
    started = time.perf_counter()
    for _ in range(CALLS):
        connection.send(("echo", (TEN_KILOBYTES,)))
        connection.recv()
    return (time.perf_counter() - started) / CALLS


def echo_forever(connection: Connection) -> None:
    """The plain child."""
    while (message := connection.recv()) is not None:
        connection.send(message[1][0])


def check(confinement: str) -> float:
    """Time one `grader check` on the solution."""
    command = [sys.executable, "-m", "grader", "--course", str(ROOT), "check", "exercise-3"]
    started = time.perf_counter()
    subprocess.run(
        [*command, "--submission", str(ROOT / "solutions"), "--confinement", confinement],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
