"""What only Preview has, against the simulator: every operation does what its docstring says."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from intercom_async import ConfigError, F, Intercom, NotFoundError
from intercom_async.fields import FinMessage, FinUser
from intercom_async.simulator import Simulator
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Request

pytestmark = pytest.mark.anyio

USER: FinUser = {"id": "u1"}
MESSAGE: FinMessage = {"author": "user", "body": "How?", "timestamp": 1_767_312_000}


@asynccontextmanager
async def preview(
    contacts: int = 5, conversations: int = 1, companies: int = 1
) -> AsyncGenerator[tuple[Simulator, Intercom]]:
    simulator = Simulator(
        seed=7, contacts=contacts, conversations=conversations, companies=companies
    )
    transport = MemoryTransport(simulator.answer)
    async with Intercom(simulator.token, transport=transport, version="Preview") as intercom:
        yield simulator, intercom


async def test_folders_are_kept() -> None:
    async with preview() as (_, intercom):
        made = await intercom.folders.create(name="Guides", description="All of them")
        assert (await intercom.folders.get(made.id)).description == "All of them"
        assert (await intercom.folders.update(made.id, name="Manuals")).name == "Manuals"
        assert made.id in [one.id for one in await intercom.folders.list().collect()]
        assert (await intercom.folders.delete(made.id)).deleted
        with pytest.raises(NotFoundError):
            await intercom.folders.get(made.id)


async def test_companies_are_searched() -> None:
    async with preview(contacts=30, companies=5) as (_, intercom):
        names = [one.name for one in await intercom.companies.list().collect()]
        found = await intercom.companies.search(F.name == names[0]).collect()

        assert [one.name for one in found] == names[:1]


async def test_a_merge_is_previewed() -> None:
    async with preview() as (_, intercom):
        lead = await intercom.contacts.create(role="lead", email="ada@example.com", name="Ada")
        user = await intercom.contacts.create(role="user", external_id="1", email="a@example.com")

        refused = await intercom.contacts.preview_merge(from_id=lead.id, into_id=user.id)
        allowed = await intercom.contacts.preview_merge(
            from_id=lead.id, into_id=user.id, skip_duplicate_validation=True
        )

        assert not refused.allowed
        assert [reason.code for reason in refused.reasons] == ["no_shared_identifier"]
        assert allowed.allowed
        assert allowed.summary is not None
        assert (await intercom.contacts.get(lead.id)).role == "lead"


async def test_activities_are_listed_page_by_page() -> None:
    async with preview(contacts=5) as (_, intercom):
        made = await intercom.contacts.create(email="new@example.com")
        await intercom.contacts.delete(made.id)
        seen = await intercom.contacts.activities(per_page=2).collect()

        kinds = [one.event_type for one in seen if one.contact_id == made.id]
        assert kinds == ["contact.created", "contact.deleted"]


async def test_a_secret_is_told_once_and_masked() -> None:
    async with preview() as (_, intercom):
        secrets = intercom.identity_verification_secrets
        made = await secrets.create(name="web", supports_web=True)

        assert made.secret
        assert made.secret not in repr(made)
        assert made.id in [one.id for one in await secrets.list().collect()]
        await secrets.delete(made.id)
        assert made.id not in [one.id for one in await secrets.list().collect()]


async def test_the_members_of_a_team_are_set() -> None:
    async with preview() as (_, intercom):
        team = (await intercom.teams.list().collect())[0]
        changed = await intercom.teams.update_members(team.id, admin_ids=team.admin_ids[:2])

        assert changed.admin_ids == team.admin_ids[:2]


async def test_fin_is_asked_run_and_left() -> None:
    async with preview() as (_, intercom):
        known = await intercom.fin.capabilities(USER)
        procedure = next(one for one in known.capabilities if one.type == "procedure")
        assert procedure.id is not None

        asked = await intercom.fin.ask("c1", user=USER, message=MESSAGE)
        run = await intercom.fin.run_procedure(procedure.id, conversation_id="c2", user=USER)
        left = await intercom.fin.escalate("c1", context="wants a refund")
        new = await intercom.fin.escalate(user=USER)

        assert (asked.conversation_id, asked.status) == ("c1", "thinking")
        assert (run.procedure_id, run.user_id) == (procedure.id, "u1")
        assert (left.conversation_id, left.status) == ("c1", "escalated")
        assert new.intercom_conversation_id
        with pytest.raises(ConfigError, match="one of"):
            await intercom.fin.escalate("c1", user=USER)


async def test_a_part_is_marked_as_seen() -> None:
    async with preview(contacts=5, conversations=3) as (_, intercom):
        admin = await intercom.admins.me()
        some = (await intercom.conversations.list().collect(limit=1))[0]
        full = await intercom.conversations.reply(some.id, admin_id=admin.id, body="Hello")
        assert full.conversation_parts is not None
        part = full.conversation_parts.conversation_parts[-1]

        seen = await intercom.conversations.update_part(
            conversation_id=some.id, part_id=part.id, secret="s", seen=True
        )

        assert seen.id == part.id
        assert seen.seen_state == {"admin_seen": True}


async def test_a_catalog_is_uploaded_whole_and_in_parts() -> None:
    async with preview() as (_, intercom):
        whole = await intercom.ecommerce.upload_catalog("7", b'[{"id": "1"}]')
        first = await intercom.ecommerce.upload_catalog("7", b"[]", finalize=False)
        second = await intercom.ecommerce.upload_catalog(
            "7", b"[]", finalize=False, import_job_id=first.import_job_id, part_number=2
        )
        done = await intercom.ecommerce.upload_catalog(
            "7", finalize=True, import_job_id=first.import_job_id
        )

        assert whole.status == "processing"
        assert (first.next_part_number, second.next_part_number) == (2, 3)
        assert (done.import_job_id, done.status) == (first.import_job_id, "processing")


async def test_a_catalog_is_sent_as_a_file() -> None:
    sent: list[Request] = []

    def answer(request: Request) -> Reply:
        sent.append(request)
        return Reply(200, {}, b'{"import_job_id": "j"}')

    async with Intercom("t", transport=MemoryTransport(answer), version="Preview") as intercom:
        await intercom.ecommerce.upload_catalog("7", b'[\r\n{"id": "1"}]')

    body = sent[0].body or b""
    assert sent[0].headers["Content-Type"].startswith("multipart/form-data; ")
    assert b'name="catalog"; filename="catalog.json"' in body
    assert b'\r\n\r\n[\r\n{"id": "1"}]\r\n--' in body


async def test_an_older_version_is_told_so_before_a_request() -> None:
    async with Intercom("t", transport=MemoryTransport([])) as intercom:
        with pytest.raises(ConfigError, match="needs API version Preview"):
            await intercom.folders.get("1")
