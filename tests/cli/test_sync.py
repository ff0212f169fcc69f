"""``sync`` as a user runs it: what comes later, what is missing, and unusable targets."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import anyio
import msgspec
import pytest

from intercom_async import Intercom
from intercom_async.simulator import Simulator
from tests.support.small_disk import small_disk_in
from tests.sync.conftest import once, read_target, target_in
from .conftest import Done, Run

pytest.importorskip("cyclopts")
pytest.importorskip("pyarrow")
pytest.importorskip("duckdb")

from intercom_async.cli.sync_target import sink_of
from intercom_async.sync import DuckDBSink, JsonlSink, Sink

pytestmark = [pytest.mark.anyio, pytest.mark.once]

FORMATS = ("jsonl", "duckdb", "parquet")
STREAMS = ("contacts", "conversations", "tags")


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(
        contacts=900, conversations=60, app_per_minute=10**7, workspace_per_minute=10**7
    ) as running:
        yield running


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk_in(tmp_path, "512k") as folder:
        yield folder


Sync = Callable[..., Awaitable[Done]]


def command(target: Path, form: str) -> list[str]:
    return ["sync", "--to", str(target), "--format", form, "--streams", *STREAMS]


@pytest.fixture
def sync(run_here: Run) -> Sync:
    """Run the command in a thread."""

    async def call(simulator: Simulator, target: Path, form: str, *more: str) -> Done:
        there = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
        return await run_here(*command(target, form), *more, environment=there)

    return call


def content(target: Path) -> dict[Path, bytes]:
    """Return the bytes of each file of a target, the sync's own epoch and lock left out."""
    files = [target] if target.is_file() else [path for path in target.rglob("*") if path.is_file()]
    return {path: path.read_bytes() for path in files if path.name not in ("epoch", "lock")}


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if not path.name.startswith(".")]


def refusal(done: Done) -> str:
    """Return the one line that a refused run ends with."""
    assert done.returncode == 1, done.stderr
    assert done.stdout == b""
    text = done.stderr.decode()
    assert text.startswith("error: ")
    assert text.count("\n") == 1, text
    return text


@pytest.mark.parametrize("form", ["duckdb"])  # tests/sync/test_sync.py has the others
async def test_what_changes_while_it_runs_comes_next_and_then_there_is_nothing_new(
    form: str, simulator: Simulator, sync: Sync, tmp_path: Path
) -> None:
    target = target_in(form, tmp_path)
    simulator.latency_s = 0.05
    async with Intercom(simulator.token, base_url=simulator.url) as intercom:
        known = await intercom.contacts.list(per_page=150).collect()
        ended = anyio.Event()
        changed = 0

        async def disturb() -> None:
            nonlocal changed
            while not ended.is_set():
                await intercom.contacts.create(email=f"new{changed}@example.com")
                await intercom.contacts.update(known[changed].id, name=f"changed {changed}")
                changed += 1

        runs: list[Done] = []
        async with anyio.create_task_group() as group:
            group.start_soon(disturb)
            runs.append(await sync(simulator, target, form))
            ended.set()
        runs.append(await sync(simulator, target, form))
        rows = await intercom.contacts.list(per_page=150).raw().collect()
        before = simulator.requests
        runs.append(await sync(simulator, target, form))
        spent = simulator.requests - before

    assert [run.returncode for run in runs] == [0, 0, 0], runs
    assert changed > 5
    workspace = {row["id"]: row for row in map(msgspec.json.decode, rows)}
    assert len(workspace) == 900 + changed
    assert once(read_target(form, tmp_path, "contacts")) == workspace
    assert b"nothing new" in runs[2].stderr
    assert f"{spent} calls".encode() in runs[2].stderr
    # Who it is, a page or two of each stream, and how many rows there are.
    assert spent <= 10


async def test_a_page_that_never_comes_is_named_and_the_rest_is_there(
    simulator: Simulator, sync: Sync, tmp_path: Path
) -> None:
    target = target_in("jsonl", tmp_path)
    # A failure that is not tried again, so that nobody waits.
    simulator.faults.add(path="/conversations/search", status=400, after=1)

    done = await sync(simulator, target, "jsonl", "--json")
    simulator.faults.clear()
    again = await sync(simulator, target, "jsonl")

    assert done.returncode == 3, done.stderr
    report = msgspec.json.decode(done.stdout)
    assert {failure["stream"] for failure in report["failures"]} == {"conversations"}
    assert b"hole: conversations" in done.stderr
    assert len(once(read_target("jsonl", tmp_path, "contacts"))) == 900
    assert again.returncode == 0
    assert len(once(read_target("jsonl", tmp_path, "conversations"))) == 60


@pytest.mark.parametrize("form", FORMATS)
async def test_the_target_of_another_workspace_stays_as_it_is(
    form: str, simulator: Simulator, sync: Sync, tmp_path: Path
) -> None:
    target = target_in(form, tmp_path)
    async with Simulator(contacts=3, conversations=1, seed=99) as other:
        assert (await sync(other, target, form)).returncode == 0
    before = content(target)

    assert "holds workspace" in refusal(await sync(simulator, target, form))
    assert content(target) == before


