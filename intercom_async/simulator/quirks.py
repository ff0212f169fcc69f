"""What the real API was seen to do now and then, each to be switched on by itself."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Literal, get_args

import msgspec

ResetForm = Literal["exact", "constant", "absent", "milliseconds"]
PoisonKind = Literal["error", "garbled", "not_utf8", "deep"]


def check_sizes(kind: type[msgspec.Struct], values: Mapping[str, object]) -> None:
    """Refuse numbers that no float holds, which msgspec 0.19 answers with a `SystemError`.

    Args:
        kind: Struct that declares the fields.
        values: Values of its fields.

    Raises:
        ValueError: It names the field.
    """
    for field in msgspec.structs.fields(kind):
        value = values.get(field.name)
        is_large = isinstance(value, int) and abs(value) > sys.float_info.max
        if is_large and float in (field.type, *get_args(field.type)):
            raise ValueError(f"{field.name}: the number is out of range")


def check_types(settings: msgspec.Struct) -> None:
    """Refuse values of another type than is declared, and numbers that are none.

    Raises:
        ValueError: It names the field.
    """
    check_sizes(type(settings), msgspec.structs.asdict(settings))
    for field in msgspec.structs.fields(settings):
        value = getattr(settings, field.name)
        try:
            msgspec.convert(value, field.type)
            is_number = not isinstance(value, float) or math.isfinite(value)
        except (msgspec.ValidationError, UnicodeError, AttributeError) as error:
            raise ValueError(f"{field.name}: {error}") from None
        if not is_number:
            raise ValueError(f"{field.name} must be a finite number")


class Quirks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Peculiarities of a workspace; all are off by default and derived from the seed."""

    search_lag_s: float = 0.0
    """Searches find a new or changed record as it is now only after up to so many seconds, and
    until then as it was before. Connectors allow for an hour."""
    stale_s: float = 0.0
    """Seconds for which lists and reads by id show a changed record as it was before."""
    moving_orders: int = 0
    """Records that move to the front of a list each time a page of it is read: companies, which
    are then listed by `last_request_at`, and articles, which are listed by `updated_at`."""
    day_zone: str | None = None
    """Time zone of the server's days in searches; None: the workspace's."""
    max_per_page: int | None = None
    """Rows of a page at most, whatever was asked for."""
    max_parts: int = 500
    """Parts of a conversation or ticket that a read by id shows, the newest ones."""
    max_embedded: int = 10
    """Tags, notes and companies that a contact shows; the rest is behind a link."""
    hide_has_more: bool = False
    """Embedded lists that are cut say `has_more: false`, as was recorded of tags."""
    short_pages: float = 0.0
    """Share of pages by cursor that have fewer rows than asked for; the next page goes on there."""
    lying_counts: float = 0.0
    """Share of lists whose `total_count` and `total_pages` are wrong."""
    reset_header: ResetForm = "exact"
    """X-RateLimit-Reset: the end of the window, always the same moment, absent, or milliseconds."""
    own_links: bool = False
    """Links (`pages.next`, downloads, recordings) point to this server instead of to Intercom's
    hosts, so that a client that follows them does not take its token there."""
    poison: dict[str, PoisonKind] = msgspec.field(default_factory=dict[str, PoisonKind])
    """By id of a record: what comes of every answer that has it. A 500, broken JSON, bytes that
    are not UTF-8, or JSON that is nested deeply."""

    def __post_init__(self) -> None:
        """Refuse values that make no sense."""
        check_types(self)
        for name in ("search_lag_s", "stale_s", "moving_orders"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative")
        for name in ("short_pages", "lying_counts"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must be between 0 and 1")
        for name in ("max_per_page", "max_parts", "max_embedded"):
            most = getattr(self, name)
            if most is not None and most < 1:
                raise ValueError(f"{name} must be at least 1")
