"""What the HTML pages share: a template that lets no raw text through, their assets, and the policy they run under."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from checker.render import phrases as say

_TEMPLATES = Path(__file__).with_name("templates")


def environment() -> Environment:
    """Templates that make every value visible and escape it."""
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_safe,
    )


def _safe(value: object) -> object:
    """Every string that a template writes passes here, so none can be forgotten; escaping comes after."""
    return say.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@lru_cache(maxsize=8)
def asset(name: str) -> str:
    """A style sheet or script of ours."""
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def policy(css: str, script: str) -> str:
    """The page may run its own style and script, known by their hashes, and load nothing else."""
    return (
        f"default-src 'none'; style-src {_hash(css)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )


def url(path: str) -> str:
    """A relative path as a link, which can be no scheme whatever the path; empty where there is none."""
    return "./" + quote(path, safe="/", errors="surrogateescape") if path else ""


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
