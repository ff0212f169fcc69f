"""Downloads: whole, in constant memory, and never half a file."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, strategies as st

from intercom_async import ClosedError, ConnectionLostError, DeadlineError, DecodeError, Intercom
from intercom_async.clock import CLOCK
from intercom_async.response import UNKNOWN, Response
from intercom_async.transport.base import Request, StreamReply
from intercom_async.transport.decompression import MAX_PIECE_BYTES
from intercom_async.workflows.download import Download
from tests.support.loopback import serving
from tests.support.scripted_client import Client, failure, reply
from tests.support.virtual_time import run_virtual

pytestmark = pytest.mark.anyio

CSV = gzip.compress(b"user_id,name\n1,Ann\n2,Bo\n", mtime=0)


def download(*chunks: bytes, error: Exception | None = None) -> Download:
    """Make a download whose body comes in these chunks, and then fails with `error`."""

    async def body() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk
        if error is not None:
            raise error

    async def begin() -> Response[StreamReply]:
        data = StreamReply(200, {}, body(), lambda: None)
        return Response(
            data=data,
            status=200,
            headers={},
            request_id=None,
            window=UNKNOWN,
            attempts=1,
            elapsed_s=0.0,
        )

    return Download(begin)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def unzip(*chunks: bytes) -> list[bytes]:
    async with download(*chunks) as stream:
        return [piece async for piece in stream.unzipped()]


async def test_a_download_comes_chunk_by_chunk(client: Client, tmp_path: Any) -> None:
    body = bytes(200_000)
    async with client(reply(200, body), reply(200, body), reply(200, body)) as intercom:
        async with intercom.data_exports.download("j1") as stream:
            chunks = [chunk async for chunk in stream]
        async with intercom.data_exports.download("j1") as stream:
            assert await stream.save(tmp_path / "export.gz") == len(body)
        async with intercom.data_exports.download("j1") as stream:
            assert await stream.read() == body
    assert max(map(len, chunks)) <= 65_536
    assert b"".join(chunks) == body
    assert files(tmp_path) == ["export.gz"]


@pytest.mark.parametrize("body", [CSV[:-12], b"\x1f\x8bnonsense"])
async def test_a_download_that_is_damaged_is_said(client: Client, body: bytes) -> None:
    async with (
        client(reply(200, body)) as intercom,
        intercom.data_exports.download("j1") as stream,
    ):
        with pytest.raises(DecodeError):
            b"".join([part async for part in stream.unzipped()])


async def test_a_recording_comes_from_elsewhere_without_the_token(client: Client) -> None:
    def answer(request: Request) -> Any:
        if "recording" in request.url:
            return reply(302, Location="https://storage.example/signed")
        assert "Authorization" not in request.headers
        return reply(200, b"sound")

    async with client(answer) as intercom, intercom.calls.recording("1") as stream:
        assert await stream.read() == b"sound"


async def test_a_download_is_begun_again_and_a_missing_one_is_an_error(client: Client) -> None:
    cut = ConnectionLostError("cut")
    async with client(cut, reply(200, CSV), failure(404, "not_found")) as intercom:
        async with intercom.data_exports.download("j1") as stream:
            assert await stream.read() == CSV
        with pytest.raises(Exception, match="404"):
            async with intercom.data_exports.download("j1"):
                pass


@given(
    data=st.binary(max_size=200),
    zipped=st.booleans(),
    padding=st.integers(0, 40),
    members=st.integers(1, 3),
    size=st.integers(1, 50),
)
def test_gzip_is_told_from_other_bytes_however_it_is_cut(
    data: bytes, padding: int, members: int, size: int, *, zipped: bool
) -> None:
    plain = not zipped and not data.startswith(b"\x1f\x8b")
    body = data if plain else gzip.compress(data) * members + bytes(padding)
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    assert b"".join(run_virtual(unzip(*chunks))) == (data if plain else data * members)


async def test_empty_chunks_change_nothing() -> None:
    assert b"".join(await unzip(b"", CSV[:1], b"", CSV[1:], b"")) == gzip.decompress(CSV)
    assert await unzip() == []
    assert await unzip(b"\x1f") == [b"\x1f"]


async def test_a_gzip_bomb_comes_in_small_pieces() -> None:
    bomb = gzip.compress(gzip.compress(bytes(64 * MAX_PIECE_BYTES + 17)) + bytes(3 * 2**20))
    inner = b"".join(await unzip(bomb))
    pieces = await unzip(inner)
    assert max(map(len, pieces)) <= MAX_PIECE_BYTES
    assert sum(map(len, pieces)) == 64 * MAX_PIECE_BYTES + 17


READERS: dict[str, Callable[[Download, Path], Any]] = {
    "iteration": lambda stream, _: drain(stream),
    "unzipped": lambda stream, _: drain(stream.unzipped()),
    "read": lambda stream, _: stream.read(),
    "save": lambda stream, folder: stream.save(folder / "file"),
}


async def drain(chunks: Any) -> None:
    async for _ in chunks:
        pass


@pytest.mark.parametrize("second", READERS)
@pytest.mark.parametrize("first", READERS)
async def test_a_body_is_read_once(first: str, second: str, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    async with download(b"ab", b"cd") as stream:
        await READERS[first](stream, tmp_path)
        with pytest.raises(ClosedError, match="has been read"):
            await READERS[second](stream, tmp_path / "second")
    assert files(tmp_path / "second") == []


async def test_a_body_that_was_begun_is_not_saved_without_its_beginning(tmp_path: Path) -> None:
    async with download(b"ab", b"cd") as stream:
        async for _ in stream:
            break
        with pytest.raises(ClosedError):
            await stream.save(tmp_path / "file")
    assert files(tmp_path) == []


async def test_downloads_saved_at_once_under_one_name_are_each_whole(tmp_path: Path) -> None:
    bodies = [bytes([number]) * 10_000 for number in range(5)]

    async def save(body: bytes) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(body), 100):
                await CLOCK.sleep(0)
                yield body[start : start + 100]

        async with download(body) as stream:
            stream.response.data.chunks = pieces()
            await stream.save(tmp_path / "export.csv")

    await asyncio.gather(*map(save, bodies))
    assert files(tmp_path) == ["export.csv"]
    assert (tmp_path / "export.csv").read_bytes() in bodies


@pytest.mark.parametrize("name", ["a", "x" * 255, "写" * 85], ids=["short", "255", "255 bytes"])
async def test_a_name_may_be_as_long_as_the_file_system_takes(name: str, tmp_path: Path) -> None:
    async with download(b"ab") as stream:
        await stream.save(tmp_path / name)
    assert files(tmp_path) == [name]


async def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    folder, device = tmp_path / "folder", tmp_path / "device"
    folder.mkdir()
    device.symlink_to("/dev/null")
    async with download(b"ab") as stream:
        with pytest.raises(OSError, match="folder"):
            await stream.save(folder)
        # Nothing was read, so it can be saved elsewhere.
        assert await stream.save(device) == 2
    assert device.is_symlink()
    assert files(tmp_path) == ["device", "folder"]


@pytest.mark.parametrize("before", [b"longer than what comes", None], ids=["file", "nothing"])
async def test_a_link_stays_and_its_target_is_written_to(
    before: bytes | None, tmp_path: Path
) -> None:
    """As /dev/stdout, a link, does where the output goes to a file."""
    output, link = tmp_path / "output", tmp_path / "stdout"
    link.symlink_to(output)
    if before is not None:
        output.write_bytes(before)
    async with download(b"ab") as stream:
        assert await stream.save(link) == 2
    assert link.is_symlink()
    assert output.read_bytes() == b"ab"
    assert files(tmp_path) == ["output", "stdout"]


@pytest.mark.parametrize("error", [ConnectionLostError("cut"), DecodeError("x"), OSError(28, "x")])
async def test_a_download_that_fails_leaves_no_file_and_keeps_the_old_one(
    error: Exception, tmp_path: Path
) -> None:
    (tmp_path / "old").write_bytes(b"before")
    for name in ("old", "new"):
        async with download(b"ab", error=error) as stream:
            with pytest.raises(type(error)):
                await stream.save(tmp_path / name)
    assert files(tmp_path) == ["old"]
    assert (tmp_path / "old").read_bytes() == b"before"


async def test_a_deadline_ends_where_the_body_of_a_download_begins() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if request.path.endswith("late"):
            await CLOCK.sleep(1.0)
        await response.prepare(request)
        for _ in range(3):
            await CLOCK.sleep(0.2)
            await response.write(b"x")
        return response

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with serving(app) as url, Intercom("t", base_url=url, deadline_s=0.4) as intercom:
        async with intercom.data_exports.download("soon") as stream:
            assert await stream.read() == b"xxx"
        with pytest.raises(DeadlineError):
            await intercom.data_exports.download("late").__aenter__()
