"""How fast a webhook receiver answers at a steady rate: milliseconds, for each server.

Question: does the receiver answer 1,000 notifications a second within 100 ms (p99)? Intercom gives
a receiver 5 s, and lowers its priority when it takes more than 500 ms.

Each server runs in a process of its own and handles notifications in that process. Fifty
connections deliver at the rate that is asked for, 5 % of the notifications twice, in random order.
A latency is counted from the moment at which a delivery was due, so a client that falls behind does
not hide a slow server. `handled` must be the number of different notifications.

    python benchmarks/webhooks.py --seconds 10 --rate 1000
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import web

from intercom_async.webhooks import Notification, Webhooks
from intercom_async.webhooks.samples import sample

SECRET = "secret of a benchmark"  # noqa: S105 (it opens nothing)
CONNECTIONS = 50
DUPLICATES = 0.05
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)

webhooks = Webhooks(SECRET, max_queued=100_000)


begun_s: list[float] = []
"""CPU seconds of the server's process at its first notification."""


def cpu_s() -> float:
    """Return the CPU seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@webhooks.on("*")
async def handle(_: Notification[Any]) -> None:
    """Do nothing: the receiver is what is measured."""
    if not begun_s:
        begun_s.append(cpu_s())


def serve(server: str, listener: socket.socket) -> None:
    """Serve until the process is interrupted, then print what was handled."""
    with suppress(KeyboardInterrupt):
        SERVERS[server](listener)
    counted = webhooks.statistics()
    spent_s = cpu_s() - begun_s[0] if begun_s else 0.0
    found = {
        "handled": counted.handled,
        "cpu_ms_each": round(1_000 * spent_s / max(counted.received, 1), 3),
    }
    print(json.dumps(found), flush=True)


def serve_aiohttp(listener: socket.socket) -> None:
    """Serve by aiohttp's own server."""
    app = web.Application()
    app.add_routes(webhooks.aiohttp("/"))
    app.cleanup_ctx.append(webhooks.aiohttp_context)
    web.run_app(app, sock=listener, print=None, access_log=None)


def serve_uvicorn(listener: socket.socket) -> None:
    """Serve by uvicorn."""
    import uvicorn  # noqa: PLC0415 (one server a process)

    config = uvicorn.Config(webhooks.asgi(), log_level="error", access_log=False)
    asyncio.run(uvicorn.Server(config).serve([listener]))


def serve_hypercorn(listener: socket.socket) -> None:
    """Serve by hypercorn."""
    import hypercorn.asyncio  # noqa: PLC0415 (as above)
    from hypercorn.config import Config  # noqa: PLC0415 (as above)

    settings = Config()
    settings.bind = [f"fd://{listener.detach()}"]
    settings.loglevel = "ERROR"
    app: Any = webhooks.asgi()
    asyncio.run(hypercorn.asyncio.serve(app, settings))


SERVERS: dict[str, Callable[[socket.socket], None]] = {
    "aiohttp": serve_aiohttp,
    "uvicorn": serve_uvicorn,
    "hypercorn": serve_hypercorn,
}


def request_of(port: int, body: bytes) -> bytes:
    """Return a delivery as it goes over the wire: made before the run, so that it costs nothing."""
    head = (
        f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nUser-Agent: benchmark\r\nContent-Length: {len(body)}\r\n"
        f"X-Hub-Signature: {webhooks.sign(body)}\r\n\r\n"
    )
    return head.encode() + body


async def load(port: int, rate: float, seconds: float) -> tuple[int, list[float]]:
    """Deliver at a steady rate; return how many differ, and the latencies in seconds.

    Plain streams: an HTTP client would use more CPU than the server that is measured.
    """
    chance = random.Random(7)
    bodies = [sample("conversation.user.replied") for _ in range(round(rate * seconds))]
    repeated = chance.sample(bodies, round(len(bodies) * DUPLICATES))
    bodies[-len(repeated) :] = repeated
    chance.shuffle(bodies)
    deliveries = [request_of(port, body) for body in bodies]
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    latencies: list[float] = []

    async def deliver() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while True:
            due, request = await waiting.get()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = LENGTH.search(head)
            await reader.readexactly(int(length[1]) if length else 0)
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"answered {head[:40]!r}")
            latencies.append(time.perf_counter() - due)
            waiting.task_done()

    async with asyncio.TaskGroup() as group:
        workers = [group.create_task(deliver()) for _ in range(CONNECTIONS)]
        begin = time.perf_counter()
        for number, request in enumerate(deliveries):
            due = begin + number / rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            waiting.put_nowait((due, request))
        await waiting.join()
        for worker in workers:
            worker.cancel()
    return len(set(bodies)), sorted(latencies)


def measure(server: str, rate: float, seconds: float) -> dict[str, Any]:
    """Run one server and load it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        port, number = listener.getsockname()[1], listener.fileno()
        command = [sys.executable, str(Path(__file__)), "--serve", server, "--fd", str(number)]
        process = subprocess.Popen(command, pass_fds=[number], stdout=subprocess.PIPE)  # noqa: S603 (this file)
    try:
        different, latencies = asyncio.run(load(port, rate, seconds))
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    at = [round(latencies[int(len(latencies) * share)] * 1_000, 2) for share in (0.5, 0.99)]
    return {
        "server": server,
        "deliveries": len(latencies),
        "different": different,
        "p50_ms": at[0],
        "p99_ms": at[1],
        "max_ms": round(latencies[-1] * 1_000, 2),
        **json.loads(told.splitlines()[-1]),
    }


def main() -> None:
    """Measure every server, or serve."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rate", type=float, default=1_000.0, help="deliveries a second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--quick", action="store_true", help="two seconds for each server")
    parser.add_argument("--server", choices=SERVERS, help="only this one")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--serve", choices=SERVERS, help=argparse.SUPPRESS)
    parser.add_argument("--fd", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve, socket.socket(fileno=given.fd))
        return
    seconds = 2.0 if given.quick else given.seconds
    rows = [
        measure(server, given.rate, seconds)
        for server in ([given.server] if given.server else SERVERS)
    ]
    for row in rows:
        print(json.dumps(row))
    if given.json:
        Path(given.json).write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
