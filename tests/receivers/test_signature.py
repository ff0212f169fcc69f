"""Signatures: what verifies, what does not, and what messages never show."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Literal

import pytest
from hypothesis import given, strategies as st

from intercom_async.errors import ConfigError, SignatureError
from intercom_async.receivers import Signer

HEADER = "X-Hub-Signature"
SECRET = "s3cr3t-of-a-test"


def signer(
    *secrets: str, algorithm: Literal["sha1", "sha256"] = "sha1", prefix: str = "sha1="
) -> Signer:
    return Signer(secrets or SECRET, algorithm=algorithm, header=HEADER, prefix=prefix)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_signature_is_the_hmac_of_the_raw_bytes(algorithm: Literal["sha1", "sha256"]) -> None:
    body = b'{"a": 1,\n "b": "\xc3\xa9"}'
    expected = hmac.new(SECRET.encode(), body, getattr(hashlib, algorithm)).hexdigest()
    assert signer(algorithm=algorithm, prefix="").sign(body) == expected


@given(body=st.binary(), secret=st.text(min_size=1).filter(str.strip))
def test_what_is_signed_verifies(body: bytes, secret: str) -> None:
    own = signer(secret)
    own.verify(body, {HEADER: own.sign(body)})


@given(body=st.binary(min_size=1), position=st.integers(0), change=st.integers(1, 255))
def test_any_changed_byte_is_refused(body: bytes, position: int, change: int) -> None:
    own = signer()
    changed = bytearray(body)
    changed[position % len(body)] ^= change
    with pytest.raises(SignatureError):
        own.verify(bytes(changed), {HEADER: own.sign(body)})


@given(position=st.integers(5, 44), digit=st.sampled_from("0123456789abcdef"))
def test_any_changed_digit_is_refused(position: int, digit: str) -> None:
    own = signer()
    good = own.sign(b"body")
    if good[position] == digit:
        return
    with pytest.raises(SignatureError):
        own.verify(b"body", {HEADER: good[:position] + digit + good[position + 1 :]})


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "sha1=",
        "sha256=" + "0" * 64,
        "0" * 40,
        "sha1=" + "0" * 39,
        "sha1=" + "0" * 41,
        "sha1=" + "g" * 40,
        "sha1=" + "\u0660" * 40,
        "sha1=" + "0 " * 20,
        "sha1=é" + "0" * 39,
        "SHA1=" + "0" * 40,
        "sha1=" + "0" * 40 + ", sha1=" + "0" * 40,
        "\x00" * 45,
    ],
)
def test_a_header_that_is_no_signature_is_refused(value: str) -> None:
    with pytest.raises(SignatureError, match=HEADER):
        signer().verify(b"body", {HEADER: value})


def test_a_missing_header_is_refused() -> None:
    with pytest.raises(SignatureError, match="no X-Hub-Signature"):
        signer().verify(b"body", {})


def test_every_secret_verifies_while_one_is_rotated_and_the_first_one_signs() -> None:
    old, new = signer("old"), signer("new")
    both = signer("new", "old")
    both.verify(b"body", {HEADER: old.sign(b"body")})
    both.verify(b"body", {HEADER: new.sign(b"body")})
    assert both.sign(b"body") == new.sign(b"body")
    with pytest.raises(SignatureError):
        both.verify(b"body", {HEADER: signer("other").sign(b"body")})


def test_digits_are_taken_in_any_case() -> None:
    own = signer()
    own.verify(b"body", {HEADER: "sha1=" + own.sign(b"body")[5:].upper()})


def test_headers_are_taken_as_frameworks_give_them() -> None:
    own = signer()
    value = own.sign(b"body")
    given: list[Any] = [
        {"x-hub-signature": value},
        {"X-HUB-SIGNATURE": value},
        {b"x-hub-signature": value.encode()},
        [("X-Hub-Signature", value)],
        [(b"x-hub-signature", value.encode()), (b"host", b"\xff")],
        iter([("other", "1"), ("X-Hub-Signature", f" {value} ")]),
    ]
    for headers in given:
        own.verify(b"body", headers)


@pytest.mark.parametrize("body", [b"body", bytearray(b"body"), memoryview(b"body"), "body"])
def test_a_raw_body_may_be_any_kind_of_bytes(body: Any) -> None:
    signer().verify(body, {HEADER: signer().sign(b"body")})


@pytest.mark.parametrize("body", [{"a": 1}, ["a"], None, 7])
def test_decoded_json_is_refused_with_the_reason(body: Any) -> None:
    with pytest.raises(ConfigError, match="raw bytes"):
        signer().verify(body, {HEADER: "sha1=" + "0" * 40})


@pytest.mark.parametrize("secret", ["", "  ", [], ["good", ""], None, [None], 7, b"bytes"])
def test_an_empty_secret_is_refused_without_being_shown(secret: Any) -> None:
    with pytest.raises((ConfigError, TypeError)) as caught:
        Signer(secret, algorithm="sha1", header=HEADER)
    assert "good" not in str(caught.value)


def test_nothing_shows_a_secret_or_a_signature() -> None:
    own = signer()
    right = own.sign(b"body")
    with pytest.raises(SignatureError) as caught:
        own.verify(b"other", {HEADER: right})
    for text in (repr(own), str(caught.value), repr(caught.value)):
        assert SECRET not in text
        assert right[5:] not in text
