"""Kinds of messages that contacts can choose or refuse."""

from __future__ import annotations

from intercom_async.models import Page, SubscriptionType
from intercom_async.operation import Operation
from intercom_async.pager import Pager

from .base import Resource


class SubscriptionTypes(Resource):
    """Kinds of messages; what a contact decided about them is at `contacts.subscriptions`."""

    LIST = Operation("GET", "/subscription_types", Page[SubscriptionType])

    def list(self) -> Pager[SubscriptionType]:
        """List all kinds; one answer holds them all.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/subscription-types/listsubscriptiontypes
        """
        return self._list(self.LIST)
