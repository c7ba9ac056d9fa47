"""A self-grading course on recurrent networks: the program that checks, explains and records."""

__version__ = "0.1.0"
