"""What Intercom sends to a webhook: the envelope around an item."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from intercom_async.clock import CLOCK
from intercom_async.models.base import Timestamp

T_co = TypeVar("T_co", covariant=True)


class Notification(
    msgspec.Struct, Generic[T_co], frozen=True, kw_only=True, repr_omit_defaults=True
):
    """Something that happened in a workspace; its repr shows no id and nothing of the item."""

    topic: str
    """What happened, such as ``conversation.user.created``."""
    item: T_co
    """What it happened to."""
    key: str
    """The same for every delivery of this notification, and for no other one."""
    id: str | None = None
    """Intercom's id; None for pings."""
    app_id: str | None = None
    """The workspace, by its id_code."""
    created_at: Timestamp | None = None
    """When it happened, UNIX seconds; deliveries come in any order."""
    first_sent_at: Timestamp | None = None
    """When it was first delivered, UNIX seconds."""
    delivery_attempts: int = 1
    delivery_status: str | None = None
    """``pending``, ``retry`` or None; `CAUGHT_UP` where Intercom never delivered it."""
    raw: bytes = b""
    """The body as it was received: what goes into a queue, for `Webhooks.handle`."""

    def __repr__(self) -> str:
        return f"<Notification {self.topic} of {self.created_at}, attempt {self.delivery_attempts}>"

    @property
    def body(self) -> str:
        """The raw body as text, for queues that carry JSON."""
        return self.raw.decode("utf-8", "replace")


CAUGHT_UP = "caught_up"
"""Delivery status of a notification that `catch_up` made from the state of the workspace."""


def delay_of(event: Notification[object]) -> float | None:
    """Return the seconds from what happened to now, by this machine's clock; None if unknown."""
    return None if event.created_at is None else max(0.0, CLOCK.unix() - event.created_at)
