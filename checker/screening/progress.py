"""How a screening tells how far it is; what is shown of it is the command's business."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told of every step. A stage has a name; its total may grow while it runs."""

    def stage(self, name: str, total: int) -> None:
        """A stage begins, with so many steps as far as is known."""

    def grow(self, more: int) -> None:
        """The stage has so many steps more."""

    def step(self, *, fault: bool = False, kept: bool = False) -> None:
        """One step is done; `fault`: something could not be read or checked; `kept`: it was known from before."""


class Silent:
    """Shows nothing."""

    def stage(self, name: str, total: int) -> None:
        """Nothing."""

    def grow(self, more: int) -> None:
        """Nothing."""

    def step(self, *, fault: bool = False, kept: bool = False) -> None:
        """Nothing."""
