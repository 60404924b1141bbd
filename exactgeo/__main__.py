"""``python -m exactgeo``."""

from exactgeo.cli import main

main()
