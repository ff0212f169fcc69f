"""Maps columns of a file to fields of contacts and companies, and converts their values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Literal

from intercom_async.codec.coercion import is_object
from intercom_async.errors import ConfigError
from intercom_async.fields import CompanyFields, ContactFields
from intercom_async.models import DataAttribute
from intercom_async.moments import from_iso

Kind = Literal["contacts", "companies"]

KEYS: dict[str, tuple[str, ...]] = {
    "contacts": ("id", "external_id", "email"),
    "companies": ("company_id",),
}
"""Keys that identify a row; of several, an upsert takes the first."""
_FIELDS: dict[str, frozenset[str]] = {
    "contacts": frozenset({"id", *ContactFields.__annotations__}),
    "companies": frozenset(CompanyFields.__annotations__),
}
_CUSTOM = "custom_attributes"
_MOMENTS = frozenset({"date", "datetime"})
_WHOLE = frozenset({"size", "monthly_spend"})
_TRUTH = frozenset({"email_verified", "unsubscribed_from_emails", "update_last_request_at"})
_ROLES = ("user", "lead")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
"""A sign @ with something on both sides; what else an address must have, the API decides."""
_NO_DATE = "is not a date; use 2024-02-29, ISO 8601 or UNIX seconds"
_REASONS = {
    "integer": "must be a whole number",
    "float": "must be a number",
    "boolean": "must be true or false",
    "date": _NO_DATE,
    "datetime": _NO_DATE,
}
"""Why a text is refused, by the type it should have."""
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")


def check_key(kind: str, key: str) -> None:
    """Check that a key identifies rows of a kind.

    Raises:
        ConfigError: It does not.
    """
    if key not in KEYS[kind]:
        raise ConfigError(f"--key of {kind} is one of {', '.join(KEYS[kind])}, not {key}")


class Columns:
    """Converts rows to the fields that are sent.

    Args:
        kind: What the rows are.
        key: Column that identifies the contact or company.
        attributes: Data attributes of the workspace.
        are_texts: Whether all values are text, also numbers and times.

    Raises:
        ConfigError: The key is not one of this kind.
    """

    def __init__(
        self, kind: Kind, key: str, attributes: Iterable[DataAttribute], *, are_texts: bool
    ) -> None:
        check_key(kind, key)
        self._kind = kind
        self._key = key
        self._are_texts = are_texts
        self._types = {
            str(each.name): str(each.data_type)
            for each in attributes
            if each.custom and not each.archived
        }

    def check(self, names: Iterable[str]) -> None:
        """Check the columns before anything is written.

        Raises:
            ConfigError: The key is missing, or a column is no field; the message lists the fields.
        """
        given = list(names)
        if self._key not in given:
            raise ConfigError(
                f"the file has no column {self._key}, which is the key; it has {', '.join(given)}"
            )
        stronger = KEYS[self._kind][: KEYS[self._kind].index(self._key)]
        found = [name for name in stronger if name in given]
        if found:
            raise ConfigError(
                f"the file has a column {found[0]}, which is a key before {self._key}: "
                f"use --key {found[0]}, or leave the column out"
            )
        for name in given:
            self._check_name(name)

    def item(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields to send for a row.

        Raises:
            ConfigError: The key is missing, or a value has the wrong type.
        """
        fields: dict[str, Any] = {}
        custom: dict[str, Any] = {}
        for name, value in row.items():
            if _is_absent(value) or (self._are_texts and not str(value).strip()):
                continue
            self._check_name(name)
            if name == _CUSTOM:
                if not is_object(value):
                    raise ConfigError(
                        f"{_CUSTOM} must be an object; a column of one attribute is called "
                        f"{_CUSTOM}.NAME"
                    )
                custom.update(value)
            elif name.startswith(f"{_CUSTOM}."):
                attribute = name.removeprefix(f"{_CUSTOM}.")
                custom[attribute] = self._read(name, value, self._types[attribute])
            else:
                fields[name] = self._read(name, value, _type_of(name))
                self._check_value(name, fields[name])
        if self._key not in fields:
            raise ConfigError(f"the row has no {self._key}")
        return {**fields, **({_CUSTOM: custom} if custom else {})}

    def _check_value(self, name: str, value: Any) -> None:
        """Reject what the API is known to refuse."""
        if self._kind != "contacts" or not isinstance(value, str):
            return
        if name == "email" and not _ADDRESS.fullmatch(value):
            raise ConfigError("email is not an address such as ann@example.com")
        if name == "role" and value not in _ROLES:
            raise ConfigError(f"role must be {' or '.join(_ROLES)}")

    def _check_name(self, name: str) -> None:
        attribute = name.removeprefix(f"{_CUSTOM}.")
        if attribute != name:
            if attribute not in self._types:
                known = ", ".join(sorted(self._types)) or "none"
                raise ConfigError(
                    f"the workspace has no attribute {attribute} of {self._kind}; it has {known}"
                )
        elif name not in _FIELDS[self._kind]:
            raise ConfigError(
                f"{self._kind} have no field {name}; name custom attributes {_CUSTOM}.{name}; "
                f"the fields are {', '.join(sorted(_FIELDS[self._kind]))}"
            )

    def _read(self, name: str, value: Any, kind: str) -> Any:
        if kind in _MOMENTS and isinstance(value, date):
            return _date(value.isoformat())
        if isinstance(value, float) and value.is_integer() and kind != "float":
            return int(value)  # a column of whole numbers, where some rows have none
        if not isinstance(value, str) or (not self._are_texts and kind not in _MOMENTS):
            return value
        try:
            return _READERS.get(kind, str)(value.strip())
        except ValueError:
            raise ConfigError(f"{name} {_REASONS[kind]}") from None


def _is_absent(value: Any) -> bool:
    """Return whether a cell is empty; numeric columns have NaN then."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def _type_of(name: str) -> str:
    if name.endswith("_at"):
        # A switch of this ending is no moment.
        return "boolean" if name in _TRUTH else "date"
    return "integer" if name in _WHOLE else "boolean" if name in _TRUTH else "string"


def _boolean(text: str) -> bool:
    low = text.lower()
    if low not in (*_TRUE, *_FALSE):
        raise ValueError(text)
    return low in _TRUE


def _date(text: str) -> int:
    if text.isdecimal():
        return int(text)
    moment = from_iso(text)
    if moment is None:
        raise ValueError(text)
    return int(moment.timestamp())


_READERS: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "float": float,
    "boolean": _boolean,
    "date": _date,
    "datetime": _date,
}
