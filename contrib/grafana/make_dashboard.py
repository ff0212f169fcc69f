"""Make `intercom.json`, a Grafana dashboard of this package's metrics in Prometheus.

    pip install grafana-foundation-sdk
    python contrib/grafana/make_dashboard.py > contrib/grafana/intercom.json

Metrics of OpenTelemetry have these names in Prometheus, by its exporter or by the collector's.
Each panel answers a question; `docs/guides/dashboard.md` has the list.
"""

from __future__ import annotations

from typing import NamedTuple

from grafana_foundation_sdk.builders import dashboard, prometheus, timeseries
from grafana_foundation_sdk.builders.common import StackingConfig
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import GraphDrawStyle, StackingMode, VisibilityMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef

WIDTH, HEIGHT = 12, 8
SOURCE = "${source}"


class Panel(NamedTuple):
    """One panel: a title, the question that it answers, queries by legend, and their unit."""

    title: str
    question: str
    queries: dict[str, str]
    unit: str
    is_stacked: bool = False


def quantile(share: float, metric: str, *by: str) -> str:
    """Return the query of a quantile of a histogram."""
    labels = ", ".join(("le", *by))
    return (
        f"histogram_quantile({share}, sum by ({labels}) (rate({metric}_bucket[$__rate_interval])))"
    )


def rate(metric: str, *by: str, selector: str = "") -> str:
    """Return the query of a counter's rate a second."""
    return f"sum by ({', '.join(by)}) (rate({metric}{selector}[$__rate_interval]))"


ROWS: dict[str, tuple[Panel, ...]] = {
    "Calls": (
        Panel(
            "Where a call's time goes",
            "Why did this call take 8 s?",
            {
                "whole call, p95": quantile(0.95, "intercom_call_duration_seconds"),
                "waiting for a permit, p95": quantile(0.95, "intercom_queue_wait_seconds"),
                "one request, p95": quantile(0.95, "http_client_request_duration_seconds"),
            },
            "s",
        ),
        Panel(
            "Calls by operation",
            "Which job uses the budget?",
            {
                "{{intercom_operation}}, {{intercom_priority}}": rate(
                    "intercom_call_duration_seconds_count",
                    "intercom_operation",
                    "intercom_priority",
                )
            },
            "reqps",
            is_stacked=True,
        ),
        Panel(
            "Failed calls",
            "What fails, and with which error?",
            {
                "{{intercom_operation}}: {{error_type}}": rate(
                    "intercom_call_duration_seconds_count",
                    "intercom_operation",
                    "error_type",
                    selector='{error_type!=""}',
                )
            },
            "reqps",
        ),
        Panel(
            "Requests by status",
            "Is Intercom slow or down?",
            {
                "{{http_response_status_code}} {{error_type}}": rate(
                    "http_client_request_duration_seconds_count",
                    "http_response_status_code",
                    "error_type",
                ),
                "retries": rate("intercom_retry_total"),
            },
            "reqps",
            is_stacked=True,
        ),
    ),
    "Limits": (
        Panel(
            "Window",
            "Is the limit used up?",
            {
                "limit {{intercom_app}}": "max by (intercom_app) (intercom_window_limit)",
                "remaining {{intercom_app}}": "min by (intercom_app) (intercom_window_remaining)",
            },
            "short",
        ),
        Panel(
            "429s",
            "Does another program use the same limit?",
            {"429": rate("intercom_throttled_total")},
            "reqps",
        ),
        Panel(
            "Wait by priority, p95",
            "Do visitors wait behind a job?",
            {
                "{{intercom_priority}}": quantile(
                    0.95, "intercom_queue_wait_seconds", "intercom_priority"
                )
            },
            "s",
        ),
        Panel(
            "Waiting calls",
            "How long is the queue, and whose is it?",
            {
                "{{intercom_priority}}": "sum by (intercom_priority) (intercom_queue_calls)",
                "in flight": "sum(intercom_in_flight)",
            },
            "short",
            is_stacked=True,
        ),
        Panel(
            "Shared budget",
            "Do the processes share the limit, or can the store not be reached?",
            {
                "processes": "max(intercom_store_members)",
                "leased calls/s": rate("intercom_store_leased_total"),
                "share of time without the store": rate("intercom_store_unavailable_seconds_total"),
            },
            "short",
        ),
        Panel(
            "Values of another type",
            "Has Intercom changed a field?",
            {
                "{{intercom_model}}.{{intercom_field}}": rate(
                    "intercom_drift_total", "intercom_model", "intercom_field"
                )
            },
            "short",
        ),
    ),
    "Sync": (
        Panel(
            "Age of streams",
            "Which stream lags?",
            {"{{intercom_stream}}": "max by (intercom_stream) (intercom_sync_lag_seconds)"},
            "s",
        ),
        Panel(
            "Rows a second",
            "How fast is the sync, and what does it read?",
            {"{{intercom_stream}}": rate("intercom_sync_rows_total", "intercom_stream")},
            "short",
            is_stacked=True,
        ),
        Panel(
            "Holes in the target",
            "Is the warehouse complete?",
            {"{{intercom_stream}}": "max by (intercom_stream) (intercom_sync_holes)"},
            "short",
        ),
        Panel(
            "Duration of runs, p95",
            "Does a run still fit between two of them?",
            {
                "{{intercom_outcome}}": quantile(
                    0.95, "intercom_sync_duration_seconds", "intercom_outcome"
                )
            },
            "s",
        ),
    ),
    "Webhooks": (
        Panel(
            "Deliveries by outcome",
            "Do webhooks arrive, and are they accepted?",
            {"{{intercom_outcome}}": rate("intercom_webhook_received_total", "intercom_outcome")},
            "reqps",
            is_stacked=True,
        ),
        Panel(
            "Delay of deliveries, p95",
            "How late do webhooks come?",
            {
                "{{intercom_topic}}": quantile(
                    0.95, "intercom_webhook_delay_seconds", "intercom_topic"
                )
            },
            "s",
        ),
        Panel(
            "Handlers, p95",
            "Which handler is slow?",
            {
                "{{intercom_handler}}": quantile(
                    0.95, "intercom_webhook_handler_duration_seconds", "intercom_handler"
                )
            },
            "s",
        ),
        Panel(
            "Failed handlers",
            "Which handler fails?",
            {
                "{{intercom_handler}}: {{error_type}}": rate(
                    "intercom_webhook_handler_duration_seconds_count",
                    "intercom_handler",
                    "error_type",
                    selector='{error_type!=""}',
                )
            },
            "reqps",
        ),
    ),
}


