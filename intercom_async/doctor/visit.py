"""What every check has at hand."""

from __future__ import annotations

from dataclasses import dataclass

from intercom_async.client import Intercom
from intercom_async.models.admins import Me
from .tap import Tap


@dataclass(frozen=True)
class Visit:
    """A workspace that a token has access to."""

    intercom: Intercom
    tap: Tap
    me: Me
