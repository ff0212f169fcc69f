"""The addresses from which a workspace may be used."""

from __future__ import annotations

from collections.abc import Sequence

from intercom_async.models import IpAllowlist as IpAllowlistModel

from .base import Resource, Rows
from .values import given

API = Rows("/ip_allowlist", "ip-allowlist")


class IpAllowlist(Resource):
    """The list of allowed addresses, and whether it is enforced."""

    GET = API.get("", IpAllowlistModel, "getipallowlist")
    UPDATE = API.put("", IpAllowlistModel, "updateipallowlist")

    async def get(self) -> IpAllowlistModel:
        """Return the list."""
        return await self._send(self.GET)

    async def update(
        self, *, enabled: bool | None = None, ip_allowlist: Sequence[str] | None = None
    ) -> IpAllowlistModel:
        """Change the list, or whether other addresses are shut out, and return it.

        Args:
            ip_allowlist: The whole list: single addresses, and ranges in CIDR notation.

        Raises:
            UnprocessableError: It would shut out the caller.
        """
        json = given(enabled=enabled, ip_allowlist=ip_allowlist)
        return await self._send(self.UPDATE, json=json)
