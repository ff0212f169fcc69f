"""Bulk jobs of Preview: many contacts or companies are written in the background.

A job's items are written two seconds after it was asked for, each by the handler of the single
call. An item that is refused does not stop the others: the job ends `completed_with_errors`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from intercom_async.simulator.errors import ApiError
from intercom_async.simulator.rows import Row
from intercom_async.simulator.store.record_store import RecordStore
from . import companies, contact_lists, contacts
from .call import Call, Reply
from .checks import object_of
from .registry import Routes

routes: Routes = Routes()

MAX_ITEMS = 100
"""Items of one request at most; more are answered with 422 (`test_contact_history.py`)."""
TAKES_S = 2
"""Seconds from a request to the end of its work."""


@routes("POST /contacts/bulk")
def create_contacts(call: Call) -> Any:
    """Create contacts; those that exist are refused one by one."""
    return _submit(call, "contacts", _create_contact, needs_id=False)


@routes("PUT /contacts/bulk")
def update_contacts(call: Call) -> Any:
    """Change contacts by id."""
    return _submit(call, "contacts", _update_contact, needs_id=True)


@routes("POST /contacts/bulk/delete")
def delete_contacts(call: Call) -> Any:
    """Delete contacts by id."""
    return _submit(call, "contacts", contacts.delete, needs_id=True)


@routes("POST /companies/bulk")
def upsert_companies(call: Call) -> Any:
    """Create companies, or change those that have the same `company_id`."""
    return _submit(call, "companies", companies.create_or_update, needs_id=False)


@routes("PUT /companies/bulk")
def update_companies(call: Call) -> Any:
    """Change companies by id."""
    return _submit(call, "companies", companies.update, needs_id=True)


@routes("POST /companies/bulk/delete")
def delete_companies(call: Call) -> Any:
    """Delete companies by id."""
    return _submit(call, "companies", companies.delete, needs_id=True)


@routes("GET /contacts/bulk/{job_id}", "GET /companies/bulk/{job_id}")
def show(call: Call) -> Any:
    """Answer how far a job is."""
    return _shown(call, _job(call, call.id("job_id"), call.path.split("/")[1]))


def _create_contact(call: Call) -> None:
    made = contacts.create(call)
    _attach(dataclasses.replace(call, ids={"contact_id": made["id"]}))


def _update_contact(call: Call) -> None:
    contacts.update(call)
    _attach(call)


def _attach(call: Call) -> None:
    """Attach and detach the companies and tags of one item; unknown tags are skipped."""
    for company in call.fields.get("companies") or ():
        known = companies.create_or_update(dataclasses.replace(call, body=company))
        ids = call.ids | {"company_id": known["id"]}
        one = dataclasses.replace(call, ids=ids, body={"id": known["id"]})
        is_removed = company.get("remove") is True
        (contact_lists.detach_company if is_removed else contact_lists.attach_company)(one)
    tags = object_of(call.fields, "tags")
    for name, act in (("add", contact_lists.attach_tag), ("remove", contact_lists.detach_tag)):
        for tag in tags.get(name) or ():
            if call.workspace.tags.find(tag.get("id")) is not None:
                ids = call.ids | {"tag_id": str(tag["id"])}
                act(dataclasses.replace(call, ids=ids, body=tag))


def _submit(call: Call, kind: str, act: Callable[[Call], Any], *, needs_id: bool) -> Reply:
    items = _items(call, kind, needs_id=needs_id)
    job = _open_job(call, kind)
    tasks: list[Row] = job["tasks"]
    jobs = call.workspace.bulk_jobs
    task: Row = {
        "id": f"task_v2_{sum(len(one['tasks']) for one in jobs) + 1}",
        "item_count": len(items),
        "state": "pending",
        "created_at": call.now_at,
        "started_at": None,
        "completed_at": None,
    }
    tasks.append(task)
    job["updated_at"] = call.now_at

    def work() -> None:
        _work(call, kind, act, items, job, task)

    call.workspace.later(call.now_at + TAKES_S, work)
    return Reply(_shown(call, job), 202)


def _items(call: Call, kind: str, *, needs_id: bool) -> list[Row]:
    one = {"contacts": "contact", "companies": "company"}[kind]
    items: Any = call.fields.get(kind)
    if items is None:
        raise ApiError(422, "field_not_found", f"{kind} must be given")
    if not isinstance(items, list):
        raise ApiError(422, "type_mismatch", f"{kind} must be an array")
    rows: list[Any] = items  # pyright: ignore[reportUnknownVariableType]
    if len(rows) > MAX_ITEMS:
        raise ApiError(422, "parameter_invalid", f"A request takes at most {MAX_ITEMS} {kind}")
    if not all(isinstance(row, dict) for row in rows):
        raise ApiError(422, "type_mismatch", f"each {one} must be an object")
    if needs_id and not all(row.get("id") for row in rows):
        raise ApiError(422, "field_not_found", f"each {one} must be named by its id")
    return rows


def _open_job(call: Call, kind: str) -> Row:
    """Return the job that a request appends to, or a new one."""
    wanted = object_of(call.fields, "job").get("id")
    if wanted is None:
        jobs: RecordStore = call.workspace.bulk_jobs
        return jobs.add(
            {
                "id": f"job_v2_{jobs.new_id()}",
                "type": f"{kind}.bulk.job",
                "state": "running",
                "created_at": call.now_at,
                "updated_at": call.now_at,
                "completed_at": None,
                "tasks": [],
                "_has_errors": False,
            }
        )
    job = _job(call, str(wanted), kind)
    if job["completed_at"] is not None:
        raise ApiError(403, "forbidden", f"job {job['id']} takes no more tasks")
    return job


def _job(call: Call, job_id: str, kind: str) -> Row:
    job = call.workspace.bulk_jobs.find(job_id)
    if job is None or job["type"] != f"{kind}.bulk.job":
        raise ApiError(404, "job_not_found", f"job {job_id} not found")
    return job


def _work(
    call: Call, kind: str, act: Callable[[Call], Any], items: list[Row], job: Row, task: Row
) -> None:
    """Write the items of one task."""
    now_at = task["created_at"] + TAKES_S
    id_name = {"contacts": "contact_id", "companies": "company_id"}[kind]
    for item in items:
        ids = {id_name: str(item["id"])} if item.get("id") else {}
        body = {key: value for key, value in item.items() if key != "id"}
        try:
            act(dataclasses.replace(call, ids=ids, body=body, now_at=now_at))
        except ApiError:
            job["_has_errors"] = True
    task |= {"state": "completed", "started_at": now_at, "completed_at": now_at}
    job["updated_at"] = now_at
    if all(one["state"] == "completed" for one in job["tasks"]):
        job["state"] = "completed_with_errors" if job["_has_errors"] else "completed"
        job["completed_at"] = now_at


def _shown(call: Call, job: Row) -> Row:
    kind = job["type"].partition(".")[0]
    shown = {key: value for key, value in job.items() if not key.startswith("_")}
    return shown | {"url": call.link(f"/{kind}/bulk/{job['id']}")}
