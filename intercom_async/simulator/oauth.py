"""The OAuth pages: a teammate who always agrees, the exchange of codes, and uninstalling."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from .errors import ApiError
from .limits.apps import App, Apps
from .messages import Request, Response
from .rows import BAD_JSON, Row, decode_json, encode_json
from .seed.draw import mix

AUTHORIZE, EXCHANGE, UNINSTALL = "/oauth", "/auth/eagle/token", "/auth/uninstall"
PUBLIC = (AUTHORIZE, EXCHANGE)
"""Paths that need no token."""
CODE_LIFE_S = 300.0
"""Seconds for which a code can be exchanged."""


class OAuthPages:
    """Installs an app in the workspace.

    Args:
        apps: Where tokens are known.
        seed: Codes and secrets are the same for the same seed.
    """

    def __init__(self, apps: Apps, seed: int) -> None:
        self._apps = apps
        self._seed = seed
        self._codes: dict[str, float] = {}
        self._made = 0
        self.client_id: str = f"client-{mix(seed, 0, 0x0A) >> 32:08x}"
        self.client_secret: str = f"secret-{mix(seed, 0, 0x0B):016x}"
        self.refuses: bool = False
        """Whether the teammate does not agree."""

    def clear(self) -> None:
        """Forget the codes, and agree again."""
        self._codes.clear()
        self.refuses = False

    def answer(self, request: Request, now: float) -> Response:
        """Answer a request for one of the public paths."""
        if request.path == AUTHORIZE:
            return self._authorize(request.query, now)
        if request.method != "POST":
            raise ApiError(404, "not_found", "Resource Not Found")
        return self._exchange(_fields_of(request), now)

    def uninstall(self, app: App) -> Row:
        """Make an app's token invalid."""
        self._apps.remove(app)
        return {}

    def _authorize(self, query: Mapping[str, str], now: float) -> Response:
        """Send the browser back with a code, as if a teammate had agreed."""
        if query.get("client_id") != self.client_id:
            raise ApiError(404, "not_found", "There is no app with this client_id")
        target = query.get("redirect_uri", "")
        if not target.startswith(("http://", "https://")):
            raise ApiError(400, "parameter_invalid", "redirect_uri must be an address")
        given = {"state": query["state"]} if "state" in query else {}
        if self.refuses:
            given["error"] = "access_denied"
        else:
            self._made += 1
            code = f"{mix(self._seed, self._made, 0x0C):016x}"
            self._codes[code] = now + CODE_LIFE_S
            given["code"] = code
        parts = urlsplit(target)
        joined = "&".join(filter(None, (parts.query, urlencode(given))))
        return Response(302, {"Location": urlunsplit(parts._replace(query=joined))}, b"")

    def _exchange(self, fields: Mapping[str, Any], now: float) -> Response:
        secret = str(fields.get("client_secret", ""))
        is_app = fields.get("client_id") == self.client_id
        if not is_app or not hmac.compare_digest(secret.encode(), self.client_secret.encode()):
            raise ApiError(401, "unauthorized", "Unauthorized Client")
        if self._codes.pop(str(fields.get("code", "")), 0.0) <= now:
            raise ApiError(401, "unauthorized", "Unauthorized Code")
        token = self._apps.new().token
        body = {"token_type": "Bearer", "token": token, "access_token": token}
        return Response(200, {"Content-Type": "application/json"}, encode_json(body))


def _fields_of(request: Request) -> Mapping[str, Any]:
    """Read a body that is a form or JSON; client id and secret may stand in a header, too."""
    fields: dict[str, Any] = {}
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(encoded).decode().partition(":")
        except ValueError:
            name = secret = ""
        fields = {"client_id": name, "client_secret": secret}
    try:
        if request.body.lstrip().startswith(b"{"):
            found: dict[str, Any] = decode_json(request.body)
            return fields | found
        form = parse_qs(request.body.decode())
    except (*BAD_JSON, RecursionError):
        raise ApiError(400, "parameter_invalid", "The body cannot be read") from None
    return fields | {name: values[0] for name, values in form.items()}
