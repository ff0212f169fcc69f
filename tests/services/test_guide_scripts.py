"""Programs of the guides that are no snippets, run as a reader would run them."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from intercom_async.simulator import Simulator
from intercom_async.simulator.running import in_thread
from intercom_async.webhooks.samples import sample
from tests.support.platforms import posix_shell

pytest.importorskip("cyclopts")
pytest.importorskip("duckdb")

ROOT = Path(__file__).parents[2]


def script_under(heading: str, *, guide: str = "sync", language: str = "sh") -> str:
    """Return the first block below a heading of a guide."""
    text = (ROOT / "docs/guides" / f"{guide}.md").read_text(encoding="utf-8")
    section = text[text.index(f"{heading}\n") :]
    found = re.search(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
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
        ["/bin/sh", "-c", script],
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


@posix_shell
@pytest.mark.parametrize(
    ("status", "code", "mailed", "is_reported"),
    [
        (None, 0, "", True),
        (403, 3, "Intercom sync: exit 3", True),
        (401, 1, "exit 1", False),
        (503, 130, "exit 130", True),
    ],
)
def test_the_nightly_job_mails_what_needs_a_look(
    status: int | None, code: int, mailed: str, *, is_reported: bool, tmp_path: Path
) -> None:
    with in_thread(contacts=5, conversations=2, companies=0, tickets=0) as simulator:
        (tmp_path / "intercom.env").write_text(
            f"INTERCOM_TOKEN={simulator.token}\nINTERCOM_BASE_URL={simulator.url}\n"
        )
        (tmp_path / "sync.json").write_text("{}")
        script = script_under("## A nightly job")
        for there, here in {
            "/etc/intercom.env": f"{tmp_path}/intercom.env",
            "/opt/intercom/bin/": "",
            "postgresql://warehouse@localhost/warehouse": f"{tmp_path}/target",
            "/var/lib/intercom/": f"{tmp_path}/",
        }.items():
            assert there in script
            script = script.replace(there, here)
        if status is not None:
            path = "/conversations" if status == 403 else None
            simulator.faults.add(path=path, status=status)
        # What waits for a server is stopped, as by the time limit of a job.
        limit = "timeout --preserve-status -s INT 5 " if code == 130 else ""
        done = run(
            script.replace("intercom-async sync", f"{limit}intercom-async sync"),
            tmp_path,
            simulator,
        )

    assert done.returncode == code, done.stderr
    mail = tmp_path / "mailed"
    assert mail.exists() == bool(mailed)
    if mailed:
        assert mailed in mail.read_text()
    if code == 3:
        assert "hole: conversations:all of it: " in mail.read_text()
    if code == 130:
        return  # a slow machine may not have begun by then, and one that has not reports nothing
    report = tmp_path / "sync.json"
    assert report.exists() == is_reported
    if is_reported:
        assert msgspec.json.decode(report.read_bytes())["streams"]


@posix_shell
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_rehearsal_ends_with_the_codes_that_it_names(tmp_path: Path) -> None:
    script = script_under("### Try it")
    named = re.findall(r"echo \$\? +# (\d)", script)
    with in_thread(contacts=20, conversations=0, companies=0, tickets=0) as simulator:
        done = run(script, tmp_path, simulator)

    assert named == ["0", "3", "0"]
    assert re.findall(r"(?:^|})(\d)$", done.stdout, re.MULTILINE) == named, (
        done.stdout + done.stderr
    )
    assert "hole: tags:all of it: " in done.stderr


def test_the_tests_of_the_web_page_pass(tmp_path: Path) -> None:
    pytest.importorskip("fastapi")
    pytest.importorskip("httpx")
    page = script_under("## FastAPI", guide="web-apps", language="python")
    (tmp_path / "page.py").write_text(page)
    tests = script_under("## An app that must answer 503", guide="testing", language="python")
    (tmp_path / "test_page.py").write_text(tests)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
    )

    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_the_complete_app_answers_pages_and_webhooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("fastapi")
    pytest.importorskip("httpx")
    from fastapi.testclient import TestClient  # noqa: PLC0415 (an extra)

    source = script_under("### A complete FastAPI app", guide="webhooks", language="python")
    path = tmp_path / "receiver.py"
    path.write_text(source)
    with in_thread(contacts=5, conversations=3) as simulator:
        monkeypatch.setenv("INTERCOM_TOKEN", simulator.token)
        monkeypatch.setenv("INTERCOM_BASE_URL", simulator.url)
        monkeypatch.setenv("INTERCOM_CLIENT_SECRET", "secret")
        names = runpy.run_path(str(path))
        contact = simulator.call("GET", "/contacts")["data"][0]["id"]
        talk = simulator.call("GET", "/conversations")["conversations"][0]["id"]
        body = sample("conversation.user.replied", item={"type": "conversation", "id": talk})
        with TestClient(names["app"]) as browser:
            signed = {"X-Hub-Signature": names["webhooks"].sign(body)}
            told = browser.post("/intercom", content=body, headers=signed).status_code
            unsigned = browser.post("/intercom", content=body).status_code
            page = browser.get(f"/contacts/{contact}").status_code
        parts = simulator.call("GET", f"/conversations/{talk}")["conversation_parts"]

    assert (told, unsigned, page) == (200, 401, 200)
    assert "Thank you!" in str(parts["conversation_parts"][-1]["body"])
