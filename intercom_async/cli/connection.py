"""Options of every command that sends requests to Intercom."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from intercom_async.client import Intercom
from intercom_async.config import (
    BASE_URL_VARIABLE,
    DEFAULT_VERSION,
    REGION_VARIABLE,
    TOKEN_VARIABLE,
    Region,
)
from intercom_async.errors import ConfigError
from .options import Place

ADDRESS_VARIABLES = (REGION_VARIABLE, BASE_URL_VARIABLE)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Connection:
    """How to reach the workspace."""

    token: Annotated[str | None, Parameter(env_var="INTERCOM_TOKEN")] = None
    """Access token. Prefer the environment variable: options end up in the shell's history."""
    region: Region | None = None
    """Region of the workspace; by default INTERCOM_REGION, else us."""
    base_url: str | None = None
    """URL of another server, such as a simulator; by default INTERCOM_BASE_URL."""
    proxy: str | None = None
    """URL of an HTTP proxy; by default HTTPS_PROXY, unless NO_PROXY excludes the host."""
    ca_file: Place | None = None
    """PEM file with certificate authorities to trust in addition to the system's."""
    version: str = DEFAULT_VERSION
    """API version to request."""
    settings: Place | None = None
    """File with region and limits, as `doctor --save` writes it."""

    def __repr__(self) -> str:
        """Show no token."""
        return f"Connection(region={self.region!r}, version={self.version!r})"

    def client(self, **options: Any) -> Intercom:
        """Make a client; `options` as `Intercom` takes them.

        Raises:
            ConfigError: There is no token, or an option cannot be used.
        """
        token = self.token or os.environ.get(TOKEN_VARIABLE, "")
        if not token.strip():
            raise ConfigError(f"no token: set {TOKEN_VARIABLE} to an access token, or give --token")
        return Intercom(
            token,
            base_url=self.base_url,
            proxy=self.proxy,
            ssl=None if self.ca_file is None else trusting(self.ca_file),
            version=self.version,
            **self.saved(),
            **options,
        )

    def saved(self) -> dict[str, Any]:
        """Return region and limits; an option or the environment goes before the settings file.

        Raises:
            ConfigError: The settings file cannot be read.
        """
        found: dict[str, Any] = {}
        if self.settings is not None:
            from intercom_async.doctor import read_settings  # noqa: PLC0415 (few commands need it)

            found.update(read_settings(self.settings))
        if self.region or self.base_url or any(map(os.environ.get, ADDRESS_VARIABLES)):
            found["region"] = self.region
        return found


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
