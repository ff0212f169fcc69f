"""The options that every command which talks to Intercom has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Parameter

from intercom_async.client import Intercom
from intercom_async.config import DEFAULT_VERSION, Region


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Connection:
    """Which workspace, and on which terms."""

    token: Annotated[str | None, Parameter(env_var="INTERCOM_TOKEN")] = None
    """Access token; the environment keeps it out of the shell's history."""
    region: Region = "us"
    """Where the workspace is kept."""
    base_url: Annotated[str | None, Parameter(env_var="INTERCOM_BASE_URL")] = None
    """Another address, such as a simulator's."""
    version: str = DEFAULT_VERSION
    """API version to ask for."""

    def __repr__(self) -> str:
        """Show no token."""
        return f"Connection(region={self.region!r}, version={self.version!r})"

    def client(self, **options: Any) -> Intercom:
        """Make a client; `options` as `Intercom` takes them."""
        return Intercom(
            self.token,
            region=self.region,
            base_url=self.base_url,
            version=self.version,
            **options,
        )
