"""Real time and real HTTP, a few seconds of it; the report has a minute."""

from __future__ import annotations

import asyncio

from tests.support.scheduler.real import Run, run_http


def test_short_windows_over_http_are_used_up_and_not_passed() -> None:
    run = Run(span_s=4.2, limit=60, workspace=600, window_s=1.0, latency_s=0.02, workers=20)

    served, server = asyncio.run(run_http(run))

    assert len(served) >= 2
    # The best window: a machine that stands still for a moment spoils the others.
    assert 0.9 * 60 <= max(served) <= 60
    assert server.turned_away <= 0.05 * server.sends
