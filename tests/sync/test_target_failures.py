"""What a target's error says of what the system or a library has raised."""

from __future__ import annotations

import builtins
import errno
import os
import traceback
from pathlib import Path

import msgspec
import pytest

from intercom_async.sync import BusyTargetError, JsonlSink, TargetError
from intercom_async.sync.merging import digest_of
from intercom_async.sync.sinks import Table
from intercom_async.sync.sinks.entries import Put
from intercom_async.sync.sinks.failures import (
    UnexpectedFailureError,
    failure_of,
    failures_as_target_errors,
)
from tests.support.failing_calls import ERRNOS, QUOTED
from .conftest import make_sink, target_in

CLASSES_OF_THE_SYSTEM: set[type[OSError]] = {
    kind for kind in vars(builtins).values() if isinstance(kind, type) and issubclass(kind, OSError)
}


def told(error: Exception) -> TargetError:
    with pytest.raises(TargetError) as caught, failures_as_target_errors("the target"):
        raise error
    return caught.value


@pytest.mark.parametrize("second", [*ERRNOS, None])
def test_no_error_that_came_first_quotes_a_row(second: int | None) -> None:
    """A file that fails to close on the way out, say, has another error as its context."""

    def fail() -> None:
        try:
            raise ValueError(QUOTED)
        finally:
            number = () if second is None else (second, os.strerror(second), "path")
            raise OSError(*number)

    with pytest.raises(TargetError) as caught, failures_as_target_errors("the target"):
        fail()
    shown = "".join(traceback.format_exception(caught.value))
    assert QUOTED not in shown
    assert "in fail" in shown  # where it was raised
    cause = caught.value.__cause__
    assert second is None or (isinstance(cause, OSError) and cause.filename == "path")


@pytest.mark.parametrize(
    ("filename", "begins"),
    [
        ("contacts.jsonl", "contacts.jsonl: Is a directory"),
        (".sync/epoch", ".sync/epoch: Is a directory"),
        ("", "Is a directory"),
        ("/another", "Is a directory"),
    ],
)
def test_the_file_of_the_target_is_named(filename: str, begins: str, tmp_path: Path) -> None:
    where = str(tmp_path / "t")
    error = IsADirectoryError(errno.EISDIR, "Is a directory", str(Path(where, filename)))

    assert str(failure_of(where, error)).startswith(f"{where}: {begins}: move the folder away")
    assert str(failure_of(where, error, names_files=False)).startswith(f"{where}: Is a dir")


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_damaged_file_is_named_as_it_stands_in_the_target(form: str, tmp_path: Path) -> None:
    for stream in ("talks", "parts"):
        sink = make_sink(form, tmp_path)
        sink.open()
        sink.begin([Table(stream, "id")])
        body = msgspec.json.encode({"id": "1"})
        sink.commit([Put(stream, "1", "", body, 0, 5, digest_of(body))], b"{}")
        sink.publish(b"{}")
        sink.close()
    [path] = target_in(form, tmp_path).rglob(
        "parts.jsonl" if form == "jsonl" else "parts/*.parquet"
    )
    path.unlink()
    sink = make_sink(form, tmp_path)
    name = path.relative_to(target_in(form, tmp_path))
    assert sink.open().damaged == (("parts", f"{name} is missing"),)
    sink.close()


@pytest.mark.parametrize("kind", sorted(CLASSES_OF_THE_SYSTEM, key=str))
def test_only_what_pyarrow_raises_of_damage_is_told_as_damage(kind: type[OSError]) -> None:
    error = told(kind(QUOTED))
    assert isinstance(error, UnexpectedFailureError) == (kind is not OSError)
    assert ("cannot be read" in str(error)) == (kind is OSError)


@pytest.mark.parametrize(
    ("error", "is_damage"),
    [
        (msgspec.DecodeError(QUOTED), True),
        (msgspec.ValidationError(QUOTED), True),
        (msgspec.EncodeError(QUOTED), False),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), True),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"), False),
    ],
)
def test_what_cannot_be_written_is_not_told_as_damage(error: Exception, *, is_damage: bool) -> None:
    assert ("cannot be read" in str(told(error))) == is_damage


@pytest.mark.skipif(os.name == "nt", reason="Windows has no flock")
@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.EWOULDBLOCK, "is being written to by another sync"),
        (errno.ENOLCK, "mount it with locks"),
        (errno.EOPNOTSUPP, "mount it with locks"),
    ],
)
def test_a_file_system_without_locks_is_not_told_as_busy(
    number: int, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(TargetError, match=says) as refused:
        JsonlSink(tmp_path / "target").open()
    assert isinstance(refused.value, BusyTargetError) == (number == errno.EWOULDBLOCK)
