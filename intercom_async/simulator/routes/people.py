"""Who asks, the admins and the teams."""

from __future__ import annotations

from typing import Any

from intercom_async.simulator.errors import ApiError, bad_parameter, not_found
from intercom_async.simulator.store.present import public
from .call import Call
from .checks import admin_of, list_of, object_of
from .registry import Routes

routes: Routes = Routes()


@routes("GET /me")
def me(call: Call) -> Any:
    """Answer the admin behind the token and the workspace."""
    workspace = call.workspace
    admin = next(iter(workspace.admins))
    return {
        "type": "admin",
        **{key: admin[key] for key in ("id", "email", "name", "job_title", "has_inbox_seat")},
        **{key: admin[key] for key in ("away_mode_enabled", "away_mode_reassign", "team_ids")},
        "email_verified": True,
        "avatar": admin["avatar"],
        "app": {
            "type": "app",
            "id_code": workspace.id_code,
            "name": f"Acme {workspace.seed}",
            "created_at": workspace.since,
            "secure": False,
            "identity_verification": False,
            "timezone": workspace.timezone,
            "region": "US",
        },
    }


@routes("GET /admins")
def list_admins(call: Call) -> Any:
    """Answer all admins."""
    return {"type": "admin.list", "admins": [public(one) for one in call.workspace.admins]}


@routes("GET /admins/{admin_id}")
def show_admin(call: Call) -> Any:
    """Answer one admin."""
    return public(admin_of(call, call.id("admin_id"), code="admin_not_found"))


@routes("PUT /admins/{admin_id}/away")
def set_away(call: Call) -> Any:
    """Set an admin away or back; a reason is needed where reasons are in use."""
    admin = admin_of(call, call.id("admin_id"), code="admin_not_found")
    fields = call.fields
    for name in ("away_mode_enabled", "away_mode_reassign"):
        if not isinstance(fields.get(name), bool):
            raise bad_parameter(f"{name} must be true or false", field=name)
    reason_id = fields.get("away_status_reason_id")
    if reason_id is not None and call.workspace.away_reasons.find(reason_id) is None:
        raise ApiError(400, "parameter_invalid", "Away status reason is not known")
    admin["away_mode_enabled"] = fields["away_mode_enabled"]
    admin["away_mode_reassign"] = fields["away_mode_reassign"]
    admin["away_status_reason_id"] = None if reason_id is None else int(reason_id)
    call.workspace.log(
        call.now_at,
        "admin_away_mode_change",
        admin,
        {"away_mode": fields["away_mode_enabled"], "reassign": fields["away_mode_reassign"]},
    )
    return public(admin)


@routes("GET /away_status_reasons")
def list_away_reasons(call: Call) -> Any:
    """Answer the reasons for being away."""
    return {"type": "list", "data": list(call.workspace.away_reasons)}


@routes("GET /teams")
def list_teams(call: Call) -> Any:
    """Answer all teams."""
    return {"type": "team.list", "teams": list(call.workspace.teams)}


@routes("GET /teams/{team_id}")
def show_team(call: Call) -> Any:
    """Answer one team."""
    team = call.workspace.teams.find(call.id("team_id"))
    if team is None:
        raise not_found("Team not found", "team_not_found")
    return team


@routes("PUT /teams/{team_id}")
def replace_members(call: Call) -> Any:
    """Replace the members of a team; nothing else of a team can be written."""
    team = call.workspace.teams.find(call.id("team_id"))
    if team is None:
        raise not_found("Team not found", "team_not_found")
    unknown = set(call.fields) - {"admin_ids", "admin_priority_level"}
    if unknown:
        raise bad_parameter("Only admin_ids and admin_priority_level of a team can be written")
    admin_ids = list_of(call.fields, "admin_ids")
    if not all(isinstance(one, int) for one in admin_ids):
        raise bad_parameter("admin_ids takes numbers only", field="admin_ids")
    team["admin_ids"] = admin_ids
    levels = object_of(call.fields, "admin_priority_level")
    team["admin_priority_level"] = {
        "primary_admin_ids": levels.get("primary_admin_ids", admin_ids),
        "secondary_admin_ids": levels.get("secondary_admin_ids", []),
    }
    return team
