"""All that one workspace holds."""

from __future__ import annotations

import dataclasses
import datetime as dt
import zoneinfo
from collections.abc import Callable, Hashable, Iterator, Sequence

from intercom_async.simulator.quirks import Quirks
from intercom_async.simulator.rows import Row, encode_json, names
from intercom_async.simulator.seed import settings, staff
from intercom_async.simulator.seed.companies import CompanySeeds
from intercom_async.simulator.seed.contacts import ContactSeeds, Person
from intercom_async.simulator.seed.conversations import ConversationSeeds
from intercom_async.simulator.seed.draw import mix
from intercom_async.simulator.seed.tickets import TicketSeeds, ticket_states, ticket_type
from . import present
from .contact_history import ContactHistory
from .described_records import Records
from .event_log import EventLog
from .inactive_contacts import InactiveContacts
from .lag import Lag
from .links import Links
from .memberships import Memberships
from .record_store import RecordStore
from .steps import Scans, StepPolicy
from .table import Table
from .threads import Threads

SEEDED_UNTIL = 1_767_225_600
"""The newest seeded record is from the turn of 2026: fixed, so that a seed means the same data."""
CUSTOM_OBJECT_TYPES = names("Order order orders Subscription subscription device")
"""Types of custom objects are made in the product, not by the API; these are there."""
SEEDED_ACTIVITY = 300
"""Entries that the admins' activity log has from the start."""
ACTIVITY_KINDS = ("admin_login_success", "admin_logout", "app_name_change")
SEEDED_YEARS_S = 2 * 365 * 86_400
"""Seconds over which the seeded records are spread."""


@dataclasses.dataclass(slots=True)
class Scroll:
    """The one walk over all companies that may be under way."""

    token: str
    numbers: Sequence[int]
    at: int = 0
    used_at: float = 0.0


