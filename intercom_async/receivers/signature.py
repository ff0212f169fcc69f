"""HMAC signatures over raw bodies: made with one secret, verified against several.

A signature covers the bytes as they were sent. JSON that was decoded and encoded once more has
other bytes, so nothing here takes anything but bytes or the text they decode to.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, cast

from intercom_async.config import check_kind, check_text, shown
from intercom_async.errors import ConfigError, SignatureError

Body = bytes | bytearray | memoryview | str
"""A raw request body; text is encoded as UTF-8."""

Pairs = Iterable[tuple[str | bytes, str | bytes]]
Headers = Mapping[str, str] | Mapping[bytes, bytes] | Pairs
"""Headers as any framework gives them; names are compared without regard to case."""

_HEX = re.compile(r"[0-9a-fA-F]+", re.ASCII)


class Signer:
    """Signs bodies and verifies signatures; its repr shows no secret.

    Args:
        secret: The app's client secret, or several while one is rotated: the first one signs,
            each one verifies.
        algorithm: Name of the hash function.
        header: Name of the header that carries the signature, for messages.
        prefix: Text before the hexadecimal digest.

    Raises:
        ConfigError: There is no secret, one is empty, or the rest cannot work.
    """

    def __init__(
        self,
        secret: str | Sequence[str],
        *,
        algorithm: Literal["sha1", "sha256"],
        header: str,
        prefix: str = "",
    ) -> None:
        self._secrets = check_secrets(secret)
        if algorithm not in ("sha1", "sha256"):
            raise ConfigError(f"algorithm must be 'sha1' or 'sha256', not {shown(algorithm)}")
        check_text("header", header)
        check_kind("prefix", prefix, str, "a text")
        self._algorithm = algorithm
        self._digest_chars = hashlib.new(algorithm, usedforsecurity=False).digest_size * 2
        self._prefix = prefix
        self.header: str = header

    def __repr__(self) -> str:
        return f"<Signer {self.header}, {len(self._secrets)} secrets>"

    def sign(self, body: Body) -> str:
        """Return the value of the signature header for a body."""
        return f"{self._prefix}{self._digest(self._secrets[0], to_bytes(body)).hex()}"

    def verify(self, body: Body, headers: Headers) -> None:
        """Check a body against the signature in its headers, in constant time.

        Raises:
            SignatureError: The header is missing, is not a signature, or belongs to another body
                or secret.
        """
        claimed = self._claimed(find_header(headers, self.header))
        raw = to_bytes(body)
        # Every secret is tried, so that the time does not tell which one matched.
        matches = [
            hmac.compare_digest(self._digest(secret, raw), claimed) for secret in self._secrets
        ]
        if not any(matches):
            raise SignatureError(
                f"{self.header} does not match the body; check that the secret is the app's client "
                "secret and that the body is the raw bytes, not JSON that was encoded again"
            )

    def _claimed(self, value: str | None) -> bytes:
        if not value:
            raise SignatureError(f"the request has no {self.header} header")
        digest = value.strip().removeprefix(self._prefix)
        if (
            not value.strip().startswith(self._prefix)
            or len(digest) != self._digest_chars
            or not _HEX.fullmatch(digest)
        ):
            raise SignatureError(
                f"{self.header} must be {self._prefix}<{self._digest_chars} hexadecimal digits>"
            )
        return bytes.fromhex(digest)

    def _digest(self, secret: bytes, body: bytes) -> bytes:
        return hmac.digest(secret, body, self._algorithm)


def check_secrets(secret: str | Sequence[str], name: str = "secret") -> tuple[bytes, ...]:
    """Return secrets as bytes; the message never shows one.

    Raises:
        ConfigError: There is none, or one is not a text or is blank.
    """
    advice = "; pass the client secret of the app's Basic Info page"
    if secret in (None, ()):
        raise ConfigError(f"{name} is missing{advice}")
    secrets = (secret,) if isinstance(secret, str) else secret
    if not isinstance(secrets, list | tuple) or not secrets:
        raise ConfigError(f"{name} must be a str or a list of some, not {type(secret).__name__}")
    return tuple(check_text(name, one, advice).encode() for one in secrets)


def to_bytes(body: Body) -> bytes:
    """Return a raw body as bytes.

    Raises:
        ConfigError: It is decoded JSON or something else that has no bytes of its own.
    """
    if isinstance(body, str):
        # Half of a surrogate pair, which no request has, makes a signature that is wrong.
        return body.encode(errors="replace")
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    raise ConfigError(
        f"body must be the raw bytes of the request, not {type(body).__name__}: "
        "JSON that is encoded again has another signature"
    )


def find_header(headers: Headers, name: str) -> str | None:
    """Return a header's value; a header that comes twice is joined by a comma.

    Raises:
        ConfigError: They are no headers.
    """
    pairs = cast("Pairs", headers.items() if isinstance(headers, Mapping) else headers)
    wanted = name.lower()
    try:
        values = [_text(value) for key, value in pairs if _text(key).lower() == wanted]
    except (TypeError, ValueError, AttributeError):
        kind = type(cast("object", headers)).__name__
        raise ConfigError(f"headers must be a dict or pairs of names and values: {kind}") from None
    return ", ".join(values) if values else None


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
