"""Certified paths in networks of any depth."""
