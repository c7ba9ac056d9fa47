"""The course checks itself and is handed out: verify, lint, mutants, hand-out, recorder, leaks."""
