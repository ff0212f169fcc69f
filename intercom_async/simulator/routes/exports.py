"""Exports: jobs that take a moment and end in a compressed CSV."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator
from typing import Any

from intercom_async.simulator.errors import ApiError, bad_parameter, not_found
from intercom_async.simulator.rows import Row
from intercom_async.simulator.seed.draw import mix
from intercom_async.simulator.store.runs import Order
from .call import Call, Reply
from .checks import moment_of
from .registry import Routes

routes: Routes = Routes()

RUN_S = 2.0
"""Seconds, on the simulator's clock, that an export takes (`test_state.py`)."""
KEPT_S = 2 * 86_400
"""Seconds for which a finished export can be downloaded."""
MAX_REPORTS = 5
"""Reports that may be pending; one more is answered with 429."""
ARCHIVE_TYPE = "application/octet-stream"
CONTENT_COLUMNS = ("conversation_id", "message_id", "sent_at", "author_type", "body")
DATASETS = {
    "conversation": ("conversation_id", "conversation_created_at", "conversation_state"),
    "call": ("call_id", "call_started_at", "call_state"),
    "ticket": ("ticket_id", "ticket_created_at", "ticket_state"),
}


def _code(call: Call, number: int) -> str:
    return f"{mix(call.workspace.seed, number, 0xE7):016x}"


def _status(call: Call, job: Row, done: str) -> str:
    if job["_canceled"]:
        return "canceled"
    elapsed_s = call.workspace.now() - job["_started_at"]
    return "pending" if elapsed_s < RUN_S / 2 else "in_progress" if elapsed_s < RUN_S else done


def _shown(call: Call, job: Row, status: str, done: str, path: str) -> Row:
    is_done = status == done
    return {
        "job_identifier": job["id"],
        "status": status,
        "download_url": call.link(f"{path}/{job['id']}") if is_done else "",
        "download_expires_at": str(int(job["_started_at"] + KEPT_S)) if is_done else "",
    }


@routes("POST /export/content/data")
def start(call: Call) -> Any:
    """Start an export of messages; 429 while another one runs."""
    first_at, last_at = (moment_of(call.fields, f"created_at_{end}") for end in ("after", "before"))
    if first_at is None or last_at is None:
        raise bad_parameter(
            "created_at_after and created_at_before are required", code="parameter_not_found"
        )
    exports = call.workspace.exports
    if any(_is_running(call, one) for one in exports):
        raise ApiError(
            429,
            "rate_limit_exceeded",
            "Exceeded rate limit of 1 pending message data export jobs",
        )
    job = exports.add(
        {
            "id": _code(call, len(exports)),
            "_started_at": call.workspace.now(),
            "_canceled": False,
            "_range": (first_at, last_at),
        }
    )
    return _content(call, job)


def _is_running(call: Call, job: Row) -> bool:
    return _status(call, job, "ended") in ("pending", "in_progress")


def _content_status(call: Call, job: Row) -> str:
    status = _status(call, job, "ended")
    if status != "ended":
        return status
    return "no_data" if _content_file(call, job) is None else "completed"


def _content_file(call: Call, job: Row) -> bytes | None:
    """Return the file of an export that has ended; None where no message is in its range.

    It is made once, in steps: conversations that change later leave it as it is.
    """
    files, table = call.workspace.content_files, call.workspace.conversations
    if job["id"] not in files:
        call.workspace.scans.run(
            ("export", job["id"]), len(table), lambda: _make_content_file(call, job)
        )
    return files[job["id"]]


def _make_content_file(call: Call, job: Row) -> Iterator[None]:
    table = call.workspace.conversations
    archive = _Archive(CONTENT_COLUMNS)
    everything = table.everything()
    yield from table.prepared(everything, Order())
    for numbers in table.walk(everything, Order()):
        archive.write(_messages_between(call, numbers, *job["_range"]))
        yield
    call.workspace.content_files[job["id"]] = archive.closed() if archive.rows else None


def _content(call: Call, job: Row) -> Row:
    status = _content_status(call, job)
    return _shown(call, job, status, "completed", "/download/content/data")


def _job(call: Call) -> Row:
    job = call.workspace.exports.find(call.id("job_identifier"))
    if job is None:
        raise not_found("Export job not found")
    return job


@routes("GET /export/content/data/{job_identifier}")
def show(call: Call) -> Any:
    """Answer how far an export is."""
    return _content(call, _job(call))


@routes("POST /export/cancel/{job_identifier}")
def cancel(call: Call) -> Any:
    """Stop an export that runs."""
    job = _job(call)
    if _is_running(call, job):
        job["_canceled"] = True
    return _content(call, job)


@routes("GET /download/content/data/{job_identifier}")
def download(call: Call) -> Any:
    """Answer the rows of a finished export as gzip."""
    job = _job(call)
    file = None if _status(call, job, "ended") != "ended" else _content_file(call, job)
    if file is None:
        raise not_found("Export is not ready")
    return Reply(file, content_type=ARCHIVE_TYPE)


