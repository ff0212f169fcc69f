"""A memory of notifications that all processes share, in Redis; extra ``redis``."""

from __future__ import annotations

import secrets
from importlib import import_module
from types import TracebackType
from typing import Any, Protocol, Self

from intercom_async.config import check_able, check_text
from .seen import CLAIM_S, REMEMBER_S, Claim, check_remember_s

PREFIX = "intercom:webhook:"
DONE = b"done"
SOCKET_TIMEOUT_S = 0.25
"""Seconds to connect and to answer. redis-py's own defaults retry for a minute, which is longer
than Intercom waits (test_redis_seen.py::test_a_stopped_server_is_noticed_in_time)."""

RELEASE = (
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
)
"""Deletes a claim only if it is the caller's own: it may have run out and be another's by now."""


class RedisClient(Protocol):
    """What is used of an asyncio client: redis-py's, or one with the same three commands."""

    async def set(self, name: str, value: Any, *, ex: int, nx: bool = False) -> Any:
        """Set a key that expires, if it is new."""

    async def get(self, name: str) -> Any:
        """Return a key's value."""

    async def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> Any:
        """Run a script."""


class RedisSeen:
    """A memory in Redis; a server that is down never keeps a notification from being accepted.

    Args:
        client: An asyncio client, used as it is and not closed here.
        remember_s: Seconds to remember a key for.
        prefix: Put before each key.

    Raises:
        ConfigError: The client lacks a command, or the rest cannot work.
    """

    def __init__(
        self, client: Any, *, remember_s: float = REMEMBER_S, prefix: str = PREFIX
    ) -> None:
        self._client: RedisClient = check_able("client", client, "set", "get", "eval")
        self._remember_s = max(1, round(check_remember_s(remember_s)))
        self._prefix = check_text("prefix", prefix)
        # One per process, so that a claim can be told from another process's.
        self._owner = secrets.token_hex(8).encode()
        self._own: Any = None

    @classmethod
    def from_url(
        cls, url: str, *, remember_s: float = REMEMBER_S, prefix: str = PREFIX
    ) -> RedisSeen:
        """Make one with a client of its own; close it by ``async with`` or `aclose`."""
        redis = _redis()
        client: Any = redis.asyncio.Redis.from_url(
            url,
            retry=redis.asyncio.retry.Retry(redis.backoff.NoBackoff(), 0),
            socket_timeout=SOCKET_TIMEOUT_S,
            socket_connect_timeout=SOCKET_TIMEOUT_S,
            health_check_interval=0,
        )
        made = cls(client, remember_s=remember_s, prefix=prefix)
        made._own = client
        return made

    def __repr__(self) -> str:
        return "<RedisSeen>"

    async def aclose(self) -> None:
        """Close the client that `from_url` made."""
        own, self._own = self._own, None
        if own is not None:
            await own.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def claim(self, key: str) -> Claim:
        """Claim a key."""
        name = self._prefix + key
        if await self._client.set(name, self._owner, ex=int(CLAIM_S), nx=True):
            return Claim.CLAIMED
        value = await self._client.get(name)
        return Claim.DONE if value in (DONE, DONE.decode()) else Claim.OPEN

    async def confirm(self, key: str) -> None:
        """Remember a key as handed over."""
        await self._client.set(self._prefix + key, DONE, ex=self._remember_s)

    async def release(self, key: str) -> None:
        """Give a claim back."""
        await self._client.eval(RELEASE, 1, self._prefix + key, self._owner)


def _redis() -> Any:
    """Import redis-py, which has no types that a strict checker takes.

    Raises:
        ImportError: It is not installed.
    """
    try:
        for name in ("redis.asyncio", "redis.asyncio.retry", "redis.backoff"):
            import_module(name)
    except ImportError as error:
        raise ImportError(
            "RedisSeen needs redis; install it with: pip install 'intercom-async[redis]'"
        ) from error
    return import_module("redis")
