"""What a sync remembers in its target, so that each run goes on where the last one ended.

It is kept with the rows and committed with them: a state never tells of a row that is not there.
All of it is derived from what was read and what the target holds. As JSON it reads::

    {
      "format": 2,
      "workspace": "abc12345",               the workspace that the target belongs to
      "is_dated": true,                      whether clocks agreed when runs began, see `State`
      "streams": {
        "contacts": {
          "pass_": {                         an open reading of everything; null if there is none
            "kind": "seed",                  seed, or sweep, which also looks for what is gone
            "began": 1750000000,             server's time before its first page was asked for
            "spans": [                       together they cover all time
              {"low": 172800, "high": null, "floor": 172800, "position": "…", "rows": 450,
               "count": 1200, "is_done": false}
            ]
          },
          "seeded": 1750000000,              when the first reading of everything began
          "watermark": 1750000600,           changes up to then are in the target, but for holes
          "swept": 1750000000,               when the last complete reading of everything began
          "deletions": 1750000600,           up to when lists of deleted rows were read
          "holes": [{"kind": "parent", "key": "7", "reason": "…", "since": 1750000600}],
          "version": "2.14", "zone": "America/New_York",
          "dangling": {"companies": ["9"]},  what its rows refer to and is not there
          "truncated": {"7": 12},            parents with children that the API does not give
          "miscounted": ["7"],               rows that count more than comes; some are enough
          "short_lists": {"7": 4},           rows with lists that count more entries than come
          "reread": 1750000000,              of children: when recent parents were last read again
          "families": "…"                    of parents: when their children were read, for which
        }                                    version; base64 of 16 bytes each
      }
    }

Times are UNIX seconds of the server. A reader of this version refuses a `format` it does not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from .errors import TargetError
from .holes import Hole
from .partitions import Part

FORMAT = 2
"""Version of the state; an older one is brought to it, a newer one refused."""
MOST_TRUNCATED = 1_000
"""Parents whose children are truncated that a state remembers
(test_truncated.py::test_no_more_is_remembered_than_is_meant)."""
MANY_MISCOUNTED = 10
"""Parents that count more children than come, until such counts are taken for other ones
(test_child_reader.py::test_statistics_that_always_count_more_are_no_holes_for_ever)."""
MOST_NAMED = 20
"""How many of them a report names."""

PassKind = Literal["seed", "sweep"]


class Pass(msgspec.Struct, kw_only=True):
    """A reading of everything in a stream, span by span."""

    kind: PassKind
    began: int
    spans: list[Part] = []
    is_planned: bool = False
    """Whether the spans cover everything."""
    earliest: int | None = None
    """A moment not after its beginning, where the server's clock may be wrong."""

    @property
    def changed_from(self) -> int:
        """The moment from which on it may lack changes and hold rows that have gone."""
        return self.began if self.earliest is None else min(self.began, self.earliest)

    @property
    def is_done(self) -> bool:
        """Whether every span was read."""
        return self.is_planned and all(span.is_done for span in self.spans)


