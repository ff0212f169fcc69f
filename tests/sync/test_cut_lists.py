"""A list inside a row is whole, whatever form its entries and counts have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.sync.cut_lists import is_any_cut, read_list, shown_ids
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import Answer, world

__all__ = ("anyio_backend",)

List = dict[str, Any]


def with_null(tags: List) -> None:
    tags["data"].append(None)


def with_a_text(tags: List) -> None:
    tags["data"].insert(0, "vip")


def with_one_without_an_id(tags: List) -> None:
    tags["data"].append({"type": "tag"})


def with_a_count_in_quotes(tags: List) -> None:
    tags["total_count"] = str(tags["total_count"])


def with_a_truth_in_quotes(tags: List) -> None:
    tags.update(has_more="true", total_count=None)


def without_entries(tags: List) -> None:
    tags["data"] = "none"


FORMS = (
    with_null, with_a_text, with_one_without_an_id, with_a_count_in_quotes,
    with_a_truth_in_quotes, without_entries,
)  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize("change", FORMS, ids=lambda change: change.__name__)
async def test_a_list_of_another_form_is_whole(
    change: Callable[[List], None], tmp_path: Path
) -> None:
    def changed(request: Request, answer: Answer) -> Answer:
        is_list = request.url.rpartition("/")[2].startswith(("tags", "notes", "companies"))
        if not isinstance(answer, Reply) or answer.status != 200 or is_list:
            return answer
        body: dict[str, Any] = msgspec.json.decode(answer.body)
        rows: list[dict[str, Any]] = body.get("data") or [body]
        for row in rows:
            tags: List = row.get("tags") or {}
            if tags.get("has_more"):
                change(tags)
        return Reply(200, answer.headers, msgspec.json.encode(body))

    async with world(tmp_path, contacts=3) as one:
        key = next(iter(await one.truth("contacts")))
        tags = [await one.intercom.tags.create(name=f"tag {number}") for number in range(25)]
        for tag in tags:
            await one.intercom.contacts.attach_tag(key, tag.id)
        await anyio.sleep(60)
        one.change = changed
        report = await one.sync("contacts", "tags")

        assert report.is_complete
        found = one.rows("contacts")[key]["tags"]
        assert {tag.id for tag in tags} <= {entry["id"] for entry in found["data"]}
        assert found["has_more"] is False
        assert len(found["data"]) == found["total_count"]


@pytest.mark.anyio
@pytest.mark.parametrize("url", ["/tags/{}", "https://api.intercom.io/tags/{}?x=1", "", None])
async def test_an_entry_that_is_not_shown_has_no_field_of_another(
    url: str | None, tmp_path: Path
) -> None:
    def changed(_: Request, answer: Answer) -> Answer:
        body: Any = msgspec.json.decode(answer.body) if isinstance(answer, Reply) else {}
        for row in body.get("data") or [body]:
            tags: List = row.get("tags") or {}
            for tag in tags.get("data", ()):
                tag.update(name=f"of {tag['id']}", applied_at=1, url=url and url.format(tag["id"]))
        return Reply(200, {}, msgspec.json.encode(body)) if isinstance(answer, Reply) else answer

    async with world(tmp_path, contacts=3) as one:
        key = next(iter(await one.truth("contacts")))
        for number in range(12):
            tag = await one.intercom.tags.create(name=f"tag {number}")
            await one.intercom.contacts.attach_tag(key, tag.id)
        await anyio.sleep(60)
        one.change = changed
        await one.sync("contacts")

        entries = one.rows("contacts")[key]["tags"]["data"]
        assert len({entry["id"] for entry in entries}) == len(entries) >= 12
        for entry in entries:
            assert entry["type"] == "tag"
            assert entry.get("name", f"of {entry['id']}") == f"of {entry['id']}"
            told = url and url.format(entry["id"])
            assert entry.get("url", told) == told
        assert not (url or "").endswith("}") or all("url" in entry for entry in entries)
        assert sum("applied_at" in entry for entry in entries) == 10


@pytest.mark.parametrize(
    ("form", "is_cut"),
    [
        (b'{"data": [null], "has_more": true}', True),
        (b'{"data": [null], "total_count": 1, "has_more": false}', False),
        (b'{"data": ["a"], "total_count": "2"}', True),
        (b'{"data": [{"id": "1"}], "has_more": "false"}', False),
        (b'{"data": 7, "total_count": 1}', True),
        (b'{"data": [null], "total_count": [], "has_more": {}}', False),
        (b"null", False),
        (b"[null]", False),
    ],
)
def test_what_is_cut(form: bytes, *, is_cut: bool) -> None:
    assert is_any_cut([read_list(b'{"tags": %b}' % form, "tags")]) is is_cut


def test_what_is_shown_beside_an_entry_of_another_form() -> None:
    body = b'{"tags": {"data": [null, {"id": "1"}, "2", {"id": 3}, {"id": null}, {}]}}'

    assert shown_ids(body, "tags") == ["1", "3"]
    assert shown_ids(body, "notes") == []
    assert shown_ids(b'{"contacts": {"contacts": [{"id": "4"}]}}', "contacts", "contacts") == ["4"]
