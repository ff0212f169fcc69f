"""Quality of conversations: statistics, monitors, scorecards."""

from __future__ import annotations

from typing import Literal

from .base import AssigneeId, Id, Model, Timestamp


class TeamResponseTime(Model, frozen=True, kw_only=True):
    """First response time of a team, in seconds."""

    team_id: Id | None = None
    team_name: str | None = None
    response_time: int | None = None


class ConversationStatistics(Model, frozen=True, kw_only=True):
    """Times and counts of a conversation.

    Durations are seconds; `median_time_to_reply` counts office hours only.
    """

    type: str | None = None
    time_to_assignment: int | None = None
    time_to_admin_reply: int | None = None
    time_to_first_close: int | None = None
    time_to_last_close: int | None = None
    median_time_to_reply: int | None = None
    first_contact_reply_at: Timestamp | None = None
    first_assignment_at: Timestamp | None = None
    first_admin_reply_at: Timestamp | None = None
    first_close_at: Timestamp | None = None
    last_assignment_at: Timestamp | None = None
    last_assignment_admin_reply_at: Timestamp | None = None
    last_contact_reply_at: Timestamp | None = None
    last_admin_reply_at: Timestamp | None = None
    last_close_at: Timestamp | None = None
    last_closed_by_id: AssigneeId | None = None
    count_reopens: int | None = None
    count_assignments: int | None = None
    count_conversation_parts: int | None = None
    assigned_team_first_response_time: list[TeamResponseTime] = []
    assigned_team_first_response_time_in_office_hours: list[TeamResponseTime] = []
    handling_time: int | None = None
    adjusted_handling_time: int | None = None


class MonitorEvaluation(Model, frozen=True, kw_only=True):
    """Result of a monitor for a conversation."""

    monitor_id: str | None = None
    monitor_name: str | None = None
    monitor_type: str | None = None
    result: str | None = None
    explanation: str | None = None
    evaluated_at: Timestamp | None = None


class ScorecardResult(Model, frozen=True, kw_only=True):
    """The result of one criterion."""

    value: str | None = None
    source: str | None = None
    reasoning: str | None = None
    reason_ids: list[str] | None = None
    other_text: str | None = None


class ScorecardEvaluator(Model, frozen=True, kw_only=True):
    """One criterion of a scorecard."""

    evaluator_id: str | None = None
    result: ScorecardResult | None = None


class ScorecardTeammate(Model, frozen=True, kw_only=True):
    """Whose work was reviewed."""

    type: Literal["ai", "admin"] | str | None = None
    admin_id: str | None = None


class Scorecard(Model, frozen=True, kw_only=True):
    """A review of a conversation."""

    scorecard_id: str | None = None
    scorecard_version_id: str | None = None
    name: str | None = None
    scorecard_type: str | None = None
    passed: bool | None = None
    score: float | None = None
    """As a fraction, such as 0.85; None until it is scored, as `ai_score` is."""
    ai_score: float | None = None
    evaluated_at: Timestamp | None = None
    reviewed_teammate: ScorecardTeammate | None = None
    evaluators: list[ScorecardEvaluator] = []
