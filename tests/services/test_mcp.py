"""The server for assistants, asked by the protocol's own client."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from intercom_async import Intercom, RetryPolicy
from intercom_async.integrations._plain_text import LONGEST_TEXT, plain_text
from intercom_async.simulator import Simulator
from .node import Node

mcp: Any = pytest.importorskip("mcp", reason="the extra mcp is not installed")

from intercom_async.integrations import mcp as integration  # noqa: E402 (skipped without it)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(contacts=60, conversations=20, tickets=5, seed=3) as running:
        yield running


@asynccontextmanager
async def assistant(simulator: Simulator, **options: Any) -> AsyncGenerator[Any]:
    def make() -> Intercom:
        return Intercom(token=simulator.token, base_url=simulator.url, **options)

    async with mcp.Client(integration.server(make)) as client:
        yield client


async def ask(client: Any, tool: str, **arguments: Any) -> Any:
    """Call a tool and return what it answers."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    found = result.structured_content
    return found.get("result", found)


async def refused(client: Any, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return str(result.content[0].text)


async def test_there_are_eight_tools_and_all_only_read(simulator: Simulator) -> None:
    async with assistant(simulator) as client:
        tools = (await client.list_tools()).tools
        assert "never" in client.instructions
    assert sorted(tool.name for tool in tools) == [
        "count",
        "find_articles",
        "get_article",
        "get_contact",
        "get_conversation",
        "search_contacts",
        "search_conversations",
        "whoami",
    ]
    assert all(tool.annotations.read_only_hint and tool.description for tool in tools)


async def test_contacts_are_found_and_shown(simulator: Simulator) -> None:
    async with assistant(simulator) as client:
        found = await ask(client, "search_contacts", limit=5)
        assert len(found) == 5
        one = await ask(client, "get_contact", contact_id=found[0]["id"])
        assert one["id"] == found[0]["id"]
        assert "custom_attributes" in one
        with_email = next(each for each in found if each["email"])
        same = await ask(client, "get_contact", email=with_email["email"])
        assert same["id"] == with_email["id"]
        part = with_email["email"].split("@")[0]
        again = await ask(client, "search_contacts", text=part)
        assert with_email["id"] in [each["id"] for each in again]


async def test_conversations_are_shown_as_plain_text(simulator: Simulator) -> None:
    async with assistant(simulator) as client:
        found = await ask(client, "search_conversations", limit=3)
        assert len(found) == 3
        whole = await ask(client, "get_conversation", conversation_id=found[0]["id"])
        assert whole["messages"]
        assert "<p>" not in str(whole)
        closed = await ask(client, "search_conversations", state="closed")
        assert {each["state"] for each in closed} <= {"closed"}


async def test_articles_are_found_and_shown(simulator: Simulator) -> None:
    async with assistant(simulator) as client:
        found = await ask(client, "find_articles", phrase="a", limit=2)
        if found:
            article = await ask(client, "get_article", article_id=found[0]["id"])
            assert article["text"]
            assert "<" not in article["text"]


async def test_counts_are_the_servers(simulator: Simulator) -> None:
    async with assistant(simulator) as client:
        assert await ask(client, "count", what="contacts") == {"count": 60}
        assert await ask(client, "count", what="tickets") == {"count": 5}
        states = [
            (await ask(client, "count", what="conversations", state=state))["count"]
            for state in ("open", "closed", "snoozed")
        ]
        assert sum(states) == 20
        assert "state" in await refused(client, "count", what="contacts", state="open")


async def test_whoami_shows_workspace_and_limit_and_no_token(simulator: Simulator) -> None:
    async with assistant(simulator) as client:
        found = await ask(client, "whoami")
    assert found["rate_limit"]["calls_a_window"] > 0
    assert simulator.token not in str(found)


@pytest.mark.parametrize("limit", [0, -1, 51, 10_000])
async def test_an_answer_has_a_cap(simulator: Simulator, limit: int) -> None:
    async with assistant(simulator) as client:
        assert "limit" in await refused(client, "search_contacts", limit=limit)
        assert len(await ask(client, "search_contacts", limit=50)) == 50


async def test_what_is_not_there_and_what_fails_is_one_plain_line(simulator: Simulator) -> None:
    async with assistant(simulator, retry=RetryPolicy(max_attempts=1)) as client:
        text = await refused(client, "get_contact", contact_id="5f7f0d217289f8d2f4262080")
        assert "no such thing" in text
        assert "5f7f" not in text
        simulator.faults.add(status=500)
        assert "500" in await refused(client, "whoami")


ODD: list[tuple[str, dict[str, Any], str]] = [
    ("get_contact", {}, "give contact_id or email"),
    ("get_contact", {"contact_id": "../me"}, "no such thing"),
    ("get_contact", {"contact_id": "search"}, "no such thing"),
    ("get_contact", {"contact_id": "deleted"}, "cannot be sent"),
    ("get_contact", {"contact_id": 5}, "valid string"),
    ("get_conversation", {"conversation_id": ""}, "conversation_id is empty"),
    ("get_conversation", {}, "Field required"),
    ("get_article", {"article_id": "search"}, "cannot be sent"),
    ("search_contacts", {"role": "boss"}, "'user' or 'lead'"),
    ("search_contacts", {"limit": 2.5}, "integer"),
    ("count", {"what": "tags"}, "'contacts', 'conversations' or 'tickets'"),
    ("nonsense", {}, "Unknown tool"),
]


async def test_odd_arguments_are_refused_with_the_reason(simulator: Simulator) -> None:
    async with assistant(simulator) as client:
        for tool, arguments, said in ODD:
            assert said in await refused(client, tool, **arguments), (tool, arguments)
        assert isinstance(await ask(client, "search_conversations", words="word " * 500), list)
        assert await ask(client, "find_articles", phrase="   ") == []
        assert await ask(client, "search_contacts", text="x" * 5_000) == []


async def test_a_spent_budget_says_when_to_try_again() -> None:
    async with (
        Simulator(contacts=2, app_per_minute=12) as simulator,
        assistant(simulator, max_wait_s=0.01) as client,
    ):
        results = [await client.call_tool("whoami", {}) for _ in range(4)]
    texts = [str(result.content[0].text) for result in results if result.is_error]
    assert texts
    assert "try again in" in texts[0]


async def test_the_command_serves_over_stdio(simulator: Simulator) -> None:
    arguments = ["-m", "intercom_async", "mcp", "--base-url", simulator.url]
    parameters = mcp.StdioServerParameters(
        command=sys.executable, args=arguments, env={"INTERCOM_TOKEN": simulator.token}
    )
    async with mcp.Client(parameters) as client:
        assert await ask(client, "count", what="contacts") == {"count": 60}


INSPECTOR = "@modelcontextprotocol/inspector@0.15.0"


@pytest.fixture(scope="module")
def inspector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command line of the protocol's own inspector."""
    node = Node(tmp_path_factory.mktemp("inspector"), [INSPECTOR])
    return node.folder / "node_modules" / ".bin" / "mcp-inspector"


async def test_the_inspector_lists_and_calls_the_tools(
    simulator: Simulator, inspector: Path
) -> None:
    served = [sys.executable, "-m", "intercom_async", "mcp", "--base-url", simulator.url]
    environment = ["-e", f"INTERCOM_TOKEN={simulator.token}", "-e", f"PYTHONPATH={Path.cwd()}"]

    async def inspected(*arguments: str) -> Any:
        command = [str(inspector), "--cli", *environment, *served, "--method", *arguments]
        with anyio.fail_after(60):
            done = await anyio.run_process(command)
        return json.loads(done.stdout)

    tools = (await inspected("tools/list"))["tools"]
    call = ("tools/call", "--tool-name", "count", "--tool-arg")
    counted = await inspected(*call, "what=contacts")
    refused = await inspected(*call, "what=nonsense")

    assert len(tools) == 8
    assert all(tool["annotations"]["readOnlyHint"] for tool in tools)
    assert counted["structuredContent"] == {"count": 60}
    assert refused["isError"]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (None, ""),
        ("<p>One</p><p>Two &amp; three</p>", "One\nTwo & three"),
        ("plain", "plain"),
        ("<b>half", "half"),
    ],
)
def test_html_becomes_plain_text(html: str | None, text: str) -> None:
    assert plain_text(html) == text


def test_a_long_text_is_cut_and_says_so() -> None:
    assert plain_text("x" * (LONGEST_TEXT + 100)).endswith("… (100 more characters)")
