from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, TypeVar

import pytest
from hypothesis import given, strategies as st

from intercom_async.codec.encoding import encode
from intercom_async.errors import ConfigError
from intercom_async.fields import ContentReference, FinMessage
from intercom_async.moments import to_iso, to_unix
from intercom_async.pagination.pager import Pager
from intercom_async.request.operation import Call
from intercom_async.resources.content import Content
from intercom_async.resources.fin import DataConnectors, Fin
from intercom_async.resources.help_center import Articles, HelpCenter
from intercom_async.resources.jobs import ReportingExports
from intercom_async.resources.news import Banners
from intercom_async.resources.workspace import Macros, OfficeHours
from intercom_async.response import Response
from intercom_async.scheduler import Statistics
from intercom_async.transport.base import StreamReply

T = TypeVar("T")

NOON = datetime(2026, 1, 2, 13, tzinfo=timezone(timedelta(hours=1)))
NOON_UNIX_S = 1_767_355_200
NAIVE = datetime(2026, 1, 2)  # noqa: DTZ001 (what is to be refused)
MISSPELT: Any = {"tags": [1]}
SNIPPET: ContentReference = {"type": "content_snippet", "id": "7"}


class Sent(Exception):  # noqa: N818 (it is no error that a call was sent)
    """Ends a call when it is sent."""


