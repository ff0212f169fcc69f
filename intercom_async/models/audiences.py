"""Audiences: rules that say who may see or be told something."""

from __future__ import annotations

from .base import Model, Timestamp


class Predicate(Model, frozen=True, kw_only=True):
    """One rule: an attribute, a comparison, a value."""

    attribute: str | None = None
    type: str | None = None
    comparison: str | None = None
    value: str | None = None


class Audience(Model, frozen=True, kw_only=True):
    """A set of people, as rules."""

    id: str
    type: str | None = None
    name: str | None = None
    predicates: list[Predicate] = []
    role_predicates: list[Predicate] = []
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
