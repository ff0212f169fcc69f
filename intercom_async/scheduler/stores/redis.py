"""A budget store in Redis, Valkey or a Redis Cluster.

All keys of a budget lie in one hash slot (`{ic:<budget>}`), so that one script can use them:

    {ic:B}:a:<app>:<reset>   hash   granted, seen, external, frozen: the app's window; what each
                                    process has of it
    {ic:B}:w:<reset>         hash   the same window over all apps of the workspace
    {ic:B}:m:<app>           zset   processes of the app by when they were last heard of
    {ic:B}:m                 zset   processes of all apps
    {ic:B}:i:<app>           hash   arrivals and bursts of interactive calls, by process
    {ic:B}:k:<app>           hash   limit, length and clock, for processes that begin

All of them expire by themselves. The processes' own clocks are never compared: a window is named
by its Reset, members age by Redis' TIME, and Intercom's clock is kept relative to that.

docs/guides/processes.md lists the permissions that it needs.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from intercom_async.clock import CLOCK, Clock
from intercom_async.config import check_text
from intercom_async.errors import ConfigError
from ._member import (
    MEMBER_TTL_S,
    WINDOWS_KEPT,
    Granted,
    LeaseRequest,
    StoreMember,
    check_bound,
)
from ._requests import LINGER_S
from .base import CLOCK_DRIFT, INTERACTIVE_SHARE, MAX_BURST_SHARE

MEMBER_TTL_MS = 1000 * MEMBER_TTL_S
KNOWN_TTL_MS = 3_600_000
"""Milliseconds for which limit and clock are kept for processes that begin
(test_redis_store.py::test_every_key_expires_and_lies_in_the_slot_of_its_budget)."""

LEASE = """
local app, workspace, members, everybody, known = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local interactive = KEYS[6]
local member, ttl, member_ttl = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local limit, workspace_limit = tonumber(ARGV[4]), tonumber(ARGV[5])
local used, want, holder = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
local melting, freezes = tonumber(ARGV[9]), ARGV[10] == '1'
local expecting_s, per_s, burst = tonumber(ARGV[15]), tonumber(ARGV[16]), tonumber(ARGV[17])
local share, burst_share, drift = tonumber(ARGV[18]), tonumber(ARGV[19]), tonumber(ARGV[20])
local leased = tonumber(ARGV[21])
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
-- What the process has had beyond its account: the account was lost, or it has sent without
-- leases. Less than nothing: it gives back, or an answer has not reached it. Redis may evict one
-- account and keep the other, so both know what each process has.
local found = leased - number(app, holder)
local granted = math.max(0, number(app, 'granted') + found)
local granted_all = math.max(0, number(workspace, 'granted') + leased - number(workspace, holder))
-- What replies have counted beyond all that was granted was sent by others. It never gets less,
-- but for what turns out to have been granted.
local external = math.max(number(app, 'external') - math.max(0, found), 0,
                          math.max(number(app, 'seen'), used) - granted)
local frozen = freezes or number(app, 'frozen') == 1

if per_s > 0 or burst > 0 then
  redis.call('HSET', interactive, member, per_s .. ' ' .. burst)
  redis.call('PEXPIRE', interactive, member_ttl)
else
  redis.call('HDEL', interactive, member)
end
-- As kept_for_interactive of base.py: arrivals of all processes, the largest burst of one.
local kept_of = function(calls) return 0 end
if expecting_s > 0 then
  if redis.call('HLEN', interactive) > 0 then
    per_s, burst = 0, 0
    for _, each in ipairs(redis.call('ZRANGE', members, 0, -1)) do
      local found = redis.call('HGET', interactive, each)
      if found then
        local rate, size = found:match('^(%S+) (%S+)$')
        per_s, burst = per_s + tonumber(rate), math.max(burst, tonumber(size))
      end
    end
  end
  local expected = per_s * expecting_s
  kept_of = function(calls)
    local least = math.max(share * calls, math.min(burst, burst_share * calls))
    return math.floor(math.max(melting * least, expected + 2 * math.sqrt(expected)))
  end
end
local kept = kept_of(limit)

local function guide(left, kept, sharers)
  left = left - kept
  if left <= 0 then return 0 end
  return math.min(want, math.ceil(left / (2 * sharers)))
end

