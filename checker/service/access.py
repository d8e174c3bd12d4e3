"""Who may do what: the one table of roles and actions, and the dependency that every route names its action with.

A request is let in by the first of: a bearer token, the cookie of a sign-in, the header of a sign-on proxy, or, on a
service that is open because it listens on this machine alone, by nothing at all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from fastapi import Request

Role = Literal["author", "reviewer", "admin"]
Via = Literal["open", "bearer", "cookie", "proxy"]

ROLES: Mapping[str, str] = {"author": "填报人", "reviewer": "审查人", "admin": "管理员"}
"""The roles and their names for people."""

_EVERYONE = frozenset(get_args(Role))
_REVIEWERS = frozenset({"reviewer", "admin"})
_ADMINS = frozenset({"admin"})

ACTIONS: Mapping[str, frozenset[str]] = {
    "check": _EVERYONE,  # check papers, and fetch what came of it
    "notices": _EVERYONE,  # which notices and rules there are
    "own-results": _EVERYONE,  # results of a screening; an author's are cut to its unit: `Principal.sees`
    "screen": _REVIEWERS,  # begin a screening, cancel it
    "screenings": _REVIEWERS,  # see screenings, their progress and the history of all units
    "decide": _REVIEWERS,  # accept or return a finding
    "download": _REVIEWERS,  # everything of a screening in one file
    "delete": _REVIEWERS,  # remove a screening with all its papers
    "tokens": _ADMINS,
    "metrics": _ADMINS,
    "audit": _ADMINS,
    "purge": _ADMINS,
}
"""Each action and the roles that may do it. What is not here, nobody may."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who sent a request. `unit` bounds what an author sees; `csrf` is what the forms of its pages must carry."""

    name: str
    role: Role
    unit: str = ""
    token_id: str = ""
    via: Via = "bearer"
    csrf: str = ""

    def may(self, action: str) -> bool:
        """Whether the table lets this role do it."""
        return self.role in ACTIONS[action]

    def sees(self, unit: str) -> bool:
        """Whether papers and results of `unit` may be shown: to an author only those of its own."""
        return self.role != "author" or (self.unit != "" and unit == self.unit)

    @property
    def only_unit(self) -> str | None:
        """The unit that lists must be cut to; None: all units."""
        return self.unit if self.role == "author" else None


LOCAL = Principal("本机", "admin", "", via="open")
"""Whoever sits at this machine, on a service that is open."""


def require(action: str, *, uploads: bool = False) -> Callable[[Request], Awaitable[Principal]]:
    """The dependency of a route that does `action`: gives the principal, or refuses with 401 or 403.

    It also holds the guard against forged requests (CSRF). `uploads`: the route takes in its form piece by piece with
    `uploads.received`, which does the last part of that; any other form is read here.
    """
    if action not in ACTIONS:
        raise KeyError(action)

    async def admitted(request: Request) -> Principal:
        from checker.service.doors import admit

        return await admit(request, action, uploads)

    admitted.__name__ = f"require_{action.replace('-', '_')}"
    admitted.action = action  # type: ignore[attr-defined]  # the test of the doors reads it
    return admitted
