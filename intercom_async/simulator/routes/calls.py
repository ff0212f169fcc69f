"""Phone calls, their recordings and transcripts."""

from __future__ import annotations

from typing import Any

from intercom_async.simulator.errors import ApiError, not_found
from intercom_async.simulator.rows import Row
from .call import Call, Reply
from .checks import list_of
from .paging import numbered_list
from .registry import Routes

routes: Routes = Routes()

MAX_CONVERSATIONS = 20
"""Conversations of one search at most; more are answered with 400."""
RECORDINGS = "https://recordings.acme.example"
"""Where recordings are, as on the real server: another host than the API's."""


@routes("GET /calls")
def list_calls(call: Call) -> Any:
    """Answer a page of calls, the newest first."""
    return numbered_list(call, [_shown(call, one) for one in call.workspace.calls], default=25)


@routes("GET /calls/{call_id}")
def show(call: Call) -> Any:
    """Answer one call."""
    return _shown(call, _call_of(call))


def _shown(call: Call, row: Row) -> Row:
    links = {
        name: None if row[name] is None else call.link(row[name])
        for name in ("recording_url", "transcription_url")
    }
    return row | links


def _call_of(call: Call) -> Row:
    row = call.workspace.calls.find(call.id("call_id"))
    if row is None:
        raise not_found("Not Found")
    return row


@routes("GET /calls/{call_id}/recording")
def recording(call: Call) -> Any:
    """Point to the recording on another host: nothing that a token should follow to."""
    row = _call_of(call)
    if row["recording_url"] is None:
        raise not_found("Not Found")
    has_own_links = call.workspace.quirks.own_links
    host = call.link("/_simulator/recordings") if has_own_links else RECORDINGS
    location = f"{host}/{row['id']}.mp3?signature=seeded"
    return Reply(b"", 302, {"Location": location})


@routes("GET /calls/{call_id}/transcript")
def transcript(call: Call) -> Any:
    """Answer what was said as plain text."""
    row = _call_of(call)
    if row["transcription_url"] is None:
        raise not_found("Not Found")
    text = f"Admin: Hello, this is call {row['id']}.\nCaller: Hello.\n"
    headers = {"Content-Disposition": f'attachment; filename="call-{row["id"]}.txt"'}
    return Reply(text.encode(), headers=headers, content_type="text/plain; charset=utf-8")


@routes("POST /calls/search")
def search(call: Call) -> Any:
    """Answer the calls of up to twenty conversations, with their transcripts."""
    wanted = [str(one) for one in list_of(call.fields, "conversation_ids")]
    if not 1 <= len(wanted) <= MAX_CONVERSATIONS:
        raise ApiError(
            400,
            "conversation_id_limit_exceeded",
            f"conversation_ids takes 1 to {MAX_CONVERSATIONS} ids",
        )
    more: Row = {"transcript": [], "transcript_status": "completed"}
    rows = [
        _shown(call, one) | more for one in call.workspace.calls if one["conversation_id"] in wanted
    ]
    return {"type": "list", "data": rows}
