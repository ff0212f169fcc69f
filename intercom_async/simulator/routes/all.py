"""All handlers in one router."""

from __future__ import annotations

from intercom_async.simulator.router import Router

from . import (
    articles,
    companies,
    contact_lists,
    contacts,
    conversations,
    events,
    parts,
    people,
    tags,
)
from .registry import Handler

MODULES = (
    articles,
    companies,
    contact_lists,
    contacts,
    conversations,
    events,
    parts,
    people,
    tags,
)


def router() -> Router[Handler]:
    """Return a router of every handler that is written by hand."""
    made: Router[Handler] = Router()
    for module in MODULES:
        for method, template, handler in module.routes:
            made.add(method, template, handler)
    return made
