"""Macros: answers prepared by teammates."""

from __future__ import annotations

from typing import Literal

from .base import Model


class Macro(Model, frozen=True, kw_only=True):
    """A prepared answer. Times are ISO 8601.

    What is filled in stands in the body as a tag, such as ``<attribute key="..."/>``.
    """

    id: str
    type: str | None = None
    name: str | None = None
    body: str | None = None
    body_text: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    visible_to: Literal["everyone", "specific_teams"] | str | None = None
    visible_to_team_ids: list[str] = []
    available_on: list[Literal["inbox", "messenger"] | str] = []
