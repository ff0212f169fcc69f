"""People, conversations and tickets: what is split, renamed, composed or refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from intercom_async import ConfigError, Intercom
from intercom_async.errors import GoneError, NotFoundError
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply
from tests.support.virtual_time import run_virtual

Use = Callable[[Intercom], Awaitable[object]]

NAIVE = datetime(2026, 1, 2)  # noqa: DTZ001 (what is to be refused)

ANYTHING: dict[str, Any] = {
    "type": "any",
    "id": "1",
    "data": [],
    "activity_logs": [],
    "conversations": [],
    "events": [],
    "tickets": [],
}


def reply(body: object, status: int = 200, **headers: str) -> Reply:
    return Reply(status, headers, msgspec.json.encode(body))


def run(use: Use, *answers: Reply) -> tuple[Any, list[tuple[str, Any]]]:
    """Return what came of a call and what was sent: verb and path, and body."""
    memory = MemoryTransport(answers or [reply(ANYTHING)])

    async def main() -> Any:
        async with Intercom("token", version="2.16", transport=memory) as intercom:
            return await use(intercom)

    result = run_virtual(main())
    return result, [
        (
            f"{request.method} {request.url.removeprefix('https://api.intercom.io')}",
            None if request.body is None else msgspec.json.decode(request.body),
        )
        for request in memory.requests
    ]


def refused(use: Use) -> str:
    """Return why a call is refused, and make sure that nothing is sent for it."""
    memory = MemoryTransport([])

    async def main() -> None:
        async with Intercom("token", version="2.16", transport=memory) as intercom:
            await use(intercom)

    with pytest.raises((ConfigError, TypeError)) as caught:
        run_virtual(main())
    assert memory.requests == []
    return str(caught.value)


SPLIT: list[tuple[str, Use, str, Any]] = [
    (
        "redact a part",
        lambda i: i.conversations.redact_part(conversation_id=9, part_id=3),
        "POST /conversations/redact",
        {"type": "conversation_part", "conversation_id": "9", "conversation_part_id": "3"},
    ),
    (
        "redact the first message",
        lambda i: i.conversations.redact_source(conversation_id="9", source_id="3"),
        "POST /conversations/redact",
        {"type": "source", "conversation_id": "9", "source_id": "3"},
    ),
    (
        "a comment in a ticket, as a contact",
        lambda i: i.tickets.reply(7, body="b", contact_id="c"),
        "POST /tickets/7/reply",
        {"message_type": "comment", "type": "user", "intercom_user_id": "c", "body": "b"},
    ),
    (
        "a note on a ticket, posted across",
        lambda i: i.tickets.reply(7, message_type="note", body="b", admin_id=1, cross_post=True),
        "POST /tickets/7/reply",
        {
            "message_type": "note",
            "type": "admin",
            "admin_id": "1",
            "body": "b",
            "cross_post": True,
        },
    ),
    (
        "add a contact to a conversation",
        lambda i: i.conversations.attach_contact(9, admin_id=1, contact_id="c"),
        "POST /conversations/9/customers",
        {"admin_id": "1", "customer": {"intercom_user_id": "c"}},
    ),
    (
        "take a contact out of a conversation",
        lambda i: i.conversations.detach_contact(conversation_id=9, contact_id="c", admin_id=1),
        "DELETE /conversations/9/customers/c",
        {"admin_id": "1"},
    ),
    (
        "untag a conversation",
        lambda i: i.conversations.detach_tag(9, 5, admin_id=1),
        "DELETE /conversations/9/tags/5",
        {"admin_id": "1"},
    ),
    (
        "merge conversations",
        lambda i: i.conversations.merge(conversation_id="9", into_id="10"),
        "POST /conversations/9/merge",
        {"merge_into_conversation_id": 10},
    ),
    (
        "a new ticket",
        lambda i: i.tickets.create(
            ticket_type_id=4, email="e", admin_assignee_id=1, ticket_attributes={"x": 1}
        ),
        "POST /tickets",
        {
            "ticket_type_id": "4",
            "contacts": [{"email": "e"}],
            "assignment": {"admin_assignee_id": "1"},
            "ticket_attributes": {"x": 1},
        },
    ),
    (
        "who changes a ticket",
        lambda i: i.tickets.update(7, admin_id="12", company_id=None),
        "PUT /tickets/7",
        {"admin_id": 12, "company_id": None},
    ),
    (
        "an attribute of a ticket type",
        lambda i: i.ticket_types.create_attribute(
            4, name="n", description="d", data_type="list", list_items=["a", "b"]
        ),
        "POST /ticket_types/4/attributes",
        {"name": "n", "description": "d", "data_type": "list", "list_items": "a,b"},
    ),
    (
        "tag contacts",
        lambda i: i.tags.tag_contacts([1, "2"], name="vip"),
        "POST /tags",
        {"name": "vip", "users": [{"id": "1"}, {"id": "2"}]},
    ),
    (
        "untag companies by both keys",
        lambda i: i.tags.untag_companies(["a"], company_ids=["b"], name="vip"),
        "POST /tags",
        {
            "name": "vip",
            "companies": [{"id": "a", "untag": True}, {"company_id": "b", "untag": True}],
        },
    ),
    (
        "rename a tag",
        lambda i: i.tags.update(5, name="vip"),
        "POST /tags",
        {"id": "5", "name": "vip"},
    ),
    (
        "an e-mail",
        lambda i: i.messages.send_email(
            admin_id="1", to={"type": "user", "id": "c"}, subject="s", body="b"
        ),
        "POST /messages",
        {
            "message_type": "email",
            "from": {"type": "admin", "id": 1},
            "to": {"type": "user", "id": "c"},
            "subject": "s",
            "body": "b",
            "template": "plain",
        },
    ),
    (
        "a WhatsApp message",
        lambda i: i.messages.send_whatsapp(
            admin_id=1,
            to={"phone": "+353871234567"},
            template="welcome",
            components=[{"type": "BODY", "parameters": [{"type": "text", "text": "Ada"}]}],
            locale="en",
        ),
        "POST /messages",
        {
            "message_type": "whatsapp",
            "from": {"type": "admin", "id": 1},
            "to": {"phone": "+353871234567"},
            "template": "welcome",
            "components": [{"type": "BODY", "parameters": [{"type": "text", "text": "Ada"}]}],
            "locale": "en",
        },
    ),
    (
        "an attribute that is a choice",
        lambda i: i.data_attributes.create_choice(name="n", model="contact", options=["a", "b"]),
        "POST /data_attributes",
        {
            "name": "n",
            "model": "contact",
            "data_type": "options",
            "options": [{"value": "a"}, {"value": "b"}],
        },
    ),
    (
        "options of a conversation's attribute",
        lambda i: i.conversation_attributes.create(name="n", data_type="list", options=["a"]),
        "POST /conversations/attributes",
        {"name": "n", "data_type": "list", "options": [{"label": "a"}]},
    ),
    (
        "a visitor becomes a user",
        lambda i: i.visitors.convert(type="user", user={"email": "e"}, visitor={"user_id": 5}),
        "POST /visitors/convert",
        {"type": "user", "user": {"email": "e"}, "visitor": {"user_id": "5"}},
    ),
    (
        "merge contacts",
        lambda i: i.contacts.merge(from_id="l", into_id="u", skip_duplicate_validation=True),
        "POST /contacts/merge",
        {"from": "l", "into": "u", "skip_duplicate_validation": True},
    ),
    (
        "moments in a query",
        lambda i: i.admins.list_activity_logs(
            created_at_after=datetime(2030, 1, 1, tzinfo=UTC)
        ).first(),
        "GET /admins/activity_logs?created_at_after=1893456000",
        None,
    ),
    (
        "events of a contact",
        lambda i: i.events.list(email="a+b@example.test").first(),
        "GET /events?type=user&email=a%2Bb%40example.test",
        None,
    ),
    (
        "a summary of events",
        lambda i: i.events.summarize(user_id=5),
        "GET /events?type=user&summary=true&user_id=5",
        None,
    ),
    (
        "what a search adds is in the address",
        lambda i: i.conversations.search(
            {"field": "state", "operator": "=", "value": "open"}, include_monitors=True
        ).first(),
        "POST /conversations/search?include_monitors=true",
        {"query": {"field": "state", "operator": "=", "value": "open"}},
    ),
]


@pytest.mark.parametrize(
    ("use", "line", "body"), [case[1:] for case in SPLIT], ids=[case[0] for case in SPLIT]
)
def test_a_verb_sends_what_it_stands_for(use: Use, line: str, body: Any) -> None:
    _, sent = run(use)

    assert sent == [(line, body)]


REFUSED: list[tuple[str, Use, str]] = [
    ("no author", lambda i: i.conversations.reply(9, body="b"), "admin_id, contact_id"),
    ("two authors", lambda i: i.tickets.reply(9, body="b", admin_id=1, email="e"), "not 2"),
    (
        "a contact's note",
        lambda i: i.tickets.reply(9, body="b", message_type="note", email="e"),
        "a note needs admin_id",
    ),
    ("a ticket of nobody", lambda i: i.tickets.create(ticket_type_id=4), "external_id"),
    ("no company", lambda i: i.tags.tag_companies(name="vip"), "company_ids"),
    ("no visitor", lambda i: i.visitors.update(name="n"), "user_id"),
    ("nobody's events", lambda i: i.events.summarize(), "intercom_user_id"),
    ("an event of nobody", lambda i: i.events.create(event_name="x"), "user_id, email or id"),
    ("objects of nothing", lambda i: i.custom_objects.list("Order").first(), "references_"),
    (
        "an unknown field of a ticket",
        lambda i: i.tickets.update(7, opened=True),  # type: ignore[call-arg] # to be refused
        "opened",
    ),
    ("a stream that is a text", lambda i: i.events.create_many("ab"), "str"),  # type: ignore[arg-type] # to be refused
    ("no concurrency", lambda i: i.events.create_many([], concurrency=0), "concurrency"),
    (
        "an event without a name",
        lambda i: i.events.create_many([{"event_name": "", "user_id": 1}]),
        "event_name",
    ),
    (
        "a component without a type",
        lambda i: i.messages.send_whatsapp(
            admin_id=1, to={"phone": "+1"}, template="t", components=[{"text": "x"}]
        ),
        "each with a type",
    ),
    (
        "a component alone",
        lambda i: i.messages.send_whatsapp(
            admin_id=1,
            to={"phone": "+1"},
            template="t",
            components={"type": "BODY"},  # type: ignore[arg-type] # the mistake
        ),
        "a list of objects",
    ),
    (
        "a redirect without a target",
        lambda i: i.help_center.create_redirect(1, from_url="u", locale="en"),  # type: ignore[call-arg] # the mistake
        "needs target_id, target_type",
    ),
    ("a naive time", lambda i: i.admins.list_activity_logs(created_at_after=NAIVE).first(), "zone"),
]


@pytest.mark.parametrize(
    ("use", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_cannot_work_is_refused_before_it_is_sent(use: Use, reason: str) -> None:
    assert reason in refused(use)


def merged_into(canonical_id: str) -> Reply:
    errors = [{"code": "contact_merged", "message": "m"}]
    link = f'</contacts/{canonical_id}>; rel="canonical"'
    return reply({"type": "error.list", "errors": errors}, 410, Link=link)


def test_a_merged_contact_leads_to_the_one_it_became() -> None:
    contact, sent = run(
        lambda i: i.contacts.get("old", follow_merged=True, include_merge_history=True),
        merged_into("new"),
        reply({"type": "contact", "id": "new"}),
    )

    assert contact.id == "new"
    assert [line for line, _ in sent] == [
        "GET /contacts/old?include_merge_history=true",
        "GET /contacts/new?include_merge_history=true",
    ]


def test_an_own_key_leads_to_the_contact_it_became() -> None:
    contact, sent = run(
        lambda i: i.contacts.find_by_external_id("k/1", follow_merged=True),
        merged_into("new"),
        reply({"type": "contact", "id": "new"}),
    )

    assert contact.id == "new"
    assert [line for line, _ in sent] == [
        "GET /contacts/find_by_external_id/k%2F1",
        "GET /contacts/new",
    ]


def test_a_merged_contact_is_gone_for_who_does_not_follow() -> None:
    with pytest.raises(GoneError) as caught:
        run(lambda i: i.contacts.get("old"), merged_into("new"))

    assert caught.value.canonical_id == "new"


def test_contacts_merged_in_a_circle_come_to_an_end() -> None:
    with pytest.raises(GoneError):
        run(lambda i: i.contacts.get("a", follow_merged=True), *[merged_into("a")] * 10)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ({"type": "company", "id": "c", "name": "n"}, "n"),
        ({"type": "list", "data": [{"type": "company", "id": "c", "name": "n"}]}, "n"),
    ],
    ids=["bare", "in a list"],
)
def test_a_company_found_by_key_comes_in_either_form(answer: object, name: str) -> None:
    company, sent = run(lambda i: i.companies.find_by_company_id("k"), reply(answer))

    assert (company.id, company.name) == ("c", name)
    assert sent == [("GET /companies?company_id=k", None)]


def test_a_company_found_by_key_may_be_none() -> None:
    company, _ = run(lambda i: i.companies.find_by_name("n"), reply({"type": "list", "data": []}))
    assert company is None
    with pytest.raises(NotFoundError):
        run(
            lambda i: i.companies.find_by_name("n"),
            reply({"type": "error.list", "errors": [{"code": "company_not_found"}]}, 404),
        )


@pytest.mark.parametrize(
    "answer",
    [{"id": "i", "external_id": "k"}, {"type": "list", "data": [{"id": "i", "external_id": "k"}]}],
    ids=["up to 2.15", "from 2.16"],
)
def test_a_custom_object_is_found_in_every_version(answer: object) -> None:
    found, sent = run(
        lambda i: i.custom_objects.find_by_external_id("Order", external_id="k"), reply(answer)
    )

    assert (found.id, found.external_id) == ("i", "k")
    assert sent == [("GET /custom_object_instances/Order?external_id=k", None)]


def test_a_list_cut_in_a_contact_is_read_whole() -> None:
    first = {"type": "list", "data": [{"type": "company", "id": "1"}], "pages": PAGES}
    second = {"type": "list", "data": [{"type": "company", "id": "2"}], "pages": {"next": None}}
    companies, sent = run(
        lambda i: i.contacts.companies("c", per_page=1).collect(), reply(first), reply(second)
    )

    assert [company.id for company in companies] == ["1", "2"]
    assert [line for line, _ in sent] == [
        "GET /contacts/c/companies?per_page=1",
        "GET /contacts/c/companies?per_page=1&page=2",
    ]


PAGES = {"page": 1, "next": "https://api.intercom.io/contacts/c/companies?per_page=1&page=2"}


def test_activity_logs_keep_their_filters_on_every_page() -> None:
    link = "https://api.intercom.io/admins/activity_logs/search?page=2"
    first = {"type": "activity_log.list", "activity_logs": [{"id": "1"}], "pages": {"next": link}}
    last = {"type": "activity_log.list", "activity_logs": [{"id": "2"}]}
    logs, sent = run(
        lambda i: i.admins.search_activity_logs(created_at_after=5, event_types=["x"]).collect(),
        reply(first),
        reply(last),
    )

    assert [log.id for log in logs] == ["1", "2"]
    assert [body for _, body in sent] == [{"created_at_after": 5, "event_types": ["x"]}] * 2


def test_a_recording_is_read_from_where_it_lies_without_the_token() -> None:
    memory = MemoryTransport(
        [Reply(302, {"Location": "https://storage.test/r?s=1"}, b""), Reply(200, {}, b"sound")]
    )

    async def main() -> bytes:
        async with (
            Intercom("token", transport=memory) as intercom,
            intercom.calls.recording("7") as stream,
        ):
            return await stream.read()

    assert run_virtual(main()) == b"sound"
    assert [request.url for request in memory.requests] == [
        "https://api.intercom.io/calls/7/recording",
        "https://storage.test/r?s=1",
    ]
    assert "Authorization" not in memory.requests[1].headers
