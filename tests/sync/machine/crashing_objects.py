"""Object storage that ends the process at the n-th change, or refuses every one from then on."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

from intercom_async.sync import TargetError
from tests.support.folder_objects import FolderObjects
from .crashing_disk import Keeping, Killed


class CrashingObjects(FolderObjects):
    """An object store.

    Args:
        folder: Where the objects are.
        kill_at: The change at which the process ends; 0 for none.
        full_at: The change from which on all are refused; 0 for none.
        keeping: Whether the change at which the process ends comes about: "none" loses it.
    """

    def __init__(
        self, folder: Path, *, kill_at: int = 0, full_at: int = 0, keeping: Keeping = "none"
    ) -> None:
        super().__init__(folder)
        self.operations: int = 0
        self.hooks: dict[int, Callable[[], object]] = {}
        """What is called before the n-th change."""
        self._kill_at = kill_at
        self._full_at = full_at
        self._is_done = keeping != "none"

    def _put(self, name: str, body: bytes) -> str:
        is_last = self._step()
        tag = super()._put(name, body)
        if is_last:
            raise Killed
        return tag

    def remove(self, names: Sequence[str]) -> None:
        is_last = self._step()
        # A request to remove many may be carried out in part.
        super().remove(names[: len(names) // 2] if is_last else names)
        if is_last:
            raise Killed

    def crash(self, keeping: Keeping, dice: random.Random) -> None:
        """Do nothing: what was put is there, and nothing else is."""

    def _step(self) -> bool:
        """Count a change; say whether the process ends behind it."""
        self.operations += 1
        if self.operations in self.hooks:
            self.hooks[self.operations]()
        if self._full_at and self.operations >= self._full_at:
            raise TargetError(f"{self.where}: no more room; nothing that was committed is lost")
        if not self._kill_at or self.operations < self._kill_at:
            return False
        if not self._is_done or self.operations > self._kill_at:
            raise Killed
        return True
