"""The untrusted side: a confined process that holds NumPy and a student's module, and its client."""

LAYERS = ("account", "namespaces", "limits", "landlock", "seccomp")
"""Names of the layers that confine a worker, in the order of the report; see ``confinement``."""

REQUIRED = ("account", "limits", "seccomp")
"""Layers that are strong by themselves; the others are a second line behind them."""
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables of the environment that say how many threads NumPy starts; one is enough for small arrays."""
LOST = 70
"""Exit status of a worker that can no longer speak to the grader."""


class ProtocolError(Exception):
    """A frame or message breaks the rules of ``protocol``; the sentence says which one."""
