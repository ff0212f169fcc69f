"""Names, parameters and defaults that programs rely on: what is here is not taken away or renamed.

A signature below is the least that a function takes: by the same name, in the same way, with the
same default (`...` where the default may be any). It may take more.
"""

from __future__ import annotations

import ast
import inspect
import tomllib
from collections.abc import Iterator
from importlib import import_module
from inspect import Parameter
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import pytest

from intercom_async import (
    Intercom,
    IntercomError,
    NotFoundError,
    Priority,
    RateLimitedError,
    WaitTooLongError,
)

SIGNATURES: dict[str, str] = {
    # The client.
    "intercom_async:Intercom": (
        "token=None, *, region=None, base_url=None, allow_http=False, proxy=None, trust_env=True, "
        "ssl=None, budget_key=None, transport=None, store=None, version='2.14', limits=..., "
        "scheduler=None, retry=..., timeout_s=60.0, deadline_s=None, max_wait_s=None, "
        "update_method='PUT', http=None, observer=None"
    ),
    "intercom_async:Limits": (
        "*, app_per_minute=10_000, workspace_per_minute=25_000, window_s=10.0, max_in_flight=..."
    ),
    "intercom_async:RetryPolicy": "*, max_attempts=5, base_s=..., cap_s=..., outage_s=30.0",
    "intercom_async:priority": "value",
    "intercom_async:to_datetime": "seconds",
    "client.open": "async",
    "client.close": "async",
    "client.statistics": "",
    "client.with_options": (
        "*, priority=..., max_wait_s=..., timeout_s=..., deadline_s=..., version=..., headers=..."
    ),
    "client.request": "async method, template, *, path=None, params=None, json=None, model=None",
    "client.send": "async call",
    # Resources.
    "client.admins.list": "",
    "client.admins.me": "async",
    "client.contacts.create": (
        "async *, email=..., name=..., phone=..., role=..., custom_attributes=..., settle_s=..."
    ),
    "client.contacts.get": "async contact_id",
    "client.contacts.update": "async contact_id, *, email=..., name=...",
    "client.contacts.delete": "async contact_id",
    "client.contacts.list": "*, per_page=None",
    "client.contacts.search": "query, *, sort=..., per_page=...",
    "client.contacts.create_note": "async contact_id, *, body, admin_id=...",
    "client.contacts.attach_tag": "async contact_id, tag_id",
    "client.contacts.detach_tag": "async contact_id, tag_id",
    "client.contacts.attach_company": "async contact_id, company_id",
    "client.contacts.wait_searchable": "async contact_id, *, timeout_s=...",
    "client.contacts.notes": "contact_id",
    "client.contacts.upsert": "async *, email=..., external_id=..., id=..., name=...",
    "client.contacts.update_many": "items, *, on_progress=...",
    "client.contacts.create_many": "items, *, on_progress=...",
    "client.contacts.upsert_many": "items, *, on_progress=...",
    "client.contacts.archive_many": "contact_ids, *, on_progress=...",
    "client.contacts.delete_many": "contact_ids, *, on_progress=...",
    "client.contacts.tag_many": "contact_ids, tag_id, *, on_progress=...",
    "client.conversations.list": "*, per_page=..., order=..., sort=...",
    "client.conversations.get": "async conversation_id, *, display_as=...",
    "client.conversations.search": "query, *, sort=..., per_page=...",
    "client.conversations.reply": (
        "async conversation_id, *, body=..., admin_id=..., message_type=..., contact_id=..., "
        "email=..., user_id=..."
    ),
    "client.conversations.assign": "async conversation_id, *, admin_id, assignee_id",
    "client.conversations.close": "async conversation_id, *, admin_id, body=None",
    "client.conversations.open": "async conversation_id, *, admin_id",
    "client.conversations.snooze": "async conversation_id, *, admin_id, until",
    "client.conversations.create_part": "async conversation_id, *, message_type, admin_id=...",
    "client.tags.list": "",
    "client.tags.create": "async *, name",
    "client.articles.list": "",
    "client.articles.get": "async article_id",
    "client.companies.create": (
        "async *, company_id=..., name=..., plan=..., size=..., website=..."
    ),
    "client.companies.upsert_many": "items, *, on_progress=...",
    "client.events.create": (
        "async *, event_name=..., created_at=..., user_id=..., email=..., id=..., metadata=..."
    ),
    "client.events.create_many": "events, *, on_progress=...",
    "client.data_exports.wait": "async job_identifier, *, timeout_s=...",
    # Lists.
    "pager.pages": "",
    "pager.first": "async",
    "pager.collect": "async limit=None",
    "pager.as_": "item_type",
    "pager.raw": "",
    "pager.resume": "checkpoint",
    "pager.prefetch": "pages=1",
    "pager.count": "async",
    "pager.batches": "rows=5_000",
    "pager.to_arrow": "async",
    "pager.to_polars": "async",
    "pager.to_pandas": "async",
    # Values.
    "intercom_async.models:Contact.to_dict": "self, *, times='unix', none=False",
    "intercom_async.models:Contact.to_json": "self",
    "intercom_async.codec:decode": "body, model",
    "intercom_async.codec:drift": "",
    # Scheduler and stores.
    "intercom_async.scheduler:Scheduler": "limits=..., *, store=None",
    "intercom_async.scheduler:Scheduler.admit": "self, *, priority=None, max_wait_s=None",
    "intercom_async.scheduler:Scheduler.statistics": "self",
    "intercom_async.scheduler:Permit.observe": "self, *, status, headers",
    "intercom_async.scheduler.stores:RedisStore": "client, *, answer_within_s=0.25",
    "intercom_async.scheduler.stores:RedisStore.from_url": "url, *, answer_within_s=0.25",
    "intercom_async.scheduler.stores:PostgresStore": "conninfo, *, answer_within_s=0.25",
    **{
        f"intercom_async.scheduler.stores:BudgetStore.{name}": "async self, ask"
        for name in ("lease", "give_back", "freeze")
    },
    "intercom_async.scheduler.stores:BudgetStore.aclose": "async self",
    # Simulator.
    "intercom_async.simulator:Simulator": (
        "*, contacts=..., conversations=..., companies=..., tickets=..., seed=7, "
        "app_per_minute=10_000, workspace_per_minute=25_000, window_s=10.0, latency_s=..., port=0"
    ),
    "intercom_async.simulator:Simulator.new_app": "self, *, app_per_minute=...",
    "intercom_async.simulator:Simulator.ledger": "self",
    "intercom_async.simulator:Fault": (
        "*, path=None, method=None, status=None, drop=None, empty=False, garble=False, times=None, "
        "after=0, rate=1.0, no_headers=False, drift=None, delay_s=0.0"
    ),
    "intercom_async.transport:MemoryTransport": "answers",
    "intercom_async.transport:Reply": "status, headers, body",
    # Syncs and workers.
    "intercom_async.sync:plan": "async intercom, streams=None",
    "intercom_async.sync:sync": (
        "async intercom, streams=None, *, sink, since=None, full=False, lookback_s=3_600, "
        "reconcile='auto', reconcile_within_s=604_800, patience_s=600, hard_delete=False, "
        "on_progress=None, stop=None"
    ),
    "intercom_async.sync:DuckDBSink": "path",
    "intercom_async.sync:JsonlSink": "path",
    "intercom_async.sync:ParquetSink": "path",
    "intercom_async.sync:PostgresSink": "conninfo, *, schema='intercom'",
    "intercom_async.sync:Stream": "name, source",
    "intercom_async.sync:Ranged": "read",
    "intercom_async.sync:Listing": "read",
    "intercom_async.sync:Children": "parent, read",
    "intercom_async.sync:ChildRows": "rows",
    "intercom_async.sync.shards:Shard.to_json": "self",
    "intercom_async.sync.shards:Shard.from_json": "text",
    "intercom_async.sync.shards:plan_shards": "async intercom, sink",
    "intercom_async.sync.shards:run_shard": "async intercom, shard, sink",
    "intercom_async.sync.shards:finish_run": "async intercom, sink",
    "intercom_async.workspaces:Workspaces": "token_of, *, idle_s=600.0",
    "intercom_async.workspaces:Workspaces.client": "self, workspace_id",
    "intercom_async.integrations.taskiq:broker": "url",
    "intercom_async.integrations.taskiq:sync_tasks": "broker, tasks, source",
    "intercom_async.integrations.procrastinate:sync_tasks": "app, tasks",
    # What Intercom sends.
    "intercom_async.webhooks:Webhooks": "secret",
    "intercom_async.webhooks:Webhooks.on": "self, *topics",
    "intercom_async.webhooks:Webhooks.asgi": "self",
    "intercom_async.webhooks:Webhooks.aiohttp": "self, path",
    "intercom_async.webhooks:Webhooks.parse": "self, body, headers",
    "intercom_async.webhooks:Webhooks.sign": "self, body",
    "intercom_async.webhooks:Webhooks.catch_up": "async self, intercom, *, since",
    "intercom_async.canvas:CanvasKit": "secret",
    "intercom_async.oauth:OAuth": "client_id, client_secret",
    "intercom_async.oauth:OAuth.begin": "self, *, redirect_uri=None",
    "intercom_async.oauth:OAuth.finish": "async self, code, *, state, expected",
    "intercom_async.identity:messenger_settings": "app_id",
    "intercom_async.identity:messenger_token": "secret, *, user_id, expires_in_s=3_600.0",
    "intercom_async.identity:user_hash": "secret, user",
    # Observability.
    "intercom_async.integrations.opentelemetry:instrument": (
        "intercom, *, tracer_provider=None, meter_provider=None"
    ),
    **{
        f"intercom_async:Observer.{name}": signature
        for name, signature in {
            "call_began": "self, call",
            "attempt_began": "self, call, number",
            "attempt_ended": "self, call, attempt",
            "waited": "self, call, seconds",
            "call_ended": "self, call, outcome",
        }.items()
    },
}

