"""Every answer to every operation has the form that its official description declares."""

from __future__ import annotations

import io

import aiohttp
import pytest

from intercom_async.simulator import Simulator
from tests.support.descriptions import (
    Described,
    Example,
    needs_descriptions,
    operations,
)
from .exercise import Exercise
from .validation import violations

pytest.importorskip("jsonschema")
pytest.importorskip("yaml")
pytestmark = [pytest.mark.anyio, needs_descriptions]

UNDECLARED_SUCCESS = {"GET /fin_voice/phone_number/{phone_number}"}
"""Operations of which the description declares failures alone."""


@pytest.mark.parametrize("version", ["2.14", "2.15", "2.16", "Preview"])
async def test_answers_have_the_declared_form(simulator: Simulator, version: str) -> None:
    found = await findings(simulator, version)

    assert found == []


async def findings(simulator: Simulator, version: str) -> list[str]:
    headers = {
        "Authorization": f"Bearer {simulator.token}",
        "Accept": "application/json, application/octet-stream",
        "Intercom-Version": version,
    }
    found: list[str] = []
    async with aiohttp.ClientSession(simulator.url, headers=headers) as http:
        exercise = Exercise(simulator, version)
        for operation in operations(version):
            found += await _tried(exercise, http, operation, version)
    return found


async def _tried(
    exercise: Exercise, http: aiohttp.ClientSession, operation: Described, version: str
) -> list[str]:
    name = f"{operation.method} {operation.path}"
    found: list[str] = []
    statuses: list[int] = []
    raw = b""
    for example in operation.examples or [Example("none", None)]:
        if exercise.is_touched:
            exercise.prepare()
        async with http.request(
            operation.method,
            exercise.path(operation),
            params=exercise.query(operation),
            json=None if operation.is_form else exercise.body(operation, example),
            data=aiohttp.FormData({"catalog": io.BytesIO(b"[]")}) if operation.is_form else None,
            allow_redirects=False,
        ) as reply:
            statuses.append(reply.status)
            raw = await reply.read()
            exercise.is_touched = operation.method != "GET" and reply.status < 400
            where = f"{name} [{example.name}] {reply.status}"
            if reply.status == 200 and name in UNDECLARED_SUCCESS:
                continue
            if reply.status not in operation.schemas:
                found.append(f"{where}: not a declared status: {raw[:200]!r}")
                continue
            schema = operation.schemas[reply.status]
            if schema is not None and raw:
                wrong = violations(name, await reply.json(), schema, version)
                found += [f"{where} at {one}" for one in wrong]
    if min(statuses) >= 400:
        found.append(f"{name}: no example succeeds: {raw[:200]!r}")
    return found
