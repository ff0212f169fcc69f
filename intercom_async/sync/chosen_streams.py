"""Which streams a run reads, from what was asked for and what the target holds."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from .builtin_streams import STREAMS
from .checkpoint import State
from .errors import SyncConfigError, TargetError
from .evidence import TOMBSTONES
from .run_options import RunOptions
from .sinks.base import Sink
from .sinks.new_target import is_new
from .streams import Stream, nearest, resolve

_KNOWN = {stream.name for stream in STREAMS}


def chosen_streams(
    options: RunOptions,
    state: State | None,
    damaged: Sequence[str],
    where: str,
    *,
    is_older: bool = False,
) -> tuple[Stream, ...]:
    """Return the streams that a run reads; those that it drops are not among them.

    Args:
        options: What was asked for.
        state: What the target remembers; None of a new one.
        damaged: Streams that are to be read again whatever was asked for.
        where: What messages call the target.
        is_older: Whether an earlier version wrote the target.

    Raises:
        SyncConfigError: A stream is to be read and dropped, is dropped and not known, or none is
            left to be read; or an older target has streams that only their user can read.
        TargetError: A stream is damaged, and how it is read is not known.
    """
    _check_dropped(options.drop_streams, state, where)
    wanted = options.streams
    if wanted is None:
        wanted = tuple(one for one in default_streams(state) if one not in options.drop_streams)
        if not wanted:
            raise SyncConfigError("every stream of the target is to be dropped; name one to read")
    chosen = resolve(wanted, STREAMS)
    names = {stream.name for stream in chosen}
    for name in options.drop_streams:
        if name in names:
            raise SyncConfigError(f"the stream {name!r} is to be read and to be dropped")
    more = [name for name in damaged if name not in (TOMBSTONES, *names, *options.drop_streams)]
    own = [name for name in more if name not in _KNOWN]
    if own:
        raise TargetError(
            f"{where}: streams of your own are damaged: {', '.join(own)}; pass them in streams=…"
        )
    if is_older and state is not None:
        taken = (*names, *options.drop_streams)
        check_known((name for name in _shown(state) if name not in taken), _KNOWN)
    return resolve([*wanted, *more], STREAMS)


def check_may_drop(options: RunOptions, sink: Sink) -> None:
    """Refuse to drop a stream that only a target could have, where there is none yet.

    Raises:
        SyncConfigError: It names the stream; nothing was made.
    """
    if not _KNOWN.issuperset(options.drop_streams) and is_new(sink):
        _check_dropped(options.drop_streams, None, sink.where)


def _check_dropped(names: Sequence[str], state: State | None, where: str) -> None:
    """Refuse to drop a stream that neither comes with the package nor is in the target."""
    held = {} if state is None else state.streams
    shown = [name for name, saved in held.items() if saved.is_shown]
    for name in names:
        if name not in _KNOWN and name not in held:
            near = nearest(name, shown or _KNOWN)
            raise SyncConfigError(
                f"there is no stream {name!r} that could be dropped{near}; "
                f"{where} has {', '.join(shown) or 'none'}"
            )


def default_streams(state: State | None) -> list[str]:
    """Return the streams of a target, or all that there are.

    Raises:
        SyncConfigError: The target has streams that do not come with the package.
    """
    known = [stream.name for stream in STREAMS]
    if state is None:
        return known
    check_known(names := _shown(state), known)
    return names or known


def _shown(state: State) -> list[str]:
    """Return the streams of which the target has the rows."""
    return [name for name, saved in state.streams.items() if saved.is_shown]


def check_known(names: Iterable[str], known: Container[str]) -> None:
    """Refuse streams of a target of which it is not known how they are read.

    Raises:
        SyncConfigError: It names them.
    """
    own = [name for name in names if name not in known]
    if own:
        raise SyncConfigError(
            f"the target has streams of your own: {', '.join(own)}; pass them in streams=…"
        )
