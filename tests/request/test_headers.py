from __future__ import annotations

import pytest

from intercom_async.request.headers import parse_retry_after


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Thu, 01 Jan 1970 00:00:30 GMT", 10.0),
        ("soon", None),
        ("nan", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    headers = {} if text is None else {"Retry-After": text}
    assert parse_retry_after(headers, now_unix=20.0) == seconds
