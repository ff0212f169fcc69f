"""What an examination has found: in words, as facts to share, and as settings to keep."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypedDict

import msgspec

from intercom_async._version import __version__
from intercom_async.config import Limits, Region
from intercom_async.errors import ConfigError

Outcome = Literal["good", "note", "bad", "unknown"]
"""Fine; worth knowing; in the way of work; not to be found out here."""


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    check: str
    """What: ``token``, ``region``, ``clock``, …"""
    outcome: Outcome
    text: str
    """What was found, in words without an id, a name or an address."""
    advice: str = ""
    """What to do."""
    private: str = ""
    """What belongs to this workspace, such as its name; it is never shared."""
    facts: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """The same for programs: numbers and words of the API, nothing of the workspace."""


class FoundSettings(TypedDict, total=False):
    """Settings of a client that an examination has found."""

    region: Region
    limits: Limits


class Examination(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was found."""

    findings: tuple[CheckResult, ...]
    calls: int
    """Calls that it took."""
    version: str
    """API version that was asked for."""

    @property
    def is_well(self) -> bool:
        """Whether nothing is in the way of work."""
        return all(finding.outcome != "bad" for finding in self.findings)

    def fact(self, check: str, name: str) -> Any:
        """Return one fact; None where it was not found out."""
        found = (each.facts[name] for each in self.findings if name in _facts_of(each, check))
        return next(found, None)

    def shareable(self) -> str:
        """Return what may be pasted into a public issue: no id, no name, no address, no token."""
        lines = [f"intercom-async {__version__}, API {self.version}, {self.calls} calls"]
        for finding in self.findings:
            lines.append(f"{finding.outcome}: {finding.check}: {finding.text}")
            facts = msgspec.json.encode(finding.facts).decode()
            lines += [f"    {facts}"] if finding.facts else []
        return "\n".join(lines)

    def settings(self) -> FoundSettings:
        """Return what a client can be told: ``Intercom(**examination.settings())``."""
        found: FoundSettings = {}
        region = self.fact("region", "region") or self.fact("token", "region")
        if region in ("us", "eu", "au"):
            found["region"] = region
        limit, window_s = self.fact("windows", "limit_per_window"), self.fact("windows", "window_s")
        window_s = window_s or Limits().window_s
        if limit:
            per_minute = max(1, int(limit * 60 / window_s))
            found["limits"] = Limits(app_per_minute=per_minute, window_s=window_s)
        return found


def _facts_of(finding: CheckResult, check: str) -> dict[str, Any]:
    return finding.facts if finding.check == check else {}


class _Saved(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How settings are kept in a file."""

    region: Region | None = None
    app_per_minute: int | None = None
    window_s: float | None = None


def save_settings(examination: Examination, path: str | Path) -> None:
    """Keep what was found in a file, for `read_settings`.

    Raises:
        OSError: It cannot be written.
    """
    found = examination.settings()
    limits = found.get("limits")
    saved = _Saved(
        region=found.get("region"),
        app_per_minute=None if limits is None else limits.app_per_minute,
        window_s=None if limits is None else limits.window_s,
    )
    Path(path).write_bytes(msgspec.json.format(msgspec.json.encode(saved), indent=2) + b"\n")


def read_settings(path: str | Path) -> FoundSettings:
    """Return the settings that `save_settings` has kept: ``Intercom(**read_settings(path))``.

    Raises:
        ConfigError: The file is not there, or was not written by `save_settings`.
    """
    try:
        saved = msgspec.json.decode(Path(path).read_bytes(), type=_Saved)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"no settings of a doctor in {path}: {reason}; correct the path, or let "
            "intercom-async doctor --save write them"
        ) from None
    found: FoundSettings = {}
    if saved.region is not None:
        found["region"] = saved.region
    if saved.app_per_minute is not None:
        window_s = saved.window_s or Limits().window_s
        found["limits"] = Limits(app_per_minute=saved.app_per_minute, window_s=window_s)
    return found
