"""The report of a sync in HTML, looked at by a browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from intercom_async.cli.sync_files import recorder_of
from intercom_async.errors import ConfigError
from intercom_async.simulator import in_thread
from .browser import chromium
from .test_console import CONTRASTS

pytest.importorskip("matplotlib", reason="the extra report is not installed")

STREAMS = "contacts,companies,tags,segments"


def synced(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    with in_thread(contacts=300, companies=30, conversations=0, tickets=0) as local:
        local.faults.add(path="/segments", status=403)
        local.faults.add(path="/contacts", status=503, times=1)
        command = ["-m", "intercom_async", "sync", "--to", str(folder / "target")]
        return subprocess.run(
            [
                sys.executable,
                *command,
                "--streams",
                STREAMS,
                "--report",
                str(folder / "sync.html"),
                *options,
            ],
            env={
                **os.environ,
                **environment,
                "INTERCOM_TOKEN": local.token,
                "INTERCOM_BASE_URL": local.url,
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def test_a_page_says_what_came_and_what_is_missing(tmp_path: Path) -> None:
    done = synced(tmp_path)

    assert done.returncode == 3, done.stderr
    text = (tmp_path / "sync.html").read_text(encoding="utf-8")
    # One file: nothing is loaded, nothing runs. The names of XML's spaces are no addresses.
    assert "<script" not in text
    assert re.findall(r"(?:src|href)=.https?:", re.sub(r"xmlns[:\w]*=\S+", "", text)) == []
    with chromium(tmp_path / "profile", width=900) as browser:
        for theme in ("light", "dark"):
            media = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
            browser.get((tmp_path / "sync.html").as_uri())
            told = browser.find_element("tag name", "body").text
            for words in ("partial", "Holes", "segments", "403", "contacts.search"):
                assert words in told
            pictures = browser.find_elements("tag name", "svg")
            assert [one.get_attribute("aria-label") for one in pictures] == [
                "Requests a second",
                "Use of each window",
                "Rows",
                "Mean wait for a permit",
            ]
            assert browser.execute_script(CONTRASTS) == []
        found = [one for one in browser.get_log("browser") if one["level"] == "SEVERE"]
        assert found == []


def test_a_page_tells_what_is_accepted(tmp_path: Path) -> None:
    done = synced(tmp_path, "--accept-hole", "segments")

    assert done.returncode == 0, done.stderr
    text = (tmp_path / "sync.html").read_text(encoding="utf-8")
    assert "complete but for accepted holes" in text
    assert re.search("<td class=text>segments</td>.*?<td class=text>yes</td>", text)


def test_without_matplotlib_it_is_said_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ConfigError, match=r"intercom-async\[report\]"):
        recorder_of(tmp_path / "sync.html")
