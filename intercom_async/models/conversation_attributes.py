"""Attributes that a workspace gives its conversations."""

from __future__ import annotations

from typing import Literal

from .base import Id, Model, Timestamp


class ConversationAttributeOption(Model, frozen=True, kw_only=True):
    """One value of an attribute that is a choice."""

    id: str
    label: str | None = None
    archived: bool | None = None


class ConversationAttributeReference(Model, frozen=True, kw_only=True):
    """Which custom objects an attribute points to, and how many."""

    type: Literal["one", "many"] | str | None = None
    object_type_id: str | None = None


class ConversationAttribute(Model, frozen=True, kw_only=True):
    """An attribute of conversations.

    Which of the last fields are there depends on `data_type`.
    """

    id: Id
    type: str | None = None
    name: str | None = None
    description: str | None = None
    data_type: (
        Literal[
            "string", "integer", "list", "decimal", "boolean", "datetime", "relationship", "files"
        ]
        | str
        | None
    ) = None
    required: bool | None = None
    visible_to_team_ids: list[str] = []
    archived: bool | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    admin_id: Id | None = None
    multiline: bool | None = None
    options: list[ConversationAttributeOption] = []
    reference: ConversationAttributeReference | None = None
