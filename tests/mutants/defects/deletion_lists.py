"""Defects of lists of deleted rows, and of searches that go on finding what has gone."""

from __future__ import annotations

from tests.mutants.masks import NOT_COUNTED
from tests.mutants.mutant import Edit, Mutant

MUTANTS: tuple[Mutant, ...] = (
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
        focus="deletions",
        test="tests/sync/test_deletions.py::test_a_list_in_any_order_is_read",
    ),
    Mutant(
        "deletions_uncounted",
        "a list of deleted rows that gives fewer than it counts is taken for whole",
        (
            Edit(
                "deletions.py",
                "        return not self.is_at_end or len(self.keys) >= (self.promised or 0)\n",
                "        return True\n",
            ),
        ),
        history="empty-list-of-deleted-rows",
        focus="deletions",
    ),
    Mutant(
        "deletion_without_key",
        "a deleted row that cannot be read is passed over",
        (
            Edit(
                "deletions.py",
                "if page.unreadable or len(known) < len(items) or not is_page:",
                "if False:",
            ),
            Edit(
                "deletions.py",
                "        return not self.is_at_end or len(self.keys) >= (self.promised or 0)\n",
                "        return True\n",
            ),
        ),
        history="deleted-row-without-a-key",
        focus="deletions",
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
            Edit("policy.py", "(0 if is_end else self.lookback_s)", "self.lookback_s"),
        ),
        history="search-finds-a-deleted-row",
        focus="late",
    ),
    Mutant(
        "look_is_of_now",
        "a sweep is taken to know what went up to now, though a search goes on finding it",
        (
            Edit(
                "policy.py",
                "max(known) - self.lookback_s if known",
                "max(known) if known",
            ),
        ),
        focus="late",
    ),
    Mutant(
        "deletion_beats_return",
        "a row that came back goes again, as a list of deleted rows still names it",
        (
            Edit(
                "deletions.py",
                "                if key in found:\n",
                "                if False:\n",
            ),
        ),
        focus="deletions",
        test="tests/sync/test_named_as_deleted.py::test_a_contact_that_came_back_stays",
    ),
    Mutant(
        "late_find_is_proof",
        "a row that a search found late, after it went, is taken to have come back",
        (
            Edit(
                "deletions.py",
                "max(read_at, held.version) <= at + self._lookback_s",
                "max(read_at, held.version) <= at",
            ),
        ),
        focus="late",
        test="tests/sync/test_named_as_deleted.py::test_a_row_that_changed_as_it_went_is_asked_for",
    ),
    Mutant(
        "deletions_that_move",
        "a list of deleted rows from which one goes while it is read is taken for whole",
        (
            *NOT_COUNTED,
            Edit(
                "deletions.py",
                "            if (page.total_count or 0) < (listed.promised or 0):\n",
                "            if False:\n",
            ),
            Edit(
                "deletions.py",
                "        return not self.is_at_end or len(self.keys) >= (self.promised or 0)\n",
                "        return True\n",
            ),
        ),
        focus="deletions",
    ),
    Mutant(
        "lacking_list_is_whole",
        "a list of deleted rows that has a shorter page, or a row twice, is taken for whole",
        (
            Edit(
                "deletions.py",
                "                may_lack = listed.is_doubtful or (",
                "                may_lack = (",
            ),
        ),
        focus="deletions",
        test="tests/sync/test_lacking_deletions.py"
        "::test_what_a_list_shows_to_lack_comes_with_another_reading",
    ),
    Mutant(
        "held_beyond_the_count",
        "a list of deleted rows is believed though more rows are held than are counted",
        (
            Edit(
                "surplus.py",
                "        await self._list_again(run)\n",
                "",
            ),
        ),
        focus="deletions",
        test="tests/sync/test_lacking_deletions.py"
        "::test_what_a_list_hides_shows_by_the_count_of_all_rows",
    ),
    Mutant(
        "clock_of_a_killed_run",
        "a row that a killed run read under a clock ahead seems to have come back since it went",
        (
            Edit(
                "deletions.py",
                "held.read_at if held.read_at >= run.began else 0",
                "held.read_at",
            ),
        ),
        history="deleted-after-a-kill-under-a-wrong-clock",
        focus="ahead",
    ),
)
