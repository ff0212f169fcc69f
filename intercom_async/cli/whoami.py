"""``whoami``: check the token and show what it belongs to."""

from __future__ import annotations

from typing import Any

import msgspec

from .connection import Connection
from .console import put_json


async def whoami(*, connection: Connection | None = None) -> None:
    """Check the token and show its admin, workspace and rate limit."""
    async with (connection or Connection()).client() as intercom:
        answer = await intercom.send(intercom.admins.ME.at())
        region = intercom.region
    me, window = answer.data, answer.window
    found: dict[str, Any] = {
        "id": me.id,
        "name": me.name,
        "email": me.email,
        "workspace": None
        if me.app is None
        else {
            "id": me.app.id_code,
            "name": me.app.name,
            "region": me.app.region,
            "timezone": me.app.timezone,
        },
        "region": region,
        "limit_per_window": window.limit,
        "remaining": window.remaining,
        "reset_at": window.reset_at,
        "request_id": answer.request_id,
    }
    put_json(msgspec.json.encode(found))
