"""Calls operations of a description with its own example requests, their ids made those of here."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, quote

from intercom_async.simulator import Simulator
from tests.support.descriptions import Described, Example, Node

ID = re.compile(r"\{([^}]+)\}")
NAMING_ADMINS = ("admin_id", "assignee_id", "author_id", "owner_id", "sender_id")
NAMING_CONTACTS = ("to", "cc", "bcc", "contacts", "customer", "users")

BODIES: dict[tuple[str, str], Node] = {
    ("POST", "/export/reporting_data/enqueue"): {
        "dataset_id": "conversation",
        "attribute_ids": ["conversation_id"],
        "start_time": 1,
        "end_time": 2,
    },
    ("POST", "/events"): {"event_name": "ordered", "user_id": "user-1", "created_at": 1},
    ("POST", "/events/summaries"): {"user_id": "user-1", "event_summaries": {}},
    ("POST", "/articles"): {"title": "Thanks", "author_id": 991267400},
    ("POST", "/fin_voice/register"): {"phone_number": "+12025550100", "call_id": "c1"},
    ("PUT", "/visitors"): {"user_id": "visitor-1", "name": "Nadia"},
}
"""Where the description has no example that can succeed as it stands."""


class Exercise:
    """One workspace in a known state, and the ids of what is in it."""

    def __init__(self, simulator: Simulator, version: str) -> None:
        self._simulator = simulator
        self._version = version
        self.ids: dict[str, str] = {}
        self.is_touched = True
        """Whether something may have changed since it was prepared."""

    def prepare(self) -> None:
        """Go back to the seeded state and make one of everything that is made by calls."""
        self._simulator.reset()
        self._simulator.clock.freeze(1_780_000_000)
        self.ids = {"admin_id": (self._json("GET", "/me"))["id"]}
        contacts = self._json("GET", "/contacts?per_page=20")
        users = [one for one in contacts["data"] if one["role"] == "user" and one["companies"]]
        leads = [one for one in contacts["data"] if one["role"] == "lead"]
        conversations = (self._json("GET", "/conversations?per_page=2"))["conversations"]
        conversation = conversations[0]["id"]
        customer = {"admin_id": self.ids["admin_id"], "customer": {"user_id": "user-1"}}
        whole = self._json("POST", f"/conversations/{conversation}/customers", customer)
        order = {"external_id": "123", "custom_attributes": {"total": "1"}}
        self.ids |= {
            "contact": users[0]["id"],
            "lead": leads[0]["id"],
            "external_id": users[0]["external_id"],
            "customer": whole["contacts"]["contacts"][0]["id"],
            "conversation": conversation,
            "other_conversation": conversations[1]["id"],
            "part": whole["conversation_parts"]["conversation_parts"][-1]["id"],
            "company": (self._json("GET", "/companies?per_page=1"))["data"][0]["id"],
            "article": (self._json("GET", "/articles?per_page=1"))["data"][0]["id"],
            "note": self._made(f"/contacts/{users[0]['id']}/notes", {"body": "x"}),
            "instance": self._made("/custom_object_instances/Order", order),
        }
        self._json("GET", "/visitors?user_id=visitor-1")
        self._prepare_jobs()
        for name, category in (("ticket", "request"), ("tracker", "tracker")):
            query = {"field": "category", "operator": "=", "value": category}
            search = {"query": query, "pagination": {"per_page": 1}}
            found = self._json("POST", "/tickets/search", search)
            self.ids[name] = found["tickets"][0]["id"]

    def _prepare_jobs(self) -> None:
        span = {"created_at_after": 1, "created_at_before": 1_780_000_000}
        export = self._json("POST", "/export/content/data", span)
        report = self._json(
            "POST",
            "/export/reporting_data/enqueue",
            BODIES["POST", "/export/reporting_data/enqueue"],
        )
        ticket = {"ticket_type_id": "53", "contacts": [{"id": self.ids["contact"]}]}
        if self._version == "Preview":
            for kind, item in (("contacts", {"name": "New"}), ("companies", {"company_id": "n"})):
                path = f"/{kind}/bulk"
                self.ids[f"{kind} job"] = self._made(path, {kind: [item]})
        self.ids["job"] = self._made("/tickets/enqueue", ticket)
        self.ids["export"] = export["job_identifier"]
        self.ids["report"] = report["job_identifier"]
        self._simulator.clock.move(10)

    def _made(self, path: str, body: Node) -> str:
        return str((self._json("POST", path, body))["id"])

    def _json(self, method: str, path: str, body: Node | None = None) -> Any:
        path, _, query = path.partition("?")
        return self._simulator.call(
            method, path, body, query=dict(parse_qsl(query)), version=self._version
        )

    # The parts of a request -----------------------------------------------------------------

    def path(self, operation: Described) -> str:
        """Return the path with ids of things that are there."""
        return ID.sub(lambda match: quote(self._id(operation.path, match[1])), operation.path)

    def _id(self, path: str, name: str) -> str:
        segments = path.strip("/").split("/")
        owner = segments[segments.index(f"{{{name}}}") - 1]
        if owner == "find_by_external_id":
            return self.ids["external_id"]
        if path.startswith("/custom_object_instances"):
            return "Order" if "type_identifier" in name else self.ids["instance"]
        if owner == "bulk":
            return self.ids[f"{segments[0]} job"]
        if owner == "data":
            return self.ids["export"]
        if owner in ("cancel", "reporting_data", "status"):
            jobs = {"cancel": "export", "reporting_data": "report", "status": "job"}
            return self.ids[jobs[owner]]
        known = {
            "admins": self.ids["admin_id"],
            "articles": self.ids["article"],
            "attributes": "531" if segments[0] == "ticket_types" else "1",
            "companies": self.ids["company"],
            "contacts": self.ids["contact"],
            "conversations": self.ids["conversation"],
            "customers": self.ids["customer"],
            "conversation_parts": self.ids["part"],
            "data_attributes": "34",
            "linked_conversations": self.ids["conversation"],
            "notes": self.ids["note"],
            "procedures": "12345" if path.startswith("/fin/") else self.ids["conversation"],
            "segments": f"65f0{0:020x}",
            "subscriptions": "106",
            "tags": "101",
            "teams": "5017600",
            "ticket_types": "53",
            "tickets": self.ids["tracker" if "linked_conversations" in path else "ticket"],
        }
        return known.get(owner, "1")

    def query(self, operation: Described) -> dict[str, str]:
        """Return the query parameters that are required."""
        given: dict[str, str] = {}
        for one in operation.parameters:
            name = one["name"]
            if one["in"] != "query" or not one.get("required"):
                continue
            sample = one.get("example") or one.get("schema", {}).get("example") or "1"
            given[name] = {
                "user_id": "visitor-1",
                "intercom_user_id": self.ids["contact"],
                "type": "user",
                "external_id": "123",
            }.get(name, str(sample))
        if operation.path == "/events":
            given["intercom_user_id"] = self.ids["contact"]
        return given

    def body(self, operation: Described, example: Example) -> Any:
        """Return an example body, with ids of things that are there."""
        known = BODIES.get((operation.method, operation.path))
        if known is not None:
            return known
        if operation.path.endswith("/subscriptions"):
            return {"id": "106", "consent_type": "opt_in"}
        if operation.path.startswith("/contacts/merge"):
            more = {"skip_duplicate_validation": True}
            return {"from": self.ids["lead"], "into": self.ids["contact"], **more}
        if operation.path.endswith("/merge"):
            return self._placed(example.body, "") | dict.fromkeys(
                example.body, self.ids["other_conversation"]
            )
        return self._placed(example.body, "")

    def _placed(self, value: Any, name: str) -> Any:
        if isinstance(value, list):
            items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
            return [self._placed(one, name) for one in items]
        if isinstance(value, dict):
            row: Node = value  # pyright: ignore[reportUnknownVariableType]
            if name == "visitor":
                return {"user_id": "visitor-1"}
            return {key: self._placed_field(row, key, name) for key in row}
        return self._placed_id(value, name)

    def _placed_field(self, row: Node, key: str, name: str) -> Any:
        if key == "id" and name == "from":
            return self.ids["admin_id" if row.get("type") == "admin" else "contact"]
        if key == "id" and name in NAMING_CONTACTS:
            return self.ids["contact"]
        return self._placed(row[key], key)

    def _placed_id(self, value: Any, name: str) -> Any:
        if name in NAMING_ADMINS and value not in (None, 0, "0"):
            return type(value)(self.ids["admin_id"])
        if name == "id" and isinstance(value, (int, str)):
            is_tag = re.fullmatch(r"\d+", str(value)) is not None
            return "104" if is_tag else self.ids["company"]
        known = {
            "intercom_user_id": self.ids["contact"],
            "conversation_id": self.ids["conversation"],
            "conversation_to_link_id": self.ids["conversation"],
            "conversation_part_id": self.ids["part"],
            "ticket_type_id": "53",
            "ticket_state_id": "7491" if value else 0,
            "parent_id": 1,
        }
        return known.get(name, value)
