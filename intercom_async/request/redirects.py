"""Whether a redirect is followed, and what may travel with it.

A token and the caller's own headers go to the configured origin only, a body never leaves it, and
what has left it gets neither back. Call recordings are the known case: the API answers 302 with a
signed link to a storage elsewhere.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from intercom_async.config import is_host
from intercom_async.response import header
from intercom_async.transport.base import Reply, Request

MAX_REDIRECTS = 5
"""Redirects followed in a row; a chain that is longer goes in circles."""

_SEE_OTHER = 303
_KEEPING_METHOD = (307, 308)
"""Statuses after which the same method is sent to the new address (RFC 9110, 15.4)."""
_PORTS = {"https": 443, "http": 80}
_UNSAFE = re.compile(r"[^\x21-\x7e]+")


def is_redirect(status: int) -> bool:
    """Return whether a status names another address."""
    return status in (301, 302, 303, 307, 308)


def follow(request: Request, reply: Reply, *, origin: str) -> tuple[Request, bool] | None:
    """Return the request to send next and whether it goes to the configured origin; None for none.

    Args:
        request: What was sent.
        reply: The redirect.
        origin: A URL of the configured origin.
    """
    location = header(reply.headers, "Location")
    if not location:
        return None
    try:
        url = urljoin(request.url, quoted(location))
        target, source = urlsplit(url), urlsplit(request.url)
        # Credentials in an address would be sent in place of the token.
        target = target._replace(netloc=target.netloc.rpartition("@")[2])
        is_own = _origin(target) == _origin(urlsplit(origin))
    except ValueError:
        return None
    if target.scheme not in _PORTS or not is_host(target.hostname or ""):
        return None
    if source.scheme == "https" and target.scheme != "https":
        return None
    keeps_method = reply.status in _KEEPING_METHOD
    may_change = keeps_method or reply.status == _SEE_OTHER
    if request.method != "GET" and not (is_own and may_change):
        return None
    becomes_get = request.method != "GET" and not keeps_method
    headers = request.headers
    if not is_own:
        headers = {"Accept": headers["Accept"]} if "Accept" in headers else {}
    elif becomes_get:
        headers = {name: text for name, text in headers.items() if name != "Content-Type"}
    following = Request(
        method="GET" if becomes_get else request.method,
        url=target.geturl(),
        name=request.name,
        headers=headers,
        body=None if becomes_get else request.body,
        timeout_s=request.timeout_s,
        max_bytes=request.max_bytes,
    )
    return following, is_own


def quoted(address: str) -> str:
    """Return an address with everything encoded that is no visible ASCII, such as spaces."""
    return _UNSAFE.sub(_quoted, address)


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


def _quoted(found: re.Match[str]) -> str:
    # Header bytes that are not ASCII come as surrogates; they keep their values.
    return quote(found[0].encode("utf-8", "surrogateescape"))
