"""Seeded companies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from intercom_async.simulator.rows import Row, encode_json, is_id
from .base import Column
from .draw import LAST_NAMES, WORDS, Timeline, mix
from .object_ids import ObjectIds, segment_id

KINDS = ("Works", "Labs", "Partners", "Systems", "Foods", "Travel", "Media", "Energy")
INDUSTRIES = ("Software", "Manufacturing", "Retail", "Education", "Health", "Logistics")
LARGE = 500
"""People of a company from which on it is in the segment of large ones."""
FREE = "Free"
PLANS = (("1", FREE), ("2", "Premium"), ("3", "Enterprise"))


def segment_ids(company: Row) -> list[str]:
    """Return the segments that a company is in: of those that pay for a plan, and of large ones."""
    is_paying = company["plan"].get("name", FREE) != FREE
    is_large = (company["size"] or 0) >= LARGE
    return [segment_id(place) for place, is_in in ((4, is_paying), (5, is_large)) if is_in]


class CompanySeeds(ObjectIds):
    """Companies by number."""

    monotone: frozenset[str] = frozenset({"created_at", "updated_at", "last_request_at", "id"})

    def __init__(
        self,
        *,
        seed: int,
        count: int,
        since: int,
        until: int,
        workspace_id: str,
        people_of: Callable[[int], int],
        present: Callable[[Row, str], Row],
    ) -> None:
        self.count = count
        self._seed = seed
        self._present = present
        self._workspace_id = workspace_id
        self._timeline = Timeline(seed=seed, salt=2, count=count, since=since, until=until)
        self._salt = f"{mix(seed, 0, 0x2D) & 0xFFFFFFFFFF:010x}"
        self.columns: Mapping[str, Column] = {
            "id": self.id_at,
            "company_id": lambda number: f"company-{number}",
            "name": self.name,
            "created_at": self._timeline.at,
            "updated_at": self._updated_at,
            "last_request_at": self._updated_at,
        }
        self.search_columns: Mapping[str, Column] = {"user_count": people_of}
        self.unique: Mapping[str, Callable[[Any], int | None]] = {
            "id": self.number_of,
            "company_id": _number_behind_dash,
            "name": _number_behind_dash,
        }

    def _updated_at(self, number: int) -> int:
        return self._timeline.at(number) + 600

    def name(self, number: int) -> str:
        """Return a name that says its record's number."""
        bits = mix(self._seed, number, 0xC1)
        return f"{LAST_NAMES[bits & 63]} {KINDS[bits >> 6 & 7]}-{number}"

    def id_at(self, number: int) -> str:
        """Return the id of a seeded company."""
        return self.id_of(number, self._timeline.at(number))

    def row(self, number: int) -> Row:
        """Make the whole record."""
        bits = mix(self._seed, number, 0xC1)
        created_at = self._timeline.at(number)
        plan_id, plan = PLANS[bits >> 10 & 1 or bits >> 11 & 2]
        return {
            "type": "company",
            "id": self.id_of(number, created_at),
            "company_id": f"company-{number}",
            "app_id": self._workspace_id,
            "name": self.name(number),
            "remote_created_at": created_at,
            "created_at": created_at,
            "updated_at": created_at + 600,
            "last_request_at": created_at + 600,
            "monthly_spend": (bits >> 16) % 5_000,
            "session_count": (bits >> 30) % 400,
            "size": 1 + (bits >> 40) % 900,
            "website": f"https://{WORDS[bits >> 50 & 15]}-{number}.example.com",
            "industry": INDUSTRIES[(bits >> 54) % len(INDUSTRIES)],
            "plan": {"type": "plan", "id": plan_id, "name": plan},
            "custom_attributes": {},
            "_tags": [],
        }

    def encoded(self, number: int, version: str) -> bytes:
        """Make the row and encode it."""
        return encode_json(self._present(self.row(number), version))


def _number_behind_dash(value: Any) -> int | None:
    digits = value.rpartition("-")[2] if isinstance(value, str) else ""
    return int(digits) if is_id(digits) else None
