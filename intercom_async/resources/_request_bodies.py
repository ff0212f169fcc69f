"""Bodies that are not written as the keywords of their methods say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from intercom_async.codec.plain import plain, plain_id as check_id
from intercom_async.errors import ConfigError
from intercom_async.fields.common import Id
from intercom_async.fields.content import TagChange
from ._validation import (
    check_dict,
    check_named,
    check_several,
    check_texts,
    checked,
    given,
    take_one,
    to_id,
    to_id_list,
    to_ids,
    with_iso,
)

if TYPE_CHECKING:
    from intercom_async.fields import (
        ContentReference,
        ExceptionFields,
        FinMessage,
        NewException,
        PersonKey,
    )


def reply_body(fields: dict[str, Any]) -> dict[str, Any]:
    """Write the body of a reply.

    Raises:
        ConfigError: Nobody or more than one replies, or a contact writes anything but a comment.
    """
    author = take_one(
        "a reply's author",
        fields,
        admin_id="admin_id",
        contact_id="intercom_user_id",
        email="email",
        user_id="user_id",
    )
    message_type = fields.pop("message_type", "comment")
    if "admin_id" not in author and message_type != "comment":
        raise ConfigError(f"contacts write comments; a {message_type} needs admin_id")
    kind = "admin" if "admin_id" in author else "user"
    return {"message_type": message_type, "type": kind, **author, **given(**fields)}


def with_commas(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Write what can be chosen from a list as the API wants it."""
    items = fields.get("list_items")
    if items is None or isinstance(items, str):
        return fields
    return {**fields, "list_items": ",".join(check_texts("list_items", items))}


def check_day(fields: NewException | ExceptionFields) -> None:
    """Make sure that a day is one.

    Raises:
        ConfigError: It has a time, which would be sent as UNIX seconds.
    """
    if isinstance(fields.get("exception_date"), datetime):
        raise ConfigError("exception_date is a day, not a moment; give a date, such as .date()")


def fin_message(name: str, message: FinMessage) -> dict[str, Any]:
    """Write a message's moments as Fin wants them; what is no dict is refused."""
    precise = check_dict(name, message).get("timestamp_ms")
    names = ("timestamp",) if isinstance(precise, str) else ("timestamp", "timestamp_ms")
    return with_iso(message, *names)


def fin_start(conversation_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Write what hands a conversation to Fin; of what was said before it takes ten messages."""
    said, attributes = fields.pop("history", None), fields.pop("attributes", None)
    history = None
    if said is not None:
        several = check_several("history", said, most=10)
        history = [fin_message("history", each) for each in several]
    about = given(history=history, attributes=attributes)
    return {
        **to_ids(conversation_id=conversation_id),
        **({"conversation_metadata": about} if about else {}),
        **fields,
        "message": fin_message("message", fields["message"]),
    }


def content_ids(content: Sequence[ContentReference]) -> Sequence[ContentReference]:
    """Return pieces of content as they are.

    Raises:
        ConfigError: They are too many at once or none, or one has no id.
    """
    check_several("content", content, least=1, most=1000)
    check_named("content", content)
    return content


def tag_change(tags: TagChange) -> dict[str, Any]:
    """Return what tags to put on and to take off.

    Raises:
        ConfigError: They are too many at once or none.
    """
    changes = checked(TagChange, tags)
    ids = {str(plain(each)) for several in changes.values() for each in several}
    check_several("add_tag_ids with remove_tag_ids", ids, least=1, most=100)
    return changes


def company_keys(ids: Sequence[Id], company_ids: Sequence[Id]) -> list[dict[str, str]]:
    """Name companies by either of their keys."""
    by_id = [{"id": each} for each in to_id_list("ids", ids)]
    by_company_id = [{"company_id": each} for each in to_id_list("company_ids", company_ids)]
    if not by_id and not by_company_id:
        raise ConfigError("no company is named: give ids or company_ids")
    return by_id + by_company_id


def person_key(name: str, person: PersonKey) -> dict[str, Any]:
    """Write the keys of a person as text.

    Raises:
        ConfigError: There are none, or one is no id.
    """
    keys = given(**check_dict(name, person))
    if not keys:
        raise ConfigError(f"{name} needs one of id, user_id, email")
    return {key: str(check_id(f"{name}: {key}", value)) for key, value in keys.items()}


def new_ticket(ticket_type_id: Id, fields: dict[str, Any]) -> dict[str, Any]:
    """Write the body that creates a ticket."""
    names = {"contact_id": "id", "external_id": "external_id", "email": "email"}
    contact = take_one("a ticket's contact", fields, **names)
    assignees = ("admin_assignee_id", "team_assignee_id")
    assignment = to_ids(**{name: fields.pop(name) for name in assignees if name in fields})
    return {
        "ticket_type_id": to_id("ticket_type_id", ticket_type_id),
        "contacts": [contact],
        **({"assignment": assignment} if assignment else {}),
        **fields,
    }


def check_components(components: Sequence[Mapping[str, Any]]) -> None:
    """Check that the components of a template are objects that name their type.

    Raises:
        ConfigError: They are not.
    """
    is_list = isinstance(components, Sequence) and not isinstance(components, str)
    if not is_list or not all(isinstance(e, Mapping) and e.get("type") for e in components):
        raise ConfigError("components must be a list of objects, each with a type, such as 'BODY'")


def split_query(fields: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split what is sent as query parameters from the fields of a contact's body."""
    return fields, {"include_merge_history": fields.pop("include_merge_history", None)}


def to_choices(options: Sequence[str]) -> list[dict[str, str]]:
    """Write the options of an attribute, two at least."""
    return [{"value": option} for option in check_texts("options", options, least=2)]
