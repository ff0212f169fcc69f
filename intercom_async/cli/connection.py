"""The options that every command which talks to Intercom has."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from intercom_async.client import Intercom
from intercom_async.config import DEFAULT_VERSION, Region
from intercom_async.errors import ConfigError


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Connection:
    """Which workspace, and on which terms."""

    token: Annotated[str | None, Parameter(env_var="INTERCOM_TOKEN")] = None
    """Access token; the environment keeps it out of the shell's history."""
    region: Region | None = None
    """Where the workspace is kept; INTERCOM_REGION, else us."""
    base_url: str | None = None
    """Another address, such as a simulator's; INTERCOM_BASE_URL."""
    proxy: str | None = None
    """Address of an HTTP proxy; HTTPS_PROXY and NO_PROXY of the environment by default."""
    ca_file: Path | None = None
    """Certificates (PEM) of an authority to trust beside the system's."""
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
            proxy=self.proxy,
            ssl=None if self.ca_file is None else trusting(self.ca_file),
            version=self.version,
            **options,
        )


def trusting(path: Path) -> ssl.SSLContext:
    """Return TLS settings that trust the system's authorities and those of a file.

    Raises:
        ConfigError: The file cannot be read, or holds no certificate.
    """
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cafile=path)
    except OSError as error:
        what = "holds no PEM certificate" if isinstance(error, ssl.SSLError) else "cannot be read"
        raise ConfigError(f"--ca-file {what}: {path}") from None
    return context
