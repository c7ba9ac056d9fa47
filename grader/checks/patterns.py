"""What wrong numbers have in common with the right ones: transposed, of the other sign, one step late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader.numeric import ZERO_TOLERANCE, Array
from grader.sandbox.values import same_array

INDEPENDENT = 2
TRANSPOSED = "Your `{0}` is transposed: rows and columns are swapped."
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
    for call in calls:
        for pair in call:
            if pair.wrong:
                by_label.setdefault(pair.label, []).append(pair)
    for label, pairs in by_label.items():
        if len(pairs) < INDEPENDENT:
            continue
        swapped = _swapped(label, calls)
        if swapped:
            return f"Your `{label}` is what `{swapped}` should be. Are two results swapped?"
        true = [_sentences(pair) for pair in pairs]
        for sentence in true[0]:
            if all(sentence in others for others in true):
                return sentence.format(label)
        factor = _factor(pairs)
        if factor:
            return factor.format(label)
    return ""


def _swapped(label: str, calls: Sequence[Sequence[Pair]]) -> str:
    """Return the result whose right value this one has, in every call."""
    candidates: set[str] | None = None
    for call in calls:
        for pair in call:
            if pair.label == label and pair.wrong:
                others = (other for other in call if other.label != label)
                found = {other.label for other in others if same_array(pair.mine, other.right)}
                candidates = found if candidates is None else candidates & found
    return min(candidates) if candidates else ""


# --- kinds of wrong numbers ---------------------------------------------------------------------------


def _matters(pair: Pair) -> bool:
    """Whether the right array says anything: an empty one, or one of zeros or nearly, is like everything."""
    return pair.mine.shape == pair.right.shape and float(np.abs(pair.right).max(initial=0)) > ZERO_TOLERANCE


def _sentences(pair: Pair) -> list[str]:
    """Return what is true of one wrong result, what says most first."""
    mine, right = pair.mine, pair.right
    transposed = mine.ndim == 2 and same_array(mine.T, right)
    if not _matters(pair):
        return [TRANSPOSED] if transposed else []
    in_time = right.ndim == 3 and right.shape[0] > 2
    batch = right.ndim > 1 and right.shape[-1] > 1 and right.shape[-1] in pair.columns
    found = {
        "Your `{0}` is all zeros. Is it filled at all, and by the line that should?": not mine.any(),
        "Your `{0}` has the opposite sign everywhere; its numbers are right.": same_array(-mine, right),
        TRANSPOSED: transposed,
        "Your `{0}` runs backwards in time: its first step holds what belongs to the last.": (
            in_time and same_array(mine[::-1], right)
        ),
        "Your `{0}` comes one step of time late: each step holds what belongs to the one before.": (
            in_time and same_array(mine[1:], right[:-1])
        ),
        "Your `{0}` comes one step of time early: each step holds what belongs to the one after.": (
            in_time and same_array(mine[:-1], right[1:])
        ),
        "Only the last step of your `{0}` is right. What reaches a step from the one after it?": (
            in_time and same_array(mine[-1], right[-1]) and not same_array(mine[-2], right[-2])
        ),
        "The first step of your `{0}` is right and the second is not. What is handed on?": (
            in_time and same_array(mine[0], right[0]) and not same_array(mine[1], right[1])
        ),
        "The first column of your `{0}` is right, others are not. What treats a batch as one?": (
            batch and same_array(mine[..., 0], right[..., 0])
        ),
        "Your `{0}` is right to 6 digits only. Is an array of it float32?": (
            mine.size > 1 and np.allclose(mine, right, rtol=1e-5, atol=1e-6)
        ),
        "All rows of your `{0}` are alike. Does a sum or a mean run over the wrong axis?": _alike(pair, 0),
        "All columns of your `{0}` are alike. Does a sum or mean run over the wrong axis?": _alike(pair, -1),
    }
    return [sentence for sentence, true in found.items() if true]


def _alike(pair: Pair, axis: int) -> bool:
    """Whether the result is the mean or the sum of the right one over an axis, repeated along it."""
    if pair.right.ndim < 2 or pair.right.shape[axis] < 2:
        return False
    means = pair.right.mean(axis=axis, keepdims=True), pair.right.sum(axis=axis, keepdims=True)
    return any(same_array(pair.mine, np.broadcast_to(mean, pair.right.shape)) for mean in means)


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
