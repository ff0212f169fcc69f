"""Defects of times: clocks, watermarks, and which version of a row stays."""

from __future__ import annotations

from tests.mutants.masks import NO_EARLIER, NO_WAY_BACK, NOT_COUNTED, NOT_DOUBTED
from tests.mutants.mutant import Edit, Mutant

MUTANTS: tuple[Mutant, ...] = (
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
        history="since-after-the-last-run",
        focus="since",
    ),
    Mutant(
        "machine_clock",
        "the machine's clock decides up to when changes are in the target",
        (
            *NOT_COUNTED,
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
            Edit(
                "server_time.py",
                "        is_believed = self.is_known and abs(",
                "        is_believed = True or abs(",
            ),
        ),
        focus="ahead",
    ),
    Mutant(
        "date_is_proof",
        "a Date that is a day ahead moves the watermark a day ahead",
        (
            *NOT_COUNTED,
            Edit(
                "server_time.py",
                "        return now if now <= here + TRUSTED_S else min(now, max(here, seen))\n",
                "        return now\n",
            ),
            Edit(
                "server_time.py",
                "        is_believed = self.is_known and abs(",
                "        is_believed = self.is_known or abs(",
            ),
            Edit(
                "server_time.py",
                "        return moment is not None and self.is_known and ",
                "        return False and moment is not None and ",
            ),
        ),
        history="date-that-is-ahead",
        focus="dates",
    ),
    Mutant(
        "no_lookback",
        "a row that search finds minutes late is skipped for good",
        (*NOT_COUNTED, Edit("policy.py", "[base - self.lookback_s]", "[base]")),
        focus="found late",
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
        focus="gone on with",
    ),
    Mutant(
        "same_second_is_known",
        "a change in the second in which a row was read has its time, and is taken for known",
        (
            *NOT_COUNTED,
            Edit(
                "merging.py",
                "    return read_at <= version + HASTE_S\n",
                "    return False\n",
            ),
        ),
        focus="seconds",
    ),
    Mutant(
        "undated_stays_old",
        "a changed row that does not say when it changed is left out, and the run is complete",
        (
            *NOT_COUNTED,
            Edit(
                "stream_run.py",
                "            self.undated.append(row.key)\n",
                "            pass\n",
            ),
        ),
        history="row-without-a-time",
        focus="answers",
    ),
    Mutant(
        "earlier_stays_old",
        "a row whose time goes back with new content is left out, and the run is complete",
        (NO_EARLIER,),
        focus="seconds",
        test="tests/sync/test_earlier_times.py::test_content_of_an_earlier_time_is_taken",
    ),
    Mutant(
        "earlier_is_taken_at_once",
        "a page that is behind takes the content of a row back, where no read by id tells",
        (
            Edit(
                "earlier_times.py",
                "            if self._before.get(key) == (offered.version, digest):\n",
                "            if digest:\n",
            ),
        ),
        focus="seconds",
        test="tests/sync/test_earlier_times.py::test_an_older_answer_of_a_page_changes_nothing",
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
        history="both-clocks-are-ahead",
        focus="clocks",
    ),
    Mutant(
        "time_to_come",
        "a row that comes with a time in the future hides every later change of it",
        (
            *NOT_COUNTED,
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
            NO_EARLIER,
        ),
        history="change-that-is-still-to-come",
        focus="answers",
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
            NO_EARLIER,
        ),
        focus="answers",
    ),
    Mutant(
        "date_alone_tells",
        "a Date that this machine's clock agrees with moves the watermark ahead of the server's",
        (
            *NOT_COUNTED,
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
        history="two-clocks-that-agree-are-ahead",
        focus="clocks",
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
        focus="answers",
        test="tests/sync/test_doubtful_rows.py::test_a_time_to_come_of_a_list_is_read_by_id",
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
        history="clock-set-to-a-date-that-is-ahead",
        focus="clocks",
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
            NO_WAY_BACK,
        ),
        focus="old bodies",
        test="tests/sync/test_merging.py::test_which_version_stays",
    ),
    Mutant(
        "time_to_come_has_passed",
        "a time that had not come when its row was read hides older changes once it has passed",
        (
            Edit(
                "raw_rows.py",
                "        return version if version <= known + SLACK_S else 0\n",
                "        return version if known else 0\n",
            ),
        ),
        focus="answers",
        test="tests/sync/test_raw_rows.py::test_a_time_that_had_not_come",
    ),
    Mutant(
        "present_of_the_last_page",
        "a row is read by the time of the last page, and its change is taken for one to come",
        (
            NO_WAY_BACK,
            Edit(
                "stream_run.py",
                "        self.reader.latest = self.clock.latest()\n        return self.reader",
                "        return self.reader",
            ),
            Edit(
                "stream_run.py",
                '        """Note that it is at work."""\n'
                "        self.reader.latest = self.clock.latest()\n",
                '        """Note that it is at work."""\n',
            ),
        ),
        focus="seconds",
        test="tests/sync/test_long_readings.py::test_a_row_that_changes_late_in_a_reading_is_no_row_of_the_future",
    ),
    Mutant(
        "no_clock_is_proof",
        "where the server does not tell its time, this machine's clock moves the watermark",
        (
            *NOT_COUNTED,
            Edit(
                "server_time.py",
                "        if not self.is_known:\n            return min(now, seen)\n",
                "        if not self.is_known:\n            return now\n",
            ),
            Edit(
                "server_time.py",
                "        is_believed = self.is_known and abs(",
                "        is_believed = abs(",
            ),
        ),
        history="no-clock-of-the-server",
        focus="clocks",
    ),
    Mutant(
        "reply_in_the_second",
        "children are not read again where another may have come in the same second",
        (
            Edit(
                "child_reader.py",
                "        if is_hasty(version, read_at) or run.clock.may_be_now(version):\n",
                "        if False:\n",
            ),
        ),
        history="reply-in-the-second-of-a-reading",
        focus="seconds",
    ),
    Mutant(
        "reply_under_a_date_ahead",
        "children are not read again in the same second where a Date is ahead",
        (
            Edit(
                "child_reader.py",
                "is_hasty(version, read_at) or run.clock.may_be_now(version)",
                "is_hasty(version, read_at)",
            ),
        ),
        history="reply-in-the-second-of-a-date-that-is-ahead",
        focus="dates",
    ),
    Mutant(
        "content_is_not_compared",
        "each row that is read again is written again, with a later `_synced_at`",
        (
            Edit(
                "stream_run.py",
                "            is_new = held.is_gone or held.digest != digest\n",
                "            is_new = True\n",
            ),
            Edit(
                "sinks/merge.py",
                "held.digest != row.digest or (row.deleted_at and not deleted_at)",
                "True",
            ),
        ),
        focus="stops",
    ),
    Mutant(
        "future_is_remembered",
        "a watermark that is still to come stays, and hides what is read until then",
        (
            Edit(
                "prepared.py",
                "        if self._clock.is_future(saved.watermark):\n",
                "        if False:\n",
            ),
        ),
        focus="clocks",
        test="tests/sync/test_watermark_ahead.py::test_it_hides_no_change_until_it_has_come",
    ),
    Mutant(
        "watermark_without_changes",
        "the watermark moves although the changes up to it could not be read",
        (
            Edit(
                "engine.py",
                "        if not await self._changes.read(run, low):\n",
                "        if await self._changes.read(run, low) and False:\n",
            ),
        ),
        focus="stopped changes",
    ),
    Mutant(
        "watermark_of_the_end",
        "the watermark moves to where the reading of changes ended",
        (
            *NOT_COUNTED,
            NOT_DOUBTED,
            Edit(
                "engine.py",
                "max(state.watermark or 0, mark)",
                "max(state.watermark or 0, run.clock.proven(run.newest))",
            ),
        ),
        focus="moved on",
    ),
    Mutant(
        "changes_of_the_seed",
        "changes during a first reading are not read",
        (
            Edit(
                "engine.py",
                "            base = pass_.changed_from\n",
                "            base = run.clock.now() + 3_600\n",
            ),
        ),
        focus="gone on with",
    ),
    Mutant(
        "late_row_moves_on",
        "a row that was found too late moves the watermark on over others that are late",
        (
            Edit(
                "engine.py",
                "            if not is_late or state.watermark is None:\n",
                "            if not is_late or state.watermark:\n",
            ),
            Edit(
                "engine.py",
                "        if not await self._changes.read(run, low):\n",
                "        if not await self._changes._tail_reader.read(run, low):\n",
            ),
        ),
        focus="clocks",
        test="tests/sync/test_late_rows.py::test_the_next_run_reads_from_there_again",
    ),
    Mutant(
        "children_of_times_to_come",
        "children of a parent that changed, with a time that is still to come, are not read",
        (
            Edit(
                "stale_children.py",
                "            if row.key in changed\n            or child.is_stale(",
                "            if child.is_stale(",
            ),
        ),
        history="parts-of-a-ticket-to-come",
        focus="clocks",
    ),
    Mutant(
        "children_of_times_to_come_forgotten",
        "the same, where a run is stopped between the parent and its children",
        (
            *NOT_COUNTED,
            Edit(
                "stale_children.py",
                "    return not version and family is not None and ",
                "    return False and family is not None and ",
            ),
        ),
        history="stopped-before-parts-of-a-ticket-to-come",
        focus="clocks",
    ),
)
