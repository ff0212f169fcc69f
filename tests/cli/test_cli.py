"""The command line as a user runs it: a process, or, where that makes no difference, a thread."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from aiohttp import web

from intercom_async.simulator import Simulator
from tests.support.loopback import serving
from tests.support.platforms import posix_shell, posix_signals
from .conftest import Run

pytest.importorskip("cyclopts")

from intercom_async.cli.connection import Connection

NOBODY = "http://127.0.0.1:1"
pytestmark = pytest.mark.anyio


@asynccontextmanager
async def simulated(**options: Any) -> AsyncGenerator[dict[str, str]]:
    async with Simulator(contacts=20, conversations=5, **options) as simulator:
        yield {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}


async def run(
    *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, **(environment or {}), "NO_COLOR": "1", "COLUMNS": "100"}
    with anyio.fail_after(60):
        return await anyio.run_process(
            [sys.executable, "-m", "intercom_async", *arguments], check=False, env=env
        )


async def test_whoami_shows_workspace_and_limits() -> None:
    async with simulated() as environment:
        done = await run("whoami", environment=environment)
    assert done.returncode == 0, done.stderr
    found = msgspec.json.decode(done.stdout)
    assert found["email"]
    assert found["workspace"]["region"]
    assert found["limit_per_window"] == 1667


async def test_api_is_what_curl_was(tmp_path: Path, run_here: Run) -> None:
    async with simulated() as environment:
        listed = await run_here("api", "GET", "/contacts?per_page=5", environment=environment)
        assert len(msgspec.json.decode(listed.stdout)["data"]) == 5

        body = '{"email":"cli@example.com","name":"Cli"}'
        made = await run_here("api", "POST", "/contacts", "-d", body, environment=environment)
        identity = msgspec.json.decode(made.stdout)["id"]

        file = tmp_path / "body.json"
        file.write_text('{"name":"File"}')
        path = f"/contacts/{identity}"
        from_file = await run_here("api", "PUT", path, "-d", f"@{file}", environment=environment)
        assert msgspec.json.decode(from_file.stdout)["name"] == "File"

        piped = await run_here(
            "api", "PATCH", path, "-d", "-", environment=environment, given=b'{"name":"Pipe"}'
        )
        assert msgspec.json.decode(piped.stdout)["name"] == "Pipe"

        gone = await run_here("api", "DELETE", path, environment=environment)
        assert msgspec.json.decode(gone.stdout)["deleted"] is True


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (("GET", "/contacts?per_page=7"), 20),
        (("GET", "/conversations?per_page=2"), 5),
        (
            (
                "POST",
                "/contacts/search",
                "-d",
                '{"query":{"field":"role","operator":"=","value":"user"},"pagination":{"per_page":3}}',
            ),
            12,
        ),
        (("GET", "/admins"), 1),
        (("POST", "/companies/list?per_page=3"), 8),
        (("GET", "/articles?per_page=20"), 20),
    ],
)
async def test_any_list_can_be_followed_to_its_end(
    arguments: tuple[str, ...], count: int, run_here: Run
) -> None:
    async with simulated(companies=30) as environment:
        done = await run_here("api", *arguments, "--paginate", environment=environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    rows = [msgspec.json.decode(line) for line in done.stdout.splitlines()]
    assert len(rows) >= count
    assert len({row["id"] for row in rows}) == len(rows)


async def test_a_verb_in_any_case_none_and_fields_are_understood(run_here: Run) -> None:
    async with simulated() as environment:
        fields = ("-f", "email=f@example.com", "-f", "custom_attributes[plan]=pro")
        more = ("-f", "signed_up_at:=1700000000")
        made = await run_here("api", "post", "/contacts", *fields, *more, environment=environment)
        shown = msgspec.json.decode(made.stdout)
        assert shown["custom_attributes"]["plan"] == "pro"
        assert shown["signed_up_at"] == 1_700_000_000
        listed = await run_here("api", "/contacts", "-f", "per_page=2", environment=environment)
        assert len(msgspec.json.decode(listed.stdout)["data"]) == 2


async def test_an_error_has_its_body_and_headers_on_stdout(run_here: Run) -> None:
    async with simulated() as environment:
        done = await run_here("api", "GET", "/contacts/none", "--include", environment=environment)
    assert done.returncode == 1
    head, _, body = done.stdout.partition(b"\n\n")
    assert head.startswith(b"HTTP/1.1 404 Not Found\n")
    assert b"X-RateLimit-Limit: 1667" in head
    assert msgspec.json.decode(body)["errors"][0]["code"] == "not_found"
    assert done.stderr.count(b"\n") == 1
    assert b"answered 404" in done.stderr


async def test_an_error_has_its_body_on_stdout_while_pages_are_followed(run_here: Run) -> None:
    async with simulated() as environment:
        done = await run_here("api", "/nowhere", "--paginate", environment=environment)
    assert done.returncode == 1
    assert msgspec.json.decode(done.stdout)["errors"][0]["code"] == "not_found"


async def test_what_the_doctor_has_saved_is_used_by_other_commands(
    run_here: Run, tmp_path: Path
) -> None:
    async with Simulator(contacts=3, app_per_minute=6_000) as simulator:
        environment = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
        path = str(tmp_path / "doctor.json")
        (tmp_path / "doctor.json").write_text('{"region": "eu", "app_per_minute": 60}')
        slow = Connection(settings=Path(path), token=simulator.token).client()
        # The region of the file is not asked where the environment names a simulator.
        done = await run_here("whoami", "--settings", path, environment=environment)
    assert done.returncode == 0, done.stderr
    assert slow.region == "eu"
    async with slow:
        assert slow.statistics().app.limit == 10


async def test_a_body_that_is_no_json_comes_as_it_is(run_here: Run) -> None:
    rows = gzip.compress(b"id,name\n1,Ann\n")

    async def answer(request: web.Request) -> web.Response:
        body = rows if request.path == "/rows" else b"a,b\n"
        return web.Response(body=body, content_type="text/csv")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with serving(app) as url:
        environment = {"INTERCOM_TOKEN": "t", "INTERCOM_BASE_URL": url}
        text = await run_here("api", "GET", "/text", environment=environment)
        packed = await run_here("api", "GET", "/rows", environment=environment)
    assert text.stdout == b"a,b\n"
    assert packed.stdout == rows


async def test_paginate_prints_an_object_and_sends_no_write(run_here: Run) -> None:
    async with Simulator(contacts=3, conversations=1) as simulator:
        environment = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
        me = await run_here("api", "/me", "--paginate", environment=environment)
        note = ("/contacts/1/notes", "-f", "body=x", "--paginate")
        before = simulator.requests
        refused = await run_here("api", "POST", *note, environment=environment)
        assert simulator.requests == before
    assert msgspec.json.decode(me.stdout)["email"]
    assert me.stdout.count(b"\n") == 1
    assert refused.returncode == 2


@pytest.mark.once
@posix_signals
async def test_a_simulator_runs_until_it_is_interrupted() -> None:
    process = await anyio.open_process(
        [sys.executable, "-m", "intercom_async", "simulate", "--port=0", "--contacts=5"],
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"},
    )
    async with process:
        assert process.stdout is not None
        assert process.stderr is not None
        seen = b""
        with anyio.fail_after(60):
            while b"INTERCOM_TOKEN=" not in seen or not seen.endswith(b"\n"):
                seen += await process.stdout.receive()
        told = dict(line.split("=", 1) for line in seen.decode().splitlines() if "=" in line)
        done = await run("api", "GET", "/contacts", environment=told)
        assert len(msgspec.json.decode(done.stdout)["data"]) == 5
        process.send_signal(signal.SIGINT)
        with anyio.fail_after(60):
            rest = b"".join([part async for part in process.stderr])
        assert await process.wait() == 0
    assert b"1 requests (1 \xc3\x97 200)" in rest
    local = Simulator(contacts=5)  # the same seed, so the same app
    assert f"\nINTERCOM_CLIENT_ID={local.client_id}\n".encode() in rest
    assert f"\nINTERCOM_CLIENT_SECRET={local.client_secret}\n".encode() in rest


async def test_the_workflows_run_from_the_command_line(run_here: Run) -> None:
    async with simulated() as environment:

        async def api(*arguments: str) -> Any:
            done = await run_here("api", *arguments, environment=environment)
            assert done.returncode == 0, done.stderr
            return msgspec.json.decode(done.stdout)

        me = await api("GET", "/me")
        query = '{"query":{"field":"state","operator":"=","value":"open"}}'
        found = await api("POST", "/conversations/search", "-d", query)
        for conversation in found["conversations"][:2]:
            part = {
                "message_type": "comment",
                "type": "admin",
                "admin_id": me["id"],
                "body": "We are on it.",
            }
            path = f"/conversations/{conversation['id']}/parts"
            answered = await api("POST", path, "-d", msgspec.json.encode(part).decode())
            parts = answered["conversation_parts"]["conversation_parts"]
            assert "We are on it." in parts[-1]["body"]

        contact = await api("POST", "/contacts", "-d", '{"email":"ann@example.com"}')
        company = await api("POST", "/companies", "-d", '{"company_id":"k","name":"K"}')
        body = msgspec.json.encode({"id": company["id"]}).decode()
        attached = await api("POST", f"/contacts/{contact['id']}/companies", "-d", body)
        assert attached["id"] == company["id"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((), 0, "demo"),
        (("--version",), 0, "."),
        (("--help",), 0, "whoami"),
        (("nonsense",), 2, "nonsense"),
        (("api", "GET"), 2, "PATH"),
        (("api", "/me", "-d", "{}", "-f", "a=1"), 2, "not both"),
        (("api", "POST", "/contacts", "-f", "a=1", "-f", "a=2"), 2, "twice"),
        (("api", "POST", "/contacts", "-f", "a:=x"), 2, "not JSON"),
        (("api", "POST", "/contacts", "--paginate"), 2, "lists and searches"),
        (("api", "GET", "/contacts", "-i", "--paginate"), 2, "--include"),
        (("api",), 2, "PATH"),
        (("api", "", ""), 2, "PATH"),
        (("api", "HEAD", "/me"), 2, "HEAD"),
        (("api", "https://api.intercom.io/me"), 2, "slash"),
        (("api", "GET", "//evil.example/me"), 2, "slash"),
        (("api", "GET", "/me", "extra"), 2, "extra"),
        (("api", "POST", "/contacts", "-d", "\udcff"), 2, "not JSON"),
        (("api", "GET", "/contacts", "-f", "a[b]=1"), 2, "list"),
        (("api", "FETCH", "/me"), 2, "FETCH"),
        (("api", "GET", "contacts"), 2, "slash"),
        (("api", "POST", "/contacts", "-d", "{"), 2, "not JSON"),
        (("api", "POST", "/contacts", "-d", "@/no/such/file"), 2, "/no/such/file"),
        (("api", "POST", "/contacts", "-d", "@/"), 2, "cannot be read"),
        (("api", "/contacts", "-d", "{}"), 2, "api POST PATH"),
        (("api", "get", "/contacts", "-d", "{}"), 2, "api POST PATH"),
        (("whoami", "--region", "moon"), 2, "moon"),
        (("whoami", "--version", "two"), 2, "2.14"),
        (("whoami", "--base-url", "http://api.intercom.io"), 2, "https"),
        (("whoami", "me"), 2, "'me'"),
        (("sync", "--form", "jsonl"), 2, "intercom-async sync --help"),
        (("sync", "--to"), 2, "--to requires"),
        (("simulate", "--contacts", "many"), 2, "many"),
        (("simulate", "--contacts", "-1"), 2, "--contacts. Must be >= 0"),
        (("simulate", "--quirk", "lag=1"), 2, "lag"),
        (("simulate", "--data", "nowhere.jsonl"), 2, "nowhere.jsonl"),
    ],
)
async def test_a_wrong_use_is_one_clear_message(
    arguments: tuple[str, ...], code: int, says: str, run_here: Run
) -> None:
    done = await run_here(*arguments)
    assert done.returncode == code
    assert says in (done.stdout + done.stderr).decode()
    assert b"Traceback" not in done.stderr
    if code:
        assert done.stderr.startswith(b"error: ")
        assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (0, "0.0 s"),
        (0.004, "under 0.1 s"),
        (9.26, "9.3 s"),
        (61, "1 min 01 s"),
        (7_260, "2 h 01 min"),
    ],
)
def test_times_are_said_as_people_do(seconds: float, says: str) -> None:
    from intercom_async.cli.sync_view import duration  # noqa: PLC0415 (an extra)

    assert duration(seconds) == says


async def test_no_token_says_where_to_put_one() -> None:
    done = await run("whoami")
    assert done.returncode == 2
    assert b"INTERCOM_TOKEN" in done.stderr


async def test_a_failure_is_one_line_and_the_token_is_not_in_it(run_here: Run) -> None:
    async with simulated() as environment:
        done = await run_here(
            "whoami", environment={**environment, "INTERCOM_TOKEN": "wrong-token"}
        )
    assert done.returncode == 1
    assert done.stdout == b""
    assert b"401" in done.stderr
    assert b"wrong-token" not in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("status", "body"), [(404, "{}"), (200, "<html>hello</html>"), (200, '{"hello": 1}')]
)
async def test_a_server_that_is_no_intercom_is_told_with_where_to_look(
    status: int, body: str, run_here: Run
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with serving(app) as url:
        environment = {"INTERCOM_TOKEN": "t", "INTERCOM_BASE_URL": url}
        done = await run_here("whoami", environment=environment)

    assert done.returncode == 1
    assert b"check --base-url, INTERCOM_BASE_URL" in done.stderr


async def test_a_missing_permission_and_no_network_say_what_to_look_at(run_here: Run) -> None:
    async with Simulator(contacts=5, conversations=2) as simulator:
        simulator.faults.add(path="/me", status=403)
        environment = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
        forbidden = await run_here("whoami", environment=environment)
    nobody = await run_here("whoami", environment={**environment, "INTERCOM_BASE_URL": NOBODY})

    assert (forbidden.returncode, nobody.returncode) == (1, 1)
    assert b"permissions of the app" in forbidden.stderr
    assert b"check the network" in nobody.stderr
    assert forbidden.stderr.count(b"\n") == nobody.stderr.count(b"\n") == 1


@pytest.mark.once
@posix_shell
async def test_a_reader_that_has_enough_is_no_error() -> None:
    # More than a pipe holds, so that there is somebody to tell.
    async with Simulator(contacts=300, conversations=2) as simulator:
        command = f"{sys.executable} -m intercom_async api GET /contacts --paginate"
        done = await anyio.run_process(
            ["sh", "-c", f'{{ {command}; echo "code $?" >&2; }} | head -c 100'],
            env={
                **os.environ,
                "INTERCOM_TOKEN": simulator.token,
                "INTERCOM_BASE_URL": simulator.url,
            },
        )

    assert len(done.stdout) == 100
    assert done.stderr == b"code 141\n"


@pytest.mark.once
async def test_a_sync_names_what_is_missing_and_ends_with_3(tmp_path: Path, run_here: Run) -> None:
    target = tmp_path / "target"
    streams = ["contacts", "companies", "conversations", "tickets", "articles", "tags"]
    async with Simulator(contacts=900, conversations=60, companies=70, tickets=20) as simulator:
        simulator.faults.add(rate=0.05, status=503)
        simulator.faults.add(rate=0.02, drop="after")
        simulator.faults.add(path="/tickets", status=403)
        environment = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
        arguments = ("sync", "--to", str(target), "--streams", *streams)
        done = await run_here(*arguments, environment=environment)
        report = await run_here(*arguments, "--json", environment=environment)
        simulator.faults.clear()
        last = await run_here(*arguments, environment=environment)
        again = await run_here(*arguments, environment=environment)

    said = done.stderr.decode()
    assert done.returncode == 3, said
    assert "tickets" in said
    assert "403" in said
    assert "Traceback" not in said
    assert report.returncode == 3
    failures = msgspec.json.decode(report.stdout)["failures"]
    assert [(each["stream"], each["what"]) for each in failures] == [("tickets", "all of it")]
    counts = {name: len((target / f"{name}.jsonl").read_bytes().splitlines()) for name in streams}
    assert counts["contacts"] == 900
    assert (counts["companies"], counts["conversations"], counts["tickets"]) == (70, 60, 20)
    assert last.returncode == 0, last.stderr
    assert again.returncode == 0
    assert b"nothing new" in again.stderr


async def test_the_demo_ends_well_and_touches_no_real_workspace() -> None:
    done = await run(
        "demo",
        "--contacts=300",
        "--conversations=40",
        "--per-minute=1200",
        environment={"INTERCOM_TOKEN": "real", "INTERCOM_BASE_URL": "http://127.0.0.1:1"},
    )
    assert done.returncode == 0, done.stderr
    assert b"429 responses" in done.stdout
    assert b"300 + 40" in done.stdout
