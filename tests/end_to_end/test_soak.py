"""A short soak in virtual time; `benchmarks/soak.py` is the long one, over HTTP."""

from __future__ import annotations

from random import Random

import pytest

from intercom_async import ConnectError, Intercom, RetryPolicy
from intercom_async.simulator import Simulator
from intercom_async.transport import MemoryTransport, Request
from intercom_async.transport.memory import Answer
from tests.support.soak import Soak, SoakCount
from tests.support.soak_latencies import Latencies, is_as_quick, percentile
from tests.support.virtual_time import run_virtual


class Network:
    """The way to a simulator, which may be down."""

    def __init__(self, simulator: Simulator) -> None:
        self.is_up = True
        self._simulator = simulator

    async def answer(self, request: Request) -> Answer:
        if not self.is_up:
            raise ConnectError("no connection to the server", call=request.name)
        return await self._simulator.answer(request)

    async def go_down(self) -> None:
        self.is_up = False

    async def go_up(self) -> None:
        self.is_up = True


ANSWER_S = 0.05


async def soak(seed: int) -> tuple[SoakCount, Latencies]:
    simulator = Simulator(contacts=60, app_per_minute=3000, latency_s=ANSWER_S)
    network = Network(simulator)
    retry = RetryPolicy(outage_s=30.0, base_s=0.2, max_attempts=6)
    transport = MemoryTransport(network.answer)
    async with Intercom(simulator.token, transport=transport, retry=retry) as client:
        made = Soak(simulator, client, Random(seed), go_down=network.go_down, go_up=network.go_up)
        tally = await made.run(45.0, workers=10, longest_outage_s=20.0)
        assert client.statistics().in_flight == 0
    return tally, made.latencies


@pytest.mark.parametrize("seed", [1])
def test_nothing_is_lost_or_done_twice_or_untyped(seed: int) -> None:
    tally, latencies = run_virtual(soak(seed))

    assert tally.defects == dict.fromkeys(tally.defects, 0), tally
    assert tally.succeeded > 500
    assert tally.outages
    assert tally.cancelled
    figures = latencies.figures()
    assert figures["nothing"]["count"] > 20
    assert figures["nothing"]["p90_s"] <= 2 * ANSWER_S
    assert figures["no outage, recovery, full window"]["p90_s"] <= 1.0


def test_calls_are_as_quick_only_if_some_were_measured() -> None:
    plain = {"wait_p99_s": 0.0, "p99_s": 0.05}
    for soaked, expected in ((plain, True), ({"wait_p99_s": 0.0, "p99_s": 0.2}, False)):
        assert is_as_quick(soaked, plain) is expected
    none = dict.fromkeys(plain, percentile([], 0.99))
    assert not is_as_quick(none, plain)
    assert not is_as_quick(plain, none)
