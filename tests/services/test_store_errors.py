"""Whatever psycopg or obstore raises, wherever a sink calls it: one typed error without a row."""

from __future__ import annotations

import gc
import traceback
from importlib import import_module
from itertools import cycle
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from intercom_async.sync import PostgresSink, TargetError
from intercom_async.sync.sinks.failures import failures_as_target_errors
from intercom_async.sync.sinks.object_store import ChangedObjectError
from intercom_async.sync.sinks.s3 import S3Objects
from tests.support.failing_calls import QUOTED, Plan, doubled, instances
from tests.sync.test_library_errors import run
from .conftest import PostgresServer
from .object_storage import KEYS, environment


def test_what_psycopg_raises_is_a_typed_error(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg", reason="the extra postgres is not installed")

    def attempt(schema: str, plan: Plan, number: int) -> str:
        with monkeypatch.context() as patch:
            doubled(patch, "postgres_schema", plan)
            try:
                run(PostgresSink(postgres_server.url, schema=schema, inline=True), plan, number)
            except TargetError as refused:
                return "".join(traceback.format_exception(refused))
        return ""

    schema, calls = f"sync_{token_hex(4)}", Plan()
    assert not attempt(schema, Plan(), 1)
    assert not attempt(schema, calls, 2)
    points = [point for point in calls.points() if not point.call.endswith(".close")]
    assert len(points) > 10
    errors = instances({"psycopg"})
    assert len(errors) > 250
    for point, error in zip(cycle(points), errors, strict=False):
        plan = Plan(point, error)
        told = attempt(schema, plan, 2)
        if not plan.has_raised:  # what came before has left nothing that is read there
            assert not attempt(schema, Plan(), 1)
            assert not attempt(schema, Plan(), 2)
            told = attempt(schema, plan, 2)
        assert plan.has_raised, point
        # Another attempt is made with some numbers as texts, or with a table that is emptied.
        assert told or type(error).__name__ in RETRIED, (point, error)
        assert QUOTED not in told or point.call in CONNECTS, (point, error)
    assert not attempt(schema, Plan(), 3)
    gc.collect()  # a connection that was not closed is an error of this test, not of a later one


CONNECTS = ("psycopg.connect", "psycopg.connect.execute")
"""Calls of which the driver's words are told: there are no rows yet."""
RETRIED = ("NumericValueOutOfRange", "StatementTooComplex")
"""Errors after which a statement is made again with rows that PostgreSQL has room for."""

CALLS: dict[str, tuple[Any, ...]] = {
    "get": ("name",),
    "create": ("name", b"body"),
    "replace": ("name", b"body", "tag"),
    "upload": ("name", Path(__file__)),
    "download": ("name", Path("/dev/null")),
    "tag": ("name",),
    "objects": ("prefix",),
    "remove": (["name"],),
}


@pytest.mark.parametrize("call", CALLS)
def test_what_obstore_raises_is_a_typed_error(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("obstore", reason="the extra s3 is not installed")
    import_module("obstore.exceptions")
    errors = instances({"obstore"})
    assert len(errors) > 25
    for error in errors:

        def fail(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        with environment(**KEYS), monkeypatch.context() as patch:
            for name in ("get", "put", "head", "list", "delete"):
                patch.setattr(f"obstore.{name}", fail)
            objects = S3Objects("s3://bucket/prefix")
            with (
                pytest.raises((TargetError, ChangedObjectError)) as refused,
                failures_as_target_errors(objects.where),  # as each call of a sink is made
            ):
                list(getattr(objects, call)(*CALLS[call]))
        assert QUOTED not in "".join(traceback.format_exception(refused.value)), error


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("obstore", reason="the extra s3 is not installed")

    class Found:
        def __init__(self, *_: object) -> None: ...

        def stream(self, **_: object) -> list[bytes]:
            return [b"x" * 100_000]

    monkeypatch.setattr("obstore.get", Found)
    with environment(**KEYS), pytest.raises(TargetError, match="make room on the disk"):
        S3Objects("s3://bucket/prefix").download("name", Path("/dev/full"))
