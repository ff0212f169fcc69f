"""The shell scripts of the sync guide, run against the simulator as a reader would run them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from intercom_async.simulator import Simulator
from intercom_async.simulator.running import in_thread
from tests.support.platforms import posix_shell

pytest.importorskip("cyclopts")
pytest.importorskip("duckdb")

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guides/sync.md").read_text(encoding="utf-8")
pytestmark = posix_shell


def script_under(heading: str) -> str:
    """Return the first script below a heading of the guide."""
    section = GUIDE[GUIDE.index(f"{heading}\n") :]
    found = re.search(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def run(script: str, folder: Path, simulator: Simulator) -> subprocess.CompletedProcess[str]:
    """Run a script where `intercom-async` and `mail` are programs of the test's folder."""
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    for name, body in {
        "intercom-async": f'exec {sys.executable} -m intercom_async "$@"',
        "mail": f'echo "$2" >> {folder}/mailed; cat >> {folder}/mailed',
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (programs / name).chmod(0o755)
    return subprocess.run(
        ["sh", "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "INTERCOM_BASE_URL": simulator.url,
            "INTERCOM_TOKEN": simulator.token,
        },
    )


@pytest.mark.parametrize(
    ("status", "code", "mailed", "is_reported"),
    [(None, 0, "", True), (403, 3, "Intercom sync: exit 3", True), (401, 1, "exit 1", False)],
)
def test_the_nightly_job_mails_what_needs_a_look(
    status: int | None, code: int, mailed: str, *, is_reported: bool, tmp_path: Path
) -> None:
    with in_thread(contacts=5, conversations=2, companies=0, tickets=0) as simulator:
        (tmp_path / "intercom.env").write_text(
            f"INTERCOM_TOKEN={simulator.token}\nINTERCOM_BASE_URL={simulator.url}\n"
        )
        (tmp_path / "intercom.json").write_text("{}")
        script = script_under("## A nightly job")
        for there, here in {
            "/etc/intercom.env": f"{tmp_path}/intercom.env",
            "/opt/intercom/bin/": "",
            "postgresql://warehouse@localhost/warehouse": f"{tmp_path}/target",
            "/var/log/": f"{tmp_path}/",
        }.items():
            assert there in script
            script = script.replace(there, here)
        if status is not None:
            path = "/conversations" if status == 403 else None  # noqa: PLR2004 (refused: a hole)
            simulator.faults.add(path=path, status=status)
        done = run(script, tmp_path, simulator)

    assert done.returncode == code, done.stderr
    mail = tmp_path / "mailed"
    assert mail.exists() == bool(mailed)
    if mailed:
        assert mailed in mail.read_text()
    if code == 3:
        assert "hole: conversations:all of it: " in mail.read_text()
    report = tmp_path / "intercom.json"
    assert report.exists() == is_reported
    if is_reported:
        assert msgspec.json.decode(report.read_bytes())["streams"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_rehearsal_ends_with_the_codes_that_it_names(tmp_path: Path) -> None:
    script = script_under("### Try it")
    named = re.findall(r"echo \$\? +# (\d)", script)
    with in_thread(contacts=20, conversations=0, companies=0, tickets=0) as simulator:
        done = run(script, tmp_path, simulator)

    assert named == ["0", "3", "0"]
    assert re.findall(r"(?:^|})(\d)$", done.stdout, re.MULTILINE) == named, done.stdout + done.stderr
    assert "hole: tags:all of it: " in done.stderr
