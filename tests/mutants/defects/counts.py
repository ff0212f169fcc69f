"""Defects of lists: their counts, their order, and how often they are read."""

from __future__ import annotations

from tests.mutants.masks import NOT_COUNTED, NOT_COUNTED_UPWARD, NOT_DOUBTED_UPWARD, ONE_LIST
from tests.mutants.mutant import Edit, Mutant

MUTANTS: tuple[Mutant, ...] = (
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
        focus="lists",
    ),
    Mutant(
        "cut_of_a_split_unseen",
        "a list that ends early is taken for whole, where others read a part of it",
        (
            *NOT_COUNTED,
            Edit(
                "page_reader.py",
                "        if is_whole(chain, counted) or",
                "        if chain.part.floor != chain.part.low or is_whole(chain, counted) or",
            ),
        ),
        history="empty-page-of-a-split-list",
        focus="cuts",
    ),
    Mutant(
        "cut_after_a_stop_unseen",
        "a list that ends early is taken for whole, where a stopped run had begun it",
        (
            *NOT_COUNTED,
            Edit(
                "page_reader.py",
                "        if chain.pages == 1:\n",
                "        if chain.pages == 1 and chain.position is None:\n",
            ),
            Edit(
                "page_reader.py",
                "        counted = await self._counted(run, chain)\n",
                "        counted = chain.promised or 0\n",
            ),
        ),
        history="short-page-after-a-stop",
        focus="cuts",
    ),
    Mutant(
        "first_list_read_once",
        "a first list without a count is taken for whole, though it came empty",
        (
            Edit(
                "list_reconciler.py",
                "            is_proven = found.is_counted or is_known or number > nulls\n",
                "            is_proven = True\n",
            ),
        ),
        history="empty-list-of-a-first-run",
        focus="lists",
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
            Edit(
                "embedded.py",
                "holes + short, note)",
                "holes, note)",
            ),
        ),
        focus="embedded",
    ),
    Mutant(
        "order_is_trusted",
        "a list that is not in order ends at the first row below its floor",
        (
            Edit(
                "page_reader.py",
                "            if is_past and chain.order.is_proven:\n",
                "            if any(one < part.floor - run.slack_s for one in moments):\n",
            ),
        ),
        history="split-list-out-of-order",
        focus="sorting",
    ),
    Mutant(
        "order_of_changes_is_trusted",
        "changes that are not in order end at the first old one",
        (
            Edit(
                "tail_reader.py",
                "(order.is_proven and order.is_below(low))",
                "any(0 < row.version < low for row in taken.rows)",
            ),
        ),
        history="changes-out-of-order",
        focus="sorting",
    ),
    Mutant(
        "one_page_shows_order",
        "a list is taken to be in order as soon as one page of it is",
        (
            Edit(
                "list_order.py",
                "        return self.is_kept and self._shown.is_shown(self._field)\n",
                "        return self.is_kept\n",
            ),
        ),
        history="changes-in-pages-out-of-order",
        focus="sorting",
    ),
    Mutant(
        "order_upward_is_trusted",
        "changes that come in another order than was asked for are taken for whole",
        (
            *NOT_COUNTED,
            *NOT_DOUBTED_UPWARD,
            Edit(
                "rising_list.py",
                "                return False\n            self.reached",
                "                pass\n            self.reached",
            ),
            Edit(
                "rising_list.py",
                "        if total is None:\n",
                "        if total is not None:\n            return True\n"
                "        if total is None:\n",
            ),
        ),
        history="changes-newest-first-before-h",
        focus="sorting",
    ),
    Mutant(
        "planned_count_unseen",
        "a page that says itself that it has none of the rows that were counted is believed",
        (
            Edit(
                "page_reader.py",
                "        counted = await self._counted(run, chain)\n",
                "        counted = chain.promised or 0\n",
            ),
        ),
        test="tests/sync/test_recounted.py::test_rows_that_are_counted_and_never_come_are_a_hole",
    ),
    Mutant(
        "short_changes_unseen",
        "a list of changes that ends early is taken for whole",
        (
            *NOT_COUNTED,
            Edit(
                "rising_list.py",
                "        if total is None:\n",
                "        if total is not None:\n            return True\n"
                "        if total is None:\n",
            ),
            Edit(
                "tail_reader.py",
                "is_to_end and counted.came < counted.promised:",
                "False:",
            ),
        ),
        focus="tails",
    ),
    Mutant(
        "empty_search_is_an_answer",
        "a search that counts rows and gives none is taken to have found none",
        (
            *NOT_COUNTED,
            Edit(
                "page_reader.py",
                "            if not page.items and page.total_count:\n",
                "            if False:\n",
            ),
        ),
        focus="evidence",
    ),
    Mutant(
        "closed_in_uncounted",
        "what is read around a poison row may end early, and nobody counts",
        (
            *NOT_COUNTED,
            Edit(
                "span_pages.py",
                "        if promised is None or came >= promised:\n",
                "        if True:\n",
            ),
        ),
        focus="poison",
    ),
    Mutant(
        "list_of_an_earlier_run",
        "a list is left out on the word of an earlier run, or of a clock that was ahead",
        (
            Edit(
                "policy.py",
                "self.is_dated and self.settled_before < read_at",
                "self.settled_before < read_at",
            ),
            Edit(
                "prepared.py",
                "saved.swept is not None and saved.swept != last",
                "saved.swept is not None",
            ),
        ),
        focus="stops",
        test="tests/sync/test_gone_on_with.py::test_a_list_that_only_a_published_run_has_read_is_read",
    ),
    Mutant(
        "list_in_the_second_of_h",
        "a list that a killed run read in the second of H is not read again",
        (
            Edit(
                "policy.py",
                "self.settled_before < read_at",
                "self.settled_before <= read_at",
            ),
        ),
        history="list-read-in-the-second-of-h",
        focus="kills",
    ),
    Mutant(
        "moved_row_counts_twice",
        "a row that changes while changes are read stands for one that is left out",
        (
            ONE_LIST,
            Edit(
                "rising_list.py",
                "        self._rows.take([row.key for row in taken.rows],"
                " taken.total - len(taken.rows))\n",
                "        self._rows.take([], taken.total)\n",
            ),
            Edit(
                "rising_list.py",
                "return self._rows.are_all(total, at) and not ",
                "return self._rows.are_all(total, at) or ",
            ),
        ),
        focus="changes",
        test="tests/sync/test_moved_rows.py::test_a_row_that_moved_or_came_stands_for_no_other",
    ),
    Mutant(
        "changed_row_stands_for_another",
        "an old row that changes as another one goes stands for one that is left out of changes",
        (ONE_LIST,),
        focus="changes",
        test="tests/sync/test_changed_meanwhile.py::test_an_old_row_changes_as_one_goes",
    ),
    Mutant(
        "answer_of_a_part_of_the_index",
        "a list of changes that counts only those that it has is believed",
        (
            Edit(
                "rising_changes.py",
                "return await self._counts_no_more(run, first, listed)",
                "return True",
            ),
        ),
        focus="changes",
        test="tests/sync/test_rising_changes.py::test_an_empty_list_while_many_change",
    ),
    Mutant(
        "changes_that_left_are_not_asked_for",
        "a page of changes behind which fewer rows are counted than were left is not read again",
        (
            NOT_COUNTED_UPWARD,
            Edit(
                "rising_changes.py",
                "(found.is_isolated or found.counted < left)",
                "False",
            ),
        ),
        focus="changes",
        test="tests/sync/test_rising_changes.py::test_a_short_page_before_one_that_fails",
    ),
    Mutant(
        "first_reading_is_the_least",
        "a list that is read again has to bring as many rows as before, whatever is counted by now",
        (
            Edit(
                "page_reader.py",
                "            chain.promised, chain.began,",
                "            page.total_count = max(page.total_count or 0, chain.least)\n"
                "            chain.promised, chain.began,",
            ),
        ),
        history="contacts-that-go-while-a-list-is-read-twice",
        focus="cuts",
    ),
    Mutant(
        "row_twice_counts_twice",
        "a row that comes twice in a list stands for one that does not come",
        (
            *NOT_COUNTED,
            Edit(
                "distinct_rows.py",
                "len(set(self._keys))",
                "len(self._keys)",
            ),
        ),
        focus="ties",
        test="tests/sync/test_distinct_rows.py::test_one_page_with_a_row_in_place_of_another",
    ),
    Mutant(
        "new_change_stands_for_another",
        "a change that comes while changes are read newest first, and is on a later page, stands "
        "for one in whose place another one came twice",
        (
            Edit(
                "counted_changes.py",
                "self.promised <= self.rows.count - len(self._moved)",
                "self.promised <= self.rows.count",
            ),
        ),
        focus="ties",
        test="tests/sync/test_short_pages.py"
        "::test_a_row_that_comes_late_in_a_pass_stands_for_no_other",
    ),
    Mutant(
        "cut_part_uncounted",
        "a list is left where another chain goes on with it, and nothing counts what came of it",
        (
            Edit(
                "surplus.py",
                "        if run.is_current:\n",
                "        if run.is_current or not run.slack_s or True:\n",
            ),
        ),
        focus="cuts",
        test="tests/sync/test_distinct_rows.py::test_a_row_left_out_of_a_part_that_was_cut",
    ),
    Mutant(
        "gone_row_completes_a_list",
        "a row that went between two readings of a list stands for one that neither has brought",
        (
            *NOT_COUNTED,
            Edit(
                "distinct_rows.py",
                "self.has_shrunk = count < self._counted + len(self._new)",
                "self.has_shrunk = False",
            ),
            Edit(
                "short_parts.py",
                "    keys, found = rows.named(), rows.unreadable\n",
                "    keys, found = [], counted\n",
            ),
        ),
        focus="ties",
        test="tests/sync/test_distinct_rows.py::test_a_row_that_goes_between_readings",
    ),
)
