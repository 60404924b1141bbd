"""The exit codes of every command."""

__all__ = ["BAD_INPUT", "DONE", "INTERNAL", "INTERRUPTED", "NOT_SO", "UNDECIDED"]

DONE, NOT_SO, BAD_INPUT, UNDECIDED, INTERNAL = 0, 1, 2, 3, 4
INTERRUPTED = 130
