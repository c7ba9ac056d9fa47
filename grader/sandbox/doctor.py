"""Tries on this machine what confinement should refuse: each layer alone, by doing the forbidden thing."""

import os
from dataclasses import dataclass

from grader.sandbox import LAYERS, REQUIRED
from grader.sandbox.pool import WorkerPool
from grader.sandbox.worker import NoProcess, WorkerBroken

PROBES = {
    "account": ("become root, or read what only root may", "os.setuid(0); open('/etc/shadow').close()"),
    "namespaces": ("see the grader's process", "os.kill({grader}, 0)"),
    "limits": ("map twice the memory allowed, or start a process", "{memory}"),
    "landlock": ("read a file of the system", "open('/etc/passwd').close()"),
    "seccomp": ("open a network socket", "__import__('socket').socket().close()"),
}
MEMORY = "bytearray(1 << 30)"
MEANING = {
    "account": "student code runs with the grader's privileges: never grade strangers' code as root",
    "namespaces": "student code sees the machine's processes and network; other layers still refuse both",
    "limits": "memory and processes are unbounded: one submission can stall the machine",
    "landlock": "one line of defence less around files; seccomp still refuses to open any",
    "seccomp": "network and system calls are open: grade only code you trust, or use Linux",
}
SOURCE = """
import os

def probe():
    try:
        {attempt}
    except BaseException:
        return "refused"
    return "allowed"
"""


@dataclass(frozen=True)
class Finding:
    """What a probe found about one layer: whether it is there and refused, and what its absence means."""

    layer: str
    tried: str
    active: bool
    meaning: str


def probe(layer: str, layers: tuple[str, ...] | None = None) -> Finding:
    """Try what one layer should refuse.

    Args:
        layers: those that are switched on; None means this one alone.

    Raises:
        NoProcess: the system starts no more processes.
    """
    tried, attempt = PROBES[layer]
    source = SOURCE.format(attempt=attempt.format(grader=os.getpid(), memory=MEMORY))
    try:
        with WorkerPool(layers=(layer,) if layers is None else layers) as pool:
            worker = pool.open()
            worker.load("probe", "probe.py", source.encode(), 10.0)
            active = worker.call("probe", (), 10.0).value == "refused" and layer in worker.layers
            worker.end()
    except NoProcess:
        raise
    except WorkerBroken:
        active = False
    return Finding(layer, tried, active, "" if active else MEANING[layer])


def verdict(findings: list[Finding]) -> str:
    """Return one sentence on what this machine is good for."""
    active = {finding.layer for finding in findings if finding.active}
    if active == set(LAYERS):
        return "strong: every layer is active"
    if active >= set(REQUIRED):
        return f"strong, without {' and '.join(layer for layer in LAYERS if layer not in active)}"
    return "weak: grade only code you trust here, or use Linux (a container, WSL2 or CI)"
