"""Callers who are asked to go on in writing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intercom_async.models import PhoneSwitch
from intercom_async.operation import Operation

from .base import Resource
from .values import given


class PhoneCalls(Resource):
    """Calls that go on in the messenger."""

    REDIRECT = Operation("POST", "/phone_call_redirects", PhoneSwitch)

    async def redirect(
        self, *, phone: str, custom_attributes: Mapping[str, Any] | None = None
    ) -> PhoneSwitch:
        """Send a text message that leads to the messenger, and return where it leads.

        Args:
            phone: To whom, in E.164 form, such as ``+353871234567``.
            custom_attributes: What the contact is to have.

        Raises:
            BadRequestError: The text message was not sent; the body says why in `error_key`.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/switch/createphoneswitch
        """
        json = {"phone": phone, **given(custom_attributes=custom_attributes)}
        return await self._send(self.REDIRECT, json=json)
