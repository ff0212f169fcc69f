"""Defects of the count of all rows, which shows rows that no change tells of."""

from __future__ import annotations

from tests.mutants.mutant import Edit, Mutant

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "rows_not_counted",
        "a row that comes without a new time is missing until the next sweep",
        (
            Edit(
                "surplus.py",
                "    if count.total is None:\n        return 0\n",
                "    return 0\n",
            ),
        ),
        focus="brought",
    ),
    Mutant(
        "counted_after_the_list",
        "rows are counted after the list of deleted rows was read: one that goes in between stands "
        "for one that came without a new time",
        (
            Edit(
                "surplus.py",
                "        await self.count(run)\n        since = ",
                "        since = ",
            ),
            Edit(
                "surplus.py",
                "        run.was_told = await lists.read(run, since)\n",
                "        run.was_told = await lists.read(run, since)\n"
                "        await self.count(run)\n",
            ),
        ),
        history="brought-while-another-goes",
        focus="brought",
    ),
    Mutant(
        "came_after_the_count_stands_for_another",
        "a row that came after all rows were counted stands for one that came without a new time",
        (
            Edit(
                "row_count.py",
                "        self.came += 1\n",
                "        self.came += 0\n",
            ),
        ),
        history="brought-while-another-comes",
        focus="brought",
    ),
    Mutant(
        "gone_while_swept_is_left_over",
        "a row that goes while a sweep looks for a surplus is taken for one that it did not find, "
        "and hides one that comes later",
        (
            Edit(
                "surplus.py",
                "            left_over = min(left_over, surplus(run))\n",
                "",
            ),
        ),
        test="tests/sync/test_surplus.py::test_what_happens_meanwhile_hides_no_row",
        focus="brought",
    ),
    Mutant(
        "days_stay_the_same",
        "a server's days are taken for the same all through a reading, of which no count is kept",
        (
            Edit(
                "surplus.py",
                "        if run.is_current:\n",
                "        if True:\n",
            ),
        ),
        history="days-of-another-zone-while-spans-are-read",
        focus="resets",
    ),
)
