"""Fields of news."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

from .common import Id, Moment


class NewsfeedAssignmentFields(TypedDict, total=False):
    """A feed that an item is to stand in."""

    newsfeed_id: Id
    published_at: Moment


class NewsItemOptions(TypedDict, total=False):
    """What a piece of news may have beside title and sender."""

    body: str
    """HTML."""
    state: Literal["draft", "live"] | str
    """Nobody sees it before it is live."""
    deliver_silently: bool
    """Whether the messenger shows no badge for it."""
    labels: Sequence[str]
    reactions: Sequence[str | None]
    """Emoji that readers may answer with; an empty list lets nobody answer."""
    newsfeed_assignments: Sequence[NewsfeedAssignmentFields]
