"""Who works in the workspace and what it is made of: admins, teams, tags, segments, attributes."""

from __future__ import annotations

from intercom_async.simulator.rows import Row
from .draw import FIRST_NAMES, LAST_NAMES, WORDS, mix

FIRST_ADMIN = 991_267_400
"""Id of the first admin; the others count up from it."""
FIRST_TEAM = 5_017_600
"""Id of the first team; the others count up from it."""
FIRST_CONTENT = 17_680_000
"""Content id of the article with the id 0; the others count up from it."""


def admins(seed: int, count: int = 8) -> list[Row]:
    """Return the teammates."""
    rows: list[Row] = []
    for number in range(count):
        bits = mix(seed, number, 0xAD)
        first, last = FIRST_NAMES[bits & 63], LAST_NAMES[bits >> 6 & 63]
        rows.append(
            {
                "type": "admin",
                "id": str(FIRST_ADMIN + number),
                "name": f"{first} {last}",
                "email": f"{first}.{last}{number}@acme.example".lower(),
                "job_title": ("Support", "Sales", "Engineer", "Lead")[bits >> 12 & 3],
                "away_mode_enabled": False,
                "away_mode_reassign": False,
                "away_status_reason_id": None,
                "has_inbox_seat": True,
                "team_ids": [FIRST_TEAM + number % 3],
                "avatar": {
                    "type": "avatar",
                    "image_url": f"https://static.intercomassets.example/avatars/{number}.png",
                },
                "team_priority_level": {
                    "primary_team_ids": [FIRST_TEAM + number % 3],
                    "secondary_team_ids": [],
                },
            }
        )
    return rows


def teams(staff: list[Row]) -> list[Row]:
    """Return three teams with the admins in turn."""
    names = ("Support", "Sales", "Operations")
    rows: list[Row] = []
    for number, name in enumerate(names):
        members = [int(one["id"]) for one in staff if FIRST_TEAM + number in one["team_ids"]]
        rows.append(
            {
                "type": "team",
                "id": str(FIRST_TEAM + number),
                "name": name,
                "admin_ids": members,
                "admin_priority_level": {"primary_admin_ids": members, "secondary_admin_ids": []},
                "assignment_limit": 10,
                "distribution_method": "round_robin",
            }
        )
    return rows


def tags() -> list[Row]:
    """Return a dozen tags."""
    return [
        {"type": "tag", "id": str(101 + number), "name": f"{WORDS[number].title()} question"}
        for number in range(12)
    ]


def articles(seed: int, workspace_id: str, now_at: int, count: int = 60) -> list[Row]:
    """Return help centre articles of the admins in turn."""
    rows: list[Row] = []
    for number in range(count):
        bits = mix(seed, number, 0xA7)
        word, other = WORDS[bits % 20], WORDS[(bits >> 8) % 20]
        slug = f"{1 + number}-{word}-and-{other}"
        rows.append(
            {
                "id": str(1 + number),
                "type": "article",
                "workspace_id": workspace_id,
                "content_id": str(FIRST_CONTENT + number),
                "parent_id": 1 + number % 3,
                "parent_type": "collection",
                "parent_ids": [1 + number % 3],
                "tags": {"type": "tag.list", "tags": []},
                "title": f"{word.title()} and {other}",
                "description": f"How {word} and {other} work together",
                "body": f"<p>All about {word} and {other}.</p>",
                "author_id": FIRST_ADMIN + number % 8,
                "state": "draft" if bits >> 20 & 7 == 0 else "published",
                "created_at": now_at - (count - number) * 86_400,
                "updated_at": now_at - (count - number) * 43_200,
                "url": f"https://help.acme.example/en/articles/{slug}",
                "default_locale": "en",
            }
        )
    return rows
