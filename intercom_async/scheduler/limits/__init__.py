"""The arithmetic of the limits: no event loop, no permit, and time only as an argument.

Reading order: `window_budget` (what one window allows and has spent), `server_clock` and
`window_schedule` (when windows end), `window_matching` (which window a reply names), `usage` and
`reserve` (what others and interactive callers will take), `app_windows` (all of that for one app),
`token_bucket`, `cold_start`, `fallback_pace` and `probes` (small rules of their own), `leases`
(calls leased from a shared budget), `headroom` (how much may be given out), `pacing` (how fast),
`workspace_limiter`, and `app_limiter`, which decides.
"""
