"""Sheets: pages inside the Messenger, opened by an unsigned request with an encrypted user.

AES-256-GCM under the SHA-256 of the client secret: 12 bytes of nonce, the ciphertext, 16 bytes of
tag, in Base64. That it decrypts proves that Intercom made it. Extra ``sheets``.
https://developers.intercom.com/docs/canvas-kit#open-sheet-request
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs

from intercom_async.errors import DecodeError, SignatureError
from intercom_async.models.base import JsonObject
from intercom_async.receivers.signature import check_secrets
from .requests import read_json

NONCE_BYTES = 12
"""Bytes before what is encrypted, which AES-GCM takes as its nonce."""
FORM_FIELD = "intercom_data"


def open_sheet(body: bytes, secret: str | Sequence[str]) -> JsonObject:
    """Read the request that opens a sheet, its user decrypted.

    Args:
        body: The form, or the JSON inside it.
        secret: The app's client secret, or several while one is rotated.

    Raises:
        SignatureError: There is no user, or Intercom did not encrypt it with this secret.
        DecodeError: The body is no such request.
        ImportError: The ``sheets`` extra is not installed.
    """
    value = read_json(_json_of(body))
    user = value.get("user")
    if not isinstance(user, str):
        raise SignatureError("the sheet request has no encrypted user")
    return {**value, "user": read_json(decrypt_user(user, secret))}


def decrypt_user(user: str, secret: str | Sequence[str]) -> bytes:
    """Return the JSON of an encrypted user.

    Raises:
        SignatureError: Intercom did not encrypt it with this secret.
        ImportError: The ``sheets`` extra is not installed.
    """
    aead, invalid_tag = _cryptography()
    try:
        raw = base64.b64decode("".join(user.split()), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    for one in check_secrets(secret):
        key = hashlib.sha256(one).digest()
        try:
            plain: bytes = aead(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None)
        except (invalid_tag, ValueError):
            continue
        return plain
    raise SignatureError("the user of the sheet request was not encrypted with the client secret")


def _json_of(body: bytes) -> bytes:
    """Take the JSON out of the form."""
    if body.lstrip().startswith(b"{"):
        return body
    try:
        fields = parse_qs(body.decode(), max_num_fields=50)
    except ValueError:
        fields = {}
    found = fields.get(FORM_FIELD)
    if not found:
        raise DecodeError(f"the form has no {FORM_FIELD}", call="canvas")
    return found[0].encode()


def _cryptography() -> tuple[Any, type[Exception]]:
    try:
        aead = import_module("cryptography.hazmat.primitives.ciphers.aead")
        exceptions = import_module("cryptography.exceptions")
    except ImportError as error:
        raise ImportError(
            "sheets need cryptography; install it with: pip install 'intercom-async[sheets]'"
        ) from error
    return aead.AESGCM, exceptions.InvalidTag
