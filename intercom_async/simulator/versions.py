"""The Intercom-Version header."""

from __future__ import annotations

from .errors import ApiError

VERSIONS = ("2.14", "2.15", "2.16", "2.17", "Preview")
"""The versions that differ here, oldest first; Preview counts as later than every number."""
DESCRIBED_AS = {"2.17": "2.16"}
"""By version without a description of its own: the one whose operations and types it has."""
_RANKS = {version: rank for rank, version in enumerate(VERSIONS)}
_BY_NAME = {version.lower(): version for version in VERSIONS} | {"unstable": "Preview"}
_OLDER = {f"1.{minor}" for minor in range(5)} | {f"2.{minor}" for minor in range(14)}


def known_version(asked: str | None, configured: str) -> str:
    """Return the version that a request is answered as.

    Versions before the oldest known one are answered as that one: their own differences are not
    simulated. 400 for what is no version.
    """
    version = (asked or configured).strip().lower()
    if version in _BY_NAME:
        return _BY_NAME[version]
    if version in _OLDER:
        return VERSIONS[0]
    raise ApiError(400, "intercom_version_invalid", "The requested version could not be found")


def is_since(version: str, first: str) -> bool:
    """Tell whether a known version is `first` or a later one."""
    return _RANKS[version] >= _RANKS[first]
