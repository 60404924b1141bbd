"""Settings all tests share: no clock decides a test, and a clean checkout draws the same examples every time."""

import os

from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("house")
