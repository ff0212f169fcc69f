"""A budget store in PostgreSQL, for those who have it and no Redis.

The accounts are rows of `UNLOGGED` tables; one function grants a lease in one round trip, holding
the rows of a window for one statement. There are no session locks and no prepared statements, so it
works behind PgBouncer in transaction mode. After a crash of the server the tables are empty, which
costs at most one window: the counts in Intercom's headers correct it.

The account that connects has to be allowed to create tables and functions in `schema`; where they
exist already (`SETUP` makes them), `SELECT, INSERT, UPDATE, DELETE` and `EXECUTE` are enough.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from intercom_async.clock import CLOCK, Clock
from intercom_async.config import check_text
from intercom_async.errors import ConfigError
from ._member import MEMBER_TTL_S, WINDOWS_KEPT, Granted, LeaseRequest, StoreMember
from .base import CLOCK_DRIFT, INTERACTIVE_SHARE, MAX_BURST_SHARE

if TYPE_CHECKING:
    from psycopg import AsyncConnection

SETUP = """
CREATE UNLOGGED TABLE IF NOT EXISTS {schema}.intercom_budget_windows (
  budget text, tier text, reset_at_ms bigint,
  granted int NOT NULL DEFAULT 0, seen int NOT NULL DEFAULT 0,
  external_calls int NOT NULL DEFAULT 0, is_frozen boolean NOT NULL DEFAULT false,
  PRIMARY KEY (budget, tier, reset_at_ms));
CREATE UNLOGGED TABLE IF NOT EXISTS {schema}.intercom_budget_members (
  budget text, app text, member text, seen_at timestamptz NOT NULL,
  per_s float8 NOT NULL DEFAULT 0, burst int NOT NULL DEFAULT 0,
  PRIMARY KEY (budget, app, member));
CREATE UNLOGGED TABLE IF NOT EXISTS {schema}.intercom_budget_known (
  budget text, app text, calls int NOT NULL, window_ms int NOT NULL,
  low float8 NOT NULL, high float8 NOT NULL, told_at timestamptz NOT NULL,
  PRIMARY KEY (budget, app));
CREATE OR REPLACE FUNCTION {schema}.intercom_budget_lease_2(
  of_budget text, of_app text, of_member text, holder text, reset_ms bigint, length_ms int,
  app_limit int, workspace_limit int, used int, want int, melting float8, freezes boolean,
  clock_low float8, clock_high float8, member_ttl interval, kept_ms bigint, expecting_s float8,
  interactive_per_s float8, interactive_burst int, share float8, burst_share float8,
  drift float8, leased int,
  OUT count int, OUT remaining int, OUT kept int, OUT members int, OUT frozen int,
  OUT known_low float8, OUT known_high float8, OUT moment float8)
LANGUAGE plpgsql SET search_path = {schema} AS $$
DECLARE everybody int; granted_all int; granted_app int; others int; room int; room_all int;
  expected float8; largest int; kept_all int; found_beyond int; held int;
  of_tier text := 'a:' || of_app; holder_tier text := 'm:' || of_app || ':' || holder;
