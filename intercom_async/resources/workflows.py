"""Workflows, which can be read but not changed."""

from __future__ import annotations

from intercom_async.models import WorkflowExport
from intercom_async.operation import Operation

from .base import Id, Resource


class Workflows(Resource):
    """Workflows."""

    EXPORT = Operation("GET", "/export/workflows/{id}", WorkflowExport, since="2.15")

    async def export(self, workflow_id: Id) -> WorkflowExport:
        """Return all that makes up a workflow: steps, targeting, attributes.

        Raises:
            ForbiddenError: The workspace's plan does not have this.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/workflows/exportworkflow
        """
        return await self._send(self.EXPORT, id=workflow_id)