def panels() -> list[Panel]:
    """Return all panels in their order."""
    return [panel for row in ROWS.values() for panel in row]


def build(panel: Panel) -> timeseries.Panel:
    """Return a panel as Grafana has it."""
    source = DataSourceRef(type_val="prometheus", uid=SOURCE)
    made = (
        timeseries.Panel()
        .title(panel.title)
        .description(panel.question)
        .datasource(source)
        .unit(panel.unit)
        .min(0)
        .span(WIDTH)
        .height(HEIGHT)
        .draw_style(GraphDrawStyle.LINE)
        .show_points(VisibilityMode.NEVER)
        .fill_opacity(25 if panel.is_stacked else 5)
    )
    if panel.is_stacked:
        made = made.stacking(StackingConfig().mode(StackingMode.NORMAL))
    for legend, query in panel.queries.items():
        made = made.with_target(prometheus.Dataquery().expr(query).legend_format(legend))
    return made


def make() -> str:
    """Return the dashboard as JSON."""
    made = (
        dashboard.Dashboard("Intercom")
        .uid("intercom-async")
        .description("Calls, limits, syncs and webhooks of intercom-async.")
        .tags(["intercom"])
        .editable()
        .refresh("10s")
        .time("now-1h", "now")
        .timezone("browser")
        .with_variable(dashboard.DatasourceVariable("source").label("Source").type("prometheus"))
    )
    for title, row in ROWS.items():
        made = made.with_row(dashboard.Row(title))
        for panel in row:
            made = made.with_panel(build(panel))
    return JSONEncoder(sort_keys=True, indent=2).encode(made.build())


if __name__ == "__main__":
    print(make())
