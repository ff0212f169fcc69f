"""Nothing that reads a big workspace holds other requests up: every step of an answer is short."""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from intercom_async.simulator import Simulator
from intercom_async.simulator.backend import Backend
from intercom_async.simulator.messages import Request
from intercom_async.simulator.routes import contacts, conversations, tickets
from intercom_async.simulator.schema.facts import endpoints
from intercom_async.simulator.seed.object_ids import segment_id
from intercom_async.simulator.store.conditions import Fields
from tests.support.descriptions import Described
from .exercise import Exercise

pytestmark = pytest.mark.once
MAX_STEP_S = 0.02
"""CPU seconds of one step at most, on a quick machine; on a slow one its lines tell."""
MAX_LINES = 200_000
"""Lines of Python that one step runs at most; a page of 150 conversations takes up to 153,000."""
SLOWEST = 5
"""How many times longer a step takes on the slowest machine, in Python's development mode: more is
work that no line shows, as sorting."""
BEGINNING = 3
"""Steps that are made of a scan by each field that can be searched."""
SORTED_BY = "statistics.time_to_first_close"

DONE = object()

Asked = tuple[str, str, Any]


class Big:
    """A big workspace in which much was written: more rows than one step can read."""

    def __init__(self) -> None:
        self.simulator = Simulator(
            contacts=30_000, companies=20_000, conversations=6_000, tickets=3_000
        )
        self.exercise = Exercise(self.simulator, "Preview")
        self.exercise.prepare()
        self.write(3_000)

    def write(self, count: int) -> None:
        """Change so many contacts and conversations, and move one contact between companies."""
        workspace = self.simulator.workspace
        for table in (workspace.contacts, workspace.conversations):
            for number in range(count):
                table.change(table.value_at(number, "id"))["updated_at"] += 1
        contact, company = self.exercise.ids["contact"], self.exercise.ids["company"]
        self.simulator.call("DELETE", f"/contacts/{contact}/companies/{company}")
        self.simulator.call("POST", f"/contacts/{contact}/companies", {"id": company})
        self.simulator.call("POST", "/companies", {"company_id": "new", "name": "New"})


@pytest.fixture(scope="module")
def big() -> Iterator[Big]:
    gc.disable()
    yield Big()
    gc.enable()


def backend_of(simulator: Simulator) -> Backend:
    backend: Backend = simulator._backend  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] (steps are seen nowhere else)
    return backend


def steps_of(simulator: Simulator, asked: Asked) -> Iterator[Any]:
    """Begin an answer; give its steps."""
    backend, (method, path, body) = backend_of(simulator), asked
    parts = urlsplit(path)
    headers = {
        "Authorization": f"Bearer {simulator.token}",
        "Accept": "*/*",
        "Intercom-Version": "Preview",
    }
    sent = b"" if body is None else json.dumps(body).encode()
    request = Request(method, parts.path, dict(parse_qsl(parts.query)), headers, sent)
    return iter(backend.respond_in_steps(backend.receive(request)))


def longest_step_s(simulator: Simulator, asked: Asked, most: int | None = None) -> float:
    """Make the steps of an answer, all or the first ones; return the CPU time of the longest."""
    steps = steps_of(simulator, asked)
    longest_s, made = 0.0, 0
    while most is None or made < most:
        begun_s = time.thread_time()
        is_done = next(steps, DONE) is DONE
        longest_s, made = max(longest_s, time.thread_time() - begun_s), made + 1
        if is_done:
            break
    return longest_s


def longest_step_lines(simulator: Simulator, asked: Asked, most: int | None = None) -> int:
    """Return the lines that the longest step runs; calls and returns count as lines."""
    count = 0

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal count
        del frame, event, arg
        count += 1
        return trace

    steps = steps_of(simulator, asked)
    longest, made, before = 0, 0, sys.gettrace()
    while most is None or made < most:
        count = 0
        sys.settrace(trace)
        try:
            is_done = next(steps, DONE) is DONE
        finally:
            sys.settrace(before)
        longest, made = max(longest, count), made + 1
        if is_done:
            break
    return longest


def check(simulator: Simulator, every: list[Asked], most: int | None = None) -> None:
    """Measure each; of one that takes long the lines are counted: the machine changes nothing."""
    slow = [one for one in every if longest_step_s(simulator, one, most) > MAX_STEP_S]
    assert [one for one in slow if _is_long(simulator, one, most)] == []


