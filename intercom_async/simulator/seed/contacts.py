"""Seeded contacts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from intercom_async.simulator.rows import Row, decode_json, encode_json
from intercom_async.simulator.versions import is_since
from .base import Column
from .draw import FIRST_NAMES, LAST_NAMES, PLACES, Timeline, mix
from .object_ids import ObjectIds, segment_id

PLANS: Final = ("free", "premium", "enterprise", "premium")
DOMAINS: Final = ("example.com", "example.org", "example.net", "mail.example")
BROWSERS: Final = ("chrome", "firefox", "safari", "edge")
SYSTEMS: Final = ("macOS", "Windows", "Linux", "iOS")
EMAIL_NUMBER: Final = re.compile(r"\.(\d+)@")
UNSEEDED: Final = (
    "last_replied_at",
    "last_contacted_at",
    "last_email_opened_at",
    "last_email_clicked_at",
    "android_last_seen_at",
    "ios_last_seen_at",
)
"""Times that no seeded contact has."""
AGING: Final = 0.37  # the part of its age after which a record was last changed


class Person(NamedTuple):
    """What other records say of a contact, encoded."""

    role: bytes
    id: bytes
    name: bytes
    email: bytes
    external_id: bytes


def segment_of(role: str) -> str:
    """Return the segment that every contact of a role is in."""
    return segment_id(0 if role == "user" else 3)


def blank_contact() -> Row:
    """Return a contact of which nothing is known yet."""
    unknown = (
        "external_id email phone name owner_id signed_up_at last_seen_at last_replied_at "
        "last_contacted_at last_email_opened_at last_email_clicked_at language_override browser "
        "browser_version browser_language os android_app_name android_app_version android_device "
        "android_os_version android_sdk_version android_last_seen_at ios_app_name ios_app_version "
        "ios_device ios_os_version ios_sdk_version ios_last_seen_at utm_campaign utm_content "
        "utm_medium utm_source utm_term referrer avatar enabled_push_messaging"
    )
    return {
        "type": "contact",
        **dict.fromkeys(unknown.split()),
        "has_hard_bounced": False,
        "marked_email_as_spam": False,
        "unsubscribed_from_emails": False,
        "unsubscribed_from_sms": False,
        "sms_consent": False,
        "social_profiles": {"type": "list", "data": []},
        "location": {
            "type": "location",
            **dict.fromkeys(("country", "region", "city", "country_code", "continent_code")),
        },
        "custom_attributes": {},
        "_tags": [],
        "_notes": [],
        "_companies": [],
        "_opted_in": [],
        "_opted_out": [],
    }


class ContactSeeds(ObjectIds):
    """Contacts by number: four users in five, one lead."""

    monotone: frozenset[str] = frozenset({"created_at", "updated_at", "id"})

    def __init__(
        self,
        *,
        seed: int,
        count: int,
        since: int,
        until: int,
        workspace_id: str,
        admin_ids: list[str],
        tag_ids: list[str],
        is_tag: Callable[[str], bool],
        company_of: Callable[[int], str | None],
    ) -> None:
        self.count = count
        self._seed = seed
        self._until = until
        self.timeline: Timeline = Timeline(seed=seed, salt=1, count=count, since=since, until=until)
        self._workspace_id = workspace_id
        self._admin_ids = admin_ids
        self._tag_ids = tag_ids
        self._is_tag = is_tag
        self._company_of = company_of
        self._salt = f"{mix(seed, 0, 0x1D) & 0xFFFFFFFFFF:010x}"
        self._template = self._make_template()
        self.columns: Mapping[str, Column] = {
            "id": self.id_at,
            "created_at": self.timeline.at,
            "updated_at": self.updated_at,
            "role": self.role,
            "email": self.email,
            "email_domain": lambda number: self._domain(self._bits(number)),
            "name": lambda number: " ".join(self._names(self._bits(number))),
            "phone": lambda number: self._phone(self._bits(number)),
            "external_id": self.external_id,
            "owner_id": lambda number: self._owner(self._bits(number)),
            "signed_up_at": self._signed_up_at,
            "custom_attributes.plan": lambda number: PLANS[self._bits(number) >> 20 & 3],
            "custom_attributes.seats": lambda number: self._bits(number) >> 22 & 63,
            "unsubscribed_from_emails": lambda number: self._bits(number) >> 40 & 15 == 0,
            "has_hard_bounced": lambda number: self._bits(number) >> 44 & 63 == 0,
            "last_seen_at": self._last_seen_at,
            "browser": lambda number: BROWSERS[self._bits(number) >> 26 & 3],
            "os": lambda number: SYSTEMS[self._bits(number) >> 30 & 3],
            **{
                f"location.{name}": self._place_column(at)
                for name, at in (("country", 0), ("region", 3), ("city", 4))
            },
            **dict.fromkeys(UNSEEDED, lambda _: None),
        }
        self.search_columns: Mapping[str, Column] = {
            "tag_id": self.tag_ids,
            "company_id": self.company_ids,
            "segment_id": lambda number: [segment_of(self.role(number))],
            **{
                f"location_{name}": self.columns[f"location.{name}"]
                for name in ("country", "region", "city")
            },
        }
        self.unique: Mapping[str, Callable[[Any], int | None]] = {
            "id": self.number_of,
            "email": self._number_in_email,
            "external_id": self._number_in_external_id,
        }

    # One column each -----------------------------------------------------------------------

    def _bits(self, number: int) -> int:
        return mix(self._seed, number, 0xC0)

    def role(self, number: int) -> str:
        """Return user or lead."""
        return "user" if self._bits(number) % 5 else "lead"

    def updated_at(self, number: int) -> int:
        """Return when the record last changed; later for later records, so that it can be cut."""
        created_at = self.timeline.at(number)
        return created_at + int((self._until - created_at) * AGING)

    def _last_seen_at(self, number: int) -> int | None:
        return self.updated_at(number) if self._bits(number) >> 24 & 7 else None

    def _place_column(self, at: int) -> Column:
        return lambda number: PLACES[self._bits(number) >> 46 & 7][at]

    def _signed_up_at(self, number: int) -> int | None:
        return self.timeline.at(number) if self._bits(number) % 5 else None

    @staticmethod
    def _names(bits: int) -> tuple[str, str]:
        return FIRST_NAMES[bits >> 4 & 63], LAST_NAMES[bits >> 10 & 63]

    @staticmethod
    def _domain(bits: int) -> str:
        return DOMAINS[bits >> 16 & 3]

    @staticmethod
    def _phone(bits: int) -> str | None:
        return None if bits >> 18 & 3 == 0 else f"+1202555{(bits >> 28) % 10_000:04d}"

    def _owner(self, bits: int) -> int | None:
        if bits >> 50 & 3:
            return None
        return int(self._admin_ids[(bits >> 52) % len(self._admin_ids)])

    def email(self, number: int) -> str:
        """Return an address that says its record's number."""
        return self._email(number, self._bits(number))

    def _email(self, number: int, bits: int) -> str:
        first, last = self._names(bits)
        return f"{first}.{last}.{number}@{self._domain(bits)}".lower()

    def external_id(self, number: int) -> str:
        """Return the id that the workspace's owner gave: leads have a UUID, as on the real one."""
        return self._external_id(number, self._bits(number))

    @staticmethod
    def _external_id(number: int, bits: int) -> str:
        if bits % 5:
            return f"user-{number}"
        return f"{bits >> 32:08x}-{bits >> 16 & 0xFFFF:04x}-4{bits & 0xFFF:03x}-a000-{number:012x}"

    def person(self, number: int) -> Person:
        """Return what other records say of a seeded contact."""
        bits = self._bits(number)
        return Person(
            b"user" if bits % 5 else b"lead",
            self.id_of(number, self.timeline.at(number)).encode(),
            " ".join(self._names(bits)).encode(),
            self._email(number, bits).encode(),
            self._external_id(number, bits).encode(),
        )

    # The way back --------------------------------------------------------------------------

    def id_at(self, number: int) -> str:
        """Return the id of a seeded contact."""
        return self.id_of(number, self.timeline.at(number))

    def _number_in_email(self, value: Any) -> int | None:
        found = EMAIL_NUMBER.search(value) if isinstance(value, str) else None
        return int(found[1]) if found else None

    def _number_in_external_id(self, value: Any) -> int | None:
        if not isinstance(value, str):
            return None
        digits, base = (value[5:], 10) if value.startswith("user-") else (value[-12:], 16)
        try:
            return int(digits, base)
        except ValueError:
            return None

    # Whole rows ----------------------------------------------------------------------------

    def company_ids(self, number: int) -> list[str]:
        """Return the companies of a seeded contact: one for most users."""
        return self._companies_of(number, self._bits(number))

    def _companies_of(self, number: int, bits: int) -> list[str]:
        company_id = self._company_of(number) if bits % 5 and bits >> 36 & 7 else None
        return [company_id] if company_id else []

    def tag_ids(self, number: int) -> list[str]:
        """Return the tags of a seeded contact: one for every eighth."""
        return self._tags_of(self._bits(number))

    def _tags_of(self, bits: int) -> list[str]:
        if bits >> 32 & 7 or not self._tag_ids:
            return []
        tag_id = self._tag_ids[(bits >> 35) % len(self._tag_ids)]
        return [tag_id] if self._is_tag(tag_id) else []

    def row(self, number: int) -> Row:
        """Make the whole record."""
        row: Row = decode_json(self.encoded(number, "2.14"))
        for key in ("tags", "notes", "companies"):
            row.pop(key)
        row.pop("opted_in_subscription_types")
        row.pop("opted_out_subscription_types")
        row["_tags"] = [{"id": tag_id} for tag_id in self.tag_ids(number)]
        row["_companies"] = self.company_ids(number)
        row["_notes"], row["_opted_in"], row["_opted_out"] = [], [], []
        return row

    def encoded(self, number: int, version: str) -> bytes:
        """Fill the template."""
        bits = self._bits(number)
        created_at = self.timeline.at(number)
        updated_at = created_at + int((self._until - created_at) * AGING)
        contact_id = self.id_of(number, created_at).encode()
        first, last = self._names(bits)
        country, code, continent, region, city = PLACES[bits >> 46 & 7]
        phone, owner = self._phone(bits), self._owner(bits)
        seen = b"null" if bits >> 24 & 7 == 0 else b"%d" % updated_at
        owned = b"null" if owner is None else b"%d" % owner
        return self._template % (
            contact_id,
            self._external_id(number, bits).encode(),
            b"user" if bits % 5 else b"lead",
            self._email(number, bits).encode(),
            self._domain(bits).encode(),
            b"null" if phone is None else b'"%b"' % phone.encode(),
            f"{first} {last}".encode(),
            b'"%b"' % owned if is_since(version, "2.16") and owner is not None else owned,
            b"false" if bits >> 44 & 63 else b"true",
            b"false" if bits >> 40 & 15 else b"true",
            created_at,
            updated_at,
            b"%d" % created_at if bits % 5 else b"null",
            seen,
            BROWSERS[bits >> 26 & 3].encode(),
            SYSTEMS[bits >> 30 & 3].encode(),
            country.encode(),
            region.encode(),
            city.encode(),
            code.encode(),
            continent.encode(),
            PLANS[bits >> 20 & 3].encode(),
            bits >> 22 & 63,
            *self._embedded(number, bits, contact_id),
        )

    def _embedded(self, number: int, bits: int, contact_id: bytes) -> tuple[bytes | int, ...]:
        tags = [
            b'{"type":"tag","id":"%b","url":"/tags/%b"}' % (one.encode(), one.encode())
            for one in self._tags_of(bits)
        ]
        companies = [
            b'{"type":"company","id":"%b","url":"/companies/%b"}' % (one.encode(), one.encode())
            for one in self._companies_of(number, bits)
        ]
        return (
            b",".join(tags),
            contact_id,
            len(tags),
            contact_id,
            b",".join(companies),
            contact_id,
            len(companies),
            contact_id,
            contact_id,
        )

    def _make_template(self) -> bytes:
        """Encode a blank contact and put the places to fill into it."""
        row = blank_contact()
        known: dict[str, str] = {
            "id": "'%b'",
            "external_id": "'%b'",
            "role": "'%b'",
            "email": "'%b'",
            "email_domain": "'%b'",
            "phone": "%b",
            "name": "'%b'",
            "owner_id": "%b",
            "has_hard_bounced": "%b",
            "unsubscribed_from_emails": "%b",
            "created_at": "%d",
            "updated_at": "%d",
            "signed_up_at": "%b",
            "last_seen_at": "%b",
            "browser": "'%b'",
            "os": "'%b'",
        }
        head = {"type": "contact", "workspace_id": self._workspace_id}
        rest = {
            key: value
            for key, value in row.items()
            if key not in known and not key.startswith("_") and key != "type"
        }
        rest.pop("location")
        rest.pop("custom_attributes")
        location = ("country", "region", "city", "country_code", "continent_code")
        fixed = encode_json(head | rest).decode()[:-1].replace("%", "%%")
        parts = [f'"{key}":{place}' for key, place in known.items()]
        spots = ",".join(f"\"{key}\":'%b'" for key in location)
        parts.append(f"\"location\":{{'type':'location',{spots}}}")
        parts.append("'custom_attributes':{'plan':'%b','seats':%d}")
        for key, path, data in (
            ("tags", "tags", "%b"),
            ("notes", "notes", ""),
            ("companies", "companies", "%b"),
            ("opted_out_subscription_types", "subscriptions", ""),
            ("opted_in_subscription_types", "subscriptions", ""),
        ):
            count = "%d" if data else "0"
            parts.append(
                f"'{key}':{{'type':'list','data':[{data}],'url':'/contacts/%b/{path}',"
                f"'total_count':{count},'has_more':false}}"
            )
        return (fixed + "," + ",".join(parts).replace("'", '"') + "}").encode()
