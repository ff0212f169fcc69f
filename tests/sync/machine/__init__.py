"""A machine that searches for histories after which a target breaks the sync's promise.

A `History` is plain data: settings and a list of steps, which change a workspace, let time pass or
run a sync with faults. `history.play` brings it about in virtual time against the simulator, keeps
the `Truth` of what the workspace held at each moment, and reads the target with DuckDB after every
run; `oracles` compare the two. `generate` draws histories from a seed, and `shrink` makes one that
fails small enough to read. Counterexamples are kept in `tests/sync/histories` as JSON.
"""
