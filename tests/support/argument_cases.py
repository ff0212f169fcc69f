"""What takes settings, and which values each of them may have."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from operator import eq
from typing import Any, NamedTuple

from intercom_async import fairness_key, priority
from intercom_async.canvas import CanvasKit
from intercom_async.doctor import examine
from intercom_async.identity import messenger_settings, messenger_token, user_hash
from intercom_async.integrations.aiohttp_web import intercom_context
from intercom_async.oauth import FileTokenStore, MemoryTokenStore, OAuth, OAuthRoutes
from intercom_async.receivers import AsgiApp, AsgiMiddleware, Signer
from intercom_async.scheduler import Scheduler
from intercom_async.scheduler.stores import RedisStore
from intercom_async.simulator import Fault, Quirks, Simulator
from intercom_async.sync import Children, Listing, Ranged, Stream, warehouse_views
from intercom_async.transport import HttpTransport, MemoryTransport, Reply
from intercom_async.webhooks import MemorySeen, RedisSeen, Webhooks
from intercom_async.workspaces import Workspaces
from .odd_values import (
    Fits,
    answers,
    any_text,
    count,
    count_from_0,
    either,
    empty_dict,
    field,
    flag,
    function,
    host,
    mapping,
    name_or_number,
    names,
    none,
    nothing,
    one_of,
    positive,
    records,
    seconds,
    secret,
    text,
    whole,
)


class Case(NamedTuple):
    """Something that takes settings, what it cannot do without, and what else each may be."""

    make: Callable[..., Any]
    needed: dict[str, Any]
    fits: dict[str, Fits]


async def _admit(**settings: Any) -> None:
    async with Scheduler().admit(**settings):
        pass


def entered(block: Callable[..., Any], **settings: Any) -> None:
    with block(**settings):
        pass


def _oauth() -> OAuth:
    return OAuth("id", "secret", transport=MemoryTransport([]))


class Commands:
    """What is used of a client of Redis."""

    async def set(self) -> None: ...

    async def get(self) -> None: ...

    async def eval(self) -> None: ...

    async def evalsha(self) -> None: ...


def _read(_: Any) -> Any: ...


READ = {"read": _read}
CASES: dict[str, Case] = {
    "Webhooks": Case(
        Webhooks,
        {"secret": "s"},
        {
            "secret": secret,
            "queue": function,
            "seen": none,
            "max_body_bytes": whole,
            "max_queued": whole,
            "concurrency": whole,
            "drain_s": seconds,
            "on_error": function,
            "observer": none,
            "clock": nothing,
        },
    ),
    "Webhooks.on": Case(
        partial(Webhooks("s").on, "ping"), {}, {"order_within_s": either(none, seconds)}
    ),
    "Webhooks.aiohttp": Case(Webhooks("s").aiohttp, {}, {"path": any_text}),
    "CanvasKit": Case(CanvasKit, {"secret": "s"}, {"secret": secret, "max_body_bytes": whole}),
    "OAuth": Case(
        OAuth,
        {"client_id": "a", "client_secret": "b"},
        {
            "client_id": text,
            "client_secret": text,
            "region": nothing,
            "base_url": none,
            "transport": none,
            "clock": nothing,
        },
    ),
    "OAuth.begin": Case(_oauth().begin, {}, {"redirect_uri": none}),
    "OAuthRoutes": Case(
        OAuthRoutes,
        {
            "oauth": _oauth(),
            "store": MemoryTokenStore(),
            "redirect_uri": "https://app.example/callback",
        },
        {
            "oauth": nothing,
            "store": nothing,
            "redirect_uri": nothing,
            "success_url": text,
            "on_install": function,
            "on_uninstall": function,
            "clock": nothing,
        },
    ),
    "FileTokenStore": Case(FileTokenStore, {}, {"folder": text}),
    "Signer": Case(
        Signer,
        {"secret": "s", "algorithm": "sha1", "header": "X"},
        {"secret": secret, "algorithm": nothing, "header": text, "prefix": any_text},
    ),
    "AsgiApp": Case(AsgiApp, {"endpoint": print}, {"endpoint": callable, "lifespan": function}),
    "AsgiMiddleware": Case(
        AsgiMiddleware,
        {"app": print, "endpoint": print, "path": "/x"},
        {"app": callable, "endpoint": callable, "path": text, "lifespan": function},
    ),
    "MemorySeen": Case(
        MemorySeen, {}, {"max_keys": whole, "remember_s": positive, "clock": nothing}
    ),
    "RedisSeen": Case(
        RedisSeen,
        {"client": Commands()},
        {"client": nothing, "remember_s": positive, "prefix": text},
    ),
    "RedisStore": Case(
        RedisStore,
        {"client": Commands()},
        {"client": nothing, "answer_within_s": positive, "required": flag, "clock": nothing},
    ),
    "Scheduler": Case(
        Scheduler,
        {},
        {
            "limits": none,
            "store": none,
            "budget_key": none,
            "clock": nothing,
            "hooks": none,
            "random": none,
        },
    ),
    "Scheduler.admit": Case(
        _admit,
        {},
        {
            "priority": none,
            "cost": partial(count, most=1e308),
            "max_wait_s": either(none, seconds, lambda value: value == math.inf),
        },
    ),
    "Workspaces": Case(
        Workspaces,
        {"token_of": print},
        {
            "token_of": callable,
            "transport": none,
            "clock": nothing,
            "idle_s": either(positive, lambda value: value == math.inf),
        },
    ),
    "priority": Case(partial(entered, priority), {}, {"value": nothing}),
    "fairness_key": Case(partial(entered, fairness_key), {}, {"key": any_text}),
    "messenger_token": Case(
        messenger_token,
        {"secret": "s" * 32, "user_id": "u"},
        {
            "secret": text,
            "user_id": name_or_number,
            "email": either(none, name_or_number),
            "expires_in_s": positive,
            "attributes": either(none, mapping),
            "clock": nothing,
        },
    ),
    "messenger_settings": Case(
        messenger_settings,
        {"app_id": "a"},
        {
            "app_id": name_or_number,
            "region": nothing,
            "token": either(none, name_or_number),
            "attributes": either(none, mapping),
        },
    ),
    "user_hash": Case(
        user_hash, {"secret": "s", "user": "u"}, {"secret": text, "user": name_or_number}
    ),
    "intercom_context": Case(intercom_context, {}, {"make": callable}),
    "examine": Case(
        examine,
        {"token": "t", "transport": MemoryTransport(lambda _: Reply(401, {}, b""))},
        {
            "proxy": none,
            "ssl": none,
            "regions": empty_dict,
            "make_contact": flag,
            "version": nothing,
        },
    ),
    "HttpTransport": Case(HttpTransport, {}, {"session": none, "proxies": none, "ssl": none}),
    "MemoryTransport": Case(
        MemoryTransport,
        {},
        {"answers": answers},
    ),
    "Stream": Case(
        Stream,
        {"name": "a", "source": Listing(_read)},
        {
            "name": partial(eq, "x" * 5_000),
            "source": nothing,
            "key": field,
            "model": none,
        },
    ),
    "Listing": Case(
        Listing,
        READ,
        {
            "read": callable,
            "per_page": either(none, whole),
            "get": none,
            "is_listed": function,
            "references": partial(eq, ()),
            "with_key": function,
        },
    ),
    "Ranged": Case(
        Ranged,
        READ,
        {
            "read": callable,
            "granularity": nothing,
            "partition_field": field,
            "cursor_field": field,
            "per_page": whole,
            "part_pages": whole,
            "seconds_since": either(none, text),
            "get": none,
            "deletions": none,
            "is_append_only": flag,
            "archives": flag,
            "listed": function,
            "embedded": partial(eq, ()),
            "references": partial(eq, ()),
        },
    ),
    "Children": Case(
        Children,
        {"parent": "a", **READ},
        {
            "parent": text,
            "read": callable,
            "parent_field": field,
            "count": function,
            "is_due": function,
        },
    ),
    "warehouse_views": Case(
        warehouse_views,
        {"tables": ["contacts"]},
        {"tables": names, "dialect": one_of("duckdb", "postgres")},
    ),
    "Quirks": Case(
        Quirks,
        {},
        {
            "search_lag_s": seconds,
            "stale_s": seconds,
            "moving_orders": count_from_0,
            "day_zone": either(none, any_text),
            "max_per_page": either(none, count),
            "max_parts": count,
            "max_embedded": count,
            "hide_has_more": flag,
            "short_pages": one_of(0),
            "lying_counts": one_of(0),
            "reset_header": nothing,
            "own_links": flag,
            "poison": empty_dict,
        },
    ),
    "Fault": Case(
        Fault,
        {},
        {
            "rate": one_of(0),
            "after": count_from_0,
            "every": count,
            "times": either(none, count_from_0),
            "method": either(none, any_text),
            "path": none,
            "status": none,
            "drop": none,
            "drift": either(none, any_text),
            "delay_s": seconds,
            "slow_body_s": seconds,
            "edge": none,
            "retry_after_s": either(none, seconds),
            **dict.fromkeys(("garble", "truncate", "empty", "no_headers", "not_utf8"), flag),
            **dict.fromkeys(("deep", "short_list", "empty_list"), flag),
        },
    ),
    "Simulator": Case(
        Simulator,
        {},
        {
            **dict.fromkeys(("contacts", "conversations", "companies", "tickets"), records),
            "seed": partial(count, least=-1),
            "app_per_minute": positive,
            "workspace_per_minute": positive,
            "window_s": positive,
            "latency_s": seconds,
            "port": partial(count, least=0, most=65_535),
            "version": nothing,
            "timezone": nothing,
            "settle_s": seconds,
            "index_s": either(none, seconds),
            "remaining": nothing,
            "host": either(one_of(""), host),
            "data": none,
            "quirks": either(none, empty_dict),
            "allow_hosts": either(mapping, *(partial(eq, one) for one in ([], (), b"", ["a"]))),
        },
    ),
}
