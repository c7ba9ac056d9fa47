"""Spreads work on exercises, submissions or quizzes over processes."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from grader.sandbox.confinement import hide_from_others

Item = TypeVar("Item")
Result = TypeVar("Result")
Share = tuple[int, int]
"""Which part of an item's work is meant, and of how many parts: ``things[number::count]``."""
WHOLE: Share = (0, 1)
MAX_SHARES = 4


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
    """
    jobs = jobs or os.cpu_count() or 1
    if jobs == 1:
        yield from ([function(item, WHOLE)] for item in items)
        return
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(jobs, context, hide_from_others) as executor:
        tasks = [
            [executor.submit(function, item, (number, shares)) for number in range(shares)] for item in items
        ]
        for parts in tasks:
            yield [task.result() for task in parts]
