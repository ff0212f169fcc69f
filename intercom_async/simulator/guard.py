"""Who may use `/_simulator/`: programs of this machine, and the console's own page.

A page of another site that is open in a developer's browser can send requests to a server on
loopback. Three checks keep it out:

- the Host header must name this server, so that a foreign name that was rebound to 127.0.0.1 reads
  nothing (DNS rebinding);
- Origin and Sec-Fetch-Site must not tell of another site;
- a body must be JSON, which no page can send elsewhere without asking first (CORS).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from .messages import Request

READS = ("GET", "HEAD")
JSON_TYPES = ("application/json", "application/x-ndjson", "application/octet-stream")
LOCAL_NAME = "localhost"
NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")


class Rejection(NamedTuple):
    """Why a request is not served."""

    status: int
    message: str


class Guard:
    """Checks requests to the simulator itself.

    Args:
        names: Host names by which it may be reached, beside `localhost` and IP addresses.
        host: Where it listens.

    Raises:
        ValueError: What is given is no name.
    """

    def __init__(self, names: Iterable[str] = (), host: str = "") -> None:
        if isinstance(names, str) or not isinstance(names, Iterable):
            raise ValueError(f"allow_hosts must be a list of names, not {type(names).__name__}")  # noqa: TRY004 (as every other setting)
        self._names = {host.lower(), *map(_checked, names)}

    def refusal(self, request: Request) -> Rejection | None:
        """Return why a request is refused; None where it may be served."""
        host = request.headers.get("Host", "")
        if host and not self._is_own(host):
            name = host_name(host)
            return Rejection(403, f"Host {name!r} is not allowed; start with --allow-host {name}")
        return _other_origin(request, host) or _no_json(request)

    def _is_own(self, host: str) -> bool:
        name = host_name(host)
        if name == LOCAL_NAME or name.endswith(f".{LOCAL_NAME}") or name in self._names:
            return True
        try:
            # A page's own address cannot be an address that is not its server's.
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True


def _checked(name: str) -> str:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(
            f"allow_hosts: {name!r} is no host name: give it without a scheme and a port"
        )
    return name.lower().rstrip(".")


def host_name(host: str) -> str:
    """Return a Host header without its port."""
    name, colon, port = host.strip().lower().rpartition(":")
    is_port = bool(colon) and port.isdecimal() and (":" not in name or name.endswith("]"))
    return (name if is_port else host.strip().lower()).rstrip(".")


def _other_origin(request: Request, host: str) -> Rejection | None:
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if origin is not None and urlsplit(origin).netloc.lower() != host.strip().lower():
        return Rejection(403, "a page of another origin must not use the simulator's control API")
    is_link = (
        request.method in READS
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
        and request.headers.get("Sec-Fetch-Dest") == "document"
    )
    if site in (None, "same-origin", "none") or is_link:
        return None
    return Rejection(403, f"a {site} request must not use the simulator's control API")


def _no_json(request: Request) -> Rejection | None:
    if request.method in READS:
        return None
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in JSON_TYPES or not (kind or request.body or request.parts):
        return None
    return Rejection(415, "send a body as JSON, with Content-Type: application/json")
