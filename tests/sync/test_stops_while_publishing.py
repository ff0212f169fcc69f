"""Asked to stop while a large target is published, loaded or verified, a run ends soon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from intercom_async import Intercom
from intercom_async.simulator import Simulator
from intercom_async.sync import Report, Sink, sync
from intercom_async.sync.sinks import ending
from intercom_async.transport import MemoryTransport
from tests.support.virtual_time import run_virtual
from .conftest import FORMATS, make_sink, once, read_target

STREAMS = ("contacts", "conversations", "conversation_parts", "tags")
HOLDING = ("contacts", "conversations", "tags")
CONTACTS = 200
ROWS = (0, 1, 40, 150)
"""For how many rows a run goes on that is to stop."""


class Workspace:
    """A workspace, and a target that one run after the other brings up to date."""

    def __init__(self, form: str, folder: Path) -> None:
        self.simulator = Simulator(contacts=CONTACTS, conversations=12, companies=3, tickets=0)
        self.form, self.folder = form, folder
        table = self.simulator.workspace.contacts
        self._keys = [table.value_at(number, "id") for number in range(CONTACTS)]

    def seen(self) -> dict[str, dict[str, Any]]:
        """Return what readers of the target see."""
        return {name: once(read_target(self.form, self.folder, name)) for name in HOLDING}

    def change(self) -> None:
        """Change some contacts, and remove one."""
        run_virtual(self._change())

    async def _change(self) -> None:
        async with self._client() as intercom:
            ids = sorted(self.expected())
            for one in ids[::30]:
                await intercom.contacts.update(one, name="Changed")
            await intercom.contacts.delete(ids[1])

    def expected(self) -> dict[str, Any]:
        """Return the names of the contacts that there are."""
        table = self.simulator.workspace.contacts
        found = [table.find(key) for key in self._keys]
        return {row["id"]: row["name"] for row in found if row is not None}

    def _client(self) -> Intercom:
        return Intercom(self.simulator.token, transport=MemoryTransport(self.simulator.answer))

    def run(self, stopped_in: str = "", **options: Any) -> Report:
        """Sync; ask the run to stop when a method of its sink begins."""
        return run_virtual(self._run(stopped_in, options))

    async def _run(self, stopped_in: str, options: dict[str, Any]) -> Report:
        stop = anyio.Event()
        sink = make_sink(self.form, self.folder)
        sink.inline = True
        if stopped_in:
            _stop_in(sink, stopped_in, stop)
        async with self._client() as intercom:
            return await sync(intercom, STREAMS, sink=sink, stop=stop, **options)


def _stop_in(sink: Sink, name: str, stop: anyio.Event) -> None:
    """Let a method of a sink ask the run to stop when it begins."""
    method = getattr(sink, name)

    def stopping(*args: Any, **options: Any) -> Any:
        stop.set()
        return method(*args, **options)

    setattr(sink, name, stopping)


@pytest.fixture(params=FORMATS)
def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Workspace:
    return Workspace(request.param, tmp_path)


def stop_each(workspace: Workspace, method: str, **options: Any) -> int:
    """Stop runs after more and more rows; return how many ended with the old generation."""
    before, stopped = workspace.seen(), 0
    for rows in ROWS:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ending, "GOES_ON_ROWS", rows)
            report = workspace.run(method, **options)
        if not report.was_stopped:
            assert report.is_complete
            break
        stopped += 1
        assert report.exit_code == 130
        if method != "publish":
            # It was given up there, and not at the next call of the API or the next stream.
            assert report.streams == ()
            assert bool(report.workspace) == (method == "rows")
        assert workspace.seen() == before
    return stopped


def check_whole(workspace: Workspace) -> None:
    report = workspace.run(reconcile="now")
    assert report.is_complete
    seen = workspace.seen()["contacts"]
    assert {key: row["name"] for key, row in seen.items()} == workspace.expected()


@pytest.mark.parametrize("method", ["publish", "rows", "open"])
def test_what_is_stopped_in_the_middle_is_done_by_a_later_run(
    method: str, workspace: Workspace
) -> None:
    assert workspace.run().is_complete
    workspace.change()
    assert stop_each(workspace, method, verify=method == "open") >= 3
    check_whole(workspace)


def test_a_small_publication_that_has_begun_is_finished(workspace: Workspace) -> None:
    report = workspace.run("publish")
    assert not report.was_stopped
    assert report.is_complete
    check_whole(workspace)
