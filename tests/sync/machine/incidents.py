"""Draws what happens to the process of a run or to its target: stops, kills, damage."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from .steps import Form, ShardDo, ShardStep

KINDS = ("stop", "write", "kill", "kill", "full", "damage", "twin", "stranger", "awaited")
WEIGHTS = (8, 2, 8, 7, 5, 5, 5, 3, 3)
"""How often each is, of a hundred runs without a focus."""
NONE_WEIGHT = 54
LAST_CALLS = (8, 30, 120)
"""A run is stopped at one of the calls up to one of these: its first ones differ most."""
LAST_WRITES = (8, 20, 60, 200)

FIRST = (1, 4)
"""The calls with which a run asks whose workspace it is, where no answer comes."""
READS = (2, 7)
"""The calls with which a run of few rows reads them, or what has changed."""
SPANS = (30, 40)
"""The calls with which a run that has cut time into spans reads their rows."""
COMMITS = (14, 32)
"""The operations on the disk with which such a run commits what it reads."""
PUBLISHES = (30, 48)
"""The operations on the disk with which a run of few rows of one stream publishes them."""


def incident(
    dice: random.Random,
    form: Form,
    kind: str,
    *,
    calls: Sequence[int] = LAST_CALLS,
    writes: Sequence[int] = LAST_WRITES,
) -> dict[str, Any]:
    """Return the fields of a run to which something of a kind happens; none for an empty kind."""
    keeping = dice.choice(("all", "some", "none"))
    at_write = dice.randint(1, dice.choice(writes))
    kill = dice.choice(({"kill_at_call": dice.randint(2, 30)}, {"kill_at_write": at_write}))
    fields: dict[str, dict[str, Any]] = {
        "": {},
        "stop": {"stop_at_call": dice.randint(1, dice.choice(calls))},
        "write": {"stop_at_write": at_write},
        "kill": {"keeping": keeping, **kill},
        "publication": {"keeping": keeping, "kill_at_write": dice.randint(*PUBLISHES)},
        "commit": _at_commit(dice, keeping) if kind == "commit" else {},
        "file": _of_a_file(dice, form) if kind == "file" else {},
        "early": {"stop_at_call": dice.randint(*READS)} if kind == "early" else {},
        "first": {"stop_at_call": dice.randint(*FIRST)} if kind == "first" else {},
        "planned": {"stop_at_call": dice.randint(*SPANS)} if kind == "planned" else {},
        "journal": {"damage": kind, "file": dice.randint(0, 9)} if kind == "journal" else {},
        "full": {"full_at_write": at_write},
        "damage": {"damage": dice.choice(damages(form)), "file": dice.randint(0, 9)},
        "twin": {"is_twin": True},
        "awaited": {"is_awaited": True}
        | dice.choice(({}, {}, {"stop_at_call": dice.randint(3, 30)}, {"full_at_write": at_write})),
        "stranger": {"is_stranger": True},
        "shards": _sharded(dice) if kind == "shards" else {},
    }
    return fields[kind]


def any_incident(dice: random.Random, form: Form) -> dict[str, Any]:
    """Return what happens to a run without a focus; mostly nothing."""
    return incident(dice, form, dice.choices((*KINDS, ""), (*WEIGHTS, NONE_WEIGHT))[0])


def _at_commit(dice: random.Random, keeping: str) -> dict[str, Any]:
    return {"keeping": keeping, "kill_at_write": dice.randint(*COMMITS)}


def _of_a_file(dice: random.Random, form: Form) -> dict[str, Any]:
    """Return damage that is done to rows, not to the state or to what the sync keeps for itself."""
    kinds = [one for one in damages(form) if one in ("cut", "remove", "flip")]
    return {"damage": dice.choice(kinds), "file": dice.randint(0, 9)}


def _sharded(dice: random.Random) -> dict[str, Any]:
    """Return a run in shards; only PostgreSQL can be written to by several processes."""
    kinds: tuple[ShardDo, ...] = (
        "read", "read", "stop", "kill", "kill", "rivals", "finish", "zone",
    )  # fmt: skip
    steps = [
        ShardStep(dice.choice(kinds), dice.randint(0, 9), dice.randint(1, dice.choice((6, 30))))
        for _ in range(dice.randint(0, 5))
    ]
    kill = {"kill_at_write": dice.randint(1, 200)} if dice.random() < 0.3 else {}
    return {"rows_per_shard": dice.choice((1, 2, 6, 50)), "shards": tuple(steps), **kill}


def damages(form: Form) -> tuple[str, ...]:
    """Return what can happen to a target of a form."""
    if form == "duckdb":
        # A database is one file: what is left of a part of it is not read again.
        return ("remove", "stateless", "garbled", "unlocked", "older", "older")
    if form == "objects":
        return ("cut", "remove", "flip", "older")
    if form == "postgres":
        return ("cut", "remove", "stateless", "garbled")
    return ("cut", "remove", "flip", "stateless", "garbled", "unlocked", "older", "older")
