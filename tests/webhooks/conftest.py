"""Virtual time for every test here that does not ask for another backend."""

from __future__ import annotations

from tests.support.virtual_time import anyio_backend

__all__ = ["anyio_backend"]
