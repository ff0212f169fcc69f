"""Events: what contacts did, and when."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from contextlib import aclosing
from typing import Any, Required, TypedDict

from intercom_async.clock import CLOCK
from intercom_async.errors import ConfigError, ResponseError, ServerError
from intercom_async.fan_out import check_concurrency, check_source, fan_out
from intercom_async.models import Event, EventPage, EventSummary
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager

from .base import Id, Moment, Resource, check_per_page
from .values import given, only_one


class EventFields(TypedDict, total=False):
    """An event; see `Events.create`."""

    event_name: Required[str]
    created_at: Moment
    user_id: Id
    email: str
    id: Id
    metadata: Mapping[str, Any]


class Events(Resource):
    """Data events of contacts."""

    # An event is known by contact, name and moment: sent twice, it is counted once.
    CREATE = Operation("POST", "/events", type(None), repeat="idempotent", body=EventFields)
    LIST = Operation("GET", "/events", EventPage[Event], paging=Paging.LINK)
    CREATE_SUMMARY = Operation("POST", "/events/summaries", type(None))

    async def create(
        self,
        *,
        event_name: str,
        created_at: Moment | None = None,
        user_id: Id | None = None,
        email: str | None = None,
        id: Id | None = None,  # noqa: A002 (the name that the API gives it)
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Note that a contact did something.

        Args:
            event_name: Such as ``ordered-item``; a noun and a verb in the past read well.
            created_at: When; now if left out. Sent again with the same moment, it is not counted.
            user_id: The contact by your own key,
            email: or by address,
            id: or by Intercom's id; at least one of the three.
            metadata: At most ten values; more are ignored by the API.

        Raises:
            ConfigError: No contact is named.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-events/createdataevent
        """
        who = given(user_id=user_id, email=email, id=id)
        if not who:
            raise ConfigError("an event needs its contact: give user_id, email or id")
        json = {
            "event_name": event_name,
            "created_at": int(CLOCK.unix()) if created_at is None else created_at,
            **{key: str(value) for key, value in who.items()},
            **given(metadata=metadata),
        }
        await self._send(self.CREATE, json=json)

    async def create_many(
        self,
        events: AsyncIterable[EventFields] | Iterable[EventFields],
        *,
        concurrency: int = 16,
        on_refused: Callable[[EventFields, ResponseError], None] | None = None,
    ) -> int:
        """Note a stream of events, several at a time, and return how many were taken.

        An event without `created_at` gets the time at which its turn comes; one contact's events
        of one name in one second are one event, so give each its own moment where that matters.

        Args:
            events: Each as `create` takes it; read no faster than they can be sent.
            concurrency: How many are sent at a time.
            on_refused: Called with each event that the API refuses; without it the first one
                refused ends everything.

        Raises:
            ConfigError: An event names no contact, or has no name.
            TypeError: An event has a key that is none of an event's.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-events/createdataevent
        """

        async def create(event: EventFields) -> int:
            fields = self.CREATE.fields(event)
            if not fields.get("event_name"):
                raise ConfigError("an event needs its event_name")
            try:
                await self.create(**fields)
            except ResponseError as error:
                if on_refused is None or isinstance(error, ServerError):
                    raise
                on_refused(event, error)
                return 0
            return 1

        check_concurrency(concurrency)
        results = fan_out(check_source(events), create, concurrency=concurrency)
        async with aclosing(results):
            return sum([taken async for taken in results])

    def list(
        self,
        *,
        user_id: Id | None = None,
        email: str | None = None,
        intercom_user_id: Id | None = None,
        per_page: int | None = None,
    ) -> Pager[Event]:
        """List what a contact did in the last 90 days, the latest first.

        Args:
            user_id: The contact by your own key,
            email: or by address,
            intercom_user_id: or by Intercom's id; exactly one of the three.
            per_page: Items a page.

        Raises:
            ConfigError: None or more than one is given.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-events/lisdataevents
        """
        who = only_one(
            "the contact", user_id=user_id, email=email, intercom_user_id=intercom_user_id
        )
        key = {name: str(value) for name, value in who.items()}
        return self._list(
            self.LIST, query={"type": "user", **key, "per_page": check_per_page(per_page)}
        )

    async def summarize(
        self,
        *,
        user_id: Id | None = None,
        email: str | None = None,
        intercom_user_id: Id | None = None,
    ) -> EventPage[EventSummary]:
        """Return how often a contact did what, and when first and last; older events count too.

        Args:
            user_id: The contact by your own key,
            email: or by address,
            intercom_user_id: or by Intercom's id; exactly one of the three.

        Raises:
            ConfigError: None or more than one is given.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-events/lisdataevents
        """
        who = only_one(
            "the contact", user_id=user_id, email=email, intercom_user_id=intercom_user_id
        )
        key = {name: str(value) for name, value in who.items()}
        call = self.LIST.at(query={"type": "user", "summary": True, **key})
        return await self._fetch(call.into(EventPage[EventSummary]))

    async def create_summary(
        self, *, user_id: Id, event_name: str, count: int, first: Moment, last: Moment
    ) -> None:
        """Note how often a contact did something before events were sent one by one.

        Args:
            user_id: The contact by your own key.
            event_name: What was done.
            count: How often.
            first: When for the first time,
            last: and for the last time.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-events/dataeventsummaries
        """
        summary = {"event_name": event_name, "count": count, "first": first, "last": last}
        json = {"user_id": str(user_id), "event_summaries": summary}
        await self._send(self.CREATE_SUMMARY, json=json)
