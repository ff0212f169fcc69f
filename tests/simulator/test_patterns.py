"""A row that is encoded by filling in a pattern is the row that is made in full."""

from __future__ import annotations

import json
from typing import Any

import pytest

from intercom_async.simulator import Quirks, Simulator
from intercom_async.simulator.seed.base import Seeded
from intercom_async.simulator.seed.conversations import ConversationSeeds
from intercom_async.simulator.seed.tickets import TicketSeeds
from intercom_async.simulator.store.table import Table
from intercom_async.simulator.versions import VERSIONS

COUNT = 900


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(contacts=COUNT, conversations=COUNT, companies=50, tickets=COUNT, seed=11)


def check(simulator: Simulator, version: str) -> None:
    """Compare what lists send of each seeded row with the row made in full."""
    workspace = simulator.workspace
    for table in (workspace.contacts, workspace.companies, workspace.conversations):
        compare(table, version)
    compare(workspace.tickets, version)


def compare(table: Table, version: str) -> None:
    for number in range(table.seeds.count):
        if table.is_seeded(number):
            sent: Any = json.loads(table.encoded(number, version))
            assert sent == table.present(table.seeds.row(number), version), number


@pytest.mark.parametrize("version", sorted(VERSIONS))
def test_a_seeded_row_in_a_list_is_the_row_made_in_full(simulator: Simulator, version: str) -> None:
    check(simulator, version)


def test_it_is_so_after_writes_to_what_it_names(simulator: Simulator) -> None:
    check(simulator, "Preview")
    conversation = json.loads(simulator.workspace.conversations.encoded(7, "Preview"))
    author = conversation["contacts"]["contacts"][0]["id"]
    ticket = json.loads(simulator.workspace.tickets.encoded(7, "Preview"))
    kind, state = ticket["ticket_type"]["id"], ticket["ticket_state"]["id"]
    simulator.call("PUT", f"/contacts/{author}", {"external_id": "renamed"})
    simulator.call("DELETE", f"/contacts/{ticket['contacts']['contacts'][0]['id']}")
    simulator.call("PUT", f"/ticket_types/{kind}", {"name": "Renamed"})

    check(simulator, "Preview")
    sent = json.loads(simulator.workspace.conversations.encoded(7, "Preview"))
    assert sent["contacts"]["contacts"][0]["external_id"] == "renamed"
    sent = json.loads(simulator.workspace.tickets.encoded(7, "Preview"))
    assert sent["ticket_type"]["name"] == "Renamed"
    assert sent["ticket_state"]["id"] == state

    simulator.quirks = Quirks(max_parts=1)
    check(simulator, "Preview")


@pytest.mark.parametrize("seeds", [ConversationSeeds, TicketSeeds])
def test_rows_are_filled_in_and_not_made_in_full(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, seeds: type[Seeded]
) -> None:
    made: list[int] = []
    make = seeds.row

    def row(seeds: Any, number: int) -> Any:
        made.append(number)
        return make(seeds, number)

    monkeypatch.setattr(seeds, "row", row)
    workspace = simulator.workspace
    table = workspace.conversations if seeds is ConversationSeeds else workspace.tickets
    for number in range(COUNT):
        table.encoded(number, "2.14")
    assert 20 < len(made) < COUNT / 4  # one for each shape
    made.clear()
    simulator.call("POST", "/contacts", {"email": "new@example.com"})  # they do not show it
    for number in range(COUNT):
        table.encoded(number, "2.14")
    assert made == []
