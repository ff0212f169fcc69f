"""Teams of teammates."""

from __future__ import annotations

from intercom_async.models import Page, Team, TeamMetric, TeamPage
from intercom_async.operation import Operation
from intercom_async.pager import Pager

from .base import Id, Resource


class Teams(Resource):
    """Teams that conversations can be assigned to."""

    LIST = Operation("GET", "/teams", TeamPage[Team])
    GET = Operation("GET", "/teams/{team_id}", Team)
    METRICS = Operation("GET", "/teams/{team_id}/metrics", Page[TeamMetric], since="2.16")

    def list(self) -> Pager[Team]:
        """List all teams; one answer holds them all.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/teams/listteams
        """
        return self._list(self.LIST)

    async def get(self, team_id: Id) -> Team:
        """Return one team.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/teams/retrieveteam
        """
        return await self._send(self.GET, team_id=team_id)

    def metrics(self, team_id: Id, *, idle_threshold_s: int | None = None) -> Pager[TeamMetric]:
        """List how many conversations each teammate of a team has now, in one answer.

        Args:
            team_id: The team.
            idle_threshold_s: After how many seconds an open conversation counts as idle, 1 to
                86,400; half an hour if left out.

        Raises:
            ForbiddenError: The workspace's plan does not have this.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/teams/getteammetrics
        """
        return self._list(self.METRICS, query={"idle_threshold": idle_threshold_s}, team_id=team_id)
