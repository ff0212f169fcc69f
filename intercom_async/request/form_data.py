"""Bodies with files in them, which one endpoint takes in place of JSON."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple


class FormFile(NamedTuple):
    """A file in a form."""

    name: str
    content_type: str
    data: bytes


class FormData:
    """A form with files, as multipart/form-data (RFC 7578).

    Args:
        fields: Texts and files by name; names and file names are the package's own.
    """

    __slots__ = ("body", "content_type")

    def __init__(self, fields: Mapping[str, str | FormFile]) -> None:
        # A digest of the data: no file can have its own in it, and the same form is the same bytes.
        digest = sha256()
        for value in fields.values():
            digest.update(value.data if isinstance(value, FormFile) else value.encode())
        boundary = digest.hexdigest()
        parts: list[bytes] = []
        for name, value in fields.items():
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
            if isinstance(value, FormFile):
                head += f'; filename="{value.name}"\r\nContent-Type: {value.content_type}'
                data = value.data
            else:
                data = value.encode()
            parts += [head.encode(), b"\r\n\r\n", data, b"\r\n"]
        self.content_type: str = f"multipart/form-data; boundary={boundary}"
        self.body: bytes = b"".join([*parts, f"--{boundary}--\r\n".encode()])

    def __repr__(self) -> str:
        return f"<FormData of {len(self.body)} bytes>"