RESOURCE_NAMES = (
    "admins ai_content articles away_status_reasons brands calls companies contacts conversations "
    "custom_objects data_attributes data_exports emails events fin fin_voice help_center "
    "internal_articles ip_allowlist jobs messages news notes phone_calls reporting_exports "
    "segments subscription_types tags teams ticket_states ticket_types tickets visitors workflows"
)

ERRORS = (
    "BadRequestError ClosedError ConfigError ConflictError ConnectError ConnectionLostError "
    "DeadlineError DecodeError ForbiddenError GoneError IntercomError JobError NotFoundError "
    "OAuthError PaginationError QueryError RateLimitedError RequestTimeoutError ResponseError "
    "ServerError SignatureError StateError TransportError UnauthorizedError UnprocessableError "
    "WaitTooLongError"
)

NAMES: dict[str, str] = {
    "intercom_async": f"{ERRORS} TargetError F Priority Pager Page Response Observer __version__",
    "intercom_async.errors": ERRORS,
    "intercom_async.sync": "Report TargetError",
    "intercom_async.canvas": "Canvas CanvasKit",
    "intercom_async.webhooks": "Notification Webhooks",
    "intercom_async.webhooks.items": "Conversation",
    "intercom_async.workflows.bulk": "Done Failed",
    "intercom_async.integrations.fastapi": "lifespan",
    "intercom_async.integrations.pytest_plugin": "intercom intercom_simulator",
}

