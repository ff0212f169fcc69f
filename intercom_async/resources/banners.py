"""Banners, for surfaces of your own beside the messenger."""

from __future__ import annotations

from intercom_async.models import Banner, BannerDismissal, Page
from intercom_async.operation import Operation
from intercom_async.pager import Pager

from .base import Id, Resource


class Banners(Resource):
    """The banners of a contact."""

    # To ask is to show: every answer counts as an impression of each banner in it.
    LIST = Operation(
        "GET",
        "/contacts/{id}/banners",
        Page[Banner],
        repeat="unsafe",
        since="2.16",
        reserved=("find_by_external_id",),
    )
    DISMISS = Operation(
        "POST",
        "/contacts/{id}/banners/{view_id}/dismiss",
        BannerDismissal,
        repeat="idempotent",
        since="2.16",
    )

    def list(self, contact_id: Id) -> Pager[Banner]:
        """List the banners that a contact is to see now, and count them as shown.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/banners/listcontactbanners
        """
        return self._list(self.LIST, id=contact_id)

    async def dismiss(self, *, contact_id: Id, view_id: Id) -> BannerDismissal:
        """Put a banner away for a contact, in the messenger too; again does nothing.

        Args:
            contact_id: The contact.
            view_id: The banner's `view_id`, which is not its id.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/banners/dismisscontactbanner
        """
        return await self._send(self.DISMISS, id=contact_id, view_id=view_id)
