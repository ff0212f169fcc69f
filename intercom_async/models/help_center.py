"""Help centers, their collections and redirects."""

from __future__ import annotations

from typing import Literal

from .base import Id, Model, Timestamp


class GroupContent(Model, frozen=True, kw_only=True):
    """A collection's name in one language."""

    type: str | None = None
    name: str | None = None
    description: str | None = None


class Collection(Model, frozen=True, kw_only=True):
    """A collection of articles; it may stand in another one."""

    id: str
    workspace_id: str | None = None
    name: str | None = None
    description: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    url: str | None = None
    icon: str | None = None
    order: int | None = None
    default_locale: str | None = None
    translated_content: dict[str, GroupContent | str | None] | None = None
    """As sent: the names by language, and a ``type`` among them; `translations` leaves that out."""
    parent_id: Id | None = None
    help_center_id: Id | None = None

    @property
    def translations(self) -> dict[str, GroupContent]:
        """The name in each of its languages, by code, such as ``en`` or ``pt-BR``."""
        contents = self.translated_content or {}
        return {
            language: content
            for language, content in contents.items()
            if isinstance(content, GroupContent)
        }


class HelpCenter(Model, frozen=True, kw_only=True):
    """A help center of the workspace."""

    id: str
    workspace_id: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    identifier: str | None = None
    website_turned_on: bool | None = None
    display_name: str | None = None
    url: str | None = None
    custom_domain: str | None = None
    default: bool | None = None
    locales: list[str] = []


class HelpCenterRedirect(Model, frozen=True, kw_only=True):
    """Redirect from an old URL to an article or collection."""

    id: str
    type: str | None = None
    from_url: str | None = None
    locale: str | None = None
    help_center_id: Id | None = None
    target_type: Literal["article", "collection"] | str | None = None
    target_id: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
