"""Defects of how rows are read: pages, lists, holes and what is closed in."""

from __future__ import annotations

from tests.mutants.masks import NOT_COUNTED
from tests.mutants.mutant import Edit, Mutant

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "poison_freezes",
        "one row whose page fails keeps all rows of its span away, every night",
        (
            Edit(
                "page_reader.py",
                "            holes = await isolation.between(part.low, max(part.low, high))\n",
                "            high = max(part.low, high)\n"
                "            holes = [Hole(kind='span', field=field, low=part.low, high=high)]\n",
            ),
        ),
        history="poison-among-rows-of-a-second",
        focus="days",
    ),
    Mutant(
        "not_found_freezes",
        "one 404 in a search is taken for a stream that is not there",
        (
            Edit(
                "page_reader.py",
                "REFUSALS = (ForbiddenError, UnauthorizedError, ConfigError)\n",
                "from intercom_async.errors import NotFoundError\n\n"
                "REFUSALS = (ForbiddenError, UnauthorizedError, ConfigError, NotFoundError)\n",
            ),
        ),
        focus="days",
    ),
    Mutant(
        "tags_end_after_ten",
        "lists inside rows are written as they came, cut after ten entries",
        (
            Edit(
                "embedded.py",
                "    if not isinstance(source, Ranged) or not any(row.is_cut for row in rows):\n",
                "    if True:\n",
            ),
        ),
        focus="embedded",
    ),
    Mutant(
        "unreadable_is_forgotten",
        "a row without a readable key is left out, and the run is complete",
        (
            Edit(
                "page_reader.py",
                "        if len(rows) < count:\n",
                "        if False:\n",
            ),
            Edit(
                "page_reader.py",
                "        if is_whole(chain, counted) or",
                "        if True or",
            ),
            Edit(
                "tail_reader.py",
                "is_to_end and counted.came < counted.promised:",
                "False:",
            ),
        ),
        focus="answers",
    ),
    Mutant(
        "day_boundary",
        "spans are asked for between days, and the server's day that holds a cut is in neither",
        (
            Edit(
                "streams.py",
                "        either = [at_low, above]\n",
                "        if self.high < OPEN and not self.has_high:\n"
                "            above['value'][0]['value'] = self.low - 1\n"
                "            return above\n"
                "        either = [at_low, above]\n",
            ),
        ),
        focus="day cuts",
    ),
    Mutant(
        "one_pass_down",
        "a row that changes during a walk from the newest jumps behind the cursor",
        (
            *NOT_COUNTED,
            Edit(
                "tail_reader.py",
                "is_last = found.is_atomic or source.is_append_only or agreed >= AGREEING\n",
                "is_last = True\n",
            ),
            Edit(
                "tail_reader.py",
                "is_to_end and counted.came < counted.promised:",
                "False:",
            ),
        ),
        focus="moves",
    ),
    Mutant(
        "poison_is_forgotten",
        "what is around a poison row is read, and the row itself is in no hole",
        (
            Edit(
                "span_pages.py",
                "        self._holes.append(hole)\n",
                "",
            ),
        ),
        history="poison-among-rows-of-a-second",
        focus="days",
    ),
    Mutant(
        "embedded_entry_breaks",
        "an entry without an id in a list inside a row ends the run in an exception group",
        (
            Edit(
                "embedded.py",
                "    except (msgspec.MsgspecError, UnicodeDecodeError):\n"
                "        raise DecodeError(f",
                "    except ZeroDivisionError:\n        raise DecodeError(f",
            ),
        ),
        history="embedded-entry-without-an-id",
        focus="embedded",
    ),
    Mutant(
        "old_body_with_new_lists",
        "a row is written with lists that are newer than it is",
        (
            Edit(
                "embedded.py",
                "        if now.version == row.version and all(\n",
                "        if row or all(\n",
            ),
        ),
        history="old-body-with-new-tags",
        focus="embedded",
    ),
    Mutant(
        "bad_bytes",
        "one byte that is not UTF-8 makes a file that nobody can read",
        (
            Edit(
                "raw_rows.py",
                '        body = body.decode(errors="replace").encode()\n',
                "        pass\n",
            ),
            Edit(
                "../codec/__init__.py",
                "            if not _is_utf8(body) or (",
                "            if (",
            ),
        ),
        focus="answers",
    ),
    Mutant(
        "gap_is_forgotten",
        "a page that fails is closed in, and what could not be read is named nowhere",
        (
            Edit(
                "page_reader.py",
                "        await self._end(run, chain, holes)\n\n    async def answers_at_all",
                "        await self._end(run, chain)\n\n    async def answers_at_all",
            ),
        ),
        focus="forgotten",
    ),
    Mutant(
        "hole_is_left",
        "a hole is named by every run, and read by none again",
        (
            Edit(
                "engine.py",
                '            if hole.kind == "span" and hole.low is not None',
                '            if hole.kind == "list" and hole.low is not None',
            ),
        ),
        focus="days",
    ),
    Mutant(
        "hole_is_forgotten",
        "what a run could not read is not named by the next one",
        (
            *NOT_COUNTED,
            Edit(
                "prepared.py",
                "        self._note_future(stream, saved)\n        client",
                "        self._note_future(stream, saved)\n"
                "        saved.holes.clear()\n"
                "        client",
            ),
        ),
        focus="forgotten",
    ),
    Mutant(
        "chain_stops_at_its_floor",
        "where the server counts other days, a part ends before its oldest day does",
        (
            Edit(
                "page_reader.py",
                "part.floor - run.slack_s",
                "part.floor",
            ),
        ),
        focus="below days",
    ),
    Mutant(
        "rest_is_not_named",
        "what a run has not read is not named beside other holes",
        (
            Edit(
                "stream_run.py",
                "        is_cut = self.was_cut_off or (self.refusal is None and not is_whole)\n",
                "        is_cut = False and is_whole\n",
            ),
        ),
        history="outage-while-a-sweep-is-overdue",
        focus="given up",
    ),
    Mutant(
        "zone_step_unseen",
        "rows are read on in parts of another zone or version, as if nothing had changed",
        (
            *NOT_COUNTED,
            Edit(
                "prepared.py",
                "        if is_other and not isinstance",
                "        if False and is_other and not isinstance",
            ),
        ),
        focus="other version",
        test="tests/sync/test_sync_model.py::test_another_version_reads_again_beside_the_rows",
    ),
)
