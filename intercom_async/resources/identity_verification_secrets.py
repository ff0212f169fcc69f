"""Secrets that sign who a user of the Messenger is."""

from __future__ import annotations

from types import NoneType
from typing import Unpack

from intercom_async.fields import SecretSupport
from intercom_async.models import IdentitySecret, NewIdentitySecret
from ._base import EndpointBuilder, Id, Page, Pager, Resource

API = EndpointBuilder("/secure_mode_secrets", "identity-verification-secrets", since="Preview")


class IdentityVerificationSecrets(Resource):
    """Secrets for `user_hash`; several may be valid, so that one can be rotated."""

    LIST = API.get("", Page[IdentitySecret], "listidentityverificationsecrets")
    CREATE = API.post("", NewIdentitySecret, "createidentityverificationsecret", body=SecretSupport)
    DELETE = API.delete("/{id}", NoneType, "deleteidentityverificationsecret")

    def list(self) -> Pager[IdentitySecret]:
        """List all secrets, without their texts, in one answer."""
        return self._list(self.LIST)

    async def create(self, *, name: str, **where: Unpack[SecretSupport]) -> NewIdentitySecret:
        """Create a secret and return it with its text, which the API shows only once."""
        return await self._send(self.CREATE, fields=where, name=name)

    async def delete(self, secret_id: Id) -> None:
        """Delete a secret; what it signed is refused from then on."""
        await self._send(self.DELETE, secret_id)
