"""The models against Intercom's OpenAPI descriptions of three versions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from intercom_async import models
from intercom_async.codec import decode, drift, reset_drift
from intercom_async.codec.coercion import is_array, is_object
from intercom_async.models import AssigneeId, Id, LooseTimestamp
from tests.support.descriptions import (
    VERSIONS,
    Node,
    answered,
    at,
    needs_descriptions,
    properties,
    resolved,
    shape,
    successes,
)
from tests.support.each import for_each, name_of
from .schemas import ANSWERS, PAGES, PIECES, SCHEMAS

pytestmark = needs_descriptions

_SEEN = "answers have it, and so have documented examples"

NOT_DESCRIBED: dict[str, str] = {
    "ActivityLogMetadata.message": _SEEN,
    "AddressableList.type": _SEEN,
    "Article.content_id": _SEEN,
    "ArticleStatistics.conversations": "examples call `conversions` this",
    "CompanyNotes.data": "answers have the notes under this name",
    "CompanyNotes.has_more": _SEEN,
    "CompanyNotes.total_count": _SEEN,
    "CompanyNotes.url": _SEEN,
    "Contact.opted_in_subscription_types": _SEEN,
    "Contact.opted_out_subscription_types": _SEEN,
    "Contact.referrer": _SEEN,
    "Contact.sms_consent": _SEEN,
    "Contact.unsubscribed_from_sms": _SEEN,
    "Contact.utm_campaign": _SEEN,
    "Contact.utm_content": _SEEN,
    "Contact.utm_medium": _SEEN,
    "Contact.utm_source": _SEEN,
    "Contact.utm_term": _SEEN,
    "ContactLocation.continent_code": _SEEN,
    "ContactLocation.country_code": _SEEN,
    "App.secure": _SEEN,
    "Conversation.ticket": _SEEN,
    "Conversation.topics": _SEEN,
    "ConversationPart.external_reply_send_state": _SEEN,
    "ConversationPart.seen_state": _SEEN,
    "ConversationTeammates.admins": "answers have the teammates under this name",
    "DeletedObject.type": "the field has either name, by endpoint",
    "Me.away_status_reason_id": "inherited from Admin",
    "Me.team_priority_level": "inherited from Admin",
    "Message.owner": _SEEN,
    "PhoneSwitch.url": _SEEN,
    "QuickReplyOption.translations": "described where it is used, not in the schema",
    "SocialProfiles.type": _SEEN,
    "Ticket.channel": _SEEN,
    "Ticket.company_id": _SEEN,
    "Ticket.ticket_state_external_label": "stands beside a textual state",
    "Ticket.ticket_state_internal_label": "stands beside a textual state",
    "TicketType.is_internal": _SEEN,
    "TicketTypeAttributes.data": "answers have it under this name (intercom-node issue 499)",
    "Visitor.last_request_at": "described with a letter missing",
    "WhatsAppStatus.user_id": _SEEN,
}
"""Fields that no description has, and where they are known from."""

OTHER_NAME: dict[str, str] = {
    "CompanyNotes.notes": "recorded answers call it `data`; this name is read by repair",
    "ConversationTeammates.teammates": "recorded answers call it `admins`; see above",
}
"""Fields that are described under a name which answers do not use, and what they do use."""

OTHER_KIND: dict[str, str] = {
    "ChangedValue.label": "a string or a list of strings, a union that has no type of its own",
}
"""Fields declared otherwise than described, and why."""

DRIFT_IN_EXAMPLES: dict[tuple[str, str], str] = {
    ("Ticket", "ticket_state"): "one operation's example has text; it is an object in all others",
}
"""Fields whose documented examples contradict the models, and why the models are right."""

_EITHER: dict[type, tuple[str, ...]] = {
    Id: ("string", "integer"),
    AssigneeId: ("string", "integer"),
    LooseTimestamp: ("string", "integer", "object"),
}

_KINDS: dict[str, tuple[type[inspect.Type], ...]] = {
    "string": (inspect.StrType, inspect.LiteralType),
    "integer": (inspect.IntType,),
    "number": (inspect.FloatType,),
    "boolean": (inspect.BoolType,),
    "array": (inspect.ListType,),
    "object": (inspect.StructType, inspect.DictType),
}


def fields_of(model: type[msgspec.Struct]) -> dict[str, inspect.Type]:
    described = inspect.type_info(model)
    assert isinstance(described, inspect.StructType)
    return {field.encode_name: field.type for field in described.fields}


def members_of(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    return kind.types if isinstance(kind, inspect.UnionType) else (kind,)


def takes(kind: inspect.Type, node: Node, version: str) -> bool:
    """Say whether a declared type reads what a schema describes without a second try."""
    node = resolved(node, version)
    return any(member_takes(member, node, version) for member in members_of(kind))


def member_takes(member: inspect.Type, node: Node, version: str) -> bool:
    described = node.get("type", "object")
    if isinstance(member, inspect.AnyType):
        return True
    if isinstance(member, inspect.CustomType):
        return described in _EITHER[member.cls]
    if isinstance(member, inspect.ListType) and described == "array":
        return takes(member.item_type, node.get("items", {"type": "object"}), version)
    return isinstance(member, _KINDS[described])


def described_fields(model: type[models.Model]) -> Iterator[tuple[str, str, Node]]:
    """Give version, name and schema of every field that a description has for a model."""
    for version in VERSIONS:
        for address in SCHEMAS[model]:
            node = at(address, version)
            if node is not None:
                for name, value in properties(node, version).items():
                    yield version, name, value


@for_each(SCHEMAS, name_of)
def test_model_has_every_field_of_its_schemas_in_a_type_that_reads_it(
    model: type[models.Model],
) -> None:
    declared = fields_of(model)

    for version, name, node in described_fields(model):
        place = f"{model.__name__}.{name}"
        if place in OTHER_NAME:
            continue
        assert name in declared, f"{place} is missing (version {version})"
        if place not in OTHER_KIND:
            assert takes(declared[name], node, version), f"{place}, version {version}: {node}"


@for_each(SCHEMAS, name_of)
def test_model_has_no_field_out_of_nowhere(model: type[models.Model]) -> None:
    described = {name for _, name, _ in described_fields(model)}
    known = {
        place.split(".")[1] for place in NOT_DESCRIBED if place.startswith(model.__name__ + ".")
    }

    assert fields_of(model).keys() - described == known


@pytest.mark.parametrize("version", VERSIONS)
def test_every_schema_of_an_answer_is_read_by_something(version: str) -> None:
    named = {address.split("/")[0] for places in SCHEMAS.values() for address in places}

    assert answered(version) - named - PAGES.keys() - PIECES.keys() == set()


def test_every_model_is_compared_with_a_schema() -> None:
    exported = {getattr(models, name) for name in models.__all__}
    known = {
        models.Model,
        models.Pages,
        models.PageCursor,
        # Described as the whole conversation, which it is not.
        models.ConversationCustomers,
        # On a page of the reference only.
        models.DeletedContact,
    }
    envelopes = {one for one in exported if hasattr(one, "__parameters__")}
    structs = {one for one in exported if isinstance(one, type) and issubclass(one, models.Model)}
    extended = {one for one in structs if not SCHEMAS.keys().isdisjoint(one.__mro__[1:])}

    assert structs - SCHEMAS.keys() - known - envelopes - extended == set()


def model_of(operation: str, media: Node) -> Any:
    """Return what the answer of an operation is read into."""
    wanted = shape(operation)
    for name, answer in ANSWERS.items():
        if shape(name) == wanted:
            return answer
    for model, addresses in SCHEMAS.items():
        if f"OP {wanted}" in map(shape, addresses):
            return model
    schema = media["schema"]
    if "allOf" in schema:
        schema = schema["allOf"][0]
    name = schema["$ref"].rsplit("/", 1)[-1]
    if name in PAGES:
        return PAGES[name]
    return next(model for model, addresses in SCHEMAS.items() if name in addresses)


def examples(version: str) -> Iterator[tuple[str, Any, Any]]:
    """Give operation, model and value of every documented success."""
    for operation, media in successes(version):
        for example in media.get("examples", {}).values():
            if example.get("value") not in (None, "", {}):
                yield operation, model_of(operation, media), example["value"]


@pytest.mark.parametrize("version", VERSIONS)
def test_documented_examples_are_read_without_drift(version: str) -> None:
    reset_drift()

    count = 0
    for operation, model, value in examples(version):
        decode(json.dumps(value, default=str).encode(), model, call=operation)
        count += 1

    assert count > 100
    assert {(one.resource, one.field) for one in drift()} - DRIFT_IN_EXAMPLES.keys() == set()


def skipped(kind: inspect.Type, value: object) -> Iterator[tuple[str, str]]:
    """Give model and name of all fields that a value has and its declared type has not."""
    for member in members_of(kind):
        if isinstance(member, inspect.StructType) and is_object(value):
            known = {field.encode_name: field.type for field in member.fields}
            yield from ((member.cls.__name__, name) for name in value.keys() - known.keys())
            entries = [(known[name], entry) for name, entry in value.items() if name in known]
        elif isinstance(member, inspect.DictType) and is_object(value):
            entries = [(member.value_type, entry) for entry in value.values()]
        elif isinstance(member, inspect.ListType) and is_array(value):
            entries = [(member.item_type, entry) for entry in value]
        else:
            entries = []
        for inner, entry in entries:
            yield from skipped(inner, entry)


@pytest.mark.parametrize("version", VERSIONS)
def test_models_have_every_field_of_documented_examples(version: str) -> None:
    lost = {
        place
        for _, model, value in examples(version)
        for place in skipped(inspect.type_info(model), value)
    }

    assert lost == {place for place in lost if ".".join(place) in OTHER_NAME}
