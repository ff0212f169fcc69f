from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import anyio
import pytest

from intercom_async.errors import ClosedError, ConfigError, UnauthorizedError
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Request
from intercom_async.workspaces import Workspaces
from tests.support.scheduler.memory_store import Accounts, MemoryStore
from tests.support.virtual_time import run_virtual as run

ME = b'{"type": "admin", "id": "1"}'


class Network(MemoryTransport):
    """Answers `/me` to every token that is not revoked; counts requests by token and host."""

    def __init__(self) -> None:
        super().__init__(self._reply)
        self.seen: Counter[str] = Counter()
        self.hosts: set[str] = set()
        self.revoked: set[str] = set()
        self.opened = self.closed = 0

    async def _reply(self, request: Request) -> Reply:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        self.seen[token] += 1
        self.hosts.add(request.url.split("/")[2])
        return Reply(401, {}, b"{}") if token in self.revoked else Reply(200, {}, ME)

    async def open(self) -> None:
        self.opened += 1

    async def close(self) -> None:
        self.closed += 1


class Tokens:
    """The database of tokens that `token_of` reads."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.version = 1

    async def __call__(self, workspace_id: str) -> str:
        self.asked[workspace_id] += 1
        await anyio.sleep(0.01)
        return f"{workspace_id}-{self.version}"


def test_each_workspace_has_its_client_and_all_share_the_connections() -> None:
    network, tokens = Network(), Tokens()

    async def work() -> None:
        async with Workspaces(tokens, transport=network) as workspaces:
            async with workspaces.client("a") as one, workspaces.client("b") as other:
                assert one is not other
                await one.admins.me()
                await other.admins.me()
            async with workspaces.client("a") as again:
                assert again is one
            assert len(workspaces) == 2

    run(work())
    assert network.seen == {"a-1": 1, "b-1": 1}
    assert (network.opened, network.closed) == (1, 1)


def test_tasks_that_ask_at_once_share_one_client_and_one_look_up() -> None:
    tokens = Tokens()

    async def work() -> None:
        async with Workspaces(tokens, transport=Network()) as workspaces:

            async def use() -> Any:
                async with workspaces.client("a") as intercom:
                    return intercom

            clients = await asyncio.gather(*(use() for _ in range(20)))
            assert len({*map(id, clients)}) == 1

    run(work())
    assert tokens.asked == {"a": 1}


def test_a_client_is_closed_when_it_has_been_idle_and_not_while_it_is_used() -> None:
    tokens = Tokens()

    async def work() -> None:
        async with Workspaces(tokens, transport=Network(), idle_s=60) as workspaces:
            async with workspaces.client("used"):
                async with workspaces.client("idle") as opened:
                    idle = opened
                await anyio.sleep(59)
                assert len(workspaces) == 2
                await anyio.sleep(2)
                assert len(workspaces) == 1
                with pytest.raises(ClosedError):
                    await idle.admins.me()
                await anyio.sleep(600)
                assert len(workspaces) == 1
            await anyio.sleep(61)
            assert len(workspaces) == 0
            async with workspaces.client("idle") as intercom:
                await intercom.admins.me()

    run(work())
    assert tokens.asked == {"used": 1, "idle": 2}


def test_a_revoked_token_ends_the_calls_of_its_workspace_alone() -> None:
    network, tokens = Network(), Tokens()

    async def work() -> None:
        async with (
            Workspaces(tokens, transport=network) as workspaces,
            workspaces.client("a") as one,
            workspaces.client("b") as other,
        ):
            await one.admins.me()
            network.revoked.add("a-1")
            with pytest.raises(UnauthorizedError):
                await one.admins.me()
            await other.admins.me()
            tokens.version = 2
            await one.admins.me()  # the rotated token is asked for
            await other.admins.me()  # and nobody else's

    run(work())
    assert tokens.asked == {"a": 2, "b": 1}


def test_a_workspace_without_a_token_is_refused_and_tried_again_later() -> None:
    found: dict[str, str] = {}

    async def token_of(workspace_id: str) -> str | None:
        return found.get(workspace_id)

    async def work() -> None:
        async with Workspaces(token_of, transport=Network()) as workspaces:
            with pytest.raises(ConfigError, match="no token") as refused:
                async with workspaces.client("secret-id"):
                    pass
            assert "secret-id" not in str(refused.value)
            assert len(workspaces) == 0
            found["secret-id"] = "token"
            async with workspaces.client("secret-id") as intercom:
                await intercom.admins.me()

    run(work())


def test_the_region_comes_with_the_token() -> None:
    network = Network()

    async def token_of(workspace_id: str) -> tuple[str, str]:
        return "token", workspace_id

    async def work() -> None:
        async with Workspaces(token_of, transport=network) as workspaces:
            for region in ("eu", "au"):
                async with workspaces.client(region) as intercom:
                    await intercom.admins.me()

    run(work())
    assert network.hosts == {"api.eu.intercom.io", "api.au.intercom.io"}


def test_each_workspace_has_a_budget_of_its_own_in_a_store() -> None:
    accounts = Accounts()

    async def work() -> None:
        store = MemoryStore(accounts, "one")
        async with Workspaces(Tokens(), transport=Network(), store=store) as workspaces:
            for name in ("a", "b"):
                async with workspaces.client(name) as intercom:
                    await intercom.admins.me()

    run(work())
    assert len(accounts.members) == 2


def test_a_forgotten_workspace_is_closed_at_once() -> None:
    async def work() -> None:
        async with Workspaces(Tokens(), transport=Network()) as workspaces:
            async with workspaces.client("a") as intercom:
                await workspaces.forget("a")
                with pytest.raises(ClosedError):
                    await intercom.admins.me()
            await workspaces.forget("never seen")
            assert len(workspaces) == 0

    run(work())


def test_what_waits_ends_when_all_is_closed() -> None:
    async def work() -> None:
        workspaces = Workspaces(Tokens(), transport=Network())
        with pytest.raises(ClosedError, match="async with"):
            async with workspaces.client("a"):
                pass
        async with workspaces, workspaces.client("a"):
            pass
        with pytest.raises(ClosedError):
            await workspaces.client("a").__aenter__()

    run(work())


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"token_of": "token"}, "token_of"),
        *(({"idle_s": idle_s}, "idle_s") for idle_s in (0, -1, "60", None, True, float("nan"))),
        *(({name: "x"}, name) for name in ("token", "http", "scheduler", "region", "budget_key")),
    ],
)
def test_a_setting_that_cannot_work_is_refused_by_name(
    settings: dict[str, Any], named: str
) -> None:
    values: dict[str, Any] = {"token_of": Tokens(), **settings}
    with pytest.raises(ConfigError, match=named):
        Workspaces(**values)


@pytest.mark.parametrize("workspace_id", ["", None, 7])
def test_an_id_that_is_none_is_refused(workspace_id: Any) -> None:
    async def work() -> None:
        async with Workspaces(Tokens(), transport=Network()) as workspaces:
            with pytest.raises(ConfigError, match="id"):
                async with workspaces.client(workspace_id):
                    pass

    run(work())
