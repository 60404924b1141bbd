"""The documentation as a site: ``sphinx-build -W --keep-going -b html docs OUT`` from the root of the repository.

The pages are Markdown that reads as well on a forge. What only the site has is made here, under ``docs/_made``, before
the sources are read: pictures of the gallery, tutorials as notebooks, and pages of this repository outside ``docs/``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "shared")]

import pages  # noqa: E402
import site_pages  # noqa: E402

import exactgeo  # noqa: E402

project = "exactgeo"
author = "exactgeo developers"
project_copyright = author
release = exactgeo.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
exclude_patterns = ["_build", "_made/notebooks"]

myst_heading_anchors = 3
myst_links_external_new_tab = False

html_theme = "furo"
html_title = "exactgeo"
html_static_path: list[str] = []
html_show_sphinx = False
html_copy_source = False

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"  # the docstrings give types, shapes and ranges
numpydoc_show_class_members = False  # autodoc lists them
default_role = "code"


def _before_reading(app: Any) -> None:
    site_pages.make()
    pages.write_pictures(DOCS / "gallery.md")


def _as_read(app: Any, name: str, source: list[str]) -> None:
    source[0] = site_pages.for_the_site(name, source[0])


def setup(app: Any) -> None:
    app.connect("builder-inited", _before_reading)
    app.connect("source-read", _as_read)
