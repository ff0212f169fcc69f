"""The page that a reader opens with an error at hand names every error that the package raises."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

import intercom_async
from intercom_async.errors import IntercomError, ResponseError, TransportError
from intercom_async.sync.errors import SyncError
from .snippets import ROOT

BASES = (IntercomError, ResponseError, TransportError, SyncError)
"""Errors that nothing raises: they are there to be caught."""
INNER = {"StoppedError", "OutageError"}
"""Errors that end readings within a sync and never leave it."""


def kinds(base: type[IntercomError]) -> Iterator[type[IntercomError]]:
    yield base
    for kind in base.__subclasses__():
        yield from kinds(kind)


def test_every_error_has_an_entry() -> None:
    for found in pkgutil.walk_packages(
        [f"{intercom_async.__path__[0]}/sync"], "intercom_async.sync."
    ):
        if found.name.endswith("errors"):
            import_module(found.name)
    page = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
    ours = {kind for kind in kinds(IntercomError) if kind.__module__.startswith("intercom_async.")}

    unnamed = {kind.__name__ for kind in ours - set(BASES) if f"`{kind.__name__}" not in page}
    assert unnamed - INNER == set()