def _is_long(simulator: Simulator, asked: Asked, most: int | None) -> bool:
    backend = backend_of(simulator)
    backend.restore(backend.snapshot())  # kept answers would hide what was slow
    if longest_step_lines(simulator, asked, most) > MAX_LINES:
        return True
    backend.restore(backend.snapshot())
    return longest_step_s(simulator, asked, most) > SLOWEST * MAX_STEP_S


def lists(big: Big) -> list[Asked]:
    """Return every GET, with ids of records that exist."""
    found: list[Asked] = []
    for method, path in sorted(endpoints()):
        if method == "GET":
            described = Described(method, path, [], [], {}, is_form=False)
            query = big.exercise.query(described)
            found.append((method, f"{big.exercise.path(described)}?{urlencode(query)}", None))
    return found


def search_of(kind: str, field: str, value: Any, operator: str = "=", **more: Any) -> Asked:
    query = {"field": field, "operator": operator, "value": value}
    return "POST", f"/{kind}/search", {"query": query, "pagination": {"per_page": 150}, **more}


def by_every_field(kind: str, fields: Fields) -> list[Asked]:
    names = sorted((fields.known | fields.special.keys()) - fields.dates)
    return [search_of(kind, name, None) for name in names]


def whole(big: Big) -> list[Asked]:
    """Return lists and searches that walk or sort everything."""
    company = big.exercise.ids["company"]
    return [
        ("GET", "/companies?tag_id=101", None),
        ("GET", f"/companies?segment_id={segment_id(4)}", None),
        ("GET", "/segments?include_count=true", None),
        ("GET", "/segments?type=company&include_count=true", None),
        ("GET", f"/companies/{company}/contacts", None),
        ("POST", "/companies/list", {}),
        search_of("companies", "user_count", 3, ">"),
        search_of("companies", "name", "a", "~", sort={"field": "user_count"}),
        search_of("contacts", "segment_id", segment_id(0), sort={"field": "name"}),
        search_of("conversations", "source.body", "a", "~"),
        search_of("conversations", "open", value=True, sort={"field": SORTED_BY}),
        search_of("tickets", "title", "a", "~"),
    ]


def test_every_list_is_made_of_short_steps(big: Big) -> None:
    every = lists(big)
    check(big.simulator, [*every, *whole(big)])
    statuses = big.simulator.statuses
    assert max(statuses) < 500
    assert statuses[200] > 100  # a few lack a parameter, or are gone from Preview


def test_lists_and_searches_are_made_of_short_steps_after_a_write(big: Big) -> None:
    check(big.simulator, whole(big))
    for count in (1, 3_000):
        big.write(count)
        check(big.simulator, [("GET", "/companies", None), *whole(big)])


def test_what_many_writes_have_changed_is_looked_at_in_short_steps() -> None:
    """The first questions after thousands of writes, and after a snapshot that has them."""
    simulator = Simulator(contacts=12_000, companies=3, conversations=0, tickets=0)
    table, company = simulator.workspace.contacts, simulator.workspace.companies.value_at(1, "id")
    for number in range(8_000):
        table.change(table.value_at(number, "id"))["name"] = "Changed"
    for number in range(3_000):
        row = table.change(table.value_at(number, "id"))
        row["_archived"] = True
    articles = simulator.workspace.articles
    articles.fill(next(iter(articles)) | {"id": str(number)} for number in range(9_000, 15_000))
    asked: list[Asked] = [
        ("GET", "/contacts/deleted", None),
        ("GET", "/articles", None),
        ("GET", "/articles/search?phrase=a", None),
        ("GET", "/companies", None),
        ("GET", f"/companies/{company}/contacts", None),
        ("POST", "/companies/search", {"query": {"field": "name", "operator": "~", "value": "a"}}),
    ]
    gc.disable()
    try:
        check(simulator, asked)
        backend = backend_of(simulator)
        backend.restore(backend.snapshot())
        check(simulator, [("POST", "/contacts", {"email": "new@example.com"}), *asked])
    finally:
        gc.enable()


def test_every_search_by_a_field_begins_with_short_steps(big: Big) -> None:
    every = [
        *by_every_field("contacts", contacts.FIELDS),
        *by_every_field("conversations", conversations.FIELDS),
        *by_every_field("tickets", tickets.FIELDS),
    ]
    assert len(every) > 100
    check(big.simulator, every, BEGINNING)