BEGIN
  moment := extract(epoch FROM clock_timestamp());
  INSERT INTO intercom_budget_members VALUES (
      of_budget, of_app, of_member, clock_timestamp(), interactive_per_s, interactive_burst)
    ON CONFLICT (budget, app, member) DO UPDATE SET
      seen_at = excluded.seen_at, per_s = excluded.per_s, burst = excluded.burst;
  SELECT count(*) FILTER (WHERE app = of_app), count(DISTINCT member),
      coalesce(sum(per_s) FILTER (WHERE app = of_app), 0) * expecting_s,
      coalesce(max(burst) FILTER (WHERE app = of_app), 0)
    INTO members, everybody, expected, largest
    FROM intercom_budget_members m
    WHERE m.budget = of_budget AND m.seen_at > clock_timestamp() - member_ttl;
  SELECT low - age.drifted, high + age.drifted INTO known_low, known_high
    FROM intercom_budget_known k, LATERAL (
      SELECT drift * extract(epoch FROM clock_timestamp() - k.told_at) AS drifted) age
    WHERE k.budget = of_budget AND k.app = of_app;
  -- As kept_for_interactive of base.py: arrivals of all processes, the largest burst of one.
  kept := 0;
  kept_all := 0;
  IF expecting_s > 0 THEN
    kept := floor(greatest(expected + 2 * sqrt(expected),
      melting * greatest(share * app_limit, least(largest, burst_share * app_limit))));
    kept_all := floor(greatest(expected + 2 * sqrt(expected),
      melting * greatest(share * workspace_limit, least(largest, burst_share * workspace_limit))));
  END IF;
  -- What the process has had beyond its account: the account was lost, or it has sent without
  -- leases. Less than nothing: it gives back, or an answer has not reached it.
  SELECT w.granted INTO held FROM intercom_budget_windows w
    WHERE w.budget = of_budget AND w.tier = holder_tier AND w.reset_at_ms = reset_ms;
  found_beyond := leased - coalesce(held, 0);
  -- The workspace's row first, always: two requests can then not wait for each other in a circle.
  INSERT INTO intercom_budget_windows AS w (budget, tier, reset_at_ms, granted)
    VALUES (of_budget, 'w', reset_ms, greatest(0, found_beyond))
    ON CONFLICT (budget, tier, reset_at_ms) DO UPDATE SET
      granted = greatest(0, w.granted + found_beyond)
    RETURNING w.granted INTO granted_all;
  INSERT INTO intercom_budget_windows AS w
      (budget, tier, reset_at_ms, granted, seen, external_calls, is_frozen)
    VALUES (of_budget, of_tier, reset_ms, greatest(0, found_beyond),
      greatest(used, 0), greatest(used - greatest(0, found_beyond), 0), freezes)
    ON CONFLICT (budget, tier, reset_at_ms) DO UPDATE SET
      granted = greatest(0, w.granted + found_beyond),
      seen = greatest(w.seen, used),
      external_calls = greatest(w.external_calls - greatest(0, found_beyond), 0,
        greatest(w.seen, used) - greatest(0, w.granted + found_beyond)),
      is_frozen = w.is_frozen OR freezes
    RETURNING w.granted, w.external_calls, w.is_frozen::int INTO granted_app, others, frozen;
  room := app_limit - others - granted_app;
  room_all := workspace_limit - others - granted_all;
  count := 0;
  IF frozen = 0 AND want > 0 THEN
    count := greatest(0, least(want,
      ceil((room - kept) / (2.0 * members)), ceil((room_all - kept_all) / (2.0 * everybody))));
  END IF;
  IF count > 0 THEN
    UPDATE intercom_budget_windows w SET granted = w.granted + count
      WHERE w.budget = of_budget AND w.reset_at_ms = reset_ms AND w.tier IN ('w', of_tier);
  END IF;
  IF count > 0 OR held IS NULL OR found_beyond <> 0 THEN
    INSERT INTO intercom_budget_windows AS w (budget, tier, reset_at_ms, granted)
      VALUES (of_budget, holder_tier, reset_ms, leased + count)
      ON CONFLICT (budget, tier, reset_at_ms) DO UPDATE SET granted = excluded.granted;
  END IF;
  -- After the rows of this window, and before that of what is known, which others wait for.
  IF held IS NULL THEN
    DELETE FROM intercom_budget_windows w
      WHERE w.budget = of_budget AND w.reset_at_ms < reset_ms - kept_ms;
  END IF;
  remaining := greatest(0, least(room, room_all) - count);
  IF clock_low IS NOT NULL THEN
    INSERT INTO intercom_budget_known
      VALUES (of_budget, of_app, app_limit, length_ms, clock_low, clock_high, clock_timestamp())
      ON CONFLICT (budget, app) DO UPDATE SET calls = excluded.calls, told_at = excluded.told_at,
        window_ms = excluded.window_ms,
        -- What all have told, unless the clock was set meanwhile.
        low = CASE WHEN known_low <= clock_high AND clock_low <= known_high
          THEN greatest(known_low, clock_low) ELSE clock_low END,
        high = CASE WHEN known_low <= clock_high AND clock_low <= known_high
          THEN least(known_high, clock_high) ELSE clock_high END;
  END IF;
END $$;
"""

_LEASE = """
SELECT count, remaining, kept, members, frozen, known_low, known_high, moment
FROM {schema}.intercom_budget_lease_2(
  %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s * interval '1 second', %s, %s,
  %s, %s, %s, %s, %s, %s)
"""

_JOIN = """
WITH joined AS (
  INSERT INTO {schema}.intercom_budget_members VALUES (%s, %s, %s, clock_timestamp())
  ON CONFLICT (budget, app, member) DO UPDATE SET seen_at = excluded.seen_at)
SELECT k.calls, k.window_ms, k.low - %s * extract(epoch FROM clock_timestamp() - k.told_at)::float8,
    k.high + %s * extract(epoch FROM clock_timestamp() - k.told_at)::float8,
    extract(epoch FROM clock_timestamp())::float8
  FROM (SELECT 1) AS one LEFT JOIN {schema}.intercom_budget_known k
  ON k.budget = %s AND k.app = %s
