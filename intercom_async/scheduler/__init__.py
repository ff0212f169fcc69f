"""Gives each request its turn, so that a limit is neither passed nor left unused.

What the server does
--------------------
Intercom counts an app's requests in fixed windows of ten seconds that end at multiples of ten. Each
reply says the limit of a window, what is left of it, and `Reset`, the end of the very window that
the request was counted in, in whatever order replies come. So there is one account (`ledger`) a
window, named by its Reset, and it is thrown away with its window: nothing can leak into the next.

    server    |<------------- window A ------------->|<------------- window B -------------->|
    used      [acknowledged|lost|outstanding|foreign |          room          |reserve|margin]
                                                  ^^^^^
    sends     . . . . . . . . . . . . . . . . . . x x x . . . . . . . . . . . . . . . . . . . .
                                                  charged to A and to B until the reply says which

What is used
------------
A permit is charged before its request leaves; the reply acknowledges it, a refund takes it back,
and what is never answered stays charged, as it may have been counted. `limit - remaining` only
grows within a window, so its greatest value is the newest. It bounds what others have used from
both sides: at least what exceeds all our charges, at most what exceeds those acknowledged; and what
one reply says, less the number of our calls charged up to the one it answers, is what they had used
at that moment (`foreign`).

When a window ends
------------------
Nobody knows the server's clock. Each reply confines it to an interval (`limiter_clock`), and two
replies on both sides of an end confine it to about a round trip; the wall clock of this machine is
never read. A request that may land in either window needs room in both, and is charged to both.
Clocks part, so now and then the last call of a window goes when it may land in either (`scouts`).

How fast
--------
Idle time in a fixed window is not lost, so calls that are in no hurry are spread over it: what is
left over the time that is left, done shortly before the end (`pace`). Processes that know nothing
of each other share a window equally by this rule alone, as each sees in the headers what is left.
None goes much faster than its part of late, so that many do not rush together. A `margin` covers
what others may take before a reply says so, by how fast they are just now and by the part of a
window in which they come as a rule. Interactive calls are not spread; a `reserve` is kept for as
many as are likely to come, and melts by the window's end. The rest of a job that fits into a window
that nobody else uses goes at once.

Who goes first
--------------
Four `lanes` with a slack each: the head that is due first goes first, so the urgent pass the others
and nobody starves; within a lane, fairness keys take turns. One timer and no task (`turns`).

When it goes wrong
------------------
A 429 of a window stops everybody until that window ends. One that the app's numbers do not explain
is the `workspace`'s, whose share is learned from such 429s alone. One of a resource, such as a
pending export, stops nobody else; several without a window in a row are an overload (`breaker`).
Headers that are absent or contradict each other are left out of account, and without any the pace
is that of the settings. After a window of nothing but 429s, one call finds out whether it is over.
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
