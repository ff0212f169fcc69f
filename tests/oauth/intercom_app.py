"""Intercom's side of an installation, in memory."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from intercom_async.transport import MemoryTransport, Reply, Request

CLIENT_ID = "client-id"
CLIENT_SECRET = "client-secret-of-a-test"
TOKEN = "dG9rOm9mIGEgdGVzdA=="
ADMIN = {
    "type": "admin",
    "id": "5",
    "name": "Ann",
    "email": "ann@example.com",
    "email_verified": True,
    "app": {"type": "app", "id_code": "ws1", "name": "Example", "region": "US"},
}


class IntercomApp:
    """Knows codes and tokens, and counts what it was asked.

    Args:
        me: The answer to GET /me.
        unknown_for: Reads of a new token that are refused before it is known.
    """

    def __init__(self, me: dict[str, Any] | None = None, *, unknown_for: int = 0) -> None:
        self.me = ADMIN if me is None else me
        self.unknown_for = unknown_for
        self.codes = {"code1": TOKEN}
        self.tokens = {TOKEN}
        self.status = 200
        self.asked: list[str] = []
        self.transport = MemoryTransport(self.answer)

    def answer(self, request: Request) -> Reply:
        """Answer one request."""
        self.asked.append(request.name)
        if self.status != 200:
            return self._error(self.status, "server_error")
        if request.url.endswith("/auth/eagle/token"):
            return self._exchange(parse_qs((request.body or b"").decode()))
        token = request.headers["Authorization"].removeprefix("Bearer ")
        if token not in self.tokens:
            return self._error(401, "unauthorized")
        if request.url.endswith("/auth/uninstall"):
            self.tokens.remove(token)
            return Reply(200, {}, b"")
        if self.unknown_for > 0:
            self.unknown_for -= 1
            return self._error(401, "unauthorized")
        return Reply(200, {}, json.dumps(self.me).encode())

    def _exchange(self, form: dict[str, list[str]]) -> Reply:
        code = form["code"][0]
        if form["client_id"] != [CLIENT_ID] or form["client_secret"] != [CLIENT_SECRET]:
            return self._error(401, "unauthorized", f"no app with {form['client_secret']}")
        if code not in self.codes:
            return self._error(401, "unauthorized", f"Unauthorized Code {code}")
        token = self.codes.pop(code)
        found = {"token_type": "Bearer", "token": token, "access_token": token}
        return Reply(200, {}, json.dumps(found).encode())

    def _error(self, status: int, code: str, message: str = "m") -> Reply:
        body = {"type": "error.list", "errors": [{"code": code, "message": message}]}
        return Reply(status, {}, json.dumps(body).encode())
