"""Teams of teammates."""

from __future__ import annotations

from intercom_async.models import Team, TeamMetric, TeamPage

from .base import Id, Page, Pager, Resource, Rows

API = Rows("/teams", "teams")


class Teams(Resource):
    """Teams that conversations can be assigned to."""

    LIST = API.get("", TeamPage[Team], "listteams")
    GET = API.get("/{team_id}", Team, "retrieveteam")
    METRICS = API.since("2.16").get("/{team_id}/metrics", Page[TeamMetric], "getteammetrics")

    def list(self) -> Pager[Team]:
        """List all teams; one answer holds them all."""
        return self._list(self.LIST)

    async def get(self, team_id: Id) -> Team:
        """Return one team."""
        return await self._send(self.GET, team_id)

    def metrics(self, team_id: Id, *, idle_threshold_s: int | None = None) -> Pager[TeamMetric]:
        """List how many conversations each teammate of a team has now, in one answer.

        Args:
            idle_threshold_s: After how many seconds an open conversation counts as idle, 1 to
                86,400; half an hour if left out.

        Raises:
            ForbiddenError: The workspace's plan does not have this.
        """
        return self._list(self.METRICS, team_id, idle_threshold=idle_threshold_s)
