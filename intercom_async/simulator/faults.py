"""Faults on a schedule or at a rate; the same seed and the same requests meet the same ones."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

import msgspec

from .errors import ApiError
from .quirks import check_sizes, check_types
from .seed.draw import mix

Cut = Literal["before", "after"]
CODES = {429: "too_many_requests", 503: "service_unavailable", 408: "request_timeout"}
"""By status: the code of a fault's error, where it is not `server_error`."""


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule: when it applies and what it does."""

    rate: float = 1.0
    """Share of the matching requests that it strikes."""
    after: int = 0
    """Matching requests that pass before it can strike."""
    every: int = 1
    """Strikes only each n-th of those, where n is this."""
    times: int | None = None
    """How often it strikes at most."""
    method: str | None = None
    path: str | None = None
    """Only paths that start with this prefix; ``/contacts`` also matches ``/contacts/ID``."""
    status: int | None = None
    """Answer this instead of doing the work."""
    drop: Cut | None = None
    """Close the connection before the work is done, or after."""
    delay_s: float = 0.0
    garble: bool = False
    """Send a body that is no JSON (after the work is done)."""
    truncate: bool = False
    """Announce the whole body and close after half of it."""
    empty: bool = False
    """Send a success without a body."""
    no_headers: bool = False
    """Leave out the rate-limit headers and the request id."""
    drift: str | None = None
    """Name of a field whose value comes with another type, wherever it stands in the body."""
    not_utf8: bool = False
    """Put bytes into the body that are not UTF-8."""
    deep: bool = False
    """Add a field to the body that is nested thousands of levels deep."""
    short_list: bool = False
    """Leave out the second half of a list's rows, and that there is a next page."""
    empty_list: bool = False
    """Leave out all rows of a list, and that there is a next page; the counts stay."""
    edge: Literal["cdn", "proxy"] | None = None
    """Answer `status` as a CDN or a proxy before Intercom does: no JSON, none of its headers."""
    retry_after_s: float | None = None
    """Send a Retry-After header."""
    slow_body_s: float = 0.0
    """Seconds over which the body is spread."""

    def __post_init__(self) -> None:
        """Refuse a rule that could not strike or be answered; the error says which field it is."""
        check_types(self)
        if self.edge is not None and self.status is None:
            raise ValueError("a fault with edge needs a status")
        if self.every < 1 or not 0.0 <= self.rate <= 1.0:
            raise ValueError("a fault needs every >= 1 and a rate between 0 and 1")
        if self.status is not None and not 200 <= self.status <= 599:  # noqa: PLR2004 (HTTP's)
            raise ValueError(f"status={self.status} must be between 200 and 599")
        if self.path is not None and (not self.path.startswith("/") or "{" in self.path):
            raise ValueError(
                "path must begin with /, and is a prefix of paths with ids, no template"
            )
        for name in ("after", "times", "delay_s", "slow_body_s", "retry_after_s"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise ValueError(f"{name} must not be negative")

    def error(self) -> ApiError:
        """Return the error that is answered instead of the work."""
        status = 500 if self.status is None else self.status
        return ApiError(status, CODES.get(status, "server_error"), "A fault was asked for")


@dataclasses.dataclass(slots=True)
class _Rule:
    fault: Fault
    seed: int
    seen: int = 0
    struck: int = 0

    def strikes(self, method: str, path: str) -> bool:
        fault = self.fault
        if fault.method is not None and fault.method.upper() != method:
            return False
        if fault.path is not None and not path.startswith(fault.path):
            return False
        self.seen += 1
        if self.seen <= fault.after or (self.seen - fault.after) % fault.every:
            return False
        if fault.times is not None and self.struck >= fault.times:
            return False
        if fault.rate < 1.0 and mix(self.seed, self.seen) / 2**64 >= fault.rate:
            return False
        self.struck += 1
        return True


class Faults:
    """The rules in force."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rules: list[_Rule] = []

    def add(self, fault: Fault | None = None, /, **settings: Any) -> Fault:
        """Add a rule, whole or by the fields of `Fault`.

        Raises:
            ValueError: It makes no sense.
        """
        check_sizes(Fault, settings)
        try:
            made = msgspec.convert(settings, Fault) if fault is None else fault
        except msgspec.ValidationError as error:
            raise ValueError(f"no such fault: {error}") from error
        if not isinstance(made, Fault):
            raise ValueError(f"a fault is a Fault, not {type(made).__name__}")  # noqa: TRY004 (as every other setting)
        self._rules.append(_Rule(made, mix(self._seed, len(self._rules), 0xFA)))
        return made

    def rules(self) -> list[Fault]:
        """Return the rules in force, the oldest first."""
        return [rule.fault for rule in self._rules]

    def remove(self, fault: Fault) -> bool:
        """Remove the first rule that is equal to a fault; say whether there was one."""
        for at, rule in enumerate(self._rules):
            if rule.fault == fault:
                del self._rules[at]
                return True
        return False

    def hits(self) -> list[tuple[Fault, int]]:
        """Return each rule in force and how many requests it struck, the oldest first."""
        return [(rule.fault, rule.struck) for rule in self._rules]

    def clear(self) -> None:
        """Remove all rules."""
        self._rules.clear()

    def struck(self) -> int:
        """Return how many requests met a fault."""
        return sum(rule.struck for rule in self._rules)

    def __bool__(self) -> bool:
        return bool(self._rules)

    def draw(self, method: str, path: str) -> Fault | None:
        """Return the first rule that strikes this request; every rule counts it."""
        struck = [rule.fault for rule in self._rules if rule.strikes(method, path)]
        return struck[0] if struck else None
