"""How the workspace is set up: attributes, segments, collections, reasons for being away."""

from __future__ import annotations

from intercom_async.simulator.rows import Row
from .draw import mix
from .object_ids import segment_id

CONTACT_ATTRIBUTES = (
    ("plan", "string"),
    ("seats", "integer"),
    ("signup_date", "string"),
    ("vip", "boolean"),
    ("score", "float"),
    ("renewal_at", "date"),
    ("industry", "string"),
    ("paid_subscriber", "boolean"),
    ("monthly_spend", "integer"),
    ("team_mates", "integer"),
)
STANDARD_ATTRIBUTES = (("name", "string"), ("created_at", "date"), ("email", "string"))
STANDARD_TIMES = [
    "updated_at",
    "signed_up_at",
    "last_seen_at",
    "last_contacted_at",
    "last_replied_at",
    "last_email_opened_at",
    "last_email_clicked_at",
    "ios_last_seen_at",
    "android_last_seen_at",
]
COMPANY_ATTRIBUTES = (("region", "string"), ("industry", "string"), ("tier", "string"))


def data_attributes(now_at: int) -> list[Row]:
    """Return the attributes that are defined from the start: custom ones and some of all."""
    rows: list[Row] = []
    for model, is_custom, attributes in (
        ("contact", True, CONTACT_ATTRIBUTES),
        ("company", True, COMPANY_ATTRIBUTES),
        ("contact", False, STANDARD_ATTRIBUTES),
        ("contact", False, tuple((name, "date") for name in STANDARD_TIMES)),
        ("company", False, STANDARD_ATTRIBUTES[:2]),
    ):
        for name, kind in attributes:
            rows.append(
                {
                    "type": "data_attribute",
                    "id": 34 + len(rows),
                    "model": model,
                    "name": name,
                    "full_name": f"custom_attributes.{name}" if is_custom else name,
                    "label": name,
                    "description": "",
                    "data_type": kind,
                    "api_writable": True,
                    "messenger_writable": False,
                    "ui_writable": is_custom,
                    "custom": is_custom,
                    "archived": False,
                    "created_at": now_at,
                    "updated_at": now_at,
                }
            )
    return rows


def segments(now_at: int) -> list[Row]:
    """Return segments of people and of companies.

    Those of companies name a type of person, too: live answers say `user`
    (estuary/connectors, source-intercom-native/tests/snapshots).
    """
    people = (("Active", "user"), ("New", "user"), ("Slipping away", "user"), ("Leads", "contact"))
    companies = (("Paying companies", "user"), ("Large companies", "user"))
    return [
        {
            "type": "segment",
            "id": segment_id(number),
            "name": name,
            "created_at": now_at,
            "updated_at": now_at,
            "person_type": person,
            "_of": "company" if number >= len(people) else "person",
        }
        for number, (name, person) in enumerate(people + companies)
    ]


def away_reasons(now_at: int) -> list[Row]:
    """Return four reasons for being away."""
    names = (("On a break", "coffee"), ("In a meeting", "calendar"), ("Done for the day", "moon"))
    return [
        {
            "type": "away_status_reason",
            "id": str(1 + number),
            "label": label,
            "emoji": emoji,
            "order": number,
            "deleted": False,
            "created_at": now_at,
            "updated_at": now_at,
        }
        for number, (label, emoji) in enumerate(names)
    ]


def subscription_types() -> list[Row]:
    """Return two kinds of mail that people can opt in to or out of."""
    kinds = (("Newsletters", "opt_in"), ("Announcements", "opt_out"))
    rows: list[Row] = []
    for number, (name, consent) in enumerate(kinds):
        translation = {"name": name, "description": f"{name} by mail", "locale": "en"}
        rows.append(
            {
                "type": "subscription",
                "id": str(106 + number),
                "state": "live",
                "consent_type": consent,
                "default_translation": translation,
                "translations": [translation],
                "content_types": ["email"],
            }
        )
    return rows


def calls(seed: int, now_at: int, count: int = 30) -> list[Row]:
    """Return finished phone calls, every second one recorded."""
    rows: list[Row] = []
    for number in range(1, count + 1):
        bits = mix(seed, number, 0xCA)
        at = now_at - number * 7_200
        base = f"/calls/{number}"
        is_recorded = bool(number % 2)
        rows.append(
            {
                "type": "call",
                "id": str(number),
                "conversation_id": None,
                "admin_id": str(991_267_400 + bits % 8),
                "contact_id": None,
                "state": "completed",
                "initiated_at": at,
                "answered_at": at + 3,
                "ended_at": at + 3 + (bits >> 8) % 900,
                "created_at": at,
                "updated_at": at + 1_000,
                "recording_url": f"{base}/recording" if is_recorded else None,
                "transcription_url": f"{base}/transcript" if is_recorded else None,
                "call_type": "phone",
                "direction": "inbound" if bits >> 20 & 1 else "outbound",
                "ended_reason": "answered",
                "phone": f"+1202555{(bits >> 24) % 10_000:04d}",
            }
        )
    return rows
