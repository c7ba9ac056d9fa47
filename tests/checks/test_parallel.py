"""Work that is spread over processes comes back whole and in order."""

from __future__ import annotations

import functools
import os

import pytest

from grader.checks.parallel import Share, map_shares


def some_of(values: dict[str, list[int]], name: str, share: Share) -> tuple[list[int], int]:
    number, count = share
    return values[name][number::count], os.getpid()


VALUES = {"short": [1], "long": list(range(10))}


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_shares_of_an_item_add_up_to_it_whoever_does_them(jobs: int) -> None:
    found = list(map_shares(functools.partial(some_of, VALUES), ("long", "short"), jobs=jobs))
    assert [sorted(value for part, _ in parts for value in part) for parts in found] == [
        VALUES["long"],
        VALUES["short"],
    ]
    here = {process == os.getpid() for parts in found for _, process in parts}
    assert here == {jobs == 1}


def test_what_cannot_be_cut_is_one_share() -> None:
    ((part,),) = map_shares(functools.partial(some_of, VALUES), ["long"], jobs=2, shares=1)
    assert part[0] == VALUES["long"]


def test_an_error_of_one_share_reaches_the_caller() -> None:
    with pytest.raises(KeyError, match="missing"):
        list(map_shares(functools.partial(some_of, VALUES), ["missing"], jobs=2))
