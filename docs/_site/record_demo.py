"""Records `intercom-async demo` in a terminal and writes it as an animated SVG.

    python docs/_site/record_demo.py docs/images/demo.svg

Needs pyte, a terminal emulator; nothing is drawn by hand. A frame is kept whenever the screen has
changed, `EVERY_S` after the last one at the earliest.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from html import escape
from pathlib import Path

import pyte

COLUMNS, ROWS = 80, 27
EVERY_S = 0.8
BEGIN_S = 2.0
"""Seconds after which the first screen is kept: before, there is not much to see."""
HOLD_S = 6.0
"""Seconds that the last frame stays before the recording begins again."""
SETTLE_S = 0.02
"""Seconds without output after which a screen is complete."""
CELL_WIDTH, CELL_HEIGHT, MARGIN = 8.4, 19, 14
COLOURS = {
    "default": "#d0d7de",
    "red": "#ff7b72",
    "green": "#7ee787",
    "brown": "#e3b341",
    "blue": "#79c0ff",
    "magenta": "#d2a8ff",
    "cyan": "#a5d6ff",
    "brightblack": "#484f58",
}

Frame = tuple[tuple[tuple[str, str], ...], ...]
"""Rows of runs: text and colour."""


def record(command: list[str]) -> list[tuple[float, Frame]]:
    """Run a command in a terminal; return the screens with the seconds at which they appeared."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    frames: list[tuple[float, Frame]] = []
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS=str(COLUMNS), LINES=str(ROWS))
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        os.execvp(command[0], command)  # noqa: S606 (this project's own program)
    begun = time.monotonic()
    while True:
        ready, _, _ = select.select([terminal], [], [], EVERY_S)
        try:
            data = os.read(terminal, 65_536) if ready else b""
        except OSError:
            break
        if ready and not data:
            break
        stream.feed(data)
        if select.select([terminal], [], [], SETTLE_S)[0]:
            continue  # more of the same screen is on its way
        now = time.monotonic() - begun
        if now >= BEGIN_S and (not frames or now - frames[-1][0] >= EVERY_S):
            _keep(frames, now, screen)
    _keep(frames, time.monotonic() - begun, screen)
    os.waitpid(child, 0)
    begin = frames[0][0]
    return [(moment - begin, frame) for moment, frame in frames]


def _keep(frames: list[tuple[float, Frame]], now: float, screen: pyte.Screen) -> None:
    frame = tuple(_runs(screen, row) for row in range(ROWS))
    is_blank = not any(_stripped(runs) for runs in frame)
    if not is_blank and (not frames or frames[-1][1] != frame):
        frames.append((now, frame))


def _runs(screen: pyte.Screen, row: int) -> tuple[tuple[str, str], ...]:
    runs: list[tuple[str, str]] = []
    for column in range(COLUMNS):
        cell = screen.buffer[row][column]
        if runs and runs[-1][1] == cell.fg:
            runs[-1] = (runs[-1][0] + cell.data, cell.fg)
        else:
            runs.append((cell.data, cell.fg))
    return tuple(runs)


def draw(frames: list[tuple[float, Frame]]) -> str:
    """Write the frames as one SVG, each shown in its time."""
    width = COLUMNS * CELL_WIDTH + 2 * MARGIN
    height = ROWS * CELL_HEIGHT + 2 * MARGIN
    total = frames[-1][0] + HOLD_S
    fonts = "ui-monospace, Menlo, Consolas, monospace"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}">',
        f"<style>text {{ font: 14px {fonts} }}</style>",
        "<title>intercom-async demo</title>",
        '<rect width="100%" height="100%" rx="8" fill="#0d1117"/>',
    ]
    for number, (begin, frame) in enumerate(frames):
        end = frames[number + 1][0] if number + 1 < len(frames) else total
        values = ("none", "inline", "none") if begin else ("inline", "none")
        moments = (0.0, begin / total, end / total) if begin else (0.0, end / total)
        last = number + 1 == len(frames)
        parts.append(
            f'<g display="{"inline" if last else "none"}">'
            '<animate attributeName="display" calcMode="discrete" repeatCount="indefinite"'
            f' dur="{total:.2f}s" values="{";".join(values)}"'
            f' keyTimes="{";".join(f"{each:.4f}" for each in moments)}"/>'
        )
        parts += [_line(y, runs) for y, runs in enumerate(frame)]
        parts.append("</g>")
    return "".join([*filter(None, parts), "</svg>\n"])


def _line(y: int, runs: tuple[tuple[str, str], ...]) -> str:
    text = "".join(
        f'<tspan fill="{COLOURS.get(colour, COLOURS["default"])}">{escape(words)}</tspan>'
        for words, colour in _stripped(runs)
    )
    top = MARGIN + (y + 0.75) * CELL_HEIGHT
    return f'<text xml:space="preserve" x="{MARGIN}" y="{top:.0f}">{text}</text>' if text else ""


def _stripped(runs: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """Leave out the blanks at the end of a row."""
    kept = list(runs)
    while kept and not kept[-1][0].strip():
        kept.pop()
    if kept:
        kept[-1] = (kept[-1][0].rstrip(), kept[-1][1])
    return kept


if __name__ == "__main__":
    program = str(Path(sys.executable).with_name("intercom-async"))
    Path(sys.argv[1]).write_text(draw(record([program, "demo"])), encoding="utf-8")
