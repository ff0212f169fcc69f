"""What proves that a row is gone, and what does not."""

from __future__ import annotations

import pytest

from intercom_async.errors import (
    ForbiddenError,
    IntercomError,
    RequestTimeoutError,
    ServerError,
)
from intercom_async.request.error_body import read_error_body, to_error
from intercom_async.sync.evidence import Verdict, judge, told_gone
from intercom_async.transport import Reply

CALL = "GET /contacts/{contact_id}"
IN_ITS_WORDS = b'{"type":"error.list","errors":[{"code":"not_found","message":"No"}]}'
LINK = {"Link": '</contacts/7>; rel="canonical"'}
NOT_ITS_OWN: dict[str, bytes] = {
    "nothing": b"",
    "a page": b"<html>not found</html>",
    "another text": b"\xff\xfe",
    "a text of JSON": b'"not found"',
    "null": b"null",
    "a gateway's JSON": b'{"message":"Not Found"}',
    "another API's JSON": b'{"error":{"code":404,"message":"Not Found"}}',
    "a list without its type": b'{"errors":[{"code":"not_found","message":"No"}]}',
    "a list of none": b'{"type":"error.list","errors":[]}',
    "no list": b'{"type":"error.list","errors":null}',
    "an error of another type": b'{"type":"error","message":"Not Found"}',
    "half of it": IN_ITS_WORDS[:40],
    "deep": b"[" * 5_000,
}


def answered(status: int, body: bytes, headers: dict[str, str] | None = None) -> IntercomError:
    """Return what an answer is raised as."""
    reply = Reply(status, headers or {}, body)
    return to_error(CALL, reply, read_error_body(reply))


@pytest.mark.parametrize(
    ("error", "is_listed", "is_settled", "verdict"),
    [
        pytest.param(answered(404, IN_ITS_WORDS), True, False, "gone", id="404 in its words"),
        pytest.param(answered(410, IN_ITS_WORDS), True, False, "merged", id="410 in its words"),
        pytest.param(answered(403, IN_ITS_WORDS), True, True, "unknown", id="403 in its words"),
        pytest.param(ServerError(call=CALL, status=500), True, True, "unknown", id="500"),
        pytest.param(ForbiddenError(call=CALL, status=403), True, True, "unknown", id="403"),
        pytest.param(RequestTimeoutError("late", call=CALL), True, True, "unknown", id="time-out"),
        pytest.param(None, True, False, "there", id="it is there"),
        pytest.param(None, True, True, "unlisted", id="there, and left out by every search"),
        pytest.param(None, False, False, "unlisted", id="there, and not one that is listed"),
    ],
)  # fmt: skip
def test_what_a_read_by_id_proves(
    error: IntercomError | None, *, is_listed: bool, is_settled: bool, verdict: Verdict
) -> None:
    assert judge(error, is_listed=is_listed, is_settled=is_settled).verdict == verdict


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("name", NOT_ITS_OWN)
def test_a_status_alone_proves_nothing(status: int, name: str) -> None:
    """A proxy, a CDN or a gateway answers with pages, texts and JSON of its own, or with nothing.

    A page may have a canonical address, too.
    """
    error = answered(status, NOT_ITS_OWN[name], LINK)
    assert told_gone(error) is None
    assert judge(error, is_listed=True).verdict == "unknown"


@pytest.mark.parametrize("headers", [{}, LINK])
def test_the_api_says_where_a_row_went(headers: dict[str, str]) -> None:
    told = told_gone(answered(410, IN_ITS_WORDS, headers))
    assert told == ("merged", "7" if headers else None)
    assert told_gone(answered(404, IN_ITS_WORDS, headers)) == ("deleted", None)
    assert told_gone(None) is None
