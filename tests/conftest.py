"""What several test modules share; the loaders of case files are in loaders.py."""

from __future__ import annotations

import pytest
from loaders import the_notice

from checker.notice import Notice
from checker.readers import scans


@pytest.fixture(autouse=True)
def without_recognition(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests give the same whether the extra `ocr` is installed or not; those of it put a recogniser in place."""
    monkeypatch.setattr(scans, "recogniser", lambda: None)


@pytest.fixture(scope="session")
def notice() -> Notice:
    """The notice that ships."""
    return the_notice()
