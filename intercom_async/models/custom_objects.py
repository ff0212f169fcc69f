"""Objects of kinds that the workspace made up."""

from __future__ import annotations

from .base import JsonObject, Model, Timestamp


class CustomObjectInstance(Model, frozen=True, kw_only=True):
    """One object of a kind that the workspace made up."""

    id: str
    external_id: str | None = None
    external_created_at: Timestamp | None = None
    external_updated_at: Timestamp | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    type: str | None = None
    custom_attributes: JsonObject = {}


class CustomObjectInstances(Model, frozen=True, kw_only=True):
    """Objects that a contact's, conversation's or ticket's attribute points to."""

    type: str | None = None
    instances: list[CustomObjectInstance]


class FoundCustomObject(CustomObjectInstance, frozen=True, kw_only=True):
    """An object that was asked for by key: bare up to version 2.15, in a list from 2.16."""

    id: str = ""
    """Empty if the answer is a list."""
    data: list[CustomObjectInstance] = []
