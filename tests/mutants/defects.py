"""The defects, most of them as they were found in connectors, in reviews or in earlier versions."""

from __future__ import annotations

from .mutant import Edit, Mutant

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "absence_is_proof",
        "`--full` skips unchanged rows and deletes them: what a sweep has not noted is gone",
        (
            Edit(
                "stream_run.py",
                "        if not is_new and self.is_sweeping and not held.flags & SEEN:\n",
                "        if False:\n",
            ),
            Edit(
                "reconcile.py",
                "        left: list[str] = []\n"
                "        for begin in range(0, len(absent), SEARCH_IDS):\n",
                "        for key in absent:\n"
                "            entries = tombstone(run, key, run.clock.now(), 'x', evidence='x')\n"
                "            await self._reader.hand_over(Batch(run, entries))\n"
                "        if absent:\n"
                "            return\n"
                "        left: list[str] = []\n"
                "        for begin in range(0, len(absent), SEARCH_IDS):\n",
            ),
        ),
    ),
    Mutant(
        "children_twice",
        "a child that comes twice in a journal stands twice in the target",
        (
            Edit(
                "sinks/merge.py",
                "            if last != number or held.flags & SEEN:\n",
                "            if held.flags & SEEN:\n",
            ),
        ),
    ),
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
    ),
    Mutant(
        "left_out_is_lost",
        "a run of other streams empties a journal that a stopped run had filled",
        (
            Edit(
                "run.py",
                "        published = [*runs, *prepared.carried(left_out.streams)]\n",
                "        published = runs\n",
            ),
        ),
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
    ),
    Mutant(
        "open_sweep_is_complete",
        "a run says complete although a sweep of it did not end",
        (
            Edit(
                "engine.py",
                "        for _ in range(MAX_SWEEPS):\n",
                "        for _ in range(1):\n",
            ),
            Edit(
                "stream_run.py",
                "        return self.is_current and (self.state.pass_ is None)\n",
                "        return self.is_current\n",
            ),
        ),
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
                "        is_short = chain.promised is not None and chain.rows < chain.promised\n",
                "        is_short = False\n",
            ),
        ),
    ),
    Mutant(
        "since_skips",
        "`--since` moves the watermark on, and what lies before it never comes",
        (
            Edit(
                "policy.py",
                "        return max(0, min(known)) if known else None\n",
                "        return max(0, max(known)) if known else None\n",
            ),
        ),
    ),
    Mutant(
        "machine_clock",
        "the machine's clock decides up to when changes are in the target",
        (
            Edit(
                "server_time.py",
                "        if moment is None:\n            return cls(CLOCK.unix()",
                "        if True:\n            return cls(CLOCK.unix()",
            ),
            Edit(
                "server_time.py",
                "            return min(now, seen)\n",
                "            return now\n",
            ),
        ),
    ),
    Mutant(
        "date_is_proof",
        "a Date that is a day ahead moves the watermark a day ahead",
        (
            Edit(
                "server_time.py",
                "        return now if now <= here + TRUSTED_S else min(now, max(here, seen))\n",
                "        return now\n",
            ),
            Edit(
                "server_time.py",
                "        is_believed = self.is_known and self.now() <= ",
                "        is_believed = self.is_known or self.now() <= ",
            ),
            Edit(
                "server_time.py",
                "        return moment is not None and self.is_known and ",
                "        return False and moment is not None and ",
            ),
        ),
    ),
    Mutant(
        "no_lookback",
        "a row that search finds minutes late is skipped for good",
        (Edit("policy.py", "[base - self.lookback_s]", "[base]"),),
    ),
    Mutant(
        "resumed_is_stale",
        "a run that was resumed says complete without the changes since it began",
        (
            Edit(
                "engine.py",
                "        base = state.watermark if state.watermark is not None else state.seeded\n",
                "        if pass_ is not None and run.was_resumed:\n"
                "            state.watermark = run.clock.now()\n"
                "            run.is_current = True\n"
                "            return\n"
                "        base = state.watermark if state.watermark is not None else state.seeded\n",
            ),
        ),
    ),
    Mutant(
        "empty_list_wipes",
        "an empty or short list empties a table",
        (
            Edit(
                "list_reconciler.py",
                "            is_new = not found.keys <= union\n",
                "            return found\n            is_new = not found.keys <= union\n",
            ),
            Edit(
                "list_reconciler.py",
                "        if source.get is not None and (agreed.keys or len(absent) <= MANY):\n",
                "        if False:\n",
            ),
            Edit(
                "list_reconciler.py",
                "        if not agreed.keys:\n",
                "        if False:\n",
            ),
        ),
    ),
    Mutant(
        "deletes_unseen",
        "deletes, archives and merges are never looked for",
        (
            Edit(
                "policy.py",
                "        is_doubted = is_doubted or any(",
                "        return False\n        is_doubted = any(",
            ),
            Edit(
                "deletions.py",
                "        if deletions is None:\n            return False\n",
                "        if True:\n"
                "            run.state.swept = run.clock.now()\n"
                "            return False\n",
            ),
        ),
    ),
    Mutant(
        "newest_deletion_first",
        "a list of deleted rows is taken for sorted, and ends at the first old one",
        (
            Edit(
                "deletions.py",
                "        is_shown = self._is_sorted and self._steps >= FEWEST_STEPS\n",
                "        is_shown = True\n",
            ),
        ),
    ),
    Mutant(
        "deletions_uncounted",
        "a list of deleted rows that gives fewer than it counts is taken for whole",
        (
            Edit(
                "deletions.py",
                "        return len(keys) >= (promised or 0)\n",
                "        return True\n",
            ),
        ),
    ),
    Mutant(
        "deletion_without_key",
        "a deleted row that cannot be read is passed over",
        (
            Edit(
                "deletions.py",
                "            if page.unreadable or len(known) < len(items) or not is_proof:\n",
                "            if False:\n",
            ),
            Edit(
                "deletions.py",
                "        return len(keys) >= (promised or 0)\n",
                "        return True\n",
            ),
        ),
    ),
    Mutant(
        "changes_only_forgets",
        "what went between two runs with `--since` is neither looked for nor named",
        (
            Edit(
                "policy.py",
                "            if not run.was_followed:\n",
                "            if True:\n",
            ),
        ),
    ),
    Mutant(
        "hidden_parent_remembered",
        "parts that were dropped and come again are read of parents that change only",
        (
            Edit(
                "prepared.py",
                "        if is_hidden and child.name not in saved and",
                "        if False and",
            ),
        ),
    ),
    Mutant(
        "repair_leaves_out",
        "a repair says that damaged streams are read again, and reads those that were named",
        (
            Edit(
                "chosen_streams.py",
                "    return resolve([*wanted, *more], STREAMS)\n",
                "    return chosen\n",
            ),
        ),
    ),
    Mutant(
        "damage_unseen",
        "files that are missing or cut are not noticed",
        (
            Edit(
                "sinks/files.py", "    size = disk.size(path)\n", "    return None\n    size = 0\n"
            ),
        ),
    ),
    Mutant(
        "journal_keeps_garbage",
        "what a crash left behind the last commit stays there, and hides what is written after it",
        (
            Edit(
                "sinks/journal.py",
                "            self._file = self._disk.append(self._path, self._length)\n",
                "            size = self._disk.size(self._path) or 0\n"
                "            self._file = self._disk.append(self._path, size)\n",
            ),
        ),
    ),
    Mutant(
        "state_before_rows",
        "the state is on the disk before the rows that it tells of",
        (
            Edit(
                "sinks/journal.py",
                "        body = self._encoder.encode((self._generation, state, entries))\n",
                "        if entries:\n"
                "            self.append([], state)\n"
                "        body = self._encoder.encode((self._generation, state, entries))\n",
            ),
        ),
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
                "            if not _is_utf8(body):\n",
                "            if False:\n",
            ),
        ),
    ),
    Mutant(
        "embedded_entry_breaks",
        "an entry without an id in a list inside a row ends the run in an exception group",
        (
            Edit(
                "embedded.py",
                "        except (msgspec.MsgspecError, UnicodeDecodeError):\n"
                "            raise DecodeError(f",
                "        except ZeroDivisionError:\n            raise DecodeError(f",
            ),
        ),
    ),
    Mutant(
        "first_outage_ends",
        "a run that begins in an outage ends with an error",
        (
            Edit(
                "run.py",
                "lambda: first_answer(self._intercom, Admins.ME.at(), gate)\n",
                "lambda: self._intercom.send(Admins.ME.at())\n",
            ),
        ),
    ),
    Mutant(
        "stop_waits",
        "a stop waits for the first answer, and for all repetitions of its call",
        (
            Edit(
                "first_answer.py",
                "            await stop.wait()\n",
                "            await anyio.sleep_forever()\n",
            ),
        ),
    ),
    Mutant(
        "cut_of_a_split_unseen",
        "a list that ends early is taken for whole, where others read a part of it",
        (
            Edit(
                "page_reader.py",
                "        if not is_short:\n            return True\n",
                "        if not is_short or part.floor != part.low:\n            return True\n",
            ),
        ),
    ),
    Mutant(
        "cut_after_a_stop_unseen",
        "a list that ends early is taken for whole, where a stopped run had begun it",
        (
            Edit(
                "page_reader.py",
                "        if chain.pages == 1:\n",
                "        if chain.pages == 1 and chain.position is None:\n",
            ),
        ),
    ),
    Mutant(
        "same_second_is_known",
        "a change in the second in which a row was read has its time, and is taken for known",
        (
            Edit(
                "merging.py",
                "    return read_at <= version + HASTE_S\n",
                "    return False\n",
            ),
        ),
    ),
    Mutant(
        "first_list_read_once",
        "a first list without a count is taken for whole, though it came empty",
        (
            Edit(
                "list_reconciler.py",
                "            is_proven = found.is_counted or run.was_followed or number > 0\n",
                "            is_proven = True\n",
            ),
        ),
    ),
    Mutant(
        "short_list_in_a_row",
        "a list inside a row that comes with fewer entries than it counts is written so",
        (
            Edit(
                "embedded.py",
                "        if is_short and lists != before:\n",
                "        if False:\n",
            ),
        ),
    ),
    Mutant(
        "stop_waits_for_calls",
        "a stop waits for the calls under way, and for all their repetitions",
        (
            Edit(
                "engine.py",
                "        await CLOCK.sleep(STOP_WITHIN_S)\n",
                "        await CLOCK.sleep(1_000_000.0)\n",
            ),
        ),
    ),
    Mutant(
        "isolation_stands_still",
        "closing in on a poison row begins the same query again until its calls are spent",
        (
            Edit(
                "isolation.py",
                "            if moved == edge:\n",
                "            if False:\n",
            ),
        ),
    ),
    Mutant(
        "no_patience",
        "a second without a server makes a run incomplete",
        (
            Edit(
                "outage.py",
                "        async with self._control:\n            await self.wait()\n",
                "        async with self._control:\n            return False\n",
            ),
        ),
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
    ),
    Mutant(
        "one_pass_down",
        "a row that changes during a walk from the newest jumps behind the cursor",
        (
            Edit(
                "tail_reader.py",
                "            if found.pages <= 1 or source.is_append_only or agreed >= AGREEING:\n",
                "            if True:\n",
            ),
        ),
    ),
    Mutant(
        "one_pass_lists",
        "a list by page numbers whose order moves is read once",
        (
            Edit(
                "list_reconciler.py",
                "            is_new = not found.keys <= union\n",
                "            is_new = not found.keys <= union\n"
                "            found.keys |= live\n"
                "            return found\n",
            ),
        ),
    ),
    Mutant(
        "last_come_stays",
        "an old body that search serves takes the place of a newer one",
        (
            Edit(
                "merging.py",
                "    if offered.version < held.version:\n",
                "    if held:\n        return True\n    if offered.version < held.version:\n",
            ),
        ),
    ),
    Mutant(
        "gone_for_good",
        "what was archived and comes back stays a tombstone",
        (
            Edit(
                "merging.py",
                "        return offered.read_at > held.read_at\n",
                "        return False\n",
            ),
        ),
    ),
    Mutant(
        "replies_missed",
        "children are read once for each parent",
        (
            Edit(
                "stream_run.py",
                "        if family is None or family.is_gone or family.version < version:\n",
                "        if family is not None:\n            return False\n"
                "        if family is None or family.is_gone or family.version < version:\n",
            ),
        ),
    ),
    Mutant(
        "children_outlive_answers",
        "children that an answer no longer has stay, and those of a truncated one go",
        (
            Edit(
                "child_reader.py",
                "        if children.missing:\n",
                "        if False:\n",
            ),
        ),
    ),
    Mutant(
        "not_found_is_proof",
        "one 404 of a conversation deletes it",
        (
            Edit(
                "child_reader.py",
                '        if parent is not None and gone.reason == "deleted":\n',
                "        if False:\n",
            ),
        ),
    ),
    Mutant(
        "two_writers",
        "two syncs write to one target at the same time",
        (
            Edit("sinks/files.py", "            fcntl.flock(", "            (lambda *_: None)("),
            Edit(
                "sinks/files.py",
                "                if file.read() == self._epoch:\n",
                "                if file.read() is not None:\n",
            ),
        ),
    ),
    Mutant(
        "publication_half_done",
        "a crash between manifest and renames leaves a target that is called damaged",
        (
            Edit(
                "sinks/folder.py",
                "        self._roll_forward()\n        self.journal.open(",
                "        self.journal.open(",
            ),
        ),
    ),
    Mutant(
        "late_removal_unseen",
        "a sweep that met a row which had gone is taken to have seen that it went",
        (
            Edit(
                "policy.py",
                "        if checked is None or not (self.is_resumed or run.was_resumed):\n",
                "        if checked is None:\n",
            ),
        ),
    ),
    Mutant(
        "undated_stays_old",
        "a changed row that does not say when it changed is left out, and the run is complete",
        (
            Edit(
                "stream_run.py",
                "            self.undated.append(row.key)\n",
                "            pass\n",
            ),
        ),
    ),
    Mutant(
        "outage_leaves_children",
        "an outage that outlasts the patience leaves children unread, and the run is complete",
        (
            Edit(
                "child_reader.py",
                "            run.was_cut_off = run.was_cut_off or not is_read\n",
                "",
            ),
        ),
    ),
    Mutant(
        "refused_for_good",
        "a stream of children that was refused once is never complete again",
        (Edit("run.py", "            if _has_read_children(run):\n", "            if False:\n"),),
    ),
    Mutant(
        "either_clock_is_proof",
        "where Date and the machine's clock disagree, the later one moves the watermark",
        (
            Edit(
                "engine.py",
                "        mark = run.clock.proven(run.newest)\n",
                "        mark = run.clock.not_after(run.newest)\n",
            ),
        ),
    ),
    Mutant(
        "time_to_come",
        "a row that comes with a time in the future hides every later change of it",
        (
            Edit(
                "raw_rows.py",
                "        return version if version <= self.latest + SLACK_S else self.latest\n",
                "        return version\n",
            ),
            Edit(
                "stream_run.py",
                "        version = self.reader.kept_version(row.version, row.synced_at)\n",
                "        version = row.version\n",
            ),
        ),
    ),
    Mutant(
        "time_to_come_is_now",
        "a row that a stopped run read with a time in the future hides the changes before that run",
        (
            Edit(
                "stream_run.py",
                "listed = self.reader.without_times_to_come(list(rows))",
                "listed = list(rows)",
            ),
        ),
    ),
    Mutant(
        "met_is_found",
        "what a sweep has met is taken for what a search finds, so archived rows stay named",
        (
            Edit(
                "control_rows.py",
                "shown = [key for key in searched if key in found]",
                "shown = [key for key in searched if found or key]",
            ),
        ),
    ),
    Mutant(
        "date_alone_tells",
        "a Date that this machine's clock agrees with moves the watermark ahead of the server's",
        (
            Edit(
                "server_time.py",
                "        if begins is not None and (moment is None or ",
                "        if begins is not None and moment is None and (True or ",
            ),
            Edit(
                "engine.py",
                "        is_late = run.latest_find_s > ",
                "        is_late = False and run.latest_find_s > ",
            ),
        ),
    ),
    Mutant(
        "time_to_come_is_kept",
        "a first row with a time in the future keeps it for good, and the run is complete",
        (
            Edit(
                "doubtful_rows.py",
                "    if can_be_swept and not by_id:\n",
                "    if False:\n",
            ),
        ),
    ),
    Mutant(
        "clock_set_is_proof",
        "a machine's clock that is set to a wrong Date during a run moves the watermark there",
        (
            Edit(
                "server_time.py",
                "        return math.floor(min(CLOCK.unix(), CLOCK.now() + self._here))\n",
                "        return math.floor(CLOCK.unix())\n",
            ),
        ),
    ),
)
"""All of them; each is found within `MOST` histories."""
