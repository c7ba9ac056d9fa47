"""The untrusted side: a confined process that holds NumPy and a student's module, and its client."""
