"""Verdicts for people: text now, tables and pages beside it."""