local told = redis.call('HMGET', known, 'low', 'high', 'at')
local low, high = '', ''
if told[3] then
  local age = drift * (now - tonumber(told[3])) / 1000
  low, high = string.format('%.6f', told[1] - age), string.format('%.6f', told[2] + age)
end
local left = limit - external - granted
local left_all = workspace_limit - external - granted_all
local count = 0
if not frozen and want > 0 then
  count = math.min(guide(left, kept, n), guide(left_all, kept_of(workspace_limit), all))
end
redis.call('HSET', app, 'granted', granted + count, 'seen', math.max(number(app, 'seen'), used),
           'external', external, 'frozen', frozen and 1 or 0, holder, leased + count)
redis.call('PEXPIRE', app, ttl)
redis.call('HSET', workspace, 'granted', granted_all + count, holder, leased + count)
redis.call('PEXPIRE', workspace, ttl)
if ARGV[11] ~= '' then
  -- What all have told, unless the clock was set meanwhile.
  local new_low, new_high = ARGV[12], ARGV[13]
  if low ~= '' and tonumber(low) <= tonumber(new_high) and tonumber(new_low) <= tonumber(high) then
    if tonumber(low) > tonumber(new_low) then new_low = low end
    if tonumber(high) < tonumber(new_high) then new_high = high end
  end
  redis.call('HSET', known, 'limit', limit, 'window_ms', ARGV[11],
             'low', new_low, 'high', new_high, 'at', now)
  redis.call('PEXPIRE', known, ARGV[14])
end
return {count, math.max(0, math.min(left, left_all) - count), kept, n, frozen and 1 or 0, low, high,
        tostring(time[1]), tostring(time[2])}
"""

JOIN = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[2], now, ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('ZADD', KEYS[3], now, ARGV[1])
redis.call('PEXPIRE', KEYS[3], ARGV[2])
local known = redis.call('HMGET', KEYS[1], 'limit', 'window_ms', 'low', 'high', 'at')
local low, high = '', ''
if known[5] then
  local age = ARGV[3] * (now - tonumber(known[5])) / 1000
  low, high = string.format('%.6f', known[3] - age), string.format('%.6f', known[4] + age)
end
return {known[1] or '', known[2] or '', low, high,
        tostring(time[1]), tostring(time[2])}
"""

LEAVE = """
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 0
"""