FIELDS: dict[str, str] = {
    "intercom_async:Response": ("data status headers request_id window attempts elapsed_s"),
    "intercom_async:Page": "items total_count checkpoint",
    "intercom_async.scheduler:Statistics": (
        "app workspace queued in_flight granted throttled retries waited_s utilisation store"
    ),
    "intercom_async.scheduler.statistics:TierStatistics": "limit used remaining reset_at",
    "intercom_async.scheduler.stores.base:StoreStatistics": (
        "members leased left is_available unavailable_s"
    ),
    "intercom_async.workflows.upsert:Upserted": "contact created",
    "intercom_async.workflows.bulk:Failed": "item error",
    "intercom_async.sync:Report": (
        "rows calls seconds utilisation throttled streams is_complete complete_from started_at "
        "ended_at deletions_to"
    ),
    "intercom_async.sync.report:StreamReport": "name rows calls seconds holes lag_s",
    "intercom_async.sync.plan:Plan": "calls seconds streams",
    "intercom_async.sync.plan:StreamPlan": "parts calls",
    "intercom_async.oauth:Login": "state",
}
"""Fields and properties of results."""

EXTRAS = ["cli", "redis", "postgres", "arrow", "mcp"]


class Wanted(NamedTuple):
    """One parameter of a signature above."""

    name: str
    kind: Any
    default: Any


def parsed(signature: str) -> Iterator[Wanted]:
    """Yield the parameters of a signature, which may begin with the word async."""
    text = signature.removeprefix("async").strip()
    made: Any = ast.parse(f"def f({text}): ...").body[0]
    taken = made.args
    empty = [None] * (len(taken.args) - len(taken.defaults))
    for each, default in zip(taken.args, [*empty, *taken.defaults], strict=True):
        yield Wanted(each.arg, Parameter.POSITIONAL_OR_KEYWORD, valued(default))
    if taken.vararg:
        yield Wanted(taken.vararg.arg, Parameter.VAR_POSITIONAL, Parameter.empty)
    for each, default in zip(taken.kwonlyargs, taken.kw_defaults, strict=True):
        yield Wanted(each.arg, Parameter.KEYWORD_ONLY, valued(default))


