"""Files that answers of the API link to: fetched from where they are, without the token.

A link such as an attachment's leads to another host, whose limits are not Intercom's, so the
scheduler is not asked.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from intercom_async.config import is_host, is_loopback
from intercom_async.errors import ConfigError, ResponseError
from intercom_async.redaction import Secret
from intercom_async.transport.base import FIRST_FAILURE, Request, StreamReply, Transport
from . import redirects

NAME = "GET of a linked file"
"""What messages call the request: the link itself lets its holder read the file."""


async def fetch(transport: Transport, url: str, *, timeout_s: float) -> StreamReply:
    """Begin to read a linked file, and return once its body begins; the caller closes it.

    Raises:
        ConfigError: It is no address of a file on the internet.
        ResponseError: The host does not have it, or the link has expired.
        TransportError: There was no answer.
    """
    # Masked: a traceback that shows local variables shows no link.
    url = Secret(_checked(url))
    request = Request(
        method="GET", url=url, name=NAME, headers={"Accept": "*/*"}, timeout_s=timeout_s
    )
    reply = await transport.stream(request, lambda: None)
    for _ in range(redirects.MAX_REDIRECTS):
        following = None
        if redirects.is_redirect(reply.status):
            following = redirects.follow(request, reply, origin=url)
        if following is None:
            break
        if isinstance(reply, StreamReply):
            reply.close()
        request = following[0]
        reply = await transport.stream(request, lambda: None)
    if reply.status >= FIRST_FAILURE or not isinstance(reply, StreamReply):
        if isinstance(reply, StreamReply):
            reply.close()
        raise ResponseError(call=NAME, status=reply.status, headers=reply.headers)
    return reply


def _checked(url: str) -> str:
    """Return an address that can be sent; a file's name may have spaces and any letters."""
    if not isinstance(url, str):
        raise ConfigError(f"the address of a linked file is a str, not {type(url).__name__}")
    try:
        url = redirects.quoted(url.strip())
        parts = urlsplit(url)
        is_usable = parts.port != 0
    except ValueError:
        raise ConfigError("a linked file has an https address") from None
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http") or not is_host(host) or not is_usable:
        raise ConfigError("a linked file has an https address")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigError("a linked file is fetched over https only (loopback excepted)")
    return url
