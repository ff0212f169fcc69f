"""Banners shown in the Messenger's place on a page."""

from __future__ import annotations

from .base import JsonObject, Model, Timestamp


class BannerReaction(Model, frozen=True, kw_only=True):
    """One emoji that people can answer a banner with."""

    index: int | None = None
    unicode_emoticon: str | None = None


class BannerAction(Model, frozen=True, kw_only=True):
    """What a banner invites to."""

    type: str | None = None
    label: str | None = None
    target: str | None = None
    reaction_set: list[BannerReaction] | None = None
    tour_id: str | None = None
    tour_url: str | None = None


class Banner(Model, frozen=True, kw_only=True):
    """A banner, as one person would see it."""

    id: str
    type: str | None = None
    view_id: str | None = None
    title: str | None = None
    body: str | None = None
    style: str | None = None
    position: str | None = None
    show_dismiss_button: bool | None = None
    action: BannerAction | None = None
    client_targeting: list[JsonObject] | None = None
    created_at: Timestamp | None = None


class BannerDismissal(Model, frozen=True, kw_only=True):
    """The confirmation that a banner was put away."""

    type: str | None = None
    view_id: str | None = None
    dismissed: bool | None = None
