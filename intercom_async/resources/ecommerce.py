"""Catalogs of products that Fin may recommend."""

from __future__ import annotations

from typing import Unpack

from intercom_async.fields import CatalogPart
from intercom_async.models import CatalogUpload
from intercom_async.request.operation import Call
from ._base import EndpointBuilder, Id, Resource
from ._request_bodies import catalog_form

API = EndpointBuilder("/ecommerce/connectors", "ecommerce-connectors", since="Preview")


class Ecommerce(Resource):
    """Connectors of shops."""

    UPLOAD_CATALOG = API.post(
        "/{id}/catalog", CatalogUpload, "uploadecommercecatalog", body=CatalogPart
    )

    async def upload_catalog(
        self, connector_id: Id, catalog: bytes | None = None, **part: Unpack[CatalogPart]
    ) -> CatalogUpload:
        """Replace a catalog by a JSON array of products, whole or in parts of at most 99 MB.

        Raises:
            ConflictError: Another upload goes on (`sync_in_progress`).
        """
        path = self.UPLOAD_CATALOG.path_of((connector_id,))
        form = catalog_form(catalog, self.UPLOAD_CATALOG.fields(part))
        return await self._fetch(Call(self.UPLOAD_CATALOG, path, {}, form))
