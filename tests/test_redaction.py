from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from intercom_async.redaction import Secret, printable, redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ann@example.com exists", "<email> exists"),
        ("ann.o'brien@example.com exists", "<email> exists"),
        ("the address 'ann@example.com' exists", "the address '<email>' exists"),
        ("call +353 87 123 4567 now", "call <number> now"),
        ("call +49 170 1234567 now", "call <number> now"),
        ("call (555) 123-4567 now", "call (<number> now"),
        ("call 555.123.4567, please", "call <number>, please"),
        ("call 0170 12345678", "call <number>"),
        ("the token dG9rOmFiY2RlZmdoaWprbG1ub3A= is revoked", "the token <id>= is revoked"),
        ("error_code_without_a_case_2 happened", "error_code_without_a_case_2 happened"),
        (
            "A contact already exists with id=64a1f0c2b3d4e5f607182930",
            "already exists with id=<id>",
        ),
        ("merged into 64a1f0c2b3d4e5f607182930", "merged into <id>"),
        ("no such 01234567-89ab-4cde-8f01-23456789abcd", "no such <id>"),
        ("external_id user-7 is taken", "external_id <id> is taken"),
        ("contact_id: abc7 is unknown", "contact_id: <id> is unknown"),
        ("Exceeded rate limit of 167 in 10_seconds", "Exceeded rate limit of 167 in 10_seconds"),
        ("per_page must be at most 150", "per_page must be at most 150"),
        ("version 2.14 is old", "version 2.14 is old"),
        ("GET https://api.intercom.io/contacts/ann?token=abc failed", "GET <url> failed"),
        ("see HTTPS://U:P@example.com/a, please", "see <url> please"),
        ("go to www.ann-smith.example/me", "go to <url>"),
        ("no route [GET] /contacts/ann", "no route [GET] <url>"),
        ("no route '/contacts/find/ann'", "no route '<url>'"),
        ("no route contacts/search?email=ann", "no route <url>"),
        ("bad parameter ?filter[email]=ann", "bad parameter <url>"),
        ("email=ann%40example.com is taken", "email=<url> is taken"),
        ("ftp://ann@example.com is no proxy", "<url> is no proxy"),
        ("//cdn.example.com/ann", "<url>"),
        ("token=abc is revoked", "token=<secret> is revoked"),
        ("access_token: abc, given", "access_token: <secret>, given"),
        ("client_secret='abc def' is wrong", "client_secret='<secret> def' is wrong"),
        ("password = hunter is wrong", "password = <secret> is wrong"),
        ("sent Bearer ab7cd= here", "sent Bearer <secret> here"),
        ("sent Basic dXNlcjpwdw== here", "sent Basic <secret> here"),
        ("the JWT eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig is old", "the JWT <secret> is old"),
        ("no url api.intercom.io/contacts/7", "no url <url>"),
        ("Contact with id 'ann smith' not found", "Contact with id '<id>' not found"),
        ('no contact of id "ann"', 'no contact of id "<id>"'),
        ("no contact id[ann]", "no contact id[<id>]"),
        ("company_id => 'ann' is taken", "company_id => '<id>' is taken"),
        ("the user_id is 'ann', not 'bo'", "the user_id is '<id>', not 'bo'"),
        ("from 10.0.0.1 too often", "from <number> too often"),
        ("the Basic plan has none", "the Basic plan has none"),
        ("the id is missing", "the id is missing"),
        ("e.g. a name, i.e. text", "e.g. a name, i.e. text"),
        ("the token is revoked", "the token is revoked"),
        ("Bearer authentication is needed", "Bearer authentication is needed"),
        ("application/json and/or text, 24/7", "application/json and/or text, 24/7"),
        ("use /contacts in place of it", "use /contacts in place of it"),
        ("what is it? name=…", "what is it? name=…"),
    ],
)
def test_personal_values_are_replaced_whole(text: str, shown: str) -> None:
    assert redact(text).endswith(shown)


@pytest.mark.parametrize("identity", ["64a1f0c2b3d4e5f607182930", "123456789012", "a1b2c3d4e5f6"])
@pytest.mark.parametrize("place", range(150, 260, 7))
def test_an_id_is_hidden_whole_or_not_at_all_wherever_it_stands(identity: str, place: int) -> None:
    shown = redact(f"{'word ' * (place // 5)}{identity} is unknown")
    assert not any(identity[start : start + 4] in shown for start in range(len(identity) - 4))


@pytest.mark.parametrize("place", range(950, 1_010, 3))
def test_an_address_across_the_cut_is_not_shown(place: int) -> None:
    shown = redact("x" * 3 + " " + "<>" * (place // 2) + " ann.smith@example.com", limit=200)
    assert "ann" not in shown


@given(st.text(max_size=3_000))
def test_what_is_shown_is_one_bounded_line(text: str) -> None:
    assert len(redact(text)) <= 200
    assert redact(text).isprintable()
    assert len(printable(text, limit=50)) <= 50


PIECES = ["+1 ", "a@", "1", "id=", "a-", " ", "<", "a?", "/a", "//", "/", "www.", "a.", "%40", "x"]
MORE_PIECES = ["token:", "bearer ", "eyJ", "http://", "id '", "id[", "1."]


@pytest.mark.parametrize("piece", [*PIECES, *MORE_PIECES])
def test_a_long_text_costs_no_more_than_a_short_one(piece: str) -> None:
    """Only the first 1,000 characters are looked at, so what stands behind them changes nothing."""
    text = piece * 60_000
    assert redact(text) == redact(text[:1_001]) == redact(text[:1_001] + "\x00" * 1_000)


def test_a_secret_is_masked_where_its_value_would_be_shown() -> None:
    secret = Secret("tok_12345")

    assert "tok" not in repr(secret)
    assert "tok" not in repr({"Authorization": secret})
    assert "tok" not in repr([secret])
    assert secret == "tok_12345"
    assert secret.encode() == b"tok_12345"
