"""A row that a list leaves out goes by evidence only; a quiet run heals what disagrees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

STREAMS = ("contacts", "conversations", "tickets", "companies", "tags")
BY_ID: dict[str, tuple[int, bytes]] = {
    "404 of a proxy": (404, b"<html>not found</html>"),
    "404 of a gateway": (404, b'{"message":"Not Found"}'),
    "410 of a proxy": (410, b"<html>gone</html>"),
    "410 with nothing": (410, b""),
    "410 of a gateway": (410, b'{"error":"gone"}'),
    "403": (403, b'{"type":"error.list","errors":[{"code":"forbidden","message":"No"}]}'),
    "500": (500, b"{}"),
    "an object of no row": (200, b"{}"),
    "another row": (200, b'{"type":"x","id":"99999999","updated_at":1700000000}'),
    "no JSON": (200, b"<html>"),
}


def hiding(keys: dict[str, str], by_id: tuple[int, bytes]) -> Callable[[Request, Answer], Answer]:
    """Return what leaves a row of each stream out of its lists, and answers for it by its id."""

    def change(request: Request, answer: Answer) -> Answer:
        path = request.url.partition("?")[0]
        if not isinstance(answer, Reply):
            return answer
        if path.endswith(tuple(f"/{stream}/{key}" for stream, key in keys.items())):
            return Reply(by_id[0], answer.headers, by_id[1])
        try:
            body: dict[str, Any] = msgspec.json.decode(answer.body)
        except msgspec.DecodeError:
            return answer
        for name in ("data", *STREAMS):
            rows: list[dict[str, Any]] | None = body.get(name)
            if rows is not None:
                kept = [row for row in rows if row.get("id") not in keys.values()]
                # A reading of all that there is counts it on no page.
                is_counted = len(kept) < len(rows) or b'"created_at"' in (request.body or b"")
                if is_counted and isinstance(body.get("total_count"), int):
                    body["total_count"] -= 1
                body[name] = kept
        return Reply(answer.status, answer.headers, msgspec.json.encode(body))

    return change


@pytest.mark.parametrize("by_id", BY_ID)
async def test_what_disagrees_is_a_hole_that_a_quiet_run_heals(by_id: str, tmp_path: Path) -> None:
    sizes = {"contacts": 60, "conversations": 8, "tickets": 8, "companies": 8}
    async with world(tmp_path, **sizes) as one:
        assert (await one.sync(*STREAMS)).is_complete
        before = {stream: set(one.rows(stream)) for stream in STREAMS}
        hidden = {stream: min(keys) for stream, keys in before.items()}
        await anyio.sleep(9 * DAY_S)
        one.change = hiding(hidden, BY_ID[by_id])
        for _ in range(2):
            report = await one.sync(*STREAMS, reconcile="now")
            named = {(failure.stream, failure.what) for failure in report.failures}
            assert report.exit_code == 3
            assert named == set(hidden.items())
            assert {stream: set(one.rows(stream)) for stream in STREAMS} == before
            await anyio.sleep(DAY_S)

        one.change = None
        assert (await one.sync(*STREAMS)).is_complete
        assert {stream: set(one.rows(stream)) for stream in STREAMS} == before
