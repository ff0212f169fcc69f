"""Previews of contact merges; from Preview."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from .base import Model


class MergeReason(Model, frozen=True, kw_only=True):
    """Why two contacts cannot be merged."""

    code: (
        Literal[
            "invalid_merge_role_pair",
            "no_shared_identifier",
            "facebook_user",
            "external_lead_channel_not_allowed",
            "mailing_list",
        ]
        | str
        | None
    ) = None
    message: str | None = None


class MergedField(Model, frozen=True, kw_only=True):
    """Outcome of one field; values are texts, lists or objects."""

    field: str | None = None
    outcome: Literal["adopted", "discarded", "merged"] | str | None = None
    from_value: Any = None
    into_value: Any = None
    new_into_value: Any = None
    """The value afterwards."""


class MergedFields(Model, frozen=True, kw_only=True):
    """The fields that change, 50 at most."""

    attributes: list[MergedField] = []
    total_count: int | None = None


class MergedCount(Model, frozen=True, kw_only=True):
    """How many objects of a kind the two contacts have."""

    from_count: int | None = msgspec.field(default=None, name="from")
    """Those of the lead, which move."""
    into_count: int | None = msgspec.field(default=None, name="into")
    """Those that the user has."""


class MergedCounts(Model, frozen=True, kw_only=True):
    """What moves from the lead to the user."""

    conversations: MergedCount | None = None
    """Without tickets."""
    tickets: MergedCount | None = None
    phone_calls: MergedCount | None = None
    """Only where the lead is known by telephone."""
    tags: MergedCount | None = None
    notes: MergedCount | None = None


class MergeSummary(Model, frozen=True, kw_only=True):
    """What a merge changes."""

    attribute_changes: MergedFields | None = None
    reassignments: MergedCounts | None = None


class MergePreview(Model, frozen=True, kw_only=True):
    """Whether two contacts can be merged, and what the merge would change."""

    allowed: bool | None = None
    summary: MergeSummary | None = None
    """Only where it is allowed."""
    reasons: list[MergeReason] = []
    """Only where it is not."""
