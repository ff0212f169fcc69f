"""Jobs that write up to 100 contacts or companies a request, from Preview."""

from __future__ import annotations

from typing import Literal

from .base import Model, Timestamp


class BulkTask(Model, frozen=True, kw_only=True):
    """The items of one request."""

    id: str | None = None
    item_count: int | None = None
    state: Literal["pending", "running", "completed", "completed_with_errors"] | str | None = None
    """The API does not say which items were refused."""
    created_at: Timestamp | None = None
    started_at: Timestamp | None = None
    completed_at: Timestamp | None = None


class BulkJob(Model, frozen=True, kw_only=True):
    """A job that writes items after the response."""

    id: str
    type: str | None = None
    state: Literal["pending", "running", "completed", "completed_with_errors"] | str | None = None
    """The API does not say which items were refused."""
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    completed_at: Timestamp | None = None
    tasks: list[BulkTask] = []
    url: str | None = None

    @property
    def status(self) -> str | None:
        """The state, under the name that other jobs have for it."""
        return self.state
