"""What wrong numbers have in common with the right ones: transposed, of the other sign, one step late."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from grader.numeric import ZERO_TOLERANCE, Array
from grader.sandbox.values import same_array

INDEPENDENT = 2
Numbers = frozenset[int]


@dataclass(frozen=True)
class Pair:
    """One result of one call: the student's array beside the right one.

    Args:
        label: what the student calls it.
        columns: how many sequences a batch of this call may have had.
        steps: how many steps of time.
    """

    label: str
    mine: Array
    right: Array
    columns: Numbers = frozenset()
    steps: Numbers = frozenset()

    @property
    def wrong(self) -> bool:
        """Whether they differ."""
        return not same_array(self.mine, self.right)


@np.errstate(all="ignore")  # a student's numbers may be infinite
def describe_difference(calls: Sequence[Sequence[Pair]]) -> str:
    """Say what the first wrong result has in common with the right one in every call; empty if nothing.

    Args:
        calls: the results of each call.
    """
    by_label: dict[str, list[Pair]] = {}
    for pair in (one for call in calls for one in call if one.wrong):
        by_label.setdefault(pair.label, []).append(pair)
    for label, pairs in by_label.items():
        if len(pairs) < INDEPENDENT:
            continue
        swapped = _swapped(label, calls)
        if swapped:
            return f"Your `{label}` is what `{swapped}` should be. Are two results swapped?"
        for holds, sentence in KINDS:
            if all(map(holds, pairs)):
                return sentence.format(label)
        factor = _factor(pairs)
        if factor:
            return factor.format(label)
    return ""


def _swapped(label: str, calls: Sequence[Sequence[Pair]]) -> str:
    """Return the result whose right value this one has, in every call."""
    candidates: set[str] | None = None
    for call in calls:
        for mine in (one.mine for one in call if one.label == label and one.wrong):
            found = {one.label for one in call if one.label != label and same_array(mine, one.right)}
            candidates = found if candidates is None else candidates & found
    return min(candidates) if candidates else ""


# --- kinds of wrong numbers ---------------------------------------------------------------------------


def _matters(pair: Pair) -> bool:
    """Whether the right array says anything: an empty one, or one of zeros or nearly, is like everything."""
    return pair.mine.shape == pair.right.shape and float(np.abs(pair.right).max(initial=0)) > ZERO_TOLERANCE


def _transposed(pair: Pair) -> bool:
    return pair.mine.ndim == 2 and same_array(pair.mine.T, pair.right)


def _negated(pair: Pair) -> bool:
    return _matters(pair) and same_array(-pair.mine, pair.right)


def _zeros(pair: Pair) -> bool:
    return _matters(pair) and not pair.mine.any()


def _single_precision(pair: Pair) -> bool:
    return _matters(pair) and np.allclose(pair.mine, pair.right, rtol=1e-5, atol=1e-6) and pair.mine.size > 1


def _long(pair: Pair) -> bool:
    return _matters(pair) and pair.right.ndim == 3 and pair.right.shape[0] > 2


def _reversed(pair: Pair) -> bool:
    return _long(pair) and same_array(pair.mine[::-1], pair.right)


def _late(pair: Pair) -> bool:
    return _long(pair) and same_array(pair.mine[1:], pair.right[:-1])


def _early(pair: Pair) -> bool:
    return _long(pair) and same_array(pair.mine[:-1], pair.right[1:])


def _last_step_right(pair: Pair) -> bool:
    mine, right = pair.mine, pair.right
    return _long(pair) and same_array(mine[-1], right[-1]) and not same_array(mine[-2], right[-2])


def _first_step_right(pair: Pair) -> bool:
    mine, right = pair.mine, pair.right
    return _long(pair) and same_array(mine[0], right[0]) and not same_array(mine[1], right[1])


def _first_column_right(pair: Pair) -> bool:
    wide = _matters(pair) and pair.right.ndim > 1 and pair.right.shape[-1] > 1
    return wide and pair.right.shape[-1] in pair.columns and same_array(pair.mine[..., 0], pair.right[..., 0])


def _averaged_over(axis: int) -> Callable[[Pair], bool]:
    def holds(pair: Pair) -> bool:
        if not _matters(pair) or pair.right.ndim < 2 or pair.right.shape[axis] < 2:
            return False
        mean, total = (getattr(pair.right, name)(axis=axis, keepdims=True) for name in ("mean", "sum"))
        return any(same_array(pair.mine, np.broadcast_to(one, pair.right.shape)) for one in (mean, total))

    return holds


KINDS: tuple[tuple[Callable[[Pair], bool], str], ...] = (
    (_zeros, "Your `{0}` is all zeros. Is it filled at all, and by the line that should?"),
    (_negated, "Your `{0}` has the opposite sign everywhere; its numbers are right."),
    (_transposed, "Your `{0}` is transposed: rows and columns are swapped."),
    (_reversed, "Your `{0}` runs backwards in time: its first step holds what belongs to the last."),
    (_late, "Your `{0}` comes one step of time late: each step holds what belongs to the one before."),
    (_early, "Your `{0}` comes one step of time early: each step holds what belongs to the one after."),
    (
        _last_step_right,
        "Only the last step of your `{0}` is right. What reaches a step from the one after it?",
    ),
    (_first_step_right, "The first step of your `{0}` is right and the second is not. What is handed on?"),
    (
        _first_column_right,
        "The first column of your `{0}` is right, others are not. What treats a batch as one?",
    ),
    (_single_precision, "Your `{0}` is right to 6 digits only. Is an array of it float32?"),
    (_averaged_over(0), "All rows of your `{0}` are alike. Does a sum or a mean run over the wrong axis?"),
    (
        _averaged_over(-1),
        "All columns of your `{0}` are alike. Does a sum or mean run over the wrong axis?",
    ),
)


def _factor(pairs: Sequence[Pair]) -> str:
    """Say by which factor all are too large or too small: one that a size of the call explains first."""
    ratios = [_ratio(pair) for pair in pairs]
    if any(ratio is None for ratio in ratios):
        return ""
    known = [(ratio, pair) for ratio, pair in zip(ratios, pairs, strict=True) if ratio is not None]
    for name, sizes in (("columns of the batch", "columns"), ("steps of time", "steps")):
        for power, word in ((1, "large"), (-1, "small")):
            if len({ratio for ratio, _ in known}) > 1 and all(
                any(np.isclose(ratio, float(size) ** power) for size in getattr(pair, sizes))
                for ratio, pair in known
            ):
                return f"Your `{{0}}` is too {word} by a factor that is the number of {name}."
    first = known[0][0]
    if all(np.isclose(ratio, first) for ratio, _ in known):
        return f"Your `{{0}}` is {first:.4g} times what it should be, everywhere."
    return ""


def _ratio(pair: Pair) -> float | None:
    """Return by what the right array was multiplied; None if by no single number."""
    if not _matters(pair):
        return None
    index = np.unravel_index(int(np.argmax(np.abs(pair.right))), pair.right.shape)
    ratio = float(pair.mine[index] / pair.right[index])
    return round(ratio, 9) if ratio and same_array(pair.mine, ratio * pair.right) else None
