"""What a sync remembers in its target, so that it goes on where it stopped.

It is kept with the rows and committed with them: a state never tells of a row that is not there,
and no row is there that its state does not tell of. As JSON it reads::

    {
      "format": 1,
      "workspace": "abc12345",                  the workspace that the target belongs to
      "streams": {
        "contacts": {
          "number": 2,                          how many runs it has begun
          "low_watermark": 1750000000,            changes since then are what the next run reads
          "recent": {"id": "digest"},           rows of which an unchanged copy would come again
          "fingerprint": "12:9f3a…",            count and sum of a whole list, if it is one
          "run": {                              null between runs
            "kind": "full",                     full, or changes
            "begun_at": 1750000600,
            "since": null,                      of changes: from when on
            "parts": [
              {"low": 0, "high": 1750000000, "floor": 0, "position": "…", "rows": 450,
               "count": 1200, "is_done": false, "failure": null}
            ],
            "is_planned": true,                 whether the parts cover everything
            "pending": ["id"],                  parents whose rows are still to be read
            "rows": 450,
            "total": 0,                         sum of the digests of a whole list's rows
            "recent": {}                        what "recent" above will be
          }
        }
      },
      "sink": {…}                               the sink's own, such as the lengths of files
    }

Times are UNIX seconds. A reader of this version refuses a `format` it does not know.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from .errors import TargetError
from .partitions import Part

FORMAT = 1

Kind = Literal["full", "changes"]


class SavedRun(msgspec.Struct, kw_only=True):
    """A run of one stream that has begun and not ended."""

    kind: Kind
    begun_at: int
    since: int | None = None
    parts: list[Part] = []
    is_planned: bool = False
    pending: dict[str, None] = {}
    """Keys of parents whose rows are still to be read; a dict for its order and speed."""
    rows: int = 0
    total: int = 0
    """Sum of the digests of a whole list's rows."""
    recent: dict[str, str] = {}
    """What `recent` of the stream will be."""


class StreamState(msgspec.Struct, kw_only=True):
    """What is remembered of one stream."""

    number: int = 0
    low_watermark: int | None = None
    recent: dict[str, str] = {}
    fingerprint: str | None = None
    run: SavedRun | None = None


class State(msgspec.Struct, kw_only=True):
    """What is remembered of a target."""

    format: int = FORMAT
    workspace: str
    streams: dict[str, StreamState]

    def encode(self) -> bytes:
        """Write it as JSON."""
        return msgspec.json.encode(self)


class _Head(msgspec.Struct):
    format: int


def read_state(body: bytes, where: str) -> State:
    """Read what a target remembers.

    Raises:
        TargetError: It is damaged, or of another version.
    """
    try:
        head = msgspec.json.decode(body, type=_Head)
        if head.format == FORMAT:
            return msgspec.json.decode(body, type=State)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise TargetError(
            f"{where}: the sync's state is damaged; restore it, or choose another target"
        ) from None
    raise TargetError(
        f"{where}: the sync's state has format {head.format}, this version reads {FORMAT}"
    )


def check_fits(state: State, workspace: str, streams: list[str], where: str) -> None:
    """Refuse a target that belongs to another workspace or holds other streams.

    Raises:
        TargetError: It says what differs.
    """
    if state.workspace != workspace:
        raise TargetError(
            f"{where} holds workspace {state.workspace}, the token is of {workspace}; "
            "choose another target"
        )
    known, wanted = set(state.streams), set(streams)
    if known != wanted:
        differences = [f"lacks {name}" for name in sorted(wanted - known)]
        differences += [f"has {name} too" for name in sorted(known - wanted)]
        raise TargetError(
            f"{where} holds other streams: it {', '.join(differences)}; "
            "name the same ones, or choose another target"
        )
