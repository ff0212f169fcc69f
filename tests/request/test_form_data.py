"""Forms with files, as a mail parser and a server's own parser read them."""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import pytest

from intercom_async.request.form_data import FormData, FormFile

FILE = FormFile("catalog.json", "application/json", b"[1, 2]\r\n--x\r\n")


def read(form: FormData) -> list[tuple[Any, ...]]:
    """Return name, file name, type and content of each field."""
    head = f"Content-Type: {form.content_type}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + form.body)
    return [
        (
            str(part["Content-Disposition"].params["name"]),
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True),
        )
        for part in message.iter_parts()
    ]


def test_texts_and_files_come_as_they_are() -> None:
    form = FormData({"name": "Zoë", "catalog": FILE, "empty": ""})

    assert read(form) == [
        ("name", None, "text/plain", "Zoë".encode()),
        ("catalog", "catalog.json", "application/json", FILE.data),
        ("empty", None, "text/plain", b""),
    ]


@pytest.mark.parametrize("data", [b"", b"--", b"\r\n--\r\n", bytes(range(256))])
def test_no_data_can_hold_the_boundary(data: bytes) -> None:
    form = FormData({"file": FormFile("f", "application/octet-stream", data)})
    boundary = form.content_type.partition("boundary=")[2].encode()

    assert boundary not in data
    assert form.body.count(boundary) == 2


def test_the_same_form_is_the_same_bytes_and_its_repr_shows_none_of_them() -> None:
    first, second = (FormData({"a": "secret", "b": FILE}) for _ in range(2))

    assert first.body == second.body
    assert first.content_type != FormData({"a": "other", "b": FILE}).content_type
    assert repr(first) == f"<FormData of {len(first.body)} bytes>"
