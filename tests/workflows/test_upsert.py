"""Upserts: one contact for each key, whatever other writers do meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
import pytest

from intercom_async import ConfigError, ConflictError, Intercom, NotFoundError
from intercom_async.clock import CLOCK
from intercom_async.models import Contact
from intercom_async.transport.base import Reply, Request
from intercom_async.workflows.upsert import Upserted
from tests.support.scripted_client import Client, failure, reply

pytestmark = pytest.mark.anyio


class Workspace:
    """Contacts as the API keeps them: found by search and by reads only after a while."""

    def __init__(self, *, search_lag_s: float = 60.0, read_lag_s: float = 2.0) -> None:
        self.contacts: dict[str, dict[str, Any]] = {}
        self.archived: set[str] = set()
        self.made_at: dict[str, float] = {}
        self.merged: dict[str, str] = {}
        self.search_lag_s = search_lag_s
        self.read_lag_s = read_lag_s
        self.calls: list[str] = []

    def add(self, **fields: Any) -> str:
        key = f"c{len(self.made_at)}"
        self.contacts[key] = {"type": "contact", "id": key, **fields}
        self.made_at[key] = -1_000.0
        return key

    async def __call__(self, request: Request) -> Reply:
        self.calls.append(request.name)
        await CLOCK.sleep(0.1)
        body: dict[str, Any] = msgspec.json.decode(request.body) if request.body else {}
        path = unquote(urlsplit(request.url).path).split("/")[2:]
        if path == ["search"]:
            return self._search(body["query"]["value"])
        if path[:1] == ["find_by_external_id"]:
            return self._found("external_id", path[1])
        if not path:
            return self._create(body)
        if path[1:] == ["unarchive"]:
            self.archived.discard(path[0])
            return reply(200, {"id": path[0], "archived": False})
        return self._one(path[0], body if request.method == "PUT" else {})

    def _visible(self, lag_s: float) -> list[dict[str, Any]]:
        return [
            one
            for key, one in self.contacts.items()
            if CLOCK.now() - self.made_at[key] >= lag_s and key not in self.archived
        ]

    def _search(self, email: str) -> Reply:
        rows = [one for one in self._visible(self.search_lag_s) if one.get("email") == email]
        return reply(200, {"type": "list", "data": rows, "total_count": len(rows), "pages": {}})

    def _found(self, name: str, value: str) -> Reply:
        rows = [one for one in self.contacts.values() if one.get(name) == value]
        return reply(200, rows[0]) if rows else failure(404, "not_found")

    def _create(self, body: dict[str, Any]) -> Reply:
        for key, one in self.contacts.items():
            if any(body.get(name) and one.get(name) == body[name] for name in KEYS):
                kind = "An archived contact" if key in self.archived else "A contact"
                message = f"{kind} matching those details already exists with id={key}"
                return failure(409, "conflict", message)
        key = self.add(**body)
        self.made_at[key] = CLOCK.now()
        return reply(200, self.contacts[key])

    def _one(self, key: str, changes: dict[str, Any]) -> Reply:
        if key in self.merged:
            link = f'</contacts/{self.merged[key]}>; rel="canonical"'
            return failure(410, "contact_merged", Link=link)
        if key not in self.contacts or CLOCK.now() - self.made_at[key] < self.read_lag_s:
            return failure(404, "not_found")
        self.contacts[key].update(changes)
        return reply(200, self.contacts[key])


KEYS = ("email", "external_id")


@pytest.mark.parametrize("key", KEYS)
async def test_of_fifty_tasks_one_creates_and_nobody_sees_a_conflict(
    client: Client, key: str
) -> None:
    workspace = Workspace()
    fields: dict[str, Any] = {key: "a@example.com"}

    async def one(intercom: Intercom, number: int) -> Upserted[Contact]:
        return await intercom.contacts.upsert(**fields, name=f"n{number}")

    async with client(workspace) as intercom:
        outcomes = await asyncio.gather(*(one(intercom, number) for number in range(50)))

    assert len(workspace.contacts) == 1
    assert sum(outcome.created for outcome in outcomes) == 1
    assert {outcome.contact.id for outcome in outcomes} == {"c0"}


@pytest.mark.parametrize("key", KEYS)
async def test_a_contact_that_exists_is_changed(client: Client, key: str) -> None:
    workspace = Workspace()
    workspace.add(**{key: "a@example.com"}, name="before")
    fields: dict[str, Any] = {key: "a@example.com"}
    async with client(workspace) as intercom:
        outcome = await intercom.contacts.upsert(**fields, name="after", phone=None)
    assert outcome.created is False
    assert workspace.contacts["c0"]["name"] == "after"
    assert workspace.contacts["c0"]["phone"] is None
    assert len(workspace.calls) == 2


async def test_a_contact_that_updates_do_not_find_yet_is_waited_for(client: Client) -> None:
    workspace = Workspace(read_lag_s=10.0)
    async with client(workspace) as intercom:
        first = await intercom.contacts.upsert(email="a@example.com")
        second = await intercom.contacts.upsert(email="a@example.com", name="n")
    assert (first.created, second.created) == (True, False)
    assert second.contact.name == "n"


async def test_a_contact_that_is_deleted_meanwhile_is_created(client: Client) -> None:
    workspace = Workspace()
    key = workspace.add(email="a@example.com")

    async def gone_after_search(request: Request) -> Reply:
        answer = await workspace(request)
        if request.name.endswith("/search"):
            workspace.contacts.pop(key, None)
        return answer

    async with client(gone_after_search) as intercom:
        outcome = await intercom.contacts.upsert(email="a@example.com")
    assert outcome.created is True
    assert outcome.contact.id == "c1"


async def test_the_contact_that_another_was_merged_into_is_changed(client: Client) -> None:
    workspace = Workspace()
    workspace.add(email="a@example.com")
    workspace.add(external_id="7")
    workspace.merged["c0"] = "c1"
    async with client(workspace, version="2.16") as intercom:
        by_email = await intercom.contacts.upsert(email="a@example.com", name="n")
        by_id = await intercom.contacts.upsert(id="c0", name="m")
    assert by_email.contact.id == by_id.contact.id == "c1"
    assert workspace.contacts["c1"]["name"] == "m"


async def test_an_archived_contact_is_brought_back_on_request_only(client: Client) -> None:
    workspace = Workspace()
    workspace.archived.add(workspace.add(email="a@example.com"))
    async with client(workspace) as intercom:
        with pytest.raises(ConflictError, match="unarchive=True") as caught:
            await intercom.contacts.upsert(email="a@example.com")
        assert caught.value.existing_ids == ("c0",)
        outcome = await intercom.contacts.upsert(email="a@example.com", unarchive=True, name="n")
    assert (outcome.created, outcome.contact.name) == (False, "n")
    assert workspace.archived == set()


@pytest.mark.parametrize("key", ["id", "external_id"])
async def test_a_contact_that_reads_find_archived_is_brought_back(client: Client, key: str) -> None:
    workspace = Workspace()
    contact_id = workspace.add(external_id="7")
    fields: dict[str, Any] = {key: contact_id if key == "id" else "7"}
    for is_unarchiving in (False, True):
        workspace.archived = {contact_id}
        async with client(workspace) as intercom:
            await intercom.contacts.upsert(**fields, unarchive=is_unarchiving, name="n")
        assert workspace.archived == (set() if is_unarchiving else {contact_id})


async def test_an_id_that_is_none_is_no_key(client: Client) -> None:
    workspace = Workspace()
    fields: dict[str, Any] = {"id": None, "email": "a@example.com"}
    async with client(workspace) as intercom:
        assert (await intercom.contacts.upsert(**fields)).created


@pytest.mark.parametrize("key", [{"id": "c0"}, {"external_id": "7"}], ids=str)
async def test_a_conflict_of_another_field_names_who_has_it(
    client: Client, key: dict[str, Any]
) -> None:
    workspace = Workspace()
    workspace.add(external_id="7")

    async def taken(request: Request) -> Reply:
        if request.method == "PUT":
            return failure(409, "conflict", "A contact matching those details exists with id=c9")
        return await workspace(request)

    async with client(taken) as intercom:
        with pytest.raises(ConflictError) as caught:
            await intercom.contacts.upsert(**key, email="b@example.com")
    assert caught.value.existing_ids == ("c9",)


async def test_several_contacts_with_one_email_are_named(client: Client) -> None:
    workspace = Workspace()
    keys = [workspace.add(email="a@example.com") for _ in range(3)]
    async with client(workspace) as intercom:
        with pytest.raises(ConflictError) as caught:
            await intercom.contacts.upsert(email="a@example.com", name="n")
    assert caught.value.existing_ids == tuple(keys)
    assert not any(key in str(caught.value) for key in keys)
    assert "a@example.com" not in str(caught.value)


async def test_an_address_of_somebody_else_is_not_taken_over(client: Client) -> None:
    workspace = Workspace()
    workspace.add(email="a@example.com", external_id="other")
    async with client(workspace) as intercom:
        with pytest.raises(ConflictError, match="another contact") as caught:
            await intercom.contacts.upsert(external_id="mine", email="a@example.com")
    assert caught.value.existing_ids == ("c0",)
    assert workspace.contacts["c0"]["external_id"] == "other"


async def test_a_row_of_the_index_that_has_another_address_by_now_is_not_the_one(
    client: Client,
) -> None:
    workspace = Workspace()
    workspace.add(email="new@example.com")

    async def stale(request: Request) -> Reply:
        if request.name.endswith("/search"):
            rows = list(workspace.contacts.values())[:1]
            return reply(200, {"data": rows, "total_count": 1, "pages": {}})
        return await workspace(request)

    async with client(stale) as intercom:
        outcome = await intercom.contacts.upsert(email="old@example.com")
    assert outcome.created is True
    assert workspace.contacts["c0"]["email"] == "new@example.com"


async def test_an_id_only_updates(client: Client) -> None:
    workspace = Workspace()
    async with client(workspace) as intercom:
        with pytest.raises(NotFoundError):
            await intercom.contacts.upsert(id="c9", email="a@example.com")
    assert workspace.contacts == {}


@pytest.mark.parametrize(
    "fields", [{}, {"email": None}, {"email": ""}, {"id": True}, {"name": "n"}], ids=str
)
async def test_without_a_key_nothing_is_sent(client: Client, fields: Any) -> None:
    workspace = Workspace()
    async with client(workspace) as intercom:
        with pytest.raises(ConfigError):
            await intercom.contacts.upsert(**fields)
        with pytest.raises(TypeError, match="unheard_of"):
            await intercom.contacts.upsert(email="a@example.com", unheard_of=1)  # type: ignore[call-arg] # the subject
    assert workspace.calls == []
