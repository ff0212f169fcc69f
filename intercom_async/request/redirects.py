"""Whether a redirect is followed, and what may travel with it.

A token goes to the configured origin only, and a body never leaves it. Call recordings are the
known case: the API answers 302 with a signed link to a storage elsewhere.
"""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from intercom_async.response import header
from intercom_async.transport.base import Reply, Request

MAX_REDIRECTS = 5

_PERSONAL = frozenset({"authorization", "intercom-version", "cookie"})


def is_redirect(status: int) -> bool:
    """Say whether a status asks for another address."""
    return status in (301, 302, 303, 307, 308)


def follow(request: Request, reply: Reply) -> tuple[Request, bool] | None:
    """Return the request to send next and whether it stays on its origin; None to give up.

    Args:
        request: What was sent.
        reply: The redirect.
    """
    location = header(reply.headers, "Location")
    if not location:
        return None
    try:
        url = urljoin(request.url, location)
        target, origin = urlsplit(url), urlsplit(request.url)
        same = (target.scheme, target.netloc) == (origin.scheme, origin.netloc)
    except ValueError:
        return None
    if target.scheme not in ("http", "https") or not target.hostname:
        return None
    if origin.scheme == "https" and target.scheme != "https":
        return None
    keeps_method = reply.status in (307, 308)
    if request.method != "GET" and (not same or not (keeps_method or reply.status == 303)):  # noqa: PLR2004
        return None
    headers = request.headers
    if not same:
        headers = {name: text for name, text in headers.items() if name.lower() not in _PERSONAL}
    becomes_get = request.method != "GET" and not keeps_method
    return (
        Request(
            method="GET" if becomes_get else request.method,
            url=url,
            name=request.name,
            headers=headers,
            body=None if becomes_get else request.body,
            timeout_s=request.timeout_s,
            max_bytes=request.max_bytes,
        ),
        same,
    )
