"""What proves that a row is gone, and what does not."""

from __future__ import annotations

import pytest

from intercom_async.errors import (
    ErrorItem,
    ForbiddenError,
    GoneError,
    IntercomError,
    NotFoundError,
    RequestTimeoutError,
    ServerError,
)
from intercom_async.sync.evidence import Verdict, judge

IN_ITS_WORDS = (ErrorItem(code="not_found", message="Not found"),)
CALL = "GET /contacts/{contact_id}"


@pytest.mark.parametrize(
    ("error", "is_listed", "is_settled", "verdict"),
    [
        pytest.param(NotFoundError(call=CALL, status=404, errors=IN_ITS_WORDS), True, False,
                     "gone", id="404 in the API's words"),
        pytest.param(NotFoundError(call=CALL, status=404), True, False, "unknown",
                     id="404 of a proxy"),
        pytest.param(GoneError(call=CALL, status=410), True, False, "merged", id="410"),
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
