"""What is read of a row: its key, its times and a digest; its bytes go on as they came."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any

import msgspec

from intercom_async.moments import EARLIEST, LATEST, from_server
from .cut_lists import ShownList, is_any_cut, read_lists
from .cut_points import DAY_SLACK_S
from .errors import UNREADABLE
from .key_table import MAX_U32
from .merging import digest_of

MAX_KEY_BYTES = 1_300
"""Longest id of a row, UTF-8: PostgreSQL's index takes 2,704 bytes, which may be two of them. A row
with a longer one, or with NUL in it, is unreadable for every target
(test_strange_keys.py::test_a_row_is_unreadable_in_a_page_and_by_itself)."""
SHORT_KEY = MAX_KEY_BYTES // 4
"""Characters of an id that fits whatever they are; a page with a longer one is read row by row."""
SLACK_S = 300
"""By how many seconds the times of rows and the clocks may differ."""

_LONE_SURROGATE = re.compile(
    rb"(\\[^u])|"
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|"
    rb"(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
"""Half of a surrogate pair; another escape, such as a backslash before `ud83d`, is taken whole."""
_SURROGATE = re.compile(rb"\\(?=u[dD])")
"""What may be half of one; it is looked for by its first byte alone, ten times as fast."""
_REPLACEMENT = rb"\ufffd"


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row, as far as a sync has to know it."""

    key: str
    parent: str
    """The key of the row that it belongs to; empty where rows have no parent."""
    version: int
    """When it last changed, UNIX seconds; 0 where it does not say."""
    partition_at: int | None
    """When it was made, or what else never moves."""
    body: bytes
    """As it came, on one line, as valid UTF-8."""
    is_cut: bool = False
    """Whether a list inside it has more entries than it shows."""
    is_ahead: bool = False
    """Whether it says that it changed later than now; `version` is the present then."""

    def is_made_since(self, moment: int) -> bool:
        """Say whether it was made at a moment or later, as far as it says it."""
        return self.partition_at is not None and self.partition_at >= moment

    @property
    def id(self) -> str:
        """What tells it apart in its stream."""
        return f"{self.parent}\0{self.key}" if self.parent else self.key

    @property
    def digest(self) -> int:
        """64 bits of its content."""
        return digest_of(self.body)