class RedisStore(StoreMember):
    """One budget over processes, kept in Redis.

    Args:
        client: An asyncio client of Redis or Valkey (redis, valkey or coredis); closed by its
            owner. It should neither retry nor wait longer than `answer_within_s` by itself.
        answer_within_s: Seconds after which the store counts as unavailable; a call is never held
            up longer by it.
        required: Whether a store that does not answer at the start is an error.

    Raises:
        ConfigError: `client` has no `evalsha` or blocks, or `answer_within_s` is no number of
            seconds.
    """

    def __init__(
        self,
        client: Any,
        *,
        answer_within_s: float = 0.25,
        required: bool = False,
        clock: Clock = CLOCK,
    ) -> None:
        super().__init__(answer_within_s, required=required, clock=clock)
        if not hasattr(client, "evalsha"):
            raise ConfigError(
                f"RedisStore takes an asyncio client with `evalsha`, not {type(client).__name__}; "
                "RedisStore.from_url(…) makes one"
            )
        if hasattr(client, "__enter__") and not hasattr(client, "__aenter__"):
            raise ConfigError(
                f"RedisStore takes an asyncio client; {type(client).__module__} has one that blocks"
            )
        self._client = client
        self._owns_client = False
        self._takes_lists = "keys" in inspect.signature(client.evalsha).parameters

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
            ConfigError: The address or `answer_within_s` cannot be used.
        """
        try:
            from redis.asyncio import Redis  # noqa: PLC0415 (an extra)
            from redis.asyncio.retry import Retry  # noqa: PLC0415
            from redis.backoff import NoBackoff  # noqa: PLC0415
        except ImportError as missing:
            raise ImportError(
                "RedisStore.from_url needs redis: pip install 'intercom-async[redis]'"
            ) from missing
        check_bound(answer_within_s)
        check_text("url", url)
        settings: dict[str, Any] = {
            # The client's own retries would hold a call for a minute while the server is away.
            "retry": Retry(NoBackoff(), 0),
            # Longer than anybody waits: a late answer must not cost the connection.
            "socket_timeout": answer_within_s + LINGER_S,
            "socket_connect_timeout": answer_within_s + LINGER_S,
            "health_check_interval": 0,
            **options,
        }
        try:
            make: Callable[..., Any] = Redis.from_url  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            client = make(url, **settings)
        except ValueError:
            # The address may hold a password: it is not repeated.
            raise ConfigError(
                "url: an address of Redis begins with redis:// or rediss://"
            ) from None
        store = cls(client, answer_within_s=answer_within_s, required=required)
        store._owns_client = True
        return store

    async def _join(self, budget: str, app: str) -> tuple[Any, Any, Any, Any]:
        tag = _tag(budget)
        keys = [f"{tag}:k:{app}", f"{tag}:m:{app}", f"{tag}:m"]
        limit, window_ms, low, high = await self._run(
            JOIN, keys, [self.member, MEMBER_TTL_MS, CLOCK_DRIFT]
        )
        return _text(limit), _text(window_ms), _text(low), _text(high)

    async def _grant(self, request: LeaseRequest) -> Granted:
        ask, tag = request.ask, _tag(request.ask.budget)
        keys = [
            f"{tag}:a:{ask.app}:{ask.reset_at_ms}",
            f"{tag}:w:{ask.reset_at_ms}",
            f"{tag}:m:{ask.app}",
            f"{tag}:m",
            f"{tag}:k:{ask.app}",
            f"{tag}:i:{ask.app}",
        ]
        known: list[str | int | float] = ["", "", "", ""]
        if request.clock is not None:
            known = [ask.window_ms, *map(repr, request.clock), KNOWN_TTL_MS]
        arguments: list[str | int | float] = [
            self.member,
            WINDOWS_KEPT * ask.window_ms,
            MEMBER_TTL_MS,
            ask.limit,
            ask.workspace_limit,
            -1 if ask.used is None else ask.used,
            ask.want,
            f"m:{ask.app}:{self.member}:{ask.holder}",
            request.melting,
            int(request.freezes),
            *known,
            request.expecting_s,
            ask.interactive_per_s,
            ask.interactive_burst,
            INTERACTIVE_SHARE,
            MAX_BURST_SHARE,
            CLOCK_DRIFT,
            ask.leased,
        ]
        *counts, low, high = await self._run(LEASE, keys, arguments)
        clock = (float(_text(low)), float(_text(high))) if _text(low) else None
        calls, left, kept, members, is_frozen = map(int, counts)
        return Granted(calls, left, kept, members, bool(is_frozen), clock)

    async def _leave(self, budget: str, app: str) -> None:
        tag = _tag(budget)
        await self._evaluate(LEAVE, [f"{tag}:m:{app}", f"{tag}:m"], [self.member])

    async def _close(self) -> None:
        if self._owns_client:
            with suppress(Exception):  # a connection that cannot be closed is closed
                async with asyncio.timeout(1.0):
                    await self._client.aclose()

    async def _run(
        self, script: str, keys: Sequence[str], arguments: Sequence[str | int | float]
    ) -> list[Any]:
        """Run a script whose answer ends with Redis' time; return what stands before that."""
        sent = self._clock.now()
        answer = await self._evaluate(script, keys, arguments)
        found: list[Any]
        *found, seconds, micros = answer
        self._see_time(int(_text(seconds)) + int(_text(micros)) / 1e6, sent)
        return found

    async def _evaluate(
        self, script: str, keys: Sequence[str], arguments: Sequence[str | int | float]
    ) -> Any:
        """Run a script by its digest; load it where the server does not know it (any more)."""
        evalsha: Callable[..., Awaitable[Any]] = self._client.evalsha
        digest = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
        if self._takes_lists:
            run = partial(evalsha, digest, keys=list(keys), args=list(arguments))
        else:
            run = partial(evalsha, digest, len(keys), *keys, *arguments)
        try:
            return await run()
        except Exception as error:
            if not _is_unknown_script(error):
                raise
        await self._client.script_load(script)
        return await run()


def _tag(budget: str) -> str:
    """Return the hash tag of a budget; braces in its name would end the tag early."""
    return "{ic:" + budget.replace("{", "(").replace("}", ")") + "}"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _is_unknown_script(error: Exception) -> bool:
    return "NoScript" in type(error).__name__ or str(error).startswith("NOSCRIPT")
