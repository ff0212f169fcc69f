"""Decides when each request is sent, so that a limit is neither exceeded nor left unused.

What the server does
--------------------
Intercom counts an app's requests in fixed windows of ten seconds that end at multiples of ten. Each
reply names the limit of a window, what remains of it, and `Reset`, the end of the very window that
the request was counted in, in whatever order replies come. So there is one budget a window,
identified by its Reset, and it is dropped with its window: nothing can leak into the next one.

    server    |<------------- window A ------------->|<------------- window B -------------->|
    budget    [confirmed|unknown|reserved| external  |      remaining       |reserve|margin]
                                                  ^^^^^
    sends     . . . . . . . . . . . . . . . . . . x x x . . . . . . . . . . . . . . . . . . . .
                                                  charged to A and to B until the reply says which

What is used
------------
A call is charged before its request leaves. The reply confirms the charge, `release` gives it back,
and a call that is never answered stays charged, as the server may have counted it. `limit -
remaining` only grows within a window, so its largest value is the newest. It bounds external usage
from both sides: at least what exceeds all our charges, at most what exceeds those confirmed; and
what one reply says, less the charge sequence of the call it answers, is the external usage at that
moment (`usage`).

When a window ends
------------------
The server's clock is not known. Each reply confines its offset to an interval (`server_clock`), and
two replies on both sides of a window's end confine it to about a round trip; the wall clock of this
machine is never read. A request that may be counted in either of two windows needs room in both,
and is charged to both. Clocks drift, so now and then the last call of a window is sent when it may
fall into either: a boundary probe (`probes`).

How fast
--------
Idle time in a fixed window is not lost, so deferrable calls are spread over it: what may be given
out over the time that is left, done shortly before the end (`pacing`). Processes that know nothing
of each other share a window equally by this rule alone, as each sees in the headers what remains.
None goes much faster than its own share of late, so that many do not rush together. A margin covers
what others may use before a reply shows it. Interactive calls are not paced; a reserve is held back
for as many as are likely to come, and melts by the window's end. The rest of a job that fits into a
window that nobody else uses goes at once.

Who goes first
--------------
Four `lanes` in strict order, so urgent calls pass the others. Each lane has a slack: once the head
of a lower lane is overdue, only so many calls may still overtake it, and then it goes next whatever
is held back; no lane starves. Within a lane, fairness keys go round-robin. One timer and no task
(`dispatcher`).

When it goes wrong
------------------
A 429 of a window stops all calls until that window ends. One that the app's numbers do not explain
is the workspace's, whose quota is learned from such 429s alone (`workspace_limiter`). One of a
resource, such as a pending export, stops no other call; several without a window in a row open the
`circuit_breaker`. Headers that are absent or contradict what is known are ignored
(`window_matching`), and without any the pace is that of the settings. After a window of nothing but
429s, one call finds out whether it is over.

Definitions
-----------
allocatable     calls of a window that may be given out now: what remains, less margin and reserve
charge          calls held in a budget for one request, until it is confirmed, released or unknown
charge sequence calls of ours charged to a window up to and with a certain one
external usage  calls of other clients of the same app or workspace
margin          calls held back for external usage that no reply shows yet
offset          server's clock less loop time, known as an interval
own share       fraction of all clients' calls that are ours
permit          permission to send one request
quota           calls of a workspace's window that are ours
remaining       calls of a window that nobody has used, as far as is known
reserve         calls held back for interactive callers

Invariants
----------
1. While windows are known and true, no call is sent that a window has no room for.
2. A permit ends in exactly one way, and so does its charge; once no call is in flight, nothing is
   reserved, whatever was cancelled, lost or answered twice (test_random_cancellation.py).
3. Calls that wait imply a timer or a call in flight that will wake them (test_invariants.py).
4. Within a lane and a fairness key, calls go in the order in which they came.
5. `statistics` and `repr` change nothing.

Where it is decided
-------------------
which limit a 429 is of                 throttling.classify
which window has counted a call         limits.window_matching
when a window is over, and how long     limits.app_windows, limits.window_schedule
how many calls may be given out now     limits.headroom
how fast calls that can wait go         limits.pacing
which lane goes next                    lanes, then dispatcher
what a cancelled call gives back        dispatcher.release, limits.window_budget
when a probe may go                     limits.probes
whether a wait would be too long        wait_estimate
how much of a window a process gets     stores.base.guided

Reading order
-------------
`limits/` from the bottom (its docstring says how), which is arithmetic; then `throttling` and
`circuit_breaker`, `lanes`, `permit`, `feedback` (from a reply to the limiters), `alarm`,
`app_queue` and `dispatcher` (which holds them all together), `client_rate`, `wait_estimate`,
`statistics`, `hooks`, `registry`, and `scheduler`, the public entry point. Where processes share a
budget: `stores`, then `lease_keeper`.
"""

from .hooks import Hooks
from .permit import Permit
from .registry import shared_scheduler
from .scheduler import Scheduler
from .statistics import Statistics, TierStatistics
from .throttling import Throttle

__all__ = [
    "Hooks",
    "Permit",
    "Scheduler",
    "Statistics",
    "Throttle",
    "TierStatistics",
    "shared_scheduler",
]
