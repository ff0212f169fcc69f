"""Rows go on as they came; only what no reader takes is replaced."""

from __future__ import annotations

import msgspec
import pytest

from intercom_async.sync.raw_rows import RowReader


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (rb"\ud83d\ude00", rb"\ud83d\ude00"),
        (rb"\ud83d", rb"\ufffd"),
        (rb"\ude00", rb"\ufffd"),
        (rb"a\uD83Db", rb"a\ufffdb"),
        (rb"\\ud83d", rb"\\ud83d"),
        (rb"\\\ud83d", rb"\\\ufffd"),
        (rb"C:\\udir", rb"C:\\udir"),
        (rb"\n\ud83d\ude00\ude00", rb"\n\ud83d\ude00\ufffd"),
    ],
)
def test_half_a_surrogate_pair_is_replaced_and_nothing_else(text: bytes, kept: bytes) -> None:
    body = b'{"id":"1","updated_at":5,"name":"' + text + b'"}'
    row = RowReader("id", version="updated_at").read(msgspec.Raw(body))
    assert row is not None
    assert (row.key, row.version) == ("1", 5)
    assert row.body == body.replace(text, kept)
    msgspec.json.decode(row.body)
