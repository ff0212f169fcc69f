"""What is known of a contact after it was deleted for privacy."""

from __future__ import annotations

from typing import Literal, NamedTuple

from intercom_async.models import ContactStatus


class Erasure(NamedTuple):
    """What is seen of a contact after its deletion."""

    status: ContactStatus
    """What the API answered to the deletion."""
    seen: Literal["not_found", "found", "merged"]
    """Whether a read by id finds it; ``merged`` if it had been merged into another one."""
    canonical_id: str | None = None
    """The contact it was merged into, which is not deleted by this."""