"""

_LEAVE = """
DELETE FROM {schema}.intercom_budget_members WHERE budget = %s AND app = %s AND member = %s
"""


class PostgresStore(StoreMember):
    """One budget over processes, kept in PostgreSQL.

    Args:
        conninfo: How to connect, such as `postgresql://user@host/database`.
        schema: Where its tables and its function are.
        answer_within_s: Seconds after which the store counts as unavailable; a call is never held
            up longer by it.
        required: Whether a store that does not answer at the start is an error.

    Raises:
        ImportError: psycopg is not installed; `pip install 'intercom-async[postgres]'` brings it.
        ConfigError: An argument cannot be used.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        schema: str = "public",
        answer_within_s: float = 0.25,
        required: bool = False,
        clock: Clock = CLOCK,
    ) -> None:
        try:
            import psycopg  # noqa: PLC0415 (an extra)
        except ImportError as missing:
            raise ImportError(
                "PostgresStore needs psycopg: pip install 'intercom-async[postgres]'"
            ) from missing
        super().__init__(answer_within_s, required=required, clock=clock)
        if not isinstance(schema, str) or not schema.isidentifier() or not schema.isascii():
            raise ConfigError("schema must be a plain name: letters, digits and underscores")
        self._connect = psycopg.AsyncConnection.connect
        # An empty one is libpq's way to go by PGHOST and its other variables.
        self._conninfo = conninfo if conninfo == "" else check_text("conninfo", conninfo)
        self._schema = f'"{schema}"'
        self._connection: AsyncConnection[Any] | None = None

    async def _join(self, budget: str, app: str) -> tuple[Any, Any, Any, Any]:
        calls, window_ms, low, high = await self._run(
            _JOIN, budget, app, self.member, CLOCK_DRIFT, CLOCK_DRIFT, budget, app
        )
        return calls, window_ms, low, high

    async def _grant(self, request: LeaseRequest) -> Granted:
        ask = request.ask
        *counts, low, high = await self._run(
            _LEASE,
            ask.budget,
            ask.app,
            self.member,
            f"{self.member}:{ask.holder}",
            ask.reset_at_ms,
            ask.window_ms,
            ask.limit,
            ask.workspace_limit,
            -1 if ask.used is None else ask.used,
            ask.want,
            request.melting,
            request.freezes,
            *(request.clock or (None, None)),
            MEMBER_TTL_S,
            WINDOWS_KEPT * ask.window_ms,
            request.expecting_s,
            ask.interactive_per_s,
            ask.interactive_burst,
            INTERACTIVE_SHARE,
            MAX_BURST_SHARE,
            CLOCK_DRIFT,
            ask.leased,
        )
        calls, left, kept, members, is_frozen = counts
        clock = None if low is None else (low, high)
        return Granted(calls, left, kept, members, bool(is_frozen), clock)

    async def _leave(self, budget: str, app: str) -> None:
        connection = await self._connected()
        await connection.execute(self._sql(_LEAVE), (budget, app, self.member))

    async def _close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _run(self, query: str, *values: Any) -> list[Any]:
        """Run a query of one row that ends with the server's time; return what stands before it."""
        connection = await self._connected()
        sent = self._clock.now()
        try:
            cursor = await connection.execute(self._sql(query), values)
            row: tuple[Any, ...] | None = await cursor.fetchone()
        except BaseException:
            # What a broken or cancelled query leaves behind is not for the next one to read.
            self._connection = None
            with suppress(Exception):
                await connection.close()
            raise
        *found, moment = row or (None, None, None, None, 0.0)
        self._see_time(moment, sent)
        return found

    async def _connected(self) -> AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await self._connect(
                self._conninfo, autocommit=True, prepare_threshold=None
            )
            await self._set_up(self._connection)
        return self._connection

    async def _set_up(self, connection: AsyncConnection[Any]) -> None:
        """Make tables and function unless they exist; many processes may do so at once."""
        found = await connection.execute(
            "SELECT to_regproc(%s)", (f"{self._schema}.intercom_budget_lease_2",)
        )
        row = await found.fetchone()
        if row is not None and row[0] is not None:
            return
        async with connection.transaction():
            # Held for this transaction only: CREATE … IF NOT EXISTS is no protection from a race.
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('intercom_budget'))")
            await connection.execute(self._sql(SETUP))

    def _sql(self, query: str) -> bytes:
        return query.replace("{schema}", self._schema).encode()
