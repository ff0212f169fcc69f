"""A budget store in Redis, Valkey or a Redis Cluster.

All keys of a budget lie in one hash slot (`{ic:<budget>}`), so that one script can use them:

    {ic:B}:a:<app>:<reset>   hash   granted, seen, foreign, frozen: the app's window
    {ic:B}:w:<reset>         hash   granted: the same window over all apps of the workspace
    {ic:B}:m:<app>           zset   processes of the app by when they were last heard of
    {ic:B}:m                 zset   processes of all apps
    {ic:B}:k:<app>           hash   limit, length and clock, for processes that begin

All of them expire by themselves. The processes' own clocks are never compared: a window is named
by its Reset, members age by Redis' TIME, and Intercom's clock is kept relative to that.

Least ACL: `+hello +select +evalsha +script|load +time +hget +hset +hmget +pexpire +zadd +zcard
+zremrangebyscore +zrem`, keys `~{ic:*`.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from secrets import token_hex
from types import TracebackType
from typing import Any, Self

from intercom_async.clock import CLOCK, Clock
from intercom_async.errors import ConfigError
from ._requests import StoreRequests
from .base import (
    INTERACTIVE_RELEASE_S,
    INTERACTIVE_SHARE,
    Ask,
    Known,
    Lease,
    StoreStatistics,
)

MEMBER_TTL_MS = 30_000
"""Milliseconds after which a process that was not heard of is no member any more
(test_redis.py::test_a_silent_process_stops_being_counted)."""
WINDOWS_KEPT = 3
"""Lengths of a window for which its account is kept after the last request
(test_redis.py::test_every_key_expires)."""
KNOWN_TTL_MS = 3_600_000
"""Milliseconds for which limit and clock are kept for processes that begin."""

LEASE = """
local app, workspace, members, everybody, known = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local member, ttl, member_ttl = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local limit, workspace_limit = tonumber(ARGV[4]), tonumber(ARGV[5])
local used, want, returned = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local share, freeze = tonumber(ARGV[9]), ARGV[10] == '1'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function join(key)
  redis.call('ZADD', key, now, member)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - member_ttl)
  redis.call('PEXPIRE', key, member_ttl)
  return redis.call('ZCARD', key)
end

local function number(key, field)
  return tonumber(redis.call('HGET', key, field) or '0')
end

local n, all = join(members), join(everybody)
local granted = math.max(0, number(app, 'granted') - returned)
local granted_all = math.max(0, number(workspace, 'granted') - returned)
-- What replies have counted beyond all that was granted was sent by others. It never gets less.
local foreign = math.max(number(app, 'foreign'), math.max(number(app, 'seen'), used) - granted)
if foreign < 0 then foreign = 0 end
local frozen = freeze or number(app, 'frozen') == 1

local function guide(left, kept, sharers)
  left = left - kept
  if left <= 0 then return 0 end
  return math.min(want, math.ceil(left / (2 * sharers)))
end

local left = limit - foreign - granted
local left_all = workspace_limit - foreign - granted_all
local count = 0
if not frozen and want > 0 then
  count = math.min(guide(left, math.ceil(share * limit), n),
                   guide(left_all, math.ceil(share * workspace_limit), all))
end
redis.call('HSET', app, 'granted', granted + count, 'seen', math.max(number(app, 'seen'), used),
           'foreign', foreign, 'frozen', frozen and 1 or 0)
redis.call('PEXPIRE', app, ttl)
redis.call('HSET', workspace, 'granted', granted_all + count)
redis.call('PEXPIRE', workspace, ttl)
if ARGV[11] ~= '' then
  redis.call('HSET', known, 'limit', limit, 'window_ms', ARGV[11],
             'low', ARGV[12], 'high', ARGV[13])
  redis.call('PEXPIRE', known, ARGV[14])
end
return {count, math.max(0, math.min(left, left_all) - count), n, frozen and 1 or 0,
        tostring(time[1]), tostring(time[2])}
"""

JOIN = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[2], now, ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('ZADD', KEYS[3], now, ARGV[1])
redis.call('PEXPIRE', KEYS[3], ARGV[2])
local known = redis.call('HMGET', KEYS[1], 'limit', 'window_ms', 'low', 'high')
return {known[1] or '', known[2] or '', known[3] or '', known[4] or '',
        tostring(time[1]), tostring(time[2])}
"""

LEAVE = """
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 0
"""


