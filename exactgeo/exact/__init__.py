"""Exact arithmetic and the one border between float and exact."""
