"""The twenty-two calls that everybody needs first: by methods, by the command line, and by curl.

Three workspaces from one seed and at one moment get the same calls, each in one way. What the
command line prints is what curl prints, and the method returns that object.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from intercom_async import F, Intercom
from intercom_async.models import Model
from intercom_async.simulator import Simulator
from tests.cli.conftest import Run, run_here

pytestmark = pytest.mark.anyio
__all__ = ("run_here",)

NOW = 1_780_000_000

Ids = dict[str, Any]


Method = Callable[[Intercom, Ids], Awaitable[Any]]


class Way:
    """One call, as a method and as a request."""

    def __init__(self, verb: str, path: str, body: Any, method: Method) -> None:
        self.verb = verb
        self.path = path
        self.body = body
        self.method = method


EVENT = {"event_name": "ordered", "created_at": NOW, "user_id": "user-0"}
ADA = {"email": "ada@example.com", "name": "Ada", "custom_attributes": {"plan": "premium"}}
BY_EMAIL = {"field": "email", "operator": "=", "value": "ada@example.com"}
OPEN = {"field": "state", "operator": "=", "value": "open"}
FIRM: dict[str, Any] = {
    "company_id": "c1",
    "name": "Firm",
    "plan": "Pro",
    "size": 9,
    "website": "https://firm.example",
}
PART = {"type": "admin", "admin_id": "{admin}"}

WAYS: dict[str, Way] = {
    "list admins": Way("GET", "/admins", None, lambda i, _: i.admins.list().collect()),
    "create contact": Way("POST", "/contacts", ADA, lambda i, _: i.contacts.create(**ADA)),  # type: ignore[arg-type] # a plain dict
    "get contact": Way(
        "GET", "/contacts/{contact}", None, lambda i, ids: i.contacts.get(ids["contact"])
    ),
    "update contact": Way(
        "PATCH",
        "/contacts/{contact}",
        {"name": "Ada L."},
        lambda i, ids: i.contacts.update(ids["contact"], name="Ada L."),
    ),
    "search contacts": Way(
        "POST",
        "/contacts/search",
        {"query": BY_EMAIL},
        lambda i, _: i.contacts.search(F.email == "ada@example.com").collect(),
    ),
    "list conversations": Way(
        "GET",
        "/conversations?order=desc&sort=updated_at",
        None,
        lambda i, _: i.conversations.list(order="desc", sort="updated_at").collect(),
    ),
    "get conversation": Way(
        "GET",
        "/conversations/{conversation}",
        None,
        lambda i, ids: i.conversations.get(ids["conversation"]),
    ),
    "search conversations": Way(
        "POST",
        "/conversations/search",
        {"query": OPEN},
        lambda i, _: i.conversations.search(F.state == "open").collect(),
    ),
    "reply": Way(
        "POST",
        "/conversations/{conversation}/parts",
        {"message_type": "comment", **PART, "body": "Hello"},
        lambda i, ids: i.conversations.create_part(
            ids["conversation"], message_type="comment", admin_id=ids["admin"], body="Hello"
        ),
    ),
    "assign": Way(
        "POST",
        "/conversations/{conversation}/parts",
        {"message_type": "assignment", **PART, "assignee_id": "{admin}"},
        lambda i, ids: i.conversations.assign(
            ids["conversation"], admin_id=ids["admin"], assignee_id=ids["admin"]
        ),
    ),
    "close": Way(
        "POST",
        "/conversations/{conversation}/parts",
        {"message_type": "close", **PART},
        lambda i, ids: i.conversations.close(ids["conversation"], admin_id=ids["admin"]),
    ),
    "add a note": Way(
        "POST",
        "/contacts/{contact}/notes",
        {"body": "Nice"},
        lambda i, ids: i.contacts.create_note(ids["contact"], body="Nice"),
    ),
    "create tag": Way("POST", "/tags", {"name": "vip"}, lambda i, _: i.tags.create(name="vip")),
    "list tags": Way("GET", "/tags", None, lambda i, _: i.tags.list().collect()),
    "tag a contact": Way(
        "POST",
        "/contacts/{contact}/tags",
        {"id": "{tag}"},
        lambda i, ids: i.contacts.attach_tag(ids["contact"], ids["tag"]),
    ),
    "untag a contact": Way(
        "DELETE",
        "/contacts/{contact}/tags/{tag}",
        None,
        lambda i, ids: i.contacts.detach_tag(ids["contact"], ids["tag"]),
    ),
    "list articles": Way("GET", "/articles", None, lambda i, _: i.articles.list().collect()),
    "get article": Way(
        "GET", "/articles/{article}", None, lambda i, ids: i.articles.get(ids["article"])
    ),
    "create company": Way("POST", "/companies", FIRM, lambda i, _: i.companies.create(**FIRM)),
    "attach contact to company": Way(
        "POST",
        "/contacts/{contact}/companies",
        {"id": "{company}"},
        lambda i, ids: i.contacts.attach_company(ids["contact"], ids["company"]),
    ),
    "track event": Way(
        "POST",
        "/events",
        {**EVENT, "metadata": {"plan": "pro", "price": 9}},
        lambda i, _: i.events.create(**EVENT, metadata={"plan": "pro", "price": 9}),  # type: ignore[arg-type] # a plain dict
    ),
    "delete contact": Way(
        "DELETE", "/contacts/{contact}", None, lambda i, ids: i.contacts.delete(ids["contact"])
    ),
}
LEARNED = {
    "create contact": "contact",
    "create tag": "tag",
    "create company": "company",
}
"""Calls whose answer has an id that later ones need."""


def workspace() -> Simulator:
    simulator = Simulator(contacts=10, conversations=8, companies=2, seed=7)
    simulator.clock.freeze(NOW)
    return simulator


def known(simulator: Simulator) -> Ids:
    return {
        "admin": simulator.call("GET", "/me")["id"],
        "conversation": simulator.call("GET", "/conversations")["conversations"][0]["id"],
        "article": simulator.call("GET", "/articles")["data"][0]["id"],
    }


def placed(text: str, ids: Ids) -> str:
    for name, value in ids.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def rows(answer: Any) -> list[str]:
    """Return the ids of an object, or of a list's rows."""
    if isinstance(answer, Model):
        return [str(getattr(answer, "id"))]  # noqa: B009 (every model here has one)
    if isinstance(answer, list):
        return [one for row in answer for one in rows(row)]  # pyright: ignore[reportUnknownVariableType] (any list)
    if "id" in answer:
        return [str(answer["id"])]
    several: list[Any] = next(one for one in answer.values() if isinstance(one, list))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] (rows of any kind)
    return [str(row["id"]) for row in several]