@pytest.mark.parametrize("form", FORMATS)
async def test_what_is_no_target_stays_as_it_is(
    form: str, simulator: Simulator, sync: Sync, tmp_path: Path
) -> None:
    diary = tmp_path / "diary.txt"
    diary.write_text("dear diary")

    assert f"error: {diary.name} " in refusal(await sync(simulator, diary, form))
    assert "is not there" in refusal(await sync(simulator, tmp_path / "a" / "b", form))
    assert names(tmp_path) == ["diary.txt"]
    assert diary.read_text() == "dear diary"
    assert simulator.requests <= 2


@pytest.mark.parametrize("form", FORMATS)
async def test_a_damaged_state_stays_as_it_is(
    form: str, simulator: Simulator, sync: Sync, tmp_path: Path
) -> None:
    target = target_in(form, tmp_path)
    assert (await sync(simulator, target, form)).returncode == 0
    state = target if form == "duckdb" else target / "sync-state.json"
    state.write_bytes(state.read_bytes()[: state.stat().st_size // 3])
    before = content(target)

    assert f"error: {target.name}" in refusal(await sync(simulator, target, form))
    assert content(target) == before


@pytest.mark.parametrize("form", ["duckdb", "parquet"])
async def test_an_extra_that_is_missing_is_named(
    form: str, simulator: Simulator, tmp_path: Path
) -> None:
    arguments = command(target_in(form, tmp_path), form)
    code = (
        "import runpy, sys\n"
        "sys.modules.update(duckdb=None, pyarrow=None)\n"
        f"sys.argv = ['intercom-async', *{arguments!r}]\n"
        "runpy.run_module('intercom_async', run_name='__main__')"
    )
    there = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
    with anyio.fail_after(60):
        ended = await anyio.run_process(
            [sys.executable, "-c", code], check=False, env={**os.environ, **there}
        )
    done = Done(ended.returncode, ended.stdout, ended.stderr)

    assert f"pip install 'intercom-async[{form}]'" in refusal(done)
    assert names(tmp_path) == []
    assert simulator.requests == 0


@pytest.mark.parametrize("form", FORMATS)
async def test_a_full_disk_is_said_and_gone_on_from(
    form: str, simulator: Simulator, sync: Sync, small_disk: Path
) -> None:
    target = target_in(form, small_disk)

    assert "space" in refusal(await sync(simulator, target, form)).lower()
    await anyio.run_process(["mount", "-o", "remount,size=400m", str(small_disk)])
    assert (await sync(simulator, target, form)).returncode == 0
    assert len(once(read_target(form, small_disk, "contacts"))) == 900


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--plan", "--streams", "contacts,conversations"), 0),
        ((), 2),
        (("--to", "gs://bucket/prefix"), 2),
        (("--to", "a/b"), 1),
        (("--to", ""), 2),
        (("--to", "contacts.csv"), 2),
        (("--to", "contacts.parquet", "--format", "parquet"), 2),
        (("--to", "a.DUCKDB", "--format", "parquet"), 2),
        (("--to", "a.jsonl.gz"), 2),
        (("--to", "s3://"), 2),
        (("--to", "s3://bucket?key=hush"), 2),
        (("--to", "mysql://me:hush@host/db"), 2),
        (("--to", "a\0b"), 2),
        (("--to", "a" * 300), 1),
        (("--to", "c", "--to", "d"), 2),
        (("--to", "c", "--wait", "nan"), 2),
        (("--to", "c", "--streams", ","), 2),
        (("--to", "c", "--drop-stream", ""), 2),
        (("--to", "c", "--drop-stream", "contactz"), 2),
        (("--to", "c", "--accept-hole", ""), 2),
        (("--to", "c", "--report", "no/folder.json"), 2),
        (("--to", "c", "--attachments", os.devnull), 2),
        (("--to", "c", "--streams", "contactz"), 2),
        (("--to", "c", "--since", "yesterday"), 2),
        (("--to", "c", "--lookback", "-1"), 2),
        (("--to", "c", "--json", "--json-lines"), 2),
    ],
)
async def test_a_plan_is_shown_and_a_wrong_use_is_one_line(
    arguments: tuple[str, ...], code: int, simulator: Simulator, run_here: Run
) -> None:
    there = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
    done = await run_here("sync", *arguments, environment=there)

    assert done.returncode == code, done.stderr
    assert code == 0 or len(done.stderr.splitlines()) == 1
    assert code != 0 or done.stdout
    assert b"hush" not in done.stderr


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, DuckDBSink) for name in ("f.duckdb", "a.DUCKDB", "a.db", "a.Ddb")),
        ("folder", JsonlSink),
    ],
)
def test_what_a_target_is_called_says_its_format(
    name: str, kind: type[Sink], tmp_path: Path
) -> None:
    pytest.importorskip("duckdb")
    assert isinstance(sink_of(str(tmp_path / name), None), kind)


@pytest.mark.parametrize("where", ["client", "hook"])
async def test_an_error_that_nobody_expected_is_one_line_without_its_words(
    where: str, run_here: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("ada@example.com")

    name = {"client": "sync.run_sync", "hook": "sync.ProgressReporter.__call__"}[where]
    monkeypatch.setattr(f"intercom_async.cli.{name}", fail)
    async with Simulator(contacts=3, conversations=1, companies=0, tickets=0) as simulator:
        there = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
        arguments = ("--to", str(tmp_path / "target"), "--streams", "contacts")
        done = await run_here("sync", *arguments, environment=there)
        with pytest.raises(KeyError):
            await run_here("--debug", "sync", *arguments, environment=there)

    assert "unexpected KeyError, a defect of this program" in refusal(done)
    assert b"ada@example.com" not in done.stderr