class Sender:
    """Keeps the call and sends nothing."""

    def __init__(self) -> None:
        self.calls: list[Call[Any]] = []

    async def fetch(self, call: Call[T]) -> T:
        return (await self.send(call)).data

    async def send(self, call: Call[T]) -> Response[T]:
        self.calls.append(call)
        raise Sent

    async def stream(self, call: Call[Any]) -> Response[StreamReply]:
        return await self.send(call)

    async def open_link(self, url: str) -> StreamReply:
        raise NotImplementedError

    def shared_lock(self, name: str) -> asyncio.Lock:  # noqa: ARG002 (nobody else is there)
        return asyncio.Lock()

    def statistics(self) -> Statistics:
        raise NotImplementedError

    def while_open(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()


@pytest.fixture
def sender() -> Sender:
    return Sender()


def send(sender: Sender, made: Awaitable[Any] | Pager[Any]) -> Call[Any]:
    """Let a call be made and return it."""

    async def run() -> None:
        await (made.first() if isinstance(made, Pager) else made)

    with pytest.raises(Sent):
        asyncio.run(run())
    return sender.calls[-1]


def test_each_bulk_verb_says_its_action(sender: Sender) -> None:
    content = Content(sender)
    bodies = [
        send(sender, made).json
        for made in (
            content.publish([SNIPPET]),
            content.unpublish([SNIPPET]),
            content.delete([SNIPPET]),
            content.set_availability([SNIPPET], copilot=False),
            content.set_audience([SNIPPET], remove_all=True),
            content.update_tags([SNIPPET], add_tag_ids=[1], remove_tag_ids=[2]),
        )
    ]

    assert [body["action"] for body in bodies] == [
        "publish",
        "unpublish",
        "delete",
        "set_availability",
        "set_audience",
        "update_tags",
    ]
    assert all(body["content_ids"] == [SNIPPET] for body in bodies)
    assert bodies[3]["availability"] == {"copilot": False}
    assert bodies[4]["audience"] == {"remove_all": True}
    assert bodies[5]["tags"] == {"add_tag_ids": [1], "remove_tag_ids": [2]}


def test_filters_are_written_as_a_query(sender: Sender) -> None:
    made = Content(sender).search("refund", tag_ids=[1, "2"], created_at_after=NOON)

    assert send(sender, made).query == {
        "query": "refund",
        "tag_ids": "1,2",
        "created_at_after": NOON_UNIX_S,
    }


def test_an_unknown_filter_is_refused(sender: Sender) -> None:
    with pytest.raises(TypeError, match=r"no field tags; it takes .*tag_ids"):
        Content(sender).search("refund", **MISSPELT)


def test_articles_are_scheduled_in_iso_8601(sender: Sender) -> None:
    made = Articles(sender).create(title="Refunds", author_id=1, scheduled_publish_at=NOON)

    body = send(sender, made).json

    assert body["scheduled_publish_at"] == "2026-01-02T12:00:00Z"


def test_a_schedule_is_called_off_by_null(sender: Sender) -> None:
    made = Articles(sender).update("1", scheduled_unpublish_at=None)

    assert encode(send(sender, made).json) == b'{"scheduled_unpublish_at":null}'


def test_a_schedule_without_a_zone_is_refused(sender: Sender) -> None:
    articles = Articles(sender)

    with pytest.raises(ConfigError, match=r"scheduled_publish_at .* without a zone"):
        asyncio.run(articles.update("1", scheduled_publish_at=NAIVE))
    assert sender.calls == []


def test_an_unknown_field_of_a_new_article_is_refused(sender: Sender) -> None:
    made = Articles(sender).create(title="a", author_id=1, **MISSPELT)

    with pytest.raises(TypeError, match="no field tags"):
        asyncio.run(made)


def test_a_draft_without_languages_is_published_without_a_body(sender: Sender) -> None:
    articles = Articles(sender)

    assert send(sender, articles.publish_draft("1")).json is None
    assert send(sender, articles.publish_draft("1", locales=["en"])).json == {"locales": ["en"]}


def test_fin_gets_moments_in_iso_8601_and_its_history(sender: Sender) -> None:
    said: FinMessage = {"author": "user", "body": "Hello?", "timestamp": NOON}
    made = Fin(sender).start("c1", message=said, user={"id": "u1"}, history=[said])

    written = {"author": "user", "body": "Hello?", "timestamp": "2026-01-02T12:00:00Z"}
    assert send(sender, made).json == {
        "conversation_id": "c1",
        "message": written,
        "user": {"id": "u1"},
        "conversation_metadata": {"history": [written]},
    }


def test_fin_gets_milliseconds_as_they_are_written(sender: Sender) -> None:
    precise = "2026-01-02T12:00:00.123Z"
    said: FinMessage = {
        "author": "user",
        "body": "Hello?",
        "timestamp": NOON_UNIX_S,
        "timestamp_ms": precise,
    }
    made = Fin(sender).reply("c1", message=said, user={"id": "u1"})

    assert send(sender, made).json["message"]["timestamp_ms"] == precise


def test_a_day_is_sent_as_a_day(sender: Sender) -> None:
    hours = OfficeHours(sender)
    made = hours.create_exception("1", exception_date=date(2026, 12, 25), exception_type="closed")

    assert b'"exception_date":"2026-12-25"' in encode(send(sender, made).json)


def test_a_moment_is_no_day(sender: Sender) -> None:
    hours = OfficeHours(sender)

    with pytest.raises(ConfigError, match="exception_date is a day"):
        asyncio.run(hours.create_exception("1", exception_date=NOON, exception_type="closed"))
    with pytest.raises(ConfigError, match="exception_date is a day"):
        asyncio.run(hours.update_exception(schedule_id=1, exception_id=2, exception_date=NOON))
    assert sender.calls == []


def test_a_collection_is_put_on_the_first_level_by_null(sender: Sender) -> None:
    made = HelpCenter(sender).create_collection(name="Billing", parent_id=None)

    assert send(sender, made).json == {"name": "Billing", "parent_id": None}


def test_failed_requests_of_a_connector_are_asked_for(sender: Sender) -> None:
    made = DataConnectors(sender).list_executions("1", success=False, start_ts=NOON)

    call = send(sender, made)

    assert call.path == "/data_connectors/1/execution_results"
    assert call.query == {"start_ts": NOON_UNIX_S, "success": False}


def test_the_job_of_a_report_is_named_twice(sender: Sender) -> None:
    target = send(sender, ReportingExports(sender).get("j/1")).target

    assert target == "/export/reporting_data/j%2F1?job_identifier=j%2F1"


@pytest.mark.parametrize(
    ("resource", "row", "repeat"),
    [
        (Banners, "LIST", "unsafe"),
        (Banners, "DISMISS", "idempotent"),
        (DataConnectors, "UPDATE", "idempotent"),
        (Fin, "REPLY", "unsafe"),
        (Fin, "RATE", "idempotent"),
    ],
)
def test_repeating_means_what_the_api_makes_of_it(
    resource: type[Any], row: str, repeat: str
) -> None:
    assert getattr(resource, row).repeat == repeat


def test_a_query_takes_no_naive_moment(sender: Sender) -> None:
    with pytest.raises(ConfigError, match="updated_since is a datetime without a zone"):
        Macros(sender).list(updated_since=NAIVE)


@pytest.mark.parametrize("moment", [True, "2026-01-02", 1.5, None])
def test_what_is_no_moment_is_refused(moment: Any) -> None:
    with pytest.raises(ConfigError, match=r"x must be UNIX seconds or a datetime"):
        to_unix("x", moment)


def test_milliseconds_are_not_taken_for_seconds() -> None:
    with pytest.raises(ConfigError, match="is it in milliseconds"):
        to_iso("x", NOON_UNIX_S * 1000)


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1)))  # noqa: DTZ001 (UTC below)
def test_both_ways_of_writing_a_moment_mean_the_same_second(time: datetime) -> None:
    moment = time.replace(tzinfo=UTC)

    assert to_unix("x", datetime.fromisoformat(to_iso("x", moment))) == to_unix("x", moment)