def valued(default: ast.expr | None) -> Any:
    return Parameter.empty if default is None else ast.literal_eval(default)


def found(path: str) -> Any:
    """Return what a path names: of a module, of a client, or of a list."""
    module, _, attributes = path.partition(":")
    if attributes:
        value = imported(module)
    else:
        root, _, attributes = path.partition(".")
        client = Intercom("token")
        value = client if root == "client" else client.contacts.list()
    for name in attributes.split("."):
        value = getattr(value, name)
    return value


def imported(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as missing:
        package = (missing.name or "").partition(".")[0]
        if package == "intercom_async":
            raise
        pytest.skip(f"{package or missing} is not installed")


def keywords_of(function: Any) -> set[str]:
    """Return the names that a function takes by `**fields: Unpack[…]`."""
    hints = get_type_hints(function, include_extras=True)
    named: set[str] = set()
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            for fields in getattr(hints[parameter.name], "__args__", ()):
                named |= {*fields.__annotations__}
    return named


def difference(wanted: Wanted, number: int, function: Any) -> str:
    """Say how a function's parameter differs from what is wanted; nothing if it does not."""
    parameters = inspect.signature(function).parameters
    got = parameters.get(wanted.name)
    if got is None:
        return "" if wanted.name in keywords_of(function) else f"{wanted.name} is not taken"
    if got.kind is not wanted.kind:
        return f"{wanted.name} is {got.kind.description}"
    if got.kind is got.POSITIONAL_OR_KEYWORD and [*parameters].index(got.name) != number:
        return f"{wanted.name} is not parameter {number}"
    if wanted.default is ...:
        return f"{wanted.name} is needed" if got.default is got.empty else ""
    is_same = got.default == wanted.default and type(got.default) is type(wanted.default)
    return "" if is_same else f"{wanted.name} is {got.default!r} by default"


@pytest.mark.parametrize("path", SIGNATURES)
def test_a_function_takes_what_programs_give_it(path: str) -> None:
    function, wanted = found(path), [*parsed(SIGNATURES[path])]
    wrong = [difference(each, number, function) for number, each in enumerate(wanted)]
    names = {each.name for each in wanted}
    for name, got in inspect.signature(function).parameters.items():
        is_named = got.kind not in (got.VAR_KEYWORD, got.VAR_POSITIONAL)
        if is_named and got.default is got.empty and name not in names:
            wrong.append(f"{name} is needed, too")
    assert [each for each in wrong if each] == []
    made = str(inspect.signature(function).return_annotation)
    is_async = inspect.iscoroutinefunction(function) or made.startswith("Coroutine")
    assert is_async == SIGNATURES[path].startswith("async")


@pytest.mark.parametrize("module", NAMES)
def test_names_are_where_programs_import_them_from(module: str) -> None:
    place = imported(module)
    assert [name for name in NAMES[module].split() if not hasattr(place, name)] == []


@pytest.mark.parametrize("path", FIELDS)
def test_results_have_their_fields(path: str) -> None:
    kind = found(path)
    known = {*dir(kind), *getattr(kind, "__annotations__", ())}
    assert {*FIELDS[path].split()} - known == set()


ERROR_ATTRIBUTES: list[tuple[IntercomError, str]] = [
    (NotFoundError(call="GET /x", status=404), "status code errors request_id window call"),
    (RateLimitedError(call="GET /x", status=429), "retry_after_s reset_at status code window"),
    (WaitTooLongError(wait_s=2.0, limit_s=1.0), "retry_after_s reset_at"),
]


@pytest.mark.parametrize(("error", "names"), ERROR_ATTRIBUTES, ids=lambda each: type(each).__name__)
def test_errors_have_their_attributes(error: IntercomError, names: str) -> None:
    assert [name for name in names.split() if not hasattr(error, name)] == []


def test_every_error_of_the_package_is_one_of_its_own() -> None:
    assert [
        name
        for name in ERRORS.split()
        if not issubclass(found(f"intercom_async:{name}"), IntercomError)
    ] == []


def test_resources_are_attributes_of_the_client() -> None:
    client = Intercom("token")
    assert [name for name in RESOURCE_NAMES.split() if not hasattr(client, name)] == []


def test_lanes_have_their_names() -> None:
    assert [each.name for each in Priority] == ["INTERACTIVE", "NORMAL", "BACKGROUND", "BULK"]


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_brings_packages(extra: str) -> None:
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["project"]["optional-dependencies"][extra]
