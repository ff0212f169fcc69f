"""Catalogs of products, from Preview."""

from __future__ import annotations

from typing import Literal

from .base import Model


class CatalogUpload(Model, frozen=True, kw_only=True):
    """A catalog, or a part of one, that was received."""

    import_job_id: str | None = None
    next_part_number: int | None = None
    """What the next part is numbered; None for a catalog that is whole."""
    status: Literal["processing"] | str | None = None
    message: str | None = None
