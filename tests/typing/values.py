"""What type checkers make of values, frames, writes of many and apps; never run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, assert_type

from fastapi import Depends, FastAPI

from intercom_async import Intercom, Priority, to_datetime
from intercom_async.fields import BulkContact, ContactFields, ContactUpdate, ContactUpsert
from intercom_async.fields.common import Id
from intercom_async.integrations.fastapi import Client, client, error_handlers, lifespan
from intercom_async.models import BulkJob, Contact, ContactStatus, Conversation, Tag
from intercom_async.workflows.attachments import SavedAttachments
from intercom_async.workflows.bulk import BulkPlan, BulkProgress, BulkRun, Done, Failed
from intercom_async.workflows.erasure import Erasure
from intercom_async.workflows.upsert import Upserted


def values(contact: Contact) -> None:
    assert_type(contact.to_dict(times="iso", none=True), dict[str, Any])
    assert_type(contact.to_json(times="datetime"), str)
    assert_type(to_datetime(contact.created_at), datetime | None)
    assert_type({contact: 1}, dict[Contact, int])
    contact.to_dict(times="seconds")  # type: ignore[arg-type]


async def frames(intercom: Intercom) -> None:
    contacts = intercom.contacts.list()
    assert_type(await contacts.count(), int)
    # What they return belongs to packages that need not be installed.
    assert_type(await contacts.to_arrow(), Any)
    assert_type(await contacts.to_polars(), Any)
    assert_type(await contacts.to_pandas(), Any)
    async for batch in contacts.batches(5_000):
        assert_type(batch, Any)


async def one(intercom: Intercom) -> None:
    outcome = await intercom.contacts.upsert(email="a@example.com", unarchive=True, name=None)
    assert_type(outcome, Upserted[Contact])
    assert_type(outcome.contact, Contact)
    assert_type(outcome.created, bool)
    assert_type(await intercom.contacts.erase(7), Erasure)
    reply = await intercom.conversations.reply(
        "9", body="Hello", type="admin", message_type="comment", admin_id=1
    )
    assert_type(reply, Conversation)
    part = await intercom.conversations.create_part("9", message_type="comment", admin_id=1)
    assert_type(part, Conversation)
    saved = await intercom.conversations.save_attachments("9", to=Path("files"))
    assert_type(saved, SavedAttachments)


async def many(intercom: Intercom, rows: AsyncIterator[ContactUpdate]) -> None:
    contacts = intercom.contacts
    updates = contacts.update_many(rows, concurrency=8, ordered=True, skip=3, on_progress=shown)
    assert_type(updates, BulkRun[ContactUpdate, Contact])
    assert_type(await updates.plan(), BulkPlan[ContactUpdate])
    async for result in updates:
        if isinstance(result, Failed):
            assert_type(result, Failed[ContactUpdate])
            assert_type(result.error, Exception)
        else:
            assert_type(result, Done[ContactUpdate, Contact])
            assert_type(result.result.id, str)
    people: list[ContactFields] = [{"email": "a@example.com"}]
    keyed: list[ContactUpsert] = [{"email": "a@example.com", "unarchive": True}]
    rowed: list[BulkContact] = [{"email": "a@example.com", "role": "user"}]
    assert_type(contacts.create_many(people), BulkRun[ContactFields, Contact])
    assert_type(contacts.create_many(rowed, in_jobs=True), BulkRun[BulkContact, BulkJob])
    assert_type(contacts.upsert_many(keyed), BulkRun[ContactUpsert, Upserted[Contact]])
    ids: list[Id] = ["7", 8]
    assert_type(contacts.archive_many(ids), BulkRun[Id, ContactStatus])
    assert_type(contacts.delete_many(ids), BulkRun[Id, ContactStatus])
    assert_type(contacts.delete_many(ids, in_jobs=True), BulkRun[Id, BulkJob])
    assert_type(contacts.tag_many(ids, 5), BulkRun[Id, Tag])


def shown(progress: BulkProgress) -> None:
    assert_type(progress.resume_from, int)


Bulk = Annotated[Intercom, Depends(client(priority=Priority.BULK, max_wait_s=None))]
app = FastAPI(lifespan=lifespan(), exception_handlers=error_handlers)


@app.get("/contacts/{contact_id}")
async def contact_page(contact_id: str, intercom: Client) -> Contact:
    assert_type(intercom, Intercom)
    return await intercom.contacts.get(contact_id)


@app.post("/export")
async def export(intercom: Bulk) -> int:
    assert_type(intercom, Intercom)
    return await intercom.contacts.list().count()
