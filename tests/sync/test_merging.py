"""Merging is a join: order and repetition change nothing, and each exception is what it is for."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, strategies as st

from intercom_async.sync.key_table import BY_ID, GONE, Held, KeyTable, kept_hash
from intercom_async.sync.merging import Offered, digest_of, is_digest_of, supersedes

reads = st.builds(Offered, st.integers(0, 5), st.integers(0, 5), st.just(value=False))


def merge(offered: list[Offered]) -> Held | None:
    held: Held | None = None
    for one in offered:
        if supersedes(one, held):
            held = Held(one.version, one.read_at, 0, BY_ID if one.by_id else 0)
    return held


@given(st.lists(reads, min_size=1, max_size=4))
def test_order_and_repetition_change_nothing(offered: list[Offered]) -> None:
    greatest = max(offered, key=lambda one: (one.version, one.read_at))
    for order in permutations(offered):
        held = merge([*order, *order])
        assert held is not None
        assert (held.version, held.read_at) == (greatest.version, greatest.read_at)


@pytest.mark.parametrize(
    ("offered", "held", "wins"),
    [
        pytest.param(Offered(5, 1), None, True, id="the first"),
        pytest.param(Offered(4, 9), Held(5, 1, 0, 0), False, id="an old body of a search"),
        pytest.param(Offered(4, 9, by_id=True), Held(5, 1, 0, 0), True, id="an older time by id"),
        pytest.param(Offered(6, 1), Held(5, 9, 0, BY_ID), False, id="a search before a read by id"),
        pytest.param(Offered(5, 9), Held(5, 1, 0, 0), True, id="the same time, read later"),
        pytest.param(Offered(9, 3), Held(0, 5, 0, GONE), False, id="read before it went"),
        pytest.param(Offered(1, 6), Held(0, 5, 0, GONE), True, id="read after it went"),
    ],
)  # fmt: skip
def test_which_version_stays(offered: Offered, held: Held | None, *, wins: bool) -> None:
    assert supersedes(offered, held) is wins


def test_signatures_of_urls_are_no_content() -> None:
    body = b'{"id":"1","url":"https://files.example/a.png?expires=%d&signature=%s&req=x"}'
    assert digest_of(body % (1, b"abc")) == digest_of(body % (2, b"def"))
    assert digest_of(body % (1, b"abc")) != digest_of(b'{"id":"1","url":"https://other"}')


@pytest.mark.parametrize(
    "body",
    [
        b'{"url":"https:\\/\\/files.example\\/a.png?expires=%d\\u0026signature=%b\\u0026req=x"}',
        b'{"body":"<img src=\\"https://files.example/a.png?expires=%d&amp;signature=%b\\">"}',
        b'{"url":"https://files.example/a?Expires=%d&Signature=%b&Key-Pair-Id=K"}',
        b'{"url":"https://s3.example/a?X-Amz-Algorithm=A&X-Amz-Expires=%d&X-Amz-Signature=%b"}',
        b'{"url":"https://store.example/a?X-Goog-Expires=%d&X-Goog-Signature=%b"}',
        b'{"url":"https://files.example/http-error.png?expires=%d&signature=%b"}',
        b'{"url":"https://files.example/see%%20https%%3A.png?expires=%d&signature=%b"}',
        b'{"body":"See it?https://files.example/a.png?expires=%d&signature=%b"}',
        rb'{"url":"https://files.example/caf\u00e9\u0026.png?expires=%d&name=\u0027&signature=%b"}',
        b'{"url":"HTTPS://files.example/a.png?expires=%d&signature=%b"}',
    ],
)
def test_signatures_are_no_content_however_they_are_written(body: bytes) -> None:
    assert digest_of(body % (1, b"abc")) == digest_of(body % (2, b"def"))


@pytest.mark.parametrize(
    "text",
    [
        "https://docs.example/?page=signature-%s",
        "https://shop.example/?coupon=%s&expires=1700000000",
        "https://shop.example/?signature=%s",
        "what?expires=1&signature=%s",
        "Does?my_signature=%s",
    ],
)
def test_other_queries_are_content(text: str) -> None:
    one, other = (b'{"id":"1","body":"%b"}' % (text % word).encode() for word in ("a", "b"))
    assert digest_of(one) != digest_of(other)


def test_digests_of_earlier_versions_are_known() -> None:
    """They left out what stood behind a question mark, so that a verification finds no damage."""
    body = b'{"body":"Ends soon? ?coupon=A&expires=1"}'
    earlier = digest_of(b'{"body":"Ends soon? "}')
    assert digest_of(body) != earlier
    assert is_digest_of(body, earlier)
    assert is_digest_of(body, digest_of(body))
    assert not is_digest_of(body, digest_of(b"{}"))


@pytest.mark.parametrize("is_kept", [False, True])
@given(rows=st.dictionaries(st.text(max_size=8), st.integers(0, 2**32 - 1), max_size=400))
def test_a_key_table_is_a_dict(rows: dict[str, int], *, is_kept: bool) -> None:
    table = KeyTable(is_kept=is_kept)
    for key, number in rows.items():
        table.put(key, Held(number, 1, number, 0))
        table.put(key, Held(number, 2, number, 0))
    assert len(table) == len(rows)
    assert {key: table.get(key) for key in rows} == {
        key: Held(number, 2, number, 0) for key, number in rows.items()
    }
    assert table.get("no such key, longer than all") is None
    if is_kept:
        loaded = KeyTable(is_kept=True)
        loaded.load(table.dump())
        assert all(loaded.get(key) == Held(number, 0, number, 0) for key, number in rows.items())


@given(pages=st.lists(st.lists(st.sampled_from("abcdefghijkl"), max_size=8), max_size=12))
def test_keys_are_added_together_as_one_by_one(pages: list[list[str]]) -> None:
    """A key that is there already, or twice in a page, keeps its first numbers."""
    table, known = KeyTable(), dict[str, Held]()
    for moment, page in enumerate(pages):
        found = [(-1 if key == "a" else 2**40, place) for place, key in enumerate(page)]
        others = table.add_new(page, found, moment, BY_ID)
        for place, key in enumerate(page):
            assert (key in known) is (place in others)
            version = 0 if key == "a" else 2**32 - 1
            known.setdefault(key, Held(version, moment, place, BY_ID))
    assert {key: table.get(key) for key in known} == known
    assert len(table) == len(known)


def test_a_table_with_hashes_of_its_process_cannot_be_kept() -> None:
    """They would name other keys in the next one."""
    with pytest.raises(ValueError, match="cannot be kept"):
        KeyTable().dump()
    with pytest.raises(ValueError, match="cannot be kept"):
        KeyTable().load(KeyTable(is_kept=True).dump())


def test_kept_hashes_are_the_same_in_every_process() -> None:
    assert kept_hash("7") % 2**64 == 0x828F78CECA1750E7


def test_flags_are_set_counted_and_cleared() -> None:
    table = KeyTable()
    for number in range(100):
        table.put(str(number), Held(0, 0, 0, GONE if number < 10 else 0))
    for number in range(50):
        table.mark(str(number), BY_ID)
    assert table.count(without=GONE) == 90
    assert table.count(having=BY_ID, without=GONE) == 40
    table.clear(BY_ID)
    assert table.count(having=BY_ID) == 0
    assert table.count(having=GONE) == 10
