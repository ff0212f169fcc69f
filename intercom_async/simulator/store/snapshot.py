"""What was written to a workspace, as lines of JSON that can be put back, taken in steps.

A snapshot is of one moment: its caller lets nothing be written between the steps. Each line has
the name of a part and some of its items.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Any

from intercom_async.simulator.rows import Row, decode_json, encode_json
from .record_store import RecordStore
from .table import Table
from .workspace import Workspace

TABLES = ("contacts", "companies", "conversations", "tickets")
STORES = (
    "admins",
    "teams",
    "tags",
    "notes",
    "articles",
    "segments",
    "data_attributes",
    "away_reasons",
    "subscription_types",
    "ticket_types",
    "ticket_states",
    "jobs",
    "exports",
    "reports",
    "calls",
    "bulk_jobs",
)
CUSTOM = "custom_objects."
"""Begins the names of the stores of custom objects."""
HEADS = "heads"
"""The last part: where each store goes on counting."""
LISTS = ("events", "deleted_conversations", "activity")
LINE_BYTES = 200_000
"""Length from which on a line ends: a step of one or two milliseconds (`test_snapshots.py`)."""
ITEM_BYTES = 100
"""Length that each item of a line counts for beside its own: short ones cost time, too."""


def lines(workspace: Workspace) -> Iterator[bytes]:
    """Yield everything that is not a function of the seed, as it is at the first step.

    Work under way is finished first. Nothing may be written between the steps; what reads keep for
    themselves does no harm.
    """
    workspace.run_due(at=float("inf"))
    for name, items in _parts(workspace):
        pieces: list[bytes] = []
        room = LINE_BYTES
        for item in items:
            pieces.append(encode_json(item))
            room -= len(pieces[-1]) + ITEM_BYTES
            if room <= 0:
                yield _line(name, pieces)
                pieces, room = [], LINE_BYTES
        if pieces:
            yield _line(name, pieces)


def _line(name: str, pieces: list[bytes]) -> bytes:
    return b"[%b,[%b]]" % (encode_json(name), b",".join(pieces))


def _parts(workspace: Workspace) -> list[tuple[str, Iterable[Any]]]:
    """Return the name and the items of each part."""
    heads: Row = {"visitors": workspace.visitors, "threads": workspace.threads.state()}
    parts: list[tuple[str, Iterable[Any]]] = []
    for name in TABLES:
        table: Table = getattr(workspace, name)
        heads[name] = table.next_number
        parts.append((f"{name}.replaced", [*table.replaced.numbers()]))
        parts.append((f"{name}.written", _rows(table, table.written_numbers())))
    for name, store in _stores(workspace).items():
        heads[name] = store.next_number
        parts.append((name, [*store]))
    parts += [(name, [*getattr(workspace, name)]) for name in LISTS]
    parts.append(("records", [*workspace.records.state().items()]))
    parts += [(f"history.{key}", rows) for key, rows in workspace.history.state().items()]
    return [*parts, (HEADS, [heads])]


def _rows(table: Table, numbers: list[int]) -> Iterator[tuple[int, Row]]:
    return ((number, table.at(number)) for number in numbers)


def _stores(workspace: Workspace) -> dict[str, RecordStore]:
    stores = {name: getattr(workspace, name) for name in STORES}
    return stores | {CUSTOM + name: store for name, store in workspace.custom_objects.items()}


def put_back(workspace: Workspace, saved: Iterable[bytes]) -> Generator[None]:
    """Give a new workspace of the same seed and counts the lines of another one, in steps.

    Raises:
        ValueError: The lines are not all there.
    """
    for store in _stores(workspace).values():
        store.clear()
    for name in LISTS:
        getattr(workspace, name).clear()
    name = ""
    for line in saved:
        name, items = decode_json(line)
        _put(workspace, name, items)
        yield
    if name != HEADS:
        raise ValueError("its end is missing")
    while workspace.catch_up():
        yield


def _put(workspace: Workspace, name: str, items: list[Any]) -> None:
    """Take the items of one line in."""
    kind, _, part = name.partition(".")
    if kind in TABLES:
        table: Table = getattr(workspace, kind)
        table.put_replaced(items) if part == "replaced" else table.put_written(items)
    elif name.startswith(CUSTOM):
        workspace.custom_objects.setdefault(name.removeprefix(CUSTOM), RecordStore()).fill(items)
    elif name in STORES:
        getattr(workspace, name).fill(items)
    elif name in LISTS:
        getattr(workspace, name).extend(items)
    elif name == "records":
        workspace.records.put_state(dict(items))
    elif kind == "history":
        workspace.history.put_state(part, items)
    else:
        _put_heads(workspace, items[0])


def _put_heads(workspace: Workspace, heads: Row) -> None:
    """Go on counting where the other workspace stood."""
    workspace.visitors.update(heads.pop("visitors"))
    workspace.threads.put_state(heads.pop("threads"))
    for name, number in heads.items():
        if name.startswith(CUSTOM):
            store = workspace.custom_objects.setdefault(name.removeprefix(CUSTOM), RecordStore())
            store.next_number = number
        else:
            getattr(workspace, name).next_number = number
