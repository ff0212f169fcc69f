"""What live workspaces send beside or instead of what the descriptions say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from intercom_async.simulator import Simulator

Json = dict[str, Any]
VERSIONS = ("2.14", "2.15", "2.16", "2.17", "Preview")


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    made = Simulator(contacts=30, conversations=60, companies=10, tickets=10)
    made.clock.freeze(1_780_000_000)
    return made


def get(simulator: Simulator, path: str, version: str = "2.14", **query: str) -> Any:
    return simulator.call("GET", path, query=query, version=version)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_conversation_names_its_teammates_as_admins(simulator: Simulator, version: str) -> None:
    listed = get(simulator, "/conversations", version)["conversations"]
    whole = get(simulator, f"/conversations/{listed[0]['id']}", version)
    for one in (*listed, whole):
        assert one["teammates"]["type"] == "admin.list"
        assert {row["type"] for row in one["teammates"]["admins"]} <= {"admin"}
        assert "teammates" not in one["teammates"]
    parts = whole["conversation_parts"]["conversation_parts"]
    assert [part["translations"] for part in parts] == [None] * len(parts)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_contact_says_what_it_wants_by_sms(simulator: Simulator, version: str) -> None:
    made = simulator.call("POST", "/contacts", {"email": f"{version}@b.c"}, version=version)
    for one in (made, *get(simulator, "/contacts", version)["data"]):
        assert (one["sms_consent"], one["unsubscribed_from_sms"]) == (False, False)
    simulator.call("DELETE", f"/contacts/{made['id']}")


def test_an_article_has_the_id_of_its_content(simulator: Simulator) -> None:
    body = {"title": "New", "author_id": 991267400}
    made = simulator.call("POST", "/articles", body)
    ids = [one["content_id"] for one in get(simulator, "/articles", per_page="150")["data"]]
    assert made["content_id"] in ids
    assert len(set(ids)) == len(ids)
    assert all(isinstance(one, str) and one.isdecimal() for one in ids)
    statistics = get(simulator, "/articles/1")["statistics"]
    assert isinstance(statistics["happy_reaction_percentage"], int)


def test_a_company_has_a_list_of_notes(simulator: Simulator) -> None:
    for one in get(simulator, "/companies")["data"]:
        assert one["notes"] == {
            "type": "note.list",
            "data": [],
            "url": f"/companies/{one['id']}/notes",
            "total_count": 0,
            "has_more": False,
        }


def test_a_ticket_has_its_channel_and_company(simulator: Simulator) -> None:
    contact = get(simulator, "/contacts")["data"][0]["id"]
    company = get(simulator, "/companies")["data"][0]["id"]
    body = {"ticket_type_id": "53", "contacts": [{"id": contact}], "company_id": company}
    made = simulator.call("POST", "/tickets", body)
    assert (made["channel"], made["company_id"]) == ("messenger", company)
    query = {"query": {"field": "open", "operator": "=", "value": True}}
    for one in simulator.call("POST", "/tickets/search", query)["tickets"]:
        assert {"channel", "company_id"} <= one.keys()


def test_the_picture_of_an_admin_is_an_object_wherever_it_is_sent(simulator: Simulator) -> None:
    admins = get(simulator, "/admins")["admins"]
    for one in (*admins, get(simulator, f"/admins/{admins[0]['id']}"), get(simulator, "/me")):
        assert one["avatar"]["type"] == "avatar"
        assert one["avatar"]["image_url"].startswith("https://")


@pytest.mark.parametrize("path", ["/macros", "/data_connectors"])
def test_some_times_are_written_as_text(simulator: Simulator, path: str) -> None:
    for one in get(simulator, path, "2.16")["data"]:
        for name in ("created_at", "updated_at"):
            assert one[name].endswith("Z")
            assert one[name][10] == "T"


def test_teams_are_named_by_their_ids(simulator: Simulator) -> None:
    for path, version in (("/macros", "2.16"), ("/conversations/attributes", "2.16")):
        for one in get(simulator, path, version)["data"]:
            ids: list[Any] = one.get("visible_to_team_ids") or []
            assert all(str(team_id).isdecimal() for team_id in ids), path


def test_segments_of_companies_are_asked_for(simulator: Simulator) -> None:
    people = {one["name"] for one in get(simulator, "/segments")["segments"]}
    companies = {one["name"] for one in get(simulator, "/segments", type="company")["segments"]}
    assert people & companies == set()
    assert companies
    company = get(simulator, "/companies")["data"][0]["id"]
    attached = get(simulator, f"/companies/{company}/segments")["data"]
    assert {one["name"] for one in attached} <= companies


def walk(value: Any, name: str) -> Iterator[Any]:
    """Yield every value of a field of this name, however deep."""
    if isinstance(value, dict):
        row: Json = value  # pyright: ignore[reportUnknownVariableType]
        for key, inner in row.items():
            if key == name:
                yield inner
            yield from walk(inner, name)
    elif isinstance(value, list):
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
        for inner in items:
            yield from walk(inner, name)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_record_names_the_workspace(simulator: Simulator, version: str) -> None:
    code = get(simulator, "/me")["app"]["id_code"]
    made = simulator.call("POST", "/help_center/collections", {"name": "New"}, version=version)
    assert made["workspace_id"] == code
    for path in (
        "/contacts",
        "/articles",
        "/help_center/collections",
        "/help_center/help_centers",
        "/news/news_items",
        "/ticket_types",
        "/ticket_states",
        "/companies",
    ):
        answer = get(simulator, path, version)
        named = [*walk(answer, "workspace_id"), *walk(answer, "app_id")]
        assert set(named) == {code}, path


def test_lists_end(simulator: Simulator) -> None:
    for path in ("/help_center/help_centers", "/companies", "/articles", "/calls", "/segments"):
        answer: Json = get(simulator, path, page="99")
        rows = answer.get("data", answer.get("segments"))
        assert rows == [] or path == "/segments"
        pages: Json = answer.get("pages") or {}
        assert pages.get("next") is None
    token = get(simulator, "/companies/scroll")["scroll_param"]
    assert get(simulator, "/companies/scroll", scroll_param=token)["data"] == []
    with pytest.raises(ValueError, match="404 not_found"):
        get(simulator, "/companies/scroll", scroll_param=token)
    # The scroll is over, so another one may begin.
    assert get(simulator, "/companies/scroll")["scroll_param"] != token


def test_from_2_17_on_a_rating_may_be_asked_for_by_a_workflow(simulator: Simulator) -> None:
    def raters(version: str) -> set[str | None]:
        page = get(simulator, "/conversations", version, per_page="150")
        ratings = [one["conversation_rating"] for one in page["conversations"]]
        teammates = [one["teammate"] for one in ratings if one is not None]
        return {one and one["type"] for one in teammates}

    assert raters("2.16") == {"admin", None}
    assert raters("2.17") == raters("Preview") == {"admin", "workflow"}


def test_from_2_17_on_standard_times_are_datetimes(simulator: Simulator) -> None:
    def kinds(version: str) -> dict[str, str]:
        rows = get(simulator, "/data_attributes", version, model="contact")["data"]
        return {one["name"]: one["data_type"] for one in rows}

    earlier, later = kinds("2.16"), kinds("2.17")
    changed = {name for name in earlier if earlier[name] != later[name]}
    assert {earlier[name] for name in changed} == {"date"}
    assert {later[name] for name in changed} == {"datetime"}
    assert changed >= {"created_at", "updated_at", "signed_up_at", "last_seen_at"}
    # A date that a customer has defined is one in every version.
    assert earlier["renewal_at"] == later["renewal_at"] == "date"
