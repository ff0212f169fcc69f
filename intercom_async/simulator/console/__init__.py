"""The console at /_simulator/: a page that shows what a simulator does and what it holds.

The page is three kinds of files as they are sent (`console.html`, `console.css`, `*.js`): no build
step, and nothing from another host. It reads `live.py`'s state as server-sent events and changes
things by the control API, as any other program does.
"""
