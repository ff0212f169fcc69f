"""Rows that their time of change does not show to be newer than what is held, with other content.

A row may say no time, or an earlier one than before. A page may be answered from a state that is
older than what was read before, so such a row proves nothing by itself. But a time can go back: the
clocks of two servers differ, or a record is restored. A read by the row's id decides. Where there
is none, a second reading that shows the same does.
"""

from __future__ import annotations

from typing import Literal

from .key_table import BY_ID, Held
from .merging import Offered
from .streams import Children, Listing, Ranged

Fate = Literal["taken", "doubted", "left"]
"""What becomes of such a row: its content is the newer one, or may be, or is not."""


class EarlierTimes:
    """Judges such rows of a stream.

    Args:
        source: Where they come from.
        began: When the run began.
    """

    def __init__(self, source: Ranged | Listing | Children, began: int) -> None:
        self._source = source
        self._began = began
        self._before: dict[str, tuple[int, int]] = {}
        self.shown: dict[str, tuple[int, int]] = {}
        """By key: the time and the digest that the present reading shows, and that is not held."""
        self.went_back: set[str] = set()
        """Rows of which an earlier time was taken: their children are to be read again."""

    def begin(self) -> None:
        """Begin another reading."""
        self._before, self.shown = self.shown, {}

    def judge(self, key: str, held: Held, offered: Offered, digest: int) -> Fate:
        """Say what becomes of a row that `supersedes` leaves out.

        Args:
            key: The row.
            held: What is held of it.
            offered: Its version.
            digest: Its content.
        """
        if isinstance(self._source, Listing) and not offered.version:
            # The later reading of a list shows what is there.
            return "left" if offered.read_at < held.read_at else "taken"
        if digest == held.digest or (offered.version and not self._is_in_doubt(held, offered)):
            return "left"
        if getattr(self._source, "get", None) is None or isinstance(self._source, Listing):
            if self._before.get(key) == (offered.version, digest):
                self.shown.pop(key, None)
                return "taken"
            self.shown[key] = offered.version, digest
        return "doubted"

    def _is_in_doubt(self, held: Held, offered: Offered) -> bool:
        """Say whether a row with an earlier time may be newer nevertheless.

        Not where this run has read it by its id: a search that lags behind that shows what was
        before for a while.
        """
        if held.is_gone or not offered.version < held.version or offered.read_at < held.read_at:
            return False
        if isinstance(self._source, Ranged) and self._source.is_append_only:
            return False
        return not (held.flags & BY_ID and held.read_at >= self._began)
