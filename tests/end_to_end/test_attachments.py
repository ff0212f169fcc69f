"""Files of messages: sent from bytes and paths, saved before their links expire."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async import ConfigError, Intercom
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Request
from intercom_async.workflows.attachments import MAX_NAME, safe_name

pytestmark = pytest.mark.anyio

FILES = {"https://files.example/a.png": b"picture", "https://files.example/b.txt": b"text"}


def attachment(name: str, url: str) -> dict[str, Any]:
    return {"type": "upload", "name": name, "url": url}


CONVERSATION = {
    "id": "7",
    "source": {"id": "s1", "attachments": [attachment("../a.png", "https://files.example/a.png")]},
    "conversation_parts": {
        "conversation_parts": [
            {"id": "p1", "attachments": [attachment("b.txt", "https://files.example/b.txt")]},
            {"id": "p2", "attachments": [attachment("c.txt", "https://files.example/gone")]},
            {"id": "p3", "attachments": [attachment("d.txt", "http://files.example/d")]},
        ]
    },
}


class Host:
    """The API and the host of the files."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Reply:
        self.requests.append(request)
        if request.url.startswith("https://api.intercom.io"):
            return Reply(200, {}, msgspec.json.encode(CONVERSATION))
        if request.url == "https://files.example/b.txt":
            return Reply(302, {"Location": "https://cdn.example/b"}, b"")
        if request.url == "https://cdn.example/b":
            return Reply(200, {}, FILES["https://files.example/b.txt"])
        body = FILES.get(request.url)
        return Reply(404, {}, b"") if body is None else Reply(200, {}, body)


async def test_every_attachment_is_saved_once(tmp_path: Path) -> None:
    host = Host()
    async with Intercom("secret", transport=MemoryTransport(host)) as intercom:
        result = await intercom.conversations.save_attachments("7", to=tmp_path / "files")
        fetched = len(host.requests)
        again = await intercom.conversations.save_attachments("7", to=tmp_path / "files")

    assert {one.path.name: one.path.read_bytes() for one in result.saved} == {
        "p1-1-b.txt": b"text",
        "s1-1-.._a.png": b"picture",
    }
    assert {one.part_id for one in result.lost} == {"p2", "p3"}
    assert [one.path for one in again.saved] == [one.path for one in result.saved]
    # The second time: the conversation, and the one that the host still does not have.
    assert len(host.requests) - fetched == 2
    assert not [one async for one in anyio.Path(tmp_path).rglob("*.part")]


@pytest.mark.parametrize(("failures", "is_saved"), [(2, True), (3, False)])
async def test_a_host_that_fails_is_asked_again(
    tmp_path: Path, failures: int, *, is_saved: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intercom_async.workflows.attachments.PAUSE_S", 0.001)
    host, answers = Host(), [503] * failures

    def failing(request: Request) -> Reply:
        if request.url == "https://files.example/a.png" and answers:
            return Reply(answers.pop(), {}, b"")
        return host(request)

    async with Intercom("secret", transport=MemoryTransport(failing)) as intercom:
        result = await intercom.conversations.save_attachments("7", to=tmp_path)

    assert ("s1-1-.._a.png" in {one.path.name for one in result.saved}) is is_saved
    # What the host does not have is asked for once.
    assert sum(one.url.endswith("/gone") for one in host.requests) == 1


PAGE = "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("name", "kind", "answered", "is_saved"),
    [
        ("a.pdf", "application/pdf", PAGE, False),
        ("a.pdf", None, PAGE, False),
        ("a.pdf", "application/octet-stream", "TEXT/HTML", False),
        ("a", "image/png", "application/xhtml+xml", False),
        ("a.txt", "text/plain", PAGE, False),
        # Names that are no addresses.
        ("//[a.pdf", None, PAGE, False),
        ("http://a\u2100/a.pdf", None, PAGE, False),
        ("Draft: a #3.pdf", None, PAGE, False),
        ("data:a.pdf", None, PAGE, False),
        # A page that somebody has sent.
        ("a.html", "text/html", PAGE, True),
        ("a", "Text/HTML; charset=latin-1", PAGE, True),
        ("a.pdf", "text/html", PAGE, True),
        ("a.htm", None, PAGE, True),
        ("a.htm", "application/octet-stream", PAGE, True),
        ("a.html", "text/plain", PAGE, True),
        # Nothing says what it is.
        ("a", None, PAGE, True),
        (None, "application/octet-stream", PAGE, True),
        # Hosts call files what they like, as long as that is no page.
        ("a.pdf", "application/pdf", "application/octet-stream", True),
        ("a.pdf", "application/pdf", None, True),
    ],
)
async def test_a_page_that_is_sent_instead_of_a_file_is_not_saved(
    name: str | None, kind: str | None, answered: str | None, *, is_saved: bool, tmp_path: Path
) -> None:
    file = {"name": name, "content_type": kind, "url": "https://files.example/it"}
    talk = {"id": "7", "source": {"id": "s1", "attachments": [file]}}

    def answer(request: Request) -> Reply:
        if request.url.startswith("https://api.intercom.io"):
            return Reply(200, {}, msgspec.json.encode(talk))
        return Reply(200, {} if answered is None else {"content-type": answered}, b"<html>")

    async with Intercom("secret", transport=MemoryTransport(answer)) as intercom:
        result = await intercom.conversations.save_attachments("7", to=tmp_path)

    assert (
        len(result.saved) == len([one async for one in anyio.Path(tmp_path).iterdir()]) == is_saved
    )
    assert [str(one.error) for one in result.lost] == (
        [] if is_saved else ["its host answered with a page instead of the file"]
    )


