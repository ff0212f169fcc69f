"""What was written to a workspace, as one JSON object that can be put back."""

from __future__ import annotations

from intercom_async.simulator.rows import Row
from .record_store import RecordStore
from .workspace import Workspace

TABLES = ("contacts", "companies", "conversations", "tickets")
STORES = [
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
]
LISTS = ("events", "deleted_conversations", "activity")


def take(workspace: Workspace) -> Row:
    """Return everything that is not a function of the seed; work under way is finished first."""
    workspace.run_due(at=float("inf"))
    return {
        "tables": {name: getattr(workspace, name).state() for name in TABLES},
        "stores": {name: getattr(workspace, name).state() for name in STORES},
        "lists": {name: getattr(workspace, name) for name in LISTS},
        "custom_objects": {name: store.state() for name, store in workspace.custom_objects.items()},
        "visitors": workspace.visitors,
        "records": workspace.records.state(),
        "history": workspace.history.state(),
        "threads": workspace.threads.state(),
    }


def put_back(workspace: Workspace, state: Row) -> None:
    """Give a new workspace of the same seed and counts what was written to another one."""
    for name in TABLES:
        getattr(workspace, name).put_state(state["tables"][name])
    for name in STORES:
        getattr(workspace, name).put_state(state["stores"][name])
    for name in LISTS:
        getattr(workspace, name)[:] = state["lists"][name]
    for name, rows in state["custom_objects"].items():
        store = workspace.custom_objects[name] = RecordStore()
        store.put_state(rows)
    workspace.event_keys = {
        (one["intercom_user_id"], one["event_name"], one["created_at"]) for one in workspace.events
    }
    workspace.visitors.update(state["visitors"])
    workspace.records.put_state(state["records"])
    workspace.history.put_state(state["history"])
    workspace.threads.put_state(state["threads"])
