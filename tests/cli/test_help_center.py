"""``help-center``: articles go to Markdown files, and changes of the files go back."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from intercom_async.simulator import Simulator
from .conftest import Run

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def simulated() -> AsyncGenerator[tuple[Simulator, dict[str, str]]]:
    async with Simulator(contacts=1, conversations=1, seed=7) as simulator:
        for one in simulator.call("GET", "/articles", query={"per_page": "150"})["data"]:
            simulator.call("DELETE", f"/articles/{one['id']}")
        yield (
            simulator,
            {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url},
        )


def article(simulator: Simulator, **fields: Any) -> str:
    author = simulator.call("GET", "/me")["id"]
    body = {"author_id": author, "state": "published", **fields}
    return str(simulator.call("POST", "/articles", body, version="2.16")["id"])


def texts(folder: Path) -> dict[str, str]:
    return {one.name: one.read_text() for one in folder.iterdir()}


def get(simulator: Simulator, article_id: str) -> Any:
    return simulator.call("GET", f"/articles/{article_id}", version="2.16")


IMAGE = "# Hello\n\nSee ![a plan](https://cdn.example/plan.png)."


async def test_articles_become_files_with_their_images_as_links(
    run_here: Run, tmp_path: Path
) -> None:
    async with simulated() as (simulator, environment):
        key = article(simulator, title='Say: "hi" / now', body_markdown=IMAGE)
        done = await run_here("help-center", "pull", str(tmp_path / "kb"), environment=environment)
        again = await run_here("help-center", "pull", str(tmp_path / "kb"), environment=environment)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"written": 1, "unchanged": 0, "kept": 0}
    assert json.loads(again.stdout) == {"written": 0, "unchanged": 1, "kept": 0}
    [(name, text)] = texts(tmp_path / "kb").items()
    assert name == f"{key}-say-hi-now.md"
    assert 'title: "Say: \\"hi\\" / now"' in text
    assert text.endswith(f"---\n{IMAGE}\n")


async def test_changes_of_files_are_planned_and_pushed(run_here: Run, tmp_path: Path) -> None:
    async with simulated() as (simulator, environment):
        key = article(simulator, title="Old", body_markdown="Old text.")
        same = article(simulator, title="Same", body_markdown="Same.")
        await run_here("help-center", "pull", str(tmp_path), environment=environment)
        path = tmp_path / f"{key}-old.md"
        path.write_text(path.read_text().replace("Old", "New"))
        (tmp_path / "draft.md").write_text("---\ntitle: A new one\n---\nFresh.\n")

        plan = await run_here(
            "help-center", "push", str(tmp_path), "--plan", environment=environment
        )
        assert get(simulator, key)["title"] == "Old"
        done = await run_here("help-center", "push", str(tmp_path), environment=environment)
        again = await run_here("help-center", "push", str(tmp_path), environment=environment)
        changed = get(simulator, key)
        untouched = get(simulator, same)
        made = simulator.call("GET", "/articles", version="2.16")["data"]

    steps = json.loads(plan.stdout)
    assert {(one["action"], one["file"]) for one in steps} == {
        ("update", f"{key}-old.md"),
        ("create", "draft.md"),
    }
    assert json.loads(done.stdout) == steps
    assert json.loads(again.stdout) == []
    assert (changed["title"], changed["body_markdown"].strip()) == ("New", "New text.")
    assert untouched["title"] == "Same"
    assert [one["state"] for one in made if one["title"] == "A new one"] == ["draft"]
    assert 'id: "' in (tmp_path / "draft.md").read_text()


async def test_what_changed_on_both_sides_is_a_conflict(run_here: Run, tmp_path: Path) -> None:
    async with simulated() as (simulator, environment):
        key = article(simulator, title="One", body_markdown="Text.")
        await run_here("help-center", "pull", str(tmp_path), environment=environment)
        path = tmp_path / f"{key}-one.md"
        path.write_text(path.read_text().replace("Text.", "Mine."))
        kept = await run_here("help-center", "pull", str(tmp_path), environment=environment)
        simulator.clock.move(60)
        theirs = {"body_markdown": "Theirs."}
        simulator.call("PUT", f"/articles/{key}", theirs, version="2.16")

        refused = await run_here("help-center", "push", str(tmp_path), environment=environment)
        assert get(simulator, key)["body_markdown"].strip() == "Theirs."
        forced = await run_here(
            "help-center", "push", str(tmp_path), "--force", environment=environment
        )
        assert get(simulator, key)["body_markdown"].strip() == "Mine."

    assert (kept.returncode, json.loads(kept.stdout)["kept"]) == (3, 1)
    assert (refused.returncode, json.loads(refused.stdout)[0]["action"]) == (3, "conflict")
    assert forced.returncode == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Just text.\n", "begins with lines between"),
        ("---\ncolour: red\n---\n", "line 2: give one of id, title"),
        ("---\nstate: draft\n---\n", "has no title"),
        ('---\nid: "999999"\ntitle: X\n---\n', "there is no article 999999"),
        ("---\ntitle: X\nstate: gone\n---\n", "x.md: state is draft or published"),
        ("---\ntitle: X\ntitle: Y\n---\n", "line 3: title is given twice"),
    ],
)
async def test_a_file_that_makes_no_sense_is_refused_before_a_write(
    run_here: Run, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "x.md").write_text(text)
    async with simulated() as (simulator, environment):
        done = await run_here("help-center", "push", str(tmp_path), environment=environment)
        assert simulator.call("GET", "/articles")["data"] == []

    assert done.returncode == 2
    assert said in " ".join(done.stderr.decode().split())


@pytest.mark.parametrize(
    ("text", "title"),
    [("\ufeff---\ntitle: Ann\n---\nT\n", "Ann"), ("---\r\ntitle: 2024\r\n---\r\nT\r\n", "2024")],
)
async def test_a_file_of_an_editor_of_windows_is_read(
    run_here: Run, tmp_path: Path, text: str, title: str
) -> None:
    (tmp_path / "x.md").write_bytes(text.encode())
    async with simulated() as (simulator, environment):
        done = await run_here("help-center", "push", str(tmp_path), environment=environment)
        made = simulator.call("GET", "/articles", version="2.16")["data"]

    assert done.returncode == 0, done.stderr
    assert [one["title"] for one in made] == [title]


async def test_the_file_that_the_api_refuses_is_named(run_here: Run, tmp_path: Path) -> None:
    for name, author in (("a", ""), ("b", 'author_id: "1"\n'), ("c", "")):
        (tmp_path / f"{name}.md").write_text(f"---\ntitle: {name}\n{author}---\nT\n")
    async with simulated() as (simulator, environment):
        done = await run_here("help-center", "push", str(tmp_path), environment=environment)
        made = simulator.call("GET", "/articles", version="2.16")["data"]

    assert done.returncode == 1
    assert "b.md and the files after it were not pushed" in done.stderr.decode()
    assert [one["title"] for one in made] == ["a"]
    assert 'id: "' in (tmp_path / "a.md").read_text()


async def test_a_file_is_named_by_id_and_title(run_here: Run, tmp_path: Path) -> None:
    async with simulated() as (simulator, environment):
        key = article(simulator, title="x" * 200 + "/../é", body_markdown="T")
        await run_here("help-center", "pull", str(tmp_path), environment=environment)

    assert [*texts(tmp_path)] == [f"{key}-{'x' * 60}.md"]
