"""An exercise's checks: run, compare, explain."""
