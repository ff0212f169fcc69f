"""Apps of the workspace: a token each, a limit each, and one limit for all of them together."""

from __future__ import annotations

import base64
import dataclasses
import math
from typing import Literal

from intercom_async.simulator.errors import ApiError
from intercom_async.simulator.settings import MAX_PER_MINUTE
from intercom_async.simulator.versions import VERSIONS, known_version
from .windows import Ledger, Quota, RateLimitStatus, moment_text


def _check(**per_minute: float | None) -> None:
    for name, limit in per_minute.items():
        if limit is not None and not 0 < limit <= MAX_PER_MINUTE:
            raise ValueError(f"{name} must be above 0 and at most {MAX_PER_MINUTE:,}")


def _check_version(version: str) -> None:
    try:
        known_version(version, version)
    except ApiError:
        known = ", ".join(VERSIONS)
        raise ValueError(
            f"version={version!r:.100} is not known here; give one of {known}"
        ) from None


@dataclasses.dataclass(slots=True)
class App:
    """One app: what a token stands for."""

    name: str
    token: str
    version: str
    """The version of requests that say none."""
    quota: Quota
    first_per_minute: float
    """Its limit when it was installed."""


class Apps:
    """All apps, and the admission of their calls."""

    def __init__(
        self,
        *,
        seed: int,
        app_per_minute: float,
        workspace_per_minute: float,
        window_s: float,
        version: str,
        remaining: Literal["before", "after"] = "before",
    ) -> None:
        self._seed = seed
        self._workspace_per_minute = workspace_per_minute
        self._app_per_minute = app_per_minute
        self._version = version
        self._apps: dict[str, App] = {}
        self._installed = 0
        self._remaining_after = remaining == "after"
        self.window_s = window_s
        self.workspace: Quota = Quota(workspace_per_minute, window_s)
        self.ledger: Ledger = Ledger()

    def new(self, app_per_minute: float | None = None, version: str | None = None) -> App:
        """Install one more app and return it; its token looks like a real one.

        Raises:
            ValueError: The limit makes no sense, or the version is not known.
        """
        _check(app_per_minute=app_per_minute)
        _check_version(version or self._version)
        self._installed += 1
        number = self._installed
        secret = base64.b64encode(f"tok:sim_{self._seed}_{number}_1".encode()).decode()
        per_minute = self._app_per_minute if app_per_minute is None else app_per_minute
        app = App(
            name=f"app-{number}",
            token=secret,
            version=version or self._version,
            quota=Quota(per_minute, self.window_s),
            first_per_minute=per_minute,
        )
        self._apps[app.token] = app
        return app

    def remove(self, app: App) -> None:
        """Uninstall an app: its token is unknown from now on."""
        self._apps.pop(app.token, None)

    def find(self, authorization: str) -> App | None:
        """Return the app of an Authorization header: a Bearer token, or a Basic user of its name.

        Older SDKs send the token as the user of Basic authentication, without a password.
        """
        scheme, _, credentials = authorization.partition(" ")
        token = credentials.strip()
        if scheme.lower() == "basic":
            try:
                token = base64.b64decode(token, validate=True).decode().partition(":")[0]
            except ValueError:
                return None
        elif scheme.lower() != "bearer":
            return None
        return self._apps.get(token)

    def all(self) -> list[App]:
        """Return the apps, oldest first."""
        return list(self._apps.values())

    def admit(self, app: App, now: float) -> tuple[RateLimitStatus, ApiError | None]:
        """Count one call, or say why it is not served.

        The headers always speak of the app, also where the workspace is what is exhausted: then a
        429 comes with calls remaining.
        """
        quota = app.quota
        used = quota.used(now)
        workspace_used = self.workspace.used(now)
        over = next(
            (
                one.limit
                for one, spent in ((quota, used), (self.workspace, workspace_used))
                if spent >= one.limit
            ),
            None,
        )
        if over is None:
            quota.count()
            self.workspace.count()
        self.ledger.enter(
            app=app.name,
            token=app.token,
            window_at=round(math.floor(now / self.window_s) * self.window_s, 6),
            limit=quota.limit,
            is_served=over is None,
        )
        spent = used + 1 if over is None and self._remaining_after else used
        rate_limit = RateLimitStatus(quota.limit, max(0, quota.limit - spent), quota.reset_at(now))
        return rate_limit, None if over is None else self._limit_error(over)

    def _limit_error(self, limit: int) -> ApiError:
        seconds = moment_text(self.window_s)
        message = f"Exceeded rate limit of {limit} in {seconds}_seconds"
        return ApiError(429, "rate_limit_exceeded", message)

    def rate_limit_of(self, app: App, now: float) -> RateLimitStatus:
        """Return the rate-limit headers of an app now, without counting a call."""
        quota = app.quota
        return RateLimitStatus(
            quota.limit, max(0, quota.limit - quota.used(now)), quota.reset_at(now)
        )

    def set_limits(
        self,
        *,
        app_per_minute: float | None = None,
        workspace_per_minute: float | None = None,
        token: str | None = None,
    ) -> None:
        """Change limits from now on: of one app by its token, or of all.

        Raises:
            ValueError: A limit is not above 0, or no app has the token.
        """
        _check(app_per_minute=app_per_minute, workspace_per_minute=workspace_per_minute)
        if token is not None and token not in self._apps:
            raise ValueError("no app has this token")
        if app_per_minute is not None:
            for app in self._apps.values():
                if token in (None, app.token):
                    app.quota.per_minute = app_per_minute
        if workspace_per_minute is not None:
            self.workspace.per_minute = workspace_per_minute

    def set_neighbour(self, share: float) -> None:
        """Let another app spend this share of the workspace's limit in every window."""
        if not 0.0 <= share <= 1.0:
            raise ValueError("share must be between 0 and 1")
        self.workspace.neighbour_share = share

    def reset(self) -> None:
        """Set all counts to zero and all limits to what they were at first; tokens stay."""
        self.ledger.clear()
        self.workspace.per_minute = self._workspace_per_minute
        self.workspace.neighbour_share = 0.0
        self.workspace.reset()
        for app in self._apps.values():
            app.quota.per_minute = app.first_per_minute
            app.quota.reset()
