"""Callers who are asked to go on in writing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intercom_async.models import PhoneSwitch

from .base import Resource, Rows

API = Rows("/phone_call_redirects", "switch")


class PhoneCalls(Resource):
    """Calls that go on in the messenger."""

    REDIRECT = API.post("", PhoneSwitch, "createphoneswitch")

    async def redirect(
        self, *, phone: str, custom_attributes: Mapping[str, Any] | None = None
    ) -> PhoneSwitch:
        """Send a text message that leads to the messenger, and return where it leads.

        Args:
            phone: To whom, in E.164 form, such as ``+353871234567``.
            custom_attributes: What the contact is to have.

        Raises:
            BadRequestError: The text message was not sent; the body says why in `error_key`.
        """
        return await self._send(self.REDIRECT, phone=phone, custom_attributes=custom_attributes)
