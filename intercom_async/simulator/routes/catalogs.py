"""Uploads of product catalogs, whole or in parts, which Preview has."""

from __future__ import annotations

from typing import Any

from intercom_async.simulator.errors import ApiError, bad_parameter
from intercom_async.simulator.rows import BAD_JSON, Row, decode_json
from .call import Call, Reply
from .registry import Routes

routes: Routes = Routes()


@routes("POST /ecommerce/connectors/{id}/catalog")
def upload(call: Call) -> Any:
    """Take a catalog, a part of one, or the end of an upload in parts."""
    session = call.workspace.records.collection("/ecommerce/uploads").get(_job_of(call))
    finalize = call.fields.get("finalize")
    if finalize == "true":
        if session is None or "import_job_id" not in session.fields:
            raise ApiError(404, "upload_session_not_found", "No upload has this import_job_id")
        return _started(str(session.fields["import_job_id"]))
    catalog = call.fields.get("catalog")
    if not isinstance(catalog, bytes):
        raise bad_parameter("catalog must be a file", code="parameter_not_found")
    _check(catalog)
    if finalize is None:
        return _started(_opened(call)["import_job_id"])
    fields = session.fields if session is not None and session.fields else _opened(call)
    fields["parts"] = max(int(fields.get("parts", 0)), _number(call))
    return {"import_job_id": fields["import_job_id"], "next_part_number": fields["parts"] + 1}


def _job_of(call: Call) -> str:
    return str(call.fields.get("import_job_id", "")).removeprefix("job_")


def _opened(call: Call) -> Row:
    record = call.workspace.records.add("/ecommerce/uploads", {}, call.now_at)
    record.fields["import_job_id"] = f"job_{record.key}"
    return record.fields


def _started(job_id: str) -> Reply:
    answer = {"import_job_id": job_id, "status": "processing", "message": "The sync has started."}
    return Reply(answer, 202)


def _number(call: Call) -> int:
    text = str(call.fields.get("part_number", "1"))
    if not text.isdecimal() or text == "0":
        raise ApiError(422, "invalid_part_number", "part_number must be a positive integer")
    return int(text)


def _check(catalog: bytes) -> None:
    try:
        is_list = isinstance(decode_json(catalog), list)
    except BAD_JSON:
        is_list = False
    if not is_list:
        raise ApiError(422, "invalid_catalog_format", "catalog must be a JSON array")
