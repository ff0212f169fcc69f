"""Segments: people or companies grouped by rules."""

from __future__ import annotations

from typing import Literal

from .base import Model, Timestamp


class Segment(Model, frozen=True, kw_only=True):
    """A group whose members the workspace's rules decide."""

    id: str
    type: str | None = None
    name: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    person_type: Literal["contact", "user"] | str | None = None
    count: int | None = None
    """Its members; only if `include_count` asks for it."""
