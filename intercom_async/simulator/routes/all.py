"""All handlers in one router: those written by hand, and by schema for every other operation."""

from __future__ import annotations

import functools

from intercom_async.simulator.errors import ApiError
from intercom_async.simulator.schema.facts import facts, fixed_form, versions_by_endpoint
from intercom_async.simulator.versions import VERSIONS, is_since
from . import (
    activity,
    articles,
    bulk,
    calls,
    catalogs,
    companies,
    company_search,
    contact_history,
    contact_lists,
    contact_states,
    contacts,
    content_tags,
    conversation_links,
    conversations,
    custom_objects,
    data_attributes,
    events,
    exports,
    fin_actions,
    messages,
    parts,
    people,
    tags,
    ticket_links,
    ticket_types,
    tickets,
    visitors,
)
from .call import Call
from .described import SchemaAnswers
from .parents import check_parent
from .registry import Handler
from .router import Router

MODULES = (
    activity,
    articles,
    bulk,
    calls,
    catalogs,
    companies,
    company_search,
    contact_history,
    contact_lists,
    contact_states,
    contacts,
    content_tags,
    conversation_links,
    conversations,
    custom_objects,
    data_attributes,
    events,
    exports,
    fin_actions,
    messages,
    parts,
    people,
    tags,
    ticket_links,
    ticket_types,
    tickets,
    visitors,
)


@functools.cache
def router() -> Router[Handler]:
    """Return a router of every operation of the known versions."""
    made: Router[Handler] = Router()
    by_hand: set[tuple[str, str]] = set()
    for module in MODULES:
        for method, template, handler, since in module.routes:
            by_hand.add((method, fixed_form(template)))
            made.add(method, template, _gated(method, template, handler, since))
    answers = SchemaAnswers(facts())
    for operation in facts().operations:
        method, template = operation.method, operation.path
        if (method, fixed_form(template)) not in by_hand:
            handler = check_parent(template, answers.handler(operation))
            made.add(method, template, _gated(method, template, handler))
    return made


def _gated(method: str, template: str, handler: Handler, since: str = VERSIONS[0]) -> Handler:
    """Refuse a call in a version that does not have the operation."""
    # PATCH is in no description, and is answered wherever PUT is.
    described = "PUT" if method == "PATCH" else method
    known = versions_by_endpoint()
    form = fixed_form(template)
    undescribed = frozenset(one for one in VERSIONS if is_since(one, since))
    versions = known.get((method, form)) or known.get((described, form)) or undescribed
    if len(versions) == len(VERSIONS):
        return handler

    def answer(call: Call) -> object:
        if call.version not in versions:
            raise ApiError(
                400,
                "intercom_version_invalid",
                "This version does not have the resource yet",
            )
        return handler(call)

    return answer
