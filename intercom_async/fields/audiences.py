"""Fields of audiences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict


class PredicateFields(TypedDict, total=False):
    """One rule: an attribute, a comparison, a value."""

    attribute: str
    type: str
    comparison: str
    value: str


class AudienceOptions(TypedDict, total=False):
    """What an audience may have beside its name."""

    predicates: Sequence[PredicateFields]
    role_predicates: Sequence[PredicateFields]
    """Rules about whether people are users, leads or visitors."""


class AudienceFields(AudienceOptions, total=False):
    """Writable fields of an audience; a key left out keeps its value."""

    name: str