class Workspace:
    """Records and their relations; the same arguments make the same records."""

    def __init__(
        self,
        *,
        contacts: int,
        conversations: int,
        companies: int,
        tickets: int,
        seed: int,
        timezone: str,
        settle_s: float,
        index_s: float,
        now: Callable[[], float],
        quirks: Quirks | None = None,
    ) -> None:
        self.seed = seed
        self.steps: StepPolicy = StepPolicy()
        self.scans: Scans = Scans(self.steps)
        """Scans of handlers, as against those of one table."""
        self.content_files: dict[str, bytes | None] = {}
        """By id of a content export that has ended: its file; None where it has no message."""
        self._lags = [Lag(mix(seed, place, 0x1A7), now) for place in range(4)]
        self._drawn = 0
        self.id_code: str = f"sim{seed:05d}"
        self.timezone = timezone
        self.settle_s = settle_s
        """How long a new contact is not found by its id."""
        self.index_s = index_s
        """How long a new contact is in no list and no search."""
        self.now = now
        self.since: int
        self.until: int
        self.since, self.until = SEEDED_UNTIL - SEEDED_YEARS_S, SEEDED_UNTIL
        self._fill_stores()
        self.events: EventLog = EventLog()
        self.deleted_conversations: list[Row] = []
        self.activity: list[Row] = []
        self.bulk_jobs: RecordStore = RecordStore()
        self._due: list[tuple[float, Callable[[], None]]] = []
        self.scroll: Scroll | None = None
        self._scrolls = 0
        self.records: Records = Records(self.until)
        self._fill_tables(contacts, conversations, companies)
        self.links: Links = Links(self.tags, self.companies, self.contacts)
        self.threads: Threads = Threads(self.conversations)
        self.members: Memberships = Memberships(
            self.companies, self.contacts, self.contact_seeds, self.steps
        )
        self.history: ContactHistory = ContactHistory(self.contact_seeds)
        self.inactive: InactiveContacts = InactiveContacts(self.contacts, self.history, self.steps)
        self.quirks: Quirks = Quirks()
        self._beside: tuple[Hashable, bytes] = (None, b"")
        self._fill_tickets(tickets)
        self._fill_history()
        self._zone = _zone_of(timezone)
        self.set_quirks(quirks or Quirks())

    def _fill_stores(self) -> None:
        self.admins: RecordStore
        self.teams: RecordStore
        self.tags: RecordStore
        self.admins, self.teams, self.tags = RecordStore(), RecordStore(), RecordStore(200)
        self.notes: RecordStore
        self.articles: RecordStore
        self.notes, self.articles = RecordStore(30), RecordStore(1_000)
        self.admins.fill(staff.admins(self.seed))
        self.teams.fill(staff.teams(list(self.admins)))
        self.tags.fill(staff.tags())
        self.articles.fill(staff.articles(self.seed, self.id_code, self.until))
        self.segments: RecordStore
        self.data_attributes: RecordStore
        self.segments, self.data_attributes = RecordStore(), RecordStore(500)
        self.segments.fill(settings.segments(self.until))
        self.data_attributes.fill(settings.data_attributes(self.until))
        self.away_reasons: RecordStore
        self.subscription_types: RecordStore
        self.away_reasons, self.subscription_types = RecordStore(20), RecordStore(106)
        self.away_reasons.fill(settings.away_reasons(self.until))
        self.subscription_types.fill(settings.subscription_types())
        self.ticket_types: RecordStore
        self.ticket_states: RecordStore
        self.jobs: RecordStore
        self.ticket_types, self.ticket_states, self.jobs = (
            RecordStore(53),
            RecordStore(7_490),
            RecordStore(),
        )
        self.exports: RecordStore
        self.reports: RecordStore
        self.calls: RecordStore
        self.exports, self.reports, self.calls = RecordStore(), RecordStore(), RecordStore()
        self.custom_objects: dict[str, RecordStore] = {}
        self.visitors: dict[str, Row] = {}

    def _fill_tables(self, contacts: int, conversations: int, companies: int) -> None:
        company_seeds = CompanySeeds(
            seed=self.seed,
            count=companies,
            since=self.since,
            until=self.until,
            workspace_id=self.id_code,
            people_of=self._people_at_start,
            present=self._present_company,
        )
        self.contact_seeds: ContactSeeds = ContactSeeds(
            seed=self.seed,
            count=contacts,
            since=self.since,
            until=self.until,
            workspace_id=self.id_code,
            admin_ids=[one["id"] for one in self.admins],
            tag_ids=[one["id"] for one in self.tags],
            is_tag=lambda tag_id: self.tags.find(tag_id) is not None,
            company_of=self._seeded_company_of,
        )
        self.companies: Table = Table(
            company_seeds, self._present_company, self.steps, self._lags[0]
        )
        self.contacts: Table = Table(
            self.contact_seeds, self._present_contact, self.steps, self._lags[1], is_alone=True
        )
        conversation_seeds = ConversationSeeds(
            seed=self.seed,
            count=conversations,
            since=self.since,
            until=self.until,
            admins=list(self.admins),
            team_ids=[int(one["id"]) for one in self.teams],
            contact_of=self._seeded_contact,
            person_of=self._seeded_person,
            present=self._present_conversation,
        )
        self.conversations: Table = Table(
            conversation_seeds, self._present_conversation, self.steps, self._lags[2]
        )

    def _fill_tickets(self, tickets: int) -> None:
        self.ticket_states.fill(ticket_states())
        kinds = (("Question", "Customer"), ("Errand", "Back-office"), ("Outage", "Tracker"))
        for name, category in kinds:
            type_id = self.ticket_types.new_id()
            self.ticket_types.add(ticket_type(type_id, name, category, self.id_code, self.since))
        seeds = TicketSeeds(
            seed=self.seed,
            count=tickets,
            since=self.since,
            until=self.until,
            admins=list(self.admins),
            team_ids=[int(one["id"]) for one in self.teams],
            type_ids=[one["id"] for one in self.ticket_types],
            contact_of=self._seeded_contact,
            person_of=self._seeded_person,
            shown_beside=self._beside_tickets,
            present=self._present_ticket,
        )
        self.tickets: Table = Table(seeds, self._present_ticket, self.steps, self._lags[3])

    def _beside_tickets(self) -> Hashable:
        """Return what tickets show beside their own values, made again after a write only."""
        at = self.steps.writes, self.quirks.max_parts
        if at != self._beside[0]:
            shown = [[*self.ticket_types], [*self.ticket_states], at[1]]
            self._beside = at, encode_json(shown)
        return self._beside[1]

    def _fill_history(self) -> None:
        """Make what is in the past: calls of the newest conversations, and what admins did."""
        numbers = range(self.conversations.seeds.count - 1, -1, -1)
        for call, number in zip(settings.calls(self.seed, self.until), numbers, strict=False):
            row = self.conversations.at(number)
            call["conversation_id"] = row["id"]
            call["contact_id"] = next(iter(row["_contacts"]), None)
            self.calls.add(call)
        staff_list = list(self.admins)
        for number in range(SEEDED_ACTIVITY):
            at = self.until - (SEEDED_ACTIVITY - number) * 3_600
            kind = ACTIVITY_KINDS[number % len(ACTIVITY_KINDS)]
            self.log(at, kind, staff_list[number % len(staff_list)], {})

    def _seeded_company_of(self, contact_number: int) -> str | None:
        """Return the company that a contact has from the start, if it was not deleted."""
        seeds = self.companies.seeds
        number = contact_number % seeds.count if seeds.count else 0
        if not self.companies.has(number):
            return None
        company_id: str = seeds.columns["id"](number)
        return company_id

    def _people_at_start(self, company_number: int) -> int:
        return self.members.count_at_start(company_number)

    def _seeded_contact(self, draw: int) -> Row | None:
        """Return the author of a seeded record: a contact as it was seeded."""
        seeds = self.contact_seeds
        if not seeds.count:
            return None
        person = seeds.person(draw % seeds.count)
        texts = {name: getattr(person, name).decode() for name in ("id", "role", "name", "email")}
        return {"type": "contact", **texts}

    def _seeded_person(self, draw: int) -> Person | None:
        """Return the author of a seeded record, if the contact is as it was seeded."""
        seeds = self.contact_seeds
        number = draw % seeds.count if seeds.count else 0
        return seeds.person(number) if self.contacts.is_seeded(number) else None

    def _present_contact(self, row: Row, version: str) -> Row:
        return present.contact(row, version, self.quirks, self.links)

    def _present_company(self, row: Row, version: str) -> Row:
        del version  # companies are the same in all versions
        return present.company(
            row, tags=self.tags, segments=self.segments, user_count=self.members.count(row)
        )

    def _present_conversation(self, row: Row, version: str) -> Row:
        return present.conversation(row, version, contacts=self.contacts, tags=self.tags)

    def _present_ticket(self, row: Row, version: str) -> Row:
        return present.ticket(
            row,
            version,
            self.quirks,
            contacts=self.contacts,
            types=self.ticket_types,
            states=self.ticket_states,
        )

    def has_attribute(self, model: str, name: str) -> bool:
        """Tell whether a custom attribute is defined and not archived, or names custom objects."""
        if name in CUSTOM_OBJECT_TYPES:
            return True
        return any(
            one["custom"] and one["name"] == name and one["model"] == model and not one["archived"]
            for one in self.data_attributes
        )

    def catch_up(self) -> bool:
        """Look at some of what was written, for later questions; tell whether more is left."""
        left = [table.catch_up() for table in self._tables()]
        return self.members.catch_up() or any(left)

    def _tables(self) -> tuple[Table, ...]:
        return self.companies, self.contacts, self.conversations, self.tickets

    def discarded(self) -> Iterator[None]:
        """Free what was written, in steps, where nothing uses this workspace any more."""
        for table in self._tables():
            yield from table.discarded()

    def set_quirks(self, quirks: Quirks) -> None:
        """Replace the quirks; ValueError for a time zone that is not known."""
        self._day_zone = self._zone if quirks.day_zone is None else _zone_of(quirks.day_zone)
        self.quirks = quirks
        for table in self._tables():
            table.set_lag(search_s=quirks.search_lag_s, read_s=quirks.stale_s)

    def drawn_numbers(self, total: int) -> list[int]:
        """Return which places, of `total`, the quirk moves to the front now."""
        count = min(self.quirks.moving_orders, total)
        self._drawn += count
        return [mix(self.seed, self._drawn - place, 0x30B) % total for place in range(count)]

    def drawn_size(self, per_page: int) -> int:
        """Return how many rows the next page by cursor has: fewer now and then, by quirk."""
        if not self.quirks.short_pages:
            return per_page
        self._drawn += 1
        bits = mix(self.seed, self._drawn, 0x5E)
        is_short = (bits >> 32) / 2**32 < self.quirks.short_pages
        return 1 + bits % per_page if is_short else per_page

    def later(self, at: float, work: Callable[[], None]) -> None:
        """Do something once the clock has reached `at`, before the next call is served."""
        self._due.append((at, work))

    def run_due(self, at: float | None = None) -> None:
        """Do what is due by now, or by `at`, in the order in which it was asked for."""
        if self._due:
            now = self.now() if at is None else at
            due = [work for moment, work in self._due if moment <= now]
            self._due = [one for one in self._due if one[0] > now]
            for work in due:
                work()

    def open_scroll(self, numbers: Sequence[int]) -> Scroll:
        """Begin the walk over these companies."""
        self._scrolls += 1
        bits = mix(self.seed, self._scrolls, 0x5C)
        tail = mix(self.seed, self._scrolls, 0x5D) & 0xFFFFFFFFFFFF
        token = f"{bits >> 32:08x}-{bits >> 16 & 0xFFFF:04x}-4{bits & 0xFFF:03x}-a000-{tail:012x}"
        self.scroll = Scroll(token, numbers)
        return self.scroll

    def log(self, at: int, kind: str, admin: Row, metadata: Row) -> None:
        """Write what an admin did into the activity log."""
        self.activity.append(
            {
                "id": f"{mix(self.seed, len(self.activity), 0xAC):016x}",
                "performed_by": {
                    "type": "admin",
                    "id": admin["id"],
                    "email": admin["email"],
                    "ip": "127.0.0.1",
                },
                "metadata": metadata,
                "created_at": at,
                "activity_type": kind,
                "activity_description": f"{admin['name']}: {kind.replace('_', ' ')}",
            }
        )

    def day_of(self, moment: int) -> tuple[int, int]:
        """Return the start of a moment's day in the zone of searches, and of the next."""
        return _day(moment, self._day_zone)


def utc_day(moment: int) -> tuple[int, int]:
    """Return the start of a moment's day in UTC, and of the next."""
    return _day(moment, dt.UTC)


def _day(moment: int, zone: dt.tzinfo) -> tuple[int, int]:
    try:
        local = dt.datetime.fromtimestamp(moment, zone)
        start = local.replace(hour=0, minute=0, second=0, microsecond=0)
        following = (start + dt.timedelta(days=1)).date()
    except (OverflowError, ValueError, OSError):
        return moment, moment + 1
    next_start = dt.datetime.combine(following, dt.time(), zone)
    return int(start.timestamp()), int(next_start.timestamp())


def _zone_of(name: str) -> dt.tzinfo:
    if name.upper() in ("UTC", "ETC/UTC", "GMT"):
        return dt.UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"timezone={name!r:.100} is not known here; give an IANA name, and install the tzdata "
            "package where the system has no time zones"
        ) from None
