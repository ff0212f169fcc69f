"""The way from a client to the server of a history: counts calls, and fails as the run says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate, parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

import anyio
import msgspec

from intercom_async.clock import CLOCK
from intercom_async.errors import (
    ConnectError,
    ConnectionLostError,
    RequestTimeoutError,
    TransportError,
)
from intercom_async.transport.base import Reply, Request
from . import files
from .crashing_disk import Killed
from .cursors import MISLEADING, with_body
from .search_index import STREAMS as SEARCHES
from .spoilt import is_unreadable, keys_of, spoilt
from .steps import Change, Failure, Run, Settings
from .workspace import Workspace

SLOW_S = 25
"""Seconds that a slow answer takes: fewer than a call waits for."""
AGREED_S = 3_600
"""Seconds by which two clocks differ at most that seem to agree."""
RELAPSE_CALLS = 3
"""Calls that are answered between the two parts of an outage that comes back."""
CLOCKS = ("no_date", "no_clock", "wrong_date")
MOST_CALLS = 6_000
"""Calls after which a run that does not end is a finding."""


class EndlessRunError(Exception):
    """A run that goes on and on."""


class Strike(NamedTuple):
    """A failure that concerns an answer."""

    failure: Failure
    number: int
    """How many answers it has concerned, this one included."""


class Network:
    """Answers the calls of one run.

    Args:
        answer: The server.
        workspace: What changes during calls.
        settings: Page sizes and latency.
        run: What is to happen.
        stop: Set when the run is to stop.
    """

    def __init__(
        self,
        answer: Callable[[Request], Awaitable[Reply | TransportError]],
        workspace: Workspace,
        settings: Settings,
        run: Run,
        stop: anyio.Event,
    ) -> None:
        self._answer = answer
        self._workspace = workspace
        self._settings = settings
        self._run = run
        self._stop = stop
        self._seen: Counter[int] = Counter()
        self._came_short: Counter[str] = Counter()
        self._misleads = any(failure.kind in MISLEADING for failure in run.failures)
        self._down_until = -1.0
        self._relapse_s, self._answered = 0, 0
        self._poisoned = self._poisoned_keys()
        self._extra: dict[int, Callable[[], Awaitable[None]]] = {}
        self.calls: int = 0
        self.paths: list[str] = []
        self.is_stranger: bool = False
        """Whether the token is of another workspace."""
        self.known: Mapping[str, frozenset[str]] = {}
        """Streams of which the target has rows, with the keys of those that are live."""
        self.stopped_at: float | None = None
        """When the run was told to stop."""

    @property
    def poisoned(self) -> frozenset[str]:
        """The records whose pages fail."""
        return frozenset(self._poisoned.values())

    @property
    def is_killed(self) -> bool:
        """Whether the call is reached at which the process ends."""
        return 0 < self._run.kill_at_call <= self.calls

    def _poisoned_keys(self) -> dict[int, str]:
        """Return the record that each failure of kind poison is about, by the failure's place."""
        found: dict[int, str] = {}
        for place, failure in enumerate(self._run.failures):
            if failure.kind == "poison":
                stream = failure.path.strip("/").split("/")[0] or "contacts"
                key = self._workspace.pick(stream, failure.pick)
                if key is not None:
                    found[place] = key
        return found

    async def change(self, change: Change) -> None:
        """Change the workspace between two calls."""
        await self._workspace.apply(change)

    def at_call(self, number: int, work: Callable[[], Awaitable[None]]) -> None:
        """Do something before the answer to the n-th call."""
        self._extra[number] = work

    async def __call__(self, request: Request) -> Reply | TransportError:
        """Answer one call."""
        self.calls += 1
        if self.calls > MOST_CALLS:
            raise EndlessRunError(f"{self.calls} calls")
        path = urlsplit(request.url).path
        self.paths.append(f"{request.method} {path}")
        await self._happen()
        await CLOCK.sleep(self._settings.latency_s)
        struck = self._struck(path)
        early = await self._early(struck, request)
        if early is not None:
            return early
        if request.url.startswith(files.HOST):
            kinds = {one.failure.kind for one in struck}
            return files.answer(request.url, self._workspace.now(), kinds)
        reply = await self._led(request, path)
        if isinstance(reply, TransportError):
            return reply
        reply = self._workspace.drift.shown(path, self._zoned(path, reply))
        reply = self._workspace.unmoved.shown(path, reply)
        reply = files.signed(reply, self._workspace.now())
        status = self._poison(path, reply)
        if status:
            return Reply(status, reply.headers, b'{"type":"error.list","errors":[]}')
        for strike in struck:
            reply = self._spoilt(strike, request, path, reply)
        if (self._settings.cursor_s or self._misleads) and not is_unreadable(reply):
            self._workspace.cursors.note(request, path, reply, self._workspace.now())
        return reply

    async def _led(self, request: Request, path: str) -> Reply | TransportError:
        """Let the server answer, unless the place that is asked for is not known any longer."""
        asked = self._workspace.cursors.admit(self._small(request), path, self._workspace.now())
        return asked if isinstance(asked, Reply) else await self._served(asked, path)

    def _spoilt(self, strike: Strike, request: Request, path: str, reply: Reply) -> Reply:
        """Return an answer with what one failure does to it."""
        kind = strike.failure.kind
        if kind in CLOCKS:
            return Reply(reply.status, self._misdated(strike.failure, reply.headers), reply.body)
        if kind in MISLEADING and not is_unreadable(reply):
            return self._workspace.cursors.mislead(kind, request, path, reply)
        is_right = self._is_all_there_is(strike, path, reply)
        return reply if is_right else spoilt(strike.failure, reply)

    def _misdated(self, failure: Failure, headers: Mapping[str, str]) -> dict[str, str]:
        """Return headers that do not tell the time, or a wrong one.

        Where this machine's clock agrees with the wrong one, a third tells: else nothing could.
        """
        is_agreed = abs(CLOCK.unix() - self._workspace.now() - failure.pick) <= AGREED_S
        hides_date_only = failure.kind == "no_date" or (failure.kind == "wrong_date" and is_agreed)
        hidden = ("date",) if hides_date_only else ("date", "x-ratelimit-reset")
        kept = {key: value for key, value in headers.items() if key.lower() not in hidden}
        if failure.kind == "wrong_date" and "Date" in headers:
            moment = parsedate_to_datetime(headers["Date"]).timestamp() + failure.pick
            kept["Date"] = formatdate(moment, usegmt=True)
        return kept

    def _is_all_there_is(self, strike: Strike, path: str, reply: Reply) -> bool:
        """Say whether nothing could tell a failing answer from one that is right.

        A list without a count that comes short each time is a shorter list, unless the target has
        a row that it lacks. Where it has all that the target has, a later run reads it once: then a
        single answer is. One that is empty and counts nothing is an empty list.
        """
        is_again = False
        if strike.failure.kind in ("empty", "short"):
            self._came_short[path] += 1
            is_again = self._came_short[path] > 1
        held = self.known.get(path.strip("/").partition("/")[0])
        if strike.failure.kind == "none":
            return held is None
        if b'"total_count"' in reply.body:
            return False
        return held <= keys_of(spoilt(strike.failure, reply)) if held else is_again

    async def _happen(self) -> None:
        """Let happen what happens right before the answer to this call."""
        run = self._run
        for during in run.during:
            if during.call == self.calls:
                await self._workspace.apply(during.change)
        if self.calls in self._extra:
            await self._extra.pop(self.calls)()
        if run.stop_at_call == self.calls:
            self.stop()
        if self.is_killed:
            raise Killed

    def stop(self) -> None:
        """Tell the run to stop."""
        self._stop.set()
        if self.stopped_at is None:
            self.stopped_at = CLOCK.now()

    async def _served(self, request: Request, path: str) -> Reply | TransportError:
        """Let the server answer; with an index of its own, search finds changes late."""
        if path.endswith("/deleted"):
            return await self._deleted(request)
        if path not in SEARCHES:
            return await self._answer(request)
        # The simulator counts and checks the query; it does not know the index's cursors.
        asked = msgspec.json.decode(request.body or b"{}")
        asked.get("pagination", {}).pop("starting_after", None)
        reply = await self._answer(with_body(request, msgspec.json.encode(asked)))
        if isinstance(reply, TransportError) or reply.status != 200:
            return reply
        found = self._workspace.index.answer(request, path, self._workspace.now())
        return Reply(200, reply.headers, found.body)

    async def _deleted(self, request: Request) -> Reply | TransportError:
        """Answer a page of a list of deleted rows, in the order of the history."""
        if not self._settings.has_deletion_lists:
            no = b'{"type":"error.list","errors":[{"code":"not_found","message":"no"}]}'
            return Reply(404, {"Content-Type": "application/json"}, no)
        url = urlsplit(request.url)
        query = dict(parse_qsl(url.query))
        page, size = int(query.get("page", "1")), int(query.get("per_page", "20"))
        whole = url._replace(query=urlencode({**query, "page": "1", "per_page": "60"}))
        reply = await self._answer(with_body(request, None, whole.geturl()))
        if isinstance(reply, TransportError) or reply.status != 200:
            return reply
        body: dict[str, Any] = msgspec.json.decode(reply.body)
        name = "data" if isinstance(body.get("data"), list) else "conversations"
        rows: list[dict[str, Any]] = body[name]
        stream = "contacts" if name == "data" else "conversations"
        rows = [row for row in rows if self._is_told(stream, str(row["id"]))]
        rows = [self._dated(stream, row) for row in rows]
        if self._settings.names_returned:
            # They went, and came back.
            returned = self._workspace.truth.returned(stream)
            rows = [*(self._dated(stream, {"id": key}, at) for key, at in returned.items()), *rows]
        body["total_count"] = len(rows)
        if self._settings.deletions_order == "oldest":
            rows.reverse()
        elif self._settings.deletions_order == "mixed":
            rows.sort(key=lambda row: str(row["id"])[::-1])
        pages = -(-len(rows) // size)
        link = url._replace(query=urlencode({**query, "page": str(page + 1)})).geturl()
        body[name] = rows[(page - 1) * size : page * size]
        body["pages"] = {
            "type": "pages", "page": page, "per_page": size, "total_pages": pages,
            "next": link if page < pages else None,
        }  # fmt: skip
        return Reply(200, reply.headers, msgspec.json.encode(body))

    def _dated(self, stream: str, row: dict[str, Any], at: float | None = None) -> dict[str, Any]:
        """Return an entry of a list of deleted rows that says when its row went, or does not."""
        if not self._settings.dates_deletions:
            return {name: value for name, value in row.items() if name != "deleted_at"}
        since = self._workspace.truth.gone_since(stream, str(row["id"])) if at is None else at
        return {**row, "deleted_at": int(since or 0)}

    def _is_told(self, stream: str, key: str) -> bool:
        """Say whether a list of deleted rows has a row yet."""
        index, since = self._workspace.index, self._workspace.truth.gone_since(stream, key)
        return since is None or since + index.lag(stream, key, "gone") <= self._workspace.now()

    def _struck(self, path: str) -> list[Strike]:
        found: list[Strike] = []
        for place, failure in enumerate(self._run.failures):
            if failure.kind == "poison" or not path.startswith(failure.path):
                continue
            self._seen[place] += 1
            number = self._seen[place] - failure.after
            if number > 0 and (failure.times == 0 or number <= failure.times):
                found.append(Strike(failure, number))
        return found

    async def _early(self, struck: list[Strike], request: Request) -> Reply | TransportError | None:
        """Return what is answered in place of the server, if anything is."""
        for failure, number in struck:
            is_relapse = failure.kind == "relapse" and number == 1
            if failure.kind == "outage" or is_relapse:
                self._down_until = max(self._down_until, CLOCK.now() + failure.pick)
            if is_relapse:
                self._relapse_s, self._answered = failure.pick, 0
        self._fall_back()
        if self._down_until > CLOCK.now():
            return ConnectError("the server is down", call=request.name)
        for failure, _ in struck:
            if (early := await self._failed(failure.kind, request)) is not None:
                return early
        return None

    def _fall_back(self) -> None:
        """Let an outage begin once more when some calls were answered after it."""
        if not self._relapse_s or self._down_until > CLOCK.now():
            return
        self._answered += 1
        if self._answered > RELAPSE_CALLS:
            self._down_until, self._relapse_s = CLOCK.now() + self._relapse_s, 0

    async def _failed(self, kind: str, request: Request) -> Reply | TransportError | None:
        """Return what a failure answers in place of the server; None if it does not."""
        if kind == "drop":
            return ConnectionLostError("the connection was lost", call=request.name)
        if kind == "hang":
            await CLOCK.sleep(request.timeout_s)
            return RequestTimeoutError("nothing came", call=request.name)
        if kind == "slow":
            await CLOCK.sleep(min(SLOW_S, request.timeout_s - 1))
        if kind.startswith("page"):
            return Reply(int(kind.removeprefix("page")), {}, b"<html>it is gone</html>")
        if kind.isdecimal():
            body = b'{"type":"error.list","errors":[{"code":"x","message":"a fault"}]}'
            return Reply(int(kind), {}, body)
        return None

    def _small(self, request: Request) -> Request:
        """Ask for fewer rows a page, whatever the client asks for."""
        rows, url, body = self._settings.page_rows, urlsplit(request.url), request.body
        query = dict(parse_qsl(url.query))
        if "per_page" in query:
            query["per_page"] = str(min(rows, int(query["per_page"])))
            url = url._replace(query=urlencode(query))
        # A failing page is closed in on by pages of chosen sizes: those the server gives as asked.
        if body and not self._poisoned:
            asked: dict[str, Any] = msgspec.json.decode(body)
            paging: dict[str, Any] = asked.get("pagination") or {}
            if "per_page" in paging:
                paging["per_page"] = min(rows, paging["per_page"])
                body = msgspec.json.encode(asked)
        return with_body(request, body, url.geturl())

    def _zoned(self, path: str, reply: Reply) -> Reply:
        """Let `/me` tell a zone that need not be the one of the server's days."""
        if path != "/me" or reply.status != 200:
            return reply
        body = msgspec.json.decode(reply.body)
        body["app"]["timezone"] = self._workspace.zone
        if self.is_stranger:
            body["app"]["id_code"] = "another"
        return Reply(reply.status, reply.headers, msgspec.json.encode(body))

    def _poison(self, path: str, reply: Reply) -> int:
        """Return the status of an answer that holds a record that fails; else 0."""
        for place, key in self._poisoned.items() if reply.status == 200 else ():
            failure = self._run.failures[place]
            if path.startswith(failure.path) and f'"id":"{key}"'.encode() in reply.body:
                return 404 if failure.pick % 2 else 500
        return 0