async def curl(url: str, token: str, verb: str, body: str | None) -> bytes:
    """Send a request as the documentation shows it."""
    headers = (
        f"Authorization: Bearer {token}",
        "Accept: application/json",
        "Content-Type: application/json",
        "Intercom-Version: 2.14",
    )
    arguments = [part for header in headers for part in ("-H", header)]
    arguments += [] if body is None else ["-d", body]
    process = await asyncio.create_subprocess_exec(
        "curl", "-sS", "--fail-with-body", "-X", verb, *arguments, url,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode == 0, out
    return out


async def by_curl(simulator: Simulator) -> dict[str, Any]:
    ids, answers = known(simulator), dict[str, Any]()
    for name, way in WAYS.items():
        body = None if way.body is None else placed(json.dumps(way.body), ids)
        url = simulator.url + placed(way.path, ids)
        out = await curl(url, simulator.token, way.verb, body)
        answers[name] = json.loads(out) if out else None
        if name in LEARNED:
            ids[LEARNED[name]] = answers[name]["id"]
    return answers


async def by_command(simulator: Simulator, run: Run) -> dict[str, Any]:
    ids, answers = known(simulator), dict[str, Any]()
    environment = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
    for name, way in WAYS.items():
        body = [] if way.body is None else ["-d", placed(json.dumps(way.body), ids)]
        path = placed(way.path, ids)
        done = await run("api", way.verb, path, *body, environment=environment)
        assert done.returncode == 0, done.stderr
        answers[name] = json.loads(done.stdout) if done.stdout.strip() else None
        if name in LEARNED:
            ids[LEARNED[name]] = answers[name]["id"]
    return answers


async def by_method(simulator: Simulator) -> dict[str, Any]:
    ids, answers = known(simulator), dict[str, Any]()
    async with Intercom(simulator.token, base_url=simulator.url, update_method="PATCH") as intercom:
        for name, way in WAYS.items():
            answers[name] = await way.method(intercom, ids)
            if name in LEARNED:
                ids[LEARNED[name]] = answers[name].id
    return answers


async def test_three_ways_do_the_same(run_here: Run) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    assert len(WAYS) == 22
    async with workspace() as one, workspace() as two, workspace() as three:
        sent, printed, returned = (
            await by_curl(one),
            await by_command(two, run_here),
            await by_method(three),
        )

    for name in WAYS:
        assert printed[name] == sent[name], name
        if sent[name] is not None:
            assert rows(returned[name])[: len(rows(sent[name]))] == rows(sent[name]), name
