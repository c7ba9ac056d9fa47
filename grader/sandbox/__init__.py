"""The untrusted side: a confined process that holds NumPy and a student's module, and its client."""

import importlib.util
import sys

LAYERS = ("account", "namespaces", "limits", "landlock", "seccomp")
"""Names of the layers that confine a worker, in the order of the report; see ``confinement``."""

REQUIRED = ("account", "limits", "seccomp")
"""Layers that are strong by themselves; the others are a second line behind them."""
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables of the environment that say how many threads NumPy starts; one is enough for small arrays."""
LOST = 70
"""Exit status of a worker that can no longer speak to the grader."""


def forgo_openssl() -> None:
    """Let Python's own hashes do, where it has them: OpenSSL takes 5 MB and as many ms to load."""
    if importlib.util.find_spec("_sha2" if sys.version_info >= (3, 12) else "_sha256"):
        vars(sys)["modules"].setdefault("_hashlib", None)  # so that hashlib does not find it


class ProtocolError(Exception):
    """A frame or message breaks the rules of ``protocol``; the sentence says which one."""
