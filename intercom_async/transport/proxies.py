"""Which proxy a request takes: the one that was given, or the environment's.

HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY are read in either case, when a client is made. A
proxy of the environment is never used for loopback, and `~/.netrc` is never read.
"""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

from yarl import URL

from intercom_async.config import is_host, is_loopback
from intercom_async.errors import ConfigError


class Proxies:
    """Finds the proxy for each origin.

    Args:
        proxy: Address of a proxy for all requests; None takes the environment's.
        trust_env: Whether the environment is read at all.

    Raises:
        ConfigError: An address is not that of an HTTP proxy; the message does not show it, because
            it may have a password.
    """

    def __init__(self, proxy: str | None = None, *, trust_env: bool = True) -> None:
        self._given = None if proxy is None else _checked("proxy", proxy)
        found = getproxies_environment() if trust_env else {}
        # Separated by commas by most programs, and by spaces by curl.
        self._no_proxy = found.get("no", "").replace(",", " ").lower().split()
        self._by_scheme: dict[str, tuple[str, str]] = {}
        for scheme in ("https", "http"):
            for name in (scheme, "all"):
                if address := found.get(name):
                    self._by_scheme[scheme] = (f"{name.upper()}_PROXY", address)
                    break
        self._by_origin: dict[tuple[str, str | None, int | None], URL | None] = {}

    @property
    def are_none(self) -> bool:
        """Whether no request takes a proxy."""
        return self._given is None and not self._by_scheme

    def check(self, origin: str) -> None:
        """Refuse an environment whose proxy cannot be used for an origin.

        Raises:
            ConfigError: The proxy is not an HTTP proxy.
        """
        self.find(URL(origin))

    def find(self, url: URL) -> URL | None:
        """Return the proxy for a URL, or None for a direct connection.

        Raises:
            ConfigError: The proxy of the environment is not an HTTP proxy.
        """
        key = (url.scheme, url.host, url.port)
        if key not in self._by_origin:
            self._by_origin[key] = self._find(*key)
        return self._by_origin[key]

    def _find(self, scheme: str, host: str | None, port: int | None) -> URL | None:
        if self._given is not None or not host:
            return self._given
        name, address = self._by_scheme.get(scheme, ("", ""))
        if not address or is_loopback(host):
            return None
        if any(_matches(each, host.lower().rstrip("."), port) for each in self._no_proxy):
            return None
        return _checked(name, address)


def _matches(entry: str, host: str, port: int | None) -> bool:
    """Return whether an entry of NO_PROXY names a host: by domain, address, network or ``*``."""
    if entry == "*":
        return True
    without_port = entry.removesuffix(f":{port}")
    try:
        address = ip_address(host)
    except ValueError:
        name = without_port.removeprefix("*").strip(".")
        return host == name or host.endswith(f".{name}")
    # As it is first: the end of an IPv6 address without brackets looks like a port.
    for text in (entry, without_port.strip("[]")):
        with suppress(ValueError):
            return address in ip_network(text, strict=False)
    return False


def _checked(name: str, address: str) -> URL:
    """Return the address of an HTTP proxy; `name` is what the message calls it."""
    if not isinstance(address, str):
        raise ConfigError(f"{name} must be the URL of a proxy, not {type(address).__name__}")
    address = str.__str__(address)
    text = address if "://" in address else f"http://{address}"
    try:
        parts = urlsplit(text)
        is_proxy = is_host(parts.hostname or "") and parts.port != 0 and text.isascii()
        url = URL(text)
    except ValueError:
        raise ConfigError(f"{name} is not the URL of a proxy, such as http://host:3128") from None
    if parts.scheme.startswith("socks"):
        raise ConfigError(
            f"{name} names a SOCKS proxy, which is not supported: give an HTTP proxy "
            "(http://host:port), or trust_env=False to connect directly"
        )
    if (
        not is_proxy
        or parts.scheme not in ("http", "https")
        or not text.isprintable()
        or " " in text
    ):
        raise ConfigError(f"{name} is not the URL of a proxy, such as http://host:3128")
    return url
