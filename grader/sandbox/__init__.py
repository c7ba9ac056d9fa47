"""The untrusted side: a confined process that holds NumPy and a student's module, and its client."""

LAYERS = ("account", "namespaces", "limits", "landlock", "seccomp")
"""Names of the layers that confine a worker, in the order of the report; see ``confinement``."""