def _messages_between(
    call: Call, numbers: Iterable[int], first_at: int, last_at: int
) -> Iterator[tuple[Any, ...]]:
    """Walk the messages that were sent in a range of time, both ends included."""
    table = call.workspace.conversations
    for number in numbers:
        if not table.has(number) or not table.value_at(number, "created_at") <= last_at:
            continue
        row = table.at(number)
        first = (row["source"] | {"created_at": row["created_at"]},)
        for message in (*first, *row["_parts"]):
            if first_at <= message["created_at"] <= last_at and message["body"]:
                yield (
                    row["id"],
                    message["id"],
                    message["created_at"],
                    message["author"]["type"],
                    message["body"],
                )


class _Archive:
    """A gzip of a CSV: the content itself is compressed, not its transfer."""

    def __init__(self, header: tuple[str, ...]) -> None:
        self._file = io.BytesIO()
        self._packed = gzip.GzipFile(fileobj=self._file, mode="wb", mtime=0)
        self.rows = 0
        self._write([header])

    def write(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Add rows."""
        added = list(rows)
        self.rows += len(added)
        self._write(added)

    def _write(self, rows: list[tuple[Any, ...]]) -> None:
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        self._packed.write(text.getvalue().encode())

    def closed(self) -> bytes:
        """Return all of it."""
        self._packed.close()
        return self._file.getvalue()


@routes("GET /export/reporting_data/get_datasets")
def datasets(call: Call) -> Any:
    """Answer what can be reported."""
    del call
    return {
        "type": "list",
        "data": [
            {
                "id": name,
                "name": name.title(),
                "description": f"All of each {name}",
                "default_time_attribute_id": attributes[1],
                "attributes": [
                    {"id": one, "name": one.replace("_", " ").title()} for one in attributes
                ],
            }
            for name, attributes in DATASETS.items()
        ],
    }


@routes("POST /export/reporting_data/enqueue")
def enqueue(call: Call) -> Any:
    """Start a report; five may be pending."""
    dataset, attributes = _report_fields(call.fields)
    reports = call.workspace.reports
    pending = [one for one in reports if _status(call, one, "complete") != "complete"]
    if len(pending) >= MAX_REPORTS:
        raise ApiError(
            429,
            "rate_limit_exceeded",
            f"Exceeded rate limit of {MAX_REPORTS} pending reporting dataset export jobs",
        )
    job = reports.add(
        {
            "id": _code(call, 1_000 + len(reports)),
            "_started_at": call.workspace.now(),
            "_canceled": False,
            "_dataset": dataset,
            "_attributes": attributes,
        }
    )
    return _report(call, job)


def _report_fields(fields: Row) -> tuple[str, list[str]]:
    for name in ("dataset_id", "attribute_ids", "start_time", "end_time"):
        if fields.get(name) is None:
            raise _bad(f"{name} is required")
    dataset, given = fields["dataset_id"], fields["attribute_ids"]
    if not isinstance(dataset, str) or dataset not in DATASETS:
        raise _bad(f"there is no dataset {dataset}")
    if not isinstance(given, list):
        raise _bad("attribute_ids must be an array")
    attributes: list[str] = given  # pyright: ignore[reportUnknownVariableType]
    if not attributes:
        raise _bad("attribute_ids must not be empty")
    unknown = [str(one) for one in attributes if one not in DATASETS[dataset]]
    if unknown:
        raise _bad(f"the {dataset} dataset has no {', '.join(unknown)}")
    for name in ("start_time", "end_time"):
        moment_of(fields, name)
    return dataset, attributes


def _bad(message: str) -> ApiError:
    return bad_parameter(message, code="bad_request")


def _report(call: Call, job: Row) -> Row:
    status = _status(call, job, "complete").replace("in_progress", "pending")
    return _shown(call, job, status, "complete", "/download/reporting_data")


def _report_job(call: Call) -> Row:
    job = call.workspace.reports.find(call.id("job_identifier"))
    if job is None:
        raise not_found("Export job not found")
    return job


@routes("GET /export/reporting_data/{job_identifier}")
def show_report(call: Call) -> Any:
    """Answer how far a report is."""
    return _report(call, _report_job(call))


@routes("GET /download/reporting_data/{job_identifier}")
def download_report(call: Call) -> Any:
    """Answer a finished report as gzip."""
    job = _report_job(call)
    if _status(call, job, "complete") != "complete":
        raise not_found("Export is not ready")
    header = tuple(job["_attributes"])
    archive = _Archive(header)
    archive.write(tuple(f"{name}-{place}" for name in header) for place in range(1, 11))
    return Reply(archive.closed(), content_type=ARCHIVE_TYPE)
