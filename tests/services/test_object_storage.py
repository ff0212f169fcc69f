"""A sync to object storage, on moto's S3: whole, resumable, alone, and read by others."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import anyio
import anyio.to_thread
import msgspec
import pytest

from intercom_async import Intercom
from intercom_async.simulator import Simulator
from intercom_async.sync import (
    BusyTargetError,
    DuckDBSink,
    ParquetSink,
    TargetError,
    published_files,
    sync,
)
from intercom_async.sync.sinks import s3
from intercom_async.sync.sinks.base import Table
from intercom_async.sync.sinks.entries import Put
from intercom_async.sync.sinks.object_store import ChangedObjectError
from .object_storage import KEYS, answering, environment, losing_answers, running_moto

for package in ("moto", "obstore", "pyarrow", "boto3"):
    pytest.importorskip(package, reason=f"{package} is not installed")

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]

STREAMS = ["contacts", "conversations", "conversation_parts", "companies", "tags", "tickets"]
TABLE = Table("things", "id", None, None, "updated_at")


@pytest.fixture(scope="session")
def storage() -> Iterator[str]:
    with running_moto() as address:
        yield address


@pytest.fixture
def target(storage: str) -> str:
    del storage
    return f"s3://bucket/{token_hex(4)}/intercom"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    limits: dict[str, Any] = {"app_per_minute": 10**7, "workspace_per_minute": 10**7}
    async with Simulator(
        contacts=1_200, conversations=60, companies=30, tickets=20, **limits
    ) as running:
        yield running


@pytest.fixture
async def intercom(simulator: Simulator) -> AsyncIterator[Intercom]:
    async with Intercom(simulator.token, base_url=simulator.url) as client:
        yield client


def records(target: str, stream: str) -> dict[str, str]:
    """Return the live rows as somebody reads them who was given the target."""
    duckdb: Any = pytest.importorskip("duckdb")
    fsspec: Any = pytest.importorskip("obstore.fsspec")
    with duckdb.connect(":memory:") as connection:
        options = {"allow_http": True}
        connection.register_filesystem(fsspec.FsspecStore("s3", client_options=options))
        rows = connection.execute(
            "SELECT id, record FROM read_parquet($1) WHERE _deleted_at IS NULL",
            [published_files(target, stream)],
        ).fetchall()
    assert len(rows) == len(dict(rows))
    return dict(rows)


async def test_the_rows_are_those_of_duckdb(
    intercom: Intercom, target: str, tmp_path: Path
) -> None:
    duckdb: Any = pytest.importorskip("duckdb")
    path = tmp_path / "same.duckdb"
    for sink in (DuckDBSink(path), ParquetSink(target, file_bytes=100_000)):
        report = await sync(intercom, STREAMS, sink=sink)
        assert report.is_complete, report.failures
    with duckdb.connect(str(path)) as connection:
        for stream in STREAMS:
            rows = connection.execute(f"SELECT id, record FROM {stream}").fetchall()  # noqa: S608 (a test's own names)
            assert records(target, stream) == dict(rows)
    assert len(published_files(target, "contacts")) > 1


async def test_a_later_run_brings_what_changed_and_a_quiet_one_nothing(
    intercom: Intercom, target: str
) -> None:
    await sync(intercom, ["contacts", "tags"], sink=ParquetSink(target))
    first = published_files(target, "contacts")
    report = await sync(intercom, sink=ParquetSink(target))
    assert report.is_complete
    assert published_files(target, "contacts") == first
    key = next(iter(records(target, "contacts")))
    await intercom.contacts.update(key, name="Renamed")
    await sync(intercom, sink=ParquetSink(target), verify=True)
    assert msgspec.json.decode(records(target, "contacts")[key])["name"] == "Renamed"


async def test_polars_and_pyarrow_read_the_published_files(
    intercom: Intercom, target: str, storage: str
) -> None:
    polars: Any = pytest.importorskip("polars")
    arrow: Any = pytest.importorskip("pyarrow.fs")
    dataset: Any = pytest.importorskip("pyarrow.dataset")
    await sync(intercom, ["contacts"], sink=ParquetSink(target))
    files = published_files(target, "contacts")
    options = {"aws_endpoint_url": storage, "aws_allow_http": "true"}
    frame = polars.scan_parquet(files, storage_options=options).collect()
    assert frame["_deleted_at"].null_count() == 1_200
    there = arrow.S3FileSystem(endpoint_override=storage.removeprefix("http://"), scheme="http")
    paths = [file.removeprefix("s3://") for file in files]
    assert dataset.dataset(paths, filesystem=there).count_rows() == 1_200


async def test_an_object_that_was_removed_is_named_and_read_again(
    intercom: Intercom, target: str
) -> None:
    await sync(intercom, ["tags", "contacts"], sink=ParquetSink(target))
    [file] = published_files(target, "tags")
    objects = s3.S3Objects(target)
    objects.remove([file.removeprefix(f"{target}/")])
    with pytest.raises(TargetError, match=r"tags/part-.* is missing; --repair"):
        await sync(intercom, sink=ParquetSink(target))
    report = await sync(intercom, sink=ParquetSink(target), repair=True)
    assert report.is_complete
    assert records(target, "tags")


def begin(simulator: Simulator, target: str) -> subprocess.Popen[bytes]:
    given = ["--to", target, "--streams", "contacts", "conversations", "--json"]
    return subprocess.Popen(
        [sys.executable, "-m", "intercom_async", "sync", *given],
        env=os.environ | {"INTERCOM_BASE_URL": simulator.url, "INTERCOM_TOKEN": simulator.token},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def test_killed_syncs_are_gone_on_with(simulator: Simulator, target: str) -> None:
    pytest.importorskip("cyclopts")
    simulator.latency_s = 0.05
    dice, kills = random.Random(1), 0
    while kills < 3:
        before, wanted = simulator.requests, dice.randint(3, 12)
        process = begin(simulator, target)
        with anyio.fail_after(30):
            while simulator.requests < before + wanted and process.poll() is None:  # noqa: ASYNC110 (another process)
                await anyio.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        await anyio.to_thread.run_sync(process.communicate)
        kills += 1
    process = begin(simulator, target)
    out, err = await anyio.to_thread.run_sync(process.communicate)
    assert process.returncode == 0, err
    assert msgspec.json.decode(out)["failures"] == []
    assert len(records(target, "contacts")) == 1_200
    assert len(records(target, "conversations")) == 60
    # Nothing is left of what the killed ones have put.
    named = {
        file.removeprefix(f"{target}/")
        for stream in ("contacts", "conversations", "tombstones")
        for file in published_files(target, stream)
    }
    found = {one.name for one in s3.S3Objects(target).objects()}
    assert found == named | {"sync-state.json"}


async def test_of_two_syncs_at_once_the_later_one_ends_complete(
    simulator: Simulator, intercom: Intercom, target: str
) -> None:
    simulator.latency_s = 0.05
    lost: list[BusyTargetError] = []
    complete: list[bool] = []

    async def first() -> None:
        try:
            await sync(intercom, ["contacts"], sink=ParquetSink(target))
        except BusyTargetError as error:
            lost.append(error)

    async with anyio.create_task_group() as group:
        group.start_soon(first)
        with anyio.fail_after(30):
            while not simulator.requests:  # noqa: ASYNC110 (another task decides)
                await anyio.sleep(0.005)
        await anyio.sleep(0.1)
        report = await sync(intercom, ["contacts"], sink=ParquetSink(target))
        complete.append(report.is_complete)
    assert complete == [True]
    assert len(lost) == 1
    assert len(records(target, "contacts")) == 1_200


def put(key: str) -> Put:
    return Put("things", key, "", b'{"id":"%s"}' % key.encode(), 1, 1, int(key) + 1)


def test_of_many_that_open_at_once_one_has_the_target(target: str) -> None:
    sinks = [ParquetSink(target) for _ in range(6)]
    barrier = threading.Barrier(6)
    kept: list[ParquetSink] = []
    refused: list[str] = []

    def work(number: int) -> None:
        sink = sinks[number]
        try:
            barrier.wait()
            sink.open()
            sink.begin([TABLE])
            sink.commit([put(str(number))], b"%d" % number)
            kept.append(sink)
        except BusyTargetError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    published = 0
    for sink in kept:
        try:
            sink.publish(b"{}")
            published += 1
        except BusyTargetError as error:
            refused.append(str(error))
    assert published == 1
    assert len(refused) == 5
    for sink in sinks:
        sink.close()


def test_conditions_hold_on_the_real_protocol(target: str) -> None:
    objects = s3.S3Objects(target)
    tag = objects.create("one", b"1")
    assert objects.get("one") == (b"1", tag)
    with pytest.raises(ChangedObjectError):
        objects.create("one", b"2")
    for name, other in (("one", '"other"'), ("none", tag)):
        with pytest.raises(ChangedObjectError):
            objects.replace(name, b"2", other)
    assert objects.tag("one") == tag != objects.replace("one", b"2", tag)
    assert (objects.get("none"), objects.tag("none")) == (None, None)
    assert objects.download("none", Path(os.devnull)) is False
    objects.remove(["one", "none"])
    assert list(objects.objects()) == []


def test_storage_that_ends_a_connection_before_its_answer_is_asked_again(
    target: str, storage: str
) -> None:
    """The answer of every third put is lost; the client repeats it, and finds its own object."""
    with losing_answers(storage) as address, environment(AWS_ENDPOINT_URL=address):
        sink = ParquetSink(target)
        sink.open()
        sink.begin([TABLE])
        for number in range(6):
            sink.commit([put(str(number))], b"%d" % number)
        sink.publish(b"{}")
        sink.close()
    assert len(published_files(target, "things")) == 1


def xml(code: str) -> bytes:
    return (
        f"<Error><Code>{code}</Code><AWSAccessKeyId>AKIAHUSH</AWSAccessKeyId>"
        "<StringToSign>hush-hush</StringToSign></Error>"
    ).encode()


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (403, xml("AccessDenied"), "s3:PutObject"),
        (403, xml("SignatureDoesNotMatch"), "check AWS_ACCESS_KEY_ID"),
        (403, xml("InvalidAccessKeyId"), "check AWS_ACCESS_KEY_ID"),
        (400, xml("ExpiredToken"), "renew AWS_SESSION_TOKEN"),
        (301, xml("PermanentRedirect"), "set AWS_REGION"),
        (404, xml("NoSuchBucket"), "there is no such bucket"),
        (500, xml("InternalError"), "InternalError"),
        (503, xml("SlowDown"), "fewer requests"),
        (200, b"<html>hush-hush</html>", "damaged"),
        (200, b"", "damaged"),
    ],
)
def test_an_answer_that_is_an_error_is_told_without_its_words(
    status: int, body: bytes, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "MOST_RETRIES", 0)
    with answering(status, body) as address, environment(**KEYS, AWS_ENDPOINT_URL=address):
        sink = ParquetSink("s3://bucket/prefix")
        with pytest.raises(TargetError) as refused:
            sink.open()
    text = f"{refused.value} {refused.value.__cause__!r} {sink!r}"
    assert told in text
    assert "\n" not in text
    assert "hush" not in text.lower()


@pytest.mark.parametrize("fate", ["refuses", "hangs"])
def test_storage_that_does_not_answer_is_told_in_time(
    fate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "RETRY_S", 0.5)
    monkeypatch.setattr(s3, "ANSWER_WITHIN_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        if fate == "refuses":
            listener.close()
        with (
            environment(**KEYS, AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}"),
            pytest.raises(TargetError, match="check the network, AWS_ENDPOINT_URL"),
        ):
            ParquetSink("s3://bucket/prefix").open()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--to", "gs://bucket/prefix"], "gs:// is not supported"),
        (["--to", "s3://key:hush@bucket"], "credentials and settings come from the environment"),
        (["--to", "s3://bucket/x", "--format", "jsonl"], "takes --format parquet, not jsonl"),
    ],
)
def test_the_command_line_says_what_it_does_not_support(arguments: list[str], told: str) -> None:
    pytest.importorskip("cyclopts")
    done = subprocess.run(
        [sys.executable, "-m", "intercom_async", "sync", *arguments],
        env=os.environ | {"INTERCOM_TOKEN": "t"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done
    assert told in done.stderr
    assert "hush" not in done.stderr


def test_a_missing_package_is_named() -> None:
    code = (
        "import sys; sys.modules.update(obstore=None)\n"
        "from intercom_async.sync import ParquetSink, TargetError\n"
        "try: ParquetSink('s3://bucket/prefix')\nexcept TargetError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip().endswith("pip install 'intercom-async[s3]'")
