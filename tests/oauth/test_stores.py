"""Stores of grants keep what they are given, for those who may read it."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any

import pytest

from intercom_async.errors import ConfigError, OAuthError
from intercom_async.oauth import (
    FileTokenStore,
    Grant,
    MemoryTokenStore,
    PostgresTokenStore,
    TokenStore,
)
from intercom_async.workspaces import Workspaces

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def grant(workspace_id: str = "ws1", token: str = "t1") -> Grant:  # noqa: S107 (opens nothing)
    return Grant(token=token, workspace_id=workspace_id, region="eu", admin_email="a@example.com")


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> TokenStore:
    return MemoryTokenStore() if request.param == "memory" else FileTokenStore(tmp_path / "new")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def check_a_store(store: TokenStore) -> None:
    """What every store does, used by the tests of services, too."""
    assert await store.load("ws1") is None
    assert await store.workspace_ids() == []
    assert await store.delete("ws1") is False
    await store.save(grant())
    await store.save(grant("ws2", "t2"))
    await store.save(grant("ws1", "t3"))
    assert await store.load("ws1") == grant("ws1", "t3")
    assert await store.token_of("ws2") == ("t2", "eu")
    assert await store.token_of("ws3") is None
    assert await store.workspace_ids() == ["ws1", "ws2"]
    assert await store.delete("ws1") is True
    assert await store.delete("ws1") is False
    assert await store.workspace_ids() == ["ws2"]
    for name in ("", "../ws1", "a/b", "a" * 65, ".", None, "é"):
        bad: Any = name
        with pytest.raises(ConfigError):
            await store.load(bad)


async def test_a_store_keeps_grants(store: TokenStore) -> None:
    await check_a_store(store)


async def test_a_store_feeds_workspaces(store: TokenStore) -> None:
    await store.save(grant())
    async with Workspaces(store.token_of) as workspaces, workspaces.client("ws1") as intercom:
        assert "api.eu.intercom.io" in repr(intercom)


async def test_only_the_owner_reads_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "tokens"
    store = FileTokenStore(folder)
    await store.save(grant())
    modes = {path.name: mode_of(path) for path in (folder, folder / "ws1.json")}
    assert modes == {"tokens": 0o700, "ws1.json": 0o600}
    assert "t1" not in repr(store)


async def test_many_saves_at_once_leave_one_whole_grant(tmp_path: Path) -> None:
    store = FileTokenStore(tmp_path)
    saves = [store.save(grant(token=f"t{number}" * 1000)) for number in range(20)]
    await asyncio.gather(*saves)
    found = await store.load("ws1")
    assert found is not None
    assert names_in(tmp_path) == ["ws1.json"]


async def test_a_damaged_file_and_a_bad_folder_say_so(tmp_path: Path) -> None:
    store = FileTokenStore(tmp_path)
    (tmp_path / "ws1.json").write_bytes(b'{"token": "t1"')
    with pytest.raises(OAuthError, match="damaged"):
        await store.load("ws1")
    (tmp_path / "file").write_text("x")
    with pytest.raises(OAuthError, match="written"):
        await FileTokenStore(tmp_path / "file").save(grant())


@pytest.mark.parametrize("table", ["", "a b", "1a", "a;drop", "a" * 64, None, "a.b", 'a"'])
def test_a_table_name_is_a_plain_identifier(table: Any) -> None:
    with pytest.raises(ConfigError, match="table"):
        PostgresTokenStore("postgresql://localhost/x", table=table)
