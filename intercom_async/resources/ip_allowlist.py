"""The addresses from which a workspace may be used."""

from __future__ import annotations

from collections.abc import Sequence

from intercom_async.models import IpAllowlist as IpAllowlistModel
from intercom_async.operation import Operation

from .base import Resource
from .values import given


class IpAllowlist(Resource):
    """The list of allowed addresses, and whether it is enforced."""

    GET = Operation("GET", "/ip_allowlist", IpAllowlistModel)
    UPDATE = Operation("PUT", "/ip_allowlist", IpAllowlistModel)

    async def get(self) -> IpAllowlistModel:
        """Return the list.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/ip-allowlist/getipallowlist
        """
        return await self._send(self.GET)

    async def update(
        self, *, enabled: bool | None = None, ip_allowlist: Sequence[str] | None = None
    ) -> IpAllowlistModel:
        """Change the list, or whether it is enforced, and return it.

        Args:
            enabled: Whether other addresses are shut out.
            ip_allowlist: The whole list: single addresses, and ranges in CIDR notation.

        Raises:
            UnprocessableError: It would shut out the caller.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/ip-allowlist/updateipallowlist
        """
        json = given(enabled=enabled, ip_allowlist=ip_allowlist)
        return await self._send(self.UPDATE, json=json)
