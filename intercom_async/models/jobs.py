"""Work that the API does after it has answered."""

from __future__ import annotations

from typing import Literal

from .base import Model


class Job(Model, frozen=True, kw_only=True):
    """Work that goes on after the answer."""

    id: str
    type: str | None = None
    url: str | None = None
    status: Literal["pending", "success", "failed"] | str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    resource_url: str | None = None
