"""Notes on people and companies."""

from __future__ import annotations

from .admins import Admin
from .base import Model, Timestamp
from .common import Reference


class Note(Model, frozen=True, kw_only=True):
    """A note that teammates see beside a contact or a company."""

    id: str
    type: str | None = None
    created_at: Timestamp | None = None
    contact: Reference | None = None
    author: Admin | None = None
    body: str | None = None
    company: Reference | None = None
