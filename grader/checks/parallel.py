"""Spreads work on exercises, submissions or quizzes over processes."""

from __future__ import annotations

import ctypes
import functools
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from typing import Any, TypeVar

from grader.sandbox.confinement import hide_from_others

Item = TypeVar("Item")
Result = TypeVar("Result")
Share = tuple[int, int]
"""Which part of an item's work is meant, and of how many parts: ``things[number::count]``."""
WHOLE: Share = (0, 1)
MAX_SHARES = 4
CANNOT_START = (
    "no process could be started; each one runs the script again that started it, so in a script, "
    'call this below `if __name__ == "__main__":`; in a shell, see whether `ulimit -u` allows more of them'
)


class ProcessesBroken(RuntimeError):
    """Nothing was done, since no process could be started; the text says what to do."""


def process_pools(jobs: int) -> tuple[Callable[[], ProcessPoolExecutor], Callable[[], bool]]:
    """Return what makes executors on this machine, and what tells whether any process of theirs ever started.

    Their processes end when this one does, even if it is killed. A process that runs a script again, which
    would start processes of its own, ends here without a word: whoever started it says what is wrong.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):  # as `multiprocessing` asks it
        sys.exit(1)
    context = multiprocessing.get_context("spawn")
    started = context.RawValue(ctypes.c_bool, False)  # without a lock, which a killed process might hold
    new = functools.partial(ProcessPoolExecutor, jobs, context, _start, (started,))
    return new, lambda: bool(started.value)


def _start(started: Any) -> None:
    hide_from_others()
    parent = multiprocessing.parent_process()
    if parent is not None:

        def wait_and_end() -> None:
            parent.join()
            os._exit(1)

        try:
            threading.Thread(target=wait_and_end, daemon=True).start()
        except RuntimeError:  # a thread counts as a process: this machine lets no further one start
            os._exit(1)
    started.value = True


def map_shares(
    function: Callable[[Item, Share], Result],
    items: Iterable[Item],
    *,
    jobs: int = 0,
    shares: int = MAX_SHARES,
) -> Iterator[list[Result]]:
    """Call a function for each share of each item; yield an item's results, in the order of the items.

    Args:
        function: is sent to other processes, so it and what it returns can be pickled.
        items: are begun in this order; what takes longest should come first.
        jobs: processes; 0 means one a processor. With 1 everything happens here, an item at once.
        shares: into which one item is cut, so that a long one does not end alone.

    Raises:
        ProcessesBroken: no process could be started.
    """
    jobs = jobs or os.cpu_count() or 1
    if jobs == 1:
        yield from ([function(item, WHOLE)] for item in items)
        return
    new_pool, started = process_pools(jobs)
    try:
        with new_pool() as executor:
            tasks = [
                [executor.submit(function, item, (number, shares)) for number in range(shares)]
                for item in items
            ]
            for parts in tasks:
                yield [task.result() for task in parts]
    except BrokenExecutor:
        if started():
            raise
        raise ProcessesBroken(CANNOT_START) from None
