"""Defects of targets: journals, generations, damage and repairs."""

from __future__ import annotations

from tests.mutants.masks import NOT_COUNTED
from tests.mutants.mutant import Edit, Mutant

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "damage_unseen",
        "files that are missing or cut are not noticed",
        (
            Edit(
                "sinks/files.py", "    size = disk.size(path)\n", "    return None\n    size = 0\n"
            ),
        ),
        history="cut-file-of-children",
        focus="targets",
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
        focus="kills",
    ),
    Mutant(
        "state_before_rows",
        "the state is on the disk before the rows that it tells of",
        (
            *NOT_COUNTED,
            Edit(
                "sinks/journal.py",
                "        body = self._encoder.encode((self._generation, state, entries))\n",
                "        if entries:\n"
                "            self.append([], state)\n"
                "        body = self._encoder.encode((self._generation, state, entries))\n",
            ),
        ),
        focus="commits",
    ),
    Mutant(
        "two_writers",
        "two syncs write to one target at the same time",
        (
            Edit("sinks/files.py", "            fcntl.flock(", "            (lambda *_: None)("),
            Edit(
                "sinks/files.py",
                "        if self._read_epoch() != self._epoch:\n",
                "        if not self._read_epoch():\n",
            ),
        ),
    ),
    Mutant(
        "publication_half_done",
        "a crash between manifest and renames leaves a target that is called damaged",
        (
            Edit(
                "sinks/folder.py",
                "            self._roll_forward()\n            damaged =",
                "            damaged =",
            ),
        ),
        focus="publications",
    ),
    Mutant(
        "left_out_is_lost",
        "a run of other streams empties a journal that a stopped run had filled",
        (
            *NOT_COUNTED,
            Edit(
                "run.py",
                "        published = [*runs, *prepared.carried(left_out.streams)]\n",
                "        published = runs\n",
            ),
        ),
        history="other-streams-after-a-stop",
        focus="left behind",
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
        history="repair-of-a-stream-that-is-left-out",
        focus="left out",
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
        history="children-read-twice-in-a-run",
        focus="parts",
    ),
    Mutant(
        "repair_doubles",
        "a repair that was stopped doubles rows, once the damaged file is put back",
        (
            Edit(
                "stream_run.py",
                "held is None and not self.is_repaired",
                "held is None",
            ),
        ),
        focus="targets",
        test="tests/sync/test_sync_model.py::test_a_repair_that_is_stopped_doubles_no_row",
    ),
    Mutant(
        "other_workspace",
        "rows of another workspace are written into a target",
        (
            Edit(
                "checkpoint.py",
                "    if state.workspace != workspace:\n",
                "    if False:\n",
            ),
        ),
        focus="targets",
    ),
    Mutant(
        "staged_rows_unsynced",
        "a generation is committed before its rows are on the disk",
        (
            Edit(
                "sinks/jsonl.py",
                "            self._disk.sync(file)\n        stored",
                "        stored",
            ),
        ),
        focus="publications",
    ),
    Mutant(
        "staged_names_unsynced",
        "a generation is committed before the names of its files are on the disk",
        (
            Edit(
                "sinks/folder.py",
                "        self.disk.sync_folder(self.private)\n        old",
                "        old",
            ),
        ),
        focus="publications",
    ),
    Mutant(
        "half_a_frame",
        "a full disk leaves half a frame in the journal, and others are written behind it",
        (
            Edit(
                "sinks/journal.py",
                "            self._close()\n            raise\n",
                "            raise\n",
            ),
        ),
        focus="targets",
        test="tests/sync/test_generations.py::test_a_frame_that_failed_is_not_before_the_next_one",
    ),
    Mutant(
        "checksum_unread",
        "half of a frame is taken for a whole one",
        (
            Edit(
                "sinks/journal.py",
                "        if len(body) != length or zlib.crc32(body) != checksum:\n"
                "            return None\n",
                "        if not body:\n            return None\n",
            ),
        ),
        focus="journals",
        test="tests/sync/test_generations.py::test_a_frame_that_is_cut_or_changed_was_never_committed",
    ),
    Mutant(
        "journal_taken_twice",
        "a journal that a generation has taken up already is taken up once more",
        (
            Edit(
                "sinks/journal.py",
                "            if base != generation:\n",
                "            if base > generation:\n",
            ),
        ),
        focus="kills",
    ),
    Mutant(
        "flipped_byte_unseen",
        "a byte of a file that has changed is not noticed",
        (
            Edit(
                "sinks/files.py",
                "            return None if found.digest == digest else",
                "            return None if found.digest else",
            ),
            Edit(
                "sinks/jsonl.py",
                "            if counting.counted.digest != stream.files[0].digest:\n",
                "            if False:\n",
            ),
        ),
        focus="targets",
    ),
    Mutant(
        "dropped_rows_stay",
        "the rows of a stream that is dropped stay in the target",
        (
            Edit(
                "sinks/folder.py",
                "                self.disk.remove(self.final(name))\n",
                "                pass\n",
            ),
        ),
        focus="subsets",
    ),
)