class RedisStore:
    """One budget over processes, kept in Redis.

    Args:
        client: An asyncio client of Redis or Valkey (redis, valkey or coredis); closed by its
            owner. It should neither retry nor wait longer than `answer_within_s` by itself.
        answer_within_s: Seconds after which the store counts as unavailable; a call is never held
            up longer by it.
        required: Whether a store that does not answer at the start is an error.

    Raises:
        ConfigError: `answer_within_s` is no number of seconds above 0.
    """

    def __init__(
        self,
        client: Any,
        *,
        answer_within_s: float = 0.25,
        required: bool = False,
        clock: Clock = CLOCK,
    ) -> None:
        if not isinstance(answer_within_s, (int, float)) or not 0 < answer_within_s <= 60:  # noqa: PLR2004
            raise ConfigError("answer_within_s must be more than 0 and at most 60 seconds")
        if not hasattr(client, "evalsha"):
            raise ConfigError(
                f"RedisStore takes an asyncio client with `evalsha`, not {type(client).__name__}; "
                "RedisStore.from_url(…) makes one"
            )
        self._client = client
        self._owns_client = False
        self._clock = clock
        self._required = required
        self._member = token_hex(8)
        self._requests = StoreRequests(answer_within_s, clock=clock)
        self._scripts: dict[str, str] = {
            script: hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
            for script in (LEASE, JOIN, LEAVE)
        }
        self._takes_lists = "keys" in inspect.signature(client.evalsha).parameters
        self._offset: tuple[float, float] | None = None
        self._joined: set[tuple[str, str]] = set()
        self._members = 1
        self._left = 0
        self._leased = 0
        self._returned = 0

    @classmethod
    def from_url(
        cls, url: str, *, answer_within_s: float = 0.25, required: bool = False, **options: Any
    ) -> RedisStore:
        """Return a store with a client of its own, set up not to retry and not to wait.

        Args:
            url: Such as `redis://localhost:6379/0`; `rediss://` for TLS.
            answer_within_s: As `RedisStore`.
            required: As `RedisStore`.
            **options: Passed to `redis.asyncio.Redis.from_url`.

        Raises:
            ImportError: redis is not installed; `pip install 'intercom-async[redis]'` brings it.
            ConfigError: The address cannot be used.
        """
        try:
            from redis.asyncio import Redis  # noqa: PLC0415 (an extra)
            from redis.asyncio.retry import Retry  # noqa: PLC0415
            from redis.backoff import NoBackoff  # noqa: PLC0415
        except ImportError as missing:
            raise ImportError(
                "RedisStore.from_url needs redis: pip install 'intercom-async[redis]'"
            ) from missing
        settings: dict[str, Any] = {
            # The client's own retries would hold a call for a minute while the server is away.
            "retry": Retry(NoBackoff(), 0),
            "socket_timeout": answer_within_s,
            "socket_connect_timeout": answer_within_s,
            "health_check_interval": 0,
            **options,
        }
        try:
            client = Redis.from_url(url, **settings)
        except ValueError:
            # The address may hold a password: it is not repeated.
            raise ConfigError("an address of Redis begins with redis:// or rediss://") from None
        store = cls(client, answer_within_s=answer_within_s, required=required)
        store._owns_client = True
        return store

    def __repr__(self) -> str:
        state = "available" if self._requests.is_available else "unavailable"
        return f"<RedisStore {state}, {self._members} members>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def join(self, *, budget: str, app: str) -> Known | None:
        """Return what other processes know of the server's windows; None if nobody does.

        Raises:
            ConfigError: The store is `required` and does not answer.
        """
        keys = [f"{_tag(budget)}:k:{app}", f"{_tag(budget)}:m:{app}", f"{_tag(budget)}:m"]
        answer = await self._run(JOIN, keys, [self._member, MEMBER_TTL_MS])
        if answer is None:
            if self._required:
                raise ConfigError("the budget store is required and does not answer")
            return None
        self._joined.add((budget, app))
        limit, window_ms, low, high = map(_text, answer[:4])
        if not limit or not window_ms or not low or not high or self._offset is None:
            return None
        return Known(
            limit=int(limit),
            window_ms=int(window_ms),
            clock=(float(low) + self._offset[0], float(high) + self._offset[1]),
        )

    async def lease(self, ask: Ask) -> Lease | None:
        """Lease calls of a window; None if Redis does not answer in time."""
        return await self._ask(ask)

    async def give_back(self, ask: Ask) -> None:
        """Return the `returned` calls of a window that this process will not send."""
        await self._ask(ask)

    async def freeze(self, ask: Ask) -> None:
        """Close a window for all processes: the server has answered 429."""
        await self._ask(ask, freezes=True)

    async def _ask(self, ask: Ask, *, freezes: bool = False) -> Lease | None:
        tag = _tag(ask.budget)
        keys = [
            f"{tag}:a:{ask.app}:{ask.reset_at_ms}",
            f"{tag}:w:{ask.reset_at_ms}",
            f"{tag}:m:{ask.app}",
            f"{tag}:m",
            f"{tag}:k:{ask.app}",
        ]
        keeps = not ask.is_interactive and ask.left_s > INTERACTIVE_RELEASE_S
        known: list[str | int | float] = ["", "", "", ""]
        if ask.clock is not None and self._offset is not None:
            low, high = ask.clock[0] - self._offset[1], ask.clock[1] - self._offset[0]
            known = [ask.window_ms, repr(low), repr(high), KNOWN_TTL_MS]
        arguments: list[str | int | float] = [
            self._member,
            WINDOWS_KEPT * ask.window_ms,
            MEMBER_TTL_MS,
            ask.limit,
            ask.workspace_limit,
            -1 if ask.used is None else ask.used,
            ask.want,
            ask.returned,
            INTERACTIVE_SHARE if keeps else 0,
            int(freezes),
            *known,
        ]
        answer = await self._run(LEASE, keys, arguments)
        if answer is None:
            return None
        self._joined.add((ask.budget, ask.app))
        count, left, members, is_frozen = map(int, answer[:4])
        self._members, self._left = members, left
        self._leased += count
        self._returned += ask.returned
        return Lease(count=count, left=left, members=members, is_frozen=bool(is_frozen))

    async def _run(
        self, script: str, keys: Sequence[str], arguments: Sequence[str | int | float]
    ) -> list[Any] | None:
        """Run a script; None if Redis does not answer in time."""

        async def run() -> list[Any]:
            sent = self._clock.now()
            try:
                answer = await self._evaluate(script, keys, arguments)
            except Exception as error:
                if not _is_unknown_script(error):
                    raise
                # Flushed, or a server that took over: loaded once more.
                await self._client.script_load(script)
                sent = self._clock.now()
                answer = await self._evaluate(script, keys, arguments)
            if isinstance(answer, list) and len(answer) == 6:  # noqa: PLR2004 (as scripts return)
                self._see_time(answer, sent, self._clock.now())
                return answer
            return []

        return await self._requests.send(run)

    def _evaluate(
        self, script: str, keys: Sequence[str], arguments: Sequence[str | int | float]
    ) -> Awaitable[Any]:
        sha = self._scripts[script]
        evalsha: Callable[..., Awaitable[Any]] = self._client.evalsha
        if self._takes_lists:
            return evalsha(sha, keys=list(keys), args=list(arguments))
        return evalsha(sha, len(keys), *keys, *arguments)

    def _see_time(self, answer: list[Any], sent: float, received: float) -> None:
        """Narrow the difference of Redis' TIME to this loop's time."""
        moment = int(_text(answer[4])) + int(_text(answer[5])) / 1e6
        low, high = moment - received, moment - sent
        known = self._offset
        if known is not None and known[0] <= high and low <= known[1]:
            low, high = max(low, known[0]), min(high, known[1])
        self._offset = low, high

    @property
    def statistics(self) -> StoreStatistics:
        """Return what the store has done for this process."""
        requests = self._requests
        return StoreStatistics(
            members=self._members,
            leased=self._leased,
            returned=self._returned,
            left=self._left,
            requests=requests.answered,
            is_available=requests.is_available,
            unavailable_s=requests.unavailable_s,
        )

    async def aclose(self) -> None:
        """Stop being a member, and close the client if `from_url` made it."""
        if self._requests.is_available:
            for budget, app in self._joined:
                tag = _tag(budget)
                await self._run(LEAVE, [f"{tag}:m:{app}", f"{tag}:m"], [self._member])
        self._joined.clear()
        await self._requests.aclose()
        if self._owns_client:
            with suppress(Exception):  # a connection that cannot be closed is closed
                async with asyncio.timeout(1.0):
                    await self._client.aclose()


def _tag(budget: str) -> str:
    """Return the hash tag of a budget; braces in its name would end the tag early."""
    return "{ic:" + budget.replace("{", "(").replace("}", ")") + "}"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _is_unknown_script(error: Exception) -> bool:
    return "NoScript" in type(error).__name__ or str(error).startswith("NOSCRIPT")
