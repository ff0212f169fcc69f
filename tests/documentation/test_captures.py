"""What a guide shows of a terminal is what tests/services/test_sync_captures.py has seen there."""

from __future__ import annotations

import re

from .snippets import ROOT

BLOCK = re.compile(r"^<!-- capture: ([\w-]+) -->\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
GUIDE = (ROOT / "docs/guides/sync.md").read_text(encoding="utf-8")


def test_the_guide_shows_a_good_a_partial_and_a_stopped_run() -> None:
    shown = dict(BLOCK.findall(GUIDE))

    assert shown.keys() >= {"sync-good", "sync-partial", "sync-stopped"}
    assert GUIDE.count("<!-- capture: ") == len(shown)
    for name, text in shown.items():
        path = ROOT / f"tests/services/captures/{name}.txt"
        assert text == path.read_text(encoding="utf-8"), name