ANSWERS: list[tuple[dict[str, Any], Any, tuple[int, dict[str, str], bytes], str]] = [
    ({}, None, (200, {}, b"text"), ""),
    ({}, 4, (200, {}, b"text"), ""),
    ({}, "4", (200, {"Content-Length": "4"}, b"text"), ""),
    ({}, 0, (200, {}, b"text"), ""),
    ({}, -1, (200, {}, b"text"), ""),
    ({}, 0, (200, {}, b""), ""),
    ({}, None, (200, {}, b""), "its host sent an empty file"),
    ({}, 4, (200, {}, b""), "its host sent an empty file"),
    ({}, 5, (200, {}, b"text"), "its host sent 4 bytes, and its attachment says 5"),
    ({}, 3, (200, {}, b"text"), "its host sent 4 bytes, and its attachment says 3"),
    ({}, 4, (204, {}, b""), "GET of a linked file answered 204"),
    ({}, 4, (206, {}, b"text"), "GET of a linked file answered 206"),
    ({}, None, (304, {}, b""), "GET of a linked file answered 304"),
    ({}, None, (200, {"Content-Length": "9"}, b"text"), "4 of 9 bytes"),
    ({}, None, (200, {"Content-Length": "odd"}, b"text"), ""),
    # A host may store and send what is packed: one of the two is its size.
    ({}, 4, (200, {"Content-Length": "9", "Content-Encoding": "gzip"}, b"text"), ""),
    ({}, 9, (200, {"Content-Length": "9", "Content-Encoding": "gzip"}, b"text"), ""),
    ({}, 8, (200, {"Content-Length": "9", "Content-Encoding": "gzip"}, b"text"), "says 8"),
    # What says an error in its own kind, as proxies and stores of files do.
    ({"name": "a.pdf"}, None, (200, {"Content-Type": "application/json"}, b"text"), "instead"),
    ({"name": "a.pdf"}, 9, (200, {"Content-Type": "application/json"}, b"text"), "instead"),
    ({"name": "a.pdf"}, None, (200, {"Content-Type": "text/xml"}, b"text"), "instead"),
    ({"name": "a.json"}, None, (200, {"Content-Type": "application/json"}, b"text"), ""),
    ({"name": "a.svg"}, None, (200, {"Content-Type": "text/xml"}, b"text"), ""),
    ({"name": "a.pdf"}, None, (200, {"Content-Type": "text/plain"}, b"text"), ""),
    # A size that agrees tells more than the kind that a host gives it.
    ({"name": "a.pdf"}, 4, (200, {"Content-Type": "application/json"}, b"text"), ""),
    ({"name": "a.pdf"}, 4, (200, {"Content-Type": "text/html"}, b"text"), ""),
]
"""What an attachment says of a file and its size, what its host answers, and what is lost."""


