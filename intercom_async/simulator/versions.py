"""The Intercom-Version header."""

from __future__ import annotations

from .errors import ApiError

VERSIONS = ("2.14", "2.15", "2.16")
"""The versions whose operations and shapes are known one by one."""

OLDER = tuple(f"1.{minor}" for minor in range(5)) + tuple(f"2.{minor}" for minor in range(14))
NEWER = ("2.17", "preview", "unstable")


def known_version(asked: str | None, configured: str) -> str:
    """Return which of the known versions a request is answered as.

    Versions before the oldest known one get its shapes, those after the newest get that one's;
    their own differences are not simulated. 400 for what is no version.
    """
    version = (asked or configured).strip().lower()
    if version in VERSIONS:
        return version
    if version in OLDER:
        return VERSIONS[0]
    if version in NEWER:
        return VERSIONS[-1]
    raise ApiError(400, "intercom_version_invalid", "The requested version could not be found")


def is_since(version: str, first: str) -> bool:
    """Tell whether a known version is `first` or a later one."""
    return VERSIONS.index(version) >= VERSIONS.index(first)
