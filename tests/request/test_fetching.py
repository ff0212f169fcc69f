"""Files that answers link to: which addresses are fetched, and how they are written."""

from __future__ import annotations

from traceback import walk_tb
from typing import Any

import pytest

from intercom_async import ConfigError, Intercom, ResponseError
from intercom_async.transport import MemoryTransport
from tests.support.scripted_client import TOKEN, reply

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "address",
    [
        None,
        7,
        b"https://h/",
        "",
        "h/x",
        "//h/x",
        "https://",
        "https://[::1",
        "https://h:99999/",
        "https://h:0/",
        "https://a..b/",
        "https://999.1.1.1/",
        "https://bücher.example/",
        "http://example.com/x",
        "http://169.254.169.254/",
        "file:///etc/passwd",
        "data:text/plain,x",
        "javascript:1",
    ],
)
async def test_what_is_no_address_of_a_file_is_refused(address: Any) -> None:
    memory = MemoryTransport([])
    async with Intercom(TOKEN, transport=memory) as intercom:
        with pytest.raises(ConfigError, match="a linked file"):
            await intercom.open_link(address)
    assert memory.requests == []


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("https://h/a b.pdf", "https://h/a%20b.pdf"),
        ("https://h/ä.pdf?x=ß", "https://h/%C3%A4.pdf?x=%C3%9F"),
        ("https://h/a%20b%zz", "https://h/a%20b%zz"),
        ("https://h/a\r\nX-B: c", "https://h/a%0D%0AX-B:%20c"),
        (" https://h/a\n", "https://h/a"),
    ],
)
async def test_an_address_is_sent_as_one_line_of_ascii(address: str, sent: str) -> None:
    memory = MemoryTransport([reply(200)])
    async with Intercom(TOKEN, transport=memory) as intercom:
        (await intercom.open_link(address)).close()
    assert memory.requests[0].url == sent
    assert dict(memory.requests[0].headers) == {"Accept": "*/*"}


async def test_redirects_of_a_host_are_followed_and_no_further_than_five() -> None:
    memory = MemoryTransport(lambda request: reply(302, Location=f"{request.url}x"))
    async with Intercom(TOKEN, transport=memory) as intercom:
        with pytest.raises(ResponseError, match="302"):
            await intercom.open_link("https://h/")
    assert [request.url for request in memory.requests] == [
        f"https://h/{'x' * n}" for n in range(6)
    ]


@pytest.mark.parametrize("status", [403, 404, 410, 500])
async def test_a_link_that_has_expired_is_an_error_and_is_closed(status: int) -> None:
    memory = MemoryTransport([reply(302, Location="https://h/y"), reply(status, "secret")])
    async with Intercom(TOKEN, transport=memory) as intercom:
        with pytest.raises(ResponseError, match=str(status)) as caught:
            await intercom.open_link("https://h/x?signature=s")
    assert "signature" not in str(caught.value)
    assert len(memory.requests) == 2


async def test_no_traceback_shows_a_link() -> None:
    """A link lets its holder read the file, so captured local variables must not have it."""
    memory = MemoryTransport(lambda _: reply(403))
    async with Intercom(TOKEN, transport=memory) as intercom:
        with pytest.raises(ResponseError) as caught:
            await intercom.open_link("https://h/x?signature=s")
    frames = [frame for frame, _ in walk_tb(caught.value.__traceback__)]
    ours = [each for each in frames if each.f_globals["__name__"].startswith("intercom_async.")]
    assert ours
    assert not any("signature" in repr(frame.f_locals) for frame in ours)
