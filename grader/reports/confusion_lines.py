"""What known mistakes were taken for -> lines: the confusion table of an exercise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grader.reports.lines import Line, wrapped

HEADING = (
    f"{'exercise':<14}{'mistakes':>9}{'named':>7}{'tied':>6}{'silent':>8}{'misnamed':>10}  checks that decide"
)


@dataclass(frozen=True)
class Confusion:
    """What an exercise's known mistakes and variants were taken for.

    Args:
        named: ids that were recognised, and nothing else with them.
        ties: for an id, all that explain its answers equally well, itself among them.
        silent: ids that were not recognised.
        misnamed: for an id or a variant, what was said instead; there should be none.
        checks: all checks, in their order.
        deciding: those that at least one known mistake fails alone.
    """

    exercise: str
    named: tuple[str, ...] = ()
    ties: tuple[tuple[str, tuple[str, ...]], ...] = ()
    silent: tuple[str, ...] = ()
    misnamed: tuple[tuple[str, str], ...] = ()
    checks: tuple[str, ...] = ()
    deciding: frozenset[str] = frozenset()

    @property
    def total(self) -> int:
        """How many mistakes were tried."""
        return len(self.named) + len(self.ties) + len(self.silent) + len(self.misnamed)

    @property
    def idle(self) -> tuple[str, ...]:
        """Checks that no known mistake fails alone."""
        return tuple(one for one in self.checks if one not in self.deciding)


def confusion_lines(one: Confusion, width: int) -> Iterator[Line]:
    """Lay out the counts of an exercise, then whatever is not as it should be.

    Args:
        width: columns of the terminal.
    """
    counts = f"{one.total:>9}{len(one.named):>7}{len(one.ties):>6}{len(one.silent):>8}{len(one.misnamed):>10}"
    deciding = f"{len(one.checks) - len(one.idle)} of {len(one.checks)}"
    yield Line(f"{one.exercise:<14}{counts}  {deciding}", "failed" if one.misnamed else "passed")
    for name, ids in one.ties:
        yield from wrapped(
            f"{name} looks like {' and '.join(other for other in ids if other != name)}", "detail", width
        )
    for name in one.silent:
        yield from wrapped(f"{name} is not recognised", "detail", width)
    for name, said in one.misnamed:
        yield from wrapped(f"{name} is taken for {said}", "failed", width)
    for check in one.idle:
        yield from wrapped(f"{check} is failed by no known mistake alone", "skipped", width)
