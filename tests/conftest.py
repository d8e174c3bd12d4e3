"""What several test modules share; the loaders of case files are in loaders.py."""

from __future__ import annotations

import pytest
from loaders import the_notice

from checker.notice import Notice


@pytest.fixture(scope="session")
def notice() -> Notice:
    """The notice that ships."""
    return the_notice()
