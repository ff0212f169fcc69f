"""Defects of what is gone: how it is known, and what is taken for proof of it."""

from __future__ import annotations

from tests.mutants.masks import NOT_COUNTED
from tests.mutants.mutant import Edit, Mutant

NO_OTHER_LIST = Edit(
    "reconcile.py",
    "        if source.listed is None:\n            return False\n",
    "        return True\n",
)
"""The list of contacts, which rests on no search, is not asked whether it is empty, too."""

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "absence_is_proof",
        "`--full` skips unchanged rows and deletes them: what a sweep has not noted is gone",
        (
            Edit(
                "stream_run.py",
                "        if not is_new and flags & SEEN and not held.flags & SEEN:\n",
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
        history="stopped-among-rows-that-have-not-changed",
        focus="gone on with",
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
                "        if source.get is not None:\n            confirm = ",
                "        if False:\n            confirm = ",
            ),
            Edit(
                "list_reconciler.py",
                "        if not agreed.keys:\n",
                "        if False:\n",
            ),
        ),
        focus="lists",
    ),
    Mutant(
        "short_list_is_whole",
        "a list without a count that hides rows which are there is taken for whole, and only they"
        " are named",
        (
            Edit(
                "list_reconciler.py",
                "                if not there or agreed.is_counted:\n",
                "                if True:\n",
            ),
        ),
        history="list-that-leaves-out-rows-that-are-there",
        focus="lists",
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
        history="archived-contact",
        focus="deletions",
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
        history="all-archived-and-seldom-swept",
        focus="archives",
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
        history="unarchived-after-a-date-that-is-ahead",
        focus="archives",
    ),
    Mutant(
        "open_sweep_is_complete",
        "a run says complete although a sweep of it did not end",
        (
            Edit(
                "engine.py",
                "        for _ in range(MAX_SWEEPS):\n",
                "        for _ in range(0):\n",
            ),
            Edit(
                "stream_run.py",
                "        return self.is_current and (self.state.pass_ is None)\n",
                "        return self.is_current\n",
            ),
        ),
        focus="many",
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
        history="gone-between-two-runs-of-changes",
        focus="changes",
    ),
    Mutant(
        "archived_after_one_reading",
        "a row is taken for archived after one reading that met no row at all",
        (
            Edit(
                "reconcile.py",
                "    return is_read and run.was_reread and is_few and not _has_met(run)\n",
                "    return not _has_met(run)\n",
            ),
            Edit(
                "reconcile.py",
                "// 100) or not _has_met(run)\n        if",
                "// 100)\n        if",
            ),
            NO_OTHER_LIST,
        ),
        focus="none",
    ),
    Mutant(
        "many_gone_stay_named",
        "a stream of which many rows were, and all have gone, is never complete again",
        (
            Edit(
                "reconcile.py",
                "        if not has_met and not are_gone(run, first, self._settled_before):\n",
                "        if len(absent) > len(first):\n",
            ),
        ),
        history="all-of-many-rows-gone",
        focus="many",
    ),
    Mutant(
        "empty_search_is_whole",
        "a sweep that meets nothing, not even rows that are there, is taken for whole",
        (
            Edit(
                "reconcile.py",
                "        if not has_met and not are_gone(",
                "        if len(absent) > MANY and not are_gone(",
            ),
        ),
        history="search-that-finds-nothing",
        focus="none",
    ),
    Mutant(
        "no_change_is_believed",
        "a search for changes that finds nothing, as it finds no row at all, is believed",
        (
            Edit(
                "engine.py",
                "        if not await self._changes.read(run, low):\n",
                "        if not await self._changes._tail_reader.read(run, low):\n",
            ),
        ),
        history="search-that-finds-no-change",
        focus="none",
    ),
    Mutant(
        "one_empty_answer_is_believed",
        "one search for changes that finds nothing is believed, as another one finds rows",
        (
            *NOT_COUNTED,
            Edit(
                "changes.py",
                "        return MISSES if is_missed else None\n",
                "        return None\n",
            ),
        ),
        history="search-that-misses-a-change",
        focus="none",
    ),
    Mutant(
        "many_go_unfound",
        "contacts that two searches do not find are archived, all of them, however many they are",
        (
            Edit(
                "reconcile.py",
                "    return is_read and run.was_reread and is_few and not _has_met(run)\n",
                "    return is_read and run.was_reread and not _has_met(run)\n",
            ),
            NO_OTHER_LIST,
        ),
        focus="none",
    ),
    Mutant(
        "no_row_is_left_to_tell",
        "where all rows that a sweep met have gone, no further one is made",
        (
            Edit(
                "reconcile.py",
                "        if not _has_met(run) or not self.has_no_controls(run) or",
                "        if True or",
            ),
            Edit(
                "engine.py",
                "is_doubted=self._reconciler.has_no_controls(run)",
                "is_doubted=False",
            ),
        ),
        focus="archives",
        test="tests/sync/test_met_and_gone.py"
        "::test_a_sweep_that_met_nothing_but_them_is_made_once_more",
    ),
    Mutant(
        "search_that_finds_nothing",
        "a search that finds none of the rows that it should is proof that one is gone",
        (
            Edit(
                "reconcile.py",
                "        return found == set(controls)\n",
                "        return key not in found\n",
            ),
            Edit(
                "reconcile.py",
                "            if not controls and not (_has_met_none(run) "
                "and await self._lists_none(run, source)):\n",
                "            if False:\n",
            ),
        ),
        focus="none",
    ),
    Mutant(
        "overdue_is_complete",
        "a run is complete, however long ago rows that are gone were looked for",
        (
            Edit(
                "policy.py",
                "        if swept is not None and swept >= needed:\n",
                "        if swept is not None or needed:\n",
            ),
        ),
        focus="changes",
    ),
    Mutant(
        "sweep_dated_ahead",
        "a sweep is dated by a Date that is ahead, so that none is made for a day",
        (
            Edit(
                "policy.py",
                "earliest=run.clock.not_after(run.newest)",
                "earliest=run.clock.now()",
            ),
            Edit(
                "prepared.py",
                "saved.swept = None if self._clock.is_future(saved.swept) else saved.swept\n",
                "pass\n",
            ),
            Edit(
                "prepared.py",
                "        if self._clock.is_future(saved.watermark):\n",
                "        if False:\n",
            ),
        ),
        focus="dates",
    ),
    Mutant(
        "sweeps_again_and_again",
        "a run that has swept sweeps again, as the machine's clock is behind",
        (
            Edit(
                "policy.py",
                '        if self.reconcile == "never" or run.was_swept:\n',
                '        if self.reconcile == "never":\n',
            ),
            Edit(
                "policy.py",
                "        if run.was_told:\n",
                "        if False:\n",
            ),
        ),
        history="clock-back-by-a-day",
        focus="clocks",
    ),
    Mutant(
        "missed_once_is_gone",
        "a row that one reading of its list lacks is gone",
        (
            Edit(
                "list_reconciler.py",
                "settled and (not missing or (absent is not None and missing <= absent))",
                "settled",
            ),
            Edit(
                "list_reconciler.py",
                "        if source.get is not None:\n            confirm = ",
                "        if False:\n            confirm = ",
            ),
        ),
        focus="lists",
    ),
    Mutant(
        "missed_by_one_sweep_is_gone",
        "a row that cannot be read by its id goes once one sweep has not met it",
        (
            Edit(
                "reconcile.py",
                "        if (is_much or source.get is None) and absent and",
                "        if is_much and absent and",
            ),
        ),
        focus="deletions",
        test="tests/sync/test_unread_rows.py::test_where_ids_cannot_be_searched_one_sweep_proves_nothing",
    ),
    Mutant(
        "unread_stays_a_suspect",
        "a row that cannot be read by its id never goes, and each run names it",
        (
            Edit(
                "unread_rows.py",
                "    if controls and found.issuperset(controls):\n",
                "    if False:\n",
            ),
        ),
        focus="deletions",
        test="tests/sync/test_unread_rows.py::test_a_deleted_row_goes_in_the_run_that_misses_it",
    ),
)
