"""What is missing is named with moments that people can read, and accepted by either name."""

from __future__ import annotations

import pytest

from intercom_async.sync import Failure

pytest.importorskip("cyclopts")
pytest.importorskip("rich")

from intercom_async.cli.sync_options import SyncOptions, dated
from intercom_async.cli.sync_view import finding


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        (
            "created_at from 1767225600 to 1767229200",
            "created_at from 2026-01-01T00:00:00Z to 2026-01-01T01:00:00Z",
        ),
        ("rows that have gone since -3600", "rows that have gone since 1969-12-31T23:00:00Z"),
        ("rows last changed before 0", "rows last changed before 1970-01-01T00:00:00Z"),
        ("215007000000076", "215007000000076"),
        ("all of it", "all of it"),
    ],
)
def test_moments_are_dates(what: str, shown: str) -> None:
    failure = Failure(stream="contacts", what=what, reason="[why]")

    assert dated(what) == shown
    assert f"contacts, {shown}: " in finding(failure)
    for name in (what, shown):
        assert SyncOptions(accept_hole=[f"contacts:{name}"]).accepts(failure)
    assert not SyncOptions(accept_hole=["companies"]).accepts(failure)
