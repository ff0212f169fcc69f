"""Virtual time for every test here."""

from __future__ import annotations

from tests.support.virtual_time import anyio_backend

__all__ = ["anyio_backend"]
