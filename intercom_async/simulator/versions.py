"""The Intercom-Version header."""

from __future__ import annotations

from .values import VERSIONS, Refusal

OLDER = tuple(f"1.{minor}" for minor in range(5)) + tuple(f"2.{minor}" for minor in range(14))
NEWER = ("2.17", "preview", "unstable")


def shape_of(asked: str | None, configured: str) -> str:
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
    raise Refusal(400, "intercom_version_invalid", "The requested version could not be found")