@pytest.mark.parametrize(("told", "size", "answer", "lost"), ANSWERS)
async def test_only_the_whole_file_is_saved(
    told: dict[str, Any],
    size: Any,
    answer: tuple[int, dict[str, str], bytes],
    lost: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("intercom_async.workflows.attachments.PAUSE_S", 0.001)
    file = {"url": "https://files.example/it", "filesize": size, **told}
    talk = {"id": "7", "source": {"id": "s1", "attachments": [file]}}

    def answered(request: Request) -> Reply:
        if request.url.startswith("https://api.intercom.io"):
            return Reply(200, {}, msgspec.json.encode(talk))
        return Reply(*answer)

    async with Intercom("secret", transport=MemoryTransport(answered)) as intercom:
        result = await intercom.conversations.save_attachments("7", to=tmp_path)

    names = [one.name async for one in anyio.Path(tmp_path).iterdir()]
    assert names == [one.path.name for one in result.saved]
    assert len(names) == (not lost)
    assert [lost in str(one.error) for one in result.lost] == [True] * bool(lost)


async def test_what_stands_where_a_file_should_is_fetched_again(tmp_path: Path) -> None:
    file = {"name": "a.txt", "url": "https://files.example/b.txt", "filesize": 4}
    talk = {"id": "7", "source": {"id": "s1", "attachments": [file]}}
    sent: list[str] = []

    def answered(request: Request) -> Reply:
        if request.url.startswith("https://api.intercom.io"):
            return Reply(200, {}, msgspec.json.encode(talk))
        sent.append(request.url)
        return Reply(200, {}, b"text")

    path = anyio.Path(tmp_path) / "s1-1-a.txt"
    async with Intercom("secret", transport=MemoryTransport(answered)) as intercom:
        for number, held in enumerate((b"", b"denied", b"text"), 1):
            await path.write_bytes(held)
            result = await intercom.conversations.save_attachments("7", to=tmp_path)
            assert await path.read_bytes() == b"text"
            assert [one.size for one in result.saved] == [4]
            assert len(sent) == min(number, 2)
        file["filesize"] = 5
        result = await intercom.conversations.save_attachments("7", to=tmp_path)
    assert len(result.lost) == 1
    assert await path.read_bytes() == b"text"


async def test_the_token_does_not_leave_for_another_host(tmp_path: Path) -> None:
    host = Host()
    async with Intercom("secret", transport=MemoryTransport(host)) as intercom:
        result = await intercom.conversations.save_attachments("7", to=tmp_path)

    outside = [one for one in host.requests if "api.intercom.io" not in one.url]
    assert len(outside) == 4
    assert all("secret" not in str(dict(one.headers)) for one in outside)
    assert all("files.example" not in str(one.error) for one in result.lost)


def test_a_name_cannot_leave_its_folder() -> None:
    for name in (
        "../../etc/passwd",
        "a/b\\c",
        "\x00x",
        "…" * 300 + ".pdf",
        "",
        "..",
        "CON:1",
        "写" * 99,
        "写" * 300 + ".pdf",
    ):
        made = safe_name(name)
        assert made == Path(made).name
        assert len(made.encode()) <= MAX_NAME
        assert not {*made} & set('/\\:\x00<>|?*"')
    assert safe_name("x" * 300 + ".pdf").endswith("x.pdf")
    assert safe_name("写" * 300 + ".pdf").endswith("写.pdf")


async def sent(**fields: Any) -> dict[str, Any]:
    transport = MemoryTransport([Reply(200, {}, b'{"id": "7"}')])
    async with Intercom("secret", transport=transport) as intercom:
        await intercom.conversations.reply("7", admin_id=1, body="x", **fields)
    body: dict[str, Any] = msgspec.json.decode(transport.requests[0].body or b"")
    return body


async def test_files_are_sent_from_bytes_and_paths(tmp_path: Path) -> None:
    path = tmp_path / "plan.pdf"
    path.write_bytes(b"%PDF")
    as_it_is = {"name": "c", "content_type": "text/plain", "data": "Yw=="}
    body = await sent(attachment_files=[path, ("//[b: 1.png", b"b"), as_it_is])

    assert [one["name"] for one in body["attachment_files"]] == ["plan.pdf", "//[b: 1.png", "c"]
    kinds = [one["content_type"] for one in body["attachment_files"]]
    assert kinds == ["application/pdf", "image/png", "text/plain"]
    assert base64.b64decode(body["attachment_files"][0]["data"]) == b"%PDF"


@pytest.mark.parametrize("wrong", ["plan.pdf", b"x", ("a", "b"), Path("/nowhere/plan.pdf")])
async def test_what_is_no_file_is_refused_before_a_request(wrong: Any) -> None:
    with pytest.raises(ConfigError, match="attachment_files"):
        await sent(attachment_files=[wrong])
