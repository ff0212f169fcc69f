"""The workspace of a history: changes it as people would, and keeps the truth of it.

Changes go through the API, past limits and faults, so that they mean what the simulator means by
them. After each one the records that it concerns are read by id.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from intercom_async.clock import CLOCK
from intercom_async.simulator import Simulator
from . import files
from .cursors import Cursors
from .drift import Drift
from .search_index import SearchIndex
from .steps import Change, Settings
from .truth import Truth, Version
from .unmoved import Unmoved

COUNTED = ("create", "bring", "reply", "note")


class Workspace:
    """Makes changes, and knows what was there when."""

    def __init__(self, simulator: Simulator, index: SearchIndex, settings: Settings) -> None:
        self._simulator = simulator
        self.zone: str = settings.zone
        """What `/me` says."""
        self.version: str = settings.version
        """The API version that the next syncs ask for."""
        self._marks = 0
        self._archived: set[str] = set()
        self._tags: dict[str, set[str]] = {}
        self.index: SearchIndex = index
        # A list of a server that is slow can be read nevertheless.
        life_s = settings.cursor_s and max(settings.cursor_s, 3 * settings.latency_s)
        self.cursors: Cursors = Cursors(life_s, settings.expired)
        self.drift: Drift = Drift()
        self.unmoved: Unmoved = Unmoved()
        self.step: Callable[[int], object] = bool
        """Sets this machine's clock forward by some seconds, and no other."""
        self.truth: Truth = Truth()
        self._age_s = 0  # how old new rows say to be

    def now(self) -> float:
        """Return the server's time in UNIX seconds."""
        return self._simulator.clock.now()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Make a call past limits and faults; return its decoded answer."""
        return self._simulator.call(method, path, body)

    async def apply(self, change: Change) -> None:
        """Bring one change about; one that fits nothing does nothing."""
        if change.do == "wait":
            await CLOCK.sleep(change.seconds)
            return
        work = getattr(self, f"_{change.do}")
        for _ in range(change.count if change.do in COUNTED else 1):
            work(change)

    # Choosing -------------------------------------------------------------------------------

    def _mark(self) -> str:
        self._marks += 1
        return f"m{self._marks}"

    def pick(self, stream: str, number: int) -> str | None:
        """Return one of the live records of a stream."""
        live = self.truth.live(stream)
        return live[number % len(live)] if live else None

    # What changes ---------------------------------------------------------------------------

    def _create(self, change: Change) -> None:
        stream, mark = change.stream, self._mark()
        if stream == "contacts":
            made = self.call("POST", "/contacts", {"email": f"{mark}@example.com", "name": mark})
            self._read("contacts", made["id"])
        elif stream == "companies":
            made = self.call("POST", "/companies", {"company_id": mark, "name": mark})
            contact = self._some_contact(change.pick)
            self.call("POST", f"/contacts/{contact}/companies", {"id": made["id"]})
            self._read_contact_and_companies(contact, made["id"])
        elif stream == "conversations":
            sender = {"type": "user", "id": self._some_contact(change.pick)}
            made = self.call("POST", "/conversations", {"from": sender, "body": mark})
            self.call("PUT", f"/conversations/{made['conversation_id']}", {"title": mark})
            self._read("conversations", made["conversation_id"])
        elif stream == "tickets":
            self._create_ticket(self._some_contact(change.pick), mark)
        elif stream == "tags":
            self._read("tags", self.call("POST", "/tags", {"name": mark})["id"])
        elif stream == "articles":
            admin = self.call("GET", "/admins")["admins"][0]["id"]
            made = self.call("POST", "/articles", {"title": mark, "author_id": admin})
            self._read("articles", made["id"])

    def _bring(self, change: Change) -> None:
        """Create a row that says the times which it had elsewhere."""
        self._age_s = change.seconds
        self._create(change)
        self._age_s = 0

    def _create_ticket(self, contact: str, mark: str) -> None:
        types = self.call("GET", "/ticket_types")
        body = {
            "ticket_type_id": types["data"][0]["id"],
            "contacts": [{"id": contact}],
            "ticket_attributes": {"_default_title_": mark},
        }
        self._read("tickets", self.call("POST", "/tickets", body)["id"])

    def _some_contact(self, number: int) -> str:
        found = self.pick("contacts", number)
        if found is None:
            self._create(Change("create", "contacts"))
            found = self.pick("contacts", 0)
        assert found is not None
        return found

    def _change(self, change: Change) -> None:
        stream, key = change.stream, self.pick(change.stream, change.pick)
        if key is None:
            return
        mark = self._mark()
        if stream == "tags":
            self.call("POST", "/tags", {"id": key, "name": mark})
        elif stream == "articles":
            self.call("PUT", f"/articles/{key}", {"title": mark})
        elif stream == "tickets":
            body = {"ticket_attributes": {"_default_title_": mark}}
            self.call("PUT", f"/tickets/{key}", body)
        elif stream == "conversations":
            self.call("PUT", f"/conversations/{key}", {"title": mark})
        else:
            self.call("PUT", f"/{stream}/{key}", {"name": mark})
        self._read(stream, key)

    def _delete(self, change: Change) -> None:
        stream, key = change.stream, self.pick(change.stream, change.pick)
        if key is None:
            return
        self.call("DELETE", f"/{stream}/{key}")
        self._read(stream, key)
        self._read_companies()
        for contact, tags in self._tags.items():
            if stream == "tags" and key in tags:
                tags.discard(key)
                self._read("contacts", contact)

    def _archive(self, change: Change) -> None:
        key = self.pick("contacts", change.pick)
        if key is not None:
            self.call("POST", f"/contacts/{key}/archive")
            self._archived.add(key)
            self._read_contact_and_companies(key)

    def _unarchive(self, change: Change) -> None:
        archived = sorted(self._archived)
        if archived:
            key = archived[change.pick % len(archived)]
            self.call("POST", f"/contacts/{key}/unarchive")
            self._archived.discard(key)
            self._read_contact_and_companies(key)

    def _merge(self, change: Change) -> None:
        """Merge a new lead into a contact, or the target of an earlier merge along with it."""
        into = self.pick("contacts", change.other)
        key = self.pick("contacts", change.pick)
        if into is None or key is None or into == key:
            return
        self.call("PUT", f"/contacts/{key}", {"role": "lead"})
        self.call("POST", "/contacts/merge", {"from": key, "into": into})
        self._tags.setdefault(into, set()).update(self._tags.pop(key, ()))
        self._read("contacts", key)
        self._read_contact_and_companies(into)

    def _tag(self, change: Change) -> None:
        key = self.pick("contacts", change.pick)
        if key is None:
            return
        for _ in range(change.count):
            made = self.call("POST", "/tags", {"name": self._mark()})
            self._read("tags", made["id"])
            self.call("POST", f"/contacts/{key}/tags", {"id": made["id"]})
            self._tags.setdefault(key, set()).add(made["id"])
        self._read("contacts", key)

    def _untag(self, change: Change) -> None:
        key = self.pick("contacts", change.pick)
        live = set(self.truth.live("tags"))
        tags = sorted(self._tags.get(key or "", set[str]()) & live)
        if key is not None and tags:
            tag = tags[change.other % len(tags)]
            self.call("DELETE", f"/contacts/{key}/tags/{tag}")
            self._tags[key].discard(tag)
            self._read("contacts", key)

    def _attach(self, change: Change) -> None:
        key, company = self.pick("contacts", change.pick), self.pick("companies", change.other)
        if key is not None and company is not None:
            self.call("POST", f"/contacts/{key}/companies", {"id": company})
            self._read_contact_and_companies(key)

    def _detach(self, change: Change) -> None:
        key, company = self.pick("contacts", change.pick), self.pick("companies", change.other)
        if key is not None and company is not None:
            self.call("DELETE", f"/contacts/{key}/companies/{company}")
            self._read_contact_and_companies(key)

    def _reply(self, change: Change) -> None:
        self._say(change, {})

    def _note(self, change: Change) -> None:
        """Write a reply that leaves the time of its conversation as it is."""
        known = self.truth.current("conversations", self.pick("conversations", change.pick) or "")
        if known is not None and change.stream == "conversations":
            self._say(change, {"message_type": "note"}, updated_at=known.updated_at)

    def _say(self, change: Change, more: dict[str, Any], *, updated_at: int | None = None) -> None:
        stream = "tickets" if change.stream.startswith("ticket") else "conversations"
        key = self.pick(stream, change.pick)
        if key is None:
            return
        admin = self.call("GET", "/admins")["admins"][0]["id"]
        body = {
            "message_type": "comment",
            "type": "admin",
            "admin_id": admin,
            "body": self._mark(),
            **more,
        }
        self.call("POST", f"/{stream}/{key}/reply", body)
        self._read(stream, key, updated_at)

    def _file(self, change: Change) -> None:
        """Write a reply with a file, which other replies may have as well."""
        self._say(change, {"attachment_urls": [files.url_of(change.other)]})

    def _convert(self, change: Change) -> None:
        """Make a ticket of a conversation: each is linked to the other."""
        key = self.pick("conversations", change.pick)
        if key is None:
            return
        types = self.call("GET", "/ticket_types")["data"]
        kind = next(one["id"] for one in types if one["category"] == "Customer")
        body = {"ticket_type_id": kind, "attributes": {"_default_title_": self._mark()}}
        made = self.call("POST", f"/conversations/{key}/convert", body)
        self._read("conversations", key)
        self._read("tickets", made["id"])

    def _role(self, change: Change) -> None:
        """Make a user of a lead, and a lead of a user."""
        key = self.pick("contacts", change.pick)
        if key is not None:
            is_user = self.call("GET", f"/contacts/{key}")["role"] == "user"
            body = {"role": "lead" if is_user else "user", "name": self._mark()}
            self.call("PUT", f"/contacts/{key}", body)
            self._read("contacts", key)

    def _drift(self, change: Change) -> None:
        self.drift.set(change.stream, change.text, change.pick % 3)

    def _zone(self, change: Change) -> None:
        """Set the zone that `/me` tells; the server's days follow, as those of a workspace do."""
        self.zone = change.text
        self.index.zone = ZoneInfo(change.text)

    def _step_clock(self, change: Change) -> None:
        self.step(change.seconds)

    def _version(self, change: Change) -> None:
        """Let the next syncs ask for another API version."""
        self.version = change.text

    def _server_zone(self, change: Change) -> None:
        """Let the server count its days in another zone from now on."""
        self.index.zone = ZoneInfo(change.text)

    # What is true ---------------------------------------------------------------------------

    def _read_contact_and_companies(self, contact: str, *companies: str) -> None:
        self._read("contacts", contact)
        self._read_companies(*companies)

    def _read_companies(self, *companies: str) -> None:
        for key in {*self.truth.keys("companies"), *companies}:
            self._read("companies", key)

    def _read(self, stream: str, key: str, updated_at: int | None = None) -> None:
        """Read a record by its id and note what it is; a time that did not move is given."""
        if self._age_s and key not in self.truth.keys(stream):
            row = getattr(self._simulator.workspace, stream).change(key)
            row["created_at"] = row["updated_at"] = int(self.now()) - self._age_s
        self.unmoved.set(stream, key, updated_at)
        row = self._shown(stream, key)
        version = None if row is None else self._version_of(stream, key, row)
        if version is not None and updated_at is not None:
            version = dataclasses.replace(version, is_dated=False)
        self.truth.note(stream, key, self.now(), version)
        self.index.note(stream, key, self.now(), row)

    def _shown(self, stream: str, key: str) -> dict[str, Any] | None:
        """Return a record that is in a list; None for others, which an id may still show."""
        try:
            row: dict[str, Any] = self.call("GET", f"/{stream}/{key}")
        except ValueError:
            return None
        row = self.unmoved.dated(stream, key, row)
        if stream == "contacts" and key in self._archived:
            return None
        return None if stream == "companies" and not row["user_count"] else row

    def _version_of(self, stream: str, key: str, row: dict[str, Any]) -> Version:
        parts: tuple[str, ...] = ()
        singular = {"conversations": "conversation", "tickets": "ticket"}.get(stream)
        if singular is not None:
            name = f"{singular}_parts"
            shown = tuple(str(part["id"]) for part in row[name][name])
            before = self.truth.versions(stream, key)
            known = before[-1].parts if before else ()
            parts = known + tuple(part for part in shown if part not in known)
        tags = frozenset(self._tags.get(key, ())) if stream == "contacts" else frozenset[str]()
        return Version(
            mark_of(stream, row),
            row.get("updated_at") or 0,
            row.get("created_at") or 0,
            parts,
            tags,
        )


def mark_of(stream: str, row: dict[str, Any]) -> str:
    """Return the text of its own that each version of a row has."""
    if stream in ("conversations", "articles"):
        return str(row["title"])
    if stream == "tickets":
        return str(row["ticket_attributes"]["_default_title_"])
    return str(row["name"])
