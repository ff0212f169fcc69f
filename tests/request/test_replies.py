"""Replies as results: what an answer is decoded into, and a DELETE that has already worked."""

from __future__ import annotations

import msgspec
import pytest

from intercom_async import ConnectionLostError, NotFoundError
from tests.support.scripted_client import Client, failure, reply

pytestmark = pytest.mark.anyio


class Deleted(msgspec.Struct):
    """What most deletions answer."""

    id: str
    deleted: bool


class Receipt(msgspec.Struct):
    """An answer that nothing but the server can give."""

    number: int


LOST = ConnectionLostError("cut")
GONE = failure(404, "not_found")


async def test_a_delete_that_is_gone_at_the_second_attempt_has_worked(client: Client) -> None:
    async with client(LOST, GONE) as intercom:
        response = await intercom.request(
            "DELETE", "/things/{id}", path={"id": "a/7"}, model=Deleted
        )
    assert response.data == Deleted("a/7", deleted=True)
    assert (response.status, response.attempts) == (404, 2)


async def test_a_delete_is_not_found_where_nothing_says_that_it_has_worked(client: Client) -> None:
    async with client(GONE) as intercom:
        with pytest.raises(NotFoundError):
            await intercom.request("DELETE", "/things/{id}", path={"id": "7"}, model=Deleted)
    async with client(LOST, GONE) as intercom:
        # What the lost answer said cannot be made up.
        with pytest.raises(NotFoundError):
            await intercom.request("DELETE", "/things/{id}", path={"id": "7"}, model=Receipt)


async def test_an_empty_answer_is_none_where_nothing_is_expected(client: Client) -> None:
    async with client(reply(202)) as intercom:
        response = await intercom.request("POST", "/things", json={})
    assert response.data is None
