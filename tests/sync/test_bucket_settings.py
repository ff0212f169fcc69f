"""Settings of object storage that cannot be meant are refused before anything is sent."""

from __future__ import annotations

import traceback

import pytest

from intercom_async.sync import ParquetSink, SyncConfigError, TargetError
from intercom_async.sync.sinks.s3 import ENDPOINTS


@pytest.mark.parametrize("name", ENDPOINTS)
@pytest.mark.parametrize(
    "value",
    [
        "hush", "http://", "ftp://hush", "//hush", "http://hush:99999", "http://hush:0",
        "http://[::1", "http://hush hush", "http://h\u00fcsh",
    ],
)  # fmt: skip
def test_an_endpoint_that_is_none_is_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in ENDPOINTS:
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, value)
    with pytest.raises(SyncConfigError, match=f"{name} must be an address") as refused:
        ParquetSink("s3://bucket/prefix")
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("value", ["hush\n", "hu\tsh", "hush\x7f"])
@pytest.mark.parametrize(
    "name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"]
)
def test_a_setting_with_a_line_break_is_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SyncConfigError, match=f"{name} has a line break") as refused:
        ParquetSink("s3://bucket/prefix")
    assert "hush" not in str(refused.value)


def test_a_panic_of_the_library_is_told_without_its_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class PanicException(BaseException):
        """Another base than all errors, as the library's."""

    def panic(*_: object) -> None:
        raise PanicException("hush")

    obstore = pytest.importorskip("obstore")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setattr(obstore, "get", panic)
    with pytest.raises(TargetError, match="obstore has failed") as refused:
        ParquetSink("s3://bucket/prefix", inline=True).open()
    assert "hush" not in "".join(traceback.format_exception(refused.value))
