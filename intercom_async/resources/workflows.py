"""Workflows, which can be read but not changed."""

from __future__ import annotations

from intercom_async.models import WorkflowExport

from .base import Id, Resource, Rows

API = Rows("/export/workflows", "workflows", since="2.15")


class Workflows(Resource):
    """Workflows."""

    EXPORT = API.get("/{id}", WorkflowExport, "exportworkflow")

    async def export(self, workflow_id: Id) -> WorkflowExport:
        """Return all that makes up a workflow: steps, targeting, attributes.

        Raises:
            ForbiddenError: The workspace's plan does not have this.
        """
        return await self._send(self.EXPORT, workflow_id)