class StreamState(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is remembered of one stream."""

    pass_: Pass | None = None
    seeded: int | None = None
    watermark: int | None = None
    swept: int | None = None
    deletions: int | None = None
    named: str = ""
    """A digest of the rows that the last whole reading of the list of deleted rows has named."""
    holes: list[Hole] = []
    surplus: int = 0
    """Rows that the server counts and that a sweep did not find."""
    version: str | None = None
    zone: str | None = None
    reread: int | None = None
    """When the children of all recent parents were last read, changed or not."""
    dangling: dict[str, list[str]] = {}
    """Rows of other streams that its rows refer to and that are not there."""
    compared: list[str] = []
    """Streams of which `dangling` has all that its rows refer to."""
    truncated: dict[str, int] = {}
    """Parents with more children than the API gives, and how many it does not give."""
    miscounted: list[str] = []
    """Parents whose own count, and nothing else, tells of more children than came of them; or rows
    whose lists count more entries than come."""
    short_lists: dict[str, int] = {}
    """Rows with lists that count more entries than come, and how many; where that is settled."""
    families: bytes = b""
    is_shown: bool = True
    """Whether its rows are in the target; else they only lead to their children."""
    has_unknown_parents: bool = False
    """Whether it may have rows of parents that nothing else in the target tells of."""

    def note_truncated(self, key: str, missing: int) -> int:
        """Remember how many children of a parent the API does not give, as an answer says.

        Returns:
            What is not remembered of it, as there are too many such parents already.
        """
        if not missing:
            self.truncated.pop(key, None)
        elif key not in self.truncated and len(self.truncated) >= MOST_TRUNCATED:
            return missing
        else:
            self.truncated[key] = missing
        return 0

    def note_miscounted(self, key: str, *, is_miscounted: bool) -> None:
        """Remember whether a parent counts more children than come; of many, only some."""
        if not is_miscounted and key in self.miscounted:
            self.miscounted.remove(key)
        elif is_miscounted and key not in self.miscounted:
            self.miscounted += [key][: max(0, MANY_MISCOUNTED - len(self.miscounted))]

    def note_short_list(self, key: str, lack: int) -> None:
        """Remember how many entries the lists of a row lack; some rows of very many."""
        if not lack:
            self.short_lists.pop(key, None)
        elif key in self.short_lists or len(self.short_lists) < MOST_TRUNCATED:
            self.short_lists[key] = lack

    def note_lacking(self, other: StreamState) -> None:
        """Remember what is lacking in a part of the stream that was read apart."""
        for key, missing in other.truncated.items():
            self.note_truncated(key, missing)
        for key, missing in other.short_lists.items():
            self.note_short_list(key, missing)
        for key in other.miscounted:
            self.note_miscounted(key, is_miscounted=True)

    def most_truncated(self) -> dict[str, int]:
        """Return the parents with most children that the API does not give, and the numbers."""
        found = sorted(self.truncated.items(), key=lambda one: (-one[1], one[0]))
        return dict(found[:MOST_NAMED])


class State(msgspec.Struct, kw_only=True):
    """What is remembered of a target."""

    format: int = FORMAT
    workspace: str
    streams: dict[str, StreamState]
    is_dated: bool = False
    """Whether the clocks agreed when each run began that is not published: then what it has read is
    as old as it noted (test_gone_on_with.py::test_what_was_read_by_a_clock_that_was_ahead)."""
    dropped: dict[str, StreamState] | UnsetType = UNSET
    """What is known of streams that go when the run publishes; a journal has it among `streams`."""

    def drop(self, names: Iterable[str]) -> None:
        """Forget streams once the run publishes: if it is stopped, they stay as they are."""
        self.dropped = {name: self.streams.pop(name) for name in names if name in self.streams}

    def every(self) -> Iterator[tuple[str, StreamState]]:
        """Give all streams with their names, also those that are dropped."""
        yield from self.streams.items()
        yield from () if self.dropped is UNSET else self.dropped.items()

    def encode(self, *, whole: bool) -> bytes:
        """Write it as JSON.

        Args:
            whole: As it is published: with `families`, which a journal does not repeat in each of
                its frames, and without what is dropped.
        """
        if whole:
            return msgspec.json.encode(msgspec.structs.replace(self, dropped=UNSET))
        # What is known of a dropped stream comes last: it may also be read for its children alone.
        lean = {
            name: msgspec.structs.replace(stream, families=b"") for name, stream in self.every()
        }
        return msgspec.json.encode(msgspec.structs.replace(self, streams=lean, dropped=UNSET))


class _Head(msgspec.Struct):
    format: int


class _Older(msgspec.Struct):
    """What is read of a state that an earlier version wrote."""

    workspace: str
    streams: dict[str, msgspec.Raw]


def read_state(body: bytes, where: str) -> State:
    """Read what a target remembers.

    A state of an earlier format gives the workspace and the streams, which are read again beside
    the rows that are there.

    Raises:
        TargetError: It is damaged, or of a later version.
    """
    try:
        head = msgspec.json.decode(body, type=_Head)
        if head.format == FORMAT:
            return msgspec.json.decode(body, type=State)
        if head.format < FORMAT:
            older = msgspec.json.decode(body, type=_Older)
            names = {name.strip("()"): not name.startswith("(") for name in older.streams}
            streams = {name: StreamState(is_shown=shown) for name, shown in names.items()}
            return State(workspace=older.workspace, streams=streams)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise TargetError(
            f"{where}: the sync's state is damaged; restore it, or choose another target"
        ) from None
    raise TargetError(
        f"{where}: the sync's state has format {head.format}, this version reads {FORMAT}"
    )


def check_fits(state: State, workspace: str, where: str) -> None:
    """Refuse a target that belongs to another workspace.

    Raises:
        TargetError: It says which one it holds.
    """
    if state.workspace != workspace:
        raise TargetError(
            f"{where} holds workspace {state.workspace}, the token is of {workspace}; "
            "choose another target"
        )
