"""Events: what contacts did, and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intercom_async.clock import CLOCK
from intercom_async.errors import ConfigError
from intercom_async.operation import Operation

from .base import Id, Moment, Resource


class Events(Resource):
    """Data events of contacts."""

    # An event is known by contact, name and moment: sent twice, it is counted once.
    CREATE = Operation("POST", "/events", type(None), repeat="idempotent")

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
        who = {"user_id": user_id, "email": email, "id": id}
        named = {key: str(value) for key, value in who.items() if value is not None}
        if not named:
            raise ConfigError("an event needs its contact: give user_id, email or id")
        body: dict[str, Any] = {
            "event_name": event_name,
            "created_at": int(CLOCK.unix()) if created_at is None else created_at,
            **named,
        }
        if metadata is not None:
            body["metadata"] = metadata
        await self._send(self.CREATE, json=body)
