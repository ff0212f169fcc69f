"""What people write as the API's documentation shows it, and what becomes of a deletion."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from intercom_async import ConfigError, Intercom
from intercom_async.simulator import Simulator
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply

pytestmark = pytest.mark.anyio


async def replied(**fields: Any) -> dict[str, Any]:
    transport = MemoryTransport([Reply(200, {}, b'{"id": "7"}')])
    async with Intercom("secret", transport=transport) as intercom:
        await intercom.conversations.reply("7", **fields)
    body: dict[str, Any] = msgspec.json.decode(transport.requests[0].body or b"")
    return body


@pytest.mark.parametrize(
    "documented",
    [
        {"message_type": "comment", "type": "admin", "admin_id": "3", "body": "Hi"},
        {"message_type": "comment", "type": "user", "intercom_user_id": "5", "body": "Hi"},
        {"message_type": "note", "type": "admin", "admin_id": "3", "body": "Hi"},
    ],
)
async def test_a_reply_is_written_as_the_documentation_has_it(documented: dict[str, Any]) -> None:
    assert await replied(**documented) == documented


@pytest.mark.parametrize(
    "contradiction",
    [
        {"type": "user", "admin_id": "3"},
        {"type": "admin", "contact_id": "3"},
        {"contact_id": "3", "intercom_user_id": "3"},
    ],
)
async def test_an_author_who_contradicts_himself_is_refused(contradiction: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        await replied(**contradiction, body="x")


async def test_a_part_takes_its_fields_by_name() -> None:
    transport = MemoryTransport([Reply(200, {}, b'{"id": "7"}')])
    async with Intercom("secret", transport=transport) as intercom:
        with pytest.raises(TypeError, match="bodi"):
            await intercom.conversations.create_part(
                "7",
                message_type="comment",
                admin_id=1,
                bodi="x",  # type: ignore[call-arg] # as a program without a checker does
            )
        await intercom.conversations.create_part(
            "7", message_type="comment", type="admin", admin_id=1, body="x"
        )
    body = msgspec.json.decode(transport.requests[0].body or b"")
    assert body == {"message_type": "comment", "type": "admin", "admin_id": "1", "body": "x"}


async def test_history_is_imported_without_telling_anybody() -> None:
    simulator = Simulator(contacts=5)
    transport = MemoryTransport(simulator.answer)
    async with Intercom(simulator.token, transport=transport, version="2.15") as intercom:
        admin = await intercom.admins.me()
        contact = (await intercom.contacts.list().collect(limit=1))[0]
        began = await intercom.conversations.create(
            contact_id=contact.id, body="Where is my order?", created_at=1_600_000_000
        )
        assert began.conversation_id is not None
        done = await intercom.conversations.reply(
            began.conversation_id,
            admin_id=admin.id,
            body="On its way.",
            created_at=1_600_000_060,
            skip_notifications=True,
        )

    assert done.created_at == 1_600_000_000
    assert done.conversation_parts is not None
    assert done.conversation_parts.conversation_parts[-1].created_at == 1_600_000_060
