"""Pictures of a sync as SVG, drawn by matplotlib; their texts take the colour of the page."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Sequence
from typing import Any

from intercom_async.errors import ConfigError
from .sync_recorder import ANSWERS, SyncRecorder

INK = "#123456"
"""Stands for the colour of the page's text, which is put in its place."""
COLORS = ("#3d63dd", "#b3261e", "#c27803", "#7a5195", "#6b7280")
"""Colours of `ANSWERS`, in their order."""
LINES = ("#3d63dd", "#1a8754", "#c27803", "#b3261e", "#7a5195", "#0e7490", "#be185d", "#4d7c0f")
SHOWN_STREAMS = 8
"""Streams with a line of their own: those with most rows."""
SIZE = (9.0, 2.6)
"""Width and height of a picture in inches."""


def pictures(recorder: SyncRecorder) -> dict[str, str]:
    """Return the charts by title.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    plot = _matplotlib()
    drawn = {
        "Requests a second": _requests(plot, recorder),
        "Use of each window": _windows(plot, recorder),
        "Rows": _rows(plot, recorder),
        "Mean wait for a permit": _waits(plot, recorder),
    }
    return {title: svg for title, svg in drawn.items() if svg}


def check_pictures() -> None:
    """Check before a run that charts can be drawn.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    _matplotlib()


def _matplotlib() -> Any:
    try:
        import matplotlib as mpl  # noqa: PLC0415 (an extra)
        from matplotlib.figure import Figure  # noqa: PLC0415 (an extra)
    except ImportError:
        raise ConfigError(
            "a report in HTML needs matplotlib: pip install 'intercom-async[report]'; "
            "a report in JSON does not"
        ) from None
    mpl.rcParams.update({"svg.fonttype": "none", "font.size": 9, "svg.hashsalt": "report"})
    return Figure


def _axes(figure_of: Any) -> tuple[Any, Any]:
    figure = figure_of(figsize=SIZE, layout="constrained")
    figure.patch.set_alpha(0)
    axes = figure.subplots()
    axes.patch.set_alpha(0)
    axes.spines[["top", "right"]].set_visible(False)
    for spine in axes.spines.values():
        spine.set_color(INK)
    axes.tick_params(colors=INK)
    axes.set_xlabel("seconds from the beginning", color=INK)
    axes.margins(x=0.01)
    return figure, axes


def _svg(figure: Any, axes: Any, *, legend: bool = True) -> str:
    axes.set_ylim(bottom=0)
    if legend:
        axes.legend(frameon=False, labelcolor=INK, loc="upper left", bbox_to_anchor=(1, 1))
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    text = written.getvalue()
    return re.sub(INK, "currentColor", text[text.index("<svg") :])


def _requests(plot: Any, recorder: SyncRecorder) -> str:
    if not recorder.spans:
        return ""
    figure, axes = _axes(plot)
    starts = [place * recorder.span_s for place in range(len(recorder.spans))]
    below = [0.0] * len(starts)
    for kind, color in zip(ANSWERS, COLORS, strict=True):
        heights = [span[kind] / recorder.span_s for span in recorder.spans]
        if not any(heights):
            continue
        width = recorder.span_s
        axes.bar(starts, heights, width, below, align="edge", color=color, label=kind)
        below = [one + more for one, more in zip(below, heights, strict=True)]
    return _svg(figure, axes)


def _windows(plot: Any, recorder: SyncRecorder) -> str:
    used = sorted(recorder.windows.values(), key=lambda window: window.ends_at)
    if not used:
        return ""
    figure, axes = _axes(plot)
    lengths = [b.ends_at - a.ends_at for a, b in itertools.pairwise(used)]
    length_s = min(lengths, default=10.0)
    begin = used[0].ends_at - length_s
    starts = [window.ends_at - length_s - begin for window in used]
    shares = [100 * window.used / window.limit for window in used]
    axes.bar(starts, shares, length_s * 0.9, align="edge", color=COLORS[0])
    axes.axhline(100, color=COLORS[1], linewidth=1, linestyle="--")
    axes.set_ylabel("% of the limit", color=INK)
    axes.set_xlabel("seconds from the first window", color=INK)
    return _svg(figure, axes, legend=False)


def _rows(plot: Any, recorder: SyncRecorder) -> str:
    if not recorder.samples:
        return ""
    figure, axes = _axes(plot)
    last = recorder.samples[-1][1]
    most = sorted(last, key=lambda name: -last[name])
    moments = [moment for moment, _ in recorder.samples]
    for name, color in zip(most[:SHOWN_STREAMS], LINES, strict=False):
        axes.plot(moments, _of(recorder, [name]), color=color, label=name)
    if len(most) > SHOWN_STREAMS:
        others = _of(recorder, most[SHOWN_STREAMS:])
        axes.plot(moments, others, color=INK, label="all others", linestyle=":")
    return _svg(figure, axes)


def _of(recorder: SyncRecorder, names: Sequence[str]) -> list[int]:
    return [sum(rows.get(name, 0) for name in names) for _, rows in recorder.samples]


def _waits(plot: Any, recorder: SyncRecorder) -> str:
    if not recorder.waits:
        return ""
    figure, axes = _axes(plot)
    starts = [place * recorder.span_s for place in range(len(recorder.waits))]
    means = [waited / calls if calls else 0.0 for calls, waited in recorder.waits]
    axes.bar(starts, means, recorder.span_s, align="edge", color=COLORS[2])
    axes.set_ylabel("seconds", color=INK)
    return _svg(figure, axes, legend=False)
