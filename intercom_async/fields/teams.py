"""Fields of teams, from Preview."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from .common import Id


class TeamLevels(TypedDict, total=False):
    """Which members of a team are asked first; who is not named stays where he is."""

    primary_admin_ids: Sequence[Id] | None
    secondary_admin_ids: Sequence[Id] | None
