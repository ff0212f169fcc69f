"""HTTP endpoints without a framework: what webhooks, Canvas Kit and OAuth receive by.

An endpoint is an async function from `HttpRequest` to `HttpReply`. Adapters mount it: `AsgiApp`
and `AsgiMiddleware` in any ASGI framework, `aiohttp_routes` in aiohttp. `Signer` verifies what
Intercom signed.
"""

from .asgi import AsgiApp, AsgiMiddleware
from .base import BodyError, Endpoint, HttpReply, HttpRequest
from .signature import Body, Headers, Signer

__all__ = [
    "AsgiApp",
    "AsgiMiddleware",
    "Body",
    "BodyError",
    "Endpoint",
    "Headers",
    "HttpReply",
    "HttpRequest",
    "Signer",
]
