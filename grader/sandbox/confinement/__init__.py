"""What keeps a worker from doing harm: layers that each refuse on their own, applied before student code.

`prepare` runs once in the warm process, `confine` in every worker. A layer that the machine does not offer
is left out and not claimed; a layer that fails half-way keeps the worker from starting.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from grader.sandbox import LAYERS, kernel
from grader.sandbox.confinement import landlock, limits, namespaces, seccomp


@dataclass(frozen=True)
class Budget:
    """What one worker may use.

    Args:
        memory_bytes: on top of what the warm process maps already.
        cpu_seconds: processor time.
    """

    memory_bytes: int
    cpu_seconds: int


@dataclass(frozen=True)
class Confinement:
    """The layers that are ready to be applied to workers of this process.

    Args:
        layers: their names, in the order of ``LAYERS``.
        mapped_bytes: address space that the warm process uses, before any student code.
    """

    layers: tuple[str, ...]
    mapped_bytes: int


def prepare(wanted: Iterable[str]) -> Confinement:
    """Find out which of the wanted layers this machine offers, and enter those that workers inherit.

    Afterwards the calling process may be another one than before: the first of its own namespaces.
    """
    wanted = set(wanted)
    ready = set()
    mapped = limits.mapped_bytes() if os.name == "posix" else 0
    if "account" in wanted and kernel.give_up_privileges():
        ready.add("account")
    if "namespaces" in wanted and sys.platform == "linux" and namespaces.enter():
        ready.add("namespaces")
    if "limits" in wanted and os.name == "posix":
        ready.add("limits")
    if "landlock" in wanted and landlock.abi():
        ready.add("landlock")
    if "seccomp" in wanted and seccomp.available():
        ready.add("seccomp")
    if ready:
        kernel.hide_from_others()
    return Confinement(tuple(layer for layer in LAYERS if layer in ready), mapped)


def confine(confinement: Confinement, parent: int, budget: Budget) -> None:
    """Confine the calling process and everything it will start; nothing is given back.

    Args:
        parent: process id of the warm process; a worker whose parent has gone ends at once.

    Raises:
        OSError: a layer that was ready cannot be applied.
    """
    layers = confinement.layers
    if sys.platform == "linux":
        kernel.die_with_parent(parent)
    if "landlock" in layers:
        landlock.apply()
    if "limits" in layers:
        limits.apply(confinement.mapped_bytes + budget.memory_bytes, budget.cpu_seconds)
    if "seccomp" in layers:
        seccomp.apply()
