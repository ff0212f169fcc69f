"""The states of shards, put together, have every span that was planned."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec
import pytest

from intercom_async.models.admins import App
from intercom_async.sync.checkpoint import Pass, State, StreamState, read_state
from intercom_async.sync.errors import SyncError, TargetError
from intercom_async.sync.holes import Hole
from intercom_async.sync.partitions import OPEN, Part, make_part
from intercom_async.sync.shard import Shard
from intercom_async.sync.shard_states import check_as_planned, merged_state
from intercom_async.sync.sinks.sharding import ShardRecord

DAY = 86_400
CUTS = [2 * DAY, 30 * DAY, 60 * DAY, OPEN]
SHARD = Shard(run="r", number=0, workspace="w", stream="contacts", low=0, version="2.14")
APP = App(id_code="w", timezone="UTC")


def spans(*, is_done: bool = False) -> list[Part]:
    parts = [make_part(low, high, 10) for low, high in pairwise(CUTS)]
    return [msgspec.structs.replace(part, is_done=is_done) for part in parts]


def state(parts: Sequence[Part] | None, *, zone: str = "UTC", version: str = "2.14") -> State:
    pass_ = None
    if parts is not None:
        pass_ = Pass(kind="seed", began=90 * DAY, spans=[*parts], is_planned=True)
    own = StreamState(pass_=pass_, version=version, zone=zone)
    child = StreamState(version=version, zone=zone)
    return State(workspace="w", streams={"contacts": own, "notes": child}, is_dated=True)


def record(number: int, kept: State) -> ShardRecord:
    spec = msgspec.structs.replace(SHARD, number=number).to_json().encode()
    return ShardRecord("r", number, spec, kept.encode(whole=False), is_done=True)


def merged(shards: Sequence[State], planned: State | None = None) -> Pass:
    body = (planned or state(spans())).encode(whole=False)
    records = [record(number, kept) for number, kept in enumerate(shards)]
    found = read_state(merged_state(body, records), "the test")
    pass_ = found.streams["contacts"].pass_
    assert pass_ is not None
    return pass_


def test_a_run_is_read_that_every_shard_has_read() -> None:
    done = spans(is_done=True)
    pass_ = merged([state(done[:1]), state(done[1:])])
    assert pass_.is_done
    assert pass_.spans == done


def test_spans_that_were_cut_while_they_were_read_are_those_of_the_plan() -> None:
    done = spans(is_done=True)
    cut = msgspec.structs.replace(done[1], floor=45 * DAY)
    rest = Part(low=30 * DAY, high=45 * DAY, floor=30 * DAY, is_done=True)
    assert merged([state([done[0]]), state([cut, rest, done[2]])]).is_done
    # Where one half is not there, all of the span is read again.
    pass_ = merged([state([done[0]]), state([cut, done[2]])])
    assert [span for span in pass_.spans if not span.is_done] == [spans()[1]]


def odd_states() -> list[State]:
    """What a shard may have left of the second span, other than to have read it."""
    whole = spans(is_done=True)[1]
    above = msgspec.structs.replace(whole, floor=whole.low + 1)
    below = msgspec.structs.replace(whole, high=whole.high - 1)
    return [
        state(None),
        state([]),
        state([whole], zone="Asia/Tokyo"),
        state([whole], version="2.15"),
        state([above]),
        state([below]),
        state(spans()[1:2]),
    ]


@pytest.mark.parametrize("odd", odd_states())
def test_what_no_shard_has_stays_open(odd: State) -> None:
    done = spans(is_done=True)
    pass_ = merged([state(done[:1]), odd, state(done[2:])])
    assert not pass_.is_done
    assert spans()[1] in pass_.spans


def test_a_shard_that_is_not_there_is_not_read() -> None:
    done = spans(is_done=True)
    assert [span for span in merged([state(done[:2])]).spans if not span.is_done] == [spans()[2]]


def test_what_was_read_before_the_plan_stays_read() -> None:
    """A stopped sync has read the first span, and is gone on with in shards."""
    done = spans(is_done=True)
    planned = state([done[0], *spans()[1:]])
    assert merged([state(done[1:])], planned).is_done


def test_what_a_shard_is_missing_is_kept_though_its_spans_are_lost() -> None:
    odd = state(None)
    odd.streams["contacts"].holes = [Hole(kind="record", key="7", reason="broken", since=1)]
    body = state(spans()).encode(whole=False)
    found = read_state(merged_state(body, [record(0, odd)]), "the test")
    assert [hole.key for hole in found.streams["contacts"].holes] == ["7"]


def test_a_run_that_does_not_say_what_was_planned_is_refused() -> None:
    with pytest.raises(TargetError, match="planned in"):
        merged_state(None, [record(0, state(spans()))])
    planned = State(workspace="w", streams={}).encode(whole=False)
    with pytest.raises(TargetError, match="contacts"):
        merged_state(planned, [record(0, state(spans()))])


def test_a_shard_is_read_as_it_was_planned() -> None:
    check_as_planned(state(spans()), SHARD, "2.14", APP)
    for kept, version, app in (
        (state(spans()), "2.15", APP),
        (state(spans()), "2.14", App(id_code="w", timezone="Asia/Tokyo")),
        (state(spans()), "2.14", App(id_code="w")),
        (state(spans(), zone=""), "2.14", APP),
        (state(None), "2.14", APP),
        (state([]), "2.14", APP),
        (State(workspace="w", streams={}), "2.14", APP),
    ):
        with pytest.raises(SyncError, match="plan it again"):
            check_as_planned(kept, SHARD, version, app)