class RowReader:
    """Reads rows of one stream.

    Args:
        key: The field that tells rows apart.
        version: The field of when a row changed, if there is one.
        partition: The field of when it was made, if there is one.
        parent: The field of the row that it belongs to, if there is one.
        lists: Fields with lists that the API cuts.
        takes_any_key: Whether ids are read that not every target can keep: a target may hold some.
    """

    def __init__(
        self,
        key: str,
        *,
        version: str | None = None,
        partition: str | None = None,
        parent: str | None = None,
        lists: Sequence[str] = (),
        takes_any_key: bool = False,
    ) -> None:
        self._takes_any_key = takes_any_key
        wanted = dict.fromkeys(name for name in (version, partition, parent) if name is not None)
        wanted.pop(key, None)
        self._names = (key, *wanted)
        places = {name: f"f{number}" for number, name in enumerate(self._names)}
        # What a row has not is read of an attribute that is None.
        values_at = [
            places.get(name or "", "nothing") for name in (key, version, partition, parent)
        ]
        self._values_of = attrgetter(*values_at)
        self._lists = tuple(dict.fromkeys(lists))
        lists_at = [f"l{number}" for number in range(len(self._lists))]
        self._lists_of = attrgetter("nothing", *lists_at) if lists_at else _no_lists
        self.latest: int = MAX_U32
        """The present, as far as it is known. A row that changed later, by more than clocks differ,
        counts as changed now: it would hide every change to come
        (test_raw_rows.py::test_a_change_that_is_still_to_come)."""
        self.met_ahead: bool = False
        """Whether any row said that it changed later than now."""
        self._decoder = msgspec.json.Decoder(_head(self._names))
        self._page_decoder = _page_decoder(self._names, self._lists)

    def read_page(self, raws: Iterable[Any]) -> list[Row | None]:
        """Read the rows of a page, each as `read` does.

        They are decoded together: by itself, a row costs twice as much.
        """
        bodies = [bytes(raw) for raw in raws]
        page = b"[%b]" % b",".join(bodies)
        if is_clean(page) and b"\\u0000" not in page:
            try:
                heads = self._page_decoder.decode(page)
            except UNREADABLE:
                pass  # One of them is not what a row should be, so each is read by itself.
            else:
                if len(heads) == len(bodies):
                    return self._rows(heads, bodies, self._lists_of)
        return [self.read(body) for body in bodies]

    def read(self, raw: Any) -> Row | None:
        """Read one row; None where it has no key or is no object."""
        body = clean(bytes(raw))
        try:
            head = self._decoder.decode(body)
        except RecursionError:
            head = self._scan(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        if head is None:
            return None
        (row,) = self._rows([head], [body], _no_lists)
        if row is not None and not self._takes_any_key and not _is_kept(row.key):
            return None
        if row is not None and is_any_cut(read_lists(body, self._lists)):
            return msgspec.structs.replace(row, is_cut=True)
        return row

    def _rows(
        self,
        heads: Sequence[Any],
        bodies: Sequence[bytes],
        lists_of: Callable[[Any], tuple[ShownList | None, ...]],
    ) -> list[Row | None]:
        """Return the rows that heads were read of; None where a key is empty."""
        rows: list[Row | None] = []
        ahead: list[int] = []
        values_of, latest = self._values_of, self.latest
        for head, body in zip(heads, bodies, strict=True):
            key, version, partition_at, parent = values_of(head)
            if type(key) is not str:
                key = self._text_of(key)
            if key == "":
                rows.append(None)
                continue
            # Practically all moments are whole seconds of the past.
            if type(version) is not int or not 0 < version <= latest:
                told = from_server(version)
                version = self._bounded(told)
                if told is not None and told > max(version, 0):
                    ahead.append(len(rows))
            if type(partition_at) is not int or not 0 < partition_at <= latest:
                partition_at = _in_years(from_server(partition_at))
            of = "" if parent is None else str(parent)
            rows.append(Row(key, of, version, partition_at, body, is_any_cut(lists_of(head))))
        for place in ahead:
            row = rows[place]
            rows[place] = None if row is None else msgspec.structs.replace(row, is_ahead=True)
            self.met_ahead = True
        return rows

    def _text_of(self, key: int) -> str:
        """Return an id as a text; an empty one where not every target can keep it."""
        text = str(key)
        return text if self._takes_any_key or _is_kept(text) else ""

    def _bounded(self, version: int | None) -> int:
        """Return when a row changed, at the latest now; 0 where it does not say."""
        if version is None or version <= 0:
            return 0
        return version if version <= self.latest + SLACK_S else self.latest

    def without_times_to_come(self, rows: list[Row]) -> list[Row]:
        """Return rows as they are merged: one whose time is still to come does not say its time."""
        if not self.met_ahead:
            return rows
        return [msgspec.structs.replace(row, version=0) if row.is_ahead else row for row in rows]

    def kept_version(self, version: int, read_at: int) -> int:
        """Return the version of a row of the target: 0 where its change was still to come.

        A time that had not come when the row was read proves nothing, not even once it has passed:
        every later reading is newer (test_raw_rows.py::test_a_time_that_had_not_come).

        Args:
            version: When it changed, as it said.
            read_at: When it was read, UNIX seconds of the server; 0 where that is not known.
        """
        known = min(read_at, self.latest) if read_at else self.latest
        return version if version <= known + SLACK_S else 0

    def _scan(self, body: bytes) -> Any:
        """Read the head of a row that is nested too deep for a decoder."""
        fields = {name: value for name, value in top_level(body) if name in self._names}
        flat = b"{%s}" % b",".join(
            b"%s:%s" % (msgspec.json.encode(name), value) for name, value in fields.items()
        )
        try:
            return self._decoder.decode(flat)
        except UNREADABLE:
            return None


def _in_years(moment: int | None) -> int | None:
    """Return a moment; None where it, or the days beside it, is not in the years 1 to 9999.

    Such a row counts as one that does not say when it was made: no span can be asked for by it.
    """
    around = 2 * DAY_SLACK_S
    if moment is None or not EARLIEST + around <= moment <= LATEST - around:
        return None
    return moment


def _is_kept(key: str) -> bool:
    """Say whether every target can keep an id."""
    return "\0" not in key and len(key.encode()) <= MAX_KEY_BYTES


def _no_lists(head: Any) -> tuple[ShownList | None, ...]:
    """Return the lists of a head that was read without any."""
    del head
    return ()


@lru_cache(maxsize=64)
def _head(names: tuple[str, ...], lists: tuple[str, ...] = (), key: Any = str) -> Any:
    """Return a struct of some fields of a row, the key first: f0, f1, …, and of lists: l0, l1, ….

    The attributes have names of their own: a field may be called as no attribute can.
    """
    fields: list[Any] = [("f0", key | int, msgspec.field(name=names[0]))]
    for number, name in enumerate(names[1:], start=1):
        fields.append((f"f{number}", Any, msgspec.field(default=None, name=name)))
    nothing: dict[str, Any] = {"nothing": None}
    for number, name in enumerate(lists):
        if name in names:
            nothing[f"l{number}"] = None
        else:
            fields.append((f"l{number}", ShownList | None, msgspec.field(default=None, name=name)))
    return msgspec.defstruct("Head", fields, kw_only=True, gc=False, namespace=nothing)


@lru_cache(maxsize=64)
def _page_decoder(names: tuple[str, ...], lists: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    """Return what reads the heads of a list of rows."""
    head = _head(names, lists, Annotated[str, msgspec.Meta(max_length=SHORT_KEY)])
    kind: Any = list
    return msgspec.json.Decoder(kind[head])


def is_clean(page: bytes) -> bool:
    """Say whether no row of a page has anything that `clean` might replace."""
    if b"\n" in page or b"\r" in page or (b"\\" in page and _SURROGATE.search(page)):
        return False
    if page.isascii():
        return True
    try:
        page.decode()
    except UnicodeDecodeError:
        return False
    return True


def clean(body: bytes) -> bytes:
    """Return a row on one line as UTF-8 that every reader takes; what is not valid is replaced."""
    if b"\n" in body or b"\r" in body:
        # Between tokens only: in a string, a line feed would be escaped.
        body = body.replace(b"\n", b" ").replace(b"\r", b" ")
    try:
        body.decode()
    except UnicodeDecodeError:
        body = body.decode(errors="replace").encode()
    if b"\\" in body and (b"\\ud" in body or b"\\uD" in body):
        body = _LONE_SURROGATE.sub(lambda found: found[1] or _REPLACEMENT, body)
    return body


_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{\[]+|[}\]]+|[,:]|[^\s{}\[\],:"]+')
"""Brackets in a row are one token: of what is nested deep, nearly all are."""
_OPENING, _CLOSING = b"{[", b"}]"


def top_level(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Give the fields of an object whose values are no objects and no lists, at any depth."""
    depth = 0
    field: list[bytes] = []
    for found in _TOKEN.finditer(body):
        token = found[0]
        if token[0] in _OPENING:
            depth += len(token)
        elif token[0] in _CLOSING:
            depth -= len(token)
        elif depth == 1 and token != b",":
            field.append(token)
        if depth < 1 or (depth == 1 and token == b","):
            yield from _scalar(field)
            field = []


def _scalar(tokens: list[bytes]) -> Iterator[tuple[str, bytes]]:
    """Give a field that is a name, a colon and one value."""
    if len(tokens) == 3 and tokens[1] == b":":  # noqa: PLR2004 (name, colon and value)
        yield str(msgspec.json.decode(tokens[0])), tokens[2]
